//! A scenario as events, in their order.

use serde_json::{Value, json};

use super::Refused;
use super::scenario::{Point, Scenario};
use crate::domain::event::{FieldFault, event_json};
use crate::domain::money::Money;
use crate::domain::policy::{Anchor, Policy};
use crate::domain::stage::{Role, Roles};
use crate::domain::time::{Day, Instant, Zone};
use crate::domain::week::TimeOfDay;

/// The one invoice.
const INVOICE: &str = "invoice";

/// What climbs: the invoice, or the trial in a policy for terms.
fn climbs(policy: &Policy) -> &'static str {
    if policy.is_for_terms() { "term:trial" } else { INVOICE }
}

/// How many days before its due date an invoice is known, where nothing else is said.
const KNOWN_BEFORE_DAYS: i32 = 30;

/// How long after the due date is looked, where nothing else is said.
const HORIZON_DAYS: i32 = 730;

/// What is told, and when.
pub(super) struct Told {
    pub(super) known: Instant,
    pub(super) until: Instant,
    pub(super) moments: Vec<(Instant, Moment)>,
    /// The same for people: when, in a word, and the rest.
    pub(super) rows: Vec<(Instant, &'static str, String)>,
}

pub(super) enum Moment {
    Event(Value),
    Off(bool),
}

impl Told {
    pub(super) fn of(scenario: &Scenario, policy: &Policy, zone: &Zone) -> Result<Self, Refused> {
        let before = scenario.due_on.plus(-KNOWN_BEFORE_DAYS);
        let known = scenario.known.unwrap_or_else(|| morning(scenario.issued_on.unwrap_or(before)));
        let known = known.at(zone);
        let end = scenario.until.unwrap_or_else(|| scenario.due_on.plus(HORIZON_DAYS));
        let until = zone.start_of(end.plus(1));
        let mut told = Self { known, until, moments: Vec::new(), rows: Vec::new() };
        told.invoice(scenario, policy, zone);
        for (index, promise) in scenario.promises.iter().enumerate() {
            let data = json!({
                "arrangement": format!("promise-{index}"), "kind": "promise",
                "invoices": [climbs(policy)], "until": promise.until,
            });
            let at = promise.at.at(zone);
            told.event(at, "arrangement.made", data);
            told.rows.push((at, "promise", format!("to pay until {}", promise.until)));
        }
        for (index, paid) in scenario.payments.iter().enumerate() {
            let at = paid.at.at(zone);
            let amount = paid.amount.map_or("all of it".to_owned(), |amount| amount.to_string());
            match paid.amount {
                None if policy.is_for_terms() => {
                    told.event(at, "term.updated", json!({"kind": "trial", "state": "renewed"}));
                }
                None => told.event(at, "invoice.paid", json!({"invoice": INVOICE})),
                Some(amount) => {
                    let data = json!({
                        "payment": format!("payment-{index}"), "amount": amount,
                        "invoices": [{"invoice": INVOICE, "amount": amount}],
                    });
                    told.event(at, "payment.received", data);
                }
            }
            told.rows.push((at, "paid", amount));
        }
        for off in &scenario.off {
            for (at, is_off) in [(off.from, true), (off.until, false)] {
                let word = if is_off { "off" } else { "on" };
                told.moments.push((at.at(zone), Moment::Off(is_off)));
                told.rows.push((at.at(zone), word, "the control plane".to_owned()));
            }
        }
        told.check()?;
        told.moments.sort_by_key(|(at, _)| *at);
        told.rows.sort_by_key(|(at, ..)| *at);
        Ok(told)
    }

    /// The tenant, the invoice and, where it is charged, its first failure.
    fn invoice(&mut self, scenario: &Scenario, policy: &Policy, zone: &Zone) {
        let known = self.known;
        let issued = scenario.issued_on.unwrap_or_else(|| zone.day(known));
        let charged = policy.rungs.iter().any(|rung| rung.at.anchor == Anchor::Failed);
        if policy.is_for_terms() {
            return self.term(scenario, policy);
        }
        let amount = scenario.amount.or_else(thousand);
        let mut invoice = json!({
            "invoice": INVOICE, "amount": amount, "due_on": scenario.due_on, "issued_on": issued,
        });
        if charged {
            invoice["collection"] = json!("charge_automatically");
        }
        self.event(known, "tenant.updated", tenant(scenario, policy));
        self.event(known, "invoice.issued", invoice);
        let amount = amount.map_or_else(String::new, |amount| amount.to_string());
        let due = scenario.due_on;
        let said = format!("{amount}, due {due}");
        self.rows.push((known, "invoice", said));
        if charged || scenario.failed.is_some() {
            let failed = scenario.failed.unwrap_or_else(|| morning(due)).at(zone);
            self.event(failed, "payment.failed", json!({"invoice": INVOICE, "reason": "declined"}));
            self.rows.push((failed, "failed", "the first charge".to_owned()));
        }
    }

    /// The tenant, and a trial that ends on the day that an invoice would be due.
    fn term(&mut self, scenario: &Scenario, policy: &Policy) {
        let (known, ends) = (self.known, scenario.due_on);
        self.event(known, "tenant.updated", tenant(scenario, policy));
        self.event(known, "term.updated", json!({"kind": "trial", "ends_on": ends}));
        self.rows.push((known, "term", format!("a trial, ends {ends}")));
    }

    fn event(&mut self, at: Instant, kind: &str, data: Value) {
        let id = format!("e{}", self.moments.len());
        let mut event = event_json(kind, "simulation", &id, data);
        event["subject"] = json!("tenant");
        event["time"] = json!(at);
        self.moments.push((at, Moment::Event(event)));
    }

    /// Nothing happens before the invoice is known, and something is looked at.
    fn check(&self) -> Result<(), Refused> {
        let mut faults = Vec::new();
        if self.moments.iter().any(|(at, _)| *at < self.known) {
            let detail = "nothing happens to the invoice before it is known: `known`";
            faults.push(FieldFault::new("known", detail));
        }
        if self.until <= self.known {
            faults.push(FieldFault::new("until", "before the invoice is known: `known`"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Refused::Faulty(faults)) }
    }
}

/// A tenant with a mailbox for each role that the policy writes to, and for `billing` and `admin`.
fn tenant(scenario: &Scenario, policy: &Policy) -> Value {
    let mut roles: Roles = [Role::Billing, Role::Admin].into_iter().collect();
    for rung in &policy.rungs {
        let warned = rung.enter.as_ref().and_then(|enter| enter.warn.as_ref());
        let told = [warned.map(|warn| warn.to), rung.notice.as_ref().map(|notice| notice.to)];
        roles = told.into_iter().flatten().fold(roles, Roles::and);
    }
    let contact = |role: Role| {
        let mailbox = format!("{}@tenant.example", role.word().replace('_', "."));
        json!({"role": role, "email": mailbox})
    };
    let contacts: Vec<Value> = roles.iter().map(contact).collect();
    let mut data = json!({"name": "Tenant", "contacts": contacts});
    if let Some(zone) = &scenario.time_zone {
        data["time_zone"] = json!(zone);
    }
    if let Some(country) = &scenario.country {
        data["country"] = json!(country);
    }
    data
}

fn thousand() -> Option<Money> {
    Some(Money { minor: 100_000, currency: "EUR".parse().ok()? })
}

fn morning(day: Day) -> Point {
    Point::Local(day, TimeOfDay::new(8, 0).unwrap_or(TimeOfDay::MIDNIGHT))
}
