//! The admin API and the door for events, as their callers see them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ambergate::admin::{Admin, Here, Settings};
use ambergate::config::{Sha256, Token, TokenRole};
use ambergate::ingest::Ingest;
use ambergate::net::bearer::Tokens;
use ambergate::store::any::AnyStore;
use ambergate::store::memory::Memory;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use sha2::Digest as _;
use tower::ServiceExt as _;

use crate::world::{START, World, at, issued, paid, tenant_updated};

struct Gate(Arc<AtomicBool>);

impl Here for Gate {
    fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, open: bool) {
        self.0.store(open, Ordering::Relaxed);
    }
}

/// The API over a world, with a token for each role.
pub(crate) struct Site {
    pub(crate) world: World,
    pub(crate) memory: Memory,
    pub(crate) router: Router,
    here: Arc<AtomicBool>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let clock = ambergate::clock::Clock::standing(at(START));
        let memory = Memory::new(clock.clone());
        let world = World::over(AnyStore::Memory(memory.clone()), None, clock).await;
        Self::of(world, memory)
    }

    pub(crate) fn of(world: World, memory: Memory) -> Self {
        let roles = [
            ("ingest", TokenRole::Ingest),
            ("viewer", TokenRole::Viewer),
            ("agent", TokenRole::Agent),
            ("admin", TokenRole::Admin),
        ];
        let token = |(name, role): (&str, TokenRole)| Token {
            name: name.to_owned(),
            role,
            sha256: Sha256(sha2::Sha256::digest(name).into()),
        };
        let tokens = Tokens::new(roles.map(token).to_vec());
        let here = Arc::new(AtomicBool::new(false));
        let gate = Box::new(Gate(here.clone()));
        let settings = Settings { tokens: tokens.clone(), enforced: true, here: Some(gate) };
        let admin = Admin::new(world.ledger.clone(), settings).router();
        let router = admin.merge(Ingest::new(world.ledger.clone(), tokens, None).router());
        Self { world, memory, router, here }
    }

    /// Answers status and body; a failure must be a problem.
    pub(crate) async fn ask(&self, token: &str, line: &str, body: Option<Value>) -> (u16, Value) {
        let text = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(token, line, "application/json", text).await
    }

    async fn send(&self, token: &str, line: &str, content: &str, body: String) -> (u16, Value) {
        let (method, path) = line.split_once(' ').unwrap();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content)
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let content = response.headers().get("content-type").cloned();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let value = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::from(String::from_utf8(bytes.to_vec()).unwrap())),
        };
        if status >= 400 {
            assert_eq!(content.unwrap(), "application/problem+json", "{line}");
            assert_eq!(value["status"], status, "{line}");
            assert!(value["code"].is_string() && value["title"].is_string(), "{line}");
        }
        (status, value)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask("viewer", &format!("GET {path}"), None).await;
        assert_eq!(status, 200, "{path}: {value}");
        value
    }
}

/// A tenant that is read-only since 2026-03-30.
pub(crate) async fn read_only() -> Site {
    let site = Site::new().await;
    let events = json!([tenant_updated("acme"), issued("acme", "i1")]);
    assert_eq!(site.ask("ingest", "POST /v1/events", Some(events)).await.0, 200);
    site.world.pass("2026-03-30T08:15:00Z").await;
    site
}

#[tokio::test]
async fn events_one_by_one_and_in_batches() {
    let site = Site::new().await;
    let (status, answer) = site.ask("ingest", "POST /v1/events", Some(tenant_updated("a"))).await;
    let right = json!({"accepted": 1, "duplicates": 0, "parked": 0, "refused": []});
    assert_eq!((status, answer), (200, right));
    let mut bad = issued("a", "i1");
    bad["data"]["amount"]["minor"] = json!(-5);
    let (status, answer) = site.ask("admin", "POST /v1/events", Some(bad.clone())).await;
    assert_eq!(status, 400);
    assert_eq!(answer["errors"][0]["field"], "data.amount.minor");
    let batch = json!([issued("a", "i2"), bad, tenant_updated("a"), paid("nobody", "x"), 7]);
    let (status, answer) = site.ask("ingest", "POST /v1/events", Some(batch)).await;
    assert_eq!(status, 200);
    let count = |key: &str| answer[key].as_u64().unwrap();
    assert_eq!((count("accepted"), count("duplicates"), count("parked")), (1, 1, 1));
    assert_eq!(answer["refused"][0]["index"], 1);
    let detail = answer["refused"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("data.amount.minor: "), "{detail}");
    assert_eq!(answer["refused"][1]["index"], 4);
}

