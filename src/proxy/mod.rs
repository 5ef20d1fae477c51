//! The door for the app's own traffic: a reverse proxy for HTTP/1.1.
//!
//! The way through: [`listen`] takes a connection and hands it to the least loaded [`worker`];
//! [`stack`] is the road of a request from top to bottom; [`forward`] sends it on over a
//! connection of [`upstream`] and streams both bodies; [`upgrade`] carries tunnels.
//!
//! Rules:
//! 1. Workers share nothing but the gate: sockets, pools, counters and deadlines are each
//!    worker's own. One thread and one `current_thread` runtime a worker.
//! 2. Every deadline is a number of seconds, looked at once a second by the worker: no timer is
//!    made for a request.
//! 3. What is forwarded is what was judged, with framing of our own.

pub mod answer;
pub mod body;
pub mod forward;
pub mod framing;
pub mod headers;
pub mod link;
pub mod listen;
pub mod replay;
pub mod request_id;
pub mod settings;
pub mod stack;
pub mod tunnel;
pub mod upgrade;
pub mod upload;
pub mod upstream;
pub mod worker;

pub use listen::{Server, serve};
pub use settings::{Settings, Upstream};
