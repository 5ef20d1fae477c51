//! A tenant is forgotten: asked for at the API, done in the store, in the journals and in what is
//! parked; with open debt a person is asked.

use std::path::Path;

use ambergate::clock::Clock;
use ambergate::domain::event::parse;
use ambergate::domain::fact::TenantForgotten;
use ambergate::domain::record::{Body, Record};
use ambergate::domain::time::Instant;
use ambergate::ledger::Outcome;
use ambergate::store::any::AnyStore;
use ambergate::store::embedded::Embedded;
use ambergate::store::journal::{Journal, JournalSettings, export};
use ambergate::store::memory::Memory;
use ambergate::store::{Parked, Store as _};
use serde_json::{Value, json};

use crate::admin::Site;
use crate::world::{START, World, at, event, issued, paid, tenant, tenant_updated};

const MARKER: &str = "MARKER-";
const FORGET: &str = "POST /v1/tenants/acme/forget";

/// Who it is and what it owes, with people in every field that may have them.
fn told() -> Vec<Value> {
    let mut who = tenant_updated("acme");
    let (name, phone) = ("MARKER-name", "MARKER-phone");
    who["data"]["name"] = json!("MARKER-tenant");
    who["data"]["pay_url"] = json!("https://pay.example/MARKER-pay");
    who["data"]["contacts"] = json!([
        {"role": "billing", "name": name, "email": "MARKER-ada@acme.example", "phone": phone},
        {"role": "admin", "name": name, "email": "MARKER-bob@acme.example", "phone": phone},
    ]);
    let mut what = issued("acme", "i1");
    for field in ["pay_url", "document_url"] {
        what["data"][field] = json!(format!("https://pay.example/MARKER-{field}"));
    }
    what["data"]["purchase_order"] = json!("MARKER-order");
    vec![who, what]
}

/// What people agreed and did, once it was warned.
fn agreed() -> Vec<Value> {
    let promise = json!({"arrangement": "a1", "kind": "promise", "until": "2026-03-27",
        "invoices": ["i1"], "by": "MARKER-eve", "reason": "MARKER-reason"});
    let ended = json!({"arrangement": "a1", "how": "withdrawn", "by": "MARKER-eve",
        "reason": "MARKER-answer"});
    vec![
        event("arrangement.made", "m1", "acme", promise),
        event("arrangement.ended", "e1", "acme", ended),
    ]
}

/// Warned, promised, and paid.
async fn paid_up(world: &World) {
    assert_eq!(world.accept(&told()).await, [Outcome::Accepted; 2]);
    assert!(!world.pass("2026-03-25T12:00:00Z").await.is_empty(), "it is written to");
    assert_eq!(world.accept(&agreed()).await, [Outcome::Accepted; 2]);
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    world.pass("2026-03-26T12:00:00Z").await;
}

async fn forget(world: &World) -> Outcome {
    let said = TenantForgotten { by: Some("eve".to_owned()), reason: None };
    world.ledger.forget(&tenant("acme"), 0, said).await
}

/// All that is stored of it, as text.
async fn stored(store: &AnyStore) -> String {
    let acme = tenant("acme");
    let account = store.load(&acme).await.unwrap().unwrap().account;
    let (grant, words) = (store.grant(&acme).await.unwrap(), store.words(&acme).await.unwrap());
    let (rows, parked) = (store.rows(None, 9).await.unwrap(), store.parked().await.unwrap());
    format!("{} {grant:?} {words:?} {rows:?} {parked:?}", String::from_utf8_lossy(&account))
}

fn holds_marker(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|part| part == MARKER.as_bytes())
}

