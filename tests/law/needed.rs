//! That each rule is needed for the laws: taken out, one history breaks them.

use ambergate::domain::record::insert;
use ambergate::domain::stage::Stage;
use ambergate::domain::view::view;

use crate::history::{Happening, beginning, beginning_under, happen};
use crate::oracle::faults;
use crate::without::Rule;
use crate::world::{STANDARD, World};

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
fn nobody_may_be_warned_where_nothing_is_enforced() {
    let mut history = due_and_after(24 * 20);
    history.push(Happening::Observe(24 * 14));
    needs(Rule::Observed, &history);
}

#[test]
fn what_is_taken_over_must_be_silent() {
    needs(Rule::Opening, &[Happening::TakeOver(0, 150), Happening::Pass(24 * 3)]);
}

#[test]
fn nothing_may_leave_while_notices_are_held() {
    let mut history = due_and_after(24 * 5);
    history.push(Happening::HoldNotices(24 * 5));
    needs(Rule::NoticesHeld, &history);
    let mut history = due_and_after(READ_ONLY - 24);
    history.push(Happening::HoldNotices(48));
    needs(Rule::NoticesHeld, &history);
}

#[test]
fn nothing_may_be_entered_that_no_digest_listed() {
    let mut history = due_and_after(WARNED);
    history.push(Happening::LoseDigests(24 * 7));
    needs(Rule::Digest, &history);
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

/// What was kept closed and given back at once was open: another invoice keeps it closed no more.
#[test]
fn what_was_given_back_was_open() {
    let history = [Happening::Gate(0, 1, 5), Happening::WriteOff(0), Happening::Gate(1, 1, 5)];
    let world = live(&history, None);
    assert!(faults(&world).is_empty(), "{:#?}\n{}", faults(&world), told(&world));
    assert!(world.log.iter().any(|(_, line)| line == "open module:a"), "{}", told(&world));
}

/// What is said in the moment after it was kept closed opens it, and was not known before.
#[test]
fn what_is_said_in_the_same_moment_was_not_known() {
    use Happening as H;
    let history = [H::Scope(2, 2, 0), H::Pass(1), H::Gate(0, 2, 0), H::Issue(2, 0)];
    let world = live(&history, None);
    assert!(faults(&world).is_empty(), "{:#?}\n{}", faults(&world), told(&world));
}

/// What was closed under an older generation of the switch closes nothing once what was closed
/// under the new one falls.
#[test]
fn an_older_generation_closes_nothing() {
    use Happening as H;
    let exempt = H::Agree(crate::agreements::Agreed::Exemption, 0, 0);
    let history = [H::Gate(1, 2, 0), H::Open(1), H::Gate(0, 1, 0), exempt];
    let world = live(&history, None);
    assert!(faults(&world).is_empty(), "{:#?}\n{}", faults(&world), told(&world));
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
