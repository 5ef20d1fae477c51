//! An account on its way to the next commit: what was read, what is added, what follows from it.
//!
//! Rules:
//! 1. Records made here get `max(store time, newest of the account + 1 ms)` (SPEC 5.1).
//! 2. A copy of a record that is known changes nothing: it keeps the `learnt` of its first commit.
//! 3. What follows from what was added is decided until nothing follows any more, and is one
//!    commit with it (SPEC 5.10).
//! 4. What was forgotten is erased before it is added: a copy that comes again brings nothing back.
//! 5. No message is due while something that was received is not worked off (SPEC 5.9).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::entry::record_line;
use crate::domain::account::Account;
use crate::domain::decision::Decision;
use crate::domain::forget::{self, Erasure};
use crate::domain::id::{CaseId, Digest, Source, TenantId};
use crate::domain::merged::together;
use crate::domain::payer::{self, Payer};
use crate::domain::plan::{Plan, Situation, plan};
use crate::domain::policy::Law;
use crate::domain::publish::publish;
use crate::domain::record::{Body, Fact, Identities, Record};
use crate::domain::time::{Instant, MINUTE, SECOND};
use crate::domain::view::view;
use crate::domain::would::would_be;
use crate::store::{Commit, Incarnation, Row, StoreError, form};

/// How often what was decided may lead to the next decision before that is taken for a fault.
const ROUNDS_MAX: usize = 100;

/// How soon messages are looked at again that wait for facts to be worked off: that takes a moment.
const LOOK_AGAIN: i64 = 5 * SECOND;

/// How soon somebody is told again of calls that are due.
const CALLS_AGAIN: i64 = 5 * MINUTE;

/// What adding a record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It is new, or says something else than the copy that was known.
    Yes,
    /// It was known.
    Known,
}

/// What was read of a tenant, and around it.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) incarnation: Incarnation,
    pub(super) expected: Option<Digest>,
    pub(super) records: Vec<Record>,
    pub(super) situation: Situation,
}

/// What is true around an account. What was recorded here a moment ago is past: on a clock that
/// stands it would otherwise never be.
pub(super) fn present(records: &[Record], situation: Situation) -> Situation {
    let newest = records.iter().rev().find(|record| record.source() == Source::OWN);
    let moment = situation.now.plus_millis(SECOND);
    let passed = newest.map(|record| record.time).filter(|time| *time <= moment);
    let now = passed.map_or(situation.now, |passed| passed.max(situation.now));
    Situation { now, ..situation }
}

/// An account on its way to the next commit.
#[derive(Debug)]
pub(super) struct Draft {
    tenant: TenantId,
    reading: Reading,
    law: Arc<Law>,
    added: Vec<Record>,
    identities: Option<Identities>,
    account: Option<Account>,
    /// What forgetting the tenant erases, as of the records now, once that was asked.
    erasure: Option<Option<Erasure>>,
    needs_slot: bool,
    /// Whether who calls the operator's systems is told of the calls that are due.
    tells: bool,
    /// The tenant that pays for this one, as it was just read.
    payer: Option<Payer>,
    /// What counts of tenants that were merged into this one, as it was just read.
    counted: Vec<Record>,
}

impl Draft {
    pub(super) const fn new(tenant: TenantId, reading: Reading, law: Arc<Law>) -> Self {
        Self {
            tenant,
            reading,
            law,
            added: Vec::new(),
            identities: None,
            account: None,
            erasure: None,
            needs_slot: false,
            tells: false,
            payer: None,
            counted: Vec::new(),
        }
    }

    /// Takes note of what counts here of tenants that were merged into this one.
    pub(super) fn set_counted(&mut self, counted: Vec<Record>) {
        self.counted = counted;
        self.account = None;
    }

    /// The tenant's own records.
    pub(super) fn records(&self) -> &[Record] {
        &self.reading.records
    }

    /// A billing system agreed about that case's invoice.
    pub(super) const fn set_agreed(&mut self, case: Option<CaseId>) {
        self.reading.situation.asking.agreed = case;
    }

    /// The store's time when it was read.
    pub(super) const fn now(&self) -> Instant {
        self.reading.situation.now
    }

    /// Whether the tenant was known before.
    pub(super) const fn is_known(&self) -> bool {
        self.reading.expected.is_some()
    }

    /// Whether a record is among them that may create a tenant.
    pub(super) fn is_created(&self) -> bool {
        let creates = |record: &Record| record.as_fact().is_some_and(|it| it.creates_tenant());
        self.is_known() || self.reading.records.iter().any(creates)
    }

