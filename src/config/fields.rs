//! Reads a table of the configuration key by key.
//!
//! Rules:
//! 1. The keys that are known are those that were asked for; when a [`Fields`] is dropped, every
//!    other key of its table becomes a fault with the nearest known one as its remedy.
//! 2. What cannot be read becomes a fault and `None`; reading goes on.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::str::FromStr;

use super::fault::{Faults, Place, suggest};
use super::secret::Secret;
use super::tree::{Entry, Node, Table, Value};

/// A table that is being read.
pub(super) struct Fields<'a> {
    table: &'a Table,
    place: &'a Place,
    path: String,
    known: RefCell<Vec<&'static str>>,
    names: Cell<bool>,
    faults: &'a Faults,
}

impl<'a> Fields<'a> {
    /// Begins to read `table`, which stands at `place` and is called `path` in messages.
    pub(super) fn new(table: &'a Table, place: &'a Place, path: &str, faults: &'a Faults) -> Self {
        let path = path.to_owned();
        Self { table, place, path, known: RefCell::default(), names: Cell::new(false), faults }
    }

    /// Begins to read `node`, if it is a table.
    pub(super) fn of(node: &'a Node, path: &str, faults: &'a Faults) -> Option<Self> {
        match &node.value {
            Value::Table(table) => Some(Self::new(table, &node.place, path, faults)),
            other => {
                let help = "write `{ key = value }` or a section of its own";
                faults.add(&node.place, format!("`{path}` is {}, not a table", other.kind()), help);
                None
            }
        }
    }

