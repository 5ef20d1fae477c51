//! `POST /webhooks/stripe`: prove, translate, find the tenant, hand over, answer (SPEC 9).
//!
//! Rules:
//! 1. A tenant is found in the event, or by a name that an earlier event gave it, which the ledger
//!    keeps. Else what it says is parked, with an alert if it is money, and taken in once an event
//!    names the tenant of the same invoice, or a person does.
//! 2. What does not matter here is answered with 200 and counted.
//! 3. A refund or a dispute belongs to the invoice that its payment was for; where that is not known
//!    it is parked as it came.
//! 4. An event that is dated more than five minutes ahead is refused with 425: Stripe sends it
//!    again.
//! 5. Signatures are judged by real time, whatever the clock was moved to.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::stripe::{Back, SOURCE, Told, translate};
use super::{Ingest, Inner, events, signature};
use crate::clock::machine_now;
use crate::domain::event::{FieldFault, Incoming, too_early};
use crate::domain::id::{Derivation, Derived, TenantId};
use crate::domain::json;
use crate::domain::record::{Fact, Record};
use crate::domain::time::Instant;
use crate::ledger::{Outcome, parked_event};
use crate::net::problem::Problem;
use crate::store::{Parked, StoreError};

pub(super) async fn stripe(
    State(ingest): State<Ingest>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let inner = &*ingest.inner;
    let Some(settings) = &inner.stripe else {
        return Err(Problem::not_found("no [sources.stripe] is configured"));
    };
    let bytes = events::read(body).await?;
    let proof = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    let proved =
        signature::stripe(proof.unwrap_or_default(), &bytes, &settings.secrets, machine_now());
    if let Err(unproved) = proved {
        count("unproved");
        let title = "The signature is not right";
        let status = StatusCode::BAD_REQUEST;
        return Err(Problem::new(status, "invalid-signature", title, unproved.to_string()));
    }
    let event = json::unique(&bytes)
        .map_err(|error| Problem::validation(format!("not JSON that can be taken: {error}")))?;
    let now = inner.ledger.now().await;
    if let Some(fault) = early(&event, now) {
        count("early");
        tracing::warn!(%fault, "a webhook of Stripe's is dated ahead: it is to be sent again");
        return Err(Problem::too_early(fault.to_string()));
    }
    let created = event.get("created").and_then(Value::as_i64).map(Instant::from_seconds);
    let result = match translate(&event, &settings.tenant, now) {
        Ok(told) if told.records.is_empty() && told.back.is_none() => "ignored",
        Ok(told) => inner.take_or_park(told, event, now).await?,
        Err(fault) => inner.park_untranslated(event, &fault, now).await?,
    };
    inner.heard(created).await;
    count(result);
    Ok(Json(json!({ "result": result })).into_response())
}

/// What is wrong with an event that is dated ahead of the store's time.
fn early(event: &Value, now: Instant) -> Option<FieldFault> {
    let created = event.get("created").and_then(Value::as_i64)?;
    too_early("created", Instant::from_seconds(created), now)
}

fn count(result: &'static str) {
    let (provider, result) = (("provider", SOURCE), ("result", result));
    metrics::counter!("ambergate_webhooks_in_total", &[provider, result]).increment(1);
}

impl Inner {
    /// What does not matter here says all the same that Stripe is there.
    async fn heard(&self, created: Option<Instant>) {
        let Some((at, source)) = created.zip(SOURCE.parse().ok()) else { return };
        if let Err(error) = self.ledger.hear(&source, at).await {
            tracing::warn!(%error, "that Stripe was heard of is not kept");
        }
    }

