//! The ledger's own journal, and what of it is not in the store yet.
//!
//! Rules:
//! 1. Whoever is about to journal something says so first ([`Journaled::begin`]): until that is
//!    in the store no position after it counts as applied.
//! 2. What could not be stored is left behind: its mark stays until the journal was read again
//!    from there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::journal::{Change, Journal};
use crate::store::{Applied, SHARDS, StoreError};

/// Says that entries of a shard, at this position or later, are on their way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    shard: u16,
    number: u64,
}

/// The journal with its marks.
#[derive(Debug)]
pub(super) struct Journaled {
    journal: Journal,
    marks: Mutex<Marks>,
}

#[derive(Debug, Default)]
struct Marks {
    next: u64,
    shards: Vec<BTreeMap<u64, u64>>,
    behind: Vec<Mark>,
}

impl Journaled {
    pub(super) fn new(journal: Journal) -> Self {
        let shards = vec![BTreeMap::new(); usize::from(SHARDS)];
        let marks = Mutex::new(Marks { shards, ..Marks::default() });
        let journaled = Self { journal, marks };
        // Until the store says how far it got.
        journaled.begin_from(&vec![0; usize::from(SHARDS)]);
        journaled
    }

    pub(super) fn name(&self) -> Arc<str> {
        self.journal.name()
    }

    pub(super) fn end(&self) -> u64 {
        self.journal.end()
    }

    pub(super) fn is_refused(&self) -> bool {
        self.journal.is_refused()
    }

    /// Something of `shard` is about to be journaled.
    pub(super) fn begin(&self, shard: u16) -> Mark {
        let mut marks = self.marks();
        let end = self.journal.end();
        marks.begin(shard, end)
    }

    /// It is in the store.
    pub(super) fn finish(&self, mark: Mark) {
        self.marks().shards[usize::from(mark.shard)].remove(&mark.number);
    }

    /// It is not in the store, and must be read again from the journal.
    pub(super) fn leave_behind(&self, mark: Mark) {
        self.marks().behind.push(mark);
    }

    /// What the store has of this journal: everything from these positions on, one a shard, is
    /// left behind, and nothing before them.
    pub(super) fn begin_from(&self, positions: &[u64]) {
        let mut marks = self.marks();
        let before = std::mem::take(&mut marks.behind);
        let end = self.journal.end();
        for (shard, position) in (0..SHARDS).zip(positions) {
            if *position < end {
                let mark = marks.begin(shard, *position);
                marks.behind.push(mark);
            }
        }
        for mark in before {
            marks.shards[usize::from(mark.shard)].remove(&mark.number);
        }
    }

    /// What was left behind, and from where on the journal must be read again for it.
    pub(super) fn behind(&self) -> Option<(Vec<Mark>, u64)> {
        let marks = self.marks();
        let position = |mark: &Mark| marks.shards[usize::from(mark.shard)].get(&mark.number);
        let from = marks.behind.iter().filter_map(position).min().copied();
        from.map(|from| (marks.behind.clone(), from))
    }

    /// These are no longer behind.
    pub(super) fn caught_up(&self, done: &[Mark]) {
        let mut marks = self.marks();
        marks.behind.retain(|mark| !done.contains(mark));
        for mark in done {
            marks.shards[usize::from(mark.shard)].remove(&mark.number);
        }
    }

    /// How far the journal is applied to `shard` once what `mark` stands for is in.
    pub(super) fn applied(&self, shard: u16, mark: Option<Mark>) -> Applied {
        let marks = self.marks();
        let others = &marks.shards[usize::from(shard)];
        let other = |(number, _): &(&u64, &u64)| mark.is_none_or(|mark| mark.number != **number);
        let low = others.iter().filter(other).map(|(_, position)| *position).min();
        Applied { journal: self.name(), position: low.unwrap_or_else(|| self.journal.end()) }
    }

    /// How far the journal is applied to each shard.
    pub(super) fn positions(&self) -> Vec<u64> {
        (0..SHARDS).map(|shard| self.applied(shard, None).position).collect()
    }

    /// Puts lines at the end; they are on disk when it answers.
    pub(super) async fn append(&self, lines: Vec<Vec<u8>>) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        self.journal.append(lines).await?;
        Ok(())
    }

    /// At most `limit` lines from `position` on, each with its position.
    pub(super) async fn read(
        &self,
        position: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        Ok(self.journal.read(position, limit).await?)
    }

    /// Writes lines anew; their positions stay.
    pub(super) async fn erase(&self, change: Arc<Change>) -> Result<u64, StoreError> {
        Ok(self.journal.erase(change).await?)
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn begin(&mut self, shard: u16, position: u64) -> Mark {
        let number = self.next;
        self.next += 1;
        self.shards[usize::from(shard)].insert(number, position);
        Mark { shard, number }
    }
}
