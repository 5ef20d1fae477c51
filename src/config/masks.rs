//! What of a configuration may be shown when something is wrong with it.
//!
//! Rule: what may be a secret counts as one; only what surely is none is shown.

use std::ops::Range;

/// Words in the names of keys that hold secrets.
const SECRET_WORDS: [&str; 9] =
    ["secr", "token", "pass", "pw", "key", "cred", "auth", "priv", "salt"];

/// Names of keys that hold secrets, to compare with what may be a slip of the pen.
const SECRET_NAMES: [&str; 4] = ["secret", "secrets", "password", "token"];

/// The longest path that is shown: a longer one may be anything.
const PATH_BYTES_MAX: usize = 40;

/// Whether a key of this name may hold a secret.
pub(super) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || SECRET_NAMES.iter().any(|known| strsim::damerau_levenshtein(&name, known) <= 2)
}

/// Whether a text surely is no secret: a path of an app, or an address without a password.
pub(super) fn is_harmless(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.*".contains(&byte);
    let path = text.starts_with('/') && text.len() <= PATH_BYTES_MAX && text.bytes().all(plain);
    path || (text.contains("://") && secret_part(text).is_none())
}

/// Which part of an address, as it is written, must not be shown: what stands before the host, and
/// a query. All of it, if it is no address; nothing, if there is no such part.
pub(super) fn secret_part(written: &str) -> Option<Range<usize>> {
    let all = Some(0..written.len());
    let Some(at) = written.find("://").filter(|_| !written.contains(['\\', '\n'])) else {
        return all;
    };
    let begin = at + 3;
    let rest = &written[begin..];
    if rest.contains(['?', '#']) {
        return Some(begin..written.len());
    }
    if let Some(at) = rest.rfind('@') {
        return Some(begin..begin + at);
    }
    // Without a host after it, a password looks like a port.
    let host = rest.split(['/', '"', '\'']).next().unwrap_or_default();
    let port = if host.starts_with('[') { host.rsplit_once("]:") } else { host.split_once(':') };
    match port {
        Some((_, port)) if !port.bytes().all(|byte| byte.is_ascii_digit()) => all,
        Some((_, port)) if port.len() > 5 => all,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_secret_is_hidden() {
        let shown = |text: &str| match secret_part(text) {
            Some(part) => format!("{}*{}", &text[..part.start], &text[part.end..]),
            None => text.to_owned(),
        };
        for (text, said) in [
            ("\"redis://127.0.0.1:6379\"", "\"redis://127.0.0.1:6379\""),
            ("\"redis://u:p@ss@host:6379/1\"", "\"redis://*@host:6379/1\""),
            ("smtp://[::1]:25", "smtp://[::1]:25"),
            ("smtp://user:secret", "*"),
            ("smtp://user:123456", "*"),
            ("redis://host?password=p", "redis://*"),
            ("smtp://u:p\\u0040host", "*"),
            ("redis:secret", "*"),
        ] {
            assert_eq!(shown(text), said, "{text}");
        }
    }

    #[test]
    fn what_may_be_a_secret_counts_as_one() {
        for name in ["secrt", "secretz", "sekret", "apikey", "Token", "passwort", "toke"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["askk", "pay", "urll", "listn", "adresses"] {
            assert!(!sounds_secret(name), "{name}");
        }
        assert!(is_harmless("/support/**") && is_harmless("http://127.0.0.1:3000"));
        for text in ["whsec_1", "hunter2", "/x+y=", &format!("/{}", "a".repeat(40))] {
            assert!(!is_harmless(text), "{text}");
        }
    }
}
