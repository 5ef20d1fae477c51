use super::*;
use crate::domain::fact::Channel;
use crate::domain::policy::Anchor;
use crate::domain::span::Span;
use crate::domain::stage::Stage;

/// A small policy that is right; tests spoil it.
const SMALL: &str = r#"
[calendars.DE]
holidays = ["2027-01-01", "2026-12-25"]

[policies.standard]
time_zone = "Europe/Berlin"
calendar = "DE"

[[policies.standard.rungs]]
at = "due + 1 day"
enter = "grace"
notice = "overdue"
to = ["billing"]
by = ["email"]

[[policies.standard.rungs]]
at = "due + 15 days"
enter = "read_only"
warn = { before = "7 days", to = ["billing"], by = ["email"] }
"#;

/// The faults of [`SMALL`] with `from` replaced.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    let text = SMALL.replacen(from, to, 1);
    parse(&text, "p.toml").err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn only_fault(from: &str, to: &str) -> String {
    let faults = faults(from, to);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults.into_iter().next().unwrap()
}

#[test]
fn the_standard_policy_is_read_whole() {
    let law = parse(STANDARD, "standard.toml").unwrap();
    let policy = &law.policies["standard"];
    assert_eq!(policy.rungs.len(), 7);
    assert_eq!(policy.rungs[0].at.offset, -3);
    assert!(policy.rungs[0].at.working_days);
    assert_eq!(policy.rungs[1].at.time.map(|t| t.minutes()), Some(720));
    assert_eq!(policy.ignore_below.as_ref().unwrap().of("EUR".parse().unwrap()), Some(500));
    assert_eq!(policy.late_fee.unwrap().rate_per_month.0, 150);
    let frozen = policy.rungs[5].enter.as_ref().unwrap();
    assert_eq!((frozen.stage, frozen.warn.as_ref().unwrap().needs), (Stage::Frozen, 2));
    assert_eq!(frozen.warn.as_ref().unwrap().by, [Channel::Email, Channel::Banner]);
    assert_eq!(frozen.warn.as_ref().unwrap().again, [Span::days(1)]);
    assert_eq!(law.calendars["DE"].holidays().len(), 3);
    assert!(law.operator.is_some());
    assert_eq!(law.versions.keys().collect::<Vec<_>>(), [&policy.hash]);
}

#[test]
fn ready_policies_are_right_where_they_are_selected() {
    for (name, text) in READY {
        let calendar = "[calendars.DE]\n[[select]]\n";
        let text = format!("{calendar}policy = \"{name}\"\n{text}");
        let law = parse(&text, name).unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert!(law.policies.contains_key(name));
    }
    assert!(READY[1].1.contains("failed"));
    for (name, _) in READY {
        let law = ready(name).unwrap();
        assert!(law.policies.contains_key(name) && law.operator.is_some());
    }
    assert!(ready("standart").is_none());
}

#[test]
fn spaces_comments_and_spelled_out_defaults_make_no_new_version() {
    let plain = parse(SMALL, "a").unwrap().policies["standard"].hash;
    let other =
        SMALL.replace("calendar = \"DE\"", "calendar   = \"DE\" # here\nslack = \"15 minutes\"");
    assert_eq!(parse(&other, "b").unwrap().policies["standard"].hash, plain);
    let changed = SMALL.replace("15 days", "16 days");
    assert_ne!(parse(&changed, "c").unwrap().policies["standard"].hash, plain);
}

#[test]
fn a_version_is_read_back_from_its_text() {
    for source in [SMALL, STANDARD] {
        let law = parse(source, "a").unwrap();
        let policy = &law.policies["standard"];
        let written = text(policy);
        let again = version(&written, "version").unwrap();
        assert_eq!(again.hash, policy.hash);
        assert_eq!(text(&again), written);
    }
    let cards = format!("[calendars.DE]\n[[select]]\npolicy = \"cards\"\n{}", READY[1].1);
    let cards = parse(&cards, "cards").unwrap();
    let again = version(&text(&cards.policies["cards"]), "v").unwrap();
    assert_eq!(again.rungs[0].at.anchor, Anchor::Failed);
    assert!(version("", "v").is_err());
}

#[test]
fn a_condition_is_read_back_from_its_text() {
    let when = "when = { owed_over = { EUR = \"100.00\" }, invoices_over = 2, collection = \
                \"send_invoice\", promised = false }";
    let source = SMALL.replace("enter = \"grace\"", &format!("{when}\nenter = \"grace\""));
    let law = parse(&source, "a").unwrap();
    let policy = &law.policies["standard"];
    let read = policy.rungs[0].when.as_ref().unwrap();
    assert_eq!(read.owed_over.as_ref().unwrap().of("EUR".parse().unwrap()), Some(10_000));
    assert_eq!((read.invoices_over, read.promised), (Some(2), Some(false)));
    let written = text(policy);
    assert!(written.contains(when), "{written}");
    assert_eq!(version(&written, "v").unwrap().rungs[0].when.as_ref(), Some(read));
}

