//! The operator's digest in a world where one is required: at eight on each working day it lists
//! what comes, and arrives or not; a cutoff in it may be held.

use ambergate::domain::arrangement::ArrangementKind;
use ambergate::domain::digest::{hold, lines, place};
use ambergate::domain::fact::{Channel, NoticeReceipt, ReceiptKind};
use ambergate::domain::id::{NoticeId, Source};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::time::{Day, Fold, Instant};

use crate::world::World;

/// What becomes of digests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digests {
    /// None arrives.
    pub lost: bool,
    /// When the newest one left.
    newest: Option<Day>,
}

impl World {
    /// When the next digest leaves, where one is required.
    pub fn next_digest(&self) -> Option<Instant> {
        // While the store recovers nothing is known, and nothing is said.
        if !self.situation.digest_required || !self.situation.ready || self.off {
            return None;
        }
        let (_, calendar) = place(&self.law)?;
        let today = self.zone.day(self.now);
        let next = self.digests.newest.map_or(today, |newest| today.max(newest.plus(1)));
        Some(self.zone.at(calendar.forward(next), "08:00".parse().unwrap(), Fold::Later))
    }

    /// The digest that is due leaves.
    pub fn tell_operator(&mut self) {
        if self.next_digest().is_none_or(|at| at > self.now) {
            return;
        }
        self.digests.newest = Some(self.zone.day(self.now));
        let told = lines(&self.tenant, &self.account(), &self.law, &self.told_situation());
        let lost = if self.digests.lost { "lost digest" } else { "digest" };
        for line in &told.undelivered {
            let said = format!("{lost}: a warning of {} is not delivered", line.effect);
            self.log.push((self.now, said));
        }
        for line in &told.cutoffs {
            let said = format!("{lost}: {} comes {}", line.effect, self.local(line.at));
            self.log.push((self.now, said));
            if !self.digests.lost {
                self.list(line.notice);
            }
        }
    }

    /// A digest that was delivered listed it.
    fn list(&mut self, notice: NoticeId) {
        let receipt = NoticeReceipt {
            notice: Some(notice),
            message: None,
            attempt: None,
            channel: Channel::Email,
            person: None,
            mailbox: None,
            role: None,
            kind: ReceiptKind::Listed,
            at: None,
            detail: None,
            tried: None,
        };
        let time = self.now.max(self.account().newest.plus_millis(1));
        let key = (Source::own(), format!("listed-{notice}").parse().unwrap());
        let record = Record::fact(key, time, time, Fact::NoticeReceipt(Box::new(receipt)));
        self.journal.push(record.clone());
        insert(&mut self.records, record);
    }

    /// Somebody follows the link of the newest cutoff in a digest.
    pub fn hold_newest(&mut self) {
        let account = self.account();
        let by = ("ops@example.com", self.now);
        let mut listed = account.notices.iter().rev().map(|notice| notice.made.notice);
        let made = listed.find_map(|notice| hold(&account, &self.law, notice, by)).unwrap();
        assert_eq!(made.kind, ArrangementKind::Extension);
        let due = made.due_on.unwrap();
        self.log.push((self.now, format!("held: due on {} {due}", due.weekday().word())));
        self.fact(Fact::ArrangementMade(Box::new(made)));
    }

    /// Whether a digest that was delivered before `t` listed what that notice names.
    pub fn was_listed(&self, notice: Option<NoticeId>, t: Instant) -> bool {
        self.records.iter().any(|record| match record.as_fact() {
            Some(Fact::NoticeReceipt(said)) => {
                said.kind == ReceiptKind::Listed && said.notice == notice && record.learnt < t
            }
            _ => false,
        })
    }
}
