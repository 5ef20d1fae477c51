//! Problems (RFC 9457): a stable `code`, words for people, and nothing that a stranger may not
//! know; and the same as a page, where a person's browser goes to it.

use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Answer, Pages, navigation, uncached};

/// What a person reads of a problem.
#[derive(Clone, Copy, Debug, Serialize)]
struct Plain {
    title: &'static str,
    detail: &'static str,
}

impl Pages {
    /// A problem as a page, if `headers` are those of a navigation; any other answer as it is.
    #[must_use]
    pub fn for_reader(&self, mut answer: Answer, headers: &HeaderMap) -> Answer {
        let plain = answer.extensions().get::<Plain>().copied();
        let plain = plain.filter(|_| navigation::is_navigation(headers));
        let Some(page) = plain.and_then(|plain| self.render("problem", &plain, true)) else {
            return answer;
        };
        *answer.body_mut() = page.into();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, html);
        answer
    }
}

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
pub fn plain(status: StatusCode, slug: &str, title: &'static str, detail: &'static str) -> Answer {
    let body = json!({
        "type": kind(slug),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "code": slug.replace('-', "_"),
    });
    let mut answer = of(status, &body);
    answer.extensions_mut().insert(Plain { title, detail });
    answer
}

/// 400: the request is not HTTP as it must be, or contradicts itself.
#[must_use]
pub fn bad_request(detail: &'static str) -> Answer {
    plain(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be understood", detail)
}

/// 401: the token is bad, or there must be one.
#[must_use]
pub fn unauthorized() -> Answer {
    let mut answer = plain(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "Sign in first",
        "The request bears no valid token: one that names a tenant, that a key known here signed, \
         and whose `exp` is there and not past.",
    );
    let detail = "You are not signed in, or your sign-in has ended. Please sign in again.";
    answer.extensions_mut().insert(Plain { title: "Please sign in", detail });
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
