//! What arrangements ask of people, and tell them (SPEC 4).
//!
//! Rules:
//! 1. A dispute is a person's task within five working days; after ten it goes to the `owner`.
//! 2. A silence is looked at every thirty days.
//! 3. An instalment that has not come by its date is reminded of on the next working day, once a
//!    plan; when it is certain that it was missed, and the plan stands, people are warned that the
//!    next one ends it. These notices name no cutoff, and go although the case stands still by the
//!    plan: not while it stands still by anything else, nor once the instalment has come.
//! 4. Such a task is about its arrangement and lasts as long as that stands.

use std::sync::Arc;

use super::Planner;
use crate::domain::account::{Account, Arrangement, Case, HoldCause};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Decision, NoticeMade, Step, TaskKind, TaskMade};
use crate::domain::fact::{ArrangementKind, Channel};
use crate::domain::id::Derivation;
use crate::domain::span::Span;
use crate::domain::stage::{Role, Roles};
use crate::domain::time::{Fold, Instant};

/// A dispute is answered within this.
const ANSWERED_WITHIN: Span = Span::working_days(5);
/// After this it goes to the owner.
const TO_OWNER_AFTER: Span = Span::working_days(10);
/// How often a silence is looked at.
const SILENCE_DAYS: i32 = 30;

/// The plan by which alone the case stands still at `now`.
pub(super) fn standing_plan<'a>(
    account: &'a Account,
    case: &Case,
    now: Instant,
) -> Option<&'a Arrangement> {
    let plan = HoldCause::Agreed(ArrangementKind::Plan);
    let mut covering = case.holds.iter().filter(|hold| hold.covers(now));
    let hold = covering.next().filter(|hold| case.is_live() && hold.cause == plan)?;
    let name = |it: &&Arrangement| it.made.arrangement.as_str() == hold.id;
    let plan = account.arrangements.iter().find(name)?;
    covering.next().is_none().then_some(plan)
}

impl<'a> Planner<'a> {
    pub(super) fn plan_reviews(&mut self) {
        for arrangement in &self.account.arrangements {
            let Some(case) = self.case_about(arrangement) else { continue };
            let Some(bearings) = Bearings::of_case(self.law, self.account, case) else {
                continue;
            };
            match arrangement.made.kind {
                ArrangementKind::Dispute if arrangement.ended.is_none() => {
                    self.review_dispute(arrangement, case, &bearings);
                }
                // Of what was taken over, people decide what is released, and when.
                ArrangementKind::Silence if arrangement.is_opening() => {}
                ArrangementKind::Silence if arrangement.ended.is_none() => {
                    self.review_silence(arrangement, case, &bearings);
                }
                ArrangementKind::Plan => {
                    let plan = standing_plan(self.account, case, self.situation.now);
                    if plan.is_some_and(|it| it.made.arrangement == arrangement.made.arrangement) {
                        self.plan_instalments(arrangement, case, &bearings);
                    }
                }
                _ => {}
            }
        }
    }

    fn plan_instalments(
        &mut self,
        arrangement: &Arrangement,
        case: &Case,
        bearings: &Bearings<'_>,
    ) {
        let almanac = bearings.almanac();
        for (number, part) in arrangement.made.instalments.iter().flatten().enumerate() {
            let Ok(n) = u8::try_from(number) else { return };
            if !arrangement.waits_for(number) {
                continue;
            }
            let next = almanac.calendar.next(almanac.calendar.forward(part.due_on));
            let reminded = almanac.start_of_sending(next);
            self.tell(arrangement, case, (Step::Instalment(n), "instalment", reminded));
            let missed = arrangement.missed.iter().find(|(missed, _)| *missed == number);
            if let Some((_, certain)) = missed {
                let at = almanac.send_at_or_after(*certain);
                self.tell(arrangement, case, (Step::Missed(n), "plan", at));
            }
        }
    }

