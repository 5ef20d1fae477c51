//! Everything about a debt, for whoever collects it: a lawyer, an agency (SPEC 8 "Dossier").
//!
//! Rules:
//! 1. It says what the records say and nothing more: no judgement, no wish, no future.
//! 2. A notice stands there with every attempt to deliver it and every receipt, those that came to
//!    nothing as well: who reads it has to prove what was told.
//! 3. Without invoices named it is about those on which something is owed.

use serde::Serialize;

use super::account::{Account, Arrangement, Case, Invoice, NoticeState, Receipt, TaskState};
use super::arrangement::ArrangementKind;
use super::bearings::zone;
use super::effect::Rate;
use super::fact::{ArrangementEnd, Channel, ReceiptKind, TaskDone, TaskOutcome};
use super::fees::fee_of;
use super::id::{ArrangementId, InvoiceId, Scope, TenantId};
use super::money::Money;
use super::policy::Law;
use super::record::{Fact, Record};
use super::stage::{Role, Stage};
use super::task::TaskKind;
use super::time::{Day, Instant};
use super::timeline::{Moment, past};

/// All about the debts of a tenant.
#[derive(Clone, Debug, Serialize)]
pub struct Dossier {
    /// Whose.
    pub tenant: TenantId,
    /// The name that people read.
    pub name: Option<String>,
    /// When it was forgotten last: what was known of its people before is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Instant>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// In which zone dates are told.
    pub time_zone: String,
    /// When it was made.
    pub made: Instant,
    /// What is owed on these debts, one amount a currency.
    pub owed: Vec<Money>,
    /// One a invoice, in the order in which they were heard of.
    pub debts: Vec<Debt>,
    /// What happened to the tenant, dated.
    pub timeline: Vec<Moment>,
}

/// One invoice, and all that was done about it.
#[derive(Clone, Debug, Serialize)]
pub struct Debt {
    /// Named by its billing system.
    pub invoice: InvoiceId,
    /// The number printed on it.
    pub number: Option<String>,
    /// `open`, `paid`, `voided`, `written_off`.
    pub status: &'static str,
    /// Its total.
    pub amount: Option<Money>,
    /// What counts as paid.
    pub paid: Option<Money>,
    /// What is owed.
    pub owed: Option<Money>,
    /// The part of it that is disputed.
    pub disputed: Option<Money>,
    /// The date of issue.
    pub issued_on: Option<Day>,
    /// The due date in force.
    pub due_on: Option<Day>,
    /// The part of the app that it pays for.
    pub scope: Scope,
    /// What the late fee comes to until now.
    pub late_fee: Option<Money>,
    /// What was said, in order.
    pub notices: Vec<Told>,
    /// What was agreed, in order.
    pub arrangements: Vec<Agreed>,
    /// What people were to do, and did, in order.
    pub tasks: Vec<Work>,
    /// What was restricted because of it, in order.
    pub stages: Vec<Closed>,
}

/// A notice, and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Its template.
    pub kind: String,
    /// When it was made.
    pub at: Instant,
    /// Of which stage it warned; `full`: of none.
    pub stage: Option<Stage>,
    /// Of how many requests that would still pass.
    pub slow: Option<Rate>,
    /// From when on, as it said.
    pub from: Option<Instant>,
    /// When it was taken back.
    pub voided: Option<Instant>,
    /// The mails that said it.
    pub messages: Vec<Sent>,
    /// Every receipt, in order.
    pub receipts: Vec<Proof>,
}

/// A mail.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// In which role.
    pub role: Role,
    /// When each attempt was made.
    pub tried: Vec<Instant>,
}

/// A receipt.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// By which way.
    pub channel: Channel,
    /// The person or mailbox; absent: not known.
    pub recipient: Option<String>,
    /// In which role.
    pub role: Option<Role>,
    /// What happened.
    pub kind: ReceiptKind,
    /// When.
    pub at: Instant,
}

