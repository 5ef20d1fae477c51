//! Facts: what came from outside (SPEC 3). Each struct is the `data` of one event type.
//!
//! Rules:
//! 1. Unknown fields are refused; an absent field says nothing.
//! 2. Fields are only ever added at the end of a struct, and kinds at the end of an enum: the
//!    compact form counts them (see `store::form`).

mod hooks;
mod work;

use serde::{Deserialize, Serialize};

pub use self::hooks::{HookAnswer, HookAnswered};
pub use self::work::{TaskDone, TaskOutcome};
pub use super::arrangement::{
    Acceptance, Access, ArrangementEnd, ArrangementEnded, ArrangementKind, ArrangementMade,
    Instalment, Line, SilenceCause,
};
pub use super::channel::Channel;
use super::effect::{Effect, Rate};
use super::id::{InvoiceId, MessageId, NoticeId, PaymentId, PolicyHash, PolicyName, Scope};
pub use super::merged::TenantMerged;
use super::money::Money;
pub use super::payer::PaidBy;
use super::stage::{Role, Stage};
pub use super::term::{Term, TermKind, TermState, TermUpdated};
use super::time::{Day, Instant};
pub use super::when::When;

/// `tenant.updated`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantUpdated {
    /// The name that people read.
    pub name: Option<String>,
    /// For the selection of a policy.
    pub segment: Option<String>,
    /// For the selection of a policy.
    pub plan: Option<String>,
    /// The policy by name, before any selection.
    pub policy: Option<String>,
    /// The language of messages and pages, such as `pt-BR`.
    pub locale: Option<String>,
    /// An IANA zone, such as `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// ISO 3166 alpha-2: picks the calendar.
    pub country: Option<String>,
    /// Since when it is a customer.
    pub customer_since: Option<Day>,
    /// Where everything owed can be paid.
    pub pay_url: Option<String>,
    /// Replaces the contacts that the same source gave before.
    pub contacts: Option<Vec<Contact>>,
    /// When more than this is owed, somebody calls.
    pub credit_limit: Option<Money>,
    /// Another tenant that pays for this one; an empty text: no other does.
    #[serde(default)]
    pub paid_by: Option<PaidBy>,
}

/// A person or mailbox of a tenant, or of the operator for this tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What the person is.
    pub role: Role,
    /// How the person is called.
    pub name: Option<String>,
    /// A mailbox.
    pub email: Option<String>,
    /// A number for calls.
    pub phone: Option<String>,
}

/// What kind of invoice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceKind {
    /// For what was bought.
    #[default]
    Invoice,
    /// A late fee: reminded of, never restricting.
    Fee,
}

/// How an invoice is collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collection {
    /// The customer pays by its due date.
    #[default]
    SendInvoice,
    /// A stored means of payment is charged.
    ChargeAutomatically,
}

/// `invoice.issued` and `invoice.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceTerms {
    /// Named by its billing system.
    pub invoice: InvoiceId,
    /// The number printed on it.
    pub number: Option<String>,
    /// Invoice or fee.
    pub kind: Option<InvoiceKind>,
    /// Its total.
    pub amount: Option<Money>,
    /// What was paid on it in all, as of the event's `time`.
    pub amount_paid: Option<Money>,
    /// The date printed on it.
    pub issued_on: Option<Day>,
    /// The due date printed on it.
    pub due_on: Option<Day>,
    /// The part of the app it pays for.
    pub scope: Option<Scope>,
    /// Where it can be paid.
    pub pay_url: Option<String>,
    /// Where it can be read.
    pub document_url: Option<String>,
    /// The customer's purchase order.
    pub purchase_order: Option<String>,
    /// How it is collected.
    pub collection: Option<Collection>,
    /// Whether its scope, if it was never open, stays closed until it is paid: prepayment,
    /// milestones.
    pub gates_scope: Option<bool>,
    /// Taken over with a history (`event import --opening`): counted, and silent until released.
    pub opening: Option<bool>,
    /// The invoice of the same source that it takes the place of: nothing is owed on that one any more.
    #[serde(default)]
    pub replaces: Option<InvoiceId>,
}

/// One invoice's part of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Which invoice.
    pub invoice: InvoiceId,
    /// How much of it.
    pub amount: Money,
}

/// `payment.received`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReceived {
    /// The billing system's id; one id counts once, whoever reports it.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// `card`, `bank_transfer`, …
    pub method: Option<String>,
    /// What it pays; absent: money on account.
    pub invoices: Option<Vec<Allocation>>,
}

/// `payment.pending`: money on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentPending {
    /// The billing system's id.
    pub payment: PaymentId,
    /// For which invoice.
    pub invoice: InvoiceId,
    /// How much.
    pub amount: Money,
    /// `sepa_debit`, `bank_transfer`, …
    pub method: Option<String>,
}

