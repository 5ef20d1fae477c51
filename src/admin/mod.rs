//! The door for people and their tools: the admin API (SPEC 10).
//!
//! Rules:
//! 1. Everything asks for a token, and every answer that is no success is a problem
//!    (`net::problem`).
//! 2. Unknown fields of a request are refused; what people may change is recorded with who and why.
//! 3. What is shown is reckoned when it is asked for, from records: nothing is kept here.

mod arrangements;
mod breaker;
mod fitting;
mod forget;
pub mod hold;
mod migrate;
mod notices;
mod parked;
mod policies;
mod request;
mod show;
mod simulate;
mod switch;
mod tasks;
mod tenants;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post, put};

use crate::config::TokenRole;
use crate::ledger::Ledger;
use crate::net::bearer::Tokens;
use crate::net::problem::Problem;
use crate::store::StoreError;

/// Who may look.
const LOOKS: &[TokenRole] = &[TokenRole::Viewer, TokenRole::Agent, TokenRole::Admin];
/// Who may deal with a tenant.
const DEALS: &[TokenRole] = &[TokenRole::Agent, TokenRole::Admin];
/// Who may do what concerns everybody.
const RULES: &[TokenRole] = &[TokenRole::Admin];

/// The switch of the gate in this process.
pub trait Here: Send + Sync + 'static {
    /// Whether it is open here.
    fn is_open(&self) -> bool;

    /// Opens or closes it here.
    fn set(&self, open: bool);
}

/// What the door needs besides the ledger.
pub struct Settings {
    /// Who may come in.
    pub tokens: Tokens,
    /// Whether gates refuse and show banners (`[gate] enforce = "on"`).
    pub enforced: bool,
    /// The gate of this process, where there is one.
    pub here: Option<Box<dyn Here>>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("enforced", &self.enforced).finish_non_exhaustive()
    }
}

/// The admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    ledger: Ledger,
    settings: Arc<Settings>,
}

impl Admin {
    /// The API over `ledger`.
    #[must_use]
    pub fn new(ledger: Ledger, settings: Settings) -> Self {
        Self { ledger, settings: Arc::new(settings) }
    }

    /// All routes, with an answer for everything else. Others are merged into it: those of
    /// events and webhooks, of health and metrics, and the demo's.
    pub fn router(&self) -> Router {
        let looks = Router::new()
            .route("/v1/tenants", get(tenants::list))
            .route("/v1/tenants/{tenant}", get(tenants::one))
            .route("/v1/tenants/{tenant}/explain", get(tenants::explain))
            .route("/v1/tenants/{tenant}/timeline", get(tenants::timeline))
            .route("/v1/tenants/{tenant}/dossier", get(tenants::dossier))
            .route("/v1/tenants/{tenant}/history", get(tenants::history))
            .route("/v1/notices", get(notices::list))
            .route("/v1/tasks", get(tasks::list))
            .route("/v1/policies", get(policies::list))
            .route("/v1/policies/{policy}", get(policies::one))
            .route("/v1/policies/{policy}/simulate", post(simulate::run))
            .route("/v1/parked", get(parked::list))
            .route("/v1/breaker", get(breaker::read))
            .route("/v1/switch", get(switch::read));
        let deals = Router::new()
            .route("/v1/tenants/{tenant}/arrangements", post(arrangements::make))
            .route("/v1/tenants/{tenant}/arrangements/{name}", delete(arrangements::withdraw))
            .route("/v1/tenants/{tenant}/arrangements/{name}/end", post(arrangements::end))
            .route("/v1/tasks/{task}/done", post(tasks::done))
            .route("/v1/parked/{id}/replay", post(parked::replay));
        let rules = Router::new()
            .route("/v1/breaker", put(breaker::set))
            .route("/v1/tenants/{tenant}/forget", post(forget::forget))
            .route("/v1/policies/{policy}/migrate", post(migrate::run))
            .route("/v1/switch", put(switch::set));
        let guard = |roles| from_fn_with_state((self.settings.clone(), roles), request::guard);
        Router::new()
            .merge(looks.route_layer(guard(LOOKS)))
            .merge(deals.route_layer(guard(DEALS)))
            .merge(rules.route_layer(guard(RULES)))
            .fallback(|| async { Problem::not_found("the API is under /v1") })
            .layer(from_fn(request::problems_only))
            .with_state(self.clone())
    }
}

/// What a process with nothing but a gate answers: its own switch.
pub fn gate_only(tokens: Tokens, here: Box<dyn Here>) -> Router {
    let settings = Arc::new(Settings { tokens, enforced: true, here: Some(here) });
    let guard = |roles| from_fn_with_state((settings.clone(), roles), request::guard);
    let set = put(switch::set_here).route_layer(guard(RULES));
    let read = get(switch::read_here).route_layer(guard(LOOKS));
    Router::new()
        .route("/v1/switch", set.merge(read))
        .fallback(|| async { Problem::not_found("here is a gate alone: ask the control plane") })
        .layer(from_fn(request::problems_only))
        .with_state(settings)
}

/// What a caller reads when the store did not do it.
fn unavailable(error: StoreError) -> Problem {
    match error {
        StoreError::Unreadable { .. } => {
            tracing::error!(%error, "a request could not be answered");
            Problem::internal()
        }
        error => {
            tracing::warn!(%error, "a request could not be answered");
            Problem::store_unavailable("nothing was changed: try again")
        }
    }
}
