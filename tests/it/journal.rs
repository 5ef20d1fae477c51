//! The ledger beside a store that can forget: nothing that was acknowledged is lost.

use std::path::Path;

use ambergate::clock::Clock;
use ambergate::domain::record::Record;
use ambergate::domain::stage::Stage;
use ambergate::ledger::Outcome;
use ambergate::store::any::AnyStore;
use ambergate::store::journal::{Journal, JournalSettings};
use ambergate::store::memory::Memory;
use ambergate::store::{Condition, Store as _, StoreError};

use crate::world::{START, World, at, issued, paid, tenant, tenant_updated};

fn journal(folder: &Path) -> Journal {
    Journal::open(folder, JournalSettings::default()).unwrap()
}

/// A store that can forget and a folder for the journal.
struct Site {
    folder: tempfile::TempDir,
    clock: Clock,
    memory: Memory,
}

impl Site {
    fn new() -> Self {
        let clock = Clock::standing(at(START));
        let memory = Memory::new(clock.clone());
        Self { folder: tempfile::tempdir().unwrap(), clock, memory }
    }

    /// A process with a journal of this name.
    async fn start(&self, name: &str) -> World {
        let journal = journal(&self.folder.path().join(name));
        let store = AnyStore::Memory(self.memory.clone());
        World::over(store, Some(journal), self.clock.clone()).await
    }
}

async fn records(world: &World, name: &str) -> Vec<Record> {
    world.account(name).await.0
}

/// Looks after the store until it is ready again.
async fn recover(worlds: &[&World]) {
    for _ in 0..10 {
        for world in worlds {
            world.look_after(true).await.unwrap();
        }
    }
    for world in worlds {
        assert!(!world.ledger.is_behind());
        world.work_off().await;
    }
}

#[tokio::test]
async fn what_comes_while_the_store_is_away_is_kept_and_in_force_when_it_is_back() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    site.memory.set_down(true);
    let batch = [paid("acme", "i1"), issued("zen", "z1"), paid("acme", "i1")];
    assert_eq!(world.accept(&batch).await, [Outcome::Accepted; 3]);
    assert!(world.ledger.is_behind());
    assert!(world.look_after(false).await.is_err());
    site.memory.set_down(false);
    world.look_after(false).await.unwrap();
    assert!(!world.ledger.is_behind());
    assert_eq!(world.stage("acme").await, Stage::Full);
    assert_eq!(world.stage("zen").await, Stage::Full);
}

#[tokio::test]
async fn what_was_acknowledged_before_a_crash_is_stored_by_the_next_process() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    site.memory.set_down(true);
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    drop(world);
    site.memory.set_down(false);
    let world = site.start("a").await;
    assert!(!world.ledger.is_behind());
    assert_eq!(world.account("acme").await.1.owed(), []);
}

#[tokio::test]
async fn nothing_counts_as_applied_before_the_store_was_asked() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    site.memory.set_down(true);
    world.accept(&[paid("acme", "i1")]).await;
    drop(world);
    site.memory.set_down(false);
    // A process that takes facts of the same shard before it looked after the store.
    let law = ambergate::config::policies::STANDARD;
    let law = ambergate::config::policies::parse(law, "standard.toml").unwrap();
    let store = AnyStore::Memory(site.memory.clone());
    let journal = journal(&site.folder.path().join("a"));
    let clock = site.clock.clone();
    let ledger = ambergate::ledger::Ledger::new(store.clone(), Some(journal), clock.clone(), law);
    let world = World { clock, store, ledger };
    assert_eq!(world.accept(&[issued("acme", "i2")]).await, [Outcome::Accepted]);
    world.look_after(false).await.unwrap();
    let (_, account) = world.account("acme").await;
    let owed: Vec<_> = account.owed().iter().map(|money| money.minor).collect();
    assert_eq!(owed, [100_000]);
}