/// Why a charge failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum FailureReason {
    Declined,
    Expired,
    NoMethod,
    ActionRequired,
    Mandate,
}

/// `payment.failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentFailed {
    /// For which invoice.
    pub invoice: InvoiceId,
    /// Why.
    pub reason: FailureReason,
    /// When the billing system tries again.
    pub next_attempt_at: Option<Instant>,
}

/// Why money went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ReversalReason {
    Returned,
    Misposted,
    Chargeback,
}

/// How far a chargeback has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargebackPhase {
    /// The payer's bank asks: the money is disputed.
    Opened,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost,
}

/// `payment.reversed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentReversed {
    /// Which payment.
    pub payment: PaymentId,
    /// Which invoice it had paid.
    pub invoice: InvoiceId,
    /// How much went back.
    pub amount: Money,
    /// Why.
    pub reason: ReversalReason,
    /// How far a chargeback has come.
    pub phase: Option<ChargebackPhase>,
}

/// `refund.made`: lowers what is paid and what is owed alike; never a debt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundMade {
    /// Of which invoice.
    pub invoice: InvoiceId,
    /// How much.
    pub amount: Money,
}

/// `credit.changed`: what is owed *to* the tenant, in all, as of `time`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditChanged {
    /// How much.
    pub amount: Money,
}

/// `invoice.paid`, `invoice.voided` and `invoice.written_off`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceNamed {
    /// Which invoice.
    pub invoice: InvoiceId,
}

/// What a receipt says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// The next hop took it for delivery.
    Accepted,
    /// It reached the mailbox.
    Delivered,
    /// It came back, now or later.
    Bounced,
    /// It was put off; another attempt follows.
    Deferred,
    /// It was shown to a person.
    Seen,
    /// The attempt came to nothing, and nothing says that it left.
    Failed,
    /// A person was told on the phone.
    Spoken,
    /// A letter was posted.
    Posted,
    /// An `owner` recorded that three ways were tried.
    Declared,
    /// A digest that was delivered told the operator of the cutoff.
    Listed,
}

impl ReceiptKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Delivered,
        Self::Bounced,
        Self::Deferred,
        Self::Seen,
        Self::Failed,
        Self::Spoken,
        Self::Posted,
        Self::Declared,
        Self::Listed,
    ];

    /// The word used in events and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Deferred => "deferred",
            Self::Seen => "seen",
            Self::Failed => "failed",
            Self::Spoken => "spoken",
            Self::Posted => "posted",
            Self::Declared => "declared",
            Self::Listed => "listed",
        }
    }

    /// Whether it can prove delivery by that way (unless a bounce takes it back).
    #[must_use]
    pub const fn proves(self, channel: Channel) -> bool {
        match channel {
            Channel::Email => matches!(self, Self::Accepted | Self::Delivered | Self::Seen),
            Channel::Banner => matches!(self, Self::Seen),
            Channel::Phone => matches!(self, Self::Spoken),
            Channel::Letter => matches!(self, Self::Posted),
        }
    }
}

/// `notice.receipt`: proof about a notice, or about a message and so of all notices in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeReceipt {
    /// About one notice.
    pub notice: Option<NoticeId>,
    /// About a message.
    pub message: Option<MessageId>,
    /// Which attempt at the message, from 1.
    pub attempt: Option<u32>,
    /// By which way.
    pub channel: Channel,
    /// The signed-in person, pseudonymous (banner).
    pub person: Option<String>,
    /// The mailbox (email).
    pub mailbox: Option<String>,
    /// The role in which the person or mailbox was reached.
    pub role: Option<Role>,
    /// What happened.
    pub kind: ReceiptKind,
    /// When it happened; absent: the event's `time`.
    pub at: Option<Instant>,
    /// What the other side said.
    pub detail: Option<String>,
    /// The ways that were tried (`declared`).
    pub tried: Option<Vec<String>>,
}

/// `policy.accepted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAccepted {
    /// Which policy.
    pub policy: PolicyName,
    /// Which version of it.
    pub version: PolicyHash,
    /// By whom.
    pub by: String,
}

/// `tenant.forgotten`: personal data is erased, the pseudonymous ledger stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantForgotten {
    /// Who saw to it.
    pub by: Option<String>,
    /// Why. It stays: it is no place for what is to be forgotten.
    pub reason: Option<String>,
}

/// What a warning names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The stage that will be entered; `full`: none will.
    pub stage: Stage,
    /// How many requests will still pass. `None`: all.
    #[serde(default)]
    pub slow: Option<Rate>,
    /// For which part of the app.
    pub scope: Scope,
    /// Not before this instant.
    pub at: Instant,
}

impl Named {
    /// What it names.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }
}
