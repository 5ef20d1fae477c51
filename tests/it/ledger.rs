//! The roads of facts and of timers through the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::decision::Decision;
use ambergate::domain::event::parse;
use ambergate::domain::record::Record;
use ambergate::domain::stage::Stage;
use ambergate::ledger::{Ledger, Outcome};
use ambergate::store::Store as _;
use ambergate::store::any::AnyStore;
use ambergate::store::embedded::Embedded;
use ambergate::store::memory::Memory;
use serde_json::json;

use crate::world::{START, World, at, event, issued, paid, tenant, tenant_updated};

#[tokio::test]
async fn a_fact_counts_once_however_often_it_comes() {
    let world = World::in_memory().await;
    assert_eq!(world.accept(&[tenant_updated("acme")]).await, [Outcome::Accepted]);
    let works = (0..40).map(|_| {
        let ledger = world.ledger.clone();
        let incoming = parse(&issued("acme", "i1"), at(START)).unwrap();
        tokio::spawn(async move { ledger.accept(vec![incoming]).await })
    });
    let mut outcomes = Vec::new();
    for work in works.collect::<Vec<_>>() {
        outcomes.extend(work.await.unwrap());
    }
    let accepted = outcomes.iter().filter(|it| **it == Outcome::Accepted).count();
    assert_eq!(accepted, 1);
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Accepted | Outcome::Duplicate)));
    let (_, account) = world.account("acme").await;
    assert_eq!(account.invoices.len(), 1);
}

#[tokio::test]
async fn a_copy_does_not_become_known_later() {
    let world = World::in_memory().await;
    world.accept(&[issued("acme", "i1")]).await;
    let before = world.account("acme").await.0;
    world.clock.set(at("2026-03-05T08:00:00Z"));
    assert_eq!(world.accept(&[issued("acme", "i1")]).await, [Outcome::Duplicate]);
    assert_eq!(world.account("acme").await.0, before);
}

#[tokio::test]
async fn what_has_no_tenant_waits_for_it() {
    let world = World::in_memory().await;
    let batch = [paid("acme", "i1"), issued("zen", "z1")];
    assert_eq!(world.accept(&batch).await, [Outcome::Parked, Outcome::Accepted]);
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Duplicate]);
    let parked = world.ledger.parked().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].money);
    assert_eq!(world.accept(&[issued("acme", "i1")]).await, [Outcome::Accepted]);
    assert!(world.ledger.parked().await.unwrap().is_empty());
    let (_, account) = world.account("acme").await;
    assert_eq!(account.owed(), []);
}

/// The first line of the worked table: mail at once.
async fn climbs(world: &World) {
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-30T08:14:59Z").await;
    assert_eq!(world.stage("acme").await, Stage::Grace);
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    world.pass("2026-04-13T08:14:59Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    world.pass("2026-04-13T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::Frozen);
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    assert_eq!(world.stage("acme").await, Stage::Full);
}

#[tokio::test]
async fn a_tenant_climbs_and_is_back_once_it_paid() {
    climbs(&World::in_memory().await).await;
}

#[tokio::test]
async fn the_embedded_store_does_the_same_and_a_rebuild_of_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::standing(at(START));
    let store = Embedded::open(folder.path().join("store"), clock.clone()).unwrap();
    let world = World::over(AnyStore::Embedded(store), None, clock).await;
    climbs(&world).await;
    world.accept(&[paid("zen", "z1")]).await;
    let before = world.account("acme").await.0;
    let rebuilt = ambergate::ledger::rebuild(&world.ledger, &[]).await.unwrap();
    assert!(rebuilt.lines > 20);
    assert!(rebuilt.missing.is_empty());
    assert_eq!(world.account("acme").await.0, before);
    assert_eq!(world.ledger.parked().await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_mail_leaves_after_the_payment() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-16T07:59:59Z").await;
    world.clock.set(at("2026-03-16T08:00:00Z"));
    let due = world.ledger.due(1).await.unwrap();
    let sends = world.ledger.advance(&due[0]).await.unwrap().sends;
    assert_eq!(sends.len(), 2);
    let first = world.ledger.try_message(&due[0], sends[0]).await.unwrap().unwrap();
    assert_eq!(first.attempt, 1);
    assert!(world.ledger.is_still_right(&first).await);
    assert!(world.ledger.try_message(&due[0], sends[0]).await.unwrap().is_none());
    world.accept(&[paid("acme", "i1")]).await;
    assert!(!world.ledger.is_still_right(&first).await);
    assert!(world.ledger.try_message(&due[0], sends[1]).await.unwrap().is_none());
}

