//! What must hold after any history, read off the records themselves: slow, obvious, and sharing
//! nothing with the planner but the words.

use ambergate::domain::decision::{Decision, MessageTried, NoticeMade, RungEntered, TaskKind};
use ambergate::domain::fact::{Channel, ReceiptKind, TaskOutcome};
use ambergate::domain::id::{InvoiceId, MessageId, NoticeId, Scope, TaskId};
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::{Day, Fold, Instant, MINUTE, Zone};

use crate::agreements::{holds_begun, is_silent, stood_still};
use crate::exceptions::{fault_of_gate, fault_of_pause};
use crate::orders;
use crate::terms::ends_of;
use crate::world::World;

/// Everything that is wrong with a history; nothing if it is lawful.
pub fn faults(world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, stage, entered) in &world.watch.hardened {
        if !entered {
            faults.push(format!("{stage:?} at {at} without a decision"));
        }
    }
    for (at, stage, around, agreed) in &world.watch.entered {
        // A clock that is off may begin grace, which takes nothing.
        let clock = around.clock_agrees || !stage.restricts();
        // An agreed pause says nothing, and does not wait for what is to be said.
        let held = around.notices_held && !agreed || !around.slots;
        if !(around.is_fresh() && around.ready && !around.switch_open && clock) || held {
            faults.push(format!("{stage:?} at {at} was entered while {around:?}"));
        }
    }
    for (at, message) in &world.watch.wrong_attempts {
        faults.push(format!("message {message} tried at {at}, its invoice being paid"));
    }
    for (at, what) in &world.watch.unasked {
        faults.push(format!("entered at {at}: {what}"));
    }
    for (at, stage) in &world.watch.unlisted {
        faults.push(format!("{stage:?} at {at}: no digest that was delivered listed it"));
    }
    for (at, message) in &world.watch.pressed {
        faults.push(format!("message {message} pressed at {at}, a source being silent"));
    }
    for (at, message) in &world.watch.held {
        faults.push(format!("message {message} left at {at}, notices being held"));
    }
    for (at, kind) in &world.watch.observed {
        faults.push(format!("{kind} was made at {at}, nothing being enforced"));
    }
    faults.extend(world.watch.outlived.iter().cloned());
    for record in &world.records {
        if let Some(Decision::RungEntered(entered)) = record.as_decision() {
            faults.extend(orders::fault_of_order(world, record, entered));
        }
        match record.as_decision() {
            Some(Decision::RungEntered(entered)) if entered.effect().restricts() => {
                faults.extend(fault_of_entry(world, record, entered));
            }
            Some(Decision::PauseEntered(entered)) => {
                faults.extend(fault_of_pause(world, record, entered));
            }
            Some(Decision::ScopeGated(gated)) => {
                faults.extend(fault_of_gate(world, record, &gated.scope));
            }
            Some(Decision::MessageTried(tried)) if says_what_is_silent(world, record, tried) => {
                let at = world.local(record.time);
                faults.push(format!("a message of {at} is about what was taken over"));
            }
            Some(Decision::MessageTried(_)) if !is_send_time(&world.zone, record.time) => {
                faults.push(format!("a message tried at {}", world.local(record.time)));
            }
            _ => {}
        }
    }
    faults
}

/// Whether a message is about an invoice that was taken over and is not released; thanks aside.
fn says_what_is_silent(world: &World, record: &Record, tried: &MessageTried) -> bool {
    let made = decisions(world).find_map(|(_, decision)| match decision {
        Decision::MessageMade(made) if made.message == tried.message => Some(made),
        _ => None,
    });
    let about = made.into_iter().flat_map(|made| &made.notices);
    let about = about.filter_map(|id| notice(world, *id)).map(|(_, made)| made);
    let mut about = about.filter(|made| made.kind != "thanks");
    about.any(|made| {
        invoice_of(world, made).is_some_and(|invoice| is_silent(world, &invoice, record.time))
    })
}

