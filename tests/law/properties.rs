//! The laws over random histories, and that each rule is needed for them.

use ambergate::domain::record::{Record, insert};
use ambergate::domain::stage::Stage;
use ambergate::domain::view::view;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::history::{Happening, beginning, beginning_under, happen, happenings};
use crate::oracle::faults;
use crate::without::Rule;
use crate::world::{STANDARD, World};

/// How many histories each run tries; `HISTORIES=100000` for more.
pub fn histories() -> u32 {
    std::env::var("HISTORIES").ok().and_then(|many| many.parse().ok()).unwrap_or(200)
}

pub fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() }
}

fn live(history: &[Happening], without: Option<Rule>) -> World {
    live_in(beginning(), history, without)
}

fn live_in(mut world: World, history: &[Happening], without: Option<Rule>) -> World {
    world.without = without;
    for (number, happening) in history.iter().enumerate() {
        happen(&mut world, *happening, number);
    }
    world.run_until(world.now.plus_millis(40 * ambergate::domain::time::DAY));
    world
}

/// Laws 1, 2, 3 and 7.
#[test]
fn no_history_restricts_unlawfully() {
    let mut runner = TestRunner::new(config(histories()));
    let result = runner.run(&happenings(), |history| {
        let world = live(&history, None);
        let faults = faults(&world);
        prop_assert!(faults.is_empty(), "{faults:#?}\n{}", told(&world));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// The same where people are warned by mail, on the phone and by letter.
#[test]
fn no_history_by_hand_restricts_unlawfully() {
    let by = |ways: &str| STANDARD.replace("by = [\"email\", \"banner\"], needs = 1", ways);
    let by_phone = by("by = [\"phone\", \"letter\"], needs = 1");
    let policies = [by_phone, by("by = [\"email\", \"phone\"], needs = 1")];
    let mut runner = TestRunner::new(config(histories() / 4));
    let strategy = (happenings(), 0..policies.len());
    let result = runner.run(&strategy, |(history, which)| {
        let world = live_in(beginning_under(&policies[which]), &history, None);
        let faults = faults(&world);
        prop_assert!(faults.is_empty(), "{faults:#?}\n{}", told(&world));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Law 2: what is paid is open, in the same commit.
#[test]
fn a_payment_lifts_at_once() {
    let mut runner = TestRunner::new(config(histories() / 2));
    let result = runner.run(&happenings(), |history| {
        let mut world = live(&history, None);
        let invoices = world.account().invoices;
        for invoice in invoices.iter().filter(|invoice| invoice.owed > 0) {
            let named = ambergate::domain::fact::InvoiceNamed { invoice: invoice.invoice.clone() };
            world.off = true;
            world.fact(ambergate::domain::record::Fact::InvoicePaid(named));
        }
        prop_assert_eq!(world.account().stage(), Stage::Full);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Law 6: the account is a function of the set of records.
#[test]
fn order_and_repetition_change_nothing() {
    let mut runner = TestRunner::new(config(histories() / 2));
    let strategy = (happenings(), any::<u64>());
    let result = runner.run(&strategy, |(history, seed)| {
        let world = live(&history, None);
        let shuffled = shuffled(&world.records, seed);
        prop_assert_eq!(&shuffled, &world.records);
        let again = view(&world.tenant, &shuffled, &world.law);
        prop_assert_eq!(format!("{again:?}"), format!("{:?}", world.account()));
        let mut other = beginning();
        other.records = shuffled;
        other.now = world.now;
        other.situation = world.situation;
        prop_assert_eq!(other.plan().decisions, world.plan().decisions);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Every record twice, in an order that the seed makes.
fn shuffled(records: &[Record], seed: u64) -> Vec<Record> {
    let mut order: Vec<usize> = (0..records.len()).chain(0..records.len()).collect();
    let mut state = seed | 1;
    for place in (1..order.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let other = usize::try_from(state >> 33).unwrap() % (place + 1);
        order.swap(place, other);
    }
    let mut set = Vec::new();
    for place in order {
        insert(&mut set, records[place].clone());
    }
    set
}

/// With the rule nothing goes wrong in this history; without it something does.
fn needs(rule: Rule, history: &[Happening]) {
    needs_in(beginning(), rule, history);
}

fn needs_in(beginning: World, rule: Rule, history: &[Happening]) {
    let lawful = live_in(beginning.clone(), history, None);
    assert!(faults(&lawful).is_empty(), "{:#?}\n{}", faults(&lawful), told(&lawful));
    let world = live_in(beginning, history, Some(rule));
    assert!(!faults(&world).is_empty(), "nothing goes wrong without {rule:?}\n{}", told(&world));
}

pub fn told(world: &World) -> String {
    let lines = world.log.iter().map(|(at, line)| format!("{}  {line}\n", world.local(*at)));
    lines.collect()
}

/// From the second of March: an invoice due on the twelfth, and so many hours.
fn due_and_after(hours: u16) -> Vec<Happening> {
    vec![Happening::Issue(0, 10), Happening::Pass(hours)]
}

/// Read-only begins on the thirtieth of March: four weeks from the beginning.
const READ_ONLY: u16 = 24 * 28 + 6;
/// The warning is out since the day before yesterday.
const WARNED: u16 = 24 * 23;

#[test]
fn a_hold_must_make_another_leg() {
    let mut history = due_and_after(WARNED);
    history.extend([Happening::Promise(0, 2), Happening::Pass(24 * 8)]);
    needs(Rule::Leg, &history);
}

#[test]
fn what_fell_must_be_recorded_as_lifted() {
    let mut history = due_and_after(READ_ONLY);
    history.extend([Happening::Pay(0, 10), Happening::Pass(2), Happening::Raise(0, 5)]);
    needs(Rule::Lifted, &history);
}

#[test]
fn what_no_longer_applies_must_be_recorded_as_void() {
    let mut history = due_and_after(WARNED);
    history.extend([Happening::Pay(0, 10), Happening::Pass(2), Happening::Raise(0, 5)]);
    history.push(Happening::Pass(24 * 8));
    // Where grace comes first it is entered anew, and that alone moves the cutoff.
    let policy = STANDARD.replace("enter = \"grace\"\n", "");
    needs_in(beginning_under(&policy), Rule::Voided, &history);
}

#[test]
fn no_warning_may_leave_while_a_source_is_silent() {
    let mut history = due_and_after(24 * 20);
    history.push(Happening::Silent(60));
    needs(Rule::Heard, &history);
}

#[test]
fn decisions_must_be_journaled_after_their_commit() {
    let mut history = due_and_after(READ_ONLY - 5);
    history.push(Happening::LoseRace(0));
    needs(Rule::JournalAfterCommit, &history);
}

#[test]
fn every_journal_must_be_back_before_anything_is_decided() {
    let mut history = due_and_after(24 * 12);
    history.extend([Happening::Pay(0, 10), Happening::LoseStore]);
    needs(Rule::Barrier, &history);
}

/// Two replicas that plan the same thing apart make the same notice and the same message.
#[test]
fn ids_must_be_derived() {
    let mails = |without| {
        let mut one = beginning();
        one.without = without;
        happen(&mut one, Happening::Issue(0, 10), 0);
        let mut two = one.clone();
        two.draw = 1;
        one.run_until(one.now.plus_millis(23 * ambergate::domain::time::DAY));
        two.run_until(one.now);
        let mut both = one.records.clone();
        for record in two.records {
            insert(&mut both, record);
        }
        let account = view(&one.tenant, &both, &one.law);
        (one.account().messages.len(), account.messages.len())
    };
    let (alone, together) = mails(None);
    assert_eq!(alone, together, "the same messages, whoever planned them");
    let (alone, together) = mails(Some(Rule::DerivedIds));
    assert!(together > alone, "drawn ids are not noticed");
}

/// A policy version that is not at hand lifts nothing and decides nothing; a payment still lifts.
#[test]
fn a_version_that_is_missing_changes_nothing() {
    let mut world = live(&due_and_after(READ_ONLY), None);
    let stage = world.account().stage();
    assert!(stage.restricts());
    let law = std::mem::take(&mut world.law);
    world.law.calendars = law.calendars;
    let before = world.records.len();
    world.run_until(world.now.plus_millis(30 * ambergate::domain::time::DAY));
    assert_eq!((world.account().stage(), world.records.len()), (stage, before));
    happen(&mut world, Happening::Pay(0, 10), 99);
    assert_eq!(world.account().stage(), Stage::Full);
}
