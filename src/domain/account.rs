//! The account: all that is known of a tenant's billing, as `view` finds it in the records.
//!
//! Rules:
//! 1. Nothing here is stored: it is made from the records each time.
//! 2. Times in it are times of records, never of the machine.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

pub use super::acceptance::Accepted;
pub use super::arrangement::Arrangement;
use super::decision::{CaseOpened, FeeAnnounced, MessageMade, NoticeMade, RungEntered};
use super::effect::Effect;
pub use super::exceptions::{GateState, PauseState};
use super::fact::{Channel, Collection, FailureReason, InvoiceKind, ReceiptKind, Term};
pub use super::forget::Forgotten;
pub use super::hold::{Hold, HoldCause};
use super::id::{CaseId, EntryId, InvoiceId, Scope, Source, TenantId};
use super::leg::Leg;
use super::money::Money;
use super::order::Order;
use super::outbound::Outbound;
use super::payer::Shared;
use super::places::Index;
pub use super::profile::Profile;
use super::stage::{Role, Stage};
pub use super::stray::Stray;
pub use super::task::TaskState;
use super::time::{Day, Instant, Zone};
pub use super::would::WouldState;

/// What `view` makes of a tenant's records.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Whether a record exists that may create a tenant.
    pub created: bool,
    /// Who the tenant is.
    pub profile: Profile,
    /// Tenants that this one pays for, as they said.
    pub children: BTreeSet<TenantId>,
    /// Those of them that were merged into this one.
    pub merged: BTreeSet<TenantId>,
    /// How often a tenant said so, or said that it is no longer so.
    pub links: u32,
    /// How often it was recorded how this one's payer stands.
    pub shares: u32,
    /// Its invoices, in the order in which they were heard of.
    pub invoices: Vec<Invoice>,
    /// Every case, ended ones too, in the order in which they began.
    pub cases: Vec<Case>,
    /// What was entered for cases that are none any more. None of it is in force.
    pub strays: Vec<Stray>,
    /// Every notice, in the order in which they were made.
    pub notices: Vec<NoticeState>,
    /// Every message, in the order in which they were made.
    pub messages: Vec<MessageState>,
    /// Every task, in the order in which they were made.
    pub tasks: Vec<TaskState>,
    /// Every arrangement, in the order in which they were made.
    pub arrangements: Vec<Arrangement>,
    /// Parts of the app that were never open, and what keeps them closed.
    pub gates: Vec<GateState>,
    /// Stages that were agreed.
    pub pauses: Vec<PauseState>,
    /// Parts of the app that were open once: only the ladder closes them.
    pub opened: Vec<Scope>,
    /// Money that no invoice claims, one amount a currency.
    pub on_account: Vec<Money>,
    /// Late fees that were announced, in order.
    pub fees: Vec<FeeAnnounced>,
    /// Since when more is owed than the credit limit.
    pub over_limit: Option<Instant>,
    /// Versions of policies that were accepted.
    pub accepted: Vec<Accepted>,
    /// What is owed to the tenant, one amount a currency.
    pub credit: Vec<Money>,
    /// Records that wait for what they are about: (source, id).
    pub unmatched: Vec<(String, String)>,
    /// Records that came under one id with different contents: (source, id).
    pub conflicting: Vec<(String, String)>,
    /// What is told to the operator's own systems.
    pub outbound: Outbound,
    /// When it was forgotten last.
    pub forgotten: Option<Forgotten>,
    /// The newest time of any record.
    pub newest: Instant,
    pub(super) index: Index,
}

/// Where an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceStatus {
    /// Something is owed, or may be.
    Open,
    /// Nothing is owed.
    Paid,
    /// It never counted.
    Voided,
    /// The books gave it up.
    WrittenOff,
}

impl InvoiceStatus {
    /// The word used in APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Voided => "voided",
            Self::WrittenOff => "written_off",
        }
    }
}

