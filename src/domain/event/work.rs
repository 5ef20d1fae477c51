//! What receipts and outcomes of tasks must say (SPEC 3, 4 `needs`).
//!
//! Rules:
//! 1. A way proves in its own manner only: a call is `spoken`, a letter `posted`, a banner `seen` by a
//!    person in a role.
//! 2. What an `owner` declares names the notice, who declares it, and three ways that were tried.
//! 3. That a digest listed something, nobody else can say.
//! 4. A promise says until when; nothing else that comes of a task does.

use super::check::{Checks, is_email};
use crate::domain::fact::{Channel, NoticeReceipt, ReceiptKind, TaskDone, TaskOutcome};
use crate::domain::stage::Role;

/// So many ways were tried before somebody may declare that people were told.
const TRIED_LEAST: usize = 3;
/// More are not listed.
const TRIED_MAX: usize = 50;

impl Checks<'_> {
    pub(super) fn receipt(&mut self, receipt: &NoticeReceipt) {
        if receipt.notice.is_none() && receipt.message.is_none() {
            self.fault("notice", "missing: a receipt is about a notice or a message");
        }
        self.text("person", receipt.person.as_deref());
        if receipt.mailbox.as_deref().is_some_and(|mailbox| !is_email(mailbox)) {
            self.fault("mailbox", "not a mailbox such as ada@example.com");
        }
        self.note("detail", receipt.detail.as_deref());
        match receipt.kind {
            ReceiptKind::Spoken if receipt.channel != Channel::Phone => {
                self.fault("channel", "`phone` is the way of what was spoken");
            }
            ReceiptKind::Posted if receipt.channel != Channel::Letter => {
                self.fault("channel", "`letter` is the way of what was posted");
            }
            ReceiptKind::Declared => self.declared(receipt),
            ReceiptKind::Accepted | ReceiptKind::Delivered
                if receipt.channel == Channel::Banner =>
            {
                self.fault("kind", "`seen` is what proves that a banner was shown");
            }
            ReceiptKind::Seen if receipt.channel == Channel::Banner => {
                if receipt.person.is_none() {
                    self.fault("person", "missing: who was shown the banner");
                }
                if receipt.role.is_none() {
                    self.fault("role", "missing: in which role they were shown it");
                }
            }
            ReceiptKind::Listed => self.fault("kind", "`listed` is what the digest itself says"),
            _ => {}
        }
        if receipt.kind != ReceiptKind::Declared && receipt.tried.is_some() {
            self.fault("tried", "only what is declared has it");
        }
    }

    fn declared(&mut self, receipt: &NoticeReceipt) {
        if receipt.notice.is_none() {
            self.fault("notice", "missing: what is declared is about one notice");
        }
        if receipt.person.is_none() {
            self.fault("person", "missing: who declares it");
        }
        if receipt.role != Some(Role::Owner) {
            self.fault("role", "only an `owner` declares");
        }
        let tried = receipt.tried.as_deref().unwrap_or_default();
        for (index, way) in tried.iter().enumerate() {
            self.text(&format!("tried[{index}]"), Some(way));
        }
        let mut ways: Vec<String> = tried.iter().map(|way| way.trim().to_lowercase()).collect();
        ways.sort_unstable();
        ways.dedup();
        if !(TRIED_LEAST..=TRIED_MAX).contains(&ways.len()) {
            self.fault("tried", format!("{TRIED_LEAST} to {TRIED_MAX} ways that were tried"));
        }
    }

    pub(super) fn task_done(&mut self, done: &TaskDone) {
        self.text("by", done.by.as_deref());
        self.note("note", done.note.as_deref());
        self.money("amount", done.amount);
        let promised = done.outcome == TaskOutcome::Promised;
        if promised && done.until.is_none() {
            self.fault("until", "missing: until when they promised to pay");
        }
        for (field, given) in [("until", done.until.is_some()), ("amount", done.amount.is_some())] {
            if given && !promised {
                self.fault(field, format!("means nothing for `{}`", done.outcome.word()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::event::faults_of;
    use crate::domain::record::Fact;

    fn fields(fact: &Fact) -> Vec<String> {
        faults_of(fact).into_iter().map(|fault| fault.field).collect()
    }

    fn receipt(mut data: Value) -> Vec<String> {
        data["notice"] = json!("00112233445566778899aabbccddeeff");
        fields(&Fact::NoticeReceipt(serde_json::from_value(data).unwrap()))
    }

    fn done(mut data: Value) -> Vec<String> {
        data["task"] = json!("00112233445566778899aabbccddeeff");
        fields(&Fact::TaskDone(serde_json::from_value(data).unwrap()))
    }

    #[test]
    fn a_way_proves_in_its_own_manner() {
        let fits = [("phone", "spoken"), ("letter", "posted"), ("letter", "bounced")];
        for (channel, kind) in fits {
            assert!(receipt(json!({"channel": channel, "kind": kind})).is_empty(), "{kind}");
        }
        for (channel, kind) in [("email", "spoken"), ("phone", "posted")] {
            assert_eq!(receipt(json!({"channel": channel, "kind": kind})), ["data.channel"]);
        }
        assert_eq!(receipt(json!({"channel": "email", "kind": "listed"})), ["data.kind"]);
    }

    #[test]
    fn what_is_declared_names_who_and_three_ways() {
        let tried = json!(["mail", "phone", "letter"]);
        let full = json!({
            "channel": "letter", "kind": "declared", "role": "owner", "person": "Olga",
            "tried": tried,
        });
        assert!(receipt(full.clone()).is_empty());
        for (field, wrong) in [
            ("role", json!("account_manager")),
            ("person", Value::Null),
            ("tried", json!(["mail", "Mail ", "phone"])),
        ] {
            let mut data = full.clone();
            data[field] = wrong;
            assert_eq!(receipt(data), [format!("data.{field}")]);
        }
        let more = json!({"channel": "email", "kind": "accepted", "tried": tried});
        assert_eq!(receipt(more), ["data.tried"]);
    }

    #[test]
    fn what_a_receiver_answered_nobody_else_says() {
        let event = "00112233445566778899aabbccddeeff";
        let said = json!({"event": event, "hook": "billing", "attempt": 1, "kind": "taken"});
        assert_eq!(
            fields(&Fact::HookAnswered(serde_json::from_value(said).unwrap())),
            ["data.event"]
        );
    }

    #[test]
    fn a_promise_says_until_when() {
        let amount = json!({"minor": 100, "currency": "EUR"});
        let promised = json!({"outcome": "promised", "until": "2026-04-02", "amount": amount});
        assert!(done(promised).is_empty());
        assert_eq!(done(json!({"outcome": "promised"})), ["data.until"]);
        let reached = json!({"outcome": "reached", "until": "2026-04-02", "amount": amount});
        assert_eq!(done(reached), ["data.until", "data.amount"]);
        assert!(done(json!({"outcome": "posted", "note": "by registered mail"})).is_empty());
    }
}
