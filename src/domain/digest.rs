//! What the operator is told each working day: who will be cut off next (SPEC 8).
//!
//! Rules:
//! 1. It lists the cutoffs that people were told of and that come today or in the next two working
//!    days, and warnings that did not reach as many as the policy asks.
//! 2. It lists what the plan says; that it did, and arrived, is a receipt of the warning (`listed`)
//!    that only the program itself makes.
//! 3. Whoever holds a cutoff gives its invoice a due date five working days from now: an
//!    `extension`, which lifts nothing that another invoice brought.

use super::account::{Account, NoticeState};
use super::arrangement::{ArrangementKind, ArrangementMade};
use super::bearings::Bearings;
use super::calendar::Calendar;
use super::decision::Step;
use super::effect::Effect;
use super::fact::ReceiptKind;
use super::id::{Derived, InvoiceId, NoticeId, Scope, TenantId};
use super::money::Money;
use super::plan::{Situation, What, plan};
use super::policy::Law;
use super::proof::Warned;
use super::time::{Instant, Zone};

/// So many working days a held cutoff's invoice is due later.
const HELD_FOR: i32 = 5;

/// A cutoff, or a warning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The warning.
    pub notice: NoticeId,
    /// About which invoice.
    pub invoice: InvoiceId,
    /// The number printed on it.
    pub number: Option<String>,
    /// What is owed on it.
    pub owed: Option<Money>,
    /// What begins.
    pub effect: Effect,
    /// Of which part of the app.
    pub scope: Scope,
    /// When.
    pub at: Instant,
    /// Whether a digest that was delivered listed it already.
    pub again: bool,
}

/// What a digest says of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Cutoffs that come.
    pub cutoffs: Vec<Listed>,
    /// Warnings that did not reach as many as they have to, with the time they name.
    pub undelivered: Vec<Listed>,
}

/// Where and by which calendar the operator works.
#[must_use]
pub fn place(law: &Law) -> Option<(Zone, &Calendar)> {
    if let Some(operator) = &law.operator {
        return Some((operator.zone.clone(), &operator.calendar));
    }
    let standard = law.policies.values().find(|policy| policy.name.as_str() == "standard");
    let policy = standard.or_else(|| law.policies.values().next())?;
    Some((policy.zone.clone(), law.calendars.get(&policy.calendar)?))
}

/// The end of the second working day after today: until then cutoffs are listed.
#[must_use]
pub fn horizon(law: &Law, now: Instant) -> Instant {
    let Some((zone, calendar)) = place(law) else { return now };
    zone.start_of(calendar.plus_working_days(zone.day(now), 2).plus(1))
}

/// What a digest made now says of a tenant.
#[must_use]
pub fn lines(tenant: &TenantId, account: &Account, law: &Law, situation: &Situation) -> Lines {
    let (now, until) = (situation.now, horizon(law, situation.now));
    let mut lines = Lines::default();
    for coming in plan(tenant, account, law, situation).coming {
        let What::Enter { effect, announced } = coming.what else { continue };
        let Some(case) = account.case(coming.case).filter(|_| effect.restricts()) else { continue };
        let mut warnings = account.notices.iter().rev().filter(|it| {
            it.made.leg == case.leg(now)
                && it.made.rung == coming.rung
                && it.made.step == Step::Warning
        });
        let Some(notice) = warnings.next().filter(|it| stands(it)) else { continue };
        if announced && coming.at < until {
            lines.cutoffs.extend(listed(account, notice, coming.at));
        } else if !announced && !is_delivered(account, law, notice, now) {
            let named = notice.made.names.as_ref().map_or(coming.at, |named| named.at);
            lines.undelivered.extend(listed(account, notice, named));
        }
    }
    lines
}

/// Whether a digest that was delivered listed its cutoff.
#[must_use]
pub fn is_listed(notice: &NoticeState) -> bool {
    notice.receipts.iter().any(|receipt| receipt.kind == ReceiptKind::Listed)
}

/// The agreement that holds a warning's cutoff, made by `by`. `None`: there is nothing to hold any
/// more.
#[must_use]
pub fn hold(
    account: &Account,
    law: &Law,
    id: NoticeId,
    (by, now): (&str, Instant),
) -> Option<ArrangementMade> {
    let notice = account.notice(id).filter(|notice| stands(notice))?;
    let case = account.case(notice.made.case).filter(|case| case.is_live())?;
    if notice.made.step != Step::Warning || notice.made.leg != case.leg(now) {
        return None;
    }
    let invoice = account.invoice_of(case);
    let bearings = Bearings::of_case(law, account, case)?;
    let today = bearings.zone.day(now);
    let due = bearings.almanac().calendar.plus_working_days(today, HELD_FOR);
    // A card that was declined may be due later than that: what moves nothing holds nothing.
    let due = invoice.due_on.map_or(due, |known| due.max(known.plus(1)));
    let name: Derived = id.into();
    Some(ArrangementMade {
        invoices: Some(vec![invoice.invoice.clone()]),
        due_on: Some(due),
        by: Some(by.to_owned()),
        reason: Some("held from the digest".to_owned()),
        ..ArrangementMade::new(name.into(), ArrangementKind::Extension)
    })
}

fn stands(notice: &NoticeState) -> bool {
    notice.voided.is_none() && notice.spent.is_none()
}

/// Whether it reached as many as its rung asks.
fn is_delivered(account: &Account, law: &Law, notice: &NoticeState, now: Instant) -> bool {
    let case = account.case(notice.made.case);
    let Some(case) = case else { return false };
    let Some(bearings) = Bearings::of_case(law, account, case) else { return false };
    let rung = bearings.policy.rungs.get(usize::from(notice.made.rung));
    let Some(warn) = rung.and_then(|it| it.enter.as_ref()?.warn.as_ref()) else { return false };
    let attempts = &account.invoice_of(case).attempts;
    let warned = Warned { notice, warn, almanac: bearings.almanac(), attempts };
    warned.proved(now).is_some()
}

fn listed(account: &Account, notice: &NoticeState, at: Instant) -> Option<Listed> {
    let case = account.case(notice.made.case).filter(|case| case.is_live())?;
    let (invoice, named) = (account.invoice_of(case), notice.made.names.as_ref()?);
    Some(Listed {
        notice: notice.made.notice,
        invoice: invoice.invoice.clone(),
        number: invoice.number.clone(),
        owed: invoice.amount.map(|amount| Money { minor: invoice.owed, ..amount }),
        effect: named.effect(),
        scope: named.scope.clone(),
        at,
        again: is_listed(notice),
    })
}
