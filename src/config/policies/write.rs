//! A policy's canonical text: its one written form, with every default spelled out. Its hash names
//! the version, so spaces, comments and the order of keys make no new one.
//!
//! Rule: [`super::version`] reads what is written here, also years later.

use std::fmt::Write as _;

use super::{amounts, at};
use crate::domain::calendar::Calendar;
use crate::domain::fact::{Channel, Collection, TaskOutcome};
use crate::domain::id::{CalendarName, Derivation, PolicyHash};
use crate::domain::policy::{BannerFor, Condition, Limits, Policy, Rung, Warn, WrittenOff};
use crate::domain::stage::{Role, Roles};
use crate::domain::week::{Weekday, Weekdays};

pub(super) const WRITTEN_OFF: [(&str, WrittenOff); 3] =
    [("climb", WrittenOff::Climb), ("stay", WrittenOff::Stay), ("lift", WrittenOff::Lift)];

pub(super) const COLLECTIONS: [(&str, Collection); 2] = [
    ("send_invoice", Collection::SendInvoice),
    ("charge_automatically", Collection::ChargeAutomatically),
];

pub(super) const OUTCOMES: [(&str, TaskOutcome); 7] = [
    ("reached", TaskOutcome::Reached),
    ("no_answer", TaskOutcome::NoAnswer),
    ("promised", TaskOutcome::Promised),
    ("approved", TaskOutcome::Approved),
    ("declined", TaskOutcome::Declined),
    ("done", TaskOutcome::Done),
    ("posted", TaskOutcome::Posted),
];

/// The version's name.
pub(super) fn hash(text: &str) -> PolicyHash {
    Derivation::of("policy").text(text).finish()
}

/// The text of a policy.
#[must_use]
pub fn policy(policy: &Policy) -> String {
    let name = quote(policy.name.as_str());
    let mut out = format!("[policies.{name}]\n");
    let mut line = |key: &str, value: String| writeln!(out, "{key} = {value}").unwrap_or(());
    line("title", quote(&policy.title));
    line("time_zone", quote(policy.zone.name()));
    line("calendar", quote(policy.calendar.as_str()));
    line("cutoff_days", weekdays(policy.cutoff_days));
    line("cutoff_hours", quote(&policy.cutoff_hours.to_string()));
    line("send_hours", quote(&policy.send_hours.to_string()));
    line("least_terms", quote(&policy.least_terms.to_string()));
    line("slack", quote(&policy.slack.to_string()));
    if let Some(limits) = &policy.ignore_below {
        line("ignore_below", self::limits(limits));
    }
    if let Some(percent) = policy.short_paid {
        line("short_paid", quote(&amounts::write_percent(percent)));
    }
    if let Some(limits) = &policy.person_above {
        line("person_above", self::limits(limits));
    }
    line("written_off", quote(word(&WRITTEN_OFF, policy.written_off)));
    let promises = policy.promises;
    line(
        "promises",
        format!(
            "{{ self_serve = {}, longest = \"{}\", per_invoice = {}, at_once = {} }}",
            promises.self_serve, promises.longest, promises.per_invoice, promises.at_once
        ),
    );
    if let Some(held) = policy.in_flight {
        let covers = amounts::write_percent(held.covers);
        let (hold, times) = (held.hold, held.times);
        let value = format!("{{ hold = \"{hold}\", covers = \"{covers}\", times = {times} }}");
        line("in_flight", value);
    }
    if let Some(times) = policy.postponements {
        line("postponements", times.to_string());
    }
    if let Some(fee) = policy.late_fee {
        let rate = amounts::write_percent(fee.rate_per_month);
        let (after, cap) = (fee.after, amounts::write_percent(fee.cap));
        let value = format!("rate_per_month = \"{rate}\", after = \"{after}\", cap = \"{cap}\"");
        line("late_fee", format!("{{ {value} }}"));
    }
    if let Some(every) = policy.accept {
        line("accept", format!("{{ every = \"{every}\" }}"));
    }
    line("banner_for", banner_for(policy.banner_for));
    for rung in &policy.rungs {
        let _ = write!(out, "\n[[policies.{name}.rungs]]\n{}", self::rung(rung));
    }
    out
}

