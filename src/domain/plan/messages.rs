//! Messages: who is written to, when an attempt is due, and when a recipient has failed
//! (SPEC 5.7, 5.14).
//!
//! Rules:
//! 1. A message is a frozen list of notices to one recipient. If one of them falls away and no
//!    attempt may have left, the message is dropped and the rest gets a new one.
//! 2. Attempts leave inside send hours of working days and go on for [`GIVE_UP_AFTER`]; then that
//!    recipient has failed. There is one at the start of each day's sending.
//! 3. A live warning that is not proved reaches contacts that came later, too.

use super::{Ladder, Planner, live_warning};
use crate::domain::account::{Account, Case, MessageState, NoticeState};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Decision, MessageMade, Step};
use crate::domain::fact::{Channel, ReceiptKind};
use crate::domain::id::{CaseId, Derivation, MessageId, NoticeId};
use crate::domain::policy::Law;
use crate::domain::proof::proved;
use crate::domain::span::Span;
use crate::domain::stage::{Role, Roles};
use crate::domain::time::{DAY, Fold, HOUR, Instant, MINUTE};

/// For so long attempts go on.
pub const GIVE_UP_AFTER: Span = Span::working_days(5);

/// How long after each attempt of a day the next one follows.
const BACK_OFF: [i64; 4] = [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 4 * HOUR];

/// For so long a notice that names nothing may still find its first recipient.
const PLAIN_WAITS: i64 = DAY;

/// One recipient of a new message.
struct Envelope {
    mailbox: String,
    role: Role,
    notices: Vec<NoticeId>,
}

impl<'a> Planner<'a> {
    pub(super) fn plan_messages(&mut self) {
        self.make_messages();
        for message in self.account.messages.iter().filter(|message| !is_settled(message)) {
            let Some(bearings) = bearings_of(message, self.account, self.law) else { continue };
            if !is_standing(message, self.account, self.law, self.situation) {
                continue;
            }
            let at = next_attempt(message, &bearings);
            if at >= gives_up(message, &bearings) {
                self.wake_at(gives_up(message, &bearings));
                continue;
            }
            if at > self.situation.now {
                self.wake_at(at);
            } else {
                self.plan.sends.push(message.made.message);
            }
        }
    }

    fn make_messages(&mut self) {
        let mut envelopes: Vec<Envelope> = Vec::new();
        for notice in &self.account.notices {
            if !notice.made.by.contains(&Channel::Email) || self.is_past(notice) {
                continue;
            }
            let mut wanting = recipients(self.account, notice.made.to);
            wanting.retain(|(mailbox, _)| self.wants_message(notice, mailbox));
            if wanting.is_empty() || !is_valid(notice, self.account, self.law, self.situation) {
                continue;
            }
            for (mailbox, role) in wanting {
                let id = notice.made.notice;
                match envelopes.iter_mut().find(|envelope| envelope.mailbox == mailbox) {
                    Some(envelope) => envelope.notices.push(id),
                    None => envelopes.push(Envelope { mailbox, role, notices: vec![id] }),
                }
            }
        }
        for envelope in envelopes {
            self.make_message(envelope);
        }
    }

    /// Whether nobody new is to be told of it, whatever else is true.
    fn is_past(&self, notice: &NoticeState) -> bool {
        let fresh = notice.time.plus_millis(PLAIN_WAITS) > self.situation.now;
        let open = notice.made.step == Step::Warning || fresh;
        !open || notice.voided.is_some() || notice.spent.is_some()
    }

    /// Whether a recipient has no message yet that says this.
    fn wants_message(&self, notice: &NoticeState, mailbox: &str) -> bool {
        let id = notice.made.notice;
        let about =
            self.account.messages.iter().filter(|message| message.made.notices.contains(&id));
        let standing = |message: &MessageState| {
            is_settled(message) || is_standing(message, self.account, self.law, self.situation)
        };
        let to_this = |message: &&MessageState| same_mailbox(&message.made.recipient, mailbox);
        let (mut any, mut own) = (false, Vec::new());
        for message in about {
            any = true;
            if to_this(&message) {
                own.push(standing(message));
            }
        }
        match own.as_slice() {
            [] if notice.made.step == Step::Warning => !self.is_proved(notice) || !any,
            [] => !any,
            known => !known.contains(&true),
        }
    }

    fn is_proved(&self, notice: &NoticeState) -> bool {
        let case = self.account.case(notice.made.case);
        let needs = case.and_then(|case| needs_of(notice, case, self.account, self.law));
        needs.is_some_and(|needs| proved(notice, needs, self.situation.now).is_some())
    }