#[tokio::test]
async fn without_a_store_and_a_journal_nothing_is_taken() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = World::over(AnyStore::Memory(memory.clone()), None, clock).await;
    memory.set_down(true);
    assert_eq!(world.accept(&[issued("acme", "i1")]).await, [Outcome::Unavailable]);
}

#[tokio::test]
async fn closing_the_switch_restricts_nobody_at_that_moment() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    let why = Some("a test".to_owned());
    let open = world.ledger.set_switch(true, why, None).await.unwrap();
    assert_eq!((open.open, open.generation), (true, 0));
    let closed = world.ledger.set_switch(false, None, None).await.unwrap();
    assert_eq!((closed.open, closed.generation), (false, 1));
    let grant = world.store.grant(&tenant("acme")).await.unwrap().0.unwrap();
    assert!(grant.generation < closed.generation);
}

#[tokio::test]
async fn the_inbox_is_worked_off() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    world.pass("2026-03-23T08:00:00Z").await;
    let (records, _) = world.account("acme").await;
    let warning =
        records.iter().filter_map(Record::as_decision).find_map(|decision| match decision {
            Decision::NoticeMade(made) if made.names.is_some() => Some(made.notice),
            _ => None,
        });
    let mut seen = event(
        "notice.receipt",
        "seen-1",
        "acme",
        json!({
            "notice": warning.unwrap(), "channel": "banner", "person": "p1", "role": "billing",
            "kind": "seen",
        }),
    );
    seen["source"] = json!("ambergate/gate");
    world.store.submit(seen.to_string().into_bytes()).await.unwrap();
    world.store.submit(b"{not json".to_vec()).await.unwrap();
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 2);
    assert!(world.store.inbox(9).await.unwrap().is_empty());
    let (_, account) = world.account("acme").await;
    let notice = account.notice(warning.unwrap()).unwrap();
    assert!(notice.receipts.iter().any(|receipt| receipt.recipient == "p1"));
}

#[tokio::test]
async fn a_large_account_holds_nobody_up() {
    let world = World::in_memory().await;
    let turns = Arc::<AtomicU32>::default();
    let others = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    let updates = |tenant: &str, count: usize| -> Vec<serde_json::Value> {
        let update = |n| event("tenant.updated", &format!("{tenant}-{n}"), tenant, json!({}));
        (0..count).map(update).collect()
    };
    world.accept(&updates("small", 20)).await;
    assert_eq!(turns.load(Ordering::Relaxed), 0, "done before anybody else's turn");
    // On a busy machine the other thread may be done before this one asks whether it is.
    for again in 0..50 {
        world.accept(&updates(&format!("large-{again}"), 300)).await;
        if turns.load(Ordering::Relaxed) > 0 {
            break;
        }
    }
    assert!(turns.load(Ordering::Relaxed) > 0, "the others went on meanwhile");
    others.abort();
}

/// A payment for an invoice of Acme's, said to be of `time`.
fn paid_at(id: &str, time: &str) -> serde_json::Value {
    let mut event = event("invoice.paid", id, "acme", json!({"invoice": "i1"}));
    event["time"] = json!(time);
    event
}

async fn leave(world: &World, event: &serde_json::Value) {
    world.store.submit(event.to_string().into_bytes()).await.unwrap();
}

