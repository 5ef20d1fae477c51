//! A cutoff's warning, its repetitions, and its entry (SPEC 5.7 – 5.9).
//!
//! Rules:
//! 1. No rung is warned of before the `enter` rung before it is in force or has a live warning.
//! 2. A warning is made when its step is due and none is live; after one that failed the next
//!    waits for a changed contact or the next working day.
//! 3. What a person has to approve is not announced before; what was declined never is.
//! 4. Where the operator's digest is required, nothing is entered that none listed.
//! 5. Undeliverable warnings move a cutoff `postponements` times; what comes then is a last resort:
//!    a letter is asked for, too, and it alone, or an `owner` who declares what was tried, is proof
//!    enough. A changed contact brings a warning as before.

use super::climb::Climb;
use super::ladder::{Place, is_by_letter_alone};
use super::standing::{has_new_recipient, is_undeliverable};
use super::{Ask, What};
use crate::domain::acceptance::is_accepted;
use crate::domain::account::NoticeState;
use crate::domain::decision::{NoticeMade, Step, TaskKind};
use crate::domain::digest::is_listed;
use crate::domain::effect::Effect;
use crate::domain::fact::{Channel, Named, TaskOutcome};
use crate::domain::id::Source;
use crate::domain::policy::{Enter, Warn};
use crate::domain::proof::Warned;
use crate::domain::time::{Fold, Instant};