#[tokio::test]
async fn with_open_debt_it_waits_for_a_person_who_replays_it_once_it_is_paid() {
    let site = Site::new().await;
    let asked = json!({"by": "the customer", "reason": "art. 17"});
    assert_eq!(site.ask("admin", FORGET, Some(asked.clone())).await.0, 404);
    assert_eq!(site.ask("ingest", "POST /v1/events", Some(json!(told()))).await.0, 200);
    site.world.pass("2026-03-25T12:00:00Z").await;
    assert_eq!(site.ask("ingest", "POST /v1/events", Some(json!(agreed()))).await.0, 200);
    assert_eq!(site.ask("agent", FORGET, Some(asked.clone())).await.0, 403);
    let wrong = site.ask("admin", FORGET, Some(json!({"reason": "a", "tenant": "acme"}))).await;
    assert_eq!(wrong.0, 400);
    for _ in 0..2 {
        let (status, problem) = site.ask("admin", FORGET, Some(asked.clone())).await;
        assert_eq!((status, &problem["parked"]), (409, &json!(true)), "{problem}");
        assert_eq!(problem["owed"], json!([{"minor": 100_000, "currency": "EUR"}]));
        assert_eq!(problem["invoices"], json!(["i1"]));
    }
    let parked = site.get("/v1/parked").await["parked"].clone();
    assert_eq!(parked.as_array().unwrap().len(), 1, "{parked}");
    let reason = parked[0]["reason"].as_str().unwrap();
    assert!(reason.contains("open debt") && reason.contains("i1"), "{reason}");
    let replay = format!("POST /v1/parked/{}/replay", parked[0]["id"].as_str().unwrap());
    assert_eq!(site.ask("agent", &replay, None).await.0, 409, "it still owes");
    assert_eq!(site.get("/v1/tenants/acme").await["name"], "MARKER-tenant");

    assert_eq!(site.ask("ingest", "POST /v1/events", Some(paid("acme", "i1"))).await.0, 200);
    assert_eq!(site.get("/v1/tenants/acme").await["forgotten"], Value::Null, "not by itself");
    site.world.pass("2026-03-26T12:00:00Z").await;
    assert_eq!(site.ask("agent", &replay, None).await.0, 200);
    assert_eq!(site.get("/v1/parked").await["parked"], json!([]));
    let shown = site.get("/v1/tenants/acme").await;
    let day = shown["forgotten"].as_str().unwrap();
    assert!(day.starts_with("2026-03-26T12:00"), "when it was replayed: {day}");
    assert_eq!((&shown["name"], &shown["contacts"]), (&Value::Null, &json!([])));
    assert_eq!(shown["invoices"][0]["status"], "paid");
    assert!(!shown["notices"].as_array().unwrap().is_empty(), "what it was told stays");
    for page in ["", "/explain", "/timeline", "/dossier?invoice=i1", "/history?limit=500"] {
        let text = site.get(&format!("/v1/tenants/acme{page}")).await.to_string();
        assert!(!text.contains(MARKER), "{page}: {text}");
        assert!(text.contains(day) && text.contains("forgotten"), "{page}: {text}");
    }
    assert!(!stored(&site.world.store).await.contains(MARKER));
    let (status, again) = site.ask("admin", FORGET, Some(asked)).await;
    assert_eq!((status, again["forgotten"].as_str()), (200, Some(day)), "it is done once");
}

