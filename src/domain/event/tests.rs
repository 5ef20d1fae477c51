use std::sync::Arc;

mod decisions;

use proptest::prelude::*;

use super::*;
use crate::domain::decision::{
    CaseOpened, Checked, Decision, FeeAnnounced, LiftCause, MessageMade, MessageTried, NoticeMade,
    NoticeVoided, RungEntered, StageLifted, Step, TaskKind, TaskMade, VoidCause,
};
use crate::domain::fact::{
    Allocation, ArrangementKind, ArrangementMade, Channel, Contact, CreditChanged, HookAnswer,
    HookAnswered, InvoiceKind, InvoiceNamed, InvoiceTerms, NoticeReceipt, PaymentReceived,
    PolicyAccepted, ReceiptKind, TaskDone, TaskOutcome, TenantForgotten, TenantMerged,
    TenantUpdated, When,
};
use crate::domain::id::{Derived, Scope};
use crate::domain::money::Money;
use crate::domain::stage::{Role, Roles, Stage};
use crate::domain::time::Day;

fn arrival() -> Instant {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn issued() -> Value {
    json!({
        "specversion": "1.0", "type": "ambergate.invoice.issued",
        "source": "books", "id": "1",
        "subject": "acme", "time": "2026-03-02T07:00:00Z",
        "data": {
            "invoice": "books:1",
            "amount": {"minor": 100_000, "currency": "EUR"},
            "due_on": "2026-03-13",
        },
    })
}

/// What [`parse`] says of an invoice in which `pointer` was set to `value`.
fn fields_after(pointer: &str, value: Value) -> Vec<String> {
    let mut event = issued();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    let faults = parse(&event, arrival()).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.field).collect()
}

#[test]
fn a_good_event_is_a_record() {
    let mut event = issued();
    event["traceparent"] = json!("00-x-y-01");
    event["sequence"] = json!(7);
    let incoming = parse(&event, arrival()).unwrap();
    assert_eq!(incoming.tenant.as_str(), "acme");
    assert_eq!(incoming.record.learnt, arrival());
    assert_eq!(incoming.record.time.to_string(), "2026-03-02T07:00:00Z");
    assert!(matches!(incoming.record.body, Body::Fact { dated: true, .. }));
}

#[test]
fn without_a_time_it_happened_when_it_arrived() {
    let mut event = issued();
    event.as_object_mut().unwrap().remove("time");
    let record = parse(&event, arrival()).unwrap().record;
    assert_eq!(record.time, arrival());
    assert!(matches!(record.body, Body::Fact { dated: false, .. }));
}

#[test]
fn each_fault_names_its_field() {
    let cases = [
        ("/specversion", json!("0.3"), "specversion"),
        ("/type", json!("invoice.issued"), "type"),
        ("/type", json!("ambergate.invoice.eaten"), "type"),
        ("/type", json!("ambergate.rung.entered"), "type"),
        ("/source", json!(""), "source"),
        ("/source", json!("ambergate"), "source"),
        ("/source", json!("ambergate/gate"), "source"),
        ("/id", json!(7), "id"),
        ("/id", json!("a\nb"), "id"),
        ("/subject", json!("a".repeat(201)), "subject"),
        ("/time", json!("yesterday"), "time"),
        ("/time", json!("2026-03-02T08:05:00.001Z"), "time"),
        ("/datacontenttype", json!("text/xml"), "datacontenttype"),
        ("/data", json!([]), "data"),
        ("/data_base64", json!("e30="), "data_base64"),
        ("/Trace", json!("x"), "Trace"),
        ("/trace", json!({}), "trace"),
        ("/data/invoice", json!(null), "data.invoice"),
        ("/data/amount", json!(null), "data.amount"),
        ("/data/amount/minor", json!(-1), "data.amount.minor"),
        ("/data/amount/minor", json!(1.5), "data.amount.minor"),
        ("/data/amount/minor", json!("100"), "data.amount.minor"),
        ("/data/amount/minor", json!(1_000_000_000_000_001_i64), "data.amount.minor"),
        ("/data/amount/minor", json!(u64::MAX), "data.amount.minor"),
        ("/data/amount/currency", json!("EURO"), "data.amount.currency"),
        ("/data/amount/currency", json!("eur"), "data.amount.currency"),
        ("/data/amount_paid", json!({"minor": 1, "currency": "USD"}), "data.amount_paid.currency"),
        ("/data/due_on", json!("13.03.2026"), "data.due_on"),
        ("/data/collection", json!("by hand"), "data.collection"),
        ("/data/pay_url", json!("javascript:alert(1)"), "data.pay_url"),
        ("/data/colour", json!("red"), "data.colour"),
    ];
    for (pointer, value, field) in cases {
        assert_eq!(fields_after(pointer, value.clone()), [field], "{pointer} = {value}");
    }
}

