//! The decision for other proxies: they ask before they pass a request on (SPEC 6 "Ways to put it
//! in", CONTRACTS 1).
//!
//! Rules:
//! 1. A yes is 200 without a body; a no is what the client is to get, except where nginx asks: it
//!    takes nothing but 401 and 403 for a no, so the status is in `Ambergate-Status`, and what the
//!    client is to get is at `/authz/nginx/denied`.
//! 2. It is the decision of [`Gate::judge`]. What passes elsewhere cannot be made to wait, and is
//!    judged in the spelling in which it came.
//! 3. What the proxy has to say and does not is 400, and never a yes: it is set up wrongly.
//! 4. Trouble with the store is no reason for a no, and never an error: the last known standing
//!    answers.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::counters::Counters;
use super::pages::{Answer, problem};
use super::path::normalise;
use super::service::{Asked, Gate, Judged, Outcome};
use super::told::{self, Told};
use crate::store::Store;

/// Below it other proxies ask.
const ROOT: &str = "/authz/";

const STATUS: HeaderName = HeaderName::from_static("ambergate-status");
const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");
const ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const WEBSOCKET_KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
/// What Envoy takes from the request before the app gets it.
const TO_REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");

/// Which proxy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Nginx,
    Traefik,
    Caddy,
    Envoy,
    HaProxy,
}

/// What one asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Whether the request may pass.
    May,
    /// What its client is to get.
    Denied,
}

/// The request that a proxy asks about.
#[derive(Debug, PartialEq, Eq)]
struct Original {
    method: Method,
    path: String,
    query: Option<String>,
}

impl<S: Store> Gate<S> {
    /// The answer to another proxy's question, or the page that its client is sent here for.
    pub async fn forward_auth(&self, parts: &Parts, counters: &Counters) -> Answer {
        let path = parts.uri.path();
        if let Some(page) = self.own_page(path) {
            let asked = asked(&parts.method, path, parts.uri.query(), &parts.headers);
            let own = self.answer_own(page, &asked, counters).await;
            return self.for_reader(own, &parts.headers);
        }
        let Some((asker, question, rest)) = question(path) else { return problem::not_found() };
        let original = match original(asker, parts, rest) {
            Ok(original) => original,
            Err(fault) => {
                counters.bad_request.one();
                return asker.of(question, problem::bad_request(fault));
            }
        };
        let Original { method, path, query } = &original;
        if *method == Method::TRACE || *method == Method::CONNECT {
            return asker.of(question, problem::method_not_allowed(told::TAKEN));
        }
        // The gate's own pages are open to everybody, spelt plainly, and so is what is asked of the
        // server itself.
        let normal = normalise(path);
        let plain = normal.path == path.as_str() && !normal.ambiguous;
        if plain && self.own_page(path).is_some() || path == "*" {
            return asker.passes(Response::new(Bytes::new()));
        }
        let asked = asked(method, path, query.as_deref(), &parts.headers);
        let outcome = match self.judge(&asked, counters) {
            Judged::Done(outcome) => outcome,
            Judged::Looking(looking) => self.look(looking, counters).await,
        };
        let told = Told::of_outcome(&outcome);
        let mut own = match outcome {
            Outcome::Pass(_) if question == Question::Denied => again(),
            Outcome::Pass(pass) => {
                let mut answer = Response::new(Bytes::new());
                told::tell_app(answer.headers_mut(), &pass);
                told.tell(answer.headers_mut());
                return asker.passes(answer);
            }
            Outcome::Refuse(refusal) => self.refusal(&refusal, &parts.headers).await,
            Outcome::Unauthorized => problem::unauthorized(),
            Outcome::Contradiction(what) => problem::bad_request(what),
        };
        told.tell(own.headers_mut());
        asker.of(question, self.for_reader(own, &parts.headers))
    }
}

fn asked<'a>(
    method: &'a Method,
    path: &'a str,
    query: Option<&'a str>,
    headers: &'a HeaderMap,
) -> Asked<'a> {
    // Proxies take away what belongs to one hop before they ask: what is left shows it.
    let named = headers.get(UPGRADE).is_some_and(|it| !it.is_empty());
    let upgrades = named || headers.contains_key(WEBSOCKET_KEY);
    Asked { method, path, query, headers, upgrades, passes_here: false }
}

