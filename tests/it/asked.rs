//! Stripe's API, asked before a cutoff: a server that speaks its recorded shapes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ambergate::config::Secret;
use ambergate::domain::stage::Stage;
use ambergate::ingest::ask;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::stripe::{door, fixture, send, take, world};
use crate::world::World;

const KEY: &str = "rk_test_MARKER";

/// What the API says, and what it was asked.
#[derive(Clone)]
struct Api {
    says: Arc<Mutex<(StatusCode, Value)>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Api {
    async fn open() -> (Self, SocketAddr) {
        let says = (StatusCode::OK, recorded("invoice_finalized"));
        let api = Self { says: Arc::new(Mutex::new(says)), asked: Arc::default() };
        let router =
            Router::new().route("/api/v1/invoices/{id}", get(answer)).with_state(api.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[allow(clippy::disallowed_methods)]
        tokio::spawn(async move { axum::serve(listener, router).await });
        (api, address)
    }

    fn say(&self, status: StatusCode, body: Value) {
        *self.says.lock().unwrap() = (status, body);
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn answer(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let key = headers.get("authorization").unwrap().to_str().unwrap().to_owned();
    api.asked.lock().unwrap().push((id, key));
    let (status, body) = api.says.lock().unwrap().clone();
    (status, Json(body)).into_response()
}

/// The invoice of a recorded webhook: what the API answers with is the same object.
fn recorded(name: &str) -> Value {
    let event: Value = serde_json::from_str(&fixture(name)).unwrap();
    event["data"]["object"].clone()
}

/// An invoice that Stripe told of, warned of and about to be cut off; and its API.
async fn before_the_cutoff() -> (World, Api) {
    let (api, address) = Api::open().await;
    let world = world().await;
    let asker = ask::stripe(&format!("http://{address}/api/"), &Secret::new(KEY)).unwrap();
    let _ = world.ledger.clone().with_asker(asker);
    assert_eq!(take(&door(&world), "invoice_finalized").await, "accepted");
    // It came late: due on Tuesday the 17th, read-only on Wednesday the first of April.
    world.pass("2026-04-01T08:14:00Z").await;
    assert_eq!((world.stage("acme").await, api.asked()), (Stage::Grace, 0));
    (world, api)
}

#[tokio::test]
async fn where_stripe_agrees_it_is_a_cutoff() {
    let (world, api) = before_the_cutoff().await;
    let records = world.account("acme").await.0.len();
    world.pass("2026-04-01T08:15:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly);
    let (id, key) = api.asked.lock().unwrap()[0].clone();
    assert_eq!((id.as_str(), key), ("in_1QxAcme0001", format!("Bearer {KEY}")));
    assert_eq!(api.asked(), 1);
    let (after, account) = world.account("acme").await;
    let entered = &account.cases[0].entries.last().unwrap().entered;
    assert!(entered.checked.asked && entered.checked.feeds && entered.checked.slot);
    let told = after[records..].iter().filter(|record| record.source() == "stripe");
    assert_eq!(told.count(), 0, "an answer that says nothing new is not kept");
}

#[tokio::test]
async fn what_stripe_knows_better_is_taken_and_nobody_is_cut_off() {
    let (world, api) = before_the_cutoff().await;
    api.say(StatusCode::OK, recorded("invoice_paid"));
    world.pass("2026-04-02T09:00:00Z").await;
    assert_eq!((world.stage("acme").await, api.asked()), (Stage::Full, 1));
    let (records, account) = world.account("acme").await;
    assert_eq!(account.invoices[0].owed, 0);
    assert!(records.iter().any(|record| record.id().starts_with("asked-")));
}

#[tokio::test]
async fn without_its_answer_nobody_is_cut_off() {
    let (world, api) = before_the_cutoff().await;
    let other = {
        let mut other = recorded("invoice_finalized");
        other["id"] = json!("in_other");
        other
    };
    let draft = {
        let mut draft = recorded("invoice_finalized");
        draft["status"] = json!("draft");
        draft
    };
    let limited = json!({"error": {"type": "rate_limit_error"}});
    let mut minute = 15;
    for (status, body) in [
        (StatusCode::TOO_MANY_REQUESTS, limited),
        (StatusCode::NOT_FOUND, recorded("invoice_finalized")),
        (StatusCode::FOUND, recorded("invoice_finalized")),
        (StatusCode::OK, other),
        (StatusCode::OK, draft),
        (StatusCode::OK, json!("nothing")),
    ] {
        api.say(status, body);
        let before = api.asked();
        let at = |minute: i32| format!("2026-04-01T{:02}:{:02}:30Z", 8 + minute / 60, minute % 60);
        world.pass(&at(minute)).await;
        assert_eq!(world.stage("acme").await, Stage::Grace, "{status}");
        assert!(api.asked() > before, "{status}: it was asked");
        minute += 16;
    }
    api.say(StatusCode::OK, recorded("invoice_finalized"));
    world.pass("2026-04-01T10:30:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::ReadOnly, "at the next cutoff time");
}

#[tokio::test]
async fn an_invoice_that_stripe_does_not_know_stands_in_the_way_of_no_other() {
    let (api, address) = Api::open().await;
    let world = world().await;
    let asker = ask::stripe(&format!("http://{address}/api/"), &Secret::new(KEY)).unwrap();
    let _ = world.ledger.clone().with_asker(asker);
    // What the server knows is the one in the middle.
    for id in ["in_0QxAcme0001", "in_1QxAcme0001", "in_2QxAcme0001"] {
        let issued = fixture("invoice_finalized").replace("in_1QxAcme0001", id);
        let issued = issued.replace("evt_", &format!("evt_{id}_"));
        assert_eq!(send(&door(&world), &issued).await.1["result"], "accepted");
    }
    world.pass("2026-04-01T08:15:00Z").await;
    assert_eq!((world.stage("acme").await, api.asked()), (Stage::ReadOnly, 3));
}

#[tokio::test]
async fn whoever_cannot_be_reached_is_not_asked_for_each_cutoff() {
    let (api, address) = Api::open().await;
    let world = world().await;
    let asker = ask::stripe(&format!("http://{address}/api/"), &Secret::new(KEY)).unwrap();
    let _ = world.ledger.clone().with_asker(asker);
    let tenants = ["acme", "in_2QxAcme0001", "in_3QxAcme0001"];
    assert_eq!(take(&door(&world), "invoice_finalized").await, "accepted");
    for other in &tenants[1..] {
        let issued = fixture("invoice_finalized").replace("in_1QxAcme0001", other);
        let issued = issued.replace("evt_", &format!("evt_{other}_"));
        let issued = issued.replace("\"acme\"", &format!("\"{other}\""));
        let issued = issued.replace("cus_Acme", &format!("cus_{other}"));
        assert_eq!(send(&door(&world), &issued).await.1["result"], "accepted");
    }
    api.say(StatusCode::INTERNAL_SERVER_ERROR, json!({}));
    world.pass("2026-04-01T08:15:00Z").await;
    assert_eq!(api.asked(), 1, "three are about to be cut off, and it is asked once");
    for tenant in tenants {
        assert_eq!(world.stage(tenant).await, Stage::Grace, "{tenant}");
    }
    api.say(StatusCode::OK, recorded("invoice_finalized"));
    world.pass("2026-04-01T08:30:00Z").await;
    assert_eq!(api.asked(), 4);
    assert_eq!(world.stage("acme").await, Stage::ReadOnly, "at the next cutoff time");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_answer() {
    let world = world().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let asker = ask::stripe(&format!("http://{free}"), &Secret::new(KEY)).unwrap();
    assert!(!format!("{asker:?}").contains("MARKER"));
    let _ = world.ledger.clone().with_asker(asker);
    take(&door(&world), "invoice_finalized").await;
    world.pass("2026-04-01T12:00:00Z").await;
    assert_eq!(world.stage("acme").await, Stage::Grace);
    // What comes by itself is believed as ever.
    assert_eq!(take(&door(&world), "invoice_paid").await, "accepted");
    assert_eq!(world.stage("acme").await, Stage::Full);
}
