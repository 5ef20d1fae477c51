//! Forgetting a tenant: personal data is erased, the pseudonymous ledger stays (SPEC 3
//! `tenant.forgotten`).
//!
//! Rules:
//! 1. What is erased is a function of the *set* of records. It is asked of each record by itself, by
//!    its time and by what it is about: so the order in which records come changes nothing, and a copy
//!    of an old one that comes again, or for the first time, is erased before it is stored.
//! 2. Erased is what is not newer than the newest `tenant.forgotten`; and what is about a notice, a
//!    message, a task or an arrangement that is not newer, whenever it came: a mail that bounces a day
//!    later names its mailbox again.
//! 3. What stays: ids, amounts, dates, kinds, stages, channels, roles, outcomes, and what chooses a
//!    policy and a calendar. So every sum stays as it is, and every standing can be explained.
//! 4. Instead of a mailbox stands the role in which it was written to, at a name that no mail ever
//!    reaches: nothing of it is made of the address, so nobody can find it by guessing. (Numbered names
//!    would depend on the order of arrival, and a digest of an address is guessed in no time.) Two
//!    people of one role are one from then on: that never makes anything harder.
//! 5. Erasing twice is erasing once, and neither the identity of a record nor its place changes.
//!
//! Ids are not erased: that of a message and that of a task about a mailbox are digests of what they
//! are about. Nothing can be read off them; who holds the stored bytes and guesses an address, its day
//! and its tenant can find that guess confirmed.

use std::collections::HashSet;
use std::sync::Arc;

use super::account::{Account, InvoiceStatus, add};
use super::arrangement::{ArrangementKind, ArrangementMade, Outcome};
use super::decision::{Decision, TaskKind, TaskMade};
use super::fact::{Contact, InvoiceTerms, NoticeReceipt, TenantForgotten, TenantUpdated};
use super::id::{ArrangementId, Derived, InvoiceId};
use super::money::Money;
use super::record::{Body, Fact, Record};
use super::stage::Role;
use super::time::Instant;

/// What stands where a text was that must not be missing.
const FORGOTTEN: &str = "forgotten";
/// Where nobody has a mailbox: `.invalid` is kept for that (RFC 2606).
const NOWHERE: &str = "@forgotten.invalid";

/// That a tenant was forgotten, and whether it is known anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// When.
    pub at: Instant,
    /// When it was heard of again.
    pub back: Option<Instant>,
}

/// Whether that mailbox stands for one that was erased.
#[must_use]
pub fn is_erased(mailbox: &str) -> bool {
    mailbox.ends_with(NOWHERE)
}

/// What forgetting a tenant erases of its records.
#[derive(Clone, Debug)]
pub struct Erasure {
    until: Instant,
    /// Notices, messages and tasks that are not newer.
    papers: HashSet<Derived>,
    arrangements: HashSet<ArrangementId>,
}

impl Erasure {
    /// By these records. `None`: the tenant was never forgotten.
    #[must_use]
    pub fn of(records: &[Record]) -> Option<Self> {
        let forgotten = records.iter().filter(|record| is_forgetting(record));
        let until = forgotten.map(|record| record.time).max()?;
        let mut erasure = Self { until, papers: HashSet::new(), arrangements: HashSet::new() };
        records.iter().for_each(|record| erasure.note(record));
        Some(erasure)
    }

    /// Up to when.
    #[must_use]
    pub const fn until(&self) -> Instant {
        self.until
    }

    /// Takes note of what `record` makes, if that is not newer.
    fn note(&mut self, record: &Record) {
        if record.time > self.until {
            return;
        }
        match &record.body {
            Body::Decision(Decision::NoticeMade(made)) => {
                self.papers.insert(made.notice.into());
            }
            Body::Decision(Decision::MessageMade(made)) => {
                self.papers.insert(made.message.into());
            }
            Body::Decision(Decision::TaskMade(made)) => {
                self.papers.insert(made.task.into());
            }
            Body::Fact { fact: Fact::ArrangementMade(made), .. } => {
                self.arrangements.insert(made.arrangement.clone());
            }
            _ => {}
        }
    }

