//! Late fees, as information (SPEC 4 `late_fee`): what they come to, and when that is announced.
//!
//! Rules:
//! 1. Simple interest: the rate × 12 / 365 a day on what was owed and not disputed at the end of
//!    each day, in whole minor units, rounded down once; never more than the cap of the most that
//!    was owed on any of these days.
//! 2. A day counts from the day after `after`, counted from the case's own anchor; not before the
//!    day after people were told, by a message that arrived, that it is overdue; not while a hold
//!    touches it, and not where the policy has to be accepted and is not.
//! 3. The day on which a case ends does not count. What is void was never owed, and a fee bears
//!    none.
//! 4. What came together is announced when a month is over, and when the case has ended: the
//!    difference to what was announced before. What was announced is never taken back here.

use serde::{Deserialize, Serialize};

use super::acceptance::is_accepted;
use super::account::{Account, Case, Invoice, InvoiceStatus};
use super::bearings::Bearings;
use super::decision::OVERDUE;
use super::fact::{Collection, InvoiceKind};
use super::id::{CaseId, FeeId, InvoiceId};
use super::money::Money;
use super::plan::anchor_of;
use super::policy::{Anchor, LateFee, Law};
use super::proof::first_proof;
use super::span::{Span, Unit};
use super::time::{DAY, Day, Instant};

/// `fee.announced`: information. It is owed once the billing system has invoiced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeAnnounced {
    /// H(case, n).
    pub fee: FeeId,
    /// For which case.
    pub case: CaseId,
    /// On which invoice.
    pub invoice: InvoiceId,
    /// Counts the announcements of the case, from 0.
    pub n: u32,
    /// Up to and with this day.
    pub through: Day,
    /// What has come together since the announcement before.
    pub amount: Money,
}

/// No fee is reckoned for longer: over ten years.
const DAYS_MAX: i32 = 4_000;

/// What the fee of a case comes to, all days up to and with `through`. `None`: there is none.
#[must_use]
pub fn accrued(
    account: &Account,
    case: &Case,
    bearings: &Bearings<'_>,
    through: Day,
) -> Option<Money> {
    let (fee, invoice) = (bearings.policy.late_fee?, account.invoice_of(case));
    let bears = invoice.kind != InvoiceKind::Fee && invoice.status != InvoiceStatus::Voided;
    let amount = invoice.amount.filter(|_| bears && case.opened.is_some())?;
    let zone = &bearings.zone;
    let ended = case.ended.map_or(through, |ended| zone.day(ended).plus(-1));
    let (first, last) = (first_day(account, case, bearings, fee)?, through.min(ended));
    let debts: Vec<(Day, i64)> =
        invoice.debts.iter().map(|(at, owed)| (zone.day(*at), *owed)).collect();
    let held: Vec<(Day, Day)> = case.held_days(zone).collect();
    let (mut sum, mut most, mut known) = (0_i128, 0_i64, 0);
    let days = last.since(first).saturating_add(1).clamp(0, DAYS_MAX);
    for day in (0..days).map(|after| first.plus(after)) {
        while debts.get(known).is_some_and(|(changed, _)| *changed <= day) {
            known += 1;
        }
        let owed = known.checked_sub(1).map_or(0, |last| debts[last].1);
        let stands_still = held.iter().any(|(first, last)| *first <= day && day <= *last);
        if !stands_still && is_accepted(account, bearings.policy, zone, zone.start_of(day)) {
            sum += i128::from(owed);
            most = most.max(owed);
        }
    }
    let minor = sum * i128::from(fee.rate_per_month.0) * 12 / (10_000 * 365);
    let cap = fee.cap.of(Money { minor: most, ..amount });
    let minor = i64::try_from(minor).unwrap_or(i64::MAX).min(cap);
    (minor > 0).then_some(Money { minor, ..amount })
}