#[test]
fn a_missing_field_is_named() {
    let mut event = issued();
    event["data"].as_object_mut().unwrap().remove("invoice");
    let faults = parse(&event, arrival()).unwrap_err();
    assert_eq!(faults, [FieldFault::new("data.invoice", "missing")]);
    event["data"] = json!({"invoice": "x", "amount": {"minor": 5}});
    let faults = parse(&event, arrival()).unwrap_err();
    assert_eq!(faults, [FieldFault::new("data.amount.currency", "missing")]);
}

#[test]
fn all_faults_at_once() {
    let event = json!({"type": "x"});
    let faults = parse(&event, arrival()).unwrap_err();
    let fields: Vec<_> = faults.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["specversion", "type", "source", "id", "data"]);
    assert_eq!(parse(&json!([]), arrival()).unwrap_err().len(), 1);
}

#[test]
fn a_bad_tenant() {
    let data = json!({
        "name": "a\r\nBcc: x@y.z",
        "locale": "deutsch!",
        "time_zone": "Europe/Atlantis",
        "country": "Germany",
        "pay_url": "ftp://x",
        "contacts": [{"role": "billing", "email": "a@b.c"}, {"role": "admin", "email": "a@b.c\n"}],
    });
    let mut event = issued();
    event["type"] = json!("ambergate.tenant.updated");
    event["data"] = data;
    let faults = parse(&event, arrival()).unwrap_err();
    let fields: Vec<_> = faults.iter().map(|it| it.field.as_str()).collect();
    let right = ["name", "locale", "time_zone", "country", "pay_url", "contacts[1].email"];
    assert_eq!(fields, right.map(|field| format!("data.{field}")));
}

#[test]
fn gates_may_prove_in_our_name_and_no_more() {
    let mut event = issued();
    event["source"] = json!("ambergate/gate");
    assert!(parse_from_gate(&event, arrival()).is_err());
    event["type"] = json!("ambergate.notice.receipt");
    event["data"] = json!({
        "notice": "00112233445566778899aabbccddeeff", "channel": "banner",
        "person": "p1", "role": "billing", "kind": "seen",
    });
    assert!(parse_from_gate(&event, arrival()).is_ok());
    assert!(parse(&event, arrival()).is_err());
}

// -- round trip ------------------------------------------------------------------------------

fn name<T>() -> impl Strategy<Value = T>
where
    T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug,
{
    "[!-~é漢]{1,12}".prop_map(|text| text.parse().unwrap())
}

fn instant() -> impl Strategy<Value = Instant> {
    (0_i64..4_000_000_000_000).prop_map(Instant::from_millis)
}

fn day() -> impl Strategy<Value = Day> {
    (0_i32..40_000).prop_map(Day::from_number)
}

fn derived<T: From<Derived> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<[u8; 16]>().prop_map(|bytes| Derived::from_bytes(bytes).into())
}

fn money() -> impl Strategy<Value = Money> {
    let currency = prop::sample::select(vec!["EUR", "USD", "JPY"]);
    (0..crate::domain::money::MINOR_MAX, currency)
        .prop_map(|(minor, code)| Money { minor, currency: code.parse().unwrap() })
}

fn text() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[a-zé]{1,9}")
}

fn tenant_updated() -> impl Strategy<Value = Fact> {
    let contact = (prop::sample::select(Role::ALL.to_vec()), text(), text())
        .prop_map(|(role, name, phone)| Contact { role, name, email: None, phone });
    (
        text(),
        text(),
        prop::option::of(day()),
        prop::option::of(prop::collection::vec(contact, 0..3)),
    )
        .prop_map(|(name, segment, customer_since, contacts)| {
            let tenant =
                TenantUpdated { name, segment, customer_since, contacts, ..Default::default() };
            Fact::TenantUpdated(Box::new(tenant))
        })
}

