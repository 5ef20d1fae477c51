//! TOML as a tree in which every value remembers where it stands.
//!
//! Rules:
//! 1. Layers are merged: tables key by key, everything else is replaced as a whole.
//! 2. A file with errors of syntax gives all of them, and no tree.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Faults, Origin, Place};
use super::masks;

/// Keys whose values are secrets, or may hold a password: never shown.
pub(super) const SECRET_KEYS: [&str; 4] = ["secret", "secrets", "smtp", "url"];

/// Those of them that are addresses, in which only the user and the password are secret.
const ADDRESS_KEYS: [&str; 2] = ["smtp", "url"];

/// Keys whose values are not shown where something is wrong: what stands there by mistake may be a
/// secret.
const HIDDEN_KEYS: [&str; 2] = ["pem", "sha256"];

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

impl Node {
    /// Where values stand that may be misnamed secrets, if nobody knows the key `name`.
    pub(super) fn doubtful(&self, name: &str) -> Vec<Range<usize>> {
        match &self.value {
            Value::Table(table) => {
                let one = |(inner, entry): (&String, &Entry)| match masks::sounds_secret(name) {
                    true => entry.node.doubtful(name),
                    false => entry.node.doubtful(inner),
                };
                table.0.iter().flat_map(one).collect()
            }
            Value::List(list) => list.iter().flat_map(|node| node.doubtful(name)).collect(),
            Value::Boolean(_) | Value::Date(_) => Vec::new(),
            Value::Text(text) if !masks::sounds_secret(name) && masks::is_harmless(text) => {
                Vec::new()
            }
            _ => vec![self.place.span.clone()],
        }
    }
}

/// What TOML can hold.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// A number that is no whole one that fits, kept as it was written.
    Number(String),
    Boolean(bool),
    /// A bare date or time, as it was written.
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, for messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys and values.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(pub(super) BTreeMap<String, Entry>);

/// A key's place and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Place,
    pub(super) node: Node,
}

impl Table {
    /// The table under `key`, if there is one.
    pub(super) fn table(&self, key: &str) -> Option<&Self> {
        match &self.0.get(key)?.node.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Lays `over` on top.
    pub(super) fn merge(&mut self, over: Self) {
        for (key, entry) in over.0 {
            match (self.0.get_mut(&key).map(|e| &mut e.node.value), entry.node.value) {
                (Some(Value::Table(under)), Value::Table(table)) => {
                    under.merge(table);
                    if let Some(under) = self.0.get_mut(&key) {
                        under.key = entry.key;
                        under.node.place = entry.node.place;
                    }
                }
                (_, value) => {
                    let node = Node { place: entry.node.place, value };
                    self.0.insert(key, Entry { key: entry.key, node });
                }
            }
        }
    }
}

/// Reads a file's text.
pub(super) fn parse(text: &str, name: &str, faults: &Faults) -> Option<Node> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut hidden = Vec::new();
    hide_secrets(document.get_ref(), text, &mut hidden);
    hide_credentials(text, &mut hidden);
    hide_comments(text, &mut hidden);
    if !errors.is_empty() {
        hide_secret_lines(text, &mut hidden);
    }
    let origin = Origin::new(name, text, hidden);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let place = Place { origin: Arc::clone(&origin), span };
        faults.add(&place, format!("not TOML: {}", error.message()), "see https://toml.io");
    }
    let whole = Place { origin: Arc::clone(&origin), span: 0..0 };
    let table = convert_table(document.into_inner(), &origin);
    errors.is_empty().then_some(Node { place: whole, value: Value::Table(table) })
}

/// A variable's value: TOML if it begins like a list, a table or a quoted text, else the text.
pub(super) fn parse_value(text: &str, origin: &Arc<Origin>) -> Node {
    let place = Place { origin: Arc::clone(origin), span: 0..0 };
    let structured = text.starts_with(['[', '{', '"', '\'']);
    let parsed = structured.then(|| DeValue::parse(text).ok()).flatten();
    let value = parsed.map(|value| convert(value.into_inner(), origin));
    Node { place, value: value.unwrap_or_else(|| Value::Text(text.to_owned())) }
}

