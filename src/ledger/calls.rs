//! What the operator's own systems are to be told, on the account as just read.

use super::Ledger;
use super::beside::reckoned;
use crate::domain::fact::{HookAnswer, HookAnswered};
use crate::domain::id::TenantId;
use crate::domain::outbound::{self, Call};
use crate::domain::plan::known_by;
use crate::domain::record::Fact;
use crate::domain::view::view;
use crate::ledger::Outcome;
use crate::store::{Condition, Store as _, StoreError};

/// A call that is due, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Calling {
    /// Which one.
    pub call: Call,
    /// What it says: JSON.
    pub body: Vec<u8>,
}

impl Ledger {
    /// What `hook` is to be told of a tenant now, the oldest first. Nothing while the store recovers.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or what is stored cannot be read.
    pub async fn calls(&self, tenant: &TenantId, hook: &str) -> Result<Vec<Calling>, StoreError> {
        match self.store().condition().await? {
            Condition::Ready(incarnation) if self.knows(&incarnation) => {}
            Condition::Ready(_) | Condition::Recovering(_) => return Ok(Vec::new()),
        }
        let (now, stored) = tokio::try_join!(self.store().now(), self.store().load(tenant))?;
        let Some(stored) = stored else { return Ok(Vec::new()) };
        let bytes = stored.account.len();
        let records = self.records_of(tenant, stored).await?;
        let (law, tenant, hook) = (self.law(), tenant.clone(), hook.to_owned());
        reckoned(bytes, move || {
            let account = view(&tenant, &records, &law);
            let now = known_by(&account, now);
            let due = outbound::due(&tenant, &account, &law.hooks, now).calls;
            let calling = |call: Call| {
                let body = outbound::body(&tenant, &account, &call.happened)?;
                Some(Calling { call, body: body.to_string().into_bytes() })
            };
            Ok(due.into_iter().filter(|call| call.hook == hook).filter_map(calling).collect())
        })
        .await
    }

    /// Records what came of a call.
    ///
    /// # Errors
    ///
    /// Nothing can be recorded now.
    pub async fn called(
        &self,
        tenant: &TenantId,
        call: &Call,
        (kind, status): (HookAnswer, Option<u16>),
    ) -> Result<(), StoreError> {
        let said = HookAnswered {
            event: call.id,
            hook: call.hook.clone(),
            attempt: call.attempt,
            kind,
            status,
        };
        match self.record(tenant, outbound::answer_id(call), Fact::HookAnswered(said)).await {
            Outcome::Accepted | Outcome::Duplicate | Outcome::Parked => Ok(()),
            Outcome::Unavailable => {
                Err(StoreError::Unavailable("what a receiver answered was not taken".to_owned()))
            }
        }
    }
}
