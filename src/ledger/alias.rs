//! Whose a billing system's names are: its customers and invoices.
//!
//! Rules:
//! 1. A name is journaled before anything that came with it is taken: what names no tenant itself
//!    finds it after a restart, and after a loss, as before.
//! 2. A store that cannot take it now has it later, from the journal.
//! 3. Of two tenants that a name was given to the later counts.

use super::Ledger;
use super::entry::Entry;
use crate::domain::id::TenantId;
use crate::store::{Alias, Condition, Store as _, StoreError, shard_of};

impl Ledger {
    /// Notes that these names are `tenant`'s.
    ///
    /// # Errors
    ///
    /// Neither the store nor a journal can be written.
    pub async fn note_aliases(
        &self,
        names: &[String],
        tenant: &TenantId,
    ) -> Result<(), StoreError> {
        for name in names {
            let known = self.store().alias(name).await;
            if known.is_ok_and(|known| known.is_some_and(|known| known.tenant == *tenant)) {
                continue;
            }
            let at = self.now().await;
            let alias = Alias { name: name.clone(), tenant: tenant.clone(), at };
            let mark = self.journal().map(|journal| journal.begin(shard_of(tenant)));
            let journaled = self.journal_entry(&Entry::Alias(alias.clone())).await;
            let stored = match &journaled {
                Ok(()) => self.store().set_alias(alias).await,
                Err(_) => Ok(()),
            };
            match (self.journal().zip(mark), &stored) {
                (Some((journal, mark)), Err(_)) => {
                    journal.leave_behind(mark);
                    self.wake_up();
                }
                (Some((journal, mark)), Ok(())) => journal.finish(mark),
                (None, _) => stored?,
            }
            journaled?;
        }
        Ok(())
    }

    /// Whose a name is.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or recovers and may not know yet.
    pub async fn whose(&self, name: &str) -> Result<Option<TenantId>, StoreError> {
        match self.store().alias(name).await? {
            Some(alias) => Ok(Some(alias.tenant)),
            None => match self.store().condition().await? {
                Condition::Ready(_) => Ok(None),
                Condition::Recovering(_) => Err(StoreError::Recovering),
            },
        }
    }
}
