//! From the journal into the store: what was left behind, and all of it where the store lost its
//! memory (SPEC 5.13, 7).
//!
//! Rules:
//! 1. Reading a journal again changes nothing that is known: any number of journals, in any order
//!    and any number of times, give the same accounts (law 6).
//! 2. A store that recovers is told facts and decisions as they were, and decides nothing. The
//!    grants it gets restrict nobody, because a payment may be in the next journal; every tenant
//!    is due at once, and gets its own grant when all is known.
//! 3. A line that cannot be read is said, counted and passed over: the others count.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use futures_util::StreamExt as _;

use super::accept::Item;
use super::draft::{Draft, Reading};
use super::entry::Entry;
use super::{Ledger, parked};
use crate::domain::decision::{Decision, LiftCause, NoticeVoided, StageLifted, VoidCause};
use crate::domain::event::Incoming;
use crate::domain::grant::Grant;
use crate::domain::id::TenantId;
use crate::domain::record::Record;
use crate::store::any::AnyStore;
use crate::store::journal::Journal;
use crate::store::{Condition, Incarnation, Parked, Store as _, StoreError, form};

/// How many lines are read at once.
const LINES_AT_ONCE: usize = 2_000;
/// How many tenants are written at the same time.
const TENANTS_AT_ONCE: usize = 64;
/// How often somebody else may be faster.
const CONFLICTS_MAX: usize = 50;