fn terms() -> impl Strategy<Value = Fact> {
    (name(), text(), money(), prop::option::of(day()), prop::option::of(name::<Scope>())).prop_map(
        |(invoice, number, amount, due_on, scope)| {
            Fact::InvoiceIssued(Box::new(InvoiceTerms {
                invoice,
                number,
                kind: Some(InvoiceKind::Fee),
                amount: Some(amount),
                amount_paid: None,
                issued_on: due_on,
                due_on,
                scope,
                pay_url: None,
                document_url: None,
                purchase_order: None,
                collection: None,
                gates_scope: Some(false),
                opening: Some(true),
                replaces: Some("in_0".parse().unwrap()),
            }))
        },
    )
}

fn other_fact() -> impl Strategy<Value = Fact> {
    let part = (name(), money()).prop_map(|(invoice, amount)| Allocation { invoice, amount });
    let parts = prop::option::of(prop::collection::vec(part, 0..3));
    let received =
        (name(), money(), text(), parts).prop_map(|(payment, amount, method, invoices)| {
            Fact::PaymentReceived(PaymentReceived { payment, amount, method, invoices })
        });
    let until = prop_oneof![day().prop_map(When::Day), instant().prop_map(When::Instant)];
    let made = (name(), prop::option::of(until), text()).prop_map(|(arrangement, until, by)| {
        Fact::ArrangementMade(Box::new(ArrangementMade {
            until,
            by,
            ..ArrangementMade::new(arrangement, ArrangementKind::Promise)
        }))
    });
    let receipt = (prop::option::of(derived()), prop::option::of(derived()), text(), instant())
        .prop_map(|(notice, message, person, at)| {
            Fact::NoticeReceipt(Box::new(NoticeReceipt {
                notice,
                message,
                attempt: Some(1),
                channel: Channel::Email,
                person,
                mailbox: None,
                role: Some(Role::Billing),
                kind: ReceiptKind::Accepted,
                at: Some(at),
                detail: None,
                tried: None,
            }))
        });
    let until = prop::option::of(day().prop_map(When::Day));
    let amount = prop::option::of(money());
    let done = (derived(), text(), until, amount).prop_map(|(task, note, until, amount)| {
        let (outcome, by) = (TaskOutcome::Promised, None);
        Fact::TaskDone(TaskDone { task, outcome, by, note, until, amount })
    });
    prop_oneof![
        received,
        made,
        receipt,
        done,
        (derived(), 1_u32..9, prop::option::of(100_u16..600)).prop_map(
            |(event, attempt, status)| {
                let (hook, kind) = ("billing".to_owned(), HookAnswer::Failed);
                Fact::HookAnswered(HookAnswered { event, hook, attempt, kind, status })
            }
        ),
        money().prop_map(|amount| Fact::CreditChanged(CreditChanged { amount })),
        (text(), text())
            .prop_map(|(by, reason)| Fact::TenantForgotten(TenantForgotten { by, reason })),
        (name(), derived(), "[a-z]{1,9}").prop_map(|(policy, version, by)| {
            Fact::PolicyAccepted(PolicyAccepted { policy, version, by })
        }),
        name().prop_map(|invoice| Fact::InvoiceWrittenOff(InvoiceNamed { invoice })),
        name().prop_map(|into| Fact::TenantMerged(TenantMerged { into })),
    ]
}

fn notice() -> impl Strategy<Value = Decision> {
    let step = prop_oneof![Just(Step::Plain), Just(Step::Warning), (0_u8..9).prop_map(Step::Again)];
    (derived(), derived(), prop::option::of(decisions::named()), step, any::<u8>()).prop_map(
        |(notice, of, names, step, roles)| {
            let to = if roles == 255 {
                Roles::EVERYONE
            } else {
                Role::ALL.into_iter().filter(|role| roles & (1 << *role as u8) != 0).collect()
            };
            Decision::NoticeMade(Arc::new(NoticeMade {
                notice,
                case: Derived::from_bytes([1; 16]).into(),
                leg: Derived::from_bytes([2; 16]).into(),
                rung: 3,
                step,
                n: 4,
                kind: "warning".to_owned(),
                names,
                of: Some(of),
                says: None,
                to,
                by: vec![Channel::Email, Channel::Banner],
                good_until: None,
                last_resort: roles % 2 == 0,
            }))
        },
    )
}

