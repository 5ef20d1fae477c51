//! What is in the markup, and what can never get in.

use super::*;
use crate::domain::grant::Cause;
use crate::domain::id::{Derivation, Derived};
use crate::domain::money::Money;
use crate::domain::stage::{Role, Stage};
use crate::domain::time::Instant;
use crate::gate::identify::Identify;
use crate::gate::settings::Settings;

fn who(roles: &[Role]) -> Identity {
    Identify::identity_for_tests("acme", roles.iter().copied().collect())
}

fn words() -> Words {
    let id: Derived = Derivation::of("x").finish();
    Words {
        tenant: "acme".parse().unwrap(),
        digest: id.into(),
        name: None,
        locale: None,
        time_zone: "UTC".to_owned(),
        owed: vec![Money { minor: 500, currency: "EUR".parse().unwrap() }],
        pay_url: Some("https://pay.example/a?b=c&d=\"e".to_owned()),
        invoices: Vec::new(),
        banners: Vec::new(),
        sent: vec![Instant::from_seconds(0)],
        settlers: vec!["<script>alert(1)</script> & \u{dc}nal".to_owned()],
        agreed: false,
        term: None,
        paid_for: false,
        order: None,
        thanks: false,
        cause: Cause::Declined,
    }
}

fn pages() -> Pages {
    Pages::new(&Settings::default())
}

#[test]
fn it_is_small_plain_and_ascii() {
    for stage in Stage::ALL {
        for roles in [&[Role::Billing][..], &[Role::User]] {
            let markup = pages().banner(&words(), Effect::of(stage), &who(roles), true).unwrap();
            assert!(markup.is_ascii() && markup.len() <= 2048, "{markup}");
            assert!(
                markup.starts_with("<link rel=\"stylesheet\" href=\"/_ambergate/banner.css\" />")
            );
            assert!(markup.contains("<aside id=\"ambergate-banner\""), "{markup}");
            assert!(!markup.contains("<script") && !markup.contains(" style="), "{markup}");
        }
    }
    let unstyled =
        pages().banner(&words(), Effect::of(Stage::Grace), &who(&[Role::User]), false).unwrap();
    assert!(unstyled.starts_with("<aside"));
}

#[test]
fn what_people_write_stays_text() {
    let markup =
        pages().banner(&words(), Effect::of(Stage::Grace), &who(&[Role::User]), true).unwrap();
    assert!(markup.contains("&lt;script&gt;alert(1)"), "{markup}");
    assert!(markup.contains("&#220;nal"), "{markup}");
    let markup =
        pages().banner(&words(), Effect::of(Stage::Grace), &who(&[Role::Billing]), true).unwrap();
    assert!(markup.contains("b=c&amp;d=&quot;e\""), "{markup}");
    assert!(markup.contains("&#8364;5.00"), "{markup}");
    assert_eq!(markup.matches('<').count(), markup.matches('>').count());
}
