//! A store in memory, for tests and simulations: it forgets everything when it is dropped.
//!
//! Rules:
//! 1. It keeps the whole contract, and the same stored bytes as the others.
//! 2. It can fail on request: [`Memory::set_down`], [`Memory::flush`].
//! 3. It has no journal of its own: the entries of a commit go to the outbox.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::breaker::Held;
use super::marks::{Mark, Times};
use super::near::{NearWatch, teller};
use super::{
    Alias, Change, Commit, Condition, Incarnation, Parked, Row, SHARDS, Store, StoreError, Stored,
    Switch, Unjournaled, Version, form, outbox_name, shard_of,
};
use crate::clock::Clock;
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// A store in memory. A copy is the same store.
#[derive(Clone, Debug)]
pub struct Memory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    down: AtomicBool,
    state: Mutex<State>,
    changes: broadcast::Sender<Change>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    incarnation: u64,
    recovering: bool,
    pub(super) tenants: BTreeMap<TenantId, Kept>,
    wakes: BTreeSet<(Instant, TenantId)>,
    sequences: Vec<u64>,
    beats: Vec<Option<Instant>>,
    inbox: VecDeque<(u64, Vec<u8>)>,
    inbox_next: u64,
    switch: Switch,
    pub(super) held: Held,
    pub(super) marks: BTreeMap<Mark, Times>,
    versions: Vec<Version>,
    parked: Vec<Parked>,
    aliases: BTreeMap<String, Alias>,
    outbox: Vec<Unjournaled>,
    leases: BTreeMap<String, (String, Instant)>,
    applied: BTreeMap<String, Vec<u64>>,
    journals: BTreeMap<String, bool>,
}

#[derive(Debug)]
pub(super) struct Kept {
    stored: Stored,
    grant: Vec<u8>,
    words: Vec<u8>,
    row: Row,
    wake: Option<Instant>,
}

impl State {
    fn begin(incarnation: u64, recovering: bool, sequence: u64) -> Self {
        Self {
            incarnation,
            recovering,
            sequences: vec![sequence; usize::from(SHARDS)],
            beats: vec![None; usize::from(SHARDS)],
            ..Self::default()
        }
    }

    fn incarnation(&self) -> Incarnation {
        Incarnation(format!("memory-{}", self.incarnation).into())
    }

    fn is_current(&self, known: &Incarnation) -> Result<(), StoreError> {
        if *known == self.incarnation() { Ok(()) } else { Err(StoreError::OtherIncarnation) }
    }

    /// That what gates read is all that was ever acknowledged.
    fn is_complete(&self) -> Result<(), StoreError> {
        if self.recovering { Err(StoreError::Recovering) } else { Ok(()) }
    }

    /// Begins anew; sequences go on, so that no watcher takes a new one for one it heard.
    fn forget(&mut self) {
        let sequence = self.sequences.iter().max().copied().unwrap_or_default();
        *self = Self::begin(self.incarnation + 1, true, sequence + 1);
    }

    fn forward(&mut self, journal: &str, shard: usize, position: u64) {
        let zeros = || vec![0; usize::from(SHARDS)];
        let positions = self.applied.entry(journal.to_owned()).or_insert_with(zeros);
        if let Some(known) = positions.get_mut(shard) {
            *known = position.max(*known);
        }
    }
}

impl Memory {
    /// An empty store, ready, whose time is `clock`'s.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let changes = teller();
        let state = Mutex::new(State::begin(1, false, 0));
        Self { inner: Arc::new(Inner { clock, down: AtomicBool::new(false), state, changes }) }
    }

    /// While it is down every call fails with [`StoreError::Unavailable`].
    pub fn set_down(&self, down: bool) {
        self.inner.down.store(down, Ordering::Release);
        if down {
            self.tell(Change::Lost);
        }
    }

    /// Loses everything, as a flush or a failover does: a new incarnation, recovering.
    pub fn flush(&self) {
        self.locked().forget();
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        if self.inner.down.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("the memory store is switched off".to_owned()));
        }
        Ok(self.locked())
    }

    fn tell(&self, change: Change) {
        // Nobody may be listening.
        let _ = self.inner.changes.send(change);
    }
}

impl Store for Memory {
    type Watch = NearWatch;

