//! Where a tenant is, in time: its zone, its calendar, its policy.
//!
//! Rules:
//! 1. The zone is the tenant's own, else the policy's; the calendar is that of the tenant's
//!    country, else the policy's. The calendar is never pinned: the newest counts (SPEC 5.4).
//! 2. Where a calendar is missing no day is a working day: nothing comes, nobody is cut off.

use std::sync::Arc;

use super::account::{Account, Case, Profile};
use super::calendar::{Almanac, Calendar, Operator};
use super::policy::{Law, Policy};
use super::selection::{select, select_for};
use super::time::Zone;

/// What dates of one tenant under one policy are reckoned with.
#[derive(Clone, Debug)]
pub struct Bearings<'a> {
    /// The version in force for the case.
    pub policy: &'a Arc<Policy>,
    /// The tenant's zone.
    pub zone: Zone,
    calendar: Arc<Calendar>,
    operator: Option<&'a Operator>,
}

impl<'a> Bearings<'a> {
    /// Of a tenant under `policy`.
    #[must_use]
    pub fn of(law: &'a Law, profile: &Profile, policy: &'a Arc<Policy>) -> Self {
        let own = profile.time_zone.as_deref().and_then(Zone::named);
        let country = profile.country.as_deref().and_then(|name| law.calendars.get(name));
        let calendar = country.or_else(|| law.calendars.get(&policy.calendar));
        Self {
            policy,
            zone: own.unwrap_or_else(|| policy.zone.clone()),
            calendar: calendar.cloned().unwrap_or_default(),
            operator: law.operator.as_ref(),
        }
    }

    /// Of a tenant's case: under the version that is pinned, else the one that would be.
    #[must_use]
    pub fn of_case(law: &'a Law, account: &Account, case: &Case) -> Option<Self> {
        let invoice = account.invoice_of(case);
        let policy = match &case.opened {
            Some(opened) => law.versions.get(&opened.policy)?,
            None => select_for(law, account, case.began, invoice.term.is_some())?,
        };
        Some(Self::of(law, &account.profile, Policy::ladder_of(policy, invoice)))
    }

    /// For reckoning.
    #[must_use]
    pub fn almanac(&self) -> Almanac<'_> {
        Almanac {
            zone: &self.zone,
            calendar: &self.calendar,
            operator: self.operator,
            policy: self.policy,
        }
    }
}

/// The tenant's zone: its own, else that of the policy that its next case begins with.
#[must_use]
pub fn zone(law: &Law, account: &Account) -> Zone {
    let own = account.profile.time_zone.as_deref().and_then(Zone::named);
    let policy = || select(law, account, account.newest).map(|policy| policy.zone.clone());
    own.or_else(policy).unwrap_or_else(Zone::utc)
}
