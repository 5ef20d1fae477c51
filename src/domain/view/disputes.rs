//! Disputes: parts of invoices that stand still, and what their end takes from what is owed.
//!
//! Rules:
//! 1. A dispute's part stands still; the case does as soon as nothing else is owed. What was
//!    entered stays, unless the rest was paid meanwhile: then nothing stricter than grace holds.
//! 2. What is upheld is credited; a credit note that the owner sends for it counts once, whether
//!    it comes before the dispute's end or after it. Of a dispute about several invoices that ends
//!    `partly` one amount is credited, to the oldest first.
//! 3. A chargeback that is open is a dispute, and its money is still there; one that is lost takes
//!    it, and one that is won after all brings it back.

use super::Run;
use crate::domain::account::{Arrangement, Hold, HoldCause};
use crate::domain::fact::{
    ArrangementEnd, ArrangementEnded, ArrangementKind, ArrangementMade, PaymentReversed,
};
use crate::domain::id::PaymentId;
use crate::domain::record::{Fact, Record};
use crate::domain::stage::Stage;

impl Run<'_> {
    pub(super) fn dispute(&mut self, number: usize, record: &Record, places: &[usize]) {
        for place in places {
            let currency = self.sheets[*place].currency;
            let part = self.account.arrangements[number].made.disputed(currency);
            self.sheets[*place].disputes.push((number, part));
            self.weigh(*place, record);
        }
    }

    /// Holds a case while all that is owed on it is disputed.
    pub(super) fn settle_disputes(&mut self, place: usize, record: &Record) {
        let sheet = &self.sheets[place];
        if sheet.disputes.is_empty() {
            return;
        }
        let open = |(number, _): &&(usize, i64)| self.account.arrangements[*number].ended.is_none();
        let parts = sheet.disputes.iter().filter(open).map(|(_, part)| *part);
        let disputed = parts.fold(0, i64::saturating_add);
        let cause = HoldCause::Agreed(ArrangementKind::Dispute);
        let stands = |hold: &Hold| hold.cause == cause && hold.end.is_none();
        let held = sheet.holds.iter().any(stands);
        let invoice = &mut self.account.invoices[place];
        invoice.disputed = disputed.min(invoice.owed);
        let whole = invoice.owed > 0 && disputed >= invoice.owed;
        if whole && !held {
            // Who paid all but the disputed part has nothing due.
            let made = matches!(record.as_fact(), Some(Fact::ArrangementMade(_)));
            let at_most = (!made).then_some(Stage::Grace);
            let id = format!("dispute:{}", record.id());
            self.hold(place, Hold { id, cause, begin: record.time, end: None, at_most });
        } else if held && !whole {
            self.end_holds(record.time, |invoice, hold| invoice == place && stands(hold));
        }
    }

    /// What a dispute's end takes from what is owed.
    pub(super) fn answer(&mut self, number: usize, record: &Record, ended: &ArrangementEnded) {
        let mut left = ended.amount;
        for place in 0..self.sheets.len() {
            let mut parts = self.sheets[place].disputes.iter();
            let Some((_, part)) = parts.find(|(of, _)| *of == number) else { continue };
            let part = (*part).min(self.account.invoices[place].owed);
            let sheet = &mut self.sheets[place];
            let counted = left.as_mut().filter(|it| sheet.currency == Some(it.currency));
            let credited = match (ended.how, counted) {
                (ArrangementEnd::Upheld, _) => part,
                (ArrangementEnd::Partly, Some(left)) => {
                    let credited = left.minor.min(part);
                    left.minor -= credited;
                    credited
                }
                _ => 0,
            };
            let noted = credited.min(sheet.noted);
            sheet.noted -= noted;
            sheet.credited = sheet.credited.saturating_add(credited - noted);
            self.weigh(place, record);
        }
    }

    /// The payer's bank asks for the money: a dispute, and the money is still there.
    pub(super) fn open_chargeback(&mut self, record: &Record, reversed: &PaymentReversed) {
        let Ok(name) = chargeback(&reversed.payment).parse() else { return };
        let mut known = self.account.arrangements.iter();
        if known.any(|known| known.made.arrangement == name) {
            return;
        }
        let made = ArrangementMade {
            invoices: Some(vec![reversed.invoice.clone()]),
            amount: Some(reversed.amount),
            ..ArrangementMade::new(name, ArrangementKind::Dispute)
        };
        self.account.arrangements.push(Arrangement {
            made,
            time: record.time,
            invoices: vec![reversed.invoice.clone()],
            from: record.time,
            until: None,
            ended: None,
            answer: None,
            asked: 0,
            before: 0,
            came: 0,
            missed: Vec::new(),
            parts: Vec::new(),
        });
    }

    /// The bank has decided.
    pub(super) fn close_chargeback(&mut self, record: &Record, reversed: &PaymentReversed) {
        let name = chargeback(&reversed.payment);
        let mut known = self.account.arrangements.iter_mut();
        if let Some(dispute) = known.find(|known| known.made.arrangement.as_str() == name) {
            dispute.ended.get_or_insert((record.time, ArrangementEnd::Withdrawn));
        }
    }
}

fn chargeback(payment: &PaymentId) -> String {
    format!("chargeback:{payment}")
}
