//! Messages: who is written to and when (SPEC 4 "The first message of a working day", 5.14).
//!
//! Rules:
//! 1. A message is a frozen list of notices to one recipient, made when it may leave: inside send
//!    hours. If one of them falls away and no attempt may have left, the message is dropped and
//!    the rest gets a new one. After an attempt that may have left, that message has said the
//!    rest: it is not tried again, and nothing says it once more.
//! 2. The first message of a day to a recipient carries every notice that is due to them that
//!    day; what is due later that day is made with it. After it only warnings, their repetitions,
//!    `entered` and `thanks` leave; anything else waits for the next working day.
//! 3. A live warning that is not proved reaches contacts that came later, too.
//! 4. What is said only on fresh feeds does not leave while a source is silent.
//! 5. While notices are held no message is made, and none leaves.

use std::sync::Arc;

use super::Planner;
use super::standing::{is_settled, may_be_said, may_have_left, recipients, same_mailbox};
use crate::domain::account::{MessageState, NoticeState};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Decision, MessageMade, Step};
use crate::domain::fact::Channel;
use crate::domain::id::{Derivation, MessageId, NoticeId};
use crate::domain::span::Span;
use crate::domain::stage::Role;
use crate::domain::time::{Day, Fold, HOUR, Instant, MINUTE, Zone};

/// For so long attempts go on, and a notice that names nothing may still find its first recipient.
const GIVE_UP_AFTER: Span = Span::working_days(5);

/// How long after each attempt of a day the next one follows.
const BACK_OFF: [i64; 4] = [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 4 * HOUR];

/// One recipient of a new message.
struct Envelope<'a> {
    mailbox: &'a str,
    role: Role,
    notices: Vec<NoticeId>,
    date: Day,
}

impl<'a> Planner<'a> {
    pub(super) fn plan_messages(&mut self) {
        if self.situation.notices_held {
            self.hold_messages();
            return;
        }
        self.make_messages();
        let ground = self.survey.ground;
        for (place, message) in self.account.messages.iter().enumerate() {
            if is_settled(message) || !self.standing[place] {
                continue;
            }
            let Some(bearings) = ground.bearings_of(message) else { continue };
            let at = next_attempt(message, bearings).max(self.situation.now);
            let at = bearings.almanac().send_at_or_after(at);
            let end = gives_up(message, bearings);
            if at >= end {
                self.wake_at(end);
            } else if at > self.situation.now {
                self.wake_at(at);
            } else if self.presses(message) && !self.situation.may_press() {
                self.look_again();
            } else {
                self.plan.sends.push(message.made.message);
            }
        }
    }

    /// Nothing leaves: what waits is looked at again.
    fn hold_messages(&mut self) {
        let standing = self.account.messages.iter().zip(&self.standing);
        let waits = standing.filter(|(message, stands)| !is_settled(message) && **stands);
        let untold = self.account.notices.iter().filter(|notice| {
            let about = self.survey.ground.about(notice.made.notice).next();
            notice.voided.is_none() && about.is_none()
        });
        if waits.count() + untold.count() > 0 {
            self.look_again();
        }
    }

    /// Whether a message carries what is said only on fresh feeds.
    fn presses(&self, message: &MessageState) -> bool {
        let mut notices = message.made.notices.iter().filter_map(|id| self.notice(*id));
        notices.any(|notice| notice.made.presses())
    }

    fn make_messages(&mut self) {
        // What is only now made, or comes of a case that is only now opened, travels along.
        let first = |it: &Decision| matches!(it, Decision::NoticeMade(_) | Decision::CaseOpened(_));
        if self.plan.decisions.iter().any(first) {
            return;
        }
        let mut envelopes: Vec<Envelope<'a>> = Vec::new();
        for notice in &self.account.notices {
            let open = notice.voided.is_none() && notice.spent.is_none();
            if open
                && notice.made.by.contains(&Channel::Email)
                && may_be_said(notice, self.survey)
                && let Some(bearings) = self.survey.ground.bearings(notice.made.case)
            {
                self.address(notice, bearings, &mut envelopes);
            }
        }
        if self.make_later_notices(&envelopes) {
            return;
        }
        for envelope in envelopes {
            self.make_message(envelope);
        }
    }

    /// Puts a notice into the envelopes of those who are to be told of it now.
    fn address(
        &mut self,
        notice: &NoticeState,
        bearings: &Bearings<'_>,
        envelopes: &mut Vec<Envelope<'a>>,
    ) {
        let (almanac, now) = (bearings.almanac(), self.situation.now);
        let past = almanac.plus(notice.time, GIVE_UP_AFTER, Fold::Later) <= now;
        if past && notice.made.step != Step::Warning {
            return;
        }
        let mut wanting = recipients(self.account, notice.made.to);
        wanting.retain(|(mailbox, _)| self.wants_message(notice, mailbox));
        if wanting.is_empty() {
            return;
        }
        let date = bearings.zone.day(now);
        let may_wait =
            matches!(notice.made.step, Step::Plain | Step::Instalment(_) | Step::Missed(_));
        let had_message = may_wait
            && wanting.iter().any(|(mailbox, _)| self.had_message(mailbox, date, &bearings.zone));
        let at = if had_message {
            almanac.start_of_sending(almanac.calendar.next(date))
        } else {
            almanac.send_at_or_after(now)
        };
        if at > now {
            self.wake_at(at);
            return;
        }
        for (mailbox, role) in wanting {
            let id = notice.made.notice;
            match envelopes.iter_mut().find(|it| same_mailbox(it.mailbox, mailbox)) {
                Some(envelope) => envelope.notices.push(id),
                None => envelopes.push(Envelope { mailbox, role, notices: vec![id], date }),
            }
        }
    }

