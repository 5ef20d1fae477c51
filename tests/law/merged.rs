//! Tenants that were merged into another one: what counts, and what the laws say of both.

use std::cell::Cell;

use ambergate::domain::account::Account;
use ambergate::domain::fact::{InvoiceNamed, TenantMerged};
use ambergate::domain::id::{RecordId, Source, TenantId};
use ambergate::domain::merged::{counted, together};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{DAY, HOUR, Instant};
use ambergate::domain::view::view;
use proptest::prelude::*;

use crate::history::{beginning, happen, happenings};
use crate::laws::{histories, runner};
use crate::mail::Mail;
use crate::payers::PAYER;
use crate::payers_random::{beginning as linked, faults};
use crate::told::told_fact;
use crate::world::World;

fn parent() -> TenantId {
    PAYER.parse().unwrap()
}

fn merging(at: Instant, into: &str, n: u32) -> Record {
    let key: (Source, RecordId) = ("crm".parse().unwrap(), format!("m{n}").parse().unwrap());
    let fact = Fact::TenantMerged(TenantMerged { into: into.parse().unwrap() });
    Record::fact(key, at, at, fact)
}

/// What is said of each invoice, in the order of their names.
fn money(account: &Account) -> Vec<String> {
    let billed = account.invoices.iter().filter(|it| it.is_billed() && it.owner.is_some());
    let mut all: Vec<String> = billed
        .map(|it| {
            let (name, amount, due, status) = (&it.invoice, it.amount, it.due_on, it.status);
            let (paid, owed, disputed) = (it.paid, it.owed, it.disputed);
            format!("{name} {amount:?} {paid} {owed} {disputed} {due:?} {status:?}")
        })
        .collect();
    all.sort();
    let sums = |sums: &[_]| {
        let mut sums: Vec<String> = sums.iter().map(|it| format!("{it:?}")).collect();
        sums.sort();
        sums.join(" ")
    };
    all.push(format!("owed {}", sums(&account.owed())));
    all.push(format!("on account {}", sums(&account.on_account)));
    all.push(format!("credit {}", sums(&account.credit)));
    all
}

/// Whenever a tenant is merged into another one: what it owes is what that one owes, as if nothing
/// had happened, and none of its own climbs is left.
#[test]
fn what_is_owed_is_owed_there_to_the_cent() {
    let steps = (happenings(), 0_usize..40);
    let tried = runner(histories() / 10).run(&steps, |(steps, merged_at)| {
        let mut world = beginning();
        let mut at = None;
        for (number, step) in steps.into_iter().enumerate() {
            if number == merged_at {
                at = Some(world.now);
            }
            happen(&mut world, step, number);
        }
        let at = at.unwrap_or(world.now);
        let before = view(&world.tenant, &world.records, &world.law);
        let mut records = world.records.clone();
        insert(&mut records, merging(at, PAYER, 1));
        let there = counted(&world.tenant, &records, &parent());
        let account = view(&parent(), &together(&[], &there), &world.law);
        prop_assert_eq!(money(&before), money(&account));
        let (own, begun) = (view(&world.tenant, &records, &world.law), at.plus_millis(-1));
        for case in own.cases.iter().filter(|it| own.invoice_of(it).is_billed()) {
            prop_assert!(!case.is_live(), "{:?} climbs on", own.invoice_of(case).invoice);
        }
        for case in &account.cases {
            prop_assert!(case.began > begun, "{} began before the merge", case.began);
        }
        Ok(())
    });
    tried.unwrap();
}

/// Records of the tenant that was merged, and those of the other one, in whatever order they are
/// told: what counts is the same.
#[test]
fn what_counts_does_not_depend_on_the_order_of_arrival() {
    let tried = runner(histories() / 20).run(&happenings(), |steps| {
        let mut world = beginning();
        for (number, step) in steps.into_iter().enumerate() {
            happen(&mut world, step, number);
        }
        let mut turned = Vec::new();
        for record in world.records.iter().rev() {
            insert(&mut turned, record.clone());
        }
        let merge = merging(world.now.plus_millis(-2 * DAY), PAYER, 1);
        let mut straight = world.records.clone();
        insert(&mut straight, merge.clone());
        insert(&mut turned, merge);
        let of = |records: &[Record]| counted(&world.tenant, records, &parent());
        prop_assert_eq!(of(&straight), of(&turned));
        Ok(())
    });
    tried.unwrap();
}

/// One thing that happens, and the hours that pass before it.
fn steps() -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec((0_u16..300, 0_u8..12), 1..24)
}

