//! Work for people.
//!
//! Rules:
//! 1. At most one task of a kind is open per tenant; a repetition takes the place of the one
//!    before.
//! 2. A call that came to something ends the calls of every rung that was due by then.
//! 3. An address that failed, and money that nothing claims, ask for a person.

use super::climb::Climb;
use super::{Planner, What};
use crate::domain::account::{Case, HoldCause, Invoice, MessageState, TaskState};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{CREDIT_LIMIT, Decision, TaskKind, TaskMade};
use crate::domain::fact::TaskOutcome;
use crate::domain::id::{CaseId, Derivation};
use crate::domain::policy::TaskRung;
use crate::domain::selection::select;
use crate::domain::stage::Role;
use crate::domain::time::{Fold, Instant};

impl<'p, 'a: 'p> Climb<'p, 'a> {
    pub(super) fn plan_task(&mut self, rung: u16, task: &TaskRung, planned: Instant) {
        let almanac = self.ladder.almanac();
        let made: Vec<&TaskState> = self
            .planner
            .account
            .tasks
            .iter()
            .filter(|made| made.made.case == self.case.case && self.is_of(made, rung, task.kind))
            .collect();
        let until = task.repeat.as_ref().map_or(&[][..], |repeat| &repeat.until);
        let since = made.first().map_or(planned, |first| first.time);
        if self.has_come_of(task.kind, since, until) {
            return;
        }
        let due = match (made.last(), &task.repeat) {
            (None, _) => planned,
            (Some(last), Some(repeat)) if made.len() < repeat.at_most as usize => {
                almanac.plus(last.made.due, repeat.every, Fold::Earlier)
            }
            _ => return,
        };
        let at = almanac.send_at_or_after(due.max(self.free));
        self.coming(at, rung, What::Task(task.kind));
        let other = self.planner.account.tasks.iter().any(|other| {
            let same =
                other.made.case == self.case.case && self.is_of(other, rung, other.made.kind);
            other.is_open() && other.made.kind == task.kind && !same
        });
        let just_made = self.planner.asked.contains(&task.kind);
        if at <= self.now() && !other && !just_made {
            let n = u32::try_from(made.len()).unwrap_or(u32::MAX);
            self.planner.make_task(TaskMade {
                task: task_id(self.case.case, Some(rung), task.kind, n, None),
                kind: task.kind,
                case: self.case.case,
                rung: Some(rung),
                n,
                due: at,
                assignee: task.assign,
                about: None,
                notices: self.planner.script_of(task.kind),
            });
        }
    }

    /// Whether a task of the case is this rung's: under another version, any of its kind was.
    fn is_of(&self, made: &TaskState, rung: u16, kind: TaskKind) -> bool {
        let before = made.made.rung.is_some() && !self.case.is_of_now(made.time);
        made.made.kind == kind && (before || made.made.rung == Some(rung))
    }

    /// Whether one of these came of a task of that kind since then. Who is called is asked about
    /// all that is overdue; everything else is about its own case.
    fn has_come_of(&self, kind: TaskKind, since: Instant, until: &[TaskOutcome]) -> bool {
        let own = |made: &TaskMade| kind == TaskKind::Call || made.case == self.case.case;
        let came = |(at, outcome)| at >= since && until.contains(&outcome);
        let mut tasks = self.planner.account.tasks.iter().filter(|task| task.made.kind == kind);
        tasks.any(|task| own(&task.made) && task.done.is_some_and(came))
    }

    /// Asks a person once a leg about this rung.
    pub(super) fn ask(&mut self, rung: u16, kind: TaskKind) {
        let at = self.ladder.almanac().send_at_or_after(self.free);
        let same = self.planner.account.tasks.iter().filter(|task| {
            task.made.kind == kind
                && task.made.case == self.case.case
                && task.made.rung == Some(rung)
        });
        // What was asked under another version was another question.
        let asked = same.clone().any(|task| self.case.is_of_now(task.time));
        let n = u32::try_from(same.count()).unwrap_or(u32::MAX);
        if asked || at > self.now() || self.planner.has_open(kind) {
            self.planner.wake_at(at);
            return;
        }
        self.planner.make_task(TaskMade {
            task: task_id(self.case.case, Some(rung), kind, n, None),
            kind,
            case: self.case.case,
            rung: Some(rung),
            n,
            due: at,
            assignee: Some(Role::Owner).filter(|_| kind == TaskKind::Approve),
            about: None,
            notices: Vec::new(),
        });
    }
}

