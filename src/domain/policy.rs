//! Policies: ladders of rungs, as the operator wrote them (SPEC 4).
//!
//! Rule: a `Policy` that exists is valid; `config::policy` reads and checks the text.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::account::Invoice;
use super::calendar::{Calendar, Operator};
pub use super::condition::Condition;
use super::decision::TaskKind;
use super::effect::{Effect, Rate};
use super::fact::{Channel, TaskOutcome};
use super::id::{CalendarName, PolicyHash, PolicyName};
use super::money::{Currency, Money};
use super::outbound::Hook;
pub use super::selection::{Custom, Select, SettledWithin};
use super::span::Span;
use super::stage::{Role, Roles, Stage};
use super::time::Zone;
use super::week::{Hours, TimeOfDay, Weekdays};

/// A version of a named ladder.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What it is selected by.
    pub name: PolicyName,
    /// SHA-256 of its text: names the version.
    pub hash: PolicyHash,
    /// What customers read.
    pub title: String,
    /// Where a tenant has no zone of its own.
    pub zone: Zone,
    /// The calendar where there is none of the tenant's country.
    pub calendar: CalendarName,
    /// On which days cutoffs may come.
    pub cutoff_days: Weekdays,
    /// At which hours cutoffs may come.
    pub cutoff_hours: Hours,
    /// At which hours messages may leave.
    pub send_hours: Hours,
    /// An invoice is never due sooner than this after it became known here.
    pub least_terms: Span,
    /// Cutoffs are entered so long after they come: a last-minute payment arrives first.
    pub slack: Span,
    /// All that is overdue, per currency, below which nothing happens.
    pub ignore_below: Option<Limits>,
    /// Less than this part missing of an invoice is asked for, never a cutoff.
    pub short_paid: Option<Percent>,
    /// Larger debts are a person's decision.
    pub person_above: Option<Limits>,
    /// What a write-off does to the climb.
    pub written_off: WrittenOff,
    /// How money on its way holds the climb.
    pub in_flight: Option<InFlight>,
    /// So often may undeliverable warnings move a cutoff.
    pub postponements: Option<u32>,
    /// What tenants may promise by themselves.
    pub promises: Promises,
    /// Late fees, as information.
    pub late_fee: Option<LateFee>,
    /// For how long it holds once it is accepted. `None`: nobody has to accept it.
    pub accept: Option<Custom>,
    /// Who is shown the banner.
    pub banner_for: BannerFor,
    /// From the first to the last.
    pub rungs: Vec<Rung>,
    /// The same for what an operator orders. `None`: it is that itself.
    pub ordered: Option<Arc<Self>>,
}

impl Policy {
    /// Whether it is for terms: its rungs are counted from the day on which one ends.
    #[must_use]
    pub fn is_for_terms(&self) -> bool {
        self.rungs.iter().any(|rung| rung.at.anchor == Anchor::Ends)
    }
}

/// One line of a policy: when, and what.
#[derive(Clone, Debug)]
pub struct Rung {
    /// When.
    pub at: At,
    /// While what is so. `None`: always.
    pub when: Option<Condition>,
    /// A stage to enter, or slowness.
    pub enter: Option<Enter>,
    /// A notice to send.
    pub notice: Option<Notice>,
    /// Work for a person.
    pub task: Option<TaskRung>,
}

impl Rung {
    /// Whether a stage begins with it.
    #[must_use]
    pub fn has_stage(&self) -> bool {
        self.enter.as_ref().is_some_and(Enter::has_stage)
    }
}

/// A day counted from an anchor, with an optional time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// From what.
    pub anchor: Anchor,
    /// How many days after it (before it if negative).
    pub offset: i32,
    /// Whether the days are working days.
    pub working_days: bool,
    /// At what time of day.
    pub time: Option<TimeOfDay>,
}

/// What the days of a rung are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The due date.
    Due,
    /// The date of issue.
    Issued,
    /// The first failed charge.
    Failed,
    /// The last day of a term.
    Ends,
}

/// A stage to enter, or slowness.
#[derive(Clone, Debug)]
pub struct Enter {
    /// Which one; `full`: the rung only slows.
    pub stage: Stage,
    /// How many requests still pass from then on. `None`: all.
    pub slow: Option<Rate>,
    /// The warning before it; always there for a cutoff.
    pub warn: Option<Warn>,
    /// Whether a person approves it before it is announced.
    pub approval: bool,
}

impl Enter {
    /// What begins.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }

    /// What it does to an invoice's case: of a payer's standing slowness is not shared.
    #[must_use]
    pub const fn effect_on(&self, invoice: &Invoice) -> Effect {
        match invoice.shared {
            None => self.effect(),
            Some(_) => Effect::of(self.stage),
        }
    }

