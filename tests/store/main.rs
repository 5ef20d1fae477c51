//! The contract of stores, held by every one of them, and what each promises besides.

// Where a test cannot go on, it fails.
#![allow(clippy::unwrap_used)]

mod contract;
mod embedded;
mod forgotten;
mod journal;
mod losses;
mod marks;
mod remote;
mod server;
mod slots;
mod world;
