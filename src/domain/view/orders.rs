//! Orders: what somebody of the operator's asks for climbs like an invoice (see `domain::order`).
//!
//! Rules:
//! 1. One climb a part of the app that it is about, from its own `from` on, until it ends.
//! 2. What it is about grows with nothing: where an invoice it names moves, the climb goes on about
//!    what is left, in another leg, or ends.

use super::Run;
use super::cases::Began;
use crate::domain::account::{Hold, HoldCause};
use crate::domain::id::{ArrangementId, Scope};
use crate::domain::order::{Order, name_of};
use crate::domain::record::Record;
use crate::domain::stage::Stage;

impl Run<'_> {
    /// Begins the climbs of the arrangement of that number, if it asks for what restricts.
    pub(super) fn order(&mut self, number: usize, record: &Record) {
        let arrangement = &self.account.arrangements[number];
        let Some(stage) = arrangement.made.ordered() else { return };
        let (from, until) = (arrangement.from, arrangement.until);
        let (name, kind) = (arrangement.made.arrangement.clone(), arrangement.made.kind);
        let day = self.zone().day(from);
        for scope in self.account.paused(&self.account.arrangements[number]) {
            self.ordered = true;
            let place = self.invoice(&name_of(&name, &scope));
            let invoice = &mut self.account.invoices[place];
            invoice.scope = scope;
            invoice.known = record.learnt;
            invoice.issued_on = Some(day);
            invoice.order = Some(Order { arrangement: name.clone(), stage, from, ended: false });
            if let Some(until) = until {
                self.held = true;
                self.sheets[place].holds.push(Hold {
                    id: format!("{}:over", kind.word()),
                    cause: HoldCause::Over,
                    begin: until.max(from),
                    end: None,
                    at_most: Some(Stage::Full),
                });
            }
            let began = Began { time: from, known: record.learnt, record, anew: false };
            self.climb(place, began);
        }
    }

    /// The climbs of that arrangement end.
    pub(super) fn end_order(&mut self, name: &ArrangementId, record: &Record) {
        for place in 0..self.sheets.len() {
            if self.is_ordered_by(place, name) {
                self.end_climb(place, record);
            }
        }
    }

    /// An invoice is about another part of the app: an order that names it is about no more.
    pub(super) fn narrow_orders(&mut self, record: &Record) {
        if !self.ordered {
            return;
        }
        for place in 0..self.sheets.len() {
            let invoice = &self.account.invoices[place];
            let Some(order) = invoice.order.as_ref().filter(|order| !order.ended) else { continue };
            let Some(arrangement) = self.account.arrangement_of(order) else { continue };
            let left = self.account.paused(arrangement);
            let within = |part: &Scope| invoice.scope.covers(part);
            match left.into_iter().find(within) {
                Some(part) if part == invoice.scope => {}
                Some(part) => {
                    self.account.invoices[place].scope = part;
                    self.rescope(place);
                }
                None => self.end_climb(place, record),
            }
        }
    }

    /// Ends what was over by itself before the newest record.
    pub(super) fn end_orders(&mut self) {
        let newest = self.account.newest;
        for case in self.account.cases.iter_mut().filter(|case| case.ended.is_none()) {
            case.ended = case.over_at().filter(|over| *over <= newest);
        }
    }

    fn is_ordered_by(&self, place: usize, name: &ArrangementId) -> bool {
        let order = self.account.invoices[place].order.as_ref();
        order.is_some_and(|order| order.arrangement == *name)
    }

    fn end_climb(&mut self, place: usize, record: &Record) {
        if let Some(order) = &mut self.account.invoices[place].order {
            order.ended = true;
        }
        self.climb(place, Began::with(record));
    }
}