#[test]
fn an_approval_is_read_back_from_its_text() {
    let source = SMALL.replace("enter = \"read_only\"", "enter = \"read_only\"\napproval = true");
    let policy = &parse(&source, "a").unwrap().policies["standard"];
    let again = version(&text(policy), "v").unwrap();
    let approval = |policy: &Policy| policy.rungs[1].enter.as_ref().unwrap().approval;
    assert!(approval(policy) && approval(&again));
    assert_ne!(parse(SMALL, "a").unwrap().policies["standard"].hash, policy.hash);
}

#[test]
fn that_it_has_to_be_accepted_is_read_back_from_its_text() {
    let accept = "calendar = \"DE\"\naccept = { every = \"1 year\" }";
    let source = SMALL.replace("calendar = \"DE\"", accept);
    let policy = &parse(&source, "a").unwrap().policies["standard"];
    assert_eq!(policy.accept, "12 months".parse().ok());
    assert_eq!(version(&text(policy), "v").unwrap().accept, policy.accept);
    assert_ne!(parse(SMALL, "a").unwrap().policies["standard"].hash, policy.hash);
}

#[test]
fn lines_of_the_selection_are_read_whole() {
    let line = "[[select]]\npolicy = \"standard\"\nplan = \"team\"\ncountry = \"DE\"\n\
                customer_for = \"1 year\"\ninvoices = 3\n\
                settled_within = { days = 10, share = \"90%\", of_last = 12 }\n";
    let law = parse(&format!("{SMALL}{line}"), "a").unwrap();
    let select = &law.select[0];
    assert_eq!((select.plan.as_deref(), select.country.as_deref()), (Some("team"), Some("DE")));
    assert_eq!((select.customer_for, select.invoices), ("1 year".parse().ok(), Some(3)));
    let within = select.settled_within.unwrap();
    assert_eq!((within.days, within.share.0, within.of_last), (10, 9_000, 12));
    assert!(!select.takes_all());
    for (from, to, what) in [
        ("\"DE\"\ncustomer", "\"de\"\ncustomer", "did you mean `DE`?"),
        ("1 year", "1 week", "years, months or days"),
        ("invoices = 3", "invoices = 2", "give 3 to"),
        ("of_last = 12", "of_last = 2", "give 3 to"),
        ("days = 10, ", "", "`select[0].settled_within.days` is missing"),
        ("\"90%\"", "\"190%\"", "at most 100%"),
        ("plan =", "plans =", "did you mean `plan`?"),
    ] {
        assert!(line.contains(from), "{from}");
        let text = format!("{SMALL}{}", line.replacen(from, to, 1));
        let faults = parse(&text, "p.toml").unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let fault = faults[0].to_string();
        assert!(fault.starts_with("p.toml:2") && fault.contains(what), "{fault}: {what}");
    }
}

#[test]
fn holidays_are_sorted() {
    let law = parse(SMALL, "a").unwrap();
    assert!(law.calendars["DE"].holidays().is_sorted());
}

#[test]
fn a_fault_says_where_it_is_and_what_would_be_right() {
    let fault = only_fault("enter = \"grace\"", "enter = \"grase\"");
    assert!(fault.starts_with("p.toml:11:9: `policies.standard.rungs[0].enter`"), "{fault}");
    assert!(fault.ends_with("did you mean `grace`?"), "{fault}");
    let fault = only_fault("calendar = \"DE\"", "calendar = \"DE\"\ntitel = \"x\"");
    assert!(fault.contains("`policies.standard.titel` is not known"), "{fault}");
    assert!(fault.contains("did you mean `title`?"), "{fault}");
}

#[test]
fn slowness_stands_beside_stages() {
    let frozen = "at = \"due + 29 days\"\nenter = \"frozen\"";
    let text =
        STANDARD.replace("enter = \"read_only\"", "enter = \"read_only\"\nslow = \"9 per hour\"");
    let law = parse(&text, "p.toml").unwrap();
    let policy = &law.policies["standard"];
    let rung =
        policy.rungs.iter().find(|rung| rung.enter.as_ref().is_some_and(|it| it.slow.is_some()));
    assert_eq!(
        rung.unwrap().enter.as_ref().unwrap().effect().to_string(),
        "read_only, slowed to 9 per hour"
    );
    let again = version(&write::policy(policy), "p.toml").unwrap();
    assert_eq!(again.hash, policy.hash);
    for (slow, what) in [("9 per hour", "slows no more"), ("10 per hour", "slows no more")] {
        let twice = text.replace(frozen, &format!("at = \"due + 29 days\"\nslow = \"{slow}\""));
        let faults = parse(&twice, "p.toml").unwrap_err();
        assert!(format!("{faults:?}").contains(what), "{faults:?}");
    }
    let alone = text.replace(frozen, "at = \"due + 29 days\"\nslow = \"1 per hour\"");
    parse(&alone, "p.toml").unwrap();
}

