//! The billing system, asked about an invoice before a cutoff for it (SPEC 5.9).
//!
//! Rules:
//! 1. What is asked about is the invoice whose cutoff could be entered now, right before that; the
//!    answer holds for one plan, of the account as read after it.
//! 2. It agrees where its answer, taken as facts, would change nothing about what is owed and
//!    when. Where it would, those facts are taken, and nothing is entered now.
//! 3. Without an answer nothing is entered now: the invoice is asked about again when its cutoff is
//!    planned again, and stands in the way of no other.
//! 4. One that cannot be asked at all is not asked by anybody for [`UNREACHED`]: a server that hangs
//!    holds up a planner once, not once for each cutoff.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::BoxFuture;

use super::Ledger;
use super::accept::Item;
use super::beside::reckoned;
use crate::domain::account::{Account, Invoice};
use crate::domain::id::{CaseId, InvoiceId, TenantId};
use crate::domain::plan::Ask;
use crate::domain::record::{Record, insert};
use crate::domain::time::{Instant, MINUTE};
use crate::domain::view::view;
use crate::store::{Store as _, StoreError};

/// So many invoices of a tenant are asked about at one time.
pub(super) const ASKED_MAX: usize = 8;

/// So long is nobody asked after one who could not be reached, in milliseconds.
pub(super) const UNREACHED: i64 = MINUTE;

/// What a billing system says of an invoice: facts as of now; or why it says nothing.
pub type Answer = Result<Vec<Record>, NoAnswer>;

/// Why a billing system says nothing of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It cannot be asked now, about whatever invoice.
    #[error("{0}")]
    Unreached(String),
    /// It answers, and not about this invoice.
    #[error("{0}")]
    NotOfThis(String),
}

/// A billing system that can be asked about its invoices.
pub struct Asker {
    /// The source of its facts.
    pub source: &'static str,
    /// Asks it about an invoice, now.
    pub ask: Box<dyn Fn(InvoiceId, Instant) -> BoxFuture<'static, Answer> + Send + Sync>,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("source", &self.source).finish_non_exhaustive()
    }
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Agrees,
    Differs,
    Silent,
    /// Of no invoice anything is said now.
    Unreached,
}

impl Asked {
    const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Silent => "silent",
            Self::Unreached => "unreached",
        }
    }
}

/// The billing system that can be asked.
#[derive(Debug)]
pub(super) struct Known {
    asker: OnceLock<Asker>,
    /// Until then nobody asks, in milliseconds.
    unreached_until: AtomicI64,
}

impl Known {
    pub(super) const fn nobody() -> Self {
        Self { asker: OnceLock::new(), unreached_until: AtomicI64::new(i64::MIN) }
    }

    /// The source of whom can be asked.
    pub(super) fn source(&self) -> Option<&'static str> {
        self.asker.get().map(|asker| asker.source)
    }
}

impl Ledger {
    /// Says which billing system can be asked before a cutoff.
    #[must_use]
    pub fn with_asker(self, asker: Asker) -> Self {
        // Said twice it is the first that counts: another one needs another ledger.
        let _ = self.inner.asker.asker.set(asker);
        self
    }

    /// Asks about a case's invoice.
    pub(super) async fn ask(&self, tenant: &TenantId, about: &Ask) -> Result<Asked, StoreError> {
        let known = &self.inner.asker;
        let Some(asker) = known.asker.get() else { return Ok(Asked::Unreached) };
        let now = self.now().await;
        if now.millis() < known.unreached_until.load(Ordering::Relaxed) {
            return Ok(Asked::Unreached);
        }
        let asked = match (asker.ask)(about.invoice.clone(), now).await {
            Ok(records) => self.compare(tenant, about, records).await?,
            Err(why) => {
                tracing::warn!(%tenant, invoice = %about.invoice, %why, "the billing system was \
                    asked before a cutoff and gave no answer: nothing is entered now");
                match why {
                    NoAnswer::NotOfThis(_) => Asked::Silent,
                    NoAnswer::Unreached(_) => {
                        let until = now.plus_millis(UNREACHED).millis();
                        known.unreached_until.store(until, Ordering::Relaxed);
                        Asked::Unreached
                    }
                }
            }
        };
        let labels = [("provider", asker.source), ("result", asked.word())];
        metrics::counter!("ambergate_asked_total", &labels).increment(1);
        Ok(asked)
    }

    /// Whether the answer changes nothing; else it is taken.
    async fn compare(
        &self,
        tenant: &TenantId,
        about: &Ask,
        answer: Vec<Record>,
    ) -> Result<Asked, StoreError> {
        let Some(stored) = self.store().load(tenant).await? else { return Ok(Asked::Silent) };
        let bytes = stored.account.len();
        let mut records = self.records_of(tenant, stored).await?;
        let (law, whose, said, asked) = (self.law(), tenant.clone(), answer.clone(), about.clone());
        let (same, of) = reckoned(bytes, move || {
            let before = view(&whose, &records, &law);
            let of = before.invoice(&asked.invoice).and_then(|invoice| invoice.of.clone());
            for record in said {
                insert(&mut records, record);
            }
            let after = view(&whose, &records, &law);
            Ok((is_same(&before, &after, &asked), of))
        })
        .await?;
        if same {
            return Ok(Asked::Agrees);
        }
        tracing::warn!(%tenant, invoice = %about.invoice, "the billing system says something else \
            of an invoice than was heard of it: that is taken, and nothing is entered now");
        // Where its invoice is another one's that was merged into this one, it is told that one.
        let whose = of.as_ref().unwrap_or(tenant);
        self.accept_items(whose, answer.into_iter().map(Item::new).collect()).await;
        Ok(Asked::Differs)
    }
}

/// Whether an invoice and its case are as they were.
fn is_same(before: &Account, after: &Account, about: &Ask) -> bool {
    let invoice = |account: &Account| {
        let found = account.invoices.iter().find(|it| it.invoice == about.invoice)?;
        let Invoice { amount, owed, status, due_on, .. } = found;
        Some((*amount, *owed, *status, *due_on))
    };
    let case = |account: &Account, id: CaseId| {
        account
            .case(id)
            .map(|case| (case.is_live(), case.scope.clone(), case.migrations, case.holds.clone()))
    };
    invoice(before) == invoice(after) && case(before, about.case) == case(after, about.case)
}
