//! Types of events: which record each names, and how its data is read and written.
//!
//! Rule: one table a direction; the compiler sees to it that none is missing when writing, the
//! round-trip test when reading.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::FieldFault;
use crate::domain::decision::Decision;
use crate::domain::plain::plain;
use crate::domain::record::{Body, Fact};

/// How every type of ours begins.
pub const PREFIX: &str = "ambergate.";

/// The type of a record, without [`PREFIX`].
#[must_use]
pub const fn kind_of(body: &Body) -> &'static str {
    match body {
        Body::Fact { fact, .. } => kind_of_fact(fact),
        Body::Counted(counted) => kind_of_fact(&counted.fact),
        Body::Decision(decision) => match decision {
            Decision::CaseOpened(_) => "case.opened",
            Decision::NoticeMade(_) => "notice.made",
            Decision::NoticeVoided(_) => "notice.voided",
            Decision::MessageMade(_) => "message.made",
            Decision::MessageTried(_) => "message.tried",
            Decision::TaskMade(_) => "task.made",
            Decision::RungEntered(_) => "rung.entered",
            Decision::StageLifted(_) => "stage.lifted",
            Decision::ScopeGated(_) => "scope.gated",
            Decision::FeeAnnounced(_) => "fee.announced",
            Decision::PauseEntered(_) => "pause.entered",
            Decision::CaseMigrated(_) => "case.migrated",
            Decision::WouldHave(_) => "would.have",
            Decision::CaseRenewed(_) => "case.renewed",
            Decision::StandingShared(_) => "standing.shared",
            Decision::ChildLinked(_) => "child.linked",
        },
    }
}

const fn kind_of_fact(fact: &Fact) -> &'static str {
    match fact {
        Fact::TenantUpdated(_) => "tenant.updated",
        Fact::InvoiceIssued(_) => "invoice.issued",
        Fact::InvoiceUpdated(_) => "invoice.updated",
        Fact::PaymentReceived(_) => "payment.received",
        Fact::PaymentPending(_) => "payment.pending",
        Fact::PaymentFailed(_) => "payment.failed",
        Fact::PaymentReversed(_) => "payment.reversed",
        Fact::RefundMade(_) => "refund.made",
        Fact::CreditChanged(_) => "credit.changed",
        Fact::InvoicePaid(_) => "invoice.paid",
        Fact::InvoiceVoided(_) => "invoice.voided",
        Fact::InvoiceWrittenOff(_) => "invoice.written_off",
        Fact::ArrangementMade(_) => "arrangement.made",
        Fact::ArrangementEnded(_) => "arrangement.ended",
        Fact::NoticeReceipt(_) => "notice.receipt",
        Fact::TaskDone(_) => "task.done",
        Fact::PolicyAccepted(_) => "policy.accepted",
        Fact::TermUpdated(_) => "term.updated",
        Fact::HookAnswered(_) => "hook.answered",
        Fact::TenantForgotten(_) => "tenant.forgotten",
        Fact::TenantMerged(_) => "tenant.merged",
    }
}

/// The fact that `data` tells.
pub(super) fn read_fact(kind: &str, data: &Value) -> Result<Fact, FieldFault> {
    Ok(match kind {
        "tenant.updated" => Fact::TenantUpdated(read(data)?),
        "invoice.issued" => Fact::InvoiceIssued(read(data)?),
        "invoice.updated" => Fact::InvoiceUpdated(read(data)?),
        "payment.received" => Fact::PaymentReceived(read(data)?),
        "payment.pending" => Fact::PaymentPending(read(data)?),
        "payment.failed" => Fact::PaymentFailed(read(data)?),
        "payment.reversed" => Fact::PaymentReversed(read(data)?),
        "refund.made" => Fact::RefundMade(read(data)?),
        "credit.changed" => Fact::CreditChanged(read(data)?),
        "invoice.paid" => Fact::InvoicePaid(read(data)?),
        "invoice.voided" => Fact::InvoiceVoided(read(data)?),
        "invoice.written_off" => Fact::InvoiceWrittenOff(read(data)?),
        "arrangement.made" => Fact::ArrangementMade(read(data)?),
        "arrangement.ended" => Fact::ArrangementEnded(read(data)?),
        "notice.receipt" => Fact::NoticeReceipt(read(data)?),
        "task.done" => Fact::TaskDone(read(data)?),
        "policy.accepted" => Fact::PolicyAccepted(read(data)?),
        "term.updated" => Fact::TermUpdated(read(data)?),
        "hook.answered" => Fact::HookAnswered(read(data)?),
        "tenant.forgotten" => Fact::TenantForgotten(read(data)?),
        "tenant.merged" => Fact::TenantMerged(read(data)?),
        _ if is_decision(kind) => {
            return Err(FieldFault::new("type", "a decision of ambergate's own: not taken"));
        }
        _ => return Err(FieldFault::new("type", format!("unknown: {PREFIX}{kind}"))),
    })
}

