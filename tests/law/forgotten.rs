//! A tenant that is forgotten: nothing of its people is left, every sum stays, and the order in which
//! records come changes nothing.

use ambergate::domain::account::Account;
use ambergate::domain::event::{restore, to_json};
use ambergate::domain::fact::TenantForgotten;
use ambergate::domain::forget::{Erasure, erase};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::time::Instant;
use ambergate::domain::view::view;
use ambergate::store::form;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::history::{beginning_under, happen, happenings};
use crate::laws::{histories, runner};
use crate::terms;
use crate::told::told_fact;
use crate::world::{STANDARD, World};

/// What no stored byte may hold.
const MARKER: &str = "MARKER-";

/// Fields that people are in, by type. They are in every event of that type.
const ALWAYS: [(&str, &[&str]); 11] = [
    ("tenant.updated", &["name", "locale", "pay_url"]),
    ("invoice.issued", &["pay_url", "document_url", "purchase_order"]),
    ("invoice.updated", &["pay_url", "document_url", "purchase_order"]),
    ("payment.received", &["method"]),
    ("payment.pending", &["method"]),
    ("arrangement.made", &["by", "reason"]),
    ("arrangement.ended", &["by", "reason"]),
    ("notice.receipt", &["detail"]),
    ("task.done", &["by", "note"]),
    ("policy.accepted", &["by"]),
    ("case.migrated", &["by", "reason"]),
];

/// Fields that people are in where there are any: by their places.
const WHERE_THERE: [(&str, &str); 6] = [
    ("notice.receipt", "/mailbox"),
    ("notice.receipt", "/person"),
    ("message.made", "/recipient"),
    ("task.made", "/about"),
    ("arrangement.made", "/accepted_by/name"),
    ("arrangement.made", "/lines/0/line"),
];

/// The same record with a marker wherever people are in it.
fn marked(world: &World, record: &Record, which: &str) -> Record {
    let mut event = to_json(&world.tenant, record);
    let kind = event["type"].as_str().unwrap().trim_start_matches("ambergate.").to_owned();
    let data = &mut event["data"];
    for field in ALWAYS.iter().filter(|it| it.0 == kind).flat_map(|it| it.1) {
        data[*field] = json!(format!("{MARKER}{which}"));
    }
    for (_, place) in WHERE_THERE.iter().filter(|it| it.0 == kind) {
        let mail = kind != "task.made" || data["kind"] == "fix_contact";
        if let Some(Value::String(text)) = data.pointer_mut(place).filter(|_| mail) {
            *text = format!("{MARKER}{which}-{text}");
        }
    }
    let contacts = data.get_mut("contacts").and_then(Value::as_array_mut);
    for contact in contacts.into_iter().flatten() {
        let text = format!("{MARKER}{which}");
        for field in ["name", "email", "phone"] {
            contact[field] = json!(format!("{text}-{}", contact[field].as_str().unwrap_or("")));
        }
    }
    if kind == "tenant.updated" && data["contacts"].is_null() && which == "two" {
        data["contacts"] = json!([{"role": "user", "name": format!("{MARKER}{which}")}]);
    }
    restore(&event).unwrap().record
}

/// Everything that happened, with people in it, some of it told twice with other people in it.
fn with_people(world: &World, seed: u64) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    for (number, record) in world.records.iter().enumerate() {
        all.push(marked(world, record, "one"));
        let number = u32::try_from(number % 60).unwrap();
        if seed >> number & 1 == 1 {
            all.push(marked(world, record, "two"));
        }
    }
    all
}

fn forgotten(at: Instant, id: &str) -> Record {
    let said = TenantForgotten { by: Some("eve".to_owned()), reason: Some("asked".to_owned()) };
    let key = ("crm".parse().unwrap(), id.parse().unwrap());
    Record::fact(key, at, at, Fact::TenantForgotten(said))
}

/// The set of these records, erased as each of them comes.
fn arrived(records: &[Record]) -> Vec<Record> {
    let mut set = Vec::new();
    for record in records {
        let mut record = record.clone();
        if let Some(erasure) = Erasure::of(&set) {
            erasure.erase(&mut record);
        }
        insert(&mut set, record);
        erase(&mut set);
    }
    set
}

fn shuffled(records: &[Record], seed: u64) -> Vec<Record> {
    let mut shuffled = records.to_vec();
    let mut state = seed | 1;
    for place in (1..shuffled.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        shuffled.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
    }
    shuffled
}

/// Stored, as text: what of it is a marker can be seen.
fn bytes(world: &World, records: &[Record]) -> String {
    let stored = form::account(&world.tenant, records).unwrap().account;
    String::from_utf8_lossy(&stored).into_owned()
}

/// Everything that is counted.
fn sums(account: &Account) -> String {
    let of = |it: &ambergate::domain::account::Invoice| {
        format!(
            "{} {:?} {:?} {} {} {:?} {:?} {:?}",
            it.invoice, it.number, it.amount, it.paid, it.owed, it.status, it.due_on, it.scope
        )
    };
    let invoices: Vec<String> = account.invoices.iter().map(of).collect();
    let notices = account.notices.iter().map(|it| {
        let of = it.receipts.iter().map(|it| (it.channel, it.role, it.kind, it.at));
        (it.made.clone(), it.time, it.voided, of.collect::<Vec<_>>())
    });
    let money = (account.owed(), &account.on_account, &account.credit);
    format!("{invoices:#?} {:#?} {money:?}", notices.collect::<Vec<_>>())
}

