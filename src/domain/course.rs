//! One tenant's account over virtual time: what ledger, scheduler and post office do, with nothing
//! but the law. What is simulated and backtested is therefore what would happen.
//!
//! Rules:
//! 1. `view` and `plan` decide; decisions become records, and both look again, until nothing is
//!    due any more. Nothing here knows what a policy means.
//! 2. Every due thing is done at its own time; facts come between, in their order.
//! 3. While the control plane is off only relief is decided, as in the commit of a fact.
//! 4. People do what [`super::hands`] says, and nothing else.

use std::collections::BTreeMap;

use super::account::Account;
use super::decision::{Decision, MessageTried};
use super::effect::Effect;
use super::fact::{Channel, NoticeReceipt, ReceiptKind, TaskDone, TaskOutcome};
use super::hands::{self, Hand};
use super::id::{InvoiceId, MessageId, Source, TenantId};
use super::plan::{Asking, Situation, plan};
use super::policy::Law;
use super::record::{Fact, Identities, Record};
use super::stage::{Role, Roles, Stage};
use super::time::Instant;
use super::view::{Running, view};

/// How often decisions may lead to others at one and the same time.
const ROUNDS_MAX: usize = 200;

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mail {
    /// Taken at once.
    #[default]
    AtOnce,
    /// Put off until so many milliseconds after its first attempt.
    Late(i64),
    /// Refused by the other side.
    Refused,
}

/// Something that happened on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// What.
    pub what: Happening,
    /// About which invoice, where it is about one.
    pub invoice: Option<InvoiceId>,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A notice that names nothing.
    Notice {
        /// Its template.
        kind: String,
        /// To whom.
        to: Roles,
        /// By which ways.
        by: Vec<Channel>,
    },
    /// A warning of a cutoff, or its repetition.
    Warning {
        /// What it is about.
        effect: Effect,
        /// The time that it says.
        at: Option<Instant>,
        /// Whether it repeats an earlier one.
        again: bool,
        /// To whom.
        to: Roles,
        /// By which ways.
        by: Vec<Channel>,
    },
    /// A notice counts for nothing any more.
    Voided {
        /// Its template.
        kind: String,
    },
    /// A message reached a mailbox, or came back from it.
    Mail {
        /// Whether it arrived.
        arrived: bool,
        /// The templates of the notices in it.
        kinds: Vec<String>,
        /// The mailbox.
        to: String,
        /// When it was first tried.
        first: Instant,
    },
    /// A stage, or slowness, was entered.
    Entered(Effect),
    /// It was lifted.
    Lifted(Effect),
    /// Work for a person.
    Task {
        /// What is to be done, in the policy's word.
        kind: &'static str,
        /// By whom.
        assignee: Option<Role>,
    },
    /// Somebody did a task.
    Done {
        /// What was done, in the policy's word.
        kind: &'static str,
        /// What came of it.
        outcome: TaskOutcome,
    },
}

/// Decisions led to decisions without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at {0} decisions led to decisions without an end")]
pub struct Endless(pub Instant);

/// One tenant on its way through time.
#[derive(Clone, Debug)]
pub struct Course<'a> {
    law: &'a Law,
    tenant: TenantId,
    records: Vec<Record>,
    /// Of the records: nearly all that come are new, and need not be compared with each.
    identities: Identities,
    running: Running<'a>,
    /// How many of the records were viewed, and whether one came since that is not after those.
    viewed: usize,
    shuffled: bool,
    situation: Situation,
    mail: Mail,
    hands: Vec<Hand>,
    off: bool,
    first_attempts: BTreeMap<MessageId, Instant>,
    steps: Vec<Step>,
    stages: Vec<(Instant, Stage)>,
    wake: Option<Instant>,
}

impl<'a> Course<'a> {
    /// A tenant of whom nothing is known yet, at `start`.
    #[must_use]
    pub fn new(law: &'a Law, tenant: TenantId, start: Instant, mail: Mail) -> Self {
        let situation = Situation {
            now: start,
            ready: true,
            feeds: true,
            heard: true,
            slots: true,
            switch_open: false,
            generation: 0,
            clock_agrees: true,
            observed: false,
            digest_required: false,
            notices_held: false,
            asking: Asking::default(),
        };
        Self {
            law,
            running: Running::new(tenant.clone(), law),
            viewed: 0,
            shuffled: false,
            tenant,
            records: Vec::new(),
            identities: Identities::of(&[]),
            situation,
            mail,
            hands: Vec::new(),
            off: false,
            first_attempts: BTreeMap::new(),
            steps: Vec::new(),
            stages: Vec::new(),
            wake: None,
        }
    }

