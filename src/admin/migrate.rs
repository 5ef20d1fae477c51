//! Cases moved to another version of a policy.
//!
//! Rule: a request looks through so many tenants and says where the next one goes on; a dry run
//! says what would be, and changes nothing.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{Json, Named, after, cursor, wrong};
use super::{Admin, unavailable};
use crate::domain::id::TenantId;
use crate::ledger::{Migration, Moved};
use crate::net::bearer::Caller;
use crate::net::problem::Problem;

/// How many tenants one request looks through.
const TENANTS_MAX: usize = 200;
/// The longest reason.
const REASON_BYTES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Migrate {
    /// A policy's name or a version's hash; absent: other versions of the same policy.
    from: Option<String>,
    /// Only this tenant's cases.
    tenant: Option<TenantId>,
    reason: String,
    #[serde(default)]
    dry_run: bool,
    cursor: Option<String>,
}

pub(super) async fn run(
    State(admin): State<Admin>,
    Named(name): Named<String>,
    Extension(caller): Extension<Caller>,
    Json(asked): Json<Migrate>,
) -> Result<Answer<Value>, Problem> {
    let Migrate { from, tenant, reason, dry_run, cursor: place } = asked;
    if reason.trim().is_empty() {
        return Err(wrong("reason", "say why: it stands in the records"));
    }
    if reason.len() > REASON_BYTES_MAX {
        return Err(wrong("reason", "at most 1000 bytes"));
    }
    let law = admin.ledger.law();
    let to = law.policies.values().find(|policy| policy.name.as_str() == name).cloned();
    let to = to.ok_or_else(|| Problem::not_found("no policy of this name is in force"))?;
    let from = from.unwrap_or_else(|| name.clone());
    let meant = |hash: &str, name: &str| hash == from || name == from;
    let mut versions = law.versions.iter();
    let Some((_, version)) = versions.find(|(hash, it)| meant(&hash.to_string(), it.name.as_str()))
    else {
        return Err(wrong("from", "no policy of this name, and no version of this hash, is known"));
    };
    if version.is_for_terms() != to.is_for_terms() {
        return Err(wrong("from", "one of the two is for terms and the other for invoices"));
    }
    let migration = Migration { to, from, by: caller.name, reason, dry_run };
    let (tenants, next) = match tenant {
        Some(tenant) => (vec![tenant], None),
        None => page(&admin, place.as_deref()).await?,
    };
    let mut moved = Vec::new();
    for tenant in tenants {
        let done = admin.ledger.migrate(&tenant, &migration).await.map_err(unavailable)?;
        moved.extend(done.map(|it| shown(&it)));
    }
    let version = migration.to.hash;
    Ok(Answer(json!({"policy": name, "version": version, "moved": moved, "next": next})))
}

async fn page(
    admin: &Admin,
    place: Option<&str>,
) -> Result<(Vec<TenantId>, Option<String>), Problem> {
    let place = after(place)?;
    let rows = admin.ledger.rows(place.as_ref(), TENANTS_MAX).await.map_err(unavailable)?;
    let full = rows.len() == TENANTS_MAX;
    let next = rows.last().filter(|_| full).map(|row| cursor(&row.tenant));
    Ok((rows.into_iter().map(|row| row.tenant).collect(), next))
}

fn shown(moved: &Moved) -> Value {
    let case = |(invoice, from): &(_, _)| json!({"invoice": invoice, "from": from});
    json!({
        "tenant": moved.tenant,
        "cases": moved.cases.iter().map(case).collect::<Vec<Value>>(),
        "before": moved.before,
        "after": moved.after,
    })
}
