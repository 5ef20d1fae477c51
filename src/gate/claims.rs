//! The claims of a token, read strictly.
//!
//! Rules:
//! 1. A name that appears twice in an object is refused: two readers could take different ones.
//! 2. A claim is named as it is (`tenant`), or by a JSON pointer (`/org/id`).

use serde_json::{Map, Value};

use crate::domain::json;

/// An object of claims without doubled names.
#[derive(Debug)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// From the bytes of a token's part. `None`: not an object, or a name appears twice.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        match json::unique(bytes) {
            Ok(Value::Object(claims)) => Some(Self(claims)),
            _ => None,
        }
    }

    /// The claim of that name, or at that JSON pointer.
    #[must_use]
    pub fn at(&self, name: &str) -> Option<&Value> {
        let Some(pointer) = name.strip_prefix('/') else { return self.0.get(name) };
        let mut parts = pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
        let first = self.0.get(&parts.next()?)?;
        parts.try_fold(first, |value, part| match value {
            Value::Object(object) => object.get(&part),
            Value::Array(list) => part.parse::<usize>().ok().and_then(|index| list.get(index)),
            _ => None,
        })
    }

    /// The text of a claim that is exactly one string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.at(name).and_then(Value::as_str)
    }

    /// The strings of a claim that is a string or a list of strings.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let (one, many) = match self.at(name) {
            Some(Value::String(text)) => (Some(text.as_str()), &[][..]),
            Some(Value::Array(list)) => (None, list.as_slice()),
            _ => (None, &[][..]),
        };
        one.into_iter().chain(many.iter().filter_map(Value::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_names_are_refused() {
        assert!(Claims::parse(br#"{"tenant":"a","tenant":"b"}"#).is_none());
        assert!(Claims::parse(br#"{"org":{"id":"a","id":"b"}}"#).is_none());
        assert!(Claims::parse(br#"["tenant"]"#).is_none());
        assert!(Claims::parse(br#"{"tenant":"a"}"#).is_some());
    }

    #[test]
    fn claims_are_found_by_name_and_by_pointer() {
        let claims =
            Claims::parse(br#"{"a/b":"1","org":{"x/y":"2","list":["3"]},"roles":["r",7,"s"]}"#)
                .unwrap();
        assert_eq!(claims.text("a/b"), Some("1"));
        assert_eq!(claims.text("/org/x~1y"), Some("2"));
        assert_eq!(claims.text("/org/list/0"), Some("3"));
        assert_eq!(claims.text("roles"), None);
        assert_eq!(claims.texts("roles").collect::<Vec<_>>(), ["r", "s"]);
        assert_eq!(claims.texts("a/b").collect::<Vec<_>>(), ["1"]);
    }
}
