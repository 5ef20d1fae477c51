//! Time zones: local dates and times of day, and back.
//!
//! Rules:
//! 1. Local times that do not exist, or exist twice, resolve to the instant the caller asks for:
//!    [`Fold::Later`] for cutoffs, [`Fold::Earlier`] for notices (SPEC "Dates, exactly" 5).
//! 2. The stretches of time in which a zone keeps one offset are read off the database once;
//!    reckoning with them says the same as asking it each time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

use jiff::civil::DateTime;
use jiff::tz::{Disambiguation, TimeZone};

use super::time::{DAY, Day, Instant, MINUTE, SECOND};
use super::week::TimeOfDay;

/// Stretches are known from the begin of 1990 on.
const KNOWN_FROM: i64 = 631_152_000_000;
/// Stretches are known until the begin of 2100.
const KNOWN_UNTIL: i64 = 4_102_444_800_000;
/// No local clock is further from another than this.
const APART_MAX: i64 = 3 * DAY;

/// Which instant a local time means that does not exist or exists twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The earlier one: for notices.
    Earlier,
    /// The later one: for cutoffs.
    Later,
}

/// A time zone of the IANA database, with its name.
#[derive(Clone)]
pub struct Zone(Arc<Known>);

/// What is known of a zone.
struct Known {
    name: String,
    zone: TimeZone,
    stretches: OnceLock<Stretches>,
}

/// All stretches of a zone.
struct Stretches {
    all: Vec<Stretch>,
    /// In which stretch each bucket of time begins: a look instead of a search.
    buckets: Vec<u16>,
}

/// So long is a bucket, as a power of two: 25 days. No clock changes much more often.
const BUCKET_BITS: u32 = 31;

/// From `begin` until the next one begins, local clocks are `offset` ahead of UTC.
#[derive(Clone, Copy)]
struct Stretch {
    begin: i64,
    offset: i64,
}

/// Zones by their names in the database: each is read once.
static ZONES: LazyLock<RwLock<HashMap<String, Zone>>> = LazyLock::new(RwLock::default);
static UTC: LazyLock<Zone> = LazyLock::new(|| Zone::new("UTC", TimeZone::UTC));

impl Zone {
    /// The zone of that name, from the database compiled in. `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if name == "UTC" {
            return Some(Self::utc());
        }
        if let Some(known) = ZONES.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Some(known.clone());
        }
        let zone = jiff::tz::db().get(name).ok()?;
        // Only the database's own spelling is kept: others are without number.
        let own = zone.iana_name() == Some(name);
        let zone = Self::new(name, zone);
        if own {
            let mut zones = ZONES.write().unwrap_or_else(PoisonError::into_inner);
            return Some(zones.entry(name.to_owned()).or_insert(zone).clone());
        }
        Some(zone)
    }

    fn new(name: &str, zone: TimeZone) -> Self {
        Self(Arc::new(Known { name: name.to_owned(), zone, stretches: OnceLock::new() }))
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        UTC.clone()
    }

    /// Its name, such as `Europe/Berlin`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The zone for `jiff`, for printing.
    #[must_use]
    pub fn to_jiff(&self) -> &TimeZone {
        &self.0.zone
    }

    /// The local date at `instant`.
    #[must_use]
    pub fn day(&self, instant: Instant) -> Day {
        self.local(instant).0
    }

    /// The local date, and the milliseconds of the local clock since its midnight.
    #[must_use]
    pub fn local(&self, instant: Instant) -> (Day, i64) {
        let local = instant.millis() + self.offset(instant);
        let day = i32::try_from(local.div_euclid(DAY)).unwrap_or(0);
        (Day::from_number(day), local.rem_euclid(DAY))
    }

    /// As people read it: `Mon 2026-03-30 10:15 CEST`.
    #[must_use]
    pub fn told(&self, instant: Instant) -> String {
        let (day, millis) = self.local(instant);
        let minutes = millis / MINUTE;
        let (first, rest) = day.weekday().word().split_at(1);
        let (first, hour, minute) = (first.to_uppercase(), minutes / 60, minutes % 60);
        let here = self.0.zone.to_offset_info(instant.to_jiff());
        format!("{first}{rest} {day} {hour:02}:{minute:02} {}", here.abbreviation())
    }

    fn offset(&self, instant: Instant) -> i64 {
        let at = instant.millis();
        if (KNOWN_FROM..KNOWN_UNTIL).contains(&at) {
            let stretches = self.stretches();
            return stretches.all[stretches.place(at)].offset;
        }
        i64::from(self.0.zone.to_offset(instant.to_jiff()).seconds()) * SECOND
    }

    /// The instant at which the local clock of `day` shows `time`.
    #[must_use]
    pub fn at(&self, day: Day, time: TimeOfDay, fold: Fold) -> Instant {
        let (day, time) =
            if time == TimeOfDay::END { (day.plus(1), TimeOfDay::MIDNIGHT) } else { (day, time) };
        self.at_millis(day, i64::from(time.minutes()) * MINUTE, fold)
    }

    /// The start of `day`.
    #[must_use]
    pub fn start_of(&self, day: Day) -> Instant {
        self.at(day, TimeOfDay::MIDNIGHT, Fold::Earlier)
    }

    /// `days` later (or earlier) at the same local time of day.
    #[must_use]
    pub fn plus_days(&self, instant: Instant, days: i32, fold: Fold) -> Instant {
        let (day, millis) = self.local(instant);
        self.at_millis(day.plus(days), millis, fold)
    }

    /// The instant at which the local clock shows `millis` after the midnight of `day`.
    #[must_use]
    pub fn at_millis(&self, day: Day, millis: i64, fold: Fold) -> Instant {
        let local = i64::from(day.number()) * DAY + millis;
        if (KNOWN_FROM + APART_MAX..KNOWN_UNTIL - APART_MAX).contains(&local) {
            Instant::from_millis(at_local(self.stretches(), local, fold))
        } else {
            self.asked(local, fold)
        }
    }

    /// The database's own answer.
    fn asked(&self, local: i64, fold: Fold) -> Instant {
        let civil: DateTime = TimeZone::UTC.to_datetime(Instant::from_millis(local).to_jiff());
        let which = match fold {
            Fold::Earlier => Disambiguation::Earlier,
            Fold::Later => Disambiguation::Later,
        };
        self.0
            .zone
            .to_ambiguous_timestamp(civil)
            .disambiguate(which)
            .map_or(Instant::from_millis(local), |at| Instant::from_millis(at.as_millisecond()))
    }

    fn stretches(&self) -> &Stretches {
        self.0.stretches.get_or_init(|| {
            let zone = &self.0.zone;
            let first = Instant::from_millis(KNOWN_FROM).to_jiff();
            let millis = |seconds: i32| i64::from(seconds) * SECOND;
            let offset = millis(zone.to_offset(first).seconds());
            let mut all = vec![Stretch { begin: i64::MIN, offset }];
            for change in zone.following(first) {
                let begin = change.timestamp().as_millisecond();
                if begin >= KNOWN_UNTIL {
                    break;
                }
                all.push(Stretch { begin, offset: millis(change.offset().seconds()) });
            }
            Stretches::of(all)
        })
    }
}

