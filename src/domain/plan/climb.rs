//! One case's climb: which notices, tasks and stages of it are due.
//!
//! Rules:
//! 1. Rungs are looked at in order; no stage is entered before the one before it is in force.
//!    Slowness waits for the stages before it, and no stage waits for it.
//! 2. A notice that names nothing is made once a case, not when its day was over before the case
//!    became known, nor once a later rung is due.
//! 3. A rung whose condition is not so is not there: nothing of it is made, and no stage after its
//!    own is entered or announced.

use std::sync::Arc;

use super::ladder::Ladder;
use super::{Coming, Planner, What};
use crate::domain::account::{Case, Invoice};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Checked, Decision, NoticeMade, OVERDUE, RungEntered, Step};
use crate::domain::effect::Effect;
use crate::domain::id::{Derivation, NoticeId};
use crate::domain::policy::{Enter, Notice, Policy, Rung};
use crate::domain::small;
use crate::domain::time::Instant;

/// The planning of one case.
pub(super) struct Climb<'p, 'a> {
    pub(super) planner: &'p mut Planner<'a>,
    pub(super) case: &'a Case,
    pub(super) bearings: &'a Bearings<'a>,
    pub(super) ladder: &'a Ladder<'a>,
    /// Now, or when the case is free again.
    pub(super) free: Instant,
}

