//! Notices, messages, tasks, and the receipts that come back.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Run;
use crate::domain::account::{Account, MessageState, NoticeState, Receipt, TaskState};
use crate::domain::decision::Decision;
use crate::domain::fact::NoticeReceipt;
use crate::domain::id::NoticeId;
use crate::domain::record::Record;
use crate::domain::time::Instant;

impl Run<'_> {
    /// All papers first: a receipt may be older by its own clock than the notice by ours.
    pub(super) fn find_paper(&mut self, record: &Record) {
        match record.as_decision() {
            Some(Decision::CaseOpened(opened)) => {
                let place = self.opened.binary_search_by_key(&opened.case, |known| known.case);
                if let Err(place) = place {
                    self.opened.insert(place, opened.clone());
                }
            }
            Some(Decision::NoticeMade(made)) => {
                self.account.index.notices.note(made.notice, self.account.notices.len());
                self.account.notices.push(NoticeState {
                    made: Arc::clone(made),
                    time: record.time,
                    voided: None,
                    spent: None,
                    said: None,
                    receipts: Vec::new(),
                });
            }
            Some(Decision::MessageMade(made)) => {
                self.account.index.messages.note(made.message, self.account.messages.len());
                self.account.messages.push(MessageState {
                    made: Arc::clone(made),
                    time: record.time,
                    tried: Vec::new(),
                    receipts: Vec::new(),
                });
            }
            Some(Decision::TaskMade(made)) => self.account.tasks.push(TaskState {
                made: made.clone(),
                time: record.time,
                done: None,
                lapsed: false,
            }),
            _ => {}
        }
    }

    /// What repetitions said, once all warnings are found.
    pub(super) fn find_sayings(&mut self) {
        let says = |notice: &NoticeState| Some((notice.made.of?, notice.made.says?));
        let said: Vec<_> = self.account.notices.iter().filter_map(says).collect();
        said.into_iter().for_each(|(warning, at)| self.note_saying(warning, at));
    }

    /// A repetition of `warning` said this time.
    pub(super) fn note_saying(&mut self, warning: NoticeId, at: Instant) {
        match self.account.notice_mut(warning) {
            Some(notice) => notice.said = notice.said.max(Some(at)),
            None => self.astray = true,
        }
    }

    /// Notes whose the notices are that came since this was done last, and what messages are about.
    pub(super) fn sort_papers(&mut self) {
        let Account { notices, messages, index, .. } = &mut self.account;
        index.cases_of.resize(notices.len(), None);
        for (notice, case) in notices.iter().zip(&mut index.cases_of) {
            if case.is_none() {
                *case = index.cases.get(&notice.made.case);
            }
        }
        for (place, message) in messages.iter().enumerate().skip(index.paired) {
            let about = message.made.notices.iter().filter_map(|id| index.notices.get(id));
            index.about.extend(about.map(|notice| (notice, place)));
        }
        index.paired = messages.len();
    }

    /// Whether anybody is told of what happens.
    pub(super) const fn has_hooks(&self) -> bool {
        !self.law.hooks.is_empty()
    }

    pub(super) fn apply_decision(&mut self, record: &Record, decision: &Decision) {
        if self.has_hooks() {
            self.account.outbound.note(record.time, decision);
        }
        match decision {
            Decision::CaseOpened(_)
            | Decision::NoticeMade(_)
            | Decision::MessageMade(_)
            | Decision::TaskMade(_) => {}
            Decision::NoticeVoided(voided) => match self.account.notice_mut(voided.notice) {
                Some(notice) => _ = notice.voided.get_or_insert(record.time),
                None => self.astray = true,
            },
            Decision::MessageTried(tried) => match self.account.message_mut(tried.message) {
                Some(message) => message.tried.push(record.time),
                None => self.astray = true,
            },
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
                if let Some(case) = self.account.index.entries.get(&lifted.entry) {
                    let mut entries = self.account.cases[case].entries.iter_mut();
                    if let Some(entry) = entries.find(|it| it.entered.entry == lifted.entry) {
                        entry.lifted.get_or_insert(record.time);
                    }
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
            recipient: said
                .mailbox
                .as_ref()
                .or(said.person.as_ref())
                .map(SmolStr::new)
                .unwrap_or_default(),
            role: said.role,
            kind: said.kind,
            attempt: said.attempt.unwrap_or(0),
            at: said.at.unwrap_or(record.time),
            learnt: record.learnt,
        };
        let mut about: Vec<_> = said.notice.into_iter().collect();
        if let Some(id) = said.message {
            let Some(message) = self.account.message_mut(id) else {
                self.unmatched(record);
                return;
            };
            if receipt.recipient.is_empty() {
                receipt.recipient = SmolStr::new(&message.made.recipient);
            }
            receipt.role = receipt.role.or(Some(message.made.role));
            message.receipts.push(receipt.clone());
            about.extend(&message.made.notices);
        }
        // A repetition that reached somebody proves nothing for its warning: each its own.
        let mut known = false;
        about.sort_unstable();
        about.dedup();
        for id in about {
            if let Some(notice) = self.account.notice_mut(id) {
                notice.receipts.push(receipt.clone());
                known = true;
            }
        }
        if !known {
            self.unmatched(record);
        }
    }
}
