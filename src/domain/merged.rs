//! Tenants that were merged into another one (SPEC 3 `tenant.merged`).
//!
//! Rules:
//! 1. Nothing is copied: what counts of a tenant for the one that it was merged into is read off its
//!    own records, past and future ones, whenever that one is looked at.
//! 2. What counts is money, what was agreed about it, and who can be written to. It counts from the
//!    merge on, in its order: nothing that happened at the other tenant before is judged anew, and
//!    every climb of it begins at its first rung.
//! 3. The tenant itself climbs nothing for money any more: how the other one stands is shared with it
//!    as a payer's standing is (see [`super::payer`]).
//! 4. What a tenant is called and how it is selected, its terms, pauses, pins and acceptances stay its
//!    own, and so do proofs: who was told of a climb of its own was told of no other.
//! 5. A record of the tenant's own counts, and not a copy of it. Of a ring nothing counts twice, and
//!    nobody is restricted by it.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::arrangement::{ArrangementKind, ArrangementMade};
use super::decision::Decision;
use super::fact::{InvoiceTerms, TenantUpdated};
use super::id::{ArrangementId, Derivation, Derived, RecordId, Source, TenantId};
use super::order::is_order;
use super::payer::is_climb;
use super::record::{Body, Fact, Record};
use super::term::is_term;
use super::time::Instant;

/// `tenant.merged`: the tenant's records count for another one, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantMerged {
    /// For which one.
    pub into: TenantId,
}

/// A fact of a tenant that was merged into the one whose account is looked at. It is stored with
/// that tenant, and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose it is.
    pub of: TenantId,
    /// Where it came from.
    pub source: Source,
    /// Its id there.
    pub id: RecordId,
    /// What happened, as far as it counts.
    pub fact: Fact,
    /// Since when it counts: what climbed before another merge is another climb.
    pub since: Instant,
    /// When it happened.
    pub said: Instant,
}

impl Record {
    /// The fact, its own or one that counts of another tenant.
    #[must_use]
    pub const fn said(&self) -> Option<&Fact> {
        match &self.body {
            Body::Fact { fact, .. } => Some(fact),
            Body::Counted(counted) => Some(&counted.fact),
            Body::Decision(_) => None,
        }
    }

    /// The tenant whose it is, where that was merged into the one that is looked at.
    #[must_use]
    pub const fn counted_of(&self) -> Option<&TenantId> {
        match &self.body {
            Body::Counted(counted) => Some(&counted.of),
            Body::Fact { .. } | Body::Decision(_) => None,
        }
    }

    /// When it happened: what counts of another tenant counts from the merge on, in its order.
    pub(super) const fn happened(&self) -> Instant {
        match &self.body {
            Body::Counted(counted) => counted.said,
            Body::Fact { .. } | Body::Decision(_) => self.time,
        }
    }
}

/// The tenants that these records, one tenant's own in their order, say were merged into it.
#[must_use]
pub fn joined(records: &[Record]) -> BTreeSet<TenantId> {
    let mut joined = BTreeSet::new();
    for record in records {
        if let Some(Decision::ChildLinked(linked)) = record.as_decision() {
            if linked.paid && linked.merged {
                joined.insert(linked.child.clone());
            } else {
                joined.remove(&linked.child);
            }
        }
    }
    joined
}

/// What of `records`, all that counts for `of`, counts for `into`: nothing, if it was not merged into
/// that one, or later into another one.
#[must_use]
pub fn counted(of: &TenantId, records: &[Record], into: &TenantId) -> Vec<Record> {
    let Some(merge) = merge_of(of, records, into) else { return Vec::new() };
    let counts = |record: &Record| {
        let counted = match &record.body {
            Body::Fact { source, id, fact, .. } => Counted {
                of: of.clone(),
                source: source.clone(),
                id: id.clone(),
                fact: as_counted(of, fact)?,
                since: merge.time,
                said: record.time,
            },
            // Of a chain the first one is whose it is.
            Body::Counted(counted) if counted.of != *into => {
                let since = counted.since.max(merge.time);
                Counted { since, ..Counted::clone(counted) }
            }
            Body::Counted(_) | Body::Decision(_) => return None,
        };
        let (time, learnt) = (record.time.max(merge.time), record.learnt.max(merge.learnt));
        Some(Record { time, learnt, body: Body::Counted(Box::new(counted)) })
    };
    records.iter().filter_map(counts).collect()
}