/// What people are told of the fee of a case: its terms, and the first day for which it can run if
/// they read of it at `now`. `None`: none can run, as things are.
#[must_use]
pub fn foretold(
    account: &Account,
    case: &Case,
    bearings: &Bearings<'_>,
    now: Instant,
) -> Option<(LateFee, Day)> {
    let (fee, invoice) = (bearings.policy.late_fee?, account.invoice_of(case));
    let bears = invoice.kind != InvoiceKind::Fee && invoice.status != InvoiceStatus::Voided;
    invoice.amount.filter(|_| bears)?;
    let zone = &bearings.zone;
    if !is_accepted(account, bearings.policy, zone, now) {
        return None;
    }
    let told = told_on(account, case, bearings).unwrap_or_else(|| zone.day(now));
    Some((fee, last_free_day(account, case, bearings, fee)?.max(told).plus(1)))
}

/// What was announced of the fee of a case, in minor units.
#[must_use]
pub fn announced(account: &Account, case: &Case) -> i64 {
    let own = account.fees.iter().filter(|fee| fee.case == case.case);
    own.fold(0, |sum, fee| sum.saturating_add(fee.amount.minor))
}

/// What the fees of all cases of an invoice come to until the day before `now`, and how much of it
/// was announced.
#[must_use]
pub fn fee_of(
    account: &Account,
    law: &Law,
    invoice: &Invoice,
    now: Instant,
) -> Option<(Money, Money)> {
    let mut total: Option<(Money, Money)> = None;
    for case in account.cases.iter().filter(|it| account.invoice_of(it).invoice == invoice.invoice)
    {
        let Some(bearings) = Bearings::of_case(law, account, case) else { continue };
        let yesterday = bearings.zone.day(now).plus(-1);
        let Some(fee) = accrued(account, case, &bearings, yesterday) else { continue };
        let told = announced(account, case);
        let (sum, known) = total.map_or((0, 0), |(sum, known)| (sum.minor, known.minor));
        let money = |minor: i64, more: i64| Money { minor: minor.saturating_add(more), ..fee };
        total = Some((money(sum, fee.minor), money(known, told)));
    }
    total
}

/// Whether a fee of the case may run before `until`: asked first, because it costs nothing.
#[must_use]
pub fn may_run(case: &Case, invoice: &Invoice, bearings: &Bearings<'_>, until: Instant) -> bool {
    let (Some(fee), Some(key)) = (bearings.policy.late_fee, case.due_key) else { return false };
    let due = match invoice.collection {
        Collection::ChargeAutomatically if !invoice.extended => key,
        _ => key.saturating_mul(DAY),
    };
    let after = i64::from(days(fee.after)).saturating_mul(DAY);
    let end = case.ended.map_or(until, |ended| ended.min(until));
    end.millis() > due.saturating_add(after).saturating_sub(DAY)
}

fn first_day(account: &Account, case: &Case, bearings: &Bearings<'_>, fee: LateFee) -> Option<Day> {
    let told = told_on(account, case, bearings)?;
    Some(last_free_day(account, case, bearings, fee)?.max(told).plus(1))
}

/// The day with which `after` is over.
fn last_free_day(
    account: &Account,
    case: &Case,
    bearings: &Bearings<'_>,
    fee: LateFee,
) -> Option<Day> {
    let (invoice, almanac) = (account.invoice_of(case), bearings.almanac());
    let printed = match invoice.collection {
        Collection::ChargeAutomatically if !invoice.extended => invoice.due_on,
        _ => case.due_key.and_then(|key| i32::try_from(key).ok()).map(Day::from_number),
    };
    let anchor = anchor_of(invoice, printed, case, bearings, Anchor::Due)?;
    Some(match fee.after.unit {
        Unit::WorkingDays => almanac.calendar.plus_working_days(anchor, days(fee.after)),
        _ => anchor.plus(days(fee.after)),
    })
}

/// The day on which a message arrived that says that it is overdue.
fn told_on(account: &Account, case: &Case, bearings: &Bearings<'_>) -> Option<Day> {
    let told = account.notices.iter().filter(|notice| {
        let names = notice.made.names.is_some();
        notice.made.case == case.case && (names || notice.made.kind == OVERDUE)
    });
    let told = told.filter_map(|notice| first_proof(notice, bearings.almanac())).min()?;
    Some(bearings.zone.day(told))
}

/// A span in days, working days as such.
fn days(span: Span) -> i32 {
    let count = match span.unit {
        Unit::WorkingDays => i64::from(span.count),
        _ => span.nominal_millis().unwrap_or(0) / DAY,
    };
    i32::try_from(count).unwrap_or(i32::MAX)
}
