//! What the ledger does by itself: signs of life, catching up, recovery, looking at all again.
//!
//! Rules:
//! 1. Nothing here ends because the store is away: it is tried again, each second.
//! 2. A store is opened whenever its incarnation is not the one known: the journal is named, and
//!    what of it is not in there is left behind, to be read again.

use std::sync::PoisonError;
use std::time::Duration;

use super::Ledger;
use crate::clock::machine_now;
use crate::domain::time::Instant;
use crate::store::{Condition, Incarnation, Store as _, StoreError};
use crate::telemetry::outage::{self, Party};

/// How often the store is looked at, and told that somebody is there.
const EACH: Duration = Duration::from_secs(1);
/// After how many looks the rules are read again, and positions are written; and after how many a
/// recovery is taken to wait for a journal.
const LOOKS_PER_ROUND: u32 = 30;

impl Ledger {
    /// Keeps the store going, until it is dropped.
    pub async fn run(&self) {
        tokio::join!(self.keep(), self.beat(), self.sweep());
    }

    async fn keep(&self) {
        let mut looks = 0_u32;
        let (mut fine, mut away) = (true, false);
        loop {
            let found = self.look_after(looks.is_multiple_of(LOOKS_PER_ROUND), machine_now()).await;
            metrics::gauge!("ambergate_store_up").set(if found.is_ok() { 1.0 } else { 0.0 });
            match &found {
                Err(error @ StoreError::Unavailable(_)) => {
                    outage::store_away(Party::Control, error, machine_now());
                }
                _ => outage::store_back(Party::Control, machine_now()),
            }
            match &found {
                Err(StoreError::Unavailable(_)) => away = true,
                Ok(()) if away => away = false,
                Err(error) if fine => tracing::warn!(%error, "the store is not in order"),
                Ok(()) if !fine => tracing::info!("the store is in order again"),
                _ => {}
            }
            fine = found.is_ok();
            looks = looks.wrapping_add(1);
            let woken = self.inner.wake_up.notified();
            let _ = tokio::time::timeout(EACH, woken).await;
            if !fine {
                // Woken by a fact that the store would not take: it will not take the next one.
                tokio::time::sleep(EACH / 5).await;
            }
        }
    }

    /// Looks after the store once, at `real`, which is real time.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn look_after(&self, thoroughly: bool, real: Instant) -> Result<(), StoreError> {
        match self.store().condition().await? {
            Condition::Ready(incarnation) => {
                metrics::gauge!("ambergate_recovering").set(0.0);
                self.open(&incarnation).await?;
                self.look_at_breaker().await?;
                self.look_at_feeds().await?;
                self.note_journals().await?;
                self.journal_what_was_left().await?;
                self.catch_up(&incarnation).await?;
                if thoroughly {
                    self.look_after_forgotten().await;
                    self.journal_what_others_left().await?;
                    self.refresh_law().await?;
                    self.write_positions(&incarnation).await?;
                }
                if !self.is_inbox_clear() {
                    self.drain_inbox().await?;
                }
                self.look_at_kin().await;
                Ok(())
            }
            Condition::Recovering(incarnation) => {
                metrics::gauge!("ambergate_recovering").set(1.0);
                self.forget_incarnation();
                let looks = self.looks_at_recovery(&incarnation);
                if looks == 0 {
                    tracing::info!(incarnation = %incarnation.0, "the store is new, or not the one \
                        it was: it is recovering from the journals. Nothing is decided or sent");
                }
                if self.recover(&incarnation, real).await? {
                    tracing::info!(incarnation = %incarnation.0, "the store is recovered");
                    // At once: a store that has tenants and no sign of life was silent for long.
                    self.sign_of_life(real).await?;
                    self.open(&incarnation).await?;
                    self.take_in_all().await?;
                    self.drain_inbox().await?;
                } else if looks % LOOKS_PER_ROUND == LOOKS_PER_ROUND - 1 {
                    self.tell_what_is_waited_for().await?;
                }
                Ok(())
            }
        }
    }

    /// How often this recovery was looked at before.
    fn looks_at_recovery(&self, incarnation: &Incarnation) -> u32 {
        let mut looked = self.inner.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = match looked.as_ref() {
            Some((known, looks)) if known == incarnation => looks.wrapping_add(1),
            _ => 0,
        };
        *looked = Some((incarnation.clone(), looks));
        looks
    }

    /// A journal that does not come back keeps a store in recovery: somebody must know.
    async fn tell_what_is_waited_for(&self) -> Result<(), StoreError> {
        let journals = self.store().journals().await?;
        let away = journals.into_iter().filter(|(_, applied)| !applied).map(|(name, _)| name);
        let away: Vec<String> = away.collect();
        if !away.is_empty() {
            tracing::warn!(journals = ?away, "the store waits for these journals: start the \
                processes that keep them, or run `ambergate rebuild` without them");
        }
        Ok(())
    }

    /// Gets acquainted with a store that is not the one known.
    async fn open(&self, incarnation: &Incarnation) -> Result<(), StoreError> {
        if self.knows(incarnation) {
            return Ok(());
        }
        if let Some(journal) = self.journal() {
            self.store().register_journal(&journal.name()).await?;
            let positions = self.store().applied(&journal.name()).await?;
            journal.begin_from(&positions);
        }
        self.note_enforced().await?;
        self.open_law().await?;
        *self.inner.known.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(incarnation.clone());
        Ok(())
    }

    pub(super) fn knows(&self, incarnation: &Incarnation) -> bool {
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref() == Some(incarnation)
    }

    fn forget_incarnation(&self) {
        *self.inner.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn beat(&self) {
        loop {
            if let Err(error) = self.sign_of_life(machine_now()).await {
                tracing::debug!(%error, "no sign of life");
            }
            tokio::time::sleep(EACH).await;
        }
    }

    async fn sweep(&self) {
        loop {
            self.inner.sweep.notified().await;
            if let Err(error) = self.look_at_all().await {
                tracing::warn!(%error, "looking at all tenants is tried again");
                tokio::time::sleep(EACH).await;
                self.look_at_all_soon();
            }
        }
    }

    /// Has every tenant looked at again, by [`Ledger::run`].
    pub(super) fn look_at_all_soon(&self) {
        self.inner.sweep.notify_one();
    }

    /// Whether facts wait in the journal for the store.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.journal().is_some_and(|journal| journal.behind().is_some())
    }

    /// Whether gates' events wait in the inbox, as of the last look.
    #[must_use]
    pub fn is_inbox_clear(&self) -> bool {
        self.inner.inbox.is_clear()
    }
}
