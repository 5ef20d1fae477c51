//! Tokens: JSON Web Tokens in their compact form, judged by one key.
//!
//! Rules:
//! 1. The key fixes the algorithm; a token that says another one is bad. `jku`, `jwk`, `x5u` and
//!    the like never name a key, and `crit` is refused (RFC 8725).
//! 2. A key that is too weak is refused when it is loaded.
//! 3. `exp` is a number and not past; `nbf`, if there, is a number and not ahead; `iss` and `aud`
//!    are as configured. All by real time.
//! 4. No error says anything of a token or a key.

use std::fmt;

use aws_lc_rs::{rsa, signature};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, crypto};
use serde_json::Value;

use super::claims::Claims;
use super::settings::Jwt;
use crate::domain::time::Instant;

/// The longest token taken, in bytes; looked at before anything is decoded.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The shortest secret taken, in bytes: as long as the hash (RFC 7518 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// The shortest RSA key taken, in bits.
pub const RSA_BITS_MIN: usize = 2048;

/// What a signature is checked with.
#[derive(Clone)]
pub struct Key {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?})", self.algorithm)
    }
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Anybody could guess it.
    #[error("the secret has {0} bytes; HS256 needs at least {SECRET_BYTES_MIN}")]
    ShortSecret(usize),
    /// It is a PEM where a secret should be.
    #[error("the secret is a PEM key; give it as `pem`, not as `secret`")]
    PemAsSecret,
    /// Private keys have no business here.
    #[error("the PEM holds a private key; give the public one")]
    Private,
    /// Anybody could break it.
    #[error("the RSA key has {0} bits; at least {RSA_BITS_MIN} are needed")]
    WeakRsa(usize),
    /// It is nothing that can be used.
    #[error("the PEM holds no RSA key and no elliptic-curve key on P-256")]
    NotAKey,
}

impl Key {
    /// A shared secret, for HS256.
    ///
    /// # Errors
    /// If it is too short, or a PEM key by mistake.
    pub fn secret(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.starts_with(b"-----BEGIN") {
            return Err(KeyError::PemAsSecret);
        }
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        Ok(Self::secret_of_any_length(secret))
    }

    /// A shared secret that may be short, for HS256: only where it guards nothing.
    #[must_use]
    pub fn secret_of_any_length(secret: &[u8]) -> Self {
        Self { algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) }
    }

    /// A public key in PEM: RSA for RS256, elliptic curve P-256 for ES256.
    ///
    /// # Errors
    /// If it is private, too weak, or neither of the two.
    pub fn pem(pem: &str) -> Result<Self, KeyError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(KeyError::Private);
        }
        if let Ok(key) = DecodingKey::from_rsa_pem(pem.as_bytes()) {
            let DecodingKeyKind::SecretOrDer(der) = key.kind() else {
                return Err(KeyError::NotAKey);
            };
            let public = rsa::PublicKey::from_der(der).map_err(|_| KeyError::NotAKey)?;
            let bits = public.modulus_len() * 8;
            if bits < RSA_BITS_MIN {
                return Err(KeyError::WeakRsa(bits));
            }
            return Ok(Self { algorithm: Algorithm::RS256, key });
        }
        let key = DecodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| KeyError::NotAKey)?;
        let DecodingKeyKind::SecretOrDer(point) = key.kind() else { return Err(KeyError::NotAKey) };
        signature::ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
            .map_err(|_| KeyError::NotAKey)?;
        Ok(Self { algorithm: Algorithm::ES256, key })
    }

    /// What it is used for: `HS256`, `RS256` or `ES256`.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self.algorithm {
            Algorithm::HS256 => "HS256",
            Algorithm::ES256 => "ES256",
            _ => "RS256",
        }
    }
}

/// A token that is not taken. Says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadToken;

/// A token that was taken.
#[derive(Debug)]
pub struct Verified {
    /// All its claims.
    pub claims: Claims,
    /// When it ends, the leeway not counted.
    pub expires: Instant,
}

/// Judges `token` by one issuer's rules at `now` (real time).
///
/// # Errors
/// If it is not a token of this issuer that is valid now.
pub fn verify(token: &str, jwt: &Jwt, now: Instant) -> Result<Verified, BadToken> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(BadToken);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(BadToken)?;
    let (header, claims) = message.split_once('.').ok_or(BadToken)?;
    check_header(&part(header)?, jwt)?;
    match crypto::verify(signature, message.as_bytes(), &jwt.key.key, jwt.key.algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(BadToken),
    }
    let claims = part(claims)?;
    let expires = check_claims(&claims, jwt, now)?;
    Ok(Verified { claims, expires })
}

fn part(text: &str) -> Result<Claims, BadToken> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadToken)?;
    Claims::parse(&bytes).ok_or(BadToken)
}

fn check_header(header: &Claims, jwt: &Jwt) -> Result<(), BadToken> {
    if header.text("alg") != Some(jwt.key.algorithm()) || header.at("crit").is_some() {
        return Err(BadToken);
    }
    match (&jwt.kid, header.at("kid")) {
        (Some(kid), Some(Value::String(said))) if kid == said => Ok(()),
        (None, _) => Ok(()),
        (Some(_), _) => Err(BadToken),
    }
}

fn check_claims(claims: &Claims, jwt: &Jwt, now: Instant) -> Result<Instant, BadToken> {
    let leeway = i64::try_from(jwt.leeway.min(super::settings::LEEWAY_SECONDS_MAX)).unwrap_or(0);
    let now = now.millis().div_euclid(1_000);
    let expires = claims.at("exp").and_then(seconds).ok_or(BadToken)?;
    if expires.saturating_add(leeway) <= now {
        return Err(BadToken);
    }
    if let Some(not_before) = claims.at("nbf") {
        let not_before = seconds(not_before).ok_or(BadToken)?;
        if not_before > now.saturating_add(leeway) {
            return Err(BadToken);
        }
    }
    if jwt.issuer.is_some() && claims.text("iss") != jwt.issuer.as_deref() {
        return Err(BadToken);
    }
    let meant = |audience: &str| jwt.audience.iter().any(|known| known == audience);
    if !jwt.audience.is_empty() && !claims.texts("aud").any(meant) {
        return Err(BadToken);
    }
    Ok(Instant::from_seconds(expires))
}

/// A NumericDate: a JSON number, whole or not.
fn seconds(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.is_finite())?;
        // Saturates; what is cut off is below a second.
        #[allow(clippy::cast_possible_truncation)]
        Some(float as i64)
    })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
