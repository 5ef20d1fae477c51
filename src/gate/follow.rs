//! Follows the store: what changes, whether it is still there, and the switch.
//!
//! Rules:
//! 1. Watching begins before anything is read, so that nothing falls between.
//! 2. A link that was lost, or begun anew, makes everything cached be read again before it is
//!    trusted.
//! 3. Receipts of banners leave beside the watching, and never hold it up.

use std::time::Duration;

use super::receipts::RETRY;
use super::service::Gate;
use crate::clock;
use crate::domain::time::Instant;
use crate::store::{Change, Store, StoreError, Watch};
use crate::telemetry::outage::{self, Party};

/// How often missing beats and the local file are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl<S: Store> Gate<S> {
    /// Hears all changes and sends all receipts. Never ends; runs once per process.
    pub async fn follow(&self) {
        tokio::join!(self.hear(), self.look_out(), self.send_receipts());
    }

    /// Looks for what says nothing by itself.
    async fn look_out(&self) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            self.switch.look();
            self.lookup.shards.look(clock::machine_now(), self.switch.generation());
        }
    }

    async fn hear(&self) {
        loop {
            match self.store.watch().await {
                Ok(watch) => self.hear_from(watch).await,
                Err(error) => missed(&error, "changes cannot be heard now"),
            }
            self.switch.lose();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Until what is cached cannot be begun from: then watching begins anew.
    async fn hear_from(&self, mut watch: S::Watch) {
        if let Err(error) = self.begin().await {
            missed(&error, "the store's state cannot be read now");
            return;
        }
        outage::store_back(Party::Gate, clock::machine_now());
        loop {
            match watch.next().await {
                Change::Grant { shard, sequence, grant } => {
                    self.lookup.pushed(shard, sequence, &grant);
                }
                Change::Beat { shard, sequence, at: _ } => {
                    self.lookup.shards.hear_beat(shard, sequence, clock::machine_now());
                }
                Change::Switch(switch) => self.switch.hear(&switch),
                Change::Lost => {
                    self.switch.lose();
                    self.lookup.shards.distrust_all();
                    if let Err(error) = self.begin().await {
                        missed(&error, "the store's state cannot be read now");
                        return;
                    }
                }
            }
        }
    }

    /// Takes over the switch and each shard's sequence; trusts nothing read before.
    async fn begin(&self) -> Result<(), StoreError> {
        self.switch.begin(&self.store.switch().await?);
        let beats = self.store.beats().await?;
        let (here, real) = (self.clock.now(), clock::machine_now());
        for (shard, (sequence, beat)) in (0_u16..).zip(beats) {
            self.lookup.shards.begin(shard, sequence, heard(beat, here, real));
        }
        self.lookup.shards.distrust_all();
        Ok(())
    }

    async fn send_receipts(&self) {
        loop {
            let receipt = self.receipts.next().await;
            while let Err(error) = self.store.submit(receipt.clone()).await {
                tracing::warn!(%error, "a banner's receipt waits for the store");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// The store did not do it: if it is away, that is told once for all.
fn missed(error: &StoreError, what: &'static str) {
    match error {
        StoreError::Unavailable(_) => {
            outage::store_away(Party::Gate, error, clock::machine_now());
        }
        error => tracing::warn!(%error, "{what}"),
    }
}

/// When, in real time, a beat of that store time was: a clock that was moved says nothing of how
/// long a shard has been silent. A store that never had a beat has not been silent yet.
fn heard(beat: Option<Instant>, here: Instant, real: Instant) -> Instant {
    let silent = beat.map_or(0, |beat| (here.millis() - beat.millis()).max(0));
    real.plus_millis(-silent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_reckoned_in_real_time() {
        let at = Instant::from_seconds;
        assert_eq!(heard(Some(at(90)), at(100), at(5_000)), at(4_990));
        assert_eq!(heard(Some(at(110)), at(100), at(5_000)), at(5_000));
        assert_eq!(heard(None, at(100), at(5_000)), at(5_000));
    }
}
