//! What was simulated as a dated table: one shape for people and for programs.

use serde::Serialize;
use serde_json::{Value, json};

use super::Simulated;
use crate::domain::course::{Happening, Step};
use crate::domain::effect::Effect;
use crate::domain::fact::Channel;
use crate::domain::stage::{Roles, Stage};
use crate::domain::time::{Instant, MINUTE, Zone};

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// When.
    pub at: Instant,
    /// The same in the tenant's zone: `Mon 2026-03-30 10:15`.
    pub local: String,
    /// In a word: `notice`, `warning`, `again`, `entered`, `task`, …
    pub what: &'static str,
    /// Which stage it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The rest: the template, the time that is named, the amount.
    pub detail: String,
    /// To whom, or by whom.
    pub to: String,
}

/// Everything that was told and that happened, by time. Mail that arrives at once is left out.
#[must_use]
pub fn rows(done: &Simulated) -> Vec<Row> {
    let told = done.told.iter().map(|(at, what, detail)| Row {
        at: *at,
        local: local(*at, &done.zone),
        what,
        stage: None,
        detail: detail.clone(),
        to: String::new(),
    });
    let mut rows: Vec<Row> = told.collect();
    rows.extend(done.steps.iter().filter_map(|step| row(step, &done.zone)));
    rows.sort_by_key(|row| row.at);
    rows
}

/// For programs.
#[must_use]
pub fn to_json(done: &Simulated) -> Value {
    let stages = done.stages.iter();
    let stages: Vec<_> = stages.map(|(at, stage)| json!({"at": at, "stage": stage})).collect();
    json!({
        "policy": done.policy.name,
        "version": done.policy.hash,
        "time_zone": done.zone.name(),
        "known": done.known,
        "until": done.until,
        "stages": stages,
        "steps": rows(done),
    })
}

/// `Mon 2026-03-30 10:15`.
#[must_use]
pub fn local(at: Instant, zone: &Zone) -> String {
    let (day, millis) = zone.local(at);
    let minutes = millis / MINUTE;
    let weekday = day.weekday().word();
    let (first, rest) = weekday.split_at(1);
    format!("{}{rest} {day} {:02}:{:02}", first.to_uppercase(), minutes / 60, minutes % 60)
}

fn row(step: &Step, zone: &Zone) -> Option<Row> {
    let (what, stage, detail, to) = match &step.what {
        Happening::Notice { kind, to, by } => ("notice", None, kind.clone(), whom(*to, by)),
        Happening::Warning { effect, at, again, to, by } => {
            let from = at.map_or_else(String::new, |at| format!(" from {}", local(at, zone)));
            let what = if *again { "again" } else { "warning" };
            (what, Some(effect.stage), format!("{}{from}", name(*effect)), whom(*to, by))
        }
        Happening::Voided { kind } => ("void", None, kind.clone(), String::new()),
        Happening::Mail { arrived, kinds, to, first } => {
            if *arrived && *first == step.at {
                return None;
            }
            let what = if *arrived { "arrived" } else { "bounced" };
            (what, None, kinds.join(", "), to.clone())
        }
        Happening::Entered(effect) => ("entered", Some(effect.stage), name(*effect), String::new()),
        Happening::Lifted(effect) => ("lifted", Some(effect.stage), name(*effect), String::new()),
        Happening::Task { kind, assignee } => {
            let who = assignee.map_or_else(String::new, |role| role.word().replace('_', " "));
            ("task", None, kind.replace('_', " "), who)
        }
        Happening::Done { kind, outcome } => {
            let came = outcome.word().replace('_', " ");
            ("done", None, format!("{}: {came}", kind.replace('_', " ")), String::new())
        }
    };
    Some(Row { at: step.at, local: local(step.at, zone), what, stage, detail, to })
}

/// What begins or ends, as people read it.
fn name(effect: Effect) -> String {
    effect.to_string().replace('_', "-")
}

fn whom(to: Roles, by: &[Channel]) -> String {
    let roles = if to.is_everyone() {
        "everyone".to_owned()
    } else {
        let roles = to.iter().map(|role| role.word().replace('_', " "));
        roles.collect::<Vec<_>>().join(", ")
    };
    let ways = by.iter().map(|channel| channel.word()).collect::<Vec<_>>().join(" and ");
    format!("{roles} by {ways}")
}
