//! Tasks in the API: what is to be said, and what may come of it.

use serde_json::{Value, json};

use crate::admin::{Site, read_only};

/// The path by which the first open task of that kind is done.
async fn done_line(site: &Site, kind: &str) -> String {
    let (_, tasks) = site.ask("viewer", "GET /v1/tasks?tenant=acme", None).await;
    let tasks = tasks["tasks"].as_array().unwrap();
    let task = tasks.iter().find(|task| task["kind"] == kind).unwrap();
    format!("POST /v1/tasks/{}/done", task["task"].as_str().unwrap())
}

async fn fields(site: &Site, line: &str, done: Value) -> Vec<String> {
    let (status, answer) = site.ask("agent", line, Some(done)).await;
    assert_eq!(status, 400, "{answer}");
    let errors = answer["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_does_not_come_of_a_task_is_refused() {
    let site = read_only().await;
    let line = done_line(&site, "call").await;
    for (done, field) in [
        (json!({"outcome": "posted"}), "outcome"),
        (json!({"outcome": "approved"}), "outcome"),
        (json!({"outcome": "promised"}), "until"),
        (json!({"outcome": "promised", "until": "2026-03-29"}), "until"),
        (json!({"outcome": "promised", "until": "2026-04-14"}), "until"),
        (json!({"outcome": "reached", "until": "2026-04-03"}), "until"),
    ] {
        assert_eq!(fields(&site, &line, done.clone()).await, [field], "{done}");
    }
}

#[tokio::test]
async fn a_promise_on_the_phone_is_an_arrangement_within_limits() {
    let site = read_only().await;
    let line = done_line(&site, "call").await;
    let amount = json!({"minor": 50_000, "currency": "EUR"});
    let promised = json!({"outcome": "promised", "until": "2026-04-03", "amount": amount});
    for _ in 0..2 {
        assert_eq!(site.ask("agent", &line, Some(promised.clone())).await.0, 204);
    }
    let (_, tenant) = site.ask("viewer", "GET /v1/tenants/acme", None).await;
    let arrangements = tenant["arrangements"].as_array().unwrap();
    assert_eq!(arrangements.len(), 1, "{arrangements:?}");
    assert_eq!(arrangements[0]["kind"], "promise");
    assert_eq!(tenant["next"], Value::Null);
    site.world.pass("2026-05-20T08:00:00Z").await;
    let line = done_line(&site, "formal_claim").await;
    let again = json!({"outcome": "promised", "until": "2026-05-22"});
    assert_eq!(fields(&site, &line, again).await, ["outcome"]);
}

#[tokio::test]
async fn a_late_fee_is_shown_and_announced() {
    let site = read_only().await;
    let fee = |tenant: &Value| tenant["invoices"][0]["late_fee"].clone();
    let line = "GET /v1/tenants/acme";
    assert_eq!(fee(&site.ask("viewer", line, None).await.1), Value::Null);
    site.world.pass("2026-05-04T08:00:00Z").await;
    let (_, tenant) = site.ask("viewer", line, None).await;
    let fee = fee(&tenant);
    let minor = |key: &str| fee[key]["minor"].as_i64().unwrap();
    assert!(minor("announced") > 0 && minor("accrued") > minor("announced"), "{fee}");
    let (_, timeline) = site.ask("viewer", "GET /v1/tenants/acme/timeline", None).await;
    let moments = timeline["timeline"].as_array().unwrap();
    assert!(moments.iter().any(|moment| moment["what"] == "fee.announced"), "{timeline}");
    let (_, explained) = site.ask("viewer", "GET /v1/tenants/acme/explain", None).await;
    assert!(explained.to_string().contains("Late fee until now: EUR"), "{explained}");
}

#[tokio::test]
async fn a_call_has_a_script() {
    let site = read_only().await;
    let (_, tasks) = site.ask("viewer", "GET /v1/tasks", None).await;
    let call = &tasks["tasks"][0];
    assert_eq!(call["kind"], "call");
    let script = call["script"].as_array().unwrap();
    let said: Vec<&str> = script.iter().filter_map(Value::as_str).collect();
    assert!(said[0].contains("was due on") && said[0].contains("EUR"), "{said:?}");
    assert!(said.last().unwrap().contains("When may we expect"), "{said:?}");
    assert!(call["names"].is_array() && call["people"].is_array());
}