#[test]
fn nothing_is_left_in_whatever_order_it_comes() {
    let when = (0_usize..1_000, any::<u64>(), any::<bool>());
    let strategy = (happenings(), when);
    let result = runner(histories() / 10).run(&strategy, |(history, (part, seed, all))| {
        let mut world = beginning_under(&terms::with_terms(STANDARD));
        for (number, happening) in history.iter().enumerate() {
            happen(&mut world, *happening, number);
        }
        world.run_until(world.now.plus_millis(20 * ambergate::domain::time::DAY));
        let people = with_people(&world, seed);
        let newest = people.iter().map(|it| it.time).max().unwrap();
        let at = if all { newest } else { people[part % people.len()].time };
        let mut records = people.clone();
        records.push(forgotten(at, "1"));
        if part % 3 == 0 {
            records.push(forgotten(people[0].time, "0"));
        }
        let once = arrived(&records);
        let twice = [shuffled(&records, seed), shuffled(&records, !seed)].concat();
        let again = arrived(&twice);
        for (one, other) in once.iter().zip(&again) {
            prop_assert_eq!(one, other);
        }
        prop_assert_eq!(once.len(), again.len());
        for record in once.iter().filter(|it| it.time <= at) {
            prop_assert!(!format!("{record:?}").contains(MARKER), "{:?}", record);
        }
        let account = view(&world.tenant, &once, &world.law);
        if all {
            prop_assert!(!bytes(&world, &once).contains(MARKER));
            prop_assert!(account.is_forgotten());
            prop_assert_eq!(&account.profile.contacts, &vec![]);
        }
        let mut before = Vec::new();
        people.into_iter().for_each(|record| _ = insert(&mut before, record));
        let before = view(&world.tenant, &before, &world.law);
        prop_assert_eq!(sums(&before), sums(&account));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// A world in which a debt was run up, warned of and paid.
fn paid() -> World {
    let mut world = beginning_under(STANDARD);
    let zone = ambergate::domain::time::Zone::utc();
    world.fact(told_fact(&["issue", "i1", "1000.00EUR", "due", "2026-03-13"], &zone));
    world.run_until("2026-03-25T12:00:00Z".parse().unwrap());
    assert!(!world.account().messages.is_empty());
    world.fact(told_fact(&["paid", "i1"], &zone));
    world.run_until("2026-03-25T13:00:00Z".parse().unwrap());
    world
}

#[test]
fn nothing_is_sent_or_asked_until_it_is_heard_of_again() {
    let mut world = paid();
    let zone = ambergate::domain::time::Zone::utc();
    world.fact(Fact::TenantForgotten(TenantForgotten::default()));
    erase(&mut world.records);
    let before = world.records.len();
    // The money goes back, and a mail comes back that left long ago.
    let payment = "returned";
    let back = json!({"payment": payment, "invoice": "i1", "reason": "returned",
        "amount": {"minor": 100_000, "currency": "EUR"}});
    world.fact(Fact::PaymentReversed(serde_json::from_value(back).unwrap()));
    world.run_until("2026-06-30T12:00:00Z".parse().unwrap());
    let made = world.records[before..].iter().filter(|it| it.as_decision().is_some());
    assert_eq!(made.count(), 0, "{:#?}", &world.records[before..]);
    assert!(world.account().is_forgotten());

    world.fact(told_fact(&["issue", "i2", "10.00EUR", "due", "2026-07-13"], &zone));
    assert!(!world.account().is_forgotten());
    assert!(world.account().forgotten.is_some_and(|it| it.back.is_some()));
    assert!(world.account().profile.contacts.is_empty(), "with the new data only");
    world.run_until("2026-07-20T12:00:00Z".parse().unwrap());
    let opened = world.account().cases.iter().filter(|case| case.opened.is_some()).count();
    assert!(opened >= 2, "it climbs like any other");
    assert!(
        world.account().messages.iter().all(|it| it.time < world.account().forgotten.unwrap().at)
    );
}

#[test]
fn what_comes_later_about_what_was_before_names_nobody() {
    let mut world = paid();
    let message = world.account().messages[0].made.message;
    world.fact(Fact::TenantForgotten(TenantForgotten::default()));
    world.now = world.now.plus_millis(ambergate::domain::time::DAY);
    let receipt = json!({"message": message, "attempt": 1, "channel": "email",
        "mailbox": "MARKER-ada@example.com", "role": "billing", "kind": "bounced",
        "detail": "no MARKER-ada here"});
    world.fact(Fact::NoticeReceipt(serde_json::from_value(receipt).unwrap()));
    erase(&mut world.records);
    assert!(!format!("{:?}", world.records).contains(MARKER));
    let bounced = &world.account().messages[0];
    let last = bounced.receipts.last().unwrap();
    assert_eq!(last.recipient, bounced.made.recipient);
    assert!(last.recipient.ends_with("@forgotten.invalid"), "{last:?}");
}
