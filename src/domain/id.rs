//! Names of things: those that came from outside, and those derived by ambergate.
//!
//! Rules:
//! 1. A name from outside is kept as it came: one to [`NAME_BYTES_MAX`] bytes, no control characters, no
//!    space at its edges.
//! 2. A name of ambergate's own is derived from what it is about (SHA-256, its first 16 bytes),
//!    never from chance or a clock: the same thing has the same name in every replica and after
//!    every rebuild (SPEC 3, 5).

mod derivation;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

pub use derivation::Derivation;

/// The longest name from outside, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name of 1 to {NAME_BYTES_MAX} bytes without control characters, and no space at its edges"
)]
pub struct NotAName;

fn check_name(text: &str) -> Result<(), NotAName> {
    // Without a way out in between: nearly every name is looked at to its end.
    let plain = text.bytes().fold(true, |plain, byte| plain & byte.is_ascii_graphic());
    if plain && (1..=NAME_BYTES_MAX).contains(&text.len()) {
        return Ok(());
    }
    // A header loses what stands at its edges: two names must not become one on their way.
    let fits = !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.trim() == text;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(NotAName) }
}

/// Reads a name, copied once; most are so short that nothing is allocated for them.
struct Name;

impl serde::de::Visitor<'_> for Name {
    type Value = SmolStr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&NotAName, f)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<SmolStr, E> {
        check_name(text).map_err(E::custom)?;
        Ok(SmolStr::new(text))
    }
}

/// A name that was taken before: it is not looked at again.
pub(crate) trait Known {
    /// Of that text.
    fn known(text: &str) -> Self;
}

macro_rules! outside_name {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl Known for $name {
            #[inline]
            fn known(text: &str) -> Self {
                Self(SmolStr::new(text))
            }
        }

        impl $name {
            /// The name as it came.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAName;

            fn from_str(text: &str) -> Result<Self, NotAName> {
                check_name(text)?;
                Ok(Self(SmolStr::new(text)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.0.as_str(), f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Name).map(Self)
            }
        }
    )* };
}

outside_name! {
    /// One customer of the SaaS.
    TenantId;
    /// Where a record came from: a billing system, a gate, ambergate itself.
    Source;
    /// The id of a record, unique within its source.
    RecordId;
    /// An invoice, named by its billing system (`stripe:in_1`).
    InvoiceId;
    /// A payment, named by its billing system.
    PaymentId;
    /// An arrangement, named by whoever made it.
    ArrangementId;
    /// A part of the app that invoices can close by itself; `*` is the whole app.
    Scope;
    /// The name of a policy.
    PolicyName;
    /// The name of a calendar.
    CalendarName;
}

impl Scope {
    /// The whole app.
    #[must_use]
    pub const fn whole() -> Self {
        Self(SmolStr::new_static("*"))
    }

    /// Whether this is the whole app.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0 == "*"
    }

    /// Whether what closes this closes `other`, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self == other || self.is_whole()
    }

    /// What of this is in `other`, too. `None`: they have nothing in common.
    #[must_use]
    pub fn within<'a>(&'a self, other: &'a Self) -> Option<&'a Self> {
        if self.covers(other) { Some(other) } else { other.covers(self).then_some(self) }
    }
}

impl RecordId {
    /// The id of a record of ambergate's own: `receipt-0123…`.
    #[must_use]
    pub fn derived(kind: &'static str, id: Derived) -> Self {
        Self(smol_str::format_smolstr!("{kind}-{id}"))
    }
}

impl Source {
    /// The source of ambergate's own records.
    pub const OWN: &'static str = "ambergate";

    /// The source of ambergate's own records.
    #[must_use]
    pub const fn own() -> Self {
        Self(SmolStr::new_static(Self::OWN))
    }
}

/// Sixteen bytes derived from what a thing is about; 32 hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Derived([u8; 16]);

/// As their bytes, compared at once.
impl Ord for Derived {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for Derived {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Derived {
    /// The sixteen bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From sixteen bytes that were derived before.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The name of an invoice that stands for it: `payer:0123…`.
    #[must_use]
    pub fn named(self, system: &'static str) -> InvoiceId {
        InvoiceId(format!("{system}:{self}").into())
    }
}

impl fmt::Display for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a derived id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of 32 hexadecimal digits")]
pub struct NotDerived;

impl FromStr for Derived {
    type Err = NotDerived;

    fn from_str(text: &str) -> Result<Self, NotDerived> {
        let text = text.as_bytes();
        if text.len() != 32 {
            return Err(NotDerived);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |c: u8| char::from(c).to_digit(16).ok_or(NotDerived);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).map_err(|_| NotDerived)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Derived {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

/// Reads sixteen bytes at once.
struct Sixteen;

impl serde::de::Visitor<'_> for Sixteen {
    type Value = Derived;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sixteen bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Derived, E> {
        bytes.try_into().map(Derived).map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

impl<'de> Deserialize<'de> for Derived {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            deserializer.deserialize_bytes(Sixteen)
        }
    }
}

impl From<Derived> for InvoiceId {
    fn from(derived: Derived) -> Self {
        Self(derived.to_string().into())
    }
}

impl From<Derived> for ArrangementId {
    fn from(derived: Derived) -> Self {
        Self(derived.to_string().into())
    }
}

macro_rules! derived_id {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Derived);

        impl From<Derived> for $name {
            fn from(derived: Derived) -> Self {
                Self(derived)
            }
        }

        impl From<$name> for Derived {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotDerived;

            fn from_str(text: &str) -> Result<Self, NotDerived> {
                text.parse().map(Self)
            }
        }
    )* };
}

derived_id! {
    /// One invoice's climb: H(tenant, invoice, id of the record that began it).
    CaseId;
    /// A stretch of a case without a new agreement: H(case, holds begun, migrations).
    LegId;
    /// A notice: H(tenant, leg, rung, step, n).
    NoticeId;
    /// One envelope to one recipient: H(tenant, local date, channel, recipient, n).
    MessageId;
    /// Work for a person: H(tenant, leg, rung, kind, n).
    TaskId;
    /// The entry of a rung: H(leg, rung, n).
    EntryId;
    /// The announcement of a late fee: H(case, n).
    FeeId;
    /// What one hook is told of one event: H(tenant, decision, hook).
    CallId;
    /// The text of a policy version.
    PolicyHash;
    /// All records of an account.
    Digest;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let one: Derived = Derivation::of("x").text("ab").text("c").finish();
        let other: Derived = Derivation::of("x").text("a").text("bc").finish();
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
    }

    #[test]
    fn names_are_checked() {
        assert!("acme".parse::<TenantId>().is_ok());
        assert!("".parse::<TenantId>().is_err());
        assert!("a\nb".parse::<TenantId>().is_err());
        assert!(" acme".parse::<TenantId>().is_err());
        assert!("acme ".parse::<TenantId>().is_err());
        assert!("two words".parse::<TenantId>().is_ok());
        assert!("a".repeat(NAME_BYTES_MAX + 1).parse::<TenantId>().is_err());
    }
}
