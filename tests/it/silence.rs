//! The control plane is silent for long: gates ease what restricts, and nothing gets harder again
//! but as if it were entered for the first time.

use ambergate::clock::Clock;
use ambergate::domain::account::Account;
use ambergate::domain::decision::Step;
use ambergate::domain::stage::Stage;
use ambergate::store::Store as _;
use ambergate::store::any::AnyStore;
use ambergate::store::memory::Memory;

use crate::world::{START, World, at, issued, tenant, tenant_updated};

/// Acme read-only since Monday 2026-03-30, 10:15 in Berlin, and the last sign of life then.
async fn restricted() -> (Memory, World) {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = World::over(AnyStore::Memory(memory.clone()), None, clock).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-30T08:15:00Z").await;
    world.store.beat().await.unwrap();
    (memory, world)
}

/// Another process on the same store.
async fn another(memory: &Memory, world: &World) -> World {
    World::over(AnyStore::Memory(memory.clone()), None, world.clock.clone()).await
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
    let other = another(&memory, &world).await;
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
    let world = World::over(AnyStore::Memory(memory.clone()), None, clock).await;
    assert_eq!(silent_until(&world, START).await, 0, "a new store was not silent yet");
    world.accept(&[tenant_updated("acme")]).await;
    memory.flush();
    world.ledger.sign_of_life(at(START)).await.unwrap();
    assert!(world.store.beats().await.unwrap().iter().all(|(_, at)| at.is_none()), "recovering");
    world.ledger.look_after(true).await.unwrap();
    world.accept(&[tenant_updated("acme")]).await;
    let other = another(&memory, &world).await;
    assert_eq!(silent_until(&world, "2026-03-02T08:00:02Z").await, 0, "this one knows better");
    memory.flush();
    other.ledger.look_after(true).await.unwrap();
    other.accept(&[tenant_updated("acme")]).await;
    assert_eq!(silent_until(&other, "2026-03-02T08:00:03Z").await, 1);
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
