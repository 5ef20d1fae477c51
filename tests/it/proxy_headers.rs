//! What reaches the app, and what comes back: headers, spoofs, forwarding, connections.

use ambergate::domain::decide::RouteClass;
use ambergate::domain::stage::Stage;
use ambergate::gate::classify::{Route, Routes};

use crate::support::app::App;
use crate::support::front::{Front, request, token};

#[tokio::test]
async fn the_app_is_told_who_asks_and_the_client_where_it_stands() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let answer = front.ask("acme user", "GET", "/x?y=1", "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "fine"));
    assert_eq!(answer.header("ambergate-stage"), Some("grace"));
    assert_eq!(answer.header("ambergate-until"), Some("2026-04-06T08:00:00Z"));
    let seen = app.last();
    assert_eq!(seen.target, "/x?y=1");
    for (name, value) in [
        ("host", "app.example"),
        ("ambergate-tenant", "acme"),
        ("ambergate-stage", "grace"),
        ("ambergate-scope", "*"),
        ("ambergate-source", "fresh"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "app.example"),
    ] {
        assert_eq!(seen.headers.get(name).unwrap(), value, "{name}");
    }
    assert_eq!(seen.headers["x-request-id"].len(), 36);
    front.ask("acme user", "GET", "/", "X-Request-Id: mine\r\ntraceparent: 00-x\r\n").await;
    let seen = app.last();
    assert_eq!(seen.headers["ambergate-source"], "cached");
    assert_eq!(seen.headers["x-request-id"], "mine");
    assert_eq!(seen.headers["traceparent"], "00-x");
    let full = front.ask("other user", "GET", "/", "").await;
    assert_eq!(full.header("ambergate-stage"), None);
    assert_eq!(app.last().headers["ambergate-stage"], "full");
    front.ask("", "GET", "/", "").await;
    assert!(!app.last().headers.contains_key("ambergate-tenant"));
    front.stop().await;
}

#[tokio::test]
async fn nobody_can_speak_for_the_gate() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    for spoof in [
        "Ambergate-Tenant: evil\r\n",
        "ambergate_tenant: evil\r\n",
        "AMBERGATE.TENANT: evil\r\n",
        "Ambergate~Tenant: evil\r\n",
        "Ambergate-Tenant: a\r\nAmbergate-Tenant: evil\r\n",
        "Ambergate-Anything: evil\r\n",
        "X-Forwarded-For: evil\r\nX_Forwarded_For: evil\r\nForwarded: for=evil\r\n",
        "X-Real-IP: evil\r\nX-Forwarded-Host: evil\r\n",
        "Connection: ambergate-tenant, ambergate-stage\r\n",
        "Connection: \r\nConnection: Ambergate-Tenant\r\n",
    ] {
        let answer = front.ask("acme user", "GET", "/", spoof).await;
        assert_eq!(answer.status, 200, "{spoof}");
        let seen = app.last();
        assert_eq!(seen.headers["ambergate-tenant"], "acme", "{spoof}");
        assert_eq!(seen.headers["ambergate-stage"], "full", "{spoof}");
        let all = format!("{:?}", seen.headers);
        assert!(!all.contains("evil"), "{spoof}: {all}");
    }
    let trailers = "Transfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: ambergate-tenant\r\n";
    let body = "1\r\nx\r\n0\r\nAmbergate-Tenant: evil\r\n\r\n";
    let answer = front.send(format!("{}{body}", request("acme user", "POST", "/echo", trailers)));
    assert_eq!(answer.await.text(), "x");
    let spoofed = front.ask("acme user", "GET", "/spoof", "").await;
    assert_eq!(spoofed.header("ambergate-stage"), None);
    assert_eq!(spoofed.header("x-secret"), None, "named by the app's Connection");
    front.stop().await;
}

#[tokio::test]
async fn tokens_that_contradict_or_are_bad_stop_here() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let cookie = |tenant: &str| format!("Cookie: session={}\r\n", token(tenant, "user"));
    let both = front.ask("acme user", "GET", "/", &cookie("other")).await;
    assert_eq!(both.status, 400);
    assert_eq!(both.json()["code"], "bad_request");
    let doubled = format!("Authorization: Bearer {}\r\n", token("acme", "user"));
    assert_eq!(front.ask("acme user", "GET", "/", &doubled).await.status, 400);
    let bad = front.ask("", "GET", "/", "Authorization: Bearer no.token.here\r\n").await;
    assert_eq!((bad.status, bad.header("www-authenticate")), (401, Some("Bearer")));
    assert!(app.seen().is_empty());
    assert_eq!(front.ask("", "GET", "/", &cookie("acme")).await.status, 200);
    assert_eq!(app.last().headers["ambergate-tenant"], "acme");
    front.stop().await;
}

#[tokio::test]
async fn an_old_sign_in_does_not_stand_in_the_way_of_signing_in() {
    let app = App::start().await;
    let glob = "/login/**".parse().unwrap();
    let always = Route { glob, methods: Vec::new(), class: RouteClass::Always, scope: None };
    let front = Front::with(app.address, |gate, _| gate.routes = Routes::new(vec![always])).await;
    let old = "Cookie: session=no.token.here\r\n";
    assert_eq!(front.ask("", "GET", "/login/", old).await.status, 200);
    assert!(!app.last().headers.contains_key("ambergate-tenant"), "it names nobody");
    let elsewhere = front.ask("", "GET", "/notes", old).await;
    assert_eq!((elsewhere.status, elsewhere.json()["code"].as_str()), (401, Some("unauthorized")));
    let page = front.ask("", "GET", "/notes", &format!("{old}Accept: text/html\r\n")).await;
    assert_eq!((page.status, page.header("content-type")), (401, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("Please sign in again"), "{}", page.text());
    front.stop().await;
}

#[tokio::test]
async fn connections_to_the_app_are_used_again() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    for _ in 0..20 {
        assert_eq!(front.ask("acme user", "GET", "/", "").await.status, 200);
    }
    assert_eq!(app.made(), 1);
    let many = (0..20).map(|_| front.ask("acme user", "GET", "/big", ""));
    for answer in futures_util::future::join_all(many).await {
        assert_eq!(answer.body.len(), 160 * 65536);
        assert!(answer.body.chunks(65536).zip(0..).all(|(part, n)| part.iter().all(|b| *b == n)));
    }
    assert_eq!(app.seen().len(), 40);
    front.stop().await;
}

#[tokio::test]
async fn an_app_that_cannot_be_reached_is_502_and_a_slow_one_504() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let front = Front::before(gone).await;
    let answer = front.ask("acme user", "GET", "/", "").await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (502, Some("upstream_unreachable"))
    );
    front.stop().await;
    let app = App::start().await;
    let front = Front::with(app.address, |_, proxy| proxy.upstream.first_byte = 1).await;
    let answer = front.ask("acme user", "GET", "/silent", "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (504, Some("upstream_late")));
    front.stop().await;
}
