//! The door for facts: CloudEvents from whoever has a token, and webhooks of billing systems.
//!
//! The road of an event: bytes, limits, proof (a token or a signature), translation to records
//! ([`crate::domain::event`], [`stripe`]), then [`Ledger::accept`], and only then 2xx.
//!
//! Rules:
//! 1. 2xx is answered when it is durable, 4xx says which field, 5xx makes the sender try again.
//! 2. A signature is checked over the bytes as they came, before anything is read from them.
//! 3. What has no tenant is parked, and so is what a billing system says that cannot be
//!    translated: it would be sent again for ever.

pub mod ask;
pub mod events;
pub mod signature;
pub mod stripe;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, post};
use quick_cache::sync::Cache;

use crate::config::Secret;
use crate::domain::id::TenantId;
use crate::ledger::Ledger;
use crate::net::bearer::Tokens;
use crate::net::problem::Problem;

/// The largest body that is read.
const BODY_BYTES_MAX: usize = 1 << 20;
/// How many of a billing system's names are at hand with their tenants.
const NAMES_MAX: usize = 100_000;

/// What the door needs.
#[derive(Clone, Debug)]
pub struct Ingest {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    tokens: Tokens,
    stripe: Option<Stripe>,
    /// Whose a billing system's invoice or customer is: what the ledger keeps, as heard here.
    names: Cache<String, TenantId>,
}

/// How webhooks of Stripe are proved and translated.
#[derive(Clone, Debug)]
pub struct Stripe {
    /// Signing secrets, any of which is good.
    pub secrets: Vec<Secret>,
    /// Where an object names its tenant: `metadata.tenant`.
    pub tenant: String,
}

impl Ingest {
    /// A door to `ledger`.
    #[must_use]
    pub fn new(ledger: Ledger, tokens: Tokens, stripe: Option<Stripe>) -> Self {
        let names = Cache::new(NAMES_MAX);
        Self { inner: Arc::new(Inner { ledger, tokens, stripe, names }) }
    }

    /// `POST /v1/events` and `/webhooks/*`: for the address of its own, and for the admin address.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/events", only_post(post(events::receive)))
            .route("/webhooks/stripe", only_post(post(webhooks::stripe)))
            .with_state(self.clone())
    }

    /// The router with an answer for everything else.
    pub fn service(&self) -> Router {
        let nothing = || async { Problem::not_found("here are POST /v1/events and /webhooks/*") };
        self.router().fallback(nothing)
    }
}

/// Every other method is a problem.
fn only_post(route: MethodRouter<Ingest>) -> MethodRouter<Ingest> {
    route.fallback(|| async {
        let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
        let title = "This method is not taken";
        Problem::new(status, "method-not-allowed", title, "POST is taken here")
    })
}
