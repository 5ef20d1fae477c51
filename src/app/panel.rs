//! The admin address: the API, the door for facts, and how the process is.
//!
//! Rules:
//! 1. `/healthz`, `/readyz` and `/metrics` need no token, and say nothing of any tenant.
//! 2. A gate is ready when it listens; a lost store is listed as degraded, with 200 (SPEC 10).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::serve::{Running, ingest};
use crate::admin::{self, Admin, Here, Settings, hold};
use crate::config::{Config, Enforce};
use crate::gate::durations::Spread;
use crate::gate::{Gate, Snapshot};
use crate::ledger::{Ledger, Silent};
use crate::net::bearer::Tokens;
use crate::store::any::AnyStore;
use crate::store::{Condition, Store as _};
use crate::telemetry::Metrics;

/// What is asked how it is.
#[derive(Clone)]
struct Panel {
    gate: Option<Arc<Gate<AnyStore>>>,
    ledger: Option<Ledger>,
    metrics: Metrics,
}

/// Everything that the admin address answers.
pub(super) fn router(config: &Config, running: &Running, metrics: Metrics) -> Router {
    let panel = Panel {
        gate: running.front.as_ref().map(|front| Arc::clone(&front.gate)),
        ledger: running.control.as_ref().map(|control| control.ledger.clone()),
        metrics,
    };
    let mut router = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(health))
        .route("/metrics", get(scrape))
        .with_state(panel);
    let tokens = Tokens::new(config.admin.tokens.clone());
    let here = running.front.as_ref().map(|front| Box::new(OwnSwitch(Arc::clone(&front.gate))));
    match (&running.control, here) {
        (Some(control), here) => {
            let here = here.map(|here| here as Box<dyn Here>);
            let enforced = config.gate.enforce == Enforce::On;
            let settings = Settings { tokens, enforced, here };
            if let Some(digest) = &config.digest {
                router = router.merge(hold::router(control.ledger.clone(), digest.secret.clone()));
            }
            router = router.merge(Admin::new(control.ledger.clone(), settings).router());
            router = router.merge(ingest(config, control).router());
        }
        (None, Some(here)) => router = router.merge(admin::gate_only(tokens, here)),
        (None, None) => {}
    }
    router
}

/// The switch of this process's gate.
struct OwnSwitch(Arc<Gate<AnyStore>>);

impl Here for OwnSwitch {
    fn is_open(&self) -> bool {
        self.0.is_open_here()
    }

    fn set(&self, open: bool) {
        self.0.set_open_here(open);
    }
}

async fn health(State(panel): State<Panel>) -> Json<Value> {
    let mut degraded: Vec<String> = Vec::new();
    let mut say = |what: &str| degraded.push(what.to_owned());
    if let Some(gate) = &panel.gate {
        let health = gate.health();
        if !health.store {
            say("the gate cannot read the store: last known standings are served");
        }
        if health.open {
            say("the switch is open: nothing is refused");
        }
    }
    if let Some(ledger) = &panel.ledger {
        if ledger.is_breaker_tripped() {
            say("the breaker is tripped: nobody is warned or cut off until it is reset");
        }
        for Silent { source, since } in ledger.silent_sources() {
            let since = since.map_or_else(|| "ever".to_owned(), |at| format!("since {at}"));
            say(&format!("{source} was not heard of {since}: nobody is warned or cut off"));
        }
        if ledger.is_journal_refused() {
            say("the disk refuses the journal: no event is taken until it has room");
        }
        match ledger.store().condition().await {
            Ok(Condition::Ready(_)) => {}
            Ok(Condition::Recovering(_)) => {
                say("the store is recovering: nothing is decided and no mail leaves");
            }
            Err(_) => say("the store cannot be used: facts are kept in the journal"),
        }
    }
    let status = if degraded.is_empty() { "ok" } else { "degraded" };
    Json(json!({ "status": status, "degraded": degraded }))
}

async fn scrape(State(panel): State<Panel>) -> Response {
    let mut text = panel.metrics.text();
    if let Some(gate) = &panel.gate {
        write_counts(&mut text, &gate.counters());
        let silence = gate.health().silence.as_secs_f64();
        metrics::gauge!("ambergate_beat_age_seconds").set(silence);
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, text).into_response()
}

/// The workers' own counts: they keep them apart from all others, for speed.
fn write_counts(text: &mut String, counts: &Snapshot) {
    let mut family = |name: &str, label: &str, values: &[(&str, u64)]| {
        let _ = writeln!(text, "# TYPE {name} counter");
        for (value, count) in values {
            let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {count}");
        }
    };
    family(
        "ambergate_requests_total",
        "verdict",
        &[
            ("pass", counts.passed),
            ("refuse", counts.refused),
            ("late", counts.turned_away),
            ("would_refuse", counts.would_refuse),
            ("bad_token", counts.bad_token),
            ("bad_request", counts.bad_request),
            ("own_page", counts.own_pages),
        ],
    );
    family(
        "ambergate_grants_total",
        "source",
        &[
            ("fresh", counts.grants_fresh),
            ("cached", counts.grants_cached),
            ("stale", counts.grants_stale),
            ("default", counts.grants_default),
        ],
    );
    family(
        "ambergate_banner_total",
        "result",
        &[
            ("shown", counts.banners_shown),
            ("compressed", counts.banners_compressed),
            ("unfit", counts.banners_unfit),
        ],
    );
    family(
        "ambergate_upstream_errors_total",
        "cause",
        &[
            ("status", counts.upstream_5xx),
            ("failed", counts.upstream_failed),
            ("late", counts.upstream_late),
        ],
    );
    write_durations(text, &counts.durations);
    let again = "ambergate_upstream_retried_total";
    let _ = writeln!(text, "# TYPE {again} counter\n{again} {}", counts.upstream_again);
}

fn write_durations(text: &mut String, spread: &Spread) {
    let name = "ambergate_request_duration_seconds";
    let _ = writeln!(text, "# TYPE {name} histogram");
    for (bound, count) in spread.up_to() {
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let count = spread.count();
    let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum {}\n{name}_count {count}", spread.seconds());
}
