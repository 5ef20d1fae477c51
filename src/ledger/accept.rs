//! The road of a fact: read, journal, decide what follows, commit, journal that, answer (5.13).
//!
//! Rules:
//! 1. What is answered with [`Outcome::Accepted`] is durable: in the store, or at least in the
//!    journal, from where it is stored as soon as that is possible.
//! 2. What is known is not journaled again: a copy never gets a later `learnt`.
//! 3. All facts of one tenant in one call are one commit.
//! 4. A tenant that nothing created yet has its facts parked; creating it takes them all in.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use serde_json::Value;

use super::beside::{Worked, work_out};
use super::draft::{Added, Draft, Reading};
use super::entry::record_line;
use super::journaled::Mark;
use super::{Ledger, fault};
use crate::domain::event::Incoming;
use crate::domain::forget::is_forgetting;
use crate::domain::id::{RecordId, Source, TenantId};
use crate::domain::plan::Plan;
use crate::domain::record::{Body, Fact, Record};
use crate::domain::time::Instant;
use crate::store::{Store as _, StoreError, form, outbox_name, shard_of};

/// How often somebody else may be faster before that is taken for an outage.
const CONFLICTS_MAX: usize = 50;
/// How many tenants of one call are worked on at the same time.
const TENANTS_AT_ONCE: usize = 64;

/// What became of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Durable, and in force as soon as the store can be reached.
    Accepted,
    /// It was known.
    Duplicate,
    /// Kept until its tenant is known.
    Parked,
    /// Not kept: neither the store nor a journal can be written. Send it again.
    Unavailable,
}

/// A record on its way in.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) record: Record,
    /// It is in a journal already.
    pub(super) journaled: bool,
    /// It is made here: its time is when it is committed.
    pub(super) own: bool,
}

impl Item {
    pub(super) const fn new(record: Record) -> Self {
        Self { record, journaled: false, own: false }
    }

    pub(super) const fn journaled(record: Record) -> Self {
        Self { record, journaled: true, own: false }
    }
}

/// What a commit came to.
pub(super) struct Settled {
    pub(super) plan: Plan,
    pub(super) draft: Draft,
}

