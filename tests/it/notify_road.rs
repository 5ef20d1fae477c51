//! One invoice's way through the policy of the demo, with mail over SMTP: the dates of SPEC
//! "Dates, exactly", slack zero.

use ambergate::domain::stage::Stage;
use ambergate::domain::time::{DAY, Instant};
use serde_json::json;

use crate::support::road::Road;

/// Berlin, known 2026-03-02 08:00; EUR 1,000.00 due 2026-03-13; two mailboxes at `domain`.
async fn road(domain: &str) -> Road {
    let road = Road::at("2026-03-02T07:00:00Z").await;
    let contact = |role: &str| json!({ "role": role, "email": format!("{role}@{domain}") });
    let profile = json!({
        "name": "Acme",
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
    road
}

async fn pay(road: &Road, payment: &str, minor: i64) {
    let amount = json!({ "minor": minor, "currency": "EUR" });
    let data = json!({
        "payment": payment,
        "amount": amount,
        "invoices": [{ "invoice": "books:1", "amount": amount }],
    });
    road.hear("acme", "payment.received", data).await;
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

impl Road {
    /// When what was entered.
    async fn entered(&self) -> Vec<(Stage, Instant)> {
        let account = self.account("acme").await;
        let entries = account.cases.iter().flat_map(|case| &case.entries);
        entries.map(|entry| (entry.entered.stage, minute(entry.time))).collect()
    }

    /// When the billing mailbox got what.
    fn got(&self) -> Vec<(Instant, String)> {
        let mails = self.mailbox.mails();
        let own = mails.iter().filter(|mail| mail.to[0].starts_with("billing@"));
        own.map(|mail| (mail.at, mail.subject.clone())).collect()
    }
}

/// Records made here follow one another by a millisecond: that is not what is asked.
fn minute(instant: Instant) -> Instant {
    Instant::from_millis(instant.millis() / 60_000 * 60_000)
}

#[tokio::test]
async fn mail_at_once() {
    let road = road("example.org").await;
    road.pass_until("2026-04-28T08:00:00Z").await;
    assert_eq!(
        road.entered().await,
        [
            (Stage::Grace, at("2026-03-16T08:00:00Z")),
            (Stage::ReadOnly, at("2026-03-30T08:00:00Z")),
            (Stage::Frozen, at("2026-04-13T08:00:00Z")),
        ]
    );
    let got = road.got();
    let got: Vec<(Instant, &str)> = got.iter().map(|(at, what)| (*at, what.as_str())).collect();
    assert_eq!(
        got,
        [
            (at("2026-03-10T08:00:00Z"), "Invoice R-1 is due on Friday, 13 March 2026"),
            (at("2026-03-13T11:00:00Z"), "Invoice R-1 is due today"),
            (at("2026-03-16T08:00:00Z"), "Invoice R-1: did it slip your mind?"),
            (
                at("2026-03-23T08:00:00Z"),
                "Invoice R-1: read-only from Monday, 30 March 2026 unless it is paid"
            ),
            (
                at("2026-03-27T08:00:00Z"),
                "Invoice R-1, a reminder: read-only from Monday, 30 March 2026"
            ),
            (at("2026-03-30T08:00:00Z"), "Acme is read-only now"),
            (
                at("2026-04-06T07:00:00Z"),
                "Invoice R-1: access pauses from Monday, 13 April 2026 unless it is paid"
            ),
            (
                at("2026-04-10T07:00:00Z"),
                "Invoice R-1, a reminder: access pauses from Monday, 13 April 2026"
            ),
            (at("2026-04-13T08:00:00Z"), "Acme is paused"),
        ]
    );
}

#[tokio::test]
async fn whoever_reads_that_it_is_overdue_reads_of_interest() {
    let road = road("example.org").await;
    road.pass_until("2026-04-28T08:00:00Z").await;
    let mails = road.mailbox.mails();
    let told = |subject: &str| mails.iter().find(|mail| mail.subject.contains(subject)).unwrap();
    // 30 days after Friday 13 March are over with Sunday 12 April; it runs from the day after.
    let wanted = "from Monday, 13 April 2026 on bears simple interest of 1.5% a month";
    for subject in ["slip your mind", "read-only from", "Acme is read-only", "Acme is paused"] {
        let said = &told(subject).text;
        assert!(said.replace('\n', " ").contains(wanted), "{subject}: {said}");
    }
    for subject in ["is due on", "is due today"] {
        assert!(!told(subject).text.contains("interest"), "{subject}");
    }
}

#[tokio::test]
async fn each_mail_three_days_late() {
    let road = road("example.org").await;
    road.mailbox.defer(3 * DAY);
    road.pass_until("2026-04-28T08:00:00Z").await;
    assert_eq!(
        road.entered().await,
        [
            (Stage::Grace, at("2026-03-16T08:00:00Z")),
            (Stage::ReadOnly, at("2026-04-02T08:00:00Z")),
            (Stage::Frozen, at("2026-04-20T08:00:00Z")),
        ]
    );
    let mut ids: Vec<String> =
        road.mailbox.mails().iter().map(|mail| mail.headers["Message-ID"].clone()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "a mail came twice");
}

#[tokio::test]
async fn refused_or_put_off_for_ever_nobody_is_cut_off_and_somebody_is_told() {
    for domain in ["refuse.example", "defer.example"] {
        let road = road(domain).await;
        road.pass_until("2026-05-29T08:00:00Z").await;
        assert_eq!(road.entered().await, [(Stage::Grace, at("2026-03-16T08:00:00Z"))], "{domain}");
        assert!(road.mailbox.mails().is_empty());
        let account = road.account("acme").await;
        let tasks: Vec<&str> = account.tasks.iter().map(|task| task.made.kind.word()).collect();
        assert!(tasks.contains(&"fix_contact"), "{domain}: {tasks:?}");
    }
}

#[tokio::test]
async fn control_off_for_weeks_cuts_nobody_then_nor_at_once() {
    let road = road("example.org").await;
    road.pass_until("2026-03-20T08:00:00Z").await;
    road.scheduler.jump_to(at("2026-05-04T07:30:00Z")).await.unwrap();
    assert_eq!(road.account("acme").await.stage(), Stage::Grace);
    road.pass_until("2026-06-11T08:00:00Z").await;
    assert_eq!(
        road.entered().await,
        [
            (Stage::Grace, at("2026-03-16T08:00:00Z")),
            (Stage::ReadOnly, at("2026-05-11T08:00:00Z")),
            (Stage::Frozen, at("2026-05-25T08:00:00Z")),
        ]
    );
}

#[tokio::test]
async fn half_lifts_nothing_and_all_of_it_everything_with_thanks() {
    let road = road("example.org").await;
    road.pass_until("2026-03-31T10:00:00Z").await;
    pay(&road, "p1", 50_000).await;
    assert_eq!(road.account("acme").await.stage(), Stage::ReadOnly);
    road.pass_until("2026-04-20T10:00:00Z").await;
    assert_eq!(road.account("acme").await.stage(), Stage::Frozen);
    let before = road.mailbox.mails().len();
    pay(&road, "p2", 50_000).await;
    assert_eq!(road.account("acme").await.stage(), Stage::Full);
    road.pass_until("2026-06-30T10:00:00Z").await;
    let after: Vec<String> =
        road.mailbox.mails()[before..].iter().map(|mail| mail.subject.clone()).collect();
    let thanks = "Thank you, Acme has full access again";
    assert_eq!(after, [thanks, thanks]);
    assert_eq!(road.mailbox.mails()[before].at, at("2026-04-20T10:00:00Z"));
}
