//! The worked table of SPEC 4, through a demo that stands at each time: `slack` is zero there, so
//! a cutoff comes at the named time itself.
//!
//! Berlin is an hour before UTC until Sunday 2026-03-29, two hours from then on.

use http::Method;
use serde_json::{Value, json};

use crate::book::{self, issued, payment};
use crate::showroom::Showroom;

/// A minute before an instant of the table.
fn minute_before(at: &str) -> String {
    let at: ambergate::domain::time::Instant = at.parse().unwrap();
    at.plus_millis(-60_000).to_string()
}

/// An empty demo with Acme in it, who owes 1,000 euros by `due_on`.
async fn acme_owes(due_on: &str) -> Showroom {
    let room = Showroom::open();
    room.tell(&book::tenant("acme")).await;
    room.tell(&issued("acme", "in_1", due_on)).await;
    assert_eq!(room.stage("acme").await, "full");
    room
}

impl Showroom {
    /// Time passes to each instant: a minute before it nothing has changed, then it has.
    async fn climbs(&self, tenant: &str, steps: &[(&str, &str)]) {
        for (at, stage) in steps {
            let was = self.stage(tenant).await;
            self.set(&minute_before(at)).await;
            assert_eq!(self.stage(tenant).await, was, "a minute before {at}");
            self.set(at).await;
            assert_eq!(self.stage(tenant).await, *stage, "at {at}");
        }
    }

    /// The notices made so far, one line each: when, what, what it names, whether it is void.
    async fn notices(&self, tenant: &str) -> Vec<String> {
        let shown = self.tenant(tenant).await;
        let line = |notice: &Value| {
            let names = &notice["names"];
            let named = match names.as_object() {
                Some(_) => format!(" {} {}", text(&names["stage"]), text(&names["at"])),
                None => String::new(),
            };
            let void = if notice["void"] == true { " void" } else { "" };
            format!("{} {}{named}{void}", text(&notice["at"]), text(&notice["kind"]))
        };
        let mut lines: Vec<String> =
            shown["notices"].as_array().unwrap().iter().map(line).collect();
        lines.sort();
        lines
    }

    /// The days on which tasks of this kind were due.
    async fn tasks(&self, tenant: &str, kind: &str) -> Vec<String> {
        let shown = self.tenant(tenant).await;
        let tasks = shown["tasks"].as_array().unwrap().iter().filter(|it| it["kind"] == kind);
        let mut days: Vec<String> = tasks.map(|it| text(&it["due"])[..10].to_owned()).collect();
        days.sort();
        days
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// Through `base`, the same for an invoice due on Friday 2026-03-13 whose mail arrives at once.
const BASE: [&str; 3] = [
    "2026-03-10T08:00:00Z upcoming",
    "2026-03-13T11:00:00Z due_today",
    "2026-03-16T08:00:00Z overdue",
];

fn with_base(rest: &[&str]) -> Vec<String> {
    BASE.iter().chain(rest).map(|line| (*line).to_owned()).collect()
}

#[tokio::test]
async fn due_on_a_friday_mail_at_once() {
    let room = acme_owes("2026-03-13").await;
    room.climbs(
        "acme",
        &[
            ("2026-03-16T08:00:00Z", "grace"),
            ("2026-03-30T08:00:00Z", "read_only"),
            ("2026-04-13T08:00:00Z", "frozen"),
        ],
    )
    .await;
    room.set("2026-04-27T07:00:00Z").await;
    let expected = with_base(&[
        "2026-03-23T08:00:00Z warning read_only 2026-03-30T08:00:00Z",
        "2026-03-27T08:00:00Z again",
        "2026-03-30T08:00:00Z entered",
        "2026-04-06T07:00:00Z warning frozen 2026-04-13T08:00:00Z",
        "2026-04-10T07:00:00Z again",
        "2026-04-13T08:00:00Z entered",
    ]);
    assert_eq!(room.notices("acme").await, expected);
    assert_eq!(room.tasks("acme", "call").await, ["2026-03-19", "2026-03-20", "2026-03-23"]);
    assert_eq!(room.tasks("acme", "formal_claim").await, ["2026-04-27"]);
    every_mail_is_one_of_its_own(&room).await;
}

/// One mail for each notice and person, each with an id of its own, at the notice's time.
async fn every_mail_is_one_of_its_own(room: &Showroom) {
    let mails = room.mails().await;
    let mut ids: Vec<&str> = mails.iter().map(|it| text(&it["headers"]["Message-ID"])).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), mails.len());
    let got = |person: &str| -> Vec<&str> {
        let theirs = mails.iter().filter(|it| it["to"] == json!([person]));
        theirs.map(|it| text(&it["at"])).collect()
    };
    let both = [
        "2026-03-16T08:00:00Z",
        "2026-03-23T08:00:00Z",
        "2026-03-27T08:00:00Z",
        "2026-03-30T08:00:00Z",
        "2026-04-06T07:00:00Z",
        "2026-04-10T07:00:00Z",
        "2026-04-13T08:00:00Z",
    ];
    assert_eq!(got("bob@acme.example"), both);
    let billing = ["2026-03-10T08:00:00Z", "2026-03-13T11:00:00Z"];
    assert_eq!(got("anna@acme.example"), [&billing[..], &both[..]].concat());
}