#[tokio::test]
async fn a_store_that_lost_everything_is_what_it_was() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.accept(&[tenant_updated("zen"), issued("zen", "z1"), paid("nobody", "n1")]).await;
    let sent = world.pass("2026-03-30T08:15:00Z").await.len();
    assert!(sent > 4);
    world.accept(&[paid("zen", "z1")]).await;
    let before = (records(&world, "acme").await, records(&world, "zen").await);
    site.memory.flush();
    let grant = world.store.grant(&tenant("acme")).await;
    assert!(grant.is_err(), "gates keep what they have");
    // Meanwhile nothing is decided, and facts wait.
    assert!(world.ledger.due(9).await.unwrap().is_empty());
    assert_eq!(world.accept(&[issued("zen", "z2")]).await, [Outcome::Accepted]);
    assert!(world.store.load(&tenant("zen")).await.unwrap().is_none());
    recover(&[&world]).await;
    assert_eq!(records(&world, "acme").await, before.0);
    let after = records(&world, "zen").await;
    assert!(before.1.iter().all(|record| after.contains(record)));
    assert_eq!(world.account("zen").await.1.invoices.len(), 2);
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    assert_eq!(world.stage("zen").await, Stage::Full);
    assert_eq!(world.ledger.parked().await.unwrap().len(), 1);
    assert!(world.work_off().await.is_empty(), "no mail twice");
    assert!(!world.store.versions().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_source_that_was_heard_of_was_so_after_the_store_lost_everything() {
    let site = Site::new();
    let world = site.start("a").await;
    let other = site.start("b").await;
    for replica in [&world, &other] {
        crate::feeds::daily(&replica.ledger, &["books"]);
    }
    assert!(!world.ledger.present().await.unwrap().heard);
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    assert!(other.ledger.present().await.unwrap().heard, "another process reads it");
    site.memory.flush();
    recover(&[&world, &other]).await;
    // One that never heard of it itself, at a store that had forgotten.
    let third = site.start("c").await;
    crate::feeds::daily(&third.ledger, &["books"]);
    recover(&[&world, &other, &third]).await;
    assert!(third.ledger.present().await.unwrap().heard);
    world.clock.set(at("2026-03-03T08:00:01Z"));
    assert!(!world.ledger.present().await.unwrap().heard);
}

#[tokio::test]
async fn a_breaker_that_tripped_is_tripped_after_the_store_lost_everything() {
    let site = Site::new();
    let world = site.start("a").await;
    crate::breaker::with_limit(&world.ledger, 1);
    for name in ["acme", "zen"] {
        world.accept(&[tenant_updated(name), issued(name, name)]).await;
    }
    world.clock.set(at("2026-03-16T08:00:00Z"));
    world.work_off().await;
    let tripped = world.ledger.breaker().await.unwrap();
    assert!(tripped.tripped);
    site.memory.flush();
    assert!(!world.ledger.breaker().await.unwrap().tripped, "it is forgotten");
    recover(&[&world]).await;
    assert_eq!(world.ledger.breaker().await.unwrap(), tripped);
    let stages = [world.stage("acme").await, world.stage("zen").await];
    assert_eq!(stages, [Stage::Grace, Stage::Full]);

    let set = world.ledger.set_breaker(false, "it was right".to_owned(), None).await.unwrap();
    site.memory.flush();
    recover(&[&world]).await;
    assert_eq!(world.ledger.breaker().await.unwrap().generation, set.generation);
    world.ledger.look_at_all().await.unwrap();
    assert_eq!(world.stage("zen").await, Stage::Grace);
}

#[tokio::test]
async fn two_journals_rebuild_one_account() {
    let site = Site::new();
    let one = site.start("a").await;
    let other = site.start("b").await;
    one.accept(&[tenant_updated("acme")]).await;
    other.accept(&[issued("acme", "i1")]).await;
    one.pass("2026-03-23T09:00:00Z").await;
    other.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(one.stage("acme").await, Stage::ReadOnly);
    other.accept(&[paid("acme", "i1")]).await;
    assert_eq!(other.work_off().await.len(), 2, "they are thanked");
    let before = records(&one, "acme").await;
    site.memory.flush();
    // Of the journals only the first is there: it knows the invoice's climb in part, and of no
    // payment. Whoever comes late is waited for once it is known.
    other.look_after(true).await.ok();
    recover(&[&one, &other]).await;
    assert_eq!(records(&one, "acme").await, before);
    assert_eq!(one.stage("acme").await, Stage::Full);
}

#[tokio::test]
async fn a_journal_that_is_away_is_waited_for_also_when_the_store_forgot_its_name() {
    let site = Site::new();
    let one = site.start("a").await;
    let other = site.start("b").await;
    one.look_after(false).await.unwrap();
    other.look_after(false).await.unwrap();
    one.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    one.pass("2026-03-30T08:15:00Z").await;
    other.accept(&[paid("acme", "i1")]).await;
    assert_eq!(other.work_off().await.len(), 2, "they are thanked");
    let before = records(&one, "acme").await;
    drop(one);
    site.memory.flush();
    // The process that read the other's name is gone too: the journal itself knows it.
    let one = site.start("a").await;
    for _ in 0..5 {
        one.look_after(true).await.unwrap();
    }
    let condition = one.ledger.condition().await.unwrap();
    assert!(matches!(condition, Condition::Recovering(_)), "{condition:?}");
    assert_eq!(one.store.grant(&tenant("acme")).await, Err(StoreError::Recovering));
    recover(&[&one, &other]).await;
    assert_eq!(records(&one, "acme").await, before);
    assert_eq!(one.stage("acme").await, Stage::Full);
}

#[tokio::test]
async fn what_was_decided_by_a_process_that_died_before_it_journaled_is_journaled_by_the_next() {
    let site = Site::new();
    // It commits, and has nowhere to write to: as one that dies right after its commits.
    let store = AnyStore::Memory(site.memory.clone());
    let dying = World::over(store, None, site.clock.clone()).await;
    dying.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    dying.pass("2026-03-30T08:15:00Z").await;
    assert!(dying.store.outbox().await.unwrap().len() > 10);
    let before = records(&dying, "acme").await;
    drop(dying);
    let world = site.start("a").await;
    assert_eq!(world.store.outbox().await.unwrap(), []);
    site.memory.flush();
    recover(&[&world]).await;
    assert_eq!(records(&world, "acme").await, before);
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    assert!(world.work_off().await.is_empty(), "no mail twice");
}

#[tokio::test]
async fn what_another_process_left_for_long_is_journaled_too() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme")]).await;
    let store = AnyStore::Memory(site.memory.clone());
    let dying = World::over(store, None, site.clock.clone()).await;
    dying.accept(&[issued("acme", "i1")]).await;
    let before = records(&world, "acme").await;
    world.look_after(true).await.unwrap();
    assert_eq!(world.store.outbox().await.unwrap().len(), 1, "it may still do so itself");
    world.look_after(true).await.unwrap();
    assert_eq!(world.store.outbox().await.unwrap(), []);
    site.memory.flush();
    recover(&[&world]).await;
    assert_eq!(records(&world, "acme").await, before);
}

