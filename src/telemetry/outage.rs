//! A store that is away is told once when it begins, once a minute while it lasts, and once when
//! it is back, however many parts of a process miss it.
//!
//! Rules:
//! 1. Each part says how it finds the store; it is away while one of them misses it.
//! 2. Time is an argument: what is told does not depend on how often it is looked.

use std::sync::{Mutex, PoisonError};

use crate::domain::time::{Instant, MINUTE};

/// Who looks at the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The gate.
    Gate,
    /// The control plane.
    Control,
}

/// What there is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It went.
    Began,
    /// It has been away for another minute.
    Lasts,
    /// Everybody has it again.
    Ended,
}

/// What is known of the store.
#[derive(Debug)]
pub struct Outage(Mutex<State>);

#[derive(Debug)]
struct State {
    missing: [bool; 2],
    told: Instant,
}

/// That of this process.
static STORE: Outage = Outage::new();

impl Outage {
    /// Nobody misses it.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(State { missing: [false; 2], told: Instant::MIN }))
    }

    /// `party` finds the store here or away, at `now`. What is to be told of it, if anything is.
    pub fn found(&self, party: Party, away: bool, now: Instant) -> Option<News> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.missing.contains(&true);
        state.missing[party as usize] = away;
        let news = match (before, state.missing.contains(&true)) {
            (false, true) => News::Began,
            (true, false) => News::Ended,
            (true, true) if away && now >= state.told.plus_millis(MINUTE) => News::Lasts,
            _ => return None,
        };
        state.told = now;
        Some(news)
    }
}

impl Default for Outage {
    fn default() -> Self {
        Self::new()
    }
}

/// `party` misses the store of this process, because of `error`.
pub fn store_away(party: Party, error: &dyn std::fmt::Display, now: Instant) {
    match STORE.found(party, true, now) {
        Some(News::Began) => tracing::warn!(
            %error,
            "the store is away: requests pass by what was last read; what is told waits in the \
             journal, and nothing gets stricter"
        ),
        Some(_) => tracing::warn!(%error, "the store is still away"),
        None => tracing::debug!(%error, "the store is away"),
    }
}

/// `party` has the store of this process.
pub fn store_back(party: Party, now: Instant) {
    if STORE.found(party, false, now).is_some() {
        tracing::info!("the store is back");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_a_minute_and_its_end_once() {
        let outage = Outage::new();
        let at = |second: i64| Instant::from_seconds(1_000_000 + second);
        assert_eq!(outage.found(Party::Control, false, at(0)), None);
        let mut told = Vec::new();
        for second in 0..150 {
            for party in [Party::Control, Party::Gate] {
                told.extend(outage.found(party, true, at(second)).map(|news| (second, news)));
            }
        }
        assert_eq!(told, [(0, News::Began), (60, News::Lasts), (120, News::Lasts)]);
        assert_eq!(outage.found(Party::Gate, false, at(150)), None);
        assert_eq!(outage.found(Party::Gate, false, at(151)), None);
        assert_eq!(outage.found(Party::Control, false, at(152)), Some(News::Ended));
        assert_eq!(outage.found(Party::Control, false, at(153)), None);
        assert_eq!(outage.found(Party::Gate, true, at(154)), Some(News::Began));
    }
}
