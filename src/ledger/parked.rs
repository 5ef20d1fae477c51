//! Events that have no tenant: kept, counted, shown, replayed (SPEC 3).
//!
//! Rules:
//! 1. Parked is durable: in the store, and in the journal.
//! 2. Replaying takes the event as it came: it keeps its id, its time and when it became known. Only
//!    a tenant is forgotten when a person replays that, and merged when the other one is known: it
//!    was not done before.

use serde_json::Value;

use super::Ledger;
use super::accept::{Item, Outcome};
use super::entry::Entry;
use crate::domain::event::{self, FieldFault};
use crate::domain::forget::is_forgetting;
use crate::domain::id::{Derivation, Derived, TenantId};
use crate::domain::record::{Fact, Record};
use crate::store::{Parked, Store as _, StoreError};

/// Why a parked event was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Nothing of that id is parked.
    #[error("no parked event has this id")]
    Unknown,
    /// It names no tenant, and none was given.
    #[error("the event names no tenant: say which one it belongs to")]
    NoTenant,
    /// It cannot be read as an event.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faulty(Vec<FieldFault>),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// Parks an event that names no tenant. `false`: it was parked already.
    ///
    /// # Errors
    ///
    /// Neither the journal nor the store could take it.
    pub async fn park(&self, parked: Parked) -> Result<bool, StoreError> {
        if self.store().parked().await?.iter().any(|known| known.id == parked.id) {
            return Ok(false);
        }
        self.journal_entry(&Entry::Parked(parked.clone())).await?;
        let new = self.store().park(parked.clone()).await?;
        if new {
            alert(parked.money, &parked.reason);
        }
        Ok(new)
    }

    /// What is parked, the oldest first.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        self.store().parked().await
    }

    /// Takes a parked event in, if its tenant is known now. `tenant`: whose it is, where the
    /// event does not say.
    ///
    /// # Errors
    ///
    /// See [`ReplayError`].
    pub async fn replay_parked(
        &self,
        id: &str,
        tenant: Option<&TenantId>,
    ) -> Result<Outcome, ReplayError> {
        let parked = self.store().parked().await?;
        let event = parked.iter().find(|parked| parked.id == id).ok_or(ReplayError::Unknown)?;
        self.replay(event, tenant, true).await
    }

    /// `asked`: a person asks for it.
    pub(super) async fn replay(
        &self,
        parked: &Parked,
        tenant: Option<&TenantId>,
        asked: bool,
    ) -> Result<Outcome, ReplayError> {
        let mut event = parked.event.clone();
        let named = event.get("subject").is_some();
        match (named, tenant) {
            (false, Some(tenant)) => event["subject"] = Value::from(tenant.as_str()),
            (false, None) => return Err(ReplayError::NoTenant),
            (true, _) => {}
        }
        let incoming = event::restore(&event).map_err(ReplayError::Faulty)?;
        let forgets = is_forgetting(&incoming.record);
        let merges = matches!(incoming.record.as_fact(), Some(Fact::TenantMerged(_)));
        let (journaled, own) = (named && !forgets && !merges, merges || forgets && asked);
        let item = Item { record: incoming.record, journaled, own };
        let outcomes = Box::pin(self.accept_items(&incoming.tenant, vec![item])).await;
        match outcomes.first() {
            Some(Outcome::Accepted) => {}
            // Known already, or still without a tenant: then it is parked under this id.
            Some(Outcome::Duplicate) => match self.store().load(&incoming.tenant).await? {
                Some(_) => {}
                None => return Ok(Outcome::Parked),
            },
            Some(Outcome::Parked) => return Ok(Outcome::Parked),
            Some(Outcome::Unavailable) | None => {
                let detail = "the event stays parked".to_owned();
                return Err(StoreError::Unavailable(detail).into());
            }
        }
        self.unpark(&parked.id).await?;
        Ok(Outcome::Accepted)
    }

    /// Takes an event out of what is parked: it was taken in.
    pub(super) async fn unpark(&self, id: &str) -> Result<(), StoreError> {
        self.journal_entry(&Entry::Released(id.to_owned())).await?;
        self.store().unpark(id).await
    }
}

/// The id under which an event is parked.
pub(super) fn id_of(source: &str, id: &str) -> String {
    Derivation::of("parked").text(source).text(id).finish::<Derived>().to_string()
}

/// A record whose tenant is not known.
pub(super) fn of_record(tenant: &TenantId, record: &Record, reason: &str) -> Parked {
    Parked {
        id: id_of(record.source(), &record.id()),
        event: event::to_json(tenant, record),
        reason: reason.to_owned(),
        money: is_money(record),
        at: record.learnt,
    }
}

/// An event that names no tenant, such as a provider's for a customer that is not mapped.
#[must_use]
pub fn of_event(record: &Record, reason: &str) -> Parked {
    Parked {
        id: id_of(record.source(), &record.id()),
        event: event::without_tenant(record),
        reason: reason.to_owned(),
        money: is_money(record),
        at: record.learnt,
    }
}

pub(super) fn tell(tenant: &TenantId, record: &Record, reason: &str) {
    tracing::info!(%tenant, source = record.source(), id = record.id(), reason, "parked");
    alert(is_money(record), reason);
}

fn alert(money: bool, reason: &str) {
    metrics::counter!("ambergate_parked_total", "money" => if money { "yes" } else { "no" })
        .increment(1);
    if money {
        tracing::warn!(reason, "money was parked: somebody must say whose it is");
    }
}

fn is_money(record: &Record) -> bool {
    record.as_fact().is_some_and(|fact| fact.is_money())
}
