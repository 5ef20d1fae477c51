//! Where nothing is enforced: what would have happened is shown, and counts for nothing later.

use ambergate::clock::Clock;
use ambergate::domain::fact::ReceiptKind;
use ambergate::domain::time::DAY;
use ambergate::store::memory::Memory;
use serde_json::json;

use crate::admin::Site;
use crate::enforced::start;
use crate::world::{START, at, issued, tenant_updated};

#[tokio::test]
async fn whom_it_would_have_cut_off_is_shown() {
    let site = Site::new().await;
    let _told = site.world.ledger.clone().with_enforced(false);
    let events = json!([tenant_updated("acme"), issued("acme", "i1"), tenant_updated("zen")]);
    assert_eq!(site.ask("ingest", "POST /v1/events", Some(events)).await.0, 200);
    site.world.pass("2026-04-08T08:15:00Z").await;
    let acme = site.get("/v1/tenants/acme").await;
    assert_eq!(acme["stage"], "full");
    assert_eq!(acme["enforced"], false);
    let would = &acme["would_have"];
    assert_eq!(would["stage"], "read_only");
    assert_eq!(would["since"], "2026-03-30T08:15:00Z");
    assert_eq!(would["because"], json!({"invoice": "i1", "rung": "due + 15 days"}));
    assert!(site.get("/v1/tenants/zen").await["would_have"].is_null());
    let explained = site.get("/v1/tenants/acme/explain").await;
    let sentences: Vec<&str> =
        explained["sentences"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
    for said in [
        "Nothing is enforced for acme: it is told nothing of a cutoff, and nothing is refused to it.",
        "Would have been warned at 2026-03-23T08:00:00Z of read_only from 2026-03-30T08:00:00Z.",
        "Would have been entered at 2026-03-30T08:15:00Z: read_only.",
        "Next would be frozen at 2026-04-13T08:15:00Z.",
    ] {
        assert!(sentences.contains(&said), "{said} in {sentences:#?}");
    }
    let list = site.get("/v1/tenants?would_have=read_only").await;
    assert_eq!(list["tenants"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["tenants"][0]["would_have"], "read_only");
    assert_eq!(site.get("/v1/tenants?would_have=frozen").await["tenants"], json!([]));
    let timeline = site.get("/v1/tenants/acme/timeline").await.to_string();
    assert!(timeline.contains("entered read_only at"), "{timeline}");
}

/// Twelve tenants whose invoices became due one after the other, weeks apart: once it is enforced
/// nobody is restricted but by a warning that was made and delivered after that, a week before.
#[tokio::test]
async fn enforcing_cuts_nobody_off_without_a_delivered_warning() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, None, false).await;
    let names: Vec<String> = (0..12).map(|number| format!("t{number}")).collect();
    for (number, name) in (0..).zip(&names) {
        let mut invoice = issued(name, &format!("{name}-1"));
        let day = at("2026-03-04T12:00:00Z").plus_millis(number * 5 * DAY).to_string();
        invoice["data"]["due_on"] = json!(day[..10]);
        world.accept(&[tenant_updated(name), invoice]).await;
    }
    world.pass("2026-05-01T08:15:00Z").await;
    let begun = world.clock.now();
    let world = start(&memory, &clock, None, true).await;
    world.ledger.look_at_all().await.unwrap();
    world.pass("2026-06-30T08:15:00Z").await;
    for name in &names {
        let account = world.account(name).await.1;
        let entries = account.cases.iter().flat_map(|case| &case.entries);
        let restricting: Vec<_> = entries.filter(|it| it.entered.effect().restricts()).collect();
        assert!(!restricting.is_empty(), "{name} owes and was warned");
        for entry in restricting {
            let notice = account.notice(entry.entered.notice.unwrap()).unwrap();
            assert!(notice.time > begun, "{name}: the warning is of before");
            let accepted = |kind| kind == ReceiptKind::Accepted;
            let told = notice.receipts.iter().filter(|it| accepted(it.kind)).map(|it| it.at).min();
            assert!(told.unwrap().plus_millis(7 * DAY) <= entry.time, "{name}: a week after it");
        }
    }
}