/// What is wrong with one rung hides nothing of the others, nor that nothing could ever come.
#[test]
fn all_faults_are_told_at_once() {
    let text = SMALL
        .replace("calendar = \"DE\"", "calendar = \"DE\"\ncutoff_days = [\"fri\"]")
        .replace("\"7 days\"", "\"0 days\"")
        .replace("\"due + 1 day\"\nenter = \"grace\"", "\"due + 16 days\"\nenter = \"frozen\"");
    let faults = parse(&text, "p.toml").unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for what in [
        "a cutoff without a warning: frozen",
        "a notice period of zero",
        "comes before rung 1",
        "gets less strict: read_only after frozen",
        "never occur together",
    ] {
        assert_eq!(said.iter().filter(|it| it.contains(what)).count(), 1, "{what}: {said:#?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let warn = "\nwarn = { before = \"7 days\", to = [\"billing\"], by = [\"email\"] }";
    for (from, to, what) in [
        (warn, "", "a cutoff without a warning"),
        ("\"7 days\"", "\"0 days\"", "a notice period of zero"),
        ("\"7 days\"", "\"1 day\"", "two working days"),
        ("\"due + 1 day\"", "\"due + 16 days\"", "comes before rung 1"),
        ("\"due + 1 day\"", "\"due + 15 days\"", "begin on the same day"),
        ("enter = \"grace\"", "enter = \"full\"", "is not known"),
        ("\"due + 15 days\"", "\"failed + 15 days\"", "count from different dates"),
        ("\"due + 15 days\"", "\"ends + 15 days\"", "failed or ends"),
        ("[\"billing\"]", "[\"biling\"]", "did you mean `billing`?"),
        ("[\"email\"]", "[\"telex\"]", "known: email, banner"),
        ("[\"email\"]", "[]", "is empty"),
        ("\"overdue\"", "\"over_due\"", "did you mean `overdue`?"),
        ("\"overdue\"", "\"warning\"", "reserved"),
        ("calendar = \"DE\"", "calendar = \"DK\"", "did you mean `DE`?"),
        ("Europe/Berlin", "Europe/Atlantis", "no time zone"),
        ("calendar = \"DE\"", "calendar = \"DE\"\nignore_below = { EUX = \"5\" }", "EUX"),
        ("calendar = \"DE\"", "calendar = \"DE\"\nignore_below = { eur = \"5\" }", "`EUR`"),
        ("calendar = \"DE\"", "calendar = \"DE\"\naccept = 1", "`policies.standard.accept`"),
        ("calendar = \"DE\"", "calendar = \"DE\"\naccept = {}", "such as \"12 months\""),
        (
            "calendar = \"DE\"",
            "calendar = \"DE\"\naccept = { every = \"1 week\" }",
            "years, months or days",
        ),
        ("notice = \"overdue\"", "slow = \"20 per minute\"\nnotice = \"overdue\"", "beside grace"),
        ("enter = \"grace\"", "slow = \"20 per minute\"", "without a warning: slowed to 20"),
        ("enter = \"read_only\"", "slow = \"20 a minute\"", "is no rate"),
        ("enter = \"read_only\"", "slow = \"0 per minute\"", "is no rate"),
        ("enter = \"read_only\"", "enter = \"frozen\"\nslow = \"20 per minute\"", "beside frozen"),
        ("notice = \"overdue\"", "approval = true\nnotice = \"overdue\"", "grace is none"),
        ("enter = \"grace\"", "approval = true", "without `enter`"),
        ("enter = \"read_only\"", "enter = \"read_only\"\napproval = \"yes\"", "true or false"),
        ("calendar = \"DE\"", "calendar = \"DE\"\ncutoff_hours = \"16:00-10:00\"", "never occur"),
        ("calendar = \"DE\"", "calendar = \"DE\"\ncutoff_days = [\"fri\"]", "never occur"),
        ("calendar = \"DE\"", "calendar = \"DE\"\nslack = \"3 days\"", "would lapse"),
        ("calendar = \"DE\"", "calendar = \"DE\"\nslack = \"6 hours\"", "would lapse"),
        ("by = [\"email\"] }", "by = [\"email\"], needs = 200 }", "needs"),
        (
            "calendar = \"DE\"",
            "calendar = \"DE\"\nbanner_for = { warned = [\"admin\"] }",
            "everybody",
        ),
        (
            "enter = \"grace\"",
            "enter = \"frozen\"\nwarn = { before = \"7 days\", to = [\"billing\"], by = [\"email\"] }",
            "gets less strict",
        ),
        (
            "enter = \"grace\"",
            "enter = \"read_only\"\nwarn = { before = \"7 days\", to = [\"billing\"], by = [\"email\"] }",
            "never reached",
        ),
        (
            "[policies.standard]",
            "[operator]\ntime_zone = \"Pacific/Auckland\"\ncalendar = \"DE\"\nhours = \"09:00-17:00\"\n[policies.standard]",
            "operator",
        ),
    ] {
        let fault = only_fault(from, to);
        assert!(fault.contains(what), "{fault}\nshould say {what}");
    }
}

#[test]
fn a_policy_for_terms_is_for_nothing_else() {
    let terms = SMALL.replace("due", "ends").replace("overends", "overdue");
    assert!(parse(&terms, "p.toml").unwrap().policies["standard"].is_for_terms());
    let call = "\n[[policies.standard.rungs]]\nat = \"due + 20 days\"\ntask = \"call\"\n";
    let faults = parse(&format!("{terms}{call}"), "p.toml").unwrap_err();
    assert!(faults[0].to_string().contains("never reached"), "{faults:#?}");
}

#[test]
fn tasks_that_make_no_sense_are_refused() {
    let task = |line: &str| format!("task = \"call\"\n{line}\nnotice = \"overdue\"");
    let repeat = |until: &str| {
        task(&format!("repeat = {{ every = \"1 day\", at_most = 2, until = [\"{until}\"] }}"))
    };
    for (from, to, what) in [
        ("notice = \"overdue\"", task("assign = \"billing\""), "account_manager or owner"),
        ("notice = \"overdue\"", repeat("posted"), "may come of it: reached, no_answer, promised"),
        ("notice = \"overdue\"", repeat("reachd"), "did you mean `reached`?"),
        ("by = [\"email\"]\n", "by = [\"email\", \"phone\"]\n".to_owned(), "task = \"call\""),
        (
            "by = [\"email\"] }",
            "by = [\"phone\", \"letter\"], needs = 3 }".to_owned(),
            "can prove it 2 times",
        ),
    ] {
        let fault = only_fault(from, &to);
        assert!(fault.contains(what), "{fault}\nshould say {what}");
    }
    let right = "by = [\"phone\", \"letter\"], needs = 2 }";
    assert!(faults("by = [\"email\"] }", right).is_empty());
}

#[test]
fn conditions_that_make_no_sense_are_refused() {
    for (from, to, what) in [
        ("notice = \"overdue\"", "when = {}\nnotice = \"overdue\"", "asks for nothing"),
        (
            "notice = \"overdue\"",
            "when = { owed_over = {} }\nnotice = \"overdue\"",
            "names no currency",
        ),
        (
            "notice = \"overdue\"",
            "when = { promissed = true, invoices_over = 2 }\nnotice = \"overdue\"",
            "did you mean `promised`?",
        ),
        (
            "notice = \"overdue\"",
            "when = { invoices_over = 0 }\nnotice = \"overdue\"",
            "give 1 to 1000",
        ),
        (
            "notice = \"overdue\"",
            "when = { collection = \"send_invoices\" }\nnotice = \"overdue\"",
            "did you mean `send_invoice`?",
        ),
    ] {
        let fault = only_fault(from, to);
        assert!(fault.contains(what), "{fault}\nshould say {what}");
    }
}

#[test]
fn selection_is_checked() {
    let all = SMALL.replace("standard", "mine");
    let faults = |text: &str| parse(text, "p").err().unwrap_or_default();
    assert!(faults(&all)[0].what().contains("nobody can be selected"));
    assert!(faults(&format!("{all}\n[[select]]\npolicy = \"mine\"")).is_empty());
    let unknown =
        faults(&format!("{all}\n[[select]]\npolicy = \"mine\"\n[[select]]\npolicy = \"mina\""));
    assert_eq!(unknown.len(), 2, "{unknown:#?}");
    assert!(unknown[0].what().contains("never reached"));
    assert!(unknown[1].help().contains("did you mean `mine`?"));
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text =
        SMALL.replace("Europe/Berlin", "Nowhere").replace("overdue", "x").replace("7 days", "x");
    let faults = parse(&text, "p.toml").unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert!(faults.is_sorted_by_key(Fault::line));
    let shown = super::super::render(&faults, false);
    assert!(shown.contains("p.toml:6:13"), "{shown}");
}

#[test]
fn errors_of_syntax_have_a_place_too() {
    let faults = parse("[policies.standard\ntitle = 3", "p.toml").unwrap_err();
    assert_eq!((faults[0].line(), faults[0].file()), (1, "p.toml"));
}
