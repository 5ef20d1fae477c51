//! Requests that must not be understood in two ways: refused before anything else (THREATS 3.1).
//!
//! Rules:
//! 1. One `Host`, and a good one. The target is a path; an absolute one must be of HTTP, name that
//!    host and is made a path.
//! 2. One `Transfer-Encoding`, and it is `chunked`; never together with `Content-Length`, of which
//!    there is one at most.
//! 3. After a chunked request the connection ends: whether the client also sent a length that the
//!    parser dropped cannot be seen any more (RFC 9112 6.3).

use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderMap, Method, Uri};

/// What is wrong, in words for the client.
pub type Fault = &'static str;

/// A request that can be understood in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Whether it is `OPTIONS *`: about the server, not about a path.
    pub about_server: bool,
    /// Whether the connection must end after the answer.
    pub closes: bool,
}

/// Checks a request's head, and makes its target a path.
///
/// # Errors
/// If it could be understood in two ways: 400, and the connection ends.
pub fn check(parts: &mut Parts) -> Result<Sound, Fault> {
    let closes = check_length(&parts.headers)?;
    let host = one_host(&parts.headers)?;
    if let Some(scheme) = parts.uri.scheme() {
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return Err("the target is of another scheme than http");
        }
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        if !authority.is_some_and(|named| named.as_bytes().eq_ignore_ascii_case(host)) {
            return Err("the target names another host than the Host header");
        }
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map(Uri::from).ok_or("the target has no path")?;
    } else if parts.uri.authority().is_some() {
        return Err("the target is no path");
    }
    let about_server = parts.uri.path() == "*" && parts.method == Method::OPTIONS;
    if !about_server && !parts.uri.path().starts_with('/') {
        return Err("the target is no path");
    }
    Ok(Sound { about_server, closes })
}

fn check_length(headers: &HeaderMap) -> Result<bool, Fault> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next();
    if codings.next().is_some() {
        return Err("Transfer-Encoding is there twice");
    }
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err("Transfer-Encoding is not chunked");
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    if lengths.next().is_some() {
        return Err("Content-Length is there twice");
    }
    if coding.is_some() && length.is_some() {
        return Err("Content-Length and Transfer-Encoding are both there");
    }
    if length.is_some_and(|length| !length.as_bytes().iter().all(u8::is_ascii_digit)) {
        return Err("Content-Length is no number");
    }
    Ok(coding.is_some())
}

fn one_host(headers: &HeaderMap) -> Result<&[u8], Fault> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().ok_or("there is no Host")?.as_bytes();
    if hosts.next().is_some() {
        return Err("Host is there twice");
    }
    if is_host(host) { Ok(host) } else { Err("Host is no host") }
}

/// A name or address with an optional port (RFC 9110 7.2), without a user.
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host {
        [b'[', rest @ ..] => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
            let is_address = rest[..end]
                .iter()
                .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'));
            if !is_address || end < 2 {
                return false;
            }
            (&rest[..end], &rest[end + 1..])
        }
        _ => {
            let end = host.iter().position(|byte| *byte == b':').unwrap_or(host.len());
            let is_name = host[..end]
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if !is_name {
                return false;
            }
            (&host[..end], &host[end..])
        }
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    !name.is_empty() && is_port
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn ask(method: &str, target: &str, headers: &[(&str, &str)]) -> Result<(Sound, Uri), Fault> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        check(&mut parts).map(|sound| (sound, parts.uri))
    }

    #[test]
    fn one_host_and_a_good_one() {
        for host in ["a", "a.example", "A.example.:8080", "127.0.0.1", "[::1]:80", "x_y", "a:"] {
            assert!(ask("GET", "/", &[("host", host)]).is_ok(), "{host}");
        }
        for host in
            ["", "a@b", "a,b", "a b", "a/b", ":80", "a:b", "[::1", "[]", "a:123456", "[x]", "a%00"]
        {
            assert!(ask("GET", "/", &[("host", host)]).is_err(), "{host}");
        }
        assert!(ask("GET", "/", &[]).is_err());
        assert!(ask("GET", "/", &[("host", "a"), ("host", "a")]).is_err());
    }

    #[test]
    fn the_target_is_a_path() {
        let host = [("host", "a.example")];
        assert_eq!(ask("GET", "http://A.example/x?y", &host).unwrap().1, "/x?y");
        assert_eq!(ask("GET", "HTTPS://a.example/x", &host).unwrap().1, "/x");
        for target in ["ftp://a.example/x", "ws://a.example/", "http+x://a.example/"] {
            assert!(ask("GET", target, &host).is_err(), "{target}");
        }
        for target in ["http://evil/", "a.example", "a.example:80", "*", "http://u@a.example/"] {
            assert!(ask("GET", target, &host).is_err(), "{target}");
        }
        assert!(ask("OPTIONS", "*", &host).unwrap().0.about_server);
    }

    #[test]
    fn one_length() {
        let with = |headers: &[(&str, &str)]| {
            let mut all = vec![("host", "a")];
            all.extend(headers);
            ask("POST", "/", &all).map(|(sound, _)| sound.closes)
        };
        assert_eq!(with(&[("content-length", "5")]), Ok(false));
        assert_eq!(with(&[("transfer-encoding", "Chunked")]), Ok(true));
        for bad in [
            &[("transfer-encoding", ",chunked")][..],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "identity")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "chunked"), ("content-length", "5")],
            &[("content-length", "5"), ("content-length", "5")],
            &[("content-length", "+5")],
            &[("content-length", "5,5")],
        ] {
            assert!(with(bad).is_err(), "{bad:?}");
        }
    }
}
