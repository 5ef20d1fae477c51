//! A world for one tenant: its records, a clock that is moved, mail that arrives, late or never.
//!
//! It does what ledger, scheduler and channel do, with nothing but the law: apply decisions as
//! records, view and plan again, try messages, take receipts.

use std::collections::{BTreeMap, BTreeSet};

use ambergate::config::policies;
use ambergate::domain::account::Account;
use ambergate::domain::closed::{closed, generation};
use ambergate::domain::decision::{Decision, TaskMade, Would};
use ambergate::domain::effect::Effect;
use ambergate::domain::fact::HookAnswer;
use ambergate::domain::id::{MessageId, Scope, TenantId};
use ambergate::domain::merged::together;
use ambergate::domain::outbound::Call;
use ambergate::domain::plan::{Asking, Plan, Situation, plan};
use ambergate::domain::policy::Law;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{Instant, Zone};
use ambergate::domain::view::view;

use crate::asked::Billing;
use crate::digest::Digests;
use crate::mail::Mail;
use crate::orders::outlived;
use crate::terms::is_settled;
use crate::watch::{STANDARD_TERMS, Terms, Watch};
use crate::without::Rule;

/// The policy of SPEC 4, as shipped.
pub const STANDARD: &str = include_str!("../../config/policies/standard.toml");

#[derive(Clone)]
pub struct World {
    pub tenant: TenantId,
    pub law: Law,
    /// What the oracle holds entries against.
    pub terms: Terms,
    /// What planner and view are told instead, where a rule of the law is taken out.
    pub told_law: Option<Law>,
    pub zone: Zone,
    pub records: Vec<Record>,
    pub now: Instant,
    pub mail: Mail,
    pub situation: Situation,
    /// The control plane is off: nothing is planned.
    pub off: bool,
    pub log: Vec<(Instant, String)>,
    pub wake: Option<Instant>,
    /// What every journal together holds: facts before their commit, decisions after it.
    pub journal: Vec<Record>,
    /// A rule that is taken out, to see that its absence is noticed.
    pub without: Option<Rule>,
    /// What this replica would draw ids from, were they drawn.
    pub draw: i64,
    /// What each commit left: when, which stage, and the newest decision.
    pub watch: Watch,
    /// What is asked before a cutoff, where it can be.
    pub billing: Billing,
    /// The tenant that pays for this one.
    pub payer: Option<Box<Self>>,
    /// What counts here of the tenant that was merged into this one.
    pub counted: Vec<Record>,
    /// What becomes of the operator's digests, where one is required.
    pub digests: Digests,
    /// What hooks were told, when, and what came of it.
    pub calls: Vec<(Instant, Call, HookAnswer)>,
    /// Counts facts: no two of two tenants have one id.
    pub(crate) count: u32,
    pub(crate) first_attempts: BTreeMap<MessageId, Instant>,
}

impl World {
    pub fn new(law: Law, now: Instant) -> Self {
        let situation = Situation {
            now,
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
            tenant: "acme".parse().unwrap(),
            law,
            terms: STANDARD_TERMS,
            told_law: None,
            zone: Zone::named("Europe/Berlin").unwrap(),
            records: Vec::new(),
            now,
            mail: Mail::AtOnce,
            situation,
            off: false,
            log: Vec::new(),
            wake: None,
            journal: Vec::new(),
            without: None,
            draw: 0,
            watch: Watch::default(),
            billing: Billing::default(),
            payer: None,
            counted: Vec::new(),
            digests: Digests::default(),
            calls: Vec::new(),
            count: 0,
            first_attempts: BTreeMap::new(),
        }
    }

    pub fn account(&self) -> Account {
        let law = self.told_law.as_ref().unwrap_or(&self.law);
        match self.told_records() {
            Some(records) => view(&self.tenant, &records, law),
            None if !self.counted.is_empty() => {
                view(&self.tenant, &together(&self.records, &self.counted), law)
            }
            None => view(&self.tenant, &self.records, law),
        }
    }

    pub fn plan(&self) -> Plan {
        let law = self.told_law.as_ref().unwrap_or(&self.law);
        plan(&self.tenant, &self.account(), law, &self.told_situation())
    }

    /// A fact from outside arrives now.
    pub fn fact(&mut self, fact: Fact) {
        self.fact_at(self.now, fact);
    }

    /// A fact is made here, by a person: after all that is known (SPEC 5.1).
    pub fn own_fact(&mut self, fact: Fact) {
        self.fact_at(self.now.max(self.account().newest.plus_millis(1)), fact);
    }

    /// A fact that happened at `time` arrives now.
    pub fn fact_at(&mut self, time: Instant, fact: Fact) {
        self.take("test", time, fact);
    }

