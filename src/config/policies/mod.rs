//! Calendars, the operator, policies and their selection: from TOML to [`Law`].
//!
//! Rules:
//! 1. A [`Law`] that comes out of here is checked (SPEC 4): no cutoff without a warning, rungs in
//!    order, hours that exist.
//! 2. All faults at once, each with file, line, column, what is wrong and what would be right.
//! 3. A version is named by the hash of its canonical text ([`text`]).

mod amounts;
mod at;
mod check;
mod read;
mod rungs;
#[cfg(test)]
mod tests;
mod write;

use super::fault::{Fault, Faults};
use super::fields::Fields;
use super::tree::{self, Table, Value};
use crate::domain::id::PolicyName;
use crate::domain::policy::{Law, Policy};

pub(super) use amounts::percent;
pub(super) use read::{Defaults, law};
pub use write::{calendar as calendar_text, policy as text};

/// The policy `standard` with its calendar and operator: part of every configuration.
pub const STANDARD: &str = include_str!("../../../config/policies/standard.toml");

/// Policies that are there for whoever selects them, by name.
pub const READY: [(&str, &str); 4] = [
    ("patient", include_str!("../../../config/policies/patient.toml")),
    ("cards", include_str!("../../../config/policies/cards.toml")),
    ("seven_steps", include_str!("../../../config/policies/seven_steps.toml")),
    ("trial", include_str!("../../../config/policies/trial.toml")),
];

/// Reads a text that holds nothing but `[calendars.*]`, `[operator]`, `[policies.*]` and
/// `[[select]]`. `file` is its name in messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, file: &str) -> Result<Law, Vec<Fault>> {
    let faults = Faults::default();
    let law = tree::parse(text, file, &faults).map(|node| {
        let empty = Table::default();
        let table = if let Value::Table(table) = &node.value { table } else { &empty };
        law(&Fields::new(table, &node.place, "", &faults), Defaults::default())
    });
    let faults = faults.into_sorted();
    law.filter(|_| faults.is_empty()).ok_or(faults)
}

/// A shipped policy with the calendar, the operator and the policy `standard` beside it.
#[must_use]
pub fn ready(name: &str) -> Option<Law> {
    let (name, text) = READY.into_iter().find(|(known, _)| *known == name)?;
    let select = format!("[[select]]\npolicy = \"{name}\"\n");
    parse(&format!("{STANDARD}\n{text}\n{select}"), name).ok()
}

/// Reads one published version: the canonical text of a policy, as [`text`] wrote it. It was
/// checked when it was published and is taken as it is.
///
/// # Errors
/// What cannot be read.
pub fn version(text: &str, file: &str) -> Result<Policy, Vec<Fault>> {
    let faults = Faults::default();
    let policy = tree::parse(text, file, &faults).and_then(|node| {
        let Value::Table(table) = &node.value else { return None };
        let root = Fields::new(table, &node.place, "", &faults);
        let policies = root.table("policies")?;
        let (name, entry) = policies.named().next()?;
        let fields = Fields::of(&entry.node, &policies.path_of(name), &faults)?;
        let policy = read::policy(&fields, name.parse::<PolicyName>().ok()?, None)?;
        Some(Policy { hash: write::hash(text), ..policy }.with_orders())
    });
    let mut faults = faults.into_sorted();
    if policy.is_none() && faults.is_empty() {
        let what = "holds no policy".to_owned();
        faults.push(tree::unreadable(file, what, "one `[policies.NAME]` with rungs"));
    }
    policy.filter(|_| faults.is_empty()).ok_or(faults)
}
