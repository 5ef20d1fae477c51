//! The network below the doors.

pub mod client;
