//! The breaker of law 8, as stores keep it: slots, one for each tenant and window (SPEC 5.9, 5.15).
//!
//! Rules:
//! 1. A slot is taken in one atomic step, for all replicas together. A tenant that holds one keeps
//!    it, and holds it for a window more.
//! 2. Who asks for a slot when all are held by others trips the breaker. From then on nobody gets
//!    one, whoever holds what, until a person resets it; then all slots are free again.
//! 3. Slots pass with the store that forgets them; whether the breaker is tripped is journaled by
//!    the ledger, and set again.

use std::collections::BTreeMap;
use std::future::Future;

use super::memory::Memory;
use super::{Store as _, StoreError};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// What a breaker that tripped by itself says.
pub const WHY_TRIPPED: &str = "more tenants than allowed were to be warned or cut off";

/// The breaker of law 8, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Breaker {
    /// Nobody is warned, put into grace or cut off.
    pub tripped: bool,
    /// Raised whenever it trips or is set.
    pub generation: u64,
    /// How many slots were held when it was last asked for one, tripped or was set.
    pub count: u64,
    /// How many there were then.
    pub max: u64,
    /// For how long a slot was held then, in milliseconds.
    pub window: u64,
    /// Why it tripped or was set.
    pub reason: Option<String>,
    /// By whom; nobody: by itself.
    pub by: Option<String>,
    /// When it tripped or was set.
    pub at: Option<Instant>,
}

impl Breaker {
    /// Whether it neither tripped nor was set since `known` was read.
    #[must_use]
    pub fn is_still(&self, known: &Self) -> bool {
        (self.tripped, self.generation) == (known.tripped, known.generation)
    }
}

/// What asking for a slot came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The tenant holds one.
    Taken,
    /// The breaker is tripped, now or since earlier: there is none.
    Tripped,
}

/// The contract of what keeps a breaker. All of it is held by every store (`tests/store`).
pub trait Slots: Send + Sync + 'static {
    /// The breaker; not tripped at generation 0 if it never was.
    fn breaker(&self) -> impl Future<Output = Result<Breaker, StoreError>> + Send;

    /// Sets the breaker, if it is still as `expected`; one that is not tripped has all its slots
    /// free.
    fn set_breaker(
        &self,
        expected: &Breaker,
        breaker: Breaker,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes or keeps a slot for a tenant, of `max` that are held for `window` milliseconds each;
    /// trips the breaker if there is none left.
    fn take_slot(
        &self,
        tenant: &TenantId,
        max: u64,
        window: u64,
    ) -> impl Future<Output = Result<Slot, StoreError>> + Send;

    /// How many tenants there are.
    fn tenants(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A breaker and who holds slots since when: of stores that live in this process.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Held {
    pub(super) breaker: Breaker,
    slots: BTreeMap<TenantId, Instant>,
}

impl Held {
    pub(super) fn set(&mut self, expected: &Breaker, breaker: Breaker) -> Result<(), StoreError> {
        if !self.breaker.is_still(expected) {
            return Err(StoreError::Conflict);
        }
        if !breaker.tripped {
            self.slots.clear();
        }
        self.breaker = breaker;
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        tenant: &TenantId,
        (max, window): (u64, u64),
        now: Instant,
    ) -> Slot {
        if self.breaker.tripped {
            return Slot::Tripped;
        }
        let passed = |since: Instant| now.millis().saturating_sub(since.millis());
        self.slots.retain(|_, since| u64::try_from(passed(*since)).is_ok_and(|it| it < window));
        let held = self.slots.contains_key(tenant);
        let count = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        let taken = held || count < max;
        if taken {
            self.slots.insert(tenant.clone(), now);
        }
        let breaker = &mut self.breaker;
        (breaker.count, breaker.max, breaker.window) = (count + u64::from(!held), max, window);
        if taken {
            return Slot::Taken;
        }
        *breaker = Breaker {
            tripped: true,
            generation: breaker.generation + 1,
            count,
            max,
            window,
            reason: Some(WHY_TRIPPED.to_owned()),
            by: None,
            at: Some(now),
        };
        Slot::Tripped
    }
}

impl Slots for Memory {
    async fn breaker(&self) -> Result<Breaker, StoreError> {
        Ok(self.state()?.held.breaker.clone())
    }

    async fn set_breaker(&self, expected: &Breaker, breaker: Breaker) -> Result<(), StoreError> {
        self.state()?.held.set(expected, breaker)
    }

    async fn take_slot(
        &self,
        tenant: &TenantId,
        max: u64,
        window: u64,
    ) -> Result<Slot, StoreError> {
        let now = self.now().await?;
        Ok(self.state()?.held.take(tenant, (max, window), now))
    }

    async fn tenants(&self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.state()?.tenants.len()).unwrap_or(u64::MAX))
    }
}
