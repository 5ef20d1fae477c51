//! Letters to send.

use ambergate::domain::effect::Effect;
use ambergate::domain::grant::Cause;
use ambergate::domain::id::{Derivation, MessageId};
use ambergate::domain::money::Money;
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{Day, Instant, Zone};
use ambergate::notify::letter::{Kind, Letter, Open, Said};

/// The id of the message of that name.
pub(crate) fn message(name: &str) -> MessageId {
    Derivation::of("test").text(name).finish()
}

/// 2026-03-23T08:00:00Z, a Monday.
pub(crate) fn monday() -> Instant {
    "2026-03-23T08:00:00Z".parse().unwrap()
}

/// A warning of read-only to `recipient`.
pub(crate) fn warning(name: &str, recipient: &str) -> Letter {
    let amount = Money { minor: 124_000, currency: "EUR".parse().unwrap() };
    let due_on: Day = "2026-03-13".parse().unwrap();
    Letter {
        message: message(name),
        recipient: recipient.to_owned(),
        hello: Some("Ada Löwe".to_owned()),
        neutral: false,
        locale: Some("de".to_owned()),
        zone: Zone::named("Europe/Berlin").unwrap(),
        tenant: "Bäckerei <Süd> & Söhne".to_owned(),
        notices: vec![Said {
            kind: Kind::Warning,
            number: "R-104".to_owned(),
            open: Some(amount),
            due_on,
            effect: Effect::of(Stage::ReadOnly),
            scope: None,
            at: "2026-03-30T08:00:00Z".parse().unwrap(),
            cause: Cause::Overdue,
            term: None,
            order: None,
            fee: None,
        }],
        invoices: vec![Open {
            number: "R-104".to_owned(),
            amount,
            due_on: Some(due_on),
            pay_url: None,
        }],
        owed: vec![amount],
        overdue: vec![amount],
        pay_url: Some("https://pay.example/acme".to_owned()),
        settlers: vec!["Ada Löwe".to_owned()],
    }
}
