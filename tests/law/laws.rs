//! The laws over random histories.

use std::collections::{BTreeMap, BTreeSet};

use ambergate::clock::Clock;
use ambergate::domain::decide::{
    About, Enforcement, Intent, RouteClass, Standings, Verdict, decide,
};
use ambergate::domain::decision::Decision;
use ambergate::domain::explain::explain;
use ambergate::domain::fact::InvoiceNamed;
use ambergate::domain::id::{Derived, Scope};
use ambergate::domain::plan::Situation;
use ambergate::domain::publish::publish;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::{Role, Roles};
use ambergate::domain::time::{DAY, HOUR, Instant};
use ambergate::domain::view::view;
use ambergate::store::breaker::{Breaker, Slot, Slots};
use ambergate::store::memory::Memory;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::agreements::is_closed_but_by_agreement;
use crate::history::{beginning_under, happen, happenings};
use crate::moves::with_mild;
use crate::needed::told;
use crate::oracle::faults;
use crate::terms;
use crate::watch::with_slow;
use crate::world::{STANDARD, World};

/// How many histories each run tries; `HISTORIES=100000` for more.
pub fn histories() -> u32 {
    number("HISTORIES").unwrap_or(2_000)
}

/// Every run tries the same ones; `SEED=n` for others.
pub fn runner(cases: u32) -> TestRunner {
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("SEED").unwrap_or(0).to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

fn number(name: &str) -> Option<u32> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}

/// One in two histories is of people who are warned by mail and banner.
#[test]
fn the_laws_hold() {
    hold(&[STANDARD.to_owned(), with_slow(STANDARD)]);
}

/// The other is of those who are warned on the phone and by letter as well.
#[test]
fn the_laws_hold_by_hand() {
    let by = |ways: &str| STANDARD.replace("by = [\"email\", \"banner\"], needs = 1", ways);
    let phone = "by = [\"phone\", \"letter\"], needs = 1";
    hold(&[by(phone), by("by = [\"email\", \"phone\"], needs = 1")]);
}

