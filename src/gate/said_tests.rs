//! Who reads what.

use super::*;
use crate::domain::grant::{BannerNotice, InvoiceWords};
use crate::domain::id::{Derivation, Derived};

fn words() -> Words {
    let owed = crate::domain::money::Money { minor: 124_000, currency: "EUR".parse().unwrap() };
    let id: Derived = Derivation::of("x").finish();
    Words {
        tenant: "acme".parse().unwrap(),
        digest: id.into(),
        name: Some("Acme".to_owned()),
        locale: None,
        time_zone: "Europe/Berlin".to_owned(),
        owed: vec![owed],
        pay_url: Some("https://pay.example/acme".to_owned()),
        invoices: vec![InvoiceWords {
            scope: crate::domain::id::Scope::whole(),
            number: "R-17".to_owned(),
            owed,
            due_on: Some("2026-03-13".parse().unwrap()),
            pay_url: None,
        }],
        banners: vec![BannerNotice {
            notice: id.into(),
            kind: "warning".to_owned(),
            to: Roles::EVERYONE,
            names: Some(Named {
                slow: None,
                stage: Stage::ReadOnly,
                scope: crate::domain::id::Scope::whole(),
                at: "2026-03-30T08:00:00Z".parse().unwrap(),
            }),
        }],
        sent: vec!["2026-03-16T08:00:00Z".parse().unwrap()],
        settlers: vec!["Ada".to_owned(), "Bob".to_owned()],
        agreed: false,
        term: None,
        paid_for: false,
        order: None,
        thanks: false,
        cause: Cause::Overdue,
    }
}

fn roles(role: Role) -> Roles {
    [role, Role::User].into_iter().collect()
}

#[test]
fn those_who_can_pay_read_how_much_and_where() {
    for role in [Role::Billing, Role::Admin] {
        let said = Said::of(Some(&words()), Effect::of(Stage::Grace), None, roles(role));
        assert_eq!(said.detail, "€1,240.00 (1 invoice), due since 13 March 2026.");
        assert_eq!(said.pay_url.as_deref(), Some("https://pay.example/acme"));
        assert_eq!(said.sent.as_deref(), Some("16 March 2026"));
        assert_eq!(
            said.next.as_deref(),
            Some(
                "Unless this is settled, the workspace will be read-only from \
                 Monday 30 March 2026, 10:00 (Europe/Berlin)."
            )
        );
    }
}

#[test]
fn others_read_no_amount_no_number_and_no_link() {
    for stage in Stage::ALL {
        let said = Said::of(Some(&words()), Effect::of(stage), None, roles(Role::User));
        let all = format!("{said:?}");
        for secret in ["1,240", "124000", "R-17", "pay.example", "16 March"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        assert_eq!(said.ask, "Please ask Ada or Bob.");
        assert!(!said.may_pay);
    }
}

#[test]
fn without_words_the_state_is_still_said() {
    let since = "2026-03-30T08:15:00Z".parse().unwrap();
    let said = Said::of(None, Effect::of(Stage::Frozen), Some(since), roles(Role::Admin));
    assert_eq!(said.since.as_deref(), Some("Monday 30 March 2026, 08:15 (UTC)"));
    assert_eq!(said.title, "This workspace is paused until an invoice is paid");
    assert!(said.owed.is_none() && !said.may_pay);
}

#[test]
fn money_on_its_way_is_thanked_for() {
    let said = Said::of(
        Some(&Words { thanks: true, ..words() }),
        Effect::of(Stage::Grace),
        None,
        roles(Role::Billing),
    );
    assert_eq!(said.headline, "Thank you: a payment is on its way.");
    assert_eq!(said.detail, "Nothing more is needed.");
}

#[test]
fn of_many_messages_the_newest_are_named() {
    let sent = |days: u32| {
        let at = (1..=days).map(|day| format!("2026-03-{day:02}T08:00:00Z").parse().unwrap());
        let words = Words { sent: at.collect(), ..words() };
        Said::of(Some(&words), Effect::of(Stage::Frozen), None, roles(Role::Billing)).sent
    };
    assert_eq!(sent(0), None);
    assert_eq!(sent(3).as_deref(), Some("1 March 2026, 2 March 2026 and 3 March 2026"));
    let four = "2 March 2026, 3 March 2026, 4 March 2026 and once before";
    assert_eq!(sent(4).as_deref(), Some(four));
    assert!(sent(20).unwrap().ends_with("20 March 2026 and many times before"));
    assert!(sent(15).unwrap().ends_with("14 March 2026, 15 March 2026 and 12 times before"));
}

#[test]
fn more_invoices_than_are_listed_are_not_counted_wrongly() {
    let with = |count| {
        let words = Words { invoices: vec![words().invoices[0].clone(); count], ..words() };
        Said::of(Some(&words), Effect::of(Stage::Frozen), None, roles(Role::Billing))
    };
    assert_eq!(with(19).many.as_deref(), Some("19 invoices"));
    assert_eq!(with(LISTED_MAX).many.as_deref(), Some("20 or more invoices"));
    assert!(with(LISTED_MAX).detail.contains("(20 or more invoices)"));
}

#[test]
fn who_is_slowed_reads_at_which_rate_and_that_everything_works() {
    let slow = "20 per minute".parse().ok();
    let slowed = |stage| Said::of(Some(&words()), Effect { stage, slow }, None, roles(Role::User));
    let said = slowed(Stage::Grace);
    assert_eq!(said.title, "This workspace is slowed down until an invoice is paid");
    assert_eq!(said.headline, "This workspace is slowed down.");
    assert_eq!(said.detail, "Everything still works, but slowly: 20 requests per minute.");
    assert!(slowed(Stage::ReadOnly).closed.contains("slowly: 20 requests per minute"));
    let mut words = words();
    words.banners.iter_mut().filter_map(|it| it.names.as_mut()).for_each(|named| {
        (named.stage, named.slow) = (Stage::Full, slow);
    });
    let said = Said::of(Some(&words), Effect::of(Stage::Grace), None, roles(Role::User));
    assert_eq!(
        said.next.as_deref(),
        Some(
            "Unless this is settled, the workspace will be slowed down from \
             Monday 30 March 2026, 10:00 (Europe/Berlin): 20 requests per minute."
        )
    );
}
