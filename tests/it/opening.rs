//! A history is taken over: nobody is mailed or cut off for what is old before it is released.

use ambergate::notify::letter::compose;
use serde_json::json;

use crate::admin::Site;
use crate::world::{event, issued, tenant_updated};

#[tokio::test]
async fn a_book_of_old_debts_is_silent_until_it_is_released() {
    let site = Site::new().await;
    let mut batch = vec![tenant_updated("acme")];
    for (name, due) in [("old:1", "2023-05-02"), ("old:2", "2025-11-03")] {
        let mut old = issued("acme", name);
        (old["data"]["due_on"], old["data"]["opening"]) = (json!(due), json!(true));
        old["data"]["issued_on"] = json!("2023-04-02");
        old["time"] = json!("2023-04-02T08:00:00Z");
        batch.push(old);
    }
    assert_eq!(site.ask("ingest", "POST /v1/events", Some(json!(batch))).await.0, 200);
    assert!(site.world.pass("2026-04-20T10:00:00Z").await.is_empty(), "nobody is mailed");
    let acme = site.get("/v1/tenants/acme").await;
    assert_eq!((&acme["stage"], &acme["next"]), (&json!("full"), &json!(null)));
    assert_eq!(acme["owed"], json!([{"minor": 200_000, "currency": "EUR"}]), "it is counted");
    assert_eq!(acme["arrangements"][0]["arrangement"], "opening:old:1");
    assert_eq!(acme["arrangements"][0]["opening"], true);
    assert_eq!(acme["tasks"], json!([]), "nobody is asked for anything");
    let explained = site.get("/v1/tenants/acme/explain").await.to_string();
    assert!(explained.contains("silent until `opening:old:1` is released"), "{explained}");

    let release = "DELETE /v1/tenants/acme/arrangements/opening:old:1";
    assert_eq!(site.ask("agent", release, None).await.0, 204);
    let mails = site.world.pass("2026-05-04T07:00:00Z").await;
    assert!(!mails.is_empty(), "its ladder begins");
    for mail in &mails {
        let letter = compose(&mail.tenant, &mail.account, &mail.made, &mail.law, mail.at).unwrap();
        let listed: Vec<&str> = letter.invoices.iter().map(|open| open.number.as_str()).collect();
        assert_eq!(listed, ["1"], "nothing is said of the other one");
    }
    assert!(!site.world.stage("acme").await.restricts());
    site.world.pass("2026-05-05T08:15:00Z").await;
    assert!(site.world.stage("acme").await.restricts(), "fifteen days after it was released");
    let acme = site.get("/v1/tenants/acme").await;
    assert_eq!(acme["scopes"][0]["because"]["invoice"], "old:1");
}

#[tokio::test]
async fn only_what_is_issued_is_taken_over() {
    let site = Site::new().await;
    let data = json!({"invoice": "i1", "opening": true});
    let updated = event("invoice.updated", "1", "acme", data);
    let (status, answer) = site.ask("ingest", "POST /v1/events", Some(updated)).await;
    assert_eq!((status, &answer["errors"][0]["field"]), (400, &json!("data.opening")));
}
