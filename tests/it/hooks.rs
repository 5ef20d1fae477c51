//! The operator's own systems are told what happens: a receiver that listens, and its moods.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambergate::clock::{Clock, machine_now};
use ambergate::domain::event;
use ambergate::domain::record::Fact;
use ambergate::domain::time::{HOUR, Instant, MINUTE, SECOND};
use ambergate::store::memory::Memory;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::front::BOUND;
use crate::support::road::Road;

const START: &str = "2026-03-02T07:00:00Z";
const KEYS: [&str; 2] =
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];

/// What somebody was told.
#[derive(Clone)]
struct Heard {
    path: String,
    at: Instant,
    headers: HeaderMap,
    body: Bytes,
}

impl Heard {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn id(&self) -> &str {
        self.header("webhook-id")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn event(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// A server whose paths are receivers: what they heard, and what each says next; else it is 200.
#[derive(Clone)]
struct Ear {
    base: String,
    clock: Clock,
    heard: Arc<Mutex<Vec<Heard>>>,
    says: Arc<Mutex<HashMap<String, VecDeque<u16>>>>,
}

impl Ear {
    async fn open(clock: &Clock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (heard, says) = (Arc::default(), Arc::default());
        let ear = Self { base, clock: clock.clone(), heard, says };
        let router = Router::new().fallback(listen).with_state(ear.clone());
        #[allow(clippy::disallowed_methods)]
        tokio::spawn(async move { axum::serve(listener, router).await });
        ear
    }

    fn says(&self, path: &str, statuses: &[u16]) {
        let statuses = statuses.iter().copied().collect();
        self.says.lock().unwrap().insert(path.to_owned(), statuses);
    }

    /// What that receiver was told about stages.
    fn heard(&self, path: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap();
        let own = heard.iter().filter(|it| it.path == path && it.event().starts_with("stage."));
        own.cloned().collect()
    }

    /// A hook at that path, as a configuration names it.
    fn hook(&self, name: &str) -> String {
        format!(
            "[[hooks]]\nname = {name:?}\nurl = \"{}/{name}\"\nprivate = true\n\
             secrets = [\"whsec_{}\", \"whsec_{}\"]\n",
            self.base, KEYS[0], KEYS[1]
        )
    }
}

async fn listen(State(ear): State<Ear>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (path, at) = (uri.path().to_owned(), ear.clock.now());
    let next = ear.says.lock().unwrap().get_mut(&path).and_then(VecDeque::pop_front);
    ear.heard.lock().unwrap().push(Heard { path, at, headers, body });
    let status = StatusCode::from_u16(next.unwrap_or(200)).unwrap();
    if status == StatusCode::IM_A_TEAPOT {
        // It hangs.
        return std::future::pending().await;
    }
    (status, [("location", format!("{}/canary", ear.base))], "what nobody reads").into_response()
}

/// A process over that store with these hooks, whose calls are made before its clock moves.
async fn process(memory: &Memory, clock: &Clock, hooks: &str) -> Road {
    let road = Road::over(memory.clone(), clock.clone(), hooks).await;
    road.scheduler.take_on(road.hooks.clone());
    road
}

/// Berlin, known 2026-03-02 08:00; EUR 1,000.00 due 2026-03-13: grace comes Monday 03-16 09:00,
/// read-only Monday 03-30 10:00.
async fn bill(road: &Road) {
    let contact = |role: &str| json!({ "role": role, "email": format!("{role}@example.org") });
    let profile = json!({
        "time_zone": "Europe/Berlin",
        "contacts": [contact("billing"), contact("admin")],
    });
    road.hear("acme", "tenant.updated", profile).await;
    let invoice = json!({
        "invoice": "books:1",
        "amount": { "minor": 100_000, "currency": "EUR" },
        "issued_on": "2026-03-02",
        "due_on": "2026-03-13",
    });
    road.hear("acme", "invoice.issued", invoice).await;
}

async fn pay(road: &Road) {
    road.hear("acme", "invoice.paid", json!({ "invoice": "books:1" })).await;
}

fn beginning() -> (Memory, Clock) {
    let clock = Clock::standing(START.parse().unwrap());
    (Memory::new(clock.clone()), clock)
}

fn assert_signed(heard: &Heard) {
    let timestamp = heard.header("webhook-timestamp");
    let said: i64 = timestamp.parse().unwrap();
    let apart = Instant::from_seconds(said).millis().abs_diff(machine_now().millis());
    assert!(apart < (5 * MINUTE).unsigned_abs(), "a receiver goes by real time: {timestamp}");
    let signed = format!("{}.{timestamp}.", heard.id()).into_bytes();
    let signed = [signed, heard.body.to_vec()].concat();
    let signature = |key: &&str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(key).unwrap());
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
    };
    let right: Vec<String> = KEYS.iter().map(signature).collect();
    assert_eq!(heard.header("webhook-signature"), right.join(" "));
    assert_eq!(heard.header("content-type"), "application/json");
}

#[tokio::test]
async fn it_hears_of_what_is_entered_and_lifted() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    let lifts = ear.hook("lifts") + "events = [\"stage.lifted\"]\n";
    let road = process(&memory, &clock, &(ear.hook("all") + &lifts)).await;
    bill(&road).await;
    road.pass_until("2026-03-30T08:00:00Z").await;
    pay(&road).await;
    let heard = ear.heard("/all");
    heard.iter().for_each(assert_signed);
    let told: Vec<(String, Value)> =
        heard.iter().map(|it| (it.event(), it.json()["data"]["stage"].clone())).collect();
    let right = [
        ("stage.entered", "grace"),
        ("stage.entered", "read_only"),
        ("stage.lifted", "grace"),
        ("stage.lifted", "read_only"),
    ];
    assert_eq!(told, right.map(|(event, stage)| (event.to_owned(), json!(stage))));
    let mut ids: Vec<&str> = heard.iter().map(Heard::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each its own id");
    let account = road.account("acme").await;
    let entry = &account.cases[0].entries[1];
    let (since, case) = (entry.time, account.cases[0].case);
    let right = json!({
        "type": "stage.entered",
        "timestamp": since,
        "data": {
            "tenant": "acme", "stage": "read_only", "scope": "*", "invoice": "books:1",
            "rung": entry.entered.rung, "since": since, "case": case,
        },
    });
    assert_eq!(heard[1].json(), right);
    assert_eq!(heard[3].json()["data"]["cause"], "settled");
    assert_eq!(heard[3].json()["data"]["since"], json!(since));
    let lifts = ear.heard("/lifts");
    assert_eq!(lifts.len(), 2, "what it listens to");
    assert_ne!(lifts[0].id(), heard[2].id());
    road.pass_until("2026-04-05T08:00:00Z").await;
    assert_eq!(ear.heard("/all").len(), 4, "each once");
}

#[tokio::test]
async fn who_fails_is_told_again_by_the_schedule_under_the_same_id() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    ear.says("/all", &[500, 500]);
    let road = process(&memory, &clock, &ear.hook("all")).await;
    bill(&road).await;
    road.pass_until("2026-03-18T08:00:00Z").await;
    let heard = ear.heard("/all");
    assert_eq!(heard.len(), 3, "until it took it");
    assert!(heard.iter().all(|it| it.id() == heard[0].id() && it.body == heard[0].body));
    heard.iter().for_each(assert_signed);
    let waits: Vec<i64> =
        heard.windows(2).map(|two| two[1].at.millis() - two[0].at.millis()).collect();
    assert!((5 * SECOND..=7 * SECOND).contains(&waits[0]), "{waits:?}");
    assert!((5 * MINUTE..=6 * MINUTE + SECOND).contains(&waits[1]), "{waits:?}");
    let records = road.ledger.account(&"acme".parse().unwrap()).await.unwrap().unwrap().0;
    let answers = records.iter().filter_map(|record| match record.as_fact() {
        Some(Fact::HookAnswered(said)) => Some((said.attempt, said.kind.word(), said.status)),
        _ => None,
    });
    let right = [(1, "failed", Some(500)), (2, "failed", Some(500)), (3, "taken", Some(200))];
    assert_eq!(answers.collect::<Vec<_>>(), right);
    let tenant = "acme".parse().unwrap();
    for record in &records {
        let again = event::restore(&event::to_json(&tenant, record)).unwrap();
        assert_eq!(again.record, *record, "as journals keep it");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_by_nobody() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    ear.says("/all", &[302, 307, 308, 301, 303, 302, 302, 302, 302, 302]);
    let road = process(&memory, &clock, &ear.hook("all")).await;
    bill(&road).await;
    road.pass_until("2026-03-20T08:00:00Z").await;
    let heard = ear.heard("/all");
    assert_eq!(heard.len(), 8, "then it is given up");
    let all = heard[7].at.millis() - heard[0].at.millis();
    assert!((31 * HOUR..=39 * HOUR).contains(&all), "{all}");
    assert!(ear.heard("/canary").is_empty());
}

#[tokio::test]
async fn who_is_gone_is_told_nothing_more_until_the_next_start() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    ear.says("/left", &[410]);
    let hooks = ear.hook("left") + &ear.hook("all");
    let road = process(&memory, &clock, &hooks).await;
    bill(&road).await;
    road.pass_until("2026-03-30T08:00:00Z").await;
    assert_eq!(ear.heard("/left").len(), 1);
    assert_eq!(ear.heard("/all").len(), 2, "the other one is told on");
    drop(road);
    let road = process(&memory, &clock, &hooks).await;
    road.pass_until("2026-03-30T09:00:00Z").await;
    let left = ear.heard("/left");
    assert_eq!(left.len(), 2, "what it was not told meanwhile, and not what it was gone for");
    assert_eq!(left[1].json()["data"]["stage"], "read_only");
    assert_eq!(ear.heard("/all").len(), 2);
}

