//! Who pays for the tenant, and how that one stands (SPEC 3 `paid_by`, 4).
//!
//! Rules:
//! 1. What one payer shared counts for nothing once another one pays, or none: what was closed
//!    because of it falls, and whatever comes of it later begins anew.
//! 2. Linked to a payer a tenant is restricted by nothing: that needs a climb of its own.

use super::Run;
use crate::domain::decision::{ChildLinked, StandingShared};
use crate::domain::id::Source;
use crate::domain::payer::{PaidBy, Shared, climb_of};
use crate::domain::record::Record;

impl Run<'_> {
    pub(super) fn set_payer(&mut self, record: &Record, said: &PaidBy) {
        let payer = said.0.clone().filter(|payer| *payer != self.tenant);
        if self.account.profile.paid_by == payer {
            return;
        }
        self.account.profile.paid_by = payer;
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
        if self.account.profile.paid_by.as_ref() != Some(&shared.payer) {
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
        if linked.paid {
            self.account.children.insert(linked.child.clone());
        } else {
            self.account.children.remove(&linked.child);
        }
    }
}
