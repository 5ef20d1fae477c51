//! Facts, one by one.

use super::Run;
use crate::domain::account::{Arrangement, Failure, Invoice, InvoiceStatus};
use crate::domain::fact::{
    ArrangementEnded, ArrangementKind, ArrangementMade, Collection, InvoiceKind, InvoiceTerms,
    PaymentFailed, PaymentPending, PaymentReceived, PaymentReversed, RefundMade,
};
use crate::domain::id::{InvoiceId, Scope, Source};
use crate::domain::money::Money;
use crate::domain::record::{Fact, Record};
use crate::domain::time::Instant;

/// An invoice that something was said about before it was issued.
pub(super) fn unheard_of(invoice: &InvoiceId) -> Invoice {
    Invoice {
        invoice: invoice.clone(),
        owner: None,
        number: None,
        kind: InvoiceKind::Invoice,
        amount: None,
        paid: 0,
        owed: 0,
        issued_on: None,
        due_on: None,
        known: Instant::MIN,
        scope: Scope::whole(),
        pay_url: None,
        collection: Collection::SendInvoice,
        failed: None,
        status: InvoiceStatus::Open,
        closed: None,
        returned: false,
        extended: false,
    }
}

impl Run<'_> {
    pub(super) fn apply_fact(&mut self, record: &Record, source: &Source, fact: &Fact) {
        if let Some(invoice) = fact.invoice()
            && self.issued(invoice).is_none()
        {
            self.unmatched(record);
            if fact.is_money() {
                self.hold_for_unmatched(record, invoice);
            }
            return;
        }
        match fact {
            Fact::TenantUpdated(update) => self.update_tenant(source, update),
            Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms) => {
                self.set_terms(record, source, terms);
            }
            Fact::PaymentReceived(payment) => self.receive(record, source, payment),
            Fact::PaymentPending(pending) => self.expect_money(record, pending),
            Fact::PaymentFailed(failed) => self.fail(record, failed),
            Fact::PaymentReversed(reversed) => self.reverse(record, source, reversed),
            Fact::RefundMade(refund) => self.refund(record, source, refund),
            Fact::CreditChanged(credit) => {
                self.account.credit.retain(|known| known.currency != credit.amount.currency);
                self.account.credit.push(credit.amount);
            }
            Fact::InvoicePaid(named) => self.pay(record, source, &named.invoice),
            Fact::InvoiceVoided(named) => self.void(record, &named.invoice),
            Fact::InvoiceWrittenOff(named) => self.write_off(record, &named.invoice),
            Fact::ArrangementMade(made) => self.arrange(record, made),
            Fact::ArrangementEnded(ended) => self.end_arrangement(record, ended),
            Fact::NoticeReceipt(receipt) => self.receipt(record, receipt),
            Fact::TaskDone(done) => self.task_done(record, done),
        }
        self.hold_for_spare_money(record);
    }

    fn set_terms(&mut self, record: &Record, source: &Source, terms: &InvoiceTerms) {
        let place = self.invoice(&terms.invoice);
        let invoice = &mut self.account.invoices[place];
        if invoice.owner.as_ref() != Some(source) {
            return;
        }
        let sheet = &mut self.sheets[place];
        let texts = [(&mut invoice.number, &terms.number), (&mut invoice.pay_url, &terms.pay_url)];
        for (field, said) in texts {
            if said.is_some() {
                field.clone_from(said);
            }
        }
        invoice.kind = terms.kind.unwrap_or(invoice.kind);
        invoice.collection = terms.collection.unwrap_or(invoice.collection);
        invoice.issued_on = terms.issued_on.or(invoice.issued_on);
        if let Some(scope) = &terms.scope {
            invoice.scope = scope.clone();
        }
        if let Some(amount) = terms.amount {
            invoice.amount = Some(amount);
            sheet.books.amount_known(amount.minor);
        }
        let same = |money: &Money| invoice.amount.is_none_or(|all| all.currency == money.currency);
        if let Some(total) = terms.amount_paid.filter(same) {
            sheet.books.report(source, total.minor);
        }
        if let Some(due) = terms.due_on {
            // What people agreed outranks what a source merely repeats.
            let repeated = invoice.extended && sheet.reported_due.contains(&due);
            if !sheet.reported_due.contains(&due) {
                sheet.reported_due.push(due);
            }
            if !repeated && invoice.due_on != Some(due) {
                let earlier = invoice.due_on.is_none_or(|before| due < before);
                invoice.known = if earlier { record.learnt } else { invoice.known };
                invoice.due_on = Some(due);
                invoice.extended = false;
            }
        }
        self.weigh(place, record);
    }

    fn receive(&mut self, record: &Record, source: &Source, payment: &PaymentReceived) {
        self.end_hold(&payment.payment, record.time);
        let seen = self.payments.iter().any(|(known, _)| *known == payment.payment);
        let spare = self.loose.iter().position(|loose| loose.payment == payment.payment);
        let allocations = payment.invoices.as_deref().unwrap_or_default();
        // One id counts once; an allocation that comes later takes from what was on account.
        let mut left = match (seen, spare) {
            (true, None) => return,
            (true, Some(place)) => self.loose.swap_remove(place).left,
            (false, _) => payment.amount,
        };
        if !seen {
            self.payments.push((payment.payment.clone(), source.clone()));
        }
        for allocation in allocations {
            let part = allocation.amount.minor.min(left.minor).max(0);
            let Some(place) = self.issued(&allocation.invoice) else {
                self.unmatched(record);
                self.hold_for_unmatched(record, &allocation.invoice);
                left.minor -= part;
                continue;
            };
            let currency = self.account.invoices[place].amount.map(|amount| amount.currency);
            if currency.is_none_or(|currency| currency == allocation.amount.currency) {
                self.sheets[place].books.receive(source, part);
                left.minor -= part;
                self.weigh(place, record);
            }
        }
        if left.minor > 0 {
            let payment = payment.payment.clone();
            self.loose.push(super::Loose { payment, left, looked_at: false });
        }
    }

    fn expect_money(&mut self, record: &Record, pending: &PaymentPending) {
        let Some(place) = self.issued(&pending.invoice) else { return };
        self.hold_for_pending(place, record, pending);
    }

    fn fail(&mut self, record: &Record, failed: &PaymentFailed) {
        let Some(place) = self.issued(&failed.invoice) else { return };
        let invoice = &mut self.account.invoices[place];
        let first = invoice.failed.map_or(record.time, |failure| failure.first);
        invoice.failed =
            Some(Failure { first, reason: failed.reason, next_attempt_at: failed.next_attempt_at });
        self.end_in_flight(place, record.time);
        self.weigh(place, record);
    }

    fn reverse(&mut self, record: &Record, source: &Source, reversed: &PaymentReversed) {
        let Some(place) = self.issued(&reversed.invoice) else { return };
        self.account.invoices[place].returned = true;
        self.sheets[place].books.reverse(source, reversed.amount.minor);
        self.weigh(place, record);
    }

    fn refund(&mut self, record: &Record, source: &Source, refund: &RefundMade) {
        let Some(place) = self.issued(&refund.invoice) else { return };
        self.sheets[place].books.refund(source, refund.amount.minor);
        self.weigh(place, record);
    }

    fn pay(&mut self, record: &Record, source: &Source, invoice: &InvoiceId) {
        let Some(place) = self.issued(invoice) else { return };
        let amount = self.account.invoices[place].amount.map(|amount| amount.minor);
        self.sheets[place].books.fill(source, amount);
        self.weigh(place, record);
    }

    fn void(&mut self, record: &Record, invoice: &InvoiceId) {
        let Some(place) = self.issued(invoice) else { return };
        self.sheets[place].voided = true;
        self.account.invoices[place].status = InvoiceStatus::Voided;
        self.weigh(place, record);
    }

    fn write_off(&mut self, record: &Record, invoice: &InvoiceId) {
        let Some(place) = self.issued(invoice) else { return };
        if !self.sheets[place].voided {
            self.account.invoices[place].status = InvoiceStatus::WrittenOff;
        }
        self.account.invoices[place].closed.get_or_insert(record.time);
        self.hold_for_write_off(place, record);
        self.weigh(place, record);
    }

    fn arrange(&mut self, record: &Record, made: &ArrangementMade) {
        let open = |invoice: &&Invoice| invoice.owed > 0;
        let all = || self.account.invoices.iter().filter(open).map(|known| known.invoice.clone());
        let invoices: Vec<InvoiceId> = made.invoices.clone().unwrap_or_else(|| all().collect());
        let waits = invoices.iter().any(|invoice| self.issued(invoice).is_none());
        if waits {
            self.unmatched(record);
        }
        let until = match made.kind {
            ArrangementKind::Promise => self.hold_for_promise(record, made, &invoices),
            ArrangementKind::Extension => {
                self.extend(record, made, &invoices);
                None
            }
        };
        self.account.arrangements.push(Arrangement {
            made: made.clone(),
            time: record.time,
            invoices,
            until,
            ended: None,
        });
    }

    fn extend(&mut self, record: &Record, made: &ArrangementMade, invoices: &[InvoiceId]) {
        let Some(due) = made.due_on else { return };
        for name in invoices {
            let Some(place) = self.issued(name) else { continue };
            let invoice = &mut self.account.invoices[place];
            invoice.extended = true;
            if invoice.due_on != Some(due) {
                let earlier = invoice.due_on.is_none_or(|before| due < before);
                invoice.known = if earlier { record.learnt } else { invoice.known };
                invoice.due_on = Some(due);
            }
            self.weigh(place, record);
        }
    }

    fn end_arrangement(&mut self, record: &Record, ended: &ArrangementEnded) {
        let known = self
            .account
            .arrangements
            .iter_mut()
            .find(|known| known.made.arrangement == ended.arrangement && known.ended.is_none());
        let Some(arrangement) = known else {
            self.unmatched(record);
            return;
        };
        arrangement.ended = Some((record.time, ended.how));
        self.end_hold(&ended.arrangement, record.time);
    }
}
