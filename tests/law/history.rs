//! Random histories: what may happen to a tenant and to the machines around it.

use ambergate::domain::fact::{
    Allocation, ArrangementKind, ArrangementMade, Channel, Contact, InvoiceNamed, InvoiceTerms,
    NoticeReceipt, PaymentPending, PaymentReceived, PaymentReversed, ReceiptKind, ReversalReason,
    TenantUpdated, When,
};
use ambergate::domain::id::InvoiceId;
use ambergate::domain::money::Money;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Role;
use ambergate::domain::time::{DAY, HOUR, Instant};
use proptest::prelude::*;

use crate::world::{Mail, Rule, STANDARD, World, law_of};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    /// Hours pass.
    Pass(u16),
    /// An invoice is issued, due so many days from now.
    Issue(u8, i8),
    /// Its due date moves.
    Move(u8, i8),
    /// Part of it, in tenths, is paid.
    Pay(u8, u8),
    /// It is said to be paid, so many hours ago.
    Paid(u8, u8),
    /// Money goes back, as of so many hours ago.
    Return(u8, u8),
    /// It turns out that, so many hours ago, its amount was raised to the double.
    Raise(u8, u8),
    /// Money is on its way.
    Pending(u8),
    /// A promise for so many days.
    Promise(u8, u8),
    /// What becomes of mail changes.
    Mail(u8),
    /// The newest accepted mail comes back after all.
    Bounce,
    /// The control plane sleeps for so many hours.
    Sleep(u16),
    /// A record comes again.
    Again(u16),
    /// The store loses everything; the journals bring it back.
    LoseStore,
    /// Another replica loses a race against a promise for this invoice.
    LoseRace(u8),
    /// The switch is opened for so many hours, and closed.
    Open(u8),
}

pub fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    use Happening as H;
    let one = prop_oneof![
        8 => (1_u16..400).prop_map(H::Pass),
        3 => (0_u8..3, -20_i8..40).prop_map(|(i, d)| H::Issue(i, d)),
        1 => (0_u8..3, -20_i8..40).prop_map(|(i, d)| H::Move(i, d)),
        2 => (0_u8..3, 1_u8..11).prop_map(|(i, part)| H::Pay(i, part)),
        1 => (0_u8..3, 0_u8..72).prop_map(|(i, ago)| H::Paid(i, ago)),
        2 => (0_u8..3, 0_u8..200).prop_map(|(i, ago)| H::Return(i, ago)),
        1 => (0_u8..3, 0_u8..200).prop_map(|(i, ago)| H::Raise(i, ago)),
        1 => (0_u8..3).prop_map(H::Pending),
        1 => (0_u8..3, 0_u8..20).prop_map(|(i, days)| H::Promise(i, days)),
        2 => (0_u8..4).prop_map(H::Mail),
        1 => Just(H::Bounce),
        1 => (1_u16..900).prop_map(H::Sleep),
        1 => any::<u16>().prop_map(H::Again),
        1 => Just(H::LoseStore),
        1 => (0_u8..3).prop_map(H::LoseRace),
        1 => (1_u8..200).prop_map(H::Open),
    ];
    proptest::collection::vec(one, 4..28)
}

/// A tenant with two mailboxes, known since a Monday morning in Berlin.
pub fn beginning() -> World {
    beginning_under(STANDARD)
}

/// The same under another policy.
pub fn beginning_under(policy: &str) -> World {
    let mut world = World::new(law_of(policy), "2026-03-02T07:00:00Z".parse().unwrap());
    let contact = |role, email: &str| Contact {
        role,
        name: None,
        email: Some(email.to_owned()),
        phone: None,
    };
    world.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
        contacts: Some(vec![
            contact(Role::Billing, "anna@acme.example"),
            contact(Role::Admin, "bob@acme.example"),
        ]),
        ..TenantUpdated::default()
    })));
    world
}

fn invoice(number: u8) -> InvoiceId {
    format!("in_{number}").parse().unwrap()
}

const AMOUNT: i64 = 100_000;

fn money(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().unwrap() }
}

fn terms(world: &World, number: u8, days: i8, issue: bool) -> InvoiceTerms {
    let due = world.zone.day(world.now).plus(i32::from(days));
    InvoiceTerms {
        invoice: invoice(number),
        number: None,
        kind: None,
        amount: issue.then(|| money(AMOUNT)),
        amount_paid: None,
        issued_on: None,
        due_on: Some(due),
        scope: None,
        pay_url: None,
        document_url: None,
        purchase_order: None,
        collection: None,
    }
}

