//! Problems (RFC 9457): a stable `code`, words for people, and nothing that a stranger may not
//! know.

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::{Answer, uncached};

/// `type` of a problem: a name, for nothing is promised to be behind it.
pub(super) fn kind(slug: &str) -> String {
    format!("urn:ambergate:problem:{slug}")
}

/// `application/problem+json`.
#[must_use]
pub(super) fn of(status: StatusCode, body: &Value) -> Answer {
    uncached(status, "application/problem+json", body.to_string())
}

/// A problem without anything about a tenant.
#[must_use]
pub fn plain(status: StatusCode, slug: &str, title: &str, detail: &str) -> Answer {
    let body = json!({
        "type": kind(slug),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": slug.replace('-', "_"),
    });
    of(status, &body)
}

/// 400: the request is not HTTP as it must be, or contradicts itself.
#[must_use]
pub fn bad_request(detail: &str) -> Answer {
    plain(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be understood", detail)
}

/// 401: the token is bad, or there must be one.
#[must_use]
pub fn unauthorized() -> Answer {
    let mut answer = plain(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Sign in first",
        "The request bears no valid token.",
    );
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    answer
}

/// 404: the gate has no such page of its own.
#[must_use]
pub fn not_found() -> Answer {
    plain(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is no such page",
        "Nothing is at this address.",
    )
}

/// 405: `allow` says what would be right.
#[must_use]
pub fn method_not_allowed(allow: &'static str) -> Answer {
    let mut answer = plain(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This method is not taken",
        "The methods that are taken are in the Allow header.",
    );
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    answer
}
