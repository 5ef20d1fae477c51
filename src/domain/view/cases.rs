//! Cases (SPEC 5.4).
//!
//! Rules:
//! 1. A case begins when its invoice becomes owed with a due date (charged automatically: at the
//!    first failure), or gets another due date; it ends when that is no longer so.
//! 2. A case that an exemption puts off is known before it begins: at the exemption's end.

use super::Run;
use crate::domain::account::{Case, Hold, InvoiceStatus, WouldState};
use crate::domain::bearings::Bearings;
use crate::domain::decision::WouldHave;
use crate::domain::fact::{Collection, TermState};
use crate::domain::id::{CaseId, Derivation};
use crate::domain::leg::Leg;
use crate::domain::policy::WrittenOff;
use crate::domain::record::{Body, Record};
use crate::domain::small::{is_ignored, is_short_paid};
use crate::domain::time::Instant;

/// What began a case, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Began<'r> {
    pub(super) time: Instant,
    /// When it became known here.
    pub(super) known: Instant,
    pub(super) record: &'r Record,
    /// Something that was over: the climb starts at its first rung.
    pub(super) anew: bool,
}

impl<'r> Began<'r> {
    pub(super) const fn with(record: &'r Record) -> Self {
        Self { time: record.time, known: record.learnt, record, anew: false }
    }
}