#[tokio::test]
async fn each_mail_three_days_late() {
    let room = acme_owes("2026-03-13").await;
    let defer = r#"{"defer": "3 days"}"#;
    room.admin(Method::POST, "/demo/mailbox", defer).await.good();
    room.climbs(
        "acme",
        &[
            ("2026-03-16T08:00:00Z", "grace"),
            ("2026-04-02T08:00:00Z", "read_only"),
            ("2026-04-20T08:00:00Z", "frozen"),
        ],
    )
    .await;
    room.set("2026-05-06T07:00:00Z").await;
    let warnings: Vec<String> = room.notices("acme").await;
    let warnings: Vec<&str> =
        warnings.iter().map(String::as_str).filter(|it| it.contains(" warning ")).collect();
    assert_eq!(
        warnings,
        [
            "2026-03-23T08:00:00Z warning read_only 2026-03-30T08:00:00Z",
            "2026-04-09T07:00:00Z warning frozen 2026-04-16T08:00:00Z",
        ]
    );
    assert_eq!(room.tasks("acme", "formal_claim").await, ["2026-05-06"]);
    let shown = room.tenant("acme").await;
    let warned = shown["notices"].as_array().unwrap().iter().find(|it| it["kind"] == "warning");
    let receipts = warned.unwrap()["receipts"].as_array().unwrap();
    let accepted: Vec<&str> = receipts
        .iter()
        .filter(|it| it["kind"] == "accepted")
        .map(|it| &text(&it["at"])[..16])
        .collect();
    assert_eq!(accepted, ["2026-03-26T08:00", "2026-03-26T08:00"]);
}

