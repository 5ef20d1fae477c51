//! Notices that are held: nothing leaves, nobody is cut off; released they go out and count from
//! then.

use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::stage::Stage;
use ambergate::ledger::Ledger;
use ambergate::store::any::AnyStore;
use ambergate::store::memory::Memory;

use crate::world::{START, World, at, issued, tenant_updated};

async fn start(memory: &Memory, clock: &Clock, held: bool) -> World {
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let store = AnyStore::Memory(memory.clone());
    let ledger = Ledger::new(store.clone(), None, clock.clone(), law)
        .with_stale_max(Duration::from_secs(4_000 * 3_600))
        .with_notices_held(held);
    let world = World { clock: clock.clone(), store, ledger };
    world.look_after(true).await.unwrap();
    world.ledger.sign_of_life(clock.now()).await.unwrap();
    world
}

#[tokio::test]
async fn nothing_leaves_until_they_are_released() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, true).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    assert!(world.pass("2026-04-20T10:00:00Z").await.is_empty(), "nothing leaves");
    let account = world.account("acme").await.1;
    assert_eq!(account.stage(), Stage::Full);
    assert!(account.notices.is_empty(), "what is not said does not lapse either");
    let world = start(&memory, &clock, false).await;
    let mails = world.pass("2026-04-20T10:15:00Z").await;
    assert_eq!(mails.len(), 2, "to each of both, once, that it is overdue");
    world.pass("2026-05-04T08:14:59Z").await;
    assert!(!world.stage("acme").await.restricts());
    world.pass("2026-05-04T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly, "a week after the warning of 04-27");
}

#[tokio::test]
async fn what_is_on_its_way_stops_and_what_was_announced_does_not_come() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, false).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    let mails = world.pass("2026-03-29T08:00:00Z").await;
    let last = mails.last().unwrap();
    assert!(world.ledger.is_still_right(last).await);
    let held = start(&memory, &clock, true).await;
    assert!(!held.ledger.is_still_right(last).await, "asked right before it leaves");
    assert!(held.pass("2026-04-10T08:00:00Z").await.is_empty());
    assert!(!held.stage("acme").await.restricts());
}
