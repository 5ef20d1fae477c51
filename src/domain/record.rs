//! Records: facts from outside and decisions of ambergate's own, and their order.
//!
//! Rules (SPEC 5.1, 5.2):
//! 1. A record is judged by itself alone when it is accepted; the account is a function of the set.
//! 2. The same (source, id) is one record. Of two copies the later `learnt` counts; if the
//!    contents differ the smallest hash counts, of receipts and of forgetting the later, of notices
//!    the one that names the later time. Hashes are of what forgetting leaves: what counts is the
//!    same whether a copy was erased before the other one came, or not.
//! 3. The order is (time, rank, harsher first, source, id); the last one wins a field.
//! 4. The id of a decision is derived from what it decides, never given.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde::{Deserialize, Serialize};

use super::decision::Decision;
use super::fact::{
    ArrangementEnded, ArrangementMade, CreditChanged, HookAnswered, InvoiceNamed, InvoiceTerms,
    NoticeReceipt, PaymentFailed, PaymentPending, PaymentReceived, PaymentReversed, PolicyAccepted,
    RefundMade, TaskDone, TenantForgotten, TenantMerged, TenantUpdated, TermUpdated,
};
use super::forget;
use super::id::{Derivation, Derived, InvoiceId, RecordId, Source};
use super::merged::Counted;
use super::term::TermState;
use super::time::Instant;

/// One event of a tenant's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it happened.
    pub time: Instant,
    /// The store's time of its first commit: when it became known here. Not part of its identity.
    pub learnt: Instant,
    /// What it says.
    pub body: Body,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// From outside.
    Fact {
        /// Where it came from.
        source: Source,
        /// Its id there.
        id: RecordId,
        /// Whether `time` was given by the source (else it is when the fact arrived).
        dated: bool,
        /// What happened.
        fact: Fact,
    },
    /// Ambergate's own.
    Decision(Decision),
    /// Of a tenant that was merged into this one. It is stored with that one only.
    #[serde(skip)]
    Counted(Box<Counted>),
}

/// The facts of SPEC 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Fact {
    TenantUpdated(Box<TenantUpdated>),
    InvoiceIssued(Box<InvoiceTerms>),
    InvoiceUpdated(Box<InvoiceTerms>),
    PaymentReceived(PaymentReceived),
    PaymentPending(PaymentPending),
    PaymentFailed(PaymentFailed),
    PaymentReversed(PaymentReversed),
    RefundMade(RefundMade),
    CreditChanged(CreditChanged),
    InvoicePaid(InvoiceNamed),
    InvoiceVoided(InvoiceNamed),
    InvoiceWrittenOff(InvoiceNamed),
    ArrangementMade(Box<ArrangementMade>),
    ArrangementEnded(ArrangementEnded),
    NoticeReceipt(Box<NoticeReceipt>),
    TaskDone(TaskDone),
    PolicyAccepted(PolicyAccepted),
    TermUpdated(TermUpdated),
    HookAnswered(HookAnswered),
    TenantForgotten(TenantForgotten),
    TenantMerged(TenantMerged),
}

impl Fact {
    /// Whether it may create a tenant.
    #[must_use]
    pub const fn creates_tenant(&self) -> bool {
        matches!(self, Self::TenantUpdated(_) | Self::InvoiceIssued(_))
    }

    /// Whether it says that money came, or is coming.
    #[must_use]
    pub const fn is_money(&self) -> bool {
        matches!(
            self,
            Self::PaymentReceived(_)
                | Self::PaymentPending(_)
                | Self::InvoicePaid(_)
                | Self::CreditChanged(_)
        )
    }

    /// The one invoice it is about, where it is about exactly one.
    #[must_use]
    pub const fn invoice(&self) -> Option<&InvoiceId> {
        match self {
            Self::InvoiceIssued(terms) | Self::InvoiceUpdated(terms) => Some(&terms.invoice),
            Self::PaymentPending(pending) => Some(&pending.invoice),
            Self::PaymentFailed(failed) => Some(&failed.invoice),
            Self::PaymentReversed(reversed) => Some(&reversed.invoice),
            Self::RefundMade(refund) => Some(&refund.invoice),
            Self::InvoicePaid(named)
            | Self::InvoiceVoided(named)
            | Self::InvoiceWrittenOff(named) => Some(&named.invoice),
            _ => None,
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::TenantUpdated(_) => 0,
            Self::InvoiceIssued(_) => 1,
            Self::InvoiceUpdated(_) => 2,
            Self::PaymentFailed(_) => 3,
            Self::PaymentReversed(_) => 4,
            Self::ArrangementMade(_) => 5,
            Self::ArrangementEnded(_) => 6,
            Self::PaymentPending(_) => 7,
            Self::PaymentReceived(_) => 8,
            Self::InvoicePaid(_) | Self::RefundMade(_) => 9,
            Self::InvoiceVoided(_) | Self::InvoiceWrittenOff(_) => 10,
            Self::NoticeReceipt(_) => 11,
            Self::TaskDone(_) => 12,
            Self::CreditChanged(_)
            | Self::PolicyAccepted(_)
            | Self::TermUpdated(_)
            | Self::HookAnswered(_)
            | Self::TenantForgotten(_)
            | Self::TenantMerged(_) => 13,
        }
    }

