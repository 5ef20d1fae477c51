//! What the days of rungs are counted from (SPEC 4 "Dates, exactly").

use crate::domain::account::{Case, Invoice};
use crate::domain::bearings::Bearings;
use crate::domain::fact::Collection;
use crate::domain::policy::Anchor;
use crate::domain::time::{Day, Fold};

/// The days that rungs are counted from, by [`Anchor`], once they were asked for.
pub(super) type Anchors = [Option<Option<Day>>; 4];

/// What the days of a rung of a case are counted from, its invoice being due on `due_on`.
pub(in crate::domain) fn anchor_of(
    invoice: &Invoice,
    due_on: Option<Day>,
    case: &Case,
    bearings: &Bearings<'_>,
    anchor: Anchor,
) -> Option<Day> {
    let almanac = bearings.almanac();
    let first_failed = invoice.failed.map(|failed| almanac.zone.day(failed.first));
    if (anchor == Anchor::Ends) != invoice.term.is_some() {
        return None;
    }
    let automatic = invoice.collection == Collection::ChargeAutomatically;
    // Nothing runs before the first failure.
    let failed = first_failed.filter(|_| automatic);
    if automatic && failed.is_none() {
        return None;
    }
    let day = match anchor {
        Anchor::Due if automatic && !invoice.extended => almanac.calendar.forward(first_failed?),
        Anchor::Due | Anchor::Ends => {
            let known = almanac.plus(invoice.known, bearings.policy.least_terms, Fold::Earlier);
            let due = due_on?.max(failed.unwrap_or(Day::from_number(i32::MIN)));
            almanac.calendar.forward(due).max(almanac.zone.day(known))
        }
        Anchor::Failed => first_failed?,
        Anchor::Issued => invoice.issued_on.unwrap_or_else(|| almanac.zone.day(case.began)),
    };
    let began = almanac.zone.day(case.known.max(case.began));
    Some(if case.again { day.max(began) } else { day })
}
