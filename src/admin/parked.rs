//! Events that have no tenant: listed, and taken in once it is known whose they are.

use axum::extract::{Request, State};
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Asked, Named, body_of, from_json, limit};
use super::{Admin, unavailable};
use crate::domain::forget::Debts;
use crate::domain::id::TenantId;
use crate::ledger::{Outcome, ReplayError};
use crate::net::bearer::Caller;
use crate::net::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    cursor: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(admin): State<Admin>,
    Asked(asked): Asked<List>,
) -> Result<Answer<Value>, Problem> {
    let limit = limit(asked.limit)?;
    let mut parked = admin.ledger.parked().await.map_err(unavailable)?;
    if let Some(cursor) = &asked.cursor {
        // What was replayed meanwhile is gone; the list then begins anew.
        let last = parked.iter().position(|event| event.id == *cursor);
        parked.drain(..last.map_or(0, |last| last + 1));
    }
    let more = parked.len() > limit;
    parked.truncate(limit);
    let next = parked.last().filter(|_| more).map(|event| event.id.clone());
    Ok(Answer(json!({"parked": parked, "next": next})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    /// Whose it is, where the event does not say.
    tenant: Option<TenantId>,
}

pub(super) async fn replay(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(id): Named<String>,
    request: Request,
) -> Result<Answer<Value>, Problem> {
    let bytes = body_of(request).await?;
    let replay = if bytes.is_empty() { Replay::default() } else { from_json(&bytes)? };
    let outcome = admin.ledger.replay_parked(&id, replay.tenant.as_ref()).await;
    match outcome.map_err(problem)? {
        Outcome::Parked => Err(Problem::conflict(still(&admin, &id).await)),
        _ => {
            tracing::info!(%id, by = %caller.name, "a parked event was replayed");
            Ok(Answer(json!({"accepted": 1})))
        }
    }
}

/// Why it stays parked.
async fn still(admin: &Admin, id: &str) -> String {
    let parked = admin.ledger.parked().await.unwrap_or_default();
    let event = parked.iter().find(|event| event.id == id).map(|event| &event.event);
    let tenant: Option<TenantId> = event
        .filter(|event| event["type"] == "ambergate.tenant.forgotten")
        .and_then(|event| event["subject"].as_str()?.parse().ok());
    if let Some(tenant) = tenant
        && let Ok(Some(standing)) = admin.ledger.standing(&tenant).await
    {
        let debts = Debts::of(&standing.account, standing.situation.now);
        return format!("open debt: {debts}. Settle it or write it off first");
    }
    "its tenant is not known: an invoice or the tenant itself must come first".to_owned()
}

fn problem(error: ReplayError) -> Problem {
    match error {
        ReplayError::Unknown => Problem::not_found(error.to_string()),
        ReplayError::NoTenant => super::request::wrong("tenant", &error.to_string()),
        ReplayError::Faulty(_) => Problem::conflict(format!("it cannot be read as it is: {error}")),
        ReplayError::Store(error) => unavailable(error),
    }
}
