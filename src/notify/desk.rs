//! The scheduler's desk at the ledger.
//!
//! Rule: nothing is kept here; what is due, tried and known is the ledger's.

use std::sync::Arc;
use std::time::Duration;

use super::hooks::Hooks;
use super::letter;
use super::scheduler::{Attempt, Desk};
use crate::clock::machine_now;
use crate::domain::fact::NoticeReceipt;
use crate::domain::id::{MessageId, RecordId, TenantId};
use crate::domain::record::Fact;
use crate::domain::time::Instant;
use crate::ledger::{Envelope, Ledger, Outcome, fault};
use crate::store::{Store as _, StoreError};

/// A ledger as the scheduler sees it.
#[derive(Clone, Debug)]
pub struct LedgerDesk {
    ledger: Ledger,
    holder: String,
    hooks: Option<Arc<Hooks>>,
}

impl LedgerDesk {
    /// Works at `ledger`; `holder` tells this process's claims from those of other replicas.
    #[must_use]
    pub fn new(ledger: Ledger, holder: impl Into<String>) -> Self {
        Self { ledger, holder: holder.into(), hooks: None }
    }

    /// Has the operator's own systems told.
    #[must_use]
    pub fn with_hooks(self, hooks: Option<Arc<Hooks>>) -> Self {
        Self { hooks, ..self }
    }
}

impl Desk for LedgerDesk {
    type Error = StoreError;
    type Ticket = Envelope;

    async fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        self.ledger.due_by(now, limit).await
    }

    async fn claim(&self, tenant: &TenantId, lasts: Duration) -> Result<bool, StoreError> {
        let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        self.ledger.store().lease(&format!("tenant:{tenant}"), &self.holder, millis).await
    }

    async fn advance(&self, tenant: &TenantId) -> Result<Vec<MessageId>, StoreError> {
        let advanced = self.ledger.advance_telling(tenant).await?;
        if let Some(hooks) = &self.hooks {
            hooks.tell(tenant, &advanced.hooks);
        }
        Ok(advanced.sends)
    }

    async fn try_message(
        &self,
        tenant: &TenantId,
        message: MessageId,
    ) -> Result<Option<Attempt<Envelope>>, StoreError> {
        let Some(envelope) = self.ledger.try_message(tenant, message).await? else {
            return Ok(None);
        };
        let letter =
            letter::compose(tenant, &envelope.account, &envelope.made, &envelope.law, envelope.at);
        Ok(letter.map(|letter| Attempt {
            number: envelope.attempt,
            role: envelope.made.role,
            letter,
            ticket: envelope,
        }))
    }

    async fn still_wanted(&self, envelope: &Envelope) -> Result<bool, StoreError> {
        Ok(self.ledger.is_still_right(envelope).await)
    }

    async fn take_receipt(
        &self,
        tenant: &TenantId,
        id: RecordId,
        receipt: NoticeReceipt,
    ) -> Result<(), StoreError> {
        fault::hit("before-receipt");
        match self.ledger.record(tenant, id, Fact::NoticeReceipt(Box::new(receipt))).await {
            Outcome::Accepted | Outcome::Duplicate | Outcome::Parked => Ok(()),
            Outcome::Unavailable => {
                Err(StoreError::Unavailable("a receipt was not taken".to_owned()))
            }
        }
    }

    async fn beat(&self) -> Result<(), StoreError> {
        self.ledger.sign_of_life(machine_now()).await
    }

    async fn drain_inbox(&self) -> Result<usize, StoreError> {
        self.ledger.drain_inbox().await
    }

    fn is_away(error: &StoreError) -> bool {
        matches!(error, StoreError::Unavailable(_))
    }
}
