//! Reads segments line by line, and journals entry by entry.

use std::io::BufRead;
use std::path::Path;

use super::segments::{Segment, segments};
use super::{JournalError, frame};

/// Reads a segment line by line.
pub(super) struct Lines<'a> {
    segment: Segment,
    reader: Box<dyn BufRead + Send + 'a>,
    line: Vec<u8>,
    /// Where the line begins that comes next (or that was broken).
    pub(super) offset: u64,
    /// The position of the entry that comes next.
    pub(super) next: u64,
}

pub(super) enum Line<'a> {
    Entry(&'a [u8]),
    Broken(&'static str),
}

impl<'a> Lines<'a> {
    pub(super) fn new(
        segment: Segment,
        mut reader: Box<dyn BufRead + Send + 'a>,
        id: &str,
    ) -> Result<Self, JournalError> {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line);
        read.map_err(|error| JournalError::disk(&segment.path, &error))?;
        let head = frame::read_head(&line).map_err(|detail| segment.damaged(0, &detail))?;
        if head != (id, segment.first) {
            let detail = format!(
                "it begins with entry {} of journal {}; its name and folder say entry {} of {id}",
                head.1, head.0, segment.first
            );
            return Err(segment.damaged(0, &detail));
        }
        let offset = line.len() as u64;
        let next = segment.first;
        Ok(Self { segment, reader, line, offset, next })
    }

    /// The next line; after a broken one nothing follows.
    pub(super) fn advance(&mut self) -> Result<Option<Line<'_>>, JournalError> {
        self.line.clear();
        let read = self.reader.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| {
            self.segment.damaged(self.offset, &format!("it cannot be read on: {error}"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        match frame::read(&self.line) {
            Ok(frame) if frame.position == self.next => {
                self.offset += read as u64;
                self.next += 1;
                Ok(Some(Line::Entry(frame.entry)))
            }
            Ok(_) => Ok(Some(Line::Broken("an entry that is not the next one"))),
            Err(detail) => Ok(Some(Line::Broken(detail))),
        }
    }
}

/// The entries of a journal with their positions, oldest first. After an error nothing follows.
pub struct Entries {
    id: String,
    segments: std::iter::Peekable<std::vec::IntoIter<Segment>>,
    lines: Option<Lines<'static>>,
    position: u64,
    end: Option<u64>,
    over: bool,
}

impl std::fmt::Debug for Entries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Entries {
    /// Of the journal in `path`, from `position` up to `end`; without an end up to a tail that
    /// is being written.
    pub(super) fn of(path: &Path, position: u64, end: Option<u64>) -> Result<Self, JournalError> {
        let segments = segments(path)?;
        let begin = segments.partition_point(|segment| segment.first <= position);
        let segments = segments[begin.saturating_sub(1)..].to_vec();
        let id = segments.first().map(Segment::id).transpose()?.unwrap_or_default();
        let segments = segments.into_iter().peekable();
        Ok(Self { id, segments, lines: None, position, end, over: false })
    }

    /// The same reader, if it is not at its end and what it reads next is at `position`.
    pub(super) fn go_on(self, position: u64) -> Option<Self> {
        let next = self.lines.as_ref().map(|lines| lines.next);
        let more = !self.over && self.end.is_none_or(|end| position < end);
        (more && next == Some(position)).then_some(self)
    }

    fn read(&mut self) -> Result<Option<(u64, Vec<u8>)>, JournalError> {
        loop {
            let Some(lines) = &mut self.lines else {
                let Some(segment) = self.segments.next() else { return Ok(None) };
                let reader = segment.open()?;
                self.lines = Some(Lines::new(segment, reader, &self.id)?);
                continue;
            };
            let position = lines.next;
            if self.end.is_some_and(|end| position >= end) {
                return Ok(None);
            }
            let offset = lines.offset;
            match lines.advance()? {
                Some(Line::Entry(_)) if position < self.position => {}
                Some(Line::Entry(entry)) => return Ok(Some((position, entry.to_vec()))),
                // Without an end, the last file may be one that is being written.
                Some(Line::Broken(_)) if self.end.is_none() && self.segments.peek().is_none() => {
                    return Ok(None);
                }
                Some(Line::Broken(detail)) => return Err(lines.segment.damaged(offset, detail)),
                None => {
                    let following = self.segments.peek().map(|segment| segment.first);
                    if let Some(next) = following.or(self.end).filter(|next| *next != position) {
                        let detail = format!("it ends before entry {position}; {next} follows");
                        return Err(lines.segment.damaged(offset, &detail));
                    }
                    self.lines = None;
                }
            }
        }
    }
}

impl Iterator for Entries {
    type Item = Result<(u64, Vec<u8>), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.read().transpose();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}
