//! Whether the amounts of an agreement fit what is owed.
//!
//! Rules:
//! 1. An amount is more than nothing, and in a currency in which something is owed.
//! 2. No more is disputed than is owed.
//! 3. A plan covers all that is owed on its invoices, and not all of its dates have passed.

use std::collections::BTreeMap;

use super::arrangements::Make;
use crate::domain::account::Account;
use crate::domain::arrangement::ArrangementKind;
use crate::domain::event::FieldFault;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;

/// What does not fit.
pub(super) fn faults(account: &Account, make: &Make, today: Day) -> Vec<FieldFault> {
    let owed = owed(account, make);
    let mut faults = Vec::new();
    let mut fault = |field: String, detail: String| faults.push(FieldFault::new(field, detail));
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for (field, amount) in amounts(make) {
        if amount.minor <= 0 {
            fault(field, "must be more than nothing".to_owned());
        } else if !owed.contains_key(&amount.currency) {
            fault(field, format!("nothing is owed in {}", amount.currency));
        } else {
            let sum = sums.entry(amount.currency).or_default();
            *sum = sum.saturating_add(amount.minor);
        }
    }
    let told = |minor: i64, currency: Currency| Money { minor, currency };
    let instalments = make.instalments.as_deref().unwrap_or_default();
    for (currency, owed) in owed {
        let sum = sums.get(&currency).copied();
        match (make.kind, sum) {
            (ArrangementKind::Dispute, Some(sum)) if sum > owed => {
                let field = if make.lines.is_some() { "lines" } else { "amount" };
                let (sum, owed) = (told(sum, currency), told(owed, currency));
                fault(field.to_owned(), format!("comes to {sum}, and {owed} is owed"));
            }
            (ArrangementKind::Plan, sum) if !instalments.is_empty() => {
                let sum = sum.unwrap_or_default();
                if sum < owed {
                    let (sum, owed) = (told(sum, currency), told(owed, currency));
                    let detail = format!("come to {sum}, and {owed} is owed: a plan covers it all");
                    fault("instalments".to_owned(), detail);
                }
            }
            _ => {}
        }
    }
    if !instalments.is_empty() && instalments.iter().all(|part| part.due_on < today) {
        fault("instalments".to_owned(), "all of their dates have passed".to_owned());
    }
    faults
}

/// What is owed on the invoices that it is about.
fn owed(account: &Account, make: &Make) -> BTreeMap<Currency, i64> {
    let mut owed = BTreeMap::new();
    let about = |it| make.invoices.as_ref().is_none_or(|named| named.contains(it));
    for invoice in account.invoices.iter().filter(|it| it.owed > 0 && about(&it.invoice)) {
        if let Some(amount) = invoice.amount {
            let sum: &mut i64 = owed.entry(amount.currency).or_default();
            *sum = sum.saturating_add(invoice.owed);
        }
    }
    owed
}

/// Every amount that it names, and in which field.
fn amounts(make: &Make) -> Vec<(String, Money)> {
    let one = make.amount.map(|amount| ("amount".to_owned(), amount));
    let lines = make.lines.iter().flatten().enumerate();
    let lines = lines.map(|(n, line)| (format!("lines[{n}].amount"), line.amount));
    let parts = make.instalments.iter().flatten().enumerate();
    let parts = parts.map(|(n, part)| (format!("instalments[{n}].amount"), part.amount));
    one.into_iter().chain(lines).chain(parts).collect()
}
