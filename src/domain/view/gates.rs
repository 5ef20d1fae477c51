//! Parts of the app that were never open to the tenant (SPEC 1, the first exception of law 1).
//!
//! Rules:
//! 1. An invoice that gates its scope keeps it closed until nothing is owed on it; another one that
//!    gates the same scope does so, too.
//! 2. A scope was open once anything was recorded about it that did not gate it, or once what gated
//!    it fell, or was given back because it turned out not to be lawful. Then it is closed by the
//!    ladder only, like any other.

use super::Run;
use crate::domain::account::{GateState, Invoice, InvoiceStatus};
use crate::domain::decision::ScopeGated;
use crate::domain::fact::InvoiceKind;
use crate::domain::id::{EntryId, Scope};
use crate::domain::record::Record;
use crate::domain::time::Instant;

impl Run<'_> {
    /// A scope is kept closed; what is no longer so is found out with each record.
    pub(super) fn gate(&mut self, record: &Record, made: &ScopeGated) {
        let invoice = self.account.invoice(&made.invoice);
        let lawful = invoice.is_some_and(|it| it.gates(&made.scope)) && !self.was_open(&made.scope);
        if invoice.is_none_or(|invoice| invoice.owner.is_none()) {
            self.unmatched(record);
        }
        self.account.gates.push(GateState {
            made: made.clone(),
            time: record.time,
            lawful,
            lifted: None,
            in_force: lawful,
        });
    }

    fn was_open(&self, scope: &Scope) -> bool {
        self.account.opened.contains(scope)
    }

    pub(super) fn lift_gate(&mut self, entry: EntryId, at: Instant) {
        let mut gates = self.account.gates.iter_mut();
        let Some(gate) = gates.find(|gate| gate.made.entry == entry) else { return };
        gate.lifted.get_or_insert(at);
        let (scope, fell) = (gate.made.scope.clone(), !gate.in_force);
        if fell && !self.is_gated(&scope) && !self.was_open(&scope) {
            self.account.opened.push(scope);
        }
    }

    /// What was said of an invoice may be about a part that nothing gates.
    pub(super) fn note_opened(&mut self, place: usize) {
        let invoice = &self.account.invoices[place];
        let scope = invoice.scope.clone();
        let settled = invoice.amount.is_some() && invoice.owed == 0;
        let open = !invoice.gates_scope || settled && !self.is_gated(&scope);
        if open && !scope.is_whole() && !self.was_open(&scope) {
            self.account.opened.push(scope);
        }
    }

    fn is_gated(&self, scope: &Scope) -> bool {
        self.account.gates.iter().any(|gate| gate.in_force && gate.made.scope == *scope)
    }

    /// After each record: a gate that fell is never in force again.
    pub(super) fn judge_gates(&mut self) {
        for place in 0..self.account.gates.len() {
            let gate = &self.account.gates[place];
            if !gate.in_force {
                continue;
            }
            let invoice = self.account.invoice(&gate.made.invoice);
            let stands = invoice.is_some_and(|it| it.gates(&gate.made.scope));
            if gate.lifted.is_some() || !stands {
                let scope = gate.made.scope.clone();
                self.account.gates[place].in_force = false;
                if !self.is_gated(&scope) && !self.was_open(&scope) {
                    self.account.opened.push(scope);
                }
            }
        }
    }
}

impl Invoice {
    /// Whether it keeps `scope` closed, if that was never open.
    #[must_use]
    pub fn gates(&self, scope: &Scope) -> bool {
        self.gates_scope
            && self.scope == *scope
            && !scope.is_whole()
            && self.owed > 0
            && self.status == InvoiceStatus::Open
            && self.kind == InvoiceKind::Invoice
    }
}
