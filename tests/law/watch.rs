//! What a world is held against: what its policy promises, and what each commit left.

use std::collections::BTreeMap;

use ambergate::domain::effect::Effect;
use ambergate::domain::id::{InvoiceId, MessageId, Scope};
use ambergate::domain::plan::Situation;
use ambergate::domain::time::Instant;

/// What a policy promises, said once more.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Days between the proof and the cutoff.
    pub period: i32,
    /// Days after the due date on which read-only and frozen come at the earliest.
    pub after_due: (i32, i32),
    /// Days after the due date on which it is slowed down at the earliest.
    pub slow_after_due: i32,
    /// How long after its time a cutoff is entered.
    pub slack: i64,
    /// So many warnings may be undeliverable before there is a last resort.
    pub postponements: Option<usize>,
}

/// When [`with_slow`] slows a tenant down.
const SLOW_AFTER_DUE: i32 = 8;

/// What the policy of SPEC 4 promises.
pub const STANDARD_TERMS: Terms = Terms {
    period: 7,
    after_due: (15, 29),
    slow_after_due: SLOW_AFTER_DUE,
    slack: 15 * ambergate::domain::time::MINUTE,
    postponements: Some(2),
};

/// The policy with a rung that slows, between grace and read-only.
pub fn with_slow(policy: &str) -> String {
    let read_only = "\n[[policies.standard.rungs]]\nat = \"due + 15 days\"";
    let warn = "{ before = \"7 days\", again = [\"1 day\"], to = [\"billing\", \"admin\"], \
                by = [\"email\", \"banner\"], needs = 1 }";
    let slow = format!(
        "\n[[policies.standard.rungs]]\nat = \"due + {SLOW_AFTER_DUE} days\"\n\
         slow = \"20 per minute\"\nwarn = {warn}\n"
    );
    let with = policy.replacen(read_only, &format!("{slow}{read_only}"), 1);
    assert_ne!(with, policy, "no rung to put it before");
    with
}

/// Sees every commit.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// What the newest commit left in force in each scope.
    pub stages: BTreeMap<Scope, Effect>,
    /// Each time one got harder: when, to what, and whether that commit entered it.
    pub hardened: Vec<(Instant, Effect, bool)>,
    /// When which invoice was seen to be settled.
    pub settled: Vec<(Instant, InvoiceId)>,
    /// What was true around each entry, and whether it was agreed.
    pub entered: Vec<(Instant, Effect, Situation, bool)>,
    /// Attempts at messages about cases that were settled, thanks aside.
    pub wrong_attempts: Vec<(Instant, MessageId)>,
    /// Entries for which a billing system could be asked, and did not agree.
    pub unasked: Vec<(Instant, &'static str)>,
    /// Cutoffs entered that no digest listed, where one is required.
    pub unlisted: Vec<(Instant, Effect)>,
    /// Attempts at warnings, and at what says that something is overdue, while a source was silent.
    pub pressed: Vec<(Instant, MessageId)>,
    /// Attempts at messages while notices were held.
    pub held: Vec<(Instant, MessageId)>,
    /// What an operator asked for and was in force after its end.
    pub outlived: Vec<String>,
    /// Notices that press, made while nothing was enforced.
    pub observed: Vec<(Instant, String)>,
}
