//! The breaker in the file: one value, written whole. It holds no more slots than may be taken.

use redb::{ReadableTable as _, ReadableTableMetadata as _};

use super::tables::{META, META_BREAKER, ROWS};
use super::{Embedded, reads};
use crate::domain::id::TenantId;
use crate::store::breaker::{Breaker, Held, Slot, Slots};
use crate::store::{StoreError, form};

const PLACE: &str = "the breaker";

impl Embedded {
    /// Changes the breaker and its slots in one step.
    async fn with_held<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Held) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write(move |txn| {
            let mut meta = txn.open_table(META)?;
            let known = meta.get(META_BREAKER)?.map(|bytes| bytes.value().to_vec());
            let changed = read(known.as_deref()).and_then(|mut held| {
                let done = step(&mut held)?;
                Ok((done, form::json(PLACE, &held)?))
            });
            match changed {
                Ok((done, bytes)) => {
                    meta.insert(META_BREAKER, bytes.as_slice())?;
                    Ok(Ok(done))
                }
                Err(error) => Ok(Err(error)),
            }
        })
        .await
    }
}

fn read(bytes: Option<&[u8]>) -> Result<Held, StoreError> {
    bytes.map_or_else(|| Ok(Held::default()), |bytes| form::read_json(PLACE, bytes))
}

impl Slots for Embedded {
    async fn breaker(&self) -> Result<Breaker, StoreError> {
        let bytes = reads::value(self.file(), META, META_BREAKER)?;
        read(bytes.as_deref()).map(|held| held.breaker)
    }

    async fn set_breaker(&self, expected: &Breaker, breaker: Breaker) -> Result<(), StoreError> {
        let expected = expected.clone();
        self.with_held(move |held| held.set(&expected, breaker)).await
    }

    async fn take_slot(
        &self,
        tenant: &TenantId,
        max: u64,
        window: u64,
    ) -> Result<Slot, StoreError> {
        let (tenant, now) = (tenant.clone(), self.inner.clock.now());
        self.with_held(move |held| Ok(held.take(&tenant, (max, window), now))).await
    }

    async fn tenants(&self) -> Result<u64, StoreError> {
        reads::read(self.file(), |txn| Ok(txn.open_table(ROWS)?.len()?))
    }
}