/// One invoice and its money.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// Named by its billing system.
    pub invoice: InvoiceId,
    /// The source of its first `issued`: only that one sets its terms. `None`: not issued yet.
    pub owner: Option<Source>,
    /// The number printed on it.
    pub number: Option<String>,
    /// Invoice or fee.
    pub kind: InvoiceKind,
    /// Its total.
    pub amount: Option<Money>,
    /// What counts as paid, all sources together, in minor units.
    pub paid: i64,
    /// What is still owed.
    pub owed: i64,
    /// The part of it that is disputed: it stands still.
    pub disputed: i64,
    /// What was owed on it and not disputed, from each time on.
    pub debts: Vec<(Instant, i64)>,
    /// The date of issue.
    pub issued_on: Option<Day>,
    /// The due date in force: printed, or as an extension moved it.
    pub due_on: Option<Day>,
    /// When this due date, or a later one, became known here.
    pub known: Instant,
    /// The part of the app it pays for.
    pub scope: Scope,
    /// Where it can be paid.
    pub pay_url: Option<String>,
    /// How it is collected.
    pub collection: Collection,
    /// The first failed charge of the case, and why the newest failed.
    pub failed: Option<Failure>,
    /// Charges that were announced, in the order in which they were.
    pub attempts: Vec<Instant>,
    /// Where it stands.
    pub status: InvoiceStatus,
    /// When it was paid, voided or written off.
    pub closed: Option<Instant>,
    /// Whether a payment on it was taken back.
    pub returned: bool,
    /// Whether an extension moved the due date.
    pub extended: bool,
    /// Whether its scope, if it was never open, stays closed until it is paid.
    pub gates_scope: bool,
    /// When it became known here that it does.
    pub gating: Option<Instant>,
    /// What ends on its due date, where it is no invoice but the climb of a term.
    pub term: Option<Term>,
    /// How the tenant stands that pays for this one, where it is no invoice but the climb of that.
    pub shared: Option<Shared>,
    /// What an operator asks for, where it is no invoice but the climb of that.
    pub order: Option<Order>,
    /// The tenant whose it is, where that was merged into this one.
    pub of: Option<TenantId>,
}

/// Failed charges of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When the first one failed.
    pub first: Instant,
    /// Why the newest one failed.
    pub reason: FailureReason,
    /// When the billing system tries again.
    pub next_attempt_at: Option<Instant>,
}

/// One climb of an invoice.
#[derive(Clone, Debug)]
pub struct Case {
    /// H(tenant, invoice, id of the record that began it).
    pub case: CaseId,
    /// Index into [`Account::invoices`].
    pub invoice: usize,
    /// When it began, or will begin: a case that an exemption puts off is known before.
    pub began: Instant,
    /// When it became known here.
    pub known: Instant,
    /// Whether an earlier case of the invoice had ended: the anchor is then never before `began`.
    pub again: bool,
    /// When it ended.
    pub ended: Option<Instant>,
    /// The version of the policy that is pinned.
    pub opened: Option<CaseOpened>,
    /// The stretches in which it stands still, by their begin.
    pub holds: Vec<Hold>,
    pub(super) leg: Leg,
    /// What was entered, in order.
    pub entries: Vec<Entry>,
    /// What would have happened, in order: it never counts.
    pub would: Vec<WouldState>,
    /// What the climb is anchored to; another value is another case.
    pub due_key: Option<i64>,
    /// How often it was moved to another version of a policy.
    pub migrations: u32,
    /// When it was moved to another version last.
    pub moved: Option<Instant>,
    /// The part of the app that it is about: its invoice's; another one is another leg.
    pub scope: Scope,
}

/// A stage that was entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The decision.
    pub entered: RungEntered,
    /// When it was taken.
    pub time: Instant,
    /// Whether the run over all records finds it lawful at its time.
    pub lawful: bool,
    /// What is left of it under the version that is pinned now.
    pub effect: Effect,
    /// The rung with its stage in that version. `None`: there is none.
    pub rung: Option<u16>,
    /// When `stage.lifted` was recorded.
    pub lifted: Option<Instant>,
    /// The part of the app that it closes: what was entered, as far as its invoice was about that
    /// ever since. `None`: nothing is left of it.
    pub closes: Option<Scope>,
    /// Whether it is in force: lawful, not lifted, its case live and not below what is ignored.
    pub in_force: bool,
}

