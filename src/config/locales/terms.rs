//! A policy as its customers read it, and could sign it.
//!
//! Rules:
//! 1. Every sentence says what the policy does; what the policy does not do is not said.
//! 2. No word of the configuration is shown: roles, channels and dates are put into words.
//! 3. What this version has no words of its own for is said in general words, never left out.

use std::borrow::Cow;

use serde::Serialize;

use super::{Fill, Forms, Phrases, capital};
use crate::domain::calendar::Calendar;
use crate::domain::effect::Rate;
use crate::domain::fact::{Channel, Collection};
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::policy::{Anchor, At, Law, Limits, Policy, Rung, TaskRung, Warn};
use crate::domain::span::{Span, Unit};
use crate::domain::stage::{Roles, Stage};
use crate::domain::week::{Weekday, Weekdays};

/// A policy in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// What customers call it.
    pub title: String,
    /// Which version it is: `Version 4f…`.
    pub version: String,
    /// What it is about.
    pub intro: String,
    /// The rest, in order.
    pub sections: Vec<Section>,
    /// Where the two sides sign.
    pub sign: [String; 2],
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// Whole sentences.
    pub sentences: Vec<String>,
    /// What follows the last sentence, point by point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
}

/// What always stays open (law 4).
const OPEN: [&str; 8] = [
    "open-sign-in",
    "open-pay",
    "open-standing",
    "open-ask",
    "open-export",
    "open-cancel",
    "open-delete",
    "open-reduce",
];

/// `policy` of `law` in words.
#[must_use]
pub fn terms(law: &Law, policy: &Policy, language: Language) -> Terms {
    let phrases = Phrases::of(language);
    let mut writer = Writer { language, phrases, policy, sections: Vec::new() };
    writer.due();
    writer.reminders();
    writer.steps();
    writer.rely(law.calendars.get(&policy.calendar).map(|it| &**it), law.operator.is_some());
    writer.open();
    writer.agree();
    if !policy.is_for_terms() {
        writer.amounts();
    }
    let say = |key: &str| phrases.say(key, &Fill::default());
    let zone = Fill::default().with("zone", policy.zone.name());
    let hash = policy.hash.to_string();
    Terms {
        title: policy.title.clone(),
        version: phrases.say("terms-version", &Fill::default().with("version", hash)),
        intro: phrases.say(&writer.key("terms-intro"), &zone),
        sign: [say("sign-us"), say("sign-you")],
        sections: writer.sections,
    }
}

struct Writer<'a> {
    language: Language,
    phrases: &'static Phrases,
    policy: &'a Policy,
    sections: Vec<Section>,
}

