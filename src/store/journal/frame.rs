//! The lines of a segment.
//!
//! The first names the form, the journal and the position of the first entry; every other is one
//! entry: its position, how many entries before it went to disk in the same write, its length,
//! a checksum, and the entry as it is.
//!
//! A write begins only after the one before it is on disk. So what a crash tears off is of the
//! last write, and a good entry of a later write proves that a bad one before it was on disk:
//! that is damage, not a crash.

use std::fmt::Write as _;

/// The form of segments; a newer one is refused.
const FORM: u32 = 1;

/// The first line of a segment.
pub(super) fn head(id: &str, first: u64) -> Vec<u8> {
    format!("ambergate-journal {FORM} {id} {first}\n").into_bytes()
}

/// Id and first position of a segment's first line, or what is wrong with it.
pub(super) fn read_head(line: &[u8]) -> Result<(&str, u64), String> {
    let wrong = || "it does not begin as a journal of ambergate's".to_owned();
    let text = std::str::from_utf8(line).map_err(|_| wrong())?;
    let text = text.strip_suffix('\n').ok_or_else(wrong)?;
    let mut words = text.strip_prefix("ambergate-journal ").ok_or_else(wrong)?.split(' ');
    let form: u32 = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    if form > FORM {
        return Err(format!(
            "it has form {form}, written by a newer ambergate; this one reads forms up to {FORM}: \
             use the newer one"
        ));
    }
    let id = words.next().ok_or_else(wrong)?;
    let first = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    Ok((id, first))
}

/// An entry as it stands in a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) position: u64,
    /// The position of the first entry of the same write.
    pub(super) write: u64,
    pub(super) entry: &'a [u8],
}

/// Adds the line of an entry.
pub(super) fn put(lines: &mut Vec<u8>, position: u64, write: u64, entry: &[u8]) {
    let mut words = String::with_capacity(48);
    // Writing to a string cannot fail.
    let _ = write!(words, "{position} {} {} ", position - write, entry.len());
    let sum = checksum(words.as_bytes(), entry);
    let _ = write!(words, "{sum:08x} ");
    lines.extend_from_slice(words.as_bytes());
    lines.extend_from_slice(entry);
    lines.push(b'\n');
}

/// Reads a line with its end, or says what is wrong with it.
pub(super) fn read(line: &[u8]) -> Result<Frame<'_>, &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("a line without its end")?;
    let mut words = line.splitn(5, |byte| *byte == b' ');
    let mut word = || words.next().and_then(|word| std::str::from_utf8(word).ok());
    let mut number = || word().and_then(|word| word.parse::<u64>().ok());
    let frame = "a line without the words before an entry";
    let (position, back, length) =
        (number().ok_or(frame)?, number().ok_or(frame)?, number().ok_or(frame)?);
    let sum = word().and_then(|word| u32::from_str_radix(word, 16).ok()).ok_or(frame)?;
    let entry = words.next().ok_or(frame)?;
    if u64::try_from(entry.len()).ok() != Some(length) {
        return Err("an entry that is not as long as its line says");
    }
    let words = line.len() - entry.len() - "01234567 ".len();
    if checksum(&line[..words], entry) != sum {
        return Err("an entry that does not have its checksum");
    }
    let write = position.checked_sub(back).ok_or(frame)?;
    Ok(Frame { position, write, entry })
}

fn checksum(words: &[u8], entry: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(words);
    sum.update(entry);
    sum.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_and_any_damage_shows() {
        let mut line = Vec::new();
        put(&mut line, 1_204, 1_200, b"{\"a\": \"b c\"}");
        let frame = Frame { position: 1_204, write: 1_200, entry: b"{\"a\": \"b c\"}" };
        assert_eq!(read(&line), Ok(frame));
        for place in 0..line.len() {
            for flip in [0x01, 0x10, 0x80] {
                let mut damaged = line.clone();
                damaged[place] ^= flip;
                // An upper-case digit of the checksum is the same digit.
                let same = damaged.eq_ignore_ascii_case(&line);
                assert!(same || read(&damaged).is_err(), "byte {place}");
            }
            assert!(read(&line[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn heads_are_read_and_newer_ones_refused() {
        assert_eq!(read_head(&head("abc", 7)), Ok(("abc", 7)));
        assert!(read_head(b"ambergate-journal 2 abc 7\n").unwrap_err().contains("newer"));
        for wrong in [&b""[..], b"ambergate-journal 1 abc 7", b"{}\n", b"ambergate-journal 1 a\n"] {
            assert!(read_head(wrong).is_err(), "{wrong:?}");
        }
    }
}
