//! Pauses that were agreed (SPEC 4 `pause`): the stage that the tenant's own people accepted begins
//! and ends with them.
//!
//! Rules:
//! 1. It begins at the first cutoff time from its begin on; it needs no warning, but all else that a
//!    restriction needs.
//! 2. It ends by itself, at a gate's clock too, with its end or when somebody ends it.

use super::Planner;
use crate::domain::account::PauseState;
use crate::domain::arrangement::Arrangement;
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Checked, Decision, LiftCause, PauseEntered, StageLifted};
use crate::domain::id::{Derivation, EntryId, Scope};
use crate::domain::selection::select;
use crate::domain::stage::Stage;

impl Planner<'_> {
    pub(super) fn relieve_pauses(&mut self) {
        for pause in self.account.pauses.iter().filter(|pause| pause.lifted.is_none()) {
            let agreed = self.account.arrangements.iter();
            let mut agreed = agreed.filter(|it| it.made.arrangement == pause.made.arrangement);
            let stands = agreed.any(|it| it.stands(self.situation.now));
            let cause = if !pause.lawful {
                LiftCause::Unlawful
            } else if !pause.in_force || !stands || self.is_milder_agreed(pause) {
                LiftCause::Agreed
            } else {
                continue;
            };
            self.decide(Decision::StageLifted(StageLifted { entry: pause.made.entry, cause }));
        }
    }

    /// Whether something else was agreed that gives access to all the same.
    fn is_milder_agreed(&self, pause: &PauseState) -> bool {
        let standing = self.account.arrangements.iter().filter(|it| it.stands(self.situation.now));
        let mut milder = standing.filter(|it| it.made.invoices.is_none());
        milder.any(|it| it.made.at_most().is_some_and(|most| most < pause.made.stage))
    }

    pub(super) fn plan_pauses(&mut self) {
        for agreed in &self.account.arrangements {
            let Some(stage) = agreed.agreed_stage().filter(|_| agreed.ended.is_none()) else {
                continue;
            };
            self.wake_at(agreed.from);
            agreed.until.into_iter().for_each(|until| self.wake_at(until));
            if agreed.stands(self.situation.now) {
                for scope in self.account.paused(agreed) {
                    self.enter_pause(agreed, stage, scope);
                }
            }
        }
    }

    fn enter_pause(&mut self, agreed: &Arrangement, stage: Stage, scope: Scope) {
        let (account, situation) = (self.account, self.situation);
        let entry: EntryId = Derivation::of("pause")
            .text(self.tenant.as_str())
            .text(agreed.made.arrangement.as_str())
            .text(scope.as_str())
            .number(i64::try_from(situation.generation).unwrap_or(i64::MAX))
            .finish();
        let given_back =
            |it: &PauseState| it.made.arrangement == agreed.made.arrangement && it.lifted.is_some();
        let known = account.pauses.iter().any(|it| it.made.entry == entry || given_back(it));
        let Some(policy) = select(self.law, account, account.newest).filter(|_| !known) else {
            return;
        };
        let bearings = Bearings::of(self.law, &account.profile, policy);
        let Some(at) = bearings.almanac().cutoff_at_or_after(situation.now) else { return };
        if at > situation.now && !bearings.almanac().is_cutoff_time(situation.now) {
            self.wake_at(at);
            return;
        }
        let fresh = situation.is_fresh() && situation.clock_agrees;
        let held = situation.switch_open || situation.notices_held;
        if !fresh || !situation.slots || held {
            self.look_again();
            return;
        }
        if self.is_ahead() {
            return;
        }
        let (feeds, slot) = (situation.is_fresh(), situation.slots);
        let checked = Checked { feeds, generation: situation.generation, asked: false, slot };
        let arrangement = agreed.made.arrangement.clone();
        let entered = PauseEntered { entry, arrangement, stage, scope, checked };
        self.decide(Decision::PauseEntered(Box::new(entered)));
    }
}
