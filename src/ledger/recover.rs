//! From the journal into the store: what was left behind, and all of it where the store lost its
//! memory (SPEC 5.13, 7).
//!
//! Rules:
//! 1. Reading a journal again changes nothing that is known: any number of journals, in any order
//!    and any number of times, give the same accounts (law 6).
//! 2. A store that recovers is told facts and decisions as they were, and decides nothing. It tells
//!    no standing until every journal is in, because a payment may be in the next one; then each
//!    tenant has the grant that all its records give, and is due at once.
//! 3. Which journals there are is lost with a store: every journal names the others, and whoever
//!    reads it names them to the store again, before that counts it as applied.
//! 4. An empty store looks the same whether it was never used or has forgotten all, and a process
//!    with an empty journal may be the newest of several: so a first start is a recovery too, and
//!    lasts as long as the others need to name theirs, and as a lease.
//! 5. A store counts a journal as applied only with all that was acknowledged by then in it; a fact
//!    that comes later is in the store, too, before it is acknowledged.
//! 6. A line that cannot be read is said, counted and passed over: the others count.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use futures_util::StreamExt as _;

use super::accept::Item;
use super::beside::restored;
use super::draft::{Draft, Reading};
use super::entry::{Entry, Heard, JournalNamed};
use super::journaled::Journaled;
use super::{Ledger, parked};
use crate::domain::event::{Incoming, restore};
use crate::domain::forget::is_forgetting;
use crate::domain::id::TenantId;
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::store::marks::{Mark, Marks as _};
use crate::store::{Condition, Incarnation, Parked, Store as _, StoreError, form};

/// How many lines are read at once.
pub(super) const LINES_AT_ONCE: usize = 2_000;
/// How many tenants are written at the same time.
const TENANTS_AT_ONCE: usize = 64;
/// How often somebody else may be faster.
const CONFLICTS_MAX: usize = 50;

/// What a store is in that a journal is read into.
#[derive(Clone, Debug)]
pub(super) enum Into {
    Ready,
    Recovering(Incarnation),
}

