//! What gates and sources leave in the store: worked off, then taken out (SPEC 7).
//!
//! Rules:
//! 1. An event leaves the inbox only when it is durable as a fact, parked, or refused for what it
//!    is. A refused one is said in the log, because nobody waits for the answer; one that may be
//!    money is parked for a person, as it came.
//! 2. One that is dated too far ahead of the store's time is refused until then, no longer: it
//!    stays where it is. One that would stay for long, or beside too many, is refused for good.
//! 3. Until the inbox was read, and was empty but for those, nobody knows what waits in it. While
//!    one of those may be money, not all that was received is worked off either.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::Ledger;
use super::accept::Outcome;
use super::parked::id_of;
use crate::domain::event::{self, FieldFault, Incoming, SignOfLife};
use crate::domain::json;
use crate::domain::time::{DAY, Instant};
use crate::store::{Condition, Parked, Store as _, StoreError};

/// How many events are taken at once.
const TAKEN_AT_ONCE: usize = 256;
/// So many events may wait in the inbox for their time.
const EARLY_MAX: usize = 256;
/// So long an event may wait there.
const EARLY_WAITS_MAX: i64 = DAY;
/// The longest refused event that is kept as it came, if it cannot be read at all.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// How the types begin of events that say what is owed.
const MONEY: [&str; 4] = ["payment.", "invoice.", "refund.", "credit."];

/// What this process knows of the inbox.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    clear: AtomicBool,
    unread: AtomicBool,
    early: AtomicUsize,
}

impl Inbox {
    /// Whether it was read, and nothing waits in it that could be taken.
    pub(super) fn is_clear(&self) -> bool {
        self.clear.load(Ordering::Acquire)
    }

    fn set_clear(&self, clear: bool) {
        self.clear.store(clear, Ordering::Release);
    }

    /// Said once, not each second.
    fn note_early(&self, early: usize) {
        let before = self.early.swap(early, Ordering::Relaxed);
        if early > before {
            tracing::warn!(early, "events in the inbox are dated ahead: they wait for their time");
        }
    }

    fn note_read(&self, error: Option<&StoreError>) {
        match (self.unread.swap(error.is_some(), Ordering::Relaxed), error) {
            (false, Some(error)) => {
                tracing::error!(%error, "the inbox cannot be read: what waits in it is not known, \
                    so nobody is restricted and no message leaves");
            }
            (true, None) => tracing::info!("the inbox can be read again"),
            _ => {}
        }
    }
}

/// What was found in the inbox.
#[derive(Debug, Default)]
struct Sorted {
    names: Vec<String>,
    incoming: Vec<Incoming>,
    signs: Vec<(String, SignOfLife)>,
    refused: Vec<Refused>,
    early: usize,
    /// One of the early ones may be money.
    early_money: bool,
}

impl Sorted {
    /// How many are to be taken out.
    const fn count(&self) -> usize {
        self.names.len() + self.signs.len() + self.refused.len()
    }
}

#[derive(Debug)]
struct Refused {
    name: String,
    bytes: Vec<u8>,
    reason: String,
}

