//! `source.heard`: a source's sign of life. It is about no tenant, and says nothing else.

use serde_json::Value;

use super::{Envelope, FieldFault, PREFIX, Told, is_own, too_early};
use crate::domain::id::Source;
use crate::domain::time::Instant;

/// Its type, without `ambergate.`.
const KIND: &str = "source.heard";

/// A source was alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOfLife {
    /// Which.
    pub source: Source,
    /// When.
    pub at: Instant,
}

impl Told {
    /// A sign of life, if that is what was told. `arrival` is the store's time.
    #[must_use]
    pub fn sign_of_life(&self, arrival: Instant) -> Option<Result<SignOfLife, Vec<FieldFault>>> {
        let read = sign_of_life(&self.value, arrival)?;
        Some(if self.doubled.is_empty() { read } else { Err(self.doubled.clone()) })
    }
}

/// A sign of life, if the event is one. `arrival` is the store's time.
#[must_use]
pub fn sign_of_life(
    value: &Value,
    arrival: Instant,
) -> Option<Result<SignOfLife, Vec<FieldFault>>> {
    let kind = value.get("type")?.as_str()?.strip_prefix(PREFIX)?;
    (kind == KIND).then(|| read(value, arrival))
}

fn read(value: &Value, arrival: Instant) -> Result<SignOfLife, Vec<FieldFault>> {
    let envelope = Envelope::read(value)?;
    let mut faults = Vec::new();
    if is_own(envelope.source.as_str()) {
        faults.push(FieldFault::new("source", "ambergate's own: name yours"));
    }
    if envelope.subject.is_some() {
        faults.push(FieldFault::new("subject", "a sign of life is about no tenant: leave it out"));
    }
    faults.extend(envelope.time.and_then(|time| too_early("time", time, arrival)));
    let fields = envelope.data.as_object().into_iter().flatten();
    faults.extend(fields.map(|(name, _)| {
        FieldFault::new(format!("data.{name}"), "unknown: a sign of life says nothing else")
    }));
    let at = envelope.time.unwrap_or(arrival);
    if faults.is_empty() { Ok(SignOfLife { source: envelope.source, at }) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sign_of_life_is_about_no_tenant() {
        let now: Instant = "2026-03-02T08:00:00Z".parse().unwrap();
        let event = |more: Value| {
            let mut event = json!({
                "specversion": "1.0", "type": "ambergate.source.heard", "source": "books",
                "id": "h1", "data": {},
            });
            for (key, value) in more.as_object().into_iter().flatten() {
                event[key] = value.clone();
            }
            event
        };
        let read = |more| sign_of_life(&event(more), now);
        let sign = |at| Some(Ok(SignOfLife { source: "books".parse().unwrap(), at }));
        assert_eq!(read(json!({})), sign(now));
        let earlier = now.plus_millis(-60_000);
        assert_eq!(read(json!({"time": earlier})), sign(earlier));
        assert_eq!(read(json!({"type": "ambergate.invoice.paid"})), None);
        for (more, field) in [
            (json!({"subject": "acme"}), "subject"),
            (json!({"data": {"mood": "good"}}), "data.mood"),
            (json!({"source": "ambergate"}), "source"),
            (json!({"time": "2026-03-02T08:06:00Z"}), "time"),
        ] {
            let faults = read(more).unwrap().unwrap_err();
            assert_eq!(faults[0].field, field);
        }
    }
}
