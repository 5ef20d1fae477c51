//! Days and times of day for the slow ladder, found by walking: Berlin's weekdays, the three
//! holidays of the shipped policy, its hours.

use ambergate::domain::time::{Day, Fold, Instant, MINUTE, Zone};
use ambergate::domain::week::TimeOfDay;

pub const NINE: i64 = 9 * 60;
pub const TEN: i64 = 10 * 60;
pub const FOUR: i64 = 16 * 60;
pub const SIX: i64 = 18 * 60;

pub struct Days<'a> {
    pub zone: &'a Zone,
}

impl Days<'_> {
    pub fn local(&self, at: Instant) -> (Day, i64) {
        let (day, millis) = self.zone.local(at);
        (day, millis / MINUTE)
    }

    pub fn day(&self, at: Instant) -> Day {
        self.local(at).0
    }

    pub fn at(&self, day: Day, minutes: i64) -> Instant {
        let minutes = u16::try_from(minutes).unwrap();
        self.zone.at(day, TimeOfDay::new(minutes / 60, minutes % 60).unwrap(), Fold::Later)
    }

    pub fn start_on(&self, day: Day) -> Instant {
        self.at(day, NINE)
    }

    pub fn days_after(&self, from: Instant, days: i32) -> Instant {
        let (day, minutes) = self.local(from);
        let rest = from.millis().rem_euclid(MINUTE);
        self.at(day.plus(days), minutes).plus_millis(rest)
    }

    pub fn is_sending(&self, at: Instant) -> bool {
        let (day, minutes) = self.local(at);
        is_working(day) && (NINE..SIX).contains(&minutes)
    }

    pub fn is_cutoff(&self, at: Instant) -> bool {
        let (day, minutes) = self.local(at);
        is_cutoff_day(day) && (TEN..FOUR).contains(&minutes)
    }

    /// The first cutoff time from then on, a full quarter of an hour.
    pub fn next_cutoff(&self, from: Instant) -> Instant {
        let quarter = 15 * MINUTE;
        let mut at =
            Instant::from_millis((from.millis() + quarter - 1).div_euclid(quarter) * quarter);
        while !self.is_cutoff(at) {
            let (day, minutes) = self.local(at);
            let later = is_cutoff_day(day) && minutes < TEN;
            at = self.at(if later { day } else { day.plus(1) }, TEN);
        }
        at
    }

    pub fn next_sending(&self, from: Instant) -> Instant {
        let mut at = from;
        while !self.is_sending(at) {
            let (day, minutes) = self.local(at);
            at = self.start_on(if minutes < NINE { day } else { day.plus(1) });
            at = if is_working(self.day(at)) { at } else { self.at(self.day(at), SIX) };
        }
        at
    }

    /// The last start of a working day's sending from which so many days fit before `at`, and
    /// for a warning one whole working day.
    pub fn start_that_leaves(&self, at: Instant, days: i32) -> Instant {
        let mut day = self.day(at);
        while !is_working(day) || self.days_after(self.start_on(day), days) > at {
            day = day.plus(-1);
        }
        self.start_on(day)
    }
}

/// 2026-12-25, 2026-12-26 and 2027-01-01.
const HOLIDAYS: [i32; 3] = [20_812, 20_813, 20_819];

pub fn is_working(day: Day) -> bool {
    let weekend = matches!(day.weekday().word(), "sat" | "sun");
    !weekend && !HOLIDAYS.contains(&day.number())
}

fn is_cutoff_day(day: Day) -> bool {
    is_working(day) && is_working(day.plus(1)) && day.weekday().word() != "fri"
}

pub fn forward(mut day: Day) -> Day {
    while !is_working(day) {
        day = day.plus(1);
    }
    day
}

pub fn back(mut day: Day) -> Day {
    while !is_working(day) {
        day = day.plus(-1);
    }
    day
}

pub fn plus_working_days(mut day: Day, count: i32) -> Day {
    for _ in 0..count.abs() {
        day = day.plus(count.signum());
        while !is_working(day) {
            day = day.plus(count.signum());
        }
    }
    day
}
