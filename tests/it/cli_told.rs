//! What commands say to people: of what was parked, of nobody, of times; the API is a stub.

use axum::extract::Request;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::support::command::ambergate;

async fn stub() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn answer(request: Request) -> Json<Value> {
    let line = format!("{} {}", request.method(), request.uri());
    let parked = |id: &str, next: Option<&str>| {
        let event = json!({"type": "ambergate.invoice.paid", "subject": "nosuch"});
        json!({"parked": [{"id": id, "event": event, "reason": "no tenant"}], "next": next})
    };
    Json(match line.as_str() {
        "POST /v1/events" => json!({"accepted": 0, "duplicates": 0, "parked": 1, "refused": []}),
        "GET /v1/parked" => parked("p/1", Some("p/1")),
        "GET /v1/parked?cursor=p%2F1" => parked("p2", None),
        "POST /v1/parked/p%2F1/replay" => json!({"accepted": 1}),
        "GET /v1/tenants/acme" => json!({
            "tenant": "acme", "time_zone": "Europe/Berlin", "stage": "grace",
            "on_account": [{"minor": 500, "currency": "EUR"}], "credit": [], "paid_by": "parent",
            "pays_for": [],
            "next": {"stage": "read_only", "at": "2026-03-30T08:00:00Z", "announced": true},
            "notices": [{"kind": "warning", "at": "2026-03-23T08:00:00.123Z"}],
        }),
        "GET /v1/tenants/acme/explain" => json!({
            "time_zone": "Europe/Berlin", "sentences": ["Next: it at 2026-03-30T08:00:00Z."],
        }),
        "GET /v1/tenants/acme/timeline" => json!({
            "time_zone": "Europe/Berlin",
            "timeline": [{"at": "2026-03-16T08:00:00Z", "what": "x", "detail": "y"}],
        }),
        _ => json!({"tenants": [], "next": null}),
    })
}

#[tokio::test]
async fn what_is_parked_is_not_called_taken() {
    let stub = stub().await;
    let send = ["event", "send", "--type", "invoice.paid", "--subject", "nosuch"];
    let (code, out, said) = ambergate(&send, &stub, "").await;
    assert_eq!(code, 0, "{said}");
    let right = "Parked: no tenant nosuch is known. It is kept: see `ambergate event parked`.\n";
    assert_eq!(out, right);
    let (code, out, said) = ambergate(&["event", "parked"], &stub, "").await;
    assert_eq!(code, 0, "{said}");
    assert!(out.contains("p/1") && out.contains("p2") && out.contains("nosuch"), "{out}");
    let (_, out, _) = ambergate(&["event", "parked", "--json"], &stub, "").await;
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["parked"].as_array().map(Vec::len), Some(2));
    let (code, out, said) = ambergate(&["event", "replay", "p/1"], &stub, "").await;
    assert_eq!((code, out.as_str()), (0, "Taken.\n"), "{said}");
}

#[tokio::test]
async fn a_list_of_nobody_says_so() {
    let stub = stub().await;
    for (asked, right) in [
        (&["tenant", "list", "--stage", "frozen"][..], "No tenant is frozen.\n"),
        (&["tenant", "list", "--stage", "read_only"], "No tenant is read-only.\n"),
        (&["tenant", "list"], "No tenant is known yet.\n"),
        (&["tenant", "list", "--q", "x"], "No tenant with \"x\" in its id or name is known.\n"),
    ] {
        let (code, out, said) = ambergate(asked, &stub, "").await;
        assert_eq!((code, out.as_str(), said.as_str()), (0, "", right));
    }
    let (_, out, _) = ambergate(&["tenant", "list", "--json"], &stub, "").await;
    assert_eq!(serde_json::from_str::<Value>(&out).expect("JSON"), json!({"tenants": []}));
}

#[tokio::test]
async fn times_are_told_in_the_tenants_zone_and_to_programs_in_utc() {
    let stub = stub().await;
    for (what, right) in [
        ("show", &["read_only at Mon 2026-03-30 10:00 CEST", "Mon 2026-03-23 09:00 CET"][..]),
        ("explain", &["Next: it at Mon 2026-03-30 10:00 CEST."]),
        ("timeline", &["Mon 2026-03-16 09:00 CET"]),
    ] {
        let (code, out, said) = ambergate(&["tenant", what, "acme"], &stub, "").await;
        assert_eq!(code, 0, "{said}");
        assert!(right.iter().all(|right| out.contains(right)), "{what}: {out}");
        let (_, out, _) = ambergate(&["tenant", what, "acme", "--json"], &stub, "").await;
        assert!(out.contains(":00:00") && !out.contains("CE"), "{what}: {out}");
    }
    let (_, out, _) = ambergate(&["tenant", "show", "acme"], &stub, "").await;
    assert!(out.contains("on_account  EUR 5.00") && !out.contains("credit"), "{out}");
    assert!(out.contains("paid_by     parent") && !out.contains("pays_for"), "{out}");
}
