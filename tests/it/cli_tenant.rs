//! `ambergate tenant …`: what is agreed, as a shell says it; the admin API is a stub.

use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::command::ambergate;

/// What the stub was sent: method, path and body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

pub(crate) struct Stub {
    pub(crate) address: String,
    seen: Seen,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        let seen = Seen::default();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, seen }
    }

    /// What it was sent, but for what it was asked.
    pub(crate) fn posted(&self) -> Vec<(String, Value)> {
        let seen = self.seen.lock().expect("nobody panicked");
        seen.iter().filter(|(line, _)| line.starts_with("POST")).cloned().collect()
    }

    pub(crate) fn newest(&self) -> (String, Value) {
        self.seen.lock().expect("nobody panicked").last().expect("something").clone()
    }
}

/// A tenant with some of everything.
fn acme() -> Value {
    let opening = |invoice: &str, ended: Value| {
        let name = format!("opening:{invoice}");
        let invoices = json!([invoice]);
        json!({"arrangement": name, "kind": "silence", "opening": true, "invoices": invoices,
            "ended": ended})
    };
    let known = json!([
        opening("in_1", Value::Null),
        opening("in_2", Value::Null),
        opening("in_3", json!("2026-03-01T00:00:00Z")),
        {"arrangement": "a1", "kind": "promise", "ended": null},
        {"arrangement": "a2", "kind": "promise", "ended": "2026-03-01T00:00:00Z"},
    ]);
    let invoices = json!([
        {"invoice": "in_1"},
        {"invoice": "in_2", "number": "R-2"},
        {"invoice": "shop:1001", "number": "1001"},
    ]);
    json!({"tenant": "acme", "arrangements": known, "invoices": invoices})
}

async fn answer(State(seen): State<Seen>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let bytes = axum::body::to_bytes(request.into_body(), 10_000).await.expect("a short body");
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    seen.lock().expect("nobody panicked").push((line.clone(), body.clone()));
    if line.starts_with("DELETE") {
        let status =
            if line.ends_with("/no") { StatusCode::CONFLICT } else { StatusCode::NO_CONTENT };
        let problem = json!({"title": "Conflict", "detail": "it stands"});
        return if status.is_success() {
            status.into_response()
        } else {
            (status, Json(problem)).into_response()
        };
    }
    if line.starts_with("GET /v1/tasks") {
        let task = json!({
            "tenant": "acme", "kind": "call", "task": "t1", "due": "2026-03-19T08:00:00Z",
            "people": [{"role": "billing", "name": "Anna", "phone": "+49 30 1"}],
            "script": ["Invoice 1 was due."],
        });
        return Json(json!({"tasks": [task], "next": null})).into_response();
    }
    if line == "GET /v1/tenants" {
        let tenants = json!([{"tenant": "acme"}, {"tenant": "paid"}]);
        return Json(json!({"tenants": tenants, "next": "c1"})).into_response();
    }
    if line == "GET /v1/tenants?cursor=c1" {
        let tenants = json!([{"tenant": "birke"}, {"tenant": "ceder"}]);
        return Json(json!({"tenants": tenants, "next": null})).into_response();
    }
    if line == "GET /v1/tenants/paid" {
        return Json(json!({"tenant": "paid", "arrangements": []})).into_response();
    }
    if line.starts_with("GET") {
        return Json(acme()).into_response();
    }
    if line == "POST /v1/tenants/owing/forget" {
        let problem = json!({"title": "Conflict", "detail": "EUR 10.00 owed on i1"});
        return (StatusCode::CONFLICT, Json(problem)).into_response();
    }
    if line.ends_with("/forget") {
        let at = "2026-03-26T12:00:00Z";
        let remains = json!(["exports, and what is in them"]);
        let done = json!({"tenant": "acme", "forgotten": at, "remains": remains});
        return Json(done).into_response();
    }
    if body["kind"] == "pin" {
        let errors = json!([{"field": "until", "detail": "it has passed"}]);
        let problem = json!({"title": "What was sent is not right", "errors": errors});
        return (StatusCode::BAD_REQUEST, Json(problem)).into_response();
    }
    let answer = json!({"arrangement": "a9", "kind": body["kind"], "accepted": 1});
    (StatusCode::CREATED, Json(answer)).into_response()
}

