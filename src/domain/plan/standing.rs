//! What still stands: what a notice says, a message that says it, a recipient of one (SPEC 5.7).
//!
//! Rules:
//! 1. What is no longer so is not said; a notice that names nothing is obsolete once a later rung
//!    speaks.
//! 2. A recipient has failed when a message was returned, or put off for too long.

use super::agreements::standing_plan;
use super::messages::gives_up;
use super::survey::{Ground, Survey};
use super::{Planner, Situation};
use crate::domain::account::{Account, MessageState, NoticeState};
use crate::domain::decision::{Step, TaskKind};
use crate::domain::fact::{Channel, ReceiptKind, TaskOutcome};
use crate::domain::forget::is_erased;
use crate::domain::id::{CaseId, NoticeId};
use crate::domain::policy::Law;
use crate::domain::stage::{Role, Roles};
use crate::domain::time::Instant;

/// Whether a message that says these notices may leave: all it says is so, and known to be.
#[must_use]
pub fn may_leave(
    notices: &[NoticeId],
    account: &Account,
    law: &Law,
    situation: &Situation,
) -> bool {
    if situation.notices_held {
        return false;
    }
    let ground = Ground::new(account, law);
    let found: Option<Vec<&NoticeState>> = notices.iter().map(|id| ground.notice(*id)).collect();
    let Some(found) = found else { return false };
    let about = |case| found.iter().any(|notice| notice.made.case == case);
    let survey = Survey::within(&ground, *situation, |case| about(case.case));
    let may = |notice: &NoticeState| situation.may_press() || !notice.made.presses();
    found.iter().all(|notice| may(notice) && may_be_said(notice, &survey))
}

/// Whether what a notice says is still so.
pub(in crate::domain) fn is_valid(notice: &NoticeState, survey: &Survey<'_>) -> bool {
    let made = &notice.made;
    if made.step == Step::Thanks {
        return notice.voided.is_none();
    }
    let now = survey.situation.now;
    let Some(case) = survey.ground.case(made.case) else { return false };
    if let Step::Instalment(n) | Step::Missed(n) = made.step {
        let plan = standing_plan(survey.ground.account, case, now);
        return plan.is_some_and(|it| it.time <= notice.time && it.waits_for(n.into()));
    }
    let over = !case.is_of_now(notice.time);
    if notice.voided.is_some() || over || !case.is_live() || case.is_held(now) {
        return false;
    }
    let Some(ladder) = survey.ladder(made.case) else { return false };
    if !ladder.applies(made.rung) {
        return false;
    }
    let live = |id: NoticeId| {
        ladder.live_warning(made.rung).is_some_and(|warning| warning.made.notice == id)
    };
    match made.step {
        Step::Entered => ladder.entry(made.rung).is_some(),
        Step::Plain => made.leg == case.leg(now),
        Step::Warning => live(made.notice),
        Step::Again(_) => made.of.is_some_and(live) && made.says.is_none_or(|says| says > now),
        Step::Thanks | Step::Instalment(_) | Step::Missed(_) => true,
    }
}

/// Whether a message may say it: it is so, and not obsolete.
pub(super) fn may_be_said(notice: &NoticeState, survey: &Survey<'_>) -> bool {
    let obsolete = || {
        let ladder = survey.ladder(notice.made.case);
        ladder.is_some_and(|it| it.is_overtaken(notice.made.rung, survey.situation.now))
    };
    is_valid(notice, survey) && !(notice.made.step == Step::Plain && obsolete())
}

/// Of each message: whether nothing more is to be done about it, or it may still be sent.
pub(super) fn standing(survey: &Survey<'_>) -> Vec<bool> {
    let ground = survey.ground;
    let said = |id: &NoticeId| ground.notice(*id).is_some_and(|it| may_be_said(it, survey));
    let messages = ground.account.messages.iter();
    messages.map(|message| is_settled(message) || message.made.notices.iter().all(said)).collect()
}

/// Mailboxes of the contacts in `to`, each once, with the first role it is known in.
pub(super) fn recipients(account: &Account, to: Roles) -> Vec<(&str, Role)> {
    let mut found: Vec<(&str, Role)> = Vec::new();
    for contact in account.profile.contacts.iter().filter(|contact| to.contains(contact.role)) {
        let Some(mailbox) = &contact.email else { continue };
        if !found.iter().any(|(known, _)| same_mailbox(known, mailbox)) {
            found.push((mailbox, contact.role));
        }
    }
    found
}

