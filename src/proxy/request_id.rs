//! Request ids: a client's own if it is sane, else a new one in the form of a UUID, version 7.

use std::cell::Cell;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id taken from a client.
const LENGTH_MAX: usize = 128;

/// Makes ids. Told apart by time, a seed of this worker and a count: they are names, not secrets.
#[derive(Debug)]
pub struct RequestIds {
    state: Cell<u64>,
}

impl RequestIds {
    /// With a seed from the system's randomness.
    #[must_use]
    pub fn new() -> Self {
        let mut seed = [0; 8];
        // Without randomness ids of two workers could meet; nothing depends on them.
        let _ = aws_lc_rs::rand::fill(&mut seed);
        Self { state: Cell::new(u64::from_be_bytes(seed)) }
    }

    /// Makes sure that a request has an id.
    pub fn give(&self, headers: &mut HeaderMap, now: Instant) {
        let mut given = headers.get_all(REQUEST_ID).iter();
        let first = given.next();
        if first.is_some_and(is_sane) && given.next().is_none() {
            return;
        }
        let text = self.make(now);
        if let Ok(id) = HeaderValue::from_bytes(&text) {
            headers.insert(REQUEST_ID, id);
        }
    }

    fn make(&self, now: Instant) -> [u8; 36] {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let high = self.next();
        let low = self.next();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&high.to_be_bytes()[..2]);
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        text
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        Self::new()
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let fits = (1..=LENGTH_MAX).contains(&id.len());
    fits && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_if_sane_and_made_otherwise() {
        let ids = RequestIds::new();
        let now = Instant::from_millis(0x0190_0000_0001);
        let give = |sent: &[&str]| {
            let mut headers = HeaderMap::new();
            for id in sent {
                headers.append(REQUEST_ID, id.parse().unwrap());
            }
            ids.give(&mut headers, now);
            assert_eq!(headers.get_all(REQUEST_ID).iter().count(), 1);
            headers[REQUEST_ID].to_str().unwrap().to_owned()
        };
        assert_eq!(give(&["abc-1.2:3"]), "abc-1.2:3");
        for bad in [&[][..], &["a b"], &[""], &["<x>"], &["a", "b"]] {
            let id = give(bad);
            assert!(id.starts_with("01900000-0001-7"), "{id}");
            assert_eq!(id.len(), 36);
        }
        assert_ne!(give(&[]), give(&[]));
    }
}
