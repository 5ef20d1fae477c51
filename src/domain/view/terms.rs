//! Terms: what is said of them, and when they climb (SPEC 3 `term.updated`).

use super::Run;
use crate::domain::fact::{TermState, TermUpdated};
use crate::domain::id::Source;
use crate::domain::record::Record;
use crate::domain::term::Term;

impl Run<'_> {
    /// A term is known from its first event on, whatever was agreed about it before.
    pub(super) fn find_term(&mut self, source: &Source, said: &TermUpdated, record: &Record) {
        let Some(name) = said.invoice() else { return };
        let place = self.invoice(&name);
        self.account.invoices[place].owner.get_or_insert_with(|| source.clone());
        let sheet = &mut self.sheets[place];
        sheet.issued.get_or_insert(record.time);
        sheet.heard = Some(sheet.heard.map_or(record.learnt, |heard| heard.min(record.learnt)));
    }

    pub(super) fn set_term(&mut self, record: &Record, said: &TermUpdated) {
        let Some(name) = said.invoice() else { return };
        let place = self.invoice(&name);
        let today = self.zone().day(record.time);
        let invoice = &mut self.account.invoices[place];
        let before = invoice.term.unwrap_or(Term {
            kind: said.kind,
            state: TermState::Active,
            data_until: None,
        });
        let state = said.state.unwrap_or(before.state);
        let data_until = said.data_until.or(before.data_until);
        invoice.term = Some(Term { state, data_until, ..before });
        if let Some(scope) = &said.scope {
            invoice.scope = scope.clone();
        }
        let ends = match (said.ends_on, state, invoice.due_on) {
            (Some(ends), ..) => Some(ends),
            // It is over now, whatever was said before; what is over stays over.
            (None, TermState::Ended, due) if said.state.is_some() => {
                Some(due.map_or(today, |due| due.min(today)))
            }
            (None, TermState::Renewed, _) if said.state.is_some() => {
                invoice.due_on = None;
                None
            }
            _ => None,
        };
        if let Some(ends) = ends {
            self.set_due(place, ends, record.learnt);
        }
        self.weigh(place, record);
    }
}