    /// Another source says something.
    pub fn fact_from(&mut self, source: &str, fact: Fact) {
        self.take(source, self.now, fact);
    }

    fn take(&mut self, source: &str, time: Instant, fact: Fact) {
        self.count += 1;
        let key = (source.parse().unwrap(), format!("e{}", self.count).parse().unwrap());
        let record = Record::fact(key, time, self.now, fact);
        self.journal.push(record.clone());
        insert(&mut self.records, record);
        // Relief is in the fact's own commit, whether anything is planned or not.
        self.settle(self.off);
        self.tell_merged();
    }

    /// Applies decisions until none is left.
    pub(crate) fn settle(&mut self, relief_only: bool) {
        let mut entered: Vec<Scope> = Vec::new();
        self.follow_payer();
        for _ in 0..100 {
            let account = self.account();
            let plan = self.plan();
            self.wake = plan.wake;
            let decisions: Vec<Decision> = plan
                .decisions
                .into_iter()
                .filter(|decision| !relief_only || is_relief(decision))
                .filter(|decision| !self.leaves_out(decision))
                .collect();
            if decisions.is_empty() {
                self.observe(&account, &entered);
                return;
            }
            let time = self.now.max(account.newest.plus_millis(1));
            for decision in decisions {
                let decision = self.drawn(decision);
                self.note(&decision, &account);
                if let Decision::RungEntered(rung) = &decision {
                    entered.push(rung.scope.clone());
                    self.watch.entered.push((time, rung.effect(), self.situation, false));
                    let required = self.situation.digest_required && rung.effect().restricts();
                    if required && !self.was_listed(rung.notice, time) {
                        self.watch.unlisted.push((time, rung.effect()));
                    }
                    let fault = self.fault_of_asking(rung).map(|what| (time, what));
                    self.watch.unasked.extend(fault);
                }
                if let Decision::PauseEntered(pause) = &decision {
                    entered.push(pause.scope.clone());
                    let effect = Effect::of(pause.stage);
                    self.watch.entered.push((time, effect, self.situation, true));
                }
                if let Decision::NoticeMade(made) = &decision
                    && made.presses()
                    && self.situation.observed
                {
                    self.watch.observed.push((time, made.kind.clone()));
                }
                if let Decision::ScopeGated(gated) = &decision {
                    entered.push(gated.scope.clone());
                }
                let record = Record::decision(time, decision);
                self.journal.push(record.clone());
                insert(&mut self.records, record);
            }
        }
        panic!("decisions without end: {:#?}", self.log);
    }

    fn observe(&mut self, account: &Account, entered: &[Scope]) {
        let (closed, now) = (closed(account), self.now.max(account.newest));
        if self.situation.ready && !self.off {
            self.watch.outlived.extend(outlived(self, account, self.now));
        }
        let named = closed.iter().map(|it| it.scope.clone());
        // What an older generation closed restricts nothing at a gate.
        let old = generation(account) < self.situation.generation;
        let before = &self.watch.stages;
        let whole = before.get(&Scope::whole()).copied().unwrap_or_default();
        let names: BTreeSet<Scope> = named.chain(before.keys().cloned()).collect();
        let mut stages = BTreeMap::new();
        for name in names.into_iter().chain([Scope::whole()]) {
            let closes = closed.iter().filter(|it| it.scope.covers(&name));
            let effect = closes.map(|it| it.effect).fold(Effect::NONE, Effect::and);
            let void = effect.restricts() && old;
            let effect = if void { Effect::of(Stage::Grace) } else { effect };
            if effect.is_harder_than(before.get(&name).copied().unwrap_or(whole)) {
                let entered = entered.iter().any(|scope| scope.covers(&name));
                self.watch.hardened.push((now, effect, entered));
            }
            stages.insert(name, effect);
        }
        self.watch.stages = stages;
        for invoice in account.invoices.iter().filter(|it| is_settled(it)) {
            self.watch.settled.push((now, invoice.invoice.clone()));
        }
    }

    /// The store lost everything: what the journals hold is all there is.
    pub fn lose_store(&mut self) {
        self.lose_store_but(|_| true);
    }

    /// The store lost everything, and only the records that `kept` picks came back yet.
    pub fn lose_store_but(&mut self, kept: impl Fn(&Record) -> bool) {
        self.records.clear();
        for record in self.journal.iter().filter(|record| kept(record)) {
            insert(&mut self.records, record.clone());
        }
        self.settle(true);
    }

