//! The binary as a shell sees it: output, errors, exit codes; the admin API is a stub.

use std::sync::{Arc, Mutex};

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::command::ambergate;

/// What the stub was sent: path and body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

struct Stub {
    address: String,
    seen: Seen,
}

impl Stub {
    async fn start() -> Self {
        let seen = Seen::default();
        let app = Router::new()
            .route("/v1/events", post(events))
            .route("/v1/tenants", get(tenants))
            .route("/v1/tenants/{id}/explain", get(explain))
            .route("/v1/switch", put(switch))
            .route("/healthz", get(|| async { Json(json!({ "status": "ok" })) }))
            .with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, seen }
    }

    fn bodies(&self) -> Vec<Value> {
        let seen = self.seen.lock().expect("nobody panicked");
        seen.iter().map(|(_, body)| body.clone()).collect()
    }
}

/// Refuses events whose id is `bad`; the rest of a batch is taken.
async fn events(
    State(seen): State<Seen>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    if headers.get("authorization").is_none_or(|token| token != "Bearer sesame") {
        let body = json!({ "title": "Unauthorized", "status": 401 });
        return (StatusCode::UNAUTHORIZED, Json(body));
    }
    seen.lock().expect("nobody panicked").push(("/v1/events".to_owned(), body.clone()));
    let bad = |event: &Value| event["id"] == "bad";
    let Value::Array(events) = body else {
        let problem = json!({
            "title": "Bad event", "detail": "it cannot be taken",
            "errors": [{ "field": "data.amount", "detail": "must not be negative" }],
        });
        return if bad(&body) {
            (StatusCode::BAD_REQUEST, Json(problem))
        } else {
            (StatusCode::OK, Json(json!({})))
        };
    };
    let refused: Vec<_> = (0..events.len()).filter(|index| bad(&events[*index])).collect();
    let taken = events.len() - refused.len();
    let refused: Vec<_> =
        refused.into_iter().map(|index| json!({ "index": index, "detail": "is bad" })).collect();
    let body = json!({ "accepted": taken, "duplicates": 0, "parked": 0, "refused": refused });
    (StatusCode::OK, Json(body))
}

async fn tenants(Query(query): Query<Vec<(String, String)>>) -> Json<Value> {
    let second = query.iter().any(|(key, value)| key == "cursor" && value == "a/b");
    let (name, next) = if second { ("Beta", Value::Null) } else { ("Alpha", json!("a/b")) };
    Json(
        json!({ "tenants": [{ "tenant": name.to_lowercase(), "stage": "grace", "name": name }], "next": next }),
    )
}

async fn explain(request: Request) -> Json<Value> {
    Json(json!({ "sentences": [format!("{} is asked for.", request.uri().path())] }))
}

async fn switch(State(seen): State<Seen>, request: Request) -> Json<Value> {
    let uri = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), 1_000).await.expect("a short body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    seen.lock().expect("nobody panicked").push((uri, body.clone()));
    Json(body)
}

#[tokio::test]
async fn an_import_names_the_lines_that_are_refused() {
    let stub = Stub::start().await;
    let mut lines = String::new();
    for n in 1..=1_203 {
        match n {
            7 => lines.push_str("{ not json\n"),
            501 => lines.push('\n'),
            900 => lines.push_str("{\"id\": \"bad\"}\n"),
            1_000 => lines.push_str("[1]\n"),
            n => lines.push_str(&format!("{{\"id\": \"e{n}\"}}\n")),
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &lines).expect("a file");
    let path = file.path().display().to_string();
    let (code, out, said) = ambergate(&["event", "import", &path], &stub.address, "").await;
    assert_eq!(code, 1, "{said}");
    assert_eq!(out, "1199 taken, 0 known before, 0 parked, 3 refused\n");
    assert!(said.contains(&format!("{path}:7:")) && said.contains("not JSON"), "{said}");
    assert!(said.contains(&format!("{path}:900: is bad")), "{said}");
    assert!(said.contains(&format!("{path}:1000: not a CloudEvent")), "{said}");
    let sizes: Vec<_> = stub.bodies().iter().map(|b| b.as_array().map_or(0, Vec::len)).collect();
    assert_eq!(sizes, [500, 500, 200]);

    let (code, out, _) =
        ambergate(&["event", "import", "-", "--json"], &stub.address, "{\"id\": \"e\"}").await;
    assert_eq!(code, 0);
    assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON")["accepted"], 1);
}

#[tokio::test]
async fn an_opening_import_marks_what_is_older() {
    let stub = Stub::start().await;
    let event = |id: &str, kind: &str, time: &str, data: &str| {
        format!("{{\"id\": \"{id}\", \"type\": \"{kind}\"{time}, \"data\": {data}}}\n")
    };
    let time = ", \"time\": \"2024-05-02T07:00:00Z\"";
    let lines = [
        event("1", "ambergate.invoice.issued", "", "{\"issued_on\": \"2026-02-28\"}"),
        event("2", "ambergate.invoice.issued", "", "{\"issued_on\": \"2026-03-01\"}"),
        event("3", "ambergate.invoice.issued", time, "{\"due_on\": \"2026-06-01\"}"),
        event("4", "ambergate.invoice.issued", "", "{\"due_on\": \"2023-05-02\"}"),
        event("5", "ambergate.invoice.issued", "", "{}"),
        event("6", "ambergate.invoice.paid", time, "{\"invoice\": \"in_1\"}"),
        event("7", "ambergate.invoice.issued", time, "{\"issued_on\": \"2026-03-02\"}"),
    ];
    let import = ["event", "import", "-", "--opening", "2026-03-01"];
    let (code, out, said) = ambergate(&import, &stub.address, &lines.concat()).await;
    assert_eq!(code, 0, "{said}");
    assert!(out.starts_with("7 taken, 0 known before, 0 parked, 0 refused\n3 of "), "{out}");
    let sent = stub.bodies();
    let taken: Vec<_> = sent[0].as_array().into_iter().flatten().collect();
    let silent = taken.iter().filter(|event| event["data"]["opening"] == true);
    let silent: Vec<_> = silent.filter_map(|event| event["id"].as_str()).collect();
    assert_eq!(silent, ["1", "3", "4"]);
}

#[tokio::test]
async fn one_event_is_built_from_options_and_is_the_same_when_sent_again() {
    let stub = Stub::start().await;
    let send = ["event", "send", "--type", "invoice.paid", "--subject", "acme"];
    let data = ["--data", "{\"invoice\": \"in_1\"}"];
    for _ in 0..2 {
        let (code, out, said) = ambergate(&[&send[..], &data].concat(), &stub.address, "").await;
        assert_eq!((code, out.as_str()), (0, "Taken.\n"), "{said}");
    }
    let bodies = stub.bodies();
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0]["type"], "ambergate.invoice.paid");
    assert_eq!(bodies[0]["data"], json!({ "invoice": "in_1" }));

    let bad = "{\"id\": \"bad\"}";
    let (code, _, said) = ambergate(&["event", "send", "-"], &stub.address, bad).await;
    assert_eq!(code, 1);
    assert!(said.contains("data.amount: must not be negative"), "{said}");
    let (code, _, said) = ambergate(&["event", "send"], &stub.address, "").await;
    assert_eq!(code, 2, "{said}");
}

