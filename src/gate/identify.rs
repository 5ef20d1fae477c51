//! Who is asking.
//!
//! Rules:
//! 1. Every configured place that is present is read. Two that name different tenants, and a place
//!    that is there twice, are the client's fault: 400.
//!    A place is read in every spelling that some app takes for it: a request that the app knows
//!    and the gate does not would pass as nobody's.
//! 2. A bad token never names a tenant; it is 401 or counts as nobody, as configured.
//! 3. A verified token is remembered by the SHA-256 of its bytes and the issuer's index, until it
//!    ends, but for a minute at most; tokens are judged by real time.

use std::sync::Arc;

use aws_lc_rs::digest;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use quick_cache::sync::Cache;

use super::bounded;
use super::classify::plain;
use super::counters::Counters;
use super::settings::{BadToken, Jwt, Place, Rules};
use super::token;
use crate::domain::canary;
use crate::domain::id::{Derivation, Derived, TenantId};
use crate::domain::stage::Roles;
use crate::domain::time::Instant;
use crate::store::shard_of;

/// For so long a verified token is believed without looking again, in milliseconds.
const REMEMBERED_MILLIS: i64 = 60_000;

/// A signed-in person of a tenant.
#[derive(Debug)]
pub struct Identity {
    /// Whose person.
    pub tenant: TenantId,
    /// The tenant's shard.
    pub shard: u16,
    /// The tenant's place among all, for the canary.
    pub place: u16,
    /// The tenant's name as it is told to the app.
    pub header: HeaderValue,
    /// What the person is.
    pub roles: Roles,
    /// Whether it is one of the operator's own people.
    pub staff: bool,
    /// The person, pseudonymous: H(tenant, `sub`). `None`: the token names none.
    pub person: Option<Derived>,
    /// Until then it is believed.
    until: Instant,
}

/// Why nobody could be made out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotIdentified {
    /// The request contradicts itself.
    Contradiction(&'static str),
    /// The token is bad, and that is not let pass.
    BadToken,
}

type TokenKey = ([u8; 32], u16);

/// Reads all configured sources.
#[derive(Debug)]
pub struct Identify {
    sources: Vec<Jwt>,
    /// Each place once, with the indices of the sources that read it.
    places: Vec<(Place, Vec<u16>)>,
    rules: Rules,
    verified: Cache<TokenKey, Arc<Identity>>,
}

impl Identify {
    /// Sources as configured; at most `tokens_max` verified tokens are remembered.
    #[must_use]
    pub fn new(sources: Vec<Jwt>, rules: Rules, tokens_max: usize) -> Self {
        let mut places: Vec<(Place, Vec<u16>)> = Vec::new();
        for (index, source) in (0_u16..).zip(&sources) {
            for place in &source.places {
                match places.iter_mut().find(|(known, _)| known == place) {
                    Some((_, readers)) => readers.push(index),
                    None => places.push((place.clone(), vec![index])),
                }
            }
        }
        Self { sources, places, rules, verified: bounded::cache(tokens_max) }
    }

    /// Who asks with these headers at `now` (real time). `None`: nobody in particular.
    ///
    /// # Errors
    /// If the request contradicts itself, or its token is bad and that is not let pass.
    pub fn identify(
        &self,
        headers: &HeaderMap,
        now: Instant,
        counters: &Counters,
    ) -> Result<Option<Arc<Identity>>, NotIdentified> {
        let mut found: Option<Arc<Identity>> = None;
        for (place, readers) in &self.places {
            let Some(token) = read(place, headers)? else { continue };
            let Some(identity) = self.judge(token, readers, now, counters) else {
                counters.bad_token.one();
                match self.rules.bad_token {
                    BadToken::Refuse => return Err(NotIdentified::BadToken),
                    BadToken::Pass => continue,
                }
            };
            match &found {
                Some(known) if known.tenant != identity.tenant => {
                    return Err(NotIdentified::Contradiction(
                        "the request is signed in for two different tenants",
                    ));
                }
                Some(_) => {}
                None => found = Some(identity),
            }
        }
        Ok(found)
    }

    /// The identity that the first issuer who takes `token` gives it.
    fn judge(
        &self,
        token: &str,
        readers: &[u16],
        now: Instant,
        counters: &Counters,
    ) -> Option<Arc<Identity>> {
        if token.len() > token::TOKEN_BYTES_MAX {
            return None;
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        for reader in readers {
            match self.verified.get(&(hash, *reader)) {
                Some(identity) if now < identity.until => {
                    counters.tokens_cached.one();
                    return Some(identity);
                }
                _ => {}
            }
        }
        counters.tokens_verified.one();
        readers.iter().find_map(|reader| {
            let identity =
                Arc::new(self.verify(token, &self.sources[usize::from(*reader)], now)?);
            self.verified.insert((hash, *reader), Arc::clone(&identity));
            Some(identity)
        })
    }

    fn verify(&self, token: &str, source: &Jwt, now: Instant) -> Option<Identity> {
        let verified = token::verify(token, source, now).ok()?;
        let claims = &verified.claims;
        let tenant: TenantId = claims.text(&source.claim)?.parse().ok()?;
        let named = source.role_claim.as_deref();
        let (roles, staff) =
            self.rules.roles.of(named.into_iter().flat_map(|name| claims.texts(name)));
        let person = claims
            .text("sub")
            .map(|sub| Derivation::of("person").text(tenant.as_str()).text(sub).finish());
        let header = HeaderValue::from_str(tenant.as_str())
            .or_else(|_| HeaderValue::from_bytes(tenant.as_str().as_bytes()))
            .ok()?;
        Some(Identity {
            shard: shard_of(&tenant),
            place: canary::place(&tenant),
            tenant,
            header,
            roles,
            staff,
            person,
            until: verified.expires.min(now.plus_millis(REMEMBERED_MILLIS)),
        })
    }
}

#[cfg(test)]
impl Identify {
    /// An identity without a token, for tests of what is said to whom.
    pub(super) fn identity_for_tests(tenant: &str, roles: Roles) -> Identity {
        let tenant: TenantId = tenant.parse().unwrap();
        Identity {
            shard: shard_of(&tenant),
            place: canary::place(&tenant),
            header: HeaderValue::from_str(tenant.as_str()).unwrap(),
            person: Some(Derivation::of("person").text(tenant.as_str()).finish()),
            tenant,
            roles,
            staff: false,
            until: Instant::MAX,
        }
    }
}

/// The token at `place`; an error if the place is there twice or cannot be read.
fn read<'a>(place: &Place, headers: &'a HeaderMap) -> Result<Option<&'a str>, NotIdentified> {
    match place {
        Place::Header(name) => header(name, headers),
        Place::Cookie(name) => cookie(name, headers),
    }
}