impl Ledger {
    /// Stores what waits in the journal.
    pub(super) async fn catch_up(&self, incarnation: &Incarnation) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        while let Some((marks, from)) = journal.behind() {
            // After the marks: what they stand for is before this.
            let end = journal.end();
            let mut position = from;
            while position < end {
                let lines = journal.read(position, LINES_AT_ONCE).await?;
                let Some((last, _)) = lines.last() else { break };
                position = last + 1;
                self.apply(lines, &Into::Ready).await?;
            }
            // Before the store counts it as read: what was to be forgotten is in the lines.
            self.look_after_forgotten().await;
            journal.caught_up(&marks);
            self.write_positions(incarnation).await?;
            self.take_in_all().await?;
            tracing::info!(from, end, "what waited in the journal is stored");
        }
        Ok(())
    }

    /// Tells the store how far the journal is applied.
    pub(super) async fn write_positions(
        &self,
        incarnation: &Incarnation,
    ) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        self.store().set_applied(incarnation, &journal.name(), &journal.positions()).await
    }

    /// One look at a store that recovers. `true`: the recovery is over.
    pub(super) async fn recover(
        &self,
        incarnation: &Incarnation,
        real: Instant,
    ) -> Result<bool, StoreError> {
        if let Some(journal) = self.journal() {
            self.store().register_journal(&journal.name()).await?;
            self.read_to_the_end(journal, incarnation).await?;
            self.take_in_all().await?;
            // What came meanwhile is little; what comes now waits until the store was told.
            let mut told = self.inner.told_applied.write().await;
            self.read_to_the_end(journal, incarnation).await?;
            self.store().journal_applied(incarnation, &journal.name()).await?;
            *told = Some(incarnation.clone());
        } else {
            self.take_in_all().await?;
        }
        // Before a gate can read what restricts.
        self.end_silence(real).await?;
        if !self.store().rows(None, 1).await?.is_empty() {
            self.note_enforced().await?;
        }
        self.store().recovered(incarnation).await
    }

    /// Reads what the journal has into a store that recovers.
    async fn read_to_the_end(
        &self,
        journal: &Journaled,
        incarnation: &Incarnation,
    ) -> Result<(), StoreError> {
        let marks = journal.behind().map(|(marks, _)| marks).unwrap_or_default();
        let end = journal.end();
        let mut position = self.recovered_up_to(incarnation);
        while position < end {
            let lines = journal.read(position, LINES_AT_ONCE).await?;
            let Some((last, _)) = lines.last() else { break };
            position = last + 1;
            self.apply(lines, &Into::Recovering(incarnation.clone())).await?;
            self.set_recovered_up_to(incarnation, position);
        }
        journal.caught_up(&marks);
        self.write_positions(incarnation).await
    }

    /// A fact that was just journaled, where the store recovers and counts the journal as applied
    /// already: another process may end the recovery before this one reads its journal again.
    pub(super) async fn follow_up(
        &self,
        told: &Incarnation,
        tenant: &TenantId,
        records: Vec<Record>,
    ) -> Result<(), StoreError> {
        match self.store().condition().await? {
            Condition::Recovering(incarnation) if incarnation != *told => Ok(()),
            Condition::Recovering(_) | Condition::Ready(_) => {
                self.restore(tenant, records, told).await
            }
        }
    }

    /// Sees to it that the store names this journal, and this journal all others.
    pub(super) async fn note_journals(&self) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        let (own, known) = (journal.name(), self.store().journals().await?);
        if !known.iter().any(|(name, _)| **name == *own) {
            self.store().register_journal(&own).await?;
        }
        let at = self.store().now().await?;
        for (name, _) in known.into_iter().filter(|(name, _)| **name != *own) {
            let noted = || self.inner.noted.lock().unwrap_or_else(PoisonError::into_inner);
            if noted().contains(&name) {
                continue;
            }
            let named = JournalNamed { journal: name.clone(), given_up: false, at };
            journal.append(vec![Entry::Journal(named).write()]).await?;
            noted().insert(name);
        }
        Ok(())
    }

    fn recovered_up_to(&self, incarnation: &Incarnation) -> u64 {
        let known = self.inner.recovered_up_to.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(known, _)| known == incarnation).map_or(0, |(_, at)| *at)
    }

    fn set_recovered_up_to(&self, incarnation: &Incarnation, position: u64) {
        *self.inner.recovered_up_to.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((incarnation.clone(), position));
    }

    /// Takes in what is parked for tenants that are known by now.
    pub(super) async fn take_in_all(&self) -> Result<(), StoreError> {
        for event in self.store().parked().await? {
            let Ok(incoming) = restore(&event.event) else { continue };
            if is_forgetting(&incoming.record) {
                // For a person.
                continue;
            }
            if self.store().load(&incoming.tenant).await?.is_none() {
                continue;
            }
            match self.store().condition().await? {
                Condition::Ready(_) => {
                    if let Err(error) = self.replay(&event, None, false).await {
                        tracing::warn!(id = %event.id, %error, "a parked event stays parked");
                    }
                }
                Condition::Recovering(incarnation) => {
                    self.restore(&incoming.tenant, vec![incoming.record], &incarnation).await?;
                    self.store().unpark(&event.id).await?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn apply(
        &self,
        lines: Vec<(u64, Vec<u8>)>,
        into: &Into,
    ) -> Result<(), StoreError> {
        let mut tenants: BTreeMap<TenantId, Vec<Record>> = BTreeMap::new();
        for (position, line) in lines {
            match Entry::read(&line) {
                Ok(Entry::Record(Incoming { tenant, record })) => {
                    tenants.entry(tenant).or_default().push(record);
                }
                Ok(entry) => self.apply_entry(entry).await?,
                Err(faults) => {
                    metrics::counter!("ambergate_journal_unreadable_total").increment(1);
                    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                    tracing::error!(position, ?faults, "a line of the journal is passed over");
                }
            }
        }
        let works = tenants.into_iter().map(|(tenant, records)| async move {
            match into {
                Into::Ready => {
                    let items = records.into_iter().map(Item::journaled).collect();
                    self.accept_journaled(&tenant, items).await
                }
                Into::Recovering(incarnation) => self.restore(&tenant, records, incarnation).await,
            }
        });
        let mut done = futures_util::stream::iter(works).buffer_unordered(TENANTS_AT_ONCE);
        while let Some(stored) = done.next().await {
            stored?;
        }
        Ok(())
    }

    async fn apply_entry(&self, entry: Entry) -> Result<(), StoreError> {
        match entry {
            Entry::Record(_) => Ok(()),
            Entry::Published(version) => self.store().publish(version).await,
            Entry::Parked(parked) => self.store().park(parked).await.map(drop),
            Entry::Released(id) => self.release(&id).await,
            Entry::Journal(named) if named.given_up => {
                self.store().unregister_journal(&named.journal).await
            }
            Entry::Beat(beat) => {
                self.heard_of_beat(beat.at);
                Ok(())
            }
            Entry::Heard(Heard { source, at }) => {
                self.store().mark(Mark::Heard, vec![(source.as_str().to_owned(), at)]).await
            }
            Entry::Journal(named) => self.store().register_journal(&named.journal).await,
            Entry::Alias(alias) => match self.store().alias(&alias.name).await? {
                Some(known) if known.at >= alias.at => Ok(()),
                _ => self.store().set_alias(alias).await,
            },
            Entry::Breaker(breaker) => self.restore_breaker(breaker).await,
            Entry::Switch(switch) => {
                let known = self.store().switch().await?;
                let newer = (switch.generation, switch.at) > (known.generation, known.at);
                if !newer {
                    return Ok(());
                }
                match self.store().set_switch(&known, switch).await {
                    // Somebody set it meanwhile: that is newer.
                    Err(StoreError::Conflict) => Ok(()),
                    set => set,
                }
            }
        }
    }

    /// What was replayed for the tenant that it names is in the journal once only, from when it
    /// was parked: it is taken in with the rest, when every tenant is known.
    async fn release(&self, id: &str) -> Result<(), StoreError> {
        let parked = self.store().parked().await?;
        let forgets = |it: &Parked| restore(&it.event).is_ok_and(|it| is_forgetting(&it.record));
        let named = |it: &Parked| it.id == id && it.event.get("subject").is_some() && !forgets(it);
        if parked.iter().any(named) { Ok(()) } else { self.store().unpark(id).await }
    }

    /// Records as they were, into a store that recovers.
    async fn restore(
        &self,
        tenant: &TenantId,
        records: Vec<Record>,
        incarnation: &Incarnation,
    ) -> Result<(), StoreError> {
        for _ in 0..CONFLICTS_MAX {
            match self.try_restore(tenant, &records, incarnation).await {
                Err(StoreError::Conflict) => {}
                Err(StoreError::Unreadable { place, detail }) => {
                    tracing::error!(%place, %detail, "a tenant could not be restored");
                    return Ok(());
                }
                done => return done,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    async fn try_restore(
        &self,
        tenant: &TenantId,
        records: &[Record],
        incarnation: &Incarnation,
    ) -> Result<(), StoreError> {
        let mut draft = self.draft_in_recovery(tenant, incarnation).await?;
        let mut changed = false;
        for record in records {
            changed |= draft.restore(record.clone());
        }
        self.ask_to_erase_again(tenant, records, &mut draft);
        self.mark_forgotten(tenant, records).await?;
        if !changed {
            return Ok(());
        }
        if !draft.is_created() {
            for record in records {
                let reason = "its tenant is not known";
                self.store().park(parked::of_record(tenant, record, reason)).await?;
            }
            return Ok(());
        }
        self.commit_restored(draft, Vec::new()).await
    }

    pub(super) async fn draft_in_recovery(
        &self,
        tenant: &TenantId,
        incarnation: &Incarnation,
    ) -> Result<Draft, StoreError> {
        let store = self.store();
        let (now, stored, around) =
            tokio::try_join!(store.now(), store.load(tenant), self.around())?;
        let records = stored.as_ref().map(|stored| form::records(tenant, stored)).transpose()?;
        let mut situation = self.situation(Some(tenant), now, &around);
        situation.ready = false;
        let reading = Reading {
            incarnation: incarnation.clone(),
            expected: stored.map(|stored| stored.digest),
            records: records.unwrap_or_default(),
            situation,
        };
        Ok(Draft::new(tenant.clone(), reading, self.law()))
    }

    /// Commits what was restored, with the grant that it gives; the tenant is due at once.
    /// `entries`: what is to be journaled with it.
    pub(super) async fn commit_restored(
        &self,
        draft: Draft,
        entries: Vec<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let commit = restored(draft, entries).await?;
        self.store().commit(commit).await.map(drop)
    }
}