#[tokio::test]
async fn of_very_many_bad_events_the_first_are_listed() {
    let site = Site::new().await;
    let batch = Value::Array(vec![json!(7); 20_000]);
    let (status, answer) = site.ask("ingest", "POST /v1/events", Some(batch)).await;
    assert_eq!((status, answer["refused"].as_array().unwrap().len()), (200, 1_000));
    assert_eq!(answer["refused_unlisted"], 19_000);
    assert!(!answer["refused"][0]["detail"].as_str().unwrap().starts_with(':'), "{answer}");
}

#[tokio::test]
async fn what_is_no_event_is_a_problem() {
    let site = Site::new().await;
    let event = tenant_updated("a").to_string();
    let post = "POST /v1/events";
    for (token, content, body, status) in [
        ("viewer", "application/json", event.clone(), 403),
        ("agent", "application/json", event.clone(), 403),
        ("nobody", "application/json", event.clone(), 401),
        ("ingest", "text/plain", event.clone(), 415),
        ("ingest", "application/json", "{".to_owned(), 400),
        ("ingest", "application/json", String::new(), 400),
        ("ingest", "application/json", "NaN".to_owned(), 400),
        ("ingest", "application/json", "[".repeat(100_000), 400),
        ("ingest", "application/json", "\"\\ud800\"".to_owned(), 400),
        ("ingest", "application/json", " ".repeat((1 << 20) + 1), 413),
        ("ingest", "application/cloudevents+json; charset=utf-8", event.clone(), 200),
        ("ingest", "application/cloudevents-batch+json", format!("[{event}]"), 200),
    ] {
        let start: String = body.chars().take(20).collect();
        let (found, answer) = site.send(token, post, content, body).await;
        assert_eq!(found, status, "{token} {content} {start}: {answer}");
    }
    assert_eq!(site.ask("ingest", "GET /v1/events", None).await.0, 405);
    site.memory.set_down(true);
    assert_eq!(site.send("ingest", post, "application/json", event).await.0, 503);
}

#[tokio::test]
async fn everything_asks_for_the_right_token() {
    let site = Site::new().await;
    for (line, least) in [
        ("GET /v1/tenants", "viewer"),
        ("GET /v1/tenants/acme", "viewer"),
        ("GET /v1/tenants/acme/explain", "viewer"),
        ("GET /v1/tenants/acme/timeline", "viewer"),
        ("GET /v1/tenants/acme/dossier", "viewer"),
        ("GET /v1/tenants/acme/history", "viewer"),
        ("GET /v1/notices", "viewer"),
        ("GET /v1/tasks", "viewer"),
        ("GET /v1/policies", "viewer"),
        ("POST /v1/policies/standard/simulate", "viewer"),
        ("GET /v1/parked", "viewer"),
        ("GET /v1/breaker", "viewer"),
        ("GET /v1/switch", "viewer"),
        ("POST /v1/tenants/acme/arrangements", "agent"),
        ("DELETE /v1/tenants/acme/arrangements/x", "agent"),
        ("POST /v1/tasks/x/done", "agent"),
        ("POST /v1/parked/x/replay", "agent"),
        ("PUT /v1/breaker", "admin"),
        ("POST /v1/policies/standard/migrate", "admin"),
        ("PUT /v1/switch", "admin"),
    ] {
        let mut let_in = false;
        for token in ["nobody", "ingest", "viewer", "agent", "admin"] {
            let_in |= token == least;
            let (status, _) = site.ask(token, line, None).await;
            let kept_out = if token == "nobody" { status == 401 } else { status == 403 };
            assert_eq!(!kept_out, let_in, "{token}: {line}: {status}");
        }
    }
    assert_eq!(site.ask("admin", "GET /v1/nothing", None).await.0, 404);
    assert_eq!(site.ask("admin", "GET /", None).await.0, 404);
    assert_eq!(site.ask("admin", "PATCH /v1/switch", None).await.0, 405);
}

