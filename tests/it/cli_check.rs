//! `ambergate check`: every fault of a configuration, where it is, and what would be right.

use serde_json::Value;

use crate::support::command::ambergate;

/// A configuration that is right; tests spoil it.
const RIGHT: &str = r#"[gate]
enforce = "on"

[ways_out]
sign_in = ["/login/**"]
pay = ["/billing/**"]
standing = ["/standing"]
ask = ["/support/**"]
export = ["/export/**"]
cancel = ["/cancel"]
delete = { not_here = "by mail" }
reduce = ["/members/**"]

[operator]
time_zone = "Europe/Berlin"
calendar = "DE"
hours = "08:00-18:00"

[policies.standard]
time_zone = "Europe/Berlin"
calendar = "DE"

[[policies.standard.rungs]]
at = "due - 3 days"
notice = "upcoming"
to = ["billing"]
by = ["email"]

[[policies.standard.rungs]]
at = "due + 15 days"
enter = "read_only"
warn = { before = "7 days", to = ["billing"], by = ["email"] }

[[policies.standard.rungs]]
at = "due + 29 days"
enter = "frozen"
warn = { before = "7 days", to = ["admin"], by = ["banner"] }
"#;

/// What is spoilt how, where that is seen, and what is said of it and of what would be right.
const FAULTS: [(&str, &str, &str, &str, &str); 16] = [
    (
        "warn = { before = \"7 days\", to = [\"billing\"], by = [\"email\"] }\n",
        "",
        "enter",
        "a cutoff without a warning",
        "add warn = {",
    ),
    ("before = \"7 days\"", "before = \"0 days\"", "before", "notice period of zero", "7 days"),
    ("due - 3 days", "due + 20 days", "[[policies.standard.rungs]]", "comes before rung", "order"),
    (
        "[[policies.standard.rungs]]\nat = \"due + 15 days\"",
        "[[policies.standard.rungs]]\nat = \"due + 10 days\"\nenter = \"frozen\"\n\
         warn = { before = \"7 days\", to = [\"billing\"], by = [\"email\"] }\n\
         [[policies.standard.rungs]]\nat = \"due + 15 days\"",
        "[[policies.standard.rungs]]",
        "gets less strict",
        "stages only climb",
    ),
    (
        "enter = \"frozen\"",
        "enter = \"read_only\"",
        "[[policies.standard.rungs]]",
        "never reached",
        "take one of the two out",
    ),
    ("[\"admin\"]", "[\"amdin\"]", "to", "amdin", "did you mean `admin`?"),
    ("[\"banner\"]", "[\"baner\"]", "by", "baner", "did you mean `banner`?"),
    ("\"upcoming\"", "\"upcomming\"", "notice", "upcomming", "did you mean `upcoming`?"),
    ("[policies.standard]\n", "[policies.mine]\n", "mine", "nobody can be selected", "[[select]]"),
    (
        "calendar = \"DE\"\n\n[[",
        "calendar = \"DE\"\ncutoff_hours = \"10:01-10:14\"\n\n[[",
        "cutoff_hours",
        "never occur",
        "quarter of an hour",
    ),
    (
        "hours = \"08:00-18:00\"",
        "hours = \"18:00-20:00\"",
        "cutoff_hours",
        "never meet the operator's hours",
        "compare time zones",
    ),
    (
        "\"7 days\", to = [\"billing\"]",
        "\"1 day\", to = [\"billing\"]",
        "rungs",
        "two working days",
        "2 working days",
    ),
    (
        "calendar = \"DE\"\n\n[[",
        "calendar = \"DE\"\nbanner_for = { warned = [\"admin\"] }\n\n[[",
        "banner_for",
        "everybody",
        "everyone",
    ),
    ("pay = [\"/billing/**\"]\n", "", "enforce", "people can: pay", "name the paths"),
    (
        "calendar = \"DE\"\nhours",
        "calendar = \"DK\"\nhours",
        "calendar",
        "DK",
        "did you mean `DE`?",
    ),
    ("[gate]", "[gait]", "gait", "not known", "did you mean `gate`?"),
];

