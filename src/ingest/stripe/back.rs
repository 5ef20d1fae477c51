//! Money that goes back at Stripe: refunds, and payments that the payer's bank disputes.
//!
//! Rules:
//! 1. Neither names its invoice: it is told with the payment, whose invoice is looked up.
//! 2. A dispute that was opened takes nothing yet, nor does a bank's inquiry (`warning_…`); one that
//!    is lost takes the payment back, and one that is won, closed or prevented ends it.

use serde_json::Value;

use super::{SOURCE, Said, Told, currency, id_of, identity, invoice_id, money, name, names_of};
use super::{record, same_mode, tenant_of, text};
use crate::domain::event::FieldFault;
use crate::domain::fact::{ChargebackPhase, PaymentReversed, RefundMade, ReversalReason};
use crate::domain::id::{InvoiceId, PaymentId, RecordId};
use crate::domain::money::Money;
use crate::domain::record::{Fact, Record};
use crate::domain::time::Instant;

/// Money of a payment that went back, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    /// What the payment may be known as.
    pub payments: Vec<PaymentId>,
    why: Why,
    amount: Money,
    id: RecordId,
    time: Instant,
    learnt: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Refund,
    Chargeback(ChargebackPhase),
}

impl Back {
    /// The record, now that the payment and its invoice are known.
    ///
    /// # Errors
    ///
    /// What of it cannot be recorded.
    pub fn of(&self, payment: PaymentId, invoice: InvoiceId) -> Result<Record, FieldFault> {
        let amount = self.amount;
        let fact = match self.why {
            Why::Refund => Fact::RefundMade(RefundMade { invoice, amount }),
            Why::Chargeback(phase) => Fact::PaymentReversed(PaymentReversed {
                payment,
                invoice,
                amount,
                reason: ReversalReason::Chargeback,
                phase: Some(phase),
            }),
        };
        record(self.id.as_str(), fact, self.time, self.learnt)
    }
}

/// What was refunded by this event.
pub(super) fn refund(event: &Value, charge: &Value) -> Result<Option<Said>, FieldFault> {
    let amount = refunded_now(event, charge)?;
    let refund = RefundMade { invoice: invoice_id(id_of(charge, "invoice"))?, amount };
    Ok((amount.minor != 0).then_some(("refunded", Fact::RefundMade(refund))))
}

/// The same, where the charge does not name its invoice.
pub(super) fn refund_of_payment(
    event: &Value,
    charge: &Value,
    tenant: &str,
    arrival: Instant,
) -> Result<Told, FieldFault> {
    let amount = refunded_now(event, charge)?;
    if amount.minor == 0 {
        return Ok(Told::default());
    }
    told(event, charge, (tenant, arrival), (Why::Refund, amount))
}

/// A dispute of the payer's bank, or its inquiry: what its status says
/// (<https://docs.stripe.com/api/disputes/object#dispute_object-status>).
pub(super) fn dispute(
    event: &Value,
    dispute: &Value,
    tenant: &str,
    arrival: Instant,
) -> Result<Told, FieldFault> {
    let phase = match text(dispute, "status").unwrap_or_default() {
        "needs_response" | "under_review" | "warning_needs_response" | "warning_under_review" => {
            ChargebackPhase::Opened
        }
        "won" | "warning_closed" | "prevented" => ChargebackPhase::Won,
        "lost" => ChargebackPhase::Lost,
        _ => return Err(FieldFault::new("data.object.status", "no status of a dispute")),
    };
    let amount = money("data.object.amount", dispute.get("amount"), currency(dispute)?)?;
    told(event, dispute, (tenant, arrival), (Why::Chargeback(phase), amount))
}

fn told(
    event: &Value,
    object: &Value,
    (tenant, learnt): (&str, Instant),
    (why, amount): (Why, Money),
) -> Result<Told, FieldFault> {
    same_mode(event, object)?;
    let (id, time) = identity(event)?;
    let own = text(object, "id").filter(|id| id.starts_with("ch_"));
    let payments = [id_of(object, "payment_intent"), id_of(object, "charge"), own];
    let payments = payments.into_iter().flatten();
    let payments =
        payments.map(|id| name::<PaymentId>("data.object.id", &format!("{SOURCE}:{id}")));
    let word = match why {
        Why::Refund => "refunded",
        Why::Chargeback(_) => "chargeback",
    };
    let back = Back {
        payments: payments.collect::<Result<_, _>>()?,
        why,
        amount,
        id: name("id", &format!("{id}/{word}"))?,
        time,
        learnt,
    };
    Ok(Told {
        tenant: tenant_of(object, tenant),
        names: names_of(object),
        records: Vec::new(),
        back: Some(back),
    })
}

fn refunded_now(event: &Value, charge: &Value) -> Result<Money, FieldFault> {
    let all = charge.get("amount_refunded").and_then(Value::as_i64).unwrap_or_default();
    let before = event.pointer("/data/previous_attributes/amount_refunded");
    let before = before.and_then(Value::as_i64).unwrap_or_default();
    let now = Value::from(all.saturating_sub(before));
    money("data.object.amount_refunded", Some(&now), currency(charge)?)
}
