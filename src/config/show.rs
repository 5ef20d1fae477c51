//! Every key with its value and where it came from (`ambergate config show`).
//!
//! Rule: secrets are asterisks here already, so that nobody who prints it can forget to.

use serde_json::{Map, Value as Json};

use super::tree::{Node, SECRET_KEYS, Table, Value};

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownKey {
    /// `gate.prefix`.
    pub key: String,
    /// Its value.
    pub value: Json,
    /// The file and its line, or the variable.
    pub from: String,
}

/// All keys, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown(Vec<ShownKey>);

impl Shown {
    pub(super) fn of(tree: &Node) -> Self {
        let mut keys = Vec::new();
        if let Value::Table(table) = &tree.value {
            collect("", table, &mut keys);
        }
        Self(keys)
    }

    /// Every key.
    #[must_use]
    pub fn keys(&self) -> &[ShownKey] {
        &self.0
    }

    /// As TOML that can be read again, each line with its origin.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let line = |shown: &ShownKey| {
            let value = toml::Value::try_from(&shown.value);
            let value = value.map_or_else(|_| "\"\"".to_owned(), |value| value.to_string());
            format!("{} = {value}  # {}\n", shown.key, shown.from)
        };
        self.0.iter().map(line).collect()
    }
}

fn collect(path: &str, table: &Table, keys: &mut Vec<ShownKey>) {
    for (name, entry) in &table.0 {
        let bare = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let name_shown =
            if bare { name.clone() } else { toml::Value::String(name.clone()).to_string() };
        let key = if path.is_empty() { name_shown } else { format!("{path}.{name_shown}") };
        match &entry.node.value {
            Value::Table(table) if !table.0.is_empty() => collect(&key, table, keys),
            value => {
                let value =
                    if SECRET_KEYS.contains(&name.as_str()) { hidden(value) } else { json(value) };
                keys.push(ShownKey { key, value, from: entry.node.place.shown() });
            }
        }
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) | Value::Date(text) | Value::Number(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Boolean(yes) => Json::from(*yes),
        Value::List(list) => list.iter().map(|node| json(&node.value)).collect(),
        Value::Table(table) => Json::Object(object(table)),
    }
}

fn object(table: &Table) -> Map<String, Json> {
    let one = |(name, entry): (&String, &super::tree::Entry)| {
        let secret = SECRET_KEYS.contains(&name.as_str());
        let value = if secret { hidden(&entry.node.value) } else { json(&entry.node.value) };
        (name.clone(), value)
    };
    table.0.iter().map(one).collect()
}

/// Asterisks; of an address all but the user and the password.
fn hidden(value: &Value) -> Json {
    match value {
        Value::Text(text) => match (text.split_once("://"), text.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => Json::from(format!("{scheme}://***@{host}")),
            (Some(_), None) => Json::from(text.as_str()),
            _ => Json::from("***"),
        },
        Value::List(list) => list.iter().map(|node| hidden(&node.value)).collect(),
        _ => Json::from("***"),
    }
}
