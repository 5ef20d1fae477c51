//! The law with a rule taken out: the planner is told something else than is true.

use std::sync::Arc;

use ambergate::domain::account::MessageState;
use ambergate::domain::arrangement::{Acceptance, ArrangementMade};
use ambergate::domain::decision::Decision;
use ambergate::domain::fact::{InvoiceTerms, NoticeReceipt, ReceiptKind, TaskOutcome};
use ambergate::domain::id::{Derivation, NoticeId};
use ambergate::domain::plan::Situation;
use ambergate::domain::record::{Body, Fact, Record, insert};
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::DAY;
use ambergate::domain::view::view;

use crate::terms::is_settled;
use crate::world::World;

/// Rules of the law that can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Holds make another leg.
    Leg,
    /// What fell is recorded as lifted, for good.
    Lifted,
    /// What no longer applies is recorded as void, for good.
    Voided,
    /// A decision is journaled after its commit, and only then.
    JournalAfterCommit,
    /// Nothing is decided before every journal is back.
    Barrier,
    /// Ids are derived, not drawn.
    DerivedIds,
    /// A case that is held stands still.
    Hold,
    /// Deferred mail proves nothing.
    Proof,
    /// A bounce takes a proof back.
    Bounce,
    /// A notice that was proved lapses: it was proved when it was, not days later.
    Lapse,
    /// Nothing is entered on feeds that are not worked off.
    Feeds,
    /// A billing system is asked before a cutoff.
    Ask,
    /// Nothing harder is said or entered while a source is silent.
    Heard,
    /// Nothing is entered while the switch is open.
    Switch,
    /// What is taken over with a history is silent until it is released.
    Opening,
    /// While notices are held nothing leaves, and nothing gets harder.
    NoticesHeld,
    /// Where nothing is enforced nobody is warned of anything.
    Observed,
    /// Nothing harder is said or entered that the breaker has no room for.
    Slot,
    /// Nothing is entered that no delivered digest listed, where one is required.
    Digest,
    /// Nothing is entered while the store is recovering.
    Recovering,
    /// Nothing is entered by a clock that is off.
    Clock,
    /// A pause closes what the tenant's own people accepted.
    Accepted,
    /// What an invoice is about now is what its climb closes.
    Scope,
    /// What the policy says, in another wording (see `told_law`).
    Policy,
    /// A call that reached nobody proves nothing.
    Reached,
    /// A letter has its five working days to go.
    LetterTakes,
    /// A call proves what its script named, and nothing else.
    Script,
    /// Only a last resort is proved by an owner's word.
    LastResort,
    /// What an operator asked for ends with its arrangement.
    Ended,
    /// What is milder counts for more than what an operator asked for.
    Milder,
}

impl World {
    /// The records, where a rule that reads them is taken out.
    pub(crate) fn told_records(&self) -> Option<Vec<Record>> {
        let without = self.without?;
        let told = |record: &Record| match (without, &record.body) {
            (Rule::Hold, Body::Fact { fact: Fact::ArrangementMade(_), .. }) => None,
            (Rule::Ended, Body::Fact { fact: Fact::ArrangementEnded(_), .. }) => None,
            (Rule::Milder, Body::Fact { fact: Fact::ArrangementMade(made), .. })
                if made.stage == Some(Stage::Full) =>
            {
                None
            }
            (Rule::Bounce, Body::Fact { fact: Fact::NoticeReceipt(said), .. })
                if said.kind == ReceiptKind::Bounced =>
            {
                None
            }
            (Rule::Proof, Body::Fact { source, id, dated, fact: Fact::NoticeReceipt(said) })
                if said.kind == ReceiptKind::Deferred =>
            {
                let said = NoticeReceipt { kind: ReceiptKind::Accepted, ..(**said).clone() };
                let fact = Fact::NoticeReceipt(Box::new(said));
                let (source, id) = (source.clone(), id.clone());
                let body = Body::Fact { source, id, dated: *dated, fact };
                Some(Record { body, ..record.clone() })
            }
            (
                Rule::Accepted,
                Body::Fact { source, id, dated, fact: Fact::ArrangementMade(made) },
            ) if made.accepted_by.is_none() => {
                let accepted = Acceptance { name: "Nobody".to_owned(), role: Role::Admin };
                let made = ArrangementMade { accepted_by: Some(accepted), ..(**made).clone() };
                let fact = Fact::ArrangementMade(Box::new(made));
                let (source, id) = (source.clone(), id.clone());
                let body = Body::Fact { source, id, dated: *dated, fact };
                Some(Record { body, ..record.clone() })
            }
            (Rule::Scope, Body::Fact { fact: Fact::InvoiceUpdated(said), .. })
                if said.scope.is_some() =>
            {
                None
            }
            (Rule::Opening, Body::Fact { source, id, dated, fact: Fact::InvoiceIssued(said) })
                if said.opening == Some(true) =>
            {
                let said = InvoiceTerms { opening: None, ..(**said).clone() };
                let fact = Fact::InvoiceIssued(Box::new(said));
                let (source, id) = (source.clone(), id.clone());
                let body = Body::Fact { source, id, dated: *dated, fact };
                Some(Record { body, ..record.clone() })
            }
            (Rule::Lapse, Body::Fact { fact: Fact::NoticeReceipt(_), .. }) => {
                Some(Record { learnt: record.learnt.plus_millis(3 * DAY), ..record.clone() })
            }
            _ => Some(self.told_by_hand(without, record)),
        };
        Some(self.records.iter().filter_map(told).collect())
    }

