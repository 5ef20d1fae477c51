//! Everything about a debt, from the API and on paper: what was told and proved, agreed and done.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::admin::{Site, read_only};
use crate::support::command::ambergate;
use crate::world::{issued, paid};

/// A tenant that was warned, called, promised and is read-only all the same; one invoice is paid.
async fn owing() -> Site {
    let site = read_only().await;
    let (status, _) = site.ask("ingest", "POST /v1/events", Some(issued("acme", "i2"))).await;
    assert_eq!(status, 200);
    let (status, _) = site.ask("ingest", "POST /v1/events", Some(paid("acme", "i2"))).await;
    assert_eq!(status, 200);
    let line = "POST /v1/tenants/acme/arrangements";
    let promise = json!({"kind": "promise", "until": "2026-04-10", "invoices": ["i1"],
        "by": "eve", "reason": "the <bank> was closed"});
    assert_eq!(site.ask("agent", line, Some(promise)).await.0, 201);
    site
}

#[tokio::test]
async fn it_says_what_was_told_and_proved_and_agreed() {
    let site = owing().await;
    let dossier = site.get("/v1/tenants/acme/dossier").await;
    assert_eq!(dossier["tenant"], "acme");
    assert_eq!(dossier["owed"], json!([{"minor": 100_000, "currency": "EUR"}]));
    let debts = dossier["debts"].as_array().unwrap();
    assert_eq!(debts.len(), 1, "what is paid is no debt: {debts:#?}");
    let debt = &debts[0];
    assert_eq!((&debt["invoice"], &debt["status"]), (&json!("i1"), &json!("open")));
    assert_eq!(debt["owed"]["minor"], 100_000);
    let notices = debt["notices"].as_array().unwrap();
    let warning = notices.iter().find(|it| it["stage"] == "read_only").unwrap();
    assert_eq!(warning["from"], "2026-03-30T08:00:00Z");
    let receipt = &warning["receipts"][0];
    assert_eq!((&receipt["channel"], &receipt["kind"]), (&json!("email"), &json!("accepted")));
    let sent = &warning["messages"][0];
    assert_eq!((&sent["to"], &sent["role"]), (&receipt["recipient"], &receipt["role"]));
    assert!(!sent["tried"].as_array().unwrap().is_empty(), "{sent}");
    let agreed = &debt["arrangements"][0];
    assert_eq!(
        (&agreed["kind"], &agreed["reason"]),
        (&json!("promise"), &json!("the <bank> was closed"))
    );
    let closed = debt["stages"].as_array().unwrap();
    let read_only = closed.iter().find(|it| it["stage"] == "read_only").unwrap();
    assert_eq!(read_only["entered"], "2026-03-30T08:15:00Z");
    assert_eq!(read_only["warned"], warning["at"], "a cutoff names its warning");
    let moments = dossier["timeline"].as_array().unwrap();
    assert!(
        moments.iter().all(|it| it["future"] == false && it["invoice"] != "i2"),
        "{moments:#?}"
    );

    let of_paid = site.get("/v1/tenants/acme/dossier?invoice=i2").await;
    assert_eq!(of_paid["debts"][0]["status"], "paid");
    assert_eq!(of_paid["owed"], json!([]));
    let unknown = "GET /v1/tenants/acme/dossier?invoice=i3";
    assert_eq!(site.ask("viewer", unknown, None).await.0, 400);
    assert_eq!(site.ask("viewer", "GET /v1/tenants/nobody/dossier", None).await.0, 404);
}

/// The API behind a door that lets in who has the token of the shell.
async fn door(site: Site) -> String {
    async fn answer(State(site): State<Arc<Site>>, request: Request) -> Json<Value> {
        let line = format!("{} {}", request.method(), request.uri());
        Json(site.ask("viewer", &line, None).await.1)
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(Arc::new(site));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn it_is_printed_in_text_and_as_a_page() {
    let address = door(owing().await).await;
    let asked = ["tenant", "dossier", "acme"];
    let (code, text, said) = ambergate(&asked, &address, "").await;
    assert_eq!((code, said.as_str()), (0, ""));
    for right in [
        "Acme (acme)\n===========\n",
        "owed        EUR 1000.00\n",
        "What was said\n",
        "read_only from Mon 2026-03-30 10:00 CEST",
        "accepted",
        "What was agreed\n",
        "the <bank> was closed",
        "What was restricted\n",
        "What happened\n",
    ] {
        assert!(text.contains(right), "{right:?}: {text}");
    }
    assert!(!text.contains("i2"), "{text}");
    let (_, page, _) = ambergate(&[&asked[..], &["--format", "html"]].concat(), &address, "").await;
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{page}");
    assert!(page.contains("the &lt;bank&gt; was closed") && !page.contains("<bank>"), "{page}");
    assert!(!page.contains("http"), "nothing from elsewhere: {page}");
    let json = [&asked[..], &["--invoice", "i2", "--json"]].concat();
    let (_, json, _) = ambergate(&json, &address, "").await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["debts"][0]["invoice"], "i2");
}
