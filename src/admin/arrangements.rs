//! What is agreed with a tenant: made and ended by agents (SPEC 4).
//!
//! Rules:
//! 1. What can be judged is judged before it becomes a record: invoices that are not known, a
//!    date that has passed, an extension that would come sooner, amounts that do not fit, a promise
//!    that is longer, or comes more often, than the policy has it.
//! 2. The same request twice is one arrangement while it stands: its name is derived from what it
//!    says.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json as Answer};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Admin;
use super::fitting;
use super::request::{Json, Named, faulty};
use super::tenants::standing;
use crate::domain::account::{Account, Case};
use crate::domain::arrangement::EXEMPTION_DAYS_MAX;
use crate::domain::bearings::Bearings;
use crate::domain::event::{FieldFault, faults_of};
use crate::domain::fact::{
    Acceptance, Access, ArrangementEnd, ArrangementEnded, ArrangementKind, ArrangementMade,
    Instalment, Line, SilenceCause, When,
};
use crate::domain::id::{ArrangementId, Derivation, Derived, InvoiceId, RecordId, TenantId};
use crate::domain::limits::faults_of_promise;
use crate::domain::money::Money;
use crate::domain::record::Fact;
use crate::domain::selection::select;
use crate::domain::stage::Stage;
use crate::domain::time::{Day, Instant, Zone};
use crate::ledger::{Outcome, Standing};
use crate::net::bearer::Caller;
use crate::net::problem::Problem;

/// How often one and the same may be agreed again after it was ended.
const AGAIN_MAX: i64 = 1_000;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Make {
    pub(super) kind: ArrangementKind,
    pub(super) invoices: Option<Vec<InvoiceId>>,
    until: Option<When>,
    due_on: Option<Day>,
    pub(super) amount: Option<Money>,
    /// Who agreed to it, where that is not the bearer of the token.
    by: Option<String>,
    reason: Option<String>,
    pub(super) lines: Option<Vec<Line>>,
    from: Option<When>,
    pub(super) instalments: Option<Vec<Instalment>>,
    stage: Option<Stage>,
    opens: Option<Stage>,
    cause: Option<SilenceCause>,
    access: Option<Access>,
    accepted_by: Option<Acceptance>,
}

pub(super) async fn make(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(tenant): Named<String>,
    headers: HeaderMap,
    Json(make): Json<Make>,
) -> Result<Response, Problem> {
    let standing = standing(&admin, &tenant).await?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let name = match key {
        Some(key) => keyed(&standing, key)?,
        None => name(&standing, &make)?,
    };
    let location = format!("/v1/tenants/{tenant}/arrangements/{name}");
    let answer = json!({"arrangement": name, "kind": make.kind});
    let created = || {
        (StatusCode::CREATED, [("location", location.clone())], Answer(answer.clone()))
            .into_response()
    };
    let mut known = standing.account.arrangements.iter();
    if let Some(known) = known.find(|known| is_named(&known.made, &name)) {
        let same = key.is_none() || make.says(&known.made);
        return if same { Ok(created()) } else { Err(Problem::key_reused()) };
    }
    let faults = judge(&standing, &make);
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    let fact = Fact::ArrangementMade(Box::new(ArrangementMade {
        invoices: make.invoices,
        until: make.until,
        due_on: make.due_on,
        amount: make.amount,
        by: Some(match make.by {
            Some(by) => format!("{by} ({})", caller.name),
            None => caller.name,
        }),
        reason: make.reason,
        lines: make.lines,
        from: make.from,
        instalments: make.instalments,
        stage: make.stage,
        opens: make.opens,
        cause: make.cause,
        access: make.access,
        accepted_by: make.accepted_by,
        ..ArrangementMade::new(name.clone(), make.kind)
    }));
    let faults = plain(faults_of(&fact));
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    record(&admin, &standing.tenant, &format!("made-{name}"), fact).await?;
    Ok(created())
}

/// How an agreement ends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// Not given: withdrawn.
    how: Option<ArrangementEnd>,
    amount: Option<Money>,
    /// The answer, in words.
    reason: Option<String>,
}

