//! Terms: trials and contracts that end (SPEC 3 `term.updated`, 4).
//!
//! Rules:
//! 1. A term climbs like an invoice, from the day on which it ends; nothing is owed on it. Its
//!    climb is the case of an invoice of its own name, so that agreements can be about it.
//! 2. It is one for each kind and part of the app; what is said later counts.
//! 3. Renewed or converted it ends nothing: all that it closed is given back.

use serde::{Deserialize, Serialize};

use super::id::{InvoiceId, Scope};
use super::time::Day;

/// How the names of terms begin, in the place of a billing system.
pub const SYSTEM: &str = "term";

/// What kind of term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermKind {
    /// The app is tried out.
    Trial,
    /// The app was bought for a time.
    Contract,
}

impl TermKind {
    /// The word used in events, APIs and templates.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Contract => "contract",
        }
    }
}

/// Where a term stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermState {
    /// It runs until `ends_on`.
    #[default]
    Active,
    /// It is over: on `ends_on`, or on the day of the event where none was said.
    Ended,
    /// It goes on: until the `ends_on` of this event, or nobody knows until when.
    Renewed,
    /// The trial became a contract: it ends nothing any more.
    Converted,
}

impl TermState {
    /// The word used in events and APIs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Ended => "ended",
            Self::Renewed => "renewed",
            Self::Converted => "converted",
        }
    }
}

/// `term.updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermUpdated {
    /// The part of the app that ends with it; absent: the whole.
    pub scope: Option<Scope>,
    /// What kind.
    pub kind: TermKind,
    /// Where it stands.
    pub state: Option<TermState>,
    /// Its last day.
    pub ends_on: Option<Day>,
    /// Until when what was saved is kept.
    pub data_until: Option<Day>,
}

impl TermUpdated {
    /// The name of the invoice whose climb is the term's: `term:trial`, `term:contract:project:x`.
    #[must_use]
    pub fn invoice(&self) -> Option<InvoiceId> {
        let kind = self.kind.word();
        let part = self.scope.as_ref().filter(|scope| !scope.is_whole());
        let name = match part {
            Some(scope) => format!("{SYSTEM}:{kind}:{scope}"),
            None => format!("{SYSTEM}:{kind}"),
        };
        name.parse().ok()
    }
}

/// A term as its newest events leave it; the day on which it ends is its invoice's due date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// What kind.
    pub kind: TermKind,
    /// Where it stands.
    pub state: TermState,
    /// Until when what was saved is kept.
    pub data_until: Option<Day>,
}

/// Whether an invoice's name is kept for terms.
#[must_use]
pub fn is_term(invoice: &InvoiceId) -> bool {
    let name = invoice.as_str();
    name == SYSTEM || name.split_once(':').is_some_and(|(system, _)| system == SYSTEM)
}