/// The text of a calendar.
#[must_use]
pub fn calendar(name: &CalendarName, calendar: &Calendar) -> String {
    let days: Vec<_> = calendar.holidays().iter().map(|day| format!("\"{day}\"")).collect();
    format!(
        "[calendars.{}]\nworking_days = {}\nholidays = [{}]\n",
        quote(name.as_str()),
        weekdays(calendar.working_days()),
        days.join(", ")
    )
}

fn rung(rung: &Rung) -> String {
    let mut out = format!("at = {}\n", quote(&at::write(rung.at)));
    let mut line = |key: &str, value: String| writeln!(out, "{key} = {value}").unwrap_or(());
    if let Some(when) = &rung.when {
        line("when", condition(when));
    }
    if let Some(enter) = &rung.enter {
        if enter.has_stage() {
            line("enter", quote(enter.stage.word()));
        }
        if let Some(rate) = enter.slow {
            line("slow", quote(&rate.to_string()));
        }
        if enter.approval {
            line("approval", true.to_string());
        }
        if let Some(warn) = &enter.warn {
            line("warn", self::warn(warn));
        }
    }
    if let Some(notice) = &rung.notice {
        line("notice", quote(&notice.kind));
        line("to", roles(notice.to));
        line("by", channels(&notice.by));
    }
    if let Some(task) = &rung.task {
        line("task", quote(task.kind.word()));
        if let Some(role) = task.assign {
            line("assign", quote(role.word()));
        }
        if let Some(repeat) = &task.repeat {
            let until = list(repeat.until.iter().map(|outcome| word(&OUTCOMES, *outcome)));
            let (every, at_most) = (repeat.every, repeat.at_most);
            let value = format!("every = \"{every}\", at_most = {at_most}, until = {until}");
            line("repeat", format!("{{ {value} }}"));
        }
    }
    out
}

fn condition(when: &Condition) -> String {
    let owed = when.owed_over.as_ref().map(|it| format!("owed_over = {}", limits(it)));
    let invoices = when.invoices_over.map(|count| format!("invoices_over = {count}"));
    let collection =
        when.collection.map(|it| format!("collection = {}", quote(word(&COLLECTIONS, it))));
    let promised = when.promised.map(|yes| format!("promised = {yes}"));
    let all: Vec<_> = [owed, invoices, collection, promised].into_iter().flatten().collect();
    format!("{{ {} }}", all.join(", "))
}

fn warn(warn: &Warn) -> String {
    let again: Vec<_> = warn.again.iter().map(ToString::to_string).collect();
    format!(
        "{{ before = \"{}\", again = {}, to = {}, by = {}, needs = {} }}",
        warn.before,
        list(again.iter().map(String::as_str)),
        roles(warn.to),
        channels(&warn.by),
        warn.needs
    )
}

fn banner_for(banner: BannerFor) -> String {
    format!(
        "{{ grace = {}, warned = {}, read_only = {}, frozen = {} }}",
        roles(banner.grace),
        roles(banner.warned),
        roles(banner.read_only),
        roles(banner.frozen)
    )
}

fn roles(roles: Roles) -> String {
    if roles.is_everyone() {
        return "[\"everyone\"]".to_owned();
    }
    list(roles.iter().map(Role::word))
}

fn channels(channels: &[Channel]) -> String {
    list(channels.iter().map(|channel| channel.word()))
}

fn weekdays(days: Weekdays) -> String {
    list(Weekday::ALL.into_iter().filter(|day| days.contains(*day)).map(Weekday::word))
}

fn limits(limits: &Limits) -> String {
    let one = |(currency, minor): (&_, &i64)| {
        format!("{currency} = \"{}\"", amounts::major(*minor, *currency))
    };
    format!("{{ {} }}", limits.0.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(quote).collect::<Vec<_>>().join(", "))
}

/// A text in quotes as TOML has them.
fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(super) fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| *word)
}
