//! What is too little, or of the wrong kind, to restrict anybody (SPEC 4).
//!
//! Rules:
//! 1. While all that is overdue in a currency is below `ignore_below`, nothing of a case in it happens.
//! 2. An invoice of which less than `short_paid` is missing is asked for, and never a cutoff; nor is a
//!    `fee`, nor what is owed in a currency that a table of the policy does not name.

use super::account::{Account, Case, Invoice};
use super::bearings::Bearings;
use super::fact::InvoiceKind;
use super::policy::Policy;
use super::time::Instant;

/// Whether all that is overdue in the case's currency, itself counted, is below what the policy
/// asks for.
pub(super) fn is_ignored(
    account: &Account,
    case: &Case,
    bearings: &Bearings<'_>,
    now: Instant,
) -> bool {
    let invoice = account.invoice_of(case);
    let Some(amount) = invoice.amount else { return invoice.is_billed() };
    let limits = bearings.policy.ignore_below.as_ref();
    let Some(limit) = limits.and_then(|limits| limits.of(amount.currency)) else { return false };
    let today = bearings.zone.day(now);
    let until = invoice.due_on.map_or(today, |due| due.max(today));
    let others = account
        .cases
        .iter()
        .filter(|other| other.is_live() && other.has_begun(now) && other.invoice != case.invoice)
        .map(|other| account.invoice_of(other))
        .filter(|other| other.amount.is_some_and(|other| other.currency == amount.currency))
        .filter(|other| other.due_on.is_none_or(|due| due <= until));
    let mut total = invoice.undisputed();
    for other in others {
        if total >= limit {
            return false;
        }
        total = total.saturating_add(other.undisputed());
    }
    total < limit
}

/// Whether so little of the invoice is missing that it is asked for, but never a cutoff.
pub(super) fn is_short_paid(invoice: &Invoice, policy: &Policy) -> bool {
    let Some((part, amount)) = policy.short_paid.zip(invoice.amount) else { return false };
    invoice.undisputed() < part.of(amount)
}

/// Whether the policy's tables name the invoice's currency.
pub(super) fn is_listed(invoice: &Invoice, policy: &Policy) -> bool {
    let tables = [&policy.ignore_below, &policy.person_above];
    let mut tables = tables.into_iter().flatten();
    invoice.amount.is_some_and(|amount| tables.all(|table| table.of(amount.currency).is_some()))
}

/// Whether an invoice may restrict at all.
pub(super) fn may_restrict(invoice: &Invoice, policy: &Policy) -> bool {
    if !invoice.is_billed() {
        return true;
    }
    let fee = invoice.kind == InvoiceKind::Fee;
    is_listed(invoice, policy) && !fee && !is_short_paid(invoice, policy)
}
