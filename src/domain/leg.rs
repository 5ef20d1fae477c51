//! The leg of a case: a stretch without a new agreement or policy (SPEC 5.5).
//!
//! Rules:
//! 1. It is derived from the case, its scope, how often it was moved, and the holds begun: a hold that
//!    begins makes another leg, one that ends does not. So does another scope: nobody was told that
//!    this one would be closed.
//! 2. It is derived when it is asked for: most cases are over, and nobody asks for theirs.

use std::fmt;
use std::sync::OnceLock;

use super::account::Case;
use super::id::{Derivation, LegId};
use super::time::Instant;

/// A case's leg, once it was asked for.
#[derive(Clone, Default)]
pub struct Leg(OnceLock<LegId>);

impl fmt::Debug for Leg {
    /// Whether it was asked for says nothing about the case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leg")
    }
}

impl Case {
    /// H(case, scope, ids of holds begun by `at`, migrations).
    #[must_use]
    pub fn leg(&self, at: Instant) -> LegId {
        if self.holds.iter().any(|hold| hold.begin > at) {
            return self.derive_leg(at);
        }
        *self.leg.0.get_or_init(|| self.derive_leg(at))
    }

    fn derive_leg(&self, at: Instant) -> LegId {
        let begun = self.holds.iter().filter(|hold| hold.begin <= at);
        let mut ids: Vec<&str> = begun.map(|hold| hold.id.as_str()).collect();
        ids.sort_unstable();
        let derivation = if self.scope.is_whole() {
            Derivation::of("leg").id(self.case)
        } else {
            Derivation::of("leg of a part").id(self.case).text(self.scope.as_str())
        };
        let derivation = ids.into_iter().fold(derivation, Derivation::text);
        match self.migrations {
            0 => derivation.finish(),
            count => derivation.number(i64::from(count)).finish(),
        }
    }

    /// What it is derived from changed.
    pub(in crate::domain) fn forget_leg(&mut self) {
        self.leg = Leg::default();
    }
}
