//! The canary: a stable share of tenants for which what is entered is enforced (SPEC 5.12).
//!
//! Rules:
//! 1. Where a tenant has its place among all is fixed by the SHA-256 of its id: the same in every
//!    process and for ever.
//! 2. A larger share holds everybody that a smaller one held.

use sha2::{Digest as _, Sha256};

use super::id::TenantId;
use super::policy::Percent;

/// So many places there are: hundredths of a percent.
const PLACES: u32 = 10_000;

/// A share of all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Canary(u32);

impl Canary {
    /// All of them.
    pub const EVERYBODY: Self = Self(PLACES);
    /// None.
    pub const NOBODY: Self = Self(0);

    /// So large a share.
    #[must_use]
    pub fn of(share: Percent) -> Self {
        Self(share.0.min(PLACES))
    }

    /// In hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u32 {
        self.0
    }

    /// Whether it holds a tenant.
    #[must_use]
    pub fn holds(self, tenant: &TenantId) -> bool {
        self.holds_place(place(tenant))
    }

    /// Whether it holds the tenant that has this place.
    #[must_use]
    pub fn holds_place(self, place: u16) -> bool {
        u32::from(place) < self.0
    }
}

/// Where a tenant has its place among all.
#[must_use]
pub fn place(tenant: &TenantId) -> u16 {
    let hash = Sha256::digest(tenant.as_str().as_bytes());
    let first = hash.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let place = (u128::from(first) * u128::from(PLACES)) >> 64;
    // Below ten thousand.
    u16::try_from(place).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_fixed_for_ever() {
        let places = ["acme", "zen", "t1", "bolt", "globex"].map(|it| place(&it.parse().unwrap()));
        assert_eq!(places, [5084, 5738, 3849, 8152, 3584]);
    }

    #[test]
    fn a_share_is_about_so_many_and_a_larger_one_holds_them_all() {
        let tenants = || (0..10_000).map(|n| format!("tenant-{n}").parse::<TenantId>().unwrap());
        let (tenth, half) = (Canary::of(Percent(1_000)), Canary::of(Percent(5_000)));
        let held = tenants().filter(|tenant| tenth.holds(tenant)).count();
        assert!((900..1_100).contains(&held), "{held}");
        assert!(tenants().all(|tenant| !tenth.holds(&tenant) || half.holds(&tenant)));
        assert!(tenants().all(|it| Canary::EVERYBODY.holds(&it) && !Canary::NOBODY.holds(&it)));
    }
}