    /// Whether a recipient was, or is going to be, written to on that date: an attempt at a
    /// message of an earlier day counts, too.
    fn had_message(&self, mailbox: &str, date: Day, zone: &Zone) -> bool {
        self.account.messages.iter().enumerate().any(|(place, message)| {
            let own = message.made.date == date;
            same_mailbox(&message.made.recipient, mailbox)
                && ((own && (!message.tried.is_empty() || self.standing[place]))
                    || message.tried.iter().any(|tried| zone.day(*tried) == date))
        })
    }

    /// Makes what is due later today to somebody who is written to now. `false`: there is none.
    fn make_later_notices(&mut self, envelopes: &[Envelope<'_>]) -> bool {
        let mut any = false;
        for made in std::mem::take(&mut self.later) {
            let to = recipients(self.account, made.to);
            let now = |mailbox: &str| envelopes.iter().any(|it| same_mailbox(it.mailbox, mailbox));
            if made.by.contains(&Channel::Email) && to.iter().any(|(mailbox, _)| now(mailbox)) {
                self.decide(Decision::NoticeMade(Arc::new(made)));
                any = true;
            }
        }
        any
    }

    /// Whether a recipient has no message yet that says this, or may have said it.
    fn wants_message(&self, notice: &NoticeState, mailbox: &str) -> bool {
        let (mut any, mut own, mut carried) = (false, false, false);
        for (place, message) in self.survey.ground.about(notice.made.notice) {
            any = true;
            if same_mailbox(&message.made.recipient, mailbox) {
                own = true;
                carried |= self.standing[place] || may_have_left(message);
            }
        }
        if own {
            !carried
        } else if notice.made.step == Step::Warning {
            !any || !self.is_proved(notice)
        } else {
            !any
        }
    }

    pub(super) fn is_proved(&self, notice: &NoticeState) -> bool {
        let ladder = self.survey.ladder(notice.made.case);
        let warned = ladder.and_then(|ladder| ladder.warned(self.notice(notice.made.notice)?));
        warned.is_some_and(|warned| warned.proved(self.situation.now).is_some())
    }

    fn make_message(&mut self, envelope: Envelope<'_>) {
        let Envelope { mailbox, role, notices, date } = envelope;
        let before = self.account.messages.iter().filter(|message| {
            message.made.date == date
                && message.made.channel == Channel::Email
                && same_mailbox(&message.made.recipient, mailbox)
        });
        let n = u32::try_from(before.count()).unwrap_or(u32::MAX);
        let message = Derivation::of("message")
            .text(self.tenant.as_str())
            .number(i64::from(date.number()))
            .text(Channel::Email.word())
            .text(mailbox)
            .number(i64::from(n))
            .finish();
        self.decide(Decision::MessageMade(Arc::new(MessageMade {
            message,
            channel: Channel::Email,
            recipient: mailbox.to_owned(),
            role,
            notices,
            date,
            n,
        })));
    }
}

/// When the next attempt at a message is due. There is one at the start of each day's sending.
fn next_attempt(message: &MessageState, bearings: &Bearings<'_>) -> Instant {
    let almanac = bearings.almanac();
    let Some(last) = message.tried.last() else { return almanac.send_at_or_after(message.time) };
    let zone = &bearings.zone;
    let day = zone.day(*last);
    let today = message.tried.iter().filter(|tried| zone.day(**tried) == day).count();
    let delay = BACK_OFF[today.saturating_sub(1).min(BACK_OFF.len() - 1)];
    let jitter = i64::from(message_noise(message.made.message)) * delay / (4 * 256);
    let soon = last.plus_millis(delay + jitter);
    if almanac.is_send_time(soon) && zone.day(soon) == day {
        return soon;
    }
    almanac.start_of_sending(almanac.calendar.next(day))
}

/// Spreads retries: the same for the same message, of course.
fn message_noise(message: MessageId) -> u8 {
    let derived: crate::domain::id::Derived = message.into();
    derived.bytes()[15]
}

/// When a recipient has failed for good.
pub(super) fn gives_up(message: &MessageState, bearings: &Bearings<'_>) -> Instant {
    message
        .tried
        .first()
        .map_or(Instant::MAX, |first| bearings.almanac().plus(*first, GIVE_UP_AFTER, Fold::Later))
}
