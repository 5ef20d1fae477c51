//! `ambergate policy`, as a shell sees it: no server is asked.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::command::ambergate;

#[path = "../bench/history.rs"]
#[allow(dead_code)]
mod history;

/// What the table of SPEC 4 says, told by options.
const TOLD: [&str; 7] =
    ["policy", "simulate", "standard", "--due", "2026-03-13", "--known", "2026-03-02T08:00"];

#[tokio::test]
async fn an_invoice_is_simulated_as_a_table_a_page_and_json() {
    let late = [&TOLD[..], &["--late-mail", "3 days"]].concat();
    let (code, out, said) = ambergate(&late, "", "").await;
    assert_eq!(code, 0, "{said}");
    for line in [
        "Thu 2026-04-02 10:15  entered  read-only",
        "Mon 2026-04-13 09:00  arrived  warning                              admin@tenant.example",
        "Mon 2026-04-20 10:15  entered  frozen",
        "Wed 2026-05-06 09:00  task     formal claim",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    assert!(out.contains("\nfrozen  ") && out.contains('┗'), "{out}");
    let (_, out, _) = ambergate(&[&TOLD[..], &["--json"]].concat(), "", "").await;
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["stages"][2]["at"], "2026-04-13T08:15:00Z");
    let (_, page, _) = ambergate(&[&TOLD[..], &["--format", "html"]].concat(), "", "").await;
    assert!(page.starts_with("<!doctype html>") && page.contains("<polyline"), "{page}");
}

#[tokio::test]
async fn what_cannot_be_simulated_is_said() {
    for (arguments, code, word) in [
        (&["policy", "simulate", "standart", "--due", "2026-03-13"][..], 1, "standard"),
        (&["policy", "simulate", "standard"][..], 2, "--due"),
        (&["policy", "simulate", "standard", "--due", "13"][..], 2, "2026-03-13"),
        (&[&TOLD[..], &["--zone", "Mars/Base"]].concat()[..], 1, "Europe/Berlin"),
        (&[&TOLD[..], &["--paid", "2026-01-01"]].concat()[..], 1, "known"),
        (&[&TOLD[..], &["--promise", "soon"]].concat()[..], 2, "2026-03-24T13:00/2026-04-02"),
        (&[&TOLD[..], &["--json", "--format", "html"]].concat()[..], 2, "--json"),
    ] {
        let (exit, out, said) = ambergate(arguments, "", "").await;
        assert_eq!((exit, out.as_str()), (code, ""), "{arguments:?}: {said}");
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test]
async fn rules_are_read_without_the_rest_of_a_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.toml");
    let name = path.display().to_string();
    let text = "[[identify]]\njwt = { claim = \"t\" }\n\
                [policies.standard]\ntitle = \"Ours\"\nslack = \"30 minutes\"\n";
    std::fs::write(&path, text).expect("a file");
    let arguments = [&TOLD[..], &["--config", &name]].concat();
    let (code, out, said) = ambergate(&arguments, "", "").await;
    assert_eq!(code, 0, "{said}");
    assert!(out.starts_with("Ours (standard)") && out.contains("10:30  entered"), "{out}");
    std::fs::write(&path, "[polices.standard]\ntitle = 7\n").expect("a file");
    let (code, _, said) = ambergate(&arguments, "", "").await;
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `policies`?"), "{said}");
}