fn fault_of_entry(world: &World, record: &Record, entered: &RungEntered) -> Option<String> {
    let t = record.time;
    let fault = |what: &str| Some(format!("{} at {}: {what}", entered.effect(), world.local(t)));
    if !is_cutoff_time(&world.zone, t) {
        return fault("not a cutoff time");
    }
    let Some((made_at, made)) = entered.notice.and_then(|id| notice(world, id)) else {
        return fault("no notice");
    };
    let Some(named) = &made.names else { return fault("its notice names nothing") };
    if entered.effect().is_harder_than(named.effect()) || named.at > t {
        return fault("earlier or harder than named");
    }
    let more = |scope: &Scope| !named.scope.is_whole() && named.scope != *scope;
    if more(&entered.scope) {
        return fault("more of the app than was named");
    }
    let about = |invoice: InvoiceId| scope_of(world, &invoice, t);
    let about = invoice_of(world, made).and_then(about);
    if about.is_some_and(|about| !about.is_whole() && about != entered.scope) {
        return fault("it closes a part that its invoice is not about");
    }
    let needs = needs(world, entered, t);
    let Some(proved) = proved(world, made, needs, t) else { return fault("not delivered") };
    let allowed = world.zone.plus_days(proved, world.terms.period, Fold::Later).max(named.at);
    if allowed.plus_millis(world.terms.slack) > t {
        return fault("less than its notice period, and the slack, after the delivery");
    }
    let used = decisions(world).filter(|(_, decision)| match decision {
        Decision::RungEntered(other) => other.notice == entered.notice,
        _ => false,
    });
    if used.count() > 1 {
        return fault("its notice was used before");
    }
    if let Some(what) = fault_of_order(world, record, entered) {
        return fault(what);
    }
    if t > latest(&world.zone, allowed) {
        return fault("later than the working day after the first cutoff time it allowed");
    }
    let moved = decisions(world).any(|(at, decision)| match decision {
        Decision::CaseMigrated(it) => it.case == entered.case && at >= made_at && at <= t,
        _ => false,
    });
    if moved {
        return fault("its notice is older than another version of the policy");
    }
    let invoice = invoice_of(world, made);
    let begun = invoice.as_ref().map(|invoice| holds_begun(world, invoice)).unwrap_or_default();
    if begun.into_iter().any(|begun| begun > made_at && begun < t) {
        return fault("its notice is older than an agreement");
    }
    if invoice.as_ref().is_some_and(|invoice| stood_still(world, invoice, t)) {
        return fault("an agreement stands");
    }
    let settled = world
        .watch
        .settled
        .iter()
        .any(|(at, of)| Some(of) == invoice.as_ref() && *at > made_at && *at < t);
    if settled {
        return fault("its notice is older than a payment");
    }
    None
}

/// Every stage in its order, and none before its day.
fn fault_of_order(world: &World, record: &Record, entered: &RungEntered) -> Option<&'static str> {
    let t = record.time;
    let before = |stage: Stage| {
        decisions(world).any(|(at, decision)| match decision {
            Decision::RungEntered(other) => {
                let lifted = decisions(world).any(|(lifted, decision)| match decision {
                    Decision::StageLifted(it) => it.entry == other.entry && lifted < t,
                    _ => false,
                });
                other.case == entered.case && other.stage == stage && at <= t && !lifted
            }
            _ => false,
        })
    };
    let mut policies = world.law.policies.values();
    let ladder = policies.next().into_iter().flat_map(|policy| &policy.rungs);
    let mut stages = ladder.filter_map(|rung| rung.enter.as_ref()).map(|enter| enter.stage);
    // Slowness stands beside stages, before read-only.
    let slowed = entered.stage == Stage::Full;
    let below = if slowed { Stage::ReadOnly } else { entered.stage };
    if stages.any(|stage| stage != Stage::Full && stage < below && !before(stage)) {
        return Some("a stage was jumped over");
    }
    let (read_only, frozen) = world.terms.after_due;
    let days = match entered.stage {
        Stage::Full => world.terms.slow_after_due,
        Stage::Frozen => frozen,
        _ => read_only,
    };
    let opened = decisions(world).find_map(|(_, decision)| match decision {
        Decision::CaseOpened(opened) if opened.case == entered.case => Some(&opened.invoice),
        _ => None,
    });
    let due =
        world.records.iter().filter(|it| it.time <= t).filter_map(|it| match it.as_fact()? {
            Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms) => {
                terms.due_on.filter(|_| Some(&terms.invoice) == opened)
            }
            Fact::ArrangementMade(made) => {
                let invoices = made.invoices.as_ref()?;
                made.due_on.filter(|_| opened.is_some_and(|opened| invoices.contains(opened)))
            }
            fact @ Fact::TermUpdated(_) => ends_of(world, fact, opened),
            _ => None,
        });
    let earliest = due.min()?.plus(days);
    (world.zone.day(t) < earliest).then_some("before its day")
}

