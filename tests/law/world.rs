//! A world for one tenant: its records, a clock that is moved, mail that arrives, late or never.
//!
//! It does what ledger, scheduler and channel do, with nothing but the law: apply decisions as
//! records, view and plan again, try messages, take receipts.

use std::collections::BTreeMap;

use ambergate::config::policies;
use ambergate::domain::account::Account;
use ambergate::domain::decision::{Decision, MessageTried};
use ambergate::domain::fact::{Channel, NoticeReceipt, ReceiptKind};
use ambergate::domain::id::{MessageId, Source, TenantId};
use ambergate::domain::plan::{Plan, Situation, plan};
use ambergate::domain::policy::Law;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::time::{Instant, Zone};
use ambergate::domain::view::view;

/// The policy of SPEC 4, as shipped.
pub const STANDARD: &str = include_str!("../../config/policies/standard.toml");

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
}

pub struct World {
    pub tenant: TenantId,
    pub law: Law,
    pub zone: Zone,
    pub records: Vec<Record>,
    pub now: Instant,
    pub mail: Mail,
    pub situation: Situation,
    /// The control plane is off: nothing is planned.
    pub off: bool,
    pub log: Vec<(Instant, String)>,
    pub wake: Option<Instant>,
    count: u32,
    first_attempts: BTreeMap<MessageId, Instant>,
}

impl World {
    pub fn new(law: Law, now: Instant) -> Self {
        let situation = Situation {
            now,
            ready: true,
            feeds: true,
            switch_open: false,
            generation: 0,
            clock_agrees: true,
        };
        Self {
            tenant: "acme".parse().unwrap(),
            law,
            zone: Zone::named("Europe/Berlin").unwrap(),
            records: Vec::new(),
            now,
            mail: Mail::AtOnce,
            situation,
            off: false,
            log: Vec::new(),
            wake: None,
            count: 0,
            first_attempts: BTreeMap::new(),
        }
    }

    pub fn standard(now: Instant) -> Self {
        Self::new(law_of(STANDARD), now)
    }

    pub fn account(&self) -> Account {
        view(&self.tenant, &self.records, &self.law)
    }

    pub fn plan(&self) -> Plan {
        let situation = Situation { now: self.now, ..self.situation };
        plan(&self.tenant, &self.account(), &self.law, &situation)
    }

    /// A fact from outside arrives now.
    pub fn fact(&mut self, fact: Fact) {
        self.fact_at(self.now, fact);
    }

    /// A fact that happened at `time` arrives now.
    pub fn fact_at(&mut self, time: Instant, fact: Fact) {
        self.count += 1;
        let key = ("test".parse().unwrap(), format!("e{}", self.count).parse().unwrap());
        insert(&mut self.records, Record::fact(key, time, self.now, fact));
        // Relief is in the fact's own commit, whether anything is planned or not.
        self.settle(self.off);
    }

    /// Applies decisions until none is left.
    fn settle(&mut self, relief_only: bool) {
        for _ in 0..100 {
            let account = self.account();
            let plan = self.plan();
            self.wake = plan.wake;
            let decisions: Vec<Decision> = plan
                .decisions
                .into_iter()
                .filter(|decision| !relief_only || is_relief(decision))
                .collect();
            if decisions.is_empty() {
                return;
            }
            let time = self.now.max(account.newest.plus_millis(1));
            for decision in decisions {
                self.note(&decision, &account);
                insert(&mut self.records, Record::decision(time, decision));
            }
        }
        panic!("decisions without end: {:#?}", self.log);
    }

    /// Everything due now.
    pub fn tick(&mut self) {
        if self.off {
            return;
        }
        for _ in 0..100 {
            self.settle(false);
            let sends = self.plan().sends;
            if sends.is_empty() {
                return;
            }
            for message in sends {
                self.attempt(message);
            }
        }
        panic!("messages without end: {:#?}", self.log);
    }

    fn attempt(&mut self, id: MessageId) {
        let account = self.account();
        let message = account.messages.iter().find(|known| known.made.message == id).unwrap();
        let attempt = u32::try_from(message.tried.len()).unwrap() + 1;
        let first = *self.first_attempts.entry(id).or_insert(self.now);
        let time = self.now.max(account.newest.plus_millis(1));
        let tried = Decision::MessageTried(MessageTried { message: id, attempt });
        insert(&mut self.records, Record::decision(time, tried));
        let kind = match self.mail {
            Mail::AtOnce => ReceiptKind::Accepted,
            Mail::Late(by) if self.now >= first.plus_millis(by) => ReceiptKind::Accepted,
            Mail::Late(_) | Mail::Never => ReceiptKind::Deferred,
            Mail::Refused => ReceiptKind::Bounced,
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
        };
        let time = time.plus_millis(1);
        let key = (Source::own(), format!("{id}-{attempt}-{}", kind.word()).parse().unwrap());
        let fact = Fact::NoticeReceipt(Box::new(receipt));
        insert(&mut self.records, Record::fact(key, time, time, fact));
    }

    /// Time passes; every due thing is done at its own time.
    pub fn run_until(&mut self, until: Instant) {
        for _ in 0..100_000 {
            self.tick();
            let wake = if self.off { None } else { self.plan().wake };
            match wake.filter(|wake| *wake <= until) {
                Some(wake) => self.now = wake.max(self.now),
                None => {
                    self.now = until;
                    self.tick();
                    return;
                }
            }
        }
        panic!("time stands still at {}: {:#?}", self.now, self.log);
    }

    fn note(&mut self, decision: &Decision, account: &Account) {
        let line = match decision {
            Decision::RungEntered(entered) => format!("enter {}", entered.stage.word()),
            Decision::NoticeMade(made) => match &made.names {
                Some(named) => {
                    format!("warn {} from {}", named.stage.word(), self.local(named.at))
                }
                None => format!("notice {}", made.kind),
            },
            Decision::NoticeVoided(voided) => {
                let notice = account.notice(voided.notice).unwrap();
                format!("void {}", notice.made.kind)
            }
            Decision::TaskMade(made) => format!("task {}", made.kind.word()),
            Decision::StageLifted(lifted) => {
                let mut entries = account.cases.iter().flat_map(|case| &case.entries);
                let entry = entries.find(|entry| entry.entered.entry == lifted.entry).unwrap();
                format!("lift {}", entry.entered.stage.word())
            }
            Decision::CaseOpened(_) | Decision::MessageMade(_) | Decision::MessageTried(_) => {
                return;
            }
        };
        self.log.push((self.now, line));
    }

    /// `Mon 2026-03-30 10:15` in the tenant's zone.
    pub fn local(&self, at: Instant) -> String {
        let (day, millis) = self.zone.local(at);
        let word = day.weekday().word();
        let minutes = millis / 60_000;
        format!("{word} {day} {:02}:{:02}", minutes / 60, minutes % 60)
    }
}

fn is_relief(decision: &Decision) -> bool {
    matches!(decision, Decision::StageLifted(_) | Decision::NoticeVoided(_))
}

/// The law of a policy text.
pub fn law_of(text: &str) -> Law {
    policies::parse(text, "test.toml").unwrap_or_else(|faults| panic!("{faults:#?}"))
}
