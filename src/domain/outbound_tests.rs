//! Tests of the schedule, and of what is said.

use super::*;
use crate::domain::decision::FeeAnnounced;
use crate::domain::fact::HookAnswer::{Failed, Gone, Taken};
use crate::domain::money::Money;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn hooks() -> Vec<Hook> {
    let hook =
        |name: &str, events: &[HookEvent]| Hook { name: name.to_owned(), events: events.to_vec() };
    vec![
        hook("all", &HookEvent::ALL),
        hook("fees", &[HookEvent::LateFeeDue]),
        hook("tasks", &[HookEvent::TaskMade]),
    ]
}

/// A fee was announced then.
fn announced(time: &str) -> Account {
    let made = FeeAnnounced {
        fee: Derived::from_bytes([7; 16]).into(),
        case: Derived::from_bytes([1; 16]).into(),
        invoice: "books:1".parse().unwrap(),
        n: 0,
        through: "2026-03-31".parse().unwrap(),
        amount: Money { minor: 986, currency: "EUR".parse().unwrap() },
    };
    let mut account = Account { fees: vec![made.clone()], ..Account::default() };
    account.outbound.note(at(time), &Decision::FeeAnnounced(made));
    account
}

fn hear(account: &mut Account, call: &Call, kind: HookAnswer, time: Instant) {
    let said = HookAnswered {
        event: call.id,
        hook: call.hook.clone(),
        attempt: call.attempt,
        kind,
        status: None,
    };
    account.outbound.hear(time, &said);
}

fn due_at(account: &Account, now: Instant) -> Due {
    due(&tenant(), account, &hooks(), now)
}

#[test]
fn it_is_told_again_by_the_schedule_and_then_no_more() {
    let mut account = announced("2026-04-01T06:00:00Z");
    let first = due_at(&account, at("2026-04-01T06:00:00Z")).calls;
    let names: Vec<&str> = first.iter().map(|call| call.hook.as_str()).collect();
    assert_eq!(names, ["all", "fees"], "those who listen to it");
    assert_ne!(first[0].id, first[1].id);
    let mut now = at("2026-04-01T06:00:00Z");
    hear(&mut account, &first[1], Taken, now);
    let mut call = first[0].clone();
    for (before, wait) in (1_u32..).zip(AGAIN_AFTER) {
        assert_eq!((call.attempt, call.id), (before, first[0].id));
        hear(&mut account, &call, Failed, now);
        let found = due_at(&account, now);
        assert!(found.calls.is_empty(), "{found:?}");
        let next = found.next.unwrap();
        let waited = next.millis() - now.millis();
        assert!(waited >= wait && waited <= wait + wait / JITTER_PART, "{wait}: {waited}");
        assert_eq!(due_at(&account, next.plus_millis(-1)).next, Some(next));
        now = next;
        call = due_at(&account, now).calls.pop().unwrap();
    }
    assert_eq!(call.attempt, ATTEMPTS_MAX);
    hear(&mut account, &call, Failed, now);
    assert_eq!(due_at(&account, now.plus_millis(DAY)), Due::default());
}

#[test]
fn what_was_taken_or_has_no_receiver_is_not_told_again() {
    for kind in [Taken, Gone] {
        let mut account = announced("2026-04-01T06:00:00Z");
        let now = at("2026-04-01T06:00:00Z");
        for call in due_at(&account, now).calls {
            hear(&mut account, &call, kind, now);
            // A late copy of what came before changes nothing.
            hear(&mut account, &call, Failed, now);
        }
        assert_eq!(due_at(&account, now.plus_millis(HOUR)), Due::default(), "{kind:?}");
    }
}

#[test]
fn what_is_old_is_not_told_for_the_first_time() {
    let account = announced("2026-04-01T06:00:00Z");
    assert_eq!(due_at(&account, at("2026-04-06T06:00:00Z")).calls.len(), 2);
    assert_eq!(due_at(&account, at("2026-04-06T06:00:00.001Z")), Due::default());
    assert_eq!(due(&tenant(), &account, &[], at("2026-04-01T06:00:00Z")), Due::default());
    // What was told once goes on by its schedule.
    let mut account = account;
    let call = due_at(&account, at("2026-04-06T06:00:00Z")).calls.remove(0);
    hear(&mut account, &call, Failed, at("2026-04-06T06:00:00Z"));
    let again = due_at(&account, at("2026-04-06T06:00:06Z")).calls;
    assert_eq!(again.iter().map(|it| (it.id, it.attempt)).collect::<Vec<_>>(), [(call.id, 2)]);
}

#[test]
fn a_late_fee_says_how_much_of_what() {
    let account = announced("2026-04-01T06:00:00Z");
    let [happened] = account.outbound.happened.as_slice() else { panic!("{account:?}") };
    let said = body(&tenant(), &account, happened).unwrap();
    let right = json!({
        "type": "late_fee.due",
        "timestamp": "2026-04-01T06:00:00Z",
        "data": {
            "tenant": "acme",
            "fee": "07070707070707070707070707070707",
            "case": "01010101010101010101010101010101",
            "invoice": "books:1",
            "amount": { "minor": 986, "currency": "EUR" },
            "through": "2026-03-31",
        },
    });
    assert_eq!(said, right);
}