/// Whether it names a decision.
pub(super) fn is_decision(kind: &str) -> bool {
    matches!(
        kind,
        "case.opened"
            | "notice.made"
            | "notice.voided"
            | "message.made"
            | "message.tried"
            | "task.made"
            | "rung.entered"
            | "stage.lifted"
            | "scope.gated"
            | "fee.announced"
            | "pause.entered"
            | "case.migrated"
            | "would.have"
            | "case.renewed"
            | "standing.shared"
            | "child.linked"
    )
}

/// The decision that `data` tells.
pub(super) fn read_decision(kind: &str, data: &Value) -> Result<Decision, FieldFault> {
    Ok(match kind {
        "case.opened" => Decision::CaseOpened(read(data)?),
        "notice.made" => Decision::NoticeMade(read(data)?),
        "notice.voided" => Decision::NoticeVoided(read(data)?),
        "message.made" => Decision::MessageMade(read(data)?),
        "message.tried" => Decision::MessageTried(read(data)?),
        "task.made" => Decision::TaskMade(read(data)?),
        "rung.entered" => Decision::RungEntered(read(data)?),
        "stage.lifted" => Decision::StageLifted(read(data)?),
        "scope.gated" => Decision::ScopeGated(read(data)?),
        "fee.announced" => Decision::FeeAnnounced(read(data)?),
        "pause.entered" => Decision::PauseEntered(read(data)?),
        "case.migrated" => Decision::CaseMigrated(read(data)?),
        "would.have" => Decision::WouldHave(read(data)?),
        "case.renewed" => Decision::CaseRenewed(read(data)?),
        "standing.shared" => Decision::StandingShared(read(data)?),
        "child.linked" => Decision::ChildLinked(read(data)?),
        _ => return Err(FieldFault::new("type", format!("unknown: {PREFIX}{kind}"))),
    })
}

/// What a fact says, as `data`.
pub(super) fn fact_data(fact: &Fact) -> Value {
    match fact {
        Fact::TenantUpdated(it) => write(it),
        Fact::InvoiceIssued(it) | Fact::InvoiceUpdated(it) => write(it),
        Fact::PaymentReceived(it) => write(it),
        Fact::PaymentPending(it) => write(it),
        Fact::PaymentFailed(it) => write(it),
        Fact::PaymentReversed(it) => write(it),
        Fact::RefundMade(it) => write(it),
        Fact::CreditChanged(it) => write(it),
        Fact::InvoicePaid(it) | Fact::InvoiceVoided(it) | Fact::InvoiceWrittenOff(it) => write(it),
        Fact::ArrangementMade(it) => write(it),
        Fact::ArrangementEnded(it) => write(it),
        Fact::NoticeReceipt(it) => write(it),
        Fact::TaskDone(it) => write(it),
        Fact::PolicyAccepted(it) => write(it),
        Fact::TermUpdated(it) => write(it),
        Fact::HookAnswered(it) => write(it),
        Fact::TenantForgotten(it) => write(it),
        Fact::TenantMerged(it) => write(it),
    }
}

/// What a decision says, as `data`.
pub(super) fn decision_data(decision: &Decision) -> Value {
    match decision {
        Decision::CaseOpened(it) => write(it),
        Decision::NoticeMade(it) => write(it),
        Decision::NoticeVoided(it) => write(it),
        Decision::MessageMade(it) => write(it),
        Decision::MessageTried(it) => write(it),
        Decision::TaskMade(it) => write(it),
        Decision::RungEntered(it) => write(it),
        Decision::StageLifted(it) => write(it),
        Decision::ScopeGated(it) => write(it),
        Decision::FeeAnnounced(it) => write(it),
        Decision::PauseEntered(it) => write(it),
        Decision::CaseMigrated(it) => write(it),
        Decision::WouldHave(it) => write(it),
        Decision::CaseRenewed(it) => write(it),
        Decision::StandingShared(it) => write(it),
        Decision::ChildLinked(it) => write(it),
    }
}

fn write<T: serde::Serialize>(data: &T) -> Value {
    // Plain structs of texts and numbers: nothing in them can fail.
    serde_json::to_value(data).unwrap_or_default()
}

fn read<T: DeserializeOwned>(data: &Value) -> Result<T, FieldFault> {
    serde_path_to_error::deserialize(data).map_err(|error| {
        let path = error.path().to_string();
        let mut field = if path == "." { "data".to_owned() } else { format!("data.{path}") };
        let detail = error.into_inner().to_string();
        if let Some(missing) = detail.strip_prefix("missing field `") {
            field = format!("{field}.{}", missing.trim_end_matches('`'));
            return FieldFault::new(field, "missing");
        }
        FieldFault::new(field, plain(&detail))
    })
}