impl Planner<'_> {
    fn has_open(&self, kind: TaskKind) -> bool {
        self.account.tasks.iter().any(|task| task.is_open() && task.made.kind == kind)
            || self.asked.contains(&kind)
    }

    pub(super) fn make_task(&mut self, made: TaskMade) {
        if !self.account.tasks.iter().any(|task| task.made.task == made.task) {
            self.asked.push(made.kind);
            self.decide(Decision::TaskMade(made));
        }
    }

    /// Money that nothing claims asks for a person.
    pub(super) fn plan_money_tasks(&mut self, case: &Case, bearings: &Bearings<'_>) {
        let now = self.situation.now;
        let unclaimed = case.holds.iter().find(|hold| {
            matches!(hold.cause, HoldCause::OnAccount | HoldCause::Unmatched) && hold.covers(now)
        });
        let Some(hold) = unclaimed else { return };
        // What lapsed was never answered.
        let asked = self.account.tasks.iter().any(|task| {
            let about = task.made.about.as_deref() == Some(&hold.id);
            task.made.kind == TaskKind::Allocate && about && !task.lapsed
        });
        if asked || self.has_open(TaskKind::Allocate) {
            return;
        }
        let about = Some(hold.id.clone());
        self.make_task(TaskMade {
            task: task_id(case.case, None, TaskKind::Allocate, 0, about.as_deref()),
            kind: TaskKind::Allocate,
            case: case.case,
            rung: None,
            n: 0,
            due: bearings.almanac().send_at_or_after(now),
            assignee: None,
            about,
            notices: Vec::new(),
        });
    }

    /// A recipient that failed asks for a person: nobody may be cut off for want of an address.
    pub(super) fn plan_contact_tasks(&mut self) {
        for (place, message) in self.account.messages.iter().enumerate() {
            if !self.lost_its_recipient(place, message) {
                continue;
            }
            let case = self.case_of(message);
            if let Some(case) = case.filter(|case| case.is_live()) {
                self.ask_to_fix(case.case, &message.made.recipient, message.time);
            }
        }
        for (case, time) in self.unreachable_notices() {
            self.ask_to_fix(case, "", time);
        }
    }

    /// Somebody calls who is owed more than the limit, once until it is less again.
    pub(super) fn plan_credit_call(&mut self) {
        let Some(since) = self.account.over_limit else { return };
        let own = |task: &&TaskState| task.made.about.as_deref() == Some(CREDIT_LIMIT);
        let before: Vec<&TaskState> = self.account.tasks.iter().filter(own).collect();
        if self.has_open(TaskKind::Call) || before.iter().any(|task| task.time >= since) {
            return;
        }
        let currency = self.account.profile.credit_limit.map(|limit| limit.currency);
        let now = self.situation.now;
        // Whatever stands still or has not failed yet is owed; only of what is silent nobody speaks.
        let counts = |invoice: &&Invoice| {
            let same = invoice.amount.map(|amount| amount.currency) == currency;
            same && invoice.owed > 0 && !self.account.is_silent(invoice)
        };
        let Some(invoice) = self.account.invoices.iter().rev().find(counts) else { return };
        let of = |case: &&Case| self.account.invoice_of(case).invoice == invoice.invoice;
        let case = self.account.cases.iter().rev().find(of).map(|case| case.case);
        let own = || select(self.law, self.account, now);
        let own = own().map(|policy| Bearings::of(self.law, &self.account.profile, policy));
        let pinned = case.and_then(|case| self.survey.ground.bearings(case));
        let Some(bearings) = pinned.or(own.as_ref()) else { return };
        // A card that was not declined has no case.
        let case = case.unwrap_or_else(|| {
            Derivation::of("no case")
                .names(&[self.tenant.as_str(), invoice.invoice.as_str()])
                .finish()
        });
        let due = bearings.almanac().send_at_or_after(now);
        if due > now {
            self.wake_at(due);
            return;
        }
        let n = u32::try_from(before.len()).unwrap_or(u32::MAX);
        self.make_task(TaskMade {
            task: task_id(case, None, TaskKind::Call, n, Some(CREDIT_LIMIT)),
            kind: TaskKind::Call,
            case,
            rung: None,
            n,
            due,
            assignee: Some(Role::AccountManager),
            about: Some(CREDIT_LIMIT.to_owned()),
            notices: self.script_of(TaskKind::Call),
        });
    }

    fn case_of(&self, message: &MessageState) -> Option<&Case> {
        let notice = message.made.notices.first().and_then(|id| self.notice(*id))?;
        self.survey.ground.case(notice.made.case)
    }

    fn ask_to_fix(&mut self, case: CaseId, mailbox: &str, since: Instant) {
        let about = (!mailbox.is_empty()).then(|| mailbox.to_owned());
        let same =
            |task: &&TaskState| task.made.kind == TaskKind::FixContact && task.made.about == about;
        let before: Vec<&TaskState> = self.account.tasks.iter().filter(same).collect();
        if self.has_open(TaskKind::FixContact) || before.iter().any(|task| task.time >= since) {
            return;
        }
        let n = u32::try_from(before.len()).unwrap_or(u32::MAX);
        let now = self.situation.now;
        self.make_task(TaskMade {
            task: task_id(case, None, TaskKind::FixContact, n, about.as_deref()),
            kind: TaskKind::FixContact,
            case,
            rung: None,
            n,
            due: now,
            assignee: Some(Role::AccountManager),
            about,
            notices: Vec::new(),
        });
    }
}

pub(super) fn task_id(
    case: CaseId,
    rung: Option<u16>,
    kind: TaskKind,
    n: u32,
    about: Option<&str>,
) -> crate::domain::id::TaskId {
    Derivation::of("task")
        .id(case)
        .number(rung.map_or(-1, i64::from))
        .text(kind.word())
        .number(i64::from(n))
        .text(about.unwrap_or_default())
        .finish()
}
