//! One tenant's history under a policy: what would have happened.
//!
//! Rules:
//! 1. It is [`super::course`]: the law over virtual time, each fact taken when it became known.
//! 2. What ambergate itself recorded (decisions, receipts, tasks) is not part of a history: it came
//!    of the policy that was in force then.

use serde::Serialize;
use serde_json::{Value, json};

use super::course::{Course, Endless, Happening, Mail};
use super::event::{Envelope, FieldFault, event_json, parse};
use super::hands::Hand;
use super::id::{Source, TenantId};
use super::policy::Law;
use super::record::Record;
use super::stage::{Role, Stage};
use super::time::{DAY, Instant};

/// What a policy would have done to one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Every stretch in which it would not have had full access, in order.
    pub stretches: Vec<Stretch>,
    /// Warnings of cutoffs, repetitions aside.
    pub warnings: u64,
    /// Tasks for people.
    pub tasks: u64,
}

/// A time in one stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Which stage.
    pub stage: Stage,
    /// From then on.
    pub from: Instant,
    /// Until before then; `None`: still at the end of what was looked at.
    pub until: Option<Instant>,
}

impl Stretch {
    /// How many milliseconds of it lie before `end`.
    #[must_use]
    pub fn millis(&self, end: Instant) -> i64 {
        (self.until.unwrap_or(end).min(end).millis() - self.from.millis()).max(0)
    }
}

impl Outcome {
    /// The strictest stage that was reached.
    #[must_use]
    pub fn strictest(&self) -> Stage {
        self.stretches.iter().map(|stretch| stretch.stage).max().unwrap_or_default()
    }

    /// How many milliseconds were spent in `stage`.
    #[must_use]
    pub fn millis_in(&self, stage: Stage, end: Instant) -> i64 {
        let stretches = self.stretches.iter().filter(|stretch| stretch.stage == stage);
        stretches.map(|stretch| stretch.millis(end)).sum()
    }
}

/// What is assumed of people and machines that a history says nothing of.
#[derive(Clone, Debug, Default)]
pub struct Assumed {
    /// What becomes of mail.
    pub mail: Mail,
    /// What people do about tasks.
    pub done: Vec<Hand>,
}

/// What a line of a history is.
#[derive(Clone, Debug)]
pub enum Line {
    /// A fact, and when it became known.
    Fact(Box<Record>),
    /// Ambergate's own, or about what was its own: not part of a history.
    Own,
}

/// Reads an event of a history: one that was sent, or one that was exported.
///
/// # Errors
///
/// Every field that is wrong.
pub fn read(event: &Value) -> Result<Line, Vec<FieldFault>> {
    let envelope = Envelope::read(event)?;
    let source = envelope.source.as_str();
    let own = source.strip_prefix(Source::OWN);
    let own = own.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if own || matches!(envelope.kind, "notice.receipt" | "task.done") {
        return Ok(Line::Own);
    }
    let Some(time) = envelope.time else {
        let detail = "missing: a history says when things happened";
        return Err(vec![FieldFault::new("time", detail)]);
    };
    let known = envelope.instant("learnt")?.unwrap_or(time);
    parse(event, known.max(time)).map(|incoming| Line::Fact(Box::new(incoming.record)))
}

/// What `law` would have done to `tenant`, whose facts are `records`, until `until`.
///
/// # Errors
///
/// [`Endless`].
pub fn backtest(
    law: &Law,
    tenant: &TenantId,
    records: &[Record],
    until: Instant,
    assumed: &Assumed,
) -> Result<Outcome, Endless> {
    let mut records: Vec<&Record> = records.iter().filter(|it| it.learnt <= until).collect();
    records.sort_by(|one, two| one.learnt.cmp(&two.learnt).then_with(|| one.order(two)));
    let Some(first) = records.first() else { return Ok(Outcome::default()) };
    let mut course = Course::new(law, tenant.clone(), first.learnt, assumed.mail)
        .with_hands(assumed.done.clone());
    for record in records {
        course.run_until(record.learnt)?;
        course.take(record.clone())?;
    }
    course.run_until(until)?;
    let count = |wanted: fn(&Happening) -> bool| {
        course.steps().iter().filter(|step| wanted(&step.what)).count() as u64
    };
    Ok(Outcome {
        stretches: stretches(course.stages()),
        warnings: count(|what| matches!(what, Happening::Warning { again: false, .. })),
        tasks: count(|what| matches!(what, Happening::Task { .. })),
    })
}

