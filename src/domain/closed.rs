//! What is closed: the stage of each part of the app (SPEC 4, 5.11).
//!
//! Rules:
//! 1. The stage of a scope is the strictest of its cases' stages; what closes the whole app closes
//!    every part of it. A part that nothing closes stays open: an unpaid scope does not close a
//!    paid one.
//! 2. An entry closes no more than its warning named, and no more than its invoice is about now.
//! 3. A part that was never open is closed until its invoice is paid.
//! 4. Beside a restriction of a newer generation of the switch an older one counts as grace: a
//!    grant knows one generation only.

use std::cmp::Reverse;

use super::account::{Account, Case, Entry, GateState, PauseState};
use super::bearings::Bearings;
use super::effect::Effect;
use super::grant::{Because, Ease, ScopeStage};
use super::id::Scope;
use super::policy::Law;
use super::stage::Stage;
use super::time::Instant;

/// An entry in force, and what it closes.
#[derive(Clone, Copy, Debug)]
pub struct Closed<'a> {
    /// Which part of the app.
    pub scope: &'a Scope,
    /// As what it counts.
    pub effect: Effect,
    /// Since when.
    pub since: Instant,
    /// By what.
    pub by: By<'a>,
}

/// What closes.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A case's climb, and what was entered.
    Climb(&'a Case, &'a Entry),
    /// An invoice that is to be paid first.
    Gate(&'a GateState),
    /// What was agreed.
    Pause(&'a PauseState),
}

/// What a scope that was never open is closed by, in the place of a rung.
const PREPAYMENT: &str = "prepayment";

/// All that is closed, or in grace, by the entries in force.
#[must_use]
pub fn closed(account: &Account) -> Vec<Closed<'_>> {
    let newest = generation(account);
    let cases = account.cases.iter();
    let entries = cases.flat_map(|case| case.entries.iter().map(move |entry| (case, entry)));
    let in_force = entries.filter(|(_, entry)| entry.in_force);
    let counts = |effect: Effect, generation: u64| {
        let void = effect.restricts() && generation < newest;
        if void { Effect::of(Stage::Grace) } else { effect }
    };
    let closed = in_force.filter_map(|(case, entry)| {
        let effect = counts(entry.effect, entry.entered.checked.generation);
        let by = By::Climb(case, entry);
        Some(Closed { scope: entry.closes.as_ref()?, effect, since: entry.time, by })
    });
    let gates = account.gates.iter().filter(|gate| gate.in_force);
    let gated = gates.map(|gate| Closed {
        scope: &gate.made.scope,
        effect: counts(Effect::of(Stage::Frozen), gate.made.checked.generation),
        since: gate.time,
        by: By::Gate(gate),
    });
    let pauses = account.pauses.iter().filter(|pause| pause.in_force);
    let pauses = pauses.map(|pause| Closed {
        scope: &pause.made.scope,
        effect: counts(Effect::of(pause.made.stage), pause.made.checked.generation),
        since: pause.time,
        by: By::Pause(pause),
    });
    closed.chain(gated).chain(pauses).collect()
}

/// The newest generation of the switch under which a restriction in force was entered.
#[must_use]
pub fn generation(account: &Account) -> u64 {
    let entries = account.cases.iter().flat_map(|case| &case.entries);
    let restricting = entries.filter(|it| it.in_force && it.entered.effect().restricts());
    let entered = restricting.map(|entry| entry.entered.checked.generation);
    let gates = account.gates.iter().filter(|gate| gate.in_force);
    let gates = gates.map(|gate| gate.made.checked.generation);
    let pauses = account.pauses.iter().filter(|pause| pause.in_force);
    let pauses = pauses.map(|pause| pause.made.checked.generation);
    entered.chain(gates).chain(pauses).max().unwrap_or(0)
}