    /// What happened so far, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// When the strictest stage changed, and to what. It began as full.
    #[must_use]
    pub fn stages(&self) -> &[(Instant, Stage)] {
        &self.stages
    }

    /// When something comes next, if no fact does.
    #[must_use]
    pub const fn wake(&self) -> Option<Instant> {
        self.wake
    }

    /// The account as it is now.
    #[must_use]
    pub fn account(&self) -> Account {
        view(&self.tenant, &self.records, self.law)
    }

    /// From now on people do this about tasks.
    #[must_use]
    pub fn with_hands(mut self, hands: Vec<Hand>) -> Self {
        self.hands = hands;
        self
    }

    /// Switches the control plane off, or on again.
    pub const fn set_off(&mut self, off: bool) {
        self.off = off;
    }

    /// A fact becomes known now; what it makes due is done.
    ///
    /// # Errors
    ///
    /// [`Endless`].
    pub fn take(&mut self, record: Record) -> Result<(), Endless> {
        self.keep(record);
        self.settle()
    }

    /// Time passes until `until`; every due thing is done at its own time.
    ///
    /// # Errors
    ///
    /// [`Endless`].
    pub fn run_until(&mut self, until: Instant) -> Result<(), Endless> {
        loop {
            match self.wake.filter(|wake| *wake <= until && !self.off) {
                Some(wake) => {
                    self.situation.now = wake.max(self.situation.now);
                    self.settle()?;
                }
                None => {
                    self.situation.now = until.max(self.situation.now);
                    return Ok(());
                }
            }
        }
    }

    /// What is due now.
    ///
    /// # Errors
    ///
    /// [`Endless`].
    pub fn settle(&mut self) -> Result<(), Endless> {
        let fresh = Running::new(self.tenant.clone(), self.law);
        let mut running = std::mem::replace(&mut self.running, fresh);
        let settled = self.settle_with(&mut running);
        self.running = running;
        settled
    }

    fn settle_with(&mut self, running: &mut Running<'a>) -> Result<(), Endless> {
        for _ in 0..ROUNDS_MAX {
            if std::mem::take(&mut self.shuffled) {
                running.forget();
            }
            self.viewed = self.records.len();
            let account = running.account(&self.records);
            let plan = plan(&self.tenant, account, self.law, &self.situation);
            let off = self.off;
            let mut decisions = plan.decisions;
            decisions.retain(|decision| !off || is_relief(decision));
            self.wake = plan.wake;
            if !decisions.is_empty() {
                self.decide(account, decisions);
            } else if !off && !plan.sends.is_empty() {
                self.send(account, &plan.sends);
            } else if off || !self.work(account) {
                self.observe(account);
                return Ok(());
            }
        }
        Err(Endless(self.situation.now))
    }

    /// Keeps a record. One that comes before what was viewed puts that in another light.
    fn keep(&mut self, record: Record) {
        let last = self.viewed.checked_sub(1).map(|last| &self.records[last]);
        let after = last.is_none_or(|last| last.order(&record).is_lt());
        self.shuffled |= !after || self.identities.may_hold(&record);
        self.identities.insert(&mut self.records, record);
    }

    fn decide(&mut self, account: &Account, decisions: Vec<Decision>) {
        let time = self.situation.now.max(account.newest.plus_millis(1));
        for decision in decisions {
            self.note(account, &decision);
            self.keep(Record::decision(time, decision));
        }
    }

    fn observe(&mut self, account: &Account) {
        let stage = account.stage();
        let before = self.stages.last().map_or(Stage::Full, |(_, stage)| *stage);
        if stage != before {
            self.stages.push((self.situation.now, stage));
        }
    }

