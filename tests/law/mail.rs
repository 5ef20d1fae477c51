//! Mail of a world: attempts at messages, and the receipts that come of them.

use ambergate::domain::decision::{Decision, MessageTried, NoticeMade};
use ambergate::domain::fact::{Channel, NoticeReceipt, ReceiptKind};
use ambergate::domain::id::{MessageId, Source};
use ambergate::domain::record::{Fact, Record, insert};

use crate::terms::is_settled;
use crate::world::World;

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mail {
    /// Taken at once.
    AtOnce,
    /// Put off until so many milliseconds after its first attempt.
    Late(i64),
    /// Refused.
    Refused,
    /// Put off for ever.
    Never,
    /// The line breaks when it may have left already.
    Unsure,
    /// The program is killed while it leaves: nobody says what became of it.
    Killed,
    /// No attempt is made.
    Held,
}

impl World {
    /// One attempt at a message, and what came of it.
    pub(crate) fn attempt(&mut self, id: MessageId) {
        let account = self.account();
        let message = account.messages.iter().find(|known| known.made.message == id).unwrap();
        let attempt = u32::try_from(message.tried.len()).unwrap() + 1;
        let first = *self.first_attempts.entry(id).or_insert(self.now);
        let time = self.now.max(account.newest.plus_millis(1));
        let about = message.made.notices.iter().filter_map(|notice| account.notice(*notice));
        let settled = about.filter(|notice| notice.made.kind != "thanks").any(|notice| {
            account.case(notice.made.case).is_none_or(|case| is_settled(account.invoice_of(case)))
        });
        if settled || self.is_settled_in_truth(message) {
            self.watch.wrong_attempts.push((self.now, id));
        }
        let mut notices = message.made.notices.iter().filter_map(|id| account.notice(*id));
        let presses =
            |made: &NoticeMade| ["warning", "again", "overdue"].contains(&made.kind.as_str());
        if !self.situation.heard && notices.any(|notice| presses(&notice.made)) {
            self.watch.pressed.push((self.now, id));
        }
        if self.situation.notices_held {
            self.watch.held.push((self.now, id));
        }
        let tried = Decision::MessageTried(MessageTried { message: id, attempt });
        let tried = Record::decision(time, tried);
        self.journal.push(tried.clone());
        insert(&mut self.records, tried);
        let kind = match self.mail {
            Mail::AtOnce => ReceiptKind::Accepted,
            Mail::Late(by) if self.now >= first.plus_millis(by) => ReceiptKind::Accepted,
            Mail::Late(_) | Mail::Never | Mail::Held => ReceiptKind::Deferred,
            Mail::Refused => ReceiptKind::Bounced,
            Mail::Unsure => ReceiptKind::Failed,
            Mail::Killed => return,
        };
        let recipient = message.made.recipient.clone();
        if kind != ReceiptKind::Deferred {
            let kinds: Vec<String> = message
                .made
                .notices
                .iter()
                .map(|notice| account.notice(*notice).unwrap().made.kind.clone())
                .collect();
            let line = format!("{} {recipient}: {}", kind.word(), kinds.join(", "));
            self.log.push((self.now, line));
        }
        let receipt = NoticeReceipt {
            notice: None,
            message: Some(id),
            attempt: Some(attempt),
            channel: Channel::Email,
            person: None,
            mailbox: Some(recipient),
            role: Some(message.made.role),
            kind,
            at: Some(self.now),
            detail: None,
            tried: None,
        };
        let time = time.plus_millis(1);
        let key = (Source::own(), format!("{id}-{attempt}-{}", kind.word()).parse().unwrap());
        let fact = Fact::NoticeReceipt(Box::new(receipt));
        let record = Record::fact(key, time, time, fact);
        self.journal.push(record.clone());
        insert(&mut self.records, record);
    }
}
