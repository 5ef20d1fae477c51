//! Where each line of the slow ladder stands: what stands still, and from which day it is
//! counted.

use ambergate::domain::time::{Day, Instant};

use super::days::{TEN, back, forward, is_working, plus_working_days};
use super::{Does, Offset, Place, Slow, is_entered_by};

impl Slow<'_> {
    // Holds.

    /// From when to when each promise that was made holds, but for those that were over when the
    /// climb began: to the end of the working day after its last one.
    pub(super) fn holds(&self) -> Vec<(Instant, Instant)> {
        let known = self.told.promises.iter().filter(|(made, _)| *made <= self.now);
        let end = |last: Day| {
            let mut day = last.plus(1);
            while !is_working(day) {
                day = day.plus(1);
            }
            self.days.at(day.plus(1), 0)
        };
        let holds = known.map(|(made, last)| (*made, end(*last)));
        holds.filter(|(_, end)| *end > self.began()).collect()
    }

    pub(super) fn is_held(&self) -> bool {
        self.holds().iter().any(|(from, to)| *from <= self.now && self.now < *to)
    }

    /// The first and the last date that each hold touches.
    pub(super) fn touched(&self) -> Vec<(Day, Day)> {
        let dates = |(begin, end): (Instant, Instant)| {
            (self.days.day(begin), self.days.day(end.plus_millis(-1)))
        };
        self.holds().into_iter().map(dates).collect()
    }

    pub(super) fn is_touched(&self, day: Day) -> bool {
        self.touched.iter().any(|(first, last)| *first <= day && day <= *last)
    }

    /// The date so many days later, counting only dates that no hold touches.
    pub(super) fn ladder_days(&self, from: Day, count: i32) -> Day {
        let (mut day, mut left) = (from, count);
        if count < 0 {
            return from.plus(count);
        }
        while left > 0 {
            day = day.plus(1);
            if !self.is_touched(day) {
                left -= 1;
            }
        }
        day
    }

    // Dates.

    pub(super) fn anchor(&self) -> Day {
        let known = self.days.day(self.told.known);
        let (began, due_on) = self.told.begins[self.case];
        if self.told.ordered.is_some() {
            return self.days.day(began);
        }
        let anchor = forward(due_on).max(plus_working_days(known, 3));
        if self.told.taken || self.case > 0 { anchor.max(self.days.day(began)) } else { anchor }
    }

    /// When this climb began.
    pub(super) fn began(&self) -> Instant {
        self.told.begins[self.case].0
    }

    /// Where each line stands.
    pub(super) fn places(&self) -> Vec<Place> {
        let anchor = self.anchor();
        let mut places: Vec<Place> = Vec::new();
        for (rung, (offset, ..)) in self.ladder.iter().enumerate() {
            let distance = match offset {
                Offset::Days(days) => *days,
                Offset::WorkingDays(days) => plus_working_days(anchor, *days).since(anchor),
            };
            let mut date = self.ladder_days(anchor, distance);
            for (earlier, place) in places.iter().enumerate() {
                if is_entered_by(self.ladder[earlier].2) {
                    date = date.max(self.ladder_days(place.day, distance - place.distance));
                }
            }
            let planned = self.planned_on(rung, date);
            let day = self.rung_day(rung, date, planned);
            places.push(Place { planned, day, distance });
        }
        places
    }

    /// The day that later rungs are counted from.
    pub(super) fn rung_day(&self, rung: usize, date: Day, planned: Instant) -> Day {
        let free = self.free();
        let comes = match (self.entered[rung], self.ladder[rung].2) {
            (Some(entered), _) => entered,
            (None, Does::Cutoff(_, needs)) => match self.live(rung) {
                Some(place) => match self.proved(place, needs) {
                    Some(proved) => self.comes(place, planned, proved),
                    None => self.days.next_cutoff(self.warnings[place].at.max(planned)),
                },
                None => {
                    let leaves =
                        self.days.next_sending(self.days.start_that_leaves(planned, 7).max(free));
                    self.days.next_cutoff(planned.max(self.days.days_after(leaves, 7)))
                }
            },
            (None, _) => self.days.next_sending(planned.max(free)),
        };
        let day = self.days.day(comes);
        if day == self.days.day(planned) { date } else { day }
    }

    pub(super) fn planned_on(&self, rung: usize, date: Day) -> Instant {
        match self.ladder[rung] {
            (.., Does::Cutoff(..)) => self.days.next_cutoff(self.days.at(date, TEN)),
            (_, time, Does::Notice(_)) => self.days.at(back(date), time),
            _ => self.days.start_on(forward(date)),
        }
    }

    /// Now, or when no promise holds any more.
    pub(super) fn free(&self) -> Instant {
        let mut free = self.now;
        while let Some((_, end)) =
            self.holds().into_iter().find(|(from, to)| *from <= free && free < *to)
        {
            free = end;
        }
        free
    }
}
