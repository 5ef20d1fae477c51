//! Telling people: what is due is rendered, delivered, and proved by receipts (SPEC 5.7, 5.14, 8).
//!
//! The way through: the [`scheduler`] asks the ledger what is due, has each attempt committed
//! before it begins, lets [`letter`] gather what a message says, [`render`] put it into words and
//! [`email`] deliver it, and hands what came of it back as a receipt: a fact like any other.
//! The operator's own systems are told by [`hooks`].
//!
//! Rules:
//! 1. Nothing leaves that was not committed as tried on the account as just read.
//! 2. A message keeps its `Message-ID` through all its attempts.
//! 3. Doubt whether something left is said as doubt, never as a bounce and never as a proof.

pub mod desk;
pub mod digest;
pub mod email;
pub mod hooks;
mod kind;
pub mod letter;
pub mod ports;
mod receipt;
pub mod render;
mod sample;
pub mod scheduler;
pub mod smtp;
pub mod templates;
