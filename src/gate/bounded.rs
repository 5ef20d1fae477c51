//! Caches with a bound that take memory only for what is in them.

use std::hash::Hash;

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;

/// How many entries a cache makes room for at once.
const ROOM: usize = 1_000;

/// A cache of at most `entries_max` entries.
pub(super) fn cache<K: Eq + Hash, V: Clone>(entries_max: usize) -> Cache<K, V> {
    Cache::with_weighter(ROOM.min(entries_max), entries_max as u64, UnitWeighter)
}