impl Stretches {
    fn of(all: Vec<Stretch>) -> Self {
        let begins = (KNOWN_FROM..KNOWN_UNTIL).step_by(1 << BUCKET_BITS);
        let place = |at: i64| all.partition_point(|stretch| stretch.begin <= at).saturating_sub(1);
        let buckets = begins.map(|at| u16::try_from(place(at)).unwrap_or(u16::MAX)).collect();
        Self { all, buckets }
    }

    /// In which stretch an instant lies.
    fn place(&self, at: i64) -> usize {
        let bucket = usize::try_from((at - KNOWN_FROM) >> BUCKET_BITS).unwrap_or(0);
        let mut place = self.buckets.get(bucket).map_or(0, |place| usize::from(*place));
        while self.all.get(place + 1).is_some_and(|next| next.begin <= at) {
            place += 1;
        }
        place
    }
}

/// The instant at which local clocks show `local`.
fn at_local(stretches: &Stretches, local: i64, fold: Fold) -> i64 {
    let near = stretches.place(local);
    let stretches = &stretches.all;
    let begins = |place: usize| stretches.get(place).map_or(i64::MAX, |stretch| stretch.begin);
    let plain = local - stretches[near].offset;
    if begins(near).saturating_add(APART_MAX) <= plain && plain < begins(near + 1) - APART_MAX {
        return plain;
    }
    for place in near.max(1)..(near + 2).min(stretches.len()) {
        let change = stretches[place].begin;
        let (before, after) = (stretches[place - 1].offset, stretches[place].offset);
        // Skipped by clocks set forward, or shown twice by clocks set back.
        if (change + before.min(after)..change + before.max(after)).contains(&local) {
            let ahead = match fold {
                Fold::Earlier => before.max(after),
                Fold::Later => before.min(after),
            };
            return local - ahead;
        }
    }
    let shown = |place: &usize| {
        let at = local - stretches[*place].offset;
        begins(*place) <= at && at < begins(place + 1)
    };
    let places = near.saturating_sub(1)..(near + 2).min(stretches.len());
    places.into_iter().find(shown).map_or(plain, |place| local - stretches[place].offset)
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR;

    /// Every zone, around changes of its clocks and on plain days. Where the database contradicts
    /// itself (a date of its list read by the rule that follows the list) its clock counts.
    #[test]
    fn stretches_say_what_the_database_says() {
        let from: Instant = "2021-01-01T00:00:00Z".parse().unwrap();
        let mut looked_at = 0;
        for name in jiff::tz::db().available() {
            let zone = Zone::named(name.as_str()).unwrap();
            let mut days: Vec<i64> =
                (0..6).map(|n| from.millis() + n * 1_271 * DAY + 7 * HOUR).collect();
            let changes = zone.to_jiff().following(from.to_jiff());
            days.extend(changes.take(14).map(|it| it.timestamp().as_millisecond()));
            for step in days.iter().flat_map(|day| (-40..40).map(move |n| day + n * 45 * MINUTE)) {
                looked_at += 1;
                let near = Instant::from_millis(step);
                let offset = zone.to_jiff().to_offset(near.to_jiff()).seconds();
                assert_eq!(zone.offset(near), i64::from(offset) * SECOND, "{name} at {near}");
                for fold in [Fold::Earlier, Fold::Later] {
                    let (day, millis) = (step.div_euclid(DAY), step.rem_euclid(DAY));
                    let shown = (Day::from_number(i32::try_from(day).unwrap()), millis);
                    let found = zone.at_millis(shown.0, shown.1, fold);
                    let asked = zone.asked(step, fold);
                    let better = zone.local(found) == shown && zone.local(asked) != shown;
                    assert!(found == asked || better, "{name} {shown:?} {fold:?}: {found} {asked}");
                }
            }
        }
        assert!(looked_at > 100_000, "the database is empty: {looked_at}");
    }

    #[test]
    fn a_name_in_another_spelling_is_the_same_zone() {
        let at: Instant = "2026-07-01T00:00:00Z".parse().unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(Zone::named("europe/berlin").unwrap().local(at), berlin.local(at));
        assert!(Zone::named("Europe/Nowhere").is_none());
    }
}
