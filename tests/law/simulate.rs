//! The dates that the specification works out by hand, from the simulation of one invoice.

use ambergate::domain::course::Happening;
use ambergate::domain::policy::Law;
use ambergate::domain::simulate::{Refused, Scenario, Simulated, simulate};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{Instant, Zone};
use serde_json::{Value, json};

use crate::world::{STANDARD, law_of};

fn scenario(more: Value) -> Scenario {
    let mut all = json!({
        "due_on": "2026-03-13", "known": "2026-03-02T08:00", "until": "2026-07-31",
        "amount": {"minor": 100_000, "currency": "EUR"},
    });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn run(law: &Law, more: Value) -> Simulated {
    simulate(law, "standard", &scenario(more)).unwrap()
}

/// `03-23 09:00 W read_only 03-30 10:00`: every step but mails, as the specification writes them.
fn told(done: &Simulated) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for step in &done.steps {
        let at = short(step.at, &done.zone);
        told.push(match &step.what {
            Happening::Warning { effect, at: named, again: false, .. } => {
                let named = short(named.unwrap(), &done.zone);
                format!("{at} W {effect} {named}")
            }
            Happening::Warning { effect, again: true, .. } => format!("{at} R {effect}"),
            Happening::Entered(effect) => format!("{at} E {effect}"),
            Happening::Lifted(effect) => format!("{at} L {effect}"),
            Happening::Voided { kind } => format!("{at} V {kind}"),
            Happening::Task { kind, .. } => format!("{at} T {kind}"),
            Happening::Notice { kind, .. } => format!("{at} N {kind}"),
            Happening::Done { kind, outcome } => format!("{at} D {kind} {}", outcome.word()),
            Happening::Mail { .. } => continue,
        });
    }
    told
}

fn short(at: Instant, zone: &Zone) -> String {
    let (day, millis) = zone.local(at);
    let minutes = millis / 60_000;
    let day = day.to_string();
    format!("{} {:02}:{:02}", &day[5..], minutes / 60, minutes % 60)
}

/// What every row has in common until the first warning.
const BASE: [&str; 7] = [
    "03-10 09:00 N upcoming",
    "03-13 12:00 N due_today",
    "03-16 09:00 E grace",
    "03-16 09:00 N overdue",
    "03-19 09:00 T call",
    "03-20 09:00 T call",
    "03-23 09:00 T call",
];

fn is_told(more: Value, base: &[&str], then: &[&str]) {
    let law = law_of(STANDARD);
    let done = run(&law, more);
    let all: Vec<&str> = base.iter().chain(then).copied().collect();
    let told: Vec<String> = told(&done).into_iter().filter(|it| !it.ends_with("entered")).collect();
    assert_eq!(told, all);
}

#[test]
fn mail_at_once() {
    is_told(
        json!({}),
        &BASE,
        &[
            "03-23 09:00 W read_only 03-30 10:00",
            "03-27 09:00 R read_only",
            "03-30 10:15 E read_only",
            "04-06 09:00 W frozen 04-13 10:00",
            "04-10 09:00 R frozen",
            "04-13 10:15 E frozen",
            "04-27 09:00 T formal_claim",
        ],
    );
}

#[test]
fn each_mail_three_days_late() {
    let law = law_of(STANDARD);
    let done = run(&law, json!({"late_mail": "3 days"}));
    let told: Vec<String> = told(&done).into_iter().filter(|it| !it.ends_with("entered")).collect();
    assert_eq!(told[..7], BASE);
    assert_eq!(
        told[7..],
        [
            "03-23 09:00 W read_only 03-30 10:00",
            "04-01 09:00 R read_only",
            "04-02 10:15 E read_only",
            "04-09 09:00 W frozen 04-16 10:00",
            "04-17 09:00 R frozen",
            "04-20 10:15 E frozen",
            "05-06 09:00 T formal_claim",
        ]
    );
    let proved = |first: &str| {
        done.steps.iter().find_map(|step| match &step.what {
            Happening::Mail { arrived: true, kinds, first: at, .. }
                if kinds == &["warning"] && short(*at, &done.zone) == first =>
            {
                Some(short(step.at, &done.zone))
            }
            _ => None,
        })
    };
    assert_eq!(proved("03-23 09:00").as_deref(), Some("03-26 09:00"));
    assert_eq!(proved("04-09 09:00").as_deref(), Some("04-13 09:00"));
}

#[test]
fn a_promise_that_is_broken() {
    is_told(
        json!({"promises": [{"at": "2026-03-24T13:00", "until": "2026-04-02"}]}),
        &BASE,
        &[
            "03-23 09:00 W read_only 03-30 10:00",
            "03-24 13:00 V warning",
            "04-06 09:00 W read_only 04-13 10:00",
            "04-10 09:00 R read_only",
            "04-13 10:15 E read_only",
            "04-20 09:00 W frozen 04-27 10:00",
            "04-24 09:00 R frozen",
            "04-27 10:15 E frozen",
            "05-13 09:00 T formal_claim",
        ],
    );
}

#[test]
fn the_control_plane_is_off_for_weeks() {
    is_told(
        json!({"off": [{"from": "2026-03-20", "until": "2026-05-04"}]}),
        &BASE[..5],
        &[
            "05-04 09:00 T call",
            "05-04 09:00 W read_only 05-11 10:00",
            "05-05 09:00 T call",
            "05-08 09:00 R read_only",
            "05-11 10:15 E read_only",
            "05-18 09:00 W frozen 05-25 10:00",
            "05-22 09:00 R frozen",
            "05-25 10:15 E frozen",
            "06-10 09:00 T formal_claim",
        ],
    );
}

