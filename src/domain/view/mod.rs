//! The account as a function of the set of its records (SPEC 5.2 – 5.6, 5.10).
//!
//! Rules:
//! 1. One pass over the sorted records; the last one wins a field.
//! 2. An entry is judged at its own time, by all records up to it, whenever those became known.
//! 3. Nothing is thrown away: a record about something not known yet waits as *unmatched*.
//! 4. What happens at a time of its own (an instalment is missed, an exemption ends) happens
//!    between the records; what lies after the newest one is told as it comes if no record does.

mod arrange;
mod books;
mod cases;
mod disputes;
mod facts;
mod forgotten;
mod gates;
mod holds;
mod judge;
mod merged;
mod moves;
mod orders;
mod outcomes;
mod papers;
mod pauses;
mod payers;
mod places;
mod running;
mod terms;

use std::cell::Cell;
use std::sync::Arc;

use super::account::{Account, Hold};
use super::bearings::Bearings;
use super::decision::{CaseOpened, Decision};
use super::fact::{Contact, TenantUpdated};
use super::id::{CaseId, PaymentId, Source, TenantId};
use super::money::{Currency, Money};
use super::policy::Law;
use super::record::{Body, Fact, Record};
use super::selection::select;
use super::time::{Day, Instant};
use books::Books;
pub use running::Running;

/// The account that `records` make. They are sorted and hold one copy of each (see
/// [`super::record::insert`]).
#[must_use]
pub fn view(tenant: &TenantId, records: &[Record], law: &Law) -> Account {
    let mut run = Run::over(tenant, records, law);
    for record in records {
        run.apply(record);
    }
    run.finish()
}

/// What is remembered of an invoice while the records run.
#[derive(Clone, Debug, Default)]
struct Sheet {
    books: Books,
    /// Where its newest case stands.
    case: Option<usize>,
    /// Due dates that its owner has said before, the printed one first.
    reported_due: Vec<Day>,
    voided: bool,
    /// Stretches in which every case of the invoice stands still.
    holds: Vec<Hold>,
    /// When it was issued, and when that became known here.
    issued: Option<Instant>,
    heard: Option<Instant>,
    /// In what it is counted: the currency of its first `issued`.
    currency: Option<Currency>,
    /// Disputed parts: of which arrangement, and how much.
    disputes: Vec<(usize, i64)>,
    /// What disputes took from it, and its owner has not taken from its amount.
    credited: i64,
    /// What its owner took from its amount while a dispute stood, before anything was credited.
    noted: i64,
    /// Payments of it that a chargeback took.
    charged_back: Vec<PaymentId>,
}

/// A payment whose money no invoice claims.
#[derive(Clone, Debug)]
struct Loose {
    payment: PaymentId,
    left: Money,
    learnt: Instant,
    /// A person has looked at it: it holds nothing any longer.
    looked_at: bool,
}

/// What is owed to the tenant in one currency.
#[derive(Clone, Debug)]
struct Credit {
    /// To which tenant, where it is one that was merged into this one.
    of: Option<TenantId>,
    amount: Money,
    learnt: Instant,
    /// So much of it a person has looked at.
    looked_at: i64,
}

/// A stretch in which every case stands still.
#[derive(Clone, Debug)]
struct Everywhere {
    hold: Hold,
    /// Only those of invoices that were issued by then.
    older_than: Option<Instant>,
}

/// A time in which invoices climb nothing at all.
#[derive(Clone, Debug)]
struct Exempt {
    arrangement: usize,
    /// `None`: all of them.
    invoices: Option<Vec<usize>>,
    /// All of this tenant's, where it was merged into this one.
    of: Option<TenantId>,
    begin: Instant,
    end: Instant,
}

/// What happens at a time of its own, and not with a record.
#[derive(Clone, Debug)]
struct Timer {
    at: Instant,
    what: Timed,
    /// The record that set it.
    record: Arc<Record>,
}

#[derive(Clone, Copy, Debug)]
enum Timed {
    /// What came by the end of this promise.
    Promised(usize),
    /// Whether this plan's instalment was missed.
    Instalment(usize, usize),
    /// This exemption ends.
    Exempted(usize),
}

