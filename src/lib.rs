//! ambergate: access gating for SaaS.

pub mod clock;
pub mod domain;
pub mod store;
