//! Forgetting a tenant: what is known of its people is erased, the pseudonymous ledger stays.
//!
//! Rules:
//! 1. Open debt is for a person: 409 with what is owed, and the request is parked until somebody
//!    replays it.
//! 2. Asked twice it is done once. A tenant that was heard of since can be forgotten again.
//! 3. The answer says what is not erased by this: what was carried out of here is not here.

use axum::extract::State;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Admin;
use super::request::{Json, Named, faulty};
use super::tenants::standing;
use crate::domain::event::{FieldFault, faults_of};
use crate::domain::fact::TenantForgotten;
use crate::domain::forget::{Debts, is_forgetting};
use crate::domain::record::Fact;
use crate::ledger::{Outcome, Standing};
use crate::net::bearer::Caller;
use crate::net::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forget {
    /// Who asked for it, where that is not the bearer of the token.
    by: Option<String>,
    reason: Option<String>,
}

pub(super) async fn forget(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(tenant): Named<String>,
    Json(asked): Json<Forget>,
) -> Result<Answer<Value>, Problem> {
    let before = standing(&admin, &tenant).await?;
    if before.account.is_forgotten() {
        return Ok(done(&admin, &before));
    }
    let by = match asked.by {
        Some(by) => format!("{by} ({})", caller.name),
        None => caller.name,
    };
    let said = TenantForgotten { by: Some(by), reason: asked.reason };
    let plain = |fault: FieldFault| {
        let field = fault.field.strip_prefix("data.").unwrap_or(&fault.field).to_owned();
        FieldFault { field, detail: fault.detail }
    };
    let faults: Vec<FieldFault> =
        faults_of(&Fact::TenantForgotten(said.clone())).into_iter().map(plain).collect();
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    let times = before.records.iter().filter(|record| is_forgetting(record)).count();
    match admin.ledger.forget(&before.tenant, times, said).await {
        Outcome::Unavailable => Err(Problem::store_unavailable("nothing was forgotten: try again")),
        Outcome::Parked => Err(in_debt(&standing(&admin, &tenant).await?)),
        Outcome::Accepted | Outcome::Duplicate => {
            let after = standing(&admin, &tenant).await?;
            tracing::info!(tenant = %after.tenant, "a tenant was forgotten");
            Ok(done(&admin, &after))
        }
    }
}

fn in_debt(standing: &Standing) -> Problem {
    let debts = Debts::of(&standing.account, standing.situation.now);
    let detail = format!(
        "{debts}. The request is parked: settle that or write it off, then replay it (`ambergate event \
         parked`, or GET /v1/parked)"
    );
    Problem::conflict(detail)
        .with("parked", json!(true))
        .with("owed", json!(debts.owed))
        .with("invoices", json!(debts.invoices))
        .with("arrangements", json!(debts.arrangements))
}

fn done(admin: &Admin, standing: &Standing) -> Answer<Value> {
    let at = standing.account.forgotten.map(|forgotten| forgotten.at);
    let remains = admin.ledger.remains_of_forgotten();
    Answer(json!({"tenant": standing.tenant, "forgotten": at, "remains": remains}))
}