/// A source, and the tenant of which it spoke, where that was merged into this one.
type Sayer = (Option<TenantId>, Source);

/// The pass over the records.
#[derive(Clone, Debug)]
struct Run<'a> {
    tenant: TenantId,
    law: &'a Law,
    /// Whose record is applied, if that is a tenant that was merged into this one.
    of: Option<TenantId>,
    account: Account,
    /// One a invoice, in the order of `account.invoices`.
    sheets: Vec<Sheet>,
    contacts: Vec<(Sayer, Vec<Contact>)>,
    /// Payments that counted, and their source.
    payments: Vec<(PaymentId, Source)>,
    loose: Vec<Loose>,
    credits: Vec<Credit>,
    /// Money on account has held something.
    spare_held: bool,
    /// Money that found no invoice, and when it became known here.
    unmatched_money: Vec<(String, Instant)>,
    /// Such money that a person has looked at.
    looked_at: Vec<String>,
    everywhere: Vec<Everywhere>,
    exempt: Vec<Exempt>,
    timers: Vec<Timer>,
    /// Any hold was made; any order was.
    held: bool,
    ordered: bool,
    /// Which version each case was opened with, by their ids.
    opened: Vec<CaseOpened>,
    /// The place of the invoice that was asked for last: mostly it is asked for again.
    last: Cell<usize>,
    /// Cases that the newest record began.
    begun: Vec<CaseId>,
    /// A decision spoke of a notice or a message that was not found.
    astray: bool,
    /// A policy was asked about an invoice whose case is not opened.
    guessed: bool,
}

impl<'a> Run<'a> {
    /// Over `records`, of which none was applied yet.
    fn over(tenant: &TenantId, records: &[Record], law: &'a Law) -> Self {
        let mut run = Self {
            tenant: tenant.clone(),
            law,
            of: None,
            account: Account::default(),
            sheets: Vec::new(),
            contacts: Vec::new(),
            payments: Vec::new(),
            loose: Vec::new(),
            credits: Vec::new(),
            spare_held: false,
            unmatched_money: Vec::new(),
            looked_at: Vec::new(),
            everywhere: Vec::new(),
            exempt: Vec::new(),
            timers: Vec::new(),
            opened: Vec::new(),
            last: Cell::new(0),
            held: false,
            ordered: false,
            begun: Vec::new(),
            astray: false,
            guessed: false,
        };
        run.make_room(records);
        for record in records {
            run.find_owner(record);
            run.find_paper(record);
        }
        run.find_sayings();
        run
    }

    /// The source of the first `issued` owns the invoice, whatever came before it.
    fn find_owner(&mut self, record: &Record) {
        let (source, terms) = match &record.body {
            Body::Fact { source, fact: Fact::InvoiceIssued(terms), .. } => (source, terms),
            Body::Counted(counted) => match &counted.fact {
                Fact::InvoiceIssued(terms) => (&counted.source, terms),
                _ => return,
            },
            Body::Fact { source, fact: Fact::TermUpdated(term), .. } => {
                return self.find_term(source, term, record);
            }
            _ => return,
        };
        let place = self.invoice(&terms.invoice);
        let invoice = &mut self.account.invoices[place];
        // It is of another one as long as this tenant's own records do not say that it is its own.
        let first = invoice.owner.is_none();
        let of = record.counted_of().filter(|_| first || invoice.of.is_some());
        invoice.of = of.map(|of| invoice.of.take().unwrap_or_else(|| of.clone()));
        invoice.owner.get_or_insert_with(|| source.clone());
        let sheet = &mut self.sheets[place];
        sheet.issued.get_or_insert(record.time);
        sheet.heard = Some(sheet.heard.map_or(record.learnt, |heard| heard.min(record.learnt)));
        sheet.currency = sheet.currency.or(terms.amount.map(|amount| amount.currency));
    }

    fn apply(&mut self, record: &Record) {
        if !matches!(record.as_decision(), Some(Decision::CaseOpened(_))) {
            self.begun.clear();
        }
        self.pass(record.time);
        self.account.newest = self.account.newest.max(record.time);
        match &record.body {
            Body::Fact { source, fact, .. } => {
                self.account.created |= fact.creates_tenant();
                self.hear_again(record, fact);
                self.apply_fact(record, source, fact);
            }
            Body::Decision(decision) => self.apply_decision(record, decision),
            Body::Counted(counted) => self.count(record, counted),
        }
        self.judge_gates();
    }

