//! The operator's digest over SMTP: when it leaves, what it lets in, and the links that hold.

use std::sync::Arc;

use ambergate::admin::hold;
use ambergate::config::Secret;
use ambergate::domain::account::Account;
use ambergate::domain::fact::{ArrangementKind, ReceiptKind};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;
use ambergate::notify::digest::{Digest, Settings};
use ambergate::notify::email::Mailer;
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::support::road::Road;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Berlin, known 2026-03-02 08:00; EUR 1,000.00 due 2026-03-13: read-only comes Monday 03-30 10:00.
async fn road() -> Road {
    let road = Road::at("2026-03-02T07:00:00Z").await;
    let contact = |role: &str| json!({ "role": role, "email": format!("{role}@example.org") });
    let profile = json!({
        "name": "Acme <b> - x",
        "time_zone": "Europe/Berlin",
        "contacts": [contact("billing"), contact("admin")],
    });
    road.hear("acme", "tenant.updated", profile).await;
    let invoice = json!({
        "invoice": "books:1",
        "number": "R-1",
        "amount": { "minor": 100_000, "currency": "EUR" },
        "issued_on": "2026-03-02",
        "due_on": "2026-03-13",
    });
    road.hear("acme", "invoice.issued", invoice).await;
    let _ = road.ledger.clone().with_digest_required(true);
    road
}

fn digest(road: &Road, to: &[&str], holder: &str) -> Arc<Digest<Mailer>> {
    let settings = Settings {
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        at: "08:00".parse().unwrap(),
        url: "https://gate.example/".to_owned(),
        secret: Secret::new(SECRET),
    };
    let mailer = Mailer::new(&road.settings).unwrap();
    Arc::new(Digest::new(road.ledger.clone(), mailer, settings, holder.to_owned()))
}

impl Road {
    /// When digests arrived, under which id, saying what.
    fn digests(&self) -> Vec<(Instant, String, String)> {
        let mails = self.mailbox.mails();
        let own = mails.iter().filter(|mail| mail.to[0].starts_with("ops@"));
        own.map(|mail| {
            let id = mail.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("message-id"));
            (mail.at, id.unwrap().1.clone(), mail.text.clone())
        })
        .collect()
    }

    async fn stage(&self) -> Stage {
        self.account("acme").await.stage()
    }
}

fn was_listed(account: &Account) -> bool {
    let receipts = account.notices.iter().flat_map(|notice| &notice.receipts);
    receipts.into_iter().any(|receipt| receipt.kind == ReceiptKind::Listed)
}

#[tokio::test]
async fn it_arrives_each_working_day_and_lets_in_what_it_lists() {
    let road = road().await;
    road.scheduler.take_on(digest(&road, &["ops@example.org"], "a"));
    road.pass_until("2026-03-30T07:59:00Z").await;
    let days: Vec<Instant> = road.digests().iter().map(|(at, ..)| *at).collect();
    assert_eq!(days.len(), 21, "one each working day, from the first of them on: {days:?}");
    assert_eq!(days[0], "2026-03-02T07:00:00Z".parse().unwrap());
    assert_eq!(days[20], "2026-03-30T06:00:00Z".parse().unwrap(), "eight o'clock in summer");
    let digests = road.digests();
    let mut ids: Vec<&String> = digests.iter().map(|(_, id, _)| id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 21, "each its own mail");
    assert!(digests[17].2.contains("- Nobody."), "{}", digests[17].2);
    let said =
        "- acme (Acme <b> - x): read-only from Monday, 30 March 2026, 10:00 CEST (Europe/Berlin), ";
    assert!(digests[18].2.contains(said), "{}", digests[18].2);
    assert!(digests[18].2.contains("(books:1) (EUR 1000.00 owed)"));
    let mails = road.mailbox.mails();
    let html = &mails.iter().rev().find(|mail| mail.to[0].starts_with("ops@")).unwrap().html;
    assert!(html.contains("Acme &lt;b&gt; - x") && !html.contains("<b>"), "{html}");
    assert!(!road.stage().await.restricts());
    road.pass_until("2026-03-30T08:00:00Z").await;
    assert_eq!(road.stage().await, Stage::ReadOnly);
}

#[tokio::test]
async fn what_was_in_none_that_arrived_is_not_entered() {
    let road = road().await;
    road.scheduler.take_on(digest(&road, &["ops@refuse.example"], "a"));
    road.pass_until("2026-04-20T12:00:00Z").await;
    let account = road.account("acme").await;
    assert_eq!((account.stage(), was_listed(&account)), (Stage::Grace, false));
    // Another replica reaches somebody.
    let other = digest(&road, &["ops@refuse.example", "ops@example.org"], "b");
    road.clock.set("2026-04-21T06:00:00Z".parse().unwrap());
    assert!(other.look().await.unwrap());
    assert!(was_listed(&road.account("acme").await), "{:?}", road.digests());
    road.pass_until("2026-04-21T08:00:00Z").await;
    assert_eq!(road.stage().await, Stage::ReadOnly);
}