    fn make_message(&mut self, envelope: Envelope) {
        let first = envelope.notices.first().and_then(|id| self.account.notice(*id));
        let case = first.and_then(|notice| self.account.case(notice.made.case));
        let bearings =
            case.and_then(|case| Bearings::of_case(self.law, &self.account.profile, case));
        let Some(bearings) = bearings else { return };
        let date = bearings.zone.day(self.situation.now);
        let before = self.account.messages.iter().filter(|message| {
            message.made.date == date
                && message.made.channel == Channel::Email
                && same_mailbox(&message.made.recipient, &envelope.mailbox)
        });
        let n = u32::try_from(before.count()).unwrap_or(u32::MAX);
        let message = Derivation::of("message")
            .text(self.tenant.as_str())
            .number(i64::from(date.number()))
            .text(Channel::Email.word())
            .text(&envelope.mailbox)
            .number(i64::from(n))
            .finish();
        self.decide(Decision::MessageMade(Box::new(MessageMade {
            message,
            channel: Channel::Email,
            recipient: envelope.mailbox,
            role: envelope.role,
            notices: envelope.notices,
            date,
            n,
        })));
    }
}

/// Mailboxes of the contacts in `to`, each once, with the first role it is known in.
pub(super) fn recipients(account: &Account, to: Roles) -> Vec<(String, Role)> {
    let mut found: Vec<(String, Role)> = Vec::new();
    for contact in account.profile.contacts.iter().filter(|contact| to.contains(contact.role)) {
        let Some(mailbox) = &contact.email else { continue };
        if !found.iter().any(|(known, _)| same_mailbox(known, mailbox)) {
            found.push((mailbox.clone(), contact.role));
        }
    }
    found
}