/// What a store is in that a journal is read into.
#[derive(Clone, Debug)]
enum Into {
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
    pub(super) async fn recover(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        if let Some(journal) = self.journal() {
            self.store().register_journal(&journal.name()).await?;
            let from = self.recovered_up_to(incarnation);
            let marks = journal.behind().map(|(marks, _)| marks).unwrap_or_default();
            let end = journal.end();
            let mut position = from;
            while position < end {
                let lines = journal.read(position, LINES_AT_ONCE).await?;
                let Some((last, _)) = lines.last() else { break };
                position = last + 1;
                self.apply(lines, &Into::Recovering(incarnation.clone())).await?;
                self.set_recovered_up_to(incarnation, position);
            }
            journal.caught_up(&marks);
            self.write_positions(incarnation).await?;
            self.take_in_all().await?;
            self.store().journal_applied(incarnation, &journal.name()).await?;
        } else {
            self.take_in_all().await?;
        }
        self.store().recovered(incarnation).await
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
            let Ok(incoming) = crate::domain::event::restore(&event.event) else { continue };
            if self.store().load(&incoming.tenant).await?.is_none() {
                continue;
            }
            match self.store().condition().await? {
                Condition::Ready(_) => {
                    if let Err(error) = self.replay(&event, None).await {
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

    async fn apply(&self, lines: Vec<(u64, Vec<u8>)>, into: &Into) -> Result<(), StoreError> {
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
            Entry::Switch(switch) => {
                let known = self.store().switch().await?;
                let newer = (switch.generation, switch.at) > (known.generation, known.at);
                if !newer {
                    return Ok(());
                }
                match self.store().set_switch(known.generation, switch).await {
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
        let named = |it: &Parked| it.id == id && it.event.get("subject").is_some();
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
        self.commit_mild(draft).await
    }

    async fn draft_in_recovery(
        &self,
        tenant: &TenantId,
        incarnation: &Incarnation,
    ) -> Result<Draft, StoreError> {
        let store = self.store();
        let (now, stored, switch) =
            tokio::try_join!(store.now(), store.load(tenant), store.switch())?;
        let records = stored.as_ref().map(|stored| form::records(tenant, stored)).transpose()?;
        let mut situation = self.situation(now, &switch);
        situation.ready = false;
        let reading = Reading {
            incarnation: incarnation.clone(),
            expected: stored.map(|stored| stored.digest),
            records: records.unwrap_or_default(),
            situation,
        };
        Ok(Draft::new(tenant.clone(), reading, self.law()))
    }

    /// Commits with a grant that restricts nobody; the tenant is due at once.
    async fn commit_mild(&self, mut draft: Draft) -> Result<(), StoreError> {
        let mut commit = draft.commit(Some(draft.now()), Vec::new())?;
        let Grant { tenant, digest, generation, .. } = commit.grant;
        commit.grant = Grant { generation, ..Grant::full(tenant, digest) };
        self.store().commit(commit).await.map(drop)
    }

    /// Lifts what restricts, and voids what could: the rebuild does not know everything.
    async fn restrict_nobody(&self, incarnation: &Incarnation) -> Result<(), StoreError> {
        let mut after: Option<TenantId> = None;
        loop {
            let rows = self.store().rows(after.as_ref(), LINES_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.tenant.clone());
            for row in rows {
                let mut draft = self.draft_in_recovery(&row.tenant, incarnation).await?;
                let decisions = what_restricts(draft.account());
                if !decisions.is_empty() && draft.decide(decisions) {
                    self.journal_added(&row.tenant, &draft).await?;
                    self.commit_mild(draft).await?;
                }
            }
        }
    }

    async fn journal_added(&self, tenant: &TenantId, draft: &Draft) -> Result<(), StoreError> {
        for record in draft.added() {
            let (tenant, record) = (tenant.clone(), record.clone());
            self.journal_entry(&Entry::Record(Incoming { tenant, record })).await?;
        }
        Ok(())
    }
}

fn what_restricts(account: &crate::domain::account::Account) -> Vec<Decision> {
    let entries = account.cases.iter().flat_map(|case| &case.entries);
    let entered = entries.filter(|it| it.lifted.is_none() && it.entered.stage.restricts());
    let lifted = entered.map(|it| {
        let (entry, cause) = (it.entered.entry, LiftCause::Unlawful);
        Decision::StageLifted(StageLifted { entry, cause })
    });
    let live = account.notices.iter().filter(|it| it.voided.is_none() && it.spent.is_none());
    let voided = live.filter(|it| it.made.names.is_some()).map(|it| {
        let (notice, cause) = (it.made.notice, VoidCause::Leg);
        Decision::NoticeVoided(NoticeVoided { notice, cause })
    });
    lifted.chain(voided).collect()
}

/// What a rebuild came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many lines were read.
    pub lines: u64,
    /// Journals that the store knew and that were not given: whoever was restricted no longer is.
    pub missing: Vec<String>,
}

/// Makes the store anew from journals, the embedded store's own first. With the server stopped.
///
/// # Errors
///
/// The store cannot be used, or a journal cannot be read.
pub async fn rebuild(ledger: &Ledger, journals: &[Journal]) -> Result<Rebuilt, StoreError> {
    let given: Vec<_> = journals.iter().map(Journal::name).collect();
    let registered = ledger.store().journals().await?;
    let names = registered.into_iter().map(|(name, _)| name);
    let missing: Vec<String> =
        names.filter(|name| !given.iter().any(|given| **given == **name)).collect();
    ledger.store().reset().await?;
    let Condition::Recovering(incarnation) = ledger.store().condition().await? else {
        let detail = "it does not recover after a reset".to_owned();
        return Err(StoreError::Unavailable(detail));
    };
    let into = Into::Recovering(incarnation.clone());
    let mut rebuilt = Rebuilt { lines: 0, missing };
    if let AnyStore::Embedded(store) = ledger.store() {
        let mut position = 0;
        loop {
            let lines = store.entries(position, LINES_AT_ONCE)?;
            let Some((last, _)) = lines.last() else { break };
            position = last + 1;
            rebuilt.lines += lines.len() as u64;
            ledger.apply(lines, &into).await?;
        }
    }
    for journal in journals {
        let mut position = 0;
        loop {
            let lines = journal.read(position, LINES_AT_ONCE).await.map_err(StoreError::from)?;
            let Some((last, _)) = lines.last() else { break };
            position = last + 1;
            rebuilt.lines += lines.len() as u64;
            ledger.apply(lines, &into).await?;
        }
    }
    ledger.take_in_all().await?;
    if !rebuilt.missing.is_empty() {
        ledger.restrict_nobody(&incarnation).await?;
    }
    for journal in journals {
        ledger.store().journal_applied(&incarnation, &journal.name()).await?;
    }
    while !ledger.store().recovered(&incarnation).await? {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    Ok(rebuilt)
}