    /// How many records it is of.
    pub(super) fn len(&self) -> usize {
        self.reading.records.len() + self.counted.len()
    }

    /// The lines of what was added: of everything, or of the decisions alone.
    pub(super) fn lines(&self, decisions_only: bool) -> Vec<Vec<u8>> {
        let wanted = |record: &&Record| !decisions_only || record.as_decision().is_some();
        let wanted = self.added.iter().filter(wanted);
        wanted.map(|record| record_line(&self.tenant, record)).collect()
    }

    /// What was added so far, decisions too.
    pub(super) fn added(&self) -> &[Record] {
        &self.added
    }

    /// The time of a record that is made here now.
    pub(super) fn own_time(&self) -> Instant {
        let newest = [self.reading.records.last(), self.counted.iter().max_by_key(|it| it.time)];
        let newest = newest.into_iter().flatten().map(|record| record.time.plus_millis(1)).max();
        newest.map_or(self.now(), |after| after.max(self.now()))
    }

    /// Erases what was forgotten of a record. `true` if something was there.
    pub(super) fn erase(&mut self, record: &mut Record) -> bool {
        let records = &self.reading.records;
        let erasure = self.erasure.get_or_insert_with(|| Erasure::of(records)).as_ref();
        erasure.is_some_and(|erasure| erasure.erase(record))
    }

    /// What a record that was added leaves of the others. `true` if something was erased.
    fn erase_by(&mut self, added: &Record) -> bool {
        if forget::is_forgetting(added) || self.erasure.as_ref().is_some_and(Option::is_some) {
            self.erasure = None;
        }
        let records = &self.reading.records;
        let erasure = self.erasure.get_or_insert_with(|| Erasure::of(records)).as_ref();
        let Some(erasure) = erasure else { return false };
        self.added.iter_mut().for_each(|record| _ = erasure.erase(record));
        forget::erase(&mut self.reading.records)
    }

    /// Whether a copy of that record is known.
    pub(super) fn knows(&self, record: &Record) -> bool {
        self.reading.records.iter().any(|known| known.same_identity(record))
    }

    /// Adds a record.
    pub(super) fn add(&mut self, record: &Record) -> Added {
        let mut record = record.clone();
        self.erase(&mut record);
        let record = &record;
        let records = &mut self.reading.records;
        let identities = self.identities.get_or_insert_with(|| Identities::of(records));
        let may_know = identities.may_hold(record);
        let mut held = records.iter().filter(|_| may_know);
        match held.find(|known| known.same_identity(record)) {
            Some(known) if known.same_content(record) => return Added::Known,
            Some(_) => {
                let (source, id) = (record.source(), record.id());
                note_conflict(&self.tenant, source, &id);
            }
            None => {}
        }
        if !identities.insert(records, record.clone()) {
            return Added::Known;
        }
        self.added.push(record.clone());
        self.erase_by(record);
        self.account = None;
        Added::Yes
    }

    /// Adds a record of a journal: of two copies the later `learnt` counts. `true` if something
    /// changed.
    pub(super) fn restore(&mut self, mut record: Record) -> bool {
        self.account = None;
        self.erase(&mut record);
        let records = &mut self.reading.records;
        let identities = self.identities.get_or_insert_with(|| Identities::of(records));
        let changed = identities.insert(records, record.clone());
        changed && {
            self.erase_by(&record);
            true
        }
    }

    /// Adds what was decided just now.
    pub(super) fn decide(&mut self, decisions: Vec<Decision>) -> bool {
        let at = self.own_time();
        let before = self.added.len();
        self.needs_slot |= decisions.iter().any(Decision::needs_slot);
        for decision in decisions {
            self.add(&Record::decision(at, decision));
        }
        self.added.len() > before
    }

    /// Whether anything that was decided takes a slot of the breaker.
    pub(super) const fn needs_slot(&self) -> bool {
        self.needs_slot
    }

    /// The account as it is now.
    pub(super) fn account(&mut self) -> &Account {
        let viewed = || {
            if self.counted.is_empty() {
                return view(&self.tenant, &self.reading.records, &self.law);
            }
            let records = together(&self.reading.records, &self.counted);
            view(&self.tenant, &records, &self.law)
        };
        self.account.get_or_insert_with(viewed)
    }

    /// Whose it is.
    pub(super) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Tenants that were ever said to pay for it, or into which it was merged.
    pub(super) fn payers(&self) -> BTreeSet<TenantId> {
        let named = |record: &Record| match &record.body {
            Body::Fact { fact: Fact::TenantUpdated(it), .. } => it.paid_by.clone()?.0,
            Body::Fact { fact: Fact::TenantMerged(it), .. } => Some(it.into.clone()),
            _ => None,
        };
        self.reading.records.iter().filter_map(named).collect()
    }

