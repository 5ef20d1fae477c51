//! Pauses that the tenant's own people accepted (SPEC 1, the second exception of law 1).
//!
//! Rule: what closes by agreement closes no more and no harder than was agreed, while it stands and
//! its invoices are about that part, and never again once it was given back.

use super::Run;
use crate::domain::account::{Account, PauseState};
use crate::domain::arrangement::{Arrangement, ArrangementKind};
use crate::domain::decision::PauseEntered;
use crate::domain::id::{EntryId, InvoiceId, Scope};
use crate::domain::record::Record;
use crate::domain::stage::{Role, Stage};
use crate::domain::time::Instant;

impl Run<'_> {
    pub(super) fn enter_pause(&mut self, record: &Record, made: &PauseEntered) {
        let known = self.account.arrangements.iter();
        let agreed = known.clone().find(|it| it.made.arrangement == made.arrangement);
        let lawful = agreed.is_some_and(|it| {
            let same = it.agreed_stage() == Some(made.stage);
            same && it.stands(record.time) && self.account.paused(it).contains(&made.scope)
        });
        if agreed.is_none() {
            self.unmatched(record);
        }
        self.account.pauses.push(PauseState {
            made: made.clone(),
            time: record.time,
            lawful,
            lifted: None,
            in_force: false,
        });
    }

    pub(super) fn lift_pause(&mut self, entry: EntryId, at: Instant) {
        let mut pauses = self.account.pauses.iter_mut();
        if let Some(pause) = pauses.find(|pause| pause.made.entry == entry) {
            pause.lifted.get_or_insert(at);
        }
    }

    pub(super) fn judge_pauses(&mut self) {
        for place in 0..self.account.pauses.len() {
            let pause = &self.account.pauses[place];
            let mut agreed = self.account.arrangements.iter();
            let agreed = agreed.find(|it| it.made.arrangement == pause.made.arrangement);
            let stands = agreed.is_some_and(|it| {
                it.ended.is_none() && self.account.paused(it).contains(&pause.made.scope)
            });
            let in_force = pause.lawful && pause.lifted.is_none() && stands;
            self.account.pauses[place].in_force = in_force;
        }
    }
}

impl Arrangement {
    /// The stage that the tenant's own people agreed to, if it restricts.
    #[must_use]
    pub fn agreed_stage(&self) -> Option<Stage> {
        let own = |role| matches!(role, Role::Billing | Role::Admin);
        let accepted = self.made.accepted_by.as_ref().is_some_and(|by| own(by.role));
        let pause = self.made.kind == ArrangementKind::Pause;
        self.made.stage.filter(|stage| stage.restricts() && accepted && pause)
    }
}

impl Account {
    /// The parts of the app that a pause is about: those of its invoices when it was agreed, and no
    /// more than they are about now; else the whole.
    #[must_use]
    pub fn paused(&self, pause: &Arrangement) -> Vec<Scope> {
        if pause.made.invoices.is_none() {
            return vec![Scope::whole()];
        }
        let within = |(invoice, agreed): &(InvoiceId, Scope)| {
            self.invoice(invoice)?.scope.within(agreed).cloned()
        };
        let mut scopes: Vec<Scope> = pause.parts.iter().filter_map(within).collect();
        scopes.sort_unstable();
        scopes.dedup();
        scopes
    }
}
