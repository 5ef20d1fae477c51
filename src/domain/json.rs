//! JSON from outside, read strictly.
//!
//! Rule: a name that appears twice in an object is found, wherever it is: two readers could take
//! different ones. Who reads says what becomes of it: [`parse`] tells where, [`unique`] refuses.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most doubled names that are told of one text.
const DOUBLED_MAX: usize = 20;
/// So many characters of a name are told.
const NAME_CHARS_MAX: usize = 100;

/// The same object without its `slow`, where that is null: it is said of what is slowed only.
#[must_use]
pub fn unless_slowed(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut()
        && object.get("slow").is_some_and(Value::is_null)
    {
        object.remove("slow");
    }
    value
}

/// A text's value, and the JSON pointers of the names that appear twice in it. The first of two
/// counts in the value.
///
/// # Errors
///
/// It is not JSON.
pub fn parse(bytes: &[u8]) -> serde_json::Result<(Value, Vec<String>)> {
    let mut doubled = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { place: Place::Whole, doubled: &mut doubled };
    let value = seed.deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, doubled))
}

/// A text's value, if no name appears twice in an object.
///
/// # Errors
///
/// It is not JSON, or a name appears twice; that name is told.
pub fn unique(bytes: &[u8]) -> serde_json::Result<Value> {
    let (value, doubled) = parse(bytes)?;
    match doubled.first() {
        Some(place) => Err(serde_json::Error::custom(format!("{place} appears twice"))),
        None => Ok(value),
    }
}

/// Where a value stands. Written out only for what is told: every value has one.
#[derive(Clone, Copy)]
enum Place<'p> {
    Whole,
    Named(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl fmt::Display for Place<'_> {
    /// A JSON pointer (RFC 6901); long names are cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Named(within, name) => {
                let name: String = name.chars().take(NAME_CHARS_MAX).collect();
                write!(f, "{within}/{}", name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item(within, number) => write!(f, "{within}/{number}"),
        }
    }
}

/// Reads a value and notes doubled names.
struct Strict<'p, 'd> {
    place: Place<'p>,
    doubled: &'d mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let place = Place::Item(&self.place, list.len());
            let Some(value) = seq.next_element_seed(Strict { place, doubled: self.doubled })?
            else {
                return Ok(Value::Array(list));
            };
            list.push(value);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = Place::Named(&self.place, &name);
            let value = map.next_value_seed(Strict { place, doubled: self.doubled })?;
            if object.contains_key(&name) {
                if self.doubled.len() < DOUBLED_MAX {
                    self.doubled.push(place.to_string());
                }
            } else {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_names_are_found_wherever_they_are() {
        let (value, doubled) =
            parse(br#"[{"a":1,"a":2},{"b":{"c/d":1,"c/d":{"x":0,"x":0}}}]"#).unwrap();
        assert_eq!(doubled, ["/0/a", "/1/b/c~1d/x", "/1/b/c~1d"]);
        assert_eq!(value, serde_json::json!([{"a": 1}, {"b": {"c/d": 1}}]));
        assert_eq!(parse(br#"{"a":{"b":1},"b":[1.5,-1,null,true,"x"]}"#).unwrap().1, [""; 0]);
    }

    #[test]
    fn a_long_name_is_not_told_whole_nor_copied_for_each_value() {
        let long = "k".repeat(400_000);
        let zeros = vec!["0"; 200_000].join(",");
        let text = format!("{{\"{long}\":[{zeros}],\"{long}\":1}}");
        let (value, doubled) = parse(text.as_bytes()).unwrap();
        assert_eq!(value[&long].as_array().unwrap().len(), 200_000);
        assert_eq!(doubled, [format!("/{}", "k".repeat(NAME_CHARS_MAX))]);
    }

    #[test]
    fn a_refusal_names_the_name() {
        let error = unique(br#"{"tenant":"a","tenant":"b"}"#).unwrap_err().to_string();
        assert!(error.contains("/tenant appears twice"), "{error}");
        assert!(unique(b"{} {}").is_err() && unique(b"{").is_err());
    }
}
