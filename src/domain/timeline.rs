//! What happened to a tenant and what will, dated (SPEC 2 "timeline").
//!
//! Rule: the past is what records say; the future is what `plan` finds if nothing changes.

use serde::Serialize;

use super::account::Account;
use super::decision::Decision;
use super::id::{InvoiceId, TenantId};
use super::payer::{StandingShared, climb_of};
use super::plan::{Situation, What, plan};
use super::policy::Law;
use super::record::{Body, Fact, Record};
use super::stage::Stage;
use super::time::Instant;

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// Whether it is still to come.
    pub future: bool,
    /// What, as a stable word: `invoice.issued`, `stage.entered`, `warning`, …
    pub what: &'static str,
    /// For which invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// In a few words.
    pub detail: String,
}

/// The dated past and future of a tenant.
#[must_use]
pub fn timeline(
    tenant: &TenantId,
    records: &[Record],
    account: &Account,
    law: &Law,
    situation: &Situation,
) -> Vec<Moment> {
    let mut moments: Vec<Moment> =
        records.iter().filter_map(|record| past(record, account)).collect();
    for coming in plan(tenant, account, law, situation).coming {
        let (what, detail) = match &coming.what {
            What::Notice(kind) => ("notice", kind.clone()),
            What::Warning(effect) => ("warning", format!("warning of {effect}")),
            What::Again(effect) => ("again", format!("second warning of {effect}")),
            What::Enter { effect, announced: true } => {
                ("stage.entered", format!("{effect} (announced)"))
            }
            What::Enter { effect, announced: false } => {
                ("stage.entered", format!("{effect} (planned)"))
            }
            What::Task(kind) => ("task", kind.word().to_owned()),
        };
        let case = account.case(coming.case);
        let invoice = case.map(|case| account.invoice_of(case).invoice.clone());
        moments.push(Moment { at: coming.at, future: true, what, invoice, detail });
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// What a record says happened; `None`: nothing that people ask for.
pub(super) fn past(record: &Record, account: &Account) -> Option<Moment> {
    let (what, invoice, detail) = match &record.body {
        Body::Fact { fact, .. } => past_fact(fact),
        Body::Decision(decision) => past_decision(decision, account)?,
        Body::Counted(counted) => {
            let (what, invoice, detail) = past_fact(&counted.fact);
            (what, invoice, format!("{detail} (of {})", counted.of).trim_start().to_owned())
        }
    };
    Some(Moment { at: record.time, future: false, what, invoice, detail })
}

fn past_fact(fact: &Fact) -> (&'static str, Option<InvoiceId>, String) {
    let invoice = fact.invoice().cloned();
    let (what, detail) = match fact {
        Fact::TenantUpdated(_) => ("tenant.updated", String::new()),
        Fact::InvoiceIssued(terms) | Fact::InvoiceUpdated(terms) => {
            let amount = terms.amount.map_or_else(String::new, |amount| amount.to_string());
            let due = terms.due_on.map_or_else(String::new, |due| format!(", due {due}"));
            let issued = matches!(fact, Fact::InvoiceIssued(_));
            let what = if issued { "invoice.issued" } else { "invoice.updated" };
            (what, format!("{amount}{due}"))
        }
        Fact::PaymentReceived(payment) => ("payment.received", payment.amount.to_string()),
        Fact::PaymentPending(payment) => ("payment.pending", payment.amount.to_string()),
        Fact::PaymentFailed(_) => ("payment.failed", String::new()),
        Fact::PaymentReversed(payment) => ("payment.reversed", payment.amount.to_string()),
        Fact::RefundMade(refund) => ("refund.made", refund.amount.to_string()),
        Fact::CreditChanged(credit) => ("credit.changed", credit.amount.to_string()),
        Fact::InvoicePaid(_) => ("invoice.paid", String::new()),
        Fact::InvoiceVoided(_) => ("invoice.voided", String::new()),
        Fact::InvoiceWrittenOff(_) => ("invoice.written_off", String::new()),
        Fact::ArrangementMade(made) => {
            let until = made.due_on.map_or_else(String::new, |due| format!(" to {due}"));
            let by = made.by.as_deref().map_or_else(String::new, |by| format!(" by {by}"));
            let kind = made.kind.word();
            let stage = made.ordered().map_or("", Stage::word);
            let stage = if stage.is_empty() { String::new() } else { format!(" to {stage}") };
            let reason = made.reason.as_deref().filter(|_| made.ordered().is_some());
            let reason = reason.map_or_else(String::new, |reason| format!(", because: {reason}"));
            ("arrangement.made", format!("{kind}{stage}{until}{by}{reason}"))
        }
        Fact::ArrangementEnded(ended) => {
            let by = ended.by.as_deref().map_or_else(String::new, |by| format!(" by {by}"));
            let reason = ended.reason.as_deref();
            let reason = reason.map_or_else(String::new, |reason| format!(", because: {reason}"));
            let how = format!("{:?}", ended.how).to_lowercase();
            ("arrangement.ended", format!("{how}{by}{reason}"))
        }
        Fact::NoticeReceipt(receipt) => {
            ("notice.receipt", format!("{} by {}", receipt.kind.word(), receipt.channel.word()))
        }
        Fact::TaskDone(done) => ("task.done", done.outcome.word().to_owned()),
        Fact::TermUpdated(term) => {
            let state = term.state.map_or_else(String::new, |it| format!(" {}", it.word()));
            let ends = term.ends_on.map_or_else(String::new, |day| format!(", ends {day}"));
            ("term.updated", format!("{}{state}{ends}", term.kind.word()))
        }
        Fact::HookAnswered(said) => {
            let status = said.status.map_or_else(String::new, |status| format!(" ({status})"));
            let (hook, kind, attempt) = (&said.hook, said.kind.word(), said.attempt);
            ("hook.answered", format!("{hook}: {kind}{status}, attempt {attempt}"))
        }
        Fact::TenantForgotten(forgotten) => {
            let by = forgotten.by.as_deref().map_or_else(String::new, |by| format!("by {by}"));
            ("tenant.forgotten", by)
        }
        Fact::TenantMerged(merged) => ("tenant.merged", format!("into {}", merged.into)),
        Fact::PolicyAccepted(accepted) => {
            ("policy.accepted", format!("{} by {}", accepted.policy, accepted.by))
        }
    };
    (what, invoice, detail)
}

/// How a payer stands, in a few words.
fn how_it_stands(shared: &StandingShared) -> String {
    let stages = shared.stages.iter().map(|it| {
        let how = if it.entered { "since" } else { "from" };
        format!("{} {how} {}", it.stage.word(), it.at)
    });
    let stages: Vec<String> = stages.collect();
    let stages = if stages.is_empty() { "nothing".to_owned() } else { stages.join(", ") };
    format!("{}: {stages}", shared.payer)
}

fn past_decision(
    decision: &Decision,
    account: &Account,
) -> Option<(&'static str, Option<InvoiceId>, String)> {
    let of = |case| account.case(case).map(|case| account.invoice_of(case).invoice.clone());
    Some(match decision {
        Decision::CaseOpened(opened) => {
            ("case.opened", Some(opened.invoice.clone()), String::new())
        }
        Decision::CaseMigrated(migrated) => {
            let by = migrated.by.as_deref().map_or_else(String::new, |by| format!(" by {by}"));
            ("case.migrated", of(migrated.case), format!("to {}{by}", migrated.policy))
        }
        Decision::NoticeMade(made) => {
            let names = made.names.as_ref().map_or_else(String::new, |named| {
                format!(", names {} at {}", named.effect(), named.at)
            });
            ("notice.made", of(made.case), format!("{}{names}", made.kind))
        }
        Decision::NoticeVoided(voided) => {
            let notice = account.notice(voided.notice)?;
            ("notice.voided", of(notice.made.case), notice.made.kind.clone())
        }
        Decision::MessageMade(_) => return None,
        Decision::MessageTried(tried) => {
            let message = account.messages.iter().find(|it| it.made.message == tried.message)?;
            let (channel, to) = (message.made.channel.word(), &message.made.recipient);
            ("message.tried", None, format!("attempt {} by {channel} to {to}", tried.attempt))
        }
        Decision::FeeAnnounced(announced) => {
            let said = format!("{} through {}", announced.amount, announced.through);
            ("fee.announced", Some(announced.invoice.clone()), said)
        }
        Decision::TaskMade(made) => ("task.made", of(made.case), made.kind.word().to_owned()),
        Decision::RungEntered(entered) => {
            ("stage.entered", of(entered.case), entered.effect().to_string())
        }
        Decision::ScopeGated(gated) => {
            let detail = format!("{} of {}", Stage::Frozen.word(), gated.scope);
            ("stage.entered", Some(gated.invoice.clone()), detail)
        }
        Decision::WouldHave(would) => {
            let said = format!("{} {} at {}", would.what.word(), would.effect(), would.at);
            ("would.have", of(would.case), said)
        }
        Decision::StandingShared(shared) => {
            let name = climb_of(&shared.payer, &shared.scope);
            ("standing.shared", Some(name), how_it_stands(shared))
        }
        Decision::ChildLinked(linked) => {
            let how = if linked.paid { "pays for" } else { "no longer pays for" };
            ("child.linked", None, format!("{how} {}", linked.child))
        }
        Decision::CaseRenewed(renewed) => ("case.renewed", of(renewed.case), String::new()),
        Decision::PauseEntered(entered) => {
            ("stage.entered", None, format!("{} as agreed", entered.stage.word()))
        }
        Decision::StageLifted(lifted) => {
            let pause = account.pauses.iter().find(|pause| pause.made.entry == lifted.entry);
            if let Some(pause) = pause {
                return Some(("stage.lifted", None, pause.made.stage.word().to_owned()));
            }
            let gated = account.gates.iter().find(|gate| gate.made.entry == lifted.entry);
            if let Some(gate) = gated {
                let detail = format!("{} of {}", Stage::Frozen.word(), gate.made.scope);
                return Some(("stage.lifted", Some(gate.made.invoice.clone()), detail));
            }
            let entered = account.entered(lifted.entry)?;
            ("stage.lifted", of(entered.case), entered.effect().to_string())
        }
    })
}
