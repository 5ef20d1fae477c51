//! Where invoices stand in the account while its records run.
//!
//! Rule: an invoice is looked for by its name once a record, and mostly it is the one before.

use super::{Run, Sheet, facts};
use crate::domain::account::Account;
use crate::domain::decision::{CaseOpened, Decision};
use crate::domain::id::{CaseId, InvoiceId};
use crate::domain::record::{Body, Fact, Record};

impl Run<'_> {
    /// Nothing that grows has to move.
    pub(super) fn make_room(&mut self, records: &[Record]) {
        let (mut invoices, mut notices, mut messages) = (0, 0, 0);
        for record in records {
            match &record.body {
                Body::Fact { fact: Fact::InvoiceIssued(_), .. } => invoices += 1,
                Body::Decision(Decision::NoticeMade(_)) => notices += 1,
                Body::Decision(Decision::MessageMade(_)) => messages += 1,
                _ => {}
            }
        }
        self.sheets.reserve(invoices);
        self.account.invoices.reserve(invoices);
        self.account.cases.reserve(invoices);
        self.account.notices.reserve(notices);
        self.account.messages.reserve(messages);
    }

    /// The place of an invoice in the account; a new one is made where it is not known.
    pub(super) fn invoice(&mut self, invoice: &InvoiceId) -> usize {
        if let Some(place) = self.place(invoice) {
            return place;
        }
        let place = self.sheets.len();
        self.account.index.invoices.note(invoice, place);
        self.account.invoices.push(facts::unheard_of(invoice));
        self.sheets.push(Sheet::default());
        self.last.set(place);
        place
    }

    /// The place of an invoice that was spoken of.
    pub(super) fn place(&self, invoice: &InvoiceId) -> Option<usize> {
        let Account { index, invoices, .. } = &self.account;
        let last = self.last.get();
        if invoices.get(last).is_some_and(|known| known.invoice == *invoice) {
            return Some(last);
        }
        let place = index.invoices.get(invoice, invoices)?;
        self.last.set(place);
        Some(place)
    }

    /// The version that a case was opened with.
    pub(super) fn opened_with(&self, case: CaseId) -> Option<&CaseOpened> {
        let place = self.opened.binary_search_by_key(&case, |known| known.case);
        place.ok().map(|place| &self.opened[place])
    }

    /// The place of an invoice that was issued, sooner or later.
    pub(super) fn issued(&self, invoice: &InvoiceId) -> Option<usize> {
        let place = self.place(invoice)?;
        self.account.invoices[place].owner.is_some().then_some(place)
    }
}