fn decision() -> impl Strategy<Value = Decision> {
    let message = (derived(), "[a-z]{1,9}", day()).prop_map(|(message, recipient, date)| {
        let notices = vec![Derived::from_bytes([3; 16]).into()];
        let (channel, role) = (Channel::Email, Role::Admin);
        let made = MessageMade { message, channel, recipient, role, notices, date, n: 0 };
        Decision::MessageMade(Arc::new(made))
    });
    let notices = prop::collection::vec(derived(), 0..3);
    let task = (derived(), derived(), instant(), notices).prop_map(|(task, case, due, notices)| {
        let (kind, assignee) = (TaskKind::FixContact, Some(Role::AccountManager));
        let about = Some("ada@example.com".to_owned());
        let (rung, n) = (Some(1), 2);
        Decision::TaskMade(TaskMade { task, kind, case, rung, n, due, assignee, about, notices })
    });
    let entered = (derived(), derived(), instant(), any::<bool>(), 0_u64..1 << 60).prop_map(
        |(entry, case, at, feeds, generation)| {
            Decision::RungEntered(Box::new(RungEntered {
                scope: "module:a".parse().unwrap(),
                entry,
                case,
                leg: Derived::from_bytes([4; 16]).into(),
                rung: 1,
                n: 0,
                stage: Stage::Frozen,
                slow: decisions::slow(feeds),
                notice: None,
                at,
                checked: Checked { feeds, generation, asked: !feeds, slot: feeds },
            }))
        },
    );
    prop_oneof![
        notice(),
        message,
        task,
        entered,
        (derived(), name(), derived()).prop_map(|(case, invoice, policy)| {
            Decision::CaseOpened(CaseOpened { case, invoice, policy })
        }),
        derived().prop_map(|notice| {
            Decision::NoticeVoided(NoticeVoided { notice, cause: VoidCause::Leg })
        }),
        (derived(), 1_u32..9).prop_map(|(message, attempt)| Decision::MessageTried(MessageTried {
            message,
            attempt
        })),
        decisions::others(),
        derived().prop_map(|entry| {
            Decision::StageLifted(StageLifted { entry, cause: LiftCause::Unlawful })
        }),
        (derived(), derived(), name(), day(), money()).prop_map(
            |(fee, case, invoice, through, amount)| {
                Decision::FeeAnnounced(FeeAnnounced { fee, case, invoice, n: 1, through, amount })
            }
        ),
    ]
}

pub(crate) fn record() -> impl Strategy<Value = Record> {
    let fact = prop_oneof![tenant_updated(), terms(), other_fact()];
    let fact = (name(), name(), any::<bool>(), fact)
        .prop_map(|(source, id, dated, fact)| Body::Fact { source, id, dated, fact });
    let body = prop_oneof![fact, decision().prop_map(Body::Decision)];
    (instant(), instant(), body).prop_map(|(time, learnt, body)| Record { time, learnt, body })
}

#[test]
fn a_name_that_appears_twice_is_named() {
    let text = br#"[{"id":"1"},{"id":"2","data":{"amount":{"minor":1,"minor":2}}}]"#;
    let (told, list) = read(text).unwrap();
    assert!(list && told[0].doubled.is_empty());
    let faults = told[1].parse(Instant::from_seconds(0)).unwrap_err();
    assert_eq!(faults[0].field, "data.amount.minor");
    assert!(faults[0].detail.contains("appears twice"), "{}", faults[0]);
    let (told, list) = read(br#"{"subject":"acme","subject":"globex"}"#).unwrap();
    assert!(!list);
    assert_eq!(told[0].doubled[0].field, "subject");
}

#[test]
fn parts_of_a_payment_are_in_its_currency() {
    let payment: PaymentReceived = serde_json::from_value(json!({
        "payment": "p1",
        "amount": {"minor": 100, "currency": "EUR"},
        "invoices": [{"invoice": "in_1", "amount": {"minor": 100, "currency": "USD"}}],
    }))
    .unwrap();
    let faults = faults_of(&Fact::PaymentReceived(payment));
    assert_eq!(faults[0].field, "data.invoices[0].amount.currency");
}

proptest! {
    #[test]
    fn what_is_written_is_read(tenant in name::<TenantId>(), record in record()) {
        let text = to_json(&tenant, &record).to_string();
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(restore(&value), Ok(Incoming { tenant, record }));
    }
}