    /// Takes note of how the tenant stands that pays for this one.
    pub(super) fn set_payer(&mut self, payer: Payer) {
        self.payer = Some(payer);
    }

    /// What is true around it.
    pub(super) fn situation(&self) -> Situation {
        present(&self.reading.records, self.reading.situation)
    }

    /// Records what changed with the tenant that pays for this one.
    fn follow_payer(&mut self) {
        let Some(payer) = self.payer.take() else { return };
        let tenant = self.tenant.clone();
        let news = payer::news(&tenant, self.account(), &payer);
        if !news.is_empty() {
            self.decide(news);
        }
    }

    /// Decides until nothing follows any more. Answers the last plan: it decides nothing.
    pub(super) fn settle(&mut self) -> Plan {
        self.follow_payer();
        for _ in 0..ROUNDS_MAX {
            let (law, situation) = (self.law.clone(), self.situation());
            let tenant = self.tenant.clone();
            let mut found = plan(&tenant, self.account(), &law, &situation);
            let decisions = std::mem::take(&mut found.decisions);
            if decisions.is_empty() || !self.decide(decisions) {
                super::unlisted::alert(&found.unlisted);
                return held_back(found, &situation);
            }
        }
        tracing::error!(tenant = %self.tenant, "decisions follow one another without end");
        Plan { wake: Some(self.now()), ..Plan::default() }
    }

    /// Whether who calls the operator's systems is told of the calls that are due once this is
    /// committed.
    pub(super) const fn set_tells(&mut self, tells: bool) {
        self.tells = tells;
    }

    /// When the tenant is looked at again: at once, where something is to be sent, or somebody is to
    /// be told of calls. Who was told and died is told once more.
    pub(super) fn wake(&self, plan: &Plan) -> Option<Instant> {
        if !plan.sends.is_empty() || (!plan.calls.is_empty() && !self.tells) {
            return Some(self.now());
        }
        let again = (!plan.calls.is_empty()).then(|| self.now().plus_millis(CALLS_AGAIN));
        plan.wake.into_iter().chain(again).min()
    }

    /// The commit of all this. `entries`: what the store journals with it.
    pub(super) fn commit(
        &mut self,
        wake: Option<Instant>,
        entries: Vec<Vec<u8>>,
    ) -> Result<Commit, StoreError> {
        let stored = form::account(&self.tenant, &self.reading.records)?;
        let (law, situation, tenant) = (self.law.clone(), self.situation(), self.tenant.clone());
        let (incarnation, expected) = (self.reading.incarnation.clone(), self.reading.expected);
        let account = self.account();
        let (grant, words) = publish(&tenant, account, &law, stored.digest, &situation);
        let row = Row {
            tenant: tenant.clone(),
            name: account.profile.name.clone(),
            stage: grant.strictest(),
            would: would_be(account).map(|(_, it)| it.made.stage),
        };
        Ok(Commit {
            tenant,
            incarnation,
            expected,
            stored,
            grant,
            words,
            wake,
            row,
            entries,
            applied: None,
        })
    }

    /// The records and the account they make.
    pub(super) fn into_account(mut self) -> (Vec<Record>, Account) {
        let account = self.account().clone();
        (self.reading.records, account)
    }
}

/// Nothing leaves while something that was received is not worked off: it may be the payment.
fn held_back(mut plan: Plan, situation: &Situation) -> Plan {
    if !situation.feeds && !plan.sends.is_empty() {
        plan.sends.clear();
        let soon = situation.now.plus_millis(LOOK_AGAIN);
        plan.wake = Some(plan.wake.map_or(soon, |wake| wake.min(soon)));
    }
    plan
}

/// How many records came with the id of another one, in this process.
static CONFLICTS: AtomicU64 = AtomicU64::new(0);

/// Reports a record that has the id of another one. A source that does it all the time would fill
/// the log: each is counted, and the first, second, fourth, eighth and so on is said.
fn note_conflict(tenant: &TenantId, source: &str, id: &str) {
    let count = CONFLICTS.fetch_add(1, Ordering::Relaxed) + 1;
    metrics::counter!("ambergate_records_conflicting_total").increment(1);
    if count.is_power_of_two() {
        tracing::warn!(%tenant, source, id, count, "one id, two contents: the smaller hash counts");
    }
}
