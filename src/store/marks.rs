//! Marks: names with the newest time of each, such as when a billing system was last heard of.
//!
//! Rules:
//! 1. Of two times of a name the later counts, whatever their order; a mark never goes back.
//! 2. They pass with the store that forgets them: the ledger journals what has to come back.

use std::collections::BTreeMap;
use std::future::Future;

use super::StoreError;
use super::memory::Memory;
use crate::domain::time::Instant;

/// What marks are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// When a source of facts was last heard of, by its name.
    Heard,
    /// When the operator's digest was last sent.
    Digest,
    /// When a tenant was forgotten last, by its id.
    Forgotten,
    /// Up to which forgetting a journal and what is beside it were erased, by journal and tenant.
    Erased,
}

impl Mark {
    /// As keys name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Heard => "heard",
            Self::Digest => "digest",
            Self::Forgotten => "forgotten",
            Self::Erased => "erased",
        }
    }
}

/// Names with their times, by name.
pub type Times = BTreeMap<String, Instant>;

/// The contract of what keeps marks. All of it is held by every store (`tests/store`).
pub trait Marks: Send + Sync + 'static {
    /// All names of that kind.
    fn marks(&self, of: Mark) -> impl Future<Output = Result<Times, StoreError>> + Send;

    /// Marks names; one that is marked later already stays so.
    fn mark(
        &self,
        of: Mark,
        names: Vec<(String, Instant)>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Marks names; one that is marked later already stays so.
pub(super) fn add(times: &mut Times, names: Vec<(String, Instant)>) {
    for (name, at) in names {
        let known = times.entry(name).or_insert(at);
        *known = at.max(*known);
    }
}

impl Marks for Memory {
    async fn marks(&self, of: Mark) -> Result<Times, StoreError> {
        Ok(self.state()?.marks.get(&of).cloned().unwrap_or_default())
    }

    async fn mark(&self, of: Mark, names: Vec<(String, Instant)>) -> Result<(), StoreError> {
        add(self.state()?.marks.entry(of).or_default(), names);
        Ok(())
    }
}
