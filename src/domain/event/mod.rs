//! Events as the world writes them, CloudEvents 1.0 in JSON, to records and back (SPEC 3).
//!
//! Rules:
//! 1. An event is judged by itself alone. What is wrong with it is said field by field, all of it
//!    at once where one fault does not hide the next.
//! 2. Unknown fields of `data` are refused; CloudEvents extensions pass and are not kept.
//! 3. The source `ambergate`, and all under `ambergate/`, is ambergate's own: nobody outside may
//!    speak in its name. Gates may, of receipts.
//! 4. What [`to_json`] writes, [`restore`] reads: the two extensions `learnt` and `undated` carry
//!    what CloudEvents has no word for. They are believed in journals only.

mod agreement;
mod check;
mod kind;
mod sign;
mod work;

use serde_json::{Map, Value, json};

pub use kind::{PREFIX, kind_of};
pub use sign::{SignOfLife, sign_of_life};

use super::id::{RecordId, Source, TenantId};
use super::json;
use super::record::{Body, Fact, Record};
use super::time::{Instant, MINUTE};

/// How far ahead of the store's time an event may be dated.
const AHEAD_MAX: i64 = 5 * MINUTE;

/// The longest part of a fault's words that may come from the event itself.
const DETAIL_CHARS_MAX: usize = 300;

/// A record on its way into an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Whose account.
    pub tenant: TenantId,
    /// The record; `learnt` is when it arrived.
    pub record: Record,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{}{detail}", place(.field))]
pub struct FieldFault {
    /// Which: `data.amount.minor`.
    pub field: String,
    /// What is wrong with it, or what would be right.
    pub detail: String,
}

/// A field's name before what is wrong with it; what has no name is the whole.
fn place(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

impl FieldFault {
    /// A fault of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, detail: impl AsRef<str>) -> Self {
        let detail = detail.as_ref();
        let cut = detail.char_indices().nth(DETAIL_CHARS_MAX).map_or(detail.len(), |(at, _)| at);
        Self { field: field.into(), detail: detail[..cut].to_owned() }
    }
}

/// The attributes of an event, checked, and its data, not looked at.
#[derive(Clone, Debug)]
pub struct Envelope<'a> {
    /// The type without `ambergate.`.
    pub kind: &'a str,
    /// Where it came from.
    pub source: Source,
    /// Its id there.
    pub id: RecordId,
    /// The tenant, for what is about one.
    pub subject: Option<TenantId>,
    /// When it happened.
    pub time: Option<Instant>,
    /// What it says.
    pub data: &'a Value,
    extensions: &'a Map<String, Value>,
}

/// The events of a text: one, or a list of them, each with what is wrong with its JSON, and
/// whether it was a list.
///
/// # Errors
///
/// It is not JSON.
pub fn read(bytes: &[u8]) -> Result<(Vec<Told>, bool), FieldFault> {
    let (value, doubled) =
        json::parse(bytes).map_err(|error| FieldFault::new("", format!("not JSON: {error}")))?;
    let twice = |place: &str| {
        FieldFault::new(place.replace('/', "."), "appears twice: it is not clear which is meant")
    };
    match value {
        Value::Array(events) => {
            let told = events.into_iter().enumerate().map(|(index, value)| {
                let head = format!("/{index}/");
                let own = doubled.iter().filter_map(|place| place.strip_prefix(&head));
                Told { value, doubled: own.map(twice).collect() }
            });
            Ok((told.collect(), true))
        }
        value => {
            let doubled = doubled.iter().map(|place| twice(place.trim_start_matches('/')));
            Ok((vec![Told { value, doubled: doubled.collect() }], false))
        }
    }
}

/// An event as it was told, not looked at yet.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event.
    pub value: Value,
    /// The names that appear twice in it.
    pub doubled: Vec<FieldFault>,
}

impl From<Value> for Told {
    fn from(value: Value) -> Self {
        Self { value, doubled: Vec::new() }
    }
}

impl Told {
    /// An event from outside. `arrival` is the store's time.
    ///
    /// # Errors
    ///
    /// Every field that is wrong.
    pub fn parse(&self, arrival: Instant) -> Result<Incoming, Vec<FieldFault>> {
        if self.doubled.is_empty() {
            parse(&self.value, arrival)
        } else {
            Err(self.doubled.clone())
        }
    }
}

