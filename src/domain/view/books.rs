//! Money of one invoice: pots of sources (SPEC 5.3).
//!
//! Rules:
//! 1. Each source has a pot. The owner's is the greater of its newest `amount_paid` and the sum
//!    of its payments; another's is the sum of its payments.
//! 2. `paid` fills the owner's, or gives another's what is still owed.
//! 3. What is reversed leaves every reckoning that is older than the reversal. Stripe goes on calling
//!    an invoice paid whose money a bank took back: there that stays off totals that are no smaller
//!    than what was there before.
//! 4. A refund lowers what is paid and what is owed alike: never a debt.

use crate::domain::id::Source;

/// A sum, and what was taken from it since it was said.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    said: i64,
    taken: i64,
}

impl Tally {
    const fn value(self) -> i64 {
        let left = self.said.saturating_sub(self.taken);
        if left < 0 { 0 } else { left }
    }
}

/// What one source says was paid.
#[derive(Clone, Debug)]
struct Pot {
    source: Source,
    reported: Tally,
    payments: Tally,
    filled: Tally,
    charged_back: Option<ChargedBack>,
}

/// Sources whose totals go on counting what a payer's bank took back.
const CALLS_PAID_WHAT_WAS_TAKEN: [&str; 1] = ["stripe"];

/// What a payer's bank took back, and what the pot held before.
#[derive(Clone, Copy, Debug)]
struct ChargedBack {
    amount: i64,
    before: i64,
}

impl Pot {
    fn value(&self) -> i64 {
        self.reported.value().max(self.payments.value()).max(self.filled.value())
    }

    fn take(&mut self, amount: i64) {
        for tally in [&mut self.reported, &mut self.payments, &mut self.filled] {
            // What was not there is not taken from what comes later.
            tally.taken = tally.taken.saturating_add(amount).min(tally.said);
        }
    }
}

/// The books of one invoice.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pots: Vec<Pot>,
    refunded: i64,
    /// `paid` came before the amount was known.
    paid_unseen: Option<Source>,
}

impl Books {
    /// All pots together.
    pub(super) fn paid(&self) -> i64 {
        self.pots.iter().fold(0, |sum, pot| sum.saturating_add(pot.value()))
    }

    /// What is still owed of `amount`.
    pub(super) fn owed(&self, amount: i64) -> i64 {
        amount.saturating_sub(self.refunded).saturating_sub(self.paid()).max(0)
    }

    /// The owner's newest total.
    pub(super) fn report(&mut self, source: &Source, total: i64) {
        let pot = self.pot(source);
        let repeats = CALLS_PAID_WHAT_WAS_TAKEN.contains(&source.as_str());
        pot.charged_back = pot.charged_back.filter(|back| repeats && total >= back.before);
        let taken = pot.charged_back.map_or(0, |back| back.amount);
        pot.reported = Tally { said: total, taken };
    }

    /// A payment.
    pub(super) fn receive(&mut self, source: &Source, amount: i64) {
        let payments = &mut self.pot(source).payments;
        payments.said = payments.said.saturating_add(amount);
    }

    /// Money went back.
    pub(super) fn reverse(&mut self, source: &Source, amount: i64) {
        self.pot(source).take(amount);
    }

    /// A payer's bank took money back.
    pub(super) fn charge_back(&mut self, source: &Source, amount: i64) {
        let pot = self.pot(source);
        // What was not there is not taken from what comes later.
        let (held, known) = (pot.value(), pot.charged_back);
        let taken = amount.min(held);
        if taken > 0 {
            pot.charged_back = Some(ChargedBack {
                amount: known.map_or(0, |back| back.amount).saturating_add(taken),
                before: known.map_or(held, |back| back.before),
            });
        }
        pot.take(amount);
    }

    /// The payer's bank gave it back after all.
    pub(super) fn regain(&mut self, source: &Source, amount: i64) {
        let pot = self.pot(source);
        let Some(back) = pot.charged_back else { return self.receive(source, amount) };
        let known = back.amount.min(amount);
        let left = ChargedBack { amount: back.amount - known, ..back };
        pot.charged_back = Some(left).filter(|left| left.amount > 0);
        for tally in [&mut pot.reported, &mut pot.payments, &mut pot.filled] {
            tally.taken = (tally.taken - known).max(0);
        }
    }

    /// Money was given back: never a debt. What its source's pot does not hold comes from others.
    pub(super) fn refund(&mut self, source: &Source, amount: i64) {
        let amount = amount.min(self.paid());
        self.refunded = self.refunded.saturating_add(amount);
        let own = self.pot(source);
        let mut left = amount - own.value().min(amount);
        own.take(amount - left);
        for pot in &mut self.pots {
            let part = pot.value().min(left);
            pot.take(part);
            left -= part;
        }
    }

    /// The invoice was said to be paid.
    pub(super) fn fill(&mut self, source: &Source, amount: Option<i64>) {
        let Some(amount) = amount else {
            self.paid_unseen = Some(source.clone());
            return;
        };
        let owed = self.owed(amount);
        let pot = self.pot(source);
        pot.filled = Tally { said: pot.value().saturating_add(owed), taken: 0 };
    }

    /// The amount became known.
    pub(super) fn amount_known(&mut self, amount: i64) {
        if let Some(source) = self.paid_unseen.take() {
            self.fill(&source, Some(amount));
        }
    }

