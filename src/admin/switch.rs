//! The switch of law 8, in the store and, with `?here=true`, in this process alone.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Asked, Json, wrong};
use super::{Admin, Here, Settings, unavailable};
use crate::net::bearer::Caller;
use crate::net::problem::Problem;
use crate::store::{StoreError, Switch};

/// The longest reason.
const REASON_BYTES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    #[serde(default)]
    here: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    open: bool,
    reason: Option<String>,
}

pub(super) async fn read(
    State(admin): State<Admin>,
    Asked(asked): Asked<Where>,
) -> Result<Answer<Value>, Problem> {
    if asked.here {
        return shown_here(gate_of(&admin.settings)?);
    }
    let switch = admin.ledger.switch().await.map_err(unavailable)?;
    Ok(Answer(shown(&switch)))
}

pub(super) async fn set(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Where>,
    Json(set): Json<Set>,
) -> Result<Answer<Value>, Problem> {
    let Set { open, reason } = set.checked()?;
    if asked.here {
        return turn_here(&admin.settings, &caller, open, reason.as_deref());
    }
    let set = admin.ledger.set_switch(open, reason, Some(caller.name)).await;
    Ok(Answer(shown(&set.map_err(not_set)?)))
}

/// The switch for everybody is in the store; without one there are other ways to open.
fn not_set(error: StoreError) -> Problem {
    let problem = unavailable(error);
    if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
        Problem::store_unavailable(
            "the switch for everybody is kept in it. To open without it: `ambergate open --here \
             --reason TEXT` for one process, or make the file that [gate] open_file names",
        )
    } else {
        problem
    }
}

/// In a process that has nothing but a gate.
pub(super) async fn read_here(
    State(settings): State<Arc<Settings>>,
    Asked(asked): Asked<Where>,
) -> Result<Answer<Value>, Problem> {
    asked.must_be_here()?;
    shown_here(gate_of(&settings)?)
}

/// In a process that has nothing but a gate.
pub(super) async fn set_here(
    State(settings): State<Arc<Settings>>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Where>,
    Json(set): Json<Set>,
) -> Result<Answer<Value>, Problem> {
    asked.must_be_here()?;
    let Set { open, reason } = set.checked()?;
    turn_here(&settings, &caller, open, reason.as_deref())
}

impl Where {
    fn must_be_here(&self) -> Result<(), Problem> {
        if self.here {
            return Ok(());
        }
        Err(wrong("here", "this is a gate alone: say ?here=true, or ask the control plane"))
    }
}

impl Set {
    fn checked(self) -> Result<Self, Problem> {
        if self.reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
            return Err(wrong("reason", "at most 1000 bytes"));
        }
        Ok(self)
    }
}

fn turn_here(
    settings: &Settings,
    caller: &Caller,
    open: bool,
    reason: Option<&str>,
) -> Result<Answer<Value>, Problem> {
    let gate = gate_of(settings)?;
    gate.set(open);
    tracing::warn!(open, by = %caller.name, reason, "the switch was set for this process alone");
    shown_here(gate)
}

fn shown_here(gate: &dyn Here) -> Result<Answer<Value>, Problem> {
    Ok(Answer(json!({"open": gate.is_open(), "here": true})))
}

fn gate_of(settings: &Settings) -> Result<&dyn Here, Problem> {
    let none = || Problem::conflict("there is no gate in this process");
    settings.here.as_deref().ok_or_else(none)
}

fn shown(switch: &Switch) -> Value {
    json!({
        "open": switch.open,
        "generation": switch.generation,
        "reason": switch.reason,
        "by": switch.by,
        "at": switch.at,
    })
}
