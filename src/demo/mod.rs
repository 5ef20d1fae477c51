//! What `ambergate demo` adds to the program: a small app to protect, a mailbox that catches the
//! mail, a movable clock, and tenants in every stage (SPEC 10). Wired by `app` alone.
//!
//! Rules:
//! 1. Mail goes the whole way, over SMTP; stages are entered lawfully, by events and time.
//! 2. Nothing here is reached without the demo's token, but the sample app, which is the app.

use std::future::Future;
use std::pin::Pin;

pub mod clock;
pub mod door;
pub mod mailbox;
pub mod mime;
pub mod sample_app;
pub mod seed;
pub mod smtp;
pub mod till;
mod websocket;

/// A future whose type is nobody's business.
pub type BoxedFuture = Pin<Box<dyn Future<Output = ()> + Send>>;
