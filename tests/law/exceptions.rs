//! The two exceptions of law 1, held against the records: a part that was never open, and a pause
//! that the tenant's own people accepted.

use ambergate::domain::decision::{Decision, PauseEntered};
use ambergate::domain::id::{InvoiceId, Scope};
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::Role;
use ambergate::domain::time::{Instant, SECOND};

use crate::oracle::{decisions, is_cutoff_time};
use crate::world::World;

/// What was agreed is what begins: at a cutoff time, while it stands, accepted by their own people.
pub fn fault_of_pause(world: &World, record: &Record, entered: &PauseEntered) -> Option<String> {
    let t = record.time;
    let said = world.journal.iter().find_map(|record| match record.as_fact()? {
        Fact::ArrangementMade(made) if made.arrangement == entered.arrangement => Some(made),
        _ => None,
    });
    let accepted = said.and_then(|made| made.accepted_by.as_ref());
    let fault = |what: &str| Some(format!("paused at {}: {what}", world.local(t)));
    if accepted.is_none_or(|by| !matches!(by.role, Role::Billing | Role::Admin)) {
        return fault("nobody of the tenant accepted it");
    }
    if said.and_then(|made| made.stage) != Some(entered.stage) {
        return fault("harder than was agreed");
    }
    if !is_cutoff_time(&world.zone, t) {
        return fault("not a cutoff time");
    }
    None
}

/// A part that is kept closed was never open: nothing was said of it before that did not gate it,
/// and nothing that gated it had fallen.
pub fn fault_of_gate(world: &World, record: &Record, scope: &Scope) -> Option<String> {
    let t = record.time;
    // What comes in the same moment may have come after it.
    let known = |it: &&Record| it.learnt.plus_millis(SECOND) < t;
    let mut gating: Vec<(&InvoiceId, bool, Option<&Scope>)> = Vec::new();
    let mut open = false;
    for fact in world.records.iter().filter(known).filter_map(Record::as_fact) {
        let (Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms)) = fact else { continue };
        let place = gating.iter().position(|(id, ..)| **id == terms.invoice).unwrap_or_else(|| {
            gating.push((&terms.invoice, false, None));
            gating.len() - 1
        });
        let (_, gates, about) = &mut gating[place];
        *gates = terms.gates_scope.unwrap_or(*gates);
        *about = terms.scope.as_ref().or(*about);
        let issued = gating_is_known(world, &terms.invoice, t);
        open |= issued && !*gates && *about == Some(scope);
    }
    let lifted = |entry| {
        decisions(world).any(|(at, it)| match it {
            Decision::StageLifted(lifted) => lifted.entry == entry && at < t,
            _ => false,
        })
    };
    let earlier = decisions(world).filter_map(|(at, decision)| match decision {
        Decision::ScopeGated(other) if other.scope == *scope && at < t => Some(other.entry),
        _ => None,
    });
    let fell: Vec<bool> = earlier.map(lifted).collect();
    let fell = !fell.is_empty() && fell.into_iter().all(|fell| fell);
    let fault = |what| Some(format!("{scope} kept closed at {}: {what}", world.local(t)));
    if open {
        fault("something else was said of it before")
    } else if fell {
        fault("it was open once")
    } else {
        None
    }
}

/// Whether the invoice was issued as far as was known at `t`.
fn gating_is_known(world: &World, about: &InvoiceId, t: Instant) -> bool {
    world.records.iter().filter(|it| it.learnt.plus_millis(SECOND) < t).any(|it| {
        match it.as_fact() {
            Some(Fact::InvoiceIssued(terms)) => terms.invoice == *about,
            _ => false,
        }
    })
}
