//! Problems as the control plane's addresses answer them (RFC 9457).
//!
//! Rules:
//! 1. Every answer that is no success is `application/problem+json`, with a stable `code`.
//! 2. `detail` says what is wrong and what would be right; it never holds a secret.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::domain::event::FieldFault;

/// A whole body is read within so long.
pub const BODY_WITHIN: Duration = Duration::from_secs(30);

/// So many wrong fields are named at most.
const NAMED_MAX: usize = 50;

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    more: Map<String, Value>,
}

impl Problem {
    /// Of a kind: `code` is stable and part of `type`.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, code, title, detail: detail.into(), more: Map::new() }
    }

    /// What was sent is wrong: 400.
    #[must_use]
    pub fn validation(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation", "What was sent is not right", detail)
    }

    /// What was sent is wrong, field by field: 400. Of very many faults the first are named.
    #[must_use]
    pub fn faulty(faults: &[FieldFault]) -> Self {
        let named = &faults[..faults.len().min(NAMED_MAX)];
        Self::validation(sentence(faults)).with("errors", json!(named))
    }

    /// There is no such thing: 404.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is no such thing", detail)
    }

    /// It is not possible as things stand: 409.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "This is not possible as things stand", detail)
    }

    /// The key of another request: 422 (draft-ietf-httpapi-idempotency-key-header-07).
    #[must_use]
    pub fn key_reused() -> Self {
        let (title, detail) = (
            "This Idempotency-Key was used for something else",
            "what was sent with it before is done: send this with a key of its own",
        );
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-conflict", title, detail)
    }

    /// Nobody that is known: 401. Nothing is said of what the token was compared with.
    #[must_use]
    pub fn unknown_token() -> Self {
        let detail = "the token that was sent is none of those in admin.tokens";
        let title = "This token is not known";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title, detail)
    }

    /// Nobody: 401.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "send a token: Authorization: Bearer …";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Who are you?", detail)
    }

    /// Known, and may not: 403.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This token may not do that", detail)
    }

    /// What was announced did not come in time: 408.
    #[must_use]
    pub fn late() -> Self {
        let seconds = BODY_WITHIN.as_secs();
        let detail = format!("the whole body is to come within {seconds} seconds");
        Self::new(StatusCode::REQUEST_TIMEOUT, "request-late", "The request took too long", detail)
    }

    /// Too much was sent: 413.
    #[must_use]
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too much was sent", detail)
    }

    /// Another kind of content: 415.
    #[must_use]
    pub fn media_type(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "unsupported-media-type", "This kind of content is not taken", detail)
    }

    /// It is not right yet, and will be: 425.
    #[must_use]
    pub fn too_early(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_EARLY, "too-early", "This is to be sent again later", detail)
    }

    /// The store cannot be used now: 503.
    #[must_use]
    pub fn store_unavailable(detail: impl Into<String>) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "store-unavailable", "The store cannot be used now", detail)
    }

    /// Something of ours is wrong: 500. What exactly is for the log.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "the log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something is wrong here", detail)
    }

    /// With one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

/// Faults in one sentence. Of very many the first are named.
#[must_use]
pub fn sentence(faults: &[FieldFault]) -> String {
    let mut named: Vec<_> = faults.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if let Some(more) = faults.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        named.push(format!("and {more} more"));
    }
    named.join("; ")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("urn:ambergate:problem:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code.replace('-', "_"),
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.more);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let content = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_and_the_list_ends() {
        let fault = |field: &str| FieldFault::new(field, "not an amount");
        assert_eq!(sentence(&[fault("a"), fault("")]), "a: not an amount; not an amount");
        let many: Vec<_> = (0..100_000).map(|number| fault(&number.to_string())).collect();
        let problem = Problem::faulty(&many);
        assert!(problem.detail.ends_with("49: not an amount; and 99950 more"), "{problem:?}");
        assert_eq!(problem.more["errors"].as_array().unwrap().len(), NAMED_MAX);
    }
}
