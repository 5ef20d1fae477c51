//! What the law costs: reading a stored account, `view`, `plan` and `publish`, of a typical tenant
//! and of one with 900 open invoices (`cargo bench --bench law`; `-- --write` keeps the table).
//!
//! Rules:
//! 1. The figure is the median over rounds; its spread is told beside it.
//! 2. Accounts are lived, not made up: the law's own decisions, mails and receipts make them.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::disallowed_methods)]

#[allow(dead_code)]
#[path = "../law/asked.rs"]
mod asked;
#[allow(dead_code)]
#[path = "../law/calls.rs"]
mod calls;
#[allow(dead_code)]
#[path = "../law/digest.rs"]
mod digest;
#[allow(dead_code)]
#[path = "../law/mail.rs"]
mod mail;
#[allow(dead_code)]
#[path = "../law/orders.rs"]
mod orders;
#[allow(dead_code)]
#[path = "../law/payers.rs"]
mod payers;
#[allow(dead_code)]
#[path = "../law/terms.rs"]
mod terms;
#[allow(dead_code)]
#[path = "../law/watch.rs"]
mod watch;
#[allow(dead_code)]
#[path = "../law/without.rs"]
mod without;
#[allow(dead_code)]
#[path = "../law/world.rs"]
mod world;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant as Moment};

use ambergate::domain::fact::{Contact, InvoiceNamed, InvoiceTerms, TenantUpdated};
use ambergate::domain::money::Money;
use ambergate::domain::plan::{Situation, plan};
use ambergate::domain::publish::publish;
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::Role;
use ambergate::domain::time::{DAY, Day, HOUR};
use ambergate::domain::view::view;
use ambergate::store::form;

use world::{STANDARD, World, law_of};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many rounds the median is taken of.
const ROUNDS: usize = 31;
/// How long a round lasts at least.
const ROUND: Duration = Duration::from_millis(20);

fn main() {
    if std::env::args().any(|it| it == "--profile") {
        return profile(&typical());
    }
    let mut table = String::from(
        "| account | records | bytes | read | view | plan | publish | read + view + plan |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (name, world) in [
        ("12 invoices, one overdue", typical()),
        ("12 invoices, none overdue", settled()),
        ("900 open invoices, in grace", crowded()),
    ] {
        table.push_str(&line(name, &world));
    }
    let text = format!(
        "# What the law costs\n\nMedians of {ROUNDS} rounds of one thread, in µs, the quartiles \
         in brackets. Made by `cargo bench --bench law -- --write`. Budget: reading, `view` and \
         `plan` of a typical account within 10 µs.\n\n{table}"
    );
    println!("{text}");
    if std::env::args().any(|it| it == "--write") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/law.md");
        std::fs::write(path, text).unwrap();
    }
}

/// The typical account a thousand times, for a profiler.
#[inline(never)]
fn profile(world: &World) {
    let stored = form::account(&world.tenant, &world.records).unwrap();
    let situation = Situation { now: world.now, ..world.situation };
    for _ in 0..1_000 {
        let records = form::records(&world.tenant, black_box(&stored)).unwrap();
        let account = view(&world.tenant, &records, &world.law);
        drop(black_box(plan(&world.tenant, &account, &world.law, &situation)));
    }
}

fn line(name: &str, world: &World) -> String {
    let (tenant, law) = (&world.tenant, &world.law);
    let stored = form::account(tenant, &world.records).unwrap();
    let situation = Situation { now: world.now, ..world.situation };
    let records = form::records(tenant, &stored).unwrap();
    let account = view(tenant, &records, law);
    let read = time(|| drop(black_box(form::records(tenant, black_box(&stored)).unwrap())));
    let viewed = time(|| drop(black_box(view(tenant, black_box(&records), law))));
    let planned = time(|| drop(black_box(plan(tenant, black_box(&account), law, &situation))));
    let published = time(|| {
        drop(black_box(publish(tenant, black_box(&account), law, stored.digest, &situation)));
    });
    let all = time(|| {
        let records = form::records(tenant, black_box(&stored)).unwrap();
        let account = view(tenant, &records, law);
        drop(black_box(plan(tenant, &account, law, &situation)));
    });
    let mut line = format!("| {name} | {} | {} |", records.len(), stored.account.len());
    for figure in [read, viewed, planned, published, all] {
        let _ = write!(line, " {figure} |");
    }
    line.push('\n');
    line
}

