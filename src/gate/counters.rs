//! Counts of one worker, summed when they are asked for.
//!
//! Rules:
//! 1. A worker adds only to its own counters: no line of memory is fought for.
//! 2. Nothing here has a label that a client can choose.

use std::sync::atomic::{AtomicU64, Ordering};

use super::durations::{Durations, Spread};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts of one worker.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: Count,)*
            /// How long requests took.
            pub durations: Durations,
        }

        /// The sums of all workers' counters at one time.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Snapshot {
            $($(#[$doc])* pub $name: u64,)*
            /// How long requests took.
            pub durations: Spread,
        }

        impl Snapshot {
            /// Adds one worker's counts.
            pub fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
                self.durations.add(&counters.durations);
            }

            /// Every count with its name, in a fixed order.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    /// Requests that were passed on.
    passed,
    /// Requests that were refused.
    refused,
    /// Requests that would have been refused (`observe`).
    would_refuse,
    /// Requests of slowed tenants that waited for their turn.
    queued,
    /// Requests of slowed tenants that would have waited too long, and were answered 429.
    turned_away,
    /// Requests whose token was bad.
    bad_token,
    /// Requests that were not HTTP as it must be, or named two tenants.
    bad_request,
    /// Requests to the gate's own pages.
    own_pages,
    /// Requests of nobody in particular.
    anonymous,
    /// Standings read from the store for the request.
    grants_fresh,
    /// Standings from the cache.
    grants_cached,
    /// Last known standings while the store was away.
    grants_stale,
    /// Tenants never heard of while the store was away: full.
    grants_default,
    /// Tokens found among those verified before.
    tokens_cached,
    /// Tokens verified anew.
    tokens_verified,
    /// Banners put into a page.
    banners_shown,
    /// Pages that should have had a banner and were compressed.
    banners_compressed,
    /// Pages that should have had a banner and had no place for one.
    banners_unfit,
    /// Answers of upstreams with a status of 5xx.
    upstream_5xx,
    /// Upstreams that could not be reached or broke off.
    upstream_failed,
    /// Upstreams that took too long.
    upstream_late,
    /// Connections opened to upstreams.
    upstream_opened,
    /// Requests sent once more, for an app had closed its connection under them.
    upstream_again,
    /// Answers that came before the whole request was sent.
    upstream_early,
    /// Tunnels opened.
    tunnels_opened,
    /// Tunnels and streams closed because their tenant may not have them any more.
    tunnels_cut,
    /// Connections taken.
    connections,
    /// Connections closed because they took too long.
    connections_late,
}

/// A count with one writer.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more. Only its worker calls this, so that reading and writing need not be one step.
    pub fn one(&self) {
        self.add(1);
    }

    /// So many more, by the same rule.
    pub fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    /// So many.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_all_workers_are_added() {
        let (one, other) = (Counters::default(), Counters::default());
        one.passed.one();
        one.passed.one();
        other.passed.one();
        let mut sum = Snapshot::default();
        sum.add(&one);
        sum.add(&other);
        assert_eq!(sum.passed, 3);
        assert_eq!(sum.named()[0], ("passed", 3));
    }
}
