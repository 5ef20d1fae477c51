//! Headers on their way through.
//!
//! Rules:
//! 1. First what belongs to one hop goes, with everything that `Connection` names; then whatever
//!    the other side sent under our prefix, in any spelling that some server takes for it; ours
//!    are set last. In this order nobody can make the next hop drop ours.
//! 2. Forwarding headers are ours too, unless a trusted proxy sent them.

use std::net::IpAddr;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Network;
use crate::gate::told::{has_prefix, is_own};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const KEEP_ALIVE: &str = "keep-alive";
const PROXY_CONNECTION: &str = "proxy-connection";
const HTTP2_SETTINGS: &str = "http2-settings";

/// What `Connection` says that names no header, or one that goes anyway.
const CONNECTION_WORDS: [&[u8]; 4] = [b"keep-alive", b"close", b"upgrade", b"te"];

/// How many headers are added to a request: room is made for them at once.
const OWN_HEADERS: usize = 7;

/// Forwarding headers that only a trusted proxy may send, in canonical form. Of them `X-Original-URL`
/// and `X-Rewrite-URL` make some frameworks serve another path than the one that was judged.
fn is_forwarding(name: &[u8]) -> bool {
    has_prefix(name, b"x_forwarded")
        || has_prefix(name, b"forwarded")
        || name == b"x-real-ip"
        || has_prefix(name, b"x_real_ip")
        || has_prefix(name, b"x_original")
        || has_prefix(name, b"x_rewrite")
}

/// Framing in a spelling that some server takes for it (`Content_Length`): never ours.
fn is_misspelt_framing(name: &HeaderName) -> bool {
    let bytes = name.as_str().as_bytes();
    let is = |canonical: &[u8]| bytes.len() == canonical.len() && has_prefix(bytes, canonical);
    is(b"content_length") || is(b"transfer_encoding")
}

fn is_of_one_hop(name: &HeaderName) -> bool {
    name == CONNECTION
        || name == TRANSFER_ENCODING
        || name == CONTENT_LENGTH
        || name == TE
        || name == UPGRADE
        || name == PROXY_AUTHORIZATION
        || name == PROXY_AUTHENTICATE
        || matches!(name.as_str(), KEEP_ALIVE | PROXY_CONNECTION | HTTP2_SETTINGS)
}

/// Whether a name can be any of those that go, by its first letter: most cannot.
const fn may_go(first: u8) -> bool {
    matches!(first, b'a' | b'c' | b'f' | b'h' | b'k' | b'p' | b't' | b'u' | b'x')
}