#[tokio::test]
async fn each_kind_says_what_it_was_told() {
    let stub = Stub::start().await;
    let euros = |minor: i64| json!({"minor": minor, "currency": "EUR"});
    let cases: [(&[&str], Value); 8] = [
        (
            &["promise", "acme", "--until", "2026-04-02", "--invoice", "in_1", "--opens", "grace"],
            json!({
                "kind": "promise", "until": "2026-04-02", "invoices": ["in_1"], "opens": "grace",
            }),
        ),
        (
            &["extend", "acme", "--to", "2026-05-01", "--reason", "as agreed", "--by", "eve"],
            json!({
                "kind": "extension", "due_on": "2026-05-01", "reason": "as agreed", "by": "eve",
            }),
        ),
        (
            &[
                "plan",
                "acme",
                "--instalment",
                "2026-05-01=250.00EUR",
                "--instalment",
                "2026-06-01=250.00EUR",
                "--accepted-by",
                "billing:Ada Meyer",
            ],
            json!({"kind": "plan", "accepted_by": {"role": "billing", "name": "Ada Meyer"},
                "instalments": [
                {"due_on": "2026-05-01", "amount": euros(25_000)},
                {"due_on": "2026-06-01", "amount": euros(25_000)},
            ]}),
        ),
        (
            &["dispute", "acme", "--amount", "100.00EUR"],
            json!({"kind": "dispute", "amount": euros(10_000)}),
        ),
        (
            &["pause", "acme", "--until", "2026-05-01", "--stage", "frozen"],
            json!({"kind": "pause", "until": "2026-05-01", "stage": "frozen"}),
        ),
        (&["exempt", "acme"], json!({"kind": "exemption"})),
        (
            &["silence", "acme", "--cause", "insolvency"],
            json!({"kind": "silence", "cause": "insolvency", "access": "keep"}),
        ),
        (
            &["dispute", "acme", "--line", "1=20.00EUR", "--line", "2=5.00EUR", "--invoice", "R-2"],
            json!({"kind": "dispute", "invoices": ["in_2"], "lines": [
                {"line": "1", "amount": euros(2_000)},
                {"line": "2", "amount": euros(500)},
            ]}),
        ),
    ];
    for (arguments, body) in cases {
        let arguments = [&["tenant"], arguments].concat();
        let (code, out, said) = ambergate(&arguments, &stub.address, "").await;
        assert_eq!(code, 0, "{arguments:?}: {said}");
        assert_eq!(stub.newest(), ("POST /v1/tenants/acme/arrangements".to_owned(), body.clone()));
        assert_eq!(out, format!("Agreed: {} a9\n", body["kind"].as_str().expect("a kind")));
    }
    let json = ["tenant", "exempt", "a/b", "--json"];
    let (_, out, _) = ambergate(&json, &stub.address, "").await;
    assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON")["arrangement"], "a9");
    assert_eq!(stub.newest().0, "POST /v1/tenants/a%2Fb/arrangements");
}

