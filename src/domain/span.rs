//! Spans of time as people write them: a number and a unit.

use std::fmt;
use std::str::FromStr;

use super::time::{HOUR, MINUTE};

/// The unit of a [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// 60 seconds.
    Minutes,
    /// 60 minutes.
    Hours,
    /// Calendar days: the local time of day is kept.
    Days,
    /// Days that the calendar calls working days: the local time of day is kept.
    WorkingDays,
    /// Seven calendar days.
    Weeks,
}

/// A number and a unit: `7 days`, `3 working days`, `15 minutes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// The most minutes or hours that a span may have: more than eleven years of hours.
const COUNT_MAX: u32 = 100_000;
/// The most days that a span may have: ten years. What people agree on ends sooner.
const DAYS_MAX: u32 = 3_660;

impl Span {
    /// Nothing at all.
    pub const ZERO: Self = Self { count: 0, unit: Unit::Minutes };

    /// A span of calendar days.
    #[must_use]
    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Days }
    }

    /// A span of working days.
    #[must_use]
    pub const fn working_days(count: u32) -> Self {
        Self { count, unit: Unit::WorkingDays }
    }

    /// So many dates later is the day that lies so long after another one, at least.
    #[must_use]
    pub const fn least_days(self) -> i32 {
        let days = match self.unit {
            Unit::Minutes | Unit::Hours => 0,
            Unit::Days | Unit::WorkingDays => self.count,
            Unit::Weeks => self.count.saturating_mul(7),
        };
        if days > i32::MAX as u32 { i32::MAX } else { days as i32 }
    }

    /// Its exact length in milliseconds where it has one: minutes and hours.
    #[must_use]
    pub const fn exact_millis(self) -> Option<i64> {
        match self.unit {
            Unit::Minutes => Some(self.count as i64 * MINUTE),
            Unit::Hours => Some(self.count as i64 * HOUR),
            Unit::Days | Unit::WorkingDays | Unit::Weeks => None,
        }
    }

    /// Its length in milliseconds, a day counted as 24 hours. `None` for working days.
    #[must_use]
    pub const fn nominal_millis(self) -> Option<i64> {
        match self.unit {
            Unit::Minutes | Unit::Hours => self.exact_millis(),
            Unit::Days => Some(self.count as i64 * 24 * HOUR),
            Unit::Weeks => Some(self.count as i64 * 7 * 24 * HOUR),
            Unit::WorkingDays => None,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => "minute",
            Unit::Hours => "hour",
            Unit::Days => "day",
            Unit::WorkingDays => "working day",
            Unit::Weeks => "week",
        };
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "not a span such as \"7 days\" (a number and minutes, hours, days, working days \
                 or weeks): {text:?}"
            )
        };
        let (count, unit) = split_number(text.trim()).ok_or_else(wrong)?;
        let unit = match unit {
            "m" | "minute" | "minutes" => Unit::Minutes,
            "h" | "hour" | "hours" => Unit::Hours,
            "d" | "day" | "days" => Unit::Days,
            "working day" | "working days" => Unit::WorkingDays,
            "week" | "weeks" => Unit::Weeks,
            _ => return Err(wrong()),
        };
        let most = match unit {
            Unit::Minutes | Unit::Hours => COUNT_MAX,
            Unit::Days | Unit::WorkingDays => DAYS_MAX,
            Unit::Weeks => DAYS_MAX / 7,
        };
        if count > most {
            return Err(format!("a span of at most {}: {text:?}", Self { count: most, unit }));
        }
        Ok(Self { count, unit })
    }
}

/// `7 days` or `4h` as the number and the rest.
fn split_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let count = text[..end].parse().ok()?;
    Some((count, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!("7 days".parse(), Ok(Span::days(7)));
        assert_eq!("1 working day".parse(), Ok(Span::working_days(1)));
        assert_eq!("4h".parse::<Span>().map(|s| s.exact_millis()), Ok(Some(4 * HOUR)));
        for wrong in
            ["", "days", "7", "7 fortnights", "-1 days", "1.5 days", "3661 days", "523 weeks"]
        {
            assert!(wrong.parse::<Span>().is_err(), "{wrong}");
        }
    }
}
