//! Arrangements: made, passing by themselves, ended (SPEC 4).
//!
//! Rules:
//! 1. All are one thing: what a kind does while it stands is [`ArrangementMade::effect`]; here is
//!    only for whom, from when, and until when.
//! 2. What came of one is read off the money. An end that lies ahead is told as it comes if no
//!    more money does.
//! 3. What somebody ended is ended for good.

use std::sync::Arc;

use super::cases::Began;
use super::{Exempt, Run, Timed, Timer};
use crate::domain::account::{Arrangement, Hold, HoldCause, Invoice};
use crate::domain::arrangement::EXEMPTION_DAYS_MAX;
use crate::domain::bearings::Bearings;
use crate::domain::fact::{
    Access, ArrangementEnded, ArrangementKind, ArrangementMade, Instalment, InvoiceTerms,
    SilenceCause, When,
};
use crate::domain::id::{ArrangementId, Derivation, Derived, InvoiceId};
use crate::domain::money::Currency;
use crate::domain::record::Record;
use crate::domain::time::{Instant, Zone};

/// How long an exemption is that does not say, in days.
const EXEMPTION_DAYS: i32 = 90;
/// A missed instalment is reminded of, and so many working days later it is certain.
const MISSED_AFTER: i32 = 5;
/// So many missed instalments end a plan.
const MISSED_MAX: usize = 2;

impl<'a> Run<'a> {
    pub(super) fn arrange(&mut self, record: &Record, made: &ArrangementMade) {
        let mut known = self.account.arrangements.iter();
        if known.any(|known| known.made.arrangement == made.arrangement) {
            return;
        }
        let all = || self.open_invoices().collect();
        let invoices: Vec<InvoiceId> = made.invoices.clone().unwrap_or_else(all);
        let places: Vec<usize> = invoices.iter().filter_map(|name| self.issued(name)).collect();
        if places.len() < invoices.len() {
            self.unmatched(record);
        }
        let from = made.from.map_or(record.time, |from| self.start_of(from));
        let number = self.account.arrangements.len();
        let about = |place: &usize| {
            let invoice = &self.account.invoices[*place];
            (invoice.invoice.clone(), invoice.scope.clone())
        };
        let pauses = matches!(made.kind, ArrangementKind::Pause | ArrangementKind::Pin);
        let parts = places.iter().filter(|_| pauses).map(about).collect();
        self.account.arrangements.push(Arrangement {
            made: made.clone(),
            time: record.time,
            invoices,
            from: from.max(record.time),
            until: None,
            ended: None,
            answer: None,
            asked: 0,
            before: 0,
            came: 0,
            missed: Vec::new(),
            parts,
        });
        match made.kind {
            ArrangementKind::Promise => self.promise(number, record, &places),
            ArrangementKind::Extension => self.extend(record, made, &places),
            ArrangementKind::Plan => self.plan(number, record, &places),
            ArrangementKind::Dispute => self.dispute(number, record, &places),
            ArrangementKind::Exemption => self.exempt(number, record, &places),
            ArrangementKind::Pause | ArrangementKind::Pin => {
                let until = made.until.map(|until| self.end_of(until));
                self.account.arrangements[number].until = until;
                self.hold_all(number, &places, None);
                self.order(number, record);
            }
            // A silence is about what is older than it.
            ArrangementKind::Silence => self.hold_all(number, &places, Some(from)),
        }
    }

    /// What is taken over with a history is counted, and silent until it is released: that is one
    /// silence an invoice, so that each can be released by itself.
    pub(super) fn take_over(&mut self, record: &Record, terms: &InvoiceTerms) {
        if terms.opening != Some(true) {
            return;
        }
        let made = ArrangementMade {
            invoices: Some(vec![terms.invoice.clone()]),
            cause: Some(SilenceCause::Opening),
            access: Some(Access::Lift),
            ..ArrangementMade::new(opening_of(&terms.invoice), ArrangementKind::Silence)
        };
        self.arrange(record, &made);
    }

