//! Names of things: those that came from outside, and those derived by ambergate.
//!
//! Rules:
//! 1. A name from outside is kept as it came: one to [`NAME_BYTES_MAX`] bytes, no control characters, no
//!    space at its edges.
//! 2. A name of ambergate's own is derived from what it is about (SHA-256, its first 16 bytes),
//!    never from chance or a clock: the same thing has the same name in every replica and after
//!    every rebuild (SPEC 3, 5).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The longest name from outside, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name of 1 to {NAME_BYTES_MAX} bytes without control characters, and no space at its edges"
)]
pub struct NotAName;

fn check_name(text: &str) -> Result<(), NotAName> {
    if (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    // A header loses what stands at its edges: two names must not become one on their way.
    let fits = !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.trim() == text;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(NotAName) }
}

/// Reads a name, copied once.
struct Name;

impl serde::de::Visitor<'_> for Name {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&NotAName, f)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Arc<str>, E> {
        check_name(text).map_err(E::custom)?;
        Ok(text.into())
    }
}

macro_rules! outside_name {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

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
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
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
    pub fn whole() -> Self {
        Self(Arc::from("*"))
    }

    /// Whether this is the whole app.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        &*self.0 == "*"
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
        Self(format!("{kind}-{id}").into())
    }
}

impl Source {
    /// The source of ambergate's own records.
    pub const OWN: &'static str = "ambergate";

    /// The source of ambergate's own records.
    #[must_use]
    pub fn own() -> Self {
        Self(Arc::from(Self::OWN))
    }
}

/// Sixteen bytes derived from what a thing is about; 32 hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Derived([u8; 16]);

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
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Derived {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

/// Builds a [`Derived`] id from parts, each kept apart from the next by its length.
pub struct Derivation(Sha256);

impl Derivation {
    /// Of a kind of thing: ids of different kinds never meet.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        Self(Sha256::new()).text(kind)
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, part: &str) -> Self {
        self.raw(part.as_bytes())
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, part: i64) -> Self {
        self.raw(&part.to_be_bytes())
    }

    /// Adds another derived id.
    #[must_use]
    pub fn id(self, part: impl Into<Derived>) -> Self {
        self.raw(&part.into().0)
    }

    /// Adds bytes.
    #[must_use]
    pub fn raw(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    /// The id.
    #[must_use]
    pub fn finish<T: From<Derived>>(self) -> T {
        let full = self.0.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&full[..16]);
        T::from(Derived(bytes))
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
