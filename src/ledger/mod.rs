//! The ledger: the one place that writes accounts (SPEC 5.13 – 5.15).
//!
//! The road of a fact is [`Ledger::accept`], that of a timer [`Ledger::advance`] and
//! [`Ledger::try_message`]; [`Ledger::run`] keeps the store alive, works off what the journal is
//! ahead, and brings a store back that lost its memory.
//!
//! Rules:
//! 1. Facts: journal, store, answer. Decisions: store, journal, act. One that lost its commit is
//!    never journaled.
//! 2. Every commit is reckoned from the account as just read, and compares its digest; who was
//!    slower reads again.
//! 3. While the store recovers nothing is decided and nothing is sent.
//! 4. What restricts is decided only while this process's clock is within a minute of the
//!    store's, and all that was received is worked off; `plan` sees to it.

mod accept;
mod advance;
mod alias;
mod ask;
mod beside;
mod breaker;
mod calls;
mod draft;
mod entry;
pub mod fault;
mod feeds;
mod forget;
mod inbox;
mod journaled;
mod law;
mod merged;
mod migrate;
mod outbox;
mod parked;
mod payers;
mod rebuild;
mod recover;
mod run;
mod silence;
mod switch;
mod unlisted;

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, MutexGuard, Notify, RwLock};

pub use accept::{Outcome, own_fact};
pub use advance::{Advanced, Envelope};
pub use ask::{Answer, Asker, NoAnswer};
pub use breaker::Limit;
pub use calls::Calling;
pub use entry::{BeatNoted, Entry, Heard, JournalNamed};
pub use feeds::{Declared, Silent};
pub use migrate::{Migration, Moved};
pub use parked::{ReplayError, of_event as parked_event};
pub use rebuild::{Rebuilt, rebuild};

use self::journaled::{Journaled, Mark};
use crate::clock::Clock;
use crate::domain::account::Account;
use crate::domain::decision::{Decision, Step, TaskKind};
use crate::domain::grant::Grant;
use crate::domain::id::TenantId;
use crate::domain::plan::{Asking, Situation};
use crate::domain::policy::Law;
use crate::domain::publish::publish;
use crate::domain::record::Record;
use crate::domain::time::{Instant, MINUTE};
use crate::domain::view::view;
use crate::store::any::AnyStore;
use crate::store::journal::Journal;
use crate::store::{Condition, Incarnation, Row, Store as _, StoreError, Switch};

/// How many tenants of this process may be worked on at the same time; two that share a place
/// wait for one another.
const PLACES: usize = 1_024;

/// How far this process's clock may be from the store's.
const CLOCKS_APART_MAX: i64 = MINUTE;

/// The one writer of accounts. A copy is the same ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    inner: Arc<Inner>,
}

/// Where a tenant stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub tenant: TenantId,
    /// All that is recorded, and what counts here of other tenants.
    pub records: Vec<Record>,
    /// What they make.
    pub account: Account,
    /// What gates are told of it.
    pub grant: Grant,
    /// What is true around it.
    pub situation: Situation,
    /// The rules that it was reckoned by.
    pub law: Arc<Law>,
}

/// What people and guards set, for everybody.
#[derive(Debug)]
struct Around {
    switch: Switch,
    slots: bool,
    heard: bool,
}

#[derive(Debug)]
struct Inner {
    store: AnyStore,
    journal: Option<Journaled>,
    clock: Clock,
    law: ArcSwap<Law>,
    places: Vec<Mutex<()>>,
    inbox: inbox::Inbox,
    known: std::sync::Mutex<Option<Incarnation>>,
    recovered_up_to: std::sync::Mutex<Option<(Incarnation, u64)>>,
    /// The recovery that was told that the whole journal is applied.
    told_applied: RwLock<Option<Incarnation>>,
    /// The recovery under way, and how often it was looked at.
    looked: std::sync::Mutex<Option<(Incarnation, u32)>>,
    /// Journals whose names are in the own one.
    noted: std::sync::Mutex<BTreeSet<String>>,
    outbox: outbox::Outbox,
    silence: silence::Silence,
    told: switch::Told,
    breaker: breaker::Guard,
    feeds: feeds::Feeds,
    asker: ask::Known,
    kin: payers::Kin,
    unerased: forget::Unerased,
    wake_up: Notify,
    sweep: Notify,
}

