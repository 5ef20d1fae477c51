//! The breaker on the server: a hash of its fields, and a sorted set of slots by when they were
//! taken. Each step is one script on these two, in the server's time.

use redis::{Cmd, Pipeline};

use super::Remote;
use super::scripts::{BREAKER, SLOT, call};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;
use crate::store::breaker::{Breaker, Slot, Slots, WHY_TRIPPED};
use crate::store::{SHARDS, StoreError};

/// As the hash names them.
const FIELDS: [&str; 8] = ["tripped", "generation", "count", "max", "window", "reason", "by", "at"];

/// The values of [`FIELDS`].
type Read = (
    Option<u8>,
    Option<u64>,
    Option<u64>,
    Option<u64>,
    Option<u64>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

impl Remote {
    fn breaker_keys(&self) -> [String; 2] {
        ["breaker", "slots"].map(|what| self.keys().whole(what))
    }
}

impl Slots for Remote {
    async fn breaker(&self) -> Result<Breaker, StoreError> {
        let [key, _] = self.breaker_keys();
        let (tripped, generation, count, max, window, reason, by, at): Read =
            self.link().one(&Cmd::hmget(key, &FIELDS)).await?;
        Ok(Breaker {
            tripped: tripped == Some(1),
            generation: generation.unwrap_or_default(),
            count: count.unwrap_or_default(),
            max: max.unwrap_or_default(),
            window: window.unwrap_or_default(),
            reason,
            by,
            at: at.map(Instant::from_millis),
        })
    }

    async fn set_breaker(&self, expected: &Breaker, breaker: Breaker) -> Result<(), StoreError> {
        let mut call = call(&BREAKER, &self.breaker_keys());
        call.arg(expected.generation).arg(u8::from(expected.tripped));
        let texts = [("reason", breaker.reason), ("by", breaker.by)];
        let at = breaker.at.map(|at| at.millis().to_string());
        call.arg("tripped").arg(u8::from(breaker.tripped));
        for (field, number) in [
            ("generation", breaker.generation),
            ("count", breaker.count),
            ("max", breaker.max),
            ("window", breaker.window),
        ] {
            call.arg(field).arg(number);
        }
        for (field, text) in texts.into_iter().chain([("at", at)]) {
            if let Some(text) = text {
                call.arg(field).arg(text);
            }
        }
        match self.link().one::<i64>(&call).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    async fn take_slot(
        &self,
        tenant: &TenantId,
        max: u64,
        window: u64,
    ) -> Result<Slot, StoreError> {
        let mut call = call(&SLOT, &self.breaker_keys());
        call.arg(tenant.as_str()).arg(max).arg(window).arg(WHY_TRIPPED);
        match self.link().one::<i64>(&call).await? {
            1 => Ok(Slot::Taken),
            _ => Ok(Slot::Tripped),
        }
    }

    async fn tenants(&self) -> Result<u64, StoreError> {
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            ask.zcard(self.keys().shard(shard, "names"));
        }
        let counts: Vec<u64> = self.link().many(&ask).await?;
        Ok(counts.iter().sum())
    }
}
