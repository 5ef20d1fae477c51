//! A moment as people give it: a date, or an exact instant.

use serde::{Deserialize, Serialize};

use super::time::{Day, Instant};

/// A date, or an exact instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A date: its start or its end, as the field says.
    Day(Day),
    /// Exactly then.
    Instant(Instant),
}

impl Serialize for When {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (serializer.is_human_readable(), self) {
            (true, Self::Day(day)) => day.serialize(serializer),
            (true, Self::Instant(instant)) => instant.serialize(serializer),
            (false, Self::Day(day)) => (true, i64::from(day.number())).serialize(serializer),
            (false, Self::Instant(instant)) => (false, instant.millis()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            let day = text.parse().map(Self::Day);
            return day.or_else(|_| text.parse().map(Self::Instant)).map_err(|_| {
                serde::de::Error::custom("not a date (2026-03-13) or an RFC 3339 instant")
            });
        }
        let (is_day, number) = <(bool, i64)>::deserialize(deserializer)?;
        Ok(if is_day {
            Self::Day(Day::from_number(i32::try_from(number).unwrap_or(0)))
        } else {
            Self::Instant(Instant::from_millis(number))
        })
    }
}
