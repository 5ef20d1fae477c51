//! ambergate: access gating for SaaS.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod gate;
pub mod ingest;
pub mod ledger;
pub mod net;
pub mod notify;
pub mod proxy;
pub mod store;
pub mod telemetry;
