//! The whole program, or whole floors of it, in process.

#![allow(clippy::unwrap_used)]

mod cli;
mod demo_app;
mod demo_door;
mod demo_mailbox;
mod deploy;
mod notify_scheduler;
mod notify_smtp;
mod support;