#[tokio::test]
async fn a_journal_that_was_given_up_is_not_waited_for_until_it_comes_back() {
    let site = Site::new();
    let one = site.start("a").await;
    let other = site.start("b").await;
    one.look_after(false).await.unwrap();
    other.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    drop((one, other));
    let store = AnyStore::Memory(site.memory.clone());
    let law = ambergate::config::policies::STANDARD;
    let law = ambergate::config::policies::parse(law, "standard.toml").unwrap();
    let ledger = ambergate::ledger::Ledger::new(store, None, site.clock.clone(), law);
    let journals = [journal(&site.folder.path().join("a"))];
    let missing = ambergate::ledger::rebuild(&ledger, &journals).await.unwrap().missing;
    drop(journals);
    let one = site.start("a").await;
    site.memory.flush();
    recover(&[&one]).await;
    assert!(matches!(one.ledger.condition().await.unwrap(), Condition::Ready(_)));
    // It comes back: what it knows counts, and it is waited for again.
    let other = site.start("b").await;
    assert_eq!(records(&one, "acme").await.len(), records(&other, "acme").await.len());
    one.look_after(false).await.unwrap();
    drop((one, other));
    site.memory.flush();
    let one = site.start("a").await;
    recover(&[&one]).await;
    assert!(matches!(one.ledger.condition().await.unwrap(), Condition::Recovering(_)));
    assert_eq!(one.store.journals().await.unwrap().iter().filter(|it| !it.1).count(), 1);
    assert_eq!(missing.len(), 1);
}

