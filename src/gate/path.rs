//! Paths, made one before they are matched.
//!
//! Rules:
//! 1. Percent codes of unreserved characters are decoded, the hexadecimal digits of all others
//!    written large; `//` is merged; `.` and `..` are resolved.
//! 2. What some server could still read in another way is *ambiguous*: a code of `/ \ ; # ? %` or
//!    NUL, a raw `\`, a code that is none, or parameters on a dot segment (`..;`).
//! 3. A path that is one already costs nothing.

use std::borrow::Cow;

/// A path as most servers would read it.
#[derive(Debug, PartialEq, Eq)]
pub struct Normal<'a> {
    /// The path.
    pub path: Cow<'a, str>,
    /// Whether some server could read it in another way.
    pub ambiguous: bool,
}

/// Makes one path of all spellings of it.
#[must_use]
pub fn normalise(raw: &str) -> Normal<'_> {
    if is_plain(raw.as_bytes()) {
        return Normal { path: Cow::Borrowed(raw), ambiguous: false };
    }
    let (decoded, mut ambiguous) = decode(raw);
    ambiguous |= decoded.contains('\\');
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        let name = segment.split_once(';').map_or(segment, |(name, _)| name);
        ambiguous |= name.len() < segment.len() && matches!(name, "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut path = String::with_capacity(decoded.len());
    for segment in &segments {
        path.push('/');
        path.push_str(segment);
    }
    let is_folder = decoded.ends_with('/') || decoded.ends_with("/.") || decoded.ends_with("/..");
    if is_folder || path.is_empty() {
        path.push('/');
    }
    Normal { path: Cow::Owned(path), ambiguous }
}

/// Whether there is nothing to do.
fn is_plain(raw: &[u8]) -> bool {
    let odd = |byte: &u8| matches!(byte, b'%' | b'\\');
    let pair = |pair: &[u8]| pair[0] == b'/' && matches!(pair[1], b'/' | b'.');
    raw.first() == Some(&b'/') && !raw.iter().any(odd) && !raw.windows(2).any(pair)
}

/// Decodes what is unreserved; says whether something ambiguous is left.
fn decode(raw: &str) -> (String, bool) {
    let mut text = String::with_capacity(raw.len());
    let mut ambiguous = false;
    let mut rest = raw;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        let is_code = rest.as_bytes().iter().take(2).all(u8::is_ascii_hexdigit);
        let Some(byte) = code.filter(|_| is_code) else {
            text.push('%');
            ambiguous = true;
            continue;
        };
        rest = &rest[2..];
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            ambiguous |= matches!(byte, b'/' | b'\\' | b';' | b'#' | b'?' | b'%' | 0);
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.push_str(rest);
    (text, ambiguous)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_one() {
        for spelling in [
            "/admin/x",
            "//admin/x",
            "/admin//x",
            "/./admin/x",
            "/p/../admin/x",
            "/p/%2e%2e/admin/x",
            "/p/.%2E/admin/x",
            "/%61dmin/x",
            "/admin/%78",
            "/../admin/x",
        ] {
            let normal = normalise(spelling);
            assert_eq!((normal.path.as_ref(), normal.ambiguous), ("/admin/x", false), "{spelling}");
        }
        assert_eq!(normalise("/a/..").path, "/");
        assert_eq!(normalise("/a/b/.").path, "/a/b/");
        assert_eq!(normalise("/caf%c3%a9").path, "/caf%C3%A9");
        assert!(matches!(normalise("/plain/path;v=1").path, Cow::Borrowed(_)));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_ambiguous() {
        for spelling in [
            "/admin%2fx",
            "/admin%2Fx",
            "/p/..%2fadmin/x",
            "/admin\\x",
            "/admin%5cx",
            "/admin/x%23f",
            "/admin/x%3ff",
            "/admin%3bv=1/x",
            "/admin%252fx",
            "/admin/x%00",
            "/p/..;/admin/x",
            "/p/.;a=b/admin/x",
            "/admin/%",
            "/admin/%4",
            "/admin/%zz",
            "/admin/%+1",
        ] {
            assert!(normalise(spelling).ambiguous, "{spelling}");
        }
        for spelling in ["/admin/x%20", "/admin;v=1/x", "/ADMIN/x", "/a%09", "/caf\u{e9}"] {
            assert!(!normalise(spelling).ambiguous, "{spelling}");
        }
    }
}