impl<'p, 'a: 'p> Climb<'p, 'a> {
    pub(super) const fn new(
        planner: &'p mut Planner<'a>,
        case: &'a Case,
        ladder: &'a Ladder<'a>,
    ) -> Self {
        Self { planner, case, bearings: ladder.bearings(), ladder, free: ladder.free() }
    }

    pub(super) fn run(mut self) {
        let ignored = self.is_ignored();
        // All earlier `enter` rungs are in force; or are so or have a live warning.
        let (mut entered, mut announced) = (true, true);
        for (number, rung) in self.ladder.rungs() {
            let Some(place) = self.ladder.place(usize::from(number)) else { continue };
            if !self.ladder.applies(number) {
                self.wait_for_condition(rung);
                let open = !rung.has_stage();
                (entered, announced) = (entered && open, announced && open);
                continue;
            }
            if let Some(task) = &rung.task
                && !ignored
            {
                self.plan_task(number, task, place.planned);
            }
            let Some(enter) = &rung.enter else {
                if let Some(notice) = rung.notice.as_ref().filter(|_| !ignored) {
                    self.plan_notice(number, notice, place.planned);
                }
                continue;
            };
            let in_force = self.ladder.entry(number).is_some();
            let mut live = false;
            if !(in_force || ignored) {
                match &enter.warn {
                    None => self.plan_grace(number, rung, place.planned, entered),
                    Some(warn) => {
                        let before = (entered, announced);
                        live = self.plan_cutoff(number, enter, warn, place, before);
                    }
                }
            }
            // Nothing waits for slowness.
            if enter.has_stage() {
                announced = announced && (in_force || live);
                entered = entered && in_force;
            }
        }
    }

    /// Another invoice that becomes overdue may make the rung's condition so.
    fn wait_for_condition(&mut self, rung: &Rung) {
        let (account, zone) = (self.planner.account, &self.bearings.zone);
        let when = rung.when.as_ref();
        let begins = when.and_then(|when| when.may_begin(account, self.case, zone, self.now()));
        if let Some(at) = begins {
            self.planner.wake_at(at);
        }
        let currency = self.invoice().amount.map(|amount| amount.currency);
        let limits = when.and_then(|when| when.owed_over.as_ref());
        if limits.zip(currency).is_some_and(|(limits, own)| limits.of(own).is_none()) {
            self.note_unlisted();
        }
    }

    /// A table does not name the invoice's currency: it restricts nobody.
    fn note_unlisted(&mut self) {
        let Some(amount) = self.invoice().amount else { return };
        let unlisted = (self.policy().name.clone(), amount.currency);
        if !self.planner.plan.unlisted.contains(&unlisted) {
            self.planner.plan.unlisted.push(unlisted);
        }
    }

    pub(super) const fn now(&self) -> Instant {
        self.planner.situation.now
    }

    pub(super) fn policy(&self) -> &'a Policy {
        self.bearings.policy
    }

    pub(super) fn invoice(&self) -> &'a Invoice {
        self.planner.account.invoice_of(self.case)
    }

    /// What the rung does to this case.
    pub(super) fn effect(&self, enter: &Enter) -> Effect {
        enter.effect_on(self.invoice())
    }

    /// Whether all that is overdue in the invoice's currency is less than what is asked for.
    pub(super) fn is_ignored(&self) -> bool {
        let account = self.planner.account;
        small::is_ignored(account, self.case, self.bearings, self.now())
    }

    /// Whether this case may restrict at all.
    pub(super) fn may_restrict(&mut self) -> bool {
        let invoice = self.invoice();
        if !invoice.is_billed() {
            return true;
        }
        let policy = self.policy();
        if !small::is_listed(invoice, policy) {
            self.note_unlisted();
        }
        small::may_restrict(invoice, policy)
    }

    fn plan_notice(&mut self, rung: u16, notice: &Notice, planned: Instant) {
        if self.has_notice(rung, &notice.kind) || self.is_over(planned) {
            return;
        }
        let at = self.ladder.almanac().send_at_or_after(planned.max(self.free));
        if self.later_rung_due(rung, at) {
            return;
        }
        self.coming(at, rung, What::Notice(notice.kind.clone()));
        if at > self.now() {
            self.keep_for_later(rung, notice, at);
        } else if self.may_tell() && (notice.kind != OVERDUE || self.may_press()) {
            let made = self.plain(rung, notice);
            self.make(made);
        }
    }

    /// What is due later today travels with the first message of the day.
    fn keep_for_later(&mut self, rung: u16, notice: &Notice, at: Instant) {
        let (zone, situation) = (&self.bearings.zone, self.planner.situation);
        let may = situation.may_tell() && (situation.may_press() || notice.kind != OVERDUE);
        if may && self.free <= self.now() && zone.day(at) == zone.day(self.now()) {
            let made = self.plain(rung, notice);
            self.planner.later.push(made);
        }
    }

    fn plan_grace(&mut self, number: u16, rung: &Rung, planned: Instant, entered: bool) {
        let Some(enter) = &rung.enter else { return };
        let at = self.ladder.almanac().send_at_or_after(planned.max(self.free));
        self.coming(at, number, What::Enter { effect: self.effect(enter), announced: false });
        let situation = self.planner.situation;
        // Whose payer is reminded is not.
        let told = rung.notice.as_ref().filter(|_| self.invoice().shared.is_none());
        let notice = told.filter(|notice| {
            let over = self.is_over(planned) || self.later_rung_due(number, at.max(self.now()));
            !over && !self.has_notice(number, &notice.kind)
        });
        if !entered {
            return;
        }
        if at > self.now() {
            if let Some(notice) = notice.filter(|_| !situation.switch_open) {
                self.keep_for_later(number, notice, at);
            }
            return;
        }
        let may = situation.is_fresh() && situation.slots && !situation.notices_held;
        if !may || situation.switch_open {
            self.planner.look_again_if_enforced();
            return;
        }
        if self.planner.is_ahead() {
            return;
        }
        self.enter(number, rung, None, planned);
        if let Some(notice) = notice {
            let made = self.plain(number, notice);
            self.make(made);
        }
    }

    /// Records that a rung is entered.
    pub(super) fn enter(
        &mut self,
        number: u16,
        rung: &Rung,
        notice: Option<NoticeId>,
        at: Instant,
    ) {
        let Some(enter) = &rung.enter else { return };
        let leg = self.case.leg(self.now());
        let entries = self.case.entries.iter();
        let n = entries.filter(|entry| entry.entered.leg == leg && entry.entered.rung == number);
        let n = u32::try_from(n.count()).unwrap_or(u32::MAX);
        let entry =
            Derivation::of("entry").id(leg).number(i64::from(number)).number(i64::from(n)).finish();
        let (situation, effect) = (self.planner.situation, self.effect(enter));
        self.planner.decide(Decision::RungEntered(Box::new(RungEntered {
            entry,
            case: self.case.case,
            leg,
            rung: number,
            n,
            stage: effect.stage,
            slow: effect.slow,
            notice,
            at,
            checked: Checked {
                feeds: situation.is_fresh(),
                generation: situation.generation,
                asked: situation.asking.agreed == Some(self.case.case),
                slot: situation.slots,
            },
            scope: self.case.scope.clone(),
        })));
    }

    /// A rung's own notice.
    fn plain(&self, rung: u16, notice: &Notice) -> NoticeMade {
        let made = self.draft(rung, Step::Plain, &notice.kind);
        NoticeMade { to: notice.to, by: notice.by.clone(), ..made }
    }

    /// A notice of this leg that names nothing and goes to nobody yet.
    pub(super) fn draft(&self, rung: u16, step: Step, kind: &str) -> NoticeMade {
        let leg = self.case.leg(self.now());
        let same = self.planner.notices_of(self.case.case).filter(|notice| {
            notice.made.leg == leg && notice.made.rung == rung && notice.made.step == step
        });
        let n = u32::try_from(same.count()).unwrap_or(u32::MAX);
        NoticeMade {
            notice: Derivation::of("notice")
                .text(self.planner.tenant.as_str())
                .id(leg)
                .number(i64::from(rung))
                .number(step.number())
                .number(i64::from(n))
                .finish(),
            case: self.case.case,
            leg,
            rung,
            step,
            n,
            kind: kind.to_owned(),
            names: None,
            of: None,
            says: None,
            to: Default::default(),
            by: Vec::new(),
            good_until: None,
            last_resort: false,
        }
    }

    pub(super) fn make(&mut self, made: NoticeMade) {
        self.planner.decide(Decision::NoticeMade(Arc::new(made)));
    }

    /// Whether the rung's own notice was made; under another version, one of its kind.
    pub(super) fn has_notice(&self, rung: u16, kind: &str) -> bool {
        let mut notices = self.planner.notices_of(self.case.case);
        notices.any(|notice| {
            let of_now = self.case.is_of_now(notice.time);
            let same = if of_now { notice.made.rung == rung } else { notice.made.kind == kind };
            same && notice.made.step == Step::Plain
        })
    }

    /// Whether the day of something planned was over before the case became known.
    fn is_over(&self, planned: Instant) -> bool {
        let zone = &self.bearings.zone;
        zone.day(planned) < zone.day(self.case.known)
    }

    fn later_rung_due(&self, rung: u16, at: Instant) -> bool {
        self.ladder.is_later_due(rung, at, |_| true)
    }

    /// Asked before any notice is made.
    fn may_tell(&mut self) -> bool {
        let may = self.planner.situation.may_tell();
        if !may {
            self.planner.look_again();
        }
        may
    }

    /// Asked before an overdue notice or a warning leaves.
    pub(super) fn may_press(&mut self) -> bool {
        let situation = self.planner.situation;
        let may = situation.is_fresh() && situation.slots && !situation.notices_held;
        if !may {
            self.planner.look_again();
        }
        may
    }

    /// Notes that something comes, and to look again then.
    pub(super) fn coming(&mut self, at: Instant, rung: u16, what: What) {
        self.planner.wake_at(at);
        self.planner.plan.coming.push(Coming { at, case: self.case.case, rung, what });
    }
}
