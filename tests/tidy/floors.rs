//! Which module may import which: arrows go down only.

use super::Finding;
use super::source::Source;

const LAW: [&str; 1] = ["domain"];
const GROUND: [&str; 5] = ["store", "net", "config", "telemetry", "clock"];
const HEART: [&str; 2] = ["gate", "ledger"];
const DOORS: [&str; 5] = ["proxy", "ingest", "notify", "admin", "cli"];
/// `demo` is wiring, as `app` is: what it puts around the program touches several doors.
const TOP: [&str; 4] = ["app", "demo", "main", "lib"];

/// What the ground may import besides the law.
const COMMON_GROUND: [&str; 3] = ["config", "telemetry", "clock"];

/// `None`: the module stands on no floor.
fn may_import(from: &str, to: &str) -> Option<bool> {
    let below_heart = LAW.contains(&to) || GROUND.contains(&to);
    Some(match from {
        _ if from == to || TOP.contains(&from) => true,
        _ if LAW.contains(&from) => false,
        _ if GROUND.contains(&from) => LAW.contains(&to) || COMMON_GROUND.contains(&to),
        _ if HEART.contains(&from) => below_heart,
        _ if DOORS.contains(&from) => below_heart || HEART.contains(&to),
        _ => return None,
    })
}

/// All wrong arrows of a file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let Some(from) = source.module() else { return Vec::new() };
    let mut findings = Vec::new();
    for (line, to) in imports(&source.code) {
        match may_import(from, to) {
            Some(true) => {}
            Some(false) => {
                let what = format!("{from} must not import {to}: arrows between floors go down");
                findings.push(Finding::new(source, line, what));
            }
            None => {
                let what = format!("`{from}` stands on no floor: name it in tests/tidy/floors.rs");
                findings.push(Finding::new(source, line, what));
            }
        }
    }
    let chain = "super::".repeat(source.depth());
    if !source.is_test() {
        for line in Source::lines_with(source.without_tests(), &chain) {
            let what = "this leaves the module by way of super: write crate::, so that it is seen";
            findings.push(Finding::new(source, line, what));
        }
    }
    findings
}

/// Every module named after `crate::`, also in `crate::{a::b, c}`.
fn imports(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for start in ["crate::", "ambergate::"] {
        for (at, _) in code.match_indices(start) {
            let line = code[..at].matches('\n').count() + 1;
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                None => found.push((line, name(rest))),
                Some(group) => found.extend(group_names(group).into_iter().map(|n| (line, n))),
            }
        }
    }
    let is_module = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase());
    found.retain(|(_, name)| is_module(name));
    found
}

fn name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The first names of a group's members.
fn group_names(group: &str) -> Vec<&str> {
    let mut names = vec![name(group.trim_start())];
    let mut depth = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names
}