pub fn decisions(world: &World) -> impl Iterator<Item = (Instant, &Decision)> {
    world.records.iter().filter_map(|record| Some((record.time, record.as_decision()?)))
}

fn notice(world: &World, id: NoticeId) -> Option<(Instant, &NoticeMade)> {
    world.records.iter().find_map(|record| match record.as_decision()? {
        Decision::NoticeMade(made) if made.notice == id => Some((record.time, &**made)),
        _ => None,
    })
}

fn invoice_of(world: &World, made: &NoticeMade) -> Option<InvoiceId> {
    world.records.iter().find_map(|record| match record.as_decision()? {
        Decision::CaseOpened(opened) if opened.case == made.case => Some(opened.invoice.clone()),
        _ => None,
    })
}

/// Which part of the app an invoice was about at `t`, as far as was known then.
fn scope_of(world: &World, about: &InvoiceId, t: Instant) -> Option<Scope> {
    let known = world.records.iter().rev().filter(|it| it.learnt < t && it.time < t);
    let mut said = known.filter_map(|record| match record.as_fact()? {
        Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms) if terms.invoice == *about => {
            terms.scope.clone()
        }
        _ => None,
    });
    said.next()
}

/// How many proofs the version asks for that the case was under at `t`. A stage that it does not have
/// is only ordered, and asks for what the one before it does.
fn needs(world: &World, entered: &RungEntered, t: Instant) -> usize {
    let before = world.records.iter().rev().filter(|record| record.time <= t);
    let mut pinned = before.filter_map(|record| match record.as_decision()? {
        Decision::CaseOpened(opened) if opened.case == entered.case => Some(opened.policy),
        Decision::CaseMigrated(moved) if moved.case == entered.case => Some(moved.policy),
        _ => None,
    });
    let version = pinned.next().and_then(|hash| world.law.versions.get(&hash));
    let rungs = version.map_or(&[][..], |version| &version.rungs);
    let of = |stage: Stage| {
        let mut enters = rungs.iter().filter_map(|rung| rung.enter.as_ref());
        enters.find(|enter| enter.stage == stage)?.warn.as_ref().map(|warn| warn.needs)
    };
    let needs = of(entered.stage).or_else(|| of(Stage::ReadOnly));
    needs.map_or(usize::MAX, usize::from)
}

/// When so many had been told, as known by `t`: mailboxes, one call, one letter; or a last resort.
fn proved(world: &World, made: &NoticeMade, needs: usize, t: Instant) -> Option<Instant> {
    let mut proofs: Vec<(String, Instant)> = mailed(world, made.notice, t);
    let calls = by_hand(world, made, (Channel::Phone, TaskKind::Call, TaskOutcome::Reached), t);
    let letters = by_hand(world, made, (Channel::Letter, TaskKind::Letter, TaskOutcome::Posted), t);
    let letters: Vec<Instant> = letters
        .into_iter()
        .map(|posted| plus_working_days(&world.zone, posted, 5))
        .filter(|arrived| *arrived <= t)
        .collect();
    proofs.extend(calls.into_iter().map(|at| ("phone".to_owned(), at)));
    proofs.extend(letters.iter().map(|at| ("letter".to_owned(), *at)));
    proofs.sort_by_key(|(_, learnt)| *learnt);
    let mut seen: Vec<&str> = Vec::new();
    let needed = proofs.iter().find_map(|(who, learnt)| {
        if !seen.contains(&who.as_str()) {
            seen.push(who);
        }
        (seen.len() >= needs).then_some(*learnt)
    });
    let alone = letters.into_iter().chain(declared(world, made.notice, t));
    let alone = alone.filter(|_| is_last_resort(world, made)).min();
    needed.into_iter().chain(alone).min()
}

/// Mailboxes that took the notice, and when that was known.
fn mailed(world: &World, id: NoticeId, t: Instant) -> Vec<(String, Instant)> {
    let messages: Vec<MessageId> = world
        .records
        .iter()
        .filter_map(|record| match record.as_decision()? {
            Decision::MessageMade(made) if made.notices.contains(&id) => Some(made.message),
            _ => None,
        })
        .collect();
    let receipts: Vec<(&Record, MessageId, Option<u32>, ReceiptKind, String)> = world
        .records
        .iter()
        .filter_map(|record| match record.as_fact()? {
            Fact::NoticeReceipt(said) if messages.contains(&said.message?) => Some((
                record,
                said.message?,
                said.attempt,
                said.kind,
                said.mailbox.clone().unwrap_or_default(),
            )),
            _ => None,
        })
        .filter(|(record, ..)| record.learnt <= t)
        .collect();
    let mut proofs: Vec<(String, Instant)> = Vec::new();
    for (record, message, attempt, kind, mailbox) in &receipts {
        let returned = receipts.iter().any(|(_, other, again, kind, _)| {
            other == message && again == attempt && *kind == ReceiptKind::Bounced
        });
        if *kind == ReceiptKind::Accepted && !returned {
            proofs.push((mailbox.clone(), record.learnt));
        }
    }
    proofs
}