    /// Whether a stage begins: later rungs wait for it. Slowness stands beside them.
    #[must_use]
    pub fn has_stage(&self) -> bool {
        self.stage != Stage::Full
    }
}

/// The warning before a cutoff.
#[derive(Clone, Debug)]
pub struct Warn {
    /// The notice period.
    pub before: Span,
    /// Repetitions, so long before the cutoff comes.
    pub again: Vec<Span>,
    /// To whom.
    pub to: Roles,
    /// By which ways.
    pub by: Vec<Channel>,
    /// How many distinct (channel, person or mailbox) must prove delivery.
    pub needs: u8,
}

/// A notice that names no cutoff.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The template.
    pub kind: String,
    /// To whom.
    pub to: Roles,
    /// By which ways.
    pub by: Vec<Channel>,
}

/// Work for a person.
#[derive(Clone, Debug)]
pub struct TaskRung {
    /// What is to be done.
    pub kind: TaskKind,
    /// By whom.
    pub assign: Option<Role>,
    /// How often it is done again.
    pub repeat: Option<Repeat>,
}

/// How often a task is done again.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// So long after the one before.
    pub every: Span,
    /// How many in all.
    pub at_most: u32,
    /// Until one of these came of it.
    pub until: Vec<TaskOutcome>,
}

/// An amount per currency. A currency that is missing never restricts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(pub BTreeMap<Currency, i64>);

impl Limits {
    /// The limit in that currency, in minor units.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Option<i64> {
        self.0.get(&currency).copied()
    }
}

/// Hundredths of a percent: `3%` is 300.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

impl Percent {
    /// This part of `amount`, in minor units, rounded down.
    #[must_use]
    pub fn of(self, amount: Money) -> i64 {
        let part = i128::from(amount.minor) * i128::from(self.0) / 10_000;
        i64::try_from(part).unwrap_or(i64::MAX)
    }
}

/// What a write-off does to the climb.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WrittenOff {
    /// Nothing: bookkeeping is not payment.
    #[default]
    Climb,
    /// It stands still where it is.
    Stay,
    /// It ends, as if paid.
    Lift,
}

/// How money on its way holds the climb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// So long.
    pub hold: Span,
    /// If it is at least this part of what is owed on the invoice.
    pub covers: Percent,
    /// So often per case.
    pub times: u32,
}

/// What tenants may promise by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Whether at all.
    pub self_serve: bool,
    /// Until when at the longest.
    pub longest: Span,
    /// How many for one invoice.
    pub per_invoice: u32,
    /// How many at the same time.
    pub at_once: u32,
}

/// Late fees, as information: simple, rate × 12 / 365 a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateFee {
    /// A month.
    pub rate_per_month: Percent,
    /// From the day after this.
    pub after: Span,
    /// Of the principal.
    pub cap: Percent,
}

/// Who is shown the banner, by stage and while a cutoff is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BannerFor {
    /// In grace.
    pub grace: Roles,
    /// While a cutoff is announced.
    pub warned: Roles,
    /// While read-only.
    pub read_only: Roles,
    /// While frozen, on what is still open.
    pub frozen: Roles,
}

/// All the rules in force: what `view` and `plan` read besides the records.
#[derive(Clone, Debug, Default)]
pub struct Law {
    /// Every version known, by hash: a case keeps the one it began with.
    pub versions: BTreeMap<PolicyHash, Arc<Policy>>,
    /// The newest version of each name.
    pub policies: BTreeMap<PolicyName, Arc<Policy>>,
    /// Picks the policy when an invoice is issued; the first match wins.
    pub select: Vec<Select>,
    /// The newest version of each calendar; a tenant's country is its calendar's name.
    pub calendars: BTreeMap<CalendarName, Arc<Calendar>>,
    /// When somebody is there to answer. `None`: always.
    pub operator: Option<Operator>,
    /// Receivers of the operator's that are told what happens.
    pub hooks: Vec<Hook>,
}

impl std::fmt::Display for At {
    /// `due + 15 days`, `due - 3 working days`, `due 12:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.anchor {
            Anchor::Due => "due",
            Anchor::Issued => "issued",
            Anchor::Failed => "failed",
            Anchor::Ends => "ends",
        })?;
        if self.offset != 0 {
            let sign = if self.offset < 0 { '-' } else { '+' };
            let count = self.offset.unsigned_abs();
            let span =
                if self.working_days { Span::working_days(count) } else { Span::days(count) };
            write!(f, " {sign} {span}")?;
        }
        self.time.map_or(Ok(()), |time| write!(f, " {time}"))
    }
}