    /// Tells those who can pay, once a plan, at `at` or as soon as messages may leave then.
    fn tell(&mut self, plan: &Arrangement, case: &Case, (step, kind, at): (Step, &str, Instant)) {
        self.wake_at(at);
        let mut told = self.notices_of(case.case);
        let told = told.any(|notice| notice.made.step == step && notice.time >= plan.time);
        if at > self.situation.now || told {
            return;
        }
        if !self.situation.may_tell() {
            return self.look_again();
        }
        let leg = case.leg(self.situation.now);
        let notice = Derivation::of("notice")
            .text(self.tenant.as_str())
            .id(leg)
            .number(0)
            .number(step.number())
            .number(0)
            .finish();
        self.decide(Decision::NoticeMade(Arc::new(NoticeMade {
            notice,
            case: case.case,
            leg,
            rung: 0,
            step,
            n: 0,
            kind: kind.to_owned(),
            names: None,
            of: None,
            says: None,
            to: Roles::from_iter([Role::Billing, Role::Admin]),
            by: vec![Channel::Email],
            good_until: None,
            last_resort: false,
        })));
    }

    /// A case that stands still because of it, else the newest one of its first invoice.
    fn case_about(&self, arrangement: &Arrangement) -> Option<&'a Case> {
        let account = self.account;
        let name = arrangement.made.arrangement.as_str();
        let mut cases = account.cases.iter();
        let held =
            cases.find(|case| case.is_live() && case.holds.iter().any(|hold| hold.id == name));
        held.or_else(|| {
            let disputed = arrangement.made.kind == ArrangementKind::Dispute;
            let first = arrangement.invoices.first().filter(|_| disputed)?;
            let of = |case: &&Case| account.invoice_of(case).invoice == *first;
            account.cases.iter().rev().find(of)
        })
    }

    fn review_dispute(&mut self, arrangement: &Arrangement, case: &Case, bearings: &Bearings<'_>) {
        let almanac = bearings.almanac();
        let now = self.situation.now;
        let after = |span: Span| almanac.plus(arrangement.time, span, Fold::Earlier);
        let first = almanac.send_at_or_after(arrangement.time);
        let owner = almanac.send_at_or_after(after(TO_OWNER_AFTER));
        self.wake_at(first);
        self.wake_at(owner);
        if now >= owner {
            self.review(arrangement, case, (1, owner, Role::Owner));
        } else if now >= first {
            let within = after(ANSWERED_WITHIN);
            self.review(arrangement, case, (0, within, Role::AccountManager));
        }
    }

    fn review_silence(&mut self, arrangement: &Arrangement, case: &Case, bearings: &Bearings<'_>) {
        let (zone, almanac) = (&bearings.zone, bearings.almanac());
        let begun = zone.day(arrangement.from);
        let passed = zone.day(self.situation.now).since(begun) / SILENCE_DAYS;
        let at = |times: i32| {
            almanac.send_at_or_after(zone.start_of(begun.plus(times.saturating_mul(SILENCE_DAYS))))
        };
        self.wake_at(at(passed));
        self.wake_at(at(passed + 1));
        let Ok(n) = u32::try_from(passed) else { return };
        if n > 0 && at(passed) <= self.situation.now {
            self.review(arrangement, case, (n, at(passed), Role::AccountManager));
        }
    }

    fn review(
        &mut self,
        arrangement: &Arrangement,
        case: &Case,
        (n, due, assignee): (u32, Instant, Role),
    ) {
        let about = arrangement.made.arrangement.as_str();
        let own =
            |made: &TaskMade| made.kind == TaskKind::Review && made.about.as_deref() == Some(about);
        let mut tasks = self.account.tasks.iter();
        if tasks.any(|task| own(&task.made) && task.made.n >= n) {
            return;
        }
        let mut others = self.account.tasks.iter();
        let other = others
            .any(|task| task.is_open() && task.made.kind == TaskKind::Review && !own(&task.made));
        if other {
            return;
        }
        self.make_task(TaskMade {
            task: super::tasks::task_id(case.case, None, TaskKind::Review, n, Some(about)),
            kind: TaskKind::Review,
            case: case.case,
            rung: None,
            n,
            due,
            assignee: Some(assignee),
            about: Some(about.to_owned()),
            notices: Vec::new(),
        });
    }
}