    /// Among records of one time and rank the greater is the harsher, and comes first.
    fn harshness(&self) -> (i64, i64, i64) {
        match self {
            Self::InvoiceIssued(terms) | Self::InvoiceUpdated(terms) => (
                terms.amount.map_or(0, |amount| amount.minor),
                terms.due_on.map_or(i64::MIN, |due| -i64::from(due.number())),
                terms.amount_paid.map_or(0, |paid| -paid.minor),
            ),
            Self::PaymentReversed(reversed) => (reversed.amount.minor, 0, 0),
            Self::PaymentReceived(payment) => (-payment.amount.minor, 0, 0),
            Self::CreditChanged(credit) => (-credit.amount.minor, 0, 0),
            Self::InvoiceWrittenOff(_) => (1, 0, 0),
            // Of two states the milder, and of two dates the later, is the last word.
            Self::TermUpdated(term) => (
                i64::from(term.state == Some(TermState::Ended)),
                term.ends_on.map_or(0, |ends| -i64::from(ends.number())),
                0,
            ),
            _ => (0, 0, 0),
        }
    }
}

impl Record {
    /// A fact.
    #[must_use]
    pub fn fact(
        (source, id): (Source, RecordId),
        time: Instant,
        learnt: Instant,
        fact: Fact,
    ) -> Self {
        Self { time, learnt, body: Body::Fact { source, id, dated: true, fact } }
    }

    /// A decision taken at `at`.
    #[must_use]
    pub const fn decision(at: Instant, decision: Decision) -> Self {
        Self { time: at, learnt: at, body: Body::Decision(decision) }
    }

    /// The fact, if it is one.
    #[must_use]
    pub const fn as_fact(&self) -> Option<&Fact> {
        match &self.body {
            Body::Fact { fact, .. } => Some(fact),
            Body::Decision(_) | Body::Counted(_) => None,
        }
    }

    /// The decision, if it is one.
    #[must_use]
    pub const fn as_decision(&self) -> Option<&Decision> {
        match &self.body {
            Body::Decision(decision) => Some(decision),
            Body::Fact { .. } | Body::Counted(_) => None,
        }
    }

    /// The source, as events name it.
    #[must_use]
    pub fn source(&self) -> &str {
        match &self.body {
            Body::Fact { source, .. } => source.as_str(),
            Body::Counted(counted) => counted.source.as_str(),
            Body::Decision(_) => Source::OWN,
        }
    }

    /// The id, as events name it.
    #[must_use]
    pub fn id(&self) -> String {
        self.id_text().into_owned()
    }