    /// Whether it erases what `record` says of people.
    #[must_use]
    pub fn covers(&self, record: &Record) -> bool {
        // Who asked for it last, and why, is what shows that it was done.
        if is_forgetting(record) {
            return record.time < self.until;
        }
        record.time <= self.until || self.is_about_the_past(record)
    }

    fn is_about_the_past(&self, record: &Record) -> bool {
        let is_old = |paper: Derived| self.papers.contains(&paper);
        match record.as_fact() {
            Some(Fact::NoticeReceipt(receipt)) => {
                receipt.notice.is_some_and(|it| is_old(it.into()))
                    || receipt.message.is_some_and(|it| is_old(it.into()))
            }
            Some(Fact::TaskDone(done)) => is_old(done.task.into()),
            Some(Fact::ArrangementEnded(ended)) => self.arrangements.contains(&ended.arrangement),
            _ => false,
        }
    }

    /// Erases what it covers of `record`. `true` if something was there.
    pub fn erase(&self, record: &mut Record) -> bool {
        if !self.covers(record) {
            return false;
        }
        let erased = erased(&record.body);
        let changed = erased != record.body;
        record.body = erased;
        changed
    }
}

/// Erases what a set of records says of people who are forgotten. `true` if something was there.
pub fn erase(records: &mut [Record]) -> bool {
    let Some(erasure) = Erasure::of(records) else { return false };
    let mut changed = false;
    for record in records {
        changed |= erasure.erase(record);
    }
    changed
}

/// Whether it says that the tenant is forgotten.
#[must_use]
pub fn is_forgetting(record: &Record) -> bool {
    matches!(record.as_fact(), Some(Fact::TenantForgotten(_)))
}

/// What a record says without what it says of people.
#[must_use]
pub fn erased(body: &Body) -> Body {
    let mut body = body.clone();
    match &mut body {
        Body::Fact { fact, .. } => erase_fact(fact),
        Body::Decision(decision) => erase_decision(decision),
        // It is erased where it is stored.
        Body::Counted(_) => {}
    }
    body
}

fn erase_fact(fact: &mut Fact) {
    match fact {
        Fact::TenantUpdated(update) => erase_tenant(update),
        Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms) => erase_terms(terms),
        Fact::PaymentReceived(payment) => payment.method = None,
        Fact::PaymentPending(pending) => pending.method = None,
        Fact::ArrangementMade(made) => erase_arrangement(made),
        Fact::ArrangementEnded(ended) => (ended.by, ended.reason) = (None, None),
        Fact::NoticeReceipt(receipt) => erase_receipt(receipt),
        Fact::TaskDone(done) => (done.by, done.note) = (None, None),
        Fact::PolicyAccepted(accepted) => FORGOTTEN.clone_into(&mut accepted.by),
        Fact::TenantForgotten(TenantForgotten { by, reason }) => (*by, *reason) = (None, None),
        Fact::PaymentFailed(_)
        | Fact::PaymentReversed(_)
        | Fact::RefundMade(_)
        | Fact::CreditChanged(_)
        | Fact::InvoicePaid(_)
        | Fact::InvoiceVoided(_)
        | Fact::InvoiceWrittenOff(_)
        | Fact::TermUpdated(_)
        | Fact::HookAnswered(_)
        | Fact::TenantMerged(_) => {}
    }
}

/// What chooses a policy and a calendar stays: what was decided by them is judged by them.
fn erase_tenant(update: &mut TenantUpdated) {
    let TenantUpdated { name, locale, pay_url, contacts, .. } = update;
    (*name, *locale, *pay_url) = (None, None, None);
    contacts.iter_mut().for_each(Vec::<Contact>::clear);
}

fn erase_terms(terms: &mut InvoiceTerms) {
    let InvoiceTerms { pay_url, document_url, purchase_order, .. } = terms;
    (*pay_url, *document_url, *purchase_order) = (None, None, None);
}

