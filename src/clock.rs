//! The one place that reads the machine's clock.
//!
//! Rules:
//! 1. Whoever needs the time is given a [`Clock`]; clippy bans every other way to ask.
//! 2. A moved clock stands still between moves: only `demo` and tests move one.
//! 3. Where many requests are judged in one turn of an event loop, the machine is asked once a
//!    turn ([`turn_now`]): asking costs more than a look-up.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use crate::domain::time::Instant;

/// Follows the machine until it is first moved.
const FOLLOWS: i64 = i64::MIN;

/// Tells the time.
#[derive(Clone, Debug)]
pub struct Clock {
    moved: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's own clock; it cannot be moved.
    #[must_use]
    pub const fn system() -> Self {
        Self { moved: None }
    }

    /// A clock that can be moved; until then it follows the machine.
    #[must_use]
    pub fn movable() -> Self {
        Self { moved: Some(Arc::new(AtomicI64::new(FOLLOWS))) }
    }

    /// A clock that stands at `start`.
    #[must_use]
    pub fn standing(start: Instant) -> Self {
        Self { moved: Some(Arc::new(AtomicI64::new(start.millis()))) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Instant {
        match self.moved.as_ref().map(|moved| moved.load(Ordering::Acquire)) {
            None | Some(FOLLOWS) => machine_now(),
            Some(millis) => Instant::from_millis(millis),
        }
    }

    /// Now, as [`turn_now`] tells it where the clock follows the machine.
    #[must_use]
    pub fn turn_now(&self) -> Instant {
        match self.moved.as_ref().map(|moved| moved.load(Ordering::Acquire)) {
            None | Some(FOLLOWS) => turn_now(),
            Some(millis) => Instant::from_millis(millis),
        }
    }

    /// Whether it stands still.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.moved.as_ref().is_some_and(|moved| moved.load(Ordering::Acquire) != FOLLOWS)
    }

    /// Stands at `to` from now on. `false`: this clock cannot be moved.
    pub fn set(&self, to: Instant) -> bool {
        self.moved.as_ref().is_some_and(|moved| {
            moved.store(to.millis(), Ordering::Release);
            true
        })
    }

    /// Follows the machine again. `false`: this clock cannot be moved, and always does.
    pub fn follow_machine(&self) -> bool {
        self.moved.as_ref().is_some_and(|moved| {
            moved.store(FOLLOWS, Ordering::Release);
            true
        })
    }
}

/// Real time, for what is judged by real time even where a clock was moved: tokens.
#[must_use]
pub fn machine_now() -> Instant {
    of_micros(machine_micros())
}

#[allow(clippy::disallowed_methods)]
fn machine_micros() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn of_micros(micros: u64) -> Instant {
    Instant::from_millis((micros / 1_000).cast_signed())
}

/// What this thread knows of the turn its event loop is in.
#[derive(Clone, Copy)]
enum Turn {
    /// Nobody says when a turn begins: the machine is asked every time.
    Untold,
    /// A turn has begun, and nobody has asked yet.
    Begun,
    /// It was asked in this turn, and said so many microseconds.
    Asked(u64),
}

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::Untold) };
}

/// A turn of this thread's event loop begins. A thread that says so once must go on saying it.
pub fn begin_turn() {
    TURN.set(Turn::Begun);
}

/// Real time, asked for once in a turn of this thread's event loop.
#[must_use]
pub fn turn_now() -> Instant {
    of_micros(turn_micros())
}

/// The same in microseconds since 1970: to tell how long something took, from turn to turn.
#[must_use]
pub fn turn_micros() -> u64 {
    match TURN.get() {
        Turn::Untold => machine_micros(),
        Turn::Asked(micros) => micros,
        Turn::Begun => {
            let micros = machine_micros();
            TURN.set(Turn::Asked(micros));
            micros
        }
    }
}
