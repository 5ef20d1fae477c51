//! `/demo/*` on the admin address: the clock and the mailbox, for whoever has the token.
//!
//! Rules:
//! 1. Every request shows the token: `Authorization: Bearer …`, or, for reading with a browser,
//!    `?token=…` once, kept in a cookie.
//! 2. The cookie opens nothing but reading, so another site can do nothing with it.
//! 3. A caught mail is shown in a frame in which nothing runs.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use minijinja::{AutoEscape, Environment, context};
use serde::Deserialize;
use serde_json::json;

use super::clock::{MoveError, Mover};
use super::mailbox::{Caught, Mailbox};
use crate::domain::span::Span;
use crate::notify::scheduler::{Desk, Post};

const PAGE: &str = include_str!("pages/mailbox.html");
const COOKIE: &str = "ambergate_demo";
/// At most so many mails on the page.
const SHOWN_MAX: usize = 200;
/// Nothing runs; what a mail would load stays unloaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; \
                      base-uri 'none'; form-action 'none'";

struct Door<D, P> {
    mover: Mover<D, P>,
    mailbox: Mailbox,
}

/// The routes `/demo/clock`, `/demo/mailbox` and `/demo/mailbox.json`, behind `token`.
pub fn router<D: Desk, P: Post>(token: &str, mover: Mover<D, P>, mailbox: Mailbox) -> Router {
    let door = Arc::new(Door { mover, mailbox });
    let key: Arc<str> = token.into();
    Router::new()
        .route("/demo/clock", get(now::<D, P>).post(move_clock::<D, P>))
        .route("/demo/mailbox", get(page::<D, P>).merge(post(misbehave::<D, P>)))
        .route("/demo/mailbox.json", get(list::<D, P>))
        .with_state(door)
        .layer(middleware::from_fn_with_state(key, guard))
}

async fn guard(State(key): State<Arc<str>>, request: Request, next: Next) -> Response {
    let bearer = bearer(request.headers());
    if bearer.is_some_and(|token| same(token, &key)) {
        return next.run(request).await;
    }
    if bearer.is_none() && request.method() == Method::GET {
        if cookie(request.headers()).is_some_and(|token| same(token, &key)) {
            return next.run(request).await;
        }
        if in_query(request.uri()).is_some_and(|token| same(token, &key)) {
            let mut response = next.run(request).await;
            let kept = format!("{COOKIE}={key}; Path=/demo; HttpOnly; SameSite=Strict");
            if let Ok(value) = HeaderValue::from_str(&kept) {
                response.headers_mut().insert(header::SET_COOKIE, value);
            }
            return response;
        }
    }
    let mut response =
        problem(StatusCode::UNAUTHORIZED, "the admin token is asked for: Authorization: Bearer …");
    let challenge = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE).map(|(_, value)| value.trim())
}

fn in_query(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == "token").map(|(_, value)| value)
}

/// Compares in a time that does not tell where two tokens differ.
fn same(one: &str, other: &str) -> bool {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(one.as_bytes()) == Sha256::digest(other.as_bytes())
}

async fn now<D: Desk, P: Post>(State(door): State<Arc<Door<D, P>>>) -> Response {
    axum::Json(json!({ "now": door.mover.now() })).into_response()
}

async fn move_clock<D: Desk, P: Post>(
    State(door): State<Arc<Door<D, P>>>,
    body: Bytes,
) -> Response {
    // Not to be cut short by a caller that goes away: half a move would be nobody's wish.
    let moved = tokio::spawn(async move { door.mover.ask(&body).await }).await;
    match moved {
        Ok(Ok(now)) => axum::Json(json!({ "now": now })).into_response(),
        Ok(Err(MoveError::Asked(detail))) => problem(StatusCode::BAD_REQUEST, &detail),
        Ok(Err(MoveError::Store(detail))) => problem(StatusCode::SERVICE_UNAVAILABLE, &detail),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "the move did not come to its end"),
    }
}

async fn list<D: Desk, P: Post>(State(door): State<Arc<Door<D, P>>>) -> Response {
    let mails = door.mailbox.mails();
    let mails: Vec<&Caught> = mails.iter().map(AsRef::as_ref).collect();
    axum::Json(mails).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Misbehaviour {
    defer: Option<String>,
}

async fn misbehave<D: Desk, P: Post>(State(door): State<Arc<Door<D, P>>>, body: Bytes) -> Response {
    let right = "right is {\"defer\": \"3 days\"}, or {\"defer\": null} to stop it";
    let asked: Misbehaviour = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}; {right}")),
    };
    let span = asked.defer.as_deref().map(str::parse::<Span>).transpose();
    let millis = match span.map(|span| span.map_or(Some(0), Span::nominal_millis)) {
        Ok(Some(millis)) => millis,
        Ok(None) => return problem(StatusCode::BAD_REQUEST, &format!("no exact time; {right}")),
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("defer: {error}")),
    };
    door.mailbox.defer(millis);
    axum::Json(json!({ "defer": asked.defer })).into_response()
}

async fn page<D: Desk, P: Post>(State(door): State<Arc<Door<D, P>>>) -> Response {
    let mails = door.mailbox.mails();
    let shown: Vec<_> = mails
        .iter()
        .rev()
        .take(SHOWN_MAX)
        .map(|mail| {
            let headers = mail.headers.iter().map(|(name, value)| format!("{name}: {value}"));
            context! {
                subject => &mail.subject,
                at => mail.at.to_string(),
                to => mail.to.join(", "),
                text => &mail.text,
                html => &mail.html,
                headers => headers.collect::<Vec<_>>().join("\n"),
            }
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let now = door.mover.now().to_string();
    match environment.render_str(PAGE, context! { mails => shown, now }) {
        Ok(page) => {
            let headers = [
                (header::CONTENT_SECURITY_POLICY, POLICY),
                (header::CACHE_CONTROL, "no-store"),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (headers, Html(page)).into_response()
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// An answer of RFC 9457.
fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let code = title.to_lowercase().replace(' ', "_");
    let name = format!("urn:ambergate:problem:{}", code.replace('_', "-"));
    let body = json!({
        "type": name, "title": title, "status": status.as_u16(), "detail": detail, "code": code,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, body.to_string()).into_response()
}