    /// Another replica planned this, and its commit lost.
    pub fn lose_race(&mut self) {
        let Some(wake) = self.plan().wake else { return };
        self.now = wake.max(self.now);
        let time = self.now.max(self.account().newest.plus_millis(1));
        if self.without == Some(Rule::JournalAfterCommit) {
            self.situation.asking.agreed = self.plan().asks.first().map(|ask| ask.case);
            let ghosts = self.plan().decisions.into_iter();
            self.situation.asking.agreed = None;
            self.journal.extend(ghosts.map(|decision| Record::decision(time, decision)));
        }
        self.now = self.now.plus_millis(1000);
    }

    /// Everything due now.
    pub fn tick(&mut self) {
        if self.off {
            return;
        }
        self.tell_operator();
        for _ in 0..100 {
            self.settle(false);
            if self.ask() {
                continue;
            }
            let sends = self.plan().sends;
            if sends.is_empty() || self.mail == Mail::Held {
                self.call();
                return;
            }
            for message in sends {
                self.attempt(message);
            }
        }
        panic!("messages without end: {:#?}", self.log);
    }

    /// Time passes; every due thing is done at its own time.
    pub fn run_until(&mut self, until: Instant) {
        if self.payer.is_some() {
            return self.run_both_until(until);
        }
        for _ in 0..100_000 {
            self.tick();
            let wake = if self.off { None } else { self.plan().wake };
            let wake = wake.into_iter().chain(self.next_digest()).min();
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
            Decision::RungEntered(entered) => {
                format!("enter {}{}", entered.effect(), of(&entered.scope))
            }
            Decision::NoticeMade(made) => match &made.names {
                Some(named) => {
                    let (effect, of) = (named.effect(), of(&named.scope));
                    format!("warn {effect}{of} from {}", self.local(named.at))
                }
                None => format!("notice {}", made.kind),
            },
            Decision::NoticeVoided(voided) => {
                let notice = account.notice(voided.notice).unwrap();
                format!("void {}", notice.made.kind)
            }
            Decision::WouldHave(would) => {
                let (effect, of) = (would.effect(), of(&would.scope));
                match would.what {
                    Would::Warned => {
                        format!("would warn {effect}{of} from {}", self.local(would.at))
                    }
                    Would::Entered => format!("would enter {effect}{of}"),
                }
            }
            Decision::CaseRenewed(_) => "begin anew".to_owned(),
            Decision::FeeAnnounced(announced) => {
                format!("fee {} through {}", announced.amount, announced.through)
            }
            Decision::TaskMade(made) => format!("task {}{}", made.kind.word(), told(made, account)),
            Decision::PauseEntered(entered) => {
                format!("enter {}{} as agreed", entered.stage.word(), of(&entered.scope))
            }
            Decision::ScopeGated(gated) => format!("keep {} closed", gated.scope),
            Decision::StageLifted(lifted) => {
                let mut pauses = account.pauses.iter();
                if let Some(pause) = pauses.find(|pause| pause.made.entry == lifted.entry) {
                    let stage = pause.made.stage.word();
                    return self.log.push((self.now, format!("lift {stage} as agreed")));
                }
                let mut gates = account.gates.iter();
                if let Some(gate) = gates.find(|gate| gate.made.entry == lifted.entry) {
                    return self.log.push((self.now, format!("open {}", gate.made.scope)));
                }
                let entered = account.entered(lifted.entry).unwrap();
                format!("lift {}{}", entered.effect(), of(&entered.scope))
            }
            Decision::CaseOpened(_)
            | Decision::CaseMigrated(_)
            | Decision::MessageMade(_)
            | Decision::MessageTried(_)
            | Decision::StandingShared(_)
            | Decision::ChildLinked(_) => {
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

/// The cutoffs that a call or letter is to tell of, where the policy wants that.
fn told(made: &TaskMade, account: &Account) -> String {
    let Some(channel) = made.kind.channel() else { return String::new() };
    let notices = made.notices.iter().filter_map(|id| account.notice(*id));
    let asked = notices.filter(|notice| notice.made.by.contains(&channel));
    let named = asked.filter_map(|notice| Some(notice.made.names.as_ref()?.effect().to_string()));
    let named: Vec<String> = named.collect();
    if named.is_empty() { String::new() } else { format!(" naming {}", named.join(", ")) }
}

fn is_relief(decision: &Decision) -> bool {
    matches!(decision, Decision::StageLifted(_) | Decision::NoticeVoided(_))
}

/// ` of module:a`; of the whole app nothing is said.
fn of(scope: &Scope) -> String {
    if scope.is_whole() { String::new() } else { format!(" of {scope}") }
}

/// The law of a policy text.
pub fn law_of(text: &str) -> Law {
    policies::parse(text, "test.toml").unwrap_or_else(|faults| panic!("{faults:#?}"))
}