impl Ledger {
    /// Takes facts. Answers one outcome each, in their order.
    pub async fn accept(&self, incoming: Vec<Incoming>) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Unavailable; incoming.len()];
        let mut tenants: BTreeMap<TenantId, (Vec<usize>, Vec<Item>)> = BTreeMap::new();
        let said = self.said(&incoming);
        for (index, Incoming { tenant, record }) in incoming.into_iter().enumerate() {
            let (places, items) = tenants.entry(tenant).or_default();
            places.push(index);
            items.push(Item::new(record));
        }
        let works = tenants.into_iter().map(|(tenant, (places, items))| async move {
            (places, self.accept_items(&tenant, items).await)
        });
        let mut done = futures_util::stream::iter(works).buffer_unordered(TENANTS_AT_ONCE);
        while let Some((places, found)) = done.next().await {
            for (place, outcome) in places.into_iter().zip(found) {
                outcomes[place] = outcome;
            }
        }
        self.hear_all(said, &outcomes).await;
        outcomes
    }

    /// Takes a fact that is made here: a receipt, what an agent agreed. Its time is the store's,
    /// and after everything that is known.
    pub async fn record(&self, tenant: &TenantId, id: RecordId, fact: Fact) -> Outcome {
        let now = self.now().await;
        let record = Record::fact((Source::own(), id), now, now, fact);
        let item = Item { record, journaled: false, own: true };
        let outcomes = self.accept_items(tenant, vec![item]).await;
        outcomes.first().copied().unwrap_or(Outcome::Unavailable)
    }

    /// Takes records of one tenant.
    pub(super) async fn accept_items(
        &self,
        tenant: &TenantId,
        mut items: Vec<Item>,
    ) -> Vec<Outcome> {
        let mut mark = None;
        match self.work_in(tenant, &mut items, &mut mark).await {
            Ok(outcomes) => outcomes,
            Err(error) => self.leave(tenant, items, mark, &error).await,
        }
    }

    /// Takes records of one tenant that are in the journal: if the store cannot, they stay there.
    pub(super) async fn accept_journaled(
        &self,
        tenant: &TenantId,
        mut items: Vec<Item>,
    ) -> Result<(), StoreError> {
        self.work_in(tenant, &mut items, &mut None).await.map(drop)
    }

    async fn work_in(
        &self,
        tenant: &TenantId,
        items: &mut [Item],
        mark: &mut Option<Mark>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let (outcomes, created) = {
            let _alone = self.alone(tenant).await;
            self.work_in_alone(tenant, items, mark).await?
        };
        if let Some(mark) = mark.take() {
            self.finish(mark);
        }
        if created {
            self.take_in(tenant).await;
        }
        if items.iter().any(|item| is_forgetting(&item.record)) {
            self.look_after_forgotten().await;
        }
        self.look_at_kin().await;
        Ok(outcomes)
    }

    async fn work_in_alone(
        &self,
        tenant: &TenantId,
        items: &mut [Item],
        mark: &mut Option<Mark>,
    ) -> Result<(Vec<Outcome>, bool), StoreError> {
        for _ in 0..CONFLICTS_MAX {
            match self.try_accept(tenant, items, mark).await {
                Err(StoreError::Conflict | StoreError::OtherIncarnation) => {}
                Err(StoreError::Unreadable { place, detail }) => {
                    tracing::error!(%tenant, %place, %detail, "facts are parked");
                    let reason = format!("{place} cannot be used: {detail}");
                    let parked = self.park_items(tenant, items, mark, &reason).await?;
                    return Ok((parked, false));
                }
                done => return done,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    /// One try. Whether it created the tenant is answered beside the outcomes.
    async fn try_accept(
        &self,
        tenant: &TenantId,
        items: &mut [Item],
        mark: &mut Option<Mark>,
    ) -> Result<(Vec<Outcome>, bool), StoreError> {
        let mut draft = self.draft(tenant).await?;
        let mut outcomes = vec![Outcome::Duplicate; items.len()];
        let mut news = Vec::new();
        let (mut held, mut unmerged) = (None, Vec::new());
        // Whether a tenant may be forgotten is judged by all that comes with it.
        let (last, first): (Vec<_>, Vec<_>) =
            (0..items.len()).partition(|index| is_forgetting(&items[*index].record));
        for index in first.into_iter().chain(last) {
            let item = &mut items[index];
            if item.own && !item.journaled {
                item.record.time = draft.own_time();
                item.record.learnt = draft.now();
            }
            let into = item.merges_into(&draft);
            let unfit = match &into {
                Some(into) => self.not_to_merge(tenant, into).await?,
                None => None,
            };
            if let Some(debts) = item.debts_before(&mut draft) {
                held = Some((index, debts));
            } else if let Some(reason) = unfit {
                unmerged.push((index, reason));
            } else if draft.add(&item.record) == Added::Yes {
                news.push(index);
                outcomes[index] = Outcome::Accepted;
            }
        }
        if !draft.is_created() {
            let reason = "its tenant is not known";
            return Ok((self.park_items(tenant, items, mark, reason).await?, false));
        }
        self.erase_items(tenant, items, &mut draft);
        let created = !draft.is_known();
        if !news.is_empty() {
            self.ask_to_erase(tenant, items, &news).await?;
            self.journal_items(tenant, items, &news, mark).await?;
            self.settle(tenant, draft, *mark).await?;
        }
        for (index, reason) in unmerged {
            outcomes[index] = self.park_merging(tenant, &items[index].record, &reason).await?;
        }
        if let Some((index, debts)) = held {
            outcomes[index] = self.park_forgetting(tenant, &items[index].record, &debts).await?;
        }
        Ok((outcomes, created))
    }

    /// Decides what follows, commits, and journals the decisions.
    pub(super) async fn settle(
        &self,
        tenant: &TenantId,
        mut draft: Draft,
        mark: Option<Mark>,
    ) -> Result<Settled, StoreError> {
        self.journal_what_was_left().await?;
        self.read_payer(&mut draft).await?;
        let journals = self.journal().is_some();
        let Worked { plan, draft, mut commit } = work_out(draft, journals).await?;
        // A store that is not the known one may lack what this position would vouch for.
        commit.applied = self
            .journal()
            .filter(|_| self.knows(&commit.incarnation))
            .map(|journal| journal.applied(shard_of(tenant), mark));
        if draft.needs_slot() {
            self.take_slot(tenant).await?;
        }
        let lines = commit.entries.clone();
        let name = outbox_name(tenant, commit.stored.digest);
        self.store().commit(commit).await?;
        fault::hit("after-store");
        self.journal_decisions(name, lines).await?;
        fault::hit("after-decisions");
        super::count(tenant, draft.added());
        let draft = self.note_kin(draft);
        Ok(Settled { plan, draft })
    }

    /// Journals those of the items that are not journaled yet.
    async fn journal_items(
        &self,
        tenant: &TenantId,
        items: &mut [Item],
        which: &[usize],
        mark: &mut Option<Mark>,
    ) -> Result<(), StoreError> {
        fault::hit("before-journal");
        let Some(journal) = self.journal() else { return Ok(()) };
        let waiting = which.iter().copied().filter(|index| !items[*index].journaled);
        let waiting: Vec<usize> = waiting.collect();
        if waiting.is_empty() {
            return Ok(());
        }
        mark.get_or_insert_with(|| journal.begin(shard_of(tenant)));
        let lines = waiting.iter().map(|index| record_line(tenant, &items[*index].record));
        journal.append(lines.collect()).await?;
        for index in waiting {
            items[index].journaled = true;
        }
        fault::hit("after-journal");
        Ok(())
    }

    /// Keeps facts that cannot be in an account now.
    async fn park_items(
        &self,
        tenant: &TenantId,
        items: &mut [Item],
        mark: &mut Option<Mark>,
        reason: &str,
    ) -> Result<Vec<Outcome>, StoreError> {
        let known = self.store().parked().await?;
        let is_known = |item: &Item| {
            let id = super::parked::id_of(item.record.source(), &item.record.id());
            known.iter().any(|parked| parked.id == id)
        };
        let news: Vec<usize> = (0..items.len()).filter(|index| !is_known(&items[*index])).collect();
        let forgets = |index: &usize| is_forgetting(&items[*index].record);
        let plain: Vec<usize> = news.iter().copied().filter(|index| !forgets(index)).collect();
        self.journal_items(tenant, items, &plain, mark).await?;
        let mut outcomes = vec![Outcome::Duplicate; items.len()];
        for index in news {
            let parked = super::parked::of_record(tenant, &items[index].record, reason);
            if is_forgetting(&items[index].record) {
                // What the journal has as a record is done.
                self.park(parked).await?;
                outcomes[index] = Outcome::Parked;
            } else if self.store().park(parked).await? {
                super::parked::tell(tenant, &items[index].record, reason);
                outcomes[index] = Outcome::Parked;
            }
        }
        Ok(outcomes)
    }

    /// The store cannot take them now: they stay in the journal, if there is one.
    async fn leave(
        &self,
        tenant: &TenantId,
        mut items: Vec<Item>,
        mut mark: Option<Mark>,
        error: &StoreError,
    ) -> Vec<Outcome> {
        let refused = vec![Outcome::Unavailable; items.len()];
        if items.iter().any(|item| is_forgetting(&item.record) && !item.journaled) {
            tracing::warn!(%tenant, %error, "a tenant is not forgotten while its debts are unknown");
            return refused;
        }
        // No recovery is told that the journal is applied while something is put into it.
        let told = self.inner.told_applied.read().await;
        let Some(journal) = self.journal() else {
            tracing::warn!(%tenant, %error, "facts were not taken");
            return refused;
        };
        let facts: Vec<usize> = (0..items.len()).collect();
        if let Err(journal_error) = self.journal_items(tenant, &mut items, &facts, &mut mark).await
        {
            tracing::error!(%tenant, %error, %journal_error, "facts were not taken");
            // What reached the journal all the same is read again with the rest.
            if let Some(mark) = mark {
                journal.leave_behind(mark);
            }
            return refused;
        }
        match error {
            // Said once, by who looks after the store.
            StoreError::Recovering => tracing::debug!(%tenant, "facts wait in the journal"),
            error => tracing::warn!(%tenant, %error, "facts wait in the journal"),
        }
        if let Some(mark) = mark {
            journal.leave_behind(mark);
        }
        if let (StoreError::Recovering, Some(told)) = (error, &*told) {
            let records = items.into_iter().map(|item| item.record).collect();
            if let Err(error) = self.follow_up(told, tenant, records).await {
                tracing::warn!(%tenant, %error, "facts of a recovery wait in the journal");
            }
        }
        self.wake_up();
        vec![Outcome::Accepted; refused.len()]
    }

    /// A tenant that was just created takes in what was parked for it.
    pub(super) async fn take_in(&self, tenant: &TenantId) {
        let parked = match self.store().parked().await {
            Ok(parked) => parked,
            Err(error) => {
                tracing::warn!(%tenant, %error, "parked events must be replayed by hand");
                return;
            }
        };
        let named = |event: &Value| {
            event["subject"] == tenant.as_str()
                || event["type"] == "ambergate.tenant.merged"
                    && event["data"]["into"] == tenant.as_str()
        };
        for event in parked.iter().filter(|it| named(&it.event)) {
            if let Err(error) = Box::pin(self.replay(event, None, false)).await {
                tracing::warn!(%tenant, %error, "a parked event stays parked");
            }
        }
    }

    /// Reads a tenant, and what is true around it.
    pub(super) async fn draft(&self, tenant: &TenantId) -> Result<Draft, StoreError> {
        let store = self.store();
        let (incarnation, now, stored, around) =
            tokio::try_join!(self.ready(), store.now(), store.load(tenant), self.around())?;
        let records = stored.as_ref().map(|stored| form::records(tenant, stored)).transpose()?;
        let reading = Reading {
            incarnation,
            expected: stored.map(|stored| stored.digest),
            records: records.unwrap_or_default(),
            situation: self.situation(Some(tenant), now, &around),
        };
        let mut draft = Draft::new(tenant.clone(), reading, self.law());
        self.read_merged(&mut draft).await?;
        Ok(draft)
    }
}

/// A fact that is made here, as an event: for those who know its time already.
#[must_use]
pub fn own_fact(tenant: TenantId, id: RecordId, at: Instant, fact: Fact) -> Incoming {
    let body = Body::Fact { source: Source::own(), id, dated: true, fact };
    Incoming { tenant, record: Record { time: at, learnt: at, body } }
}
