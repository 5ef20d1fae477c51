//! What is forgotten is nowhere in the store, nor in files beside it.

use std::path::Path;
use std::sync::Arc;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::event::parse;
use ambergate::domain::fact::TenantForgotten;
use ambergate::domain::id::TenantId;
use ambergate::ledger::{Ledger, Outcome};
use ambergate::store::Store as _;
use ambergate::store::any::AnyStore;
use ambergate::store::embedded::Embedded;
use ambergate::store::journal::{Journal, JournalSettings, export};
use serde_json::{Value, json};

use crate::server::Server;

const MARKER: &str = "MARKER-";

fn holds_marker(bytes: &[u8]) -> bool {
    bytes.windows(MARKER.len()).any(|part| part == MARKER.as_bytes())
}

fn event(kind: &str, id: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "type": format!("ambergate.{kind}"), "source": "books", "id": id,
        "subject": "acme", "data": data})
}

/// All that a server holds, key by key.
async fn everything(server: &Server) -> String {
    let mut all = String::new();
    let keys: Vec<String> = server.say(&["KEYS", "*"]).await;
    assert!(!keys.is_empty());
    for key in keys {
        let kind: String = server.say(&["TYPE", &key]).await;
        let ask: Vec<&str> = match kind.as_str() {
            "string" => vec!["GET", &key],
            "hash" => vec!["HGETALL", &key],
            "zset" => vec!["ZRANGE", &key, "0", "-1"],
            "set" => vec!["SMEMBERS", &key],
            "list" => vec!["LRANGE", &key, "0", "-1"],
            "stream" => vec!["XRANGE", &key, "-", "+"],
            other => panic!("{key} is of type {other}"),
        };
        let value: redis::Value = server.say(&ask).await;
        all.push_str(&format!("{key} {}\n", texts(&value)));
    }
    all
}

fn texts(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        redis::Value::Array(values) | redis::Value::Set(values) => {
            values.iter().map(texts).collect::<Vec<_>>().join(" ")
        }
        redis::Value::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| texts(key) + &texts(value))
            .collect::<Vec<_>>()
            .join(" "),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn no_value_of_a_redis_holds_it_any_more() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), JournalSettings::default()).unwrap();
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let (store, clock) = (AnyStore::Redis(server.ready().await), Clock::system());
    let ledger = Ledger::new(store.clone(), Some(journal), clock, law);
    let look = async || {
        let now = ledger.now().await;
        ledger.look_after(true, now).await.unwrap();
    };
    look().await;
    let text = |field: &str| format!("{MARKER}{field}");
    let link = format!("https://pay.example/{}", text("pay"));
    let mailbox = format!("{}@acme.example", text("ada"));
    let contact = json!({"role": "billing", "name": text("name"), "email": mailbox});
    let who = json!({"name": text("tenant"), "pay_url": link, "contacts": [contact]});
    let what = json!({"invoice": "i1", "amount": {"minor": 500, "currency": "EUR"},
        "due_on": "2020-01-03", "pay_url": link, "purchase_order": text("order")});
    let agreed = json!({"arrangement": "a1", "kind": "pin", "stage": "grace", "until": "2099-01-01",
        "by": text("eve"), "reason": text("reason")});
    let refused = json!({"invoice": "i1", "payer": text("payer")});
    let events = [
        event("tenant.updated", "1", &who),
        event("invoice.issued", "2", &what),
        event("arrangement.made", "3", &agreed),
        event("invoice.paid", "4", &json!({"invoice": "i1"})),
    ];
    let now = ledger.now().await;
    let incoming = events.iter().map(|it| parse(it, now).unwrap()).collect();
    assert_eq!(ledger.accept(incoming).await, [Outcome::Accepted; 4]);
    // One that is refused and parked, and one that waits when the tenant is forgotten.
    let refused = event("invoice.paid", "5", &refused).to_string();
    store.submit(refused.into_bytes()).await.unwrap();
    look().await;
    let note = json!({"invoice": "i1", "document_url": link});
    store.submit(event("invoice.updated", "6", &note).to_string().into_bytes()).await.unwrap();
    let before = everything(&server).await;
    let places = before.lines().filter(|line| line.contains(MARKER)).count();
    assert!(places >= 3, "an account, words, what is parked and what waits: {before}");

    let acme: TenantId = "acme".parse().unwrap();
    let outcome = ledger.forget(&acme, 0, TenantForgotten::default()).await;
    assert_eq!(outcome, Outcome::Accepted);
    let after = everything(&server).await;
    let left: Vec<&str> = after.lines().filter(|line| line.contains(MARKER)).collect();
    assert!(left.is_empty(), "{left:#?}");
    let mut lines = Vec::new();
    export(folder.path(), &mut lines).unwrap();
    assert!(!holds_marker(&lines), "{}", String::from_utf8_lossy(&lines));
    let (_, account) = ledger.account(&acme).await.unwrap().unwrap();
    assert!(account.is_forgotten() && account.owed().is_empty());
}

