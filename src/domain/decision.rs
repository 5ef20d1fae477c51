//! Decisions: ambergate's own records (SPEC 3, 5). Their ids are derived from what they are about.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::effect::{Effect, Rate};
use super::fact::{Channel, Named};
pub use super::fees::FeeAnnounced;
use super::id::{
    ArrangementId, CaseId, Derived, EntryId, InvoiceId, LegId, MessageId, NoticeId, PolicyHash,
    Scope,
};
pub use super::payer::{ChildLinked, StandingShared};
use super::stage::{Role, Roles, Stage};
pub use super::task::{CREDIT_LIMIT, TaskKind, TaskMade};
use super::time::{Day, Instant};
pub use super::would::{CaseRenewed, Would, WouldHave};

/// The notice that says for the first time that something is overdue, as policies name it.
pub const OVERDUE: &str = "overdue";

/// What ambergate decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// A case begins its climb under this version of a policy.
    CaseOpened(CaseOpened),
    /// A notice exists; its messages follow.
    NoticeMade(Arc<NoticeMade>),
    /// A notice counts for nothing any more.
    NoticeVoided(NoticeVoided),
    /// One envelope to one recipient: a frozen list of notices.
    MessageMade(Arc<MessageMade>),
    /// An attempt is about to begin.
    MessageTried(MessageTried),
    /// Work for a person exists.
    TaskMade(TaskMade),
    /// A stage was entered.
    RungEntered(Box<RungEntered>),
    /// What was entered is given back.
    StageLifted(StageLifted),
    /// A part of the app that was never open stays closed.
    ScopeGated(Box<ScopeGated>),
    /// A late fee came together, for the billing system to invoice.
    FeeAnnounced(FeeAnnounced),
    /// A stage that was agreed began.
    PauseEntered(Box<PauseEntered>),
    /// A case goes on under another version of a policy, in a new leg.
    CaseMigrated(Box<CaseMigrated>),
    /// What would have happened, were it enforced.
    WouldHave(Box<WouldHave>),
    /// A case begins anew: enforcing began.
    CaseRenewed(CaseRenewed),
    /// How the tenant that pays for this one stands.
    StandingShared(Box<StandingShared>),
    /// Another tenant is paid for by this one, or no longer is.
    ChildLinked(Box<ChildLinked>),
}

/// `case.opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseOpened {
    /// Which case.
    pub case: CaseId,
    /// Whose climb it is.
    pub invoice: InvoiceId,
    /// The version that is pinned.
    pub policy: PolicyHash,
}

/// `case.migrated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseMigrated {
    /// Which case.
    pub case: CaseId,
    /// The version that is pinned from now on.
    pub policy: PolicyHash,
    /// Counts the migrations of the case, from 0.
    pub n: u32,
    /// By whom.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// Which of a rung's notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The notice that the rung itself sends; it names nothing.
    Plain,
    /// The warning before the rung's stage.
    Warning,
    /// The warning's n-th repetition, from 0.
    Again(u8),
    /// A stage has begun.
    Entered,
    /// A restricted tenant has paid.
    Thanks,
    /// The n-th instalment of a plan has not come, from 0.
    Instalment(u8),
    /// It was missed: the next one that is ends the plan.
    Missed(u8),
}

impl Step {
    /// A number for the derivation of ids.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Plain => 0,
            Self::Warning => 1,
            Self::Entered => 2,
            Self::Thanks => 3,
            Self::Again(n) => 16 + n as i64,
            Self::Instalment(n) => 512 + n as i64,
            Self::Missed(n) => 1_024 + n as i64,
        }
    }
}