/// Lets one thing happen, and everything due with it.
pub fn happen(world: &mut World, happening: Happening, number: usize) {
    let hours = |hours: i64| hours * HOUR;
    match happening {
        Happening::Issue(..)
        | Happening::Move(..)
        | Happening::Pay(..)
        | Happening::Paid(..)
        | Happening::Return(..)
        | Happening::Raise(..)
        | Happening::Pending(_) => bill(world, happening, number),
        Happening::Pass(h) => world.run_until(world.now.plus_millis(hours(h.into()))),
        Happening::Promise(i, days) => promise(world, i, days, number),
        Happening::Mail(mode) => {
            world.mail =
                [Mail::AtOnce, Mail::Late(3 * DAY), Mail::Refused, Mail::Never][usize::from(mode)];
        }
        Happening::Bounce => bounce(world, number),
        Happening::Sleep(h) => {
            world.off = true;
            world.run_until(world.now.plus_millis(hours(h.into())));
            world.off = false;
        }
        Happening::Again(place) => {
            let known = world.journal.get(usize::from(place) % world.journal.len().max(1));
            if let Some(record) = known.cloned() {
                insert(&mut world.records, record);
            }
        }
        Happening::LoseStore if world.without == Some(Rule::Barrier) => {
            // One journal has the payments, and it is not back yet.
            let money = |record: &Record| record.as_fact().is_some_and(Fact::is_money);
            world.lose_store_but(|record| !money(record));
            world.run_until(world.now.plus_millis(20 * DAY));
            world.lose_store();
        }
        Happening::LoseStore => world.lose_store(),
        Happening::LoseRace(i) => {
            world.tick();
            world.lose_race();
            promise(world, i, 5, number);
            world.lose_store();
        }
        Happening::Open(h) => {
            world.situation.switch_open = true;
            world.run_until(world.now.plus_millis(hours(h.into())));
            world.situation.switch_open = false;
            world.situation.generation += 1;
        }
    }
    world.tick();
}

/// What a billing system says.
fn bill(world: &mut World, happening: Happening, number: usize) {
    let hours = |hours: i64| hours * HOUR;
    match happening {
        Happening::Issue(i, days) => {
            let terms = terms(world, i, days, true);
            world.fact(Fact::InvoiceIssued(Box::new(terms)));
        }
        Happening::Move(i, days) => {
            let terms = terms(world, i, days, false);
            world.fact(Fact::InvoiceUpdated(Box::new(terms)));
        }
        Happening::Pay(i, part) => {
            let amount = money(AMOUNT / 10 * i64::from(part));
            world.fact(Fact::PaymentReceived(PaymentReceived {
                payment: format!("pay_{number}").parse().unwrap(),
                amount,
                method: None,
                invoices: Some(vec![Allocation { invoice: invoice(i), amount }]),
            }));
        }
        Happening::Paid(i, ago) => {
            let time = world.now.plus_millis(-hours(ago.into()));
            world.fact_at(time, Fact::InvoicePaid(InvoiceNamed { invoice: invoice(i) }));
        }
        Happening::Return(i, ago) => {
            let time = world.now.plus_millis(-hours(ago.into()));
            let reversed = PaymentReversed {
                payment: format!("pay_{number}").parse().unwrap(),
                invoice: invoice(i),
                amount: money(AMOUNT),
                reason: ReversalReason::Returned,
            };
            world.fact_at(time, Fact::PaymentReversed(reversed));
        }
        Happening::Raise(i, ago) => {
            let time = world.now.plus_millis(-hours(ago.into()));
            let raised = InvoiceTerms {
                amount: Some(money(2 * AMOUNT)),
                due_on: None,
                ..terms(world, i, 0, false)
            };
            world.fact_at(time, Fact::InvoiceUpdated(Box::new(raised)));
        }
        Happening::Pending(i) => world.fact(Fact::PaymentPending(PaymentPending {
            payment: format!("soon_{number}").parse().unwrap(),
            invoice: invoice(i),
            amount: money(AMOUNT),
            method: None,
        })),
        _ => {}
    }
}

fn promise(world: &mut World, i: u8, days: u8, number: usize) {
    let until = world.zone.day(world.now).plus(days.into());
    let made = Fact::ArrangementMade(Box::new(ArrangementMade {
        arrangement: format!("promise_{number}").parse().unwrap(),
        kind: ArrangementKind::Promise,
        invoices: Some(vec![invoice(i)]),
        until: Some(When::Day(until)),
        due_on: None,
        amount: None,
        by: None,
        reason: None,
    }));
    if world.without == Some(Rule::Leg) {
        // The case stands still all the same, but its leg stays what it was.
        let key = ("test".parse().unwrap(), format!("held_{number}").parse().unwrap());
        world.journal.push(Record::fact(key, world.now, world.now, made));
        world.off = true;
        let end = world.zone.start_of(until.plus(2));
        world.run_until(end);
        world.off = false;
    } else {
        world.fact(made);
    }
}

fn bounce(world: &mut World, number: usize) {
    let account = world.account();
    let accepted = account.messages.iter().rev().find(|message| {
        message.receipts.iter().any(|receipt| receipt.kind == ReceiptKind::Accepted)
    });
    let Some(message) = accepted else { return };
    let attempt = u32::try_from(message.tried.len()).unwrap();
    let receipt = NoticeReceipt {
        notice: None,
        message: Some(message.made.message),
        attempt: Some(attempt),
        channel: Channel::Email,
        person: None,
        mailbox: Some(message.made.recipient.clone()),
        role: None,
        kind: ReceiptKind::Bounced,
        at: None,
        detail: Some(format!("bounce {number}")),
    };
    world.fact(Fact::NoticeReceipt(Box::new(receipt)));
}

/// When holds began that were not there before, by invoice.
pub fn holds_begun(world: &World) -> Vec<(Instant, InvoiceId)> {
    let held = world.journal.iter().filter_map(|record| match record.as_fact()? {
        Fact::ArrangementMade(made) if made.kind == ArrangementKind::Promise => {
            Some((record.time, made.invoices.clone()?.first()?.clone()))
        }
        _ => None,
    });
    held.collect()
}
