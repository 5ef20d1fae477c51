//! What people did: tasks that are done, and what came of them (SPEC 3 `task.done`).
//!
//! Rule: these are shapes; what must be said besides is checked where events come in.

use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;
use crate::domain::money::Money;
use crate::domain::when::When;

/// What came of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TaskOutcome {
    Reached,
    NoAnswer,
    Promised,
    Approved,
    Declined,
    Done,
    Posted,
}

impl TaskOutcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Reached,
        Self::NoAnswer,
        Self::Promised,
        Self::Approved,
        Self::Declined,
        Self::Done,
        Self::Posted,
    ];

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// The word used in events and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoAnswer => "no_answer",
            Self::Promised => "promised",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Done => "done",
            Self::Posted => "posted",
        }
    }
}

/// `task.done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskDone {
    /// Which task.
    pub task: TaskId,
    /// What came of it.
    pub outcome: TaskOutcome,
    /// By whom.
    pub by: Option<String>,
    /// In words.
    pub note: Option<String>,
    /// Until when they promised to pay (`promised`).
    pub until: Option<When>,
    /// How much they promised, if not all (`promised`).
    pub amount: Option<Money>,
}