    /// Where this table stands.
    pub(super) const fn place(&self) -> &'a Place {
        self.place
    }

    pub(super) const fn faults(&self) -> &'a Faults {
        self.faults
    }

    /// `policies.standard.title`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of `key`, if it is given.
    pub(super) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A table that was read before: nothing more is said of unknown keys.
    pub(super) fn again(&self, key: &'static str) -> Option<Self> {
        let fields = self.table(key)?;
        fields.names.set(true);
        Some(fields)
    }

    fn entry(&self, key: &'static str) -> Option<&'a Entry> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.0.get(key)
    }

    /// Whether `key` is given.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.node(key).is_some()
    }

    /// Where `key` or its table stands.
    pub(super) fn place_of(&self, key: &'static str) -> &'a Place {
        self.node(key).map_or(self.place, |node| &node.place)
    }

    /// A fault about `key`.
    pub(super) fn fault(&self, key: &'static str, what: &str, help: impl Into<String>) {
        self.faults.add(self.place_of(key), format!("`{}` {what}", self.path_of(key)), help);
    }

    /// A fault: `key` must be given. Answers `None`.
    pub(super) fn missing<T>(&self, key: &'static str, help: &str) -> Option<T> {
        if !self.has(key) {
            let what = format!("`{}` is missing", self.path_of(key));
            self.faults.add(self.place, what, help);
        }
        None
    }

    /// Refuses a key that the specification knows and this version does not.
    pub(super) fn later(&self, keys: &[&'static str]) {
        for key in keys {
            if let Some(entry) = self.table.0.get(*key) {
                self.known.borrow_mut().push(key);
                let what = format!("`{}` is not known to this version", self.path_of(key));
                self.faults.add(&entry.key, what, "take it out");
            }
        }
    }

    fn wrong_kind(&self, key: &str, node: &Node, wanted: &str) {
        let what = format!("`{}` is {}, not {wanted}", self.path_of(key), node.value.kind());
        self.faults.add(&node.place, what, format!("give {wanted}"));
    }

    /// A text that faults never quote.
    pub(super) fn secret(&self, key: &'static str) -> Option<Secret> {
        self.text(key).map(Secret::new)
    }

    /// A text.
    pub(super) fn text(&self, key: &'static str) -> Option<&'a str> {
        let node = self.node(key)?;
        match &node.value {
            Value::Text(text) | Value::Date(text) => Some(text),
            _ => {
                self.wrong_kind(key, node, "a text in quotes");
                None
            }
        }
    }

    /// A text that means something.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.checked(key, text.parse())
    }

    /// What `result` holds, or a fault about `key`.
    pub(super) fn checked<T, E: Display>(
        &self,
        key: &'static str,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.fault(key, "cannot be used", wrong.to_string());
                None
            }
        }
    }

    /// One of `words`.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        one_of(text, words, self.place_of(key), &self.path_of(key), self.faults)
    }

    /// True or false.
    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        match &node.value {
            Value::Boolean(yes) => Some(*yes),
            Value::Text(text) if node.place.origin.is_variable() && text == "true" => Some(true),
            Value::Text(text) if node.place.origin.is_variable() && text == "false" => Some(false),
            _ => {
                self.wrong_kind(key, node, "true or false");
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let node = self.node(key)?;
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) if node.place.origin.is_variable() => text.parse().ok(),
            _ => None,
        };
        let Some(number) = number else {
            self.wrong_kind(key, node, "a whole number");
            return None;
        };
        let fits = u32::try_from(number).ok().filter(|n| (least..=most).contains(n));
        if fits.is_none() {
            self.fault(key, &format!("is {number}"), format!("give {least} to {most}"));
        }
        fits
    }

    /// A table.
    pub(super) fn table(&self, key: &'static str) -> Option<Self> {
        Self::of(self.node(key)?, &self.path_of(key), self.faults)
    }

    /// The values of a list; a single value counts as a list of one. `None`: not given.
    pub(super) fn list(&self, key: &'static str) -> Option<&'a [Node]> {
        let node = self.node(key)?;
        Some(match &node.value {
            Value::List(list) => list,
            _ => std::slice::from_ref(node),
        })
    }

    /// A list of texts, each with its place.
    pub(super) fn texts(&self, key: &'static str) -> Option<Vec<(&'a str, &'a Place)>> {
        let text = |node: &'a Node| match &node.value {
            Value::Text(text) | Value::Date(text) => Some((text.as_str(), &node.place)),
            _ => {
                self.wrong_kind(key, node, "a text in quotes");
                None
            }
        };
        Some(self.list(key)?.iter().filter_map(text).collect())
    }

    /// A list of texts that mean something.
    pub(super) fn all_parsed<T: FromStr<Err: Display>>(&self, key: &'static str) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        let parse = |(text, place): (&str, &Place)| match text.parse() {
            Ok(value) => Some(value),
            Err(wrong) => {
                let what = format!("`{}`: {text:?} cannot be used", self.path_of(key));
                self.faults.add(place, what, format!("{wrong}"));
                None
            }
        };
        Some(texts.into_iter().filter_map(parse).collect())
    }

    /// A list of words.
    pub(super) fn words<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<Vec<T>> {
        let path = self.path_of(key);
        let one = |(text, place): (&str, &Place)| one_of(text, words, place, &path, self.faults);
        Some(self.texts(key)?.into_iter().filter_map(one).collect())
    }

    /// Every key and its value, for tables whose keys are names: all are known.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        self.names.set(true);
        self.table.0.iter().map(|(name, entry)| (name.as_str(), entry))
    }
}

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        let known = self.known.borrow();
        for (key, entry) in &self.table.0 {
            if !self.names.get() && !known.contains(&key.as_str()) {
                let what = format!("`{}` is not known", self.path_of(key));
                let hide = entry.node.doubtful(key);
                self.faults.add_hiding(&entry.key, hide, what, suggest(key, &known));
            }
        }
    }
}

/// What `text` stands for among `words`.
pub(super) fn one_of<T: Copy>(
    text: &str,
    words: &[(&str, T)],
    place: &Place,
    path: &str,
    faults: &Faults,
) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        faults.add(place, format!("`{path}`: {text:?} is not known"), suggest(text, &known));
    }
    found
}
