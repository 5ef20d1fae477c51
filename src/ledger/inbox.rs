//! What gates leave in the store: worked off, then taken out (SPEC 7).
//!
//! Rule: an event leaves the inbox only when it is durable as a fact, parked, or refused for what
//! it is; a refused one is said in the log, because nobody waits for the answer.

use std::sync::atomic::Ordering;

use super::Ledger;
use super::accept::Outcome;
use crate::domain::event::{self, FieldFault, Incoming};
use crate::domain::json;
use crate::domain::time::Instant;
use crate::store::{Condition, Store as _, StoreError};

/// How many events are taken at once.
const TAKEN_AT_ONCE: usize = 256;

impl Ledger {
    /// Works the inbox off. Answers how many events were taken out; while the store recovers they
    /// stay where they are.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn drain_inbox(&self) -> Result<usize, StoreError> {
        if let Condition::Recovering(_) = self.store().condition().await? {
            return Ok(0);
        }
        let mut taken = 0;
        loop {
            let events = self.store().inbox(TAKEN_AT_ONCE).await?;
            self.inner.inbox_clear.store(events.is_empty(), Ordering::Release);
            if events.is_empty() {
                return Ok(taken);
            }
            let settled = self.take(events).await;
            if settled.is_empty() {
                let detail = "what gates left could not be taken".to_owned();
                return Err(StoreError::Unavailable(detail));
            }
            self.store().settle(&settled).await?;
            taken += settled.len();
        }
    }

    /// Answers the names of those that are done with.
    async fn take(&self, events: Vec<(String, Vec<u8>)>) -> Vec<String> {
        let now = self.now().await;
        let mut settled = Vec::new();
        let mut names = Vec::new();
        let mut incoming = Vec::new();
        for (name, bytes) in events {
            match read(&bytes, now) {
                Ok(event) => {
                    names.push(name);
                    incoming.push(event);
                }
                Err(faults) => {
                    metrics::counter!("ambergate_inbox_refused_total").increment(1);
                    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                    tracing::warn!(%name, ?faults, "an event in the inbox was refused");
                    settled.push(name);
                }
            }
        }
        let outcomes = self.accept(incoming).await;
        let done = names.into_iter().zip(outcomes);
        settled.extend(done.filter(|(_, it)| *it != Outcome::Unavailable).map(|(name, _)| name));
        settled
    }
}

fn read(bytes: &[u8], now: Instant) -> Result<Incoming, Vec<FieldFault>> {
    let value = json::unique(bytes).map_err(|error| {
        vec![FieldFault::new("", format!("not JSON that can be taken: {error}"))]
    })?;
    event::parse_from_gate(&value, now)
}