#[tokio::test]
async fn a_tenant_is_shown_with_all_that_is_known() {
    let site = read_only().await;
    let tenant = site.get("/v1/tenants/acme").await;
    assert_eq!(tenant["tenant"], "acme");
    assert_eq!(tenant["name"], "Acme");
    assert_eq!(tenant["policy"], "standard");
    assert_eq!(tenant["stage"], "read_only");
    assert_eq!(tenant["enforced"], true);
    assert_eq!(tenant["scopes"][0]["scope"], "*");
    assert_eq!(tenant["scopes"][0]["stage"], "read_only");
    assert_eq!(tenant["scopes"][0]["since"], "2026-03-30T08:15:00Z");
    assert_eq!(tenant["scopes"][0]["because"]["invoice"], "i1");
    assert_eq!(tenant["next"]["stage"], "frozen");
    assert_eq!(tenant["next"]["announced"], false);
    assert_eq!(tenant["owed"], json!([{"minor": 100_000, "currency": "EUR"}]));
    assert_eq!(tenant["invoices"][0]["status"], "open");
    assert_eq!(tenant["invoices"][0]["due_on"], "2026-03-13");
    let warnings = tenant["notices"].as_array().unwrap().iter();
    let warning = warnings.clone().find(|it| it["names"]["stage"] == "read_only").unwrap();
    assert_eq!(warning["names"]["at"], "2026-03-30T08:00:00Z");
    assert_eq!(warning["receipts"][0]["channel"], "email");
    assert_eq!(warning["receipts"][0]["kind"], "accepted");
    assert_eq!(tenant["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(tenant["digest"].as_str().unwrap().len(), 32);
    assert!(!tenant["tasks"].as_array().unwrap().is_empty());

    let explained = site.get("/v1/tenants/acme/explain").await;
    assert!(explained["sentences"][0].as_str().unwrap().contains("read-only"));
    let timeline = site.get("/v1/tenants/acme/timeline").await;
    assert!(timeline["timeline"].as_array().unwrap().iter().any(|it| it["future"] == true));
    let history = site.get("/v1/tenants/acme/history?limit=3").await;
    assert_eq!(history["events"].as_array().unwrap().len(), 3);
    assert_eq!(history["next"], "3");
    assert_eq!(site.ask("viewer", "GET /v1/tenants/nobody", None).await.0, 404);
    assert_eq!(site.ask("viewer", "GET /v1/tenants/%0a", None).await.0, 404);
    assert_eq!(site.ask("viewer", "GET /v1/tenants/%ff", None).await.0, 400);
}

#[tokio::test]
async fn lists_go_on_where_they_stopped() {
    let site = read_only().await;
    let events: Vec<Value> = (0..7).map(|n| tenant_updated(&format!("t{n}"))).collect();
    site.world.accept(&events).await;
    let mut seen = Vec::new();
    let mut path = "/v1/tenants?limit=3".to_owned();
    loop {
        let page = site.get(&path).await;
        let tenants = page["tenants"].as_array().unwrap().iter();
        seen.extend(tenants.map(|it| it["tenant"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/tenants?limit=3&cursor={next}");
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.is_sorted());
    let strict = site.get("/v1/tenants?stage=read_only").await;
    assert_eq!(strict["tenants"].as_array().unwrap().len(), 1);
    let found = site.get("/v1/tenants?q=T3").await;
    assert_eq!(found["tenants"][0]["tenant"], "t3");
    for wrong in ["stage=slow", "cursor=*", "limit=0", "limit=501", "colour=red"] {
        let line = format!("GET /v1/tenants?{wrong}");
        assert_eq!(site.ask("viewer", &line, None).await.0, 400, "{wrong}");
    }
    let notices = site.get("/v1/notices?limit=1").await;
    assert_eq!(notices["notices"][0]["tenant"], "acme");
}

#[tokio::test]
async fn a_promise_is_made_once_and_withdrawn() {
    let site = read_only().await;
    let post = "POST /v1/tenants/acme/arrangements";
    let promise = json!({"kind": "promise", "until": "2026-04-02", "reason": "they called"});
    let (status, made) = site.ask("agent", post, Some(promise.clone())).await;
    assert_eq!(status, 201);
    let (status, again) = site.ask("agent", post, Some(promise.clone())).await;
    assert_eq!((status, &again), (201, &made));
    let tenant = site.get("/v1/tenants/acme").await;
    let arrangements = tenant["arrangements"].as_array().unwrap();
    assert_eq!(arrangements.len(), 1);
    assert_eq!(arrangements[0]["kind"], "promise");
    assert_eq!(arrangements[0]["ended"], Value::Null);
    assert_eq!(tenant["next"], Value::Null, "held");
    let name = made["arrangement"].as_str().unwrap();
    let line = format!("DELETE /v1/tenants/acme/arrangements/{name}");
    assert_eq!(site.ask("agent", &line, None).await.0, 204);
    assert_eq!(site.ask("agent", &line, None).await.0, 204);
    let tenant = site.get("/v1/tenants/acme").await;
    let ended = tenant["arrangements"][0]["ended"].as_str().unwrap();
    assert!(ended.starts_with("2026-03-30T08:15:00"), "{ended}");
    let (_, anew) = site.ask("agent", post, Some(promise)).await;
    assert_ne!(anew["arrangement"], made["arrangement"]);
    assert_eq!(site.ask("agent", "DELETE /v1/tenants/acme/arrangements/x", None).await.0, 404);
}

#[tokio::test]
async fn an_extension_lifts_and_what_is_not_right_is_named() {
    let site = read_only().await;
    let post = "POST /v1/tenants/acme/arrangements";
    for (body, field) in [
        (json!({"kind": "promise"}), "until"),
        (json!({"kind": "promise", "until": "2026-03-29"}), "until"),
        (json!({"kind": "promise", "until": "soon"}), "until"),
        (json!({"kind": "promise", "until": "2026-04-02", "due_on": "2026-04-02"}), "due_on"),
        (json!({"kind": "extension"}), "due_on"),
        (json!({"kind": "extension", "due_on": "2026-03-12"}), "due_on"),
        (json!({"kind": "extension", "due_on": "2026-05-01", "invoices": ["i9"]}), "invoices[0]"),
        (json!({"kind": "extension", "due_on": "2026-05-01", "until": "2026-05-01"}), "until"),
        (json!({"kind": "extension", "due_on": "2026-05-01", "colour": 1}), "colour"),
        (json!({"kind": "gift"}), "kind"),
    ] {
        let (status, answer) = site.ask("agent", post, Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["errors"][0]["field"], field, "{body}: {answer}");
    }
    let extension = json!({"kind": "extension", "due_on": "2026-05-01", "invoices": ["i1"]});
    assert_eq!(site.ask("agent", post, Some(extension)).await.0, 201);
    assert_eq!(site.get("/v1/tenants/acme").await["stage"], "full");
}

#[tokio::test]
async fn a_task_is_done() {
    let site = read_only().await;
    let tasks = site.get("/v1/tasks").await;
    let task = tasks["tasks"][0].clone();
    assert_eq!((&task["tenant"], &task["kind"]), (&json!("acme"), &json!("call")));
    let line = format!("POST /v1/tasks/{}/done", task["task"].as_str().unwrap());
    let done = json!({"outcome": "reached", "note": "will pay"});
    assert_eq!(site.ask("agent", &line, Some(done)).await.0, 204);
    assert!(site.get("/v1/tasks").await["tasks"].as_array().unwrap().is_empty());
    let all = site.get("/v1/tasks?all=true&tenant=acme").await;
    let all = all["tasks"].as_array().unwrap();
    assert!(all.iter().any(|it| it["outcome"] == "reached" && it["done"].is_string()));
    let nothing = format!("POST /v1/tasks/{}/done", "0".repeat(32));
    let done = json!({"outcome": "reached"});
    assert_eq!(site.ask("agent", &nothing, Some(done)).await.0, 404);
    assert_eq!(site.ask("agent", &line, Some(json!({"outcome": "eaten"}))).await.0, 400);
}

#[tokio::test]
async fn what_is_parked_is_shown_and_replayed() {
    let site = Site::new().await;
    site.world.accept(&[paid("acme", "i1")]).await;
    let parked = site.get("/v1/parked").await;
    let parked = &parked["parked"][0];
    assert_eq!(parked["money"], true);
    assert_eq!(parked["event"]["subject"], "acme");
    let line = format!("POST /v1/parked/{}/replay", parked["id"].as_str().unwrap());
    assert_eq!(site.ask("agent", &line, None).await.0, 409);
    assert_eq!(site.ask("agent", "POST /v1/parked/x/replay", None).await.0, 404);
    site.world.accept(&[issued("acme", "i1")]).await;
    assert!(site.get("/v1/parked").await["parked"].as_array().unwrap().is_empty());
    let many: Vec<_> = (0..5).map(|n| paid("nobody", &format!("i{n}"))).collect();
    site.world.accept(&many).await;
    let (mut seen, mut from) = (Vec::new(), String::new());
    loop {
        let page = site.get(&format!("/v1/parked?limit=2{from}")).await;
        let events = page["parked"].as_array().unwrap();
        assert!(events.len() <= 2);
        seen.extend(events.iter().map(|event| event["id"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        from = format!("&cursor={next}");
    }
    let different: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), different.len()), (5, 5));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_comes_is_not_waited_for() {
    let site = Site::new().await;
    for (token, path) in [("ingest", "/v1/events"), ("agent", "/v1/tenants/a/arrangements")] {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>("{")]);
        let body = first.chain(futures_util::stream::pending());
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Body::from_stream(body))
            .unwrap();
        assert_eq!(site.router.clone().oneshot(request).await.unwrap().status(), 408, "{path}");
    }
}

#[tokio::test]
async fn the_switch_opens_everywhere_or_here() {
    let site = read_only().await;
    let put = "PUT /v1/switch";
    let body = Some(json!({"open": true, "reason": "a test"}));
    let (status, answer) = site.ask("admin", put, body).await;
    assert_eq!((status, &answer["open"], &answer["by"]), (200, &json!(true), &json!("admin")));
    assert_eq!(site.get("/v1/tenants/acme").await["enforced"], false);
    site.ask("admin", put, Some(json!({"open": false}))).await;
    let switch = site.get("/v1/switch").await;
    assert_eq!((&switch["open"], &switch["generation"]), (&json!(false), &json!(1)));
    assert_eq!(site.get("/v1/tenants/acme").await["enforced"], false);
    assert_eq!(site.ask("admin", put, Some(json!({"open": "yes"}))).await.0, 400);

    site.memory.set_down(true);
    let (status, answer) = site.ask("admin", put, Some(json!({"open": true}))).await;
    assert_eq!(status, 503);
    assert!(answer["detail"].as_str().unwrap().contains("ambergate open --here"), "{answer}");
    let here = "PUT /v1/switch?here=true";
    assert_eq!(site.ask("admin", here, Some(json!({"open": true}))).await.0, 200);
    assert!(site.here.load(Ordering::Relaxed));
    assert_eq!(site.ask("viewer", "GET /v1/tenants/acme", None).await.0, 503);
}
