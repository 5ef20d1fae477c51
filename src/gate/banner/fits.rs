//! Which answers may get a banner, and what changes in their headers (CONTRACTS 6).

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Where an app says that it wants no banner on a page.
const OPT_OUT: &str = "ambergate-banner";

/// How much of a page is waited for, at most, to see whether it is one.
pub const LOOKED_AT_BYTES: usize = 4096;

/// How much of a page that begins with a part of a head may come before it says what it is.
const UNSAID_BYTES_MAX: usize = 512;

/// What a whole page begins with.
const WHOLE: [&[u8]; 4] = [b"<!doctype", b"<html", b"<head", b"<body"];

/// What a page may begin with that leaves `<html>` and `<head>` out.
const HEADLESS: [&[u8]; 8] =
    [b"<title", b"<meta", b"<link", b"<base", b"<style", b"<script", b"<noscript", b"<template"];

/// Whether an answer may get a banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It may.
    Page,
    /// It would, but it is compressed.
    Compressed,
    /// It is no page, or wants none.
    Unfit,
}

/// Asks for what a banner can be put into: the whole page, uncompressed, whatever the browser has
/// of it already.
pub fn ask_whole(headers: &mut HeaderMap) {
    for name in [RANGE, IF_RANGE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
        headers.remove(name);
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
}

/// Whether the answer to a navigation may get a banner, as far as its head tells.
#[must_use]
pub fn fit(status: StatusCode, headers: &HeaderMap) -> Fit {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let has = |name: HeaderName, word: &str| {
        let values = headers.get_all(name);
        values.iter().any(|value| {
            value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains(word))
        })
    };
    let is_html = text(CONTENT_TYPE).is_some_and(is_ascii_html);
    let opted_out = headers.get(OPT_OUT).is_some_and(|value| value == "off");
    if status != StatusCode::OK
        || !is_html
        || opted_out
        || has(CONTENT_DISPOSITION, "attachment")
        || has(CACHE_CONTROL, "no-transform")
    {
        return Fit::Unfit;
    }
    match text(CONTENT_ENCODING) {
        None | Some("" | "identity") => Fit::Page,
        Some(_) => Fit::Compressed,
    }
}

/// `text/html` or XHTML in an encoding in which ASCII is ASCII.
fn is_ascii_html(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let is_html = matches!(parts.next(), Some("text/html" | "application/xhtml+xml"));
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    let charset = charset.map(|charset| charset.trim_matches(['"', '\'']));
    is_html
        && charset.is_none_or(|charset| {
            matches!(charset, "utf-8" | "utf8" | "us-ascii" | "ascii" | "latin1" | "gbk" | "big5")
                || ["iso-8859-", "windows-125", "koi8-", "euc-"]
                    .iter()
                    .any(|family| charset.starts_with(family))
        })
}

/// Whether bytes are the beginning of a whole page. `None`: too few to tell. However a page is
/// cut, the answer is the same, and it is given as soon as it can be.
#[must_use]
pub fn begins_a_page(first: &[u8]) -> Option<bool> {
    let mut rest = match first.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest,
        None if b"\xef\xbb\xbf".starts_with(first) => return None,
        None => first,
    };
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() || b"<!--".starts_with(rest) {
            return None;
        }
        // The shortest comment is `<!-->`.
        let end: &[u8] = match rest {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b">",
            _ => break,
        };
        rest = &rest[2 + find(&rest[2..], end)? + end.len()..];
    }
    match begins_with(rest, &WHOLE) {
        Some(false) => {}
        known => return known,
    }
    match begins_with(rest, &HEADLESS) {
        Some(true) => {
            let looked_at = &first[..first.len().min(UNSAID_BYTES_MAX)];
            let said = [&b"<body"[..], b"<html"].iter().any(|tag| find(looked_at, tag).is_some());
            if said || first.len() >= UNSAID_BYTES_MAX { Some(said) } else { None }
        }
        known => known,
    }
}

/// Whether a text begins with one of those tags. `None`: it may yet.
fn begins_with(text: &[u8], tags: &[&[u8]]) -> Option<bool> {
    let mut known = Some(false);
    for tag in tags {
        let same = text.iter().zip(*tag).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
        match text.get(same) {
            Some(after) if same == tag.len() => {
                if !after.is_ascii_alphanumeric() && *after != b'-' {
                    return Some(true);
                }
            }
            None => known = None,
            Some(_) => {}
        }
    }
    known
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|own| own.eq_ignore_ascii_case(part))
}

/// Whether the part of a page that came says that it wants no banner.
#[must_use]
pub fn opts_out(part: &[u8]) -> bool {
    find(part, b"name=\"ambergate-banner\" content=\"off\"").is_some()
}

/// Takes away what is no longer true of a page with a banner, and what would let it be kept.
pub fn amend(headers: &mut HeaderMap) {
    for name in [CONTENT_LENGTH, ETAG, LAST_MODIFIED, ACCEPT_RANGES] {
        headers.remove(name);
    }
    for name in ["content-md5", "digest", "repr-digest", "content-digest"] {
        headers.remove(name);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("Cookie, Authorization"));
}

