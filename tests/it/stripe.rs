//! Webhooks of Stripe, through the door, in every order.

use ambergate::clock::Clock;
use ambergate::config::Secret;
use ambergate::domain::account::InvoiceStatus;
use ambergate::domain::record::{Fact, Record};
use ambergate::ingest::{Ingest, Stripe};
use ambergate::net::bearer::Tokens;
use ambergate::store::any::AnyStore;
use ambergate::store::journal::{Journal, JournalSettings};
use ambergate::store::memory::Memory;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::World;

const SECRET: &str = "whsec_test";

pub(crate) fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/stripe");
    std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()
}

pub(crate) fn door(world: &World) -> Router {
    let stripe =
        Stripe { secrets: vec![Secret::new(SECRET)], tenant: "metadata.tenant".to_owned() };
    Ingest::new(world.ledger.clone(), Tokens::new(Vec::new()), Some(stripe)).service()
}

fn signed(secret: &str, body: &str) -> Request<Body> {
    let time = ambergate::clock::machine_now().millis() / 1_000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Request::post("/webhooks/stripe")
        .header("stripe-signature", format!("t={time},v1={tag}"))
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub(crate) async fn send(door: &Router, body: &str) -> (StatusCode, Value) {
    let response = door.clone().oneshot(signed(SECRET, body)).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

pub(crate) async fn take(door: &Router, name: &str) -> String {
    let (status, answer) = send(door, &fixture(name)).await;
    assert_eq!(status, 200, "{name}: {answer}");
    answer["result"].as_str().unwrap().to_owned()
}

/// A world in which all of this may have happened.
pub(crate) async fn world() -> World {
    let world = World::in_memory().await;
    world.clock.set(crate::world::at("2026-03-12T08:00:00Z"));
    world
}

#[tokio::test]
async fn whatever_it_says_stripe_was_heard_of() {
    let world = world().await;
    crate::feeds::daily(&world.ledger, &["stripe"]);
    let door = door(&world);
    let mut event: Value = serde_json::from_str(&fixture("customer_updated")).unwrap();
    event["type"] = "product.created".into();
    event["created"] = (world.clock.now().millis() / 1_000 - 90_000).into();
    let (_, answer) = send(&door, &event.to_string()).await;
    assert_eq!(answer["result"], "ignored");
    assert!(!world.ledger.present().await.unwrap().heard, "that was yesterday");
    event["created"] = (world.clock.now().millis() / 1_000).into();
    send(&door, &event.to_string()).await;
    assert!(world.ledger.present().await.unwrap().heard);
}

#[tokio::test]
async fn an_invoice_is_issued_paid_in_part_and_paid() {
    let world = world().await;
    let door = door(&world);
    assert_eq!(take(&door, "invoice_finalized").await, "accepted");
    assert_eq!(take(&door, "invoice_finalized").await, "duplicate");
    let (_, account) = world.account("acme").await;
    assert_eq!(account.profile.name.as_deref(), Some("Acme GmbH"));
    assert_eq!(account.profile.contacts[0].email.as_deref(), Some("ada@acme.example"));
    let invoice = &account.invoices[0];
    assert_eq!(invoice.invoice.as_str(), "stripe:in_1QxAcme0001");
    assert_eq!(invoice.due_on.unwrap().to_string(), "2026-03-13");
    assert_eq!(invoice.owed, 100_000);
    assert_eq!(take(&door, "invoice_payment_paid").await, "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 60_000);
    assert_eq!(take(&door, "invoice_updated_partly").await, "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 60_000);
    assert_eq!(take(&door, "invoice_paid").await, "accepted");
    assert_eq!(take(&door, "invoice_payment_succeeded").await, "accepted");
    let (_, account) = world.account("acme").await;
    assert_eq!(account.invoices[0].owed, 0);
    assert_eq!(account.invoices[0].status, InvoiceStatus::Paid);
    assert_eq!(take(&door, "refund_updated").await, "ignored");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
}

#[tokio::test]
async fn a_refund_is_of_the_invoice_that_its_payment_was_for() {
    let world = world().await;
    let door = door(&world);
    take(&door, "invoice_finalized").await;
    take(&door, "invoice_payment_paid").await;
    let refunded = fixture("charge_refunded").replace("\"pi_2\"", "\"pi_1\"");
    assert_eq!(send(&door, &refunded).await.1["result"], "accepted");
    assert_eq!(send(&door, &refunded).await.1["result"], "duplicate");
    let (records, account) = world.account("acme").await;
    let made = records.iter().filter_map(Record::as_fact).find_map(|fact| match fact {
        Fact::RefundMade(made) => Some(made.clone()),
        _ => None,
    });
    let made = made.unwrap();
    assert_eq!((made.invoice.as_str(), made.amount.minor), ("stripe:in_1QxAcme0001", 25_000));
    assert_eq!(account.invoices[0].owed, 60_000, "never a debt");
    // Of a payment that nobody has heard of, or of a customer: it is kept, and said.
    assert_eq!(take(&door, "charge_refunded").await, "parked");
    let stranger = fixture("charge_refunded").replace("cus_Acme", "cus_Nobody");
    let stranger = stranger.replace("evt_charge_refunded", "evt_stranger");
    assert_eq!(send(&door, &stranger).await.1["result"], "parked");
    let parked = world.ledger.parked().await.unwrap();
    assert_eq!(parked.len(), 2);
    assert!(parked.iter().all(|it| it.money && it.reason.contains("payment_intent")));
    let nothing =
        fixture("charge_refunded").replace("\"amount_refunded\": 25000", "\"amount_refunded\": 0");
    assert_eq!(send(&door, &nothing).await.1["result"], "ignored");
}

#[tokio::test]
async fn a_dispute_of_the_payers_bank_holds_and_takes_the_money_when_it_is_lost() {
    let world = world().await;
    let door = door(&world);
    take(&door, "invoice_finalized").await;
    // Of a payment that nobody has heard of: it is kept, and said.
    assert_eq!(take(&door, "charge_dispute_created").await, "parked");
    assert_eq!(take(&door, "invoice_payment_paid").await, "accepted");
    let asks =
        fixture("charge_dispute_created").replace("needs_response", "warning_needs_response");
    assert_eq!(send(&door, &asks.replace("evt_", "evt_asks_")).await.1["result"], "accepted");
    let opened = fixture("charge_dispute_created").replace("evt_", "evt_again_");
    assert_eq!(send(&door, &opened).await.1["result"], "accepted");
    let (_, account) = world.account("acme").await;
    let dispute = &account.arrangements[0];
    assert_eq!(dispute.made.arrangement.as_str(), "chargeback:stripe:pi_1");
    assert_eq!((dispute.invoices[0].as_str(), dispute.ended), ("stripe:in_1QxAcme0001", None));
    assert_eq!(account.invoices[0].owed, 60_000, "the money is still there");

    let odd = fixture("charge_dispute_closed").replace("\"lost\"", "\"unheard_of\"");
    assert_eq!(send(&door, &odd.replace("evt_", "evt_odd_")).await.1["result"], "parked");
    assert_eq!(take(&door, "charge_dispute_closed").await, "accepted");
    assert_eq!(take(&door, "charge_dispute_closed").await, "duplicate");
    let (_, account) = world.account("acme").await;
    assert_eq!(account.invoices[0].owed, 100_000, "it is gone");
    assert!(account.arrangements[0].ended.is_some());
    let won = fixture("charge_dispute_closed").replace("\"lost\"", "\"won\"");
    let won = won.replace("evt_", "evt_won_").replace("1773129600", "1773216000");
    assert_eq!(send(&door, &won).await.1["result"], "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 60_000, "won after all");
}

#[tokio::test]
async fn what_a_bank_took_back_is_owed_though_stripe_goes_on_calling_it_paid() {
    let world = world().await;
    let door = door(&world);
    take(&door, "invoice_finalized").await;
    take(&door, "invoice_payment_paid").await;
    assert_eq!(take(&door, "invoice_paid").await, "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
    let lost = fixture("charge_dispute_closed");
    assert_eq!(send(&door, &lost).await.1["result"], "accepted");
    let owed = world.account("acme").await.1.invoices[0].owed;
    assert!(owed > 0, "it is gone");
    // Any later event carries the invoice as Stripe has it: paid.
    let updated = fixture("invoice_paid").replace("invoice.paid", "invoice.updated");
    let updated = updated.replace("evt_", "evt_later_");
    let mut updated: Value = serde_json::from_str(&updated).unwrap();
    updated["created"] = json!(1_773_300_000);
    assert_eq!(send(&door, &updated.to_string()).await.1["result"], "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, owed, "Stripe repeats itself");
    let inquiry = fixture("charge_dispute_closed").replace("\"lost\"", "\"prevented\"");
    let inquiry = inquiry.replace("evt_", "evt_prevented_").replace("1773129600", "1773216000");
    assert_eq!(send(&door, &inquiry).await.1["result"], "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0, "prevented after all");
}

/// Events that name no tenant.
fn nameless(name: &str) -> String {
    let mut event: Value = serde_json::from_str(&fixture(name)).unwrap();
    event["data"]["object"]["parent"] = Value::Null;
    event["data"]["object"]["lines"] = Value::Null;
    event["data"]["object"]["metadata"] = Value::Null;
    event.to_string()
}

#[tokio::test]
async fn whose_a_customer_is_outlives_the_process_and_the_store() {
    let clock = Clock::standing(crate::world::at("2026-03-12T08:00:00Z"));
    let memory = Memory::new(clock.clone());
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let journal = Journal::open(folder.path(), JournalSettings::default()).unwrap();
        World::over(AnyStore::Memory(memory.clone()), Some(journal), clock.clone()).await
    };
    let world = start().await;
    assert_eq!(take(&door(&world), "invoice_finalized").await, "accepted");
    drop(world);
    let world = start().await;
    assert_eq!(
        send(&door(&world), &nameless("invoice_payment_failed")).await.1["result"],
        "accepted"
    );
    memory.flush();
    // What is not known yet is asked for again, not parked.
    let (status, _) = send(&door(&world), &nameless("invoice_paid")).await;
    assert_eq!(status, 503);
    world.look_after(true).await.unwrap();
    assert_eq!(send(&door(&world), &nameless("invoice_paid")).await.1["result"], "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
    // A name that came while the store was away is in it afterwards.
    memory.set_down(true);
    let other = fixture("invoice_finalized")
        .replace("cus_Acme", "cus_Other")
        .replace("in_1QxAcme0001", "in_other")
        .replace("evt_", "evt_other_");
    assert_eq!(send(&door(&world), &other).await.1["result"], "accepted");
    memory.set_down(false);
    world.look_after(true).await.unwrap();
    assert!(world.ledger.whose("stripe:cus_Other").await.unwrap().is_some());
}

#[tokio::test]
async fn what_ends_an_invoice_ends_it() {
    for (name, status) in [
        ("invoice_voided", InvoiceStatus::Voided),
        ("invoice_marked_uncollectible", InvoiceStatus::WrittenOff),
    ] {
        let world = world().await;
        let door = door(&world);
        take(&door, "invoice_finalized").await;
        take(&door, name).await;
        assert_eq!(world.account("acme").await.1.invoices[0].status, status);
    }
}

#[tokio::test]
async fn a_failed_charge_begins_and_says_why() {
    let world = world().await;
    let door = door(&world);
    take(&door, "invoice_payment_failed").await;
    let (_, account) = world.account("acme").await;
    let failed = account.invoices[0].failed.unwrap();
    assert_eq!(failed.first.to_string(), "2026-03-03T08:00:00Z");
    assert_eq!(failed.next_attempt_at.unwrap().to_string(), "2026-03-06T08:00:00Z");
}

#[tokio::test]
async fn six_events_in_every_order_give_one_account() {
    let names = [
        "invoice_finalized",
        "customer_updated",
        "invoice_payment_failed",
        "invoice_payment_paid",
        "invoice_updated_partly",
        "invoice_paid",
    ];
    let mut right = None;
    for order in orders(&[0, 1, 2, 3, 4, 5]) {
        let world = world().await;
        let door = door(&world);
        for index in &order {
            take(&door, names[*index]).await;
        }
        assert!(world.ledger.parked().await.unwrap().is_empty(), "{order:?}");
        let (_, account) = world.account("acme").await;
        let end = format!("{:?} {:?}", account.profile, account.invoices);
        assert_eq!(*right.get_or_insert_with(|| end.clone()), end, "{order:?}");
        assert_eq!(account.invoices[0].owed, 0);
    }
}

fn orders(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (place, first) in of.iter().enumerate() {
        let rest: Vec<usize> = [&of[..place], &of[place + 1..]].concat();
        all.extend(orders(&rest).into_iter().map(|mut order| {
            order.insert(0, *first);
            order
        }));
    }
    all
}

#[tokio::test]
async fn a_customer_that_is_nobody_is_parked_until_it_is_somebody() {
    let world = world().await;
    let door = door(&world);
    let mut event: Value = serde_json::from_str(&fixture("invoice_paid")).unwrap();
    event["data"]["object"]["parent"] = Value::Null;
    event["data"]["object"]["lines"] = Value::Null;
    let (status, answer) = send(&door, &event.to_string()).await;
    assert_eq!((status.as_u16(), answer["result"].as_str()), (200, Some("parked")));
    let parked = world.ledger.parked().await.unwrap();
    assert_eq!(parked.len(), 2);
    assert!(parked.iter().any(|event| event.money));
    take(&door, "invoice_finalized").await;
    assert!(world.ledger.parked().await.unwrap().is_empty());
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
}

#[tokio::test]
async fn what_is_not_right_is_said_or_parked() {
    let world = world().await;
    let door = door(&world);
    let body = fixture("invoice_finalized");
    let forged = door.clone().oneshot(signed("whsec_other", &body)).await.unwrap();
    assert_eq!(forged.status(), 400);
    let mut changed = signed(SECRET, &body);
    *changed.body_mut() = Body::from(body.replace("100000", "1"));
    assert_eq!(door.clone().oneshot(changed).await.unwrap().status(), 400);
    let unsigned = Request::post("/webhooks/stripe").body(Body::from(body.clone())).unwrap();
    assert_eq!(door.clone().oneshot(unsigned).await.unwrap().status(), 400);
    let huge = signed(SECRET, &" ".repeat((1 << 20) + 1));
    assert_eq!(door.clone().oneshot(huge).await.unwrap().status(), 413);
    assert!(world.ledger.rows(None, 9).await.unwrap().is_empty());

    let (_, answer) = send(&door, r#"{"id": "evt_x", "type": "payout.paid", "created": 1}"#).await;
    assert_eq!(answer["result"], "ignored");
    let strange = body.replace("\"eur\"", "\"zzz\"");
    assert_eq!(send(&door, &strange).await.1["result"], "parked");
    let mixed = body.replacen("\"livemode\": false", "\"livemode\": true", 1);
    assert_eq!(send(&door, &mixed).await.1["result"], "parked");
    assert_eq!(world.ledger.parked().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_dated_ahead_is_to_be_sent_again() {
    let world = world().await;
    let door = door(&world);
    take(&door, "invoice_finalized").await;
    let ahead = crate::world::at("2026-03-12T08:05:01Z").millis() / 1_000;
    let paid = fixture("invoice_paid").replacen("1772870400", &ahead.to_string(), 1);
    let (status, answer) = send(&door, &paid).await;
    assert_eq!(status, 425, "{answer}");
    assert_eq!(answer["code"], "too_early");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 100_000);
    assert!(world.ledger.parked().await.unwrap().is_empty());
    world.clock.set(crate::world::at("2026-03-12T08:00:01Z"));
    assert_eq!(send(&door, &paid).await.1["result"], "accepted");
    assert_eq!(world.account("acme").await.1.invoices[0].owed, 0);
}