impl Ledger {
    /// A ledger over `store`. `journal`: its own, where the store keeps none itself.
    #[must_use]
    pub fn new(store: AnyStore, journal: Option<Journal>, clock: Clock, law: Law) -> Self {
        let inner = Inner {
            store,
            journal: journal.map(Journaled::new),
            clock,
            law: ArcSwap::from_pointee(law),
            places: (0..PLACES).map(|_| Mutex::new(())).collect(),
            inbox: inbox::Inbox::default(),
            known: std::sync::Mutex::default(),
            recovered_up_to: std::sync::Mutex::default(),
            told_applied: RwLock::default(),
            looked: std::sync::Mutex::default(),
            noted: std::sync::Mutex::default(),
            outbox: outbox::Outbox::new(),
            silence: silence::Silence::default(),
            told: switch::Told::default(),
            breaker: breaker::Guard::default(),
            feeds: feeds::Feeds::default(),
            asker: ask::Known::nobody(),
            kin: payers::Kin::default(),
            unerased: forget::Unerased::default(),
            wake_up: Notify::new(),
            sweep: Notify::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The store's time; while it cannot be reached, this process's own.
    pub async fn now(&self) -> Instant {
        self.store().now().await.unwrap_or_else(|_| self.inner.clock.now())
    }

    /// The rules in force.
    #[must_use]
    pub fn law(&self) -> Arc<Law> {
        self.inner.law.load_full()
    }

    /// Whether decisions may be taken.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn condition(&self) -> Result<Condition, StoreError> {
        self.store().condition().await
    }

    /// All of a tenant's records, with what counts of others, and what they make. `None`: never heard of it.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn account(
        &self,
        tenant: &TenantId,
    ) -> Result<Option<(Vec<Record>, Account)>, StoreError> {
        let Some(stored) = self.store().load(tenant).await? else { return Ok(None) };
        let bytes = stored.account.len();
        let records = self.records_of(tenant, stored).await?;
        let (tenant, law) = (tenant.clone(), self.law());
        beside::reckoned(bytes, move || {
            let account = view(&tenant, &records, &law);
            Ok(Some((records, account)))
        })
        .await
    }

