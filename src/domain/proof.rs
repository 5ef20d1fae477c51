//! What a notice is worth at a time: proved, comes, good until, live, covers (SPEC 5.7, 5.8).
//!
//! Rules:
//! 1. Proofs count per (channel, person or mailbox): seen, spoken, posted, or accepted and not
//!    bounced in the same attempt; a bounce that names no attempt takes back all of them. Only what
//!    was learnt by then counts, and of a letter what was posted five working days before. What a
//!    banner showed, it showed to a person in a role.
//! 2. A warning *comes* at the first cutoff time at or after the latest of the time it named, the
//!    times its repetitions said, its rung's planned time, and its proof plus the notice period.
//! 3. It is *good until* the end of the cutoff hours of the working day after the first cutoff
//!    time that name and proof allow. What was so when it was made is a promise: a calendar that
//!    is published later makes it no longer.
//! 4. A last resort, made after others could not be delivered, is proved by a letter alone, or by
//!    an `owner` who declares what was tried.
//! 5. A warning whose letter is on its way when its time comes lives on until it has arrived.
//! 6. A cutoff waits, once, for a charge announced for the three working days after that first
//!    time: it comes at the first cutoff time after the charge, and its notice stays good.

use super::account::{NoticeState, Receipt};
use super::calendar::Almanac;
use super::fact::{Channel, ReceiptKind};
use super::policy::Warn;
use super::span::Span;
use super::time::{Fold, Instant};

/// So long after it was posted a letter counts as having arrived.
pub const LETTER_TAKES: Span = Span::working_days(5);

/// When the proof that meets `needs` became known, from receipts learnt by `at`.
fn proved(notice: &NoticeState, needs: u8, almanac: Almanac<'_>, at: Instant) -> Option<Instant> {
    let needs = usize::from(needs.max(1));
    let mut proofs: Vec<(&Receipt, Instant)> = Vec::new();
    for receipt in &notice.receipts {
        if !proves(notice, receipt, at) {
            continue;
        }
        let counts = counts_from(notice, receipt, almanac);
        match proofs.iter_mut().find(|(other, _)| is_same_person(other, receipt)) {
            Some(proof) => proof.1 = proof.1.min(counts),
            None => proofs.push((receipt, counts)),
        }
    }
    let mut times: Vec<Instant> = proofs.into_iter().map(|proof| proof.1).collect();
    times.sort_unstable();
    times.get(needs - 1).copied().filter(|proved| *proved <= at)
}

/// When the first proof that anybody was told was known; one that was taken back is none.
pub(in crate::domain) fn first_proof(
    notice: &NoticeState,
    almanac: Almanac<'_>,
) -> Option<Instant> {
    let receipts = notice.receipts.iter();
    let proofs = receipts.filter(|receipt| proves(notice, receipt, Instant::MAX));
    proofs.map(|receipt| counts_from(notice, receipt, almanac)).min()
}

/// Whether two receipts of proofs are of one person or mailbox. Who was reached by hand and is not
/// named may be anybody.
fn is_same_person(one: &Receipt, other: &Receipt) -> bool {
    let unnamed = one.recipient.is_empty() || other.recipient.is_empty();
    one.channel == other.channel
        && (one.recipient.eq_ignore_ascii_case(&other.recipient)
            || (unnamed && one.channel.is_by_hand()))
}

/// From when on it proves something: a letter has its way to go, and was not posted before there
/// was something to write.
fn counts_from(notice: &NoticeState, receipt: &Receipt, almanac: Almanac<'_>) -> Instant {
    if receipt.kind == ReceiptKind::Posted {
        let posted = receipt.at.max(notice.time);
        almanac.plus(posted, LETTER_TAKES, Fold::Later).max(receipt.learnt)
    } else {
        receipt.learnt
    }
}

/// Whether one receipt proves delivery, as far as was known at `at`.
fn proves(notice: &NoticeState, receipt: &Receipt, at: Instant) -> bool {
    let to = notice.made.to;
    let role = match receipt.role {
        Some(role) => to.is_everyone() || to.contains(role),
        None => receipt.channel != Channel::Banner,
    };
    let somebody = receipt.channel.is_by_hand() || !receipt.recipient.is_empty();
    receipt.kind.proves(receipt.channel)
        && receipt.learnt <= at
        && role
        && somebody
        && notice.made.by.contains(&receipt.channel)
        && !is_taken_back(notice, receipt, at)
}

/// Whether a bounce, or a letter that came back, took a proof back by `at`.
fn is_taken_back(notice: &NoticeState, receipt: &Receipt, at: Instant) -> bool {
    notice.receipts.iter().any(|other| {
        other.kind == ReceiptKind::Bounced
            && other.channel == receipt.channel
            && (other.attempt == 0 || other.attempt == receipt.attempt)
            && is_same_person(other, receipt)
            && other.learnt <= at
    })
}