async fn check(text: &str) -> (i32, String, String, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.toml");
    std::fs::write(&path, text).expect("a file");
    let name = path.display().to_string();
    let (_, _, said) = ambergate(&["check", "--config", &name], "", "").await;
    let asked = ["check", "--config", &name, "--json"];
    let (code, out, _) = ambergate(&asked, "", "").await;
    let json = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{said}"));
    (code, name, said, json)
}

#[tokio::test]
async fn what_is_right_is_right() {
    let (code, _, said, json) = check(RIGHT).await;
    assert_eq!((code, &json["right"]), (0, &Value::Bool(true)), "{said}");
    assert_eq!(json["policies"][0], "standard");
}

#[tokio::test]
async fn each_fault_has_a_place_and_a_remedy() {
    for (from, to, at, what, help) in FAULTS {
        assert!(RIGHT.contains(from), "{from}");
        let text = RIGHT.replacen(from, to, 1);
        let (code, name, said, json) = check(&text).await;
        assert_eq!(code, 1, "{to}: {said}");
        let faults = json["faults"].as_array().expect("a list");
        let found = faults.iter().find(|fault| {
            let says =
                |key: &str, word: &str| fault[key].as_str().is_some_and(|it| it.contains(word));
            says("what", what) && says("help", help)
        });
        let found = found.unwrap_or_else(|| panic!("{what} / {help} in {faults:#?}"));
        let line = found["line"].as_u64().expect("a line");
        let column = found["column"].as_u64().expect("a column");
        // The text with its line and a mark under it, and the place as editors read it.
        let place = format!("{}:{line}:{column}", found["file"].as_str().expect("a file"));
        assert!(said.contains(&place) && said.contains("╰── here"), "{place}: {said}");
        if found["file"] == name.as_str() {
            let line = text.lines().nth(usize::try_from(line).expect("small") - 1);
            assert!(line.is_some_and(|line| line.contains(at)), "{at}: {line:?} of {place}");
        }
    }
}

#[tokio::test]
async fn a_slip_of_the_pen_comes_before_what_follows_from_it_and_can_be_read() {
    let text = RIGHT.replace("[gate]\nenforce = \"on\"\n", "").replace("ask =", "askk =");
    let text = format!("{text}[store]\nkind = \"redsi\"\nurl = \"redis://u:hush@[::1]:6379\"\n");
    let (code, _, said, json) = check(&text).await;
    assert_eq!(code, 1);
    let faults = json["faults"].as_array().expect("a list");
    let what = |place: usize| faults[place]["what"].as_str().expect("a text");
    assert_eq!(what(0), "`ways_out.askk` is not known");
    let right = "enforcing is on because `[ways_out]` is filled, and it does not say where";
    assert!(what(1).starts_with(right), "{faults:#?}");
    assert!(said.contains("askk = [\"/support/**\"]"), "{said}");
    assert!(said.contains("url = \"redis://******@[::1]:6379\""), "{said}");
}

#[tokio::test]
async fn all_faults_come_at_once() {
    let mut text = RIGHT.to_owned();
    for (from, to, ..) in [FAULTS[1], FAULTS[2], FAULTS[5], FAULTS[6], FAULTS[7], FAULTS[15]] {
        text = text.replacen(from, to, 1);
    }
    let (_, _, said, json) = check(&text).await;
    let faults = json["faults"].as_array().expect("a list");
    assert!(faults.len() >= 5, "{faults:#?}");
    assert!(said.contains(&format!("{} things are wrong", faults.len())), "{said}");
    let lines = faults.iter().filter_map(|fault| fault["line"].as_u64()).collect::<Vec<_>>();
    assert!(lines.is_sorted(), "{lines:?}");
}