/// All laws over random histories under these policies. What is shown of one that breaks a law is
/// the shortest that was found, told as a story.
fn hold(policies: &[String]) {
    let after = (0_u16..900, 0_u16..2_000, any::<u64>());
    let strategy = (0..policies.len(), happenings(), after);
    let mut runner = runner(histories() / 2);
    let result = runner.run(&strategy, |(which, history, (hours, later, seed))| {
        let mut world = beginning_under(&with_mild(&terms::with_terms(&policies[which])));
        for (number, happening) in history.iter().enumerate() {
            happen(&mut world, *happening, number);
        }
        pass(&mut world, hours);
        ways_out_are_open(&world, later)?;
        what_closes_is_explained(&world)?;
        nothing_presses_without_a_slot(&world, hours.min(240))?;
        pass(&mut world, 40 * 24);
        let faults = faults(&world);
        prop_assert!(faults.is_empty(), "{faults:#?}\n{}", told(&world));
        order_and_repetition_change_nothing(&world, seed)?;
        what_would_have_happened_never_counts(&world)?;
        a_payment_lifts_at_once(world)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

fn pass(world: &mut World, hours: u16) {
    world.run_until(world.now.plus_millis(i64::from(hours) * HOUR));
}

/// Law 2: what is paid is open, in the same commit.
fn a_payment_lifts_at_once(mut world: World) -> Result<(), TestCaseError> {
    world.off = true;
    for invoice in world.account().invoices.iter().filter(|invoice| invoice.owed > 0) {
        world.fact(Fact::InvoicePaid(InvoiceNamed { invoice: invoice.invoice.clone() }));
    }
    terms::convert_all(&mut world);
    prop_assert!(!is_closed_but_by_agreement(&world.account()), "{}", told(&world));
    Ok(())
}

/// Law 4: a way out is open in every stage, whatever is asked, by whom, and at any time after.
fn ways_out_are_open(world: &World, hours: u16) -> Result<(), TestCaseError> {
    let situation = Situation { now: world.now, ..world.situation };
    let digest = Derived::from_bytes([0; 16]).into();
    let account = world.account();
    let (grant, _) = publish(&world.tenant, &account, &world.law, digest, &situation);
    let standings = Standings::of(&grant);
    let at = world.now.plus_millis(i64::from(hours) * HOUR);
    let generation = world.situation.generation;
    let roles = Roles::from_iter([Role::User]);
    for about in [About::Whole, About::Any, About::Part(&Scope::whole())] {
        for (intent, stale) in [
            (Intent::Read, false),
            (Intent::Read, true),
            (Intent::Write, false),
            (Intent::Write, true),
        ] {
            let enforcement = Enforcement { on: true, generation, stale };
            let standing = standings.about(about);
            let out = decide(standing, RouteClass::Always, intent, roles, enforcement, at);
            prop_assert!(matches!(out, Verdict::Pass { .. }), "{out:?}\n{}", told(world));
            let other = decide(standing, RouteClass::ByMethod, intent, roles, enforcement, at);
            let refused = matches!(other, Verdict::Refuse { .. });
            prop_assert!(!refused || account.effect().restricts(), "{}", told(world));
        }
    }
    Ok(())
}

/// Law 5: what closes is explained by the invoice, the warning that named it and who got it, and
/// what lifts it; and from the records alone, once the journals brought them back.
fn what_closes_is_explained(world: &World) -> Result<(), TestCaseError> {
    let situation = Situation { now: world.now, ..world.situation };
    let account = world.account();
    let said = explain(&world.tenant, &account, &world.law, &situation);
    let whole = said.join("\n");
    let entries = account.cases.iter().filter(|case| case.is_live()).flat_map(|case| {
        let in_force = case.entries.iter().filter(|entry| entry.in_force);
        in_force.map(move |entry| (case, entry))
    });
    for (case, entry) in entries {
        let invoice = account.invoice_of(case);
        let order = invoice.order.as_ref().map(|order| order.arrangement.to_string());
        let name = order.unwrap_or_else(|| invoice.invoice.to_string());
        prop_assert!(whole.contains(&name), "{name} in\n{whole}");
        let notice = entry.entered.notice.and_then(|id| account.notice(id));
        prop_assert_eq!(notice.is_some(), entry.entered.effect().restricts());
        let Some(notice) = notice else { continue };
        let named = notice.made.names.as_ref().map(|named| {
            format!("naming {} from {} made {}", named.effect(), named.at, notice.time)
        });
        let names = |it: &&String| named.as_ref().is_some_and(|named| it.contains(named));
        // Two parts of an app may be warned of in the same words; each has its receipts.
        let told = said.iter().filter(names).any(|warning| {
            notice.receipts.iter().all(|receipt| {
                warning.contains(&format!("{} {}", receipt.channel.word(), receipt.kind.word()))
                    && warning.contains(&receipt.at.to_string())
            })
        });
        prop_assert!(told, "{named:?}: {:?} in\n{whole}", notice.receipts);
    }
    let lifts = whole.contains("what is owed lifts ");
    prop_assert_eq!(lifts, is_closed_but_by_agreement(&account), "{}", whole);
    let mut lost = world.clone();
    lost.lose_store();
    let again = explain(&lost.tenant, &lost.account(), &lost.law, &situation);
    prop_assert_eq!(said, again);
    Ok(())
}

/// Without it everything is as it is with it.
fn what_would_have_happened_never_counts(world: &World) -> Result<(), TestCaseError> {
    let mut without = world.clone();
    let would = |it: &Record| matches!(it.as_decision(), Some(Decision::WouldHave(_)));
    without.records.retain(|record| !would(record));
    let mut account = world.account();
    account.cases.iter_mut().for_each(|case| case.would.clear());
    let mut other = without.account();
    (account.newest, other.newest) = (world.now, world.now);
    prop_assert_eq!(format!("{account:?}"), format!("{other:?}"), "{}", told(world));
    let (with, without) = (world.plan(), without.plan());
    prop_assert_eq!(with.decisions, without.decisions);
    prop_assert_eq!((with.sends, with.coming), (without.sends, without.coming));
    Ok(())
}

/// Law 6: the account is a function of the set of records.
fn order_and_repetition_change_nothing(world: &World, seed: u64) -> Result<(), TestCaseError> {
    let shuffled = shuffled(&world.records, seed);
    prop_assert_eq!(&shuffled, &world.records);
    let again = view(&world.tenant, &shuffled, &world.law);
    prop_assert_eq!(format!("{again:?}"), format!("{:?}", world.account()));
    let mut other = world.clone();
    other.records = shuffled;
    prop_assert_eq!(other.plan().decisions, world.plan().decisions);
    Ok(())
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

/// Law 8, for one tenant's part: with no slot to be had nothing presses and nothing is entered.
fn nothing_presses_without_a_slot(world: &World, hours: u16) -> Result<(), TestCaseError> {
    let mut tripped = world.clone();
    let before: BTreeSet<String> = world.records.iter().map(Record::id).collect();
    tripped.situation.slots = false;
    pass(&mut tripped, hours);
    for record in tripped.records.iter().filter(|record| !before.contains(&record.id())) {
        let presses = match record.as_decision() {
            Some(Decision::RungEntered(_)) => true,
            Some(Decision::NoticeMade(made)) => made.presses(),
            _ => false,
        };
        prop_assert!(!presses, "{record:?}\n{}", told(&tripped));
    }
    Ok(())
}

/// Law 8, for all together: in no window are there more than so many, and once there would have
/// been nobody is pressed until a person says so.
#[test]
fn no_more_than_so_many_within_a_window() {
    const WINDOW: i64 = DAY;
    let step = (0_u8..40, 0_i64..30, proptest::bool::weighted(0.05));
    let strategy = (1_u64..6, proptest::collection::vec(step, 1..120));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = runner(histories()).run(&strategy, |(max, steps)| {
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
