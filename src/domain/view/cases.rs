//! Cases and holds (SPEC 5.4, 5.5).
//!
//! Rules:
//! 1. A case begins when its invoice becomes owed with a due date (charged automatically: at the
//!    first failure), or gets another due date; it ends when that is no longer so.
//! 2. A hold belongs to invoices; each of their cases stands still while it lasts.
//! 3. The leg is derived from the case and the ids of the holds begun: a hold that begins makes
//!    another leg, one that ends does not.

use super::Run;
use crate::domain::account::{Case, Hold, HoldCause, InvoiceStatus};
use crate::domain::bearings::Bearings;
use crate::domain::decision::TaskKind;
use crate::domain::fact::{ArrangementMade, Collection, PaymentPending, When};
use crate::domain::id::{CaseId, Derivation, InvoiceId, LegId};
use crate::domain::money::Money;
use crate::domain::policy::WrittenOff;
use crate::domain::record::{Fact, Record};
use crate::domain::time::{Fold, Instant};

impl Run<'_> {
    /// Reckons an invoice anew after `record`, and begins or ends its case.
    pub(super) fn weigh(&mut self, place: usize, record: &Record) {
        let sheet = &self.sheets[place];
        let invoice = &mut self.account.invoices[place];
        let amount = invoice.amount.map_or(0, |amount| amount.minor);
        invoice.paid = sheet.books.paid().min(amount);
        invoice.owed = if sheet.voided { 0 } else { sheet.books.owed(amount) };
        let settled = invoice.owed == 0 && invoice.amount.is_some();
        match invoice.status {
            InvoiceStatus::Open if settled => {
                invoice.status = InvoiceStatus::Paid;
                invoice.closed = Some(record.time);
            }
            InvoiceStatus::Paid if !settled => {
                invoice.status = InvoiceStatus::Open;
                invoice.closed = None;
            }
            InvoiceStatus::Voided => {
                invoice.closed.get_or_insert(record.time);
            }
            _ => {}
        }
        self.climb(place, record);
    }

    fn climb(&mut self, place: usize, record: &Record) {
        let live = self.account.cases.iter().rposition(|case| case.invoice == place);
        let live = live.filter(|case| self.account.cases[*case].is_live());
        let due = self.due_key(place);
        if let Some(case) = live {
            if due.is_some() && self.account.cases[case].due_key == due {
                return;
            }
            self.account.cases[case].ended = Some(record.time);
        }
        if due.is_some() {
            self.begin_case(place, record, due);
        }
    }

    /// What the climb is anchored to; another value is another case. `None`: there is none.
    fn due_key(&self, place: usize) -> Option<i64> {
        let invoice = &self.account.invoices[place];
        let lifted =
            invoice.status == InvoiceStatus::WrittenOff && self.written_off() == WrittenOff::Lift;
        if invoice.owed <= 0 || lifted {
            return None;
        }
        match invoice.collection {
            Collection::SendInvoice => invoice.due_on.map(|due| i64::from(due.number())),
            Collection::ChargeAutomatically if invoice.extended => {
                invoice.due_on.map(|due| i64::from(due.number()))
            }
            Collection::ChargeAutomatically => invoice.failed.map(|failed| failed.first.millis()),
        }
    }

    fn written_off(&self) -> WrittenOff {
        self.bearings().map_or(WrittenOff::Climb, |bearings| bearings.policy.written_off)
    }

    fn begin_case(&mut self, place: usize, record: &Record, due_key: Option<i64>) {
        let invoice = &self.account.invoices[place];
        let case: CaseId = Derivation::of("case")
            .text(self.tenant.as_str())
            .text(invoice.invoice.as_str())
            .text(record.source())
            .text(&record.id())
            .finish();
        let again = self.account.cases.iter().any(|known| known.invoice == place);
        let opened = self.opened.iter().find(|opened| opened.case == case).cloned();
        let mut begun = Case {
            case,
            invoice: place,
            began: record.time,
            known: record.learnt,
            again,
            ended: None,
            opened,
            holds: Vec::new(),
            leg: Derivation::of("leg").id(case).finish(),
            entries: Vec::new(),
            due_key,
        };
        for hold in self.sheets[place].holds.iter().chain(&self.everywhere) {
            if hold.end.is_none_or(|end| end > record.time) {
                add_hold(&mut begun, hold.clone());
            }
        }
        self.account.cases.push(begun);
    }

    fn hold(&mut self, place: usize, hold: Hold) {
        for case in &mut self.account.cases {
            if case.invoice == place && case.is_live() {
                add_hold(case, hold.clone());
            }
        }
        self.sheets[place].holds.push(hold);
    }

    /// Ends the holds named `id` at `at`, if they would last longer.
    pub(super) fn end_hold(&mut self, id: &impl AsRef<str>, at: Instant) {
        self.end_holds(at, |_, hold| hold.id == id.as_ref());
    }

    /// Money that was on its way to the invoice did not come.
    pub(super) fn end_in_flight(&mut self, place: usize, at: Instant) {
        self.end_holds(at, |invoice, hold| {
            invoice == place && matches!(hold.cause, HoldCause::InFlight(_))
        });
    }

    fn end_holds(&mut self, at: Instant, ends: impl Fn(usize, &Hold) -> bool) {
        let end = |invoice: usize, hold: &mut Hold| {
            if ends(invoice, hold) && hold.end.is_none_or(|end| end > at) {
                hold.end = Some(at.max(hold.begin));
            }
        };
        for (invoice, sheet) in self.sheets.iter_mut().enumerate() {
            sheet.holds.iter_mut().for_each(|hold| end(invoice, hold));
        }
        self.everywhere.iter_mut().for_each(|hold| end(usize::MAX, hold));
        for case in &mut self.account.cases {
            let invoice = case.invoice;
            case.holds.iter_mut().for_each(|hold| end(invoice, hold));
        }
    }

    /// A promise stands until the end of the working day after `until`. Answers that end.
    pub(super) fn hold_for_promise(
        &mut self,
        record: &Record,
        made: &ArrangementMade,
        invoices: &[InvoiceId],
    ) -> Option<Instant> {
        let bearings = self.bearings()?;
        let almanac = bearings.almanac();
        let day = match made.until? {
            When::Day(day) => day,
            When::Instant(instant) => almanac.zone.day(instant),
        };
        let end = almanac.zone.start_of(almanac.calendar.next(day).plus(1));
        for invoice in invoices {
            let Some(place) = self.issued(invoice) else { continue };
            self.hold(
                place,
                Hold {
                    id: made.arrangement.as_str().to_owned(),
                    cause: HoldCause::Promise,
                    begin: record.time,
                    end: Some(end.max(record.time)),
                },
            );
        }
        Some(end)
    }

    /// Money on its way holds the climb, if it covers enough and not too often.
    pub(super) fn hold_for_pending(
        &mut self,
        place: usize,
        record: &Record,
        pending: &PaymentPending,
    ) {
        let Some(bearings) = self.bearings() else { return };
        let Some(in_flight) = bearings.policy.in_flight else { return };
        let invoice = &self.account.invoices[place];
        let owed = invoice.amount.map(|amount| Money { minor: invoice.owed, ..amount });
        let covers = owed.is_some_and(|owed| {
            owed.currency == pending.amount.currency
                && pending.amount.minor >= in_flight.covers.of(owed)
        });
        let id = pending.payment.as_str();
        let before = |hold: &&Hold| matches!(hold.cause, HoldCause::InFlight(_));
        let times = self.sheets[place].holds.iter().filter(before).count();
        let known = self.sheets[place].holds.iter().any(|hold| hold.id == id);
        let arrived = self.payments.iter().any(|(payment, _)| *payment == pending.payment);
        if !covers || known || arrived || times >= in_flight.times as usize {
            return;
        }
        let end = bearings.almanac().plus(record.time, in_flight.hold, Fold::Earlier);
        self.hold(
            place,
            Hold {
                id: id.to_owned(),
                cause: HoldCause::InFlight(pending.payment.clone()),
                begin: record.time,
                end: Some(end),
            },
        );
    }

    /// Money for an invoice that is not known stops all climbs until it matches or a person has
    /// looked. What became known first decides whether there ever was such a time.
    pub(super) fn hold_for_unmatched(&mut self, record: &Record, invoice: &InvoiceId) {
        let issued = self.records.iter().filter(|other| match other.as_fact() {
            Some(Fact::InvoiceIssued(terms)) => terms.invoice == *invoice,
            _ => false,
        });
        let matched = issued.map(|other| other.learnt).min();
        if matched.is_some_and(|matched| matched <= record.learnt) {
            return;
        }
        let hold = Hold {
            id: format!("unmatched:{}", record.id()),
            cause: HoldCause::Unmatched,
            begin: record.time,
            end: matched.map(|matched| matched.max(record.time)),
        };
        for case in self.account.cases.iter_mut().filter(|case| case.is_live()) {
            add_hold(case, hold.clone());
        }
        self.everywhere.push(hold);
    }

    pub(super) fn hold_for_write_off(&mut self, place: usize, record: &Record) {
        let id = format!("written_off:{}", record.id());
        if self.written_off() == WrittenOff::Stay {
            let cause = HoldCause::WrittenOff;
            self.hold(place, Hold { id, cause, begin: record.time, end: None });
        }
    }

    /// Money on account, or credit, that covers what is owed up to a case's due date holds it.
    pub(super) fn hold_for_spare_money(&mut self, record: &Record) {
        if self.loose.is_empty() && self.account.credit.is_empty() && !self.spare_held {
            return;
        }
        for place in 0..self.account.invoices.len() {
            let covered = self.is_covered_by_spare(place);
            let open = |hold: &Hold| hold.cause == HoldCause::OnAccount && hold.end.is_none();
            let held = self.sheets[place].holds.iter().any(open);
            if covered && !held {
                self.spare_held = true;
                let id = format!("on_account:{}", record.id());
                let cause = HoldCause::OnAccount;
                self.hold(place, Hold { id, cause, begin: record.time, end: None });
            } else if held && !covered {
                self.end_holds(record.time, |invoice, hold| invoice == place && open(hold));
            }
        }
    }

    fn is_covered_by_spare(&self, place: usize) -> bool {
        let invoice = &self.account.invoices[place];
        let Some(amount) = invoice.amount.filter(|_| invoice.owed > 0) else { return false };
        let before = self.account.invoices.iter().filter(|other| {
            other.amount.is_some_and(|other| other.currency == amount.currency)
                && other.due_on <= invoice.due_on
        });
        let owed = before.fold(0_i64, |sum, other| sum.saturating_add(other.owed));
        let spare = self.spare(amount.currency);
        spare > 0 && spare >= owed
    }

    /// A person has looked at money that nothing claimed: it stops nothing any longer.
    pub(super) fn looked(&mut self, kind: TaskKind, at: Instant) {
        if matches!(kind, TaskKind::Allocate | TaskKind::Review) {
            self.end_holds(at, |_, hold| {
                matches!(hold.cause, HoldCause::OnAccount | HoldCause::Unmatched)
            });
            self.loose.iter_mut().for_each(|loose| loose.looked_at = true);
        }
    }

    /// What a case's dates are reckoned with.
    pub(super) fn bearings_of(&self, case: &Case) -> Option<Bearings<'_>> {
        Bearings::of_case(self.law, &self.account.profile, case)
    }
}

fn add_hold(case: &mut Case, hold: Hold) {
    case.holds.push(hold);
    let mut ids: Vec<&str> = case.holds.iter().map(|hold| hold.id.as_str()).collect();
    ids.sort_unstable();
    let derivation = Derivation::of("leg").id(case.case);
    case.leg = ids.into_iter().fold(derivation, Derivation::text).finish::<LegId>();
}