#[tokio::test]
async fn several_replicas_send_one() {
    let road = road().await;
    let (one, other) =
        (digest(&road, &["ops@example.org"], "a"), digest(&road, &["ops@example.org"], "b"));
    let (first, second) = tokio::join!(one.look(), other.look());
    assert_ne!(first.unwrap(), second.unwrap());
    for hours in 1..10 {
        road.clock.set(Instant::from_millis(road.clock.now().millis() + hours * 600_000));
        assert!(!one.look().await.unwrap() && !other.look().await.unwrap());
    }
    assert_eq!(road.digests().len(), 1);
}

#[tokio::test]
async fn after_a_while_off_only_the_newest_is_sent() {
    let road = road().await;
    road.scheduler.take_on(digest(&road, &["ops@example.org"], "a"));
    let at = "2026-03-18T11:00:00Z".parse().unwrap();
    road.scheduler.jump_to(at).await.unwrap();
    assert_eq!(road.digests().iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [at]);
    let sunday = "2026-03-22T11:00:00Z".parse().unwrap();
    road.scheduler.jump_to(sunday).await.unwrap();
    assert_eq!(road.digests().len(), 1, "none on a Sunday");
}

#[tokio::test]
async fn what_is_put_off_is_tried_again_under_the_same_id() {
    let road = road().await;
    road.mailbox.defer(3_600_000);
    road.scheduler.take_on(digest(&road, &["ops@example.org"], "a"));
    road.pass_until("2026-03-02T07:59:00Z").await;
    assert!(road.digests().is_empty());
    road.pass_until("2026-03-02T08:10:00Z").await;
    assert_eq!(road.digests().len(), 1);
    assert_eq!(road.digests()[0].0, "2026-03-02T08:00:00Z".parse().unwrap());
}

/// What a link leads to.
async fn ask(router: &Router, method: Method, link: &str) -> (StatusCode, String) {
    let path = link.strip_prefix("https://gate.example").unwrap();
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    assert_eq!(head.headers["cache-control"], "no-store");
    assert!(head.headers.contains_key("content-security-policy"));
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn its_link_holds_once_somebody_confirms() {
    let road = road().await;
    road.scheduler.take_on(digest(&road, &["ops@example.org"], "a"));
    road.pass_until("2026-03-27T10:00:00Z").await;
    let text = road.digests().last().unwrap().2.replace("=\r\n", "");
    let link = text.split_whitespace().find(|it| it.starts_with("https://")).unwrap().to_owned();
    let router = hold::router(road.ledger.clone(), Secret::new(SECRET));
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let (status, page) = ask(&router, method.clone(), &link).await;
        assert_eq!(status, StatusCode::OK);
        assert!(method == Method::HEAD || page.contains("held by ops@example.org"), "{page}");
    }
    assert!(road.account("acme").await.arrangements.is_empty(), "asking holds nothing");
    let (forged, _) = ask(&router, Method::POST, &format!("{link}A")).await;
    assert_eq!(forged, StatusCode::NOT_FOUND);
    let other = hold::router(road.ledger.clone(), Secret::new("another secret"));
    assert_eq!(ask(&other, Method::POST, &link).await.0, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        let (status, page) = ask(&router, Method::POST, &link).await;
        assert!(status == StatusCode::OK && page.contains("Held"), "{status} {page}");
    }
    let account = road.account("acme").await;
    let [held] = account.arrangements.as_slice() else { panic!("{:?}", account.arrangements) };
    assert_eq!(held.made.kind, ArrangementKind::Extension);
    assert_eq!(held.made.by.as_deref(), Some("ops@example.org"));
    assert_eq!(held.made.due_on.unwrap().to_string(), "2026-04-03");
    assert_eq!(account.stage(), Stage::Full, "what the old date brought is lifted");
    road.pass_until("2026-04-05T10:00:00Z").await;
    assert!(!road.stage().await.restricts());
}

#[tokio::test]
async fn a_link_expires_and_ends_with_its_warning() {
    let road = road().await;
    road.scheduler.take_on(digest(&road, &["ops@example.org"], "a"));
    road.pass_until("2026-03-26T10:00:00Z").await;
    let link = |road: &Road| {
        let text = road.digests().last().unwrap().2.clone();
        text.split_whitespace().find(|it| it.starts_with("https://")).unwrap().to_owned()
    };
    let (old, router) = (link(&road), hold::router(road.ledger.clone(), Secret::new(SECRET)));
    road.pass_until("2026-03-30T07:59:00Z").await;
    assert_eq!(ask(&router, Method::GET, &old).await.0, StatusCode::OK, "until the day is over");
    let new = link(&road);
    road.pass_until("2026-03-30T08:30:00Z").await;
    assert_eq!(ask(&router, Method::POST, &new).await.0, StatusCode::GONE, "it was entered");
    road.pass_until("2026-03-30T22:00:00Z").await;
    let (status, page) = ask(&router, Method::POST, &old).await;
    assert!(status == StatusCode::GONE && page.contains("expired"), "{page}");
    assert!(road.account("acme").await.arrangements.is_empty());
}
