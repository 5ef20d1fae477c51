//! What operators see: logs and metrics.
//!
//! Rules:
//! 1. Logs go to standard error: a sentence for people, fields for machines, once, where a thing
//!    ends. Never in them: tokens, secrets, mail addresses, bodies, queries.
//! 2. Every metric has its name and a line on it in [`names`]; none has a label that a tenant or
//!    a client can choose.

pub mod logs;
pub mod names;
pub mod outage;
mod recorder;

pub use recorder::{Metrics, UPKEEP_EVERY};
