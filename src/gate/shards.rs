//! What a gate heard of each shard, and whether its cache may be trusted (SPEC 5.11, 7).
//!
//! Rules:
//! 1. What was cached is trusted while its shard's epoch is the one it was read under.
//! 2. A gap in the sequence, a lost link and a missing beat each begin another epoch: what was
//!    cached is read again before it is trusted. While beats are missing that is so each second.
//! 3. A shard silent for `stale_max` is eased: what restricts falls to grace, and gets harder
//!    again only under a newer generation of the switch than the one that was eased.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::time::{Instant, SECOND};
use crate::store::SHARDS;

/// Without a beat for so long the link counts as dead.
const BEAT_MISSING_MILLIS: i64 = 3 * SECOND;

/// Never eased.
const NEVER: u64 = u64::MAX;

/// All shards.
#[derive(Debug)]
pub struct Shards {
    shards: Box<[Shard]>,
    stale_max_millis: i64,
}

#[derive(Debug)]
struct Shard {
    epoch: AtomicU32,
    sequence: AtomicU64,
    heard: AtomicI64,
    eased_under: AtomicU64,
}

/// How a change fits to what was heard before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is the next one.
    Next,
    /// It was heard before.
    Old,
    /// Others before it were missed.
    Gap,
}

impl Shards {
    /// Nothing heard yet, and nothing missing, at `now` (real time).
    #[must_use]
    pub fn new(stale_max: Duration, now: Instant) -> Self {
        let shard = |_| Shard {
            epoch: AtomicU32::new(0),
            sequence: AtomicU64::new(0),
            heard: AtomicI64::new(now.millis()),
            eased_under: AtomicU64::new(NEVER),
        };
        Self {
            shards: (0..SHARDS).map(shard).collect(),
            stale_max_millis: i64::try_from(stale_max.as_millis()).unwrap_or(i64::MAX),
        }
    }

    fn shard(&self, shard: u16) -> &Shard {
        &self.shards[usize::from(shard % SHARDS)]
    }

    /// The epoch under which what is read now can be trusted.
    #[must_use]
    pub fn epoch(&self, shard: u16) -> u32 {
        self.shard(shard).epoch.load(Ordering::Acquire)
    }

    /// The sequence heard last.
    #[must_use]
    pub fn sequence(&self, shard: u16) -> u64 {
        self.shard(shard).sequence.load(Ordering::Acquire)
    }

    /// Whether the shard was silent too long under this generation of the switch or a later one.
    #[must_use]
    pub fn is_eased(&self, shard: u16, generation: u64) -> bool {
        let eased = self.shard(shard).eased_under.load(Ordering::Relaxed);
        eased != NEVER && generation <= eased
    }

    /// A change with this sequence was heard.
    pub fn hear_change(&self, shard: u16, sequence: u64) -> Fit {
        let heard = self.shard(shard);
        let before = heard.sequence.load(Ordering::Acquire);
        if sequence <= before {
            return Fit::Old;
        }
        heard.sequence.store(sequence, Ordering::Release);
        if sequence == before + 1 {
            return Fit::Next;
        }
        heard.epoch.fetch_add(1, Ordering::AcqRel);
        Fit::Gap
    }

    /// A beat was heard at `now` (real time). A sequence other than the one heard last means that
    /// changes were missed, or that the store went back.
    pub fn hear_beat(&self, shard: u16, sequence: u64, now: Instant) {
        let heard = self.shard(shard);
        heard.heard.store(now.millis(), Ordering::Release);
        if heard.sequence.swap(sequence, Ordering::AcqRel) != sequence {
            heard.epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The link was lost or made anew: nothing cached is trusted.
    pub fn distrust_all(&self) {
        for shard in &self.shards {
            shard.epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// What the store says of a shard when watching begins: its sequence, and when it was last
    /// heard (real time).
    pub fn begin(&self, shard: u16, sequence: u64, heard: Instant) {
        let known = self.shard(shard);
        known.sequence.store(sequence, Ordering::Release);
        known.heard.store(heard.millis(), Ordering::Release);
    }

    /// Looks for missing beats at `now` (real time), about once a second.
    pub fn look(&self, now: Instant, generation: u64) {
        for shard in &self.shards {
            let silent = now.millis() - shard.heard.load(Ordering::Acquire);
            if silent > BEAT_MISSING_MILLIS {
                shard.epoch.fetch_add(1, Ordering::AcqRel);
            }
            if silent > self.stale_max_millis {
                shard.eased_under.store(generation, Ordering::Relaxed);
            }
        }
    }

    /// How long the shard that is silent longest has been silent.
    #[must_use]
    pub fn silence(&self, now: Instant) -> Duration {
        let heard = self.shards.iter().map(|shard| shard.heard.load(Ordering::Acquire)).min();
        let silent = now.millis() - heard.unwrap_or(now.millis());
        Duration::from_millis(u64::try_from(silent).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds)
    }

    #[test]
    fn a_gap_begins_another_epoch() {
        let shards = Shards::new(Duration::from_secs(60), at(0));
        shards.begin(3, 7, at(0));
        assert_eq!(shards.hear_change(3, 8), Fit::Next);
        assert_eq!(shards.hear_change(3, 8), Fit::Old);
        assert_eq!(shards.epoch(3), 0);
        assert_eq!(shards.hear_change(3, 10), Fit::Gap);
        assert_eq!((shards.epoch(3), shards.epoch(4)), (1, 0));
        shards.hear_beat(3, 10, at(1));
        assert_eq!(shards.epoch(3), 1);
        shards.hear_beat(3, 11, at(2));
        assert_eq!(shards.epoch(3), 2, "a change was missed");
        shards.hear_beat(3, 2, at(3));
        assert_eq!((shards.epoch(3), shards.sequence(3)), (3, 2), "the store went back");
    }

    #[test]
    fn missing_beats_make_it_look_again_each_second() {
        let shards = Shards::new(Duration::from_secs(60), at(0));
        shards.look(at(3), 0);
        assert_eq!(shards.epoch(0), 0);
        shards.look(at(4), 0);
        shards.look(at(5), 0);
        assert_eq!(shards.epoch(0), 2);
        shards.hear_beat(0, 0, at(5));
        shards.look(at(6), 0);
        assert_eq!((shards.epoch(0), shards.epoch(1)), (2, 3));
    }

    #[test]
    fn long_silence_eases_until_a_newer_generation() {
        let shards = Shards::new(Duration::from_secs(60), at(0));
        shards.look(at(60), 4);
        assert!(!shards.is_eased(0, 4));
        shards.look(at(61), 4);
        assert!(shards.is_eased(0, 4));
        shards.hear_beat(0, 0, at(62));
        shards.look(at(62), 4);
        assert!(shards.is_eased(0, 4), "a beat alone makes nothing harder");
        assert!(!shards.is_eased(0, 5));
        assert_eq!(shards.silence(at(63)), Duration::from_secs(63));
    }
}