/// An event from outside. `arrival` is the store's time.
///
/// # Errors
///
/// Every field that is wrong.
pub fn parse(value: &Value, arrival: Instant) -> Result<Incoming, Vec<FieldFault>> {
    parse_from(value, arrival, false)
}

/// An event that a gate left in the store's inbox: as from outside, but receipts may come in
/// ambergate's own name.
///
/// # Errors
///
/// Every field that is wrong.
pub fn parse_from_gate(value: &Value, arrival: Instant) -> Result<Incoming, Vec<FieldFault>> {
    parse_from(value, arrival, true)
}

fn parse_from(value: &Value, arrival: Instant, gate: bool) -> Result<Incoming, Vec<FieldFault>> {
    let envelope = Envelope::read(value)?;
    let mut faults = Vec::new();
    let own = is_own(envelope.source.as_str());
    if own && !(gate && envelope.kind == "notice.receipt") {
        faults.push(FieldFault::new("source", "ambergate's own: name yours"));
    }
    faults.extend(envelope.time.and_then(|time| too_early("time", time, arrival)));
    if envelope.subject.is_none() {
        faults.push(FieldFault::new("subject", "missing: the tenant's id"));
    }
    let fact = match kind::read_fact(envelope.kind, envelope.data) {
        Ok(fact) => {
            check::check(&fact, &mut faults);
            let tenant = envelope.subject.as_ref();
            faults.extend(tenant.and_then(|tenant| check::names_itself(tenant, &fact)));
            Some(fact)
        }
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    match (envelope.subject, fact) {
        (Some(tenant), Some(fact)) if faults.is_empty() => {
            let body = Body::Fact {
                source: envelope.source,
                id: envelope.id,
                dated: envelope.time.is_some(),
                fact,
            };
            let time = envelope.time.unwrap_or(arrival);
            Ok(Incoming { tenant, record: Record { time, learnt: arrival, body } })
        }
        _ => Err(faults),
    }
}

/// What is wrong with an event that is dated too far ahead of its arrival, in this field. It is
/// right later.
#[must_use]
pub fn too_early(field: &str, time: Instant, arrival: Instant) -> Option<FieldFault> {
    let detail = || format!("more than five minutes ahead of {arrival}: send it again then");
    (time > arrival.plus_millis(AHEAD_MAX)).then(|| FieldFault::new(field, detail()))
}

/// What is wrong with a fact, beyond its shape: for those who make facts from what others say.
#[must_use]
pub fn faults_of(fact: &Fact) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    check::check(fact, &mut faults);
    faults
}

/// An event that [`to_json`] wrote: facts and decisions, believed as they are.
///
/// # Errors
///
/// Every field that cannot be read.
pub fn restore(value: &Value) -> Result<Incoming, Vec<FieldFault>> {
    let envelope = Envelope::read(value)?;
    let missing = |field: &str| vec![FieldFault::new(field, "missing")];
    let time = envelope.time.ok_or_else(|| missing("time"))?;
    let learnt = envelope.instant("learnt")?.unwrap_or(time);
    let tenant = envelope.subject.clone().ok_or_else(|| missing("subject"))?;
    let body = if envelope.source.as_str() == Source::OWN && kind::is_decision(envelope.kind) {
        Body::Decision(kind::read_decision(envelope.kind, envelope.data).map_err(|it| vec![it])?)
    } else {
        let fact = kind::read_fact(envelope.kind, envelope.data).map_err(|it| vec![it])?;
        let dated = !envelope.extensions.get("undated").is_some_and(|it| *it == Value::Bool(true));
        Body::Fact { source: envelope.source, id: envelope.id, dated, fact }
    };
    Ok(Incoming { tenant, record: Record { time, learnt, body } })
}

/// The event of a record: what journals, exports and histories hold.
#[must_use]
pub fn to_json(tenant: &TenantId, record: &Record) -> Value {
    let mut event = without_tenant(record);
    event["subject"] = json!(tenant);
    event
}

/// The event of a record whose tenant is not known.
#[must_use]
pub fn without_tenant(record: &Record) -> Value {
    let data = match &record.body {
        Body::Fact { fact, .. } => kind::fact_data(fact),
        Body::Decision(decision) => kind::decision_data(decision),
        Body::Counted(counted) => kind::fact_data(&counted.fact),
    };
    let mut event = event_json(kind_of(&record.body), record.source(), &record.id(), data);
    event["time"] = json!(record.time);
    event["learnt"] = json!(record.learnt);
    if matches!(record.body, Body::Fact { dated: false, .. }) {
        event["undated"] = json!(true);
    }
    event
}

