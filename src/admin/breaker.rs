//! The breaker of law 8: what it counts, and a person who trips it or sets it back.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Json, wrong};
use super::{Admin, unavailable};
use crate::ledger::Limit;
use crate::net::bearer::Caller;
use crate::net::problem::Problem;
use crate::store::breaker::Breaker;

/// The longest reason.
const REASON_BYTES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    tripped: bool,
    reason: String,
}

pub(super) async fn read(State(admin): State<Admin>) -> Result<Answer<Value>, Problem> {
    let breaker = admin.ledger.breaker().await.map_err(unavailable)?;
    shown(&admin, &breaker).await
}

pub(super) async fn set(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Json(Set { tripped, reason }): Json<Set>,
) -> Result<Answer<Value>, Problem> {
    if reason.trim().is_empty() {
        return Err(wrong("reason", "say what was found: it stands in the records"));
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(wrong("reason", "at most 1000 bytes"));
    }
    if admin.ledger.breaker_limit().is_none() {
        return Err(Problem::conflict(
            "there is no breaker: say in [breaker] how many are allowed",
        ));
    }
    let set = admin.ledger.set_breaker(tripped, reason, Some(caller.name)).await;
    shown(&admin, &set.map_err(unavailable)?).await
}

/// One that is tripped is shown with what it tripped at, else with what it would trip at.
async fn shown(admin: &Admin, breaker: &Breaker) -> Result<Answer<Value>, Problem> {
    let limit = admin.ledger.breaker_limit();
    let (max, window) = match limit {
        Some(limit @ Limit { window, .. }) if !breaker.tripped => {
            let max = admin.ledger.slots_max(&limit).await.map_err(unavailable)?;
            (max, window.as_secs())
        }
        _ => (breaker.max, breaker.window / 1_000),
    };
    Ok(Answer(json!({
        "on": limit.is_some(),
        "tripped": breaker.tripped,
        "count": breaker.count,
        "max": max,
        "window_seconds": window,
        "generation": breaker.generation,
        "reason": breaker.reason,
        "by": breaker.by,
        "at": breaker.at,
    })))
}
