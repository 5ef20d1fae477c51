//! Tenants that pay for others, or that others were merged into: who is looked at when one of them
//! changes (SPEC 3 `tenant.merged`, 4 `paid_by`).
//!
//! Rules:
//! 1. A tenant that is paid for is reckoned with its payer's account as just read; what changed there
//!    is recorded with the tenant.
//! 2. Whatever is committed of a payer has those looked at that it pays for. Should that be lost, each
//!    of them looks by itself, before long.
//! 3. A payer's account says for whom it pays, because they said so: no list is kept beside it.
//! 4. What counts for a tenant of one that was merged into it counts for the next one of their chain
//!    too: each of them is looked at.
//! 5. No tenant's work waits for another one's: what follows for others is done afterwards.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Ledger;
use super::advance::Advanced;
use super::draft::Draft;
use crate::domain::id::TenantId;
use crate::domain::payer::{self, Payer, Tie};
use crate::domain::record::{Fact, Record};
use crate::domain::view::view;
use crate::store::{Store as _, StoreError};

/// How often somebody else may be faster before a link is noted later.
const CONFLICTS_MAX: usize = 50;

/// So many are looked at before whoever waits for the payer's commit is answered; the others by
/// [`Ledger::run`], at once.
const AT_ONCE: usize = 32;

/// What is still to be done for others than the tenants that changed.
#[derive(Debug, Default)]
pub(super) struct Kin {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// Tenants whose payer changed, or what counts for them of others.
    due: BTreeSet<TenantId>,
    /// Payers that are to know how others belong to them.
    links: BTreeSet<(TenantId, TenantId, Tie)>,
}

impl Kin {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
    /// Reads the tenant that pays for this one, if there is one.
    pub(super) async fn read_payer(&self, draft: &mut Draft) -> Result<(), StoreError> {
        let Some(payer) = draft.account().profile.payer().cloned() else { return Ok(()) };
        let none = || Payer { tenant: payer.clone(), parts: Vec::new() };
        let Some(stored) = self.store().load(&payer).await? else {
            draft.set_payer(none());
            return Ok(());
        };
        let (law, situation, child) = (self.law(), draft.situation(), draft.tenant().clone());
        let (name, tie) = (payer.clone(), Tie::of(draft.account(), &payer));
        let bytes = stored.account.len();
        let records = self.records_of(&payer, stored).await?;
        let (read, linked, second) = super::beside::reckoned(bytes, move || {
            let account = view(&name, &records, &law);
            let second = account.profile.payer().is_some();
            let linked = Tie::known(&account, &child) == tie;
            Ok((Payer::of(&name, &account, &law, &situation), linked, second))
        })
        .await?;
        if second {
            tracing::warn!(tenant = %draft.tenant(), %payer, "the payer is paid for itself: its \
                standing is not shared. Name the tenant that pays in the end");
        }
        if !linked {
            self.inner.kin.open().links.insert((payer.clone(), draft.tenant().clone(), tie));
        }
        draft.set_payer(read);
        Ok(())
    }

    /// Notes who is to be looked at after a commit, and who is no longer paid for.
    pub(super) fn note_kin(&self, mut draft: Draft) -> Draft {
        if !draft.added().is_empty() {
            let relinks = |record: &Record| match record.as_fact() {
                Some(Fact::TenantUpdated(update)) => update.paid_by.is_some(),
                Some(Fact::TenantMerged(_)) => true,
                _ => false,
            };
            let before = draft.added().iter().any(relinks).then(|| draft.payers());
            let (child, account) = (draft.tenant().clone(), draft.account());
            let mut open = self.inner.kin.open();
            open.due.extend(account.children.iter().cloned());
            open.due.extend(account.profile.merged_into.clone());
            for payer in before.into_iter().flatten() {
                if account.profile.payer() != Some(&payer) {
                    open.links.insert((payer, child.clone(), Tie::None));
                }
            }
        }
        draft
    }

    /// Does what is to be done for others than the tenants that changed. What fails is done again.
    pub(super) async fn look_at_kin(&self) {
        loop {
            let next = self.inner.kin.open().links.pop_first();
            let Some((payer, child, tie)) = next else { break };
            if let Err(error) = self.note_link(&payer, &child, tie).await {
                tracing::warn!(%payer, %child, %error, "who pays for whom is noted later");
                self.inner.kin.open().links.insert((payer, child, tie));
                return;
            }
        }
        let mut seen = BTreeSet::new();
        for _ in 0..AT_ONCE {
            let next = self.inner.kin.open().due.pop_first();
            let Some(tenant) = next else { return };
            let looked = Box::pin(self.look_at(&tenant, false)).await;
            let mut open = self.inner.kin.open();
            match looked {
                // What counts here counts there too, even where nothing followed from it here.
                Ok(Advanced { into: Some(into), .. }) if !seen.contains(&into) => {
                    open.due.insert(into);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%tenant, %error, "what counts for it changed: it is looked at \
                        later");
                    open.due.insert(tenant);
                    return;
                }
            }
            seen.insert(tenant);
        }
        self.wake_up();
    }

    /// Records with a payer how `child` belongs to it.
    async fn note_link(
        &self,
        payer: &TenantId,
        child: &TenantId,
        tie: Tie,
    ) -> Result<(), StoreError> {
        let _alone = self.alone(payer).await;
        for _ in 0..CONFLICTS_MAX {
            let mut draft = self.draft(payer).await?;
            if !draft.is_known() {
                return Ok(());
            }
            let link = payer::link(payer, draft.account(), child, tie);
            let Some(link) = link else { return Ok(()) };
            draft.decide(vec![link]);
            self.read_merged(&mut draft).await?;
            match self.settle(payer, draft, None).await {
                Err(StoreError::Conflict | StoreError::OtherIncarnation) => {}
                done => return done.map(drop),
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }
}
