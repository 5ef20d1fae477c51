//! Style that matters, held by a test: which floor may import which, how long files and functions
//! may be, what must not be called where, and that every module says what it is.
//!
//! Rules:
//! 1. Every finding names file and line, and what would be right.
//! 2. Every rule is shown a bad sample, so that a rule that finds nothing is one that works.

mod floors;
mod lengths;
mod source;
mod words;

use std::fmt;
use std::path::Path;

use source::Source;

/// Something that is not tidy.
struct Finding {
    file: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(source: &Source, line: usize, what: impl Into<String>) -> Self {
        Self { file: source.name.clone(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// All that is not tidy in a file.
fn findings(source: &Source) -> Vec<Finding> {
    [floors::check(source), lengths::check(source), words::check(source)]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = source::read(root, "src");
    sources.extend(source::read(root, "tests"));
    assert!(sources.len() > 40, "only {} files were found", sources.len());
    let found: Vec<_> = sources.iter().flat_map(findings).map(|f| f.to_string()).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Every metric that is counted anywhere has a line in the one list of them.
#[test]
fn every_metric_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_to_string(root.join("src/telemetry/names.rs")).expect("the list");
    let unknown = |source: &Source| {
        let parts: Vec<_> = source.text.split("!(\"ambergate_").skip(1).collect();
        let named = parts.into_iter().map(|part| part.split('"').next().unwrap_or_default());
        let missing = named.filter(|name| !names.contains(&format!("\"ambergate_{name}\"")));
        missing.map(|name| format!("{}: ambergate_{name}", source.name)).collect::<Vec<_>>()
    };
    let missing: Vec<_> = source::read(root, "src").iter().flat_map(unknown).collect();
    assert!(missing.is_empty(), "not in src/telemetry/names.rs:\n{}", missing.join("\n"));
    let sources = source::read(root, "src");
    let kept = |name: &str| {
        let quoted = format!("\"{name}\"");
        let others = sources.iter().filter(|source| !source.name.ends_with("telemetry/names.rs"));
        others.filter(|source| source.text.contains(&quoted)).count() > 0
    };
    let listed = names.split("(\"ambergate_").skip(1).filter_map(|part| part.split('"').next());
    let listed = listed.filter(|name| !name.is_empty());
    let unkept: Vec<_> = listed.filter(|name| !kept(&format!("ambergate_{name}"))).collect();
    assert!(unkept.is_empty(), "listed, and never counted: {unkept:?}");
}

/// What is found in `text`, if it stood in the file `name`.
fn found_in(name: &str, text: &str) -> String {
    let source = Source::new(name, text);
    findings(&source).iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn wrong_arrows_are_caught() {
    for (name, line, said) in [
        ("src/domain/a.rs", "use crate::store::Store;", "domain must not import store"),
        ("src/domain/a.rs", "use crate::{clock::Clock, domain::id::Digest};", "import clock"),
        ("src/gate/a.rs", "use crate::ledger::Ledger;", "gate must not import ledger"),
        ("src/proxy/a.rs", "fn a() { crate::admin::serve() }", "proxy must not import admin"),
        ("src/store/a.rs", "use crate::gate::Gate;", "store must not import gate"),
        ("src/store/a.rs", "use crate::net::Client;", "store must not import net"),
        ("src/admin/a.rs", "use crate::app::App;", "admin must not import app"),
        ("src/gate/a.rs", "use super::super::ledger::Ledger;", "write crate::"),
        ("src/other/a.rs", "use crate::domain::id::Digest;", "`other` stands on no floor"),
    ] {
        let found = found_in(name, &format!("//! A sample.\n\n{line}\n"));
        assert!(found.contains(said), "{name} {line}: {found:?}");
        assert!(found.contains(&format!("{name}:3:")), "{found:?}");
    }
}

#[test]
fn right_arrows_pass() {
    for (name, line) in [
        ("src/domain/a.rs", "use crate::domain::id::Digest;"),
        ("src/store/a.rs", "use crate::config::Secret;"),
        ("src/gate/a.rs", "use crate::{clock::Clock, store::Store};"),
        ("src/admin/a.rs", "use crate::ledger::Ledger;"),
        ("src/app/a.rs", "use crate::admin::Admin;"),
        ("src/domain/a.rs", "// use crate::store::Store;"),
        ("src/domain/a.rs", "const A: &str = \"crate::store::Store\";"),
        ("src/gate/pages/a.rs", "use super::super::token::Key;"),
    ] {
        let found = found_in(name, &format!("//! A sample.\n\n{line}\n"));
        assert!(found.is_empty(), "{name} {line}: {found}");
    }
}

#[test]
fn long_files_and_functions_are_caught() {
    let line = "    call();\n";
    let long = format!("//! A sample.\n\nfn long() {{\n{}}}\n", line.repeat(71));
    assert!(found_in("src/net/a.rs", &long).contains("src/net/a.rs:3: `long` has 71 lines"));
    let right = format!("//! A sample.\n\nfn right() {{\n{}}}\n", line.repeat(70));
    assert!(found_in("src/net/a.rs", &right).is_empty());
    let file = format!("//! A sample.\n{}", "const A: u8 = 1;\n".repeat(420));
    assert!(found_in("src/net/a.rs", &file).contains("421 lines"));
    let braces = "//! A sample.\n\nfn a() {\n    b('{', \"{\", r#\"{\"#, '\\'');\n}\n\nfn c() {}\n";
    assert!(found_in("src/net/a.rs", braces).is_empty());
}

#[test]
fn banned_words_are_caught() {
    for (name, line, said) in [
        ("src/gate/a.rs", "let a = SystemTime::now();", "src/clock.rs"),
        ("src/gate/a.rs", "let a = std::env::var(\"A\");", "src/config"),
        ("src/gate/a.rs", "tokio::spawn(async {});", "tokio::spawn"),
        ("src/net/a.rs", "todo!();", "todo!"),
        ("src/net/a.rs", "unimplemented!();", "unimplemented!"),
        ("src/net/a.rs", "dbg!(1);", "dbg!"),
        ("src/net/a.rs", "println!();", "src/cli"),
        ("src/domain/a.rs", "async fn a() {}", "pure"),
        ("src/domain/a.rs", "std::fs::read(\"a\");", "pure"),
        ("src/net/a.rs", concat!("// TO", "DO: later"), "do it or leave it out"),
        ("tests/a/main.rs", "std::thread::sleep(a);", "a bound"),
    ] {
        let found = found_in(name, &format!("//! A sample.\n\n{line}\n"));
        assert!(found.contains(said), "{name} {line}: {found:?}");
    }
    assert!(found_in("src/net/a.rs", "use std::fs;\n").contains("begins with //!"));
    assert!(found_in("src/cli/a.rs", "//! A sample.\n\nfn a() { println!(); }\n").is_empty());
}