/// Takes away from a request what the app must not see. `TE: trailers` is all that is left of TE.
pub fn strip_request(headers: &mut HeaderMap, trusted: bool) {
    let trailers =
        headers.get(TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    strip(headers, |name| {
        is_of_one_hop(name)
            || is_misspelt_framing(name)
            || is_own(name)
            || (!trusted && is_forwarding(name.as_str().as_bytes()))
    });
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Takes away from an answer what the client must not see. The length stays: the body is streamed
/// as it is.
pub fn strip_answer(headers: &mut HeaderMap) {
    strip(headers, |name| (is_of_one_hop(name) && name != CONTENT_LENGTH) || is_own(name));
}

/// Takes our names out of trailers.
pub fn strip_trailers(trailers: &mut HeaderMap) {
    strip(trailers, |name| is_of_one_hop(name) || is_own(name) || name == HOST);
}

fn strip(headers: &mut HeaderMap, goes: impl Fn(&HeaderName) -> bool) {
    // Of most messages nothing else goes than this one, if at all: nothing is allocated for them.
    let mut going: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(CONNECTION) {
        for named in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if CONNECTION_WORDS.iter().any(|word| named.eq_ignore_ascii_case(word)) {
                continue;
            }
            let named = HeaderName::from_bytes(named);
            // Without its host a request would be another one.
            going.extend(named.ok().filter(|name| name != HOST && name != TRAILER));
        }
    }
    headers.remove(CONNECTION);
    let own = headers.keys().filter(|name| may_go(name.as_str().as_bytes()[0]) && goes(name));
    going.extend(own.cloned());
    for name in going {
        headers.remove(name);
    }
}

/// Says to the app for whom, for which host and how the request came.
pub fn set_forwarded(headers: &mut HeaderMap, peer: &HeaderValue, trusted: bool) {
    headers.reserve(OWN_HEADERS);
    let value = match headers.get(FORWARDED_FOR).filter(|_| trusted) {
        Some(before) => {
            let mut all = before.as_bytes().to_vec();
            all.extend_from_slice(b", ");
            all.extend_from_slice(peer.as_bytes());
            HeaderValue::from_bytes(&all).unwrap_or_else(|_| peer.clone())
        }
        None => peer.clone(),
    };
    headers.insert(FORWARDED_FOR, value);
    if !trusted || !headers.contains_key(FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
    if (!trusted || !headers.contains_key(FORWARDED_HOST))
        && let Some(host) = headers.get(HOST).cloned()
    {
        headers.insert(FORWARDED_HOST, host);
    }
}

/// Whether `peer` is a proxy whose forwarding headers are believed.
#[must_use]
pub fn is_trusted(peer: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(peer))
}

/// Whether the client asks for a WebSocket: the one protocol that is tunnelled.
#[must_use]
pub fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let named = |name: HeaderName, word: &[u8]| {
        headers.get_all(name).iter().any(|value| {
            let mut parts = value.as_bytes().split(|byte| *byte == b',');
            parts.any(|part| part.trim_ascii().eq_ignore_ascii_case(word))
        })
    };
    headers.contains_key(UPGRADE) && named(UPGRADE, b"websocket") && named(CONNECTION, b"upgrade")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn every_spelling_of_ours_goes() {
        for name in [
            "ambergate-tenant",
            "Ambergate_Tenant",
            "AMBERGATE.STAGE",
            "ambergate~x",
            "ambergate",
            "ambergate-",
            "ambergate!scope",
        ] {
            let mut headers = map(&[(name, "evil"), ("host", "a")]);
            strip_request(&mut headers, true);
            assert_eq!(headers.len(), 1, "{name}");
        }
        let mut headers = map(&[("ambergates", "x"), ("x-ambergate", "x"), ("amber-gate", "x")]);
        strip_request(&mut headers, false);
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn hops_keep_what_is_theirs() {
        let mut headers = map(&[
            ("connection", ""),
            ("connection", "Ambergate-Tenant, x-secret ,close"),
            ("connection", "host"),
            ("x-secret", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "x"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("Content_Length", "5"),
            ("transfer~encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "x"),
            ("host", "a"),
            ("x-forwarded-for", "1.2.3.4"),
            ("X_Forwarded_For", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("x-real-ip", "1.2.3.4"),
            ("x-original-url", "/api/notes"),
            ("X_Rewrite_Url", "/api/notes"),
            ("x-other", "1"),
        ]);
        strip_request(&mut headers, false);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["host", "te", "x-other"]);
    }

    #[test]
    fn forwarding_is_believed_of_trusted_proxies_only() {
        let peer = HeaderValue::from_static("10.0.0.9");
        let sent = [("host", "a"), ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")];
        let mut headers = map(&sent);
        strip_request(&mut headers, false);
        set_forwarded(&mut headers, &peer, false);
        assert_eq!(headers[FORWARDED_FOR], "10.0.0.9");
        assert_eq!(headers[FORWARDED_PROTO], "http");
        assert_eq!(headers[FORWARDED_HOST], "a");
        let mut headers = map(&sent);
        strip_request(&mut headers, true);
        set_forwarded(&mut headers, &peer, true);
        assert_eq!(headers[FORWARDED_FOR], "1.2.3.4, 10.0.0.9");
        assert_eq!(headers[FORWARDED_PROTO], "https");
        let networks = ["10.0.0.0/8".parse().unwrap()];
        assert!(is_trusted("10.1.1.1".parse().unwrap(), &networks));
        assert!(!is_trusted("127.0.0.1".parse().unwrap(), &[]));
    }

    #[test]
    fn only_websockets_are_tunnelled() {
        assert!(asks_for_websocket(&map(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket")
        ])));
        for other in [
            &[("connection", "upgrade"), ("upgrade", "h2c")][..],
            &[("upgrade", "websocket")],
            &[("connection", "close"), ("upgrade", "websocket")],
        ] {
            assert!(!asks_for_websocket(&map(other)));
        }
    }
}
