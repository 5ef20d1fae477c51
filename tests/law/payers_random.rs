//! The laws over random histories of a tenant and the one that pays for it.

use std::cell::Cell;

use ambergate::domain::decision::{Decision, Step};
use ambergate::domain::fact::{InvoiceNamed, ReceiptKind};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{DAY, HOUR};
use ambergate::domain::view::view;
use proptest::prelude::*;

use crate::laws::{histories, runner};
use crate::mail::Mail;
use crate::payers::PAYER;
use crate::told::told_fact;
use crate::world::{STANDARD, World, law_of};

/// One thing that happens, and the hours that pass before it.
fn happenings() -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec((0_u16..300, 0_u8..12), 1..24)
}

pub fn beginning() -> World {
    let mut world = World::new(law_of(STANDARD), "2026-03-02T07:00:00Z".parse().unwrap());
    for (role, email) in [("billing", "kim@child.example"), ("admin", "lee@child.example")] {
        let mut contacts = world.account().profile.contacts;
        contacts.push(
            serde_json::from_value(serde_json::json!({"role": role, "email": email})).unwrap(),
        );
        world.fact(Fact::TenantUpdated(Box::new(ambergate::domain::fact::TenantUpdated {
            contacts: Some(contacts),
            ..Default::default()
        })));
    }
    world.add_payer("pat@parent.example");
    world.paid_by(PAYER);
    world
}

fn happen(world: &mut World, (n, what): (usize, u8)) {
    let invoice = format!("in_{}", n % 4);
    match what {
        0..=2 => {
            let due = world.zone.day(world.now).plus(i32::from(what) * 7).to_string();
            let words = ["issue", invoice.as_str(), "1000.00EUR", "due", due.as_str()];
            let fact = told_fact(&words, &world.zone);
            world.at_payer(|payer| payer.fact(fact));
        }
        3 | 4 => {
            let paid = Fact::InvoicePaid(InvoiceNamed { invoice: invoice.parse().unwrap() });
            world.at_payer(|payer| payer.fact(paid));
        }
        5 => world.paid_by(""),
        6 | 7 => world.paid_by(PAYER),
        8 => {
            let until = world.zone.day(world.now).plus(6).to_string();
            let name = format!("q{n}");
            let words = ["promise", name.as_str(), invoice.as_str(), "until", until.as_str()];
            let fact = told_fact(&words, &world.zone);
            world.at_payer(|payer| payer.fact(fact));
        }
        9 => world.mail = Mail::Late(2 * DAY),
        10 => world.mail = Mail::Refused,
        _ => world.mail = Mail::AtOnce,
    }
}

/// What is unlawful about what was entered with the tenant, by its records alone.
pub fn faults(world: &World) -> Vec<String> {
    let records = &world.records;
    let mut faults = Vec::new();
    for record in records {
        let Some(Decision::RungEntered(entered)) = record.as_decision() else { continue };
        if !entered.stage.restricts() {
            continue;
        }
        let made = records.iter().find_map(|it| match it.as_decision() {
            Some(Decision::NoticeMade(made)) if Some(made.notice) == entered.notice => Some(made),
            _ => None,
        });
        let named = made.filter(|made| made.step == Step::Warning).and_then(|it| it.names.as_ref());
        if named.is_none_or(|it| it.at > record.time || it.stage < entered.stage) {
            faults.push(format!("{} at {}: not named", entered.stage.word(), record.time));
            continue;
        }
        let account = view(&world.tenant, records, &world.law);
        let notice = account.notice(entered.notice.unwrap()).unwrap();
        let before = record.time.plus_millis(-7 * DAY + HOUR);
        let mut told: Vec<&str> = notice
            .receipts
            .iter()
            .filter(|it| it.kind == ReceiptKind::Accepted && it.learnt <= before)
            .map(|it| it.recipient.as_str())
            .collect();
        told.sort_unstable();
        told.dedup();
        let needs = if entered.stage == Stage::Frozen { 2 } else { 1 };
        if told.len() < needs {
            faults.push(format!("{} at {}: told {told:?}", entered.stage.word(), record.time));
        }
    }
    faults
}

#[test]
fn the_laws_hold_for_whoever_is_paid_for() {
    let (restricted, given_back) = (Cell::new(0), Cell::new(0));
    let tried = runner(histories() / 20).run(&happenings(), |steps| {
        let mut world = beginning();
        let mut before = Stage::Full;
        for (n, (hours, what)) in steps.into_iter().enumerate() {
            world.run_until(world.now.plus_millis(i64::from(hours) * HOUR));
            let passed = world.stage_beside_payer();
            happen(&mut world, (n, what));
            world.tick();
            let stage = world.stage_beside_payer();
            // Nothing that is said, linking least of all, restricts at that moment.
            prop_assert!(stage <= passed || !stage.restricts(), "{stage:?} by {what}");
            let paid = world.payer.as_ref().is_none_or(|payer| payer.account().stage() < stage);
            prop_assert!(stage == Stage::Full || !paid, "harder than the payer: {stage:?}");
            let linked = world.account().profile.paid_by.is_some();
            prop_assert!(linked || stage == Stage::Full, "closed, and nobody pays for it");
            let found = faults(&world);
            prop_assert!(found.is_empty(), "{found:?}: {:#?}", world.log);
            restricted.set(restricted.get() + usize::from(stage.restricts()));
            let back = before.restricts() && !stage.restricts();
            given_back.set(given_back.get() + usize::from(back));
            before = stage;
        }
        // Law 6: in whatever order they come, the records make the same account.
        let mut turned: Vec<Record> = Vec::new();
        for record in world.journal.iter().rev() {
            insert(&mut turned, record.clone());
        }
        prop_assert_eq!(&turned, &world.records);
        Ok(())
    });
    tried.unwrap();
    let (restricted, given_back) = (restricted.get(), given_back.get());
    assert!(restricted > 5 && given_back > 0, "too few: {restricted}, {given_back}");
}