/// When it was known that a task whose script named the notice came to that.
fn by_hand(
    world: &World,
    made: &NoticeMade,
    (channel, kind, outcome): (Channel, TaskKind, TaskOutcome),
    t: Instant,
) -> Vec<Instant> {
    if !made.by.contains(&channel) {
        return Vec::new();
    }
    let named = decisions(world).filter_map(|(_, decision)| match decision {
        Decision::TaskMade(task) if task.kind == kind && task.notices.contains(&made.notice) => {
            Some(task.task)
        }
        _ => None,
    });
    let named: Vec<TaskId> = named.collect();
    let done = world.records.iter().filter(|record| match record.as_fact() {
        Some(Fact::TaskDone(done)) => named.contains(&done.task) && done.outcome == outcome,
        _ => false,
    });
    done.map(|record| record.learnt).filter(|learnt| *learnt <= t).collect()
}

/// When an owner's word about the notice was known.
fn declared(world: &World, id: NoticeId, t: Instant) -> Option<Instant> {
    let declared = world.records.iter().filter(|record| match record.as_fact() {
        Some(Fact::NoticeReceipt(said)) => {
            let three = said.tried.as_ref().is_some_and(|tried| tried.len() >= 3);
            said.notice == Some(id)
                && said.kind == ReceiptKind::Declared
                && said.role == Some(Role::Owner)
                && three
        }
        _ => false,
    });
    declared.map(|record| record.learnt).filter(|learnt| *learnt <= t).min()
}

/// Whether more warnings of its leg and rung than the policy puts up with had not arrived before.
fn is_last_resort(world: &World, made: &NoticeMade) -> bool {
    let Some(postponements) = world.terms.postponements else { return false };
    let before = decisions(world).filter(|(_, decision)| match decision {
        Decision::NoticeMade(other) => {
            let same = other.leg == made.leg && other.rung == made.rung && other.n < made.n;
            same && other.step == made.step && !other.last_resort
        }
        _ => false,
    });
    before.count() > postponements
}

fn plus_working_days(zone: &Zone, at: Instant, count: usize) -> Instant {
    let (mut day, millis) = zone.local(at);
    for _ in 0..count {
        day = day.plus(1);
        while !is_working_day(day) {
            day = day.plus(1);
        }
    }
    zone.start_of(day).plus_millis(millis)
}

const HOLIDAYS: [&str; 3] = ["2026-12-25", "2026-12-26", "2027-01-01"];

fn is_working_day(day: Day) -> bool {
    day.weekday().word() != "sat"
        && day.weekday().word() != "sun"
        && !HOLIDAYS.contains(&day.to_string().as_str())
}

pub fn is_cutoff_time(zone: &Zone, at: Instant) -> bool {
    let (day, millis) = zone.local(at);
    let minutes = millis / MINUTE;
    let days = ["mon", "tue", "wed", "thu"];
    (600..960).contains(&minutes)
        && days.contains(&day.weekday().word())
        && is_working_day(day)
        && is_working_day(day.plus(1))
}

fn is_send_time(zone: &Zone, at: Instant) -> bool {
    let (day, millis) = zone.local(at);
    (540..1080).contains(&(millis / MINUTE)) && is_working_day(day)
}

/// The end of the cutoff hours of the working day after the first cutoff time from `allowed` on.
fn latest(zone: &Zone, allowed: Instant) -> Instant {
    let step = 15 * MINUTE;
    let mut at = Instant::from_millis((allowed.millis() + step - 1).div_euclid(step) * step);
    while !is_cutoff_time(zone, at) {
        at = at.plus_millis(step);
    }
    let mut day = zone.day(at).plus(1);
    while !is_working_day(day) {
        day = day.plus(1);
    }
    zone.at(day, "16:00".parse().unwrap(), Fold::Later)
}