/// What customers read, in every language. `UPDATE_TERMS=1` writes what is said.
#[tokio::test]
#[allow(clippy::disallowed_methods)] // whether the texts are to be written anew is asked of the shell
async fn policies_are_explained_in_six_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/terms");
    let mut wrong = Vec::new();
    for policy in ["standard", "cards"] {
        for locale in ["en", "de", "es", "fr", "pt-BR", "ru"] {
            let arguments = ["policy", "explain", policy, "--locale", locale];
            let (code, said, error) = ambergate(&arguments, "", "").await;
            assert_eq!(code, 0, "{error}");
            let path = folder.join(format!("{policy}.{locale}.txt"));
            if std::env::var_os("UPDATE_TERMS").is_some() {
                std::fs::create_dir_all(&folder).expect("a folder");
                std::fs::write(&path, &said).expect("a file");
            }
            if std::fs::read_to_string(&path).unwrap_or_default() != said {
                wrong.push(format!("{}\n{said}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_explanation_is_a_page_and_json_too() {
    let arguments = ["policy", "explain", "standard", "--locale", "ru"];
    let page = [&arguments[..], &["--format", "html"]].concat();
    let (_, page, _) = ambergate(&page, "", "").await;
    assert!(page.contains("<html lang=\"ru\">") && page.contains("<li>платить</li>"), "{page}");
    let (_, out, _) = ambergate(&[&arguments[..], &["--json"]].concat(), "", "").await;
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["policy"], &json["locale"]), (&json!("standard"), &json!("ru")));
    assert_eq!(json["sections"].as_array().map(Vec::len), Some(7));
    let italian = ["policy", "explain", "standard", "--locale", "it"];
    let (code, _, said) = ambergate(&italian, "", "").await;
    assert_eq!(code, 2);
    assert!(said.contains("pt-BR"), "{said}");
}

/// Tenants of the made-up year: two that stop paying, and four that are as most.
const TENANTS: [u64; 6] = [0, 1, 2, 3, 128, 153];

/// Their history, as a file.
fn history(folder: &Path) -> PathBuf {
    let path = folder.join("history.jsonl");
    let events = TENANTS.into_iter().flat_map(|tenant| history::history(tenant, 2025));
    let lines: String = events.map(|event| format!("{event}\n")).collect();
    std::fs::write(&path, lines).expect("a file");
    path
}

#[tokio::test]
async fn a_history_is_tested_against_a_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = history(folder.path()).display().to_string();
    let asked = ["policy", "backtest", "--events", &path, "--until", "2025-12-31"];
    let (code, out, said) = ambergate(&[&asked[..], &["--json"]].concat(), "", "").await;
    assert_eq!((code, said.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["tenants"], &json["until"]), (&json!(6), &json!("2026-01-01T00:00:00Z")));
    let restricted = json["restricted"].as_array().expect("a list");
    let names: Vec<_> = restricted.iter().filter_map(|it| it["tenant"].as_str()).collect();
    assert!(names.ends_with(&["tenant-000128", "tenant-000153"]), "{names:?}");
    for tenant in &restricted[restricted.len() - 2..] {
        let stretches = tenant["stretches"].as_array().expect("a list");
        let last = stretches.last().expect("a stretch");
        assert_eq!((&last["stage"], &last["until"]), (&json!("frozen"), &Value::Null));
        // No stage is jumped over: each is entered where the one before ends.
        let pairs = stretches.windows(2).filter(|pair| pair[1]["stage"] == "frozen");
        for pair in pairs {
            assert_eq!(
                (&pair[0]["stage"], &pair[0]["until"]),
                (&json!("read_only"), &pair[1]["from"])
            );
        }
    }
    assert_eq!(json["policy"]["frozen"]["tenants"], 2);
    let (_, text, _) = ambergate(&asked, "", "").await;
    assert!(text.contains("tenants, frozen at the strictest"), "{text}");
}

#[tokio::test]
async fn what_a_merged_tenant_owes_is_tested_where_it_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = history(folder.path());
    let merged = json!({
        "specversion": "1.0", "id": "m1", "source": "crm", "subject": "tenant-000128",
        "type": "ambergate.tenant.merged", "time": "2025-01-01T12:00:00Z",
        "data": {"into": "tenant-000001"},
    });
    let lines = std::fs::read_to_string(&path).expect("the history");
    std::fs::write(&path, format!("{lines}{merged}\n")).expect("a file");
    let path = path.display().to_string();
    let asked = ["policy", "backtest", "--events", &path, "--until", "2025-12-31", "--json"];
    let (code, out, said) = ambergate(&asked, "", "").await;
    assert_eq!((code, said.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&out).expect("JSON");
    let restricted = json["restricted"].as_array().expect("a list");
    let frozen = restricted.iter().filter(|it| {
        let mut stretches = it["stretches"].as_array().into_iter().flatten();
        stretches.any(|stretch| stretch["stage"] == "frozen")
    });
    let names: Vec<_> = frozen.filter_map(|it| it["tenant"].as_str()).collect();
    assert_eq!(names, ["tenant-000001", "tenant-000153"]);
}

#[tokio::test]
async fn two_policies_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = history(folder.path()).display().to_string();
    let other = folder.path().join("patient.toml");
    std::fs::write(&other, "[[select]]\npolicy = \"patient\"\n").expect("a file");
    let other = other.display().to_string();
    let asked =
        ["policy", "backtest", "--events", &path, "--against", &other, "--until", "2025-12-31"];
    let (code, out, said) = ambergate(&[&asked[..], &["--json"]].concat(), "", "").await;
    assert_eq!(code, 0, "{said}");
    let json: Value = serde_json::from_str(&out).expect("JSON");
    let days = |of: &Value| of["frozen"]["days"].as_f64().expect("days");
    assert!(days(&json["against"]["policy"]) < days(&json["policy"]), "{json:#}");
    assert!(!json["differences"].as_array().expect("a list").is_empty());
    let (_, text, _) = ambergate(&asked, "", "").await;
    assert!(text.contains("AGAINST") && text.contains("DAYS RESTRICTED"), "{text}");
    // A file that holds one policy and selects nothing: that policy is everybody's.
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/policies/patient.toml");
    let shipped = shipped.display().to_string();
    let asked = [&asked[..5], &[&shipped, "--until", "2025-12-31", "--json"]].concat();
    let (code, out, said) = ambergate(&asked, "", "").await;
    assert_eq!(code, 0, "{said}");
    let alone: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(alone["against"], json["against"]);
    let asked = ["policy", "explain", "patient", "--config", &shipped];
    let (code, _, said) = ambergate(&asked, "", "").await;
    assert_eq!(code, 0, "{said}");
}

