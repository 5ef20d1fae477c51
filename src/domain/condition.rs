//! Conditions on rungs (SPEC 4, `when`): a rung is there only while its condition is so.
//!
//! Rules:
//! 1. Everything that a condition says must be so.
//! 2. The case's own invoice always counts, with all that is due by its due date; of the others
//!    what is overdue, from the day after the due date. Late fees and what is disputed never count.
//! 3. Amounts of different currencies are never added: the currency of the case's own invoice
//!    counts. One that the table does not name is never over its limit.
//! 4. Somebody has promised while a promise of this tenant stands, whichever invoice it is about.

use super::account::{Account, Case, HoldCause, Invoice};
use super::arrangement::ArrangementKind;
use super::fact::{Collection, InvoiceKind};
use super::policy::Limits;
use super::stage::Stage;
use super::time::{Day, Instant, Zone};

/// When a rung is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// While more than this is overdue.
    pub owed_over: Option<Limits>,
    /// While more invoices than this are overdue.
    pub invoices_over: Option<u32>,
    /// If the invoice is collected so.
    pub collection: Option<Collection>,
    /// While a promise stands, or while none does.
    pub promised: Option<bool>,
    /// If this stage, or a harder one, is ordered (see `domain::order`).
    pub ordered: Option<Stage>,
}

impl Condition {
    /// Whether it is so for `case` at `at`, in the tenant's time zone.
    #[must_use]
    pub fn holds(&self, account: &Account, case: &Case, zone: &Zone, at: Instant) -> bool {
        let own = account.invoice_of(case);
        let collected = self.collection.is_none_or(|it| it == own.collection);
        let promised = self.promised.is_none_or(|it| it == has_promised(account, at));
        let asked = own.order.as_ref().map(|order| order.stage);
        let ordered = self.ordered.is_none_or(|stage| asked.is_some_and(|it| it >= stage));
        collected && promised && ordered && self.is_over(account, case, zone, at)
    }

    /// When another invoice becomes overdue that may make it so.
    #[must_use]
    pub fn may_begin(
        &self,
        account: &Account,
        case: &Case,
        zone: &Zone,
        at: Instant,
    ) -> Option<Instant> {
        if self.owed_over.is_none() && self.invoices_over.is_none() {
            return None;
        }
        let today = zone.day(at);
        let others = account.cases.iter().filter(|other| other.is_live());
        let due = others.filter_map(|other| account.invoice_of(other).due_on);
        let next = due.filter(|due| *due >= today).min().map(|due| zone.start_of(due.plus(1)));
        let begins = account.cases.iter().filter(|other| other.invoice != case.invoice);
        let begins = begins.map(|other| other.began).filter(|began| *began > at).min();
        [next, begins].into_iter().flatten().min()
    }

    fn is_over(&self, account: &Account, case: &Case, zone: &Zone, at: Instant) -> bool {
        let own = account.invoice_of(case);
        let currency = own.amount.map(|amount| amount.currency);
        let owed = self.owed_over.as_ref().is_none_or(|limits| {
            let Some(limit) = currency.and_then(|currency| limits.of(currency)) else {
                return false;
            };
            let same = |it: &&Invoice| it.amount.map(|amount| amount.currency) == currency;
            let overdue = overdue(account, case, zone, at).filter(same);
            overdue.fold(0_i64, |sum, it| sum.saturating_add(it.undisputed())) > limit
        });
        let count = || overdue(account, case, zone, at).count();
        owed && self.invoices_over.is_none_or(|limit| count() > limit as usize)
    }
}

/// The invoices that are overdue at `at`, the case's own among them.
fn overdue<'a>(
    account: &'a Account,
    case: &'a Case,
    zone: &Zone,
    at: Instant,
) -> impl Iterator<Item = &'a Invoice> + use<'a> {
    let today = zone.day(at);
    let own = account.invoice_of(case).due_on;
    let counts = move |due: Day| due < today || own.is_none_or(|own| due <= own);
    let cases = account.cases.iter().filter(move |other| {
        other.invoice == case.invoice && other.case == case.case
            || other.invoice != case.invoice && other.is_live() && other.has_begun(at)
    });
    cases
        .map(|other| account.invoice_of(other))
        .filter(move |it| it.due_on.is_none_or(counts))
        .filter(|it| it.kind != InvoiceKind::Fee && it.undisputed() > 0)
}

fn has_promised(account: &Account, at: Instant) -> bool {
    let promise = HoldCause::Agreed(ArrangementKind::Promise);
    let live = account.cases.iter().filter(|case| case.is_live());
    live.flat_map(|case| &case.holds).any(|hold| hold.cause == promise && hold.covers(at))
}