/// An arrangement.
#[derive(Clone, Debug, Serialize)]
pub struct Agreed {
    /// Its name.
    pub arrangement: ArrangementId,
    /// What kind.
    pub kind: ArrangementKind,
    /// When it was made.
    pub at: Instant,
    /// Until when it stands, or stood.
    pub until: Option<Instant>,
    /// The new due date.
    pub due_on: Option<Day>,
    /// How much it was about.
    pub amount: Option<Money>,
    /// When it was ended.
    pub ended: Option<Instant>,
    /// How it was ended.
    pub how: Option<ArrangementEnd>,
    /// What was answered.
    pub answer: Option<String>,
    /// Who made it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A task.
#[derive(Clone, Debug, Serialize)]
pub struct Work {
    /// What was to be done.
    pub kind: TaskKind,
    /// When it was asked for.
    pub at: Instant,
    /// Until when.
    pub due: Instant,
    /// When it was done.
    pub done: Option<Instant>,
    /// What came of it.
    pub outcome: Option<TaskOutcome>,
    /// By whom.
    pub by: Option<String>,
    /// In their words.
    pub note: Option<String>,
}

/// A stage that was entered.
#[derive(Clone, Debug, Serialize)]
pub struct Closed {
    /// Which; `full`: none.
    pub stage: Stage,
    /// How many requests still passed. `None`: all.
    pub slow: Option<Rate>,
    /// Of which part of the app.
    pub scope: Scope,
    /// When.
    pub entered: Instant,
    /// When it was given back.
    pub lifted: Option<Instant>,
    /// When its warning was made.
    pub warned: Option<Instant>,
}

/// What is known at `now` of the invoices named `wanted`, or of all on which something is owed.
#[must_use]
pub fn dossier(
    tenant: &TenantId,
    records: &[Record],
    account: &Account,
    law: &Law,
    now: Instant,
    wanted: &[InvoiceId],
) -> Dossier {
    let about = |invoice: &&Invoice| {
        let named = wanted.contains(&invoice.invoice);
        invoice.is_billed() && if wanted.is_empty() { invoice.owed > 0 } else { named }
    };
    let invoices: Vec<&Invoice> = account.invoices.iter().filter(about).collect();
    let done: Vec<&TaskDone> = records.iter().filter_map(task_done).collect();
    let debt = |invoice: &&Invoice| Debt {
        late_fee: fee_of(account, law, invoice, now).map(|(accrued, _)| accrued),
        tasks: tasks_of(account, invoice, &done),
        ..debt_of(account, invoice)
    };
    let mut owed = Vec::new();
    for invoice in &invoices {
        let amount = invoice.amount.filter(|_| invoice.owed > 0);
        amount.into_iter().for_each(|it| super::account::add(&mut owed, of(it, invoice.owed)));
    }
    let own = |moment: &Moment| {
        let invoice = moment.invoice.as_ref();
        invoice.is_none_or(|name| invoices.iter().any(|it| it.invoice == *name))
    };
    // What the operator's own systems were told is nothing that the customer was.
    let own_systems = |it: &&Record| matches!(it.as_fact(), Some(Fact::HookAnswered(_)));
    let told = records.iter().filter(|it| !own_systems(it));
    Dossier {
        tenant: tenant.clone(),
        name: account.profile.name.clone(),
        forgotten: account.forgotten.map(|forgotten| forgotten.at),
        country: account.profile.country.clone(),
        time_zone: zone(law, account).name().to_owned(),
        made: now,
        owed,
        debts: invoices.iter().map(debt).collect(),
        timeline: told.filter_map(|it| past(it, account)).filter(own).collect(),
    }
}

const fn of(amount: Money, minor: i64) -> Money {
    Money { minor, ..amount }
}

fn task_done(record: &Record) -> Option<&TaskDone> {
    match record.as_fact() {
        Some(Fact::TaskDone(done)) => Some(done),
        _ => None,
    }
}

fn debt_of(account: &Account, invoice: &Invoice) -> Debt {
    let share = |minor: i64| invoice.amount.map(|amount| of(amount, minor));
    let cases = || account.cases.iter().filter(|case| is_about(account, case, invoice));
    let of_case = |case| cases().any(|known| known.case == case);
    let notices = account.notices.iter().filter(|notice| of_case(notice.made.case));
    let agreed = account.arrangements.iter().filter(|it| it.invoices.contains(&invoice.invoice));
    Debt {
        invoice: invoice.invoice.clone(),
        number: invoice.number.clone(),
        status: invoice.status.word(),
        amount: invoice.amount,
        paid: share(invoice.paid),
        owed: share(invoice.owed),
        disputed: share(invoice.disputed).filter(|it| it.minor > 0),
        issued_on: invoice.issued_on,
        due_on: invoice.due_on,
        scope: invoice.scope.clone(),
        late_fee: None,
        notices: notices.map(|notice| told(account, notice)).collect(),
        arrangements: agreed.map(agreement).collect(),
        tasks: Vec::new(),
        stages: cases().flat_map(|case| closed(account, case)).collect(),
    }
}

fn is_about(account: &Account, case: &Case, invoice: &Invoice) -> bool {
    account.invoice_of(case).invoice == invoice.invoice
}

fn told(account: &Account, notice: &NoticeState) -> Told {
    let made = &notice.made;
    let about = account.messages.iter().filter(|it| it.made.notices.contains(&made.notice));
    let sent = about.map(|message| Sent {
        to: message.made.recipient.clone(),
        role: message.made.role,
        tried: message.tried.clone(),
    });
    // A repetition warns of what its warning named.
    let warning = made.of.and_then(|of| account.notice(of)).unwrap_or(notice);
    let named = warning.made.names.as_ref();
    Told {
        kind: made.kind.clone(),
        at: notice.time,
        stage: named.map(|named| named.stage),
        slow: named.and_then(|named| named.slow),
        from: made.says.or(named.map(|named| named.at)),
        voided: notice.voided,
        messages: sent.collect(),
        receipts: notice.receipts.iter().map(proof).collect(),
    }
}

fn proof(receipt: &Receipt) -> Proof {
    Proof {
        channel: receipt.channel,
        recipient: Some(receipt.recipient.to_string()).filter(|it| !it.is_empty()),
        role: receipt.role,
        kind: receipt.kind,
        at: receipt.at,
    }
}

fn agreement(arrangement: &Arrangement) -> Agreed {
    let made = &arrangement.made;
    Agreed {
        arrangement: made.arrangement.clone(),
        kind: made.kind,
        at: arrangement.time,
        until: arrangement.until,
        due_on: made.due_on,
        amount: made.amount,
        ended: arrangement.ended.map(|(at, _)| at),
        how: arrangement.ended.map(|(_, how)| how),
        answer: arrangement.answer.clone(),
        by: made.by.clone(),
        reason: made.reason.clone(),
    }
}

fn tasks_of(account: &Account, invoice: &Invoice, done: &[&TaskDone]) -> Vec<Work> {
    let about = |task: &&TaskState| {
        let case = account.case(task.made.case);
        case.is_some_and(|case| is_about(account, case, invoice))
    };
    let work = |task: &TaskState| {
        let told = done.iter().find(|done| done.task == task.made.task);
        Work {
            kind: task.made.kind,
            at: task.time,
            due: task.made.due,
            done: task.done.map(|(at, _)| at),
            outcome: task.done.map(|(_, outcome)| outcome),
            by: told.and_then(|done| done.by.clone()),
            note: told.and_then(|done| done.note.clone()),
        }
    };
    account.tasks.iter().filter(about).map(work).collect()
}

fn closed(account: &Account, case: &Case) -> impl Iterator<Item = Closed> {
    let lawful = case.entries.iter().filter(|entry| entry.lawful);
    lawful.map(|entry| Closed {
        stage: entry.entered.stage,
        slow: entry.entered.slow,
        scope: entry.entered.scope.clone(),
        entered: entry.time,
        lifted: entry.lifted,
        warned: entry.entered.notice.and_then(|id| Some(account.notice(id)?.time)),
    })
}