    fn unmatched(&mut self, record: &Record) {
        self.account.unmatched.push((record.source().to_owned(), record.id()));
    }

    fn update_tenant(&mut self, record: &Record, source: &Source, update: &TenantUpdated) {
        let profile = &mut self.account.profile;
        let texts = [
            (&mut profile.name, &update.name),
            (&mut profile.segment, &update.segment),
            (&mut profile.plan, &update.plan),
            (&mut profile.policy, &update.policy),
            (&mut profile.locale, &update.locale),
            (&mut profile.time_zone, &update.time_zone),
            (&mut profile.country, &update.country),
            (&mut profile.pay_url, &update.pay_url),
        ];
        for (field, said) in texts {
            if said.is_some() {
                field.clone_from(said);
            }
        }
        profile.customer_since = update.customer_since.or(profile.customer_since);
        profile.credit_limit = update.credit_limit.or(profile.credit_limit);
        if let Some(contacts) = &update.contacts {
            let from = (self.of.clone(), source.clone());
            self.contacts.retain(|(known, _)| *known != from);
            self.contacts.push((from, contacts.clone()));
            profile.contacts.clear();
            for contact in self.contacts.iter().flat_map(|(_, contacts)| contacts) {
                if !profile.contacts.contains(contact) {
                    profile.contacts.push(contact.clone());
                }
            }
        }
        if let Some(paid_by) = &update.paid_by {
            self.set_payer(record, paid_by);
        }
    }

    /// What a tenant's dates are reckoned with that are about no invoice.
    fn bearings(&self) -> Option<Bearings<'a>> {
        let policy = select(self.law, &self.account, self.account.newest)?;
        Some(Bearings::of(self.law, &self.account.profile, policy))
    }

    /// What is reckoned with about an invoice: the version that its case was, or will be, opened
    /// with. Another text of the policy changes nothing that was said under the one before.
    fn bearings_about(&mut self, place: usize) -> Option<Bearings<'a>> {
        let invoice = &self.account.invoices[place];
        let case = self.sheets[place].case.map(|case| self.account.cases[case].case);
        let own = case.and_then(|case| self.opened_with(case));
        let of = || self.opened.iter().find(|it| it.invoice == invoice.invoice);
        let Some(opened) = own.or_else(of) else {
            // Once a case is opened, it is to be gone through again.
            self.guessed = true;
            return self.bearings();
        };
        match self.law.version_for(&opened.policy, invoice) {
            Some(policy) => Some(Bearings::of(self.law, &self.account.profile, policy)),
            // A version that is not at hand: what is agreed holds all the same.
            None => self.bearings(),
        }
    }

    fn spare(&self, currency: Currency) -> i64 {
        let loose = self.loose.iter().filter(|loose| !loose.looked_at).map(|loose| loose.left);
        let credit = self
            .credits
            .iter()
            .map(|credit| Money { minor: credit.amount.minor - credit.looked_at, ..credit.amount });
        loose
            .chain(credit)
            .filter(|money| money.currency == currency)
            .fold(0, |sum, money| sum.saturating_add(money.minor))
    }

    fn finish(mut self) -> Account {
        // What comes if no record does.
        self.pass(Instant::MAX);
        self.end_orders();
        self.close();
        self.account
    }

    /// What is told of the account, and nothing in the run asks for.
    fn close(&mut self) {
        self.sort_papers();
        self.lapse_tasks();
        self.account.on_account.clear();
        for money in self.loose.iter().map(|loose| loose.left).filter(|left| left.minor > 0) {
            super::account::add(&mut self.account.on_account, money);
        }
        self.judge_in_force();
        self.judge_pauses();
    }

    fn judge_in_force(&mut self) {
        for case in &mut self.account.cases {
            let live = case.ended.is_none();
            for entry in &mut case.entries {
                let closes = entry.lawful && entry.closes.is_some() && entry.rung.is_some();
                entry.in_force = closes && entry.lifted.is_none() && live;
            }
        }
    }
}
