//! Records, read from the compact form by hand: nearly all that is read of a store is records, and
//! the general reader takes three times as long.
//!
//! Rules:
//! 1. It reads exactly what `postcard` wrote, no more and no less; what is rare is left to that.
//! 2. What cannot be read is `None`: who asked for it has the general reader say what is wrong.
//! 3. Names were looked at when they were taken, and the digest shows that they are the same.

use std::sync::Arc;

use super::bytes::Bytes;
use crate::domain::decision::{
    CaseOpened, Checked, Decision, LiftCause, MessageMade, MessageTried, NoticeMade, NoticeVoided,
    RungEntered, StageLifted, Step, VoidCause,
};
use crate::domain::effect::Rate;
use crate::domain::fact::{
    Allocation, Channel, Collection, InvoiceKind, InvoiceNamed, InvoiceTerms, Named, NoticeReceipt,
    PaymentReceived, ReceiptKind,
};
use crate::domain::id::{Known, Source, TenantId};
use crate::domain::record::{Body, Fact, Record};
use crate::domain::stage::{Role, Roles, Stage};

const LIFT_CAUSES: [LiftCause; 7] = [
    LiftCause::Settled,
    LiftCause::Unlawful,
    LiftCause::Agreed,
    LiftCause::Condition,
    LiftCause::Scope,
    LiftCause::Policy,
    LiftCause::Payer,
];

/// The tenant and the records that stand in `body`, if that is all there is.
pub(super) fn account(body: &[u8]) -> Option<(TenantId, Vec<Record>)> {
    let mut bytes = Bytes { left: body, source: None };
    let tenant = bytes.name()?;
    let records = bytes.list(Bytes::record)?;
    bytes.left.is_empty().then_some((tenant, records))
}

