//! What must never be printed.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What signing keys are written with.
const KEY_PREFIX: &str = "whsec_";
/// How long a signing key is, in bytes (Standard Webhooks).
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A text that neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself: for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A key that webhooks are signed with; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// The key itself: for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SigningKey {
    type Err = String;

    /// What is wrong is said without the key.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = text.strip_prefix(KEY_PREFIX).and_then(|key| STANDARD.decode(key).ok());
        let fits = key.filter(|key| KEY_BYTES.contains(&key.len()));
        let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
        fits.map(Self).ok_or_else(|| {
            format!(
                "\"whsec_\" and {least} to {most} random bytes in base64: openssl rand -base64 32"
            )
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
