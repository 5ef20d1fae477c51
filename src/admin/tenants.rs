//! Who stands where, why, what was and what comes.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Asked, Named, after, cursor, limit, wrong};
use super::{Admin, show, unavailable};
use crate::domain::bearings;
use crate::domain::dossier::{self, Dossier};
use crate::domain::event;
use crate::domain::explain;
use crate::domain::id::{InvoiceId, TenantId};
use crate::domain::stage::Stage;
use crate::domain::timeline;
use crate::ledger::Standing;
use crate::net::problem::Problem;
use crate::store::Row;

/// How many rows are looked through for one answer.
const ROWS_MAX: usize = 20_000;
/// How many rows are read at once.
const ROWS_AT_ONCE: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    stage: Option<Stage>,
    would_have: Option<Stage>,
    cursor: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
}

impl List {
    fn wants(&self, row: &Row) -> bool {
        let asked = self.q.as_deref().unwrap_or_default().to_lowercase();
        let found = |text: &str| text.to_lowercase().contains(&asked);
        self.stage.is_none_or(|stage| stage == row.stage)
            && self.would_have.is_none_or(|stage| row.would == Some(stage))
            && (found(row.tenant.as_str()) || row.name.as_deref().is_some_and(found))
    }
}

pub(super) async fn list(
    State(admin): State<Admin>,
    Asked(asked): Asked<List>,
) -> Result<Answer<Value>, Problem> {
    let limit = limit(asked.limit)?;
    let mut place = after(asked.cursor.as_deref())?;
    let mut tenants = Vec::new();
    let mut looked_at = 0;
    let next = 'all: loop {
        let rows = admin.ledger.rows(place.as_ref(), ROWS_AT_ONCE).await.map_err(unavailable)?;
        if rows.is_empty() {
            break None;
        }
        for row in rows {
            looked_at += 1;
            if asked.wants(&row) {
                tenants.push(json!({
                    "tenant": row.tenant,
                    "name": row.name,
                    "stage": row.stage.word(),
                    "would_have": row.would.map(Stage::word),
                }));
            }
            let next = cursor(&row.tenant);
            place = Some(row.tenant);
            if tenants.len() == limit || looked_at == ROWS_MAX {
                let more = admin.ledger.rows(place.as_ref(), 1).await.map_err(unavailable)?;
                break 'all (!more.is_empty()).then_some(next);
            }
        }
    };
    Ok(Answer(json!({"tenants": tenants, "next": next})))
}

pub(super) async fn one(
    State(admin): State<Admin>,
    Named(tenant): Named<String>,
) -> Result<Answer<Value>, Problem> {
    let standing = standing(&admin, &tenant).await?;
    let enforced = admin.settings.enforced && show::is_enforced(&standing);
    Ok(Answer(show::tenant(&standing, enforced)))
}

pub(super) async fn explain(
    State(admin): State<Admin>,
    Named(tenant): Named<String>,
) -> Result<Answer<Value>, Problem> {
    let Standing { tenant, account, situation, law, .. } = standing(&admin, &tenant).await?;
    let sentences = explain::explain(&tenant, &account, &law, &situation);
    let zone = bearings::zone(&law, &account);
    Ok(Answer(json!({"tenant": tenant, "time_zone": zone.name(), "sentences": sentences})))
}

pub(super) async fn timeline(
    State(admin): State<Admin>,
    Named(tenant): Named<String>,
) -> Result<Answer<Value>, Problem> {
    let Standing { tenant, records, account, situation, law, .. } =
        standing(&admin, &tenant).await?;
    let moments = timeline::timeline(&tenant, &records, &account, &law, &situation);
    let zone = bearings::zone(&law, &account);
    Ok(Answer(json!({"tenant": tenant, "time_zone": zone.name(), "timeline": moments})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    invoice: Option<InvoiceId>,
}

/// Everything about one invoice, or about all on which something is owed.
pub(super) async fn dossier(
    State(admin): State<Admin>,
    Named(tenant): Named<String>,
    Asked(asked): Asked<About>,
) -> Result<Answer<Dossier>, Problem> {
    let Standing { tenant, records, account, situation, law, .. } =
        standing(&admin, &tenant).await?;
    let wanted: Vec<InvoiceId> = asked.invoice.into_iter().collect();
    if wanted.iter().any(|name| account.invoice(name).is_none()) {
        return Err(wrong("invoice", "this tenant has no invoice of this id"));
    }
    Ok(Answer(dossier::dossier(&tenant, &records, &account, &law, situation.now, &wanted)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct History {
    cursor: Option<String>,
    limit: Option<usize>,
}

/// Every record, as the event that it is.
pub(super) async fn history(
    State(admin): State<Admin>,
    Named(tenant): Named<String>,
    Asked(asked): Asked<History>,
) -> Result<Answer<Value>, Problem> {
    let limit = asked.limit.map_or(Ok(500), |asked| limit(Some(asked)))?;
    let from = asked.cursor.map(|cursor| cursor.parse::<usize>()).transpose();
    let from = from.map_err(|_| wrong("cursor", "not one that was given out here"))?;
    let from = from.unwrap_or_default();
    let Standing { tenant, records, .. } = standing(&admin, &tenant).await?;
    // What counts here of other tenants is among their own.
    let records: Vec<_> = records.iter().filter(|it| it.counted_of().is_none()).collect();
    let page = records.iter().skip(from).take(limit);
    let events: Vec<Value> = page.map(|record| event::to_json(&tenant, record)).collect();
    let end = from.saturating_add(events.len());
    let next = (end < records.len()).then(|| end.to_string());
    Ok(Answer(json!({"tenant": tenant, "events": events, "next": next})))
}

/// Where the tenant stands; 404 if nobody ever heard of it.
pub(super) async fn standing(admin: &Admin, tenant: &str) -> Result<Standing, Problem> {
    let unknown = || Problem::not_found("no tenant of this id was ever heard of");
    let tenant: TenantId = tenant.parse().map_err(|_| unknown())?;
    let standing = admin.ledger.standing(&tenant).await.map_err(unavailable)?;
    standing.ok_or_else(unknown)
}
