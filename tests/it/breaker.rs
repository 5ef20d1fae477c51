//! The breaker: a feed that would warn everybody, and what stops it.

use std::time::Duration;

use ambergate::domain::policy::Percent;
use ambergate::domain::stage::Stage;
use ambergate::ledger::{Ledger, Limit};
use ambergate::store::Store as _;
use ambergate::store::breaker::Slots as _;
use serde_json::json;

use crate::admin::Site;
use crate::world::{START, World, at, event, issued, paid, tenant_updated};

/// One in a hundred, and at least `at_least`, a day.
pub(crate) fn with_limit(ledger: &Ledger, at_least: u32) {
    let window = Duration::from_secs(24 * 3_600);
    let limit = Limit { share: Percent(100), at_least, window };
    assert_eq!(ledger.clone().with_breaker(limit).breaker_limit(), Some(limit));
}

/// Tenants in grace, by name.
async fn in_grace(world: &World) -> Vec<String> {
    let rows = world.store.rows(None, 10_000).await.unwrap();
    let grace = rows.into_iter().filter(|row| row.stage == Stage::Grace);
    grace.map(|row| row.tenant.as_str().to_owned()).collect()
}

#[tokio::test]
async fn a_feed_that_would_warn_a_thousand_is_stopped_at_the_limit() {
    let world = World::in_memory().await;
    // A second replica at the same store.
    let other = World::over(world.store.clone(), None, world.clock.clone()).await;
    for replica in [&world, &other] {
        with_limit(&replica.ledger, 3);
    }
    for n in 0..1_000 {
        let name = format!("t{n:03}");
        world.accept(&[tenant_updated(&name), issued(&name, &format!("i{n}"))]).await;
    }
    // Overdue, all of them: the feed forgot every payment.
    world.clock.set(at("2026-03-16T08:00:00Z"));
    let both = tokio::join!(world.work_off(), other.work_off());
    assert_eq!(in_grace(&world).await.len(), 10, "one in a hundred");
    assert_eq!(both.0.len() + both.1.len(), 20, "two people each");
    let breaker = world.ledger.breaker().await.unwrap();
    assert_eq!((breaker.tripped, breaker.count, breaker.max), (true, 10, 10));
    assert!(other.ledger.is_breaker_tripped() || world.ledger.is_breaker_tripped());

    // Reminders before the due date and relief go on; everything else waits.
    let in_time = json!({
        "invoice": "z1", "amount": {"minor": 100_000, "currency": "EUR"},
        "issued_on": "2026-03-02", "due_on": "2026-03-19",
    });
    world.accept(&[tenant_updated("zen"), event("invoice.issued", "z1", "zen", in_time)]).await;
    let reminded = world.work_off().await;
    let zen: Vec<_> = reminded.iter().map(|it| it.tenant.as_str()).collect();
    assert_eq!(zen, ["zen"], "to whoever settles invoices");
    let first = in_grace(&world).await[0].clone();
    let invoice = format!("i{}", first[1..].parse::<u32>().unwrap());
    world.accept(&[paid(&first, &invoice)]).await;
    assert_eq!(world.stage(&first).await, Stage::Full);
    let sent = world.pass("2026-03-16T08:30:00Z").await;
    let about = sent.iter().filter(|envelope| envelope.tenant.as_str() != first);
    assert_eq!((in_grace(&world).await.len(), about.count()), (9, 0));
}

#[tokio::test]
async fn a_person_lets_it_go_on() {
    let world = World::in_memory().await;
    with_limit(&world.ledger, 2);
    for name in ["a", "b", "c", "d", "e"] {
        world.accept(&[tenant_updated(name), issued(name, name)]).await;
    }
    world.clock.set(at("2026-03-16T08:00:00Z"));
    world.work_off().await;
    assert_eq!(in_grace(&world).await.len(), 2);
    // Not by itself, when the window is over.
    world.clock.set(at("2026-03-18T08:00:00Z"));
    world.work_off().await;
    assert_eq!(in_grace(&world).await.len(), 2);
    let by = Some("ada".to_owned());
    let set = world.ledger.set_breaker(false, "they do owe it".to_owned(), by).await.unwrap();
    assert_eq!((set.tripped, set.generation, set.by.as_deref()), (false, 2, Some("ada")));
    assert!(!world.ledger.is_breaker_tripped());
    world.ledger.look_at_all().await.unwrap();
    assert_eq!(in_grace(&world).await.len(), 4, "two more, and it tripped again");
    assert!(world.ledger.breaker().await.unwrap().tripped);
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let world = World::in_memory().await;
    assert_eq!(world.clock.now(), at(START));
    for name in ["a", "b", "c", "d", "e"] {
        world.accept(&[tenant_updated(name), issued(name, name)]).await;
    }
    world.clock.set(at("2026-03-16T08:00:00Z"));
    world.work_off().await;
    assert_eq!(in_grace(&world).await.len(), 5);
    assert_eq!(world.store.breaker().await.unwrap().count, 0);
}

#[tokio::test]
async fn the_breaker_is_shown_and_a_person_sets_it_with_a_reason() {
    let site = Site::new().await;
    let put = "PUT /v1/breaker";
    let trip = json!({"tripped": true, "reason": "the feed looks wrong"});
    assert_eq!(site.get("/v1/breaker").await["on"], false);
    assert_eq!(site.ask("admin", put, Some(trip.clone())).await.0, 409, "there is none");
    with_limit(&site.world.ledger, 3);
    let shown = site.get("/v1/breaker").await;
    assert_eq!((&shown["max"], &shown["window_seconds"]), (&json!(3), &json!(86_400)));
    let (status, answer) = site.ask("admin", put, Some(trip)).await;
    assert_eq!((status, &answer["tripped"], &answer["by"]), (200, &json!(true), &json!("admin")));
    assert!(site.world.ledger.is_breaker_tripped());
    for wrong in [json!({"tripped": false}), json!({"tripped": false, "reason": " "})] {
        assert_eq!(site.ask("admin", put, Some(wrong)).await.0, 400);
    }
    let back = json!({"tripped": false, "reason": "it was right"});
    assert_eq!(site.ask("admin", put, Some(back)).await.0, 200);
    let shown = site.get("/v1/breaker").await;
    assert_eq!((&shown["tripped"], &shown["generation"]), (&json!(false), &json!(2)));
    assert_eq!(shown["reason"], "it was right");
}
