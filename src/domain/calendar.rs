//! Working days, sending hours and cutoff times (SPEC 4 "Dates, exactly").
//!
//! Rules:
//! 1. A *cutoff time* is an instant inside `cutoff_hours` on a day of `cutoff_days` that is a
//!    working day for tenant and operator and not the eve of one that is not.
//! 2. Messages leave inside `send_hours` of the tenant's working days.
//! 3. Every search is bounded by [`SEARCH_DAYS_MAX`]: a calendar without such a day finds none.

use std::sync::Arc;

use super::policy::Policy;
use super::span::{Span, Unit};
use super::time::{DAY, Day, Fold, Instant, MINUTE, Zone};
use super::week::{Hours, TimeOfDay, Weekdays};

/// How far ahead or back a day is looked for: over two years.
pub const SEARCH_DAYS_MAX: i32 = 800;

/// Two hundred years: holidays farther from the first one are searched.
const BITS_MAX: usize = 200 * 366;

/// Which days people work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    working_days: Weekdays,
    holidays: Vec<Day>,
    /// From the first holiday to the last one a bit a day: a look instead of a search.
    off: Vec<u64>,
}

impl Calendar {
    /// Of the days of the week on which people work, and the dates on which they do not.
    #[must_use]
    pub fn new(working_days: Weekdays, mut holidays: Vec<Day>) -> Self {
        holidays.sort_unstable();
        holidays.dedup();
        let mut calendar = Self { working_days, holidays, off: Vec::new() };
        for place in 0..calendar.holidays.len() {
            let Some((word, bit)) = calendar.bit_of(calendar.holidays[place]) else { break };
            calendar.off.resize(calendar.off.len().max(word + 1), 0);
            calendar.off[word] |= bit;
        }
        calendar
    }

    /// Days of the week on which people work.
    #[must_use]
    pub const fn working_days(&self) -> Weekdays {
        self.working_days
    }

    /// Dates on which people do not work, sorted.
    #[must_use]
    pub fn holidays(&self) -> &[Day] {
        &self.holidays
    }

    /// Whether people work on `day`.
    #[must_use]
    pub fn is_working_day(&self, day: Day) -> bool {
        self.working_days.contains(day.weekday()) && !self.is_holiday(day)
    }

    fn is_holiday(&self, day: Day) -> bool {
        match self.bit_of(day) {
            Some((word, bit)) => self.off.get(word).is_some_and(|word| word & bit != 0),
            None => self.holidays.binary_search(&day).is_ok(),
        }
    }

    /// Where the bit of a day is, if that is not before the first holiday, or very far from it.
    fn bit_of(&self, day: Day) -> Option<(usize, u64)> {
        let first = self.holidays.first()?;
        let bit = usize::try_from(i64::from(day.number()) - i64::from(first.number())).ok()?;
        (bit < BITS_MAX).then_some((bit / 64, 1 << (bit % 64)))
    }

    /// `day` itself if it is a working day, else the next one.
    #[must_use]
    pub fn forward(&self, day: Day) -> Day {
        self.seek(day, 1)
    }

    /// `day` itself if it is a working day, else the one before.
    #[must_use]
    pub fn back(&self, day: Day) -> Day {
        self.seek(day, -1)
    }

    /// The working day after `day`.
    #[must_use]
    pub fn next(&self, day: Day) -> Day {
        self.forward(day.plus(1))
    }

    /// `count` working days after `day` (before it if negative).
    #[must_use]
    pub fn plus_working_days(&self, day: Day, count: i32) -> Day {
        let step = if count < 0 { -1 } else { 1 };
        (0..count.abs()).fold(day, |day, _| self.seek(day.plus(step), step))
    }

    fn seek(&self, day: Day, step: i32) -> Day {
        (0..SEARCH_DAYS_MAX)
            .map(|n| day.plus(n * step))
            .find(|day| self.is_working_day(*day))
            .unwrap_or(day)
    }
}

