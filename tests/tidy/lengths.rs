//! How long files and functions may be.

use super::Finding;
use super::source::Source;

/// The most lines of a file.
const FILE_LINES_MAX: usize = 420;

/// The most lines of code in a function's body.
const FUNCTION_LINES_MAX: usize = 70;

/// All that is too long in a file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        let what = format!("the file has {lines} lines; at most {FILE_LINES_MAX}: split it");
        findings.push(Finding::new(source, 1, what));
    }
    for (at, _) in source.code.match_indices("fn ") {
        let before = source.code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let Some((name, lines)) = body(&source.code[at + 3..]) else { continue };
        if lines > FUNCTION_LINES_MAX {
            let line = source.code[..at].matches('\n').count() + 1;
            let what = format!("`{name}` has {lines} lines of code; at most {FUNCTION_LINES_MAX}");
            findings.push(Finding::new(source, line, what));
        }
    }
    findings
}

/// A function's name and how many lines of code its body has. `None`: it has no body.
fn body(rest: &str) -> Option<(&str, usize)> {
    let name = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_')?];
    let open = rest.find(['{', ';'])?;
    if rest.as_bytes()[open] == b';' {
        return None;
    }
    let mut depth = 0_usize;
    let end = rest[open..].char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(open + at)
    })?;
    let lines = rest[open + 1..end].lines().filter(|line| !line.trim().is_empty()).count();
    Some((name, lines))
}