/// The record by which `of` was merged into `into` and into no other one since; told again, it is the
/// first one that counts.
fn merge_of<'r>(of: &TenantId, records: &'r [Record], into: &TenantId) -> Option<&'r Record> {
    let merges = records.iter().rev().filter_map(|record| match record.as_fact() {
        Some(Fact::TenantMerged(merged)) if merged.into != *of => Some((record, &merged.into)),
        _ => None,
    });
    merges.take_while(|(_, named)| *named == into).last().map(|(record, _)| record)
}

/// One tenant's own records, in their order, and what counts of others, in theirs.
#[must_use]
pub fn together(own: &[Record], counted: &[Record]) -> Vec<Record> {
    let known: HashSet<(&str, String)> =
        own.iter().filter(|it| it.as_fact().is_some()).map(|it| (it.source(), it.id())).collect();
    let mut taken: HashSet<(&str, String)> = HashSet::new();
    let mut others: Vec<&Record> = counted
        .iter()
        .filter(|it| !known.contains(&(it.source(), it.id())))
        .filter(|it| taken.insert((it.source(), it.id())))
        .collect();
    others.sort_by(|one, other| one.order(other));
    let mut all = Vec::with_capacity(own.len() + others.len());
    let mut others = others.into_iter().peekable();
    for record in own {
        while let Some(other) = others.next_if(|other| other.order(record).is_lt()) {
            all.push(other.clone());
        }
        all.push(record.clone());
    }
    all.extend(others.cloned());
    all
}

/// A fact as far as it counts for another tenant. `None`: it is the tenant's own.
fn as_counted(of: &TenantId, fact: &Fact) -> Option<Fact> {
    Some(match fact {
        Fact::TenantUpdated(update) => {
            let contacts = Some(update.contacts.clone()?);
            Fact::TenantUpdated(Box::new(TenantUpdated { contacts, ..TenantUpdated::default() }))
        }
        Fact::InvoiceIssued(terms) => Fact::InvoiceIssued(ungated(terms)),
        Fact::InvoiceUpdated(terms) => Fact::InvoiceUpdated(ungated(terms)),
        Fact::ArrangementMade(made) if is_about_money(made.kind) => {
            let (arrangement, mut made) = (name_of(of, &made.arrangement), (**made).clone());
            if let Some(names) = &mut made.invoices {
                names.retain(|name| !(is_term(name) || is_climb(name) || is_order(name)));
                if names.is_empty() {
                    return None;
                }
            }
            Fact::ArrangementMade(Box::new(ArrangementMade { arrangement, ..made }))
        }
        Fact::ArrangementEnded(ended) => {
            let mut ended = ended.clone();
            ended.arrangement = name_of(of, &ended.arrangement);
            Fact::ArrangementEnded(ended)
        }
        Fact::PaymentReceived(_)
        | Fact::PaymentPending(_)
        | Fact::PaymentFailed(_)
        | Fact::PaymentReversed(_)
        | Fact::RefundMade(_)
        | Fact::CreditChanged(_)
        | Fact::InvoicePaid(_)
        | Fact::InvoiceVoided(_)
        | Fact::InvoiceWrittenOff(_) => fact.clone(),
        Fact::ArrangementMade(_)
        | Fact::NoticeReceipt(_)
        | Fact::TaskDone(_)
        | Fact::PolicyAccepted(_)
        | Fact::TermUpdated(_)
        | Fact::HookAnswered(_)
        | Fact::TenantForgotten(_)
        | Fact::TenantMerged(_) => return None,
    })
}

/// What was never open to one tenant may have been open to the other: only the ladder closes it.
fn ungated(terms: &InvoiceTerms) -> Box<InvoiceTerms> {
    Box::new(InvoiceTerms { gates_scope: None, ..terms.clone() })
}

/// Pauses and pins are orders about the tenant itself.
const fn is_about_money(kind: ArrangementKind) -> bool {
    !matches!(kind, ArrangementKind::Pause | ArrangementKind::Pin)
}

/// Arrangements of several tenants may have one name. What is named after its invoice or its payment
/// keeps it.
fn name_of(of: &TenantId, arrangement: &ArrangementId) -> ArrangementId {
    let name = arrangement.as_str();
    if ["opening:", "chargeback:"].iter().any(|known| name.starts_with(known)) {
        return arrangement.clone();
    }
    format!("{of}:{name}").parse().unwrap_or_else(|_| {
        let derived: Derived = Derivation::of("counted").text(of.as_str()).text(name).finish();
        derived.into()
    })
}