    async fn take_or_park(
        &self,
        mut told: Told,
        event: Value,
        now: Instant,
    ) -> Result<&'static str, Problem> {
        if let Some(back) = told.back.take() {
            match self.went_back(&told, &back).await? {
                Ok(record) => told.records.push(record),
                Err(fault) => return self.park_untranslated(event, &fault, now).await,
            }
        }
        self.take(told).await
    }

    /// The record of money that went back, if it is known which invoice the payment was for.
    async fn went_back(
        &self,
        told: &Told,
        back: &Back,
    ) -> Result<Result<Record, FieldFault>, Problem> {
        let unknown = || FieldFault::new("data.object.payment_intent", "of no known invoice");
        let Some(tenant) = self.tenant_of(told).await? else { return Ok(Err(unknown())) };
        let account = self.ledger.account(&tenant).await.map_err(unavailable)?;
        let records = account.map(|(records, _)| records).unwrap_or_default();
        let paid = records.iter().find_map(|record| match record.as_fact() {
            Some(Fact::PaymentReceived(it)) if back.payments.contains(&it.payment) => {
                let invoice = it.invoices.as_ref()?.first()?.invoice.clone();
                Some((it.payment.clone(), invoice))
            }
            _ => None,
        });
        Ok(paid.ok_or_else(unknown).and_then(|(payment, invoice)| back.of(payment, invoice)))
    }

    /// The tenant that the event names, or that one of its names is known to be of.
    async fn tenant_of(&self, told: &Told) -> Result<Option<TenantId>, Problem> {
        let heard = || told.names.iter().find_map(|name| self.names.get(name));
        if let Some(tenant) = told.tenant.clone().or_else(heard) {
            return Ok(Some(tenant));
        }
        for name in &told.names {
            if let Some(tenant) = self.ledger.whose(name).await.map_err(unavailable)? {
                return Ok(Some(tenant));
            }
        }
        Ok(None)
    }

    async fn take(&self, told: Told) -> Result<&'static str, Problem> {
        let Some(tenant) = self.tenant_of(&told).await? else {
            return self.park(&told.records).await;
        };
        let news: Vec<String> = told
            .names
            .iter()
            .filter(|name| self.names.get(*name).as_ref() != Some(&tenant))
            .cloned()
            .collect();
        self.ledger.note_aliases(&news, &tenant).await.map_err(unavailable)?;
        for name in news {
            self.names.insert(name, tenant.clone());
        }
        let incoming = told.records.iter().cloned();
        let incoming = incoming.map(|record| Incoming { tenant: tenant.clone(), record });
        let outcomes = self.ledger.accept(incoming.collect()).await;
        if outcomes.contains(&Outcome::Unavailable) {
            return Err(Problem::store_unavailable("send it again"));
        }
        self.take_in_parked(&tenant, &told.records).await;
        let all = |wanted: Outcome| outcomes.iter().all(|outcome| *outcome == wanted);
        Ok(match () {
            () if all(Outcome::Duplicate) => "duplicate",
            () if outcomes.contains(&Outcome::Parked) => "parked",
            () => "accepted",
        })
    }

    async fn park(&self, records: &[Record]) -> Result<&'static str, Problem> {
        let mut news = false;
        for record in records {
            // A customer that is no tenant's is nobody's until an invoice says whose it is.
            if matches!(record.as_fact(), Some(Fact::TenantUpdated(_))) {
                continue;
            }
            let reason = "no tenant is named where [sources.stripe] tenant says";
            news |= self.ledger.park(parked_event(record, reason)).await.map_err(unavailable)?;
        }
        Ok(if news { "parked" } else { "unmapped" })
    }

    /// What cannot be translated is kept as it came: it would be sent again for days.
    async fn park_untranslated(
        &self,
        event: Value,
        fault: &FieldFault,
        now: Instant,
    ) -> Result<&'static str, Problem> {
        let id = event.get("id").and_then(Value::as_str).unwrap_or_default();
        let whole = if id.is_empty() { event.to_string() } else { id.to_owned() };
        let id: Derived = Derivation::of("parked").text(SOURCE).text(&whole).finish();
        let reason = format!("it cannot be translated: {fault}");
        tracing::warn!(%id, %fault, "a webhook of Stripe's is parked");
        let parked = Parked { id: id.to_string(), event, reason, money: true, at: now };
        self.ledger.park(parked).await.map_err(unavailable)?;
        Ok("parked")
    }

    /// What was parked about the same invoices is this tenant's.
    async fn take_in_parked(&self, tenant: &TenantId, records: &[Record]) {
        let invoices: Vec<&str> = records
            .iter()
            .filter_map(|record| record.as_fact()?.invoice())
            .map(|invoice| invoice.as_str())
            .collect();
        let Ok(parked) = self.ledger.parked().await else { return };
        for event in parked.iter().filter(|it| is_about(&it.event, &invoices)) {
            if let Err(error) = self.ledger.replay_parked(&event.id, Some(tenant)).await {
                tracing::warn!(id = %event.id, %error, "a parked event stays parked");
            }
        }
    }
}

/// Whether a parked event of Stripe's that names no tenant is about one of the invoices.
fn is_about(event: &Value, invoices: &[&str]) -> bool {
    let ours = event["source"] == SOURCE && event.get("subject").is_none();
    let listed = event.pointer("/data/invoices").and_then(Value::as_array);
    let listed = listed.into_iter().flatten().filter_map(|part| part["invoice"].as_str());
    let own = event.pointer("/data/invoice").and_then(Value::as_str);
    ours && own.into_iter().chain(listed).any(|invoice| invoices.contains(&invoice))
}

fn unavailable(error: StoreError) -> Problem {
    tracing::warn!(%error, "a webhook was not taken");
    Problem::store_unavailable("send it again")
}
