//! ambergate: access gating for SaaS.

pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod notify;
pub mod store;
