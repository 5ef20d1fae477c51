//! How things look in the API: pure.

use serde_json::{Value, json};

use crate::config::locales::script;
use crate::domain::account::{
    Accepted, Account, Arrangement, Case, Invoice, NoticeState, Receipt, TaskState,
};
use crate::domain::bearings::{self, Bearings};
use crate::domain::closed;
use crate::domain::decision::TaskKind;
use crate::domain::effect::Effect;
use crate::domain::fact::{Contact, Named};
use crate::domain::fees::fee_of;
use crate::domain::grant::ScopeStage;
use crate::domain::id::Scope;
use crate::domain::json::unless_slowed;
use crate::domain::money::Money;
use crate::domain::plan::{What, plan};
use crate::domain::policy::Law;
use crate::domain::selection::select;
use crate::domain::stage::Stage;
use crate::domain::time::Instant;
use crate::domain::would::would_be;
use crate::ledger::Standing;

/// A tenant with all that is known of it.
pub(super) fn tenant(standing: &Standing, enforced: bool) -> Value {
    let Standing { tenant, account, grant, law, .. } = standing;
    let invoices = account.invoices.iter().filter(|it| it.is_billed());
    json!({
        "tenant": tenant,
        "name": account.profile.name,
        "forgotten": account.forgotten.map(|it| it.at),
        "policy": policy(account, law),
        "stage": grant.strictest(),
        "enforced": enforced,
        "scopes": scopes(account, &closed::scopes(account, law)),
        "next": next(standing),
        "would_have": would_have(standing),
        "owed": account.owed(),
        "on_account": account.on_account,
        "credit": account.credit,
        "credit_limit": account.profile.credit_limit,
        "accepted": account.accepted.iter().map(accepted).collect::<Vec<_>>(),
        "time_zone": bearings::zone(law, account).name(),
        "invoices": invoices.map(|it| invoice(standing, it)).collect::<Vec<_>>(),
        "terms": account.invoices.iter().filter_map(term).collect::<Vec<_>>(),
        "arrangements": account.arrangements.iter().map(arrangement).collect::<Vec<_>>(),
        "tasks": account.tasks.iter().map(task).collect::<Vec<_>>(),
        "contacts": account.profile.contacts,
        "paid_by": account.profile.paid_by,
        "merged_into": account.profile.merged_into,
        "pays_for": account.children.difference(&account.merged).collect::<Vec<_>>(),
        "merged": account.merged,
        "digest": grant.digest,
        "notices": account.notices.iter().map(notice).collect::<Vec<_>>(),
    })
}

/// The stage of each scope; the whole app is always one of them.
fn scopes(account: &Account, closed: &[ScopeStage]) -> Vec<Value> {
    let mut scopes: Vec<Value> = closed.iter().map(|it| unless_slowed(json!(it))).collect();
    if !closed.iter().any(|scope| scope.scope.is_whole()) {
        // Since what was closed was given back; null if nothing ever was.
        let entries = account.cases.iter().flat_map(|case| &case.entries);
        let since = entries.filter_map(|entry| entry.lifted).max();
        let (scope, stage) = (Scope::whole(), Stage::Full);
        scopes.push(json!({"scope": scope, "stage": stage, "since": since, "because": null}));
    }
    scopes
}

/// The policy of the newest invoice's live case; without one, the policy that the next would get.
fn policy(account: &Account, law: &Law) -> Option<Value> {
    let climbs = |it: &&Case| it.is_live() && account.invoice_of(it).is_billed();
    let live = account.cases.iter().rev().filter(climbs);
    let pinned = live.filter_map(|case| law.versions.get(&case.opened.as_ref()?.policy)).next();
    let policy = pinned.or_else(|| select(law, account, account.newest))?;
    Some(json!(policy.name))
}

/// What gates do in a scope: what was entered under an older generation of the switch restricts
/// nothing.
fn in_force(standing: &Standing, scope: &Scope) -> Effect {
    let effect = standing.grant.effect_of(scope);
    let void = standing.grant.generation < standing.situation.generation;
    if effect.restricts() && void { Effect::of(Stage::Grace) } else { effect }
}

/// Whether gates that enforce do to this tenant what its stage says.
pub(super) fn is_enforced(standing: &Standing) -> bool {
    let current = standing.grant.generation >= standing.situation.generation;
    let so = current || !standing.grant.effect().restricts();
    so && !standing.situation.switch_open
}

/// The next stage that is harder than the one now. Of a case that stands still nothing comes.
fn next(standing: &Standing) -> Option<Value> {
    let Standing { tenant, account, law, situation, .. } = standing;
    let harder = |what: &What, now: Effect| match what {
        What::Enter { effect, announced } if effect.is_harder_than(now) => {
            Some((*effect, *announced))
        }
        _ => None,
    };
    let now = |id| account.case(id).map_or(Effect::NONE, |case| in_force(standing, &case.scope));
    let coming = plan(tenant, account, law, situation).coming;
    let runs = |id| account.case(id).is_some_and(|case| !case.is_held(situation.now));
    let coming = coming.iter().filter(|it| runs(it.case));
    let mut harder = coming.filter_map(|it| Some((it.at, harder(&it.what, now(it.case))?)));
    let (at, (effect, announced)) = harder.next()?;
    let Effect { stage, slow } = effect;
    let announced = announced && effect.restricts();
    let next = json!({"stage": stage, "slow": slow, "at": at, "announced": announced});
    Some(unless_slowed(next))
}