    /// Lines of tenants by id, after `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn rows(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.store().rows(after, limit).await
    }

    /// Where a tenant stands, reckoned now, for showing it. `None`: never heard of it.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn standing(&self, tenant: &TenantId) -> Result<Option<Standing>, StoreError> {
        let store = self.store();
        let (now, stored, around) =
            tokio::try_join!(store.now(), store.load(tenant), self.around())?;
        let Some(stored) = stored else { return Ok(None) };
        let (law, situation) = (self.law(), self.situation(Some(tenant), now, &around));
        let (bytes, digest) = (stored.account.len(), stored.digest);
        let records = self.records_of(tenant, stored).await?;
        let tenant = tenant.clone();
        beside::reckoned(bytes, move || {
            let situation = draft::present(&records, situation);
            let account = view(&tenant, &records, &law);
            let (grant, _) = publish(&tenant, &account, &law, digest, &situation);
            Ok(Some(Standing { tenant, records, account, grant, situation, law }))
        })
        .await
    }

    /// What is true now around every account.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn present(&self) -> Result<Situation, StoreError> {
        let (now, around) = tokio::try_join!(self.store().now(), self.around())?;
        Ok(self.situation(None, now, &around))
    }

    /// The store that is written to.
    #[must_use]
    pub fn store(&self) -> &AnyStore {
        &self.inner.store
    }

    fn journal(&self) -> Option<&Journaled> {
        self.inner.journal.as_ref()
    }

    /// What people and guards set, for everybody.
    async fn around(&self) -> Result<Around, StoreError> {
        let (switch, slots, heard) =
            tokio::try_join!(self.store().switch(), self.may_have_slots(), self.all_are_heard())?;
        Ok(Around { switch, slots, heard })
    }

    /// What is true around a tenant, or around all of them.
    fn situation(&self, tenant: Option<&TenantId>, now: Instant, around: &Around) -> Situation {
        let apart = self.inner.clock.now().millis().abs_diff(now.millis());
        let behind = self.journal().is_some_and(|journal| journal.behind().is_some());
        Situation {
            now,
            ready: true,
            feeds: !behind && self.inner.inbox.is_clear(),
            heard: around.heard,
            slots: around.slots,
            switch_open: around.switch.open || self.inner.told.is_off(tenant),
            notices_held: self.inner.told.holds_notices(),
            digest_required: self.inner.told.needs_digest(),
            observed: !around.switch.open && self.inner.told.is_off(tenant),
            generation: around.switch.generation,
            clock_agrees: apart <= CLOCKS_APART_MAX.unsigned_abs(),
            asking: Asking { of: self.inner.asker.source(), agreed: None },
        }
    }

    /// Whether the disk refused the last entries of the own journal.
    #[must_use]
    pub fn is_journal_refused(&self) -> bool {
        self.inner.journal.as_ref().is_some_and(Journaled::is_refused)
    }

    /// The incarnation to commit with, if decisions may be taken.
    async fn ready(&self) -> Result<Incarnation, StoreError> {
        match self.store().condition().await? {
            Condition::Ready(incarnation) => Ok(incarnation),
            Condition::Recovering(_) => Err(StoreError::Recovering),
        }
    }

    /// Waits until nobody else in this process works on the tenant: spares commits that lose.
    async fn alone(&self, tenant: &TenantId) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(tenant.as_str());
        let place = usize::try_from(hash % PLACES as u64).unwrap_or(0);
        self.inner.places[place].lock().await
    }

    /// Journals what is about no single tenant.
    async fn journal_entry(&self, entry: &Entry) -> Result<(), StoreError> {
        self.journal_line(entry.write()).await
    }

    async fn journal_line(&self, line: Vec<u8>) -> Result<(), StoreError> {
        match (self.journal(), self.store()) {
            (Some(journal), _) => journal.append(vec![line]).await,
            (None, AnyStore::Embedded(store)) => store.append(vec![line]).await,
            (None, _) => Ok(()),
        }
    }

    fn finish(&self, mark: Mark) {
        if let Some(journal) = self.journal() {
            journal.finish(mark);
        }
    }

    fn wake_up(&self) {
        self.inner.wake_up.notify_one();
    }
}

/// Counts what was decided.
fn count(tenant: &TenantId, records: &[Record]) {
    for decision in records.iter().filter_map(Record::as_decision) {
        match decision {
            Decision::RungEntered(entered) => {
                let stage = entered.stage.word();
                metrics::counter!("ambergate_entered_total", "stage" => stage).increment(1);
            }
            Decision::WouldHave(would) => {
                let labels = [("what", would.what.word()), ("stage", would.stage.word())];
                metrics::counter!("ambergate_would_have_total", &labels).increment(1);
                let (what, stage, at) = (would.what.word(), would.stage.word(), would.at);
                tracing::info!(%tenant, what, stage, %at, "nothing is enforced: this would have \
                    happened");
            }
            Decision::StageLifted(_) => metrics::counter!("ambergate_lifted_total").increment(1),
            Decision::TaskMade(made) => {
                let kind = made.kind.word();
                metrics::counter!("ambergate_tasks_total", "kind" => kind).increment(1);
                if matches!(made.kind, TaskKind::FixContact | TaskKind::Letter) {
                    tracing::warn!(kind, task = %made.task, "warnings do not arrive: a person is \
                         asked, and nobody is cut off meanwhile");
                }
            }
            Decision::NoticeMade(made) if made.step == Step::Warning && made.n > 0 => {
                metrics::counter!("ambergate_cutoffs_held_total").increment(1);
            }
            _ => {}
        }
    }
}