/// What a warning says, against the calendar.
#[derive(Clone, Copy, Debug)]
pub struct Warned<'a> {
    /// The notice.
    pub notice: &'a NoticeState,
    /// The rung's rule.
    pub warn: &'a Warn,
    /// The calendar.
    pub almanac: Almanac<'a>,
    /// Charges that were announced.
    pub attempts: &'a [Instant],
}

/// A cutoff waits for a charge that is announced for so many working days after it.
const ATTEMPT_WITHIN: i32 = 3;

impl Warned<'_> {
    /// The time it named.
    fn named(&self) -> Instant {
        self.notice.made.names.as_ref().map_or(Instant::MAX, |named| named.at)
    }

    /// When its proof became known, from receipts learnt by `at`.
    #[must_use]
    pub fn proved(&self, at: Instant) -> Option<Instant> {
        let needed = proved(self.notice, self.warn.needs, self.almanac, at);
        let alone = self.alone(at).filter(|proved| *proved <= at).min();
        needed.into_iter().chain(alone).min()
    }

    /// What proves a last resort by itself, and from when on.
    fn alone(&self, at: Instant) -> impl Iterator<Item = Instant> {
        let receipts = self.notice.receipts.iter().filter(|_| self.notice.made.last_resort);
        let alone = receipts.filter(move |receipt| match receipt.kind {
            ReceiptKind::Posted => proves(self.notice, receipt, at),
            ReceiptKind::Declared => receipt.learnt <= at,
            _ => false,
        });
        alone.map(|receipt| counts_from(self.notice, receipt, self.almanac))
    }

    /// When a letter that is on its way at `at` will have arrived.
    #[must_use]
    pub fn arrives(&self, at: Instant) -> Option<Instant> {
        let letters = self.notice.receipts.iter().filter(|receipt| {
            receipt.kind == ReceiptKind::Posted && proves(self.notice, receipt, at)
        });
        letters
            .map(|letter| counts_from(self.notice, letter, self.almanac))
            .filter(|then| *then > at)
            .min()
    }

    /// Whether a letter was posted before its time, and is still on its way at `now`.
    fn is_on_its_way(&self, now: Instant) -> bool {
        self.arrives(now).is_some() && self.arrives(now.min(self.named())).is_some()
    }

    /// The earliest time that the name and a proof at `proved` allow.
    #[must_use]
    pub fn allows(&self, proved: Instant) -> Instant {
        self.named().max(self.almanac.plus(proved, self.warn.before, Fold::Later))
    }

    /// When the cutoff comes, for a rung planned at `planned`.
    #[must_use]
    pub fn comes(&self, planned: Instant, at: Instant) -> Option<Instant> {
        let allowed = self.allows(self.proved(at)?);
        let said = self.notice.said.unwrap_or(Instant::MIN);
        let comes = self.almanac.cutoff_at_or_after(allowed.max(planned).max(said))?;
        let first = self.almanac.cutoff_at_or_after(allowed)?;
        Some(self.after_attempt(first).map_or(comes, |after| after.max(comes)))
    }

    /// Until when it can be used.
    #[must_use]
    pub fn good_until(&self, at: Instant) -> Option<Instant> {
        let allowed = self.allows(self.proved(at)?);
        let first = self.almanac.cutoff_at_or_after(allowed)?;
        let reckoned = self.almanac.end_of_next_working_day(first);
        let promised = self.notice.made.good_until.filter(|_| allowed <= self.named());
        let good = promised.map_or(reckoned, |promised| promised.min(reckoned));
        let waits = self.after_attempt(first);
        Some(waits.map_or(good, |after| self.almanac.end_of_next_working_day(after).max(good)))
    }

    /// The first cutoff time after the charge that a cutoff at `first` waits for.
    fn after_attempt(&self, first: Instant) -> Option<Instant> {
        let zone = self.almanac.zone;
        let last = self.almanac.calendar.plus_working_days(zone.day(first), ATTEMPT_WITHIN);
        let waits = |attempt: &&Instant| **attempt >= first && zone.day(**attempt) <= last;
        let attempt = self.attempts.iter().find(waits)?;
        self.almanac.cutoff_at_or_after(attempt.plus_millis(1))
    }

    /// Whether it can still make a cutoff possible at `now`.
    #[must_use]
    pub fn is_live(&self, now: Instant) -> bool {
        if self.notice.voided.is_some() || self.notice.spent.is_some() {
            return false;
        }
        match self.good_until(now) {
            Some(good_until) => now < good_until,
            None => now <= self.named() || self.is_on_its_way(now),
        }
    }

    /// Whether an entry at `t` may rest on it, the rung's planned time aside.
    #[must_use]
    pub fn covers(&self, t: Instant) -> bool {
        let usable = self.notice.voided.is_none_or(|voided| voided > t)
            && self.notice.spent.is_none()
            && self.notice.time <= t;
        let proved = self.proved(t).is_some_and(|proved| self.allows(proved) <= t);
        usable && proved && self.good_until(t).is_some_and(|good_until| t < good_until)
    }
}