impl Writer<'_> {
    fn begin(&mut self, heading: &str) {
        let heading = self.phrases.say(&self.key(heading), &Fill::default());
        self.sections.push(Section { heading, sentences: Vec::new(), points: Vec::new() });
    }

    /// Adds a sentence; it begins with a capital letter, whatever it begins with.
    fn say(&mut self, key: &str, fill: &Fill<'_>) {
        let sentence = capital(&self.phrases.say(&self.key(key), fill));
        if let Some(section) = self.sections.last_mut() {
            section.sentences.push(sentence);
        }
    }

    /// What is said of terms, where they are the ones that end and it is another thing.
    fn key<'k>(&self, key: &'k str) -> Cow<'k, str> {
        let of_terms = || Some(format!("ends-{key}")).filter(|key| self.phrases.has(key));
        let of_terms = self.policy.is_for_terms().then(of_terms).flatten();
        of_terms.map_or(Cow::Borrowed(key), Cow::Owned)
    }

    fn plain(&mut self, key: &str) {
        self.say(key, &Fill::default());
    }

    fn due(&mut self) {
        self.begin("section-due");
        if self.policy.rungs.iter().any(|rung| rung.at.anchor == Anchor::Failed) {
            return self.plain("due-charged");
        }
        self.plain("due-moved");
        if self.policy.least_terms.count > 0 {
            let span = self.span(self.policy.least_terms);
            self.say("due-terms", &Fill::default().with_forms("span", span));
        }
    }

    fn reminders(&mut self) {
        self.begin("section-reminders");
        for rung in &self.policy.rungs {
            let Some(notice) = &rung.notice else { continue };
            let key = format!("remind-{}", notice.kind.replace('_', "-"));
            let key = if self.phrases.has(&key) { &key } else { "remind-other" };
            let fill = self.told(rung.at, notice.to, &notice.by);
            self.say(key, &fill);
            self.only(rung);
        }
        if self.sections.last().is_some_and(|section| section.sentences.is_empty()) {
            self.sections.pop();
        }
    }

    fn steps(&mut self) {
        self.begin("section-steps");
        for rung in &self.policy.rungs {
            self.enter(rung);
            if let Some(task) = &rung.task {
                self.task(rung.at, task);
                if rung.enter.is_none() {
                    self.only(rung);
                }
            }
        }
        if self.sections.last().is_some_and(|section| section.sentences.is_empty()) {
            self.sections.pop();
        }
    }

    fn enter(&mut self, rung: &Rung) {
        let Some(enter) = &rung.enter else { return };
        let when = Fill::default().with("when", self.when(rung.at));
        match enter.stage {
            Stage::Full => self.slowed("step-slow", rung, enter.slow),
            Stage::Grace => {
                let who = self.roles(self.policy.banner_for.grace);
                self.say("step-grace", &when.with_forms("who", who));
            }
            Stage::ReadOnly => {
                self.say("step-read-only", &when);
                self.slowed("step-slow-too", rung, enter.slow);
            }
            Stage::Frozen => self.say("step-frozen", &when),
        }
        if self.only(rung) {
            self.plain("only-ends");
        }
        if enter.approval {
            self.plain("step-approval");
        }
        if let Some(warn) = &enter.warn {
            self.warn(warn);
        }
    }

    fn slowed(&mut self, key: &str, rung: &Rung, slow: Option<Rate>) {
        if let Some(rate) = slow {
            let fill = Fill::default().with("when", self.when(rung.at));
            self.say(key, &fill.with("rate", self.language.rate(rate)));
        }
    }

    /// While what is so. Answers whether there is such a condition.
    fn only(&mut self, rung: &Rung) -> bool {
        let Some(when) = &rung.when else { return false };
        if let Some(limits) = &when.owed_over {
            let amounts = self.limits(limits);
            self.say("only-owed", &Fill::default().with("amounts", amounts));
        }
        if let Some(count) = when.invoices_over {
            self.say("only-invoices", &Fill::default().with("count", count));
        }
        match when.collection {
            None => {}
            Some(Collection::SendInvoice) => self.plain("only-sent"),
            Some(Collection::ChargeAutomatically) => self.plain("only-charged"),
        }
        match when.promised {
            None => {}
            Some(true) => self.plain("only-promised"),
            Some(false) => self.plain("only-not-promised"),
        }
        true
    }

    fn warn(&mut self, warn: &Warn) {
        let fill = Fill::default().with("how", self.channels(&warn.by));
        let fill = fill.with_forms("who", self.roles(warn.to));
        let fill = fill.with_forms("span", self.span(warn.before));
        self.say("step-warned", &fill);
        if !warn.again.is_empty() {
            let spans: Vec<Forms> = warn.again.iter().map(|span| self.span(*span)).collect();
            let spans = Forms::joined(&spans, |texts| self.language.all_of(texts));
            self.say("step-again", &Fill::default().with_forms("spans", spans));
        }
        self.say("step-proofs", &Fill::default().with("count", warn.needs));
    }

    fn task(&mut self, at: At, task: &TaskRung) {
        let fill = Fill::default().with("when", self.when(at));
        let key = format!("task-{}", task.kind.word().replace('_', "-"));
        let repeated = format!("{key}-repeat");
        let key = if self.phrases.has(&key) { &key } else { "task-other" };
        match &task.repeat {
            Some(repeat) if self.phrases.has(&repeated) => {
                self.say(&repeated, &fill.with("count", repeat.at_most));
            }
            _ => self.say(key, &fill),
        }
    }

    fn rely(&mut self, calendar: Option<&Calendar>, operator: bool) {
        let policy = self.policy;
        let cutoff = |rung: &Rung| rung.enter.as_ref().is_some_and(|it| it.effect().restricts());
        self.begin("section-rely");
        if policy.rungs.iter().any(cutoff) {
            self.plain("rely-warning");
            let warns = policy.rungs.iter().filter_map(|rung| rung.enter.as_ref()?.warn.as_ref());
            let by_letter = warns.into_iter().any(|warn| warn.by.contains(&Channel::Letter));
            if policy.postponements.is_some() {
                self.plain("rely-last-resort");
            }
            if by_letter || policy.postponements.is_some() {
                self.plain("rely-letter");
            }
            self.plain("rely-named");
            if policy.slack.count > 0 {
                let span = self.span(policy.slack);
                self.say("rely-slack", &Fill::default().with_forms("span", span));
            }
            let weekend = [Weekday::Sat, Weekday::Sun];
            let is_off = |days: &Weekdays| weekend.iter().all(|day| !days.contains(*day));
            let off = calendar.is_some_and(|calendar| is_off(&calendar.working_days()));
            let days = Weekday::ALL.into_iter().filter(|day| policy.cutoff_days.contains(*day));
            let days: Vec<String> = days.map(|day| self.language.weekday(day).to_owned()).collect();
            let hours = policy.cutoff_hours;
            let fill = Fill::default().with("days", self.language.all_of(&days));
            let fill = fill.with("from", hours.start.to_string()).with("to", hours.end.to_string());
            self.say(if off { "rely-hours" } else { "rely-hours-free" }, &fill);
            if operator {
                self.plain("rely-there");
            }
        }
        let hours = policy.send_hours;
        let fill = Fill::default().with("from", hours.start.to_string());
        self.say("rely-send", &fill.with("to", hours.end.to_string()));
        self.plain("rely-back");
        self.plain("rely-saved");
    }

    fn open(&mut self) {
        self.begin("section-open");
        self.plain("open-intro");
        let points = OPEN.map(|key| self.phrases.say(key, &Fill::default()));
        if let Some(section) = self.sections.last_mut() {
            section.points = points.to_vec();
        }
    }

    fn agree(&mut self) {
        self.begin("section-agree");
        self.plain("agree-ask");
        if self.policy.is_for_terms() {
            return;
        }
        self.plain("agree-ordered");
        if let Some(every) = self.policy.accept {
            let (unit, count) = match every.parts() {
                (0, days) => ("days", days),
                (months, _) => ("months", months),
            };
            let count = Fill::default().with("count", count);
            let every = self.phrases.forms(&format!("span-{unit}"), &count);
            self.say("agree-accept", &Fill::default().with_forms("every", every));
        }
        let promises = self.policy.promises;
        if promises.self_serve && promises.per_invoice > 0 && promises.at_once > 0 {
            let longest = self.span(promises.longest);
            self.say("agree-promise", &Fill::default().with_forms("span", longest));
            let count = |count: u32| Fill::default().with("count", count);
            self.say("agree-promise-count", &count(promises.per_invoice));
            self.say("agree-promise-at-once", &count(promises.at_once));
            self.plain("agree-promise-kept");
        }
        if let Some(in_flight) = self.policy.in_flight.filter(|it| it.times > 0) {
            let percent = self.language.percent(in_flight.covers.0);
            let fill = Fill::default().with("percent", percent);
            let hold = self.span(in_flight.hold);
            self.say("agree-in-flight", &fill.with_forms("span", hold));
            self.say("agree-in-flight-times", &Fill::default().with("count", in_flight.times));
        }
    }

    fn amounts(&mut self) {
        let policy = self.policy;
        self.begin("section-amounts");
        for (key, limits) in
            [("amount-ignored", &policy.ignore_below), ("amount-person", &policy.person_above)]
        {
            if let Some(limits) = limits.as_ref().filter(|limits| !limits.0.is_empty()) {
                let amounts = self.limits(limits);
                self.say(key, &Fill::default().with("amounts", amounts));
            }
        }
        if let Some(short) = policy.short_paid.filter(|short| short.0 > 0) {
            let percent = self.language.percent(short.0);
            self.say("amount-short", &Fill::default().with("percent", percent));
        }
        match policy.late_fee {
            None => self.plain("amount-no-fee"),
            Some(fee) => {
                let rate = self.language.percent(fee.rate_per_month.0);
                let fill = Fill::default().with("rate", rate);
                let fill = fill.with("cap", self.language.percent(fee.cap.0));
                let fill = fill.with_forms("span", self.span(fee.after));
                self.say("amount-fee", &fill);
            }
        }
    }

    /// When, to whom and how.
    fn told(&self, at: At, to: Roles, by: &[Channel]) -> Fill<'static> {
        let fill = Fill::default().with("when", self.when(at)).with("how", self.channels(by));
        fill.with_forms("who", self.roles(to))
    }

    /// `3 working days before the due date`.
    fn when(&self, at: At) -> String {
        let anchor = match at.anchor {
            Anchor::Due => "due",
            Anchor::Issued => "issued",
            Anchor::Failed => "failed",
            Anchor::Ends => "ends",
        };
        let unit = if at.working_days { Unit::WorkingDays } else { Unit::Days };
        let side = match at.offset {
            0 => "on",
            offset if offset < 0 => "before",
            _ => "after",
        };
        let span = self.span(Span { count: at.offset.unsigned_abs(), unit });
        let fill = Fill::default().with_forms("span", span);
        let day = self.phrases.say(&format!("when-{anchor}-{side}"), &fill);
        let Some(time) = at.time else { return day };
        let fill = Fill::default().with("when", day).with("time", time.to_string());
        self.phrases.say("when-time", &fill)
    }

    fn span(&self, span: Span) -> Forms {
        let unit = match span.unit {
            Unit::Minutes => "minutes",
            Unit::Hours => "hours",
            Unit::Days => "days",
            Unit::WorkingDays => "working-days",
            Unit::Weeks => "weeks",
        };
        self.phrases.forms(&format!("span-{unit}"), &Fill::default().with("count", span.count))
    }

    fn roles(&self, roles: Roles) -> Forms {
        let form = |word: &str| {
            self.phrases.forms(&format!("role-{}", word.replace('_', "-")), &Fill::default())
        };
        if roles.is_everyone() {
            return form("everyone");
        }
        let roles: Vec<Forms> = roles.iter().map(|role| form(role.word())).collect();
        Forms::joined(&roles, |texts| self.language.all_of(texts))
    }

    fn channels(&self, channels: &[Channel]) -> String {
        let say = |channel: &Channel| {
            self.phrases.say(&format!("channel-{}", channel.word()), &Fill::default())
        };
        let ways: Vec<String> = channels.iter().map(say).collect();
        self.language.all_of(&ways)
    }

    fn limits(&self, limits: &Limits) -> String {
        let amounts = limits.0.iter().map(|(currency, minor)| {
            self.language.money(Money { minor: *minor, currency: *currency })
        });
        self.language.any_of(&amounts.collect::<Vec<_>>())
    }
}
