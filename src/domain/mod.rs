//! The law: what is true. Pure: no I/O, no clock, no async, no randomness.
//!
//! The way through: records ([`record`]) are sorted and run into an [`account`]; the rules in
//! force ([`policy`], [`calendar`]) and a time give what is due; what a gate needs of it is a
//! [`grant`], and [`decide`] judges one request by it.

pub mod acceptance;
pub mod account;
pub mod arrangement;
pub mod backtest;
pub mod bearings;
pub mod calendar;
pub mod canary;
pub mod channel;
pub mod closed;
pub mod condition;
pub mod course;
pub mod decide;
pub mod decision;
pub mod digest;
pub mod dossier;
pub mod effect;
pub mod event;
pub mod exceptions;
pub mod explain;
pub mod fact;
pub mod fees;
pub mod forget;
pub mod grant;
pub mod hands;
pub mod hold;
pub mod id;
pub mod json;
pub mod language;
pub mod leg;
pub mod limits;
pub mod merged;
pub mod money;
pub mod order;
pub mod outbound;
pub mod payer;
mod places;
pub mod plain;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod proof;
pub mod publish;
pub mod record;
pub mod selection;
pub mod simulate;
mod small;
pub mod span;
pub mod stage;
pub mod stray;
pub mod task;
pub mod term;
pub mod time;
pub mod timeline;
pub mod view;
pub mod week;
pub mod when;
pub mod would;
pub mod zone;
