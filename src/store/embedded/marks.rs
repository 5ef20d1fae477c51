//! Marks in the file: one value a kind, written whole. There are as many as there are sources.

use redb::ReadableTable as _;

use super::tables::META;
use super::{Embedded, reads};
use crate::domain::time::Instant;
use crate::store::marks::{Mark, Marks, Times, add};
use crate::store::{StoreError, form};

const PLACE: &str = "the marks";

fn key(of: Mark) -> Vec<u8> {
    format!("marks:{}", of.word()).into_bytes()
}

fn read(bytes: Option<&[u8]>) -> Result<Times, StoreError> {
    bytes.map_or_else(|| Ok(Times::new()), |bytes| form::read_json(PLACE, bytes))
}

impl Marks for Embedded {
    async fn marks(&self, of: Mark) -> Result<Times, StoreError> {
        read(reads::value(self.file(), META, &key(of))?.as_deref())
    }

    async fn mark(&self, of: Mark, names: Vec<(String, Instant)>) -> Result<(), StoreError> {
        self.write(move |txn| {
            let mut meta = txn.open_table(META)?;
            let key = key(of);
            let known = meta.get(key.as_slice())?.map(|bytes| bytes.value().to_vec());
            let changed = read(known.as_deref()).and_then(|mut times| {
                add(&mut times, names);
                form::json(PLACE, &times)
            });
            match changed {
                Ok(bytes) => {
                    meta.insert(key.as_slice(), bytes.as_slice())?;
                    Ok(Ok(()))
                }
                Err(error) => Ok(Err(error)),
            }
        })
        .await
    }
}