    /// The hold of an arrangement, for its invoices.
    fn hold_for(&mut self, number: usize, places: &[usize]) {
        let hold = self.hold_of(number);
        for place in places {
            self.hold(*place, hold.clone());
        }
    }

    /// The hold of an arrangement, for its invoices, or for all where it names none.
    fn hold_all(&mut self, number: usize, places: &[usize], older_than: Option<Instant>) {
        if self.account.arrangements[number].made.invoices.is_some() {
            self.hold_for(number, places);
        } else {
            self.hold_everywhere(self.hold_of(number), older_than);
        }
    }

    fn hold_of(&self, number: usize) -> Hold {
        let arrangement = &self.account.arrangements[number];
        Hold {
            id: arrangement.made.arrangement.as_str().to_owned(),
            cause: HoldCause::Agreed(arrangement.made.kind),
            begin: arrangement.from,
            end: arrangement.until.map(|until| until.max(arrangement.from)),
            at_most: arrangement.made.at_most(),
        }
    }

    /// A promise stands until the end of the working day after `until`.
    fn promise(&mut self, number: usize, record: &Record, places: &[usize]) {
        let made = &self.account.arrangements[number].made;
        let Some(until) = made.until else { return };
        let about = places.first().copied();
        let Some(bearings) = self.bearings_for(about) else { return };
        let made = &self.account.arrangements[number].made;
        let day = match until {
            When::Day(day) => day,
            When::Instant(instant) => bearings.zone.day(instant),
        };
        let next = bearings.almanac().calendar.next(day);
        let end = bearings.zone.start_of(next.plus(1)).max(record.time);
        let first = places.iter().find_map(|place| self.sheets[*place].currency);
        let amount = made.amount;
        if let Some(currency) = amount.map(|amount| amount.currency).or(first) {
            let owed = self.sum(number, currency, |invoice| invoice.owed);
            let before = self.sum(number, currency, |invoice| invoice.paid);
            let arrangement = &mut self.account.arrangements[number];
            arrangement.asked = amount.map_or(owed, |amount| amount.minor);
            arrangement.before = before;
        }
        self.account.arrangements[number].until = Some(end);
        self.hold_for(number, places);
        let record = Arc::new(record.clone());
        self.timers.push(Timer { at: end, what: Timed::Promised(number), record });
    }

    /// A plan stands until its second instalment was missed, or its last one had its time.
    fn plan(&mut self, number: usize, record: &Record, places: &[usize]) {
        let instalments = self.instalments(number).to_vec();
        let Some(bearings) = self.bearings_for(places.first().copied()) else { return };
        let calendar = bearings.almanac().calendar;
        let certain = instalments.iter().map(|part| {
            let due = calendar.forward(part.due_on);
            let last = calendar.plus_working_days(due, MISSED_AFTER);
            bearings.zone.start_of(last.plus(1)).max(record.time)
        });
        let certain: Vec<Instant> = certain.collect();
        let Some(currency) = instalments.first().map(|part| part.amount.currency) else { return };
        let before = self.sum(number, currency, |invoice| invoice.paid);
        let arrangement = &mut self.account.arrangements[number];
        arrangement.before = before;
        arrangement.asked = due_by(&instalments, instalments.len());
        self.hold_for(number, places);
        let (timers, record) = (certain.into_iter().enumerate(), Arc::new(record.clone()));
        self.timers.extend(timers.map(|(part, at)| Timer {
            at,
            what: Timed::Instalment(number, part),
            record: Arc::clone(&record),
        }));
    }

    fn instalments(&self, number: usize) -> &[Instalment] {
        let made = &self.account.arrangements[number].made;
        made.instalments.as_deref().unwrap_or_default()
    }

