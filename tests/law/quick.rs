//! The small world whose histories are gone through one by one (`model.rs`): a quick ladder, two
//! invoices, and what may happen.

use crate::agreements::Agreed;
use crate::by_hand::ByHand;
use crate::history::{Happening, beginning_under, happen};
use crate::watch::{STANDARD_TERMS, Terms};
use crate::world::World;

/// Grace the day after, read-only after a week, frozen after ten days: three days of warning.
pub const QUICK: &str = r#"
[calendars.DE]
working_days = ["mon", "tue", "wed", "thu", "fri"]
holidays = []

[policies.standard]
title = "Quick"
time_zone = "Europe/Berlin"
calendar = "DE"
cutoff_days = ["mon", "tue", "wed", "thu"]
cutoff_hours = "10:00-16:00"
send_hours = "09:00-18:00"
least_terms = "1 day"
slack = "15 minutes"
banner_for = { grace = ["everyone"], warned = ["everyone"], read_only = ["everyone"], frozen = ["everyone"] }

[[policies.standard.rungs]]
at = "due + 1 day"
enter = "grace"
notice = "overdue"
to = ["billing", "admin"]
by = ["email", "banner"]

[[policies.standard.rungs]]
at = "due + 7 days"
enter = "read_only"
warn = { before = "3 days", to = ["billing", "admin"], by = ["email", "banner"], needs = 1 }

[[policies.standard.rungs]]
at = "due + 10 days"
enter = "frozen"
warn = { before = "3 days", to = ["billing", "admin"], by = ["email", "banner"], needs = 2 }
"#;

pub const QUICK_TERMS: Terms =
    Terms { period: 3, after_due: (7, 10), postponements: None, ..STANDARD_TERMS };

/// So many turns has the climb, and some are left for what was moved.
pub const TURNS: usize = 30;
/// All that may happen at a turn.
pub const ALL: &[Happening] = {
    use Happening as H;
    &[
        H::Issue(2, 1),
        H::Move(0, -3),
        H::Move(0, 9),
        H::Gate(1, 1, 2),
        H::Scope(0, 1, 0),
        H::Scope(0, 1, 30),
        H::Pay(0, 10),
        H::Pay(0, 5),
        H::Pay(1, 10),
        H::Paid(0, 48),
        H::Return(0, 1),
        H::Raise(0, 30),
        H::Void(0),
        H::WriteOff(0),
        H::Pending(0),
        H::OnAccount(10),
        H::Promise(0, 1),
        H::Extend(0, 2),
        H::Agree(Agreed::Plan, 0, 1),
        H::Agree(Agreed::Dispute, 0, 0),
        H::Agree(Agreed::DisputeHalf, 0, 0),
        H::Agree(Agreed::Pause, 0, 2),
        H::Agree(Agreed::PauseFrozen, 0, 2),
        H::Agree(Agreed::PauseImposed, 0, 2),
        H::Agree(Agreed::Exemption, 0, 4),
        H::Agree(Agreed::Silence, 0, 0),
        H::Agree(Agreed::PinOpen, 0, 2),
        H::Agree(Agreed::PinOpenAll, 0, 2),
        H::Agree(Agreed::PinFrozen, 0, 2),
        H::Agree(Agreed::PinPart, 0, 2),
        H::EndAgreement,
        H::Mail(1),
        H::Mail(2),
        H::Mail(3),
        H::Bounce,
        H::Contacts(1),
        H::Contacts(0),
        H::Sleep(80),
        H::LoseStore,
        H::LoseRace(0),
        H::Open(20),
        H::Stale(28),
        H::Silent(28),
        H::Unheard(0),
        H::NoAnswer(28),
        H::Recover(28),
        H::Tripped(28),
        H::HoldNotices(28),
        H::Observe(28),
        H::TakeOver(2, 3),
        H::Term(2, 0, 3),
        H::Again(3),
        H::Again(9),
        H::ClockOff(28),
        H::LoseDigests(80),
        H::ByHand(ByHand::Declared),
    ]
};

/// What may happen besides where read-only is warned of by people.
pub const ALL_BY_HAND: &[Happening] = {
    use Happening as H;
    &[
        H::ByHand(ByHand::Reached),
        H::ByHand(ByHand::NoAnswer),
        H::ByHand(ByHand::Promised(2)),
        H::ByHand(ByHand::Posted),
        H::ByHand(ByHand::CameBack),
        H::ByHand(ByHand::Declared),
        H::Pay(0, 10),
        H::Move(0, 9),
        H::Promise(0, 1),
        H::Sleep(80),
        H::LoseStore,
    ]
};

/// Its world.
pub fn quick() -> World {
    quick_under(QUICK)
}

/// The quick ladder, with read-only warned of by these ways, and a call before.
pub fn quick_by(ways: &str) -> World {
    let (email, grace) = ("by = [\"email\", \"banner\"], needs = 1", "notice = \"overdue\"");
    assert!(QUICK.contains(email) && QUICK.contains(grace));
    let by_hand = QUICK.replace(email, &format!("by = [{ways}], needs = 1"));
    quick_under(&by_hand.replace(grace, "task = \"call\"\nnotice = \"overdue\""))
}

fn quick_under(policy: &str) -> World {
    let mut world = beginning_under(policy);
    world.terms = QUICK_TERMS;
    happen(&mut world, Happening::Issue(0, 1), 10_000);
    happen(&mut world, Happening::Issue(1, 4), 10_001);
    world
}
