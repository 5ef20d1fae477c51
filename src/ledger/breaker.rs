//! The breaker of law 8: it stops a stampede by itself (SPEC 5.9, 5.12).
//!
//! Rules:
//! 1. Before grace, a restriction, a warning or an overdue notice is committed its tenant takes a
//!    slot. Whoever gets none reads again and finds the breaker tripped: what needs a slot is not
//!    planned then, and everything else is: relief, thanks, reminders before the due date.
//! 2. Every process says once that it tripped, keeps saying so in its health and its metrics, and
//!    has it in its journal: a store that forgets everything is told again.
//! 3. Only a person sets it back, with a reason. All slots are free then, and every tenant is
//!    looked at again.
//! 4. A slot is taken when a notice is made. A message that was refused and is tried again the
//!    next day does not take another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::Ledger;
use super::entry::Entry;
use crate::domain::id::TenantId;
use crate::domain::policy::Percent;
use crate::store::breaker::{Breaker, Slot, Slots as _};
use crate::store::{Store as _, StoreError};

/// How often somebody else may be faster.
const CONFLICTS_MAX: usize = 20;

/// How many tenants may be warned, put into grace or cut off within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So large a share of all tenants.
    pub share: Percent,
    /// And at least so many.
    pub at_least: u32,
    /// How long a window is.
    pub window: Duration,
}

impl Limit {
    /// Of so many tenants.
    #[must_use]
    pub fn max(&self, tenants: u64) -> u64 {
        let share = tenants.saturating_mul(u64::from(self.share.0)) / 10_000;
        share.max(u64::from(self.at_least))
    }

    fn window_millis(&self) -> u64 {
        u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX)
    }
}

/// What this process knows of the breaker.
#[derive(Debug, Default)]
pub(super) struct Guard {
    limit: OnceLock<Limit>,
    tripped: AtomicBool,
    /// The newest generation that it said and journaled.
    noted: Mutex<u64>,
}

impl Ledger {
    /// Says how many tenants may be warned or cut off (`[breaker]`); without it there is no limit.
    #[must_use]
    pub fn with_breaker(self, limit: Limit) -> Self {
        // Said twice it is the first that counts: a limit that changes needs another ledger.
        let _ = self.inner.breaker.limit.set(limit);
        self
    }

    /// How many tenants may be warned or cut off; `None`: there is no breaker.
    #[must_use]
    pub fn breaker_limit(&self) -> Option<Limit> {
        self.inner.breaker.limit.get().copied()
    }

    /// Whether the breaker was tripped when this process last looked.
    #[must_use]
    pub fn is_breaker_tripped(&self) -> bool {
        self.inner.breaker.tripped.load(Ordering::Acquire)
    }

    /// The breaker as it is stored.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn breaker(&self) -> Result<Breaker, StoreError> {
        self.store().breaker().await
    }

    /// How many tenants may be warned or cut off within a window, of those there are.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn slots_max(&self, limit: &Limit) -> Result<u64, StoreError> {
        Ok(limit.max(self.store().tenants().await?))
    }

    /// Trips the breaker or sets it back. Answers how it stands afterwards.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn set_breaker(
        &self,
        tripped: bool,
        reason: String,
        by: Option<String>,
    ) -> Result<Breaker, StoreError> {
        let mut tries = 0;
        let breaker = loop {
            let (now, known) = tokio::try_join!(self.store().now(), self.store().breaker())?;
            let breaker = Breaker {
                tripped,
                generation: known.generation + 1,
                count: if tripped { known.count } else { 0 },
                max: known.max,
                window: known.window,
                reason: Some(reason.clone()),
                by: by.clone(),
                at: Some(now),
            };
            match self.store().set_breaker(&known, breaker.clone()).await {
                Ok(()) => break breaker,
                Err(StoreError::Conflict) if tries < CONFLICTS_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        };
        tracing::warn!(tripped, reason, by = by.as_deref(), "the breaker was set");
        self.note_breaker(&breaker).await?;
        self.look_at_all_soon();
        Ok(breaker)
    }

    /// Whether slots may be had at all.
    pub(super) async fn may_have_slots(&self) -> Result<bool, StoreError> {
        match self.breaker_limit() {
            Some(_) => Ok(!self.store().breaker().await?.tripped),
            None => Ok(true),
        }
    }

    /// Takes a slot for a tenant. [`StoreError::Conflict`]: there is none, and whoever reads again
    /// finds the breaker tripped.
    pub(super) async fn take_slot(&self, tenant: &TenantId) -> Result<(), StoreError> {
        let Some(limit) = self.breaker_limit() else { return Ok(()) };
        let max = self.slots_max(&limit).await?;
        match self.store().take_slot(tenant, max, limit.window_millis()).await? {
            Slot::Taken => Ok(()),
            Slot::Tripped => {
                self.look_at_breaker().await?;
                Err(StoreError::Conflict)
            }
        }
    }

    /// Looks whether it tripped or was set since the last look.
    pub(super) async fn look_at_breaker(&self) -> Result<(), StoreError> {
        if self.breaker_limit().is_none() {
            return Ok(());
        }
        let breaker = self.store().breaker().await?;
        self.note_breaker(&breaker).await
    }

    /// Says and journals how the breaker stands, once.
    async fn note_breaker(&self, breaker: &Breaker) -> Result<(), StoreError> {
        let guard = &self.inner.breaker;
        guard.tripped.store(breaker.tripped, Ordering::Release);
        metrics::gauge!("ambergate_breaker_tripped").set(if breaker.tripped { 1.0 } else { 0.0 });
        let before = {
            let mut noted = guard.noted.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *noted, breaker.generation)
        };
        if before == breaker.generation {
            return Ok(());
        }
        if breaker.tripped {
            tracing::error!(
                slots = breaker.max,
                reason = breaker.reason.as_deref(),
                "the breaker tripped: nobody is warned, put into grace or cut off until a person \
                 has looked and says `ambergate breaker reset`"
            );
        }
        let journaled = self.journal_entry(&Entry::Breaker(breaker.clone())).await;
        if journaled.is_err() {
            *guard.noted.lock().unwrap_or_else(PoisonError::into_inner) = before;
        }
        journaled
    }

    /// A breaker as a journal knows it: a newer one counts.
    pub(super) async fn restore_breaker(&self, breaker: Breaker) -> Result<(), StoreError> {
        let known = self.store().breaker().await?;
        if (breaker.generation, breaker.at) <= (known.generation, known.at) {
            return Ok(());
        }
        match self.store().set_breaker(&known, breaker).await {
            // It tripped or was set meanwhile: that is newer.
            Err(StoreError::Conflict) => Ok(()),
            set => set,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_all_and_at_least_some() {
        let limit = Limit { share: Percent(100), at_least: 3, window: Duration::from_secs(1) };
        assert_eq!([0, 10, 399, 400, 10_000].map(|all| limit.max(all)), [3, 3, 3, 4, 100]);
    }
}