#[tokio::test]
async fn a_history_without_people_restricts_nobody_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("h.jsonl");
    let event = |id: u32, time: &str, source: &str, kind: &str, data: Value| {
        json!({
            "specversion": "1.0", "id": id.to_string(), "source": source, "subject": "acme",
            "type": format!("ambergate.{kind}"), "time": time, "data": data,
        })
    };
    let amount = json!({"minor": 100_000, "currency": "EUR"});
    let issued = json!({"invoice": "i", "due_on": "2026-03-13", "amount": amount});
    let bad = json!({"invoice": "i", "amount": {"minor": -1, "currency": "EUR"}});
    let lines = [
        event(1, "2026-03-02T07:00:00Z", "shop", "invoice.issued", issued).to_string(),
        "{ no json".to_owned(),
        event(2, "2026-03-03T07:00:00Z", "shop", "refund.made", bad).to_string(),
        event(3, "2026-07-01T07:00:00Z", "ambergate", "rung.entered", json!({})).to_string(),
    ];
    std::fs::write(&path, lines.join("\n")).expect("a file");
    let name = path.display().to_string();
    let asked = ["policy", "backtest", "--events", &name, "--json"];
    let (code, out, said) = ambergate(&asked, "", "").await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("{name}:2: not a CloudEvent")), "{said}");
    assert!(said.contains(&format!("{name}:3: data.amount.minor")), "{said}");
    assert!(said.contains("--assume-mailboxes"), "{said}");
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&json["own"], &json["restricted"]), (&json!(1), &json!([])));
    let asked = [&asked[..], &["--assume-mailboxes"]].concat();
    let (_, out, _) = ambergate(&asked, "", "").await;
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["restricted"][0]["stretches"][1]["from"], "2026-03-30T08:15:00Z");
    let far = [&asked[..], &["--until", "9999-12-31"]].concat();
    let (code, _, said) = ambergate(&far, "", "").await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("2026-03-02T07:00:00Z") && said.contains("30 years"), "{said}");
    let (code, ..) = ambergate(&["policy", "backtest"], "", "").await;
    assert_eq!(code, 2);
    let (code, _, said) =
        ambergate(&["policy", "backtest", "--events", "/nowhere/h"], "", "").await;
    assert_eq!(code, 1);
    assert!(said.contains("/nowhere/h cannot be read"), "{said}");
}
