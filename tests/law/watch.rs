//! What a world is held against: what its policy promises, and what each commit left.

use std::collections::BTreeMap;

use ambergate::domain::id::{InvoiceId, MessageId, Scope};
use ambergate::domain::plan::Situation;
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;

/// What a policy promises, said once more.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Days between the proof and the cutoff.
    pub period: i32,
    /// Days after the due date on which read-only and frozen come at the earliest.
    pub after_due: (i32, i32),
    /// How long after its time a cutoff is entered.
    pub slack: i64,
    /// So many warnings may be undeliverable before there is a last resort.
    pub postponements: Option<usize>,
}

/// What the policy of SPEC 4 promises.
pub const STANDARD_TERMS: Terms = Terms {
    period: 7,
    after_due: (15, 29),
    slack: 15 * ambergate::domain::time::MINUTE,
    postponements: Some(2),
};

/// Sees every commit.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The stage of each scope that the newest commit left.
    pub stages: BTreeMap<Scope, Stage>,
    /// Each time one got harder: when, to what, and whether that commit entered it.
    pub hardened: Vec<(Instant, Stage, bool)>,
    /// When which invoice was seen to be settled.
    pub settled: Vec<(Instant, InvoiceId)>,
    /// What was true around each entry, and whether it was agreed.
    pub entered: Vec<(Instant, Stage, Situation, bool)>,
    /// Attempts at messages about cases that were settled, thanks aside.
    pub wrong_attempts: Vec<(Instant, MessageId)>,
    /// Entries for which a billing system could be asked, and did not agree.
    pub unasked: Vec<(Instant, &'static str)>,
    /// Cutoffs entered that no digest listed, where one is required.
    pub unlisted: Vec<(Instant, Stage)>,
    /// Attempts at warnings, and at what says that something is overdue, while a source was silent.
    pub pressed: Vec<(Instant, MessageId)>,
    /// Attempts at messages while notices were held.
    pub held: Vec<(Instant, MessageId)>,
    /// What an operator asked for and was in force after its end.
    pub outlived: Vec<String>,
    /// Notices that press, made while nothing was enforced.
    pub observed: Vec<(Instant, String)>,
}
