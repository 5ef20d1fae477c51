//! The one store of a running program, whichever it is.

use super::breaker::{Breaker, Slot, Slots};
use super::embedded::Embedded;
use super::marks::{Mark, Marks, Times};
use super::memory::Memory;
use super::near::NearWatch;
use super::remote::{Remote, RemoteWatch};
use super::{
    Alias, Change, Commit, Condition, Incarnation, Parked, Row, Store, StoreError, Stored, Switch,
    Unjournaled, Version, Watch,
};
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// All stores there are. A copy is the same store.
#[derive(Clone, Debug)]
pub enum AnyStore {
    /// Tests and simulations.
    Memory(Memory),
    /// One file, one process.
    Embedded(Embedded),
    /// Redis or Valkey, many processes.
    Redis(Remote),
}

/// What hears the changes of [`AnyStore`].
#[derive(Debug)]
pub enum AnyWatch {
    /// Of stores that live in this process.
    Near(NearWatch),
    /// Of [`AnyStore::Redis`].
    Redis(RemoteWatch),
}

impl Watch for AnyWatch {
    async fn next(&mut self) -> Change {
        match self {
            Self::Near(watch) => watch.next().await,
            Self::Redis(watch) => watch.next().await,
        }
    }
}

macro_rules! ask {
    ($any:ident, $store:ident => $call:expr) => {
        match $any {
            Self::Memory($store) => $call,
            Self::Embedded($store) => $call,
            Self::Redis($store) => $call,
        }
    };
}

impl Store for AnyStore {
    type Watch = AnyWatch;

    async fn grant(&self, tenant: &TenantId) -> Result<(Option<Grant>, u64), StoreError> {
        ask!(self, store => store.grant(tenant).await)
    }

    async fn words(&self, tenant: &TenantId) -> Result<Option<Words>, StoreError> {
        ask!(self, store => store.words(tenant).await)
    }

    async fn switch(&self) -> Result<Switch, StoreError> {
        ask!(self, store => store.switch().await)
    }

    async fn watch(&self) -> Result<AnyWatch, StoreError> {
        match self {
            Self::Memory(store) => store.watch().await.map(AnyWatch::Near),
            Self::Embedded(store) => store.watch().await.map(AnyWatch::Near),
            Self::Redis(store) => store.watch().await.map(AnyWatch::Redis),
        }
    }

    async fn beats(&self) -> Result<Vec<(u64, Option<Instant>)>, StoreError> {
        ask!(self, store => store.beats().await)
    }

    async fn submit(&self, event: Vec<u8>) -> Result<(), StoreError> {
        ask!(self, store => store.submit(event).await)
    }

    async fn now(&self) -> Result<Instant, StoreError> {
        ask!(self, store => store.now().await)
    }

    async fn condition(&self) -> Result<Condition, StoreError> {
        ask!(self, store => store.condition().await)
    }

    async fn load(&self, tenant: &TenantId) -> Result<Option<Stored>, StoreError> {
        ask!(self, store => store.load(tenant).await)
    }

    async fn commit(&self, commit: Commit) -> Result<u64, StoreError> {
        ask!(self, store => store.commit(commit).await)
    }

    async fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        ask!(self, store => store.due(now, limit).await)
    }

    async fn next_wake(&self) -> Result<Option<Instant>, StoreError> {
        ask!(self, store => store.next_wake().await)
    }

    async fn rows(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        ask!(self, store => store.rows(after, limit).await)
    }

    async fn inbox(&self, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        ask!(self, store => store.inbox(limit).await)
    }

    async fn settle(&self, names: &[String]) -> Result<(), StoreError> {
        ask!(self, store => store.settle(names).await)
    }

    async fn outbox(&self) -> Result<Vec<Unjournaled>, StoreError> {
        ask!(self, store => store.outbox().await)
    }

    async fn journaled(&self, names: &[String]) -> Result<(), StoreError> {
        ask!(self, store => store.journaled(names).await)
    }

    async fn set_switch(&self, expected: &Switch, switch: Switch) -> Result<(), StoreError> {
        ask!(self, store => store.set_switch(expected, switch).await)
    }

    async fn publish(&self, version: Version) -> Result<(), StoreError> {
        ask!(self, store => store.publish(version).await)
    }

    async fn versions(&self) -> Result<Vec<Version>, StoreError> {
        ask!(self, store => store.versions().await)
    }

    async fn park(&self, parked: Parked) -> Result<bool, StoreError> {
        ask!(self, store => store.park(parked).await)
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        ask!(self, store => store.parked().await)
    }

    async fn set_alias(&self, alias: Alias) -> Result<(), StoreError> {
        ask!(self, store => store.set_alias(alias).await)
    }

    async fn alias(&self, name: &str) -> Result<Option<Alias>, StoreError> {
        ask!(self, store => store.alias(name).await)
    }

    async fn unpark(&self, id: &str) -> Result<(), StoreError> {
        ask!(self, store => store.unpark(id).await)
    }

    async fn beat(&self) -> Result<(), StoreError> {
        ask!(self, store => store.beat().await)
    }

    async fn lease(&self, name: &str, holder: &str, millis: u64) -> Result<bool, StoreError> {
        ask!(self, store => store.lease(name, holder, millis).await)
    }

    async fn applied(&self, journal: &str) -> Result<Vec<u64>, StoreError> {
        ask!(self, store => store.applied(journal).await)
    }

    async fn set_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
        positions: &[u64],
    ) -> Result<(), StoreError> {
        ask!(self, store => store.set_applied(incarnation, journal, positions).await)
    }

    async fn register_journal(&self, journal: &str) -> Result<(), StoreError> {
        ask!(self, store => store.register_journal(journal).await)
    }

    async fn unregister_journal(&self, journal: &str) -> Result<(), StoreError> {
        ask!(self, store => store.unregister_journal(journal).await)
    }

    async fn journals(&self) -> Result<Vec<(String, bool)>, StoreError> {
        ask!(self, store => store.journals().await)
    }

    async fn journal_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
    ) -> Result<(), StoreError> {
        ask!(self, store => store.journal_applied(incarnation, journal).await)
    }

    async fn recovered(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        ask!(self, store => store.recovered(incarnation).await)
    }

    async fn reset(&self) -> Result<(), StoreError> {
        ask!(self, store => store.reset().await)
    }
}

impl Slots for AnyStore {
    async fn breaker(&self) -> Result<Breaker, StoreError> {
        ask!(self, store => store.breaker().await)
    }

    async fn set_breaker(&self, expected: &Breaker, breaker: Breaker) -> Result<(), StoreError> {
        ask!(self, store => store.set_breaker(expected, breaker).await)
    }

    async fn take_slot(
        &self,
        tenant: &TenantId,
        max: u64,
        window: u64,
    ) -> Result<Slot, StoreError> {
        ask!(self, store => store.take_slot(tenant, max, window).await)
    }

    async fn tenants(&self) -> Result<u64, StoreError> {
        ask!(self, store => store.tenants().await)
    }
}

impl Marks for AnyStore {
    async fn marks(&self, of: Mark) -> Result<Times, StoreError> {
        ask!(self, store => store.marks(of).await)
    }

    async fn mark(&self, of: Mark, names: Vec<(String, Instant)>) -> Result<(), StoreError> {
        ask!(self, store => store.mark(of, names).await)
    }
}
