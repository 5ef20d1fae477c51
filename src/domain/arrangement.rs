//! Arrangements: agreements that change the climb (SPEC 4). All are one thing with different
//! fields; the most that holds while one stands is [`ArrangementMade::at_most`].
//!
//! Rules:
//! 1. Fields are only ever added at the end of a struct, and kinds at the end of an enum: the
//!    compact form counts them (see `store::form`).
//! 2. What came of one is read off the money, never recorded; how somebody ended it is an event.

use serde::{Deserialize, Serialize};

use super::id::{ArrangementId, InvoiceId, Scope};
use super::money::{Currency, Money};
use super::stage::{Role, Stage};
use super::time::{Day, Instant};
use super::when::When;

/// How long an exemption is at the most, its first day counted.
pub const EXEMPTION_DAYS_MAX: i32 = 366;

/// What kind of arrangement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrangementKind {
    /// The cases stand still until the end of the working day after `until`.
    Promise,
    /// The due date moves.
    Extension,
    /// The debt becomes dated instalments; payments fill the oldest first.
    Plan,
    /// A part stands still, the rest stays due.
    Dispute,
    /// An agreed freeze: the ladder stands still.
    Pause,
    /// Never restricted.
    Exemption,
    /// Of older invoices nothing is said, claimed, charged or newly restricted.
    Silence,
    /// An operator's override.
    Pin,
}

impl ArrangementKind {
    /// The word used in events and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Promise => "promise",
            Self::Extension => "extension",
            Self::Plan => "plan",
            Self::Dispute => "dispute",
            Self::Pause => "pause",
            Self::Exemption => "exemption",
            Self::Silence => "silence",
            Self::Pin => "pin",
        }
    }
}

/// A dated part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instalment {
    /// Until when.
    pub due_on: Day,
    /// How much.
    pub amount: Money,
}

/// A line of an invoice that is disputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// As the invoice names it.
    pub line: String,
    /// How much it makes up.
    pub amount: Money,
}

/// Who accepted an arrangement on the tenant's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `name` and `role`")]
pub struct Acceptance {
    /// The person.
    pub name: String,
    /// In which role.
    pub role: Role,
}

/// Why an account is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum SilenceCause {
    Insolvency,
    Litigation,
    Agency,
    Factor,
    /// It was taken over with a history, and is not released yet.
    Opening,
}

/// What becomes of what was entered before a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is given back.
    Lift,
    /// It stays as it is.
    Keep,
}

/// `arrangement.made`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrangementMade {
    /// Named by whoever made it.
    pub arrangement: ArrangementId,
    /// What kind.
    pub kind: ArrangementKind,
    /// For which invoices; absent: all that are open when it is made (`silence`: all older ones;
    /// `pause`, `exemption`, `pin`: all).
    pub invoices: Option<Vec<InvoiceId>>,
    /// Until when it stands.
    pub until: Option<When>,
    /// The new due date (`extension`).
    pub due_on: Option<Day>,
    /// How much was promised, or is disputed.
    pub amount: Option<Money>,
    /// Who made it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What is disputed, line by line.
    pub lines: Option<Vec<Line>>,
    /// From when on (`pause`, `silence`); absent: at once.
    pub from: Option<When>,
    /// The parts of a `plan`, in order.
    pub instalments: Option<Vec<Instalment>>,
    /// The stage meanwhile (`pause`, `pin`).
    pub stage: Option<Stage>,
    /// Back to this stage while a `promise` stands.
    pub opens: Option<Stage>,
    /// Why an account is silent.
    pub cause: Option<SilenceCause>,
    /// What becomes of what was entered before a `silence`.
    pub access: Option<Access>,
    /// Who accepted it on the tenant's side.
    pub accepted_by: Option<Acceptance>,
}

impl ArrangementMade {
    /// One of that kind that says nothing yet.
    #[must_use]
    pub const fn new(arrangement: ArrangementId, kind: ArrangementKind) -> Self {
        Self {
            arrangement,
            kind,
            invoices: None,
            until: None,
            due_on: None,
            amount: None,
            by: None,
            reason: None,
            lines: None,
            from: None,
            instalments: None,
            stage: None,
            opens: None,
            cause: None,
            access: None,
            accepted_by: None,
        }
    }