/// A text where there was another one.
fn instead(line: &[u8]) -> Option<Vec<u8>> {
    holds_marker(line).then(|| b"{\"erased\":true}".to_vec())
}

fn line(number: usize) -> Vec<u8> {
    let marker = if number.is_multiple_of(3) { MARKER } else { "" };
    format!("{{\"number\":{number},\"text\":\"{marker}{}\"}}", "x".repeat(200)).into_bytes()
}

fn small(folder: &Path) -> Journal {
    Journal::open(folder, JournalSettings { segment_bytes: 2_000 }).unwrap()
}

#[tokio::test]
async fn entries_that_are_erased_keep_their_places_and_the_others_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let journal = small(folder.path());
    for number in 0..50 {
        journal.append(vec![line(number)]).await.unwrap();
    }
    let reading = journal.read(0, 5).await.unwrap();
    assert_eq!(journal.erase(Arc::new(instead)).await, Ok(17));
    assert_eq!(journal.erase(Arc::new(instead)).await, Ok(0), "once");
    assert_eq!(journal.end(), 50);
    let mut all = reading;
    all.extend(journal.read(5, 100).await.unwrap());
    let right = |number: usize| {
        let line = line(number);
        instead(&line).filter(|_| number >= 5).unwrap_or(line)
    };
    for (number, (position, entry)) in all.iter().enumerate() {
        assert_eq!((*position, entry), (number as u64, &right(number)));
    }
    assert_eq!(all.len(), 50);
    assert_eq!(journal.append(vec![line(50)]).await, Ok(50..51));
    let id = journal.name();
    drop(journal);
    // A crash while a file was written anew leaves a half-made one, which is nothing.
    let first = folder.path().join(format!("{:020}.journal.tmp", 0));
    std::fs::write(&first, b"half").unwrap();
    let journal = small(folder.path());
    assert_eq!((journal.name(), journal.end()), (id, 51));
    let all = journal.read(0, 100).await.unwrap();
    assert!(all[..50].iter().all(|(_, entry)| !holds_marker(entry)));
}

#[tokio::test]
async fn a_half_made_file_beside_the_embedded_store_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ambergate.db");
    let beside = folder.path().join("ambergate.db.tmp");
    let store = Embedded::open(&path, Clock::system()).unwrap();
    store.append((0..20).map(line).collect()).await.unwrap();
    let condition = store.condition().await.unwrap();
    drop(store);
    std::fs::write(&beside, b"MARKER-half").unwrap();
    let store = Embedded::open(&path, Clock::system()).unwrap();
    assert!(!beside.exists());
    // And one that a crash of this very process left.
    std::fs::write(&beside, b"MARKER-half").unwrap();
    assert_eq!(store.erase_entries(Arc::new(instead)).await, Ok(7));
    assert!(!beside.exists() && !holds_marker(&std::fs::read(&path).unwrap()));
    assert_eq!(store.condition().await.unwrap(), condition);
    let right = |number: usize| instead(&line(number)).unwrap_or_else(|| line(number));
    let entries = store.entries(0, 100).unwrap();
    assert!(entries.iter().enumerate().all(|(at, it)| *it == (at as u64, right(at))));
    store.append(vec![line(1)]).await.unwrap();
    assert_eq!(store.entries(20, 9).unwrap(), [(20, line(1))]);
}