/// Whether the page's policy lets a stylesheet from its own origin in. All policies count.
#[must_use]
pub fn allows_own_styles(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    values.map(|value| value.to_str().unwrap_or("default-src 'none'")).all(|value| {
        value.split(',').all(|policy| {
            let directive = |wanted: &str| {
                policy.split(';').find_map(|directive| {
                    let directive = directive.trim();
                    let (name, sources) =
                        directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
                    name.eq_ignore_ascii_case(wanted).then_some(sources)
                })
            };
            directive("style-src-elem")
                .or_else(|| directive("style-src"))
                .or_else(|| directive("default-src"))
                .is_none_or(|sources| {
                    let mut sources = sources.split_whitespace();
                    sources.any(|s| s.eq_ignore_ascii_case("'self'") || s == "*")
                })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn pages_fit_and_others_do_not() {
        let html = ("content-type", "text/html; charset=UTF-8");
        let of = |pairs: &[(&str, &str)]| fit(StatusCode::OK, &headers(pairs));
        assert_eq!(of(&[html]), Fit::Page);
        assert_eq!(of(&[("content-type", "application/xhtml+xml")]), Fit::Page);
        assert_eq!(of(&[html, ("content-encoding", "gzip")]), Fit::Compressed);
        assert_eq!(of(&[html, ("content-encoding", "identity")]), Fit::Page);
        for unfit in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "multipart/x-mixed-replace")],
            &[("content-type", "text/html; charset=utf-16")],
            &[("content-type", "text/html; charset=iso-2022-jp")],
            &[html, ("content-disposition", "Attachment; filename=x.html")],
            &[html, ("cache-control", "public, no-transform")],
            &[html, ("ambergate-banner", "off")],
        ] {
            assert_eq!(of(unfit), Fit::Unfit, "{unfit:?}");
        }
        assert_eq!(fit(StatusCode::PARTIAL_CONTENT, &headers(&[html])), Fit::Unfit);
        assert_eq!(fit(StatusCode::NOT_FOUND, &headers(&[html])), Fit::Unfit);
    }

    #[test]
    fn fragments_are_no_pages() {
        for page in [
            &b"\n<!DocType html><title>x</title>"[..],
            b"<HTML>",
            b"<!-- <div> --><body class=x>",
            b"\xef\xbb\xbf<?xml version='1.0'?><!--><html ",
            b"<head/>",
            b"<title>x</title><body>",
        ] {
            for end in 0..page.len() {
                assert_ne!(begins_a_page(&page[..end]), Some(false), "{page:?} cut at {end}");
            }
            assert_eq!(begins_a_page(page), Some(true), "{page:?}");
        }
        for fragment in [
            &b"<div><iframe srcdoc='<!doctype html><body>'></div>"[..],
            b"\xff\xfe<\0h\0t\0m\0l\0>\0",
            b"{\"a\":1}",
            b"<header><html>",
            b"<bodyguard>",
            b"x <html>",
        ] {
            for end in 0..fragment.len() {
                assert_ne!(begins_a_page(&fragment[..end]), Some(true), "{fragment:?} at {end}");
            }
            assert_eq!(begins_a_page(fragment), Some(false), "{fragment:?}");
        }
        for unknown in [&b""[..], b" ", b"<bod", b"<!doctyp", b"<!-- <html> --", b"<title>x"] {
            assert_eq!(begins_a_page(unknown), None, "{unknown:?}");
        }
        let long =
            [b"<title>", "x".repeat(UNSAID_BYTES_MAX).as_bytes(), b"</title><body>"].concat();
        assert_eq!(begins_a_page(&long), Some(false));
        assert!(opts_out(b"<html><meta name=\"ambergate-banner\" content=\"off\">"));
    }

    #[test]
    fn what_is_no_longer_true_goes() {
        let mut head = headers(&[
            ("content-length", "5"),
            ("etag", "\"x\""),
            ("last-modified", "x"),
            ("accept-ranges", "bytes"),
            ("content-md5", "x"),
            ("repr-digest", "x"),
            ("cache-control", "public, max-age=60"),
            ("vary", "Accept-Encoding"),
            ("set-cookie", "a=b"),
        ]);
        amend(&mut head);
        assert_eq!(head.get("cache-control").unwrap(), "no-store");
        assert_eq!(head.get_all("vary").iter().count(), 2);
        assert_eq!(head.keys().count(), 3, "{head:?}");
    }

    #[test]
    fn the_policy_decides_on_style() {
        let csp = |policies: &[&str]| {
            let mut head = HeaderMap::new();
            for policy in policies {
                head.append(CONTENT_SECURITY_POLICY, policy.parse().unwrap());
            }
            allows_own_styles(&head)
        };
        assert!(csp(&[]));
        assert!(csp(&["default-src 'self'"]));
        assert!(csp(&["script-src 'none'"]));
        assert!(csp(&["default-src 'none'; style-src 'self' 'nonce-x'"]));
        assert!(!csp(&["default-src 'none'"]));
        assert!(!csp(&["style-src 'nonce-abc'; default-src 'self'"]));
        assert!(!csp(&["default-src 'self'", "style-src https://cdn.example"]));
        assert!(!csp(&["default-src 'self', style-src 'none'"]));
        assert!(!csp(&["style-src-elem 'none'; style-src 'self'"]));
    }
}