    /// While it stands nothing stricter than this holds; `None`: what was entered stays.
    #[must_use]
    pub fn at_most(&self) -> Option<Stage> {
        use ArrangementKind as K;
        match self.kind {
            K::Promise => self.opens,
            K::Exemption => Some(Stage::Full),
            K::Silence => (self.access == Some(Access::Lift)).then_some(Stage::Full),
            K::Pin => self.stage,
            K::Extension | K::Plan | K::Dispute | K::Pause => None,
        }
    }

    /// What is disputed of an invoice in `currency`, in minor units; everything if it does not
    /// say. What is said in another currency is nothing here.
    #[must_use]
    pub fn disputed(&self, currency: Option<Currency>) -> i64 {
        let counted = |amount: &Money| currency.is_none_or(|own| own == amount.currency);
        match (&self.lines, self.amount) {
            (Some(lines), _) => {
                let amounts = lines.iter().map(|line| line.amount).filter(counted);
                amounts.fold(0, |sum, amount| sum.saturating_add(amount.minor))
            }
            (None, Some(amount)) => {
                if counted(&amount) {
                    amount.minor
                } else {
                    0
                }
            }
            (None, None) => i64::MAX,
        }
    }
}

/// How an arrangement was ended by somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrangementEnd {
    /// It was taken back.
    Withdrawn,
    /// The disputed part is not owed.
    Upheld,
    /// `amount` of the disputed part is not owed.
    Partly,
    /// The disputed part is owed.
    Rejected,
}

/// `arrangement.ended`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArrangementEnded {
    /// Which one.
    pub arrangement: ArrangementId,
    /// How.
    pub how: ArrangementEnd,
    /// By whom.
    pub by: Option<String>,
    /// How much is credited (`partly`).
    pub amount: Option<Money>,
    /// The answer, in words.
    pub reason: Option<String>,
}

/// An agreement and what became of it.
#[derive(Clone, Debug)]
pub struct Arrangement {
    /// What was agreed.
    pub made: ArrangementMade,
    /// When.
    pub time: Instant,
    /// The invoices it is about.
    pub invoices: Vec<InvoiceId>,
    /// From when on it stands.
    pub from: Instant,
    /// When it ends, or ended, by itself, as far as is known.
    pub until: Option<Instant>,
    /// When and how somebody ended it.
    pub ended: Option<(Instant, ArrangementEnd)>,
    /// What they said to it: of a dispute, the answer.
    pub answer: Option<String>,
    /// How much was to come, in minor units (`promise`, `plan`).
    pub asked: i64,
    /// What was paid on its invoices before.
    pub before: i64,
    /// How much of it came in time.
    pub came: i64,
    /// The instalments of a plan that were missed, and when that was certain.
    pub missed: Vec<(usize, Instant)>,
    /// Which part of the app each named invoice was about when it was agreed (`pause`, `pin`): what
    /// people accepted grows with nothing.
    pub parts: Vec<(InvoiceId, Scope)>,
}

/// What came of an arrangement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Stands,
    Kept,
    Partly,
    Broken,
    Expired,
    Ended(ArrangementEnd),
}

impl Arrangement {
    /// Whether it is the silence of what was taken over with a history.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.made.cause == Some(SilenceCause::Opening)
    }

    /// Whether the instalment of that number, from 0, has not come.
    #[must_use]
    pub fn waits_for(&self, number: usize) -> bool {
        let parts = self.made.instalments.iter().flatten().take(number + 1);
        let due = parts.map(|part| part.amount.minor).fold(0, i64::saturating_add);
        self.came < due
    }

    /// What came of it, as of `now`.
    #[must_use]
    pub fn outcome(&self, now: Instant) -> Outcome {
        if let Some((_, how)) = self.ended {
            return Outcome::Ended(how);
        }
        let over = self.until.is_some_and(|until| until <= now);
        match self.made.kind {
            ArrangementKind::Promise | ArrangementKind::Plan if self.came >= self.asked => {
                Outcome::Kept
            }
            _ if !over => Outcome::Stands,
            ArrangementKind::Promise if self.came.saturating_mul(2) >= self.asked => {
                Outcome::Partly
            }
            ArrangementKind::Promise | ArrangementKind::Plan => Outcome::Broken,
            _ => Outcome::Expired,
        }
    }

    /// Whether it stands at `now`.
    #[must_use]
    pub fn stands(&self, now: Instant) -> bool {
        self.ended.is_none() && self.from <= now && self.until.is_none_or(|until| now < until)
    }
}
