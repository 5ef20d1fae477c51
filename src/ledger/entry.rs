//! What a journal holds: one CloudEvent a line, of a tenant or of everybody.
//!
//! Rule: a journal alone suffices to rebuild: rules, switch, names, what was parked and which other
//! journals there are is in it, and the ids of these events are derived from what they say.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::event::{self, Envelope, FieldFault, Incoming};
use crate::domain::id::{Derivation, Derived, Source, TenantId};
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::store::breaker::Breaker;
use crate::store::{Alias, Parked, Switch, Version};

/// A line of a journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A tenant's record.
    Record(Incoming),
    /// `policy.published` and `calendar.published`.
    Published(Version),
    /// `switch.set`.
    Switch(Switch),
    /// `breaker.set`: it tripped, or a person set it.
    Breaker(Breaker),
    /// `event.parked`.
    Parked(Parked),
    /// `event.parked` with `released`: it was replayed.
    Released(String),
    /// `journal.named`.
    Journal(JournalNamed),
    /// `alias.noted`.
    Alias(Alias),
    /// `beat.noted`.
    Beat(BeatNoted),
    /// `source.heard`, as it is kept.
    Heard(Heard),
}

/// A source of facts was heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heard {
    /// Which.
    pub source: Source,
    /// When, by its own time.
    pub at: Instant,
}

/// A sign of life that gates could hear, now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeatNoted {
    /// When, in the store's time.
    pub at: Instant,
}

/// Another journal, and whether a recovery waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalNamed {
    /// Its name.
    pub journal: String,
    /// It will never come back: nobody waits for it any more.
    pub given_up: bool,
    /// Since when that is known.
    pub at: Instant,
}

impl Entry {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// The fields that cannot be read.
    pub fn read(line: &[u8]) -> Result<Self, Vec<FieldFault>> {
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| vec![FieldFault::new("", format!("not JSON: {error}"))])?;
        let envelope = Envelope::read(&value)?;
        if envelope.source.as_str() != Source::OWN {
            return event::restore(&value).map(Self::Record);
        }
        match envelope.kind {
            "policy.published" | "calendar.published" => data(&envelope).map(Self::Published),
            "switch.set" => data(&envelope).map(Self::Switch),
            "breaker.set" => data(&envelope).map(Self::Breaker),
            "journal.named" => data(&envelope).map(Self::Journal),
            "alias.noted" => data(&envelope).map(Self::Alias),
            "beat.noted" => data(&envelope).map(Self::Beat),
            "source.heard" => data(&envelope).map(Self::Heard),
            "event.parked" => match envelope.data.get("released").and_then(Value::as_str) {
                Some(id) => Ok(Self::Released(id.to_owned())),
                None => data(&envelope).map(Self::Parked),
            },
            _ => event::restore(&value).map(Self::Record),
        }
    }

    /// The line.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        match self {
            Self::Record(incoming) => record_line(&incoming.tenant, &incoming.record),
            Self::Published(version) => {
                let kind = format!("{}.published", version.kind);
                own_line(&kind, &[&version.name, &version.hash], json!(version.at), version)
            }
            Self::Switch(switch) => {
                let about = [switch.generation.to_string(), switch.open.to_string()];
                let at = json!(switch.at);
                own_line("switch.set", &[&about[0], &about[1], &at.to_string()], at, switch)
            }
            Self::Breaker(breaker) => {
                let about = [breaker.generation.to_string(), breaker.tripped.to_string()];
                let at = json!(breaker.at);
                own_line("breaker.set", &[&about[0], &about[1], &at.to_string()], at, breaker)
            }
            Self::Parked(parked) => {
                own_line("event.parked", &[&parked.id], json!(parked.at), parked)
            }
            Self::Journal(named) => {
                let at = json!(named.at);
                let about = [named.journal.as_str(), &named.given_up.to_string(), &at.to_string()];
                own_line("journal.named", &about, at, named)
            }
            Self::Alias(alias) => {
                let at = json!(alias.at);
                let about = [alias.name.as_str(), alias.tenant.as_str(), &at.to_string()];
                own_line("alias.noted", &about, at, alias)
            }
            Self::Beat(beat) => {
                let at = json!(beat.at);
                own_line("beat.noted", &[&at.to_string()], at, beat)
            }
            Self::Heard(heard) => {
                let at = json!(heard.at);
                own_line("source.heard", &[heard.source.as_str(), &at.to_string()], at, heard)
            }
            Self::Released(id) => {
                own_line("event.parked", &[id, "released"], Value::Null, &json!({ "released": id }))
            }
        }
    }
}

/// The line of a tenant's record.
pub(super) fn record_line(tenant: &TenantId, record: &Record) -> Vec<u8> {
    event::to_json(tenant, record).to_string().into_bytes()
}

fn own_line<T: Serialize>(kind: &str, about: &[&str], time: Value, data: &T) -> Vec<u8> {
    let derivation = about.iter().fold(Derivation::of(kind), |it, part| it.text(part));
    let id: Derived = derivation.finish();
    // Plain structs of texts and numbers: nothing in them can fail.
    let data = serde_json::to_value(data).unwrap_or_default();
    let mut event = event::event_json(kind, Source::OWN, &id.to_string(), data);
    if !time.is_null() {
        event["time"] = time;
    }
    event.to_string().into_bytes()
}

fn data<T: DeserializeOwned>(envelope: &Envelope<'_>) -> Result<T, Vec<FieldFault>> {
    T::deserialize(envelope.data).map_err(|error| vec![FieldFault::new("data", error.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let at: Instant = "2026-03-02T08:00:00Z".parse().unwrap();
        let record = event::parse(
            &json!({
                "specversion": "1.0", "type": "ambergate.invoice.paid", "source": "books",
                "id": "7", "subject": "acme", "data": {"invoice": "books:1"},
            }),
            at,
        );
        let parked = Parked {
            id: "p".to_owned(),
            event: json!({"source": "books", "x": null}),
            reason: "no tenant".to_owned(),
            money: true,
            at,
        };
        let version = Version {
            kind: "policy".to_owned(),
            name: "standard".to_owned(),
            hash: "00".to_owned(),
            text: "title = \"x\"\n".to_owned(),
            at,
        };
        let switch = Switch {
            open: true,
            generation: 3,
            enforced: true,
            canary: Some(250),
            reason: None,
            by: None,
            at: Some(at),
        };
        let breaker =
            Breaker { tripped: true, generation: 2, max: 3, at: Some(at), ..Breaker::default() };
        let mut released = parked.clone();
        released.event = json!({"source": "books"});
        for entry in [
            Entry::Record(record.unwrap()),
            Entry::Published(version),
            Entry::Switch(switch),
            Entry::Breaker(breaker),
            Entry::Parked(released),
            Entry::Released("p".to_owned()),
            Entry::Journal(JournalNamed { journal: "j".to_owned(), given_up: true, at }),
            Entry::Beat(BeatNoted { at }),
            Entry::Heard(Heard { source: "books".parse().unwrap(), at }),
            Entry::Alias(Alias {
                name: "stripe:cus_1".to_owned(),
                tenant: "acme".parse().unwrap(),
                at,
            }),
        ] {
            assert_eq!(Entry::read(&entry.write()), Ok(entry));
        }
        assert!(Entry::read(b"{").is_err());
        assert!(Entry::read(b"{}").is_err());
    }
}