/// An event of that kind (without `ambergate.`); nulls in its data are left out.
#[must_use]
pub fn event_json(kind: &str, source: &str, id: &str, mut data: Value) -> Value {
    strip_nulls(&mut data);
    json!({
        "specversion": "1.0",
        "type": format!("{PREFIX}{kind}"),
        "source": source,
        "id": id,
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// Whether a fact from outside may not come from there.
fn is_own(source: &str) -> bool {
    source.strip_prefix(Source::OWN).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

impl<'a> Envelope<'a> {
    /// The attributes of an event.
    ///
    /// # Errors
    ///
    /// Every attribute that is wrong.
    pub fn read(value: &'a Value) -> Result<Self, Vec<FieldFault>> {
        let Some(attributes) = value.as_object() else {
            return Err(vec![FieldFault::new("", "not a CloudEvent: a JSON object")]);
        };
        let mut reader = Attributes { attributes, faults: Vec::new() };
        if reader.text("specversion").is_some_and(|version| version != "1.0") {
            reader.fault("specversion", "1.0 is spoken here");
        }
        let kind = reader.text("type").unwrap_or_default();
        let known = kind.strip_prefix(PREFIX);
        if known.is_none() && !kind.is_empty() {
            reader.fault("type", format!("unknown: {kind:?}; types begin with {PREFIX}"));
        }
        let source = reader.name::<Source>("source");
        let id = reader.name::<RecordId>("id");
        let subject = attributes.get("subject").and_then(|_| reader.name::<TenantId>("subject"));
        let time = attributes.get("time").and_then(|_| reader.time("time"));
        reader.content_type();
        reader.extensions();
        let data = attributes.get("data").unwrap_or(&Value::Null);
        if !data.is_object() {
            reader.fault("data", "missing: a JSON object");
        }
        match (known, source, id) {
            (Some(kind), Some(source), Some(id)) if reader.faults.is_empty() => {
                Ok(Self { kind, source, id, subject, time, data, extensions: attributes })
            }
            _ => Err(reader.faults),
        }
    }

    /// An extension that is an instant.
    ///
    /// # Errors
    ///
    /// It is there, and is none.
    pub fn instant(&self, name: &str) -> Result<Option<Instant>, Vec<FieldFault>> {
        let Some(value) = self.extensions.get(name) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        parsed.map(Some).ok_or_else(|| vec![FieldFault::new(name, "not an RFC 3339 instant")])
    }
}

/// The attributes that CloudEvents defines and this reads.
const ATTRIBUTES: [&str; 8] =
    ["specversion", "type", "source", "id", "subject", "time", "datacontenttype", "data"];

struct Attributes<'a> {
    attributes: &'a Map<String, Value>,
    faults: Vec<FieldFault>,
}

impl<'a> Attributes<'a> {
    fn fault(&mut self, field: &str, detail: impl AsRef<str>) {
        self.faults.push(FieldFault::new(field, detail));
    }

    fn text(&mut self, name: &str) -> Option<&'a str> {
        let text = self.attributes.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        if text.is_none() {
            self.fault(name, "missing: a text");
        }
        text
    }

    fn name<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, name: &str) -> Option<T> {
        match self.text(name)?.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.fault(name, format!("not {error}"));
                None
            }
        }
    }

    fn time(&mut self, name: &str) -> Option<Instant> {
        match self.text(name)?.parse() {
            Ok(time) => Some(time),
            Err(error) => {
                self.fault(name, error.to_string());
                None
            }
        }
    }

    fn content_type(&mut self) {
        let Some(value) = self.attributes.get("datacontenttype") else { return };
        let media = value.as_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let json = media.eq_ignore_ascii_case("application/json")
            || (media.starts_with("application/") && media.ends_with("+json"));
        if !json {
            self.fault("datacontenttype", "only application/json is spoken here");
        }
    }

    fn extensions(&mut self) {
        for (name, value) in self.attributes {
            if ATTRIBUTES.contains(&name.as_str()) {
                continue;
            }
            let lower = name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
            if name == "data_base64" {
                self.fault(name, "binary data is not taken: send JSON as `data`");
            } else if !lower || name.is_empty() {
                self.fault(name, "not an extension: those are named with a-z and 0-9 only");
            } else if value.is_object() || value.is_array() {
                self.fault(name, "an extension is a text, a number or a bool");
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
