//! Proof that a webhook comes from whom it says (BILLING-SYSTEMS, THREATS 3.6).
//!
//! Rules:
//! 1. Signed is the body as it came, byte by byte.
//! 2. Any of several signatures under any of several secrets is good: secrets are replaced while
//!    both are in use. All comparisons are in constant time.
//! 3. The time it was signed at is within the tolerance, both ways; the caller tells the time.

use aws_lc_rs::hmac;

use crate::config::Secret;
use crate::domain::time::{Instant, SECOND};

/// How far the signed time may be away.
pub const TOLERANCE: i64 = 300 * SECOND;

/// How many signatures of one header are looked at.
const SIGNATURES_MAX: usize = 16;

/// Why a signature was not believed. Says nothing of secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// There is no header, or it cannot be read.
    #[error("the signature header is missing, or not of the form t=…,v1=…")]
    Unreadable,
    /// It was signed too long ago, or in the future.
    #[error("the signature is of another time: more than five minutes away")]
    OtherTime,
    /// No signature is right under any secret.
    #[error("no signature fits these bytes under any of the secrets")]
    Wrong,
}

/// Checks `Stripe-Signature`: `t=<unix>,v1=<hex>[,v1=<hex>]`, HMAC-SHA256 over `t.body`.
///
/// # Errors
///
/// See [`Unproved`].
pub fn stripe(header: &str, body: &[u8], secrets: &[Secret], now: Instant) -> Result<(), Unproved> {
    let mut times = Vec::new();
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", time)) => times.push(time),
            // Too many are not looked at: each costs a computation.
            Some(("v1", signature)) if signatures.len() < SIGNATURES_MAX => {
                signatures.extend(bytes_of(signature));
            }
            _ => {}
        }
    }
    let [time] = times[..] else { return Err(Unproved::Unreadable) };
    let digits = !time.is_empty() && time.bytes().all(|it| it.is_ascii_digit());
    let seconds = time.parse::<i64>().ok().filter(|_| digits).ok_or(Unproved::Unreadable)?;
    if signatures.is_empty() {
        return Err(Unproved::Unreadable);
    }
    let signed_at = seconds.saturating_mul(SECOND);
    if signed_at.abs_diff(now.millis()) > TOLERANCE.unsigned_abs() {
        return Err(Unproved::OtherTime);
    }
    let mut signed = time.as_bytes().to_vec();
    signed.push(b'.');
    signed.extend_from_slice(body);
    let mut good = false;
    for secret in secrets {
        // An empty secret proves nothing.
        if secret.expose().is_empty() {
            continue;
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        for signature in &signatures {
            good |= hmac::verify(&key, &signed, signature).is_ok();
        }
    }
    if good { Ok(()) } else { Err(Unproved::Wrong) }
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 {
        return None;
    }
    let digit = |c: u8| char::from(c).to_digit(16);
    let pairs = hex.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id": "evt_1"}"#;
    const NOW: i64 = 1_772_438_400;

    fn secrets(names: &[&str]) -> Vec<Secret> {
        names.iter().map(|name| Secret::new(*name)).collect()
    }

    fn sign(secret: &str, time: i64, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = [time.to_string().as_bytes(), b".", body].concat();
        let tag = hmac::sign(&key, &signed);
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_table_of_cases() {
        let good = sign("whsec_a", NOW, BODY);
        let other = sign("whsec_b", NOW, BODY);
        let at = |time: i64| format!("t={time},v1={}", sign("whsec_a", time, BODY));
        let zeros = "0".repeat(64);
        let both = ["whsec_a", "whsec_b"];
        let one = ["whsec_a"];
        type Case<'a> = (&'a str, String, &'a [&'a str], Result<(), Unproved>);
        let cases: Vec<Case<'_>> = vec![
            ("good", format!("t={NOW},v1={good}"), &one, Ok(())),
            ("capital digits", format!("t={NOW},v1={}", good.to_uppercase()), &one, Ok(())),
            ("spaces", format!("t={NOW}, v1={good}"), &one, Ok(())),
            ("second signature", format!("t={NOW},v1={zeros},v1={good}"), &one, Ok(())),
            ("other schemes", format!("t={NOW},v0={zeros},v1={good}"), &one, Ok(())),
            ("second secret", format!("t={NOW},v1={other}"), &both, Ok(())),
            ("both", format!("t={NOW},v1={other},v1={good}"), &both, Ok(())),
            ("other secret", format!("t={NOW},v1={other}"), &one, Err(Unproved::Wrong)),
            ("no secret", format!("t={NOW},v1={good}"), &[], Err(Unproved::Wrong)),
            (
                "empty secret",
                format!("t={NOW},v1={}", sign("", NOW, BODY)),
                &[""],
                Err(Unproved::Wrong),
            ),
            ("other time signed", format!("t={},v1={good}", NOW + 1), &one, Err(Unproved::Wrong)),
            ("just old enough", at(NOW - 300), &one, Ok(())),
            ("too old", at(NOW - 301), &one, Err(Unproved::OtherTime)),
            ("just not in the future", at(NOW + 300), &one, Ok(())),
            ("from the future", at(NOW + 301), &one, Err(Unproved::OtherTime)),
            ("before all time", at(-NOW), &one, Err(Unproved::Unreadable)),
            ("far future", format!("t={},v1={good}", i64::MAX), &one, Err(Unproved::OtherTime)),
            ("no number", format!("t=x,v1={good}"), &one, Err(Unproved::Unreadable)),
            ("plus", format!("t=+{NOW},v1={good}"), &one, Err(Unproved::Unreadable)),
            ("two times", format!("t={NOW},t={NOW},v1={good}"), &one, Err(Unproved::Unreadable)),
            ("no time", format!("v1={good}"), &one, Err(Unproved::Unreadable)),
            ("only v0", format!("t={NOW},v0={good}"), &one, Err(Unproved::Unreadable)),
            ("short", format!("t={NOW},v1={}", &good[..62]), &one, Err(Unproved::Unreadable)),
            ("not hex", format!("t={NOW},v1={}", "z".repeat(64)), &one, Err(Unproved::Unreadable)),
            ("empty", String::new(), &one, Err(Unproved::Unreadable)),
        ];
        let now = Instant::from_seconds(NOW);
        for (name, header, names, right) in cases {
            assert_eq!(stripe(&header, BODY, &secrets(names), now), right, "{name}");
        }
        let header = format!("t={NOW},v1={good}");
        let reserialized = br#"{"id":"evt_1"}"#;
        let found = stripe(&header, reserialized, &secrets(&one), now);
        assert_eq!(found, Err(Unproved::Wrong));
    }
}
