//! The standing of a tenant: from the cache, else from the store, else as last known.
//!
//! Rules:
//! 1. One look-up in flight per tenant, and no request waits longer than [`BUDGET`] for it.
//! 2. After a failure nobody asks again for [`PAUSE_MILLIS`]: the last known standing is used.
//! 3. Never heard of, and the store is away: everything is open, and it is counted.
//! 4. A standing that was known is not forgotten because a store that lost its memory has none.
//! 5. A pushed grant is newer than a look-up that began before it.
//! 6. A tenant for which another one pays is looked up together with that one, one hop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::watch;

use super::bounded;
use super::shards::{Fit, Shards};
use crate::domain::decide::Standings;
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;
use crate::store::{Store, StoreError, shard_of};

/// A request waits at most so long for the store.
pub const BUDGET: Duration = Duration::from_millis(50);

/// After a failure the store is left alone for so long.
pub const PAUSE_MILLIS: i64 = 1_000;

/// At most so many tenants' words are kept: only those who are shown something have any.
const WORDS_MAX: usize = 10_000;

/// Where a standing came from (`Ambergate-Source`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Read from the store for this request.
    Fresh,
    /// Cached, and nothing has changed since.
    Cached,
    /// The last one known; the store is away.
    Stale,
    /// Never heard of, and the store is away.
    Default,
}

impl Source {
    /// The word told to the app.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Cached => "cached",
            Self::Stale => "stale",
            Self::Default => "default",
        }
    }
}

/// A cache's entry.
#[derive(Clone, Debug)]
struct Kept {
    standings: Standings,
    /// Of its shard, when it was read.
    epoch: u32,
    /// Whether the store has an account of this tenant.
    known: bool,
}

/// What one look-up found.
#[derive(Clone, Debug)]
struct Landed {
    standings: Standings,
    source: Source,
}

/// A look-up in flight.
#[derive(Debug)]
struct Flight {
    told: watch::Sender<Option<Landed>>,
    /// A grant that was pushed meanwhile, with its sequence.
    pushed: Option<(u64, Standings)>,
}

/// Finds standings.
#[derive(Debug)]
pub struct Lookup<S> {
    store: Arc<S>,
    /// What was heard of the shards.
    pub shards: Shards,
    kept: Cache<TenantId, Kept>,
    words: Cache<TenantId, (u32, Arc<Words>)>,
    flights: Mutex<HashMap<TenantId, Flight>>,
    down_until: AtomicI64,
}

impl<S: Store> Lookup<S> {
    /// Nothing known yet.
    #[must_use]
    pub fn new(store: Arc<S>, shards: Shards, standings_max: usize) -> Self {
        Self {
            store,
            shards,
            kept: bounded::cache(standings_max),
            words: bounded::cache(WORDS_MAX),
            flights: Mutex::default(),
            down_until: AtomicI64::new(i64::MIN),
        }
    }

    /// The standings, if they are cached and can be trusted.
    #[must_use]
    pub fn cached(&self, tenant: &TenantId, shard: u16) -> Option<Standings> {
        let own = self.own_cached(tenant, shard)?;
        let Some(payer) = own.payer() else { return Some(own) };
        Some(own.beside(&self.own_cached(payer, shard_of(payer))?))
    }

    fn own_cached(&self, tenant: &TenantId, shard: u16) -> Option<Standings> {
        let kept = self.kept.get(tenant)?;
        (kept.epoch == self.shards.epoch(shard)).then_some(kept.standings)
    }

    /// The standings known last, trusted or not.
    #[must_use]
    pub fn last_known(&self, tenant: &TenantId) -> Option<Standings> {
        let own = self.own_last_known(tenant)?;
        let Some(payer) = own.payer() else { return Some(own) };
        Some(own.beside(&self.own_last_known(payer).unwrap_or(Standings::FULL)))
    }

    fn own_last_known(&self, tenant: &TenantId) -> Option<Standings> {
        self.kept.peek(tenant).map(|kept| kept.standings)
    }

    /// Whether the store is left alone at `now` (real time) because it failed.
    #[must_use]
    pub fn is_down(&self, now: Instant) -> bool {
        now.millis() < self.down_until.load(Ordering::Relaxed)
    }

    /// The standings, read from the store if they can be at `now` (real time).
    pub async fn read(&self, tenant: &TenantId, shard: u16, now: Instant) -> (Standings, Source) {
        let (own, source) = self.read_own(tenant, shard, now).await;
        let Some(payer) = own.payer() else { return (own, source) };
        let shard = shard_of(payer);
        // One that was never heard of, and cannot be read, closes nothing.
        let (payer, of_payer) = match self.own_cached(payer, shard) {
            Some(payer) => (payer, source),
            None => self.read_own(payer, shard, now).await,
        };
        let source = if of_payer == Source::Fresh { source } else { of_payer };
        (own.beside(&payer), source)
    }

    async fn read_own(&self, tenant: &TenantId, shard: u16, now: Instant) -> (Standings, Source) {
        if !self.is_down(now) {
            match tokio::time::timeout(BUDGET, self.fly(tenant, shard)).await {
                Ok(Ok(landed)) => return (landed.standings, landed.source),
                // The store is there, and does not know yet.
                Ok(Err(StoreError::Recovering)) => {}
                Ok(Err(error)) => self.note_failure(&error, now),
                Err(_) => self.note_failure(&late(), now),
            }
        }
        self.own_last_known(tenant)
            .map_or((Standings::FULL, Source::Default), |standings| (standings, Source::Stale))
    }

