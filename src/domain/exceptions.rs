//! What closes without a warning, the two exceptions of law 1: a part of the app that was never open
//! to the tenant, and a pause that its own people accepted.

use super::decision::{PauseEntered, ScopeGated};
use super::time::Instant;

/// What keeps a part of the app closed that was never open.
#[derive(Clone, Debug)]
pub struct GateState {
    /// The decision.
    pub made: ScopeGated,
    /// When it was taken.
    pub time: Instant,
    /// Whether the run over all records finds it lawful at its time.
    pub lawful: bool,
    /// When `stage.lifted` was recorded.
    pub lifted: Option<Instant>,
    /// Whether it is in force.
    pub in_force: bool,
}

/// A stage that was agreed, and what became of it.
#[derive(Clone, Debug)]
pub struct PauseState {
    /// The decision.
    pub made: PauseEntered,
    /// When it was taken.
    pub time: Instant,
    /// Whether the run over all records finds it lawful at its time.
    pub lawful: bool,
    /// When `stage.lifted` was recorded.
    pub lifted: Option<Instant>,
    /// Whether it is in force.
    pub in_force: bool,
}
