//! The files of a journal: `<first position>.journal`, closed ones compressed to `.journal.gz`.

use std::fs::{self, File, TryLockError};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::lines::{Line, Lines};
use super::{Change, JournalError, frame};

const OPEN: &str = "journal";
const CLOSED: &str = "journal.gz";
const HALF_MADE: &str = "tmp";

/// Where a journal is kept. Holds the lock that keeps other processes away.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) id: Arc<str>,
    pub(super) segment_bytes: u64,
    /// Locked for as long as it is open.
    _lock: File,
}

/// The file that is written, up to what is known to be on disk.
pub(super) struct Tail {
    pub(super) file: Box<dyn Disk>,
    pub(super) path: PathBuf,
    pub(super) length: u64,
    /// The position of its first entry.
    pub(super) first: u64,
    /// The position of the next entry.
    pub(super) next: u64,
}

/// What a file must be able to do; tests put one that fails in its place.
pub(super) trait Disk: Send {
    /// Writes at `offset` and waits until it is on disk.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()>;
    /// Cuts all after `length`, and waits until that is on disk.
    fn cut(&mut self, length: u64) -> std::io::Result<()>;
}

impl Disk for File {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.seek(SeekFrom::Start(offset))?;
        self.write_all(bytes)?;
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> std::io::Result<()> {
        self.set_len(length)?;
        self.sync_all()
    }
}

impl Folder {
    /// Opens the folder and its last segment, without a torn tail.
    pub(super) fn open(path: &Path, segment_bytes: u64) -> Result<(Self, Tail), JournalError> {
        let disk = |error: std::io::Error| JournalError::disk(path, &error);
        fs::create_dir_all(path).map_err(disk)?;
        let lock_path = path.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(disk(error)),
        }
        let segments = segments(path)?;
        let id = read_id(path, &segments)?;
        let folder = Self { path: path.to_owned(), id, segment_bytes, _lock: lock };
        let tail = match segments.last() {
            Some(last) if !last.closed => folder.open_tail(last)?,
            Some(last) => {
                // Closed without a successor: a crash, or somebody took the last file away.
                let next = end_of(last, &folder.id)?;
                folder.begin(next)?
            }
            None => folder.begin(0)?,
        };
        Ok((folder, tail))
    }

    /// Begins the segment whose first entry will be `first`.
    pub(super) fn begin(&self, first: u64) -> Result<Tail, JournalError> {
        let path = self.path.join(format!("{first:020}.{OPEN}"));
        let head = frame::head(&self.id, first);
        write_whole(&path, &head)?;
        let file = File::options().read(true).write(true).open(&path);
        let file = file.map_err(|error| JournalError::disk(&path, &error))?;
        Ok(Tail { file: Box::new(file), path, length: head.len() as u64, first, next: first })
    }

    fn open_tail(&self, segment: &Segment) -> Result<Tail, JournalError> {
        let disk = |error: std::io::Error| JournalError::disk(&segment.path, &error);
        let mut file = File::options().read(true).write(true).open(&segment.path).map_err(disk)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(disk)?;
        let mut lines = Lines::new(segment.clone(), Box::new(bytes.as_slice()), &self.id)?;
        while let Some(line) = lines.advance()? {
            match line {
                Line::Entry(_) => {}
                Line::Broken(detail) => {
                    let start = usize::try_from(lines.offset).unwrap_or(usize::MAX);
                    if let Some(later) = later_write(&bytes[start..], lines.next) {
                        let detail = format!("{detail}, before entry {later}, which is whole");
                        return Err(segment.damaged(lines.offset, &detail));
                    }
                    tracing::warn!(
                        file = %segment.path.display(),
                        offset = lines.offset,
                        bytes = bytes.len() - start,
                        "cut a torn tail off the journal: it was never acknowledged"
                    );
                    file.cut(lines.offset).map_err(disk)?;
                    break;
                }
            }
        }
        let (length, next) = (lines.offset, lines.next);
        let (first, path) = (segment.first, segment.path.clone());
        Ok(Tail { file: Box::new(file), path, length, first, next })
    }

    /// Writes the closed segments anew in which `change` has other bytes for an entry; every entry keeps
    /// its position. Answers how many entries.
    pub(super) fn erase(&self, change: &Change) -> Result<u64, JournalError> {
        let mut segments = segments(&self.path)?;
        segments.pop();
        let mut count = 0;
        for segment in &segments {
            let mut changed = 0;
            self.each_entry(segment, |_, entry| {
                changed += u64::from(change(entry).is_some());
                Ok(())
            })?;
            if changed > 0 {
                self.write_anew(segment, change)?;
                count += changed;
            }
        }
        Ok(count)
    }

    fn each_entry(
        &self,
        segment: &Segment,
        mut take: impl FnMut(u64, &[u8]) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let mut lines = Lines::new(segment.clone(), segment.open()?, &self.id)?;
        loop {
            let (position, offset) = (lines.next, lines.offset);
            match lines.advance()? {
                Some(Line::Entry(entry)) => take(position, entry)?,
                Some(Line::Broken(detail)) => return Err(segment.damaged(offset, detail)),
                None => return Ok(()),
            }
        }
    }

    /// The new file is whole and on disk before it has the old one's name.
    fn write_anew(&self, segment: &Segment, change: &Change) -> Result<(), JournalError> {
        let disk = |error: std::io::Error| JournalError::disk(&segment.path, &error);
        let packed = segment.path.with_extension("").with_extension(CLOSED);
        let half_made = packed.with_extension(HALF_MADE);
        let file = BufWriter::new(File::create(&half_made).map_err(disk)?);
        let mut gzip = GzEncoder::new(file, flate2::Compression::default());
        gzip.write_all(&frame::head(&self.id, segment.first)).map_err(disk)?;
        self.each_entry(segment, |position, entry| {
            let mut line = Vec::new();
            let changed = change(entry);
            frame::put(&mut line, position, position, changed.as_deref().unwrap_or(entry));
            gzip.write_all(&line).map_err(disk)
        })?;
        let file = gzip.finish().map_err(disk)?.into_inner();
        file.map_err(|error| disk(error.into_error()))?.sync_all().map_err(disk)?;
        fs::rename(&half_made, &packed).map_err(disk)?;
        sync_folder(&self.path).map_err(disk)?;
        // A crash may have left the plain file beside the packed one.
        match fs::remove_file(segment.path.with_extension("").with_extension(OPEN)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(disk(error)),
            _ => Ok(()),
        }
    }

    /// Compresses every closed segment that is not compressed yet.
    pub(super) fn pack(&self) -> Result<(), JournalError> {
        let mut segments = segments(&self.path)?;
        segments.pop();
        for segment in &segments {
            let disk = |error: std::io::Error| JournalError::disk(&segment.path, &error);
            let plain = segment.path.with_extension("").with_extension(OPEN);
            if !segment.closed {
                compress(&plain, &self.path).map_err(disk)?;
            }
            // A crash may have left both; the compressed one was whole before it had its name.
            if plain.exists() {
                fs::remove_file(&plain).map_err(disk)?;
            }
        }
        Ok(())
    }
}