#[tokio::test]
async fn work_is_listed_and_done() {
    let stub = Stub::start().await;
    let (code, out, said) = ambergate(&["tenant", "tasks", "acme"], &stub.address, "").await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(stub.newest().0, "GET /v1/tasks?tenant=acme");
    assert!(out.contains("call t1\n  +49 30 1 Anna (billing)\n  Invoice 1 was due."), "{out}");
    let (_, out, _) = ambergate(&["tenant", "tasks", "--all"], &stub.address, "").await;
    assert!(out.contains("TENANT") && !out.contains("Invoice 1"), "{out}");
    let done = [
        "tenant",
        "done",
        "t1",
        "--outcome",
        "promised",
        "--until",
        "2026-04-02",
        "--amount",
        "500.00EUR",
        "--note",
        "called back",
    ];
    let (code, out, said) = ambergate(&done, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Done: promised\n"), "{said}");
    let amount = json!({"minor": 50_000, "currency": "EUR"});
    let body = json!({
        "outcome": "promised", "until": "2026-04-02", "amount": amount, "note": "called back",
    });
    assert_eq!(stub.newest(), ("POST /v1/tasks/t1/done".to_owned(), body));
    let (code, _, said) = ambergate(&["tenant", "done", "t1"], &stub.address, "").await;
    assert_eq!(code, 2);
    assert!(said.contains("--outcome"), "{said}");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_field_by_field() {
    let stub = Stub::start().await;
    let pin = ["tenant", "pin", "acme", "--stage", "full", "--until", "2020-01-01"];
    let (code, out, said) = ambergate(&pin, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("until: it has passed"), "{said}");
}

#[tokio::test]
async fn what_makes_no_sense_is_not_sent() {
    let stub = Stub::start().await;
    for (arguments, word) in [
        (&["promise", "acme"][..], "--until"),
        (&["promise", "acme", "--until", "soon"][..], "2026-03-13"),
        (&["promise", "acme", "--until", "2026-04-02", "--amount", "many"][..], "EUR"),
        (&["extend", "acme"][..], "--to"),
        (&["plan", "acme"][..], "--instalment"),
        (&["plan", "acme", "--instalment", "2026-05-01"][..], "2026-05-01=250.00EUR"),
        (&["silence", "acme", "--cause", "boredom"][..], "insolvency"),
        (&["dispute", "acme", "--line", "3"][..], "3=100.00EUR"),
        (&["release", "acme", "a1", "--how", "rejected"][..], "--reason"),
        (&["pin", "acme", "--stage", "closed", "--until", "2026-05-01"][..], "read_only, frozen"),
        (&["exempt", "acme", "--accepted-by", "ada"][..], "billing:Ada"),
        (&["release", "acme"][..], "<ARRANGEMENT>"),
        (&["release", "acme", "a1", "--all"][..], "--all"),
        (&["received", "acme", "--amount", "5.00EUR"][..], "--payment"),
        (
            &[
                "received",
                "acme",
                "--amount",
                "5EUR",
                "--payment",
                "p",
                "--invoice",
                "a",
                "--invoice",
                "b",
            ][..],
            "--invoice a=500.00EUR",
        ),
    ] {
        let arguments = [&["tenant"], arguments].concat();
        let (code, out, said) = ambergate(&arguments, &stub.address, "").await;
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {said}");
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(stub.seen.lock().expect("nobody panicked").is_empty());
}

#[tokio::test]
async fn a_payment_that_names_no_invoice_is_said_to_lift_nothing() {
    let stub = Stub::start().await;
    let told = ["tenant", "received", "acme", "--amount", "500.00EUR", "--payment", "bank:7"];
    let (code, out, _) = ambergate(&told, &stub.address, "").await;
    assert_eq!(code, 0);
    assert!(out.starts_with("Taken.\n") && out.contains("--invoice"), "{out}");
    // What it pays is said later: that is another record, of the same payment.
    let told = [&told[..], &["--invoice", "shop:1001"]].concat();
    let (code, out, _) = ambergate(&told, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Taken.\n"));
    let seen = stub.posted();
    assert_eq!(seen[0].1["data"]["payment"], seen[1].1["data"]["payment"]);
    assert_ne!(seen[0].1["id"], seen[1].1["id"]);
}

#[tokio::test]
async fn agreements_are_ended_by_name_or_all_that_stand() {
    let stub = Stub::start().await;
    let (code, out, _) = ambergate(&["tenant", "release", "acme", "x"], &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Ended: x\n"));
    assert_eq!(stub.newest().0, "DELETE /v1/tenants/acme/arrangements/x");
    let all = ["tenant", "release", "acme", "--all"];
    let (code, out, _) = ambergate(&all, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Ended: a1\n"));
    let some = ["tenant", "release", "acme", "no", "x"];
    let (code, out, said) = ambergate(&some, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (1, "Ended: x\n"));
    assert!(said.contains("no: Conflict: it stands"), "{said}");
}

#[tokio::test]
async fn what_was_taken_over_is_released_singly_or_at_once() {
    let stub = Stub::start().await;
    let all = ["tenant", "release", "acme", "--opening"];
    let (code, out, said) = ambergate(&all, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (0, "Ended: opening:in_1\nEnded: opening:in_2\n"), "{said}");
    for name in ["R-2", "in_2"] {
        let one = [&all[..], &[name]].concat();
        let (code, out, said) = ambergate(&one, &stub.address, "").await;
        assert_eq!((code, out.as_str()), (0, "Ended: opening:in_2\n"), "{said}");
    }
}

#[tokio::test]
async fn a_payment_is_told_once_and_the_same_again() {
    let stub = Stub::start().await;
    let told = [
        "tenant",
        "received",
        "acme",
        "--amount",
        "500.00EUR",
        "--payment",
        "bank:7",
        "--invoice",
        "shop:a=b",
    ];
    let (code, ..) = ambergate(&told, &stub.address, "").await;
    assert_eq!(code, 2, "an invoice's name may hold no amount");
    let told = [&told[..8], &["shop:1001", "--at", "2026-04-20T10:00:00Z"]].concat();
    for _ in 0..2 {
        let (code, out, said) = ambergate(&told, &stub.address, "").await;
        assert_eq!((code, out.as_str()), (0, "Taken.\n"), "{said}");
    }
    let seen = stub.posted();
    assert_eq!(seen[0], seen[1]);
    let (line, event) = &seen[0];
    let amount = json!({"minor": 50_000, "currency": "EUR"});
    assert_eq!(line, "POST /v1/events");
    assert_eq!(event["time"], "2026-04-20T10:00:00Z");
    assert_eq!(
        event["data"],
        json!({
            "payment": "bank:7", "amount": amount,
            "invoices": [{"invoice": "shop:1001", "amount": amount}],
        })
    );
}

#[tokio::test]
async fn what_was_taken_over_is_released_in_batches() {
    let stub = Stub::start().await;
    let two = ["tenant", "release", "--opening", "--tenants", "2"];
    let (code, out, said) = ambergate(&two, &stub.address, "").await;
    let of = |tenant: &str| {
        format!("Ended: opening:in_1 of {tenant}\nEnded: opening:in_2 of {tenant}\n")
    };
    assert_eq!((code, out), (0, of("acme") + &of("birke")), "{said}");
    let (code, _, said) = ambergate(&two[..2], &stub.address, "").await;
    assert!(code == 2 && said.contains("<TENANT"), "{said}");
    let promises = ["tenant", "release", "--all", "--tenants", "2"];
    let (code, _, said) = ambergate(&promises, &stub.address, "").await;
    assert!(code == 2 && said.contains("--all"), "{said}");
}

#[tokio::test]
async fn forgetting_is_confirmed_and_says_what_it_does_not_reach() {
    let stub = Stub::start().await;
    let asked = ["tenant", "forget", "acme", "--by", "eve", "--reason", "art. 17"];
    for input in ["", "yes\n", "zen\n"] {
        let (code, out, said) = ambergate(&asked, &stub.address, input).await;
        assert_eq!((code, out.as_str()), (2, ""), "{said}");
        assert!(said.contains("--yes"), "{said}");
    }
    assert!(stub.seen.lock().expect("nobody panicked").is_empty(), "nothing was asked for");
    let right =
        ("POST /v1/tenants/acme/forget".to_owned(), json!({"by": "eve", "reason": "art. 17"}));
    let (code, out, said) = ambergate(&asked, &stub.address, "acme\n").await;
    assert_eq!((code, said.as_str()), (0, ""), "{out}");
    assert_eq!(stub.newest(), right);
    assert!(
        out.starts_with("Forgotten: acme at ") && out.contains("Not erased by this:\n- exports")
    );

    let (code, out, _) =
        ambergate(&["tenant", "forget", "acme", "--yes", "--json"], &stub.address, "").await;
    assert_eq!(code, 0);
    assert_eq!(stub.newest().1, json!({}));
    let out: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(out["forgotten"], "2026-03-26T12:00:00Z");
    let owing = ["tenant", "forget", "owing", "--yes"];
    let (code, out, said) = ambergate(&owing, &stub.address, "").await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(said.contains("EUR 10.00 owed on i1"), "{said}");
}
