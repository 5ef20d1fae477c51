//! What the API tells people: why a case stands still, what money waits, who is not let in.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::admin::Site;
use crate::world::{event, issued, tenant_updated};

async fn told(site: &Site, events: &[Value]) {
    let (status, answer) = site.ask("ingest", "POST /v1/events", Some(json!(events))).await;
    assert_eq!((status, &answer["accepted"]), (200, &json!(events.len())), "{answer}");
}

#[tokio::test]
async fn a_promise_says_why_it_lasts_longer_than_its_day() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1")]).await;
    let promise = json!({"kind": "promise", "until": "2026-03-16", "invoices": ["in_1"]});
    let line = "POST /v1/tenants/acme/arrangements";
    assert_eq!(site.ask("agent", line, Some(promise)).await.0, 201);
    let (_, explained) = site.ask("viewer", "GET /v1/tenants/acme/explain", None).await;
    assert_eq!(explained["time_zone"], "Europe/Berlin");
    let said = "It stands still until 2026-03-17T23:00:00Z: a promise to pay by 2026-03-16, and \
                the working day after it to arrive.";
    let sentences = explained["sentences"].as_array().unwrap();
    assert!(sentences.contains(&json!(said)), "{sentences:#?}");
    let (_, timeline) = site.ask("viewer", "GET /v1/tenants/acme/timeline", None).await;
    assert_eq!(timeline["time_zone"], "Europe/Berlin");
}

/// Sends an agreement with a key; answers status and body.
async fn agree(site: &Site, key: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder()
        .method("POST")
        .uri("/v1/tenants/acme/arrangements")
        .header("authorization", "Bearer agent")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = site.router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn a_key_is_of_one_request() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1")]).await;
    let promise = json!({"kind": "promise", "until": "2026-03-16", "invoices": ["in_1"]});
    let (status, made) = agree(&site, "k1", &promise).await;
    assert_eq!(status, 201);
    assert_eq!(agree(&site, "k1", &promise).await, (201, made.clone()));
    let later = json!({"kind": "promise", "until": "2026-03-13", "invoices": ["in_1"]});
    let (status, problem) = agree(&site, "k1", &later).await;
    let of = problem["type"].as_str().unwrap_or_default();
    assert_eq!((status, of.ends_with("idempotency-conflict")), (422, true), "{problem}");
    // What became of it changes nothing: it was done.
    let name = made["arrangement"].as_str().unwrap();
    let line = format!("DELETE /v1/tenants/acme/arrangements/{name}");
    assert_eq!(site.ask("agent", &line, None).await.0, 204);
    assert_eq!(agree(&site, "k1", &promise).await, (201, made));
    assert_eq!(agree(&site, "k2", &later).await.0, 201);
    let tenant = site.get("/v1/tenants/acme").await;
    assert_eq!(tenant["arrangements"].as_array().unwrap().len(), 2);
}

/// As on the phone: what the policy says of promises holds for whoever makes them.
#[tokio::test]
async fn a_promise_is_no_longer_and_no_more_often_than_the_policy_has_it() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1"), issued("acme", "in_2")]).await;
    let line = "POST /v1/tenants/acme/arrangements";
    let promise = |invoice: &str, until: &str| json!({"kind": "promise", "until": until, "invoices": [invoice]});
    let refused = async |body: Value| {
        let (status, problem) = site.ask("agent", line, Some(body)).await;
        assert_eq!(status, 400, "{problem}");
        let fault = problem["errors"][0].clone();
        let said = |field: &str| fault[field].as_str().unwrap().to_owned();
        (said("field"), said("detail"))
    };
    let (field, detail) = refused(promise("in_1", "2026-04-30")).await;
    assert_eq!(field, "until");
    assert!(detail.contains("14 days at the longest"), "{detail}");
    let (status, made) = site.ask("agent", line, Some(promise("in_1", "2026-03-12"))).await;
    assert_eq!(status, 201);
    let (field, detail) = refused(promise("in_2", "2026-03-12")).await;
    assert_eq!((field.as_str(), detail.as_str()), ("kind", "1 may stand at the same time"));
    // What was taken back was none.
    let name = made["arrangement"].as_str().unwrap();
    let withdrawn = format!("DELETE /v1/tenants/acme/arrangements/{name}");
    assert_eq!(site.ask("agent", &withdrawn, None).await.0, 204);
    assert_eq!(site.ask("agent", line, Some(promise("in_1", "2026-03-12"))).await.0, 201);
    site.world.pass("2026-03-16T12:00:00Z").await;
    let (field, detail) = refused(promise("in_1", "2026-03-20")).await;
    assert_eq!(field, "kind");
    assert!(detail.contains("was promised 1 already"), "{detail}");
    assert_eq!(site.ask("agent", line, Some(promise("in_2", "2026-03-20"))).await.0, 201);
}

