//! Holds: what makes cases stand still, from when, and until when (SPEC 5.5).
//!
//! Rules:
//! 1. A hold belongs to invoices, or to all; each of their cases stands still while it lasts.
//! 2. Money that finds no invoice stops all climbs from its own time until its invoice became
//!    known here or a person has looked: the time in which it stopped them never vanishes.
//! 3. What a person has looked at stops nothing again; money that came later does.
//! 4. Amounts of different currencies are never added: money in another currency than the
//!    invoice's finds no invoice.

use std::fmt;

use super::cases::add_hold;
use super::{Everywhere, Run};
use crate::domain::account::{Hold, HoldCause};
use crate::domain::decision::TaskKind;
use crate::domain::fact::PaymentPending;
use crate::domain::id::{ArrangementId, InvoiceId, PaymentId};
use crate::domain::money::Money;
use crate::domain::policy::WrittenOff;
use crate::domain::record::Record;
use crate::domain::time::{Fold, Instant};

impl Run<'_> {
    pub(super) fn hold(&mut self, place: usize, hold: Hold) {
        if let Some(case) = self.live_case(place) {
            add_hold(&mut self.account.cases[case], hold.clone());
        }
        self.sheets[place].holds.push(hold);
        self.held = true;
    }

    /// Holds all cases; with `older_than` those of invoices that were issued by then.
    pub(super) fn hold_everywhere(&mut self, hold: Hold, older_than: Option<Instant>) {
        for case in 0..self.account.cases.len() {
            let invoice = self.account.cases[case].invoice;
            let about = self.is_older(invoice, older_than) && self.is_about(invoice, &hold);
            if self.account.cases[case].is_live() && about {
                add_hold(&mut self.account.cases[case], hold.clone());
            }
        }
        self.everywhere.push(Everywhere { hold, older_than });
        self.held = true;
    }

    /// Whether a hold of everything is one of that invoice's climb, too.
    pub(super) fn is_about(&self, place: usize, hold: &Hold) -> bool {
        let order = self.account.invoices[place].order.as_ref();
        order.is_none_or(|order| order.is_held_by(hold))
    }

    pub(super) fn is_older(&self, place: usize, older_than: Option<Instant>) -> bool {
        let issued = self.sheets[place].issued;
        older_than.is_none_or(|than| issued.is_some_and(|issued| issued <= than))
    }

    /// Ends the holds of that arrangement at `at`, if they would last longer.
    pub(super) fn end_agreed(&mut self, id: &ArrangementId, at: Instant) {
        self.end_holds(at, |_, hold| {
            matches!(hold.cause, HoldCause::Agreed(_)) && hold.id == id.as_str()
        });
    }

    /// Money that was on its way came.
    pub(super) fn arrived(&mut self, payment: &PaymentId, at: Instant) {
        self.end_holds(
            at,
            |_, hold| matches!(&hold.cause, HoldCause::InFlight(known) if known == payment),
        );
    }

    /// Money that was on its way to the invoice did not come.
    pub(super) fn end_in_flight(&mut self, place: usize, at: Instant) {
        self.end_holds(at, |invoice, hold| {
            invoice == place && matches!(hold.cause, HoldCause::InFlight(_))
        });
    }

    pub(super) fn end_holds(&mut self, at: Instant, ends: impl Fn(usize, &Hold) -> bool) {
        if !self.held {
            return;
        }
        let end = |invoice: usize, hold: &mut Hold| {
            if ends(invoice, hold) && hold.end.is_none_or(|end| end > at) {
                hold.end = Some(at.max(hold.begin));
            }
        };
        for (invoice, sheet) in self.sheets.iter_mut().enumerate() {
            sheet.holds.iter_mut().for_each(|hold| end(invoice, hold));
        }
        self.everywhere.iter_mut().for_each(|it| end(usize::MAX, &mut it.hold));
        for case in &mut self.account.cases {
            let invoice = case.invoice;
            case.holds.iter_mut().for_each(|hold| end(invoice, hold));
        }
    }

    /// Money on its way holds the climb, if it covers enough and not too often in one case.
    pub(super) fn hold_for_pending(
        &mut self,
        place: usize,
        record: &Record,
        pending: &PaymentPending,
    ) {
        let Some(bearings) = self.bearings_about(place) else { return };
        let Some(in_flight) = bearings.policy.in_flight else { return };
        let invoice = &self.account.invoices[place];
        let owed = invoice.amount.map(|amount| Money { minor: invoice.owed, ..amount });
        let covers = owed.is_some_and(|owed| {
            owed.currency == pending.amount.currency
                && pending.amount.minor >= in_flight.covers.of(owed)
        });
        let id = pending.payment.as_str();
        let since = self.climbing_since(place);
        let holds = &self.sheets[place].holds;
        let before =
            |hold: &&Hold| matches!(hold.cause, HoldCause::InFlight(_)) && hold.begin >= since;
        let times = holds.iter().filter(before).count();
        let known = holds.iter().any(|hold| hold.id == id);
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
                at_most: None,
            },
        );
    }

    /// Since when the invoice climbs its present case, or has climbed none.
    fn climbing_since(&self, place: usize) -> Instant {
        let newest = self.sheets[place].case.map(|case| &self.account.cases[case]);
        newest.map_or(Instant::MIN, |case| case.ended.unwrap_or(case.began))
    }

    /// When an invoice became known here, for money of that currency. `None`: not yet, or the
    /// money is of another currency.
    pub(super) fn heard(&self, invoice: &InvoiceId, money: Option<Money>) -> Option<Instant> {
        let sheet = &self.sheets[self.issued(invoice)?];
        let same = |money: Money| sheet.currency.is_none_or(|own| own == money.currency);
        sheet.heard.filter(|_| money.is_none_or(same))
    }

    /// Money that finds no invoice stops all climbs until it does (at `matched`) or a person has
    /// looked at it. What became known first decides whether there ever was such a time.
    pub(super) fn hold_for_unmatched(
        &mut self,
        record: &Record,
        money: fmt::Arguments<'_>,
        matched: Option<Instant>,
    ) {
        // What finds no invoice of a merged tenant's may find one where that counts.
        let elsewhere = self.account.profile.merged_into.is_some();
        if elsewhere || matched.is_some_and(|matched| matched <= record.learnt) {
            return;
        }
        let id = format!("unmatched:{money}");
        if self.looked_at.contains(&id) {
            return;
        }
        let end = matched.map(|matched| matched.max(record.time));
        let known = self.everywhere.iter().any(|it| {
            it.hold.id == id && it.hold.end.is_none_or(|last| end.is_some_and(|end| end <= last))
        });
        self.unmatched_money.push((id.clone(), record.learnt));
        if !known {
            let (cause, begin) = (HoldCause::Unmatched, record.time);
            self.hold_everywhere(Hold { id, cause, begin, end, at_most: None }, None);
        }
    }

    pub(super) fn hold_for_write_off(&mut self, place: usize, record: &Record) {
        let id = format!("written_off:{}", record.id());
        if self.written_off(place) == WrittenOff::Stay {
            let (cause, begin) = (HoldCause::WrittenOff, record.time);
            self.hold(place, Hold { id, cause, begin, end: None, at_most: None });
        }
    }

    /// Money on account, or credit, that covers what is owed up to a case's due date holds it.
    pub(super) fn hold_for_spare_money(&mut self, record: &Record) {
        if self.loose.is_empty() && self.credits.is_empty() && !self.spare_held {
            return;
        }
        for place in 0..self.account.invoices.len() {
            let covered = self.is_covered_by_spare(place);
            let open = |hold: &Hold| hold.cause == HoldCause::OnAccount && hold.end.is_none();
            let held = self.sheets[place].holds.iter().any(open);
            if covered && !held {
                self.spare_held = true;
                let id = format!("on_account:{}", record.id());
                let (cause, begin) = (HoldCause::OnAccount, record.time);
                self.hold(place, Hold { id, cause, begin, end: None, at_most: None });
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

    /// A person has looked at the money that nothing claimed: at all that was known then.
    pub(super) fn looked(&mut self, kind: TaskKind, record: &Record) {
        if kind != TaskKind::Allocate {
            return;
        }
        let known = |learnt: Instant| learnt <= record.learnt;
        let unmatched = self.unmatched_money.iter().filter(|(_, learnt)| known(*learnt));
        let seen: Vec<String> = unmatched.map(|(id, _)| id.clone()).collect();
        self.end_holds(record.time, |_, hold| {
            hold.cause == HoldCause::Unmatched && seen.contains(&hold.id)
        });
        self.looked_at.extend(seen);
        for loose in self.loose.iter_mut().filter(|loose| known(loose.learnt)) {
            loose.looked_at = true;
        }
        for credit in self.credits.iter_mut().filter(|credit| known(credit.learnt)) {
            credit.looked_at = credit.amount.minor;
        }
    }
}