fn happens(world: &mut World, (n, what): (usize, u8)) {
    let invoice = format!("in_{}", n % 4);
    let due = |world: &World, days: u8| {
        let due = world.zone.day(world.now).plus(i32::from(days)).to_string();
        told_fact(&["issue", invoice.as_str(), "1000.00EUR", "due", due.as_str()], &world.zone)
    };
    let paid = Fact::InvoicePaid(InvoiceNamed { invoice: invoice.parse().unwrap() });
    match what {
        0..=2 => {
            let fact = due(world, what * 7);
            world.fact(fact);
        }
        3 => {
            let fact = due(world, 7);
            world.at_payer(|payer| payer.fact(fact));
        }
        4 => world.fact(paid),
        5 => world.at_payer(|payer| payer.fact(paid)),
        6 | 7 => world.merge(PAYER),
        8 => {
            let until = world.zone.day(world.now).plus(6).to_string();
            let name = format!("q{n}");
            let words = ["promise", name.as_str(), invoice.as_str(), "until", until.as_str()];
            let fact = told_fact(&words, &world.zone);
            world.fact(fact);
        }
        9 => world.mail = Mail::Late(2 * DAY),
        10 => world.at_payer(|payer| payer.mail = Mail::Refused),
        _ => world.mail = Mail::AtOnce,
    }
}

/// Merging restricts nobody at that moment; whatever is entered at either of them was named to its
/// own people; the merged one is never harder than the other.
#[test]
fn the_laws_hold_for_both() {
    let (merged, restricted, given_back) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let tried = runner(histories() / 20).run(&steps(), |steps| {
        let mut world = linked();
        world.paid_by("");
        let mut before = Stage::Full;
        for (n, (hours, what)) in steps.into_iter().enumerate() {
            world.run_until(world.now.plus_millis(i64::from(hours) * HOUR));
            let there = |world: &World| world.payer.as_ref().unwrap().account().stage();
            let passed = (there(&world), world.account().stage());
            happens(&mut world, (n, what));
            world.tick();
            let stages = (there(&world), world.account().stage());
            prop_assert!(stages.0 <= passed.0 || !stages.0.restricts(), "{stages:?} by {what}");
            prop_assert!(stages.1 <= passed.1 || !stages.1.restricts(), "{stages:?} by {what}");
            let is_merged = world.account().profile.merged_into.is_some();
            if is_merged {
                merged.set(merged.get() + 1);
                prop_assert!(stages.1 <= stages.0, "harder than where it counts: {stages:?}");
                let owed = world.payer.as_ref().unwrap().account().owed();
                prop_assert!(stages.0 == Stage::Full || !owed.is_empty(), "closed for nothing");
            }
            let found = faults(world.payer.as_ref().unwrap());
            prop_assert!(found.is_empty(), "{found:?}: {:#?}", world.payer.unwrap().log);
            let found = faults(&world);
            prop_assert!(!is_merged || found.is_empty(), "{found:?}: {:#?}", world.log);
            restricted.set(restricted.get() + usize::from(is_merged && stages.0.restricts()));
            let back = before.restricts() && !stages.0.restricts();
            given_back.set(given_back.get() + usize::from(is_merged && back));
            before = stages.0;
        }
        Ok(())
    });
    tried.unwrap();
    let (merged, restricted, back) = (merged.get(), restricted.get(), given_back.get());
    assert!(merged > 50 && restricted > 5 && back > 0, "too few: {merged} {restricted} {back}");
}

#[test]
fn where_it_was_merged_into_last_is_where_it_counts() {
    let mut world = linked();
    world.fact(told_fact(&["issue", "in_1", "10.00EUR", "due", "2026-03-13"], &world.zone.clone()));
    let (acme, other): (TenantId, TenantId) = (world.tenant.clone(), "other".parse().unwrap());
    let mut records = world.records.clone();
    insert(&mut records, merging(world.now, PAYER, 1));
    assert!(!counted(&acme, &records, &parent()).is_empty());
    insert(&mut records, merging(world.now.plus_millis(HOUR), "other", 2));
    assert!(counted(&acme, &records, &parent()).is_empty());
    assert!(!counted(&acme, &records, &other).is_empty());
    // Of a chain the last one counts all, each as its own.
    let mut theirs = Vec::new();
    insert(&mut theirs, merging(world.now.plus_millis(2 * HOUR), "third", 3));
    let all = together(&theirs, &counted(&acme, &records, &other));
    let third = counted(&other, &all, &"third".parse().unwrap());
    assert!(third.iter().all(|it| it.counted_of() == Some(&acme)) && !third.is_empty());
    let account = view(&"third".parse().unwrap(), &together(&[], &third), &world.law);
    assert_eq!(account.invoices[0].owed, 1_000);
    // In a ring nothing comes back to whose it is.
    insert(&mut theirs, merging(world.now.plus_millis(3 * HOUR), "acme", 4));
    let all = together(&theirs, &counted(&acme, &records, &other));
    assert!(counted(&other, &all, &acme).is_empty());
}