/// An exemption ends the climb: without a sentence of its own nothing would be said of it.
#[tokio::test]
async fn every_agreement_that_stands_is_explained() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1"), issued("acme", "in_2")]).await;
    let line = "POST /v1/tenants/acme/arrangements";
    for agreed in [
        json!({"kind": "exemption", "until": "2026-06-30", "invoices": ["in_1"],
            "reason": "migrated with us"}),
        json!({"kind": "promise", "until": "2026-03-16", "invoices": ["in_2"], "by": "eve"}),
    ] {
        let (status, answer) = site.ask("agent", line, Some(agreed)).await;
        assert_eq!(status, 201, "{answer}");
    }
    let explained = site.get("/v1/tenants/acme/explain").await;
    let sentences: Vec<&str> =
        explained["sentences"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
    let said = |kind: &str, rest: &str| {
        sentences.iter().any(|it| it.starts_with(kind) && it.contains(rest))
    };
    let exempt = "stands about in_1 until 2026-06-30T22:00:00Z, made by";
    assert!(said("An exemption (`", exempt), "{sentences:#?}");
    assert!(
        said("An exemption (`", "because: migrated with us. Nothing is restricted because of that"),
        "{sentences:#?}"
    );
    let promise = "stands about in_2 until 2026-03-17T23:00:00Z, made by eve (agent).";
    assert!(said("A promise (`", promise), "{sentences:#?}");
}

/// A longer one was cut to a year before, and nobody said so.
#[tokio::test]
async fn an_exemption_of_more_than_a_year_is_refused() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1")]).await;
    let line = "POST /v1/tenants/acme/arrangements";
    let exempt = |until: &str| Some(json!({"kind": "exemption", "until": until}));
    let (status, answer) = site.ask("agent", line, exempt("2027-03-03")).await;
    assert_eq!(status, 400, "{answer}");
    let error = &answer["errors"][0];
    let detail = "an exemption lasts a year at most: until 2027-03-02";
    assert_eq!((&error["field"], &error["detail"]), (&json!("until"), &json!(detail)));
    assert_eq!(site.ask("agent", line, exempt("2027-03-02")).await.0, 201);
    let tenant = site.get("/v1/tenants/acme").await;
    assert_eq!(tenant["arrangements"][0]["until"], "2027-03-02T23:00:00Z", "{tenant:#}");
}

#[tokio::test]
async fn money_that_waits_is_shown() {
    let site = Site::new().await;
    let euros = |minor: i64| json!({"minor": minor, "currency": "EUR"});
    let events = [
        tenant_updated("acme"),
        event("payment.received", "p1", "acme", json!({"payment": "p1", "amount": euros(500)})),
        event("credit.changed", "c1", "acme", json!({"amount": euros(700)})),
    ];
    told(&site, &events).await;
    let (_, tenant) = site.ask("viewer", "GET /v1/tenants/acme", None).await;
    assert_eq!(tenant["on_account"], json!([euros(500)]));
    assert_eq!(tenant["credit"], json!([euros(700)]));
    assert_eq!(tenant["time_zone"], "Europe/Berlin");
}

#[tokio::test]
async fn a_token_that_is_not_known_is_told_from_none() {
    let site = Site::new().await;
    for line in ["GET /v1/tenants", "POST /v1/events"] {
        let (status, answer) = site.ask("nobody", line, None).await;
        assert_eq!((status, &answer["title"]), (401, &json!("This token is not known")), "{line}");
        let (status, answer) = site.ask("", line, None).await;
        assert_eq!((status, &answer["title"]), (401, &json!("Who are you?")), "{line}");
    }
}

