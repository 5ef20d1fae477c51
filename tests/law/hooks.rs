//! What the operator's own systems are told, over random histories.

use std::collections::BTreeMap;

use ambergate::domain::fact::HookAnswer;
use ambergate::domain::outbound::{ATTEMPTS_MAX, Hook, HookEvent, body};
use ambergate::domain::time::{DAY, HOUR};
use proptest::prelude::*;

use crate::history::{beginning_under, happen, happenings};
use crate::laws::{histories, runner};
use crate::moves::with_mild;
use crate::needed::told;
use crate::terms;
use crate::world::{STANDARD, World};

/// One in so many histories is gone through.
const ONE_IN: u32 = 10;

/// One that is told everything, and one that wants money.
pub fn hooks() -> Vec<Hook> {
    let hook =
        |name: &str, events: &[HookEvent]| Hook { name: name.to_owned(), events: events.to_vec() };
    vec![
        hook("all", &HookEvent::ALL),
        hook("money", &[HookEvent::LateFeeDue, HookEvent::StageLifted]),
    ]
}

/// Each entry, lift, late fee and task of the last days was told each hook that listens to it, under
/// one id.
fn all_is_told(world: &World) -> Result<(), TestCaseError> {
    if world.off || !world.situation.ready {
        return Ok(());
    }
    let oldest = world.now.plus_millis(-4 * DAY);
    for hook in &world.law.hooks {
        let decided = world.records.iter().filter(|record| record.time > oldest);
        let decided = decided.filter_map(|record| HookEvent::of(record.as_decision()?));
        let decided = decided.filter(|event| hook.events.contains(event)).count();
        let calls = world.calls.iter().map(|(_, call, _)| call);
        let calls = calls.filter(|call| call.hook == hook.name && call.happened.at > oldest);
        let told_of = calls.map(|call| call.id).collect::<std::collections::BTreeSet<_>>().len();
        prop_assert_eq!(told_of, decided, "{}: {}", hook.name, told(world));
    }
    Ok(())
}

/// None is told after it was taken, or more often than the schedule says; what it is told never
/// changes.
fn none_is_told_twice(world: &World) -> Result<(), TestCaseError> {
    let mut before: BTreeMap<_, (u32, HookAnswer)> = BTreeMap::new();
    for (at, call, kind) in &world.calls {
        let known = before.insert(call.id, (call.attempt, *kind));
        let (attempts, last) = known.unwrap_or((0, HookAnswer::Failed));
        prop_assert_eq!(last, HookAnswer::Failed, "told again at {}: {:?}", at, call);
        prop_assert_eq!(call.attempt, attempts + 1);
        prop_assert!(call.attempt <= ATTEMPTS_MAX);
        let said = body(&world.tenant, &world.account(), &call.happened);
        prop_assert!(said.is_some(), "nothing is known of {:?}", call);
    }
    Ok(())
}

#[test]
fn each_hook_is_told_all_of_it_once() {
    let law = with_mild(&terms::with_terms(STANDARD));
    let law = law.replace("after = \"30 days\"", "after = \"1 day\"");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let seen = std::cell::RefCell::new(&mut seen);
    let result = runner(histories() / ONE_IN).run(&happenings(), |history| {
        let mut world = beginning_under(&law);
        world.law.hooks = hooks();
        for (number, happening) in history.iter().enumerate() {
            happen(&mut world, *happening, number);
            all_is_told(&world)?;
        }
        world.run_until(world.now.plus_millis(50 * HOUR));
        all_is_told(&world)?;
        none_is_told_twice(&world)?;
        for (_, call, _) in &world.calls {
            *seen.borrow_mut().entry(call.happened.event.word()).or_default() += 1;
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.into_inner();
    let all = HookEvent::ALL.iter().all(|event| seen.get(event.word()).is_some_and(|it| *it > 5));
    assert!(all, "each kind was seen: {seen:?}");
}