impl Bytes<'_> {
    /// Mostly it is the one that spoke before.
    fn source(&mut self) -> Option<Source> {
        let count = self.small::<usize>()?;
        let bytes = self.take(count)?;
        if let Some(last) = self.source.as_ref().filter(|last| last.as_str().as_bytes() == bytes) {
            return Some(last.clone());
        }
        self.source = Some(Source::known(str::from_utf8(bytes).ok()?));
        self.source.clone()
    }

    fn rate(&mut self) -> Option<Rate> {
        self.words()?.parse().ok()
    }

    fn record(&mut self) -> Option<Record> {
        let (time, learnt) = (self.instant()?, self.instant()?);
        let body = match self.number()? {
            0 => Body::Fact {
                source: self.source()?,
                id: self.name()?,
                dated: self.flag()?,
                fact: self.fact()?,
            },
            1 => Body::Decision(self.decision()?),
            _ => return None,
        };
        Some(Record { time, learnt, body })
    }

    fn fact(&mut self) -> Option<Fact> {
        Some(match self.number()? {
            0 => Fact::TenantUpdated(self.rare()?),
            1 => Fact::InvoiceIssued(self.terms()?),
            2 => Fact::InvoiceUpdated(self.terms()?),
            3 => Fact::PaymentReceived(PaymentReceived {
                payment: self.name()?,
                amount: self.money()?,
                method: self.option(Self::text)?,
                invoices: self.option(|it| it.list(Self::allocation))?,
            }),
            4 => Fact::PaymentPending(self.rare()?),
            5 => Fact::PaymentFailed(self.rare()?),
            6 => Fact::PaymentReversed(self.rare()?),
            7 => Fact::RefundMade(self.rare()?),
            8 => Fact::CreditChanged(self.rare()?),
            9 => Fact::InvoicePaid(InvoiceNamed { invoice: self.name()? }),
            10 => Fact::InvoiceVoided(InvoiceNamed { invoice: self.name()? }),
            11 => Fact::InvoiceWrittenOff(InvoiceNamed { invoice: self.name()? }),
            12 => Fact::ArrangementMade(self.rare()?),
            13 => Fact::ArrangementEnded(self.rare()?),
            14 => Fact::NoticeReceipt(self.receipt()?),
            15 => Fact::TaskDone(self.rare()?),
            16 => Fact::PolicyAccepted(self.rare()?),
            17 => Fact::TermUpdated(self.rare()?),
            18 => Fact::HookAnswered(self.rare()?),
            19 => Fact::TenantForgotten(self.rare()?),
            20 => Fact::TenantMerged(self.rare()?),
            _ => return None,
        })
    }

    fn terms(&mut self) -> Option<Box<InvoiceTerms>> {
        Some(Box::new(InvoiceTerms {
            invoice: self.name()?,
            number: self.option(Self::text)?,
            kind: self.option(|it| it.one_of(&[InvoiceKind::Invoice, InvoiceKind::Fee]))?,
            amount: self.option(Self::money)?,
            amount_paid: self.option(Self::money)?,
            issued_on: self.option(Self::day)?,
            due_on: self.option(Self::day)?,
            scope: self.option(Self::name)?,
            pay_url: self.option(Self::text)?,
            document_url: self.option(Self::text)?,
            purchase_order: self.option(Self::text)?,
            collection: self.option(|it| {
                it.one_of(&[Collection::SendInvoice, Collection::ChargeAutomatically])
            })?,
            gates_scope: self.option(Self::flag)?,
            opening: self.option(Self::flag)?,
            replaces: self.option(Self::name)?,
        }))
    }

    fn allocation(&mut self) -> Option<Allocation> {
        Some(Allocation { invoice: self.name()?, amount: self.money()? })
    }

    fn receipt(&mut self) -> Option<Box<NoticeReceipt>> {
        Some(Box::new(NoticeReceipt {
            notice: self.option(Self::id)?,
            message: self.option(Self::id)?,
            attempt: self.option(Self::small)?,
            channel: self.one_of(&Channel::ALL)?,
            person: self.option(Self::text)?,
            mailbox: self.option(Self::text)?,
            role: self.option(|it| it.one_of(&Role::ALL))?,
            kind: self.one_of(&ReceiptKind::ALL)?,
            at: self.option(Self::instant)?,
            detail: self.option(Self::text)?,
            tried: self.option(|it| it.list(Self::text))?,
        }))
    }

    fn decision(&mut self) -> Option<Decision> {
        Some(match self.number()? {
            0 => Decision::CaseOpened(CaseOpened {
                case: self.id()?,
                invoice: self.name()?,
                policy: self.id()?,
            }),
            1 => Decision::NoticeMade(self.notice()?),
            2 => Decision::NoticeVoided(NoticeVoided {
                notice: self.id()?,
                cause: self.one_of(&[VoidCause::Case, VoidCause::Leg, VoidCause::Rung])?,
            }),
            3 => Decision::MessageMade(self.message()?),
            4 => {
                Decision::MessageTried(MessageTried { message: self.id()?, attempt: self.small()? })
            }
            5 => Decision::TaskMade(self.rare()?),
            6 => Decision::RungEntered(self.entered()?),
            7 => Decision::StageLifted(StageLifted {
                entry: self.id()?,
                cause: self.one_of(&LIFT_CAUSES)?,
            }),
            8 => Decision::ScopeGated(self.rare()?),
            9 => Decision::FeeAnnounced(self.rare()?),
            10 => Decision::PauseEntered(self.rare()?),
            11 => Decision::CaseMigrated(self.rare()?),
            12 => Decision::WouldHave(self.rare()?),
            13 => Decision::CaseRenewed(self.rare()?),
            14 => Decision::StandingShared(self.rare()?),
            15 => Decision::ChildLinked(self.rare()?),
            _ => return None,
        })
    }

    fn step(&mut self) -> Option<Step> {
        Some(match self.number()? {
            0 => Step::Plain,
            1 => Step::Warning,
            2 => Step::Again(self.byte()?),
            3 => Step::Entered,
            4 => Step::Thanks,
            5 => Step::Instalment(self.byte()?),
            6 => Step::Missed(self.byte()?),
            _ => return None,
        })
    }

    fn notice(&mut self) -> Option<Arc<NoticeMade>> {
        Some(Arc::new(NoticeMade {
            notice: self.id()?,
            case: self.id()?,
            leg: self.id()?,
            rung: self.small()?,
            step: self.step()?,
            n: self.small()?,
            kind: self.text()?,
            names: self.option(Self::named)?,
            of: self.option(Self::id)?,
            says: self.option(Self::instant)?,
            to: Roles::of_bits(self.byte()?),
            by: self.list(|it| it.one_of(&Channel::ALL))?,
            good_until: self.option(Self::instant)?,
            last_resort: self.flag()?,
        }))
    }

    fn named(&mut self) -> Option<Named> {
        Some(Named {
            stage: self.one_of(&Stage::ALL)?,
            slow: self.option(Self::rate)?,
            scope: self.name()?,
            at: self.instant()?,
        })
    }

    fn message(&mut self) -> Option<Arc<MessageMade>> {
        Some(Arc::new(MessageMade {
            message: self.id()?,
            channel: self.one_of(&Channel::ALL)?,
            recipient: self.text()?,
            role: self.one_of(&Role::ALL)?,
            notices: self.list(Self::id)?,
            date: self.day()?,
            n: self.small()?,
        }))
    }

    fn entered(&mut self) -> Option<Box<RungEntered>> {
        Some(Box::new(RungEntered {
            entry: self.id()?,
            case: self.id()?,
            leg: self.id()?,
            rung: self.small()?,
            n: self.small()?,
            stage: self.one_of(&Stage::ALL)?,
            slow: self.option(Self::rate)?,
            notice: self.option(Self::id)?,
            at: self.instant()?,
            checked: Checked {
                feeds: self.flag()?,
                generation: self.number()?,
                asked: self.flag()?,
                slot: self.flag()?,
            },
            scope: self.name()?,
        }))
    }
}
