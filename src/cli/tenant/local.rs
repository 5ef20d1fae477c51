//! Times as people read them: in the tenant's zone, with weekday, date, hour and zone.
//!
//! Rule: only what is printed for people is told so; programs read RFC 3339 in UTC.

use serde_json::Value;

use crate::domain::time::{Instant, Zone};

/// `2026-03-30T08:00:00`: what every instant begins with, `0` for any digit.
const SHAPE: &[u8] = b"0000-00-00T00:00:00";

/// The answer with every instant in it as it is in the zone that the answer names; UTC if none.
pub(super) fn told(answer: &Value) -> Value {
    let zone = answer["time_zone"].as_str().and_then(Zone::named).unwrap_or_else(Zone::utc);
    within(answer, &zone)
}

fn within(value: &Value, zone: &Zone) -> Value {
    match value {
        Value::String(text) => Value::from(sentence(text, zone)),
        Value::Array(list) => list.iter().map(|value| within(value, zone)).collect(),
        Value::Object(object) => {
            let one = |(key, value): (&String, &Value)| (key.clone(), within(value, zone));
            Value::Object(object.iter().map(one).collect())
        }
        other => other.clone(),
    }
}

/// A text with every instant in it.
pub(super) fn sentence(text: &str, zone: &Zone) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let glued = told.ends_with(|before: char| before.is_alphanumeric());
        match instant(rest).filter(|_| !glued) {
            Some((at, length)) => {
                told.push_str(&zone.told(at));
                rest = &rest[length..];
            }
            None => {
                told.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    told
}

/// The instant that `text` begins with, and how long it is there.
fn instant(text: &str) -> Option<(Instant, usize)> {
    let begin = text.as_bytes().get(..SHAPE.len())?;
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    if !begin.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let end = text.find('Z').filter(|end| *end >= SHAPE.len())? + 1;
    Some((text.get(..end)?.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_those_of_the_tenant() {
        let answer = json!({
            "time_zone": "Europe/Berlin",
            "next": { "at": "2026-03-30T08:00:00Z" },
            "detail": "names it at 2026-03-13T11:00:00.123Z, due 2026-03-13; X2026-03-13T11:00:00Z",
        });
        let told = told(&answer);
        assert_eq!(told["next"]["at"], "Mon 2026-03-30 10:00 CEST");
        let detail = "names it at Fri 2026-03-13 12:00 CET, due 2026-03-13; X2026-03-13T11:00:00Z";
        assert_eq!(told["detail"], detail);
        let elsewhere = json!({ "at": "2026-03-30T08:00:00Z", "not": "2026-99-30T08:00:00Z é" });
        assert_eq!(super::told(&elsewhere)["at"], "Mon 2026-03-30 08:00 UTC");
        assert_eq!(super::told(&elsewhere)["not"], "2026-99-30T08:00:00Z é");
    }
}
