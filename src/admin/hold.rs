//! Holding a cutoff from a link in the digest (SPEC 8).
//!
//! Rules:
//! 1. The link is its own proof: signed, for one warning of one tenant, given to one mailbox, by
//!    whom the cutoff is then held. It works until it expires, while that warning stands, and
//!    once: what it makes is one agreement, however often it is used.
//! 2. Asking for the page changes nothing: programs that open the links of mails hold nothing. The
//!    page's form does.
//! 3. The page is kept by nobody and framed by nobody; where it leads learns nothing of the link.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::config::Secret;
use crate::domain::digest;
use crate::domain::fact::ArrangementMade;
use crate::domain::id::TenantId;
use crate::domain::record::Fact;
use crate::ledger::{Ledger, Outcome, Standing};
use crate::net::html::escaped;
use crate::net::signed::{self, Hold};

/// How the page looks, by its hash in the policy of what it may load.
const STYLE: &str = "body{font:1rem/1.5 sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}\
    button{font:inherit;padding:.5rem 1rem}:root{color-scheme:light dark}";

/// What every answer says besides.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
];

#[derive(Clone)]
struct Holds {
    ledger: Ledger,
    secret: Secret,
}

/// The pages behind the links of the digest.
pub fn router(ledger: Ledger, secret: Secret) -> Router {
    let state = Holds { ledger, secret };
    Router::new().route("/hold/{link}", get(ask).post(make)).with_state(state)
}

/// What a link leads to.
enum Found {
    /// Nothing that was signed here.
    Nothing,
    /// The store cannot be read now.
    Away,
    /// It does not work any more.
    Expired,
    /// There is nothing to hold any more.
    Over(TenantId),
    /// It was held, with this link or another one for the same cutoff.
    Held(TenantId),
    /// This would be agreed.
    Cutoff(TenantId, Box<ArrangementMade>),
}

impl Holds {
    async fn find(&self, link: &str) -> Found {
        let Some(hold) = signed::read_hold(&self.secret, link) else { return Found::Nothing };
        match self.ledger.standing(&hold.tenant).await {
            Ok(Some(standing)) => found(hold, &standing),
            Ok(None) => Found::Over(hold.tenant),
            Err(error) => {
                tracing::warn!(%error, "a cutoff could not be held");
                Found::Away
            }
        }
    }
}

fn found(hold: Hold, standing: &Standing) -> Found {
    let (name, now) = (hold.notice.to_string(), standing.situation.now);
    let mut made = standing.account.arrangements.iter();
    if made.any(|it| it.made.arrangement.as_str() == name) {
        return Found::Held(hold.tenant);
    }
    if now >= hold.expires {
        return Found::Expired;
    }
    let by = (hold.by.as_str(), now);
    match digest::hold(&standing.account, &standing.law, hold.notice, by) {
        Some(made) => Found::Cutoff(hold.tenant, Box::new(made)),
        None => Found::Over(hold.tenant),
    }
}

async fn ask(State(holds): State<Holds>, Path(link): Path<String>) -> Response {
    match holds.find(&link).await {
        Found::Cutoff(tenant, made) => {
            let invoices: Vec<String> =
                made.invoices.iter().flatten().map(|it| escaped(it.as_str())).collect();
            let due = made.due_on.map_or_else(String::new, |due| due.to_string());
            let asks = format!(
                "<h1>Hold the cutoff of {}?</h1>\n<p>{} will be due on {due}: five working days \
                 from now. Its reminders begin again, with the whole period. It is recorded as \
                 held by {}.</p>\n\
                 <form method=\"post\"><button>Hold it</button></form>",
                escaped(tenant.as_str()),
                invoices.join(", "),
                escaped(made.by.as_deref().unwrap_or_default()),
            );
            page(StatusCode::OK, &asks)
        }
        other => told(&other),
    }
}

async fn make(State(holds): State<Holds>, Path(link): Path<String>) -> Response {
    let found = holds.find(&link).await;
    let Found::Cutoff(tenant, made) = found else { return told(&found) };
    let Ok(id) = format!("made-{}", made.arrangement).parse() else {
        return told(&Found::Away);
    };
    let fact = Fact::ArrangementMade(made);
    match holds.ledger.record(&tenant, id, fact).await {
        Outcome::Accepted | Outcome::Duplicate => {
            tracing::info!(%tenant, "a cutoff was held from the digest");
            told(&Found::Held(tenant))
        }
        Outcome::Parked | Outcome::Unavailable => told(&Found::Away),
    }
}

fn told(found: &Found) -> Response {
    let of = |tenant: &TenantId| escaped(tenant.as_str());
    let (status, said) = match found {
        Found::Nothing => (StatusCode::NOT_FOUND, "This link was not made here.".to_owned()),
        Found::Away => {
            let said = "Nothing was held: the store cannot be used now. Try again.";
            (StatusCode::SERVICE_UNAVAILABLE, said.to_owned())
        }
        Found::Expired => {
            (StatusCode::GONE, "This link has expired: use that of the newest digest.".to_owned())
        }
        Found::Over(tenant) => {
            (StatusCode::GONE, format!("There is nothing to hold for {} any more.", of(tenant)))
        }
        Found::Held(tenant) | Found::Cutoff(tenant, _) => (
            StatusCode::OK,
            format!("Held: {} is not cut off for it, and its due date is later.", of(tenant)),
        ),
    };
    page(status, &format!("<p>{said}</p>"))
}

fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Hold a cutoff</title>\n\
         <style>{STYLE}</style>\n<body>\n{body}\n</body>\n</html>\n"
    );
    let mut response = (status, Html(html)).into_response();
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    response
}
