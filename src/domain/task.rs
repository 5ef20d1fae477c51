//! Work for people: its kinds, and what comes of them (SPEC 2 "task").
//!
//! Rule: fields are only ever added at the end of a struct, and kinds at the end of an enum: the
//! compact form counts them (see `store::form`).

use serde::{Deserialize, Serialize};

use super::fact::{Channel, TaskOutcome};
use super::id::{CaseId, NoticeId, TaskId};
use super::stage::Role;
use super::time::Instant;

/// What a call is about that is made because more is owed than the credit limit.
pub const CREDIT_LIMIT: &str = "credit_limit";

/// Work for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TaskKind {
    Call,
    Letter,
    Approve,
    FormalClaim,
    HandOff,
    FixContact,
    Allocate,
    Review,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Call,
        Self::Letter,
        Self::Approve,
        Self::FormalClaim,
        Self::HandOff,
        Self::FixContact,
        Self::Allocate,
        Self::Review,
    ];

    /// The word used in policies and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Letter => "letter",
            Self::Approve => "approve",
            Self::FormalClaim => "formal_claim",
            Self::HandOff => "hand_off",
            Self::FixContact => "fix_contact",
            Self::Allocate => "allocate",
            Self::Review => "review",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The way in which it tells people something, where it does.
    #[must_use]
    pub const fn channel(self) -> Option<Channel> {
        match self {
            Self::Call => Some(Channel::Phone),
            Self::Letter => Some(Channel::Letter),
            _ => None,
        }
    }

    /// Whether that can come of it.
    #[must_use]
    pub const fn may_end(self, outcome: TaskOutcome) -> bool {
        match outcome {
            TaskOutcome::Reached | TaskOutcome::NoAnswer => matches!(self, Self::Call),
            TaskOutcome::Posted => matches!(self, Self::Letter | Self::FormalClaim),
            TaskOutcome::Approved | TaskOutcome::Declined => matches!(self, Self::Approve),
            // Who is asked whether answers that.
            TaskOutcome::Promised | TaskOutcome::Done => !matches!(self, Self::Approve),
        }
    }
}

/// `task.made`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskMade {
    /// H(case or leg, rung, kind, n).
    pub task: TaskId,
    /// What is to be done.
    pub kind: TaskKind,
    /// For which case.
    pub case: CaseId,
    /// Which rung asked for it; absent: none did.
    pub rung: Option<u16>,
    /// Counts the rung's repetitions, from 0.
    pub n: u32,
    /// When it is due.
    pub due: Instant,
    /// Who does it.
    pub assignee: Option<Role>,
    /// What it is about, where the kind does not say it all: a mailbox.
    pub about: Option<String>,
    /// What its script names: warnings that stood when it was made.
    #[serde(default)]
    pub notices: Vec<NoticeId>,
}

/// A task and what became of it.
#[derive(Clone, Debug)]
pub struct TaskState {
    /// The decision.
    pub made: TaskMade,
    /// When it was taken.
    pub time: Instant,
    /// When and how it was done.
    pub done: Option<(Instant, TaskOutcome)>,
    /// A later repetition took its place, or its case ended.
    pub lapsed: bool,
}

impl TaskState {
    /// Whether somebody still has to do it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.done.is_none() && !self.lapsed
    }

    /// What is to be done.
    #[must_use]
    pub const fn kind(&self) -> TaskKind {
        self.made.kind
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> TaskId {
        self.made.task
    }
}
