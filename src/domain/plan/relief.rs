//! What falls: entries that are no longer lawful, notices that count for nothing (SPEC 5.10).
//!
//! Rules:
//! 1. Relief asks for nothing; it is decided whenever it is true.
//! 2. What may restrict nobody any more threatens nobody: its warnings are void.

use std::sync::Arc;

use super::Planner;
use crate::domain::account::{Case, Entry, InvoiceStatus, NoticeState};
use crate::domain::decision::{
    Decision, LiftCause, NoticeMade, NoticeVoided, StageLifted, Step, VoidCause,
};
use crate::domain::effect::Effect;
use crate::domain::fact::Channel;
use crate::domain::id::Derivation;
use crate::domain::small::{is_ignored, is_short_paid, may_restrict};

impl<'a> Planner<'a> {
    pub(super) fn relieve(&mut self) {
        for case in &self.account.cases {
            let mut thanked = false;
            for entry in case.entries.iter().filter(|entry| entry.lifted.is_none()) {
                let Some(cause) = self.falls(case, entry) else { continue };
                let lifted = StageLifted { entry: entry.entered.entry, cause };
                self.decide(Decision::StageLifted(lifted));
                // It was in force until now, also if the money is dated before it.
                let paid = self.account.invoice_of(case).status == InvoiceStatus::Paid;
                let given_back = paid && !self.is_ordered();
                if entry.entered.effect().restricts() && given_back && !thanked {
                    self.thank(case, entry);
                    thanked = true;
                }
            }
            self.void_notices(case);
        }
        self.relieve_strays();
    }

    /// What began the case turned out to be something else, so it is another one, with a climb of
    /// its own: nothing that was entered or said for the one before counts.
    fn relieve_strays(&mut self) {
        for stray in self.account.strays.iter().filter(|stray| stray.lifted.is_none()) {
            let (entry, cause) = (stray.entered.entry, LiftCause::Unlawful);
            self.decide(Decision::StageLifted(StageLifted { entry, cause }));
        }
        for notice in &self.account.notices {
            if may_be_used(notice) && self.survey.ground.case(notice.made.case).is_none() {
                let (notice, cause) = (notice.made.notice, VoidCause::Case);
                self.decide(Decision::NoticeVoided(NoticeVoided { notice, cause }));
            }
        }
    }

    /// Whether what somebody of the operator's asked for restricts all the same.
    fn is_ordered(&self) -> bool {
        let ordered = |case: &&Case| self.account.invoice_of(case).order.is_some();
        let entries = self.account.cases.iter().filter(ordered).flat_map(|case| &case.entries);
        let mut restricting = entries.filter(|entry| entry.entered.effect().restricts());
        restricting.any(|entry| entry.in_force)
    }

    /// Why an entry is no longer in force, if it is not.
    fn falls(&self, case: &Case, entry: &Entry) -> Option<LiftCause> {
        if !case.is_live() {
            let ordered = self.account.invoice_of(case).order.is_some();
            return Some(if ordered { LiftCause::Agreed } else { LiftCause::Settled });
        }
        if !entry.lawful {
            return Some(LiftCause::Unlawful);
        }
        if entry.closes.is_none() {
            return Some(LiftCause::Scope);
        }
        let Some(number) = entry.rung else { return Some(LiftCause::Policy) };
        let shared = self.account.invoice_of(case).shared.as_ref();
        if shared.is_some_and(|shared| !shared.is_entered(entry.entered.stage)) {
            return Some(LiftCause::Payer);
        }
        let now = self.situation.now;
        let eased = case.holds.iter().filter(|hold| hold.covers(now));
        if eased
            .filter_map(|hold| hold.at_most)
            .any(|most| entry.effect.is_harder_than(Effect::of(most)))
        {
            return Some(LiftCause::Agreed);
        }
        let bearings = self.survey.ground.bearings(case.case)?;
        if shared.is_some() {
            return None;
        }
        let (policy, restricts) = (bearings.policy, entry.entered.effect().restricts());
        let invoice = self.account.invoice_of(case);
        // What is disputed stands still where it is.
        if invoice.undisputed() == 0 && invoice.is_billed() {
            return None;
        }
        let rung = policy.rungs.get(usize::from(number));
        let when = rung.and_then(|rung| rung.when.as_ref());
        if when.is_some_and(|when| !when.holds(self.account, case, &bearings.zone, now)) {
            return Some(LiftCause::Condition);
        }
        if is_ignored(self.account, case, bearings, now)
            || is_short_paid(invoice, policy) && restricts
        {
            return Some(LiftCause::Settled);
        }
        (restricts && !may_restrict(invoice, policy)).then_some(LiftCause::Condition)
    }

    fn void_notices(&mut self, case: &'a Case) {
        let now = self.situation.now;
        let harmless = || {
            let invoice = self.account.invoice_of(case);
            self.survey.ground.bearings(case.case).is_some_and(|bearings| {
                !may_restrict(invoice, bearings.policy)
                    || is_ignored(self.account, case, bearings, now)
            })
        };
        for notice in self.notices_of(case.case) {
            if !may_be_used(notice) {
                continue;
            }
            let of = notice.made.of.and_then(|id| self.notice(id));
            let used = of.is_some_and(|of| of.voided.is_some());
            let over = case.over_at().is_some_and(|at| at <= now);
            let cause = if over || !case.is_live() {
                VoidCause::Case
            } else if notice.made.leg != case.leg(now) {
                VoidCause::Leg
            } else if used
                || self.survey.ladder(case.case).is_some_and(|it| !it.applies(notice.made.rung))
                || (of.is_none() && self.is_entered(case, notice.made.rung))
                || harmless()
            {
                VoidCause::Rung
            } else {
                continue;
            };
            let notice = notice.made.notice;
            self.decide(Decision::NoticeVoided(NoticeVoided { notice, cause }));
        }
    }

    fn is_entered(&self, case: &Case, rung: u16) -> bool {
        let generation = self.situation.generation;
        case.entries.iter().any(|entry| {
            entry.stands_for(rung, case)
                && entry.in_force
                && entry.closes.as_ref().is_some_and(|closes| closes.covers(&case.scope))
                && entry.entered.checked.generation >= generation
        })
    }

    /// A restricted tenant has paid.
    fn thank(&mut self, case: &Case, entry: &Entry) {
        let warning = entry.entered.notice.and_then(|id| self.notice(id));
        let Some(warning) = warning else { return };
        let (leg, rung) = (entry.entered.leg, entry.entered.rung);
        let same = self.notices_of(case.case).filter(|notice| {
            notice.made.leg == leg && notice.made.rung == rung && notice.made.step == Step::Thanks
        });
        let n = u32::try_from(same.count()).unwrap_or(u32::MAX);
        let notice = Derivation::of("notice")
            .text(self.tenant.as_str())
            .id(leg)
            .number(i64::from(rung))
            .number(Step::Thanks.number())
            .number(i64::from(n))
            .finish();
        self.decide(Decision::NoticeMade(Arc::new(NoticeMade {
            notice,
            case: case.case,
            leg,
            rung,
            step: Step::Thanks,
            n,
            kind: "thanks".to_owned(),
            names: None,
            of: None,
            says: None,
            to: warning.made.to,
            by: vec![Channel::Email],
            good_until: None,
            last_resort: false,
        })));
    }
}

/// Whether it is a warning, or its repetition, that no entry used and nothing voided.
fn may_be_used(notice: &NoticeState) -> bool {
    let names = matches!(notice.made.step, Step::Warning | Step::Again(_));
    names && notice.voided.is_none() && notice.spent.is_none()
}