fn erase_arrangement(made: &mut ArrangementMade) {
    (made.by, made.reason) = (None, None);
    for line in made.lines.iter_mut().flatten() {
        FORGOTTEN.clone_into(&mut line.line);
    }
    if let Some(accepted) = &mut made.accepted_by {
        FORGOTTEN.clone_into(&mut accepted.name);
    }
}

/// Of whose message it is, its message says.
fn erase_receipt(receipt: &mut NoticeReceipt) {
    let role = receipt.role;
    receipt.detail = None;
    receipt.person = receipt.person.as_ref().map(|_| FORGOTTEN.to_owned());
    let named = receipt.mailbox.as_ref().filter(|_| receipt.message.is_none());
    receipt.mailbox = named.map(|_| mailbox_of(role));
    for (number, way) in receipt.tried.iter_mut().flatten().enumerate() {
        *way = format!("way {}", number + 1);
    }
}

fn erase_decision(decision: &mut Decision) {
    match decision {
        Decision::MessageMade(made) => {
            let recipient = mailbox_of(Some(made.role));
            Arc::make_mut(made).recipient = recipient;
        }
        Decision::TaskMade(made) => erase_task(made),
        Decision::CaseMigrated(migrated) => (migrated.by, migrated.reason) = (None, None),
        Decision::CaseOpened(_)
        | Decision::NoticeMade(_)
        | Decision::NoticeVoided(_)
        | Decision::MessageTried(_)
        | Decision::RungEntered(_)
        | Decision::StageLifted(_)
        | Decision::ScopeGated(_)
        | Decision::FeeAnnounced(_)
        | Decision::PauseEntered(_)
        | Decision::WouldHave(_)
        | Decision::CaseRenewed(_)
        | Decision::StandingShared(_)
        | Decision::ChildLinked(_) => {}
    }
}

/// What other tasks are about is money, or a word of our own.
fn erase_task(made: &mut TaskMade) {
    if made.kind == TaskKind::FixContact {
        made.about = made.about.as_ref().map(|_| mailbox_of(None));
    }
}

fn mailbox_of(role: Option<Role>) -> String {
    format!("{}{NOWHERE}", role.map_or("nobody", Role::word))
}

/// What stands in the way of forgetting a tenant: a person has to settle it first.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Debts {
    /// What is owed on open invoices, one amount a currency.
    pub owed: Vec<Money>,
    /// On which.
    pub invoices: Vec<InvoiceId>,
    /// Disputes and plans that stand.
    pub arrangements: Vec<ArrangementId>,
}

impl Debts {
    /// Of an account at `now`. What was written off is none.
    #[must_use]
    pub fn of(account: &Account, now: Instant) -> Self {
        let mut debts = Self::default();
        let open = account.invoices.iter().filter(|it| it.status == InvoiceStatus::Open);
        for invoice in open.filter(|it| it.is_billed() && it.owed > 0) {
            debts.invoices.push(invoice.invoice.clone());
            if let Some(amount) = invoice.amount {
                add(&mut debts.owed, Money { minor: invoice.owed, ..amount });
            }
        }
        let stands = account.arrangements.iter().filter(|it| {
            matches!(it.made.kind, ArrangementKind::Dispute | ArrangementKind::Plan)
                && it.outcome(now) == Outcome::Stands
        });
        debts.arrangements = stands.map(|it| it.made.arrangement.clone()).collect();
        debts
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.invoices.is_empty() && self.arrangements.is_empty()
    }
}

/// For people: what is open.
impl std::fmt::Display for Debts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |names: Vec<String>| names.join(", ");
        if !self.invoices.is_empty() {
            let owed = list(self.owed.iter().map(ToString::to_string).collect());
            let invoices = list(self.invoices.iter().map(ToString::to_string).collect());
            write!(f, "{owed} owed on {invoices}")?;
        }
        if !self.arrangements.is_empty() {
            let names = list(self.arrangements.iter().map(ToString::to_string).collect());
            let and = if self.invoices.is_empty() { "" } else { "; " };
            write!(f, "{and}disputed, or to be paid by a plan: {names}")?;
        }
        Ok(())
    }
}
