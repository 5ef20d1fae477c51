//! Which line of `[[select]]` takes whom.

use std::sync::Arc;

use ambergate::domain::account::Account;
use ambergate::domain::fact::{InvoiceNamed, InvoiceTerms, TenantUpdated};
use ambergate::domain::id::{PolicyName, TenantId};
use ambergate::domain::policy::{Law, Percent, Policy};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::selection::{Select, SettledWithin, select};
use ambergate::domain::time::{DAY, HOUR, Instant, Zone};
use ambergate::domain::view::view;

use crate::world::{STANDARD, law_of};

/// The standard policy under some names, and these lines.
fn law(lines: Vec<Select>) -> Law {
    let standard = law_of(STANDARD);
    let policy = standard.policies.values().next().unwrap().clone();
    let names = ["standard", "patient", "strict", "own"];
    let of = |name: &str| {
        let name: PolicyName = name.parse().unwrap();
        (name.clone(), Arc::new(Policy { name, ..(*policy).clone() }))
    };
    Law { policies: names.into_iter().map(of).collect(), select: lines, ..standard }
}

/// A tenant as it was told, and how many days late each of its invoices was paid.
fn account(update: &str, late: &[i32]) -> Account {
    let tenant: TenantId = "acme".parse().unwrap();
    let update: TenantUpdated = serde_json::from_str(update).unwrap();
    let begin: Instant = "2025-01-06T09:00:00Z".parse().unwrap();
    let mut records = Vec::new();
    let mut tell = |id: String, at: Instant, fact: Fact| {
        let key = ("stripe".parse().unwrap(), id.parse().unwrap());
        insert(&mut records, Record::fact(key, at, at, fact));
    };
    tell("t".to_owned(), begin, Fact::TenantUpdated(Box::new(update)));
    for (number, late) in late.iter().enumerate() {
        let issued = begin.plus_millis(i64::try_from(number).unwrap() * 30 * DAY);
        let due = Zone::utc().day(issued).plus(10);
        let terms: InvoiceTerms = serde_json::from_value(serde_json::json!({
            "invoice": format!("in_{number}"), "due_on": due,
            "amount": {"minor": 1000, "currency": "EUR"},
        }))
        .unwrap();
        let invoice = terms.invoice.clone();
        tell(format!("i{number}"), issued, Fact::InvoiceIssued(Box::new(terms)));
        let paid = Zone::utc().start_of(due.plus(*late)).plus_millis(HOUR);
        tell(format!("p{number}"), paid, Fact::InvoicePaid(InvoiceNamed { invoice }));
    }
    view(&tenant, &records, &law(Vec::new()))
}

/// A tenant, how late it paid, the lines, and the policy that is picked.
type Case = (&'static str, &'static [i32], Vec<Select>, &'static str);

fn line(policy: &str) -> Select {
    Select::everybody(policy.parse().unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn picks(cases: Vec<Case>) {
    let at: Instant = "2026-03-02T09:00:00Z".parse().unwrap();
    for (told, late, lines, picked) in cases {
        let (law, account) = (law(lines.clone()), account(told, late));
        let policy = select(&law, &account, at).unwrap();
        assert_eq!(policy.name.as_str(), picked, "{told} {late:?} {lines:?}");
    }
}

#[test]
fn the_first_line_all_of_whose_conditions_are_so_takes_a_tenant() {
    picks(vec![
        ("{}", &[][..], vec![], "standard"),
        (r#"{"policy": "own"}"#, &[], vec![line("strict")], "own"),
        (r#"{"policy": "gone"}"#, &[], vec![line("strict")], "strict"),
        ("{}", &[], vec![line("patient"), line("strict")], "patient"),
        ("{}", &[], vec![line("gone"), line("strict")], "strict"),
        (
            r#"{"segment": "strategic"}"#,
            &[],
            vec![Select { segment: some("strategic"), ..line("patient") }, line("strict")],
            "patient",
        ),
        (
            r#"{"plan": "team"}"#,
            &[],
            vec![Select { plan: some("team"), ..line("patient") }, line("strict")],
            "patient",
        ),
        (
            r#"{"plan": "solo"}"#,
            &[],
            vec![Select { plan: some("team"), ..line("patient") }, line("strict")],
            "strict",
        ),
        (
            r#"{"country": "CH"}"#,
            &[],
            vec![Select { country: some("CH"), ..line("patient") }, line("strict")],
            "patient",
        ),
        (
            r#"{"country": "CH", "plan": "solo"}"#,
            &[],
            vec![Select { country: some("CH"), plan: some("team"), ..line("patient") }],
            "standard",
        ),
        (
            r#"{"policy": "gone"}"#,
            &[],
            vec![Select { name: some("gone"), ..line("patient") }, line("strict")],
            "patient",
        ),
        (
            r#"{"customer_since": "2025-03-02"}"#,
            &[],
            vec![Select { customer_for: "1 year".parse().ok(), ..line("patient") }],
            "patient",
        ),
        (
            r#"{"customer_since": "2025-03-03"}"#,
            &[],
            vec![Select { customer_for: "1 year".parse().ok(), ..line("patient") }],
            "standard",
        ),
    ]);
}

#[test]
fn who_has_settled_enough_in_time_is_known() {
    let settled =
        |percent: u32| SettledWithin { days: 5, share: Percent(percent * 100), of_last: 4 };
    picks(vec![
        ("{}", &[0, 0, 0, 0], vec![Select { invoices: Some(4), ..line("patient") }], "patient"),
        ("{}", &[0, 0, 0], vec![Select { invoices: Some(4), ..line("patient") }], "standard"),
        // Fewer than three say nothing.
        ("{}", &[0, 0], vec![Select { invoices: Some(1), ..line("patient") }], "standard"),
        (
            "{}",
            &[0, 0],
            vec![Select { settled_within: Some(settled(50)), ..line("patient") }],
            "standard",
        ),
        (
            "{}",
            &[0, 5, 6],
            vec![Select { settled_within: Some(settled(60)), ..line("patient") }],
            "patient",
        ),
        (
            "{}",
            &[0, 5, 6],
            vec![Select { settled_within: Some(settled(70)), ..line("patient") }],
            "standard",
        ),
        // Only the last four are asked about.
        (
            "{}",
            &[60, 0, 0, 0, 0, 0],
            vec![Select { settled_within: Some(settled(100)), ..line("patient") }],
            "patient",
        ),
    ]);
}