/// A notice and what became of it.
#[derive(Clone, Debug)]
pub struct NoticeState {
    /// The decision.
    pub made: Arc<NoticeMade>,
    /// When it was taken.
    pub time: Instant,
    /// When it was voided.
    pub voided: Option<Instant>,
    /// The entry that used it.
    pub spent: Option<EntryId>,
    /// The latest time that its repetitions said.
    pub said: Option<Instant>,
    /// All receipts, in order.
    pub receipts: Vec<Receipt>,
}

/// One receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// By which way.
    pub channel: Channel,
    /// The person or mailbox.
    pub recipient: SmolStr,
    /// In which role they were reached.
    pub role: Option<Role>,
    /// What happened.
    pub kind: ReceiptKind,
    /// Which attempt, from 1; 0 where there are none.
    pub attempt: u32,
    /// When it happened.
    pub at: Instant,
    /// When it became known here.
    pub learnt: Instant,
}

/// A message and what became of it.
#[derive(Clone, Debug)]
pub struct MessageState {
    /// The decision.
    pub made: Arc<MessageMade>,
    /// When it was taken.
    pub time: Instant,
    /// When each attempt began.
    pub tried: Vec<Instant>,
    /// All receipts, in order.
    pub receipts: Vec<Receipt>,
}

impl Invoice {
    /// What is owed and not disputed.
    #[must_use]
    pub const fn undisputed(&self) -> i64 {
        self.owed - self.disputed
    }

    /// Whether it was invoiced: it is neither a term, a payer's standing nor an order, on which
    /// nothing is owed.
    #[must_use]
    pub const fn is_billed(&self) -> bool {
        self.term.is_none() && self.shared.is_none() && self.order.is_none()
    }
}

impl Account {
    /// The invoice whose climb `case` is.
    #[must_use]
    pub fn invoice_of(&self, case: &Case) -> &Invoice {
        &self.invoices[case.invoice]
    }

    /// All that is owed on invoices that are open, one amount a currency.
    #[must_use]
    pub fn owed(&self) -> Vec<Money> {
        let mut sums: Vec<Money> = Vec::new();
        for invoice in &self.invoices {
            let Some(amount) = invoice.amount.filter(|_| invoice.owed > 0) else { continue };
            add(&mut sums, Money { minor: invoice.owed, currency: amount.currency });
        }
        sums
    }

    /// Whether it was forgotten, and not heard of since: nothing is asked of it.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.forgotten.is_some_and(|forgotten| forgotten.back.is_none())
    }

    /// The strictest stage in force.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.effect().stage
    }

    /// All that is in force, of whichever part of the app.
    #[must_use]
    pub fn effect(&self) -> Effect {
        let entries = self.cases.iter().flat_map(|case| &case.entries);
        let entries = entries.filter(|entry| entry.in_force).map(|entry| entry.effect);
        let gates = self.gates.iter().filter(|gate| gate.in_force);
        let pauses = self.pauses.iter().filter(|it| it.in_force);
        entries
            .chain(gates.map(|_| Effect::of(Stage::Frozen)))
            .chain(pauses.map(|it| Effect::of(it.made.stage)))
            .fold(Effect::NONE, Effect::and)
    }
}

impl Case {
    /// Whether it stands still at `at`.
    #[must_use]
    pub fn is_held(&self, at: Instant) -> bool {
        self.holds.iter().any(|hold| hold.covers(at))
    }

    /// The days that its holds touch, first and last.
    pub fn held_days(&self, zone: &Zone) -> impl Iterator<Item = (Day, Day)> {
        self.holds.iter().map(|hold| {
            let last = hold.end.map_or(Day::from_number(i32::MAX), |end| {
                zone.day(end.plus_millis(-1).max(hold.begin))
            });
            (zone.day(hold.begin), last)
        })
    }

    /// Whether it has begun by `now`.
    #[must_use]
    pub fn has_begun(&self, now: Instant) -> bool {
        self.began <= now
    }

    /// Whether it has not ended.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.ended.is_none()
    }
}

/// Adds `amount` to the sum of its currency.
pub fn add(sums: &mut Vec<Money>, amount: Money) {
    match sums.iter_mut().find(|sum| sum.currency == amount.currency) {
        Some(sum) => sum.minor = sum.minor.saturating_add(amount.minor),
        None => sums.push(amount),
    }
}