    fn note_failure(&self, error: &StoreError, now: Instant) {
        let until = now.plus_millis(PAUSE_MILLIS).millis();
        if self.down_until.swap(until, Ordering::Relaxed) < now.millis() {
            tracing::warn!(%error, "the store does not answer; last known standings are used");
        }
    }

    /// Joins the look-up that is in flight, or begins one.
    async fn fly(&self, tenant: &TenantId, shard: u16) -> Result<Landed, StoreError> {
        loop {
            let Some(mut told) = self.join(tenant) else { break };
            // Who had begun it may have been cancelled: then somebody else begins anew.
            if let Ok(landed) = told.wait_for(Option::is_some).await
                && let Some(landed) = &*landed
            {
                return Ok(landed.clone());
            }
        }
        let landing = Landing { lookup: self, tenant, done: false };
        let epoch = self.shards.epoch(shard);
        let (grant, sequence) = self.store.grant(tenant).await?;
        if grant.as_ref().is_some_and(|grant| grant.tenant != *tenant) {
            return Err(StoreError::Unreadable {
                place: "a tenant's grant".to_owned(),
                detail: "it is another tenant's".to_owned(),
            });
        }
        Ok(landing.land(grant.as_ref(), sequence, epoch))
    }

    /// Somebody else's look-up; `None`: it is ours now.
    fn join(&self, tenant: &TenantId) -> Option<watch::Receiver<Option<Landed>>> {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(tenant) {
            return Some(flight.told.subscribe());
        }
        let flight = Flight { told: watch::Sender::new(None), pushed: None };
        flights.insert(tenant.clone(), flight);
        None
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<TenantId, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A grant was pushed.
    pub fn pushed(&self, shard: u16, sequence: u64, grant: &Grant) {
        if self.shards.hear_change(shard, sequence) == Fit::Old {
            return;
        }
        let standings = Standings::of(grant);
        self.words.remove(&grant.tenant);
        let mut flights = self.flights();
        if let Some(flight) = flights.get_mut(&grant.tenant) {
            flight.pushed = Some((sequence, standings));
        } else if self.kept.contains_key(&grant.tenant) {
            let kept = Kept { standings, epoch: self.shards.epoch(shard), known: true };
            self.kept.insert(grant.tenant.clone(), kept);
        }
    }

    /// What pages say of a tenant; `None`: nothing, or the store is away.
    pub async fn words(&self, tenant: &TenantId, shard: u16, now: Instant) -> Option<Arc<Words>> {
        let epoch = self.shards.epoch(shard);
        let kept = self.words.get(tenant);
        if let Some((_, words)) = kept.as_ref().filter(|(read, _)| *read == epoch) {
            return Some(Arc::clone(words));
        }
        let last = || kept.as_ref().map(|(_, words)| Arc::clone(words));
        if self.is_down(now) {
            return last();
        }
        let sequence = self.shards.sequence(shard);
        match tokio::time::timeout(BUDGET, self.store.words(tenant)).await {
            Ok(Ok(words)) => {
                let words = Arc::new(words.filter(|words| words.tenant == *tenant)?);
                if self.shards.sequence(shard) == sequence {
                    self.words.insert(tenant.clone(), (epoch, Arc::clone(&words)));
                }
                Some(words)
            }
            // The store is there, and does not know yet.
            Ok(Err(StoreError::Recovering)) => last(),
            Ok(Err(error)) => {
                self.note_failure(&error, now);
                last()
            }
            Err(_) => {
                self.note_failure(&late(), now);
                last()
            }
        }
    }
}

fn late() -> StoreError {
    StoreError::Unavailable(format!("no answer within {} ms", BUDGET.as_millis()))
}

/// Ends a look-up, also one that was cancelled.
struct Landing<'a, S: Store> {
    lookup: &'a Lookup<S>,
    tenant: &'a TenantId,
    done: bool,
}

impl<S: Store> Landing<'_, S> {
    fn land(mut self, grant: Option<&Grant>, sequence: u64, epoch: u32) -> Landed {
        let mut flights = self.lookup.flights();
        let flight = flights.get(self.tenant);
        let pushed = flight.and_then(|flight| flight.pushed.clone());
        let newer = pushed.filter(|(pushed, _)| *pushed > sequence).map(|(_, newer)| newer);
        let before = self.lookup.kept.peek(self.tenant).filter(|kept| kept.known);
        let (standings, known, source) = match (newer, grant, before) {
            (Some(standings), _, _) => (standings, true, Source::Fresh),
            (None, Some(grant), _) => (Standings::of(grant), true, Source::Fresh),
            (None, None, Some(before)) => (before.standings, true, Source::Stale),
            (None, None, None) => (Standings::FULL, false, Source::Fresh),
        };
        let kept = Kept { standings: standings.clone(), epoch, known };
        self.lookup.kept.insert(self.tenant.clone(), kept);
        let landed = Landed { standings, source };
        if let Some(flight) = flights.remove(self.tenant) {
            flight.told.send_replace(Some(landed.clone()));
        }
        self.done = true;
        landed
    }
}

impl<S: Store> Drop for Landing<'_, S> {
    fn drop(&mut self) {
        if !self.done {
            self.lookup.flights().remove(self.tenant);
        }
    }
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
