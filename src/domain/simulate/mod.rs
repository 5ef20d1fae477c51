//! One invoice under one policy, from the day it becomes known to the end of the ladder.
//!
//! Rules:
//! 1. What comes out is what `view` and `plan` do with it over virtual time (see [`super::course`]);
//!    nothing about ladders is reckoned here.
//! 2. What is told is told as events, by the same road as any other.
//! 3. Dates and times without a zone are the tenant's.

mod rows;
mod scenario;
mod told;

use std::sync::Arc;

use super::course::{Course, Endless, Mail, Step};
use super::event::{FieldFault, parse};
use super::id::PolicyName;
use super::policy::{Law, Policy, Select};
use super::span::Span;
use super::stage::Stage;
use super::time::{Day, Instant, Zone};
use told::{Moment, Told};

pub use rows::{Row, local, rows, to_json};
pub use scenario::{Off, Paid, Point, Promised, Scenario};

/// How many promises, payments, outages and outcomes of tasks may be told in all.
const TOLD_MAX: usize = 200;

/// How far from the due date anything may be.
const YEARS_MAX_DAYS: i32 = 10 * 366;

/// What came of it.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The version that was simulated.
    pub policy: Arc<Policy>,
    /// In which the dates are local.
    pub zone: Zone,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// What was told, in order: when, in a word, and the rest.
    pub told: Vec<(Instant, &'static str, String)>,
    /// When the stage changed, and to what.
    pub stages: Vec<(Instant, Stage)>,
    /// When the invoice became known.
    pub known: Instant,
    /// Until when was looked.
    pub until: Instant,
}

/// Why a scenario cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such policy.
    #[error("no policy of this name is in force: {0}")]
    NoPolicy(String),
    /// These fields make no sense.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faulty(Vec<FieldFault>),
    /// The law does not come to an end.
    #[error(transparent)]
    Endless(#[from] Endless),
}

/// What comes of `scenario` under the policy `name` of `law`.
///
/// # Errors
///
/// [`Refused`].
pub fn simulate(law: &Law, name: &str, scenario: &Scenario) -> Result<Simulated, Refused> {
    let known = name.parse::<PolicyName>().ok().and_then(|name| law.policies.get(&name));
    let policy = Arc::clone(known.ok_or_else(|| Refused::NoPolicy(name.to_owned()))?);
    let zone = zone_of(&policy, scenario)?;
    judge(scenario)?;
    let only = Select::everybody(policy.name.clone());
    let law = Law { select: vec![only], ..law.clone() };
    let told = Told::of(scenario, &policy, &zone)?;
    let tenant = "tenant".parse().map_err(|_| Refused::NoPolicy(name.to_owned()))?;
    let mail = match scenario.late_mail.and_then(Span::nominal_millis) {
        _ if scenario.refused_mail => Mail::Refused,
        Some(late) => Mail::Late(late),
        None => Mail::AtOnce,
    };
    let mut course = Course::new(&law, tenant, told.known, mail).with_hands(scenario.done.clone());
    for (at, moment) in told.moments {
        course.run_until(at)?;
        match moment {
            Moment::Off(off) => {
                course.set_off(off);
                course.settle()?;
            }
            Moment::Event(event) => {
                let incoming = parse(&event, at).map_err(Refused::Faulty)?;
                course.take(incoming.record)?;
            }
        }
    }
    course.run_until(told.until)?;
    let (steps, stages) = (course.steps().to_vec(), course.stages().to_vec());
    Ok(Simulated {
        policy,
        zone,
        steps,
        told: told.rows,
        stages,
        known: told.known,
        until: told.until,
    })
}

fn zone_of(policy: &Policy, scenario: &Scenario) -> Result<Zone, Refused> {
    let Some(name) = &scenario.time_zone else { return Ok(policy.zone.clone()) };
    Zone::named(name).ok_or_else(|| {
        let detail = "no zone of the IANA database, such as Europe/Berlin";
        Refused::Faulty(vec![FieldFault::new("time_zone", detail)])
    })
}

fn judge(scenario: &Scenario) -> Result<(), Refused> {
    let mut faults = Vec::new();
    let told = scenario.promises.len() + scenario.payments.len() + scenario.off.len();
    let told = told + scenario.done.len();
    if told > TOLD_MAX {
        let detail = format!("at most {TOLD_MAX} promises, payments, outages and outcomes in all");
        faults.push(FieldFault::new("promises", detail));
    }
    if scenario.late_mail.is_some_and(|late| late.nominal_millis().is_none()) {
        faults.push(FieldFault::new("late_mail", "in minutes, hours, days or weeks"));
    }
    let far = |day: Day| day.since(scenario.due_on).unsigned_abs() > YEARS_MAX_DAYS.unsigned_abs();
    if scenario.until.is_some_and(far) || scenario.issued_on.is_some_and(far) {
        faults.push(FieldFault::new("due_on", "all of it lies within ten years of the due date"));
    }
    let amounts = scenario.payments.iter().filter_map(|paid| paid.amount);
    let currency = scenario.amount.map_or("EUR".to_owned(), |amount| amount.currency.to_string());
    if amounts.into_iter().any(|amount| amount.currency.code() != currency) {
        faults.push(FieldFault::new("payments", format!("the invoice is over {currency}")));
    }
    if faults.is_empty() { Ok(()) } else { Err(Refused::Faulty(faults)) }
}