    /// The same of what people do by hand.
    fn told_by_hand(&self, without: Rule, record: &Record) -> Record {
        let mut told = record.clone();
        match (without, &mut told.body) {
            (Rule::Reached, Body::Fact { fact: Fact::TaskDone(done), .. })
                if done.outcome == TaskOutcome::NoAnswer =>
            {
                done.outcome = TaskOutcome::Reached;
            }
            (Rule::LetterTakes, Body::Fact { fact: Fact::TaskDone(done), .. })
                if done.outcome == TaskOutcome::Posted =>
            {
                told.time = told.time.plus_millis(-9 * DAY);
            }
            (Rule::Script, Body::Decision(Decision::TaskMade(made))) => {
                let decisions = self.records.iter().filter_map(Record::as_decision);
                made.notices = decisions.filter_map(any_warning).collect();
            }
            (Rule::LastResort, Body::Decision(Decision::NoticeMade(made))) => {
                Arc::make_mut(made).last_resort = true;
            }
            _ => {}
        }
        told
    }

    /// What is true around the account, where a rule that asks for it is taken out.
    pub(crate) fn told_situation(&self) -> Situation {
        let mut told = Situation { now: self.now, ..self.situation };
        match self.without {
            Some(Rule::Feeds) => told.feeds = true,
            Some(Rule::Ask) => told.asking.of = None,
            Some(Rule::Heard) => told.heard = true,
            Some(Rule::Slot) => told.slots = true,
            Some(Rule::Switch) => told.switch_open = false,
            Some(Rule::NoticesHeld) => told.notices_held = false,
            Some(Rule::Observed) if told.observed => {
                (told.observed, told.switch_open) = (false, false);
            }
            Some(Rule::Digest) => told.digest_required = false,
            Some(Rule::Recovering) => told.ready = true,
            Some(Rule::Clock) => told.clock_agrees = true,
            _ => {}
        }
        told
    }

    /// Whether the rule that records this is taken out.
    pub(crate) fn leaves_out(&self, decision: &Decision) -> bool {
        match self.without {
            Some(Rule::Lifted) => match decision {
                Decision::StageLifted(_) => true,
                Decision::NoticeMade(made) => made.kind == "thanks",
                _ => false,
            },
            Some(Rule::Voided) => matches!(decision, Decision::NoticeVoided(_)),
            _ => false,
        }
    }

    /// The id of a notice, where ids are drawn and not derived.
    pub(crate) fn drawn(&self, decision: Decision) -> Decision {
        match decision {
            Decision::NoticeMade(mut made) if self.without == Some(Rule::DerivedIds) => {
                let drawn = Derivation::of("drawn").number(self.draw).id(made.notice).finish();
                Arc::make_mut(&mut made).notice = drawn;
                Decision::NoticeMade(made)
            }
            Decision::MessageMade(mut made) if self.without == Some(Rule::DerivedIds) => {
                let drawn = Derivation::of("drawn").number(self.draw).id(made.message).finish();
                Arc::make_mut(&mut made).message = drawn;
                Decision::MessageMade(made)
            }
            other => other,
        }
    }

    /// Whether all the journals together know that what a message is about is paid.
    pub(crate) fn is_settled_in_truth(&self, message: &MessageState) -> bool {
        if self.without != Some(Rule::Barrier) {
            return false;
        }
        let mut all = Vec::new();
        self.journal.iter().for_each(|record| {
            insert(&mut all, record.clone());
        });
        let truth = view(&self.tenant, &all, &self.law);
        let account = self.account();
        let mut notices = message.made.notices.iter().filter_map(|id| account.notice(*id));
        notices.any(|notice| {
            let case = truth.case(notice.made.case);
            case.is_none_or(|case| is_settled(truth.invoice_of(case)))
        })
    }
}

fn any_warning(decision: &Decision) -> Option<NoticeId> {
    match decision {
        Decision::NoticeMade(made) if made.names.is_some() => Some(made.notice),
        _ => None,
    }
}
