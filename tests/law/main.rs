//! The law, told as stories and held as properties.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod stories;
mod world;
