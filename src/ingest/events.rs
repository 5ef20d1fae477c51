//! `POST /v1/events`: one CloudEvent, or an array of them (SPEC 10).
//!
//! Rules:
//! 1. One event that is not right is 400 with its fields. Of a batch the others are taken, and
//!    the answer names those that were not by their index; of very many the first, and says so.
//! 2. If anything could not be kept the whole answer is 503: sending it again does no harm.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::time::timeout;

use super::{BODY_BYTES_MAX, Ingest};
use crate::config::TokenRole;
use crate::domain::event::{self, FieldFault, SignOfLife, Told};
use crate::ledger::{Ledger, Outcome};
use crate::net::problem::{self, BODY_WITHIN, Problem};

/// So many events of a batch that are not right are listed.
pub const LISTED_MAX: usize = 1_000;

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Taken.
    pub accepted: usize,
    /// Known before.
    pub duplicates: usize,
    /// Kept until their tenant is known.
    pub parked: usize,
    /// Not right: the first [`LISTED_MAX`] of them.
    pub refused: Vec<Refused>,
    /// How many more were not right; not said when there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub refused_unlisted: usize,
}

/// An event of a batch that is not right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Which, from 0.
    pub index: usize,
    /// What is wrong, field by field.
    pub detail: String,
}

pub(super) async fn receive(
    State(ingest): State<Ingest>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let inner = &ingest.inner;
    inner.tokens.caller_in(&headers, &[TokenRole::Ingest, TokenRole::Admin])?;
    let kind = content_type(&headers);
    let known = ["application/cloudevents+json", "application/cloudevents-batch+json"];
    if !known.contains(&kind.as_str()) && kind != "application/json" {
        let detail = "application/cloudevents+json, application/cloudevents-batch+json or \
             application/json is taken";
        return Err(Problem::media_type(detail));
    }
    let bytes = read(body).await?;
    let (events, list) = event::read(&bytes).map_err(|fault| Problem::faulty(&[fault]))?;
    let mut summary = Summary::default();
    let faults = accept(&inner.ledger, &events, &mut summary).await?;
    match faults.first() {
        Some((_, faults)) if !list => Err(Problem::faulty(faults)),
        _ => {
            let refused = faults.iter().take(LISTED_MAX).map(|(index, faults)| Refused {
                index: *index,
                detail: problem::sentence(faults),
            });
            summary.refused.extend(refused);
            summary.refused_unlisted = faults.len().saturating_sub(LISTED_MAX);
            Ok(Json(summary).into_response())
        }
    }
}

/// Takes events; answers those that are not right, by their index.
///
/// # Errors
///
/// 503: something could be kept neither in the store nor in a journal.
pub async fn accept(
    ledger: &Ledger,
    events: &[Told],
    summary: &mut Summary,
) -> Result<Vec<(usize, Vec<FieldFault>)>, Problem> {
    let now = ledger.now().await;
    let mut incoming = Vec::with_capacity(events.len());
    let mut refused = Vec::new();
    let mut kept = true;
    for (index, event) in events.iter().enumerate() {
        match event.sign_of_life(now) {
            Some(Ok(SignOfLife { source, at })) => match ledger.hear(&source, at).await {
                Ok(()) => summary.accepted += 1,
                Err(_) => kept = false,
            },
            Some(Err(faults)) => refused.push((index, faults)),
            None => match event.parse(now) {
                Ok(event) => incoming.push(event),
                Err(faults) => refused.push((index, faults)),
            },
        }
    }
    for outcome in ledger.accept(incoming).await {
        match outcome {
            Outcome::Accepted => summary.accepted += 1,
            Outcome::Duplicate => summary.duplicates += 1,
            Outcome::Parked => summary.parked += 1,
            Outcome::Unavailable => kept = false,
        }
    }
    let counter = |result: &'static str, count: usize| {
        metrics::counter!("ambergate_events_in_total", "result" => result).increment(count as u64);
    };
    counter("accepted", summary.accepted);
    counter("duplicate", summary.duplicates);
    counter("parked", summary.parked);
    counter("refused", refused.len());
    if kept {
        return Ok(refused);
    }
    Err(Problem::store_unavailable("not everything could be kept: send all of it again"))
}

#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The media type, without parameters, in small letters.
fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The whole body, within the limit.
pub(super) async fn read(body: Body) -> Result<axum::body::Bytes, Problem> {
    let Ok(read) = timeout(BODY_WITHIN, to_bytes(body, BODY_BYTES_MAX)).await else {
        return Err(Problem::late());
    };
    read.map_err(|error| {
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if cause.is::<http_body_util::LengthLimitError>() {
                return Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken"));
            }
            source = cause.source();
        }
        Problem::validation("the body ended too early")
    })
}
