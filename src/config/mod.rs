//! Settings: read from files and the environment, checked as a whole, all faults at once.

mod fault;
mod fields;
pub mod policies;
mod tree;

pub use fault::{Fault, render};
