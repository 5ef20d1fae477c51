//! Who pays for the tenant, and how that one stands (SPEC 3 `paid_by`, 4).
//!
//! Rules:
//! 1. What one payer shared counts for nothing once another one pays, or none: what was closed
//!    because of it falls, and whatever comes of it later begins anew.
//! 2. Linked to a payer a tenant is restricted by nothing: that needs a climb of its own.

use super::Run;
use crate::domain::decision::{ChildLinked, StandingShared};
use crate::domain::id::{Source, TenantId};
use crate::domain::payer::{PaidBy, Shared, Tie, climb_of};
use crate::domain::record::Record;

impl Run<'_> {
    pub(super) fn set_payer(&mut self, record: &Record, said: &PaidBy) {
        let before = self.account.profile.payer().cloned();
        self.account.profile.paid_by = said.0.clone().filter(|payer| *payer != self.tenant);
        self.follow(before.as_ref(), record);
    }

    /// Follows whoever pays now, where that is not who paid before.
    pub(super) fn follow(&mut self, before: Option<&TenantId>, record: &Record) {
        if self.account.profile.payer() == before {
            return;
        }
        for place in 0..self.account.invoices.len() {
            if let Some(shared) = &mut self.account.invoices[place].shared {
                shared.stages.clear();
                self.climb_with(place, record);
            }
        }
    }

    /// How the payer stands from now on. What is said of another one than pays now is of before.
    pub(super) fn share(&mut self, record: &Record, shared: &StandingShared) {
        self.account.shares += 1;
        if self.account.profile.payer() != Some(&shared.payer) {
            return;
        }
        let place = self.invoice(&climb_of(&shared.payer, &shared.scope));
        let invoice = &mut self.account.invoices[place];
        invoice.owner.get_or_insert_with(Source::own);
        invoice.scope = shared.scope.clone();
        let (payer, stages) = (shared.payer.clone(), shared.stages.clone());
        invoice.shared = Some(Shared { payer, stages });
        self.sheets[place].issued.get_or_insert(record.time);
        self.climb_with(place, record);
    }

    pub(super) fn link(&mut self, linked: &ChildLinked) {
        self.account.links += 1;
        let tie = linked.tie();
        for (ties, named) in [
            (&mut self.account.children, tie != Tie::None),
            (&mut self.account.merged, tie == Tie::Merged),
        ] {
            if named {
                ties.insert(linked.child.clone());
            } else {
                ties.remove(&linked.child);
            }
        }
    }
}
