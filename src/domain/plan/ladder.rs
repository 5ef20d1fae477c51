//! The dates of a case's rungs (SPEC 4 "Dates, exactly", 5.6).
//!
//! Rules:
//! 1. A ladder day is a date that no hold touches.
//! 2. A rung is planned for the latest of its date in ladder days from the anchor and, for each
//!    earlier `enter` rung, that rung's day plus the distance of both, in ladder days.
//! 3. That rung's day is the date of its recorded entry (an entry on the day to which its date
//!    had moved counts as made on its date); before, the day its live notice comes, or the day a
//!    notice made now would name.
//! 4. What a payer shares is planned for its time there, and no nearer to the stages before it; no rung but those that enter is there.

use super::anchor::{Anchors, anchor_of};
use super::standing::is_dead;
use super::survey::Ground;
use crate::domain::account::{Case, Entry, Invoice, NoticeState};
use crate::domain::bearings::Bearings;
use crate::domain::calendar::{Almanac, SEARCH_DAYS_MAX};
use crate::domain::decision::Step;
use crate::domain::fact::Channel;
use crate::domain::payer::Shared;
use crate::domain::policy::{Anchor, Enter, Rung, Warn};
use crate::domain::proof::{LETTER_TAKES, Warned};
use crate::domain::span::Span;
use crate::domain::time::{Day, Fold, Instant};
use crate::domain::would::{Would, WouldState};

/// Where a rung stands in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::domain) struct Place {
    /// When it is planned.
    pub(in crate::domain) planned: Instant,
    /// For an `enter` rung: when it comes, or came, as far as is known.
    pub(in crate::domain) comes: Instant,
    /// Its date in ladder days, before it moves to a working or cutoff day.
    date: Day,
    /// The day that later rungs are counted from.
    day: Day,
    /// Its date as if nothing were held: for distances.
    unheld: Day,
}

/// The dates of one case.
#[derive(Debug)]
pub(in crate::domain) struct Ladder<'a> {
    ground: &'a Ground<'a>,
    case: &'a Case,
    bearings: &'a Bearings<'a>,
    /// When something can be made at the earliest: now, or when the case is free again.
    free: Instant,
    now: Instant,
    generation: u64,
    /// Dates that holds touch, first and last.
    held: Vec<(Day, Day)>,
    places: Vec<Option<Place>>,
    /// The live warning of each rung.
    live: Vec<Option<&'a NoticeState>>,
    /// Whether each rung is there: its condition is so.
    applies: Vec<bool>,
    /// Whether what would have happened counts as if it had.
    would: bool,
}

impl<'a> Ladder<'a> {
    /// Of a live case, for something made at `free` or later, under the switch's `generation`;
    /// `would`: as it would be, were it enforced.
    pub(super) fn new(
        ground: &'a Ground<'a>,
        case: &'a Case,
        bearings: &'a Bearings<'a>,
        (free, now): (Instant, Instant),
        generation: u64,
        would: bool,
    ) -> Self {
        let zone = &bearings.zone;
        let held = case.held_days(zone).collect();
        let (rungs, live) = (bearings.policy.rungs.len(), Vec::new());
        let shared = ground.account.invoice_of(case).shared.as_ref();
        let applies = bearings.policy.rungs.iter().map(|rung| {
            if let Some(shared) = shared {
                // Slowness is not shared.
                return rung
                    .enter
                    .as_ref()
                    .is_some_and(|it| it.has_stage() && shared.stage(it.stage).is_some());
            }
            let when = rung.when.as_ref();
            when.is_none_or(|when| when.holds(ground.account, case, zone, free))
        });
        let applies = applies.collect();
        let places = Vec::with_capacity(rungs);
        let mut ladder = Self {
            ground,
            case,
            bearings,
            free,
            now,
            generation,
            held,
            places,
            live,
            applies,
            would,
        };
        ladder.live = ladder.live_warnings();
        // Nearly all rungs are counted from the same day.
        let mut anchors = Anchors::default();
        for rung in 0..rungs {
            let place = ladder.place_rung(rung, &mut anchors);
            ladder.places.push(place);
        }
        ladder
    }

