//! Webhooks that leave, signed as Standard Webhooks say.
//!
//! Rule: signed is `id.timestamp.body`, byte by byte, with each of the keys: while one is replaced
//! the receiver believes the old one or the new one.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::SigningKey;
use crate::domain::time::Instant;

/// The value of `webhook-timestamp`.
#[must_use]
pub fn timestamp(at: Instant) -> String {
    at.millis().div_euclid(1_000).to_string()
}

/// The value of `webhook-signature`: `v1,<base64>`, one for each key.
#[must_use]
pub fn signature(keys: &[SigningKey], id: &str, timestamp: &str, body: &[u8]) -> String {
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let one = |key: &SigningKey| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
    };
    keys.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, and a second key; both reckoned by another program.
    #[test]
    fn the_signature_of_the_specification() {
        let keys = [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ];
        let keys = keys.map(|key| key.parse().unwrap());
        let signature = signature(
            &keys,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            &timestamp(Instant::from_seconds(1_614_265_330)),
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(
            signature,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= \
             v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI="
        );
    }
}
