//! Whether a tenant has accepted the policy that its cases climb by (SPEC 4 `accept`).
//!
//! Rules:
//! 1. What was accepted is one version: another one has to be accepted anew.
//! 2. It holds for as long as the policy says, in the tenant's time zone, and only for what comes
//!    after it.

use super::account::Account;
use super::id::{PolicyHash, PolicyName};
use super::policy::Policy;
use super::time::{Instant, Zone};

/// A version that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which policy.
    pub policy: PolicyName,
    /// Which version of it.
    pub version: PolicyHash,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Whether the policy need not be accepted, or is at `at`.
#[must_use]
pub fn is_accepted(account: &Account, policy: &Policy, zone: &Zone, at: Instant) -> bool {
    let Some(every) = policy.accept else { return true };
    let today = zone.day(at);
    account.accepted.iter().any(|accepted| {
        accepted.version == policy.hash
            && accepted.at <= at
            && !every.is_over(zone.day(accepted.at), today)
    })
}
