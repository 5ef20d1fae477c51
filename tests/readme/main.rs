//! The README is true: its commands run, print what it says, and what it names is there.

// Where a test cannot go on, it fails.
#![allow(clippy::unwrap_used)]

mod page;
mod shell;

use std::path::Path;

use jiff::civil::DateTime;
use page::{Block, Mark};
use serde_json::Value;

/// A picture is at most so large.
const PICTURE_BYTES_MAX: u64 = 80_000;

/// What is asked besides: the dates of the table, and that the app is behind the gate.
const EXTRAS: [(&str, &str, &str); 2] = [
    (
        "--empty",
        "timeline",
        r#"curl -fsS "$AMBERGATE_SERVER/demo/clock" -H "Authorization: Bearer $AMBERGATE_TOKEN" \
    -d '{"set": "2026-05-01T00:00:00Z"}' >/dev/null
ambergate tenant timeline acme --json"#,
    ),
    ("serve", "app", "curl -fsS http://127.0.0.1:8080/"),
];

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_command_runs_and_prints_what_is_said() {
    let page = readme();
    let blocks = page::blocks(&page);
    let ran = |block: &&Block| matches!(block.mark, Mark::Starts(_) | Mark::RunsIn(_));
    assert!(blocks.iter().filter(ran).count() >= 8, "blocks are missing: {blocks:?}");
    let printed = shell::run(&blocks, &EXTRAS);
    for block in blocks.iter().filter(ran) {
        let output = printed.of(&format!("block-{}", block.line));
        for said in &block.says {
            assert!(output.contains(said), "README.md:{}: no {said:?} in\n{output}", block.line);
        }
    }
    assert_eq!(printed.of("app"), "the own app");
    let timeline: Value = serde_json::from_str(&printed.of("timeline")).unwrap();
    dates_are_those_of_the_table(&page, timeline["timeline"].as_array().unwrap());
}

/// Each row of the table has its moment in the timeline. The demo's cutoffs have no slack.
fn dates_are_those_of_the_table(page: &str, timeline: &[Value]) {
    let rows = page::table(page, "when");
    assert_eq!(rows.len(), 9, "{rows:?}");
    let happened = |when: &str, what: &str, detail: &str| {
        let at = instant(when);
        let is = |moment: &&Value| {
            moment["at"] == at.as_str()
                && moment["what"] == what
                && moment["detail"].as_str().unwrap_or_default().starts_with(detail)
        };
        let found = timeline.iter().any(|moment| is(&moment));
        assert!(found, "no {what} {detail:?} at {at} ({when}) in\n{timeline:#?}");
    };
    for row in rows {
        let (when, what) = (row[0], row[1]);
        match what {
            "a mail: the invoice is due on Friday" => happened(when, "notice.made", "upcoming"),
            "a mail: it is due today" => happened(when, "notice.made", "due_today"),
            "a task: somebody calls" => {
                for day in when.split(", ") {
                    happened(&format!("{day} 09:00"), "task.made", "call");
                }
            }
            "a task: a formal claim" => happened(when, "task.made", "formal_claim"),
            _ if what.starts_with("**grace**") => happened(when, "stage.entered", "grace"),
            _ if what.starts_with("**") => {
                let stage = if what.contains("frozen") { "frozen" } else { "read_only" };
                let named = when.strip_suffix("10:15").expect("slack, in the table");
                happened(&format!("{named}10:00"), "stage.entered", stage);
            }
            _ => {
                let rest = what.strip_prefix("the warning: ").expect("a row that is known");
                let (stage, rest) = rest.split_once(" from ").unwrap();
                let (named, again) = rest.split_once(" (again on ").unwrap();
                let stage = stage.replace('-', "_");
                let detail = format!("warning, names {stage} at {}", instant(named));
                happened(when, "notice.made", &detail);
                let again = again.strip_suffix(')').unwrap();
                happened(&format!("{again} 09:00"), "notice.made", "again");
            }
        }
    }
}

/// `Mon 03-16 09:00` of 2026 in Berlin, in UTC; the weekday is checked.
fn instant(when: &str) -> String {
    let mut words = when.rsplit(' ');
    let (time, day) = (words.next().unwrap(), words.next().unwrap());
    let local: DateTime = format!("2026-{day}T{time}").parse().unwrap();
    if let Some(weekday) = words.next() {
        let is = local.strftime("%A").to_string();
        assert!(is.starts_with(weekday), "{when}: {day} is a {is}");
    }
    local.in_tz("Europe/Berlin").unwrap().timestamp().to_string()
}

#[test]
fn what_is_named_is_there() {
    let page = readme();
    let links = page::links(&page);
    let files = links.iter().filter(|link| !link.starts_with("https://"));
    let mut files: Vec<_> = files.copied().chain(page::named_paths(&page)).collect();
    let blocks = page::blocks(&page);
    let shown = blocks.iter().filter(|block| block.mark == Mark::NotRun);
    files.extend(shown.filter_map(|block| block.text.split_whitespace().next()));
    assert!(files.contains(&"tests/run") && files.contains(&"LICENSE"), "{files:?}");
    for file in files {
        assert!(root().join(file).exists(), "README.md names {file}, which is not there");
    }
}

/// A ratio in the text is one of the newest table.
#[test]
fn the_figures_are_the_newest() {
    let page = readme();
    let results = std::fs::read_to_string(root().join("tests/bench/results.md")).unwrap();
    let rows: Vec<&str> =
        results.lines().filter(|line| line.starts_with("| ambergate, gated")).collect();
    assert_eq!(rows.len(), 2);
    for (row, before) in rows.iter().zip(["to pass one on: ", "connections, "]) {
        let (_, rest) = page.split_once(before).unwrap();
        let (ratio, _) = rest.split_once(" ×").unwrap();
        assert_eq!(row.split('|').nth(3).unwrap().trim(), ratio, "{row}");
    }
}

#[test]
fn pictures_are_shown_and_small() {
    let page = readme();
    let links = page::links(&page);
    let folder = root().join("tests/readme/pictures");
    let mut count = 0;
    for picture in std::fs::read_dir(folder).unwrap() {
        let picture = picture.unwrap();
        let name = format!("tests/readme/pictures/{}", picture.file_name().display());
        assert!(links.contains(&name.as_str()), "{name} is not shown in README.md");
        let bytes = std::fs::read(picture.path()).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name} is no PNG");
        assert!(bytes.len() as u64 <= PICTURE_BYTES_MAX, "{name} has {} bytes", bytes.len());
        count += 1;
    }
    assert_eq!(count, 2);
    let described = page.matches("![").count() - page.matches("![]").count();
    assert_eq!(described, count, "a picture says in words what it shows");
}

#[test]
fn the_page_is_read_as_it_is_meant() {
    let page = "# A\n\n<!-- runs in: demo; says: b c -->\n```sh\na\n```\n\n```text\nb\n```\n\
                | when | what |\n| --- | --- |\n| x | y |\n\n`tests/run` `/v1/x` `a b/c` [l](m/n)\n";
    let blocks = page::blocks(page);
    assert_eq!((blocks.len(), blocks[0].line), (2, 4));
    assert_eq!(blocks[0].mark, Mark::RunsIn("demo".to_owned()));
    assert_eq!(
        (blocks[0].text.as_str(), &blocks[0].says[..]),
        ("a\n", &["b c".into(), "b".into()][..])
    );
    assert_eq!(page::table(page, "when"), [["x", "y"]]);
    assert_eq!(page::named_paths(page), ["tests/run"]);
    assert_eq!(page::links(page), ["m/n"]);
}
