//! Random histories: what may happen to a tenant and to the machines around it.

use ambergate::domain::fact::{
    Allocation, Channel, Contact, InvoiceNamed, InvoiceTerms, NoticeReceipt, PaymentPending,
    PaymentReceived, PaymentReversed, ReceiptKind, ReversalReason, TenantUpdated,
};
use ambergate::domain::id::InvoiceId;
use ambergate::domain::money::Money;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Role;
use ambergate::domain::time::{DAY, HOUR};
use proptest::prelude::*;

use crate::agreements::{AGREED, Agreed, agree, end_newest, extend, promise, release};
use crate::around::{awry, lose_digests, observe, open, sleep};
use crate::by_hand::{BY_HAND, ByHand, by_hand};
use crate::mail::Mail;
use crate::moves;
use crate::terms;
use crate::without::Rule;
use crate::world::{STANDARD, World, law_of};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    /// Hours pass.
    Pass(u16),
    /// An invoice is issued, due so many days from now.
    Issue(u8, i8),
    /// Its due date moves.
    Move(u8, i8),
    /// An invoice is issued that is to be paid before that part of the app is opened.
    Gate(u8, u8, i8),
    /// It is said to be about that part of the app, as of so many hours ago.
    Scope(u8, u8, u8),
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
    /// An invoice is taken over with a history, due so many weeks ago.
    TakeOver(u8, u8),
    /// It is released.
    Release(u8),
    /// For so many hours notices are held.
    HoldNotices(u8),
    /// For so many hours nothing is enforced.
    Observe(u16),
    /// It never counted.
    Void(u8),
    /// The books give it up.
    WriteOff(u8),
    /// Its due date is moved by agreement, to so many days from now.
    Extend(u8, u8),
    /// Money that names no invoice, in tenths of one.
    OnAccount(u8),
    /// Another agreement of that kind, for so many days.
    Agree(Agreed, u8, u8),
    /// The newest agreement is ended by somebody.
    EndAgreement,
    /// Only the first so many people are left.
    Contacts(u8),
    /// For so many hours not all that was received is worked off.
    Stale(u8),
    /// The feed loses that an invoice was paid: only its billing system knows.
    Unheard(u8),
    /// The billing system does not answer for so many hours.
    NoAnswer(u8),
    /// A source is silent for so many hours.
    Silent(u8),
    /// For so many hours the store recovers.
    Recover(u8),
    /// For so many hours the process's clock is not the store's.
    ClockOff(u8),
    /// For so many hours the breaker has no room for anybody.
    Tripped(u8),
    /// A digest is required from now on, and for so many hours none arrives.
    LoseDigests(u8),
    /// Somebody calls, writes, or does a task.
    ByHand(ByHand),
    /// All running cases are moved to the policy that never freezes, or back.
    Migrate(bool),
    /// A trial, or the contract of a part, stands so and ends so many days from now.
    Term(u8, u8, i8),
}

pub fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    use Happening as H;
    let one = prop_oneof![
        8 => (1_u16..400).prop_map(H::Pass),
        3 => (0_u8..3, -20_i8..40).prop_map(|(i, d)| H::Issue(i, d)),
        1 => (0_u8..3, -20_i8..40).prop_map(|(i, d)| H::Move(i, d)),
        1 => (0_u8..3, 1_u8..3, -5_i8..20).prop_map(|(i, scope, d)| H::Gate(i, scope, d)),
        2 => (0_u8..3, 0_u8..3, 0_u8..200).prop_map(|(i, scope, ago)| H::Scope(i, scope, ago)),
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
        1 => (1_u16..300).prop_map(H::Observe),
        1 => (0_u8..3, 0_u8..200).prop_map(|(i, weeks)| H::TakeOver(i, weeks)),
        2 => (0_u8..3).prop_map(H::Release),
        1 => (1_u8..60).prop_map(H::HoldNotices),
        1 => (0_u8..3).prop_map(H::Void),
        1 => (0_u8..3).prop_map(H::WriteOff),
        1 => (0_u8..3, 0_u8..40).prop_map(|(i, days)| H::Extend(i, days)),
        1 => (1_u8..25).prop_map(H::OnAccount),
        3 => (proptest::sample::select(&AGREED[..]), 0_u8..3, 0_u8..30)
            .prop_map(|(kind, i, days)| H::Agree(kind, i, days)),
        1 => Just(H::EndAgreement),
        1 => (0_u8..3).prop_map(H::Contacts),
        1 => (1_u8..90).prop_map(H::Stale),
        1 => (1_u8..90).prop_map(H::Silent),
        1 => (0_u8..3).prop_map(H::Unheard),
        1 => (1_u8..90).prop_map(H::NoAnswer),
        1 => (1_u8..30).prop_map(H::Recover),
        1 => (1_u8..90).prop_map(H::ClockOff),
        1 => (1_u8..200).prop_map(H::LoseDigests),
        1 => (1_u8..90).prop_map(H::Tripped),
        4 => proptest::sample::select(&BY_HAND[..]).prop_map(H::ByHand),
        1 => any::<bool>().prop_map(H::Migrate),
        1 => (0_u8..3, 0_u8..6, -20_i8..40).prop_map(|(i, state, d)| H::Term(i, state, d)),
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
    world.situation.asking.of = Some(crate::asked::SOURCE);
    world.fact(people(2));
    world
}

/// The first so many people of the tenant.
fn people(many: usize) -> Fact {
    let contact = |(role, email): &(Role, &str)| Contact {
        role: *role,
        name: None,
        email: Some((*email).to_owned()),
        phone: None,
    };
    let all = [(Role::Billing, "anna@acme.example"), (Role::Admin, "bob@acme.example")];
    let contacts = Some(all.iter().take(many).map(contact).collect());
    Fact::TenantUpdated(Box::new(TenantUpdated { contacts, ..TenantUpdated::default() }))
}