/// What would be in force, were it enforced.
fn would_have(standing: &Standing) -> Option<Value> {
    let (case, would) = would_be(&standing.account)?;
    let made = &would.made;
    let invoice = &standing.account.invoice_of(case).invoice;
    let policy = Bearings::of_case(&standing.law, &standing.account, case)?.policy;
    let rung = policy.rungs.get(usize::from(made.rung)).map(|rung| rung.at.to_string());
    let because = json!({"invoice": invoice, "rung": rung});
    Some(unless_slowed(json!({
        "stage": made.stage, "slow": made.slow, "scope": made.scope, "since": would.time,
        "because": because,
    })))
}

fn accepted(accepted: &Accepted) -> Value {
    let Accepted { policy, version, by, at } = accepted;
    json!({"policy": policy, "version": version, "by": by, "at": at})
}

fn invoice(standing: &Standing, invoice: &Invoice) -> Value {
    let owed = invoice.amount.map(|amount| Money { minor: invoice.owed, ..amount });
    json!({
        "invoice": invoice.invoice,
        "number": invoice.number,
        "status": invoice.status.word(),
        "owed": owed,
        "amount": invoice.amount,
        "due_on": invoice.due_on,
        "scope": invoice.scope,
        "of": invoice.of,
        "late_fee": late_fee(standing, invoice),
    })
}

/// A trial or contract, under the name by which agreements are about it.
fn term(invoice: &Invoice) -> Option<Value> {
    let term = invoice.term?;
    Some(json!({
        "term": invoice.invoice,
        "kind": term.kind,
        "state": term.state,
        "ends_on": invoice.due_on,
        "data_until": term.data_until,
        "scope": invoice.scope,
    }))
}

/// What the late fee comes to until now, and how much of it was announced.
fn late_fee(standing: &Standing, invoice: &Invoice) -> Option<Value> {
    let Standing { account, law, situation, .. } = standing;
    let (accrued, announced) = fee_of(account, law, invoice, situation.now)?;
    Some(json!({"accrued": accrued, "announced": announced}))
}

/// An agreement.
pub(super) fn arrangement(arrangement: &Arrangement) -> Value {
    json!({
        "arrangement": arrangement.made.arrangement,
        "kind": arrangement.made.kind,
        "from": arrangement.time,
        "until": arrangement.until,
        "due_on": arrangement.made.due_on,
        "invoices": arrangement.invoices,
        "opening": arrangement.is_opening(),
        "ended": arrangement.ended.map(|(at, _)| at),
        "how": arrangement.ended.map(|(_, how)| how),
        "answer": arrangement.answer,
        "by": arrangement.made.by,
        "reason": arrangement.made.reason,
    })
}

/// Work for a person.
pub(super) fn task(task: &TaskState) -> Value {
    json!({
        "task": task.id(),
        "kind": task.kind(),
        "due": task.made.due,
        "assignee": task.made.assignee,
        "about": task.made.about,
        "done": task.done.map(|(at, _)| at),
        "outcome": task.done.map(|(_, outcome)| outcome),
        "lapsed": task.lapsed,
    })
}

/// Work for a person, with what is to be said, and to whom.
pub(super) fn work(law: &Law, account: &Account, task: &TaskState, now: Instant) -> Value {
    let mut shown = self::task(task);
    let notices = task.made.notices.iter().filter_map(|id| account.notice(*id));
    let names = notices.filter_map(|notice| notice.made.names.as_ref()).map(named);
    shown["names"] = names.collect();
    shown["time_zone"] = json!(account.profile.time_zone);
    let invoice = account.case(task.made.case).map(|case| account.invoice_of(case));
    shown["invoice"] = json!(invoice.map(|it| it.number.as_deref().unwrap_or(it.invoice.as_str())));
    shown["script"] = json!(script(law, account, task, now));
    let called = task.kind() == TaskKind::Call;
    let people = account.profile.contacts.iter();
    let people = people.filter(|it| called && it.role.may_see_amounts() && it.phone.is_some());
    let person = |it: &Contact| json!({"role": it.role, "name": it.name, "phone": it.phone});
    shown["people"] = people.map(person).collect();
    shown
}

/// A notice and what became of it.
pub(super) fn notice(notice: &NoticeState) -> Value {
    json!({
        "notice": notice.made.notice,
        "kind": notice.made.kind,
        "at": notice.time,
        "names": notice.made.names.as_ref().map(named),
        "receipts": notice.receipts.iter().map(receipt).collect::<Vec<_>>(),
        "void": notice.voided.is_some(),
    })
}

/// What a warning names.
fn named(named: &Named) -> Value {
    unless_slowed(json!(named))
}

fn receipt(receipt: &Receipt) -> Value {
    json!({
        "channel": receipt.channel,
        "role": receipt.role,
        "kind": receipt.kind,
        "at": receipt.at,
    })
}