/// `notice.made`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeMade {
    /// H(tenant, leg, rung, step, n).
    pub notice: NoticeId,
    /// Of which case.
    pub case: CaseId,
    /// Of which leg of it.
    pub leg: LegId,
    /// The rung's place in its policy, from 0.
    pub rung: u16,
    /// Which of the rung's notices.
    pub step: Step,
    /// Counts that step's notices in the leg, from 0.
    pub n: u32,
    /// The template: `upcoming`, `overdue`, `warning`, …
    pub kind: String,
    /// The cutoff it names; absent: none.
    pub names: Option<Named>,
    /// For a repetition: the warning it belongs to.
    pub of: Option<NoticeId>,
    /// For a repetition: the time it says.
    pub says: Option<Instant>,
    /// To whom.
    pub to: Roles,
    /// By which ways.
    pub by: Vec<Channel>,
    /// For a warning: until when it is good if it is proved in time, by the calendar of its day.
    pub good_until: Option<Instant>,
    /// For a warning: those before it could not be delivered. A letter proves it by itself, and so
    /// does what an `owner` declares.
    #[serde(default)]
    pub last_resort: bool,
}

impl NoticeMade {
    /// Whether it is a warning, a repetition of one, or says that something is overdue: what
    /// fresh feeds and a slot of the breaker are asked for (SPEC 5.9).
    #[must_use]
    pub fn presses(&self) -> bool {
        match self.step {
            Step::Warning | Step::Again(_) => true,
            Step::Plain => self.kind == OVERDUE,
            _ => false,
        }
    }
}

/// Why a notice counts for nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidCause {
    /// Its case ended.
    Case,
    /// Its leg ended: there is a new agreement.
    Leg,
    /// Its rung is entered, is no more, or what the rung asks for is no longer so.
    Rung,
}

/// `notice.voided`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeVoided {
    /// Which notice.
    pub notice: NoticeId,
    /// Why.
    pub cause: VoidCause,
}

/// `message.made`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageMade {
    /// H(tenant, local date, channel, recipient, n).
    pub message: MessageId,
    /// By which way.
    pub channel: Channel,
    /// The mailbox.
    pub recipient: String,
    /// In which role it is written to.
    pub role: Role,
    /// What it says.
    pub notices: Vec<NoticeId>,
    /// The tenant's local date.
    pub date: Day,
    /// Counts the messages of that date, channel and recipient, from 0.
    pub n: u32,
}

/// `message.tried`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageTried {
    /// Which message.
    pub message: MessageId,
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// What was looked at when a rung was entered; believed as recorded (SPEC 5.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    /// All that was received had been worked off, and every source that is to be heard of within
    /// a time had been.
    pub feeds: bool,
    /// The switch's generation that the entry belongs to.
    pub generation: u64,
    /// The billing system was asked about the invoice, and agreed; else it cannot be asked.
    #[serde(default)]
    pub asked: bool,
    /// A slot of the breaker could be had.
    #[serde(default)]
    pub slot: bool,
}

/// `rung.entered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RungEntered {
    /// H(leg, rung, n).
    pub entry: EntryId,
    /// Which case.
    pub case: CaseId,
    /// Which leg of it.
    pub leg: LegId,
    /// The rung's place in its policy, from 0.
    pub rung: u16,
    /// Counts the rung's entries in the leg, from 0.
    pub n: u32,
    /// The stage that begins; `full`: none does.
    pub stage: Stage,
    /// How many requests still pass from then on. `None`: all.
    #[serde(default)]
    pub slow: Option<Rate>,
    /// The warning that made it possible.
    pub notice: Option<NoticeId>,
    /// When it was to come.
    pub at: Instant,
    /// What was looked at.
    pub checked: Checked,
    /// The part of the app that it closes.
    #[serde(default = "Scope::whole")]
    pub scope: Scope,
}

impl RungEntered {
    /// What begins.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }
}

/// Why a stage was lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftCause {
    /// Nothing is owed on the case any more, or it ended otherwise.
    Settled,
    /// The run over all records no longer finds the entry lawful.
    Unlawful,
    /// It was agreed that access comes back.
    Agreed,
    /// What its rung asks for is no longer so.
    Condition,
    /// Its invoice is about another part of the app now.
    Scope,
    /// The version that its case was moved to has no such stage.
    Policy,
    /// The tenant that pays for this one is not in that stage any more.
    Payer,
}

