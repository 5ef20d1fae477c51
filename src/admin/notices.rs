//! Who was told what, and what became of it.

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;

use super::request::Asked;
use super::tasks::Page;
use super::{Admin, show};
use crate::domain::account::Account;
use crate::domain::id::TenantId;
use crate::net::problem::Problem;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    tenant: Option<TenantId>,
    cursor: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(admin): State<Admin>,
    Asked(asked): Asked<List>,
) -> Result<Answer<Value>, Problem> {
    let notices = |account: &Account| account.notices.iter().map(show::notice).collect();
    let page = Page { tenant: asked.tenant, cursor: asked.cursor, limit: asked.limit };
    page.collect(&admin, "notices", notices).await
}
