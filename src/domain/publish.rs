//! What gates are told of an account (SPEC 5.11).
//!
//! Rule: what is closed is what [`super::closed`] finds; what is announced is words only and
//! restricts nothing.

use super::account::{Account, Case, HoldCause, Invoice, NoticeState, add};
use super::arrangement::ArrangementKind;
use super::bearings::Bearings;
use super::closed::{By, closed, ease, generation, is_shared, own_and_shared, strictest};
use super::decision::Step;
use super::effect::Effect;
use super::fact::{Channel, FailureReason, Named, ReceiptKind};
use super::grant::{
    BannerNotice, Cause, Grant, InvoiceWords, LISTED_MAX, ORDERED_WARNING, OrderWords, PayerGrant,
    TermWords, Words,
};
use super::id::{Digest, TenantId};
use super::money::Money;
use super::plan::{Ground, Situation, Survey, is_valid};
use super::policy::{BannerFor, Law, Policy};
use super::selection::select;
use super::stage::{Roles, Stage};
use super::time::Instant;

/// The grant and the words of `account`.
#[must_use]
pub fn publish(
    tenant: &TenantId,
    account: &Account,
    law: &Law,
    digest: Digest,
    situation: &Situation,
) -> (Grant, Words) {
    let ground = Ground::new(account, law);
    let survey = Survey::new(&ground, *situation);
    let mut warnings = account.notices.iter().filter(|it| it.made.step == Step::Warning);
    let warned = warnings.any(|notice| is_valid(notice, &survey));
    let closed = closed(account);
    // What was never open is nothing to remind of.
    let climbs = closed.iter().filter(|it| matches!(it.by, By::Climb(..)));
    let strictest = strictest(climbs);
    let Effect { stage, slow } = strictest.map_or(Effect::NONE, |it| it.effect);
    let warned = warned || slow.is_some();
    let banner = strictest
        .and_then(|it| policy_of(account, law, it.by))
        .or_else(|| select(law, account, account.newest).map(|policy| &**policy))
        .map_or(Roles::NONE, |policy| banner_for(&policy.banner_for, stage, warned));
    let (scopes, shared) = own_and_shared(account, law);
    let payer = account.profile.payer().cloned().filter(|_| !shared.is_empty());
    let payer = payer.map(|payer| PayerGrant { tenant: payer, scopes: shared });
    let grant = Grant {
        tenant: tenant.clone(),
        digest,
        generation: generation(account),
        scopes,
        payer,
        ease: ease(account),
        announced: announced(&survey),
        banner,
    };
    (grant, words(tenant, &survey, digest))
}

fn policy_of<'a>(account: &Account, law: &'a Law, by: By<'_>) -> Option<&'a Policy> {
    let By::Climb(case, _) = by else { return None };
    Bearings::of_case(law, account, case).map(|bearings| &**bearings.policy)
}

fn banner_for(roles: &BannerFor, stage: Stage, warned: bool) -> Roles {
    let by_stage = match stage {
        Stage::Full => Roles::NONE,
        Stage::Grace => roles.grace,
        Stage::ReadOnly => roles.read_only,
        Stage::Frozen => roles.frozen,
    };
    if warned { by_stage.and(roles.warned) } else { by_stage }
}

/// The next cutoff that people were told of.
fn announced(survey: &Survey<'_>) -> Option<Named> {
    let cases = survey.ground.account.cases.iter().enumerate();
    let live = cases.filter(|(_, case)| case.is_live() && !case.is_held(survey.situation.now));
    live.filter_map(|(place, _)| announced_of(survey, place)).min_by_key(|named| named.at)
}

fn announced_of(survey: &Survey<'_>, place: usize) -> Option<Named> {
    let ladder = survey.ladder_at(place)?;
    let coming = ladder.rungs().filter_map(|(rung, _)| {
        let warning = ladder.live_warning(rung)?;
        let named = warning.made.names.as_ref()?;
        let planned = ladder.place(usize::from(rung))?.planned;
        let at = ladder.warned(warning)?.comes(planned, survey.situation.now)?;
        Some(Named { at, ..named.clone() })
    });
    coming.min_by_key(|named| named.at)
}

