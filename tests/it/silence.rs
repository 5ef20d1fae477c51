//! The control plane is silent for long: gates ease what restricts, and nothing gets harder again
//! but as if it were entered for the first time.

use std::path::Path;
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::account::Account;
use ambergate::domain::decision::Step;
use ambergate::domain::event::{parse, to_json};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::MINUTE;
use ambergate::ledger::Ledger;
use ambergate::store::Store as _;
use ambergate::store::any::AnyStore;
use ambergate::store::journal::{Journal, JournalSettings};
use ambergate::store::memory::Memory;

use crate::world::{START, World, at, issued, tenant, tenant_updated};

/// How long gates bear a silence.
const STALE_MAX: Duration = Duration::from_secs(4 * 3_600);

/// A process on the same store; `folder`: with a journal.
async fn start(memory: &Memory, clock: &Clock, folder: Option<&Path>) -> World {
    let journal = folder.map(|it| Journal::open(it, JournalSettings::default()).unwrap());
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let store = AnyStore::Memory(memory.clone());
    let ledger = Ledger::new(store.clone(), journal, clock.clone(), law).with_stale_max(STALE_MAX);
    let world = World { clock: clock.clone(), store, ledger };
    world.look_after(true).await.unwrap();
    world
}

/// Acme read-only since Monday 2026-03-30, 10:15 in Berlin, and the last sign of life then.
async fn restricted() -> (Memory, World) {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, None).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-30T08:15:00Z").await;
    world.store.beat().await.unwrap();
    (memory, world)
}

/// Time passes until `now`, and then there is a sign of life. Answers the generation after it.
async fn silent_until(world: &World, now: &str) -> u64 {
    world.clock.set(at(now));
    world.ledger.sign_of_life(at(now)).await.unwrap();
    world.store.switch().await.unwrap().generation
}

fn warnings(account: &Account) -> usize {
    let warnings = account.notices.iter().filter(|it| it.made.step == Step::Warning);
    warnings
        .filter(|it| it.made.names.as_ref().is_some_and(|it| it.stage == Stage::ReadOnly))
        .count()
}

/// Whether gates go by what restricts Acme, or take it for grace.
async fn is_enforced(world: &World) -> bool {
    let grant = world.store.grant(&tenant("acme")).await.unwrap().0.unwrap();
    let switch = world.store.switch().await.unwrap();
    grant.strictest() == Stage::ReadOnly && grant.generation >= switch.generation
}

#[tokio::test]
async fn after_it_all_is_entered_again_at_the_next_cutoff_time_with_a_fresh_notice() {
    let (_, world) = restricted().await;
    assert_eq!(silent_until(&world, "2026-03-30T12:00:00Z").await, 0, "that is not long");
    assert!(is_enforced(&world).await);
    assert_eq!(silent_until(&world, "2026-03-31T22:00:00Z").await, 1);
    assert!(!is_enforced(&world).await);
    world.ledger.look_at_all().await.unwrap();
    assert_eq!(silent_until(&world, "2026-03-31T22:00:01Z").await, 1, "once");
    let told = warnings(&world.account("acme").await.1);
    let mails = world.pass("2026-04-08T08:14:59Z").await;
    assert!(!mails.is_empty() && warnings(&world.account("acme").await.1) == told + 1);
    assert!(!is_enforced(&world).await);
    world.pass("2026-04-08T08:15:00Z").await;
    assert!(is_enforced(&world).await);
}

#[tokio::test]
async fn whoever_comes_first_ends_it_for_all() {
    let (memory, world) = restricted().await;
    let other = start(&memory, &world.clock, None).await;
    // The other one is new: how long it was silent it reads in the store.
    assert_eq!(silent_until(&other, "2026-03-30T23:00:00Z").await, 1);
    assert_eq!(silent_until(&world, "2026-03-30T23:00:01Z").await, 1);
    // One is away for long while the other is not.
    for hour in 0..6 {
        silent_until(&other, &format!("2026-03-31T{:02}:00:00Z", 1 + hour)).await;
    }
    assert_eq!(silent_until(&world, "2026-03-31T06:30:00Z").await, 1);
}

#[tokio::test]
async fn a_store_that_forgot_its_last_sign_of_life_was_silent_for_long() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let world = start(&memory, &clock, None).await;
    assert_eq!(silent_until(&world, START).await, 0, "a new store was not silent yet");
    memory.flush();
    world.ledger.sign_of_life(at(START)).await.unwrap();
    assert!(world.store.beats().await.unwrap().iter().all(|(_, at)| at.is_none()), "recovering");
    world.look_after(true).await.unwrap();
    assert!(world.store.beats().await.unwrap().iter().all(|(_, at)| at.is_some()), "at once");
    world.accept(&[tenant_updated("acme")]).await;
    memory.flush();
    world.look_after(true).await.unwrap();
    assert_eq!(silent_until(&world, "2026-03-02T08:00:02Z").await, 0, "this one knows better");
    drop(world);
    // Of one that has a tenant in its journal, and no sign of life.
    let line = to_json(&tenant("acme"), &parse(&tenant_updated("acme"), at(START)).unwrap().record);
    let journal = Journal::open(folder.path(), JournalSettings::default()).unwrap();
    journal.append(vec![line.to_string().into_bytes()]).await.unwrap();
    drop(journal);
    memory.flush();
    let other = start(&memory, &clock, Some(folder.path())).await;
    assert_eq!(other.store.switch().await.unwrap().generation, 1, "before anybody can read it");
    assert_eq!(silent_until(&other, "2026-03-02T08:00:03Z").await, 1);
}

#[tokio::test]
async fn a_journal_knows_when_the_last_sign_of_life_was() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let world = start(&memory, &clock, Some(folder.path())).await;
    assert_eq!(silent_until(&world, START).await, 0);
    world.accept(&[tenant_updated("acme")]).await;
    for minutes in 0..120 {
        let now = at(START).plus_millis(minutes * MINUTE);
        clock.set(now);
        world.ledger.sign_of_life(now).await.unwrap();
    }
    drop(world);
    // Process and store are gone, and back within the time that gates bear; and then not.
    for (now, generation) in [("2026-03-02T13:20:00Z", 0), ("2026-03-02T19:00:00Z", 1)] {
        memory.flush();
        clock.set(at(now));
        let world = start(&memory, &clock, Some(folder.path())).await;
        assert_eq!(silent_until(&world, now).await, generation);
    }
}

#[tokio::test]
async fn an_open_switch_stays_open() {
    let (_, world) = restricted().await;
    let why = Some("a drill".to_owned());
    world.ledger.set_switch(true, why.clone(), Some("ann".to_owned())).await.unwrap();
    assert_eq!(silent_until(&world, "2026-04-02T08:00:00Z").await, 1);
    let switch = world.store.switch().await.unwrap();
    assert_eq!((switch.open, switch.reason, switch.by.as_deref()), (true, why, Some("ann")));
}