    fn extend(&mut self, record: &Record, made: &ArrangementMade, places: &[usize]) {
        let Some(due) = made.due_on else { return };
        for place in places {
            let invoice = &mut self.account.invoices[*place];
            invoice.extended = true;
            if invoice.due_on != Some(due) {
                let earlier = invoice.due_on.is_none_or(|before| due < before);
                invoice.known = if earlier { record.learnt } else { invoice.known };
                invoice.due_on = Some(due);
            }
            self.weigh(*place, record);
        }
    }

    fn exempt(&mut self, number: usize, record: &Record, places: &[usize]) {
        let zone = self.zone();
        let day = zone.day(record.time);
        let made = &self.account.arrangements[number].made;
        let named = made.invoices.is_some();
        let end =
            made.until.map_or(zone.start_of(day.plus(EXEMPTION_DAYS + 1)), |it| self.end_of(it));
        let end = end.min(zone.start_of(day.plus(EXEMPTION_DAYS_MAX))).max(record.time);
        self.account.arrangements[number].until = Some(end);
        self.exempt.push(Exempt {
            arrangement: number,
            invoices: named.then(|| places.to_vec()),
            of: self.of.clone(),
            begin: record.time,
            end,
        });
        for place in 0..self.sheets.len() {
            self.weigh(place, record);
        }
        let record = Arc::new(record.clone());
        self.timers.push(Timer { at: end, what: Timed::Exempted(number), record });
    }

    pub(super) fn is_exempt(&self, place: usize, at: Instant) -> bool {
        let of = &self.account.invoices[place].of;
        self.exempt.iter().any(|exempt| {
            let named = exempt.invoices.as_ref().is_none_or(|places| places.contains(&place));
            let about = named && (exempt.of.is_none() || exempt.of == *of);
            about && exempt.begin <= at && at < exempt.end
        })
    }

    pub(super) fn end_arrangement(&mut self, record: &Record, ended: &ArrangementEnded) {
        let mut known = self.account.arrangements.iter();
        let Some(number) = known
            .position(|known| known.made.arrangement == ended.arrangement && known.ended.is_none())
        else {
            self.unmatched(record);
            return;
        };
        let arrangement = &mut self.account.arrangements[number];
        arrangement.ended = Some((record.time, ended.how));
        arrangement.answer.clone_from(&ended.reason);
        self.end_agreed(&ended.arrangement, record.time);
        match self.account.arrangements[number].made.kind {
            ArrangementKind::Dispute => self.answer(number, record, ended),
            ArrangementKind::Exemption => {
                let own = |exempt: &&mut Exempt| exempt.arrangement == number;
                if let Some(exempt) = self.exempt.iter_mut().find(own) {
                    exempt.end = exempt.end.min(record.time);
                }
                let (time, known) = (record.time, record.learnt);
                self.climb_again(Began { time, known, record, anew: true });
            }
            ArrangementKind::Silence => self.speak_again(number, record),
            ArrangementKind::Pause | ArrangementKind::Pin => {
                self.end_order(&ended.arrangement, record);
            }
            _ => {}
        }
    }

    /// A silence is over: what it was about climbs anew.
    fn speak_again(&mut self, number: usize, record: &Record) {
        let arrangement = &self.account.arrangements[number];
        let named = arrangement.made.invoices.clone();
        let older_than = arrangement.made.from.map_or(arrangement.time, |it| self.start_of(it));
        let began = Began { time: record.time, known: record.learnt, record, anew: true };
        for place in 0..self.sheets.len() {
            let about = match &named {
                Some(names) => names.contains(&self.account.invoices[place].invoice),
                None => self.is_older(place, Some(older_than)),
            };
            if about && self.live_case(place).is_some() {
                self.begin_anew(place, began);
            }
        }
    }

    fn climb_again(&mut self, began: Began<'_>) {
        for place in 0..self.sheets.len() {
            self.climb(place, began);
        }
    }

