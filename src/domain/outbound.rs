//! What the operator's own systems are told: which event, by which hook, and when.
//!
//! Rules:
//! 1. There is no queue: what is to be told is a function of the account. Each entry, lift, late
//!    fee and task is one event for each hook that listens to its kind.
//! 2. A call's id is derived from the decision and the hook's name. It is the same in all attempts,
//!    in every replica and after every rebuild: a receiver that heard it before can say so.
//! 3. What came of an attempt is a fact, recorded afterwards: each is told at least once. It is
//!    told until the receiver took it, is gone, or did not take it so many times.
//! 4. What a hook was not told within [`FIRST_WITHIN`] is not told any more: nobody wants to hear
//!    of last month's stages because a receiver was added.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::account::{Account, Entry};
use super::decision::{Decision, LiftCause};
use super::fact::{HookAnswer, HookAnswered};
use super::id::{CallId, CaseId, Derivation, Derived, EntryId, FeeId, RecordId, TaskId, TenantId};
use super::stage::Stage;
use super::time::{DAY, HOUR, Instant, MINUTE, SECOND};

/// So old is an event at most that is told for the first time.
const FIRST_WITHIN: i64 = 5 * DAY;
/// So long after an attempt that came to nothing the next one follows, and a part of it more.
const AGAIN_AFTER: [i64; 7] =
    [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR];
/// An attempt is put off by at most one in so many parts of the wait before it.
const JITTER_PART: i64 = 5;
/// All attempts lie within this time after the event.
const ALL_WITHIN: i64 = FIRST_WITHIN + 2 * DAY;

/// So often a receiver is told at most.
pub const ATTEMPTS_MAX: u32 = AGAIN_AFTER.len() as u32 + 1;

/// What may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// A stage began: of a debt, as it was agreed, or of a part that was never open.
    StageEntered,
    /// It was given back.
    StageLifted,
    /// A late fee came together, for the billing system to invoice.
    LateFeeDue,
    /// Work for a person was made.
    TaskMade,
}

impl HookEvent {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::StageEntered, Self::StageLifted, Self::LateFeeDue, Self::TaskMade];

    /// What a decision is to those who are told. `None`: nothing.
    #[must_use]
    pub const fn of(decision: &Decision) -> Option<Self> {
        match decision {
            Decision::RungEntered(_) | Decision::ScopeGated(_) | Decision::PauseEntered(_) => {
                Some(Self::StageEntered)
            }
            Decision::StageLifted(_) => Some(Self::StageLifted),
            Decision::FeeAnnounced(_) => Some(Self::LateFeeDue),
            Decision::TaskMade(_) => Some(Self::TaskMade),
            _ => None,
        }
    }

    /// The word used in events, settings and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::StageEntered => "stage.entered",
            Self::StageLifted => "stage.lifted",
            Self::LateFeeDue => "late_fee.due",
            Self::TaskMade => "task.made",
        }
    }
}

/// A receiver of the operator's, as the law knows it: not where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// As the configuration names it.
    pub name: String,
    /// What it listens to.
    pub events: Vec<HookEvent>,
}

/// Something that happened, and that a hook may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What.
    pub event: HookEvent,
    /// When.
    pub at: Instant,
    /// What kind of decision it was, as its id begins.
    kind: &'static str,
    /// What it is about: an entry, a fee, a task.
    about: Derived,
    /// Why, where something was lifted.
    cause: Option<LiftCause>,
}

/// How far telling one hook of one event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    attempts: u32,
    last: Instant,
    done: bool,
}

/// What happened, and what became of telling it. Empty where there is no hook.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    happened: Vec<Happened>,
    told: BTreeMap<CallId, Told>,
}

/// An attempt at telling a hook something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The `webhook-id`.
    pub id: CallId,
    /// Which hook, by its name.
    pub hook: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What happened.
    pub happened: Happened,
}

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Now, the oldest event first.
    pub calls: Vec<Call>,
    /// When more is, if no record comes.
    pub next: Option<Instant>,
}

impl Outbound {
    /// Takes note of a decision that was taken at `at`.
    pub(super) fn note(&mut self, at: Instant, decision: &Decision) {
        let Some(event) = HookEvent::of(decision) else { return };
        let cause = match decision {
            Decision::StageLifted(lifted) => Some(lifted.cause),
            _ => None,
        };
        let (kind, about, _) = decision.identity();
        self.happened.push(Happened { event, at, kind, about, cause });
    }

    /// Takes note of what came of an attempt, known at `at`.
    pub(super) fn hear(&mut self, at: Instant, said: &HookAnswered) {
        let told =
            self.told.entry(said.event).or_insert(Told { attempts: 0, last: at, done: false });
        told.attempts = told.attempts.max(said.attempt);
        told.last = told.last.max(at);
        told.done |= said.kind != HookAnswer::Failed;
    }
}

