//! Moves the demo's clock as it was asked to (SPEC 10).
//!
//! Rules:
//! 1. `advance` and `set` let time pass: every due thing is done at its own time. `jump` is as if
//!    everything had been switched off until then.
//! 2. A day of `advance` and `jump` is 24 hours. Never backwards.
//! 3. One move at a time; it is done when all that is due is done.

use std::sync::Arc;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::BoxedFuture;
use crate::clock::Clock;
use crate::domain::span::Span;
use crate::domain::time::Instant;
use crate::notify::scheduler::{Desk, Post, Scheduler};

/// How the clock is asked to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Time passes until then.
    PassUntil(Instant),
    /// Everything was switched off until then.
    JumpTo(Instant),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    advance: Option<String>,
    set: Option<String>,
    jump: Option<String>,
}

impl Move {
    /// Reads what was asked at `now`.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn read(body: &[u8], now: Instant) -> Result<Self, String> {
        let right = "one of {\"advance\": \"7 days\"}, {\"set\": \"2026-03-01T09:00:00Z\"}, \
                     {\"jump\": \"9 days\"}";
        let asked: Asked =
            serde_json::from_slice(body).map_err(|error| format!("{error}; right is {right}"))?;
        match (asked.advance, asked.set, asked.jump) {
            (Some(span), None, None) => {
                later(&span, now).map(Self::PassUntil).map_err(|error| format!("advance: {error}"))
            }
            (None, Some(instant), None) => {
                let at: Instant = instant.parse().map_err(|error| format!("set: {error}"))?;
                if at < now {
                    return Err(format!("set: {at} is before now, {now}; time never goes back"));
                }
                Ok(Self::PassUntil(at))
            }
            (None, None, Some(span)) => {
                later(&span, now).map(Self::JumpTo).map_err(|error| format!("jump: {error}"))
            }
            _ => Err(format!("right is {right}")),
        }
    }
}

fn later(span: &str, now: Instant) -> Result<Instant, String> {
    let span: Span = span.parse()?;
    let millis = span
        .nominal_millis()
        .ok_or("working days are no exact time: give minutes, hours, days or weeks")?;
    Ok(now.plus_millis(millis))
}

/// Moves the clock and everything that follows it.
pub struct Mover<D, P> {
    scheduler: Arc<Scheduler<D, P>>,
    clock: Clock,
    moving: Mutex<()>,
    settled: Option<Box<dyn Fn() -> BoxedFuture + Send + Sync>>,
}

impl<D: Desk, P: Post> Mover<D, P> {
    /// Moves `clock` through `scheduler`.
    #[must_use]
    pub fn new(scheduler: Arc<Scheduler<D, P>>, clock: Clock) -> Self {
        Self { scheduler, clock, moving: Mutex::new(()), settled: None }
    }

    /// Waits for this, too, before a move counts as done: that gates have heard of it.
    #[must_use]
    pub fn and_then(mut self, settled: impl Fn() -> BoxedFuture + Send + Sync + 'static) -> Self {
        self.settled = Some(Box::new(settled));
        self
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Does what `body` asks for; answers the time afterwards.
    ///
    /// # Errors
    /// What is wrong with it, or with the store.
    pub async fn ask(&self, body: &[u8]) -> Result<Instant, MoveError> {
        let _alone = self.moving.lock().await;
        let now = self.clock.now();
        let asked = Move::read(body, now).map_err(MoveError::Asked)?;
        // From the first move on it stands still.
        self.clock.set(now);
        let moved = match asked {
            Move::PassUntil(target) => self.scheduler.pass_until(target).await,
            Move::JumpTo(target) => self.scheduler.jump_to(target).await,
        };
        moved.map_err(|error| MoveError::Store(error.to_string()))?;
        if let Some(settled) = &self.settled {
            settled().await;
        }
        Ok(self.clock.now())
    }
}

/// Why the clock did not move, or not all the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// It was asked wrongly.
    #[error("{0}")]
    Asked(String),
    /// The store could not be read.
    #[error("{0}")]
    Store(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, MINUTE};

    #[test]
    fn moves_are_read_exactly() {
        let now: Instant = "2026-03-27T09:00:00Z".parse().unwrap();
        let cases = [
            (r#"{"advance": "7 days"}"#, Move::PassUntil(now.plus_millis(7 * DAY))),
            (r#"{"advance": "90 minutes"}"#, Move::PassUntil(now.plus_millis(90 * MINUTE))),
            (r#"{"jump": "1 week"}"#, Move::JumpTo(now.plus_millis(7 * DAY))),
            (r#"{"set": "2026-03-27T09:00:00Z"}"#, Move::PassUntil(now)),
            (r#"{"set": "2026-03-28T10:00:00+01:00"}"#, Move::PassUntil(now.plus_millis(DAY))),
        ];
        for (body, wanted) in cases {
            assert_eq!(Move::read(body.as_bytes(), now), Ok(wanted), "{body}");
        }
    }

    #[test]
    fn wrong_moves_say_what_would_be_right() {
        let now: Instant = "2026-03-27T09:00:00Z".parse().unwrap();
        for (body, told) in [
            ("", "right is one of"),
            ("[]", "right is one of"),
            ("{}", "right is one of"),
            (r#"{"advance": "7 days", "jump": "1 day"}"#, "right is one of"),
            (r#"{"rewind": "7 days"}"#, "unknown field `rewind`"),
            (r#"{"advance": 7}"#, "right is one of"),
            (r#"{"advance": "-7 days"}"#, "advance: not a span"),
            (r#"{"advance": "3 working days"}"#, "no exact time"),
            (r#"{"set": "2026-03-27T08:59:59Z"}"#, "time never goes back"),
            (r#"{"set": "tomorrow"}"#, "set: not an RFC 3339 instant"),
        ] {
            let error = Move::read(body.as_bytes(), now).unwrap_err();
            assert!(error.contains(told), "{body}: {error}");
        }
    }
}