fn words(tenant: &TenantId, survey: &Survey<'_>, digest: Digest) -> Words {
    let (account, law) = (survey.ground.account, survey.ground.law);
    let now = survey.situation.now;
    let profile = &account.profile;
    let bearings =
        select(law, account, account.newest).map(|policy| Bearings::of(law, profile, policy));
    let overdue = overdue_on(survey.ground, now);
    let mut owed: Vec<Money> = Vec::new();
    for invoice in &overdue {
        let Some(amount) = invoice.amount else { continue };
        add(&mut owed, Money { minor: invoice.owed, ..amount });
    }
    let pay_url = profile.pay_url.clone();
    let first_url = || overdue.iter().find_map(|invoice| invoice.pay_url.clone());
    Words {
        tenant: tenant.clone(),
        digest,
        name: profile.name.clone(),
        locale: profile.locale.clone(),
        time_zone: bearings
            .map_or_else(|| "UTC".to_owned(), |bearings| bearings.zone.name().to_owned()),
        owed,
        pay_url: pay_url.or_else(first_url),
        invoices: overdue
            .iter()
            .take(LISTED_MAX)
            .filter_map(|known| invoice_words(known))
            .collect(),
        banners: banners(survey),
        sent: sent(survey.ground),
        settlers: settlers(account),
        thanks: thanks(account, now),
        cause: cause(&overdue),
        agreed: matches!(strictest(&closed(account)).map(|it| it.by), Some(By::Pause(_))),
        term: term_words(account, &overdue),
        paid_for: paid_for(account, &overdue),
        order: order_words(account),
    }
}

/// Invoices whose due date has passed, the oldest first; an invoice that closed something, or keeps
/// it closed, counts.
#[must_use]
pub fn overdue<'a>(account: &'a Account, law: &'a Law, now: Instant) -> Vec<&'a Invoice> {
    overdue_on(&Ground::new(account, law), now)
}

fn overdue_on<'a>(ground: &Ground<'a>, now: Instant) -> Vec<&'a Invoice> {
    let account = ground.account;
    let mut found: Vec<&Invoice> = Vec::new();
    for (place, case) in account.cases.iter().enumerate().filter(|(_, case)| case.is_live()) {
        if !case.has_begun(now) {
            continue;
        }
        let invoice = account.invoice_of(case);
        let bearings = ground.bearings_at(place).filter(|_| invoice.order.is_none());
        let Some(bearings) = bearings else { continue };
        let today = bearings.zone.day(now);
        let past = invoice.due_on.is_none_or(|due| due < today) || invoice.failed.is_some();
        let closed = case.entries.iter().any(|entry| entry.in_force);
        if closed || (past && !account.is_silent(invoice)) {
            found.push(invoice);
        }
    }
    let gates = account.gates.iter().filter(|gate| gate.in_force);
    for invoice in gates.filter_map(|gate| account.invoice(&gate.made.invoice)) {
        if !found.iter().any(|known| known.invoice == invoice.invoice) {
            found.push(invoice);
        }
    }
    found.sort_by_key(|invoice| invoice.due_on);
    found
}

/// The term that is the reason: what closed most, or what ended while no invoice is overdue.
fn term_words(account: &Account, overdue: &[&Invoice]) -> Option<TermWords> {
    let told = |invoice: &Invoice| {
        let term = invoice.term?;
        let (kind, data_until) = (term.kind, term.data_until);
        Some(TermWords { kind, ends_on: invoice.due_on, data_until })
    };
    match strictest(&closed(account)).map(|it| it.by) {
        Some(By::Climb(case, _)) => told(account.invoice_of(case)),
        Some(By::Gate(_) | By::Pause(_)) => None,
        None if overdue.iter().any(|it| it.term.is_none()) => None,
        None => overdue.iter().find_map(|it| told(it)),
    }
}

