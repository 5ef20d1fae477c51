//! A year of a SaaS company's billing, made up: one CloudEvent a line, on standard output.
//!
//! Usage: `cargo run --release --example history -- TENANTS [YEAR]`
//!
//! The same arguments give the same lines. Of a hundred tenants about seventy pay in time, twenty a
//! few days or weeks late, eight much later, and two never again after some month. One in seven is
//! charged automatically, and some charges fail. A few payments come in two parts, a few are returned.

use std::io::{BufWriter, Write as _};

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value, json};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let tenants: u64 = arguments.next().and_then(|n| n.parse().ok()).expect("how many tenants");
    let year: i16 = arguments.next().map_or(2025, |year| year.parse().expect("a year"));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for tenant in 0..tenants {
        for event in history(tenant, year) {
            writeln!(out, "{event}").expect("somebody reads");
        }
    }
}

/// A generator of numbers that are always the same.
struct Dice(u64);

impl Dice {
    fn of(tenant: u64) -> Self {
        Self(tenant.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to `below`, without it.
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

/// How a tenant pays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Prompt,
    Late,
    VeryLate,
    /// Nothing any more from this month on.
    StopsIn(i8),
}

/// All events of one tenant in a year, in their order.
pub(crate) fn history(tenant: u64, year: i16) -> Vec<Value> {
    let mut dice = Dice::of(tenant + 1);
    let name = format!("tenant-{tenant:06}");
    let habit = match dice.roll(100) {
        0..70 => Habit::Prompt,
        70..90 => Habit::Late,
        90..98 => Habit::VeryLate,
        _ => Habit::StopsIn(2 + i8::try_from(dice.roll(8)).expect("a month")),
    };
    let charged = dice.roll(7) == 0;
    let first = Date::constant(year, 1, 1).saturating_add((dice.roll(28) as i64).days());
    let zone = ["Europe/Berlin", "Europe/Paris", "America/New_York", "Asia/Tokyo", "Europe/Berlin"];
    let zone = zone[usize::try_from(dice.roll(5)).expect("a place")];
    let mut events = vec![(
        stamp(first, 7, 0),
        "tenant.updated",
        json!({
            "name": format!("Tenant {tenant}"), "time_zone": zone,
            "contacts": [
                {"role": "billing", "email": format!("billing@{name}.example")},
                {"role": "admin", "email": format!("admin@{name}.example")},
            ],
        }),
    )];
    let monthly = dice.roll(4) > 0;
    let price = 2_000 + dice.roll(40) * 2_500;
    for month in (0_i8..12).step_by(if monthly { 1 } else { 3 }) {
        let issued = first.saturating_add(i64::from(month).months());
        if issued.year() != year {
            break;
        }
        let invoice = format!("shop:{tenant}-{month}");
        let number = dice.roll(8);
        bill(&mut events, &mut dice, (&invoice, issued, price * (number / 7 + 1)), charged, habit);
    }
    events.retain(|(time, ..)| time.starts_with(&year.to_string()));
    events.sort_by(|(one, ..), (two, ..)| one.cmp(two));
    let event = |(index, (time, kind, data)): (usize, (String, &str, Value))| {
        json!({
            "specversion": "1.0", "id": format!("{name}-{index}"), "source": "shop",
            "type": format!("ambergate.{kind}"), "subject": name, "time": time,
            "datacontenttype": "application/json", "data": data,
        })
    };
    events.into_iter().enumerate().map(event).collect()
}

type Event = (String, &'static str, Value);

/// One invoice and what becomes of it.
fn bill(
    events: &mut Vec<Event>,
    dice: &mut Dice,
    (invoice, issued, minor): (&str, Date, u64),
    charged: bool,
    habit: Habit,
) {
    let amount = json!({"minor": minor, "currency": "EUR"});
    let term = if charged { 0 } else { 30 };
    let due = issued.saturating_add(i64::from(term).days());
    let mut issue = json!({
        "invoice": invoice, "amount": amount, "issued_on": issued, "due_on": due,
    });
    if charged {
        issue["collection"] = json!("charge_automatically");
    }
    events.push((stamp(issued, 8, dice.roll(60)), "invoice.issued", issue));
    let after = match habit {
        Habit::Prompt => -(dice.roll(12) as i64),
        Habit::Late => 1 + dice.roll(13) as i64,
        Habit::VeryLate => 8 + dice.roll(40) as i64,
        Habit::StopsIn(month) if issued.month() >= month => i64::MAX,
        Habit::StopsIn(_) => 3,
    };
    if charged && (after > 0 || dice.roll(20) == 0) {
        let failed = json!({"invoice": invoice, "reason": "declined"});
        events.push((stamp(due, 9, dice.roll(60)), "payment.failed", failed));
    }
    if after == i64::MAX {
        return;
    }
    let paid = due.saturating_add(after.max(if charged { 0 } else { -29 }).days());
    let payment = |part: u64, amount: u64| {
        let amount = json!({"minor": amount, "currency": "EUR"});
        json!({
            "payment": format!("{invoice}/{part}"), "amount": amount, "method": "bank_transfer",
            "invoices": [{"invoice": invoice, "amount": amount}],
        })
    };
    if dice.roll(20) == 0 {
        let later = paid.saturating_add(((1 + dice.roll(9)) as i64).days());
        events.push((stamp(paid, 11, 0), "payment.received", payment(1, minor / 2)));
        events.push((stamp(later, 11, 0), "payment.received", payment(2, minor - minor / 2)));
    } else {
        events.push((stamp(paid, 11, dice.roll(60)), "payment.received", payment(1, minor)));
    }
    if dice.roll(150) == 0 {
        let back = paid.saturating_add(4.days());
        let again = paid.saturating_add(20.days());
        let reversed = json!({
            "payment": format!("{invoice}/1"), "invoice": invoice, "reason": "returned",
            "amount": {"minor": minor / 2, "currency": "EUR"},
        });
        events.push((stamp(back, 6, 0), "payment.reversed", reversed));
        events.push((stamp(again, 11, 0), "payment.received", payment(3, minor / 2)));
    }
}

fn stamp(day: Date, hour: u64, minute: u64) -> String {
    format!("{day}T{hour:02}:{minute:02}:00Z")
}