fn header<'a>(name: &HeaderName, headers: &'a HeaderMap) -> Result<Option<&'a str>, NotIdentified> {
    // An app behind CGI or PHP reads `X_Token` as `X-Token`.
    if headers.keys().any(|other| other != name && is_alias(other, name)) {
        return Err(NotIdentified::Contradiction("a header that says who you are is misspelt"));
    }
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(NotIdentified::Contradiction("a header that says who you are is there twice"));
    }
    let Ok(value) = value.to_str() else { return Ok(Some("")) };
    let bearer = value
        .split_once([' ', '\t'])
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim_start_matches([' ', '\t']));
    if name == AUTHORIZATION {
        Ok(bearer.or_else(|| hidden_token(value)))
    } else {
        Ok(Some(bearer.unwrap_or(value)))
    }
}

/// Whether some servers make one variable of both names: only letters and digits count.
fn is_alias(other: &HeaderName, name: &HeaderName) -> bool {
    let (other, name) = (other.as_str().as_bytes(), name.as_str().as_bytes());
    other.len() == name.len()
        && std::iter::zip(other, name).all(|(one, two)| {
            one == two || !(one.is_ascii_alphanumeric() || two.is_ascii_alphanumeric())
        })
}

/// A token under another scheme or among several: some apps take `JWT …`, the bare token, or
/// `Basic …, Bearer …`.
fn hidden_token(value: &str) -> Option<&str> {
    let mut words = value.split([' ', '\t', ',', ';', ':', '=', '"']);
    words.find(|word| word.starts_with("eyJ") && word.matches('.').count() == 2)
}

fn cookie<'a>(name: &str, headers: &'a HeaderMap) -> Result<Option<&'a str>, NotIdentified> {
    let mut found = None;
    for value in headers.get_all(COOKIE) {
        for pair in value.as_bytes().split(|byte| *byte == b';') {
            for value in cookies_in(pair.trim_ascii_start(), name.as_bytes()) {
                if found.is_some() {
                    return Err(NotIdentified::Contradiction(
                        "a cookie that says who you are is there twice",
                    ));
                }
                let end = value.iter().position(|byte| ends_pair(*byte)).unwrap_or(value.len());
                let value = &value[..end];
                let quoted = value.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\""));
                found = Some(std::str::from_utf8(quoted.unwrap_or(value)).unwrap_or_default());
            }
        }
    }
    // An empty cookie is how browsers are told to forget one: nobody.
    Ok(found.filter(|value| !value.is_empty()))
}

/// The values of `name` in what stands between two semicolons: some apps end a pair at a comma or
/// at white space, too.
fn cookies_in<'a>(pair: &'a [u8], name: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut begin = 0;
    let signs = pair.iter().enumerate().filter(|(_, byte)| **byte == b'=');
    signs.filter_map(move |(sign, _)| {
        let before = &pair[begin..sign];
        begin = sign + 1;
        ends_in_cookie(before, name).then(|| pair[begin..].trim_ascii_start())
    })
}

const fn ends_pair(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\t')
}

/// Whether some app reads what stands before a `=` as the cookie `name`, or as something and then
/// that: they trim it of all that their language takes for white space, and some decode it, end
/// it at a zero byte or a bracket, and make `_` of what no variable's name can have.
fn ends_in_cookie(before: &[u8], name: &[u8]) -> bool {
    if before.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return is_read_as(before, name);
    }
    let read = plain(before);
    // Where what is printed ends, before the place that is looked at.
    let mut end = 0;
    for (place, byte) in read.iter().enumerate() {
        if matches!(byte, 0 | b'[') && is_last_word(&read[..end], name) {
            return true;
        }
        end = if byte.is_ascii_graphic() { place + 1 } else { end };
    }
    is_last_word(&read[..end], name)
}

/// Whether `text` is `name`, or ends in it after something that parts words.
fn is_last_word(text: &[u8], name: &[u8]) -> bool {
    let Some(at) = text.len().checked_sub(name.len()) else { return false };
    let parted = |byte: &u8| !byte.is_ascii_graphic() || *byte == b',';
    text[..at].last().is_none_or(parted) && is_read_as(&text[at..], name)
}

/// Whether the two are one variable: some languages make `_` of a dot or a space.
fn is_read_as(sent: &[u8], name: &[u8]) -> bool {
    let bar = |byte: u8| matches!(byte, b'_' | b'.' | b' ');
    let same = |(one, two): (&u8, &u8)| one == two || (bar(*one) && bar(*two));
    sent.len() == name.len() && std::iter::zip(sent, name).all(same)
}

#[cfg(test)]
#[path = "identify_tests.rs"]
mod tests;
