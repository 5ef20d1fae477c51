//! Links that work without a token: what they are for is in them, and signed.
//!
//! Rules:
//! 1. The signature is HMAC-SHA256 over what the link is for and each of its parts with its length:
//!    no two lists of parts sign alike. It is compared in constant time.
//! 2. A link says whom and what it is about, to whom it was given and until when it works, and
//!    carries no other secret; what it may still do is judged when it is used.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::Secret;
use crate::domain::id::{NoticeId, TenantId};
use crate::domain::time::Instant;

/// The longest link that is looked at.
const BYTES_MAX: usize = 2_048;
/// What links that hold a cutoff are signed for.
const HOLD: &str = "hold";

/// What a link that holds a cutoff says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose cutoff.
    pub tenant: TenantId,
    /// Which warning named it.
    pub notice: NoticeId,
    /// To whom the link was given.
    pub by: String,
    /// Until when it works.
    pub expires: Instant,
}

/// A link that holds a cutoff.
#[must_use]
pub fn hold(secret: &Secret, said: &Hold) -> String {
    let (notice, expires) = (said.notice.to_string(), said.expires.millis().to_string());
    sign(secret, HOLD, &[said.tenant.as_str(), &notice, &said.by, &expires])
}

/// What such a link says. `None`: it was not signed here.
#[must_use]
pub fn read_hold(secret: &Secret, link: &str) -> Option<Hold> {
    let parts = read(secret, HOLD, link)?;
    let [tenant, notice, by, expires] = parts.as_slice() else { return None };
    Some(Hold {
        tenant: tenant.parse().ok()?,
        notice: notice.parse().ok()?,
        by: by.clone(),
        expires: Instant::from_millis(expires.parse().ok()?),
    })
}

/// The parts of a link for `purpose`, signed.
fn sign(secret: &Secret, purpose: &str, parts: &[&str]) -> String {
    let mut words: Vec<String> = parts.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect();
    words.push(URL_SAFE_NO_PAD.encode(hmac::sign(&key(secret), &said(purpose, parts))));
    words.join(".")
}

/// The parts of a link that was signed here for `purpose`. `None`: it was not.
fn read(secret: &Secret, purpose: &str, link: &str) -> Option<Vec<String>> {
    if link.len() > BYTES_MAX {
        return None;
    }
    let decoded = |word| URL_SAFE_NO_PAD.decode(word).ok();
    let mut words: Vec<Vec<u8>> = link.split('.').map(decoded).collect::<Option<_>>()?;
    let signature = words.pop()?;
    let parts: Vec<String> =
        words.into_iter().map(|part| String::from_utf8(part).ok()).collect::<Option<_>>()?;
    let parts_said: Vec<&str> = parts.iter().map(String::as_str).collect();
    hmac::verify(&key(secret), &said(purpose, &parts_said), &signature).ok()?;
    Some(parts)
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

fn said(purpose: &str, parts: &[&str]) -> Vec<u8> {
    let mut said = format!("ambergate {purpose}\n").into_bytes();
    for part in parts {
        said.extend((part.len() as u64).to_be_bytes());
        said.extend(part.as_bytes());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_for_that_purpose_is_read() {
        let (secret, other) = (Secret::new("one"), Secret::new("two"));
        let link = sign(&secret, "hold", &["acme", "n1"]);
        assert_eq!(read(&secret, "hold", &link), Some(vec!["acme".to_owned(), "n1".to_owned()]));
        assert_eq!(read(&other, "hold", &link), None);
        assert_eq!(read(&secret, "open", &link), None);
        let (parts, signature) = link.rsplit_once('.').unwrap();
        let moved = sign(&secret, "hold", &["acmen", "1"]);
        let (moved, _) = moved.rsplit_once('.').unwrap();
        for bad in [
            String::new(),
            ".".to_owned(),
            parts.to_owned(),
            format!("{moved}.{signature}"),
            format!("{link}."),
            format!("{parts}.{}", "A".repeat(2_048)),
        ] {
            assert_eq!(read(&secret, "hold", &bad), None, "{bad}");
        }
    }

    #[test]
    fn a_link_that_holds_is_read_as_it_was_made() {
        let hold_it = Hold {
            tenant: "acme".parse().unwrap(),
            notice: "00112233445566778899aabbccddeeff".parse().unwrap(),
            by: "ops@example.com".to_owned(),
            expires: "2026-03-30T22:00:00Z".parse().unwrap(),
        };
        let secret = Secret::new("one");
        assert_eq!(read_hold(&secret, &hold(&secret, &hold_it)), Some(hold_it));
        assert_eq!(read_hold(&secret, &sign(&secret, HOLD, &["acme"])), None);
    }
}
