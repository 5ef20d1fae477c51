//! Work for people: what is to be done, and that it was done.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json as Answer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::arrangements::record;
use super::request::{Asked, Json, Named, after, cursor, faulty, limit};
use super::tenants::standing;
use super::{Admin, show, unavailable};
use crate::domain::account::Account;
use crate::domain::bearings::Bearings;
use crate::domain::event::{FieldFault, faults_of};
use crate::domain::fact::{TaskDone, TaskOutcome, When};
use crate::domain::id::{Source, TaskId, TenantId};
use crate::domain::limits::faults_of_promise;
use crate::domain::money::Money;
use crate::domain::record::{Fact, Record, insert};
use crate::domain::view::view;
use crate::ledger::Standing;
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
    let (law, now) = (admin.ledger.law(), admin.ledger.now().await);
    let tasks = |account: &Account| {
        let tasks = account.tasks.iter().filter(|task| all || task.is_open());
        tasks.map(|task| show::work(&law, account, task, now)).collect()
    };
    let page = Page { tenant: asked.tenant, cursor: asked.cursor, limit: asked.limit };
    page.collect(&admin, "tasks", tasks).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    outcome: TaskOutcome,
    note: Option<String>,
    /// Until when they promised to pay.
    until: Option<When>,
    /// How much they promised, if not all.
    amount: Option<Money>,
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
    let owner = match &done.tenant {
        Some(tenant) => has(&admin, tenant, task).await?.then(|| tenant.clone()),
        None => owner_of(&admin, task).await?,
    };
    let tenant = owner.ok_or_else(unknown)?;
    let standing = standing(&admin, tenant.as_str()).await?;
    let outcome = done.outcome;
    let fact = Fact::TaskDone(TaskDone {
        task,
        outcome,
        by: Some(caller.name),
        note: done.note,
        until: done.until,
        amount: done.amount,
    });
    let faults: Vec<FieldFault> = faults_of(&fact).into_iter().map(plain).collect();
    let id = format!("done-{task}-{}", outcome.word());
    let faults = if faults.is_empty() { judge(standing, task, &fact, &id)? } else { faults };
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    record(&admin, &tenant, &id, fact).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A fault of a fact's `data` is one of a request's body.
fn plain(fault: FieldFault) -> FieldFault {
    let field = fault.field.strip_prefix("data.").unwrap_or(&fault.field).to_owned();
    FieldFault { field, detail: fault.detail }
}

/// What is wrong with it, as things stand.
fn judge(
    standing: Standing,
    task: TaskId,
    fact: &Fact,
    id: &str,
) -> Result<Vec<FieldFault>, Problem> {
    let Standing { tenant, mut records, account, situation, law, .. } = standing;
    let known = account.tasks.iter().find(|it| it.id() == task);
    let (Some(known), Fact::TaskDone(done)) = (known, fact) else { return Ok(Vec::new()) };
    let (kind, outcome) = (known.kind(), done.outcome);
    if !kind.may_end(outcome) {
        let detail = format!("`{}` does not come of a `{}`", outcome.word(), kind.word());
        return Ok(vec![FieldFault::new("outcome", detail)]);
    }
    let case = account.case(known.made.case);
    let bearings = case.and_then(|case| Bearings::of_case(&law, &account, case));
    let (Some(until), Some(bearings)) = (done.until, bearings) else { return Ok(Vec::new()) };
    let id = id.parse().map_err(|_| Problem::internal())?;
    let now = situation.now.max(account.newest.plus_millis(1));
    insert(&mut records, Record::fact((Source::own(), id), now, now, fact.clone()));
    let after = view(&tenant, &records, &law);
    let name = format!("promised:{task}");
    let promised = after.arrangements.iter().find(|it| it.made.arrangement.as_str() == name);
    // Told again, it is the same promise.
    let told = account.arrangements.iter().any(|it| it.made.arrangement.as_str() == name);
    let Some(promised) = promised.filter(|_| !told) else { return Ok(Vec::new()) };
    Ok(faults_of_promise(&account, &bearings, (&promised.invoices, until), ("outcome", now)))
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