    fn note(&mut self, account: &Account, decision: &Decision) {
        let of = |case| account.case(case).map(|case| account.invoice_of(case).invoice.clone());
        let (what, invoice) = match decision {
            Decision::NoticeMade(made) => {
                let (to, by) = (made.to, made.by.clone());
                let warned = made.names.as_ref().map(|named| named.effect());
                let repeated = made.of.and_then(|of| account.notice(of));
                let repeated = repeated.and_then(|notice| notice.made.names.as_ref());
                let what = match warned.or(repeated.map(|named| named.effect())) {
                    Some(effect) => {
                        let at = made.names.as_ref().map(|named| named.at).or(made.says);
                        Happening::Warning { effect, at, again: warned.is_none(), to, by }
                    }
                    None => Happening::Notice { kind: made.kind.clone(), to, by },
                };
                (what, of(made.case))
            }
            Decision::NoticeVoided(voided) => {
                let Some(notice) = account.notice(voided.notice) else { return };
                (Happening::Voided { kind: notice.made.kind.clone() }, of(notice.made.case))
            }
            Decision::RungEntered(entered) => {
                (Happening::Entered(entered.effect()), of(entered.case))
            }
            Decision::StageLifted(lifted) => {
                let Some(entered) = account.entered(lifted.entry) else { return };
                (Happening::Lifted(entered.effect()), of(entered.case))
            }
            Decision::TaskMade(made) => {
                let (kind, assignee) = (made.kind.word(), made.assignee);
                (Happening::Task { kind, assignee }, of(made.case))
            }
            _ => return,
        };
        self.steps.push(Step { at: self.situation.now, what, invoice });
    }

    /// Somebody does the task whose time has come. Whether there was one; else it is waited for.
    fn work(&mut self, account: &Account) -> bool {
        let Some((at, task, outcome)) = hands::next(&self.hands, &account.tasks) else {
            return false;
        };
        if at > self.situation.now {
            self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
            return false;
        }
        let id = task.made.task;
        let done = TaskDone { task: id, outcome, by: None, note: None, until: None, amount: None };
        let time = self.situation.now.max(account.newest.plus_millis(1));
        self.tell(format!("{id}-done"), time, Fact::TaskDone(done));
        let what = Happening::Done { kind: task.made.kind.word(), outcome };
        let case = account.case(task.made.case);
        let invoice = case.map(|case| account.invoice_of(case).invoice.clone());
        self.steps.push(Step { at: self.situation.now, what, invoice });
        true
    }

    /// A fact that came of ambergate's own doing.
    fn tell(&mut self, id: String, time: Instant, fact: Fact) {
        if let Ok(id) = id.parse() {
            self.keep(Record::fact((Source::own(), id), time, time, fact));
        }
    }

    /// Tries messages, as a post office would.
    fn send(&mut self, account: &Account, messages: &[MessageId]) {
        let now = self.situation.now;
        let mut time = now.max(account.newest.plus_millis(1));
        for id in messages {
            let Some(message) = account.message(*id) else { continue };
            let attempt = u32::try_from(message.tried.len()).unwrap_or(u32::MAX).saturating_add(1);
            let first = *self.first_attempts.entry(*id).or_insert(now);
            let kind = match self.mail {
                Mail::AtOnce => ReceiptKind::Accepted,
                Mail::Late(by) if now >= first.plus_millis(by) => ReceiptKind::Accepted,
                Mail::Late(_) => ReceiptKind::Deferred,
                Mail::Refused => ReceiptKind::Bounced,
            };
            if kind != ReceiptKind::Deferred {
                let notices = message.made.notices.iter().filter_map(|id| account.notice(*id));
                let kinds = notices.map(|notice| notice.made.kind.clone()).collect();
                let (to, arrived) = (message.made.recipient.clone(), kind == ReceiptKind::Accepted);
                let what = Happening::Mail { arrived, kinds, to, first };
                self.steps.push(Step { at: now, what, invoice: None });
            }
            let tried = Decision::MessageTried(MessageTried { message: *id, attempt });
            self.keep(Record::decision(time, tried));
            time = time.plus_millis(1);
            let receipt = NoticeReceipt {
                notice: None,
                message: Some(*id),
                attempt: Some(attempt),
                channel: message.made.channel,
                person: None,
                mailbox: Some(message.made.recipient.clone()),
                role: Some(message.made.role),
                kind,
                at: Some(now),
                detail: None,
                tried: None,
            };
            let told = format!("{id}-{attempt}-{}", kind.word());
            self.tell(told, time, Fact::NoticeReceipt(Box::new(receipt)));
            time = time.plus_millis(1);
        }
    }
}

const fn is_relief(decision: &Decision) -> bool {
    matches!(decision, Decision::StageLifted(_) | Decision::NoticeVoided(_))
}