pub(super) fn same_mailbox(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether nothing more is to be done about a message: it arrived, it was refused, or nobody knows
/// any more to whom it was.
pub(super) fn is_settled(message: &MessageState) -> bool {
    let forgotten = is_erased(&message.made.recipient);
    forgotten
        || message.receipts.iter().any(|receipt| {
            matches!(
                receipt.kind,
                ReceiptKind::Accepted | ReceiptKind::Delivered | ReceiptKind::Bounced
            )
        })
}

/// Whether an attempt may have left: only one that was put off or refused certainly did not. One
/// without a receipt was cut short, or is under way.
pub(super) fn may_have_left(message: &MessageState) -> bool {
    let stayed = |attempt: usize| {
        let kinds = || {
            let of = message.receipts.iter();
            of.filter(|receipt| usize::try_from(receipt.attempt) == Ok(attempt)).map(|it| it.kind)
        };
        let not_left = |kind| matches!(kind, ReceiptKind::Deferred | ReceiptKind::Bounced);
        kinds().next().is_some() && kinds().all(not_left)
    };
    (1..=message.tried.len()).any(|attempt| !stayed(attempt))
}

fn was_returned(message: &MessageState) -> bool {
    message.receipts.iter().any(|receipt| receipt.kind == ReceiptKind::Bounced)
}

/// Whether the message's recipient has failed by `now`: returned, or put off for too long.
fn has_failed(message: &MessageState, ground: &Ground<'_>, now: Instant) -> bool {
    if is_settled(message) {
        return was_returned(message);
    }
    ground.bearings_of(message).is_some_and(|bearings| now >= gives_up(message, bearings))
}

/// Whether so many recipients of a warning failed that `needs` cannot be met.
pub(super) fn is_dead(notice: &NoticeState, ground: &Ground<'_>, needs: u8, now: Instant) -> bool {
    // Anybody may still be shown a banner, and be told by hand.
    let mut others = notice.made.by.iter().filter(|channel| **channel != Channel::Email);
    others.next().is_none() && is_undeliverable(notice, ground, needs, now)
}

/// Whether so many of its mailboxes failed, and whoever was called was not reached, that mail and
/// calls cannot meet `needs`.
pub(super) fn is_undeliverable(
    notice: &NoticeState,
    ground: &Ground<'_>,
    needs: u8,
    now: Instant,
) -> bool {
    let by = |channel: Channel| notice.made.by.contains(&channel);
    // A letter that nobody posted was not tried, and neither was a banner that nobody opened.
    if by(Channel::Letter) || !(by(Channel::Email) || by(Channel::Phone)) {
        return false;
    }
    let mailboxes = if by(Channel::Email) { hopeful_mailboxes(notice, ground, now) } else { 0 };
    let calls = usize::from(by(Channel::Phone) && !was_called_in_vain(notice, ground));
    mailboxes + calls < usize::from(needs.max(1))
}

/// How many of its mailboxes have not failed.
fn hopeful_mailboxes(notice: &NoticeState, ground: &Ground<'_>, now: Instant) -> usize {
    let about = || ground.about(notice.made.notice).map(|(_, message)| message);
    let to = |message: &MessageState, mailbox: &str| same_mailbox(&message.made.recipient, mailbox);
    let mut mailboxes: Vec<&str> = recipients(ground.account, notice.made.to)
        .into_iter()
        .map(|(mailbox, _)| mailbox)
        .collect();
    for message in about() {
        if !mailboxes.iter().any(|known| to(message, known)) {
            mailboxes.push(&message.made.recipient);
        }
    }
    let failed = |mailbox: &str| {
        about().any(|message| to(message, mailbox) && has_failed(message, ground, now))
    };
    mailboxes.iter().filter(|mailbox| !failed(mailbox)).count()
}

/// Whether somebody was called about it, and nobody was reached.
fn was_called_in_vain(notice: &NoticeState, ground: &Ground<'_>) -> bool {
    let calls = ground.account.tasks.iter().filter(|task| {
        task.made.kind == TaskKind::Call && task.made.notices.contains(&notice.made.notice)
    });
    let mut outcomes = calls.filter_map(|task| task.done.map(|(_, outcome)| outcome)).peekable();
    outcomes.peek().is_some() && outcomes.all(|outcome| outcome == TaskOutcome::NoAnswer)
}

/// Whether there is a mailbox now that a failed warning was never sent to.
pub(super) fn has_new_recipient(ground: &Ground<'_>, notice: &NoticeState) -> bool {
    let told = |mailbox: &str| {
        let mut about = ground.about(notice.made.notice);
        about.any(|(_, message)| same_mailbox(&message.made.recipient, mailbox))
    };
    let by_mail = notice.made.by.contains(&Channel::Email);
    by_mail && recipients(ground.account, notice.made.to).iter().any(|(mailbox, _)| !told(mailbox))
}

impl Planner<'_> {
    /// Whether the message's recipient has failed, and what it says still matters; if that is
    /// obsolete, whether nothing else arrived there since.
    pub(super) fn lost_its_recipient(&self, place: usize, message: &MessageState) -> bool {
        has_failed(message, self.survey.ground, self.situation.now)
            && (was_returned(message) || self.standing[place] || self.is_unheard(message))
    }

    fn is_unheard(&self, message: &MessageState) -> bool {
        let mut notices = message.made.notices.iter().map(|id| self.notice(*id));
        let so = notices.all(|notice| notice.is_some_and(|it| is_valid(it, self.survey)));
        let arrived = |other: &MessageState| {
            let tried = other.tried.last() >= message.tried.first();
            tried && is_settled(other) && !was_returned(other)
        };
        let mut messages = self.account.messages.iter();
        so && !messages.any(|other| {
            same_mailbox(&other.made.recipient, &message.made.recipient) && arrived(other)
        })
    }

    /// Warnings of live cases that name a cutoff and have nobody to write to.
    pub(super) fn unreachable_notices(&self) -> Vec<(CaseId, Instant)> {
        let warnings = self.account.notices.iter().filter(|notice| {
            notice.made.step == Step::Warning
                && notice.voided.is_none()
                && notice.spent.is_none()
                && notice.made.by.contains(&Channel::Email)
                && recipients(self.account, notice.made.to).is_empty()
        });
        let live = warnings.filter(|notice| {
            let ladder = self.survey.ladder(notice.made.case);
            ladder.is_some_and(|ladder| ladder.warned(notice).is_some())
        });
        live.map(|notice| (notice.made.case, notice.time)).collect()
    }
}
