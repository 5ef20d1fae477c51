//! Sources that are to be heard of within a time: what a silent one stops, and what it does not.

use std::time::Duration;

use ambergate::config::{Sha256, Token, TokenRole};
use ambergate::domain::stage::Stage;
use ambergate::ingest::Ingest;
use ambergate::ledger::{Declared, Ledger};
use ambergate::net::bearer::Tokens;
use ambergate::store::Store as _;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{World, at, issued, paid, tenant_updated};

/// These are to be heard of every day.
pub(crate) fn daily(ledger: &Ledger, sources: &[&str]) {
    let heard_every = Duration::from_secs(24 * 3_600);
    let declared = sources.iter().map(|it| Declared { source: it.parse().unwrap(), heard_every });
    assert!(ledger.clone().with_sources(declared.collect()).silent_sources().is_empty());
}

/// Hands an event in at the door.
async fn send(world: &World, event: &Value) -> (u16, Value) {
    let sha256: Sha256 = hex(b"feed").parse().unwrap();
    let token = Token { name: "feed".to_owned(), role: TokenRole::Ingest, sha256 };
    let door = Ingest::new(world.ledger.clone(), Tokens::new(vec![token]), None).service();
    let request = Request::post("/v1/events")
        .header("authorization", "Bearer feed")
        .header("content-type", "application/cloudevents+json")
        .body(Body::from(event.to_string()))
        .unwrap();
    let response = door.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(id: &str, more: &Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "type": "ambergate.source.heard", "source": "books", "id": id,
        "data": {},
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    event
}

#[tokio::test]
async fn a_silent_source_stops_what_is_harder_until_it_is_heard_of() {
    let world = World::in_memory().await;
    daily(&world.ledger, &["books"]);
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    // A day and a minute after the last word of it.
    world.clock.set(at("2026-03-16T08:00:00Z"));
    assert!(!world.ledger.present().await.unwrap().heard);
    assert!(world.work_off().await.is_empty(), "nothing overdue is said");
    assert_eq!(world.stage("acme").await, Stage::Full);
    world.look_after(false).await.unwrap();
    let silent = world.ledger.silent_sources();
    assert_eq!(silent.len(), 1);
    assert_eq!(silent[0].since, Some(at(crate::world::START)));

    // What was so days ago says nothing of today.
    let old = sign("h1", &json!({"time": "2026-03-14T08:00:00Z"}));
    assert_eq!(send(&world, &old).await.0, 200);
    assert!(!world.ledger.present().await.unwrap().heard);
    let (status, answer) = send(&world, &sign("h2", &json!({}))).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)));
    assert!(world.ledger.present().await.unwrap().heard);
    world.look_after(false).await.unwrap();
    assert!(world.ledger.silent_sources().is_empty());
    world.ledger.look_at_all().await.unwrap();
    assert_eq!(world.stage("acme").await, Stage::Grace);
    assert_eq!(world.work_off().await.len(), 2);

    // Silent again, and a payment that another source reports opens all the same.
    world.clock.set(at("2026-03-18T08:00:00Z"));
    let mut payment = paid("acme", "i1");
    payment["source"] = json!("bank");
    world.accept(&[payment]).await;
    assert_eq!(world.stage("acme").await, Stage::Full);
    assert!(!world.ledger.present().await.unwrap().heard);
}

#[tokio::test]
async fn a_cutoff_waits_for_the_feed_and_records_that_it_was_fresh() {
    let world = World::in_memory().await;
    daily(&world.ledger, &["books"]);
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    for day in 3..=29 {
        world.pass(&format!("2026-03-{day:02}T06:00:00Z")).await;
        send(&world, &sign(&format!("h{day}"), &json!({}))).await;
    }
    // Heard of on Sunday at eight o'clock of Berlin, and no more until Monday after lunch.
    world.pass("2026-03-30T11:07:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::Grace);
    send(&world, &sign("monday", &json!({}))).await;
    world.pass("2026-03-30T11:30:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    let (_, account) = world.account("acme").await;
    let entry = account.cases[0].entries.last().unwrap();
    assert!(entry.entered.checked.feeds);
}

#[tokio::test]
async fn a_sign_of_life_that_is_none_is_refused_by_its_fields() {
    let world = World::in_memory().await;
    daily(&world.ledger, &["books"]);
    let (status, problem) = send(&world, &sign("h1", &json!({"subject": "acme"}))).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("subject")));
    assert!(!world.ledger.present().await.unwrap().heard);
    // Of a source that nobody waits for nothing is kept, and it is no fault.
    assert_eq!(send(&world, &sign("h2", &json!({"source": "other"}))).await.0, 200);
    // Also by the store's inbox.
    world.store.submit(sign("h3", &json!({})).to_string().into_bytes()).await.unwrap();
    assert_eq!(world.ledger.drain_inbox().await.unwrap(), 1);
    assert!(world.ledger.present().await.unwrap().heard);
}