pub(super) async fn withdraw(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(named): Named<(String, String)>,
) -> Result<StatusCode, Problem> {
    end_it(&admin, caller, named, End::default()).await
}

pub(super) async fn end(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Named(named): Named<(String, String)>,
    Json(end): Json<End>,
) -> Result<StatusCode, Problem> {
    end_it(&admin, caller, named, end).await
}

async fn end_it(
    admin: &Admin,
    caller: Caller,
    (tenant, name): (String, String),
    end: End,
) -> Result<StatusCode, Problem> {
    let standing = standing(admin, &tenant).await?;
    let mut known = standing.account.arrangements.iter();
    let known = known.find(|known| known.made.arrangement.as_str() == name);
    let known = known.ok_or_else(|| Problem::not_found("this tenant has no such arrangement"))?;
    if known.ended.is_some() {
        return Ok(StatusCode::NO_CONTENT);
    }
    if known.made.kind == ArrangementKind::Extension {
        let detail = "a due date that was given stands: make an extension to another date";
        return Err(Problem::conflict(detail));
    }
    let how = end.how.unwrap_or(ArrangementEnd::Withdrawn);
    let answered = how != ArrangementEnd::Withdrawn;
    if answered && known.made.kind != ArrangementKind::Dispute {
        let detail = "only a dispute is upheld or rejected; anything else is withdrawn";
        return Err(faulty(&[FieldFault::new("how", detail)]));
    }
    if answered && end.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(faulty(&[FieldFault::new("reason", "missing: the answer, in words")]));
    }
    let fact = Fact::ArrangementEnded(ArrangementEnded {
        arrangement: known.made.arrangement.clone(),
        how,
        by: Some(caller.name),
        amount: end.amount,
        reason: end.reason,
    });
    let faults = plain(faults_of(&fact));
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    record(admin, &standing.tenant, &format!("ended-{name}"), fact).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The same faults, of a request's fields.
fn plain(faults: Vec<FieldFault>) -> Vec<FieldFault> {
    let plain = |fault: FieldFault| {
        let field = fault.field.strip_prefix("data.").unwrap_or(&fault.field).to_owned();
        FieldFault { field, detail: fault.detail }
    };
    faults.into_iter().map(plain).collect()
}

/// Records what somebody did.
pub(super) async fn record(
    admin: &Admin,
    tenant: &TenantId,
    id: &str,
    fact: Fact,
) -> Result<(), Problem> {
    let id: RecordId = id.parse().map_err(|_| Problem::internal())?;
    match admin.ledger.record(tenant, id, fact).await {
        Outcome::Accepted | Outcome::Duplicate => Ok(()),
        Outcome::Parked | Outcome::Unavailable => {
            Err(Problem::store_unavailable("nothing was recorded: try again"))
        }
    }
}

impl Make {
    /// Whether that is what was asked for with it.
    fn says(&self, made: &ArrangementMade) -> bool {
        let asked = ArrangementMade {
            arrangement: made.arrangement.clone(),
            kind: self.kind,
            invoices: self.invoices.clone(),
            until: self.until,
            due_on: self.due_on,
            amount: self.amount,
            by: made.by.clone(),
            reason: self.reason.clone(),
            lines: self.lines.clone(),
            from: self.from,
            instalments: self.instalments.clone(),
            stage: self.stage,
            opens: self.opens,
            cause: self.cause,
            access: self.access,
            accepted_by: self.accepted_by.clone(),
        };
        asked == *made
    }
}

/// What it is called that was sent with that key, whatever became of it.
fn keyed(standing: &Standing, key: &str) -> Result<ArrangementId, Problem> {
    let derivation = Derivation::of("arrangement by key").text(standing.tenant.as_str());
    let derived: Derived = derivation.text(key).finish();
    derived.to_string().parse().map_err(|_| Problem::internal())
}

