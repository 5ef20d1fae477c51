//! Money: whole minor units of one currency.
//!
//! Rule: amounts of different currencies are never added; there is no function that could.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Of a code that was a currency when it was written.
    #[must_use]
    pub const fn of_code(code: [u8; 3]) -> Self {
        Self(code)
    }

    /// The code, such as `EUR`.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimal places the minor unit stands for: 2 for EUR, 0 for JPY.
    #[must_use]
    pub fn exponent(&self) -> u32 {
        iso_currency::Currency::from_code(self.code())
            .and_then(iso_currency::Currency::exponent)
            .map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = iso_currency::Currency::from_code(text).is_some();
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if known => Ok(Self(code)),
            _ => Err(format!("not an ISO 4217 currency such as EUR: {text:?}")),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(self.code())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
        } else {
            <[u8; 3]>::deserialize(deserializer).map(Self)
        }
    }
}

/// The largest amount taken, in minor units: beyond it sums could overflow.
pub const MINOR_MAX: i64 = 1_000_000_000_000_000;

/// An amount: `{"minor": 100000, "currency": "EUR"}` is EUR 1000.00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units (cents). Never negative in what comes from outside.
    pub minor: i64,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// Whether it may come from outside: zero to [`MINOR_MAX`].
    #[must_use]
    pub const fn is_sane(&self) -> bool {
        self.minor >= 0 && self.minor <= MINOR_MAX
    }
}

impl fmt::Display for Money {
    /// `EUR 1240.00`: digits without grouping, for logs and explanations.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let unit = 10_u64.pow(exponent);
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(f, "{} {sign}{}", self.currency, minor / unit)?;
        if exponent > 0 {
            write!(f, ".{:0width$}", minor % unit, width = exponent as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: currency.parse().unwrap() }
    }

    #[test]
    fn printed_with_the_places_of_the_currency() {
        assert_eq!(money(124_000, "EUR").to_string(), "EUR 1240.00");
        assert_eq!(money(5, "USD").to_string(), "USD 0.05");
        assert_eq!(money(1240, "JPY").to_string(), "JPY 1240");
        assert!("EURO".parse::<Currency>().is_err());
        assert!("eur".parse::<Currency>().is_err());
    }
}