#[tokio::test]
async fn what_comes_again_brings_nothing_back_and_what_is_new_does() {
    let world = World::in_memory().await;
    paid_up(&world).await;
    let before = world.account("acme").await.1;
    assert_eq!(forget(&world).await, Outcome::Accepted);
    let records = world.account("acme").await.0;
    let mut originals: Vec<_> = told().iter().map(|it| parse(it, at(START)).unwrap()).collect();
    // What came late of what was before, and a copy with other contents.
    let mut late = issued("acme", "i1");
    (late["id"], late["type"]) = (json!("late"), json!("ambergate.invoice.updated"));
    (late["time"], late["data"]["pay_url"]) = (json!(START), json!("https://x.example/MARKER-l"));
    originals.push(parse(&late, at(START)).unwrap());
    let outcomes = world.ledger.accept(originals).await;
    assert_eq!(outcomes, [Outcome::Duplicate, Outcome::Duplicate, Outcome::Accepted]);
    let after = world.account("acme").await;
    assert_eq!(after.0.len(), records.len() + 1);
    assert!(!stored(&world.store).await.contains(MARKER));
    assert_eq!(after.1.owed(), before.owed());
    let sent = world.pass("2026-05-01T12:00:00Z").await;
    assert!(sent.is_empty() && world.account("acme").await.1.is_forgotten());

    let mut new = tenant_updated("acme");
    new["id"] = json!("new");
    assert_eq!(world.accept(&[new, issued("acme", "i2")]).await, [Outcome::Accepted; 2]);
    let account = world.account("acme").await.1;
    assert!(!account.is_forgotten() && account.forgotten.is_some());
    assert_eq!(account.profile.contacts.len(), 2);
    let sent = world.pass("2026-06-01T12:00:00Z").await;
    assert!(sent.iter().all(|it| it.made.recipient.ends_with("@acme.example")), "{sent:?}");
    assert!(!sent.is_empty(), "it is a tenant like any other");
}

