//! What every request to the API goes through, and how its parts are read.
//!
//! Rule: whatever refuses a request, a layer or axum itself, the caller reads a problem.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::Settings;
use crate::config::TokenRole;
use crate::domain::event::FieldFault;
use crate::domain::id::TenantId;
use crate::domain::plain::plain;
use crate::net::problem::{BODY_WITHIN, Problem};

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Lets only these roles in; who it is goes on with the request.
pub(super) async fn guard(
    State((settings, roles)): State<(Arc<Settings>, &'static [TokenRole])>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = settings.tokens.caller_in(request.headers(), roles)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Makes a problem of every refusal that is none yet, and has nothing of ours cached.
pub(super) async fn problems_only(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let content = response.headers().get(header::CONTENT_TYPE);
    let is_problem = content.is_some_and(|it| it == "application/problem+json");
    if (status.is_client_error() || status.is_server_error()) && !is_problem {
        let allow = response.headers_mut().remove(header::ALLOW);
        response = problem_of(status).into_response();
        response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    }
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn problem_of(status: StatusCode) -> Problem {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            let title = "This method is not taken";
            Problem::new(status, "method-not-allowed", title, "the Allow header says which are")
        }
        StatusCode::NOT_FOUND => Problem::not_found("the API is under /v1"),
        status if status.is_client_error() => {
            Problem::new(status, "validation", "What was sent is not right", "it cannot be read")
        }
        _ => Problem::internal(),
    }
}

/// A body in JSON, without unknown fields.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        let content = request.headers().get(header::CONTENT_TYPE);
        let content = content.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = content.split(';').next().unwrap_or_default().trim();
        if !media.is_empty() && !media.eq_ignore_ascii_case("application/json") {
            return Err(Problem::media_type("application/json is taken"));
        }
        from_json(&body_of(request).await?).map(Self)
    }
}

/// The whole body, within the limit.
pub(super) async fn body_of(request: Request) -> Result<Bytes, Problem> {
    let body = to_bytes(request.into_body(), BODY_BYTES_MAX);
    let body = tokio::time::timeout(BODY_WITHIN, body).await.map_err(|_| Problem::late())?;
    body.map_err(|_| Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")))
}

/// What a body says, field by field.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        faulty(&[FieldFault::new(field, plain(&error.into_inner().to_string()))])
    })?;
    reader.end().map_err(|error| Problem::validation(format!("after the JSON: {error}")))?;
    Ok(read)
}

/// The words of a query, without unknown ones.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(asked)| Self(asked))
            .map_err(|error| Problem::validation(plain(&error.body_text())))
    }
}

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(named)| Self(named)).map_err(|error| Problem::validation(error.body_text()))
    }
}

/// 400 with the fields that are wrong.
pub(super) fn faulty(faults: &[FieldFault]) -> Problem {
    Problem::faulty(faults)
}

/// 400 for one field.
pub(super) fn wrong(field: &str, detail: &str) -> Problem {
    faulty(&[FieldFault::new(field, detail)])
}

/// Where a list goes on after this tenant.
pub(super) fn cursor(tenant: &TenantId) -> String {
    URL_SAFE_NO_PAD.encode(tenant.as_str())
}

/// The tenant after which a list goes on.
pub(super) fn after(cursor: Option<&str>) -> Result<Option<TenantId>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let tenant = name.and_then(|name| name.parse().ok());
    tenant.map(Some).ok_or_else(|| wrong("cursor", "not one that was given out here"))
}

/// How many are answered at once.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(50),
        Some(limit) if (1..=500).contains(&limit) => Ok(limit),
        Some(_) => Err(wrong("limit", "from 1 to 500")),
    }
}