#[tokio::test]
async fn a_restart_tells_nothing_twice_and_goes_on_with_the_rest() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    ear.says("/fails", &[503]);
    let hooks = ear.hook("all") + &ear.hook("fails");
    let road = process(&memory, &clock, &hooks).await;
    bill(&road).await;
    road.pass_until("2026-03-16T08:00:00.500Z").await;
    assert_eq!((ear.heard("/all").len(), ear.heard("/fails").len()), (1, 1));
    drop(road);
    let road = process(&memory, &clock, &hooks).await;
    road.ledger.look_at_all().await.unwrap();
    road.pass_until("2026-03-17T08:00:00Z").await;
    assert_eq!(ear.heard("/all").len(), 1, "it was taken");
    let fails = ear.heard("/fails");
    assert_eq!(fails.len(), 2);
    assert_eq!(fails[0].id(), fails[1].id());
}

#[tokio::test]
async fn who_hangs_holds_up_nobody() {
    let (memory, clock) = beginning();
    let ear = Ear::open(&clock).await;
    ear.says("/hangs", &[418; 9]);
    let hooks = ear.hook("hangs") + &ear.hook("all");
    // Its calls are made beside the rounds.
    let road = Road::over(memory, clock, &hooks).await;
    let (pull, pulled) = tokio::sync::oneshot::channel::<()>();
    let following = {
        let hooks = road.hooks.clone();
        let stop = async move { _ = pulled.await };
        tokio::spawn(async move { hooks.follow(stop).await })
    };
    bill(&road).await;
    road.pass_until("2026-03-16T08:00:00Z").await;
    let heard = async {
        while ear.heard("/all").is_empty() || ear.heard("/hangs").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, heard).await.expect("both were told");
    let before = ear.heard("/all").len();
    pay(&road).await;
    let heard = async {
        while ear.heard("/all").len() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(BOUND, heard).await.expect("the other one is told while this one hangs");
    let mails = road.mailbox.mails().len();
    assert!(mails > 0, "and mail leaves");
    pull.send(()).unwrap();
    following.await.unwrap();
}
