//! Settings from the environment: `AMBERGATE__SECTION__KEY`, secrets also `…_FILE`.
//!
//! Rules:
//! 1. Names are matched without regard to case; a number stands for a place in a list, from 0.
//! 2. A value that begins like a TOML list, table or quoted text is read as TOML; any other is a
//!    text. Secrets are always taken as they are. An empty value counts as none.
//! 3. Only this file reads the environment.

use std::sync::Arc;

use super::fault::{Faults, Origin, Place};
use super::tree::{Entry, Node, SECRET_KEYS, Table, Value, parse_value};

const PREFIX: &str = "AMBERGATE__";

/// The variables that are settings.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// This process's.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |os: std::ffi::OsString| os.into_string().ok();
        Self::new(std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))))
    }

    /// These.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &String| name.starts_with("AMBERGATE_") || name == "NO_COLOR";
        let mut list: Vec<_> =
            variables.into_iter().filter(|(name, value)| ours(name) && !value.is_empty()).collect();
        list.sort();
        Self(list)
    }

    /// A variable that is not a key of the configuration, such as `AMBERGATE_CONFIG`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Lays what the environment says over `table`.
pub(super) fn overlay(table: &mut Table, environment: &Environment, faults: &Faults) {
    for (name, value) in &environment.0 {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::variable(name);
        let place = Place { origin: Arc::clone(&origin), span: 0..0 };
        let parts: Vec<_> = path.split("__").collect();
        let Some((last, sections)) = parts.split_last() else { continue };
        let (key, node) = match secret_file(last) {
            Some(key) => match std::fs::read_to_string(value) {
                Ok(text) => {
                    let node = of_file(&key, &text, &place);
                    (key, node)
                }
                Err(error) => {
                    let what = format!("the file {value:?} cannot be read: {error}");
                    faults.add(&place, what, "name a file that this process may read");
                    continue;
                }
            },
            None => {
                let key = last.to_lowercase();
                let secret = SECRET_KEYS.contains(&key.as_str()) && key != "secrets";
                let plain = Node { place: place.clone(), value: Value::Text(value.clone()) };
                (key, if secret { plain } else { parse_value(value, &origin) })
            }
        };
        if !set(table, sections, &key, node, &place) {
            let help = "a section, its keys, and numbers for places in lists, joined by __";
            faults.add(&place, "names no place of the configuration".to_owned(), help);
        }
    }
}

/// `SMTP_FILE` as `smtp`, for keys that are secrets.
fn secret_file(last: &str) -> Option<String> {
    let key = last.to_lowercase().strip_suffix("_file")?.to_owned();
    (SECRET_KEYS.contains(&key.as_str()) || key == "pem").then_some(key)
}

/// What a file says: its text without the last line break; for `secrets` one a line.
fn of_file(key: &str, text: &str, place: &Place) -> Node {
    let node = |text: &str| Node { place: place.clone(), value: Value::Text(text.to_owned()) };
    if key == "secrets" {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        return Node { place: place.clone(), value: Value::List(lines.map(node).collect()) };
    }
    node(text.trim_end_matches(['\r', '\n']))
}

fn set(table: &mut Table, sections: &[&str], key: &str, node: Node, place: &Place) -> bool {
    let Some((section, deeper)) = sections.split_first() else {
        let key = actual(table, key);
        table.0.insert(key, Entry { key: place.clone(), node });
        return true;
    };
    let name = actual(table, section);
    let begins_a_list = deeper.first().is_some_and(|next| next.parse::<usize>().is_ok());
    let fresh = || Entry {
        key: place.clone(),
        node: Node {
            place: place.clone(),
            value: if begins_a_list {
                Value::List(Vec::new())
            } else {
                Value::Table(Table::default())
            },
        },
    };
    let entry = table.0.entry(name).or_insert_with(fresh);
    set_within(&mut entry.node.value, deeper, key, node, place)
}

fn set_within(value: &mut Value, sections: &[&str], key: &str, node: Node, place: &Place) -> bool {
    match value {
        Value::Table(table) => set(table, sections, key, node, place),
        Value::List(list) => {
            let Some((index, deeper)) = sections.split_first() else { return false };
            let Ok(index) = index.parse::<usize>() else { return false };
            if index == list.len() {
                let value = Value::Table(Table::default());
                list.push(Node { place: place.clone(), value });
            }
            list.get_mut(index)
                .is_some_and(|item| set_within(&mut item.value, deeper, key, node, place))
        }
        _ => false,
    }
}

/// The key of the table that is `name` but for its case; else `name` in lower case.
fn actual(table: &Table, name: &str) -> String {
    let found = table.0.keys().find(|key| key.eq_ignore_ascii_case(name));
    found.cloned().unwrap_or_else(|| name.to_lowercase())
}
