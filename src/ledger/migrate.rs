//! Cases moved to another version of a policy, because somebody says so (SPEC 4).
//!
//! Rules:
//! 1. A case keeps the version that it began with until somebody moves it; each move is a record
//!    with who and why, and begins a new leg.
//! 2. Nothing gets harder by a move: what the new version has in store is warned of first, with its
//!    whole period. Whom it leaves milder is told, and alerted of.
//! 3. A dry run decides the same and commits nothing.

use std::sync::Arc;

use super::Ledger;
use super::accept::Settled;
use crate::domain::account::Account;
use crate::domain::decision::{CaseMigrated, Decision};
use crate::domain::id::{InvoiceId, PolicyHash, TenantId};
use crate::domain::policy::{Law, Policy};
use crate::domain::stage::Stage;
use crate::domain::time::Instant;
use crate::store::StoreError;

/// How often somebody else may be faster before it is given up.
const CONFLICTS_MAX: usize = 50;

/// What is to be moved, and to where.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The version that cases are moved to.
    pub to: Arc<Policy>,
    /// A policy's name or a version's hash: cases of it are moved.
    pub from: String,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Only say what would be.
    pub dry_run: bool,
}

/// What moving a tenant's cases came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Whose cases.
    pub tenant: TenantId,
    /// Which invoices, or terms, with the version that each had.
    pub cases: Vec<(InvoiceId, PolicyHash)>,
    /// Its strictest stage before.
    pub before: Stage,
    /// And after: never a stricter one.
    pub after: Stage,
}

impl Migration {
    /// What is decided of an account.
    fn decisions(&self, account: &Account, law: &Law, now: Instant) -> Vec<Decision> {
        let climbing = account.cases.iter().filter(|case| case.is_live() && case.has_begun(now));
        let meant = climbing.filter(|case| {
            let version = case.opened.as_ref().map(|opened| opened.policy);
            let of_terms = account.invoice_of(case).term.is_some();
            version.is_some_and(|it| self.means(it, law)) && of_terms == self.to.is_for_terms()
        });
        let moves = meant.map(|case| {
            Decision::CaseMigrated(Box::new(CaseMigrated {
                case: case.case,
                policy: self.to.hash,
                n: case.migrations,
                by: Some(self.by.clone()),
                reason: Some(self.reason.clone()),
            }))
        });
        moves.collect()
    }

    fn means(&self, version: PolicyHash, law: &Law) -> bool {
        let name = || law.versions.get(&version).map(|policy| policy.name.as_str());
        let named = version.to_string() == self.from || name() == Some(self.from.as_str());
        named && version != self.to.hash
    }
}

impl Ledger {
    /// Moves those of a tenant's cases that are meant. `None`: there is none.
    ///
    /// # Errors
    ///
    /// The store cannot be used now, or what is stored cannot be read.
    pub async fn migrate(
        &self,
        tenant: &TenantId,
        migration: &Migration,
    ) -> Result<Option<Moved>, StoreError> {
        let _alone = self.alone(tenant).await;
        for _ in 0..CONFLICTS_MAX {
            match self.try_migrate(tenant, migration).await {
                Err(StoreError::Conflict | StoreError::OtherIncarnation) => {}
                done => return done,
            }
            tokio::task::yield_now().await;
        }
        Err(StoreError::Conflict)
    }

    async fn try_migrate(
        &self,
        tenant: &TenantId,
        migration: &Migration,
    ) -> Result<Option<Moved>, StoreError> {
        let (mut draft, law) = (self.draft(tenant).await?, self.law());
        let now = draft.now();
        let account = draft.account();
        let decisions = migration.decisions(account, &law, now);
        if decisions.is_empty() {
            return Ok(None);
        }
        let before = account.stage();
        let pinned = decisions.iter().filter_map(|decision| {
            let Decision::CaseMigrated(migrated) = decision else { return None };
            let case = account.case(migrated.case)?;
            Some((account.invoice_of(case).invoice.clone(), case.opened.as_ref()?.policy))
        });
        let cases = pinned.collect();
        draft.decide(decisions);
        if migration.dry_run {
            draft.settle();
        } else {
            Settled { draft, .. } = self.settle(tenant, draft, None).await?;
        }
        let after = draft.account().stage();
        if after < before && !migration.dry_run {
            metrics::counter!("ambergate_migrations_eased_total").increment(1);
            tracing::warn!(%tenant, policy = %migration.to.name, before = before.word(),
                after = after.word(), "the version that its cases were moved to has no such stage: \
                the tenant is left at the nearest milder one");
        }
        Ok(Some(Moved { tenant: tenant.clone(), cases, before, after }))
    }
}
