//! What the admin API says of the stage that is in effect.

use serde_json::{Value, json};

use crate::admin::read_only;
use crate::world::tenant_updated;

#[tokio::test]
async fn who_owes_nothing_is_enforced_after_the_switch_was_closed_too() {
    let site = read_only().await;
    site.world.accept(&[tenant_updated("zen")]).await;
    let enforced = async |tenant: &str| {
        site.get(&format!("/v1/tenants/{tenant}")).await["enforced"].as_bool().unwrap()
    };
    assert!(enforced("acme").await && enforced("zen").await);
    for open in [true, false] {
        let body = Some(json!({"open": open, "reason": "a test"}));
        assert_eq!(site.ask("admin", "PUT /v1/switch", body).await.0, 200);
        assert_eq!(enforced("zen").await, !open);
        assert!(!enforced("acme").await, "what was entered before restricts nobody");
    }
}

#[tokio::test]
async fn the_stage_in_effect_is_shown_and_what_comes_after_it() {
    let site = read_only().await;
    site.world.pass("2026-04-13T08:15:00Z").await;
    let shown = async || {
        let tenant = site.get("/v1/tenants/acme").await;
        let list = site.get("/v1/tenants").await;
        let listed = list["tenants"][0]["stage"].as_str().unwrap().to_owned();
        (tenant["stage"].as_str().unwrap().to_owned(), listed, tenant["next"]["stage"].clone())
    };
    let stages = |one: &str, next: Value| (one.to_owned(), one.to_owned(), next);
    assert_eq!(shown().await, stages("frozen", Value::Null));
    for open in [true, false] {
        let body = Some(json!({"open": open, "reason": "a test"}));
        assert_eq!(site.ask("admin", "PUT /v1/switch", body).await.0, 200);
    }
    site.world.ledger.advance(&"acme".parse().unwrap()).await.unwrap();
    assert_eq!(shown().await.2, "read_only", "nothing restricts until it is entered again");
    // The older entry of a harder stage is still in the account.
    let mut days = 0;
    while shown().await.0 == "frozen" && days < 40 {
        days += 1;
        let tomorrow = site.world.clock.now().plus_millis(24 * 3_600_000);
        site.world.pass(&tomorrow.to_string()).await;
    }
    assert_eq!(shown().await, stages("read_only", json!("frozen")), "after {days} days");
}
