//! Tenants that were merged into another one: what counts where, and who is looked at.

use ambergate::clock::Clock;
use ambergate::domain::money::Money;
use ambergate::domain::stage::Stage;
use ambergate::ledger::Outcome;
use ambergate::store::any::AnyStore;
use ambergate::store::embedded::Embedded;
use serde_json::{Value, json};

use crate::world::{START, World, at, event, issued, paid, tenant, tenant_updated};

fn merged(of: &str, into: &str) -> Value {
    event("tenant.merged", &format!("merged-{of}-{into}"), of, json!({"into": into}))
}

async fn owed(world: &World, name: &str) -> i64 {
    let owed = world.account(name).await.1.owed();
    owed.iter().map(|Money { minor, .. }| *minor).sum()
}

/// `beta` owes, and was merged into `acme`, which owes nothing else: both are read-only.
async fn read_only_together(world: &World) {
    world.accept(&[tenant_updated("acme"), tenant_updated("beta"), issued("beta", "i1")]).await;
    assert_eq!(world.accept(&[merged("beta", "acme")]).await, [Outcome::Accepted]);
    let (_, acme) = world.account("acme").await;
    assert_eq!(acme.merged, [tenant("beta")].into());
    assert_eq!(acme.invoices[0].of, Some(tenant("beta")));
    world.pass("2026-03-30T08:15:00Z").await;
    for name in ["acme", "beta"] {
        assert_eq!(world.stage(name).await, Stage::ReadOnly, "{name}");
    }
}

#[tokio::test]
async fn a_payment_of_the_merged_one_opens_both_before_it_is_answered() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    assert_eq!(world.accept(&[paid("beta", "i1")]).await, [Outcome::Accepted]);
    for name in ["acme", "beta"] {
        assert_eq!(world.stage(name).await, Stage::Full, "{name}");
    }
    assert_eq!(owed(&world, "acme").await, 0);
}

#[tokio::test]
async fn a_payment_in_the_other_name_opens_both_too() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    for name in ["acme", "beta"] {
        assert_eq!(world.stage(name).await, Stage::Full, "{name}");
    }
}

/// Whose invoice it is need not be whose name the payment is told in.
#[tokio::test]
async fn a_payment_in_the_merged_name_pays_what_the_other_one_owes_itself() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    world.accept(&[issued("acme", "own")]).await;
    assert_eq!(owed(&world, "acme").await, 200_000);
    world.accept(&[paid("beta", "own")]).await;
    assert_eq!(owed(&world, "acme").await, 100_000);
    let (_, beta) = world.account("beta").await;
    assert!(beta.tasks.iter().all(|task| !task.is_open()), "{:?}", beta.tasks);
    assert!(beta.cases.iter().all(|case| case.holds.is_empty()));
    assert_eq!(world.stage("beta").await, Stage::ReadOnly);
}

#[tokio::test]
async fn each_is_told_of_its_own_climb_by_its_own_mail() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), tenant_updated("beta"), issued("beta", "i1")]).await;
    world.accept(&[merged("beta", "acme")]).await;
    let sent = world.pass("2026-03-30T08:15:00Z").await;
    let told = |name: &str| {
        let own = sent.iter().filter(|it| it.tenant == tenant(name));
        let kinds = own.flat_map(|it| {
            let to = it.made.recipient.clone();
            it.notices.iter().map(move |notice| format!("{} {to}", notice.made.kind))
        });
        kinds.filter(|it| it.starts_with("warning")).collect::<std::collections::BTreeSet<_>>()
    };
    // Who could be written to of the merged one can be written to of the other one.
    let acme = ["ada@acme", "ada@beta", "bob@acme", "bob@beta"];
    assert_eq!(told("acme"), acme.map(|it| format!("warning {it}.example")).into());
    let beta = ["ada@beta", "bob@beta"];
    assert_eq!(told("beta"), beta.map(|it| format!("warning {it}.example")).into());
}

#[tokio::test]
async fn the_embedded_store_does_the_same_and_a_rebuild_leaves_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::standing(at(START));
    let store = Embedded::open(folder.path().join("store"), clock.clone()).unwrap();
    let world = World::over(AnyStore::Embedded(store), None, clock).await;
    read_only_together(&world).await;
    let before = (world.account("acme").await.0, world.account("beta").await.0);
    ambergate::ledger::rebuild(&world.ledger, &[]).await.unwrap();
    world.look_after(true).await.unwrap();
    world.work_off().await;
    assert_eq!((world.account("acme").await.0, world.account("beta").await.0), before);
    for name in ["acme", "beta"] {
        assert_eq!(world.stage(name).await, Stage::ReadOnly, "{name}");
    }
    world.accept(&[paid("beta", "i1")]).await;
    assert_eq!(world.stage("acme").await, Stage::Full);
}