/// The hardest of them, and among those the first.
#[must_use]
pub fn strictest<'c, 'a>(closed: impl IntoIterator<Item = &'c Closed<'a>>) -> Option<&'c Closed<'a>>
where
    'a: 'c,
{
    closed.into_iter().max_by_key(|it| (it.effect.hardness(), Reverse(it.since)))
}

/// When what was agreed ends by itself, and what is left then: gates give it back by their clock.
#[must_use]
pub fn ease(account: &Account) -> Vec<Ease> {
    let closed = closed(account);
    let end = |closed: &Closed<'_>| {
        let pause = match closed.by {
            By::Climb(case, _) => return case.over_at(),
            By::Gate(_) => return None,
            By::Pause(pause) => pause,
        };
        let mut agreed = account.arrangements.iter();
        agreed.find(|it| it.made.arrangement == pause.made.arrangement)?.until
    };
    let mut eases = Vec::new();
    for paused in &closed {
        let Some(at) = end(paused) else { continue };
        let left = |other: &&Closed<'_>| end(other).is_none_or(|end| end > at);
        for scope in names(&closed).into_iter().filter(|scope| paused.scope.covers(scope)) {
            let others = closed.iter().filter(|it| it.scope.covers(scope) && left(it));
            let stage = others.map(|other| other.effect.stage).max().unwrap_or_default();
            eases.push(Ease { at, scope: scope.clone(), stage });
        }
    }
    eases
}

/// All parts that are closed: the whole app first, then the others by name.
fn names<'a>(closed: &[Closed<'a>]) -> Vec<&'a Scope> {
    let mut names: Vec<&Scope> = closed.iter().map(|it| it.scope).collect();
    names.sort_unstable_by_key(|scope| (!scope.is_whole(), *scope));
    names.dedup();
    names
}

/// The stage of each scope that is not open: the whole app first, then the others by name.
#[must_use]
pub fn scopes(account: &Account, law: &Law) -> Vec<ScopeStage> {
    scopes_of(&closed(account), account, law)
}

/// The same by what the tenant owes itself, and by what its payer shares.
#[must_use]
pub fn own_and_shared(account: &Account, law: &Law) -> (Vec<ScopeStage>, Vec<ScopeStage>) {
    let (shared, own): (Vec<_>, Vec<_>) =
        closed(account).into_iter().partition(|it| is_shared(account, it));
    (scopes_of(&own, account, law), scopes_of(&shared, account, law))
}

/// Whether a payer's standing closes it.
#[must_use]
pub fn is_shared(account: &Account, closed: &Closed<'_>) -> bool {
    matches!(closed.by, By::Climb(case, _) if account.invoice_of(case).shared.is_some())
}

fn scopes_of(closed: &[Closed<'_>], account: &Account, law: &Law) -> Vec<ScopeStage> {
    let stage = |scope: &Scope| {
        let covers = || closed.iter().filter(|it| it.scope.covers(scope));
        let strictest = strictest(covers())?;
        let Effect { stage, slow } = covers().map(|it| it.effect).fold(Effect::NONE, Effect::and);
        Some(ScopeStage {
            scope: scope.clone(),
            stage,
            slow,
            since: strictest.since,
            because: because(account, law, strictest),
        })
    };
    names(closed).into_iter().filter_map(stage).collect()
}

/// What closed it, in the policy's words.
fn because(account: &Account, law: &Law, closed: &Closed<'_>) -> Option<Because> {
    match closed.by {
        By::Climb(case, _) if account.invoice_of(case).order.is_some() => None,
        By::Climb(case, entry) => {
            let rung = entry.rung?;
            let bearings = Bearings::of_case(law, account, case);
            let line = bearings.and_then(|it| it.policy.rungs.get(usize::from(rung)));
            let rung = line.map_or_else(|| rung.to_string(), |line| line.at.to_string());
            Some(Because { invoice: account.invoice_of(case).invoice.clone(), rung })
        }
        By::Gate(gate) => {
            Some(Because { invoice: gate.made.invoice.clone(), rung: PREPAYMENT.to_owned() })
        }
        By::Pause(_) => None,
    }
}
