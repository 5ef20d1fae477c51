//! How long requests took, in fixed buckets, one set a worker.
//!
//! Rule: the time is that of the turns in which a request began and ended: no clock is read for a
//! request that is not read anyway, so what is below a millisecond or two is not told apart.

use super::counters::Count;

/// Upper bounds of the buckets in microseconds; the last bucket has none.
pub const BOUNDS_MICROS: [u64; 14] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 60_000_000,
];

/// How many buckets there are.
const BUCKETS: usize = BOUNDS_MICROS.len() + 1;

/// Durations that one worker saw.
#[derive(Debug, Default)]
pub struct Durations {
    buckets: [Count; BUCKETS],
    micros: Count,
}

impl Durations {
    /// One more.
    pub fn note(&self, micros: u64) {
        let bucket = BOUNDS_MICROS.iter().position(|bound| micros <= *bound);
        self.buckets[bucket.unwrap_or(BUCKETS - 1)].one();
        self.micros.add(micros);
    }
}

/// The durations of all workers at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    buckets: [u64; BUCKETS],
    micros: u64,
}

impl Spread {
    /// Adds one worker's.
    pub fn add(&mut self, durations: &Durations) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&durations.buckets) {
            *sum += bucket.get();
        }
        self.micros += durations.micros.get();
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, in seconds.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub const fn seconds(&self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// For each bound, in seconds, how many were not longer.
    #[allow(clippy::cast_precision_loss)]
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> {
        let bounds = BOUNDS_MICROS.iter().map(|bound| *bound as f64 / 1e6);
        bounds.zip(self.buckets).scan(0, |sum, (bound, count)| {
            *sum += count;
            Some((bound, *sum))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_all_workers_are_added_and_bounds_belong_to_their_bucket() {
        let (one, other) = (Durations::default(), Durations::default());
        for micros in [0, 1_000, 1_001, 60_000_000] {
            one.note(micros);
        }
        other.note(u64::MAX / 2);
        let mut spread = Spread::default();
        spread.add(&one);
        spread.add(&other);
        let up_to: Vec<_> = spread.up_to().collect();
        assert_eq!((up_to[0], up_to[1], up_to[13]), ((0.001, 2), (0.0025, 3), (60.0, 4)));
        assert_eq!(spread.count(), 5);
    }
}