/// Whether what closed most is a payer's standing; where nothing is closed, whether nothing of the
/// tenant's own is overdue.
fn paid_for(account: &Account, overdue: &[&Invoice]) -> bool {
    match strictest(&closed(account)) {
        Some(closed) => is_shared(account, closed),
        None => !overdue.is_empty() && overdue.iter().all(|it| it.shared.is_some()),
    }
}

/// What an operator decided, where that closed most.
fn order_words(account: &Account) -> Option<OrderWords> {
    let closed = closed(account);
    let By::Climb(case, _) = strictest(&closed)?.by else { return None };
    let made = account.arrangement_of(account.invoice_of(case).order.as_ref()?)?;
    Some(OrderWords { reason: made.made.reason.clone(), until: made.until })
}

fn invoice_words(invoice: &Invoice) -> Option<InvoiceWords> {
    Some(InvoiceWords {
        number: invoice.number.clone().unwrap_or_else(|| invoice.invoice.to_string()),
        owed: Money { minor: invoice.owed, ..invoice.amount? },
        due_on: invoice.due_on,
        pay_url: invoice.pay_url.clone(),
        scope: invoice.scope.clone(),
    })
}

fn banners(survey: &Survey<'_>) -> Vec<BannerNotice> {
    let shown = survey
        .ground
        .account
        .notices
        .iter()
        .rev()
        .filter(|notice| notice.made.by.contains(&Channel::Banner) && is_valid(notice, survey));
    let is_ordered = |notice: &NoticeState| {
        let case = survey.ground.case(notice.made.case);
        case.is_some_and(|case| survey.ground.account.invoice_of(case).order.is_some())
    };
    let notice = |notice: &NoticeState| BannerNotice {
        notice: notice.made.notice,
        kind: match is_ordered(notice) {
            true => ORDERED_WARNING.to_owned(),
            false => notice.made.kind.clone(),
        },
        to: notice.made.to,
        names: notice.made.names.clone(),
    };
    shown.take(LISTED_MAX).map(notice).collect()
}

/// When messages left that were not returned, of cases that are live.
fn sent(ground: &Ground<'_>) -> Vec<Instant> {
    let live = |id| {
        let notice = ground.notice(id);
        notice.and_then(|notice| ground.case(notice.made.case)).is_some_and(Case::is_live)
    };
    let mut times: Vec<Instant> = ground
        .account
        .messages
        .iter()
        .filter(|message| message.made.notices.iter().any(|id| live(*id)))
        .filter(|message| !message.receipts.iter().any(|r| r.kind == ReceiptKind::Bounced))
        .flat_map(|message| &message.receipts)
        .filter(|receipt| matches!(receipt.kind, ReceiptKind::Accepted | ReceiptKind::Delivered))
        .map(|receipt| receipt.at)
        .collect();
    times.sort_unstable();
    times.dedup();
    times.split_off(times.len().saturating_sub(LISTED_MAX))
}

fn settlers(account: &Account) -> Vec<String> {
    let contacts = account.profile.contacts.iter();
    let who = contacts.filter(|contact| contact.role.may_see_amounts());
    let mut names: Vec<String> = who.filter_map(|contact| contact.name.clone()).collect();
    names.dedup();
    names.truncate(LISTED_MAX);
    names
}

/// Whether money is on its way, or promised.
fn thanks(account: &Account, now: Instant) -> bool {
    let live = account.cases.iter().filter(|case| case.is_live());
    live.flat_map(|case| &case.holds).any(|hold| {
        let thanked = matches!(
            hold.cause,
            HoldCause::Agreed(ArrangementKind::Promise | ArrangementKind::Plan)
                | HoldCause::InFlight(_)
        );
        hold.covers(now) && thanked
    })
}

fn cause(overdue: &[&Invoice]) -> Cause {
    let reason = overdue.iter().find_map(|invoice| invoice.failed).map(|failed| failed.reason);
    match reason {
        Some(FailureReason::ActionRequired) => Cause::Confirm,
        Some(_) => Cause::Declined,
        None if overdue.iter().any(|invoice| invoice.returned) => Cause::Returned,
        None => Cause::Overdue,
    }
}