impl Run<'_> {
    /// Reckons an invoice anew after `record`, and begins or ends its case.
    pub(super) fn weigh(&mut self, place: usize, record: &Record) {
        if self.account.invoices[place].order.is_some() {
            return self.climb(place, Began::with(record));
        }
        let sheet = &self.sheets[place];
        let invoice = &mut self.account.invoices[place];
        let amount = invoice.amount.map_or(0, |amount| amount.minor);
        invoice.paid = sheet.books.paid().min(amount);
        let owed = sheet.books.owed(amount).saturating_sub(sheet.credited).max(0);
        invoice.owed = if sheet.voided { 0 } else { owed };
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
        self.note_opened(place);
        self.settle_disputes(place, record);
        self.note_debt(place, record.time);
        self.climb(place, Began::with(record));
    }

    /// Remembers what is owed from now on, where that is something else.
    pub(super) fn note_debt(&mut self, place: usize, at: Instant) {
        let invoice = &mut self.account.invoices[place];
        let owed = invoice.undisputed().max(0);
        if invoice.debts.last().map_or(0, |(_, before)| *before) != owed {
            invoice.debts.push((at, owed));
        }
    }

    /// Begins or ends the case of what nothing is owed on.
    pub(super) fn climb_with(&mut self, place: usize, record: &Record) {
        self.climb(place, Began::with(record));
    }

    pub(super) fn climb(&mut self, place: usize, began: Began<'_>) {
        let live = self.live_case(place);
        let due = self
            .due_key(place)
            .filter(|_| !(self.is_exempt(place, began.time) || self.is_counted_elsewhere(place)));
        if let Some(case) = live {
            if due.is_some() && self.account.cases[case].due_key == due {
                return;
            }
            self.account.cases[case].ended = Some(began.time);
        }
        if due.is_some() {
            self.begin_case(place, began, due);
        }
    }

    /// Ends the case of an invoice and begins another one.
    pub(super) fn begin_anew(&mut self, place: usize, began: Began<'_>) {
        if let Some(case) = self.live_case(place) {
            self.account.cases[case].ended = Some(began.time);
        }
        self.climb(place, began);
    }

    /// Enforcing began: what would have happened counts for nothing, and the climb begins anew.
    pub(super) fn renew(&mut self, record: &Record, case: CaseId) {
        let Some(known) = self.account.case(case).filter(|known| known.is_live()) else {
            return self.unmatched(record);
        };
        let (place, known) = (known.invoice, record.learnt);
        self.begin_anew(place, Began { time: record.time, known, record, anew: true });
    }

    /// What would have happened to a case that another one took the place of counts for nothing,
    /// and nobody has to look at it.
    pub(super) fn note_would(&mut self, record: &Record, would: &WouldHave) {
        if let Some(place) = self.account.index.cases.get(&would.case) {
            let would = WouldState { made: would.clone(), time: record.time };
            self.account.cases[place].would.push(would);
        }
    }

    /// Whether an invoice has a live case, and too little is owed on it for a climb.
    pub(super) fn is_small(&mut self, place: usize, at: Instant) -> bool {
        let Some(case) = self.live_case(place) else { return false };
        let Some(bearings) = self.bearings_about(place) else { return false };
        let (account, case) = (&self.account, &self.account.cases[case]);
        let invoice = &account.invoices[place];
        is_ignored(account, case, &bearings, at) || is_short_paid(invoice, bearings.policy)
    }

    pub(super) fn live_case(&self, place: usize) -> Option<usize> {
        self.sheets[place].case.filter(|case| self.account.cases[*case].is_live())
    }

    /// What the climb is anchored to; another value is another case. `None`: there is none.
    fn due_key(&mut self, place: usize) -> Option<i64> {
        let written_off = self.account.invoices[place].status == InvoiceStatus::WrittenOff;
        let lifted = written_off && self.written_off(place) == WrittenOff::Lift;
        let invoice = &self.account.invoices[place];
        if let Some(order) = &invoice.order {
            return (!order.ended).then(|| order.from.millis());
        }
        if let Some(term) = invoice.term {
            let ends = invoice.due_on.filter(|_| term.state != TermState::Converted);
            return ends.map(|ends| i64::from(ends.number()));
        }
        if let Some(shared) = &invoice.shared {
            return (!shared.stages.is_empty()).then_some(0);
        }
        if invoice.owed <= 0 || lifted {
            return None;
        }
        match invoice.collection {
            Collection::SendInvoice => invoice.due_on.map(|due| i64::from(due.number())),
            Collection::ChargeAutomatically if invoice.extended => {
                let due = invoice.failed.and(invoice.due_on);
                due.map(|due| i64::from(due.number()))
            }
            Collection::ChargeAutomatically => invoice.failed.map(|failed| failed.first.millis()),
        }
    }

    pub(super) fn written_off(&mut self, place: usize) -> WrittenOff {
        let bearings = self.bearings_about(place);
        bearings.map_or(WrittenOff::Climb, |bearings| bearings.policy.written_off)
    }

    fn begin_case(&mut self, place: usize, by: Began<'_>, due_key: Option<i64>) {
        let invoice = &self.account.invoices[place];
        let (id, source) = (by.record.id_text(), by.record.source());
        let names = [self.tenant.as_str(), invoice.invoice.as_str(), source, &id];
        let named = Derivation::of("case").names(&names);
        let case: CaseId = match &by.record.body {
            Body::Counted(counted) => named.number(counted.since.millis()).finish(),
            Body::Fact { .. } | Body::Decision(_) => named.finish(),
        };
        let before = self.sheets[place].case.is_some();
        let from = invoice.order.as_ref().map_or(by.time, |order| order.from);
        let opened = self.opened_with(case).cloned();
        let scope = invoice.scope.clone();
        let mut begun = Case {
            case,
            invoice: place,
            began: by.time.max(from),
            known: by.known,
            again: before || by.anew,
            ended: None,
            opened,
            holds: Vec::new(),
            leg: Leg::default(),
            entries: Vec::new(),
            would: Vec::new(),
            due_key,
            moved: None,
            migrations: 0,
            scope,
        };
        let everywhere = self.everywhere.iter().filter(|it| self.is_older(place, it.older_than));
        let everywhere = everywhere.map(|it| &it.hold);
        for hold in self.sheets[place].holds.iter().chain(everywhere) {
            if self.is_about(place, hold) && hold.end.is_none_or(|end| end > by.time) {
                add_hold(&mut begun, hold.clone());
            }
        }
        self.account.index.cases.note(case, self.account.cases.len());
        self.sheets[place].case = Some(self.account.cases.len());
        self.account.cases.push(begun);
        self.begun.push(case);
    }

    /// The invoice is about another part of the app: so is its climb. What was entered closes no
    /// more than was named, and never again what it once left open.
    pub(super) fn rescope(&mut self, place: usize) {
        let Some(case) = self.live_case(place) else { return };
        let scope = &self.account.invoices[place].scope;
        let case = &mut self.account.cases[case];
        if case.scope != *scope {
            case.scope = scope.clone();
            case.forget_leg();
            for entry in &mut case.entries {
                let closes = entry.closes.take();
                entry.closes = closes.and_then(|it| it.within(&case.scope).cloned());
            }
        }
    }

    /// What a case's dates are reckoned with.
    pub(super) fn bearings_of(&self, case: &Case) -> Option<Bearings<'_>> {
        Bearings::of_case(self.law, &self.account, case)
    }
}

/// Every hold that is made makes another leg.
pub(super) fn add_hold(case: &mut Case, hold: Hold) {
    case.holds.push(hold);
    case.forget_leg();
}
