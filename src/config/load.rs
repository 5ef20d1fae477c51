//! Layers: what is compiled in, a file, the environment.
//!
//! Rules:
//! 1. The file is the one that was named, else `AMBERGATE_CONFIG`, else `ambergate.toml` in the
//!    current folder, else there is none.
//! 2. Ready policies join where the file names them, in `[[select]]` or to change them.

use std::path::{Path, PathBuf};

use super::environment::{self, Environment};
use super::fault::{Fault, Faults};
use super::fields::Fields;
use super::policies::{self, Defaults};
use super::read::{self, Setting};
use super::settings::{Config, ProcessRole};
use super::tree::{self, Entry, Node, Table, Value};
use crate::domain::policy::{Law, Select};
use crate::domain::span::{Span, Unit};

/// Every key, its default and a line on it.
pub const DEFAULT: &str = include_str!("../../config/default.toml");

/// The file that is read where none is named.
const FILE: &str = "ambergate.toml";

/// Sections that hold no rules.
const OTHER_SECTIONS: [&str; 19] = [
    "proxy",
    "upstream",
    "gate",
    "admin",
    "authz",
    "ingest",
    "store",
    "journal",
    "identify",
    "identify_rules",
    "routes",
    "ways_out",
    "email",
    "breaker",
    "digest",
    "cors",
    "sources",
    "hooks",
    "log",
];

/// What is to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The file that was named.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// Which part of the program it is for.
    pub role: ProcessRole,
    /// For `demo`: nobody asks for ways out, the operator is always there, there is no breaker,
    /// `slack` is zero; what the file says holds all the same.
    pub demo: bool,
}

/// Loads and checks.
///
/// # Errors
/// Everything that is wrong.
pub fn load(request: &Request) -> Result<Config, Vec<Fault>> {
    let file = read(request)?;
    build(file.as_ref().map(|(text, name)| (text.as_str(), name.as_str())), request)
}

/// The rules alone: calendars, the operator, policies and their selection. What else the
/// configuration says, secrets that it asks for among it, is not looked at. The policy that is
/// `asked` for by name needs no `[[select]]`; where a file selects nothing and holds one policy,
/// that one is everybody's.
///
/// # Errors
/// Everything that is wrong with the rules.
pub fn load_law(request: &Request, asked: Option<&str>) -> Result<Law, Vec<Fault>> {
    let file = read(request)?;
    let faults = Faults::default();
    let file = file.as_ref().map(|(text, name)| (text.as_str(), name.as_str()));
    let Some(mut base) = layers(file, request, &faults) else { return Err(faults.into_sorted()) };
    // A section whose name nobody knows stays: it is told, for it may be a misspelt one.
    base.0.retain(|name, _| !OTHER_SECTIONS.contains(&name.as_str()));
    let place = tree::nowhere();
    let only = file.and_then(|(_, name)| only_policy(&base, name));
    let defaults = Defaults { asked: only.or(asked), ..defaults(request) };
    let mut law = policies::law(&Fields::new(&base, &place, "", &faults), defaults);
    let faults = faults.into_sorted();
    if !faults.is_empty() {
        return Err(faults);
    }
    if let Some(policy) = only.and_then(|only| only.parse().ok()) {
        law.select = vec![Select::everybody(policy)];
    }
    Ok(law)
}

/// The one policy that the file of this name holds, where nothing is selected.
fn only_policy<'a>(base: &'a Table, file: &str) -> Option<&'a str> {
    let ours = |(name, entry): (&'a String, &Entry)| {
        (entry.key.origin.name == file).then_some(name.as_str())
    };
    let mut own = base.table("policies")?.0.iter().filter_map(ours);
    let only = own.next().filter(|_| !base.0.contains_key("select"))?;
    own.next().is_none().then_some(only)
}

/// As [`load`], with the file's text given.
///
/// # Errors
/// Everything that is wrong.
pub fn load_text(text: &str, name: &str, request: &Request) -> Result<Config, Vec<Fault>> {
    build(Some((text, name)), request)
}

