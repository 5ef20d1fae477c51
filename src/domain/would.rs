//! What would have happened where nothing is enforced (SPEC 5.12).
//!
//! Rules:
//! 1. It is recorded at its time, as if each warning had arrived when it left: who has nobody to
//!    write to would not have been warned.
//! 2. It never counts: no grant, notice or entry is read off it.
//! 3. Where enforcing begins, each case of which something would have happened begins anew, at its
//!    first rung.

use serde::{Deserialize, Serialize};

use super::account::{Account, Case};
use super::effect::{Effect, Rate};
use super::id::{CaseId, EntryId, LegId, Scope};
use super::stage::Stage;
use super::time::Instant;

/// What would have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// A warning would have left.
    Warned,
    /// A stage would have begun.
    Entered,
}

impl Would {
    /// The word used in records and metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warned => "warned",
            Self::Entered => "entered",
        }
    }

    /// A number for the derivation of ids.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Warned => 0,
            Self::Entered => 1,
        }
    }
}

/// `would.have`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WouldHave {
    /// H(leg, rung, what, n).
    pub entry: EntryId,
    /// Of which case.
    pub case: CaseId,
    /// Of which leg of it.
    pub leg: LegId,
    /// The rung's place in its policy, from 0.
    pub rung: u16,
    /// Counts the same of that leg and rung, from 0.
    pub n: u32,
    /// What.
    pub what: Would,
    /// Which stage would have begun, or been named; `full`: none.
    pub stage: Stage,
    /// How many requests would still have passed. `None`: all.
    #[serde(default)]
    pub slow: Option<Rate>,
    /// Of which part of the app.
    pub scope: Scope,
    /// When it would have begun, or what the warning would have named.
    pub at: Instant,
}

impl WouldHave {
    /// What would have begun, or been named.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }
}

/// `case.renewed`: enforcing began, so that a case begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseRenewed {
    /// Which case.
    pub case: CaseId,
}

/// What would have happened, and when that was recorded.
#[derive(Clone, Debug)]
pub struct WouldState {
    /// The decision.
    pub made: WouldHave,
    /// When it was taken.
    pub time: Instant,
}

/// The hardest of what would be in force now, its case, and since when: of cases that are
/// live.
#[must_use]
pub fn would_be(account: &Account) -> Option<(&Case, &WouldState)> {
    let live = account.cases.iter().filter(|case| case.is_live());
    let all = live.flat_map(|case| case.would.iter().map(move |it| (case, it)));
    let entered = all.filter(|(_, it)| it.made.what == Would::Entered);
    // Of several the first one: the last minimum of the other way round.
    entered.min_by_key(|(_, it)| (std::cmp::Reverse(it.made.effect().hardness()), it.time))
}
