//! Holds: times in which a case stands still (SPEC 5.5).

use super::account::{Account, Case, Invoice};
use super::arrangement::ArrangementKind;
use super::id::PaymentId;
use super::stage::Stage;
use super::time::Instant;

/// A time in which a case stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What made it: an arrangement's or payment's name, or a word.
    pub id: String,
    /// Why.
    pub cause: HoldCause,
    /// From then on.
    pub begin: Instant,
    /// Until before then. `None`: open.
    pub end: Option<Instant>,
    /// Meanwhile nothing stricter than this stage holds; `None`: what was entered stays.
    pub at_most: Option<Stage>,
}

impl Hold {
    /// Whether nothing is said meanwhile.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        self.cause == HoldCause::Agreed(ArrangementKind::Silence)
    }

    /// Whether the case stands still at `at` because of it.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }
}

/// Why a case stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldCause {
    /// It was agreed.
    Agreed(ArrangementKind),
    /// Money is on its way.
    InFlight(PaymentId),
    /// Money on account, or credit, covers it.
    OnAccount,
    /// Money came that finds no invoice.
    Unmatched,
    /// Written off, and the policy says `stay`.
    WrittenOff,
    /// What was ordered is over.
    Over,
}

impl Account {
    /// Whether nothing is said of an invoice: a silence stands.
    #[must_use]
    pub fn is_silent(&self, invoice: &Invoice) -> bool {
        let own = |case: &&Case| case.is_live() && self.invoice_of(case).invoice == invoice.invoice;
        let mut holds = self.cases.iter().filter(own).flat_map(|case| &case.holds);
        holds.any(|hold| hold.is_silence() && hold.end.is_none() && hold.begin <= self.newest)
    }
}
