//! Parts of the app that stay closed until their invoice is paid (SPEC 1, law 1's first exception).
//!
//! Rules:
//! 1. Only a part that was never open is kept closed, and only as soon as its invoice is known: what
//!    stood open for an hour since is open.
//! 2. An agreement that gives access back opens it, too, and for good, as does a history that was taken
//!    over: what people used is open.
//! 3. It needs no warning, but messages that may leave, fresh feeds, a slot of the breaker and a clock that agrees. Under an
//!    open switch it is recorded all the same: what is used then was open, so under the next
//!    generation it restricts nothing.

use super::Planner;
use crate::domain::account::{GateState, Invoice};
use crate::domain::decision::{Checked, Decision, LiftCause, ScopeGated, StageLifted};
use crate::domain::id::Derivation;
use crate::domain::stage::Stage;
use crate::domain::time::HOUR;

/// For so long a part may be closed after its invoice became known here.
const WITHIN: i64 = HOUR;

impl Planner<'_> {
    pub(super) fn relieve_gates(&mut self) {
        for gate in self.account.gates.iter().filter(|gate| gate.lifted.is_none()) {
            if let Some(cause) = self.gate_falls(gate) {
                let lifted = StageLifted { entry: gate.made.entry, cause };
                self.decide(Decision::StageLifted(lifted));
            }
        }
    }

    fn gate_falls(&self, gate: &GateState) -> Option<LiftCause> {
        if !gate.lawful {
            return Some(LiftCause::Unlawful);
        }
        let invoice = self.account.invoice(&gate.made.invoice);
        if !gate.in_force {
            let moved = invoice.is_some_and(|it| it.scope != gate.made.scope);
            return Some(if moved { LiftCause::Scope } else { LiftCause::Settled });
        }
        invoice.is_some_and(|it| self.is_eased(it)).then_some(LiftCause::Agreed)
    }

    /// Whether an agreement stands that lets the invoice's part be used.
    fn is_eased(&self, invoice: &Invoice) -> bool {
        let now = self.situation.now;
        self.account.arrangements.iter().filter(|it| it.stands(now)).any(|it| {
            let all = it.made.invoices.is_none();
            let about = all || it.invoices.contains(&invoice.invoice);
            about && it.made.at_most().is_some_and(|most| most < Stage::Frozen)
        })
    }

    /// Whether one has stood since the invoice said that its part is to be paid first.
    fn was_eased(&self, invoice: &Invoice) -> bool {
        let now = self.situation.now;
        self.account.arrangements.iter().filter(|it| it.from <= now).any(|it| {
            let all = it.made.invoices.is_none();
            let about = all || it.invoices.contains(&invoice.invoice);
            let end = it.ended.map(|(at, _)| at).or(it.until);
            let since = end.is_none_or(|end| invoice.gating.is_none_or(|gating| end > gating));
            about && since && it.made.at_most().is_some_and(|most| most < Stage::Frozen)
        })
    }

    pub(super) fn plan_gates(&mut self) {
        for invoice in self.account.invoices.iter().filter(|it| it.gates(&it.scope)) {
            let entry = Derivation::of("gate")
                .text(self.tenant.as_str())
                .text(invoice.invoice.as_str())
                .text(invoice.scope.as_str())
                .finish();
            let known = self.account.gates.iter().any(|gate| gate.made.entry == entry);
            let opened = self.account.opened.contains(&invoice.scope);
            let late = invoice.gating.is_none_or(|at| at.plus_millis(WITHIN) < self.situation.now);
            if known || opened || late || self.was_eased(invoice) || self.is_ahead() {
                continue;
            }
            let situation = self.situation;
            let fresh = situation.is_fresh() && situation.clock_agrees;
            if !fresh || !situation.slots || situation.notices_held {
                self.look_again();
                continue;
            }
            let (feeds, generation) = (fresh, situation.generation);
            let slot = situation.slots;
            self.decide(Decision::ScopeGated(Box::new(ScopeGated {
                entry,
                invoice: invoice.invoice.clone(),
                scope: invoice.scope.clone(),
                checked: Checked { feeds, generation, asked: false, slot },
            })));
        }
    }
}
