//! `/demo/*`: the clock and the mailbox over HTTP.

use std::sync::Arc;

use ambergate::clock::Clock;
use ambergate::demo::clock::Mover;
use ambergate::demo::door::router;
use ambergate::demo::mailbox::Mailbox;
use ambergate::demo::smtp::Postmaster as _;
use ambergate::domain::time::{DAY, HOUR};
use ambergate::notify::scheduler::Scheduler;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::notify_scheduler::{Fake, Tenant, Van};
use crate::support::letters::monday;

struct Demo {
    router: Router,
    fake: Fake,
    mailbox: Mailbox,
}

fn demo() -> Demo {
    let clock = Clock::standing(monday());
    let fake = Fake { books: Arc::default(), clock: clock.clone() };
    let scheduler = Scheduler::new(fake.clone(), Some(Van::default()), clock.clone());
    let mailbox = Mailbox::new(clock.clone());
    let mover = Mover::new(scheduler, clock);
    Demo { router: router("s3cret", mover, mailbox.clone()), fake, mailbox }
}

impl Demo {
    async fn ask(&self, request: Request<Body>) -> (StatusCode, http::HeaderMap, String) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::post(path).header("Authorization", "Bearer s3cret");
        let (status, _, body) = self.ask(request.body(Body::from(body.to_string())).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
    }
}

#[tokio::test]
async fn time_passes_with_all_that_is_due() {
    let demo = demo();
    demo.fake.with(|books, now| {
        let wakes = vec![now.plus_millis(HOUR), now.plus_millis(3 * DAY)];
        books.tenants.insert("acme".to_owned(), Tenant { wakes, ..Tenant::default() });
    });
    let (status, answer) = demo.post("/demo/clock", json!({ "advance": "7 days" })).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "now": "2026-03-30T08:00:00Z" })));
    assert_eq!(demo.fake.with(|books, _| books.tenants["acme"].delivered), 2);
    let (status, answer) = demo.post("/demo/clock", json!({ "set": "2026-03-29T08:00:00Z" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["detail"].as_str().unwrap().contains("time never goes back"), "{answer}");
    let (status, answer) = demo.post("/demo/clock", json!({ "jump": "9 days" })).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "now": "2026-04-08T08:00:00Z" })));
}

#[tokio::test]
async fn nothing_without_the_token() {
    let demo = demo();
    for (method, path, headers) in [
        ("GET", "/demo/mailbox", vec![]),
        ("GET", "/demo/mailbox.json", vec![("Authorization", "Bearer wrong")]),
        ("GET", "/demo/mailbox?token=wrong", vec![]),
        ("GET", "/demo/mailbox?token=s3cret", vec![("Authorization", "Bearer wrong")]),
        ("GET", "/demo/mailbox", vec![("Cookie", "ambergate_demo=wrong")]),
        ("POST", "/demo/clock", vec![]),
        ("POST", "/demo/clock?token=s3cret", vec![]),
        ("POST", "/demo/mailbox", vec![("Cookie", "ambergate_demo=s3cret")]),
    ] {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let (status, headers, body) = demo.ask(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(headers["content-type"], "application/problem+json");
        assert!(!body.contains("s3cret"));
    }
}

#[tokio::test]
async fn a_browser_comes_once_with_the_token_and_then_with_a_cookie() {
    let demo = demo();
    let mail =
        b"Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<b>\"hi\"</b>";
    demo.mailbox.mail("a@b.example", &["ada@example.org".to_owned()], mail).unwrap();
    let first = Request::get("/demo/mailbox?token=s3cret").body(Body::empty()).unwrap();
    let (status, headers, page) = demo.ask(first).await;
    assert_eq!(status, StatusCode::OK);
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!page.contains("<script>"), "{page}");
    assert!(page.contains("sandbox"), "{page}");
    assert!(!page.contains("<b>\"hi\"</b>"), "{page}");
    let again = Request::get("/demo/mailbox").header("Cookie", "x=1; ambergate_demo=s3cret");
    assert_eq!(demo.ask(again.body(Body::empty()).unwrap()).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_mailbox_as_json_and_its_deferral() {
    let demo = demo();
    let to = ["ada@example.org".to_owned()];
    let mail = b"Message-ID: <1@x>\r\nSubject: hi\r\n\r\nbody\r\n";
    let (status, _) = demo.post("/demo/mailbox", json!({ "defer": "3 days" })).await;
    assert_eq!(status, StatusCode::OK);
    assert!(demo.mailbox.mail("a@b.example", &to, mail).unwrap_err().starts_with("451"));
    let (status, _) = demo.post("/demo/clock", json!({ "advance": "3 days" })).await;
    assert_eq!(status, StatusCode::OK);
    assert!(demo.mailbox.mail("a@b.example", &to, mail).is_ok());
    let list = Request::get("/demo/mailbox.json").header("Authorization", "Bearer s3cret");
    let (_, _, body) = demo.ask(list.body(Body::empty()).unwrap()).await;
    let mails: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        mails,
        json!([{
            "at": "2026-03-26T08:00:00Z",
            "from": "a@b.example",
            "to": ["ada@example.org"],
            "subject": "hi",
            "text": "body\n",
            "html": "",
            "headers": { "Message-ID": "<1@x>", "Subject": "hi" },
        }])
    );
    for bad in [json!({ "defer": "3 working days" }), json!({ "defer": 3 }), json!({ "delay": 1 })]
    {
        let (status, answer) = demo.post("/demo/mailbox", bad.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad} {answer}");
    }
    let (status, _) = demo.post("/demo/mailbox", json!({ "defer": null })).await;
    assert_eq!(status, StatusCode::OK);
}
