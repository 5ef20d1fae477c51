//! Tenants that another one pays for: what is shared, and what a payment gives back.

use std::sync::Arc;
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::domain::decide::About;
use ambergate::domain::stage::Stage;
use ambergate::gate::lookup::Lookup;
use ambergate::gate::shards::Shards;
use ambergate::ledger::Outcome;
use ambergate::notify::letter::compose;
use ambergate::store::any::AnyStore;
use ambergate::store::embedded::Embedded;
use ambergate::store::shard_of;
use serde_json::{Value, json};

use crate::world::{START, World, at, event, issued, paid, tenant, tenant_updated};

fn paid_by(child: &str, payer: &str, n: u32) -> Value {
    event("tenant.updated", &format!("link-{child}-{n}"), child, json!({"paid_by": payer}))
}

/// The stage that a gate which reads the store now gives.
async fn at_a_gate(world: &World, name: &str) -> Stage {
    let shards = Shards::new(Duration::from_secs(4_000 * 3_600), world.clock.now());
    let lookup = Lookup::new(Arc::new(world.store.clone()), shards, 10);
    let tenant = tenant(name);
    let shard = shard_of(&tenant);
    lookup.read(&tenant, shard, world.clock.now()).await.0.about(About::Whole).stage
}

/// A payer with two that it pays for, all of them read-only.
async fn read_only_together(world: &World) {
    let children = ["one", "two"];
    world.accept(&[tenant_updated("parent"), issued("parent", "i1")]).await;
    for child in children {
        world.accept(&[tenant_updated(child), paid_by(child, "parent", 0)]).await;
    }
    let (_, parent) = world.account("parent").await;
    assert_eq!(parent.children, children.iter().map(|it| tenant(it)).collect());
    world.pass("2026-03-30T08:14:59Z").await;
    for child in children {
        assert_eq!(at_a_gate(world, child).await, Stage::Grace);
    }
    world.pass("2026-03-30T08:15:00Z").await;
    for child in children {
        assert_eq!(at_a_gate(world, child).await, Stage::ReadOnly);
    }
}

async fn a_payment_gives_all_back(world: &World) {
    read_only_together(world).await;
    assert_eq!(world.accept(&[paid("parent", "i1")]).await, [Outcome::Accepted]);
    for name in ["parent", "one", "two"] {
        assert_eq!(world.stage(name).await, Stage::Full, "{name}");
        assert_eq!(at_a_gate(world, name).await, Stage::Full, "{name}");
    }
}

#[tokio::test]
async fn a_payment_of_the_payer_opens_all_that_it_pays_for() {
    a_payment_gives_all_back(&World::in_memory().await).await;
}

#[tokio::test]
async fn the_embedded_store_does_the_same_and_a_rebuild_leaves_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::standing(at(START));
    let store = Embedded::open(folder.path().join("store"), clock.clone()).unwrap();
    let world = World::over(AnyStore::Embedded(store), None, clock).await;
    read_only_together(&world).await;
    let before = world.account("one").await.0;
    ambergate::ledger::rebuild(&world.ledger, &[]).await.unwrap();
    assert_eq!(world.account("one").await.0, before);
    assert_eq!(at_a_gate(&world, "one").await, Stage::ReadOnly);
    world.accept(&[paid("parent", "i1")]).await;
    assert_eq!(at_a_gate(&world, "one").await, Stage::Full);
}

#[tokio::test]
async fn a_gate_needs_the_payers_grant_alone_to_open() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    // As if the process had died between the payer's commit and those of the others.
    let fresh = world.store.clone();
    let stored = ambergate::store::Store::grant(&fresh, &tenant("one")).await.unwrap().0.unwrap();
    assert_eq!(stored.strictest(), Stage::ReadOnly);
    assert!(stored.scopes.is_empty(), "nothing of it is its own");
    let payer = ambergate::domain::grant::Grant::full(tenant("parent"), stored.digest);
    let own = ambergate::domain::decide::Standings::of(&stored);
    let payer = ambergate::domain::decide::Standings::of(&payer);
    assert_eq!(own.beside(&payer).about(About::Whole).stage, Stage::Full);
}

#[tokio::test]
async fn who_is_no_longer_paid_for_is_open_at_once() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    world.accept(&[paid_by("one", "", 1)]).await;
    assert_eq!(at_a_gate(&world, "one").await, Stage::Full);
    assert_eq!(at_a_gate(&world, "two").await, Stage::ReadOnly);
    let (_, parent) = world.account("parent").await;
    assert_eq!(parent.children, [tenant("two")].into());
}

#[tokio::test]
async fn nothing_is_written_to_a_child_but_of_its_own_and_no_amount() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("parent"), issued("parent", "i1")]).await;
    world.accept(&[tenant_updated("one"), paid_by("one", "parent", 0)]).await;
    let sent = world.pass("2026-03-30T08:15:00Z").await;
    let kinds = |name: &str| {
        let own = sent.iter().filter(|it| it.tenant == tenant(name));
        let kinds = own.flat_map(|it| it.notices.iter().map(|notice| notice.made.kind.clone()));
        let mut kinds: Vec<String> = kinds.collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    assert_eq!(kinds("one"), ["again", "entered", "warning"]);
    assert!(kinds("parent").contains(&"overdue".to_owned()));
    let templates = ambergate::notify::render::Templates::shipped("Example").unwrap();
    for envelope in sent.iter().filter(|it| it.tenant == tenant("one")) {
        let ambergate::ledger::Envelope { tenant, account, made, law, at, .. } = envelope;
        let letter = compose(tenant, account, made, law, *at).unwrap();
        let said = templates.render(&letter).unwrap();
        for word in ["1,000", "1000", "i1", "parent", "Pay"] {
            assert!(!said.text.contains(word), "{word}: {}", said.text);
            assert!(!said.subject.contains(word), "{word}: {}", said.subject);
        }
        assert!(said.text.contains("nothing for you to pay"), "{}", said.text);
    }
}

#[tokio::test]
async fn rings_and_second_levels_share_nothing() {
    let world = World::in_memory().await;
    for name in ["a", "b", "c"] {
        world.accept(&[tenant_updated(name), issued(name, &format!("i-{name}"))]).await;
    }
    world.accept(&[paid_by("a", "b", 0), paid_by("b", "a", 0), paid_by("c", "b", 0)]).await;
    world.pass("2026-03-31T08:15:00Z").await;
    for name in ["a", "b", "c"] {
        // Each stands as its own invoice has it.
        assert_eq!(at_a_gate(&world, name).await, Stage::ReadOnly);
        let (_, account) = world.account(name).await;
        assert_eq!(account.shares, 0);
        world.accept(&[paid(name, &format!("i-{name}"))]).await;
        assert_eq!(at_a_gate(&world, name).await, Stage::Full);
    }
}

#[tokio::test]
async fn who_pays_may_come_later_than_whom_it_pays_for() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("one"), paid_by("one", "parent", 0)]).await;
    world.accept(&[tenant_updated("parent"), issued("parent", "i1")]).await;
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(at_a_gate(&world, "one").await, Stage::ReadOnly);
}

#[tokio::test]
async fn nobody_pays_for_itself() {
    let faults = ambergate::domain::event::parse(&paid_by("a", "a", 0), at(START)).unwrap_err();
    assert_eq!(faults[0].field, "data.paid_by");
}
