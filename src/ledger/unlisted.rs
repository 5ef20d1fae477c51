//! The alert about currencies that a policy's tables do not name (SPEC 4): a table restricts nobody
//! who owes in them, and people have to know.
//!
//! Rules:
//! 1. One alert a policy and currency in this process, however many tenants owe in it.
//! 2. So many are remembered; of what comes after them nothing is said.

use std::sync::{Mutex, PoisonError};

use crate::domain::id::PolicyName;
use crate::domain::money::Currency;

/// So many pairs of a policy and a currency are remembered.
const TOLD_MAX: usize = 1_000;

/// What people were told of.
static TOLD: Mutex<Vec<(PolicyName, Currency)>> = Mutex::new(Vec::new());

/// Tells people, once each.
pub(super) fn alert(unlisted: &[(PolicyName, Currency)]) {
    if unlisted.is_empty() {
        return;
    }
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    for (policy, currency) in news(&mut told, unlisted) {
        metrics::counter!("ambergate_currencies_unlisted_total").increment(1);
        tracing::warn!(
            %policy,
            %currency,
            "a table of this policy does not name this currency: nobody who owes in it is restricted"
        );
    }
}

/// Those that were not told of; they are from now on.
fn news(
    told: &mut Vec<(PolicyName, Currency)>,
    unlisted: &[(PolicyName, Currency)],
) -> Vec<(PolicyName, Currency)> {
    let new = unlisted.iter().filter(|it| !told.contains(it)).cloned();
    let new: Vec<_> = new.take(TOLD_MAX.saturating_sub(told.len())).collect();
    told.extend(new.iter().cloned());
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_said_once() {
        let pair = |policy: &str, currency: &str| {
            (policy.parse::<PolicyName>().unwrap(), currency.parse::<Currency>().unwrap())
        };
        let mut told = Vec::new();
        let first = [pair("standard", "GBP"), pair("standard", "CHF")];
        assert_eq!(news(&mut told, &first), first);
        let then = [pair("standard", "GBP"), pair("patient", "GBP")];
        assert_eq!(news(&mut told, &then), [pair("patient", "GBP")]);
        assert!(news(&mut told, &then).is_empty());
    }
}
