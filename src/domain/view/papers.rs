//! Notices, messages, tasks, and the receipts that come back.

use super::Run;
use crate::domain::account::{MessageState, NoticeState, Receipt, TaskState};
use crate::domain::decision::Decision;
use crate::domain::fact::NoticeReceipt;
use crate::domain::record::Record;

impl<'a> Run<'a> {
    /// All papers first: a receipt may be older by its own clock than the notice by ours.
    pub(super) fn find_papers(&mut self) {
        for record in self.records {
            match record.as_decision() {
                Some(Decision::CaseOpened(opened)) => self.opened.push(opened.clone()),
                Some(Decision::NoticeMade(made)) => self.account.notices.push(NoticeState {
                    made: (**made).clone(),
                    time: record.time,
                    voided: None,
                    spent: None,
                    said: None,
                    receipts: Vec::new(),
                }),
                Some(Decision::MessageMade(made)) => self.account.messages.push(MessageState {
                    made: (**made).clone(),
                    time: record.time,
                    tried: Vec::new(),
                    receipts: Vec::new(),
                }),
                Some(Decision::TaskMade(made)) => self.account.tasks.push(TaskState {
                    made: made.clone(),
                    time: record.time,
                    done: None,
                    lapsed: false,
                }),
                _ => {}
            }
        }
        let says = |notice: &NoticeState| Some((notice.made.of?, notice.made.says?));
        let said: Vec<_> = self.account.notices.iter().filter_map(says).collect();
        for (warning, at) in said {
            let of = |notice: &&mut NoticeState| notice.made.notice == warning;
            if let Some(notice) = self.account.notices.iter_mut().find(of) {
                notice.said = notice.said.max(Some(at));
            }
        }
    }

    pub(super) fn apply_decision(&mut self, record: &Record, decision: &Decision) {
        match decision {
            Decision::CaseOpened(_)
            | Decision::NoticeMade(_)
            | Decision::MessageMade(_)
            | Decision::TaskMade(_) => {}
            Decision::NoticeVoided(voided) => {
                let known = |notice: &&mut NoticeState| notice.made.notice == voided.notice;
                if let Some(notice) = self.account.notices.iter_mut().find(known) {
                    notice.voided.get_or_insert(record.time);
                }
            }
            Decision::MessageTried(tried) => {
                let known = |message: &&mut MessageState| message.made.message == tried.message;
                if let Some(message) = self.account.messages.iter_mut().find(known) {
                    message.tried.push(record.time);
                }
            }
            Decision::CaseMigrated(migrated) => self.migrate(record, migrated),
            Decision::FeeAnnounced(announced) => self.account.fees.push(announced.clone()),
            Decision::RungEntered(entered) => self.enter(record, entered),
            Decision::ScopeGated(gated) => self.gate(record, gated),
            Decision::WouldHave(would) => self.note_would(record, would),
            Decision::CaseRenewed(renewed) => self.renew(record, renewed.case),
            Decision::PauseEntered(entered) => self.enter_pause(record, entered),
            Decision::StandingShared(shared) => self.share(record, shared),
            Decision::ChildLinked(linked) => self.link(linked),
            Decision::StageLifted(lifted) => {
                self.lift_gate(lifted.entry, record.time);
                self.lift_pause(lifted.entry, record.time);
                let mut entries = self.account.cases.iter_mut().flat_map(|case| &mut case.entries);
                if let Some(entry) = entries.find(|entry| entry.entered.entry == lifted.entry) {
                    entry.lifted.get_or_insert(record.time);
                }
                let mut strays = self.account.strays.iter_mut();
                if let Some(stray) = strays.find(|it| it.entered.entry == lifted.entry) {
                    stray.lifted.get_or_insert(record.time);
                }
            }
        }
    }

    pub(super) fn receipt(&mut self, record: &Record, said: &NoticeReceipt) {
        let mut receipt = Receipt {
            channel: said.channel,
            recipient: said.mailbox.clone().or_else(|| said.person.clone()).unwrap_or_default(),
            role: said.role,
            kind: said.kind,
            attempt: said.attempt.unwrap_or(0),
            at: said.at.unwrap_or(record.time),
            learnt: record.learnt,
        };
        let mut about: Vec<_> = said.notice.into_iter().collect();
        if let Some(id) = said.message {
            let known = |message: &&mut MessageState| message.made.message == id;
            let Some(message) = self.account.messages.iter_mut().find(known) else {
                self.unmatched(record);
                return;
            };
            if receipt.recipient.is_empty() {
                receipt.recipient.clone_from(&message.made.recipient);
            }
            receipt.role = receipt.role.or(Some(message.made.role));
            message.receipts.push(receipt.clone());
            about.extend(&message.made.notices);
        }
        // A repetition that reached somebody proves nothing for its warning: each its own.
        let mut known = false;
        for notice in &mut self.account.notices {
            if about.contains(&notice.made.notice) {
                notice.receipts.push(receipt.clone());
                known = true;
            }
        }
        if !known {
            self.unmatched(record);
        }
    }
}