/// What `hooks` are to be told of `account` at `now`.
#[must_use]
pub fn due(tenant: &TenantId, account: &Account, hooks: &[Hook], now: Instant) -> Due {
    let mut due = Due::default();
    if hooks.is_empty() {
        return due;
    }
    let oldest = now.plus_millis(-ALL_WITHIN);
    let happened = &account.outbound.happened;
    // They stand in the order of their times.
    let first = happened.partition_point(|it| it.at < oldest);
    for happened in &happened[first..] {
        for hook in hooks.iter().filter(|hook| hook.events.contains(&happened.event)) {
            let id = call_id(tenant, happened, &hook.name);
            let told = account.outbound.told.get(&id);
            let Some((attempt, at)) = next_attempt(id, happened, told, now) else { continue };
            if at > now {
                due.next = Some(due.next.map_or(at, |next| next.min(at)));
            } else if body(tenant, account, happened).is_some() {
                let hook = hook.name.clone();
                due.calls.push(Call { id, hook, attempt, happened: *happened });
            }
        }
    }
    due
}

/// The next attempt, and when. `None`: nothing is to be told any more.
fn next_attempt(
    id: CallId,
    happened: &Happened,
    told: Option<&Told>,
    now: Instant,
) -> Option<(u32, Instant)> {
    let Some(told) = told.filter(|told| told.attempts > 0) else {
        let fresh = now <= happened.at.plus_millis(FIRST_WITHIN);
        return fresh.then_some((1, happened.at));
    };
    let wait = *AGAIN_AFTER.get(usize::try_from(told.attempts - 1).ok()?)?;
    let attempt = told.attempts + 1;
    (!told.done).then(|| (attempt, told.last.plus_millis(wait + jitter(id, attempt, wait))))
}

/// Receivers that were away are not told everything at one moment once they are back.
fn jitter(id: CallId, attempt: u32, wait: i64) -> i64 {
    let drawn: Derived = Derivation::of("jitter").id(id).number(i64::from(attempt)).finish();
    let [byte, ..] = *drawn.bytes();
    wait / JITTER_PART * i64::from(byte) / 256
}

fn call_id(tenant: &TenantId, happened: &Happened, hook: &str) -> CallId {
    Derivation::of("outbound")
        .text(tenant.as_str())
        .text(happened.kind)
        .id(happened.about)
        .text(hook)
        .finish()
}

/// The id of the record of what came of an attempt: handing it in twice is once.
#[must_use]
pub fn answer_id(call: &Call) -> RecordId {
    let id = Derivation::of("answer").id(call.id).number(i64::from(call.attempt)).finish();
    RecordId::derived("answer", id)
}

/// What a receiver is told, always in the same words. `None`: nothing is known of it any more.
#[must_use]
pub fn body(tenant: &TenantId, account: &Account, happened: &Happened) -> Option<Value> {
    let mut data = match happened.kind {
        "fee" => fee(account, happened.about.into())?,
        "task" => task(account, happened.about.into())?,
        _ => stage(account, happened.about.into())?,
    };
    data.insert("tenant".to_owned(), json!(tenant));
    if let Some(cause) = happened.cause {
        data.insert("cause".to_owned(), json!(cause));
    }
    data.retain(|_, value| !value.is_null());
    Some(json!({ "type": happened.event.word(), "timestamp": happened.at, "data": data }))
}

fn stage(account: &Account, entry: EntryId) -> Option<Map<String, Value>> {
    let agreed = account.pauses.iter().find(|pause| pause.made.entry == entry);
    if let Some(pause) = agreed {
        let made = &pause.made;
        return Some(object(json!({
            "stage": made.stage, "scope": made.scope, "since": pause.time,
            "arrangement": made.arrangement,
        })));
    }
    if let Some(gate) = account.gates.iter().find(|gate| gate.made.entry == entry) {
        let made = &gate.made;
        return Some(object(json!({
            "stage": Stage::Frozen, "scope": made.scope, "since": gate.time,
            "invoice": made.invoice,
        })));
    }
    let stray = || account.strays.iter().map(|stray| (&stray.entered, stray.time));
    let known = |entry: &Entry| entry.entered.clone();
    let entries = account.cases.iter().flat_map(|case| &case.entries);
    let found =
        entries.filter(|it| it.entered.entry == entry).map(|it| (known(it), it.time)).next();
    let found = found.or_else(|| {
        stray().find(|(entered, _)| entered.entry == entry).map(|(it, at)| (it.clone(), at))
    });
    let (entered, since) = found?;
    let mut data = object(json!({
        "stage": entered.stage, "slow": entered.slow, "scope": entered.scope, "since": since,
        "rung": entered.rung,
        "case": entered.case,
    }));
    data.extend(because(account, entered.case));
    Some(data)
}

/// What a case is about: an invoice, or what else climbs: a term, an order, what a payer shares.
fn because(account: &Account, case: CaseId) -> Option<(String, Value)> {
    let invoice = account.invoice_of(account.case(case)?);
    let key = if invoice.is_billed() { "invoice" } else { "because" };
    Some((key.to_owned(), json!(invoice.invoice)))
}

fn fee(account: &Account, fee: FeeId) -> Option<Map<String, Value>> {
    let made = account.fees.iter().find(|made| made.fee == fee)?;
    Some(object(json!({
        "fee": made.fee, "case": made.case, "invoice": made.invoice, "amount": made.amount,
        "through": made.through,
    })))
}

fn task(account: &Account, task: TaskId) -> Option<Map<String, Value>> {
    let made = &account.tasks.iter().find(|known| known.made.task == task)?.made;
    let mut data = object(json!({
        "task": made.task, "kind": made.kind, "due": made.due, "assignee": made.assignee,
        "about": made.about, "case": made.case,
    }));
    data.extend(because(account, made.case));
    Some(data)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
