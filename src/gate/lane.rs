//! The slow lane: a slowed tenant's requests pass no faster than its rate (SPEC 4 `slow`).
//!
//! Rules:
//! 1. A tenant may send as many requests at once as its rate counts; what comes after them waits for
//!    its turn.
//! 2. Nobody waits longer than a second, and who cannot wait does not wait at all: who would have to
//!    is told when to come again.
//! 3. Each gate counts what passes it, by the machine's time. A clock that jumps back holds nobody up
//!    for longer than the rate allows.
//! 4. A tenant that has nothing before it is forgotten sooner or later.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::effect::Rate;
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// The longest wait for a turn, in microseconds.
const WAIT_MAX: u64 = 1_000_000;

/// So many are kept before those with nothing before them are looked for.
const SWEEP_AT: usize = 1_024;

/// When a request's turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// After so long.
    In(Duration),
    /// Not soon: after so long it may come again.
    Late(Duration),
}

/// What passed of slowed tenants.
#[derive(Debug)]
pub struct Lane {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Until when, in microseconds, all that passed would have taken at the tenant's rate.
    taken: HashMap<TenantId, u64>,
    sweep_at: usize,
}

impl Default for Lane {
    fn default() -> Self {
        Self { kept: Mutex::new(Kept { taken: HashMap::new(), sweep_at: SWEEP_AT }) }
    }
}

impl Lane {
    /// When the turn is of a request of `tenant` that comes `now`, and `waits` for it if it must; it
    /// is taken, unless it is late.
    #[must_use]
    pub fn turn(&self, tenant: &TenantId, rate: Rate, now: Instant, waits: bool) -> Turn {
        let now = u64::try_from(now.millis()).unwrap_or(0).saturating_mul(1_000);
        let between = rate.micros_between();
        let ahead = between.saturating_mul(u64::from(rate.count()) - 1);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = now.saturating_add(ahead).saturating_add(between).saturating_add(WAIT_MAX);
        let taken = kept.taken.get(tenant).copied().unwrap_or(0).clamp(now, longest);
        let wait = taken.saturating_sub(ahead).saturating_sub(now);
        if wait > if waits { WAIT_MAX } else { 0 } {
            return Turn::Late(Duration::from_micros(wait));
        }
        kept.take(tenant, taken.saturating_add(between), now);
        if wait == 0 { Turn::Now } else { Turn::In(Duration::from_micros(wait)) }
    }
}

impl Kept {
    fn take(&mut self, tenant: &TenantId, until: u64, now: u64) {
        if let Some(taken) = self.taken.get_mut(tenant) {
            *taken = until;
            return;
        }
        if self.taken.len() >= self.sweep_at {
            self.taken.retain(|_, taken| *taken > now);
            self.sweep_at = SWEEP_AT.max(self.taken.len() * 2);
        }
        self.taken.insert(tenant.clone(), until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> TenantId {
        name.parse().unwrap()
    }

    fn at(millis: i64) -> Instant {
        Instant::from_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn a_full_measure_passes_then_requests_wait_up_to_a_second_then_they_are_late() {
        let (lane, rate) = (Lane::default(), "120 per minute".parse().unwrap());
        let turn = |millis| lane.turn(&tenant("acme"), rate, at(millis), true);
        let turns: Vec<Turn> = (0..123).map(|_| turn(0)).collect();
        assert!(turns[..120].iter().all(|it| *it == Turn::Now));
        assert_eq!(turns[120], Turn::In(Duration::from_millis(500)));
        assert_eq!(turns[121], Turn::In(Duration::from_secs(1)));
        assert_eq!(turns[122], Turn::Late(Duration::from_millis(1_500)));
        assert_eq!(turn(500), Turn::In(Duration::from_secs(1)), "who is late takes no turn");
        assert_eq!(lane.turn(&tenant("other"), rate, at(0), true), Turn::Now);
    }

    #[test]
    fn who_cannot_wait_is_late_and_takes_no_turn() {
        let (lane, rate) = (Lane::default(), "2 per second".parse().unwrap());
        let turn = |millis, waits| lane.turn(&tenant("acme"), rate, at(millis), waits);
        assert_eq!([turn(0, false), turn(0, false)], [Turn::Now; 2]);
        assert_eq!(turn(0, false), Turn::Late(Duration::from_millis(500)));
        assert_eq!(turn(0, false), Turn::Late(Duration::from_millis(500)));
        assert_eq!(turn(500, false), Turn::Now);
        assert_eq!(turn(500, true), Turn::In(Duration::from_millis(500)));
    }

    #[test]
    fn in_the_long_run_as_many_pass_as_the_rate_says() {
        let (lane, rate) = (Lane::default(), "20 per minute".parse().unwrap());
        let passes =
            |millis| !matches!(lane.turn(&tenant("acme"), rate, at(millis), true), Turn::Late(_));
        let hour: i64 = 60 * 60 * 1_000;
        let passed = (0..hour).step_by(100).filter(|millis| passes(*millis)).count();
        assert!((1_200..=1_221).contains(&passed), "{passed} in an hour");
    }

    #[test]
    fn a_clock_that_jumps_back_holds_nobody_up() {
        let (lane, rate) = (Lane::default(), "20 per minute".parse().unwrap());
        (0..20).for_each(|_| _ = lane.turn(&tenant("acme"), rate, at(3_600_000), true));
        let Turn::Late(after) = lane.turn(&tenant("acme"), rate, at(0), true) else {
            panic!("a turn")
        };
        assert!(after <= Duration::from_secs(5), "{after:?}");
    }

    #[test]
    fn who_has_nothing_before_it_is_forgotten() {
        let (lane, rate) = (Lane::default(), "1 per second".parse().unwrap());
        for number in 0..100_000 {
            let name = tenant(&format!("t{number}"));
            assert_eq!(lane.turn(&name, rate, at(number), true), Turn::Now);
        }
        assert!(lane.kept.lock().unwrap().taken.len() < 5_000);
    }
}