/// `stage.lifted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageLifted {
    /// Which entry.
    pub entry: EntryId,
    /// Why.
    pub cause: LiftCause,
}

/// `scope.gated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeGated {
    /// H(tenant, invoice, scope).
    pub entry: EntryId,
    /// Until which invoice is paid.
    pub invoice: InvoiceId,
    /// Which part.
    pub scope: Scope,
    /// What was looked at.
    pub checked: Checked,
}

/// `pause.entered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseEntered {
    /// H(tenant, arrangement, scope, generation).
    pub entry: EntryId,
    /// By which agreement.
    pub arrangement: ArrangementId,
    /// The stage that begins.
    pub stage: Stage,
    /// Of which part of the app.
    pub scope: Scope,
    /// What was looked at.
    pub checked: Checked,
}

impl Decision {
    /// What the decision's id is made of: its kind, about what, which time.
    #[must_use]
    pub fn identity(&self) -> (&'static str, Derived, u32) {
        match self {
            Self::CaseOpened(opened) => ("opened", opened.case.into(), 0),
            Self::NoticeMade(made) => ("notice", made.notice.into(), 0),
            Self::NoticeVoided(voided) => ("voided", voided.notice.into(), 0),
            Self::MessageMade(made) => ("message", made.message.into(), 0),
            Self::MessageTried(tried) => ("tried", tried.message.into(), tried.attempt),
            Self::TaskMade(made) => ("task", made.task.into(), 0),
            Self::RungEntered(entered) => ("entered", entered.entry.into(), 0),
            Self::StageLifted(lifted) => ("lifted", lifted.entry.into(), 0),
            Self::ScopeGated(gated) => ("gated", gated.entry.into(), 0),
            Self::FeeAnnounced(announced) => ("fee", announced.fee.into(), 0),
            Self::PauseEntered(entered) => ("paused", entered.entry.into(), 0),
            Self::CaseMigrated(migrated) => ("migrated", migrated.case.into(), migrated.n),
            Self::WouldHave(would) => ("would", would.entry.into(), 0),
            Self::CaseRenewed(renewed) => ("renewed", renewed.case.into(), 0),
            Self::StandingShared(shared) => ("shared", shared.shared, 0),
            Self::ChildLinked(linked) => ("child", linked.link, 0),
        }
    }

    /// The id of its record: `opened-…`, `tried-…-1`.
    #[must_use]
    pub fn record_id(&self) -> String {
        let (kind, about, n) = self.identity();
        match self {
            Self::MessageTried(_) | Self::CaseMigrated(_) => format!("{kind}-{about}-{n}"),
            _ => format!("{kind}-{about}"),
        }
    }

    /// Whether that is the id of its record. Most are told apart by their first letters.
    #[must_use]
    pub fn has_record_id(&self, id: &str) -> bool {
        id.starts_with(self.identity().0) && id == self.record_id()
    }

    /// Whether it takes a slot of the breaker: grace, a restriction, a warning or an overdue
    /// notice (SPEC 5.9).
    #[must_use]
    pub fn needs_slot(&self) -> bool {
        match self {
            Self::RungEntered(_) | Self::PauseEntered(_) | Self::ScopeGated(_) => true,
            Self::NoticeMade(made) => made.presses(),
            _ => false,
        }
    }

    /// Its rank among records of one time (SPEC 5.2).
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::CaseOpened(_)
            | Self::CaseMigrated(_)
            | Self::NoticeMade(_)
            | Self::MessageMade(_)
            | Self::TaskMade(_)
            | Self::FeeAnnounced(_)
            | Self::WouldHave(_)
            | Self::CaseRenewed(_)
            | Self::StandingShared(_)
            | Self::ChildLinked(_) => 20,
            Self::MessageTried(_) => 21,
            Self::NoticeVoided(_) => 22,
            Self::StageLifted(_) => 23,
            Self::RungEntered(_) | Self::ScopeGated(_) | Self::PauseEntered(_) => 24,
        }
    }
}