/// Who asks what; and what of the path is left.
fn question(path: &str) -> Option<(Asker, Question, &str)> {
    let rest = path.strip_prefix(ROOT)?;
    let (name, rest) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let asker = match name {
        "nginx" => Asker::Nginx,
        "traefik" => Asker::Traefik,
        "caddy" => Asker::Caddy,
        "envoy" => Asker::Envoy,
        "haproxy" => Asker::HaProxy,
        _ => return None,
    };
    match (asker, rest) {
        (Asker::Nginx, "/denied") => Some((asker, Question::Denied, "")),
        (Asker::Envoy, rest) if !rest.is_empty() => Some((asker, Question::May, rest)),
        (_, "") if asker != Asker::Envoy => Some((asker, Question::May, "")),
        _ => None,
    }
}

/// The request that is asked about; else what is missing, for whoever set the proxy up.
fn original(asker: Asker, parts: &Parts, rest: &str) -> Result<Original, &'static str> {
    let (method, target) = match asker {
        Asker::Envoy => {
            let query = parts.uri.query().map(ToOwned::to_owned);
            let method = parts.method.clone();
            return Ok(Original { method, path: rest.to_owned(), query });
        }
        Asker::Nginx | Asker::HaProxy => (
            one(&parts.headers, &ORIGINAL_METHOD).ok_or(
                "X-Original-Method is not there once: the proxy has to say the request's method.",
            )?,
            one(&parts.headers, &ORIGINAL_URI).ok_or(
                "X-Original-URI is not there once: the proxy has to say the request's path and \
                 query.",
            )?,
        ),
        Asker::Traefik | Asker::Caddy => (
            one(&parts.headers, &FORWARDED_METHOD)
                .ok_or("X-Forwarded-Method is not there once: ask by the proxy's forward auth.")?,
            one(&parts.headers, &FORWARDED_URI)
                .ok_or("X-Forwarded-Uri is not there once: ask by the proxy's forward auth.")?,
        ),
    };
    let method = Method::from_bytes(method).map_err(|_| "The original method is none.")?;
    let target = std::str::from_utf8(target).map_err(|_| "The original path is no text.")?;
    // Some servers take what follows a `#` for no part of the path, others do not.
    if !(target.starts_with('/') || target == "*") || target.contains('#') {
        return Err("The original path does not begin with /, or has a # in it.");
    }
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query.to_owned())));
    Ok(Original { method, path: path.to_owned(), query })
}

/// The value of a header that is there exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut all = headers.get_all(name).iter();
    let value = all.next()?;
    all.next().is_none().then(|| value.as_bytes())
}

/// What was refused a moment ago would pass now.
fn again() -> Answer {
    let mut answer = problem::plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "try-again",
        "Please try again",
        "Access has just come back. Nothing was done yet: please try once more.",
    );
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

impl Asker {
    /// A yes, as this proxy reads it.
    fn passes(self, mut answer: Answer) -> Answer {
        let headers = answer.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::Nginx => _ = headers.insert(STATUS, HeaderValue::from_static("200")),
            Self::Envoy => {
                // What is not said here must not be what the client said.
                let unsaid = told::TO_APP.iter().filter(|name| !headers.contains_key(*name));
                let unsaid: Vec<&str> = unsaid.map(HeaderName::as_str).collect();
                let unsaid = HeaderValue::from_str(&unsaid.join(","));
                if let Some(unsaid) = unsaid.ok().filter(|unsaid| !unsaid.is_empty()) {
                    headers.insert(TO_REMOVE, unsaid);
                }
            }
            Self::Traefik | Self::Caddy | Self::HaProxy => {}
        }
        answer
    }

    /// A no, as this proxy reads it.
    fn of(self, question: Question, mut answer: Answer) -> Answer {
        if self != Self::Nginx || question == Question::Denied {
            return answer;
        }
        let status = answer.status();
        if let Ok(said) = HeaderValue::from_str(status.as_str()) {
            answer.headers_mut().insert(STATUS, said);
        }
        // Nothing else is passed on but the status, and what the configuration picks.
        *answer.body_mut() = Bytes::new();
        answer.headers_mut().remove(CONTENT_TYPE);
        if status != StatusCode::UNAUTHORIZED {
            *answer.status_mut() = StatusCode::FORBIDDEN;
        }
        answer
    }
}