fn chosen(request: &Request) -> Option<PathBuf> {
    let named = || request.environment.value("AMBERGATE_CONFIG").map(PathBuf::from);
    let here = || Path::new(FILE).exists().then(|| PathBuf::from(FILE));
    request.file.clone().or_else(named).or_else(here)
}

/// The chosen file's text and name.
fn read(request: &Request) -> Result<Option<(String, String)>, Vec<Fault>> {
    let Some(path) = chosen(request) else { return Ok(None) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let what = format!("the configuration cannot be read: {error}");
        let help = "name a file that is there: --config FILE, or AMBERGATE_CONFIG";
        vec![tree::unreadable(&name, what, help)]
    })?;
    Ok(Some((text, name)))
}

/// What is compiled in, the file and the environment, one over the other.
fn layers(file: Option<(&str, &str)>, request: &Request, faults: &Faults) -> Option<Table> {
    let mut base = layer(DEFAULT, "default.toml", faults);
    base.merge(layer(policies::STANDARD, "standard.toml", faults));
    let given = match file {
        Some((text, name)) => tree::parse(text, name, faults),
        None => None,
    };
    let given = given.map(into_table).unwrap_or_default();
    if faults.count() > 0 {
        return None;
    }
    for (name, text) in policies::READY {
        if names_policy(&given, name) {
            base.merge(layer(text, &format!("{name}.toml"), faults));
        }
    }
    if request.demo {
        make_demo(&mut base);
    }
    base.merge(given);
    environment::overlay(&mut base, &request.environment, faults);
    Some(base)
}

fn defaults(request: &Request) -> Defaults<'static> {
    let slack = request.demo.then_some(Span { count: 0, unit: Unit::Minutes });
    slack.map_or_else(Defaults::default, |slack| Defaults { slack, asked: None })
}

fn build(file: Option<(&str, &str)>, request: &Request) -> Result<Config, Vec<Fault>> {
    let faults = Faults::default();
    let Some(base) = layers(file, request, &faults) else { return Err(faults.into_sorted()) };
    let config = {
        let place = tree::nowhere();
        let root = Node { place, value: Value::Table(base) };
        let Value::Table(table) = &root.value else { return Err(faults.into_sorted()) };
        let fields = Fields::new(table, &root.place, "", &faults);
        let policies = defaults(request);
        let setting = Setting { demo: request.demo, role: request.role, policies };
        read::config(&fields, &root, setting)
    };
    let mut faults = faults.into_sorted();
    if config.is_none() && faults.is_empty() {
        let help = "every section of default.toml is a table";
        faults.push(tree::unreadable("configuration", "a section is missing".to_owned(), help));
    }
    config.filter(|_| faults.is_empty()).ok_or(faults)
}

fn layer(text: &str, name: &str, faults: &Faults) -> Table {
    tree::parse(text, name, faults).map(into_table).unwrap_or_default()
}

fn into_table(node: Node) -> Table {
    match node.value {
        Value::Table(table) => table,
        _ => Table::default(),
    }
}

/// Whether the file selects that policy, or changes it.
fn names_policy(given: &Table, name: &str) -> bool {
    let text = |entry: &Entry| matches!(&entry.node.value, Value::Text(text) if text == name);
    let selects = |node: &Node| match &node.value {
        Value::Table(line) => line.0.get("policy").is_some_and(text),
        _ => false,
    };
    let list = given.0.get("select").map(|entry| &entry.node.value);
    given.table("policies").is_some_and(|policies| policies.0.contains_key(name))
        || matches!(list, Some(Value::List(lines)) if lines.iter().any(selects))
}

/// Takes the operator, the breaker and the slack out of what is compiled in.
fn make_demo(base: &mut Table) {
    base.0.remove("operator");
    base.0.remove("breaker");
    let Some(Value::Table(policies)) = base.0.get_mut("policies").map(|e| &mut e.node.value) else {
        return;
    };
    for entry in policies.0.values_mut() {
        if let Value::Table(policy) = &mut entry.node.value {
            policy.0.remove("slack");
        }
    }
}