    /// Of each rung: the newest warning of this leg, if it can still make its cutoff possible. An
    /// older one that was given up for it stays given up, whatever calendar or contact comes.
    fn live_warnings(&self) -> Vec<Option<&'a NoticeState>> {
        let leg = self.case.leg(self.now);
        let mut live = vec![None; self.bearings.policy.rungs.len()];
        for notice in self.ground.notices_of(self.case.case) {
            let made = &notice.made;
            if made.step != Step::Warning || made.leg != leg {
                continue;
            }
            let is_live = self.warned(notice).is_some_and(|warned| {
                let needs = warned.warn.needs;
                warned.is_live(self.free) && !is_dead(notice, self.ground, needs, self.free)
            });
            if let Some(of_rung) = live.get_mut(usize::from(made.rung)) {
                *of_rung = Some(notice).filter(|_| is_live);
            }
        }
        live
    }

    /// The live warning of a rung, in the case's leg.
    pub(in crate::domain) fn live_warning(&self, rung: u16) -> Option<&'a NoticeState> {
        self.live.get(usize::from(rung)).copied().flatten()
    }

    /// Whether the rung is there: its condition is so.
    pub(in crate::domain) fn applies(&self, rung: u16) -> bool {
        self.applies.get(usize::from(rung)).is_none_or(|applies| *applies)
    }

    /// When something can be made at the earliest.
    pub(super) const fn free(&self) -> Instant {
        self.free
    }

    /// What its dates are reckoned with.
    pub(super) const fn bearings(&self) -> &'a Bearings<'a> {
        self.bearings
    }

    /// Where a rung stands; `None`: it has no anchor, or a hold without end stands before it.
    pub(in crate::domain) fn place(&self, rung: usize) -> Option<Place> {
        self.places.get(rung).copied().flatten()
    }

    /// The rungs with their numbers.
    pub(in crate::domain) fn rungs(&self) -> impl Iterator<Item = (u16, &'a Rung)> + use<'a> {
        let rungs: &'a [Rung] = &self.bearings.policy.rungs;
        rungs.iter().enumerate().map(|(n, rung)| (u16::try_from(n).unwrap_or(u16::MAX), rung))
    }

    /// What dates are reckoned with.
    pub(in crate::domain) fn almanac(&self) -> Almanac<'a> {
        self.bearings.almanac()
    }

    /// A warning of this case against its rung's rule.
    pub(in crate::domain) fn warned(&self, notice: &'a NoticeState) -> Option<Warned<'a>> {
        let rungs: &'a [Rung] = &self.bearings.policy.rungs;
        let enter = rungs.get(usize::from(notice.made.rung))?.enter.as_ref()?;
        let attempts = &self.invoice().attempts;
        Some(Warned { notice, warn: enter.warn.as_ref()?, almanac: self.almanac(), attempts })
    }

    /// Whether a later rung that says something is due at `at`.
    pub(super) fn is_overtaken(&self, rung: u16, at: Instant) -> bool {
        self.is_later_due(rung, at, |later| later.notice.is_some() || later.enter.is_some())
    }

    /// Whether a rung after that one, picked by `which`, is due at `at`.
    pub(super) fn is_later_due(
        &self,
        rung: u16,
        at: Instant,
        which: impl Fn(&Rung) -> bool,
    ) -> bool {
        let later = self.rungs().skip(usize::from(rung) + 1);
        let later = later.filter(|(number, rung)| which(rung) && self.applies(*number));
        later
            .filter_map(|(number, _)| self.place(usize::from(number)))
            .any(|place| place.planned <= at)
    }

    /// The rung's entry that is in force under the switch's generation, for all that the case is
    /// about.
    pub(in crate::domain) fn entry(&self, rung: u16) -> Option<&'a Entry> {
        let entries = || {
            self.case.entries.iter().rev().filter(|entry| {
                entry.in_force
                    && entry.closes.as_ref().is_some_and(|closes| closes.covers(&self.case.scope))
                    && (!entry.entered.effect().restricts()
                        || entry.entered.checked.generation >= self.generation)
            })
        };
        let own = entries().find(|entry| entry.rung == Some(rung));
        own.or_else(|| entries().find(|entry| entry.stands_for(rung, self.case)))
    }

    /// When the rung was entered, or would have been.
    pub(super) fn entered_at(&self, rung: u16) -> Option<Instant> {
        let would = || self.would_have(rung, Would::Entered).map(|would| would.time);
        self.entry(rung).map(|entry| entry.time).or_else(would)
    }

    /// What a warning of this leg would have named that would still be good.
    pub(super) fn would_name(&self, rung: u16) -> Option<Instant> {
        let would = self.would_have(rung, Would::Warned)?;
        let good = self.almanac().end_of_next_working_day(would.made.at) > self.free;
        (good && would.made.leg == self.case.leg(self.now)).then_some(would.made.at)
    }

    fn would_have(&self, rung: u16, what: Would) -> Option<&'a WouldState> {
        let mut all = self.case.would.iter().rev().filter(|_| self.would);
        all.find(|it| it.made.rung == rung && it.made.what == what)
    }

    /// When a warning leaves for a cutoff planned at `planned`, made at `free` or later.
    pub(in crate::domain) fn warning_leaves(&self, planned: Instant, warn: &Warn) -> Instant {
        let almanac = self.almanac();
        let first = if is_by_letter_alone(&warn.by) { LETTER_TAKES } else { Span::ZERO };
        almanac.send_at_or_after(almanac.warning_leaves(planned, warn.before, first).max(self.free))
    }

    /// The cutoff time that a warning names which leaves at `leaves`.
    pub(in crate::domain) fn names(
        &self,
        planned: Instant,
        warn: &Warn,
        leaves: Instant,
    ) -> Option<Instant> {
        self.names_after(planned, warn, leaves, is_by_letter_alone(&warn.by))
    }

    /// The same; a letter has its way to go before the notice period begins.
    pub(super) fn names_after(
        &self,
        planned: Instant,
        warn: &Warn,
        leaves: Instant,
        by_letter: bool,
    ) -> Option<Instant> {
        let almanac = self.almanac();
        let first = if by_letter { LETTER_TAKES } else { Span::ZERO };
        let told = almanac.plus(leaves, first, Fold::Later);
        almanac.cutoff_at_or_after(planned.max(almanac.plus(told, warn.before, Fold::Later)))
    }

    fn invoice(&self) -> &'a Invoice {
        self.ground.account.invoice_of(self.case)
    }

    fn place_rung(&self, number: usize, anchors: &mut Anchors) -> Option<Place> {
        let rung = &self.bearings.policy.rungs[number];
        if let Some(shared) = &self.invoice().shared {
            return self.place_shared(number, rung, shared);
        }
        let anchor = &mut anchors[rung.at.anchor as usize];
        let anchor = (*anchor.get_or_insert_with(|| self.anchor(rung.at.anchor)))?;
        let unheld = self.unheld(anchor, rung);
        let mut date = self.advance(anchor, rung.at.offset, rung.at.working_days)?;
        for (earlier, place) in self.bearings.policy.rungs.iter().zip(&self.places) {
            let Some(place) = place.filter(|_| earlier.has_stage()) else { continue };
            let distance = unheld.since(place.unheld);
            if distance >= 0 {
                date = date.max(self.advance(place.day, distance, false)?);
            }
        }
        let planned = self.planned(rung, date)?;
        let (comes, day) = match &rung.enter {
            None => (planned, date),
            Some(enter) => self.enter_day(number, enter, date, planned)?,
        };
        Some(Place { planned, comes, date, day, unheld })
    }

    /// Where a stage stands that a payer shares: it is planned for when it comes there, or came, and
    /// no nearer to the stages before it than it is there.
    fn place_shared(&self, number: usize, rung: &Rung, shared: &Shared) -> Option<Place> {
        let enter = rung.enter.as_ref()?;
        let (almanac, at) = (self.almanac(), shared.stage(enter.stage)?.at);
        let theirs = almanac.zone.day(at);
        let mut date = theirs;
        for (earlier, place) in self.bearings.policy.rungs.iter().zip(&self.places) {
            let before = earlier.enter.as_ref().and_then(|it| shared.stage(it.stage));
            let Some((place, before)) = place.zip(before) else { continue };
            let distance = theirs.since(almanac.zone.day(before.at)).max(0);
            date = date.max(place.day.plus(distance));
        }
        let planned = match enter.stage.restricts() {
            true if date > theirs => self.planned(rung, date)?,
            true => almanac.cutoff_at_or_after(at)?,
            false => at,
        };
        let (comes, day) = self.enter_day(number, enter, date, planned)?;
        Some(Place { planned, comes, date, day, unheld: date })
    }

    /// What the days of a rung are counted from.
    fn anchor(&self, anchor: Anchor) -> Option<Day> {
        let invoice = self.invoice();
        anchor_of(invoice, invoice.due_on, self.case, self.bearings, anchor)
    }

    fn unheld(&self, anchor: Day, rung: &Rung) -> Day {
        if rung.at.working_days {
            self.almanac().calendar.plus_working_days(anchor, rung.at.offset)
        } else {
            anchor.plus(rung.at.offset)
        }
    }

    /// `count` ladder days after `from`; before it nothing is held.
    fn advance(&self, from: Day, count: i32, working_days: bool) -> Option<Day> {
        let calendar = self.almanac().calendar;
        if count <= 0 || self.held.is_empty() {
            return Some(if working_days {
                calendar.plus_working_days(from, count)
            } else {
                from.plus(count)
            });
        }
        let mut day = from;
        let mut left = count;
        for _ in 0..SEARCH_DAYS_MAX + count {
            if left == 0 {
                return Some(day);
            }
            day = day.plus(1);
            let touching = |(first, last): &&(Day, Day)| *first <= day && day <= *last;
            if let Some((_, last)) = self.held.iter().find(touching) {
                if last.number() == i32::MAX {
                    return None;
                }
                day = *last;
            } else if !working_days || calendar.is_working_day(day) {
                left -= 1;
            }
        }
        None
    }

    /// When a rung of that date is planned.
    fn planned(&self, rung: &Rung, date: Day) -> Option<Instant> {
        let almanac = self.almanac();
        if rung.enter.as_ref().is_some_and(|enter| enter.effect().restricts()) {
            let time = rung.at.time.unwrap_or(self.bearings.policy.cutoff_hours.start);
            return almanac.cutoff_at_or_after(almanac.zone.at(date, time, Fold::Later));
        }
        let before = match rung.at.anchor {
            Anchor::Issued => self.anchor(Anchor::Due).is_some_and(|due| date <= due),
            _ => rung.at.offset <= 0,
        };
        let reminder = rung.notice.is_some() && rung.enter.is_none() && before;
        let day =
            if reminder { almanac.calendar.back(date) } else { almanac.calendar.forward(date) };
        Some(almanac.notice_time(day, rung.at.time))
    }

    /// When an `enter` rung comes, or came, and the day that later rungs are counted from.
    fn enter_day(
        &self,
        number: usize,
        enter: &Enter,
        date: Day,
        planned: Instant,
    ) -> Option<(Instant, Day)> {
        let rung = u16::try_from(number).ok()?;
        let zone = self.almanac().zone;
        let comes = match (self.entered_at(rung), &enter.warn) {
            (Some(entered), _) => entered,
            (None, None) => self.almanac().send_at_or_after(planned.max(self.free)),
            (None, Some(warn)) => self.cutoff_comes(rung, warn, planned)?,
        };
        let day = zone.day(comes);
        let as_planned = day == zone.day(planned);
        Some((comes, if as_planned { date } else { day }))
    }

    fn cutoff_comes(&self, rung: u16, warn: &Warn, planned: Instant) -> Option<Instant> {
        let live = self.live_warning(rung);
        let Some(warned) = live.and_then(|notice| self.warned(notice)) else {
            if let Some(named) = self.would_name(rung) {
                return self.almanac().cutoff_at_or_after(named.max(planned));
            }
            return self.names(planned, warn, self.warning_leaves(planned, warn));
        };
        let named = warned.notice.made.names.as_ref().map_or(planned, |named| named.at);
        match warned.comes(planned, self.free) {
            Some(comes) => Some(comes),
            None => self.almanac().cutoff_at_or_after(named.max(planned)),
        }
    }
}

/// Whether people are told by letter, and by nothing that is faster.
pub(super) fn is_by_letter_alone(by: &[Channel]) -> bool {
    !by.is_empty() && by.iter().all(|channel| *channel == Channel::Letter)
}
