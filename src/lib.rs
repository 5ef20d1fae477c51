//! ambergate: access gating for SaaS, where no cutoff comes without a warning that was delivered.
//!
//! This page is the architecture. It says how a request and an event go through, which floor may
//! touch what, and what is absent.
//!
//! # The floors
//!
//! Arrows go down only; `tests/tidy` reads the imports and holds them.
//!
//! ```text
//! main ─▶ app                                   wiring: builds the parts, opens the doors
//! doors   proxy  ingest  notify  admin  cli     where the world comes in, or is written to
//! heart   gate  ledger                          one place answers, one place writes accounts
//! ground  store  net  config  telemetry  clock  touches the world, knows no policy
//! law     domain                                what is true: pure, no I/O, no clock, no async
//! ```
//!
//! A door never knows another door; the command line is handed what it starts. The data plane
//! (`proxy`, `gate`) and the control plane (`ingest`, `ledger`, `notify`, `admin`) meet only in
//! the store and in the law. `demo` is part of the wiring.
//!
//! # The road of a request
//!
//! [`proxy`] takes a connection and hands it to the least loaded worker, a thread with a runtime of
//! its own. A head that is not HTTP as it must be is answered there. [`gate::Gate::judge`] then
//! asks: *who* is it (`identify`: a token, verified once and remembered), *what* is asked
//! (`classify`: the path as the app would read it, the strictest of all methods it names), *where*
//! does the tenant stand (`lookup`: this process's cache, kept right by the store's sequences and
//! beats), and [`domain::decide`] gives the verdict: pass, pass with a banner, refuse. What passes
//! is forwarded with framing of our own and streamed both ways; what is refused is answered in
//! words. A banner is put into a page as it streams by; that a signed-in person was shown it is
//! left in the store's inbox as a receipt.
//!
//! # The road of an event
//!
//! [`ingest`] proves who speaks, translates to [`domain::record`]s, and hands them to
//! [`ledger`]: journal, load, [`domain::view`], [`domain::plan`] (what falls, falls in the same
//! commit), commit, and only then 2xx. Time does the rest: [`notify`]'s scheduler asks the store
//! what is due, has the ledger take the decisions (`notice.made`, `rung.entered`, …), and for each
//! message due commits `message.tried` on the account as just read again before it hands the mail
//! over. What comes of it is a receipt: a fact again. The operator's own systems are told by
//! [`notify::hooks`]: which of them, and when, is a function of the account as well.
//!
//! # What holds it together
//!
//! - An account is a function of the *set* of its records, facts and decisions alike. Any number of
//!   journals in any order make the same account; ids of our own things are derived.
//! - A cutoff is a recorded decision, taken at its time, that names the delivered warning which
//!   covers it. Gates make nothing harder by themselves.
//! - One commit compares the store's incarnation and the account's digest and writes everything or
//!   nothing ([`store`]). A store that lost something is *recovering* until every journal is back:
//!   nothing is decided, nobody is written to, gates keep what they know.
//!
//! # What is absent
//!
//! There is no timer per tenant, no queue of mails, no leader, no lock held across a send, no state
//! in a gate but caches, and no clock read outside [`clock`]. There is no way to restrict a tenant
//! but an entry in its journal, and none to enter one without its warning.

pub mod admin;
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