impl<'p, 'a: 'p> Climb<'p, 'a> {
    /// Plans a rung that restricts. Answers whether it has a live warning.
    pub(super) fn plan_cutoff(
        &mut self,
        rung: u16,
        enter: &Enter,
        warn: &Warn,
        place: Place,
        (entered, announced): (bool, bool),
    ) -> bool {
        if !self.may_restrict() {
            return false;
        }
        let effect = self.effect(enter);
        let Some(notice) = self.ladder.live_warning(rung) else {
            let leaves = self.ladder.warning_leaves(place.planned, warn);
            let due = leaves <= self.now() && announced;
            // What a person has not decided yet is not threatened with.
            if !(due && self.needs_person(rung)) {
                self.plan_warning(rung, enter, warn, place.planned, announced);
            }
            self.coming(place.comes, rung, What::Enter { effect, announced: false });
            return false;
        };
        let attempts = &self.invoice().attempts;
        let warned = Warned { notice, warn, almanac: self.bearings.almanac(), attempts };
        if let Some(arrives) = warned.arrives(self.free) {
            self.planner.wake_at(arrives);
        }
        let Some(comes) = warned.comes(place.planned, self.free) else {
            // Not proved yet: past its own time it lapses, and the next one is due.
            self.coming(place.comes, rung, What::Enter { effect, announced: false });
            let named = notice.made.names.as_ref().map_or(place.comes, |named| named.at);
            self.planner.wake_at(named.plus_millis(1));
            return true;
        };
        self.plan_repetitions(rung, effect, warn, notice, comes);
        self.coming(comes, rung, What::Enter { effect, announced: true });
        if let Some(good_until) = warned.good_until(self.free) {
            self.planner.wake_at(good_until);
        }
        let shared = self.invoice().shared.as_ref();
        let payer = shared.is_none_or(|shared| shared.is_entered(enter.stage));
        if self.needs_person(rung) || !entered || !payer {
            return true;
        }
        self.plan_entry(rung, notice, comes);
        true
    }

    /// When what comes at `comes` can be entered at the earliest.
    pub(super) fn entered_after(&self, comes: Instant) -> Option<Instant> {
        let almanac = self.ladder.almanac();
        let earliest = almanac.plus(comes, self.policy().slack, Fold::Later).max(self.free);
        if almanac.is_cutoff_time(earliest) {
            return Some(earliest);
        }
        almanac.cutoff_at_or_after(earliest)
    }

    fn plan_entry(&mut self, rung: u16, notice: &NoticeState, comes: Instant) {
        let Some(at) = self.entered_after(comes) else { return };
        if at > self.now() {
            self.planner.wake_at(at);
            return;
        }
        let situation = self.planner.situation;
        let fresh = situation.is_fresh() && situation.clock_agrees && !situation.notices_held;
        if !fresh || !situation.slots || situation.switch_open {
            self.planner.look_again_if_enforced();
            return;
        }
        if situation.digest_required && !is_listed(notice) {
            // What lists it is a record, so it is looked at then; or nobody asks for it any more.
            self.planner.look_again_if_enforced();
            return;
        }
        if self.planner.is_ahead() {
            return;
        }
        let Some((_, line)) = self.ladder.rungs().find(|(number, _)| *number == rung) else {
            return;
        };
        if !self.has_asked() {
            return;
        }
        let known = self.known_effect();
        let harder = line.enter.as_ref().is_some_and(|it| self.effect(it).is_harder_than(known));
        self.enter(rung, line, Some(notice.made.notice), comes);
        if !harder {
            // People know that this has begun: another invoice brought it.
            return;
        }
        let made = self.draft(rung, Step::Entered, "entered");
        let by = notice.made.by.iter().copied().filter(|channel| *channel == Channel::Email);
        self.make(NoticeMade { to: notice.made.to, by: by.collect(), ..made });
    }

    /// Whether its billing system was asked about the invoice, where it can be, and agrees; else it
    /// is to be asked.
    fn has_asked(&mut self) -> bool {
        let asking = self.planner.situation.asking;
        let owner = self.invoice().owner.as_ref().map(Source::as_str);
        let billed = self.invoice().is_billed();
        let can_ask = billed && asking.of.is_some() && asking.of == owner;
        let has_asked = !can_ask || asking.agreed == Some(self.case.case);
        if !has_asked {
            let (case, invoice) = (self.case.case, self.invoice().invoice.clone());
            self.planner.plan.asks.push(Ask { case, invoice });
            self.planner.look_again();
        }
        has_asked
    }

    /// What restricts people in the case's part of the app now: an entry under an older generation of
    /// the switch does not.
    fn known_effect(&self) -> Effect {
        let generation = self.planner.situation.generation;
        let cases = self.planner.account.cases.iter();
        let known = cases.flat_map(|case| &case.entries).filter(|entry| {
            let closes = entry.closes.as_ref().is_some_and(|it| it.covers(&self.case.scope));
            entry.in_force && closes && entry.entered.checked.generation >= generation
        });
        known.map(|entry| entry.effect).fold(Effect::NONE, Effect::and)
    }

    fn plan_warning(
        &mut self,
        rung: u16,
        enter: &Enter,
        warn: &Warn,
        planned: Instant,
        announced: bool,
    ) {
        let leaves = self.ladder.warning_leaves(planned, warn);
        let (leaves, last_resort) = self.after_failed(rung, warn, leaves);
        let by = by(warn, last_resort);
        let by_letter = last_resort || is_by_letter_alone(&by);
        let Some(at) = self.ladder.names_after(planned, warn, leaves, by_letter) else { return };
        if self.case.over_at().is_some_and(|over| over <= at) {
            // It ends before it could be harder.
            return;
        }
        let effect = self.effect(enter);
        self.coming(leaves, rung, What::Warning(effect));
        for again in &warn.again {
            let again = self.ladder.almanac().again_leaves(at, *again);
            if again > leaves {
                self.coming(again, rung, What::Again(effect));
            }
        }
        let due = leaves <= self.now() && announced;
        let open = self.planner.situation.switch_open;
        if !due || open || !self.may_press() {
            return;
        }
        let draft = self.draft(rung, Step::Warning, "warning");
        let scope = self.case.scope.clone();
        self.make(NoticeMade {
            names: Some(Named { stage: effect.stage, slow: effect.slow, scope, at }),
            good_until: Some(self.ladder.almanac().end_of_next_working_day(at)),
            to: warn.to,
            by,
            last_resort,
            ..draft
        });
    }

    /// When the next warning may leave after those of this leg that failed, and whether it is the
    /// last resort.
    fn after_failed(&self, rung: u16, warn: &Warn, leaves: Instant) -> (Instant, bool) {
        let failed = self.failed_warnings(rung, warn.needs);
        let Some(last) = failed.last() else { return (leaves, false) };
        let allowed = self.policy().postponements.is_none_or(|most| failed.len() <= most as usize);
        let almanac = self.ladder.almanac();
        if has_new_recipient(self.planner.survey.ground, last) {
            return (leaves, false);
        }
        let next = almanac.calendar.next(almanac.zone.day(last.time));
        let next = almanac.start_of_sending(next);
        (almanac.send_at_or_after(leaves.max(next)), !allowed)
    }

    /// Warnings of this leg and rung that could not be delivered; one whose attempts were never
    /// made, or still go on, is none.
    fn failed_warnings(&self, rung: u16, needs: u8) -> Vec<&'a NoticeState> {
        let leg = self.case.leg(self.now());
        let warnings = self.planner.notices_of(self.case.case).filter(|notice| {
            notice.made.leg == leg
                && notice.made.rung == rung
                && notice.made.step == Step::Warning
                && notice.voided.is_none()
                && notice.spent.is_none()
        });
        let unproved = warnings.filter(|notice| {
            let warned = self.ladder.warned(notice);
            warned.is_none_or(|warned| warned.proved(self.free).is_none())
        });
        let ground = self.planner.survey.ground;
        let failed = unproved.filter(|notice| is_undeliverable(notice, ground, needs, self.now()));
        failed.collect()
    }

    fn plan_repetitions(
        &mut self,
        rung: u16,
        effect: Effect,
        warn: &Warn,
        warning: &NoticeState,
        comes: Instant,
    ) {
        let almanac = self.ladder.almanac();
        // Nobody calls or writes twice to say the same.
        let by = warn.by.iter().copied().filter(|channel| !channel.is_by_hand());
        let by: Vec<Channel> = by.collect();
        for (number, again) in warn.again.iter().enumerate().filter(|_| !by.is_empty()) {
            let step = Step::Again(u8::try_from(number).unwrap_or(u8::MAX));
            let mut made = self.planner.notices_of(self.case.case);
            let of = warning.made.notice;
            if made.any(|notice| notice.made.of == Some(of) && notice.made.step == step) {
                continue;
            }
            let leaves = almanac.again_leaves(comes, *again);
            let at = almanac.send_at_or_after(leaves.max(self.free));
            if leaves <= warning.time || at >= comes {
                continue;
            }
            self.coming(at, rung, What::Again(effect));
            let open = self.planner.situation.switch_open;
            if at <= self.now() && !open && self.may_press() {
                let draft = self.draft(rung, step, "again");
                self.make(NoticeMade {
                    of: Some(of),
                    says: Some(comes),
                    to: warn.to,
                    by: by.clone(),
                    ..draft
                });
            }
        }
    }

    /// Whether a person has to approve this cutoff first, and has not.
    fn needs_person(&mut self, rung: u16) -> bool {
        let waits = self.waits_for_person(rung);
        if waits {
            self.ask(rung, TaskKind::Approve);
        }
        waits
    }

    /// The same; nobody is asked.
    pub(super) fn waits_for_person(&self, rung: u16) -> bool {
        if self.invoice().shared.is_some() {
            // Who pays was asked, and so was a person.
            return false;
        }
        let above = self.invoice().is_above(self.policy());
        let approval = self.policy().rungs.get(usize::from(rung));
        let approval = approval.and_then(|it| it.enter.as_ref()).is_some_and(|it| it.approval);
        let accepted =
            is_accepted(self.planner.account, self.policy(), &self.bearings.zone, self.now());
        if !above && !approval && accepted {
            return false;
        }
        let approved = self.planner.account.tasks.iter().any(|task| {
            task.made.case == self.case.case
                && task.made.kind == TaskKind::Approve
                && task.made.rung == Some(rung)
                && self.case.is_of_now(task.time)
                && task.done.is_some_and(|(_, outcome)| outcome == TaskOutcome::Approved)
        });
        !approved
    }
}

/// By which ways a warning goes.
fn by(warn: &Warn, last_resort: bool) -> Vec<Channel> {
    let mut by = warn.by.clone();
    if last_resort && !by.contains(&Channel::Letter) {
        by.push(Channel::Letter);
    }
    by
}
