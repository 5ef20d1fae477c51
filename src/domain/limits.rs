//! What may be promised (SPEC 4 `promises`, 5.1).
//!
//! Rules:
//! 1. Limits are asked about when a request becomes a record, and never again: a promise that is
//!    recorded stands, whatever a later version of the policy says.
//! 2. A promise that was taken back was none.

use super::account::{Account, Arrangement};
use super::arrangement::{ArrangementEnd, ArrangementKind};
use super::bearings::Bearings;
use super::event::FieldFault;
use super::id::InvoiceId;
use super::time::{Fold, Instant};
use super::when::When;

/// What is wrong with a promise until then about these invoices, made at `now`; `asked` is the field
/// that asks for one.
#[must_use]
pub fn faults_of_promise(
    account: &Account,
    bearings: &Bearings<'_>,
    (invoices, until): (&[InvoiceId], When),
    (asked, now): (&str, Instant),
) -> Vec<FieldFault> {
    let (promises, almanac) = (bearings.policy.promises, bearings.almanac());
    let today = bearings.zone.day(now);
    let mut faults = Vec::new();
    let passed = match until {
        When::Day(day) => day < today,
        When::Instant(instant) => instant <= now,
    };
    let last = bearings.zone.day(almanac.plus(now, promises.longest, Fold::Earlier));
    let day = match until {
        When::Day(day) => day,
        When::Instant(instant) => bearings.zone.day(instant),
    };
    if passed {
        faults.push(FieldFault::new("until", "it has passed"));
    } else if day > last {
        let detail = format!("a promise is for {} at the longest: {last}", promises.longest);
        faults.push(FieldFault::new("until", detail));
    }
    let made = || {
        let all = account.arrangements.iter();
        all.filter(|known| known.made.kind == ArrangementKind::Promise && !is_taken_back(known))
    };
    let of = |invoice: &InvoiceId| made().filter(|known| known.invoices.contains(invoice)).count();
    let broken = invoices.iter().find(|invoice| of(invoice) >= promises.per_invoice as usize);
    if let Some(invoice) = broken {
        let detail = format!("{invoice} was promised {} already: as often as may be", of(invoice));
        faults.push(FieldFault::new(asked, detail));
    }
    let standing = |known: &&Arrangement| known.stands(now);
    if made().filter(standing).count() >= promises.at_once as usize {
        let detail = format!("{} may stand at the same time", promises.at_once);
        faults.push(FieldFault::new(asked, detail));
    }
    faults
}

fn is_taken_back(known: &Arrangement) -> bool {
    known.ended.is_some_and(|(_, how)| how == ArrangementEnd::Withdrawn)
}