#[tokio::test]
async fn a_promise_that_is_broken() {
    let room = acme_owes("2026-03-13").await;
    room.set("2026-03-24T12:00:00Z").await;
    let promise = json!({"kind": "promise", "invoices": ["in_1"], "until": "2026-04-02"});
    let path = "/v1/tenants/acme/arrangements";
    let made = room.admin(Method::POST, path, &promise.to_string()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(room.tenant("acme").await["next"], Value::Null, "held");
    room.climbs(
        "acme",
        &[("2026-04-13T08:00:00Z", "read_only"), ("2026-04-27T08:00:00Z", "frozen")],
    )
    .await;
    room.set("2026-05-13T07:00:00Z").await;
    let expected = with_base(&[
        "2026-03-23T08:00:00Z warning read_only 2026-03-30T08:00:00Z void",
        "2026-04-06T07:00:00Z warning read_only 2026-04-13T08:00:00Z",
        "2026-04-10T07:00:00Z again",
        "2026-04-13T08:00:00Z entered",
        "2026-04-20T07:00:00Z warning frozen 2026-04-27T08:00:00Z",
        "2026-04-24T07:00:00Z again",
        "2026-04-27T08:00:00Z entered",
    ]);
    assert_eq!(room.notices("acme").await, expected);
    assert_eq!(room.tasks("acme", "formal_claim").await, ["2026-05-13"]);
}

#[tokio::test]
async fn the_control_plane_off_for_six_weeks() {
    let room = acme_owes("2026-03-13").await;
    room.set("2026-03-19T23:00:00Z").await;
    let jump = r#"{"jump": "1088 hours"}"#;
    let now = room.admin(Method::POST, "/demo/clock", jump).await.good();
    assert_eq!(now, json!({"now": "2026-05-04T07:00:00Z"}));
    assert_eq!(room.stage("acme").await, "grace", "nothing is cut at once");
    room.climbs(
        "acme",
        &[("2026-05-11T08:00:00Z", "read_only"), ("2026-05-25T08:00:00Z", "frozen")],
    )
    .await;
    room.set("2026-06-10T07:00:00Z").await;
    let expected = with_base(&[
        "2026-05-04T07:00:00Z warning read_only 2026-05-11T08:00:00Z",
        "2026-05-08T07:00:00Z again",
        "2026-05-11T08:00:00Z entered",
        "2026-05-18T07:00:00Z warning frozen 2026-05-25T08:00:00Z",
        "2026-05-22T07:00:00Z again",
        "2026-05-25T08:00:00Z entered",
    ]);
    assert_eq!(room.notices("acme").await, expected);
    assert_eq!(room.tasks("acme", "formal_claim").await, ["2026-06-10"]);
}

#[tokio::test]
async fn half_paid_between_the_cutoffs_the_rest_after() {
    let room = acme_owes("2026-03-13").await;
    let steps = [("2026-03-16T08:00:00Z", "grace"), ("2026-03-30T08:00:00Z", "read_only")];
    room.climbs("acme", &steps).await;
    room.set("2026-03-31T07:30:00Z").await;
    room.tell(&payment("acme", "in_1", "p1", 50_000)).await;
    assert_eq!(room.stage("acme").await, "read_only", "half lifts nothing");
    let owed = json!([{"minor": 50_000, "currency": "EUR"}]);
    assert_eq!(room.tenant("acme").await["owed"], owed);
    room.climbs("acme", &[("2026-04-13T08:00:00Z", "frozen")]).await;
    room.set("2026-04-20T10:00:00Z").await;
    let refused = room.app(Method::GET, "/api/notes", ("acme", "user"), "application/json").await;
    assert_eq!(refused.status, 402);
    room.tell(&payment("acme", "in_1", "p2", 50_000)).await;
    let answer = room.app(Method::POST, "/api/notes", ("acme", "user"), "application/json").await;
    assert_eq!(answer.status, 201, "the very next request: {}", answer.text());
    let shown = room.tenant("acme").await;
    assert_eq!((text(&shown["stage"]), &shown["next"]), ("full", &Value::Null));
    assert_eq!((&shown["owed"], text(&shown["invoices"][0]["status"])), (&json!([]), "paid"));
    let thanks = room.mails().await;
    let thanks = thanks.iter().filter(|it| it["at"] == "2026-04-20T10:00:00Z").count();
    assert_eq!(thanks, 2);
    room.set("2026-06-20T10:00:00Z").await;
    assert_eq!(room.stage("acme").await, "full");
    assert_eq!(room.tasks("acme", "formal_claim").await, [""; 0]);
}

#[tokio::test]
async fn due_on_a_saturday() {
    let room = acme_owes("2026-03-14").await;
    room.climbs(
        "acme",
        &[
            ("2026-03-17T08:00:00Z", "grace"),
            ("2026-03-31T08:00:00Z", "read_only"),
            ("2026-04-14T08:00:00Z", "frozen"),
        ],
    )
    .await;
    room.set("2026-04-30T07:00:00Z").await;
    let expected = [
        "2026-03-11T08:00:00Z upcoming",
        "2026-03-16T11:00:00Z due_today",
        "2026-03-17T08:00:00Z overdue",
        "2026-03-24T08:00:00Z warning read_only 2026-03-31T08:00:00Z",
        "2026-03-30T07:00:00Z again",
        "2026-03-31T08:00:00Z entered",
        "2026-04-07T07:00:00Z warning frozen 2026-04-14T08:00:00Z",
        "2026-04-13T07:00:00Z again",
        "2026-04-14T08:00:00Z entered",
    ];
    assert_eq!(room.notices("acme").await, expected);
    assert_eq!(room.tasks("acme", "formal_claim").await, ["2026-04-30"]);
}

#[tokio::test]
async fn mail_that_nobody_takes_cuts_nobody_off() {
    let room = Showroom::open();
    room.tell(&book::tenant_at("acme", "refuse.example")).await;
    room.tell(&issued("acme", "in_1", "2026-03-13")).await;
    room.set("2026-06-15T08:00:00Z").await;
    let shown = room.tenant("acme").await;
    assert_eq!(shown["stage"], "grace", "it keeps its access");
    let open = shown["tasks"].as_array().unwrap().iter().filter(|it| it["done"].is_null());
    assert_eq!(open.filter(|it| it["kind"] == "fix_contact").count(), 1, "{shown}");
    assert_eq!(room.mails().await, Vec::<Value>::new());
    let told = room.admin(Method::GET, "/v1/tenants/acme/explain", "").await.good();
    let told = told.to_string();
    for part in ["in_1", "refuse.example"] {
        assert!(told.contains(part), "{part} is not explained: {told}");
    }
    let answer = room.app(Method::POST, "/api/notes", ("acme", "user"), "application/json").await;
    assert_eq!(answer.status, 201);
    // A corrected contact: warned with the whole period, then cut off.
    let mut corrected = book::tenant("acme");
    corrected["id"] = json!("acme-corrected");
    room.tell(&corrected).await;
    room.set("2026-06-17T08:00:00Z").await;
    let next = room.tenant("acme").await["next"].clone();
    assert_eq!((text(&next["stage"]), &next["announced"]), ("read_only", &json!(true)), "{next}");
    let at = text(&next["at"]).to_owned();
    assert!(at.as_str() >= "2026-06-22T08:00:00Z", "{at}");
    room.climbs("acme", &[(&at, "read_only")]).await;
}
