//! What must not be called, or written, where.

use super::Finding;
use super::source::Source;

/// A word of code, where it may stand (beginnings of paths; none: nowhere), and what is right.
struct Rule {
    word: &'static str,
    allowed: &'static [&'static str],
    right: &'static str,
}

const fn rule(word: &'static str, allowed: &'static [&'static str], right: &'static str) -> Rule {
    Rule { word, allowed, right }
}

const CLOCK: &[&str] = &["src/clock.rs", "tests/"];
const CONFIG: &[&str] = &["src/config/", "tests/"];
const SPAWNS: &[&str] = &[
    "src/app",
    "src/proxy/",
    "src/ingest/",
    "src/notify/",
    "src/admin/",
    "src/cli/",
    "src/demo/",
    "src/store/",
    "src/net/",
    "src/telemetry",
    "tests/",
];
const PRINTS: &[&str] = &["src/cli/", "tests/"];

const RULES: [Rule; 14] = [
    rule("SystemTime::now", CLOCK, "ask the Clock; only src/clock.rs reads the machine's"),
    rule("Timestamp::now", CLOCK, "ask the Clock; only src/clock.rs reads the machine's"),
    rule("Zoned::now", CLOCK, "ask the Clock; only src/clock.rs reads the machine's"),
    rule("env::var", CONFIG, "settings are read in src/config"),
    rule("env::set_var", &[], "a process's environment is not to be changed"),
    rule("tokio::spawn", SPAWNS, "tokio::spawn belongs to app, doors and ground: pass it up"),
    rule("todo!", &[], "todo! is work left undone"),
    rule("unimplemented!", &[], "unimplemented! is work left undone"),
    rule("dbg!", &[], "dbg! is for the desk"),
    rule("println!", PRINTS, "only src/cli prints; others log, or answer"),
    rule("print!(", PRINTS, "only src/cli prints; others log, or answer"),
    rule("thread::sleep", &["src/"], "tests wait for a condition with a bound, or move the clock"),
    rule("process::exit", &["src/main.rs"], "answer with an exit code; main ends the process"),
    rule("#[ignore", &[], "a test that does not run shows nothing"),
];

/// What the law must not touch.
const IMPURE: [&str; 8] = [
    "async ",
    "tokio::",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "reqwest",
];

/// Words of comments that say that something is missing.
const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK")];

/// All words that must not stand in a file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in &RULES {
        if rule.allowed.iter().any(|start| source.name.starts_with(start)) {
            continue;
        }
        for line in Source::lines_with(&source.code, rule.word) {
            findings.push(Finding::new(source, line, rule.right));
        }
    }
    if source.name.starts_with("src/domain/") {
        for word in IMPURE {
            for line in Source::lines_with(&source.code, word) {
                let what = format!("the law is pure: no {}", word.trim());
                findings.push(Finding::new(source, line, what));
            }
        }
    }
    for word in UNFINISHED {
        for line in Source::lines_with(&source.text, word) {
            findings.push(Finding::new(source, line, format!("{word}: do it or leave it out")));
        }
    }
    if !source.is_test() && !source.text.starts_with("//!") {
        let what = "begins with //! and what the module does";
        findings.push(Finding::new(source, 1, format!("a module {what}")));
    }
    findings
}
