//! What an attempt at a message comes to: a fact of ambergate's own.
//!
//! Rule: its id is derived from the attempt, so that handing it in twice is once.

use super::email::Outcome;
use super::scheduler::Attempt;
use crate::domain::fact::{Channel, NoticeReceipt};
use crate::domain::id::{Derivation, Derived, MessageId, RecordId, TenantId};

/// A receipt that is still to be handed in.
pub(super) type Pending = (TenantId, RecordId, NoticeReceipt);

/// The receipt of an attempt.
pub(super) fn receipt<T>(
    tenant: &TenantId,
    message: MessageId,
    attempt: &Attempt<T>,
    outcome: &Outcome,
) -> Pending {
    let kind = outcome.receipt();
    let id: Derived = Derivation::of("receipt")
        .id(message)
        .text(&attempt.letter.recipient)
        .number(i64::from(attempt.number))
        .text(kind.word())
        .finish();
    let id = RecordId::derived("receipt", id);
    let receipt = NoticeReceipt {
        notice: None,
        message: Some(message),
        attempt: Some(attempt.number),
        channel: Channel::Email,
        person: None,
        mailbox: Some(attempt.letter.recipient.clone()),
        role: Some(attempt.role),
        kind,
        at: None,
        detail: Some(outcome.detail()).filter(|detail| !detail.is_empty()),
        tried: None,
    };
    (tenant.clone(), id, receipt)
}
