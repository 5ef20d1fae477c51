//! Cached, fresh, stale, default; pushes and look-ups that cross.

use super::*;
use crate::clock::Clock;
use crate::domain::decide::About;
use crate::domain::grant::{PayerGrant, ScopeStage};
use crate::domain::id::Scope;
use crate::domain::stage::Stage;
use crate::store::memory::Memory;
use crate::store::{Commit, Condition, Row, form, shard_of};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

fn real(seconds: i64) -> Instant {
    Instant::from_seconds(1_800_000_000 + seconds)
}

fn lookup() -> (Memory, Lookup<Memory>) {
    let store = Memory::new(Clock::standing(real(0)));
    let shards = Shards::new(Duration::from_secs(3600), real(0));
    (store.clone(), Lookup::new(Arc::new(store), shards, 100))
}

fn grant_of(stage: Stage) -> Grant {
    let scope =
        ScopeStage { scope: Scope::whole(), stage, slow: None, since: real(0), because: None };
    Grant {
        scopes: vec![scope],
        ..Grant::full(acme(), form::account(&acme(), &[]).unwrap().digest)
    }
}

async fn commit(store: &Memory, stage: Stage) -> u64 {
    let Ok(Condition::Ready(incarnation)) = store.condition().await else { panic!("not ready") };
    let before = store.load(&acme()).await.unwrap();
    let grant = grant_of(stage);
    let words = Words {
        tenant: acme(),
        digest: grant.digest,
        name: None,
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
        cause: crate::domain::grant::Cause::Overdue,
    };
    let commit = Commit {
        tenant: acme(),
        incarnation,
        expected: before.map(|stored| stored.digest),
        stored: form::account(&acme(), &[]).unwrap(),
        words,
        wake: None,
        row: Row { tenant: acme(), name: None, stage, would: None },
        entries: Vec::new(),
        applied: None,
        grant,
    };
    store.commit(commit).await.unwrap()
}

async fn read(lookup: &Lookup<Memory>, seconds: i64) -> (Stage, Source) {
    let (standings, source) = lookup.read(&acme(), shard_of(&acme()), real(seconds)).await;
    (standings.about(About::Whole).stage, source)
}

fn cached(lookup: &Lookup<Memory>) -> Option<Stage> {
    lookup.cached(&acme(), shard_of(&acme())).map(|it| it.about(About::Whole).stage)
}

#[tokio::test]
async fn what_was_read_is_cached_until_something_changes() {
    let (store, lookup) = lookup();
    assert_eq!(cached(&lookup), None);
    let first = commit(&store, Stage::Frozen).await;
    lookup.shards.begin(shard_of(&acme()), first, real(0));
    assert_eq!(read(&lookup, 0).await, (Stage::Frozen, Source::Fresh));
    assert_eq!(cached(&lookup), Some(Stage::Frozen));
    lookup.pushed(shard_of(&acme()), first + 1, &grant_of(Stage::Full));
    assert_eq!(cached(&lookup), Some(Stage::Full), "a push is in force at once");
    lookup.pushed(shard_of(&acme()), first + 1, &grant_of(Stage::Frozen));
    assert_eq!(cached(&lookup), Some(Stage::Full), "heard before");
    lookup.shards.distrust_all();
    assert_eq!(cached(&lookup), None);
}

#[tokio::test]
async fn a_gap_makes_it_read_again() {
    let (store, lookup) = lookup();
    let first = commit(&store, Stage::ReadOnly).await;
    lookup.shards.begin(shard_of(&acme()), first, real(0));
    read(&lookup, 0).await;
    let other = Grant::full("another".parse().unwrap(), grant_of(Stage::Full).digest);
    lookup.pushed(shard_of(&acme()), first + 2, &other);
    assert_eq!(cached(&lookup), None);
}

#[tokio::test]
async fn an_outage_leaves_the_last_known_standing() {
    let (store, lookup) = lookup();
    commit(&store, Stage::ReadOnly).await;
    read(&lookup, 0).await;
    store.set_down(true);
    lookup.shards.distrust_all();
    assert_eq!(read(&lookup, 1).await, (Stage::ReadOnly, Source::Stale));
    assert!(lookup.is_down(real(1)) && !lookup.is_down(real(2)));
    store.set_down(false);
    assert_eq!(read(&lookup, 1).await, (Stage::ReadOnly, Source::Stale), "left alone for a second");
    assert_eq!(read(&lookup, 2).await, (Stage::ReadOnly, Source::Fresh));
}