impl Ledger {
    /// Works the inbox off. Answers how many events were taken out; while the store recovers they
    /// stay where they are.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn drain_inbox(&self) -> Result<usize, StoreError> {
        let inbox = &self.inner.inbox;
        let drained = self.drain().await;
        if drained.is_err() {
            inbox.set_clear(false);
        }
        inbox.note_read(drained.as_ref().err());
        drained
    }

    async fn drain(&self) -> Result<usize, StoreError> {
        if let Condition::Recovering(_) = self.store().condition().await? {
            return Ok(0);
        }
        let inbox = &self.inner.inbox;
        let mut taken = 0;
        loop {
            let events = self.store().inbox(TAKEN_AT_ONCE + EARLY_MAX).await?;
            let sorted = sort(events, self.store().now().await?);
            let clear = sorted.count() == 0;
            inbox.set_clear(clear && !sorted.early_money);
            inbox.note_early(sorted.early);
            if clear {
                return Ok(taken);
            }
            let settled = self.take(sorted).await?;
            if settled.is_empty() {
                let detail = "what was left in the inbox could not be taken".to_owned();
                return Err(StoreError::Unavailable(detail));
            }
            self.store().settle(&settled).await?;
            taken += settled.len();
        }
    }

    /// Answers the names of those that are done with.
    async fn take(&self, sorted: Sorted) -> Result<Vec<String>, StoreError> {
        let outcomes = self.accept(sorted.incoming).await;
        let done = sorted.names.into_iter().zip(outcomes);
        let done = done.filter(|(_, it)| *it != Outcome::Unavailable).map(|(name, _)| name);
        let mut settled: Vec<String> = done.collect();
        for (name, SignOfLife { source, at }) in sorted.signs {
            self.hear(&source, at).await?;
            settled.push(name);
        }
        for refused in sorted.refused {
            settled.push(self.refuse(refused).await?);
        }
        Ok(settled)
    }

    /// Refuses an event for good. Answers its name.
    async fn refuse(&self, refused: Refused) -> Result<String, StoreError> {
        let Refused { name, bytes, reason } = refused;
        metrics::counter!("ambergate_inbox_refused_total").increment(1);
        tracing::warn!(%name, %reason, "an event in the inbox was refused");
        let event = as_it_came(&bytes);
        if may_be_money(&event) {
            // In a wrapping: what was refused is never taken in by itself, or in our name.
            let parked = Parked {
                id: id_of("inbox", &name),
                event: json!({ "refused": event }),
                reason: format!("refused from the inbox: {reason}"),
                money: true,
                at: self.store().now().await?,
            };
            self.park(parked).await?;
        }
        Ok(name)
    }
}

/// Those that may wait for their time stay; of the others the oldest are taken.
fn sort(events: Vec<(String, Vec<u8>)>, now: Instant) -> Sorted {
    let mut sorted = Sorted::default();
    for (name, bytes) in events {
        if sorted.count() == TAKEN_AT_ONCE {
            break;
        }
        let read = json::unique(&bytes).map_err(|error| {
            vec![FieldFault::new("", format!("not JSON that can be taken: {error}"))]
        });
        let parsed = read.and_then(|value| match parse(&value, now) {
            Err(_) if may_wait(&value, now) && sorted.early < EARLY_MAX => {
                sorted.early_money |= may_be_money(&value);
                Ok(None)
            }
            parsed => parsed.map(Some),
        });
        match parsed {
            Ok(Some(Said::Fact(event))) => {
                sorted.names.push(name);
                sorted.incoming.push(event);
            }
            Ok(Some(Said::Sign(sign))) => sorted.signs.push((name, sign)),
            Ok(None) => sorted.early += 1,
            Err(faults) => {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                sorted.refused.push(Refused { name, bytes, reason: faults.join("; ") });
            }
        }
    }
    sorted
}

/// What an event may be.
enum Said {
    Fact(Incoming),
    Sign(SignOfLife),
}

fn parse(value: &Value, now: Instant) -> Result<Said, Vec<FieldFault>> {
    match event::sign_of_life(value, now) {
        Some(sign) => sign.map(Said::Sign),
        None => event::parse_from_gate(value, now).map(Said::Fact),
    }
}

/// Whether nothing is wrong with an event but its time, which is not far.
fn may_wait(value: &Value, now: Instant) -> bool {
    parse(value, now.plus_millis(EARLY_WAITS_MAX)).is_ok()
}

/// What cannot be read is kept as a text.
fn as_it_came(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| {
        let kept = bytes.get(..KEPT_BYTES_MAX).unwrap_or(bytes);
        Value::from(String::from_utf8_lossy(kept))
    })
}

/// Whether a refused event speaks of money, as far as can be told.
fn may_be_money(event: &Value) -> bool {
    let kind =
        event.get("type").and_then(Value::as_str).and_then(|it| it.strip_prefix(event::PREFIX));
    kind.is_none_or(|kind| MONEY.iter().any(|word| kind.starts_with(word)))
}
