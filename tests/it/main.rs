//! The whole program, or whole floors of it, in process.

mod notify_scheduler;
mod notify_smtp;
mod support;
