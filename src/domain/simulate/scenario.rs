//! What happens to the one invoice, as people say it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::hands::Hand;
use crate::domain::money::Money;
use crate::domain::span::Span;
use crate::domain::time::{Day, Fold, Instant, Zone};
use crate::domain::week::TimeOfDay;

/// A date, a local date and time, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The start of a date.
    Day(Day),
    /// What the tenant's clock shows.
    Local(Day, TimeOfDay),
    /// Exactly then.
    Instant(Instant),
}

/// What happens to the invoice. Only the due date must be said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The date printed on it.
    pub due_on: Day,
    /// The date of issue.
    pub issued_on: Option<Day>,
    /// When it becomes known here.
    pub known: Option<Point>,
    /// How much it is over.
    pub amount: Option<Money>,
    /// The first failed charge, for policies that count from it.
    pub failed: Option<Point>,
    /// The tenant's zone; else the policy's.
    pub time_zone: Option<String>,
    /// The tenant's country, for its calendar; else the policy's calendar.
    pub country: Option<String>,
    /// Each mail arrives so late.
    #[serde(default, with = "span_text")]
    pub late_mail: Option<Span>,
    /// Each mail is refused.
    #[serde(default)]
    pub refused_mail: bool,
    /// What people do about tasks, as `call=reached`; about those not named, nothing.
    #[serde(default)]
    pub done: Vec<Hand>,
    /// Promises to pay.
    #[serde(default)]
    pub promises: Vec<Promised>,
    /// Payments.
    #[serde(default)]
    pub payments: Vec<Paid>,
    /// When the control plane is off.
    #[serde(default)]
    pub off: Vec<Off>,
    /// How far is looked.
    pub until: Option<Day>,
}

/// A promise to pay.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promised {
    /// When it is made.
    pub at: Point,
    /// Until when it is to be kept.
    pub until: Day,
}

/// A payment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paid {
    /// When it arrives.
    pub at: Point,
    /// How much; absent: the whole invoice.
    pub amount: Option<Money>,
}

/// A time in which the control plane is off.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Off {
    /// From then on.
    pub from: Point,
    /// Until before then.
    pub until: Point,
}

impl Point {
    /// When that is, in `zone`.
    #[must_use]
    pub fn at(self, zone: &Zone) -> Instant {
        match self {
            Self::Day(day) => zone.start_of(day),
            Self::Local(day, time) => zone.at(day, time, Fold::Later),
            Self::Instant(at) => at,
        }
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let local = || {
            let (day, time) = text.split_once(['T', ' '])?;
            Some(Self::Local(day.parse().ok()?, time.parse().ok()?))
        };
        let day = text.parse().map(Self::Day).ok();
        day.or_else(local).or_else(|| text.parse().map(Self::Instant).ok()).ok_or_else(|| {
            format!(
                "not a date (2026-03-24), a local time (2026-03-24T13:00) or an instant: {text:?}"
            )
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Local(day, time) => write!(f, "{day}T{time}"),
            Self::Instant(at) => at.fmt(f),
        }
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A span as people write it.
mod span_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Span;

    pub(super) fn serialize<S: Serializer>(span: &Option<Span>, to: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => to.collect_str(span),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Span>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
    }
}
