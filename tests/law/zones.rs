//! Every zone of the database, across every change of its clocks in two years: each step happens
//! once, at an hour that is allowed there, and no notice period is shortened.

use std::collections::BTreeSet;
use std::ops::Range;

use ambergate::domain::decision::Decision;
use ambergate::domain::fact::{Contact, InvoiceTerms, TenantUpdated};
use ambergate::domain::money::Money;
use ambergate::domain::record::Fact;
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::{DAY, Day, Fold, HOUR, Instant, MINUTE, Zone};

use crate::world::{STANDARD, World, law_of};

/// Changes of clocks from this instant on, for two years.
const FROM: &str = "2026-01-01T00:00:00Z";
const TO: &str = "2028-01-01T00:00:00Z";
/// So many days after the due date read-only is planned.
const READ_ONLY_AFTER: i32 = 15;

/// Office hours in the tenant's own zone: nobody else is asked.
fn office() -> String {
    let (before, rest) = STANDARD.split_once("[operator]").unwrap();
    let (_, after) = rest.split_once("\n[").unwrap();
    format!("{before}[{after}")
}

/// Hours in which clocks change, on days on which they do.
fn night() -> String {
    office()
        .replace(
            "cutoff_days = [\"mon\", \"tue\", \"wed\", \"thu\"]",
            &format!("cutoff_days = {WEEK}"),
        )
        .replace(
            "working_days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]",
            &format!("working_days = {WEEK}"),
        )
        .replace("cutoff_hours = \"10:00-16:00\"", "cutoff_hours = \"01:15-02:45\"")
        .replace("send_hours = \"09:00-18:00\"", "send_hours = \"00:15-03:15\"")
        .replace("due 12:00", "due 02:15")
}

const WEEK: &str = "[\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]";

/// When messages may leave and cutoffs may come, in milliseconds of the day.
struct Hours {
    send: Range<i64>,
    cutoff: Range<i64>,
}

/// The zones, each with the changes of its clocks. Of those whose clocks show the same all the
/// time one is enough: a climb reads nothing else of its zone.
fn zones() -> Vec<(Zone, Vec<Instant>)> {
    let (from, to): (Instant, Instant) = (FROM.parse().unwrap(), TO.parse().unwrap());
    let named = jiff::tz::db().available().filter_map(|name| Zone::named(name.as_str()));
    let mut shown = BTreeSet::new();
    let mut zones = Vec::new();
    for zone in named {
        let changes = zone.to_jiff().following(from.plus_millis(-60 * DAY).to_jiff());
        let changes = changes.map(|it| Instant::from_millis(it.timestamp().as_millisecond()));
        let changes: Vec<_> = changes.take_while(|at| *at < to.plus_millis(60 * DAY)).collect();
        let shows = |at: &Instant| (*at, zone.local(*at));
        if shown.insert(changes.iter().chain([&from]).map(shows).collect::<Vec<_>>()) {
            let within = changes.into_iter().filter(|at| (from..to).contains(at)).collect();
            zones.push((zone, within));
        }
    }
    zones
}

fn world(policy: &str, zone: &Zone, due: Day) -> World {
    let mut world = World::new(law_of(policy), zone.start_of(due.plus(-14)).plus_millis(HOUR * 8));
    let contact = |role, email: &str| Contact {
        role,
        name: None,
        email: Some(email.to_owned()),
        phone: None,
    };
    world.zone = zone.clone();
    world.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
        time_zone: Some(zone.name().to_owned()),
        contacts: Some(vec![
            contact(Role::Billing, "anna@acme.example"),
            contact(Role::Admin, "bob@acme.example"),
        ]),
        ..TenantUpdated::default()
    })));
    world.fact(Fact::InvoiceIssued(Box::new(InvoiceTerms {
        invoice: "in_1".parse().unwrap(),
        number: None,
        kind: None,
        amount: Some(Money { minor: 100_000, currency: "EUR".parse().unwrap() }),
        amount_paid: None,
        issued_on: None,
        due_on: Some(due),
        scope: None,
        pay_url: None,
        document_url: None,
        purchase_order: None,
        collection: None,
        gates_scope: None,
        opening: None,
        replaces: None,
    })));
    world
}

/// What is wrong with a climb in this zone whose invoice is due on that day.
fn faults(policy: &str, hours: &Hours, zone: &Zone, due: Day) -> Vec<String> {
    let mut world = world(policy, zone, due);
    world.run_until(world.now.plus_millis(70 * DAY));
    let mut faults = Vec::new();
    let account = world.account();
    let stages: Vec<Stage> = account.cases[0].entries.iter().map(|it| it.entered.stage).collect();
    if stages != [Stage::Grace, Stage::ReadOnly, Stage::Frozen] {
        faults.push(format!("entered {stages:?}"));
    }
    let mut steps = Vec::new();
    for notice in &account.notices {
        let step = (notice.made.rung, notice.made.step);
        if steps.contains(&step) {
            faults.push(format!("{} came twice", notice.made.kind));
        }
        steps.push(step);
    }
    for entry in account.cases[0].entries.iter().filter(|it| it.entered.effect().restricts()) {
        let notice = account.notice(entry.entered.notice.unwrap()).unwrap();
        let named = notice.made.names.as_ref().unwrap().at;
        let proofs = if entry.entered.stage == Stage::Frozen { 2 } else { 1 };
        let mut learnt: Vec<Instant> = notice.receipts.iter().map(|it| it.learnt).collect();
        learnt.sort_unstable();
        let proved = learnt[proofs - 1];
        let at = |what: Instant| world.local(what);
        let (_, millis) = zone.local(entry.time);
        if zone.plus_days(proved, 7, Fold::Later) > entry.time {
            faults.push(format!("proved {}, entered {}", at(proved), at(entry.time)));
        }
        if entry.time < named || !hours.cutoff.contains(&millis) {
            faults.push(format!("named {}, entered {}", at(named), at(entry.time)));
        }
    }
    for record in &world.records {
        let Some(Decision::MessageTried(_)) = record.as_decision() else { continue };
        let (_, millis) = zone.local(record.time);
        if !hours.send.contains(&millis) {
            faults.push(format!("a message left at {}", world.local(record.time)));
        }
    }
    let told = |fault| format!("{} due {due}: {fault}", zone.name());
    faults.into_iter().map(told).collect()
}

fn hold_everywhere(policy: &str, hours: &Hours) {
    let zones = zones();
    assert!(zones.len() > 60, "the database has few zones: {}", zones.len());
    let mut climbs = 0;
    let mut wrong = Vec::new();
    for (zone, changes) in zones {
        let changes = if changes.is_empty() { vec![FROM.parse().unwrap()] } else { changes };
        for change in changes {
            // The change falls into the period of the warning, and onto the day of the cutoff.
            for days in [0, 3] {
                let due = zone.day(change).plus(days - READ_ONLY_AFTER);
                wrong.extend(faults(policy, hours, &zone, due));
                climbs += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {climbs}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_step_once_in_every_zone_in_office_hours() {
    let hours = Hours { send: 9 * HOUR..18 * HOUR, cutoff: 10 * HOUR..16 * HOUR };
    hold_everywhere(&office(), &hours);
}

#[test]
fn each_step_once_in_every_zone_in_the_hours_in_which_clocks_change() {
    // Hours that do not exist are taken an hour later for a cutoff: within the hour after.
    let hours = Hours {
        send: 15 * MINUTE..4 * HOUR + 15 * MINUTE,
        cutoff: HOUR + 15 * MINUTE..3 * HOUR + 45 * MINUTE,
    };
    hold_everywhere(&night(), &hours);
}