/// When somebody is there to answer.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Where.
    pub zone: Zone,
    /// On which days.
    pub calendar: Arc<Calendar>,
    /// At which hours; absent: the whole working day.
    pub hours: Option<Hours>,
}

/// Everything that dates of one tenant under one policy are reckoned with.
#[derive(Clone, Copy, Debug)]
pub struct Almanac<'a> {
    /// The tenant's zone.
    pub zone: &'a Zone,
    /// The tenant's calendar.
    pub calendar: &'a Calendar,
    /// The operator, if not always there.
    pub operator: Option<&'a Operator>,
    /// Whose hours and days count.
    pub policy: &'a Policy,
}

impl Almanac<'_> {
    /// `instant` plus `span`. Days keep the local time of day.
    #[must_use]
    pub fn plus(&self, instant: Instant, span: Span, fold: Fold) -> Instant {
        self.shift(instant, span, 1, fold)
    }

    /// `instant` minus `span`. Days keep the local time of day.
    #[must_use]
    pub fn minus(&self, instant: Instant, span: Span, fold: Fold) -> Instant {
        self.shift(instant, span, -1, fold)
    }

    fn shift(&self, instant: Instant, span: Span, sign: i32, fold: Fold) -> Instant {
        let count = i32::try_from(span.count).unwrap_or(i32::MAX);
        match span.unit {
            Unit::Minutes | Unit::Hours => {
                instant.plus_millis(i64::from(sign) * span.exact_millis().unwrap_or(0))
            }
            Unit::Days => self.zone.plus_days(instant, sign * count, fold),
            Unit::Weeks => self.zone.plus_days(instant, sign * count.saturating_mul(7), fold),
            Unit::WorkingDays => {
                let (day, millis) = self.zone.local(instant);
                let day = self.calendar.plus_working_days(day, sign * count);
                self.zone.at_millis(day, millis, fold)
            }
        }
    }

    /// Whether `instant` is a cutoff time.
    #[must_use]
    pub fn is_cutoff_time(&self, instant: Instant) -> bool {
        let (day, millis) = self.zone.local(instant);
        within(self.policy.cutoff_hours, millis)
            && self.is_cutoff_day(day)
            && self.operator_is_there(instant)
    }

    /// The first cutoff time at or after `instant`, rounded up to a full quarter of an hour.
    #[must_use]
    pub fn cutoff_at_or_after(&self, instant: Instant) -> Option<Instant> {
        let first = self.zone.day(instant);
        (0..SEARCH_DAYS_MAX)
            .map(|n| first.plus(n))
            .filter(|day| self.is_cutoff_day(*day))
            .find_map(|day| self.cutoff_on(day, instant))
    }

    /// Whether a cutoff may come on that date.
    #[must_use]
    pub fn is_cutoff_day(&self, day: Day) -> bool {
        self.policy.cutoff_days.contains(day.weekday())
            && self.calendar.is_working_day(day)
            && self.calendar.is_working_day(day.plus(1))
    }

    /// The end of the cutoff hours of the working day after `instant`'s.
    #[must_use]
    pub fn end_of_next_working_day(&self, instant: Instant) -> Instant {
        let day = self.calendar.next(self.zone.day(instant));
        self.zone.at(day, self.policy.cutoff_hours.end, Fold::Later)
    }

    /// The first quarter of an hour of `day` at or after `instant` at which a cutoff may come.
    fn cutoff_on(&self, day: Day, instant: Instant) -> Option<Instant> {
        let hours = self.policy.cutoff_hours;
        let start = self.zone.at(day, hours.start, Fold::Later).max(instant).round_up_to_quarter();
        let end = self.zone.at(day, hours.end, Fold::Later);
        (0..96)
            .map(|n| start.plus_millis(n * 15 * MINUTE))
            .take_while(|at| *at < end)
            .find(|at| self.is_cutoff_time_of(day, *at))
    }

    /// The same as [`Self::is_cutoff_time`]; `day` is known to be a cutoff day.
    fn is_cutoff_time_of(&self, day: Day, instant: Instant) -> bool {
        let (own, millis) = self.zone.local(instant);
        within(self.policy.cutoff_hours, millis)
            && (own == day || self.is_cutoff_day(own))
            && self.operator_is_there(instant)
    }

    fn operator_is_there(&self, instant: Instant) -> bool {
        let Some(operator) = self.operator else { return true };
        let (day, millis) = operator.zone.local(instant);
        operator.calendar.is_working_day(day)
            && operator.calendar.is_working_day(day.plus(1))
            && operator.hours.is_none_or(|hours| within(hours, millis))
    }

    /// Whether messages may leave at `instant`.
    #[must_use]
    pub fn is_send_time(&self, instant: Instant) -> bool {
        let (day, millis) = self.zone.local(instant);
        within(self.policy.send_hours, millis) && self.calendar.is_working_day(day)
    }

    /// The first instant at or after `instant` at which messages may leave.
    #[must_use]
    pub fn send_at_or_after(&self, instant: Instant) -> Instant {
        if self.is_send_time(instant) {
            return instant;
        }
        let first = self.zone.day(instant);
        (0..SEARCH_DAYS_MAX)
            .map(|n| first.plus(n))
            .filter(|day| self.calendar.is_working_day(*day))
            .map(|day| self.start_of_sending(day))
            .find(|start| *start >= instant)
            .unwrap_or(Instant::MAX)
    }

    /// When sending starts on `day`.
    #[must_use]
    pub fn start_of_sending(&self, day: Day) -> Instant {
        self.zone.at(day, self.policy.send_hours.start, Fold::Earlier)
    }

    /// When a warning leaves for a cutoff planned at `cutoff`: the last start of sending that
    /// leaves its whole period, and one whole working day. `first`: how long it is on its way.
    #[must_use]
    pub fn warning_leaves(&self, cutoff: Instant, before: Span, first: Span) -> Instant {
        let cutoff_day = self.zone.day(cutoff);
        let least = before.least_days().saturating_add(first.least_days());
        self.last_start_of_sending(cutoff, least, |day, start| {
            let told = self.plus(start, first, Fold::Later);
            self.plus(told, before, Fold::Later) <= cutoff && self.calendar.next(day) < cutoff_day
        })
    }

    /// When a repetition leaves, so long before `comes`.
    #[must_use]
    pub fn again_leaves(&self, comes: Instant, before: Span) -> Instant {
        let least = before.least_days();
        self.last_start_of_sending(comes, least, |_, start| {
            self.plus(start, before, Fold::Later) <= comes
        })
    }

    fn last_start_of_sending(
        &self,
        latest: Instant,
        least: i32,
        fits: impl Fn(Day, Instant) -> bool,
    ) -> Instant {
        let last = self.zone.day(latest);
        // The days that lie nearer than the span is long are not asked.
        (least..SEARCH_DAYS_MAX)
            .map(|n| last.plus(-n))
            .filter(|day| self.calendar.is_working_day(*day))
            .map(|day| (day, self.start_of_sending(day)))
            .find(|(day, start)| fits(*day, *start))
            .map_or(Instant::MIN, |(_, start)| start)
    }

    /// When a notice leaves on `day`: at `time`, or at the start of sending.
    #[must_use]
    pub fn notice_time(&self, day: Day, time: Option<TimeOfDay>) -> Instant {
        match time {
            Some(time) => self.zone.at(day, time, Fold::Earlier),
            None => self.start_of_sending(day),
        }
    }
}

fn within(hours: Hours, millis_of_day: i64) -> bool {
    let (start, end) = (i64::from(hours.start.minutes()), i64::from(hours.end.minutes()));
    (start * MINUTE..end * MINUTE).contains(&millis_of_day) && millis_of_day < DAY
}