fn convert_table(table: DeTable<'_>, origin: &Arc<Origin>) -> Table {
    let entry = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
        let place = Place { origin: Arc::clone(origin), span: key.span() };
        let name: std::borrow::Cow<'_, str> = key.into_inner();
        (name.into_owned(), Entry { key: place, node: convert_node(value, origin) })
    };
    Table(table.into_iter().map(entry).collect())
}

fn convert_node(value: Spanned<DeValue<'_>>, origin: &Arc<Origin>) -> Node {
    let place = Place { origin: Arc::clone(origin), span: value.span() };
    Node { place, value: convert(value.into_inner(), origin) }
}

fn convert(value: DeValue<'_>, origin: &Arc<Origin>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(whole) => Value::Integer(whole),
            Err(_) => Value::Number(number.to_string()),
        },
        DeValue::Float(number) => Value::Number(number.to_string()),
        DeValue::Boolean(yes) => Value::Boolean(yes),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => {
            Value::List(list.into_iter().map(|node| convert_node(node, origin)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, origin)),
    }
}

/// The places of values under [`SECRET_KEYS`]; of an address only what is secret in it.
fn hide_secrets(table: &DeTable<'_>, text: &str, hidden: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        if SECRET_KEYS.contains(&key.get_ref().as_ref()) {
            let written = text.get(value.span()).unwrap_or_default();
            let whole = 0..value.span().len();
            let part = if ADDRESS_KEYS.contains(&key.get_ref().as_ref()) {
                masks::secret_part(written)
            } else {
                Some(whole)
            };
            let start = value.span().start;
            hidden.extend(part.map(|part| start + part.start..start + part.end));
        } else if HIDDEN_KEYS.contains(&key.get_ref().as_ref()) {
            hidden.push(value.span());
        } else {
            hide_secrets_within(value.get_ref(), text, hidden);
        }
    }
}

fn hide_secrets_within(value: &DeValue<'_>, text: &str, hidden: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) => hide_secrets(table, text, hidden),
        DeValue::Array(list) => {
            list.iter().for_each(|value| hide_secrets_within(value.get_ref(), text, hidden));
        }
        _ => {}
    }
}

/// What stands before the host of an address, wherever one stands.
fn hide_credentials(text: &str, hidden: &mut Vec<Range<usize>>) {
    for (at, scheme) in text.match_indices("://") {
        let begin = at + scheme.len();
        let rest = &text[begin..];
        let address = &rest[..rest.find(['"', '\'', '\n']).unwrap_or(rest.len())];
        hidden.extend(address.rfind('@').map(|end| begin..begin + end));
    }
}

/// Comments of lines that name a secret: what was commented out is one still.
fn hide_comments(text: &str, hidden: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut named = SECRET_KEYS.iter().chain(&HIDDEN_KEYS);
        if let Some(at) = line.find('#').filter(|_| named.any(|key| line.contains(key))) {
            hidden.push(start + at + 1..start + line.trim_end().len());
        }
        start += line.len();
    }
}

/// In a file that cannot be read as TOML: the rest of every line that names a secret.
fn hide_secret_lines(text: &str, hidden: &mut Vec<Range<usize>>) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if let Some(at) = SECRET_KEYS.iter().filter_map(|key| line.find(key)).min() {
            let from = line[at..].find('=').map_or(at, |equals| at + equals + 1);
            hidden.push(start + from..end);
        }
        start = end;
    }
}

/// The place of the whole, which is in no file.
pub(super) fn nowhere() -> Place {
    Place { origin: Origin::variable("configuration"), span: 0..0 }
}

/// A fault that is in no file: the file itself cannot be read.
pub(super) fn unreadable(name: &str, what: String, help: &str) -> Fault {
    Fault::new(&Place { origin: Origin::variable(name), span: 0..0 }, what, help)
}
