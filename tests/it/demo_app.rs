//! The demo's sample app.

use ambergate::demo::sample_app;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::BodyExt as _;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt as _;

async fn ask(app: &Router, request: Request<Body>) -> (StatusCode, http::HeaderMap, String) {
    let answer = app.clone().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn of(tenant: &str, method: &str, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("Ambergate-Tenant", tenant)
        .header("Ambergate-Stage", "grace")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn notes_are_each_tenants_own() {
    let app = sample_app::router(None);
    let (status, ..) = ask(&app, of("acme", "POST", "/api/notes", r#"{"text": "one"}"#)).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, headers, _) = ask(&app, of("acme", "POST", "/notes", "text=%3Cb%3Etwo")).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    let (_, _, own) = ask(&app, of("acme", "GET", "/api/notes", "")).await;
    assert_eq!(own, r#"{"notes":["<b>two","one"],"tenant":"acme"}"#);
    let (_, _, other) = ask(&app, of("bolt", "GET", "/api/notes", "")).await;
    assert_eq!(other, r#"{"notes":[],"tenant":"bolt"}"#);
    let (status, headers, page) = ask(&app, of("acme", "GET", "/", "")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<body>"), "{page}");
    assert!(page.contains("&lt;b&gt;two") && !page.contains("<b>two"), "{page}");
    assert!(page.contains("ambergate-stage") && page.contains("grace"), "{page}");
    for bad in ["", "{}", r#"{"text": ""}"#, &format!(r#"{{"text": "{}"}}"#, "x".repeat(501))] {
        let (status, ..) = ask(&app, of("acme", "POST", "/api/notes", bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_reads_how_to() {
    let app = sample_app::router(None);
    let (status, _, page) = ask(&app, Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("not signed in"));
    let (status, ..) = ask(&app, Request::get("/api/notes").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    for path in ["/billing", "/live", "/assets/app.css", "/assets/live.js"] {
        let (status, ..) = ask(&app, Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn signing_in_and_out_is_a_cookie() {
    let app = sample_app::router(None);
    let link = Request::get("/sign-in?token=aa.bb-_.cc").body(Body::empty()).unwrap();
    let (status, headers, _) = ask(&app, link).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(headers["set-cookie"], "session=aa.bb-_.cc; Path=/; HttpOnly; SameSite=Lax");
    let (_, headers, _) = ask(&app, Request::get("/logout").body(Body::empty()).unwrap()).await;
    assert!(headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    for bad in
        ["/sign-in", "/sign-in?token=", "/sign-in?token=a%3B%20Domain%3Dx", "/sign-in?token=a%0Db"]
    {
        let (status, headers, _) = ask(&app, Request::get(bad).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(!headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn a_websocket_says_it_back() {
    let (listener, address) = sample_app::listen().await.unwrap();
    tokio::spawn(sample_app::serve(listener, None));
    let url = format!("ws://{address}/ws");
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    for size in [0, 5, 125, 126, 1_000, 65_535, 65_536] {
        let text = "x".repeat(size);
        socket.send(Message::text(text.clone())).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    socket.send(Message::binary(vec![0, 1, 255])).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary(vec![0, 1, 255]));
    socket.send(Message::Ping(vec![7].into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong(vec![7].into()));
    socket.close(None).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_))) | None));

    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket.send(Message::text("x".repeat(70_000))).await.unwrap();
    let Some(Ok(Message::Close(Some(closed)))) = socket.next().await else { panic!("no close") };
    assert_eq!(u16::from(closed.code), 1009);

    let plain = ask(&sample_app::router(None), of("acme", "GET", "/ws", "")).await;
    assert_eq!(plain.0, StatusCode::UPGRADE_REQUIRED);
}