#[tokio::test]
async fn it_waits_until_the_other_one_is_known() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("beta"), issued("beta", "i1")]).await;
    assert_eq!(world.accept(&[merged("beta", "acme")]).await, [Outcome::Parked]);
    let parked = world.ledger.parked().await.unwrap();
    assert!(parked[0].reason.contains("acme"), "{}", parked[0].reason);
    // Told again it is still waiting, and nothing of it counts.
    assert_eq!(world.accept(&[merged("beta", "acme")]).await, [Outcome::Parked]);
    assert_eq!(world.ledger.parked().await.unwrap().len(), 1);
    assert_eq!(world.account("beta").await.1.profile.merged_into, None);
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(world.stage("beta").await, Stage::ReadOnly);
    world.accept(&[tenant_updated("acme")]).await;
    assert!(world.ledger.parked().await.unwrap().is_empty());
    assert_eq!(world.account("beta").await.1.profile.merged_into, Some(tenant("acme")));
    assert_eq!(owed(&world, "acme").await, 100_000);
    // What was entered for it is given back: the other one is warned first, from the first rung.
    assert_eq!(world.stage("beta").await, Stage::Full);
    let sent = world.pass("2026-04-13T06:00:00Z").await;
    let kinds = sent.iter().filter(|it| it.tenant == tenant("acme"));
    let kinds: Vec<_> = kinds.flat_map(|it| &it.notices).map(|it| it.made.kind.as_str()).collect();
    assert!(kinds.contains(&"upcoming") && !kinds.contains(&"entered"), "{kinds:?}");
    let stages = [world.stage("acme").await, world.stage("beta").await];
    assert_eq!(stages, [Stage::Grace, Stage::Grace]);
}

#[tokio::test]
async fn no_ring_is_closed() {
    let world = World::in_memory().await;
    for name in ["a", "b", "c"] {
        world.accept(&[tenant_updated(name), issued(name, &format!("i-{name}"))]).await;
    }
    assert_eq!(world.accept(&[merged("a", "b")]).await, [Outcome::Accepted]);
    assert_eq!(world.accept(&[merged("b", "c")]).await, [Outcome::Accepted]);
    for (of, into) in [("b", "a"), ("c", "a"), ("c", "b")] {
        assert_eq!(world.accept(&[merged(of, into)]).await, [Outcome::Parked], "{of} {into}");
    }
    let reasons = world.ledger.parked().await.unwrap();
    assert!(reasons.iter().all(|it| it.reason.contains("neither would owe")), "{reasons:?}");
    // Of the chain the last one owes all.
    assert_eq!(owed(&world, "c").await, 300_000);
    let of: Vec<_> = world.account("c").await.1.invoices.into_iter().map(|it| it.of).collect();
    assert_eq!(of.iter().flatten().count(), 2);
    world.accept(&[paid("a", "i-a")]).await;
    assert_eq!(owed(&world, "c").await, 200_000);
}

#[tokio::test]
async fn a_payment_at_the_foot_of_a_chain_opens_its_head_before_it_is_answered() {
    let world = World::in_memory().await;
    for name in ["a", "b", "c", "d"] {
        world.accept(&[tenant_updated(name)]).await;
    }
    world.accept(&[issued("a", "i-a")]).await;
    for (of, into) in [("a", "b"), ("b", "c"), ("c", "d")] {
        assert_eq!(world.accept(&[merged(of, into)]).await, [Outcome::Accepted]);
    }
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(world.stage("d").await, Stage::ReadOnly);
    world.accept(&[paid("a", "i-a")]).await;
    assert_eq!(world.stage("d").await, Stage::Full);
}

#[tokio::test]
async fn who_is_merged_again_counts_there_and_no_longer_here() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    world.accept(&[tenant_updated("corp")]).await;
    assert_eq!(world.accept(&[merged("beta", "corp")]).await, [Outcome::Accepted]);
    assert_eq!((owed(&world, "acme").await, owed(&world, "corp").await), (0, 100_000));
    for name in ["acme", "beta", "corp"] {
        assert_eq!(world.stage(name).await, Stage::Full, "{name}");
    }
    assert_eq!(world.account("acme").await.1.merged, [].into());
}

#[tokio::test]
async fn nobody_is_merged_into_itself() {
    let faults = ambergate::domain::event::parse(&merged("a", "a"), at(START)).unwrap_err();
    assert_eq!(faults[0].field, "data.into");
    let nobody = event("tenant.merged", "m", "a", json!({"into": ""}));
    let faults = ambergate::domain::event::parse(&nobody, at(START)).unwrap_err();
    assert_eq!(faults[0].field, "data.into");
}

#[tokio::test]
async fn its_events_stay_its_own() {
    let world = World::in_memory().await;
    read_only_together(&world).await;
    let standing = world.ledger.standing(&tenant("acme")).await.unwrap().unwrap();
    let counted: Vec<_> = standing.records.iter().filter_map(|it| it.counted_of()).collect();
    assert_eq!(counted, vec![&tenant("beta"); 2]);
    // What is stored of it is stored with the other one alone.
    let stored = ambergate::store::Store::load(&world.store, &tenant("acme")).await.unwrap();
    let own = ambergate::store::form::records(&tenant("acme"), &stored.unwrap()).unwrap();
    assert_eq!(own.len() + counted.len(), standing.records.len());
}
