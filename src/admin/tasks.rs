//! Work for people: what is to be done, and that it was done.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::arrangements::record;
use super::request::{Asked, Json, Named, after, cursor, limit};
use super::{Admin, show, unavailable};
use crate::domain::account::Account;
use crate::domain::fact::{TaskDone, TaskOutcome};
use crate::domain::id::{TaskId, TenantId};
use crate::domain::record::Fact;
use crate::net::bearer::Caller;
use crate::net::problem::Problem;

/// How many tenants are read for one answer.
const TENANTS_MAX: usize = 2_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    tenant: Option<TenantId>,
    /// Also those that are done or lapsed.
    all: Option<bool>,
    cursor: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(
    State(admin): State<Admin>,
    Asked(asked): Asked<List>,
) -> Result<Answer<Value>, Problem> {
    let all = asked.all.unwrap_or_default();
    let tasks = |account: &Account| {
        let tasks = account.tasks.iter().filter(|task| all || task.is_open());
        tasks.map(show::task).collect()
    };
    let page = Page { tenant: asked.tenant, cursor: asked.cursor, limit: asked.limit };
    page.collect(&admin, "tasks", tasks).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    outcome: TaskOutcome,
    note: Option<String>,
    /// Whose task it is; absent: it is looked for.
    tenant: Option<TenantId>,
}

pub(super) async fn done(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(task): Named<String>,
    Json(done): Json<Done>,
) -> Result<StatusCode, Problem> {
    let unknown = || Problem::not_found("there is no such task");
    let task: TaskId = task.parse().map_err(|_| unknown())?;
    let owner = match done.tenant {
        Some(tenant) => has(&admin, &tenant, task).await?.then_some(tenant),
        None => owner_of(&admin, task).await?,
    };
    let tenant = owner.ok_or_else(unknown)?;
    let by = Some(caller.name);
    let fact = Fact::TaskDone(TaskDone { task, outcome: done.outcome, by, note: done.note });
    let faults = crate::domain::event::faults_of(&fact);
    if !faults.is_empty() {
        return Err(super::request::faulty(&faults));
    }
    let id = format!("done-{task}-{}", done.outcome.word());
    record(&admin, &tenant, &id, fact).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn has(admin: &Admin, tenant: &TenantId, task: TaskId) -> Result<bool, Problem> {
    let account = admin.ledger.account(tenant).await.map_err(unavailable)?;
    Ok(account.is_some_and(|(_, account)| account.tasks.iter().any(|it| it.id() == task)))
}

async fn owner_of(admin: &Admin, task: TaskId) -> Result<Option<TenantId>, Problem> {
    let mut place = None;
    loop {
        let rows = admin.ledger.rows(place.as_ref(), 500).await.map_err(unavailable)?;
        let Some(last) = rows.last() else { return Ok(None) };
        place = Some(last.tenant.clone());
        for row in rows {
            if has(admin, &row.tenant, task).await? {
                return Ok(Some(row.tenant));
            }
        }
    }
}

/// A page of things of all tenants, or of one.
pub(super) struct Page {
    pub(super) tenant: Option<TenantId>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<usize>,
}

impl Page {
    /// Things of tenant after tenant: as many as asked for, and the rest of the last tenant's.
    pub(super) async fn collect(
        self,
        admin: &Admin,
        noun: &str,
        things_of: impl Fn(&Account) -> Vec<Value>,
    ) -> Result<Answer<Value>, Problem> {
        let limit = limit(self.limit)?;
        let mut things = Vec::new();
        let mut add = |tenant: &TenantId, account: &Account| {
            things.extend(things_of(account).into_iter().map(|mut thing| {
                thing["tenant"] = json!(tenant);
                thing
            }));
            things.len() >= limit
        };
        if let Some(tenant) = &self.tenant {
            let unknown = || Problem::not_found("no tenant of this id was ever heard of");
            let account = admin.ledger.account(tenant).await.map_err(unavailable)?;
            add(tenant, &account.ok_or_else(unknown)?.1);
            return Ok(Answer(json!({noun: things, "next": null})));
        }
        let place = after(self.cursor.as_deref())?;
        let rows = admin.ledger.rows(place.as_ref(), TENANTS_MAX).await.map_err(unavailable)?;
        let mut next = rows.last().filter(|_| rows.len() == TENANTS_MAX).map(|row| &row.tenant);
        for (index, row) in rows.iter().enumerate() {
            let account = admin.ledger.account(&row.tenant).await.map_err(unavailable)?;
            if account.is_some_and(|(_, account)| add(&row.tenant, &account)) {
                next = (index + 1 < rows.len()).then_some(&row.tenant).or(next);
                break;
            }
        }
        let next = next.map(cursor);
        Ok(Answer(json!({noun: things, "next": next})))
    }
}