#[tokio::test]
async fn amounts_that_do_not_fit_the_debt_are_refused() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1")]).await;
    let money = |minor: i64, currency: &str| json!({"minor": minor, "currency": currency});
    let plan = |due: &str, minor: i64, currency: &str| {
        json!({"kind": "plan", "accepted_by": {"name": "Ada", "role": "billing"},
            "instalments": [{"due_on": due, "amount": money(minor, currency)}]})
    };
    let dispute = |amount: Value| json!({"kind": "dispute", "reason": "no", "amount": amount, "invoices": ["in_1"]});
    let promise =
        |amount: Value| json!({"kind": "promise", "until": "2026-03-20", "amount": amount});
    let line = "POST /v1/tenants/acme/arrangements";
    for (body, field, word) in [
        (plan("2026-04-01", 100_000, "USD"), "instalments[0].amount", "nothing is owed in USD"),
        (plan("2026-04-01", 100, "EUR"), "instalments", "EUR 1000.00 is owed"),
        (plan("2026-03-01", 100_000, "EUR"), "instalments", "have passed"),
        (dispute(money(100_000, "USD")), "amount", "nothing is owed in USD"),
        (dispute(money(100_001, "EUR")), "amount", "comes to EUR 1000.01"),
        (promise(money(0, "EUR")), "amount", "more than nothing"),
        (promise(money(100_000, "USD")), "amount", "nothing is owed in USD"),
    ] {
        let (status, answer) = site.ask("agent", line, Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["errors"][0]["field"], field, "{answer}");
        assert!(answer["errors"][0]["detail"].as_str().unwrap().contains(word), "{answer}");
    }
    for body in [plan("2026-04-01", 100_000, "EUR"), dispute(money(100_000, "EUR"))] {
        let (status, answer) = site.ask("agent", line, Some(body.clone())).await;
        assert_eq!(status, 201, "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_dispute_ends_with_an_answer() {
    let site = Site::new().await;
    told(&site, &[tenant_updated("acme"), issued("acme", "in_1")]).await;
    let post = "POST /v1/tenants/acme/arrangements";
    let lines = json!([{"line": "3", "amount": {"minor": 2_500, "currency": "EUR"}}]);
    let dispute =
        json!({"kind": "dispute", "invoices": ["in_1"], "lines": lines, "reason": "never ordered"});
    let (_, made) = site.ask("agent", post, Some(dispute)).await;
    let name = made["arrangement"].as_str().unwrap_or_else(|| panic!("{made}"));
    let explained = site.get("/v1/tenants/acme/explain").await.to_string();
    assert!(explained.contains("stands about EUR 25.00 of in_1"), "{explained}");
    let end = format!("{post}/{name}/end");
    for (wrong, field) in [
        (json!({"how": "rejected"}), "reason"),
        (json!({"how": "rejected", "reason": " "}), "reason"),
        (json!({"how": "partly", "reason": "one line of two"}), "amount"),
    ] {
        let (status, problem) = site.ask("agent", &end, Some(wrong)).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{problem}");
    }
    assert_eq!(site.ask("viewer", &end, Some(json!({}))).await.0, 403);
    let answer = json!({"how": "rejected", "reason": "the goods were delivered"});
    assert_eq!(site.ask("agent", &end, Some(answer)).await.0, 204);
    let tenant = site.get("/v1/tenants/acme").await;
    let ended = &tenant["arrangements"][0];
    let said = (&ended["how"], &ended["answer"]);
    assert_eq!(said, (&json!("rejected"), &json!("the goods were delivered")));
    let dossier = site.get("/v1/tenants/acme/dossier").await.to_string();
    let timeline = site.get("/v1/tenants/acme/timeline").await.to_string();
    assert!(dossier.contains("the goods were delivered"), "{dossier}");
    assert!(
        timeline.contains("rejected by agent, because: the goods were delivered"),
        "{timeline}"
    );
    let promise = json!({"kind": "promise", "until": "2026-03-16", "invoices": ["in_1"]});
    let (_, made) = site.ask("agent", post, Some(promise)).await;
    let end = format!("{post}/{}/end", made["arrangement"].as_str().unwrap());
    let upheld = json!({"how": "upheld", "reason": "yes"});
    assert_eq!(site.ask("agent", &end, Some(upheld)).await.0, 400);
    assert_eq!(site.ask("agent", &end, Some(json!({"reason": "paid by card"}))).await.0, 204);
}
