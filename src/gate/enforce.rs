//! From a standing to what happens: the decision, and what the gate's mode makes of it.
//!
//! Rules:
//! 1. `off` and an open switch pass everything; `observe` passes everything and counts what would
//!    have been refused. In all three nothing is shown.
//! 2. What is told to the app is what is in force: `full` where nothing is enforced.

use super::classify::Class;
use super::counters::Counters;
use super::settings::Mode;
use crate::domain::decide::{Enforcement, Standings, Verdict, decide};
use crate::domain::stage::{Roles, Stage};
use crate::domain::time::Instant;

/// What is the same for whatever a tenant's people ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Force {
    /// The gate's mode.
    pub mode: Mode,
    /// Whether the switch is open, in whichever way.
    pub open: bool,
    /// The switch's generation.
    pub generation: u64,
    /// Whether the shard was silent too long, or a local switch was closed: what restricts counts
    /// as grace.
    pub eased: bool,
}

/// The verdict on a request of `class` by people with `roles`.
#[must_use]
pub fn enforce(
    standings: &Standings,
    class: &Class,
    roles: Roles,
    force: Force,
    now: Instant,
    counters: &Counters,
) -> Verdict {
    let judged = |on: bool| {
        let enforcement = Enforcement { on, generation: force.generation, stale: force.eased };
        decide(
            standings.about(class.part.about()),
            class.route,
            class.intent,
            roles,
            enforcement,
            now,
        )
    };
    if force.open || force.mode == Mode::Off {
        return Verdict::Pass { stage: Stage::Full, banner: false, slow: None };
    }
    if force.mode == Mode::Observe {
        if let Verdict::Refuse { .. } = judged(true) {
            counters.would_refuse.one();
        }
        return judged(false);
    }
    judged(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decide::{Intent, RouteClass, Standing};
    use crate::gate::classify::Part;

    const FROZEN: Standing = Standing {
        since: Instant::MIN,
        stage: Stage::Frozen,
        eased: Stage::Frozen,
        banner: Roles::EVERYONE,
        generation: 3,
        ..Standing::FULL
    };

    fn ask(force: Force, counters: &Counters) -> Verdict {
        let (route, intent) = (RouteClass::ByMethod, Intent::Read);
        let class = Class { route, intent, judged_path: None, part: Part::Whole };
        enforce(
            &Standings::whole(FROZEN),
            &class,
            Roles::NONE,
            force,
            Instant::from_seconds(0),
            counters,
        )
    }

    #[test]
    fn what_is_not_enforced_passes_without_a_word() {
        let counters = Counters::default();
        let on = Force { mode: Mode::On, open: false, generation: 3, eased: false };
        let quiet = Verdict::Pass { stage: Stage::Full, banner: false, slow: None };
        assert_eq!(ask(on, &counters), Verdict::Refuse { stage: Stage::Frozen });
        assert_eq!(ask(Force { open: true, ..on }, &counters), quiet);
        assert_eq!(ask(Force { mode: Mode::Off, ..on }, &counters), quiet);
        assert_eq!(counters.would_refuse.get(), 0);
        assert_eq!(ask(Force { mode: Mode::Observe, ..on }, &counters), quiet);
        assert_eq!(counters.would_refuse.get(), 1);
        let grace = Verdict::Pass { stage: Stage::Grace, banner: true, slow: None };
        assert_eq!(ask(Force { generation: 4, ..on }, &counters), grace);
        assert_eq!(ask(Force { eased: true, ..on }, &counters), grace);
    }
}