pub fn invoice(number: u8) -> InvoiceId {
    format!("in_{number}").parse().unwrap()
}

/// The parts of the app that invoices are about.
const SCOPES: [&str; 3] = ["*", "module:a", "module:b"];

pub const AMOUNT: i64 = 100_000;

pub fn money(minor: i64) -> Money {
    Money { minor, currency: "EUR".parse().unwrap() }
}

pub fn terms(world: &World, number: u8, days: i8, issue: bool) -> InvoiceTerms {
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
        gates_scope: None,
        opening: None,
        replaces: None,
    }
}

/// Lets one thing happen, and everything due with it.
pub fn happen(world: &mut World, happening: Happening, number: usize) {
    let hours = |hours: i64| hours * HOUR;
    match happening {
        Happening::Issue(..)
        | Happening::Move(..)
        | Happening::Gate(..)
        | Happening::Scope(..)
        | Happening::Pay(..)
        | Happening::Paid(..)
        | Happening::Return(..)
        | Happening::Raise(..)
        | Happening::Pending(_)
        | Happening::Void(_)
        | Happening::WriteOff(_)
        | Happening::OnAccount(_) => bill(world, happening, number),
        Happening::Pass(h) => world.run_until(world.now.plus_millis(hours(h.into()))),
        Happening::Promise(i, days) => promise(world, i, days, number),
        Happening::Mail(mode) => {
            world.mail =
                [Mail::AtOnce, Mail::Late(3 * DAY), Mail::Refused, Mail::Never][usize::from(mode)];
        }
        Happening::Bounce => bounce(world, number),
        Happening::Sleep(h) => sleep(world, hours(h.into())),
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
        Happening::Open(h) => open(world, hours(h.into())),
        Happening::TakeOver(i, weeks) => take_over(world, i, weeks),
        Happening::Release(i) => release(world, i),
        Happening::HoldNotices(h) => awry(world, h, |situation, so| situation.notices_held = so),
        Happening::Observe(h) => observe(world, hours(h.into())),
        Happening::Extend(i, days) => extend(world, i, days, number),
        Happening::Agree(kind, i, days) => agree(world, kind, (i, days), number),
        Happening::EndAgreement => end_newest(world),
        Happening::ByHand(what) => by_hand(world, what),
        Happening::Migrate(mild) => moves::happen(world, mild),
        Happening::Term(i, state, days) => terms::happen(world, i, state, days),
        Happening::Contacts(many) => world.fact(people(many.into())),
        Happening::Stale(h) => awry(world, h, |situation, so| situation.feeds = !so),
        Happening::Unheard(i) => {
            let paid = Fact::InvoicePaid(InvoiceNamed { invoice: invoice(i) });
            world.billing.lost.push(paid);
        }
        Happening::NoAnswer(h) => {
            world.billing.away = true;
            world.run_until(world.now.plus_millis(hours(h.into())));
            world.billing.away = false;
        }
        Happening::Silent(h) => awry(world, h, |situation, so| situation.heard = !so),
        Happening::Tripped(h) => awry(world, h, |situation, so| situation.slots = !so),
        Happening::Recover(h) => awry(world, h, |situation, so| situation.ready = !so),
        Happening::LoseDigests(h) => lose_digests(world, hours(h.into())),
        Happening::ClockOff(h) => awry(world, h, |situation, so| situation.clock_agrees = !so),
    }
    world.tick();
}

/// An invoice is taken over with a history, due so many weeks ago.
fn take_over(world: &mut World, i: u8, weeks: u8) {
    let due_on = Some(world.zone.day(world.now).plus(-7 * i32::from(weeks)));
    let taken = InvoiceTerms { due_on, opening: Some(true), ..terms(world, i, 0, true) };
    world.fact(Fact::InvoiceIssued(Box::new(taken)));
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
        Happening::Gate(..) | Happening::Scope(..) => change_scope(world, happening),
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
                phase: None,
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
        Happening::Void(i) => world.fact(Fact::InvoiceVoided(InvoiceNamed { invoice: invoice(i) })),
        Happening::WriteOff(i) => {
            world.fact(Fact::InvoiceWrittenOff(InvoiceNamed { invoice: invoice(i) }));
        }
        Happening::OnAccount(part) => world.fact(Fact::PaymentReceived(PaymentReceived {
            payment: format!("loose_{number}").parse().unwrap(),
            amount: money(AMOUNT / 10 * i64::from(part)),
            method: None,
            invoices: None,
        })),
        _ => {}
    }
}

/// What is said of the parts of the app that invoices are about.
fn change_scope(world: &mut World, happening: Happening) {
    let of = |scope: u8| Some(SCOPES[usize::from(scope)].parse().unwrap());
    match happening {
        Happening::Gate(i, scope, days) => {
            let (scope, gates_scope) = (of(scope), Some(true));
            let gates = InvoiceTerms { scope, gates_scope, ..terms(world, i, days, true) };
            world.fact(Fact::InvoiceIssued(Box::new(gates)));
        }
        Happening::Scope(i, scope, ago) => {
            let time = world.now.plus_millis(-i64::from(ago) * HOUR);
            let scope = of(scope);
            let said = InvoiceTerms { scope, due_on: None, ..terms(world, i, 0, false) };
            world.fact_at(time, Fact::InvoiceUpdated(Box::new(said)));
        }
        _ => {}
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
        tried: None,
    };
    world.fact(Fact::NoticeReceipt(Box::new(receipt)));
}