#[test]
fn half_is_paid_and_later_the_rest() {
    let half = json!({"minor": 50_000, "currency": "EUR"});
    let law = law_of(STANDARD);
    let done = run(
        &law,
        json!({"payments": [
            {"at": "2026-03-31T09:30", "amount": half},
            {"at": "2026-04-20T12:00", "amount": half},
        ]}),
    );
    let stages: Vec<_> =
        done.stages.iter().map(|(at, stage)| (short(*at, &done.zone), *stage)).collect();
    let expected = [
        ("03-16 09:00", Stage::Grace),
        ("03-30 10:15", Stage::ReadOnly),
        ("04-13 10:15", Stage::Frozen),
        ("04-20 12:00", Stage::Full),
    ];
    assert_eq!(stages, expected.map(|(at, stage)| (at.to_owned(), stage)));
}

#[test]
fn due_on_a_saturday() {
    is_told(
        json!({"due_on": "2026-03-14"}),
        &[],
        &[
            "03-11 09:00 N upcoming",
            "03-16 12:00 N due_today",
            "03-17 09:00 E grace",
            "03-17 09:00 N overdue",
            "03-20 09:00 T call",
            "03-23 09:00 T call",
            "03-24 09:00 T call",
            "03-24 09:00 W read_only 03-31 10:00",
            "03-30 09:00 R read_only",
            "03-31 10:15 E read_only",
            "04-07 09:00 W frozen 04-14 10:00",
            "04-13 09:00 R frozen",
            "04-14 10:15 E frozen",
            "04-30 09:00 T formal_claim",
        ],
    );
}

#[test]
fn mail_that_nobody_takes_restricts_nobody() {
    let law = law_of(STANDARD);
    let done = run(&law, json!({"refused_mail": true}));
    let strictest = done.stages.iter().map(|(_, stage)| *stage).max();
    assert_eq!(strictest, Some(Stage::Grace));
    let fixes = |it: &String| it.ends_with("fix_contact");
    assert!(told(&done).iter().any(fixes), "a person is told of it");
}

/// After two postponements the way on is a letter: only if somebody posts it.
#[test]
fn a_letter_that_is_posted_warns_where_mail_does_not() {
    let law = law_of(STANDARD);
    let done = run(&law, json!({"refused_mail": true, "done": ["letter=posted/1 day"]}));
    let told = told(&done);
    let of_the_letter: Vec<&str> = told
        .iter()
        .map(String::as_str)
        .filter(|it| [" T letter", " D ", " E read_only"].iter().any(|what| it.contains(what)))
        .take(3)
        .collect();
    let wanted = ["04-13 10:30 T letter", "04-14 10:30 D letter posted", "04-28 11:00 E read_only"];
    assert_eq!(of_the_letter, wanted);
    let warned = told.iter().any(|it| it == "04-13 10:30 W read_only 04-27 10:45");
    assert!(warned, "{told:#?}");
}

/// Who is reached is not called again.
#[test]
fn a_call_that_reached_somebody_ends_the_calls() {
    let law = law_of(STANDARD);
    let calls = |done: &Simulated| told(done).iter().filter(|it| it.ends_with("T call")).count();
    let done = run(&law, json!({"done": ["call=no_answer"]}));
    assert_eq!(calls(&done), 3);
    let done = run(&law, json!({"done": ["call=reached/2 hours"]}));
    assert_eq!(calls(&done), 1);
    assert!(told(&done).contains(&"03-19 11:00 D call reached".to_owned()));
}

#[test]
fn charges_count_from_the_first_failure() {
    let cards = include_str!("../../config/policies/cards.toml");
    let text = format!("[calendars.DE]\n[[select]]\npolicy = \"cards\"\n{cards}");
    let law = law_of(&text);
    let scenario = scenario(json!({"failed": "2026-03-13T06:00"}));
    let done = simulate(&law, "cards", &scenario).unwrap();
    let entered = told(&done).into_iter().filter(|it| it.contains(" E ")).collect::<Vec<_>>();
    assert_eq!(entered[0], "03-13 09:00 E grace");
    assert_eq!(entered.len(), 3);
}

#[test]
fn what_makes_no_sense_is_said_field_by_field() {
    let law = law_of(STANDARD);
    let refused = |more: Value| match simulate(&law, "standard", &scenario(more)).unwrap_err() {
        Refused::Faulty(faults) => faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(refused(json!({"time_zone": "Mars/Base"})), ["time_zone"]);
    assert_eq!(refused(json!({"until": "2026-02-01"})), ["until"]);
    assert_eq!(refused(json!({"until": "2126-02-01"})), ["due_on"]);
    assert_eq!(refused(json!({"late_mail": "3 working days"})), ["late_mail"]);
    assert_eq!(refused(json!({"payments": [{"at": "2026-01-01"}]})), ["known"]);
    let yen =
        json!({"payments": [{"at": "2026-04-01", "amount": {"minor": 1, "currency": "JPY"}}]});
    assert_eq!(refused(yen), ["payments"]);
    let unknown = simulate(&law, "standart", &scenario(json!({})));
    assert!(matches!(unknown, Err(Refused::NoPolicy(name)) if name == "standart"));
}
