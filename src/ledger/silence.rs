//! Signs of life, and what a long silence leaves behind (SPEC 5.11, 5.12).
//!
//! Rules:
//! 1. A gate that heard no beat for `stale_max` has eased what restricts, and gets harder again only
//!    under a new generation of the switch. Whoever beats first after such a silence raises it
//!    before that beat: every tenant that was restricted is entered again at its next cutoff time.
//! 2. How long the silence was is the least that anybody knows of: this process by its own last
//!    beat, in real time as gates reckon it, and the store by the last one of all, in its own time.
//! 3. A store can forget its beats: so now and then one is noted in the journal, which a recovery
//!    reads. Where there are tenants and nobody knows of any beat, the silence counts as long. Only
//!    the embedded store never keeps beats: the gates that go by them end with its process.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::Ledger;
use super::entry::{BeatNoted, Entry};
use crate::domain::time::{HOUR, Instant, MINUTE};
use crate::store::any::AnyStore;
use crate::store::{Condition, Store as _, StoreError};

/// How long gates bear a silence, where nothing else was said.
const STALE_MAX: i64 = 4 * HOUR;
/// A gate may have heard the last beat a little earlier than it was answered: what is as close to
/// the limit as this, or as a tenth of it, counts as beyond.
const MARGIN_MAX: i64 = MINUTE;

/// So many beats of a bearable silence's length are noted in the journal.
const NOTED_PER_SILENCE: i64 = 8;

/// Why the generation is raised after a silence.
const SILENT: &str = "there was no sign of life for long";

/// What this process knows of signs of life.
#[derive(Debug)]
pub(super) struct Silence {
    stale_max: AtomicI64,
    known: std::sync::Mutex<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Its own last one, in real time.
    own: Option<Instant>,
    /// Its own last one that it noted, in real time.
    noted: Option<Instant>,
    /// The last one that the journal knows of, in the store's time.
    read: Option<Instant>,
}

impl Silence {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Silence {
    fn default() -> Self {
        Self { stale_max: AtomicI64::new(STALE_MAX), known: std::sync::Mutex::default() }
    }
}

impl Ledger {
    /// Says how long gates bear a silence before they ease what restricts (`store.stale_max`).
    #[must_use]
    pub fn with_stale_max(self, stale_max: Duration) -> Self {
        let millis = i64::try_from(stale_max.as_millis()).unwrap_or(i64::MAX);
        self.inner.silence.stale_max.store(millis, Ordering::Relaxed);
        self
    }

    /// Each shard's sign of life, at `real`, which is real time; none while the store recovers.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn sign_of_life(&self, real: Instant) -> Result<(), StoreError> {
        if let Condition::Recovering(_) = self.store().condition().await? {
            return Ok(());
        }
        if self.was_silent_for_long(real).await? {
            self.raise_generation(SILENT).await?;
        }
        self.store().beat().await?;
        self.inner.silence.known().own = Some(real);
        self.note_beat(real).await
    }

    /// Notes a beat in the journal, where the last that was noted is long ago.
    async fn note_beat(&self, real: Instant) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        let noted = self.inner.silence.known().noted;
        let each = self.inner.silence.stale_max.load(Ordering::Relaxed) / NOTED_PER_SILENCE;
        let passed = noted.map(|noted| real.millis().saturating_sub(noted.millis()));
        if passed.is_none_or(|passed| passed >= each) {
            let at = self.store().now().await?;
            journal.append(vec![Entry::Beat(BeatNoted { at }).write()]).await?;
            self.inner.silence.known().noted = Some(real);
        }
        Ok(())
    }

    /// The journal knows of a beat.
    pub(super) fn heard_of_beat(&self, at: Instant) {
        let mut known = self.inner.silence.known();
        known.read = known.read.max(Some(at));
    }

    /// Raises the generation, if need be, before a store that recovers is complete, once: what it
    /// holds then was restored, and what comes later was never eased.
    pub(super) async fn end_silence(&self, real: Instant) -> Result<(), StoreError> {
        if self.inner.silence.known().own.is_some() {
            return Ok(());
        }
        if self.was_silent_for_long(real).await? {
            self.raise_generation(SILENT).await?;
        }
        self.inner.silence.known().own = Some(real);
        Ok(())
    }

    async fn was_silent_for_long(&self, real: Instant) -> Result<bool, StoreError> {
        let stale_max = self.inner.silence.stale_max.load(Ordering::Relaxed);
        let bearable = stale_max - MARGIN_MAX.min(stale_max / 10);
        let known = *self.inner.silence.known();
        let own = known.own.map(|last| real.millis().saturating_sub(last.millis()));
        if own.is_some_and(|silent| silent <= bearable) {
            return Ok(false);
        }
        let (now, beats) = tokio::try_join!(self.store().now(), self.store().beats())?;
        let last = beats.iter().filter_map(|(_, at)| *at).min().max(known.read);
        let stored = last.map(|last| now.millis().saturating_sub(last.millis()));
        match own.into_iter().chain(stored).min() {
            Some(silent) => Ok(silent > bearable),
            None if matches!(self.store(), AnyStore::Embedded(_)) => Ok(false),
            None => Ok(!self.store().rows(None, 1).await?.is_empty()),
        }
    }
}
