//! What counts of tenants that were merged into this one, and being merged into another one
//! (SPEC 3 `tenant.merged`).
//!
//! Rules:
//! 1. What is agreed about all invoices of a tenant that was merged is about its own, and no others.
//! 2. Its credit and its people stand beside those of this tenant, and take the place of none.
//! 3. Who was merged owes nothing here any more: its climbs end, and nothing is kept closed until it
//!    is paid.

use super::Run;
use crate::domain::arrangement::{ArrangementKind, ArrangementMade};
use crate::domain::fact::TenantMerged;
use crate::domain::id::InvoiceId;
use crate::domain::merged::Counted;
use crate::domain::record::{Fact, Record};

impl Run<'_> {
    /// Takes a fact of a tenant that was merged into this one.
    pub(super) fn count(&mut self, record: &Record, counted: &Counted) {
        self.of = Some(counted.of.clone());
        match &counted.fact {
            Fact::ArrangementMade(made) => {
                let made = Box::new(self.about_its_own(made));
                self.apply_fact(record, &counted.source, &Fact::ArrangementMade(made));
            }
            // What stays its own is not known here, and neither is its end.
            Fact::ArrangementEnded(ended)
                if !self
                    .account
                    .arrangements
                    .iter()
                    .any(|known| known.made.arrangement == ended.arrangement) => {}
            fact => self.apply_fact(record, &counted.source, fact),
        }
        self.of = None;
    }

    /// What is agreed about all invoices, by name: an exemption is about those that come, too.
    fn about_its_own(&self, made: &ArrangementMade) -> ArrangementMade {
        let mut made = made.clone();
        if made.invoices.is_none() && made.kind != ArrangementKind::Exemption {
            made.invoices = Some(self.open_invoices().collect());
        }
        made
    }

    /// The invoices on which something is owed: those of the tenant whose record is applied, if
    /// that was merged into this one, else all.
    pub(super) fn open_invoices(&self) -> impl Iterator<Item = InvoiceId> {
        let own = |it: &InvoiceId| it.clone();
        let invoices = self.account.invoices.iter().filter(|it| it.owed > 0);
        let invoices = invoices.filter(|it| self.of.is_none() || it.of == self.of);
        invoices.map(move |it| own(&it.invoice))
    }

    /// The tenant is merged into another one.
    pub(super) fn merge(&mut self, record: &Record, merged: &TenantMerged) {
        if merged.into == self.tenant {
            return;
        }
        let before = self.account.profile.payer().cloned();
        self.account.profile.merged_into = Some(merged.into.clone());
        for place in 0..self.account.invoices.len() {
            self.account.invoices[place].gates_scope = false;
            self.climb_with(place, record);
        }
        self.account.over_limit = None;
        self.follow(before.as_ref(), record);
    }

    /// Whether nothing is climbed for that invoice: another tenant's account says what is owed.
    pub(super) fn is_counted_elsewhere(&self, place: usize) -> bool {
        self.account.profile.merged_into.is_some() && self.account.invoices[place].is_billed()
    }
}