    fn pot(&mut self, source: &Source) -> &mut Pot {
        let place = self.pots.iter().position(|pot| pot.source == *source).unwrap_or_else(|| {
            self.pots.push(Pot {
                source: source.clone(),
                reported: Tally::default(),
                payments: Tally::default(),
                filled: Tally::default(),
                charged_back: None,
            });
            self.pots.len() - 1
        });
        &mut self.pots[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str) -> Source {
        name.parse().unwrap()
    }

    #[test]
    fn a_total_and_its_payments_are_not_added() {
        let mut books = Books::default();
        books.receive(&source("stripe"), 300);
        books.report(&source("stripe"), 300);
        assert_eq!(books.owed(1000), 700);
        books.receive(&source("bank"), 700);
        assert_eq!(books.owed(1000), 0);
    }

    #[test]
    fn a_reversal_takes_what_it_took_unless_a_newer_total_knows_of_it() {
        let mut books = Books::default();
        books.fill(&source("stripe"), Some(1000));
        assert_eq!(books.owed(1000), 0);
        books.reverse(&source("stripe"), 1000);
        assert_eq!(books.owed(1000), 1000);
        books.report(&source("stripe"), 1000);
        assert_eq!(books.owed(1000), 0);
    }

    #[test]
    fn what_is_paid_after_a_reversal_counts() {
        let mut books = Books::default();
        books.fill(&source("stripe"), Some(1000));
        books.reverse(&source("stripe"), 1000);
        books.receive(&source("stripe"), 1000);
        assert_eq!(books.owed(1000), 0);
        let mut books = Books::default();
        books.receive(&source("stripe"), 1000);
        books.reverse(&source("bank"), 400);
        books.reverse(&source("stripe"), 1000);
        books.receive(&source("bank"), 1000);
        assert_eq!(books.owed(1000), 0);
    }

    #[test]
    fn what_a_bank_took_back_stays_off_a_total_that_repeats_itself() {
        let stripe = source("stripe");
        let mut books = Books::default();
        books.receive(&stripe, 1000);
        books.report(&stripe, 1000);
        books.charge_back(&stripe, 400);
        assert_eq!(books.owed(1000), 400);
        books.report(&stripe, 1000);
        assert_eq!(books.owed(1000), 400, "it says what it said before");
        books.charge_back(&stripe, 100);
        books.report(&stripe, 1000);
        assert_eq!(books.owed(1000), 500);
        books.report(&stripe, 1200);
        assert_eq!(books.owed(1000), 300, "there is more");
        books.regain(&stripe, 500);
        assert_eq!(books.owed(1000), 0);
        books.report(&stripe, 1000);
        assert_eq!(books.owed(1000), 0, "won after all");
    }

    #[test]
    fn what_was_lost_and_won_after_all_is_there_again() {
        let begin: [fn(&mut Books, &Source); 3] = [
            |books, source| books.report(source, 1000),
            |books, source| books.receive(source, 1000),
            |books, source| books.fill(source, Some(1000)),
        ];
        for (name, way) in ["stripe", "erp"].into_iter().flat_map(|name| begin.map(|it| (name, it)))
        {
            for lost in [1, 400, 1000] {
                let mut books = Books::default();
                way(&mut books, &source(name));
                books.charge_back(&source(name), lost);
                assert_eq!(books.owed(1000), lost);
                books.regain(&source(name), lost);
                assert_eq!((books.owed(1000), books.paid()), (0, 1000));
                books.report(&source(name), 1000);
                assert_eq!(books.owed(1000), 0);
            }
        }
    }

    #[test]
    fn what_was_never_there_is_not_taken_from_what_comes_later() {
        let stripe = source("stripe");
        let mut books = Books::default();
        books.charge_back(&stripe, 1000);
        books.report(&stripe, 1000);
        assert_eq!(books.owed(1000), 0);
        let mut books = Books::default();
        books.charge_back(&stripe, 1000);
        books.regain(&stripe, 1000);
        assert_eq!(books.owed(1000), 0, "the bank says that it is there");
    }

    #[test]
    fn a_total_that_knows_what_a_bank_took_back_counts_whole() {
        let own = source("erp");
        let mut books = Books::default();
        books.report(&own, 1000);
        books.charge_back(&own, 1000);
        books.report(&own, 0);
        assert_eq!(books.owed(1000), 1000);
        books.report(&own, 1000);
        assert_eq!(books.owed(1000), 0, "paid anew");
        let mut books = Books::default();
        books.report(&own, 400);
        books.charge_back(&own, 400);
        books.report(&own, 1000);
        assert_eq!(books.owed(1000), 0, "a newer total is what it says");
        let mut books = Books::default();
        books.fill(&own, Some(1000));
        books.charge_back(&own, 1000);
        books.fill(&own, Some(1000));
        assert_eq!(books.owed(1000), 0, "who says paid says it of now");
    }

    #[test]
    fn a_refund_is_never_a_debt() {
        let mut books = Books::default();
        books.receive(&source("stripe"), 1000);
        books.refund(&source("stripe"), 200);
        assert_eq!(books.owed(1000), 0);
        let mut books = Books::default();
        books.receive(&source("stripe"), 500);
        books.refund(&source("stripe"), 200);
        assert_eq!(books.owed(1000), 500);
    }

    #[test]
    fn a_refund_by_a_source_that_took_nothing_lowers_what_others_took() {
        let mut books = Books::default();
        books.receive(&source("bank"), 500);
        books.refund(&source("stripe"), 200);
        assert_eq!((books.paid(), books.owed(1000)), (300, 500));
        books.receive(&source("bank"), 500);
        assert_eq!((books.paid(), books.owed(1000)), (800, 0));
    }
}
