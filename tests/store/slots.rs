//! The contract of the breaker: slots that are taken in one step, and what trips it.

use ambergate::store::StoreError;
use ambergate::store::breaker::{Breaker, Slot, Slots, WHY_TRIPPED};

use crate::contract::contract;
use crate::world::{World, add, record, tenant};

contract!(
    a_slot_is_one_a_tenant_and_window,
    a_breaker_that_tripped_gives_none_until_it_is_set_back,
    the_last_slot_is_taken_once,
    a_breaker_is_compared_and_set,
    tenants_are_counted,
);

const WINDOW: u64 = 60_000;

async fn take<S: Slots>(store: &S, name: &str) -> Slot {
    store.take_slot(&tenant(name), 2, WINDOW).await.unwrap()
}

async fn a_slot_is_one_a_tenant_and_window<W: World<Store: Slots>>(world: W) {
    let store = world.store();
    assert_eq!(store.breaker().await.unwrap(), Breaker::default());
    for name in ["a", "b", "a", "b"] {
        assert_eq!(take(store, name).await, Slot::Taken);
    }
    let breaker = store.breaker().await.unwrap();
    assert_eq!((breaker.tripped, breaker.count, breaker.max), (false, 2, 2));
    assert_eq!((breaker.generation, breaker.window), (0, WINDOW));
    // Short, so that a store whose time is real passes it, too.
    let short = |name| async move { store.take_slot(&tenant(name), 2, 50).await.unwrap() };
    world.pass(60).await;
    assert_eq!(short("c").await, Slot::Taken, "the others' windows are over");
    assert_eq!(store.breaker().await.unwrap().count, 1);
}

async fn a_breaker_that_tripped_gives_none_until_it_is_set_back<W: World<Store: Slots>>(world: W) {
    let store = world.store();
    for (name, slot) in [("a", Slot::Taken), ("b", Slot::Taken), ("c", Slot::Tripped)] {
        assert_eq!(take(store, name).await, slot);
    }
    let tripped = store.breaker().await.unwrap();
    assert_eq!((tripped.tripped, tripped.generation), (true, 1));
    assert_eq!((tripped.count, tripped.max, tripped.window), (2, 2, WINDOW));
    assert_eq!((tripped.reason.as_deref(), &tripped.by), (Some(WHY_TRIPPED), &None));
    assert!(tripped.at.is_some());
    assert_eq!(take(store, "a").await, Slot::Tripped, "also to those who hold one");
    assert_eq!(store.take_slot(&tenant("d"), 99, 1).await.unwrap(), Slot::Tripped);
    assert_eq!(store.breaker().await.unwrap(), tripped, "it trips once");

    let back = Breaker {
        tripped: false,
        generation: 2,
        count: 0,
        reason: Some("the feed is mended".to_owned()),
        by: Some("ada".to_owned()),
        ..tripped.clone()
    };
    store.set_breaker(&tripped, back.clone()).await.unwrap();
    assert_eq!(store.breaker().await.unwrap(), back);
    for (name, slot) in [("c", Slot::Taken), ("d", Slot::Taken), ("a", Slot::Tripped)] {
        assert_eq!(take(store, name).await, slot, "{name}: all slots were free");
    }
    let again = store.breaker().await.unwrap();
    assert_eq!((again.generation, again.by), (3, None));
}

async fn the_last_slot_is_taken_once<W: World<Store: Slots + Clone>>(world: W) {
    let takers = (0..20).map(|n| {
        let (store, who) = (world.store().clone(), tenant(&format!("t{n}")));
        tokio::spawn(async move { store.take_slot(&who, 7, WINDOW).await.unwrap() })
    });
    let mut taken = 0;
    for taker in takers.collect::<Vec<_>>() {
        taken += usize::from(taker.await.unwrap() == Slot::Taken);
    }
    assert_eq!(taken, 7);
    let breaker = world.store().breaker().await.unwrap();
    assert_eq!((breaker.tripped, breaker.generation, breaker.count), (true, 1, 7));
}

async fn a_breaker_is_compared_and_set<W: World<Store: Slots>>(world: W) {
    let store = world.store();
    let known = store.breaker().await.unwrap();
    let tripped = Breaker { tripped: true, generation: 1, ..Breaker::default() };
    store.set_breaker(&known, tripped.clone()).await.unwrap();
    let late = Breaker { generation: 1, ..Breaker::default() };
    assert_eq!(store.set_breaker(&known, late).await, Err(StoreError::Conflict));
    assert_eq!(store.breaker().await.unwrap(), tripped);
}

async fn tenants_are_counted<W: World<Store: Slots>>(world: W) {
    let store = world.store();
    assert_eq!(store.tenants().await.unwrap(), 0);
    for name in ["acme", "globex", "initech"] {
        add(store, &tenant(name), record(1)).await;
    }
    add(store, &tenant("acme"), record(2)).await;
    assert_eq!(store.tenants().await.unwrap(), 3);
}
