//! What several modules of these tests use.

pub(crate) mod letters;
pub(crate) mod sink;
