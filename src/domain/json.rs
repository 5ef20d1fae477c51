//! JSON from outside, read strictly.
//!
//! Rule: a name that appears twice in an object is found, wherever it is: two readers could take
//! different ones. Who reads says what becomes of it: [`parse`] tells where, [`unique`] refuses.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most doubled names that are told of one text.
const DOUBLED_MAX: usize = 20;

/// A text's value, and the JSON pointers of the names that appear twice in it. The first of two
/// counts in the value.
///
/// # Errors
///
/// It is not JSON.
pub fn parse(bytes: &[u8]) -> serde_json::Result<(Value, Vec<String>)> {
    let mut doubled = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Strict { path: String::new(), doubled: &mut doubled };
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

/// Reads a value and notes doubled names.
struct Strict<'d> {
    path: String,
    doubled: &'d mut Vec<String>,
}

impl Strict<'_> {
    fn at(&mut self, name: &str) -> Strict<'_> {
        let name = name.replace('~', "~0").replace('/', "~1");
        Strict { path: format!("{}/{name}", self.path), doubled: self.doubled }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(self.at(&list.len().to_string()))? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let within = self.at(&name);
            let place = within.path.clone();
            let value = map.next_value_seed(within)?;
            if object.contains_key(&name) {
                if self.doubled.len() < DOUBLED_MAX {
                    self.doubled.push(place);
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
    fn a_refusal_names_the_name() {
        let error = unique(br#"{"tenant":"a","tenant":"b"}"#).unwrap_err().to_string();
        assert!(error.contains("/tenant appears twice"), "{error}");
        assert!(unique(b"{} {}").is_err() && unique(b"{").is_err());
    }
}
