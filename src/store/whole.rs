//! What a store keeps of everybody: the switch, the rules, what has no tenant, names.

use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// The switch of law 8, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Switch {
    /// Everything passes.
    pub open: bool,
    /// Raised whenever enforcing begins for more tenants.
    pub generation: u64,
    /// Whether what is entered is enforced, as the control plane was told last.
    #[serde(default)]
    pub enforced: bool,
    /// For how many, in hundredths of a percent of all tenants; none: for everybody.
    #[serde(default)]
    pub canary: Option<u32>,
    /// Why it was set.
    pub reason: Option<String>,
    /// By whom.
    pub by: Option<String>,
    /// When.
    pub at: Option<Instant>,
}

impl Switch {
    /// Whether nobody set it since `known` was read, as far as that matters.
    #[must_use]
    pub fn is_still(&self, known: &Self) -> bool {
        (self.open, self.generation, self.enforced)
            == (known.open, known.generation, known.enforced)
    }
}

/// The published text of a policy or calendar version, or of the whole set of rules.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Version {
    /// `policy` or `calendar`.
    pub kind: String,
    /// Of which policy or calendar.
    pub name: String,
    /// H(text).
    pub hash: String,
    /// The text, TOML.
    pub text: String,
    /// When it was published.
    pub at: Instant,
}

/// An event that has no tenant: kept, counted, shown, replayable.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Parked {
    /// H(source, id).
    pub id: String,
    /// The CloudEvent as it came, or the provider's own bytes if they could not be translated.
    pub event: serde_json::Value,
    /// Why it was parked.
    pub reason: String,
    /// Whether it is money.
    pub money: bool,
    /// When.
    pub at: Instant,
}

impl Version {
    /// What tells versions apart.
    #[must_use]
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.kind, &self.name, &self.hash)
    }

    /// The oldest first.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at).then_with(|| self.key().cmp(&other.key()))
    }
}

impl Parked {
    /// The oldest first.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at).then_with(|| self.id.cmp(&other.id))
    }
}

/// A billing system's name for a tenant, or for something of it: a customer, an invoice.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alias {
    /// The name, with its system: `stripe:cus_1`.
    pub name: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Since when that is known.
    pub at: Instant,
}