#[tokio::test]
async fn what_is_dated_ahead_waits_in_the_inbox_for_its_time() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    leave(&world, &paid_at("p1", "2026-03-02T08:10:00Z")).await;
    let mut named = event("tenant.updated", "t2", "acme", json!({"name": "New"}));
    named["time"] = json!("2026-03-02T08:01:00Z");
    leave(&world, &named).await;
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 1, "it holds up nobody");
    assert!(!world.ledger.is_inbox_clear(), "money waits: nobody is cut off meanwhile");
    let (_, account) = world.account("acme").await;
    assert_eq!(account.profile.name.as_deref(), Some("New"));
    assert_eq!(account.invoices[0].owed, 100_000);
    world.clock.set(at("2026-03-02T08:05:00Z"));
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 1);
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
    assert!(world.ledger.is_inbox_clear());
    named["id"] = json!("t3");
    named["time"] = json!("2026-03-02T08:20:00Z");
    leave(&world, &named).await;
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 0);
    assert!(world.ledger.is_inbox_clear(), "a name is no money");
    world.clock.set(at("2026-03-02T08:20:00Z"));
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 1);
    assert!(world.store.inbox(9).await.unwrap().is_empty());
    assert!(world.ledger.parked().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_inbox_refuses_for_good_is_kept_if_it_may_be_money() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    let faulty = event("payment.received", "p2", "acme", json!({"payment": "p2", "amount": -1}));
    let mut forged = paid_at("p3", START);
    forged["source"] = json!("ambergate");
    let refused = [paid_at("p1", "2027-01-01T00:00:00Z"), faulty, forged];
    for event in &refused {
        leave(&world, event).await;
    }
    leave(&world, &event("tenant.updated", "t2", "acme", json!({"nmae": "New"}))).await;
    world.store.submit(b"{not json".to_vec()).await.unwrap();
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 5);
    let parked = world.ledger.parked().await.unwrap();
    assert_eq!(parked.len(), 4, "{parked:?}");
    let forged = refused[2].clone();
    for event in refused.into_iter().chain([json!("{not json")]) {
        assert!(parked.iter().any(|it| it.event == json!({"refused": event})), "{event}");
    }
    assert!(parked.iter().all(|it| it.money && it.reason.starts_with("refused from the inbox")));
    let forged = parked.iter().find(|it| it.event["refused"] == forged).unwrap();
    // Nothing takes them in by itself, or in ambergate's name.
    world.accept(&[issued("acme", "i2")]).await;
    assert!(world.ledger.replay_parked(&forged.id, Some(&tenant("acme"))).await.is_err());
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 100_000);
}

#[tokio::test]
async fn not_more_than_so_many_events_wait_for_their_time() {
    let world = World::in_memory().await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    for n in 0..300 {
        leave(&world, &paid_at(&format!("p{n}"), "2026-03-02T09:00:00Z")).await;
    }
    leave(&world, &paid_at("now", START)).await;
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 45);
    assert_eq!(world.store.inbox(999).await.unwrap().len(), 256);
    assert_eq!(world.ledger.parked().await.unwrap().len(), 44);
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
}

#[tokio::test]
async fn an_inbox_that_was_not_read_is_not_taken_for_empty() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let store = AnyStore::Memory(memory.clone());
    let ledger = Ledger::new(store, None, clock, law);
    assert!(!ledger.is_inbox_clear());
    assert!(!ledger.present().await.unwrap().feeds);
    ledger.look_after(false, at(START)).await.unwrap();
    assert!(ledger.present().await.unwrap().feeds);
    memory.set_down(true);
    assert!(ledger.drain_inbox().await.is_err());
    assert!(!ledger.is_inbox_clear());
    memory.set_down(false);
    assert!(!ledger.present().await.unwrap().feeds);
    ledger.look_after(false, at(START)).await.unwrap();
    assert!(ledger.present().await.unwrap().feeds);
}

#[tokio::test]
async fn a_case_of_a_version_that_is_not_known_here_is_not_forgotten() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let store = || AnyStore::Memory(memory.clone());
    let one = World::over(store(), None, clock.clone()).await;
    let other = World::over(store(), None, clock.clone()).await;
    let newer = policies::STANDARD.replacen("title = \"", "title = \"Newer: ", 1);
    assert_ne!(newer, policies::STANDARD);
    one.ledger.set_law(policies::parse(&newer, "standard.toml").unwrap()).await.unwrap();
    one.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    one.pass("2026-03-13T09:00:00Z").await;
    let advanced = other.ledger.advance(&tenant("acme")).await.unwrap();
    assert!(advanced.wake.is_some(), "it is looked at again");
    assert_eq!(other.store.next_wake().await.unwrap(), advanced.wake);
    // Once it learns the version, it looks at all tenants at once.
    let running = tokio::spawn({
        let ledger = other.ledger.clone();
        async move { ledger.run().await }
    });
    let right = async {
        while other.store.next_wake().await.unwrap() == advanced.wake {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), right).await.unwrap();
    running.abort();
    one.pass("2026-03-30T08:15:00Z").await;
    assert_eq!(one.stage("acme").await, Stage::ReadOnly);
}

#[tokio::test]
async fn nothing_is_due_before_the_published_versions_were_read() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let store = AnyStore::Memory(memory.clone());
    let world = World::over(store.clone(), None, clock.clone()).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    clock.set(at("2026-03-16T08:00:00Z"));
    assert_eq!(world.ledger.due(9).await.unwrap(), [tenant("acme")]);
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let fresh = Ledger::new(store, None, clock.clone(), law);
    assert_eq!(fresh.due(9).await.unwrap(), []);
    fresh.look_after(false, clock.now()).await.unwrap();
    assert_eq!(fresh.due(9).await.unwrap(), [tenant("acme")]);
}
