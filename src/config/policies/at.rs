//! When a rung is: `due`, `due + 15 days`, `due - 3 working days`, `due 12:00`.

use crate::domain::policy::{Anchor, At};
use crate::domain::span::{Span, Unit};
use crate::domain::week::TimeOfDay;

/// The anchors that this version counts from.
const ANCHORS: [(&str, Anchor); 4] = [
    ("due", Anchor::Due),
    ("issued", Anchor::Issued),
    ("failed", Anchor::Failed),
    ("ends", Anchor::Ends),
];

const SHAPE: &str = "write an anchor (due, issued, failed, ends), then plus or minus days or working \
                     days, then a time if you like: \"due + 15 days\", \"due - 3 working days\", \
                     \"due 12:00\"";

/// Reads the text of `at`.
pub(super) fn parse(text: &str) -> Result<At, String> {
    let text = text.trim();
    let (word, rest) = text
        .split_once([' ', '+', '-'])
        .map_or((text, ""), |(word, _)| (word, text[word.len()..].trim_start()));
    let anchor = ANCHORS.iter().find(|(name, _)| *name == word).map(|(_, anchor)| *anchor);
    let anchor = anchor.ok_or_else(|| SHAPE.to_owned())?;
    let (rest, time) = split_time(rest)?;
    let (offset, working_days) = parse_offset(rest)?;
    Ok(At { anchor, offset, working_days, time })
}

/// The text of `at`, in its one form.
pub(super) fn write(at: At) -> String {
    let anchor = ANCHORS.iter().find(|(_, a)| *a == at.anchor).map_or("due", |(name, _)| name);
    let mut text = anchor.to_owned();
    if at.offset != 0 || at.working_days {
        let sign = if at.offset < 0 { '-' } else { '+' };
        let unit = if at.working_days { Unit::WorkingDays } else { Unit::Days };
        text.push_str(&format!(" {sign} {}", Span { count: at.offset.unsigned_abs(), unit }));
    }
    if let Some(time) = at.time {
        text.push_str(&format!(" {time}"));
    }
    text
}

/// A time of day at the end, if there is one.
fn split_time(text: &str) -> Result<(&str, Option<TimeOfDay>), String> {
    let Some(last) = text.split_whitespace().next_back().filter(|last| last.contains(':')) else {
        return Ok((text, None));
    };
    let time: TimeOfDay = last.parse()?;
    if time == TimeOfDay::END {
        return Err("24:00 is the next day; write 23:59 or a later date".to_owned());
    }
    Ok((text[..text.len() - last.len()].trim_end(), Some(time)))
}

/// `+ 15 days`: how many days, and whether they are working days.
fn parse_offset(text: &str) -> Result<(i32, bool), String> {
    if text.is_empty() {
        return Ok((0, false));
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let amount = text.strip_prefix(['+', '-']).ok_or_else(|| SHAPE.to_owned())?.trim_start();
    let span: Span = amount.parse()?;
    let count = i32::try_from(span.count).map_err(|_| SHAPE.to_owned())?;
    match span.unit {
        Unit::Days => Ok((sign * count, false)),
        Unit::WorkingDays => Ok((sign * count, true)),
        _ => Err("count in days or working days: \"due + 14 days\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "due",
            "due 12:00",
            "due + 1 day",
            "due - 3 working days",
            "issued + 0 working days",
            "failed + 14 days 09:30",
            "ends - 7 days",
        ] {
            assert_eq!(parse(text).map(write).as_deref(), Ok(text));
        }
        assert_eq!(parse("due+2days").map(write).as_deref(), Ok("due + 2 days"));
    }

    #[test]
    fn the_rest_is_refused_with_what_would_be_right() {
        for text in ["", "do + 1 day", "due 1 day", "due + 1 week", "due + 1 day 25:00", "due+"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