#[tokio::test]
async fn lists_follow_their_cursors_and_json_is_json() {
    let stub = Stub::start().await;
    let (code, out, _) = ambergate(&["tenant", "list"], &stub.address, "").await;
    assert_eq!(code, 0);
    assert!(out.contains("alpha") && out.contains("beta") && out.contains("STAGE"), "{out}");
    let (_, out, _) = ambergate(&["tenant", "list", "--json"], &stub.address, "").await;
    let tenants = serde_json::from_str::<Value>(&out).expect("JSON");
    assert_eq!(tenants["tenants"].as_array().map(Vec::len), Some(2));
    let (_, out, _) = ambergate(&["tenant", "explain", "a/b"], &stub.address, "").await;
    assert_eq!(out, "/v1/tenants/a%2Fb/explain is asked for.\n");
}

#[tokio::test]
async fn the_switch_asks_for_a_reason() {
    let stub = Stub::start().await;
    let (code, ..) = ambergate(&["open"], &stub.address, "").await;
    assert_eq!(code, 2);
    let (code, ..) = ambergate(&["open", "--reason", " "], &stub.address, "").await;
    assert_eq!(code, 2);
    let (code, ..) = ambergate(&["open", "--reason", "outage"], &stub.address, "").await;
    assert_eq!(code, 0);
    let (code, ..) = ambergate(&["close", "--here"], &stub.address, "").await;
    assert_eq!(code, 0);
    let seen = stub.seen.lock().expect("nobody panicked").clone();
    assert_eq!(seen[0].1, json!({ "open": true, "reason": "outage" }));
    assert_eq!(seen[1], ("/v1/switch?here=true".to_owned(), json!({ "open": false })));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let (code, out, said) = ambergate(&["healthcheck"], "http://127.0.0.1:1", "").await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("http://127.0.0.1:1"), "{said}");
    let stub = Stub::start().await;
    let (code, ..) = ambergate(&["healthcheck"], &stub.address, "").await;
    assert_eq!(code, 0);
    let token = ["tenant", "list", "--token", "wrong"];
    let (_, _, said) = ambergate(&token, &stub.address, "").await;
    assert!(!said.contains("wrong"), "{said}");
}

#[tokio::test]
async fn check_tells_all_that_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.toml");
    let name = path.display().to_string();
    std::fs::write(&path, "[proxi]\n[gate]\nstatus = 200\n").expect("a file");
    let (code, out, said) = ambergate(&["check", "--config", &name], "", "").await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("did you mean `proxy`?") && said.contains("a.toml:3:10"), "{said}");
    assert!(said.contains("2 things are wrong"), "{said}");
    std::fs::write(&path, "[gate]\nenforce = \"off\"\n").expect("a file");
    let (code, out, _) = ambergate(&["check", "--config", &name], "", "").await;
    assert_eq!(code, 0);
    assert!(out.contains("standard"), "{out}");
    let wrong = "[[identify]]\njwt = { pem = \"-----BEGIN PUBLIC KEY-----\" }\n\
                 [email]\nsmtp = \"smtp://localhost/path\"\nfrom = \"a@b.example\"\n";
    std::fs::write(&path, wrong).expect("a file");
    let (code, _, said) = ambergate(&["check", "--config", &name], "", "").await;
    assert_eq!(code, 1);
    assert!(said.contains("identify[0].jwt: the PEM holds no RSA key"), "{said}");
    assert!(said.contains("email.smtp"), "{said}");
    std::fs::write(&path, "[gate]\nenforce = \"off\"\n").expect("a file");
    let (code, ..) = ambergate(&["check", "--config", &name, "--role", "gate"], "", "").await;
    assert_eq!(code, 1);
}