#[tokio::test]
async fn never_heard_of_is_open() {
    let (_, known) = lookup();
    assert_eq!(read(&known, 0).await, (Stage::Full, Source::Fresh));
    assert_eq!(cached(&known), Some(Stage::Full), "unknown tenants are cached too");
    known.pushed(shard_of(&acme()), 1, &grant_of(Stage::Frozen));
    assert_eq!(cached(&known), Some(Stage::Frozen));
    let (store, never) = lookup();
    store.set_down(true);
    assert_eq!(read(&never, 0).await, (Stage::Full, Source::Default));
    assert_eq!(cached(&never), None, "a guess is not kept");
}

#[tokio::test]
async fn a_store_without_memory_takes_nothing_away() {
    let (store, lookup) = lookup();
    commit(&store, Stage::Grace).await;
    read(&lookup, 0).await;
    store.flush();
    lookup.shards.distrust_all();
    assert_eq!(read(&lookup, 1).await, (Stage::Grace, Source::Stale));
    assert!(!lookup.is_down(real(1)), "recovering is not down");
}

#[tokio::test]
async fn a_push_during_a_look_up_wins() {
    let (store, lookup) = lookup();
    let first = commit(&store, Stage::Frozen).await;
    lookup.shards.begin(shard_of(&acme()), first, real(0));
    assert!(lookup.join(&acme()).is_none(), "this look-up is ours");
    let tenant = acme();
    let landing = Landing { lookup: &lookup, tenant: &tenant, done: false };
    lookup.pushed(shard_of(&acme()), first + 1, &grant_of(Stage::Full));
    let landed = landing.land(Some(&grant_of(Stage::Frozen)), first, 0);
    assert_eq!(landed.standings.about(About::Whole).stage, Stage::Full);
    assert_eq!(cached(&lookup), Some(Stage::Full));
    assert!(lookup.flights().is_empty());
}

#[tokio::test]
async fn look_ups_of_one_tenant_share_a_flight() {
    let (store, lookup) = lookup();
    commit(&store, Stage::Grace).await;
    assert!(lookup.join(&acme()).is_none());
    let waiting = read(&lookup, 0);
    let tenant = acme();
    let begun = async {
        let landing = Landing { lookup: &lookup, tenant: &tenant, done: false };
        tokio::task::yield_now().await;
        landing.land(Some(&grant_of(Stage::ReadOnly)), 1, 0)
    };
    let (found, _) = tokio::join!(waiting, begun);
    assert_eq!(found, (Stage::ReadOnly, Source::Fresh), "the other's answer");
    assert!(lookup.join(&acme()).is_none());
    drop(Landing { lookup: &lookup, tenant: &tenant, done: false });
    assert_eq!(read(&lookup, 0).await.0, Stage::Grace, "cancelled: somebody else begins");
}

/// A child that was told and cut off because of its payer, which stands at `payer`.
fn shared(payer: Stage) -> Standings {
    let payer = Grant { tenant: "parent".parse().unwrap(), ..grant_of(payer) };
    let own = grant_of(Stage::ReadOnly);
    let shared = PayerGrant { tenant: payer.tenant.clone(), scopes: own.scopes };
    let child = Grant { scopes: Vec::new(), payer: Some(shared), ..grant_of(Stage::Full) };
    Standings::of(&child).beside(&Standings::of(&payer))
}

#[test]
fn what_a_payer_shares_is_no_harder_than_its_own_standing() {
    let stage = |payer| shared(payer).about(About::Whole).stage;
    assert_eq!(stage(Stage::Full), Stage::Full);
    assert_eq!(stage(Stage::Grace), Stage::Grace);
    assert_eq!(stage(Stage::ReadOnly), Stage::ReadOnly);
    assert_eq!(stage(Stage::Frozen), Stage::ReadOnly, "nobody here was warned of more");
    let alone = Grant { scopes: Vec::new(), ..grant_of(Stage::Full) };
    assert_eq!(Standings::of(&alone).payer(), None);
}