    async fn grant(&self, tenant: &TenantId) -> Result<(Option<Grant>, u64), StoreError> {
        let state = self.state()?;
        state.is_complete()?;
        let sequence = state.sequences[usize::from(shard_of(tenant))];
        let kept = state.tenants.get(tenant);
        let grant = kept.map(|kept| form::read_grant(tenant, &kept.grant)).transpose()?;
        Ok((grant, sequence))
    }

    async fn words(&self, tenant: &TenantId) -> Result<Option<Words>, StoreError> {
        let state = self.state()?;
        state.is_complete()?;
        let kept = state.tenants.get(tenant);
        kept.map(|kept| form::read_words(tenant, &kept.words)).transpose()
    }

    async fn switch(&self) -> Result<Switch, StoreError> {
        Ok(self.state()?.switch.clone())
    }

    async fn watch(&self) -> Result<NearWatch, StoreError> {
        drop(self.state()?);
        Ok(NearWatch::new(&self.inner.changes))
    }

    async fn beats(&self) -> Result<Vec<(u64, Option<Instant>)>, StoreError> {
        let state = self.state()?;
        Ok(state.sequences.iter().copied().zip(state.beats.iter().copied()).collect())
    }

    async fn submit(&self, event: Vec<u8>) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let name = state.inbox_next;
        state.inbox_next += 1;
        state.inbox.push_back((name, event));
        Ok(())
    }

    async fn now(&self) -> Result<Instant, StoreError> {
        drop(self.state()?);
        Ok(self.inner.clock.now())
    }

    async fn condition(&self) -> Result<Condition, StoreError> {
        let state = self.state()?;
        let told = if state.recovering { Condition::Recovering } else { Condition::Ready };
        Ok(told(state.incarnation()))
    }

    async fn load(&self, tenant: &TenantId) -> Result<Option<Stored>, StoreError> {
        Ok(self.state()?.tenants.get(tenant).map(|kept| kept.stored.clone()))
    }

    async fn commit(&self, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        let kept = Kept {
            grant: form::grant(&commit.grant)?,
            words: form::words(&commit.words)?,
            stored: commit.stored,
            row: commit.row,
            wake: commit.wake,
        };
        let shard = shard_of(&commit.tenant);
        let mut state = self.state()?;
        state.is_current(&commit.incarnation)?;
        let before = state.tenants.get(&commit.tenant);
        if before.map(|kept| kept.stored.digest) != commit.expected {
            return Err(StoreError::Conflict);
        }
        if let Some(wake) = before.and_then(|kept| kept.wake) {
            state.wakes.remove(&(wake, commit.tenant.clone()));
        }
        state.wakes.extend(kept.wake.map(|wake| (wake, commit.tenant.clone())));
        if !commit.entries.is_empty() {
            let name = outbox_name(&commit.tenant, kept.stored.digest);
            state.outbox.push(Unjournaled { name, entries: commit.entries });
        }
        state.tenants.insert(commit.tenant, kept);
        if let Some(applied) = commit.applied {
            state.forward(&applied.journal, usize::from(shard), applied.position);
        }
        let sequence = &mut state.sequences[usize::from(shard)];
        *sequence += 1;
        let sequence = *sequence;
        if !state.recovering {
            // Told under the lock: watchers hear commits in their sequence.
            self.tell(Change::Grant { shard, sequence, grant: Arc::new(commit.grant) });
        }
        Ok(sequence)
    }

    async fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        let state = self.state()?;
        let due = state.wakes.iter().take_while(|(wake, _)| *wake <= now);
        Ok(due.take(limit).map(|(wake, tenant)| (tenant.clone(), *wake)).collect())
    }

    async fn next_wake(&self) -> Result<Option<Instant>, StoreError> {
        Ok(self.state()?.wakes.first().map(|(wake, _)| *wake))
    }

    async fn rows(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        let state = self.state()?;
        let rows = state.tenants.iter().filter(|(tenant, _)| after.is_none_or(|a| *tenant > a));
        Ok(rows.take(limit).map(|(_, kept)| kept.row.clone()).collect())
    }

    async fn inbox(&self, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let state = self.state()?;
        let oldest = state.inbox.iter().take(limit);
        Ok(oldest.map(|(name, event)| (name.to_string(), event.clone())).collect())
    }

    async fn settle(&self, names: &[String]) -> Result<(), StoreError> {
        self.state()?.inbox.retain(|(name, _)| !names.contains(&name.to_string()));
        Ok(())
    }

    async fn outbox(&self) -> Result<Vec<Unjournaled>, StoreError> {
        Ok(self.state()?.outbox.clone())
    }

    async fn journaled(&self, names: &[String]) -> Result<(), StoreError> {
        self.state()?.outbox.retain(|left| !names.contains(&left.name));
        Ok(())
    }

    async fn set_switch(&self, expected: &Switch, switch: Switch) -> Result<(), StoreError> {
        let mut state = self.state()?;
        if !state.switch.is_still(expected) {
            return Err(StoreError::Conflict);
        }
        state.switch = switch.clone();
        self.tell(Change::Switch(switch));
        Ok(())
    }

    async fn publish(&self, version: Version) -> Result<(), StoreError> {
        let mut state = self.state()?;
        if !state.versions.iter().any(|known| known.key() == version.key()) {
            state.versions.push(version);
            state.versions.sort_by(Version::order);
        }
        Ok(())
    }

    async fn versions(&self) -> Result<Vec<Version>, StoreError> {
        Ok(self.state()?.versions.clone())
    }

    async fn park(&self, parked: Parked) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        if state.parked.iter().any(|known| known.id == parked.id) {
            return Ok(false);
        }
        state.parked.push(parked);
        state.parked.sort_by(Parked::order);
        Ok(true)
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        Ok(self.state()?.parked.clone())
    }

    async fn set_alias(&self, alias: Alias) -> Result<(), StoreError> {
        self.state()?.aliases.insert(alias.name.clone(), alias);
        Ok(())
    }

    async fn alias(&self, name: &str) -> Result<Option<Alias>, StoreError> {
        Ok(self.state()?.aliases.get(name).cloned())
    }

    async fn unpark(&self, id: &str) -> Result<(), StoreError> {
        self.state()?.parked.retain(|parked| parked.id != id);
        Ok(())
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let at = self.inner.clock.now();
        let mut state = self.state()?;
        state.beats.fill(Some(at));
        for (shard, sequence) in (0..SHARDS).zip(&state.sequences) {
            self.tell(Change::Beat { shard, sequence: *sequence, at });
        }
        Ok(())
    }

    async fn lease(&self, name: &str, holder: &str, millis: u64) -> Result<bool, StoreError> {
        let now = self.inner.clock.now();
        let mut state = self.state()?;
        let taken = state.leases.get(name);
        if taken.is_some_and(|(other, until)| other != holder && *until > now) {
            return Ok(false);
        }
        let until = now.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        state.leases.insert(name.to_owned(), (holder.to_owned(), until));
        Ok(true)
    }

    async fn applied(&self, journal: &str) -> Result<Vec<u64>, StoreError> {
        let known = self.state()?.applied.get(journal).cloned();
        Ok(known.unwrap_or_else(|| vec![0; usize::from(SHARDS)]))
    }

    async fn set_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
        positions: &[u64],
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.is_current(incarnation)?;
        for (shard, position) in positions.iter().enumerate() {
            state.forward(journal, shard, *position);
        }
        Ok(())
    }

    async fn register_journal(&self, journal: &str) -> Result<(), StoreError> {
        self.state()?.journals.entry(journal.to_owned()).or_insert(false);
        Ok(())
    }

    async fn unregister_journal(&self, journal: &str) -> Result<(), StoreError> {
        self.state()?.journals.remove(journal);
        Ok(())
    }

    async fn journals(&self) -> Result<Vec<(String, bool)>, StoreError> {
        let state = self.state()?;
        Ok(state.journals.iter().map(|(name, applied)| (name.clone(), *applied)).collect())
    }

    async fn journal_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
    ) -> Result<(), StoreError> {
        let mut state = self.state()?;
        state.is_current(incarnation)?;
        state.journals.insert(journal.to_owned(), true);
        Ok(())
    }

    async fn recovered(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        let mut state = self.state()?;
        state.is_current(incarnation)?;
        if state.recovering && state.journals.values().any(|applied| !applied) {
            return Ok(false);
        }
        state.recovering = false;
        Ok(true)
    }

    async fn reset(&self) -> Result<(), StoreError> {
        let mut state = self.state()?;
        let mut journals = std::mem::take(&mut state.journals);
        let outbox = std::mem::take(&mut state.outbox);
        journals.values_mut().for_each(|applied| *applied = false);
        state.forget();
        (state.journals, state.outbox) = (journals, outbox);
        Ok(())
    }
}