    /// The same, written only where it is not there.
    pub(super) fn id_text(&self) -> Cow<'_, str> {
        match &self.body {
            Body::Fact { id, .. } => Cow::Borrowed(id.as_str()),
            Body::Counted(counted) => Cow::Borrowed(counted.id.as_str()),
            Body::Decision(decision) => Cow::Owned(decision.record_id()),
        }
    }

    /// Whether the two are copies of one record: the same (source, id).
    #[must_use]
    pub fn same_identity(&self, other: &Self) -> bool {
        match (&self.body, &other.body) {
            (
                Body::Fact { source, id, .. },
                Body::Fact { source: other_source, id: other_id, .. },
            ) => source == other_source && id == other_id,
            (Body::Decision(one), Body::Decision(two)) => one.identity() == two.identity(),
            (Body::Fact { source, id, .. }, Body::Decision(decision))
            | (Body::Decision(decision), Body::Fact { source, id, .. }) => {
                source.as_str() == Source::OWN && decision.has_record_id(id.as_str())
            }
            (Body::Counted(_), _) | (_, Body::Counted(_)) => false,
        }
    }

    /// Whether the two say the same: all but `learnt`, and `time` where neither was given one.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        let undated = |record: &Self| matches!(record.body, Body::Fact { dated: false, .. });
        self.body == other.body && (self.time == other.time || (undated(self) && undated(other)))
    }

    /// Of two copies of one record, what counts. Commutative and associative.
    #[must_use]
    pub fn reconcile(self, other: Self) -> Self {
        let learnt = self.learnt.max(other.learnt);
        let taken_over = self.is_taken_over() || other.is_taken_over();
        let time = self.time.min(other.time);
        let mut chosen = match self.precedence().cmp(&other.precedence()) {
            Ordering::Less => self,
            Ordering::Greater => other,
            Ordering::Equal if other.content_hash() < self.content_hash() => Self { time, ..other },
            Ordering::Equal => Self { time, ..self },
        };
        chosen.learnt = learnt;
        // What somebody took over with a history stays so, however often it is told again.
        if taken_over && let Some(terms) = chosen.issued_mut() {
            terms.opening = Some(true);
        }
        chosen
    }

    /// The smallest of these among copies counts.
    fn precedence(&self) -> (Reverse<Instant>, Derived) {
        let later = match &self.body {
            Body::Fact { fact: Fact::NoticeReceipt(_) | Fact::TenantForgotten(_), .. } => self.time,
            Body::Decision(Decision::NoticeMade(made)) => {
                made.names.as_ref().map_or(Instant::MIN, |named| named.at)
            }
            _ => Instant::MIN,
        };
        let erased = Self { body: forget::erased(&self.body), ..*self };
        (Reverse(later), erased.content_hash())
    }

    fn content_hash(&self) -> Derived {
        let dated = !matches!(self.body, Body::Fact { dated: false, .. });
        let body = if self.is_taken_over() {
            let mut plain = self.clone();
            plain.issued_mut().into_iter().for_each(|terms| terms.opening = None);
            serde_json::to_vec(&plain.body).unwrap_or_default()
        } else {
            serde_json::to_vec(&self.body).unwrap_or_default()
        };
        let time = if dated { self.time.millis() } else { 0 };
        Derivation::of("content").number(time).raw(&body).finish()
    }

    fn issued_mut(&mut self) -> Option<&mut InvoiceTerms> {
        match &mut self.body {
            Body::Fact { fact: Fact::InvoiceIssued(terms), .. } => Some(terms),
            _ => None,
        }
    }

    fn is_taken_over(&self) -> bool {
        matches!(self.as_fact(), Some(Fact::InvoiceIssued(terms)) if terms.opening == Some(true))
    }

    const fn rank(&self) -> u8 {
        match &self.body {
            Body::Fact { fact, .. } => fact.rank(),
            Body::Counted(counted) => counted.fact.rank(),
            Body::Decision(decision) => decision.rank(),
        }
    }

    /// The order of SPEC 5.2.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let harsher_first = || match (self.said(), other.said()) {
            (Some(one), Some(two)) => two.harshness().cmp(&one.harshness()),
            _ => Ordering::Equal,
        };
        self.time
            .cmp(&other.time)
            .then_with(|| self.happened().cmp(&other.happened()))
            .then_with(|| self.rank().cmp(&other.rank()))
            .then_with(harsher_first)
            .then_with(|| self.source().cmp(other.source()))
            .then_with(|| self.id_order(other))
    }

    /// The order of the ids as they are written, mostly without writing them.
    fn id_order(&self, other: &Self) -> Ordering {
        let (Some(one), Some(two)) = (self.as_decision(), other.as_decision()) else {
            return self.id().cmp(&other.id());
        };
        let ((kind, about, n), (other_kind, other_about, other_n)) =
            (one.identity(), two.identity());
        // No kind is the beginning of another, and hexadecimal digits sort as their bytes do.
        let order = kind.cmp(other_kind).then_with(|| about.cmp(&other_about));
        order.then_with(|| n.to_string().cmp(&other_n.to_string()))
    }
}

/// Adds `record` to a sorted set. `true` if the set says something else afterwards.
pub fn insert(records: &mut Vec<Record>, record: Record) -> bool {
    if let Some(place) = records.iter().position(|known| known.same_identity(&record)) {
        let known = records.remove(place);
        let before = known.clone();
        let chosen = known.reconcile(record);
        let changed = chosen != before;
        let place = records.partition_point(|other| other.order(&chosen).is_lt());
        records.insert(place, chosen);
        return changed;
    }
    let place = records.partition_point(|known| known.order(&record).is_lt());
    records.insert(place, record);
    true
}

/// Which records a set holds, to be asked before the set is searched: most that come are new.
#[derive(Clone, Debug)]
pub struct Identities(HashSet<u64>);

impl Identities {
    /// Of these records.
    #[must_use]
    pub fn of(records: &[Record]) -> Self {
        Self(records.iter().map(Self::hash).collect())
    }

    /// Whether the set may hold a copy of `record`; if not, it surely holds none.
    #[must_use]
    pub fn may_hold(&self, record: &Record) -> bool {
        self.0.contains(&Self::hash(record))
    }

    /// Adds `record` to the sorted set `records`, whose identities these are: see [`insert`].
    pub fn insert(&mut self, records: &mut Vec<Record>, record: Record) -> bool {
        if !self.0.insert(Self::hash(&record)) {
            return insert(records, record);
        }
        let place = records.partition_point(|known| known.order(&record).is_lt());
        records.insert(place, record);
        true
    }

    fn hash(record: &Record) -> u64 {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        hasher.hash_one((record.source(), record.id()))
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