/// What it is called: the same while it stands, another once it was ended.
fn name(standing: &Standing, make: &Make) -> Result<ArrangementId, Problem> {
    let says = serde_json::to_string(make).map_err(|_| Problem::internal())?;
    for again in 0..AGAIN_MAX {
        let derivation = Derivation::of("arrangement").text(standing.tenant.as_str());
        let derived: Derived = derivation.text(&says).text("").number(again).finish();
        let name = derived.to_string().parse().map_err(|_| Problem::internal())?;
        let mut known = standing.account.arrangements.iter();
        let now = standing.situation.now;
        let past = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let over = known
            .find(|known| is_named(&known.made, &name))
            .is_some_and(|known| known.ended.is_some() || past(known.until));
        if !over {
            return Ok(name);
        }
    }
    Err(Problem::conflict("this was agreed and ended too often"))
}

fn is_named(made: &ArrangementMade, name: &ArrangementId) -> bool {
    made.arrangement == *name
}

/// What is wrong with it, as things stand.
fn judge(standing: &Standing, make: &Make) -> Vec<FieldFault> {
    let Standing { account, situation, .. } = standing;
    let mut faults = Vec::new();
    let mut fault = |field: String, detail: &str| faults.push(FieldFault::new(field, detail));
    let today = zone(standing).day(situation.now);
    for (index, invoice) in make.invoices.iter().flatten().enumerate() {
        if account.invoice(invoice).is_none_or(|known| known.owner.is_none()) {
            fault(format!("invoices[{index}]"), "this tenant has no such invoice");
        }
    }
    let passed = match make.until {
        Some(When::Day(day)) => day < today,
        Some(When::Instant(instant)) => instant <= situation.now,
        None => false,
    };
    if passed && make.kind != ArrangementKind::Promise {
        fault("until".to_owned(), "it has passed");
    }
    let last = today.plus(EXEMPTION_DAYS_MAX - 1);
    let too_long = match make.until {
        Some(When::Day(day)) => day > last,
        Some(When::Instant(instant)) => zone(standing).day(instant) > last,
        None => false,
    };
    if make.kind == ArrangementKind::Exemption && too_long {
        fault("until".to_owned(), &format!("an exemption lasts a year at most: until {last}"));
    }
    if make.kind == ArrangementKind::Extension
        && make.due_on.is_some_and(|due| due < today || is_sooner(account, make, due))
    {
        fault("due_on".to_owned(), "it would come sooner than what is due now, or passed");
    }
    faults.extend(fitting::faults(account, make, today));
    faults.extend(beyond_limits(standing, make));
    faults
}

/// What is wrong with a promise by the policy of the invoices that it is about.
fn beyond_limits(standing: &Standing, make: &Make) -> Vec<FieldFault> {
    let Standing { account, law, situation, .. } = standing;
    let promised = make.until.filter(|_| make.kind == ArrangementKind::Promise);
    let Some(until) = promised else { return Vec::new() };
    let owed = || account.invoices.iter().filter(|it| it.owed > 0);
    let all = || owed().map(|it| it.invoice.clone()).collect();
    let invoices: Vec<InvoiceId> = make.invoices.clone().unwrap_or_else(all);
    let is_about = |case: &&Case| invoices.contains(&account.invoice_of(case).invoice);
    let case = account.cases.iter().filter(is_about).rfind(|case| case.is_live());
    let of_all = || {
        let policy = select(law, account, account.newest)?;
        Some(Bearings::of(law, &account.profile, policy))
    };
    let bearings = case.and_then(|case| Bearings::of_case(law, account, case)).or_else(of_all);
    bearings.map_or_else(Vec::new, |bearings| {
        faults_of_promise(account, &bearings, (&invoices, until), ("kind", situation.now))
    })
}

fn is_sooner(account: &Account, make: &Make, due: Day) -> bool {
    let about = |invoice: &InvoiceId| match &make.invoices {
        Some(invoices) => invoices.contains(invoice),
        None => true,
    };
    let open = account.invoices.iter().filter(|it| it.owed > 0 && about(&it.invoice));
    open.filter_map(|invoice| invoice.due_on).any(|known| due < known)
}

/// In whose zone dates are meant.
fn zone(standing: &Standing) -> Zone {
    let Standing { account, law, .. } = standing;
    let policy = select(law, account, account.newest);
    policy.map_or_else(Zone::utc, |policy| Bearings::of(law, &account.profile, policy).zone)
}
