//! Tenants that were merged into others: what of them counts is read with the others' own records
//! (SPEC 3 `tenant.merged`).
//!
//! Rules:
//! 1. A tenant is reckoned with what counts of those merged into it as just read. It is looked at
//!    whenever one of them changes, before whoever told that is answered.
//! 2. What of a tenant cannot be read counts for nothing meanwhile: that gives back, and closes
//!    nothing.
//! 3. A tenant is merged into one that is known, and no ring is closed: else the event is parked, and
//!    counts as soon as that is so.

use std::collections::BTreeSet;

use super::accept::{Item, Outcome};
use super::draft::Draft;
use super::{Ledger, beside};
use crate::domain::id::TenantId;
use crate::domain::merged::{counted, joined, together};
use crate::domain::record::{Fact, Record};
use crate::domain::view::view;
use crate::store::{Store as _, StoreError, Stored, form};

impl Item {
    /// Into which tenant it merges its own one, if it does and was not taken before.
    pub(super) fn merges_into(&self, draft: &Draft) -> Option<TenantId> {
        match self.record.as_fact() {
            Some(Fact::TenantMerged(merged)) if !self.journaled && !draft.knows(&self.record) => {
                Some(merged.into.clone())
            }
            _ => None,
        }
    }
}

impl Ledger {
    /// The records of a stored account, and what counts there of others.
    pub(super) async fn records_of(
        &self,
        tenant: &TenantId,
        stored: Stored,
    ) -> Result<Vec<Record>, StoreError> {
        let (owner, len) = (tenant.clone(), stored.account.len());
        let own = beside::reckoned(len, move || form::records(&owner, &stored)).await?;
        let counted = self.counted(tenant, &own).await?;
        Ok(if counted.is_empty() { own } else { together(&own, &counted) })
    }

    /// Reads what counts of tenants that were merged into this one.
    pub(super) async fn read_merged(&self, draft: &mut Draft) -> Result<(), StoreError> {
        let counted = self.counted(draft.tenant(), draft.records()).await?;
        draft.set_counted(counted);
        Ok(())
    }

    /// What counts for a tenant, whose own records these are, of those that were merged into it.
    pub(super) async fn counted(
        &self,
        tenant: &TenantId,
        own: &[Record],
    ) -> Result<Vec<Record>, StoreError> {
        self.counted_along(own, &[tenant]).await
    }

    /// The same, where it is asked for along a chain of tenants, the asked one last.
    async fn counted_along(
        &self,
        own: &[Record],
        chain: &[&TenantId],
    ) -> Result<Vec<Record>, StoreError> {
        let mut all = Vec::new();
        let Some(into) = chain.last() else { return Ok(all) };
        for of in joined(own).iter().filter(|of| !chain.contains(of)) {
            let Some(stored) = self.store().load(of).await? else { continue };
            let owner = of.clone();
            let len = stored.account.len();
            let read = beside::reckoned(len, move || form::records(&owner, &stored)).await;
            let records = match read {
                Err(error @ StoreError::Unreadable { .. }) => {
                    tracing::error!(tenant = %into, %of, %error, "what counts of a tenant that was \
                        merged into another one cannot be read: it counts for nothing");
                    continue;
                }
                read => read?,
            };
            let further: Vec<&TenantId> = chain.iter().copied().chain([of]).collect();
            let others = Box::pin(self.counted_along(&records, &further)).await?;
            let records = if others.is_empty() { records } else { together(&records, &others) };
            all.extend(counted(of, &records, into));
        }
        Ok(all)
    }

    /// What stands in the way of merging a tenant into that one.
    pub(super) async fn not_to_merge(
        &self,
        tenant: &TenantId,
        into: &TenantId,
    ) -> Result<Option<String>, StoreError> {
        let (mut next, mut seen) = (into.clone(), BTreeSet::new());
        while seen.insert(next.clone()) {
            let Some(stored) = self.store().load(&next).await? else {
                let unknown = seen.len() == 1;
                return Ok(unknown.then(|| {
                    format!("{into}, which it is to be merged into, is not known: tell who that is")
                }));
            };
            let (name, law) = (next.clone(), self.law());
            let further = beside::reckoned(stored.account.len(), move || {
                let records = form::records(&name, &stored)?;
                Ok(view(&name, &records, &law).profile.merged_into)
            });
            match further.await? {
                Some(end) if end == *tenant => {
                    return Ok(Some(format!(
                        "{into} is merged into {tenant} itself, or into one that \
                        is: neither would owe anything. Say which of them is to stay"
                    )));
                }
                Some(further) => next = further,
                None => break,
            }
        }
        Ok(None)
    }

    /// Parks it until that is settled.
    pub(super) async fn park_merging(
        &self,
        tenant: &TenantId,
        record: &Record,
        reason: &str,
    ) -> Result<Outcome, StoreError> {
        let parked = super::parked::of_record(tenant, record, reason);
        tracing::warn!(%tenant, reason, "a tenant is not merged: the event is parked");
        self.park(parked).await?;
        Ok(Outcome::Parked)
    }
}