fn same_mailbox(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether what a notice says is still so.
#[must_use]
pub fn is_valid(
    notice: &NoticeState,
    account: &Account,
    law: &Law,
    situation: &super::Situation,
) -> bool {
    let made = &notice.made;
    if made.step == Step::Thanks {
        return notice.voided.is_none();
    }
    let Some(case) = account.case(made.case) else { return false };
    if notice.voided.is_some() || !case.is_live() || case.is_held(situation.now) {
        return false;
    }
    let Some(bearings) = Bearings::of_case(law, &account.profile, case) else { return false };
    let ladder = Ladder::new((account, law), case, &bearings, situation.now, situation.generation);
    let live = |id: NoticeId| {
        let warning = live_warning(account, case, &ladder, made.rung, situation.now);
        warning.is_some_and(|warning| warning.made.notice == id)
    };
    match made.step {
        Step::Entered => ladder.entry(made.rung).is_some(),
        Step::Plain => made.leg == case.leg,
        Step::Warning => live(made.notice),
        Step::Again(_) => {
            made.of.is_some_and(live) && made.says.is_none_or(|says| says > situation.now)
        }
        Step::Thanks => true,
    }
}

/// Whether a message may still be sent: all it says is so, or an attempt may have left.
fn is_standing(
    message: &MessageState,
    account: &Account,
    law: &Law,
    situation: &super::Situation,
) -> bool {
    let valid = |id: &NoticeId| {
        account.notice(*id).is_some_and(|notice| is_valid(notice, account, law, situation))
    };
    message.made.notices.iter().all(valid)
}

/// Whether nothing more is to be done about a message: it arrived, or it was refused.
fn is_settled(message: &MessageState) -> bool {
    message.receipts.iter().any(|receipt| {
        matches!(
            receipt.kind,
            ReceiptKind::Accepted | ReceiptKind::Delivered | ReceiptKind::Bounced
        )
    })
}

/// When the next attempt at a message is due.
#[must_use]
pub fn next_attempt(message: &MessageState, bearings: &Bearings<'_>) -> Instant {
    let almanac = bearings.almanac();
    let Some(last) = message.tried.last() else { return almanac.send_at_or_after(message.time) };
    let zone = &bearings.zone;
    let today = message.tried.iter().filter(|tried| zone.day(**tried) == zone.day(*last)).count();
    let delay = BACK_OFF[today.saturating_sub(1).min(BACK_OFF.len() - 1)];
    let jitter = i64::from(message_noise(message.made.message)) * delay / (4 * 256);
    let soon = last.plus_millis(delay + jitter);
    if almanac.is_send_time(soon) && zone.day(soon) == zone.day(*last) {
        return soon;
    }
    almanac.start_of_sending(almanac.calendar.next(zone.day(*last)))
}

/// Spreads retries: the same for the same message, of course.
fn message_noise(message: MessageId) -> u8 {
    let derived: crate::domain::id::Derived = message.into();
    derived.bytes()[15]
}

/// When a recipient has failed for good.
fn gives_up(message: &MessageState, bearings: &Bearings<'_>) -> Instant {
    message
        .tried
        .first()
        .map_or(Instant::MAX, |first| bearings.almanac().plus(*first, GIVE_UP_AFTER, Fold::Later))
}

/// Whether the message's recipient has failed by `now`: returned, or put off for too long.
pub(super) fn has_failed(
    message: &MessageState,
    account: &Account,
    law: &Law,
    now: Instant,
) -> bool {
    if message.receipts.iter().any(|receipt| receipt.kind == ReceiptKind::Bounced) {
        return true;
    }
    if is_settled(message) {
        return false;
    }
    let bearings = bearings_of(message, account, law);
    bearings.is_some_and(|bearings| now >= gives_up(message, &bearings))
}

/// Whether the message's recipient has failed, and what it says still matters.
pub(super) fn lost_its_recipient(
    message: &MessageState,
    account: &Account,
    law: &Law,
    situation: &super::Situation,
) -> bool {
    let returned = message.receipts.iter().any(|receipt| receipt.kind == ReceiptKind::Bounced);
    let failed = has_failed(message, account, law, situation.now);
    failed && (returned || is_standing(message, account, law, situation))
}

/// Whether so many recipients of a warning failed that `needs` cannot be met.
pub(super) fn is_dead(
    notice: &NoticeState,
    account: &Account,
    law: &Law,
    needs: u8,
    now: Instant,
) -> bool {
    // Anybody may still be shown a banner.
    if notice.made.by.contains(&Channel::Banner) {
        return false;
    }
    let id = notice.made.notice;
    let failed = |mailbox: &str| {
        account.messages.iter().any(|message| {
            message.made.notices.contains(&id)
                && same_mailbox(&message.made.recipient, mailbox)
                && has_failed(message, account, law, now)
        })
    };
    let mut mailboxes: Vec<String> =
        recipients(account, notice.made.to).into_iter().map(|(mailbox, _)| mailbox).collect();
    for message in account.messages.iter().filter(|message| message.made.notices.contains(&id)) {
        if !mailboxes.iter().any(|known| same_mailbox(known, &message.made.recipient)) {
            mailboxes.push(message.made.recipient.clone());
        }
    }
    let hopeful = mailboxes.iter().filter(|mailbox| !failed(mailbox)).count();
    hopeful < usize::from(needs.max(1))
}

/// Whether there is a mailbox now that a failed warning was never sent to.
pub(super) fn has_new_recipient(account: &Account, notice: &NoticeState) -> bool {
    let id = notice.made.notice;
    recipients(account, notice.made.to).iter().any(|(mailbox, _)| {
        !account.messages.iter().any(|message| {
            message.made.notices.contains(&id) && same_mailbox(&message.made.recipient, mailbox)
        })
    })
}

/// Warnings of live cases that name a cutoff and have nobody to write to.
pub(super) fn unreachable_notices(account: &Account, law: &Law) -> Vec<(CaseId, Instant)> {
    let warnings = account.notices.iter().filter(|notice| {
        notice.made.step == Step::Warning
            && notice.voided.is_none()
            && notice.spent.is_none()
            && notice.made.by.contains(&Channel::Email)
            && recipients(account, notice.made.to).is_empty()
    });
    let live = warnings.filter(|notice| {
        let case = account.case(notice.made.case);
        case.is_some_and(|case| case.is_live() && needs_of(notice, case, account, law).is_some())
    });
    live.map(|notice| (notice.made.case, notice.time)).collect()
}

fn needs_of(notice: &NoticeState, case: &Case, account: &Account, law: &Law) -> Option<u8> {
    let bearings = Bearings::of_case(law, &account.profile, case)?;
    let rung = bearings.policy.rungs.get(usize::from(notice.made.rung))?;
    Some(rung.enter.as_ref()?.warn.as_ref()?.needs)
}

fn bearings_of<'a>(
    message: &MessageState,
    account: &Account,
    law: &'a Law,
) -> Option<Bearings<'a>> {
    let notice = message.made.notices.first().and_then(|id| account.notice(*id))?;
    Bearings::of_case(law, &account.profile, account.case(notice.made.case)?)
}
