//! Trials and contracts in random histories, and what is owed of them: that they are renewed.

use ambergate::domain::account::Invoice;
use ambergate::domain::fact::{TermKind, TermState, TermUpdated};
use ambergate::domain::id::InvoiceId;
use ambergate::domain::record::Fact;
use ambergate::domain::time::Day;

use crate::world::World;

/// The policy with a second one of the same dates beside it that counts from the end of a term.
pub fn with_terms(policy: &str) -> String {
    let (_, ladder) = policy.split_once("[policies.standard]").unwrap();
    let ended = ladder.replace("policies.standard", "policies.ended");
    let ended = ended.replace("at = \"due", "at = \"ends");
    format!("{policy}\n[policies.ended]{ended}")
}

/// A trial, or the contract of a part, is said to stand so.
pub fn happen(world: &mut World, which: u8, state: u8, days: i8) {
    let ends = world.zone.day(world.now).plus(i32::from(days));
    let (kind, scope) = match which {
        0 => (TermKind::Trial, None),
        1 => (TermKind::Contract, Some("module:a".parse().unwrap())),
        _ => (TermKind::Contract, None),
    };
    let (state, ends_on) = match state {
        0 => (Some(TermState::Renewed), None),
        1 => (Some(TermState::Converted), None),
        2 => (Some(TermState::Ended), None),
        3 => (Some(TermState::Ended), Some(ends)),
        _ => (Some(TermState::Active), Some(ends)),
    };
    let data_until = ends_on.map(|ends: Day| ends.plus(90));
    world.fact(Fact::TermUpdated(TermUpdated { scope, kind, state, ends_on, data_until }));
}

/// Everything that ends is converted.
pub fn convert_all(world: &mut World) {
    let terms = world.account().invoices.into_iter();
    for (invoice, term) in terms.filter_map(|it| Some((it.invoice, it.term?))) {
        let scope = invoice.as_str().splitn(3, ':').nth(2).map(|scope| scope.parse().unwrap());
        let state = Some(TermState::Converted);
        let said = TermUpdated { scope, kind: term.kind, state, ends_on: None, data_until: None };
        world.fact(Fact::TermUpdated(said));
    }
}

/// Whether nothing of an invoice presses: nothing is owed on it, and it is no term that ends.
pub fn is_settled(invoice: &Invoice) -> bool {
    if let Some(order) = &invoice.order {
        return order.ended;
    }
    let ends = invoice.term.is_some_and(|term| term.state != TermState::Converted);
    invoice.owed == 0 && !(ends && invoice.due_on.is_some())
}

/// The day on which that term ends, as a fact says.
pub fn ends_of(world: &World, fact: &Fact, about: Option<&InvoiceId>) -> Option<Day> {
    let Fact::TermUpdated(said) = fact else { return None };
    if said.invoice().as_ref() != about {
        return None;
    }
    let over = said.state == Some(TermState::Ended) && said.ends_on.is_none();
    let heard = || world.records.iter().find(|it| it.as_fact() == Some(fact));
    said.ends_on.or_else(|| over.then(|| heard().map(|it| world.zone.day(it.time)))?)
}
