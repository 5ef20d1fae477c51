//! The journal that a replica keeps beside a store that can forget: files of one folder.
//!
//! Rules:
//! 1. [`Journal::append`] answers when the entries are on disk. What arrives meanwhile goes to
//!    disk together with the next; one thread writes.
//! 2. An entry is one line of JSON with a frame before it (`frame`). A tail that a crash tore
//!    off was never acknowledged and is cut; damage anywhere else is an error that names file and
//!    offset, and nothing is skipped.
//! 3. A position counts entries from the first one ever written, and stays the same when files
//!    are closed and compressed.
//! 4. What is to be forgotten is erased in closed files: each is written anew beside the old one, which
//!    it replaces when it is on disk. Whoever dies in between has the old one.
//! 5. After a failure (a full disk) the next append begins where the last good one ended: nothing
//!    needs a restart.

mod frame;
mod lines;
mod segments;
mod writer;

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use self::lines::Entries;

use self::segments::Folder;
use self::writer::{Reached, Writer};
use super::StoreError;

/// The longest entry, in bytes.
pub const ENTRY_BYTES_MAX: usize = 16 << 20;

/// What an entry is to be instead. `None`: what it is.
pub type Change = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalSettings {
    /// A file that has become larger is closed, and compressed.
    pub segment_bytes: u64,
}

impl Default for JournalSettings {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20 }
    }
}

/// Why the journal did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The disk refused: full, read-only, gone.
    #[error("the journal at {place} cannot be used now: {detail}")]
    Disk {
        /// Which file or folder.
        place: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// What is written there is not what was written.
    #[error("the journal is damaged: {file} at byte {offset}: {detail}")]
    Damaged {
        /// Which file.
        file: String,
        /// Where in it (uncompressed).
        offset: u64,
        /// What is wrong, and what would be right.
        detail: String,
    },
    /// Another process has it.
    #[error("the journal at {0} is in use by another process: give every replica its own folder")]
    InUse(PathBuf),
    /// An entry that no journal can hold.
    #[error("an entry of a journal is one line of 1 to {ENTRY_BYTES_MAX} bytes")]
    NotAnEntry,
}

impl JournalError {
    fn disk(place: &Path, error: &std::io::Error) -> Self {
        Self::Disk { place: place.to_owned(), detail: error.to_string() }
    }
}

impl From<JournalError> for StoreError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Damaged { file, offset, detail } => {
                Self::Unreadable { place: format!("{file} at byte {offset}"), detail }
            }
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// A journal in files. A copy is the same journal.
#[derive(Clone, Debug)]
pub struct Journal {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Arc<Folder>,
    writer: Writer,
    reached: Arc<Reached>,
    /// Where the last [`Journal::read`] stopped: the next one goes on there.
    reading: Mutex<Option<Entries>>,
}

impl Journal {
    /// Opens the journal in `folder`, or makes it; cuts a torn tail. Reads and writes the disk:
    /// not for an async worker.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the disk refuses, another process has it, or it is damaged.
    pub fn open(folder: impl AsRef<Path>, settings: JournalSettings) -> Result<Self, JournalError> {
        let (folder, tail) = Folder::open(folder.as_ref(), settings.segment_bytes)?;
        let folder = Arc::new(folder);
        let end = AtomicU64::new(tail.next);
        let reached = Arc::new(Reached { end, refused: AtomicBool::new(false) });
        let writer = Writer::start(folder.clone(), tail, reached.clone())?;
        Ok(Self { inner: Arc::new(Inner { folder, writer, reached, reading: Mutex::new(None) }) })
    }

    /// Its own name, made with it: no two journals share one.
    #[must_use]
    pub fn name(&self) -> Arc<str> {
        self.inner.folder.id.clone()
    }

    /// The position after the last entry that is on disk.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.inner.reached.end.load(Ordering::Acquire)
    }

    /// Whether the disk refused the last entries: nothing is taken until it takes one again.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.inner.reached.refused.load(Ordering::Relaxed)
    }

    /// Adds entries in this order; answers their positions once they are on disk.
    ///
    /// # Errors
    ///
    /// [`JournalError::Disk`]: none of them is acknowledged. [`JournalError::NotAnEntry`] for one
    /// with a line break, an empty or a much too long one.
    pub async fn append(&self, entries: Vec<Vec<u8>>) -> Result<Range<u64>, JournalError> {
        let fits = |entry: &Vec<u8>| {
            (1..=ENTRY_BYTES_MAX).contains(&entry.len()) && !entry.contains(&b'\n')
        };
        if !entries.iter().all(fits) {
            return Err(JournalError::NotAnEntry);
        }
        self.inner.writer.append(entries).await
    }

    /// At most `limit` entries from `position` on, each with its position. Reading on from where
    /// the last reading stopped costs no search.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the files cannot be read, or are damaged there.
    pub async fn read(
        &self,
        position: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, JournalError> {
        let journal = self.clone();
        let read = tokio::task::spawn_blocking(move || journal.read_now(position, limit)).await;
        read.unwrap_or_else(|error| {
            let place = self.inner.folder.path.clone();
            Err(JournalError::Disk { place, detail: format!("its reader has ended: {error}") })
        })
    }

    /// Writes the entries anew for which `change` has other bytes, of all that were acknowledged until
    /// now. Positions stay as they are. Answers how many.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the files cannot be read or written: what was written anew stays so, the
    /// rest is to be asked for again.
    pub async fn erase(&self, change: Arc<Change>) -> Result<u64, JournalError> {
        let erased = self.inner.writer.erase(change).await;
        // Whoever reads on does not read on in a file that is no more.
        *self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner) = None;
        erased
    }

    fn read_now(&self, position: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, JournalError> {
        let mut reading = self.inner.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = reading.take().and_then(|begun| begun.go_on(position));
        let mut entries = match begun {
            Some(begun) => begun,
            None => self.entries(position)?,
        };
        let lines = entries.by_ref().take(limit).collect::<Result<Vec<_>, _>>()?;
        *reading = Some(entries);
        Ok(lines)
    }

    /// The entries from `position` to the end as it is now. Reads the disk: not for an async
    /// worker.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the files cannot be listed; the iterator gives the others.
    pub fn entries(&self, position: u64) -> Result<Entries, JournalError> {
        Entries::of(&self.inner.folder.path, position, Some(self.end()))
    }
}

/// Writes the entries of the journal in `folder` as plain JSON lines, oldest first, also while
/// another process writes it. Answers how many.
///
/// # Errors
///
/// [`JournalError`] if the journal cannot be read or `out` cannot be written.
pub fn export(folder: &Path, out: &mut impl Write) -> Result<u64, JournalError> {
    let mut count = 0;
    for entry in Entries::of(folder, 0, None)? {
        let (_, mut entry) = entry?;
        entry.push(b'\n');
        out.write_all(&entry).map_err(|error| JournalError::disk(Path::new("export"), &error))?;
        count += 1;
    }
    Ok(count)
}
