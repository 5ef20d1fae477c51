//! Running cases are moved to the version of a policy that is in force now.

use ambergate::config::policies;
use ambergate::store::any::AnyStore;
use serde_json::{Value, json};

use crate::admin::{Site, read_only};
use crate::world::{World, tenant_updated};

/// The policy as shipped, but that nobody is frozen and everybody is written to in time.
fn mild() -> String {
    let rungs = policies::STANDARD.split("\n[[policies.standard.rungs]]");
    let kept = rungs.filter(|rung| !rung.contains("enter = \"frozen\""));
    kept.collect::<Vec<_>>().join("\n[[policies.standard.rungs]]")
}

/// Frozen under the policy as shipped, and then another version of it is in force.
async fn frozen_then_mild() -> Site {
    let site = read_only().await;
    site.world.pass("2026-04-13T08:15:00Z").await;
    assert_eq!(site.get("/v1/tenants/acme").await["stage"], "frozen");
    let Site { world, memory, .. } = site;
    let store = AnyStore::Memory(memory.clone());
    Site::of(World::under(&mild(), store, None, world.clock).await, memory)
}

const MIGRATE: &str = "POST /v1/policies/standard/migrate";

#[tokio::test]
async fn a_case_keeps_its_version_until_somebody_moves_it() {
    let site = frozen_then_mild().await;
    site.world.accept(&[tenant_updated("zen")]).await;
    let stage = async || site.get("/v1/tenants/acme").await["stage"].clone();
    assert_eq!(stage().await, "frozen");
    let ask = async |dry: bool| {
        let body = json!({"reason": "nobody is frozen any more", "dry_run": dry});
        let (status, answer) = site.ask("admin", MIGRATE, Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let tried = ask(true).await;
    assert_eq!(stage().await, "frozen", "it was only asked what would be");
    let moved = ask(false).await;
    assert_eq!(moved["moved"], tried["moved"]);
    let one = &moved["moved"][0];
    let told = (&one["tenant"], &one["before"], &one["after"]);
    assert_eq!(told, (&json!("acme"), &json!("frozen"), &json!("read_only")));
    assert_eq!(one["cases"].as_array().map(Vec::len), Some(1));
    assert_eq!(stage().await, "read_only");
    assert_eq!(ask(false).await["moved"], json!([]), "there is nothing left to move");
    let events = site.get("/v1/tenants/acme/history").await;
    let mut events = events["events"].as_array().unwrap().iter();
    let record = events.find(|event| event["type"] == "ambergate.case.migrated").unwrap();
    assert_eq!(record["data"]["by"], "admin");
    assert_eq!(record["data"]["reason"], "nobody is frozen any more");
}

#[tokio::test]
async fn what_is_not_meant_is_refused() {
    let site = frozen_then_mild().await;
    for (body, field) in [
        (json!({"reason": " "}), "reason"),
        (json!({"reason": "x", "from": "nobody"}), "from"),
        (json!({"reason": "x", "cursor": "?"}), "cursor"),
        (json!({"reason": "x", "to": "standard"}), "to"),
    ] {
        let (status, answer) = site.ask("admin", MIGRATE, Some(body)).await;
        assert_eq!(status, 400);
        let said = answer["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
        let detail = answer["errors"][0]["detail"].as_str().unwrap_or_default();
        assert!(said == field || detail.contains(field), "{answer}");
    }
    let other = "POST /v1/policies/nobody/migrate";
    assert_eq!(site.ask("admin", other, Some(json!({"reason": "x"}))).await.0, 404);
    let body = json!({"reason": "x", "tenant": "zen"});
    assert_eq!(site.ask("admin", MIGRATE, Some(body)).await.1["moved"], Value::Array(Vec::new()));
}
