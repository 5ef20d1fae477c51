//! Forgetting a tenant: the account in its commit, and what lies beside it soon after.
//!
//! Rules:
//! 1. A tenant that owes something, disputes something or pays by a plan is not forgotten: the event is
//!    parked until a person replays it. It is judged when it comes and when it is replayed; while the
//!    store is away it is refused, because nobody knows.
//! 2. A line of a journal that says that a tenant is forgotten was judged: what is restored from it is
//!    not judged again.
//! 3. What is beside the account (the own journal, what is parked) is erased after the commit. That it
//!    is to be done is marked before, and that it was done afterwards, for each journal: whoever dies in
//!    between does it later, and every replica does it with its own journal.
//! 4. A line that brings back what was erased asks for it once more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::Ledger;
use super::accept::{Item, Outcome};
use super::draft::Draft;
use super::entry::{Entry, record_line};
use crate::domain::event;
use crate::domain::fact::TenantForgotten;
use crate::domain::forget::{Debts, Erasure, is_forgetting};
use crate::domain::id::{Derivation, Derived, RecordId, Source, TenantId};
use crate::domain::record::{Fact, Record};
use crate::domain::time::Instant;
use crate::store::any::AnyStore;
use crate::store::marks::{Mark, Marks as _};
use crate::store::{Parked, Store as _, StoreError, form};

/// What of an event that was refused is kept of a tenant that was forgotten: what money it was.
const KEPT: [&str; 4] = ["invoice", "payment", "amount", "amount_paid"];

/// What forgetting does not reach, for people.
const REMAINS: &[&str] = &[
    "journals of other replicas, until those look after theirs: within a minute of running",
    "exports, backups, and the dumps and append-only files of a Redis: let them go, or rewrite them",
    "mail that left, and what mail servers and logs say of it",
];

/// Tenants of whom a line was read that is to be erased.
#[derive(Debug, Default)]
pub(super) struct Unerased(Mutex<BTreeSet<TenantId>>);

impl Unerased {
    fn add(&self, tenant: &TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone());
    }

    fn all(&self) -> BTreeSet<TenantId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remove(&self, tenants: &BTreeSet<TenantId>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|tenant| !tenants.contains(tenant));
    }
}

impl Item {
    /// What stands in the way of forgetting a tenant, if the item asks for that and something does.
    pub(super) fn debts_before(&self, draft: &mut Draft) -> Option<Debts> {
        let asks = is_forgetting(&self.record) && !self.journaled && !draft.knows(&self.record);
        let now = draft.now();
        asks.then(|| Debts::of(draft.account(), now)).filter(|debts| !debts.is_empty())
    }
}

impl Ledger {
    /// Forgets a tenant, for the `n`-th time: asked twice, it is done once. Parked: it has open debt.
    pub async fn forget(&self, tenant: &TenantId, n: usize, said: TenantForgotten) -> Outcome {
        // What gates left there of its people is taken first, and erased with the rest.
        if let Err(error) = self.drain_inbox().await {
            tracing::warn!(%tenant, %error, "the inbox was not worked off before");
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let id: Derived = Derivation::of("forgotten").text(tenant.as_str()).number(n).finish();
        let id = RecordId::derived("forgotten", id);
        let parked = super::parked::id_of(Source::OWN, id.as_str());
        let outcome = self.record(tenant, id, Fact::TenantForgotten(said)).await;
        if outcome == Outcome::Accepted
            && let Err(error) = self.unpark(&parked).await
        {
            tracing::warn!(%tenant, %error, "the event stays parked, and is done all the same");
        }
        outcome
    }

    /// What no command of ours can erase, for people: what holds a copy of its own.
    #[must_use]
    pub fn remains_of_forgotten(&self) -> &'static [&'static str] {
        REMAINS
    }

    /// Parks it for a person.
    pub(super) async fn park_forgetting(
        &self,
        tenant: &TenantId,
        record: &Record,
        debts: &Debts,
    ) -> Result<Outcome, StoreError> {
        let reason = format!(
            "open debt: {debts}. Settle it or write it off, then replay this: until then nothing \
             is forgotten"
        );
        let parked = super::parked::of_record(tenant, record, &reason);
        tracing::info!(%tenant, "open debt: the tenant is not forgotten, a person is asked");
        self.park(parked).await?;
        Ok(Outcome::Parked)
    }

    /// Erases what was forgotten of items that are about to be journaled.
    pub(super) fn erase_items(&self, tenant: &TenantId, items: &mut [Item], draft: &mut Draft) {
        for item in items {
            if draft.erase(&mut item.record) && item.journaled {
                self.inner.unerased.add(tenant);
            }
        }
    }

    /// Of records that were just read from a journal: whether it is to be erased once more.
    pub(super) fn ask_to_erase_again(
        &self,
        tenant: &TenantId,
        records: &[Record],
        draft: &mut Draft,
    ) {
        if records.iter().any(|record| draft.erase(&mut record.clone())) {
            self.inner.unerased.add(tenant);
        }
    }

    /// Marks a tenant that one of these new items forgets, before that is committed.
    pub(super) async fn ask_to_erase(
        &self,
        tenant: &TenantId,
        items: &[Item],
        news: &[usize],
    ) -> Result<(), StoreError> {
        let records: Vec<Record> = news
            .iter()
            .map(|index| &items[*index].record)
            .filter(|record| is_forgetting(record))
            .cloned()
            .collect();
        self.mark_forgotten(tenant, &records).await
    }

