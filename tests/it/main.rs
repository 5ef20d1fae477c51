//! The whole program, or whole floors of it, in process.

// Where a test cannot go on, it fails.
#![allow(clippy::unwrap_used)]

mod admin;
mod admin_migrate;
mod admin_simulate;
mod admin_stage;
mod admin_tasks;
mod admin_told;
mod asked;
mod breaker;
mod cli;
mod cli_agreed;
mod cli_check;
mod cli_policy;
mod cli_tenant;
mod cli_told;
mod demo_app;
mod demo_door;
mod demo_mailbox;
mod demo_seed;
mod deploy;
mod dossier;
mod enforced;
mod feeds;
mod forgotten;
mod gate_banner;
mod gate_slow;
mod gate_stages;
mod hooks;
mod journal;
mod ledger;
mod merged;
mod notices_held;
mod notify_digest;
mod notify_road;
mod notify_scheduler;
mod notify_smtp;
mod observed;
mod opening;
mod payers;
mod proxy_framing;
mod proxy_headers;
mod proxy_retry;
mod proxy_streams;
mod silence;
mod stripe;
mod support;
mod ways;
mod world;
