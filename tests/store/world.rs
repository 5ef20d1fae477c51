//! Stores to test, each with the means to lose its data and to let time pass.

use std::future::Future;

use ambergate::clock::Clock;
use ambergate::domain::fact::TenantUpdated;
use ambergate::domain::grant::{Cause, Grant, PayerGrant, ScopeStage, Words};
use ambergate::domain::id::{Digest, Scope, TenantId};
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;
use ambergate::store::embedded::Embedded;
use ambergate::store::memory::Memory;
use ambergate::store::{Applied, Commit, Condition, Incarnation, Row, Store, form, shard_of};

pub(crate) const START: i64 = 1_772_438_400_000;

/// A store under test.
pub(crate) trait World {
    type Store: Store + Clone;
    /// Whether it keeps a journal itself.
    const JOURNALS: bool = false;

    /// A store that is ready and empty.
    fn ready() -> impl Future<Output = Self>;
    fn store(&self) -> &Self::Store;
    /// Lets the store's time go on by at least `millis`.
    fn pass(&self, millis: i64) -> impl Future<Output = ()>;
    /// Loses all accounts, as a flush does.
    fn lose(&self) -> impl Future<Output = ()>;
}

pub(crate) struct MemoryWorld(Clock, Memory);

impl World for MemoryWorld {
    type Store = Memory;

    async fn ready() -> Self {
        let clock = Clock::standing(Instant::from_millis(START));
        Self(clock.clone(), Memory::new(clock))
    }

    fn store(&self) -> &Memory {
        &self.1
    }

    async fn pass(&self, millis: i64) {
        assert!(self.0.set(self.0.now().plus_millis(millis)));
    }

    async fn lose(&self) {
        self.1.flush();
    }
}

pub(crate) struct EmbeddedWorld {
    clock: Clock,
    store: Embedded,
    pub(crate) folder: tempfile::TempDir,
}

impl World for EmbeddedWorld {
    type Store = Embedded;
    const JOURNALS: bool = true;

    async fn ready() -> Self {
        let clock = Clock::standing(Instant::from_millis(START));
        let folder = tempfile::tempdir().unwrap();
        let store = Embedded::open(folder.path().join("ambergate.db"), clock.clone()).unwrap();
        Self { clock, store, folder }
    }

    fn store(&self) -> &Embedded {
        &self.store
    }

    async fn pass(&self, millis: i64) {
        assert!(self.clock.set(self.clock.now().plus_millis(millis)));
    }

    async fn lose(&self) {
        self.store.reset().await.unwrap();
    }
}

impl EmbeddedWorld {
    /// Closes the file; it stays in its folder.
    pub(crate) fn close(self) -> tempfile::TempDir {
        self.folder
    }

    /// Closes the file and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { clock, store, folder } = self;
        drop(store);
        let store = Embedded::open(folder.path().join("ambergate.db"), clock.clone()).unwrap();
        Self { clock, store, folder }
    }
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// A record that is told apart from others by `n`.
pub(crate) fn record(n: usize) -> Record {
    let at = Instant::from_millis(START);
    let id = (("test").parse().unwrap(), format!("r{n}").parse().unwrap());
    let updated = TenantUpdated { name: Some(format!("Name {n}")), ..TenantUpdated::default() };
    Record::fact(id, at, at, Fact::TenantUpdated(Box::new(updated)))
}

/// What is read back of a tenant.
pub(crate) async fn records<S: Store>(
    store: &S,
    tenant: &TenantId,
) -> (Vec<Record>, Option<Digest>) {
    match store.load(tenant).await.unwrap() {
        Some(stored) => (form::records(tenant, &stored).unwrap(), Some(stored.digest)),
        None => (Vec::new(), None),
    }
}

pub(crate) fn full_words(tenant: &TenantId, digest: Digest) -> Words {
    Words {
        tenant: tenant.clone(),
        digest,
        name: Some("Acme".to_owned()),
        locale: None,
        time_zone: "UTC".to_owned(),
        owed: Vec::new(),
        pay_url: None,
        invoices: Vec::new(),
        banners: Vec::new(),
        sent: Vec::new(),
        settlers: Vec::new(),
        agreed: false,
        term: None,
        paid_for: false,
        order: None,
        thanks: false,
        cause: Cause::Overdue,
    }
}

pub(crate) async fn incarnation<S: Store>(store: &S) -> Incarnation {
    match store.condition().await.unwrap() {
        Condition::Ready(incarnation) | Condition::Recovering(incarnation) => incarnation,
    }
}

/// A step that leaves `records` in the account of `tenant`.
pub(crate) async fn step<S: Store>(
    store: &S,
    tenant: &TenantId,
    expected: Option<Digest>,
    records: &[Record],
) -> Commit {
    let stored = form::account(tenant, records).unwrap();
    let digest = stored.digest;
    let mut grant = Grant::full(tenant.clone(), digest);
    grant.scopes.push(ScopeStage {
        slow: None,
        scope: Scope::whole(),
        stage: Stage::Grace,
        since: Instant::from_millis(START),
        because: None,
    });
    let scopes = grant.scopes.clone();
    grant.payer = Some(PayerGrant { tenant: "parent".parse().unwrap(), scopes });
    Commit {
        tenant: tenant.clone(),
        incarnation: incarnation(store).await,
        expected,
        stored,
        grant,
        words: full_words(tenant, digest),
        wake: None,
        row: Row {
            tenant: tenant.clone(),
            name: Some("Acme".to_owned()),
            stage: Stage::Grace,
            would: Some(Stage::Frozen),
        },
        entries: Vec::new(),
        applied: None,
    }
}

/// Adds `record` to a tenant's account, again on every conflict. How often it took.
pub(crate) async fn add<S: Store>(store: &S, tenant: &TenantId, record: Record) -> usize {
    for turn in 1..1_000 {
        let (mut records, expected) = records(store, tenant).await;
        ambergate::domain::record::insert(&mut records, record.clone());
        let commit = step(store, tenant, expected, &records).await;
        match store.commit(commit).await {
            Ok(_) => return turn,
            Err(ambergate::store::StoreError::Conflict) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("a thousand conflicts");
}

pub(crate) fn applied(journal: &str, position: u64) -> Option<Applied> {
    Some(Applied { journal: journal.into(), position })
}

/// Another tenant of the same shard.
pub(crate) fn neighbour(tenant: &TenantId) -> TenantId {
    let same = |other: &TenantId| other != tenant && shard_of(other) == shard_of(tenant);
    (0..100_000).map(|n| format!("n{n}").parse().unwrap()).find(same).unwrap()
}
