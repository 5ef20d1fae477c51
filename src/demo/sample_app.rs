//! A small app to protect: notes, with pages, an API, a WebSocket and a billing page.
//!
//! It knows nothing of ambergate but what a real app would: the tenant in `Ambergate-Tenant`, and
//! where its billing system can be reached.
//!
//! Rules:
//! 1. It believes `Ambergate-*` headers, as an app behind the gate may; it listens on this machine
//!    only.
//! 2. All it keeps is bounded, and gone when it ends.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use super::till::Till;
use super::websocket;

const PAGE: &str = include_str!("pages/app.html");
const STYLE: &str = include_str!("pages/app.css");
const SCRIPT: &str = include_str!("pages/live.js");
/// At most so many tenants have notes.
const TENANTS_MAX: usize = 1_000;
/// At most so many notes of one tenant; the oldest go.
const NOTES_MAX: usize = 100;
/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 500;

/// Routes of this app that stay open in every stage (SPEC law 4): signing in and out with what
/// these pages load, paying, exporting.
pub const WAYS_OUT: [&str; 5] = ["/sign-in", "/logout", "/assets/**", "/billing/**", "/export"];

struct App {
    notes: Mutex<BTreeMap<String, VecDeque<String>>>,
    till: Option<Till>,
    pages: Environment<'static>,
}

/// A listener on a free port of this machine.
///
/// # Errors
/// There is none.
pub async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves the app, until it is dropped. `till`: the billing system that its billing page asks.
///
/// # Errors
/// The listener broke.
pub async fn serve(listener: TcpListener, till: Option<Till>) -> std::io::Result<()> {
    axum::serve(listener, router(till)).await
}

/// The app's routes.
pub fn router(till: Option<Till>) -> Router {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    let app = App { notes: Mutex::default(), till, pages };
    Router::new()
        .route("/", get(home))
        .route("/notes", post(add_by_form))
        .route("/api/notes", get(list).post(add))
        .route("/live", get(live))
        .route("/ws", get(websocket::echo))
        .route("/sign-in", get(sign_in))
        .route("/logout", get(sign_out))
        .route("/billing", get(billing))
        .route("/billing/pay", post(pay))
        .route("/export", get(export))
        .route("/assets/app.css", get(|| asset("text/css; charset=utf-8", STYLE)))
        .route("/assets/live.js", get(|| asset("text/javascript; charset=utf-8", SCRIPT)))
        .with_state(Arc::new(app))
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], text).into_response()
}

impl App {
    fn notes(&self) -> MutexGuard<'_, BTreeMap<String, VecDeque<String>>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The notes of a tenant, the newest first.
    fn of(&self, tenant: &str) -> Vec<String> {
        self.notes().get(tenant).map(|notes| notes.iter().cloned().collect()).unwrap_or_default()
    }

    fn keep(&self, tenant: &str, text: &str) -> Result<(), &'static str> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
            return Err("a note has 1 to 500 characters");
        }
        let mut all = self.notes();
        if !all.contains_key(tenant) && all.len() >= TENANTS_MAX {
            return Err("this demo has room for no more tenants");
        }
        let notes = all.entry(tenant.to_owned()).or_default();
        notes.push_front(text.to_owned());
        notes.truncate(NOTES_MAX);
        Ok(())
    }

    fn page(&self, headers: &HeaderMap, title: &str, view: &str, more: Value) -> Response {
        let told: Vec<Value> = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("ambergate-"))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                context! { name => name.as_str(), value }
            })
            .collect();
        let tenant = tenant(headers).unwrap_or_default();
        let page = context! { title, view, tenant, headers => told, ..more };
        match self.pages.render_str(PAGE, page) {
            Ok(page) => Html(page).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

/// Who asks, as the gate says.
fn tenant(headers: &HeaderMap) -> Option<&str> {
    headers.get("ambergate-tenant")?.to_str().ok()
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let notes = tenant(&headers).map(|tenant| app.of(tenant)).unwrap_or_default();
    app.page(&headers, "Notes", "notes", context! { notes })
}

async fn live(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.page(&headers, "Live", "live", context! {})
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

async fn add_by_form(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(note): Form<Note>,
) -> Response {
    let Some(tenant) = tenant(&headers) else { return nobody() };
    match app.keep(tenant, &note.text) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}

async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(tenant) = tenant(&headers) else { return nobody() };
    axum::Json(json!({ "tenant": tenant, "notes": app.of(tenant) })).into_response()
}

async fn add(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(tenant) = tenant(&headers) else { return nobody() };
    let kept = serde_json::from_slice::<Note>(&body)
        .map_err(|_| "right is {\"text\": \"…\"}")
        .and_then(|note| app.keep(tenant, &note.text));
    match kept {
        Ok(()) => (StatusCode::CREATED, axum::Json(json!({ "kept": true }))).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": why }))).into_response(),
    }
}

async fn export(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(tenant) = tenant(&headers) else { return nobody() };
    let file = [(header::CONTENT_DISPOSITION, "attachment; filename=\"notes.json\"")];
    (file, axum::Json(json!({ "tenant": tenant, "notes": app.of(tenant) }))).into_response()
}

fn nobody() -> Response {
    (StatusCode::UNAUTHORIZED, "not signed in: no Ambergate-Tenant came with the request\n")
        .into_response()
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

async fn sign_in(Query(Token { token }): Query<Token>) -> Response {
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let cookie = format!("session={token}; Path=/; HttpOnly; SameSite=Lax");
    match HeaderValue::from_str(&cookie) {
        Ok(cookie) if plain && !token.is_empty() => {
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        _ => (StatusCode::BAD_REQUEST, "not a token\n").into_response(),
    }
}

async fn sign_out() -> Response {
    let gone = "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    ([(header::SET_COOKIE, gone)], Redirect::to("/")).into_response()
}

async fn billing(State(app): State<Arc<App>>, request: Request) -> Response {
    let headers = request.headers();
    let paid = request.uri().query() == Some("paid");
    let (Some(till), Some(tenant)) = (&app.till, tenant(headers)) else {
        return app.page(headers, "Billing", "billing", context! { known => false, paid });
    };
    match till.open_invoices(tenant).await {
        Ok(open) => {
            let invoices: Vec<Value> = open
                .iter()
                .map(|open| {
                    let (number, due_on) = (&open.number, &open.due_on);
                    context! { number, due_on, amount => open.owed.to_string() }
                })
                .collect();
            let more = context! { known => true, paid, invoices };
            app.page(headers, "Billing", "billing", more)
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error).into_response(),
    }
}

async fn pay(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (Some(till), Some(tenant)) = (&app.till, tenant(&headers)) else { return nobody() };
    match till.pay_all(tenant).await {
        Ok(()) => Redirect::to("/billing?paid").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error).into_response(),
    }
}
