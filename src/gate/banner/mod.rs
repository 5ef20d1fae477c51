//! Banners: words put into the app's own pages, streaming.
//!
//! Rules:
//! 1. [`fits`] says which answers are pages that may get one; all others pass untouched.
//! 2. [`markup`] writes it: plain, ASCII, no script, no style of its own.
//! 3. [`insert`] puts it right after the first explicit `<body>`, or not at all, and passes the
//!    rest on as it comes.
//! 4. A page's policy (CSP) is never weakened.

pub mod fits;
pub mod insert;
pub mod markup;
