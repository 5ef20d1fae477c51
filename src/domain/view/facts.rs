//! Facts, one by one.

use super::Run;
use super::cases::Began;
use crate::domain::account::{Accepted, Failure, Invoice, InvoiceStatus};
use crate::domain::fact::{
    Allocation, ChargebackPhase, Collection, CreditChanged, FailureReason, InvoiceKind,
    InvoiceTerms, PaymentFailed, PaymentPending, PaymentReceived, PaymentReversed, PolicyAccepted,
    RefundMade, ReversalReason,
};
use crate::domain::id::{InvoiceId, Scope, Source};
use crate::domain::money::Money;
use crate::domain::record::{Fact, Record};
use crate::domain::time::{Day, Instant};

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
        disputed: 0,
        debts: Vec::new(),
        issued_on: None,
        due_on: None,
        known: Instant::MIN,
        scope: Scope::whole(),
        pay_url: None,
        collection: Collection::SendInvoice,
        failed: None,
        attempts: Vec::new(),
        status: InvoiceStatus::Open,
        closed: None,
        returned: false,
        extended: false,
        gates_scope: false,
        gating: None,
        term: None,
        shared: None,
        order: None,
        of: None,
    }
}

impl Run<'_> {
    pub(super) fn apply_fact(&mut self, record: &Record, source: &Source, fact: &Fact) {
        if let Some(invoice) = fact.invoice() {
            let known = self.issued(invoice).is_some();
            match fact {
                Fact::PaymentPending(pending) => {
                    let heard = self.heard(invoice, Some(pending.amount));
                    let payment = &pending.payment;
                    self.hold_for_unmatched(record, format_args!("{payment}"), heard);
                }
                Fact::InvoicePaid(_) => {
                    let heard = self.heard(invoice, None);
                    self.hold_for_unmatched(record, format_args!("paid:{invoice}"), heard);
                }
                _ => {}
            }
            if !known {
                self.unmatched(record);
                return;
            }
        }
        match fact {
            Fact::TenantUpdated(update) => self.update_tenant(record, source, update),
            Fact::InvoiceIssued(terms) => {
                self.take_over(record, terms);
                self.set_terms(record, source, terms);
            }
            Fact::InvoiceUpdated(terms) => self.set_terms(record, source, terms),
            Fact::PaymentReceived(payment) => self.receive(record, source, payment),
            Fact::PaymentPending(pending) => self.expect_money(record, pending),
            Fact::PaymentFailed(failed) => self.fail(record, failed),
            Fact::PaymentReversed(reversed) => self.reverse(record, source, reversed),
            Fact::RefundMade(refund) => self.refund(record, source, refund),
            Fact::CreditChanged(credit) => self.credit(record, credit),
            Fact::InvoicePaid(named) => self.pay(record, source, &named.invoice),
            Fact::InvoiceVoided(named) => self.void(record, &named.invoice),
            Fact::InvoiceWrittenOff(named) => self.write_off(record, &named.invoice),
            Fact::ArrangementMade(made) => self.arrange(record, made),
            Fact::ArrangementEnded(ended) => self.end_arrangement(record, ended),
            Fact::NoticeReceipt(receipt) => self.receipt(record, receipt),
            Fact::TaskDone(done) => self.task_done(record, done),
            Fact::PolicyAccepted(accepted) => self.accept_policy(record, accepted),
            Fact::TermUpdated(said) => self.set_term(record, said),
            Fact::HookAnswered(said) if self.has_hooks() => {
                self.account.outbound.hear(record.time, said);
            }
            Fact::HookAnswered(_) => {}
            Fact::TenantForgotten(_) => self.forget(record),
            Fact::TenantMerged(merged) => self.merge(record, merged),
        }
        self.hold_for_spare_money(record);
        self.weigh_credit(record);
    }

    fn accept_policy(&mut self, record: &Record, accepted: &PolicyAccepted) {
        let PolicyAccepted { policy, version, by } = accepted.clone();
        self.account.accepted.push(Accepted { policy, version, by, at: record.time });
    }

    /// Since when more is owed than the credit limit.
    fn weigh_credit(&mut self, record: &Record) {
        let profile = &self.account.profile;
        let limit = profile.credit_limit.filter(|_| profile.merged_into.is_none());
        let Some(limit) = limit else { return };
        let same = |amount: &Money| amount.currency == limit.currency;
        if self.account.owed().iter().any(|owed| same(owed) && owed.minor > limit.minor) {
            self.account.over_limit.get_or_insert(record.time);
        } else {
            self.account.over_limit = None;
        }
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
        let own = self.account.profile.merged_into.is_none();
        if let Some(gates) = terms.gates_scope.filter(|_| own) {
            invoice.gates_scope = gates;
            invoice.gating = invoice.gating.or(gates.then_some(record.learnt));
        }
        let counted = |money: &Money| sheet.currency.is_none_or(|own| own == money.currency);
        let stray = terms.amount.is_some_and(|it| !counted(&it));
        if let Some(amount) = terms.amount.filter(counted) {
            // A credit note says what a dispute took already.
            let less = invoice.amount.map_or(0, |before| before.minor - amount.minor).max(0);
            let known = less.min(sheet.credited);
            sheet.credited -= known;
            let of = |(number, _): &(usize, i64)| &self.account.arrangements[*number];
            if sheet.disputes.iter().any(|it| of(it).ended.is_none()) {
                sheet.noted = sheet.noted.saturating_add(less - known);
            }
            invoice.amount = Some(amount);
            sheet.books.amount_known(amount.minor);
        }
        let counted = |money: &Money| sheet.currency.is_none_or(|own| own == money.currency);
        let stray = stray || terms.amount_paid.is_some_and(|it| !counted(&it));
        if let Some(total) = terms.amount_paid.filter(counted) {
            sheet.books.report(source, total.minor);
        }
        if let Some(due) = terms.due_on {
            self.set_due(place, due, record.learnt);
        }
        if stray {
            self.unmatched(record);
        }
        if let Some(replaced) = &terms.replaces {
            self.replace(record, source, replaced);
        }
        self.rescope(place);
        self.narrow_orders(record);
        self.weigh(place, record);
    }

    /// An invoice takes the place of another one of its source: that one counts as void.
    fn replace(&mut self, record: &Record, source: &Source, replaced: &InvoiceId) {
        match self.issued(replaced) {
            None => self.unmatched(record),
            Some(place) if self.account.invoices[place].owner.as_ref() == Some(source) => {
                self.void(record, replaced);
            }
            Some(_) => {}
        }
    }

    /// A source says when an invoice is due, or a term ends.
    pub(super) fn set_due(&mut self, place: usize, due: Day, learnt: Instant) {
        let (invoice, sheet) = (&mut self.account.invoices[place], &mut self.sheets[place]);
        if invoice.due_on == Some(due) {
            // It was known since whoever said so first, whatever time that is said to be of.
            invoice.known = invoice.known.min(learnt);
        }
        // What people agreed outranks what a source merely repeats.
        let repeated = invoice.extended && sheet.reported_due.contains(&due);
        if !sheet.reported_due.contains(&due) {
            sheet.reported_due.push(due);
        }
        if !repeated && invoice.due_on != Some(due) {
            let earlier = invoice.due_on.is_none_or(|before| due < before);
            invoice.known = if earlier { learnt } else { invoice.known };
            invoice.due_on = Some(due);
            invoice.extended = false;
        }
    }

    fn credit(&mut self, record: &Record, said: &CreditChanged) {
        let amount = said.amount;
        let same = |it: &super::Credit| it.amount.currency == amount.currency && it.of == self.of;
        let known = self.credits.iter().position(same);
        let looked_at = known.map_or(0, |place| self.credits.swap_remove(place).looked_at);
        let looked_at = looked_at.min(amount.minor);
        let of = self.of.clone();
        self.credits.push(super::Credit { of, amount, learnt: record.learnt, looked_at });
        self.account.credit.retain(|it| it.currency != amount.currency);
        for credit in self.credits.iter().filter(|it| it.amount.currency == amount.currency) {
            crate::domain::account::add(&mut self.account.credit, credit.amount);
        }
    }

    fn receive(&mut self, record: &Record, source: &Source, payment: &PaymentReceived) {
        self.arrived(&payment.payment, record.time);
        let seen = self.payments.iter().any(|(known, _)| *known == payment.payment);
        let spare = self.loose.iter().position(|loose| loose.payment == payment.payment);
        let allocations = payment.invoices.as_deref().unwrap_or_default();
        // One id counts once; an allocation that comes later takes from what was on account.
        let (mut left, looked_at) = match (seen, spare) {
            (true, None) => return,
            (true, Some(place)) => {
                let loose = self.loose.swap_remove(place);
                (loose.left, loose.looked_at)
            }
            (false, _) => (payment.amount, false),
        };
        if !seen {
            self.payments.push((payment.payment.clone(), source.clone()));
        }
        if !allocations.is_empty() {
            let matched = self.all_heard(payment, allocations);
            self.hold_for_unmatched(record, format_args!("{}", payment.payment), matched);
            if matched.is_none() {
                self.unmatched(record);
            }
        }
        for allocation in allocations {
            let part = allocation.amount.minor.min(left.minor).max(0);
            let Some(place) = self.issued(&allocation.invoice) else {
                left.minor -= part;
                continue;
            };
            if self.heard_part(payment, allocation).is_some() {
                self.sheets[place].books.receive(source, part);
                left.minor -= part;
                self.weigh(place, record);
            }
        }
        if left.minor > 0 {
            let payment = payment.payment.clone();
            let learnt = record.learnt;
            self.loose.push(super::Loose { payment, left, learnt, looked_at });
        }
    }

    /// When all that a payment pays was known here. `None`: something is not, or is counted in
    /// another currency.
    fn all_heard(&self, payment: &PaymentReceived, parts: &[Allocation]) -> Option<Instant> {
        let heard = |last: Instant, part| Some(last.max(self.heard_part(payment, part)?));
        parts.iter().try_fold(Instant::MIN, heard)
    }

    fn heard_part(&self, payment: &PaymentReceived, part: &Allocation) -> Option<Instant> {
        let same = part.amount.currency == payment.amount.currency;
        self.heard(&part.invoice, Some(part.amount)).filter(|_| same)
    }

    fn expect_money(&mut self, record: &Record, pending: &PaymentPending) {
        let Some(place) = self.issued(&pending.invoice) else { return };
        if self.heard(&pending.invoice, Some(pending.amount)).is_none() {
            self.unmatched(record);
        }
        self.hold_for_pending(place, record, pending);
    }

    fn fail(&mut self, record: &Record, failed: &PaymentFailed) {
        let Some(place) = self.issued(&failed.invoice) else { return };
        let invoice = &mut self.account.invoices[place];
        let first = invoice.failed.map_or(record.time, |failure| failure.first);
        invoice.failed =
            Some(Failure { first, reason: failed.reason, next_attempt_at: failed.next_attempt_at });
        if let Some(attempt) = failed.next_attempt_at
            && !invoice.attempts.contains(&attempt)
        {
            invoice.attempts.push(attempt);
        }
        self.end_in_flight(place, record.time);
        self.weigh(place, record);
    }

    fn reverse(&mut self, record: &Record, source: &Source, reversed: &PaymentReversed) {
        let Some(place) = self.issued(&reversed.invoice) else { return };
        if self.heard(&reversed.invoice, Some(reversed.amount)).is_none() {
            self.unmatched(record);
            return;
        }
        let amount = reversed.amount.minor;
        if reversed.reason == ReversalReason::Chargeback {
            let lost = self.sheets[place].charged_back.contains(&reversed.payment);
            match reversed.phase {
                // The money is still there; who asks for it has to say why.
                Some(ChargebackPhase::Opened) => return self.open_chargeback(record, reversed),
                Some(ChargebackPhase::Won) => {
                    self.close_chargeback(record, reversed);
                    if !lost {
                        return;
                    }
                    self.sheets[place].charged_back.retain(|known| *known != reversed.payment);
                    self.sheets[place].books.regain(source, amount);
                    return self.weigh(place, record);
                }
                Some(ChargebackPhase::Lost) | None => {
                    self.close_chargeback(record, reversed);
                    if lost {
                        return;
                    }
                    self.sheets[place].charged_back.push(reversed.payment.clone());
                }
            }
        }
        let invoice = &mut self.account.invoices[place];
        invoice.returned = true;
        if invoice.collection == Collection::ChargeAutomatically && invoice.failed.is_none() {
            // The charge failed after all.
            let reason = FailureReason::Declined;
            invoice.failed = Some(Failure { first: record.time, reason, next_attempt_at: None });
        }
        let books = &mut self.sheets[place].books;
        match reversed.reason {
            ReversalReason::Chargeback => books.charge_back(source, amount),
            _ => books.reverse(source, amount),
        }
        let small = self.is_small(place, record.time);
        self.weigh(place, record);
        if small && !self.is_small(place, record.time) {
            // It was not climbed for until now: the first rung, and not the old date.
            self.begin_anew(place, Began { anew: true, ..Began::with(record) });
        }
    }

    fn refund(&mut self, record: &Record, source: &Source, refund: &RefundMade) {
        let Some(place) = self.issued(&refund.invoice) else { return };
        if self.heard(&refund.invoice, Some(refund.amount)).is_none() {
            self.unmatched(record);
            return;
        }
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
}
