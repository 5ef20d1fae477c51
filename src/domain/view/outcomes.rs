//! What comes of tasks: receipts and arrangements (SPEC 3 `task.done`, 4 `needs`).
//!
//! Rules:
//! 1. A `call` that reached somebody, and a `letter` that was posted, are receipts of the warnings
//!    that their scripts named, and of no others.
//! 2. Who promised is taken at their word for all that is overdue then, the task's own invoice
//!    among it. Limits were checked when it was recorded.
//! 3. A finished `hand_off` begins a silence: others speak with the customer now.
//! 4. A task lapses when another one took its place, or what it is about is over: its case, its
//!    arrangement, or the warnings that it was to tell of. Whom nothing is claimed from nobody calls.

use smol_str::SmolStr;

use super::Run;
use crate::domain::account::{Invoice, Receipt, TaskState};
use crate::domain::decision::{CREDIT_LIMIT, TaskKind, TaskMade};
use crate::domain::fact::{
    Access, ArrangementKind, ArrangementMade, ReceiptKind, SilenceCause, TaskDone, TaskOutcome,
};
use crate::domain::id::InvoiceId;
use crate::domain::record::Record;

impl Run<'_> {
    pub(super) fn task_done(&mut self, record: &Record, done: &TaskDone) {
        let known = |task: &&mut TaskState| task.made.task == done.task;
        let Some(task) = self.account.tasks.iter_mut().find(known) else {
            self.unmatched(record);
            return;
        };
        task.done.get_or_insert((record.time, done.outcome));
        let made = task.made.clone();
        self.looked(made.kind, record);
        match (made.kind, done.outcome) {
            (TaskKind::Call, TaskOutcome::Reached) => {
                self.told_by_hand(record, &made, ReceiptKind::Spoken);
            }
            (TaskKind::Letter, TaskOutcome::Posted) => {
                self.told_by_hand(record, &made, ReceiptKind::Posted);
            }
            (TaskKind::HandOff, TaskOutcome::Done) => self.hand_off(record, done),
            (_, TaskOutcome::Promised) => self.promised(record, done, &made),
            _ => {}
        }
    }

    /// Somebody was told what the script of a task names.
    fn told_by_hand(&mut self, record: &Record, made: &TaskMade, kind: ReceiptKind) {
        let Some(channel) = made.kind.channel() else { return };
        for id in &made.notices {
            let Some(notice) = self.account.notice_mut(*id) else {
                self.astray = true;
                continue;
            };
            notice.receipts.push(Receipt {
                channel,
                recipient: SmolStr::default(),
                role: None,
                kind,
                attempt: 0,
                at: record.time,
                learnt: record.learnt,
            });
        }
    }

    fn promised(&mut self, record: &Record, done: &TaskDone, made: &TaskMade) {
        let Ok(name) = format!("promised:{}", done.task).parse() else { return };
        if done.until.is_none() {
            return;
        }
        let own = self.account.case(made.case);
        let own = own.map(|case| self.account.invoice_of(case).invoice.clone());
        let promise = ArrangementMade {
            invoices: Some(self.overdue_with(own.as_ref(), record)),
            until: done.until,
            amount: done.amount,
            by: done.by.clone(),
            reason: done.note.clone(),
            ..ArrangementMade::new(name, ArrangementKind::Promise)
        };
        self.arrange(record, &promise);
    }

    /// What is overdue at the time of `record`, and that invoice.
    fn overdue_with(&self, own: Option<&InvoiceId>, record: &Record) -> Vec<InvoiceId> {
        let today = self.zone().day(record.time);
        let overdue = |invoice: &&Invoice| {
            let past = invoice.failed.is_some() || invoice.due_on.is_some_and(|due| due < today);
            let own = own == Some(&invoice.invoice);
            (invoice.owed > 0 && (past || own)) || (own && invoice.term.is_some())
        };
        let invoices = self.account.invoices.iter().filter(overdue);
        invoices.map(|invoice| invoice.invoice.clone()).collect()
    }

    fn hand_off(&mut self, record: &Record, done: &TaskDone) {
        let Ok(name) = format!("hand_off:{}", done.task).parse() else { return };
        let made = ArrangementMade {
            by: done.by.clone(),
            reason: done.note.clone(),
            cause: Some(SilenceCause::Agency),
            access: Some(Access::Keep),
            ..ArrangementMade::new(name, ArrangementKind::Silence)
        };
        self.arrange(record, &made);
    }

    pub(super) fn lapse_tasks(&mut self) {
        for place in 0..self.account.tasks.len() {
            let made = &self.account.tasks[place].made;
            self.account.tasks[place].lapsed = self.is_past(&self.account.tasks[place])
                || self.is_over(made)
                || self.is_said(made)
                || self.is_replaced(place, made);
        }
        self.lapse_forgotten_tasks();
    }

    /// Whether it asks about a rung of a version that its case was moved away from.
    fn is_past(&self, task: &TaskState) -> bool {
        let case = self.account.case(task.made.case);
        let asks = task.made.kind == TaskKind::Approve && task.made.rung.is_some();
        asks && case.is_some_and(|case| !case.is_of_now(task.time))
    }

    fn is_over(&self, made: &TaskMade) -> bool {
        if made.about.as_deref() == Some(CREDIT_LIMIT) {
            return self.account.over_limit.is_none();
        }
        match made.about.as_deref().filter(|_| made.kind == TaskKind::Review) {
            Some(about) => self
                .account
                .arrangements
                .iter()
                .any(|known| known.made.arrangement.as_str() == about && known.ended.is_some()),
            None => self.account.case(made.case).is_none_or(|case| {
                let presses =
                    matches!(made.kind, TaskKind::Call | TaskKind::Letter | TaskKind::FormalClaim);
                let silent = self.account.is_silent(self.account.invoice_of(case));
                !case.is_live() || (presses && silent)
            }),
        }
    }

    /// Whether it was made for warnings that count for nothing any more.
    fn is_said(&self, made: &TaskMade) -> bool {
        let stands = |id| {
            let notice = self.account.notice(id);
            notice.is_some_and(|it| it.voided.is_none() && it.spent.is_none())
        };
        let asked = made.rung.is_none() && made.about.is_none();
        asked && !made.notices.is_empty() && !made.notices.iter().copied().any(stands)
    }

    fn is_replaced(&self, place: usize, made: &TaskMade) -> bool {
        let review = made.about.is_some() && made.kind == TaskKind::Review;
        let about = made.about.as_deref().filter(|_| review);
        let repeats = |other: &TaskMade| {
            (made.rung.is_some() || about.is_some())
                && (other.case == made.case || about.is_some())
                && other.rung == made.rung
                && other.about == made.about
                && other.n > made.n
        };
        // Whoever calls now tells of what has to be told by now.
        let tells = |other: &TaskMade| made.kind.channel().is_some() && !other.notices.is_empty();
        let mut others = self.account.tasks.iter().enumerate();
        others.any(|(at, other)| {
            let later = at > place && tells(&other.made);
            other.made.kind == made.kind && (repeats(&other.made) || later)
        })
    }
}