/// A mailbox for each role, known `at`: for histories that say nothing of people.
#[must_use]
pub fn mailboxes(tenant: &TenantId, at: Instant) -> Option<Record> {
    let contacts = [Role::Billing, Role::Admin]
        .map(|role| json!({"role": role, "email": format!("{}@mailbox.example", role.word())}));
    let data = json!({"contacts": contacts});
    let mut event = event_json("tenant.updated", "backtest", "mailboxes", data);
    event["subject"] = json!(tenant);
    event["time"] = json!(at);
    parse(&event, at).ok().map(|incoming| incoming.record)
}

fn stretches(stages: &[(Instant, Stage)]) -> Vec<Stretch> {
    let ends = stages.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let all = stages.iter().zip(ends);
    let all = all.map(|((from, stage), until)| Stretch { stage: *stage, from: *from, until });
    all.filter(|stretch| stretch.stage != Stage::Full).collect()
}

/// Days with one decimal, as people read them.
#[must_use]
pub fn days(millis: i64) -> String {
    let tenths = millis / (DAY / 10);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::Account;
    use crate::domain::view::view;

    fn event(kind: &str, id: &str, time: &str, data: Value) -> Value {
        let mut event = event_json(kind, "shop", id, data);
        event["subject"] = json!("acme");
        event["time"] = json!(time);
        event
    }

    #[test]
    fn what_is_its_own_is_no_history() {
        let mut own = event("invoice.paid", "1", "2026-03-02T08:00:00Z", json!({"invoice": "i"}));
        assert!(matches!(read(&own), Ok(Line::Fact(_))));
        own["source"] = json!("ambergate");
        assert!(matches!(read(&own), Ok(Line::Own)));
        own["source"] = json!("ambergates");
        assert!(matches!(read(&own), Ok(Line::Fact(_))));
        own["time"] = Value::Null;
        assert!(read(&own).is_err());
        let undated = event_json("invoice.paid", "shop", "1", json!({"invoice": "i"}));
        assert_eq!(read(&undated).unwrap_err()[0].field, "time");
    }

    #[test]
    fn what_was_learnt_late_counts_from_then() {
        let mut late = event("invoice.paid", "1", "2026-03-02T08:00:00Z", json!({"invoice": "i"}));
        late["learnt"] = json!("2026-03-05T08:00:00Z");
        let Ok(Line::Fact(record)) = read(&late) else { panic!("a fact") };
        assert_eq!(record.learnt.to_string(), "2026-03-05T08:00:00Z");
        assert_eq!(record.time.to_string(), "2026-03-02T08:00:00Z");
    }

    #[test]
    fn mailboxes_are_added_to_those_that_are_known() {
        let tenant: TenantId = "acme".parse().unwrap();
        let at = "2026-03-02T08:00:00Z".parse().unwrap();
        let contacts = json!({"contacts": [{"role": "billing", "email": "a@acme.example"}]});
        let Ok(Line::Fact(own)) =
            read(&event("tenant.updated", "1", "2026-03-02T08:00:00Z", contacts))
        else {
            panic!("a fact")
        };
        let mut records = vec![*own];
        crate::domain::record::insert(&mut records, mailboxes(&tenant, at).unwrap());
        let account: Account = view(&tenant, &records, &Law::default());
        assert_eq!(account.profile.contacts.len(), 3);
    }

    #[test]
    fn stretches_end_where_the_next_one_begins() {
        let at = Instant::from_millis;
        let stages =
            [(at(0), Stage::Grace), (at(DAY), Stage::ReadOnly), (at(3 * DAY), Stage::Full)];
        let found = stretches(&stages);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].until, Some(at(3 * DAY)));
        let outcome = Outcome { stretches: found, ..Outcome::default() };
        assert_eq!(outcome.strictest(), Stage::ReadOnly);
        assert_eq!(days(outcome.millis_in(Stage::ReadOnly, at(10 * DAY))), "2.0");
        let open = stretches(&stages[..2]);
        assert_eq!(open[1].millis(at(2 * DAY + DAY / 2)), DAY + DAY / 2);
    }
}