#[tokio::test]
async fn a_rebuild_without_a_journal_restricts_nobody() {
    let site = Site::new();
    let one = site.start("a").await;
    let other = site.start("b").await;
    one.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    one.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(one.stage("acme").await, Stage::ReadOnly);
    drop((one, other));
    let store = AnyStore::Memory(site.memory.clone());
    let law = ambergate::config::policies::STANDARD;
    let law = ambergate::config::policies::parse(law, "standard.toml").unwrap();
    let ledger = ambergate::ledger::Ledger::new(store, None, site.clock.clone(), law);
    let journals = [journal(&site.folder.path().join("a"))];
    let rebuilt = ambergate::ledger::rebuild(&ledger, &journals).await.unwrap();
    assert_eq!(rebuilt.missing.len(), 1);
    drop(journals);
    let world = site.start("a").await;
    let sent = world.work_off().await;
    assert_eq!(world.stage("acme").await, Stage::Grace);
    assert!(!sent.is_empty(), "warned anew");
    world.pass("2026-04-06T08:14:59Z").await;
    assert_eq!(world.stage("acme").await, Stage::Grace);
    world.pass("2026-04-09T12:00:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
}

#[tokio::test]
async fn no_mail_leaves_while_an_accepted_payment_waits_in_the_journal() {
    let site = Site::new();
    let world = site.start("a").await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-16T07:59:59Z").await;
    world.clock.set(at("2026-03-16T08:00:00Z"));
    let acme = tenant("acme");
    let sends = world.ledger.advance(&acme).await.unwrap().sends;
    let first = world.ledger.try_message(&acme, sends[0]).await.unwrap().unwrap();
    assert!(world.ledger.is_still_right(&first).await);
    site.memory.set_down(true);
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    site.memory.set_down(false);
    // The store is back, and does not know of the payment yet.
    assert!(world.ledger.is_behind());
    assert!(!world.ledger.is_still_right(&first).await);
    assert!(world.ledger.try_message(&acme, sends[1]).await.unwrap().is_none());
    let advanced = world.ledger.advance(&acme).await.unwrap();
    assert_eq!(advanced.sends, []);
    let soon = at("2026-03-16T08:00:01Z")..at("2026-03-16T08:00:10Z");
    assert!(advanced.wake.is_some_and(|wake| soon.contains(&wake)), "{advanced:?}");
    world.look_after(false).await.unwrap();
    assert!(world.work_off().await.is_empty());
    assert!(world.ledger.try_message(&acme, sends[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_payment_that_comes_when_a_journal_counts_as_applied_is_in_the_store_at_once() {
    let site = Site::new();
    let one = site.start("a").await;
    let other = site.start("b").await;
    one.look_after(false).await.unwrap();
    other.look_after(false).await.unwrap();
    one.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    one.pass("2026-03-23T09:00:00Z").await;
    site.memory.flush();
    // The other's journal is applied, this one's is not: the store goes on recovering.
    other.look_after(false).await.unwrap();
    assert!(matches!(other.ledger.condition().await.unwrap(), Condition::Recovering(_)));
    assert_eq!(other.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    // The first one ends the recovery, before the other looks again.
    for _ in 0..5 {
        one.look_after(false).await.unwrap();
    }
    assert!(matches!(one.ledger.condition().await.unwrap(), Condition::Ready(_)));
    assert_eq!(one.account("acme").await.1.owed(), []);
    one.pass("2026-04-13T09:00:00Z").await;
    assert_eq!(one.stage("acme").await, Stage::Full);
    recover(&[&one, &other]).await;
    assert_eq!(one.account("acme").await.1.owed(), []);
}
