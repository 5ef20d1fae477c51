//! What a demo answers at its doors: to bad input, and how a tenant looks.

use http::Method;
use serde_json::{Value, json};

use crate::book::{self, issued, payment};
use crate::showroom::{SECRET, START, Showroom, TOKEN};

#[tokio::test]
async fn the_clock_never_goes_back_and_says_what_is_right() {
    let room = Showroom::open();
    for (body, said) in [
        (r#"{"set": "2026-03-02T07:59:59Z"}"#, "before now"),
        (r#"{"set": "yesterday"}"#, "set"),
        (r#"{"advance": "7"}"#, "advance"),
        (r#"{"advance": "-1 days"}"#, "advance"),
        (r#"{"advance": "2 working days"}"#, "working days"),
        (r#"{"jump": "soon"}"#, "jump"),
        (r#"{"advance": "1 day", "jump": "1 day"}"#, "advance"),
        (r#"{"back": "1 day"}"#, "back"),
        ("{}", "advance"),
        ("", "advance"),
    ] {
        let answer = room.admin(Method::POST, "/demo/clock", body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(text(&answer.json()["detail"]).contains(said), "{body}: {}", answer.text());
    }
    room.set(START).await;
    let moved = room.admin(Method::POST, "/demo/clock", r#"{"advance": "90 minutes"}"#).await;
    assert_eq!(moved.good(), json!({"now": "2026-03-02T09:30:00Z"}));
    let moved = room.admin(Method::POST, "/demo/clock", r#"{"jump": "1 week"}"#).await;
    assert_eq!(moved.good(), json!({"now": "2026-03-09T09:30:00Z"}));
}

#[tokio::test]
async fn a_bad_event_is_refused_by_the_name_of_its_field() {
    let room = Showroom::open();
    room.tell(&book::tenant("acme")).await;
    let good = issued("acme", "in_1", "2026-03-13");
    let changed = |pointer: &str, value: Value| {
        let mut event = good.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[field] = value;
        event
    };
    let without = |field: &str| {
        let mut event = good.clone();
        event.as_object_mut().unwrap().remove(field);
        event
    };
    for (event, field) in [
        (changed("/data/amount/minor", json!(10.5)), "data.amount.minor"),
        (changed("/data/amount/minor", json!(-1)), "data.amount.minor"),
        (changed("/data/amount/minor", json!("100")), "data.amount.minor"),
        (changed("/data/amount/currency", json!("XYZ")), "data.amount.currency"),
        (changed("/data/due_on", json!("2026-02-30")), "data.due_on"),
        (changed("/data/due_on", json!("next week")), "data.due_on"),
        (changed("/data/colour", json!("red")), "data.colour"),
        (changed("/data/pay_url", json!("javascript:alert(1)")), "data.pay_url"),
        (changed("/type", json!("ambergate.invoice.eaten")), "type"),
        (changed("/type", json!("ambergate.rung.entered")), "type"),
        (changed("/type", json!("com.example.paid")), "type"),
        (changed("/specversion", json!("2.0")), "specversion"),
        (changed("/time", json!("2026-03-02T09:00:00Z")), "time"),
        (changed("/time", json!("noon")), "time"),
        (changed("/subject", json!("")), "subject"),
        (without("id"), "id"),
        (without("source"), "source"),
        (without("subject"), "subject"),
    ] {
        let answer = room.admin(Method::POST, "/v1/events", &event.to_string()).await;
        assert_eq!(answer.status, 400, "{field}: {event}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
        assert!(errors.iter().any(|it| it["field"] == field), "{field}: {problem}");
        assert!(errors.iter().all(|it| !text(&it["detail"]).is_empty()), "{problem}");
    }
    for body in ["", "{", "[", "7", "\"event\"", "null"] {
        let answer = room.admin(Method::POST, "/v1/events", body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(room.tenant("acme").await["invoices"], json!([]));
    room.tell(&good).await;
    room.tell(&good).await;
    assert_eq!(room.tenant("acme").await["invoices"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_batch_takes_what_is_good() {
    let room = Showroom::open();
    let mut bad = issued("acme", "in_2", "2026-03-13");
    bad["data"]["amount"]["minor"] = json!("much");
    let batch = json!([
        book::tenant("acme"),
        issued("acme", "in_1", "2026-03-13"),
        bad,
        issued("acme", "in_1", "2026-03-13"),
        payment("stranger", "in_9", "p9", 100),
        "not an event",
    ]);
    let answer = room.admin(Method::POST, "/v1/events", &batch.to_string()).await.good();
    let counts = (&answer["accepted"], &answer["duplicates"], &answer["parked"]);
    assert_eq!(counts, (&json!(2), &json!(1), &json!(1)), "{answer}");
    let refused = answer["refused"].as_array().unwrap();
    let indices: Vec<&Value> = refused.iter().map(|it| &it["index"]).collect();
    assert_eq!(indices, [&json!(2), &json!(5)], "{answer}");
    assert!(text(&refused[0]["detail"]).contains("data.amount.minor"), "{answer}");
    let parked = room.admin(Method::GET, "/v1/parked", "").await.good().to_string();
    assert!(parked.contains("stranger"), "{parked}");
    // Creating the tenant takes in what waited for it.
    room.tell(&issued("stranger", "in_9", "2026-03-20")).await;
    let stranger = room.tenant("stranger").await;
    assert_eq!(stranger["owed"], json!([{"minor": 99_900, "currency": "EUR"}]));
    let parked = room.admin(Method::GET, "/v1/parked", "").await.good().to_string();
    assert!(!parked.contains("stranger"), "{parked}");
}

#[tokio::test]
async fn nobody_gets_in_without_the_right_token() {
    let room = Showroom::open();
    room.tell(&book::tenant("acme")).await;
    let wrong = format!("Bearer {TOKEN}x");
    let basic = format!("Basic {TOKEN}");
    for (method, path) in [
        (Method::GET, "/v1/tenants"),
        (Method::GET, "/v1/tenants/acme"),
        (Method::POST, "/v1/events"),
        (Method::PUT, "/v1/switch"),
        (Method::POST, "/demo/clock"),
        (Method::GET, "/demo/mailbox"),
        (Method::GET, "/demo/mailbox.json"),
    ] {
        for headers in [vec![], vec![("authorization", &*wrong)], vec![("authorization", &*basic)]]
        {
            let url = format!("{}{path}", room.admin);
            let answer = room.ask(method.clone(), &url, &headers, "{}").await;
            assert_eq!(answer.status, 401, "{method} {path} {headers:?}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert!(!answer.header("www-authenticate").is_empty(), "{path}");
            assert!(!answer.text().contains(TOKEN));
        }
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = room.ask(Method::GET, &format!("{}{path}", room.admin), &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains(TOKEN) && !answer.text().contains(SECRET));
    }
    let forged =
        format!("Bearer {}", book::token("another-secret-of-thirty-two-bytes!!", "acme", "user"));
    let url = format!("{}/api/notes", room.app);
    let answer = room.ask(Method::GET, &url, &[("authorization", &forged)], "").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_tenant_looks_as_it_is_specified() {
    let room = Showroom::open();
    room.tell(&book::tenant("acme")).await;
    room.tell(&issued("acme", "in_1", "2026-03-13")).await;
    let promise = json!({"kind": "promise", "until": "2026-03-20"});
    let path = "/v1/tenants/acme/arrangements";
    room.set("2026-03-12T10:00:00Z").await;
    let made = room.admin(Method::POST, path, &promise.to_string()).await.good();
    let name = text(&made["arrangement"]).to_owned();
    let ended = room.admin(Method::DELETE, &format!("{path}/{name}"), "").await;
    assert_eq!(ended.status, 204);
    room.set("2026-03-24T10:00:00Z").await;
    let shown = room.tenant("acme").await;
    assert_eq!(shown["tenant"], "acme");
    assert_eq!(shown["name"], "Acme Gardens");
    assert_eq!(shown["policy"], "standard");
    assert_eq!(shown["stage"], "grace");
    assert_eq!(shown["enforced"], true);
    let scope = &shown["scopes"][0];
    assert_eq!((&scope["scope"], &scope["stage"]), (&json!("*"), &json!("grace")));
    assert_eq!(scope["since"], "2026-03-16T08:00:00Z");
    assert_eq!(scope["because"]["invoice"], "in_1");
    assert!(scope["because"]["rung"].is_string(), "{scope}");
    let next = json!({"stage": "read_only", "at": "2026-03-30T08:00:00Z", "announced": true});
    assert_eq!(shown["next"], next);
    assert_eq!(shown["owed"], json!([{"minor": 100_000, "currency": "EUR"}]));
    let invoice = &shown["invoices"][0];
    for (field, value) in [
        ("invoice", json!("in_1")),
        ("number", json!("No. in_1")),
        ("status", json!("open")),
        ("owed", json!({"minor": 100_000, "currency": "EUR"})),
        ("due_on", json!("2026-03-13")),
        ("scope", json!("*")),
    ] {
        assert_eq!(invoice[field], value, "{field}");
    }
    let arrangement = &shown["arrangements"][0];
    assert_eq!(
        (text(&arrangement["arrangement"]), text(&arrangement["kind"])),
        (&*name, "promise")
    );
    assert_eq!(arrangement["from"], "2026-03-12T10:00:00Z");
    assert!(arrangement["until"].is_string(), "{arrangement}");
    assert!(!arrangement["ended"].is_null() && arrangement["ended"] != false, "{arrangement}");
    let call = shown["tasks"].as_array().unwrap().iter().find(|it| it["kind"] == "call").unwrap();
    assert!(call["task"].is_string() && call["due"].is_string(), "{call}");
    assert_eq!(call["assignee"], "account_manager");
    let contacts = shown["contacts"].as_array().unwrap();
    assert!(contacts.iter().any(|it| it["email"] == "bob@acme.example"), "{shown}");
    assert!(shown["digest"].is_string());
    let warning =
        shown["notices"].as_array().unwrap().iter().find(|it| it["kind"] == "warning").unwrap();
    let names = json!({"stage": "read_only", "scope": "*", "at": "2026-03-30T08:00:00Z"});
    assert_eq!(warning["names"], names);
    assert_eq!((&warning["at"], &warning["void"]), (&json!("2026-03-23T08:00:00Z"), &json!(false)));
    let receipts = warning["receipts"].as_array().unwrap();
    let proof = receipts.iter().find(|it| it["role"] == "billing").unwrap();
    assert_eq!((&proof["channel"], &proof["kind"]), (&json!("email"), &json!("accepted")));
    // Records made here follow one another by a millisecond.
    assert!(text(&proof["at"]).starts_with("2026-03-23T08:00:00"), "{warning}");
    let unknown = room.admin(Method::GET, "/v1/tenants/nobody", "").await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn tenants_are_listed_by_stage_and_by_page() {
    let room = Showroom::open();
    for tenant in ["acme", "bolt", "core"] {
        room.tell(&book::tenant(tenant)).await;
    }
    room.tell(&issued("bolt", "in_b", "2026-03-13")).await;
    room.set("2026-03-16T08:00:00Z").await;
    let ids = |list: &Value| -> Vec<String> {
        let tenants = list["tenants"].as_array().unwrap().iter();
        tenants.map(|it| text(&it["tenant"]).to_owned()).collect()
    };
    let all = room.admin(Method::GET, "/v1/tenants", "").await.good();
    let mut known = ids(&all);
    known.sort();
    assert_eq!(
        (known, &all["next"]),
        (vec!["acme".into(), "bolt".into(), "core".into()], &Value::Null)
    );
    let grace = room.admin(Method::GET, "/v1/tenants?stage=grace", "").await.good();
    assert_eq!(ids(&grace), ["bolt"]);
    let found = room.admin(Method::GET, "/v1/tenants?q=COR", "").await.good();
    assert_eq!(ids(&found), ["core"]);
    let bad = room.admin(Method::GET, "/v1/tenants?stage=icy", "").await;
    assert_eq!(bad.status, 400, "{}", bad.text());
}

/// The link that the demo printed for a person of this role, in this stage.
fn link(room: &Showroom, stage: &str, role: &str) -> String {
    let mut lines = room.printed.lines();
    let named =
        |line: &&str| line.trim_start().starts_with(stage) && line.contains(&format!("({role})"));
    assert!(lines.any(|line| named(&line)), "{stage} {role}: {}", room.printed);
    lines.next().unwrap().trim().to_owned()
}

#[tokio::test]
async fn the_printed_links_lead_to_all_four_stages() {
    let room = Showroom::with(&[]);
    for (stage, reads, writes) in
        [("full", 200, 201), ("grace", 200, 201), ("read_only", 200, 402), ("frozen", 402, 402)]
    {
        for role in ["billing", "user"] {
            let signed_in = room.ask(Method::GET, &link(&room, stage, role), &[], "").await;
            assert!(signed_in.status.is_redirection(), "{stage}: {}", signed_in.text());
            let cookie = signed_in.header("set-cookie").split(';').next().unwrap().to_owned();
            let page = [("cookie", cookie.as_str()), ("accept", "text/html")];
            let page = room.ask(Method::GET, &format!("{}/", room.app), &page, "").await;
            assert_eq!(page.status, reads, "{stage}: {}", page.text());
            let shown = if stage == "full" { "" } else { stage };
            assert_eq!(page.header("ambergate-stage"), shown);
            let note = [("cookie", cookie.as_str()), ("content-type", "application/json")];
            let url = format!("{}/api/notes", room.app);
            let written = room.ask(Method::POST, &url, &note, r#"{"text": "a note"}"#).await;
            assert_eq!(written.status, writes, "{stage}: {}", written.text());
        }
    }
    let stages = room.admin(Method::GET, "/v1/tenants", "").await.good().to_string();
    for stage in ["full", "grace", "read_only", "frozen"] {
        assert!(stages.contains(stage), "{stages}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}
