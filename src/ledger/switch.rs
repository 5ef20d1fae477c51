//! The switch of law 8: one command opens everything (SPEC 5.12).
//!
//! Rules:
//! 1. Opening keeps the generation; closing raises it, so that nothing that was entered before
//!    restricts anybody until it is entered again.
//! 2. After either every tenant with something against it is looked at again.

use super::Ledger;
use super::entry::Entry;
use crate::domain::id::TenantId;
use crate::store::{Store as _, StoreError, Switch};

/// How many tenants are read at once.
const ROWS_AT_ONCE: usize = 500;
/// How often somebody else may be faster.
const CONFLICTS_MAX: usize = 20;

impl Ledger {
    /// The switch.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn switch(&self) -> Result<Switch, StoreError> {
        self.store().switch().await
    }

    /// Sets the switch. Answers how it stands afterwards.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn set_switch(
        &self,
        open: bool,
        reason: Option<String>,
        by: Option<String>,
    ) -> Result<Switch, StoreError> {
        let mut tries = 0;
        let switch = loop {
            let (now, known) = tokio::try_join!(self.store().now(), self.store().switch())?;
            let closes = known.open && !open;
            let switch = Switch {
                open,
                generation: known.generation + u64::from(closes),
                reason: reason.clone(),
                by: by.clone(),
                at: Some(now),
            };
            match self.store().set_switch(&known, switch.clone()).await {
                Ok(()) => break switch,
                Err(StoreError::Conflict) if tries < CONFLICTS_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        };
        tracing::warn!(
            open,
            generation = switch.generation,
            reason = reason.as_deref(),
            by = by.as_deref(),
            "the switch was set"
        );
        self.journal_entry(&Entry::Switch(switch.clone())).await?;
        self.look_at_all_soon();
        Ok(switch)
    }

    /// Looks at every tenant again: the rules or the switch changed.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn look_at_all(&self) -> Result<(), StoreError> {
        let mut after: Option<TenantId> = None;
        loop {
            let rows = self.store().rows(after.as_ref(), ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.tenant.clone());
            for row in &rows {
                match self.advance(&row.tenant).await {
                    Ok(_) => {}
                    Err(StoreError::Unreadable { place, detail }) => {
                        tracing::error!(%place, %detail, "a tenant is left as it is");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
}
