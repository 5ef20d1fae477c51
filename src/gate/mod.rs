//! The gate: the one place that answers what a request may do.
//!
//! The way through: [`service`] asks [`identify`] who it is, [`classify`] what is asked,
//! [`lookup`] where the tenant stands, and [`crate::domain::decide`] for the verdict. [`pages`]
//! says no in words, [`banner`] puts words into the app's own pages, [`follow`] hears what
//! changes.
//!
//! Rules:
//! 1. Every adapter (the proxy, later others) asks [`Gate::judge`] and nothing else.
//! 2. A gate never makes anything harder by itself; doubt never restricts (SPEC 1, 5.11).
//! 3. Nothing that a client sends can make a look-up fail.

pub mod banner;
mod bounded;
pub mod claims;
pub mod classify;
pub mod counters;
pub mod durations;
pub mod enforce;
pub mod follow;
pub mod forward_auth;
pub mod identify;
pub mod lane;
pub mod lookup;
mod ordered;
pub mod pages;
pub mod path;
pub mod phrases;
pub mod receipts;
pub mod said;
pub mod service;
pub mod settings;
pub mod shards;
pub mod switch;
pub mod token;
pub mod told;

pub use counters::{Counters, Snapshot};
pub use service::{Asked, Gate, Health, Judged, Looking, Outcome, Pass, Refusal};
pub use settings::Settings;