fn compress(plain: &Path, folder: &Path) -> std::io::Result<()> {
    let packed = plain.with_extension(CLOSED);
    let half_made = packed.with_extension(HALF_MADE);
    let mut gzip =
        GzEncoder::new(BufWriter::new(File::create(&half_made)?), flate2::Compression::default());
    std::io::copy(&mut File::open(plain)?, &mut gzip)?;
    gzip.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&half_made, &packed)?;
    sync_folder(folder)
}

/// Writes a small file so that it is there whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let write = || {
        let half_made = path.with_extension(HALF_MADE);
        let mut file = File::create(&half_made)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&half_made, path)?;
        sync_folder(path.parent().unwrap_or(path))
    };
    write().map_err(|error: std::io::Error| JournalError::disk(path, &error))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and names are durable with their files.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// The id in the folder, that of its segments, or a new one.
fn read_id(path: &Path, segments: &[Segment]) -> Result<Arc<str>, JournalError> {
    let file = path.join("id");
    match fs::read_to_string(&file) {
        Ok(id) if !id.trim().is_empty() => return Ok(id.trim().into()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(JournalError::disk(&file, &error)),
    }
    let id: Arc<str> = match segments.last() {
        Some(segment) => segment.id()?.into(),
        None => {
            let id = crate::store::new_incarnation().map_err(|error| JournalError::Disk {
                place: file.clone(),
                detail: error.to_string(),
            })?;
            id.0
        }
    };
    write_whole(&file, format!("{id}\n").as_bytes())?;
    Ok(id)
}

/// The first entry of a write that began after the entry at `expected` was on disk.
fn later_write(bytes: &[u8], expected: u64) -> Option<u64> {
    let frames =
        bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| frame::read(line).ok());
    frames.filter(|frame| frame.write > expected).map(|frame| frame.position).next()
}

fn end_of(segment: &Segment, id: &str) -> Result<u64, JournalError> {
    let mut lines = Lines::new(segment.clone(), segment.open()?, id)?;
    while let Some(line) = lines.advance()? {
        if let Line::Broken(detail) = line {
            return Err(segment.damaged(lines.offset, detail));
        }
    }
    Ok(lines.next)
}

#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) first: u64,
    closed: bool,
}

impl Segment {
    pub(super) fn damaged(&self, offset: u64, detail: &str) -> JournalError {
        let file = self.path.display().to_string();
        JournalError::Damaged { file, offset, detail: detail.to_owned() }
    }

    pub(super) fn open(&self) -> Result<Box<dyn BufRead + Send>, JournalError> {
        let disk = |error: std::io::Error| JournalError::disk(&self.path, &error);
        // It may have been compressed since it was listed.
        let plain = if self.closed { None } else { File::open(&self.path).ok() };
        if let Some(file) = plain {
            return Ok(Box::new(BufReader::new(file)));
        }
        let packed = self.path.with_extension("").with_extension(CLOSED);
        let file = File::open(packed).map_err(disk)?;
        Ok(Box::new(BufReader::new(MultiGzDecoder::new(BufReader::new(file)))))
    }

    pub(super) fn id(&self) -> Result<String, JournalError> {
        let mut line = Vec::new();
        let read = self.open()?.read_until(b'\n', &mut line);
        read.map_err(|error| JournalError::disk(&self.path, &error))?;
        let head = frame::read_head(&line).map_err(|detail| self.damaged(0, &detail))?;
        Ok(head.0.to_owned())
    }
}

/// The segments of a folder, the oldest first. Half-made files are not among them.
pub(super) fn segments(path: &Path) -> Result<Vec<Segment>, JournalError> {
    let disk = |error: std::io::Error| JournalError::disk(path, &error);
    let mut segments: Vec<Segment> = Vec::new();
    for file in fs::read_dir(path).map_err(disk)? {
        let path = file.map_err(disk)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((first, extension)) = name.split_once('.') else { continue };
        let closed = extension == CLOSED;
        if let (Ok(first), true) = (first.parse(), closed || extension == OPEN) {
            segments.push(Segment { path, first, closed });
        }
    }
    // Of a segment that was just compressed both may be there; they say the same.
    segments.sort_by_key(|segment| (segment.first, !segment.closed));
    segments.dedup_by_key(|segment| segment.first);
    Ok(segments)
}