    /// Marks a tenant that one of these records forgets.
    pub(super) async fn mark_forgotten(
        &self,
        tenant: &TenantId,
        records: &[Record],
    ) -> Result<(), StoreError> {
        let forgetting = records.iter().filter(|record| is_forgetting(record));
        match forgetting.map(|record| record.time).max() {
            Some(at) => {
                let names = vec![(tenant.as_str().to_owned(), at)];
                self.store().mark(Mark::Forgotten, names).await
            }
            None => Ok(()),
        }
    }

    /// Erases what is left beside the accounts; what cannot be done now is done later.
    pub(super) async fn look_after_forgotten(&self) {
        if let Err(error) = self.sweep_forgotten().await {
            tracing::warn!(%error, "what lies beside accounts is not erased yet: it is tried again");
        }
    }

    /// Erases what is left of forgotten tenants beside their accounts.
    pub(super) async fn sweep_forgotten(&self) -> Result<(), StoreError> {
        let again = self.inner.unerased.all();
        let asked = self.store().marks(Mark::Forgotten).await?;
        if asked.is_empty() && again.is_empty() {
            return Ok(());
        }
        let done = self.store().marks(Mark::Erased).await?;
        let is_done = |name: &str, at: Instant| {
            done.get(&self.erased_name(name)).is_some_and(|done| *done >= at)
        };
        let left = asked.iter().filter(|(name, at)| !is_done(name, **at));
        let left = left.filter_map(|(name, _)| name.parse::<TenantId>().ok());
        let mut erasures = BTreeMap::new();
        for tenant in left.chain(again.iter().cloned()) {
            let Some(stored) = self.store().load(&tenant).await? else { continue };
            // Marked, and not committed yet: it is left for later.
            let Some(erasure) = Erasure::of(&form::records(&tenant, &stored)?) else { continue };
            erasures.insert(tenant, erasure);
        }
        if erasures.is_empty() {
            return Ok(());
        }
        self.erase_parked(&erasures).await?;
        let erasures = Arc::new(erasures);
        self.erase_journal(erasures.clone()).await?;
        let names = erasures.iter();
        let names = names.map(|(it, erasure)| (self.erased_name(it.as_str()), erasure.until()));
        self.store().mark(Mark::Erased, names.collect()).await?;
        self.inner.unerased.remove(&again);
        tracing::info!(tenants = erasures.len(), "what lay beside accounts is erased");
        Ok(())
    }

    /// What is marked as erased: a tenant in the journal that is this process's own.
    fn erased_name(&self, tenant: &str) -> String {
        let journal = self.journal().map(|journal| journal.name());
        format!("{} {tenant}", journal.as_deref().unwrap_or("store"))
    }

    /// Erases what the own journal says of these tenants.
    async fn erase_journal(&self, erasures: Arc<Erasures>) -> Result<(), StoreError> {
        let change = Arc::new(move |line: &[u8]| erased_line(line, &erasures));
        let lines = match (self.journal(), self.store()) {
            (Some(journal), _) => journal.erase(change).await?,
            (None, AnyStore::Embedded(store)) => store.erase_entries(change).await?,
            (None, _) => 0,
        };
        tracing::info!(lines, "lines of the journal were erased");
        Ok(())
    }

    /// Erases what is parked of these tenants.
    async fn erase_parked(&self, erasures: &Erasures) -> Result<(), StoreError> {
        for parked in self.store().parked().await? {
            if let Some(erased) = erased_event(&parked, erasures) {
                self.store().unpark(&parked.id).await?;
                self.store().park(erased).await?;
            }
        }
        Ok(())
    }
}

/// What is erased, by tenant.
type Erasures = BTreeMap<TenantId, Erasure>;

/// A parked event without what was forgotten. `None`: nothing of it was.
fn erased_event(parked: &Parked, erasures: &Erasures) -> Option<Parked> {
    let mut erased = parked.clone();
    if let Ok(incoming) = event::restore(&parked.event) {
        let mut record = incoming.record;
        erasures.get(&incoming.tenant)?.erase(&mut record).then_some(())?;
        erased.event = event::to_json(&incoming.tenant, &record);
        return Some(erased);
    }
    // It was refused for what it is: what cannot be read keeps its name and its money.
    let refused = &mut erased.event["refused"];
    let tenant: TenantId = refused["subject"].as_str()?.parse().ok()?;
    erasures.get(&tenant)?;
    let data = refused["data"].as_object_mut()?;
    let before = data.len();
    data.retain(|name, _| KEPT.contains(&name.as_str()));
    (data.len() < before).then_some(erased)
}

/// A line of a journal without what was forgotten. `None`: nothing of it was.
fn erased_line(line: &[u8], erasures: &Erasures) -> Option<Vec<u8>> {
    let names = |tenant: &TenantId| {
        let name = serde_json::Value::from(tenant.as_str()).to_string();
        line.windows(name.len()).any(|part| part == name.as_bytes())
    };
    erasures.keys().any(names).then_some(())?;
    match Entry::read(line).ok()? {
        Entry::Record(incoming) => {
            let mut record = incoming.record;
            let changed = erasures.get(&incoming.tenant)?.erase(&mut record);
            changed.then(|| record_line(&incoming.tenant, &record))
        }
        Entry::Parked(parked) => Some(Entry::Parked(erased_event(&parked, erasures)?).write()),
        _ => None,
    }
}
