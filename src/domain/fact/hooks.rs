//! What came of telling a receiver of the operator's: a fact of ambergate's own (see
//! `domain::outbound`).
//!
//! Rule: fields are only ever added at the end of a struct, and kinds at the end of an enum.

use serde::{Deserialize, Serialize};

use crate::domain::id::CallId;

/// What a receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookAnswer {
    /// It has it.
    Taken,
    /// It was not reached, or said no: it is told again.
    Failed,
    /// It is there no more (410): it is not told again of this.
    Gone,
}

impl HookAnswer {
    /// The word used in events and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

/// `hook.answered`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookAnswered {
    /// What it was told: the `webhook-id`.
    pub event: CallId,
    /// The hook, as the configuration names it.
    pub hook: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What came of it.
    pub kind: HookAnswer,
    /// The status that it answered with; absent: it did not answer.
    pub status: Option<u16>,
}
