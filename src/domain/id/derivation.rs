//! How names of ambergate's own are derived.
//!
//! Rule: a part is kept apart from the next by its length, so other parts never make the same id.

use sha2::{Digest as _, Sha256};

use super::Derived;

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

    /// Adds names from outside as one part: what keeps them apart is in no name.
    #[must_use]
    pub fn names(mut self, names: &[&str]) -> Self {
        let length: usize = names.iter().map(|name| name.len() + 1).sum();
        self.0.update((length as u64).to_be_bytes());
        for name in names {
            self.0.update(name.as_bytes());
            self.0.update([0]);
        }
        self
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