#[tokio::test]
async fn nothing_of_it_is_left_in_the_file_of_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let clock = Clock::standing(at(START));
    let store = Embedded::open(&path, clock.clone()).unwrap();
    let world = World::over(AnyStore::Embedded(store.clone()), None, clock.clone()).await;
    world.accept(&[tenant_updated("zen"), issued("zen", "z1")]).await;
    paid_up(&world).await;
    assert!(holds_marker(&std::fs::read(&path).unwrap()));
    let lines = store.entries(0, 10_000).unwrap();
    assert_eq!(forget(&world).await, Outcome::Accepted);
    assert!(!holds_marker(&std::fs::read(&path).unwrap()));
    let after = store.entries(0, 10_000).unwrap();
    assert!(after.len() > lines.len(), "it is in the journal that it was forgotten");
    for ((one, was), (other, is)) in lines.iter().zip(&after) {
        let own = |line: &[u8]| String::from_utf8_lossy(line).contains("\"acme\"");
        assert!(one == other && (own(was) || was == is), "others' lines stay as they are");
    }
    let records = world.account("acme").await.0;
    let zen = world.account("zen").await.0;
    // The new file is one like any other: written, opened again, rebuilt from.
    assert_eq!(world.accept(&[issued("zen", "z2")]).await, [Outcome::Accepted]);
    assert_eq!(world.accept(&told()).await, [Outcome::Duplicate; 2]);
    drop((world, store));
    let store = Embedded::open(&path, clock.clone()).unwrap();
    let world = World::over(AnyStore::Embedded(store), None, clock).await;
    let rebuilt = ambergate::ledger::rebuild(&world.ledger, &[]).await.unwrap();
    assert!(rebuilt.missing.is_empty());
    assert_eq!(world.account("acme").await.0, records);
    assert_eq!(world.account("zen").await.0[..zen.len()], zen);
    assert!(!holds_marker(&std::fs::read(&path).unwrap()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
}

fn exported(folder: &Path) -> String {
    let mut out = Vec::new();
    export(folder, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A process with a journal of this name at a store that can forget.
async fn replica(folder: &Path, name: &str, memory: &Memory, clock: &Clock) -> World {
    let journal = Journal::open(folder.join(name), JournalSettings::default()).unwrap();
    World::over(AnyStore::Memory(memory.clone()), Some(journal), clock.clone()).await
}

/// What records say: a copy that was journaled later became known later.
fn said(records: &[Record]) -> Vec<(Instant, Body)> {
    records.iter().map(|record| (record.time, record.body.clone())).collect()
}

#[tokio::test]
async fn every_replica_erases_its_journal_and_a_lost_store_comes_back_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let one = replica(folder.path(), "one", &memory, &clock).await;
    let other = replica(folder.path(), "other", &memory, &clock).await;
    let late = event(
        "invoice.updated",
        "other",
        "acme",
        json!({
        "invoice": "i1", "pay_url": "https://pay.example/MARKER-other"}),
    );
    paid_up(&one).await;
    assert_eq!(other.accept(&[late]).await, [Outcome::Accepted]);
    // Refused from the inbox, and kept because it may be money.
    let refused = json!({"type": "ambergate.payment.received", "subject": "acme",
        "data": {"payment": 7, "payer": "MARKER-payer"}});
    let parked = Parked {
        id: "p".to_owned(),
        event: json!({"refused": refused}),
        reason: "refused".to_owned(),
        money: true,
        at: at(START),
    };
    assert!(one.ledger.park(parked).await.unwrap());
    let lines = exported(&folder.path().join("one")).lines().count();
    assert_eq!(forget(&one).await, Outcome::Accepted);
    let text = exported(&folder.path().join("one"));
    assert!(!text.contains(MARKER), "{text}");
    assert!(text.lines().count() > lines, "every line is there");
    assert!(exported(&folder.path().join("other")).contains(MARKER), "that is the other one's");
    other.look_after(true).await.unwrap();
    assert!(!exported(&folder.path().join("other")).contains(MARKER));
    assert!(!stored(&one.store).await.contains(MARKER));
    assert_eq!(one.ledger.parked().await.unwrap()[0].event["refused"]["data"]["payment"], 7);

    // Journals are read on from where they were, and from the beginning.
    let records = one.account("acme").await.0;
    memory.set_down(true);
    assert_eq!(one.accept(&told()).await, [Outcome::Accepted; 2], "kept for later");
    assert_eq!(forget(&one).await, Outcome::Unavailable, "nobody knows what it owes");
    memory.set_down(false);
    one.look_after(false).await.unwrap();
    assert_eq!(one.account("acme").await.0, records);
    assert!(!exported(&folder.path().join("one")).contains(MARKER), "a copy that came again");
    memory.flush();
    for _ in 0..10 {
        one.look_after(true).await.unwrap();
        other.look_after(true).await.unwrap();
    }
    assert_eq!(said(&one.account("acme").await.0), said(&records));
    drop(one);
    let one = replica(folder.path(), "one", &memory, &clock).await;
    assert_eq!(said(&one.account("acme").await.0), said(&records));
    assert!(one.account("acme").await.1.is_forgotten());
}

#[tokio::test]
async fn what_was_parked_is_not_done_by_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = replica(folder.path(), "one", &memory, &clock).await;
    let asked = event("tenant.forgotten", "f1", "acme", json!({"by": "eve"}));
    assert_eq!(
        world.accept(std::slice::from_ref(&asked)).await,
        [Outcome::Parked],
        "of nobody who is known"
    );
    assert_eq!(world.accept(&told()).await, [Outcome::Accepted; 2]);
    assert!(!world.account("acme").await.1.is_forgotten(), "it owes");
    memory.flush();
    for _ in 0..10 {
        world.look_after(true).await.unwrap();
    }
    assert!(!world.account("acme").await.1.is_forgotten());
    let parked = world.ledger.parked().await.unwrap();
    assert_eq!(parked.len(), 1);
    world.clock.set(at("2026-03-03T08:00:00Z"));
    assert_eq!(world.accept(&[paid("acme", "i1")]).await, [Outcome::Accepted]);
    let replayed = world.ledger.replay_parked(&parked[0].id, None).await.unwrap();
    assert_eq!(replayed, Outcome::Accepted);
    let (records, account) = world.account("acme").await;
    assert_eq!(account.forgotten.unwrap().at, records.iter().map(|it| it.time).max().unwrap());
    assert_eq!(world.accept(&[asked]).await, [Outcome::Duplicate]);
    memory.flush();
    for _ in 0..10 {
        world.look_after(true).await.unwrap();
    }
    assert!(world.account("acme").await.1.is_forgotten());
    assert_eq!(world.ledger.parked().await.unwrap(), []);
    assert!(!exported(&folder.path().join("one")).contains(MARKER));
}
