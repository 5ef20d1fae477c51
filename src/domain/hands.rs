//! What people do about tasks, where that is assumed: in simulations and backtests.
//!
//! Rules:
//! 1. A task of a kind that is named here is done so long after it was made, always with the same
//!    outcome; one of another kind is done by nobody.
//! 2. Promises are not assumed: they say until when, and are told by themselves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::account::TaskState;
use super::fact::TaskOutcome;
use super::span::Span;
use super::task::TaskKind;
use super::time::Instant;

/// How long a task takes, where nothing is said.
const USUALLY: &str = "1 hour";

/// What comes of each task of a kind, as `call=reached` or `letter=posted/2 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    kind: TaskKind,
    outcome: TaskOutcome,
    after: Span,
}

impl Hand {
    /// What comes of that task and when, if it is of this kind and still to be done.
    #[must_use]
    pub fn does(&self, task: &TaskState) -> Option<(Instant, TaskOutcome)> {
        let after = self.after.nominal_millis()?;
        let own = task.made.kind == self.kind && task.is_open();
        own.then(|| (task.time.plus_millis(after), self.outcome))
    }
}

/// The next task that somebody does: when, which, and what comes of it.
#[must_use]
pub fn next<'a>(
    hands: &[Hand],
    tasks: &'a [TaskState],
) -> Option<(Instant, &'a TaskState, TaskOutcome)> {
    let all = tasks.iter().filter_map(|task| {
        let (at, outcome) = hands.iter().find_map(|hand| hand.does(task))?;
        Some((at, task, outcome))
    });
    all.min_by_key(|(at, ..)| *at)
}

impl FromStr for Hand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || {
            format!(
                "not what comes of a kind of task, such as call=reached or letter=posted/2 days: \
                 {text:?}"
            )
        };
        let (kind, rest) = text.split_once('=').ok_or_else(shape)?;
        let (outcome, after) = rest.split_once('/').unwrap_or((rest, USUALLY));
        let kind = TaskKind::from_word(kind.trim()).ok_or_else(shape)?;
        let outcome = TaskOutcome::from_word(outcome.trim()).ok_or_else(shape)?;
        let after: Span = after.parse()?;
        if outcome == TaskOutcome::Promised {
            return Err("a promise says until when: tell it by itself".to_owned());
        }
        if !kind.may_end(outcome) {
            return Err(format!("{:?} cannot come of a {:?}", outcome.word(), kind.word()));
        }
        if after.nominal_millis().is_none() {
            return Err(format!("in minutes, hours, days or weeks: {text:?}"));
        }
        Ok(Self { kind, outcome, after })
    }
}

impl fmt::Display for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.kind.word(), self.outcome.word(), self.after)
    }
}

impl Serialize for Hand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_a_kind_of_task() {
        for (text, shown) in [
            ("call=reached", "call=reached/1 hour"),
            ("letter=posted/2 days", "letter=posted/2 days"),
            ("approve = approved/30 minutes", "approve=approved/30 minutes"),
        ] {
            assert_eq!(text.parse::<Hand>().map(|hand| hand.to_string()).as_deref(), Ok(shown));
        }
        for (text, why) in [
            ("call", "not what comes of"),
            ("visit=done", "not what comes of"),
            ("call=posted", "cannot come of"),
            ("call=promised", "until when"),
            ("letter=posted/2 working days", "in minutes"),
        ] {
            assert!(text.parse::<Hand>().unwrap_err().contains(why), "{text}");
        }
    }
}
