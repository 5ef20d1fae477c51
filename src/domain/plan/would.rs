//! What would have happened where nothing is enforced (SPEC 5.12).
//!
//! Rules:
//! 1. It goes as it would: each `enter` rung in its order, warned of and entered at the times that
//!    a warning which arrives when it leaves would allow.
//! 2. A cutoff that needs more people to be told than there are to write to, or a person's
//!    approval, would not have come.
//! 3. Nothing is asked of anybody for it: no task, no slot of the breaker, no billing system. Where
//!    feeds are not fresh it waits for them, as the cutoff would.
//! 4. Where enforcing begins, a case of which something would have happened begins anew.

use super::climb::Climb;
use super::standing::recipients;
use super::{Coming, Planner, What};
use crate::domain::account::Case;
use crate::domain::decision::{CaseRenewed, Decision, Would, WouldHave};
use crate::domain::fact::Channel;
use crate::domain::id::Derivation;
use crate::domain::policy::{Enter, Warn};
use crate::domain::time::Instant;

impl<'a> Planner<'a> {
    /// Whether a case begins anew: enforcing began.
    pub(super) fn begins_anew(&mut self, case: &Case) -> bool {
        let enforced = !self.situation.observed && !self.situation.switch_open;
        let anew = enforced && !case.would.is_empty();
        if anew {
            self.decide(Decision::CaseRenewed(CaseRenewed { case: case.case }));
        }
        anew
    }

    pub(super) fn plan_would(&mut self, place: usize, case: &'a Case) {
        let now = self.situation.now;
        // What would be is looked at only where nothing is enforced.
        if let Some(ladder) = self.survey.would_at(place).filter(|it| it.free() <= now) {
            Climb::new(self, case, ladder).would();
        }
    }
}

impl<'p, 'a: 'p> Climb<'p, 'a> {
    fn would(mut self) {
        if self.is_ignored() {
            return;
        }
        // Whether all earlier `enter` rungs would be in force.
        let mut entered = true;
        for (number, rung) in self.ladder.rungs() {
            let Some(enter) = &rung.enter else { continue };
            if self.ladder.entered_at(number).is_some() {
                continue;
            }
            let place = self.ladder.place(usize::from(number));
            let Some(place) = place.filter(|_| self.ladder.applies(number)) else { return };
            let Some(warn) = &enter.warn else {
                let at = self.ladder.almanac().send_at_or_after(place.planned.max(self.free));
                self.would_happen(number, enter, Would::Entered, (at, at));
                return;
            };
            if !self.could_come(number, warn) {
                if enter.has_stage() {
                    return;
                }
                continue;
            }
            let told = self.ladder.live_warning(number).is_some()
                || self.ladder.would_name(number).is_some();
            if told {
                let at = self.entered_after(place.comes).filter(|_| entered);
                if let Some(at) = at {
                    self.would_happen(number, enter, Would::Entered, (at, place.comes));
                }
                entered = entered && !enter.has_stage();
                continue;
            }
            let leaves = self.ladder.warning_leaves(place.planned, warn);
            if let Some(named) = self.ladder.names(place.planned, warn, leaves) {
                self.would_happen(number, enter, Would::Warned, (leaves, named));
            }
            // Nothing waits for slowness.
            if enter.has_stage() {
                return;
            }
        }
    }

    /// Whether the rung could come at all, and so many could be told of it.
    fn could_come(&mut self, rung: u16, warn: &Warn) -> bool {
        if !self.may_restrict() || self.waits_for_person(rung) {
            return false;
        }
        let mailboxes = recipients(self.planner.account, warn.to).len();
        let ways = warn.by.iter().map(|by| if *by == Channel::Email { mailboxes } else { 1 });
        ways.sum::<usize>() >= usize::from(warn.needs.max(1))
    }

    /// It would happen at `at`, and name, or begin at, `named`.
    fn would_happen(
        &mut self,
        rung: u16,
        enter: &Enter,
        what: Would,
        (at, named): (Instant, Instant),
    ) {
        self.planner.wake_at(at);
        let effect = self.effect(enter);
        if at > self.now() {
            let case = self.case.case;
            let what = match what {
                Would::Warned => What::Warning(effect),
                Would::Entered => What::Enter { effect, announced: enter.warn.is_some() },
            };
            self.planner.plan.would.push(Coming { at, case, rung, what });
            return;
        }
        let situation = self.planner.situation;
        if !situation.is_fresh() || !situation.clock_agrees {
            return self.planner.look_again();
        }
        let leg = self.case.leg(self.now());
        let same = self.case.would.iter().map(|it| &it.made);
        let same = same.filter(|it| it.leg == leg && it.rung == rung && it.what == what);
        let n = u32::try_from(same.count()).unwrap_or(u32::MAX);
        let entry = Derivation::of("would")
            .id(leg)
            .number(i64::from(rung))
            .number(what.number())
            .number(i64::from(n))
            .finish();
        self.planner.decide(Decision::WouldHave(Box::new(WouldHave {
            entry,
            case: self.case.case,
            leg,
            rung,
            n,
            what,
            stage: effect.stage,
            slow: effect.slow,
            scope: self.case.scope.clone(),
            at: named,
        })));
    }
}
