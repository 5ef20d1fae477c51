//! How far a journal is applied to each shard.
//!
//! Rules:
//! 1. A position is only said to be applied if every entry of the shard before it is in the
//!    store: entries are open from their being written until they are settled.
//! 2. Before the journal has been replayed into the store there is, nothing is said at all.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::store::SHARDS;

/// What of a journal is not in the store yet.
#[derive(Debug)]
pub struct Marks {
    open: HashMap<u16, BTreeSet<u64>>,
    end: u64,
    replayed: bool,
}

impl Marks {
    pub(super) fn new(end: u64) -> Self {
        Self { open: HashMap::new(), end, replayed: false }
    }

    /// The position after the last entry on disk.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Entries came to the disk. Called in the order of positions.
    pub(super) fn written(&mut self, shard: Option<u16>, positions: Range<u64>) {
        self.end = positions.end;
        if let Some(shard) = shard {
            self.open.entry(shard).or_default().extend(positions);
        }
    }

    /// Says that all entries before `end`, which is what [`Marks::end`] was when the replay
    /// began, are in the store there is now. What was written since is open until settled.
    pub fn replayed(&mut self, end: u64) {
        for open in self.open.values_mut() {
            *open = open.split_off(&end);
        }
        self.replayed = true;
    }

    /// Says that the store is another one: until the next replay nothing is applied.
    pub const fn lost(&mut self) {
        self.replayed = false;
    }

    /// How far the journal is applied to `shard` once the entries at `positions` are in the
    /// store: what goes into their commit. `None`: nothing can be said before the replay.
    #[must_use]
    pub fn applied_with(&self, shard: u16, positions: &Range<u64>) -> Option<u64> {
        let open = self.open.get(&shard);
        let first = open.and_then(|open| open.iter().find(|open| !positions.contains(open)));
        self.replayed.then(|| first.copied().unwrap_or(self.end))
    }

    /// Entries of `shard` are in the store, or need not be: they changed nothing.
    pub fn settle(&mut self, shard: u16, positions: &Range<u64>) {
        if let Some(open) = self.open.get_mut(&shard) {
            for position in positions.clone() {
                open.remove(&position);
            }
        }
    }

    /// How far the journal is applied to each shard now.
    #[must_use]
    pub fn applied(&self) -> Option<Vec<u64>> {
        (0..SHARDS).map(|shard| self.applied_with(shard, &(0..0))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applied_never_passes_an_open_entry() {
        let mut marks = Marks::new(10);
        assert_eq!(marks.applied_with(3, &(10..11)), None);
        marks.replayed(10);
        assert_eq!(marks.applied_with(3, &(0..0)), Some(10));
        marks.written(Some(3), 10..12);
        marks.written(Some(4), 12..13);
        marks.written(Some(3), 13..14);
        marks.written(None, 14..15);
        // The later one is committed first.
        assert_eq!(marks.applied_with(3, &(13..14)), Some(10));
        marks.settle(3, &(13..14));
        assert_eq!(marks.applied_with(3, &(10..12)), Some(15));
        assert_eq!(marks.applied_with(4, &(12..13)), Some(15));
        assert_eq!(marks.applied_with(5, &(0..0)), Some(15));
        let applied = marks.applied().unwrap();
        assert_eq!((applied[3], applied[4], applied[5]), (10, 12, 15));
        marks.settle(3, &(10..12));
        assert_eq!(marks.applied().unwrap()[3], 15);
        marks.lost();
        assert_eq!(marks.applied(), None);
    }

    #[test]
    fn a_replay_settles_what_was_written_before_it() {
        let mut marks = Marks::new(0);
        marks.written(Some(3), 0..2);
        let end = marks.end();
        marks.written(Some(3), 2..3);
        marks.replayed(end);
        let applied = marks.applied().unwrap();
        assert_eq!((applied[3], applied[4]), (2, 3));
    }
}