    /// Lets pass what happens by itself up to `until`.
    pub(super) fn pass(&mut self, until: Instant) {
        loop {
            let next = self.timers.iter().enumerate().filter(|(_, timer)| timer.at <= until);
            let Some((place, _)) = next.min_by_key(|(_, timer)| timer.at) else { return };
            let timer = self.timers.remove(place);
            match timer.what {
                Timed::Promised(number) => self.measure(number),
                Timed::Instalment(number, part) => self.check_instalment(number, part, timer.at),
                Timed::Exempted(number) => {
                    if self.account.arrangements[number].ended.is_none() {
                        let (time, record) = (timer.at, &timer.record);
                        self.climb_again(Began { time, known: time, record, anew: true });
                    }
                }
            }
        }
    }

    /// Reads off the money what has come since an arrangement was made.
    fn measure(&mut self, number: usize) {
        let arrangement = &self.account.arrangements[number];
        let amount = arrangement.made.amount.map(|amount| amount.currency);
        let part = self.instalments(number).first().map(|part| part.amount.currency);
        let names = arrangement.invoices.iter();
        let first = names.filter_map(|name| self.sheets[self.issued(name)?].currency).next();
        let Some(currency) = amount.or(part).or(first) else { return };
        let paid = self.sum(number, currency, |invoice| invoice.paid);
        let arrangement = &mut self.account.arrangements[number];
        arrangement.came = paid.saturating_sub(arrangement.before).max(0);
    }

    fn check_instalment(&mut self, number: usize, part: usize, at: Instant) {
        let arrangement = &self.account.arrangements[number];
        if arrangement.ended.is_some() || arrangement.until.is_some() {
            return;
        }
        self.measure(number);
        let instalments = self.instalments(number);
        let (last, due) = (part + 1 == instalments.len(), due_by(instalments, part + 1));
        let arrangement = &mut self.account.arrangements[number];
        if arrangement.came < due {
            arrangement.missed.push((part, at));
        }
        if last || arrangement.missed.len() >= MISSED_MAX {
            arrangement.until = Some(at);
            let name = arrangement.made.arrangement.clone();
            self.end_agreed(&name, at);
        }
    }

    /// A sum over an arrangement's invoices in one currency.
    fn sum(&self, number: usize, currency: Currency, of: impl Fn(&Invoice) -> i64) -> i64 {
        let names = self.account.arrangements[number].invoices.iter();
        let places = names.filter_map(|name| self.issued(name));
        let same = places.filter(|place| self.sheets[*place].currency == Some(currency));
        same.fold(0, |sum: i64, place| sum.saturating_add(of(&self.account.invoices[place])))
    }

    /// What is reckoned with about that invoice, or about none.
    fn bearings_for(&mut self, place: Option<usize>) -> Option<Bearings<'a>> {
        match place {
            Some(place) => self.bearings_about(place),
            None => self.bearings(),
        }
    }

    pub(super) fn zone(&self) -> Zone {
        self.bearings().map_or_else(Zone::utc, |bearings| bearings.zone)
    }

    fn start_of(&self, when: When) -> Instant {
        match when {
            When::Day(day) => self.zone().start_of(day),
            When::Instant(instant) => instant,
        }
    }

    fn end_of(&self, when: When) -> Instant {
        match when {
            When::Day(day) => self.zone().start_of(day.plus(1)),
            When::Instant(instant) => instant,
        }
    }
}

/// How the silence of an invoice that was taken over is called: `opening:` and its name, or what is
/// derived from that where it is too long.
fn opening_of(invoice: &InvoiceId) -> ArrangementId {
    let name = format!("opening:{invoice}");
    name.parse().unwrap_or_else(|_| {
        let derived: Derived = Derivation::of("opening").text(invoice.as_str()).finish();
        derived.into()
    })
}

/// What is due of a plan by its `count`-th instalment.
fn due_by(instalments: &[Instalment], count: usize) -> i64 {
    let parts = instalments.iter().take(count).map(|part| part.amount.minor);
    parts.fold(0, i64::saturating_add)
}
