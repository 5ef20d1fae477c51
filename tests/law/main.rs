//! The law, told as stories and held as properties.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::disallowed_methods)]

mod agreements;
mod around;
mod asked;
mod by_hand;
mod calls;
mod differential;
mod digest;
mod eased;
mod edited;
mod exceptions;
mod forgotten;
mod history;
mod hooks;
mod laws;
mod mail;
mod merged;
mod model;
mod moves;
mod needed;
mod oracle;
mod orders;
mod payers;
mod payers_random;
mod quick;
mod running;
mod selected;
mod simulate;
mod slow;
mod stories;
mod terms;
mod told;
mod watch;
mod without;
mod world;
mod would;
mod zones;
