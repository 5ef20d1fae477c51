//! What several modules of these tests use.

pub(crate) mod app;
pub(crate) mod command;
pub(crate) mod front;
pub(crate) mod letters;
pub(crate) mod road;
pub(crate) mod sink;
