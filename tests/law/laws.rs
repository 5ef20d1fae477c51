//! Laws 4, 5 and 8 over random histories; the others are in [`crate::properties`].

use std::collections::{BTreeMap, BTreeSet};

use ambergate::clock::Clock;
use ambergate::domain::decide::{
    About, Enforcement, Intent, RouteClass, Standings, Verdict, decide,
};
use ambergate::domain::decision::Decision;
use ambergate::domain::explain::explain;
use ambergate::domain::id::{Derived, Scope};
use ambergate::domain::plan::Situation;
use ambergate::domain::publish::publish;
use ambergate::domain::stage::{Role, Roles};
use ambergate::domain::time::{DAY, HOUR, Instant};
use ambergate::store::breaker::{Breaker, Slot, Slots};
use ambergate::store::memory::Memory;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::history::{Happening, beginning, happen, happenings};
use crate::properties::{config, histories, told};
use crate::world::World;

/// As the tenant stands when the last thing has happened, and so many hours later.
fn live(history: &[Happening], hours: u16) -> World {
    let mut world = beginning();
    for (number, happening) in history.iter().enumerate() {
        happen(&mut world, *happening, number);
    }
    world.run_until(world.now.plus_millis(i64::from(hours) * HOUR));
    world
}

/// Law 4: a way out is open in every stage, whatever is asked, by whom, and at any time after.
#[test]
fn there_is_always_a_way_out() {
    let strategy = (happenings(), 0_u16..900, 0_u16..2_000);
    let result =
        TestRunner::new(config(histories() / 2)).run(&strategy, |(history, hours, after)| {
            let world = live(&history, hours);
            let situation = Situation { now: world.now, ..world.situation };
            let digest = Derived::from_bytes([0; 16]).into();
            let account = world.account();
            let (grant, _) = publish(&world.tenant, &account, &world.law, digest, &situation);
            let standings = Standings::of(&grant);
            let at = world.now.plus_millis(i64::from(after) * HOUR);
            let generation = world.situation.generation;
            for about in [About::Whole, About::Any, About::Part(&Scope::whole())] {
                for intent in [Intent::Read, Intent::Write] {
                    for stale in [false, true] {
                        let enforcement = Enforcement { on: true, generation, stale };
                        let roles = Roles::from_iter([Role::User]);
                        let standing = standings.about(about);
                        let out =
                            decide(standing, RouteClass::Always, intent, roles, enforcement, at);
                        prop_assert!(
                            matches!(out, Verdict::Pass { .. }),
                            "{out:?}\n{}",
                            told(&world)
                        );
                        let verdict =
                            decide(standing, RouteClass::ByMethod, intent, roles, enforcement, at);
                        let refused = matches!(verdict, Verdict::Refuse { .. });
                        prop_assert!(!refused || account.stage().restricts(), "{}", told(&world));
                    }
                }
            }
            Ok(())
        });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Law 5: what closes is explained by the invoice, the warning that named it and who got it, and
/// what lifts it; and from the records alone, in whatever order they came.
#[test]
fn every_standing_is_explained() {
    let strategy = (happenings(), 0_u16..900);
    let result = TestRunner::new(config(histories() / 2)).run(&strategy, |(history, hours)| {
        let mut world = live(&history, hours);
        let situation = Situation { now: world.now, ..world.situation };
        let account = world.account();
        let said = explain(&world.tenant, &account, &world.law, &situation);
        let whole = said.join("\n");
        for case in account.cases.iter().filter(|case| case.is_live()) {
            for entry in case.entries.iter().filter(|entry| entry.in_force) {
                let invoice = account.invoice_of(case).invoice.to_string();
                prop_assert!(whole.contains(&invoice), "{invoice} in\n{whole}");
                let notice = entry.entered.notice.and_then(|id| account.notice(id));
                prop_assert_eq!(notice.is_some(), entry.entered.stage.restricts());
                let Some(notice) = notice else { continue };
                let named = notice.made.names.as_ref().map(|named| {
                    format!("naming {} from {} made {}", named.stage.word(), named.at, notice.time)
                });
                let warning = said.iter().find(|it| named.as_ref().is_some_and(|n| it.contains(n)));
                prop_assert!(warning.is_some(), "{named:?} in\n{whole}");
                for receipt in &notice.receipts {
                    let got = format!("{} at {}", receipt.channel.word(), receipt.at);
                    let (channel, at) = got.split_once(" at ").unwrap();
                    let told = warning.is_some_and(|it| it.contains(channel) && it.contains(at));
                    prop_assert!(told, "{got} in\n{whole}");
                }
            }
        }
        let lifts = whole.contains("Paying what is owed lifts it at once.");
        let restricted = account.stage() != ambergate::domain::stage::Stage::Full;
        prop_assert_eq!(lifts, restricted, "{}", whole);
        world.lose_store();
        let again = explain(&world.tenant, &world.account(), &world.law, &situation);
        prop_assert_eq!(said, again);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Law 8, for one tenant's part: with no slot to be had nothing presses and nothing is entered.
#[test]
fn without_a_slot_nothing_presses() {
    let strategy = (happenings(), 1_u16..900);
    let result = TestRunner::new(config(histories() / 2)).run(&strategy, |(history, hours)| {
        let mut world = live(&history, 0);
        let before: BTreeSet<_> =
            world.records.iter().map(ambergate::domain::record::Record::id).collect();
        world.situation.slots = false;
        world.run_until(world.now.plus_millis(i64::from(hours) * HOUR));
        for record in world.records.iter().filter(|record| !before.contains(&record.id())) {
            let presses = match record.as_decision() {
                Some(Decision::RungEntered(_)) => true,
                Some(Decision::NoticeMade(made)) => made.presses(),
                _ => false,
            };
            prop_assert!(!presses, "{record:?}\n{}", told(&world));
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// Law 8, for all together: in no window are there more than so many, and once there would have
/// been nobody is pressed until a person says so.
#[test]
fn no_more_than_so_many_within_a_window() {
    const WINDOW: i64 = DAY;
    let step = (0_u8..40, 0_i64..30, proptest::bool::weighted(0.05));
    let strategy = (1_u64..6, proptest::collection::vec(step, 1..120));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = TestRunner::new(config(histories())).run(&strategy, |(max, steps)| {
        let clock = Clock::standing("2026-03-02T07:00:00Z".parse().unwrap());
        let store = Memory::new(clock.clone());
        let mut taken: BTreeMap<u8, Instant> = BTreeMap::new();
        let mut tripped = false;
        for (who, hours, reset) in steps {
            let now = clock.now().plus_millis(hours * HOUR);
            clock.set(now);
            if reset {
                let known = runtime.block_on(store.breaker()).unwrap();
                let open = Breaker { generation: known.generation + 1, ..Breaker::default() };
                runtime.block_on(store.set_breaker(&known, open)).unwrap();
                (tripped, taken) = (false, BTreeMap::new());
            }
            let tenant = format!("tenant-{who}").parse().unwrap();
            let window = u64::try_from(WINDOW).unwrap();
            let slot = runtime.block_on(store.take_slot(&tenant, max, window)).unwrap();
            taken.retain(|_, since| now.millis() - since.millis() < WINDOW);
            let room = taken.contains_key(&who) || taken.len() < usize::try_from(max).unwrap();
            tripped |= !room;
            prop_assert_eq!(slot == Slot::Tripped, tripped);
            if slot == Slot::Taken {
                taken.insert(who, now);
            }
            prop_assert!(taken.len() <= usize::try_from(max).unwrap());
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
