//! What people tell by hand: calls and letters whose scripts name cutoffs (SPEC 4 `needs`).
//!
//! Rules:
//! 1. The script of a call or letter names every warning that stands when it is made; only what it
//!    named can be proved by it.
//! 2. A warning by phone asks for a call, one by letter for a letter, as soon as it is made. If
//!    nobody is reached, the next call is due on the next working day, five in all, while the
//!    warning is not proved.
//! 3. One call and one letter are open at a time: who has to tell more gets a new script, and it
//!    takes the place of the old one.

use super::Planner;
use super::tasks::task_id;
use crate::domain::account::{NoticeState, TaskState};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Decision, Step, TaskKind, TaskMade};
use crate::domain::fact::TaskOutcome;
use crate::domain::id::NoticeId;
use crate::domain::stage::Role;
use crate::domain::time::Instant;

/// So often somebody is called about one warning.
const CALLS_MAX: usize = 5;

impl<'a> Planner<'a> {
    /// Calls and letters that the warnings which stand ask for.
    pub(super) fn plan_telling(&mut self) {
        if self.is_telling_news() {
            // It is told of with the next look, at the same time: one script for all of it.
            let by_hand = |decision: &Decision| match decision {
                Decision::TaskMade(made) => made.kind.channel().is_some(),
                _ => false,
            };
            self.plan.decisions.retain(|decision| !by_hand(decision));
            return;
        }
        for kind in [TaskKind::Call, TaskKind::Letter] {
            for warning in self.standing_warnings() {
                self.plan_script(kind, warning);
            }
        }
    }

    /// Whether a warning is made just now that people tell by hand.
    fn is_telling_news(&self) -> bool {
        self.plan.decisions.iter().any(|decision| match decision {
            Decision::NoticeMade(made) => {
                made.step == Step::Warning && made.by.iter().any(|channel| channel.is_by_hand())
            }
            _ => false,
        })
    }

    /// The warnings that stand, of cases that do not stand still: the soonest first.
    fn standing_warnings(&self) -> Vec<&'a NoticeState> {
        let cases = self.account.cases.iter().enumerate();
        let runs = cases.filter(|(_, case)| case.is_live() && !case.is_held(self.situation.now));
        let survey = self.survey;
        let ladders = runs.filter_map(|(place, _)| survey.ladder_at(place));
        let live = ladders
            .flat_map(|ladder| ladder.rungs().filter_map(|(rung, _)| ladder.live_warning(rung)));
        let mut live: Vec<&NoticeState> = live.collect();
        live.sort_by_key(|warning| warning.made.names.as_ref().map(|named| named.at));
        live
    }

    /// What the script of a task of that kind names, made now.
    pub(super) fn script_of(&self, kind: TaskKind) -> Vec<NoticeId> {
        if kind.channel().is_none() {
            return Vec::new();
        }
        self.standing_warnings().into_iter().map(|warning| warning.made.notice).collect()
    }

    fn plan_script(&mut self, kind: TaskKind, warning: &NoticeState) {
        let asked = kind.channel().is_some_and(|channel| warning.made.by.contains(&channel));
        if !asked || self.asked.contains(&kind) {
            return;
        }
        let Some(bearings) = self.survey.ground.bearings(warning.made.case) else { return };
        let Some(due) = self.next_telling(kind, warning, bearings) else { return };
        if due > self.situation.now {
            self.wake_at(due);
            return;
        }
        let case = warning.made.case;
        let before = self.account.tasks.iter().filter(|task| {
            let made = &task.made;
            made.kind == kind && made.case == case && made.rung.is_none() && made.about.is_none()
        });
        let n = u32::try_from(before.count()).unwrap_or(u32::MAX);
        self.make_task(TaskMade {
            task: task_id(case, None, kind, n, None),
            kind,
            case,
            rung: None,
            n,
            due,
            assignee: Some(Role::AccountManager),
            about: None,
            notices: self.script_of(kind),
        });
    }

    /// When somebody is to tell of the warning. `None`: it is asked for, or done with.
    fn next_telling(
        &self,
        kind: TaskKind,
        warning: &NoticeState,
        bearings: &Bearings<'_>,
    ) -> Option<Instant> {
        let almanac = bearings.almanac();
        let told: Vec<&TaskState> = self.tellings(kind, warning.made.notice).collect();
        let Some(last) = told.last() else {
            return Some(almanac.send_at_or_after(warning.time.max(self.situation.now)));
        };
        let (ended, outcome) = last.done?;
        let in_vain = kind == TaskKind::Call && outcome == TaskOutcome::NoAnswer;
        if !in_vain || told.len() >= CALLS_MAX || self.is_proved(warning) {
            return None;
        }
        let next = almanac.calendar.next(almanac.zone.day(ended));
        Some(almanac.start_of_sending(next))
    }

    /// Tasks of that kind that name the warning: those that somebody did, or is to do.
    fn tellings(&self, kind: TaskKind, warning: NoticeId) -> impl Iterator<Item = &'a TaskState> {
        let tasks = self.account.tasks.iter();
        tasks.filter(move |task| {
            task.made.kind == kind
                && task.made.notices.contains(&warning)
                && (task.done.is_some() || task.is_open())
        })
    }
}
