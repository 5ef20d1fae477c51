//! What a rung does to a tenant: a stage, slowness, or both (SPEC 2, 4 `slow`).
//!
//! Rules:
//! 1. `slowed` is no stage: it is beside one, and no later rung waits for it.
//! 2. Slowness restricts, as read-only does: it is warned of, entered, lifted, and law 1 holds for it.
//! 3. Of two rates the one that lets less through in a minute is harder.

use std::cmp::Reverse;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::stage::Stage;

/// So many requests in a stretch of time: `20 per minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    count: NonZeroU32,
    per: Per,
}

/// In which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Per {
    Second,
    Minute,
    Hour,
}

impl Per {
    const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Hour];

    const fn word(self) -> &'static str {
        ["second", "minute", "hour"][self as usize]
    }

    const fn seconds(self) -> u64 {
        [1, 60, 3_600][self as usize]
    }
}

/// Not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rate: a whole number from 1 on, and what it is counted in, like \"20 per minute\" \
    (second, minute or hour)"
)]
pub struct NoRate(String);

impl Rate {
    /// How many requests.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count.get()
    }

    /// In what: `second`, `minute` or `hour`.
    #[must_use]
    pub const fn per(self) -> &'static str {
        self.per.word()
    }

    /// The distance of two requests at this rate, in microseconds.
    #[must_use]
    pub const fn micros_between(self) -> u64 {
        self.per.seconds() * 1_000_000 / self.count.get() as u64
    }

    /// The harder of the two.
    #[must_use]
    pub fn harder(self, other: Self) -> Self {
        if self.requests_an_hour() <= other.requests_an_hour() { self } else { other }
    }

    /// The milder of the two.
    #[must_use]
    pub fn milder(self, other: Self) -> Self {
        if self.is_harder_than(other) { other } else { self }
    }

    /// Whether it lets less through than the other one.
    #[must_use]
    pub fn is_harder_than(self, other: Self) -> bool {
        self.requests_an_hour() < other.requests_an_hour()
    }

    const fn requests_an_hour(self) -> u64 {
        self.count.get() as u64 * (3_600 / self.per.seconds())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.count, self.per.word())
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, NoRate> {
        let parse = || {
            let (count, unit) = text.split_once(" per ")?;
            let digits = count.bytes().all(|it| it.is_ascii_digit());
            let per = Per::ALL.into_iter().find(|per| per.word() == unit)?;
            Some(Self { count: count.parse().ok().filter(|_| digits)?, per })
        };
        parse().ok_or_else(|| NoRate(text.to_owned()))
    }
}

impl TryFrom<String> for Rate {
    type Error = NoRate;

    fn try_from(text: String) -> Result<Self, NoRate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

/// What a rung does, or a warning says that it would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Effect {
    /// The stage that begins; `full`: none does.
    pub stage: Stage,
    /// How many requests still pass. `None`: all.
    pub slow: Option<Rate>,
}

impl Effect {
    /// Everything, at any rate.
    pub const NONE: Self = Self { stage: Stage::Full, slow: None };

    /// Only that stage.
    #[must_use]
    pub const fn of(stage: Stage) -> Self {
        Self { stage, slow: None }
    }

    /// Whether it takes something away: it is a cutoff.
    #[must_use]
    pub const fn restricts(self) -> bool {
        self.stage.restricts() || self.slow.is_some()
    }

    /// What policies and mails call it: the stage's word, or `slowed` where no stage begins.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match (self.stage, self.slow) {
            (Stage::Full, Some(_)) => "slowed",
            (stage, _) => stage.word(),
        }
    }

    /// Whether it takes something away that `other` leaves.
    #[must_use]
    pub fn is_harder_than(self, other: Self) -> bool {
        let slower = self.slow.is_some_and(|own| {
            let frozen = other.stage == Stage::Frozen;
            !frozen && other.slow.is_none_or(|other| own.is_harder_than(other))
        });
        self.stage > other.stage || slower
    }

    /// Both. Where all is frozen, nothing passes that could be slowed.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let stage = self.stage.max(other.stage);
        if stage == Stage::Frozen {
            return Self::of(stage);
        }
        let slow = match (self.slow, other.slow) {
            (Some(one), Some(two)) => Some(one.harder(two)),
            (one, two) => one.or(two),
        };
        Self { stage, slow }
    }

    /// For sorting: the harder one is the greater.
    #[must_use]
    pub fn hardness(self) -> (Stage, bool, Reverse<u64>) {
        let rate = self.slow.map_or(u64::MAX, Rate::requests_an_hour);
        (self.stage, self.slow.is_some(), Reverse(rate))
    }
}

impl fmt::Display for Effect {
    /// `read_only`, `slowed to 20 per minute`, `read_only, slowed to 20 per minute`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.stage, self.slow) {
            (stage, None) => f.write_str(stage.word()),
            (Stage::Full, Some(rate)) => write!(f, "slowed to {rate}"),
            (stage, Some(rate)) => write!(f, "{}, slowed to {rate}", stage.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Rate};
    use crate::domain::stage::Stage;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn rates_are_read_as_they_are_written_and_nothing_else_is() {
        for text in ["20 per minute", "1 per second", "4294967295 per hour"] {
            assert_eq!(rate(text).to_string(), text);
        }
        let wrong =
            ["0 per minute", "20 per day", "20", "+20 per minute", "2.5 per hour", "", " per hour"];
        for text in wrong.into_iter().chain(["20 per  minute", "4294967296 per hour"]) {
            assert!(text.parse::<Rate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_lets_less_through_is_harder() {
        let slow = |text| Effect { stage: Stage::Full, slow: Some(rate(text)) };
        assert!(slow("20 per minute").is_harder_than(slow("1 per second")));
        assert!(!slow("60 per minute").is_harder_than(slow("1 per second")));
        assert!(slow("1 per hour").is_harder_than(Effect::of(Stage::ReadOnly)), "reads are slower");
        assert!(!slow("1 per hour").is_harder_than(Effect::of(Stage::Frozen)), "nothing passes");
        let both =
            slow("2 per second").and(Effect { stage: Stage::ReadOnly, ..slow("90 per minute") });
        assert_eq!(both, Effect { stage: Stage::ReadOnly, slow: Some(rate("90 per minute")) });
        assert_eq!((both.word(), slow("1 per hour").word()), ("read_only", "slowed"));
    }
}