/// The median time of one call, and the quartiles.
fn time(mut call: impl FnMut()) -> String {
    call();
    let mut micros: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let (begin, mut calls) = (Moment::now(), 0_u32);
            while begin.elapsed() < ROUND {
                call();
                calls += 1;
            }
            begin.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    let part = |n: usize| micros[(micros.len() - 1) * n / 4];
    format!("{:.1} ({:.1} – {:.1})", part(2), part(1), part(3))
}

/// Two mailboxes, twelve monthly invoices: most are paid early, some after a reminder; the last
/// one is overdue.
fn typical() -> World {
    lived(12)
}

/// The same, and the last one is paid too.
fn settled() -> World {
    let mut world = lived(12);
    pay(&mut world, 11);
    world.run_until(world.now.plus_millis(DAY));
    world
}

fn lived(invoices: u8) -> World {
    let mut world = beginning();
    for number in 0..invoices {
        issue(&mut world, &number.to_string(), 11);
        // Every fifth one is paid a week after it was issued, that is, after its reminder.
        let paid_after = if number % 5 == 1 { 10 * DAY } else { 2 * DAY };
        if number + 1 == invoices {
            world.run_until(world.now.plus_millis(18 * DAY + HOUR));
        } else {
            world.run_until(world.now.plus_millis(paid_after));
            pay(&mut world, number);
            world.run_until(world.now.plus_millis(30 * DAY - paid_after));
        }
    }
    world
}

/// 900 invoices of one day, in grace since yesterday.
fn crowded() -> World {
    let mut world = beginning();
    for number in 0..900 {
        let terms = terms(&number.to_string(), world.zone.day(world.now).plus(11));
        let key = ("stripe".parse().unwrap(), format!("evt_{number}").parse().unwrap());
        let fact = Fact::InvoiceIssued(Box::new(terms));
        insert(&mut world.records, Record::fact(key, world.now, world.now, fact));
    }
    world.run_until(world.now.plus_millis(16 * DAY));
    world
}

fn beginning() -> World {
    let mut world = World::new(law_of(STANDARD), "2026-03-02T07:00:00Z".parse().unwrap());
    let contact = |role, name: &str, email: &str| Contact {
        role,
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        phone: None,
    };
    world.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
        name: Some("Acme GmbH".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        country: Some("DE".to_owned()),
        pay_url: Some("https://pay.example/acme".to_owned()),
        contacts: Some(vec![
            contact(Role::Billing, "Anna Arndt", "anna@acme.example"),
            contact(Role::Admin, "Bob Braun", "bob@acme.example"),
        ]),
        ..TenantUpdated::default()
    })));
    world
}

fn issue(world: &mut World, number: &str, days: i32) {
    let terms = terms(number, world.zone.day(world.now).plus(days));
    world.fact(Fact::InvoiceIssued(Box::new(terms)));
}

fn pay(world: &mut World, number: u8) {
    let invoice = format!("stripe:in_{number}").parse().unwrap();
    world.fact(Fact::InvoicePaid(InvoiceNamed { invoice }));
}

fn terms(number: &str, due: Day) -> InvoiceTerms {
    InvoiceTerms {
        invoice: format!("stripe:in_{number}").parse().unwrap(),
        number: Some(format!("2026-{number}")),
        kind: None,
        amount: Some(Money { minor: 100_000, currency: "EUR".parse().unwrap() }),
        amount_paid: None,
        issued_on: Some(due.plus(-11)),
        due_on: Some(due),
        scope: None,
        pay_url: Some(format!("https://pay.example/in_{number}")),
        document_url: None,
        purchase_order: None,
        collection: None,
        gates_scope: None,
        opening: None,
        replaces: None,
    }
}
