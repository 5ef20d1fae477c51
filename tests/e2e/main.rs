//! The built binary among real peers: Redis, an SMTP server, an app, a billing system's webhooks.
//!
//! Rules:
//! 1. Every process is started by its test, on ports of its own, and ended by its id.
//! 2. Nothing waits for a time: a condition is looked at until it holds, within a bound.
//! 3. Where weeks must pass, the wall clock of the processes is moved, never a test's patience.

// Where a test cannot go on, it fails.
#![allow(clippy::unwrap_used)]

mod book;
mod crash;
mod demo;
mod demo_doors;
mod http;
mod outage;
mod peers;
mod process;
mod proxies;
mod python;
mod road;
mod showroom;
mod wall_clock;
mod world;
