//! Reads a mail as the demo's mailbox shows it: its headers, its subject, its two parts.
//!
//! Rules:
//! 1. Whatever comes in is shown somehow: what does not decode is shown as it came.
//! 2. Parts in parts are followed to a small depth; attachments are not shown.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How deep parts may lie in parts.
const DEPTH_MAX: usize = 4;

/// A mail, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Every header, decoded; those that occur twice are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The first plain part.
    pub text: String,
    /// The first HTML part.
    pub html: String,
}

impl Mail {
    /// Reads the bytes of a whole mail.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let (headers, body) = split(bytes);
        let mut mail = Self { headers, ..Self::default() };
        let headers = mail.headers.clone();
        mail.take_part(&headers, body, 0);
        mail
    }

    /// The header of that name, however it is spelt.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    fn take_part(&mut self, headers: &BTreeMap<String, String>, body: &[u8], depth: usize) {
        let kind = find(headers, "Content-Type").unwrap_or("text/plain");
        if kind.to_ascii_lowercase().starts_with("multipart/") {
            let Some(boundary) = parameter(kind, "boundary").filter(|_| depth < DEPTH_MAX) else {
                return;
            };
            for part in parts(body, &boundary) {
                let (headers, body) = split(part);
                self.take_part(&headers, body, depth + 1);
            }
            return;
        }
        let decoded = match find(headers, "Content-Transfer-Encoding") {
            Some(how) if how.trim().eq_ignore_ascii_case("base64") => from_base64(body),
            Some(how) if how.trim().eq_ignore_ascii_case("quoted-printable") => {
                from_quoted_printable(body)
            }
            _ => body.to_vec(),
        };
        let text = String::from_utf8_lossy(&decoded).replace("\r\n", "\n");
        if kind.to_ascii_lowercase().starts_with("text/html") {
            if self.html.is_empty() {
                self.html = text;
            }
        } else if kind.to_ascii_lowercase().starts_with("text/plain") && self.text.is_empty() {
            self.text = text;
        }
    }
}

fn find<'a>(headers: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    let same = |(known, _): &(&String, &String)| known.eq_ignore_ascii_case(name);
    headers.iter().find(same).map(|(_, value)| value.as_str())
}

/// The headers and what follows the first empty line.
fn split(bytes: &[u8]) -> (BTreeMap<String, String>, &[u8]) {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    let mut unfolded: Vec<String> = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        match unfolded.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            _ => unfolded.push(line.to_owned()),
        }
    }
    for line in unfolded {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = decode_words(value.trim());
        let known = headers.entry(name.trim().to_owned()).or_default();
        if !known.is_empty() {
            known.push_str(", ");
        }
        known.push_str(&value);
    }
    (headers, rest)
}

/// A parameter of a header such as `text/plain; charset="utf-8"`.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        key.trim().eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

/// The parts of a multipart body.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let mut found = Vec::new();
    let mut begin: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        let end =
            body[at..].iter().position(|byte| *byte == b'\n').map_or(body.len(), |n| at + n + 1);
        let line = body[at..end].trim_ascii_end();
        let last = line.strip_prefix(mark.as_slice()) == Some(b"--");
        if line == mark.as_slice() || last {
            if let Some(begin) = begin {
                found.push(body[begin..at].strip_suffix(b"\r\n").unwrap_or(&body[begin..at]));
            }
            begin = Some(end);
            if last {
                break;
            }
        }
        at = end;
    }
    found
}

fn from_base64(body: &[u8]) -> Vec<u8> {
    let packed: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(&packed).unwrap_or_else(|_| body.to_vec())
}

fn from_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'=' {
            decoded.push(*first);
        } else if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))
        {
            rest = after;
        } else if let Some(byte) = rest.get(..2).and_then(hex) {
            decoded.push(byte);
            rest = &rest[2..];
        } else {
            decoded.push(*first);
        }
    }
    decoded
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Undoes RFC 2047: `=?utf-8?b?…?=` and `=?utf-8?q?…?=`. White space between two such words is
/// part of neither.
fn decode_words(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some(begin) = rest.find("=?") {
        let (before, word) = rest.split_at(begin);
        let Some((bytes, after)) = decode_word(word) else {
            decoded.push_str(before);
            decoded.push_str("=?");
            rest = &word[2..];
            after_word = false;
            continue;
        };
        if !(after_word && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        decoded.push_str(&String::from_utf8_lossy(&bytes));
        rest = after;
        after_word = true;
    }
    decoded.push_str(rest);
    decoded
}

fn decode_word(text: &str) -> Option<(Vec<u8>, &str)> {
    let mut fields = text.strip_prefix("=?")?.splitn(3, '?');
    let charset = fields.next()?;
    let how = fields.next()?;
    let (content, after) = fields.next()?.split_once("?=")?;
    let known = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii");
    if !known {
        return None;
    }
    let bytes = match how {
        "b" | "B" => STANDARD.decode(content).ok()?,
        "q" | "Q" => from_quoted_printable(content.replace('_', " ").as_bytes()),
        _ => return None,
    };
    Some((bytes, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_in_two_encodings() {
        let mail = Mail::read(
            b"Subject: =?utf-8?b?w5xiZXJmw6RsbGln?= =?utf-8?q?_=C3=BC?= x\r\n\
              To: Ada\r\n <ada@example.org>\r\n\
              Content-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\r\n\
              --b1\r\nContent-Type: text/plain; charset=utf-8\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\n\
              f=C3=A4llig =\r\nam 1=3D1\r\n\
              --b1\r\nContent-Type: text/html; charset=utf-8\r\n\
              Content-Transfer-Encoding: base64\r\n\r\n\
              PGI+w6Q8L2I+\r\n--b1--\r\n",
        );
        assert_eq!(mail.header("subject"), Some("Überfällig ü x"));
        assert_eq!(mail.header("To"), Some("Ada <ada@example.org>"));
        assert_eq!(mail.text, "fällig am 1=1");
        assert_eq!(mail.html, "<b>ä</b>");
    }

    #[test]
    fn a_plain_mail_and_a_broken_one() {
        let mail = Mail::read(b"Subject: hi\n\nbody\nmore\n");
        assert_eq!((mail.header("Subject"), mail.text.as_str()), (Some("hi"), "body\nmore\n"));
        let broken: [&[u8]; 4] = [
            b"",
            b"no header at all",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x",
            b"Subject: =?utf-8?b?***?= =?\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        ];
        for bytes in broken {
            let mail = Mail::read(bytes);
            assert!(mail.html.is_empty());
        }
        assert_eq!(Mail::read(broken[3]).header("Subject"), Some("=?utf-8?b?***?= =?"));
    }
}
