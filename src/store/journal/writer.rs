//! The thread that writes, and the one that compresses.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::segments::{Folder, Tail};
use super::{Change, JournalError, frame};

/// How many appends may wait; more make their callers wait.
const APPENDS_WAITING_MAX: usize = 1_024;
/// How many appends go to disk together.
const BATCH_MAX: usize = 512;

struct Append {
    entries: Vec<Vec<u8>>,
    answer: oneshot::Sender<Result<Range<u64>, JournalError>>,
    /// What is to be written anew, of all that is there.
    erase: Option<Erase>,
}

/// Entries are to be written anew.
struct Erase {
    change: Arc<Change>,
    answer: oneshot::Sender<Result<u64, JournalError>>,
}

/// What the packer does.
enum Work {
    Pack,
    Erase(Erase),
}

/// How far the journal is, for everybody to see.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// The position after the last entry that is on disk.
    pub(super) end: AtomicU64,
    /// The disk refused the last entries.
    pub(super) refused: AtomicBool,
}

/// Hands entries to the thread. Dropped, it waits until what it took is on disk.
#[derive(Debug)]
pub(super) struct Writer {
    folder: Arc<Folder>,
    appends: Option<mpsc::Sender<Append>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        folder: Arc<Folder>,
        tail: Tail,
        reached: Arc<Reached>,
    ) -> Result<Self, JournalError> {
        let (appends, waiting) = mpsc::channel(APPENDS_WAITING_MAX);
        let (pack, closed) = std::sync::mpsc::channel::<Work>();
        // What a crash left uncompressed is compressed now.
        let _ = pack.send(Work::Pack);
        let packed = folder.clone();
        let packer = spawn("journal-packer", &folder, move || {
            while let Ok(work) = closed.recv() {
                if let Err(error) = packed.pack() {
                    tracing::warn!(%error, "a closed file of the journal stays uncompressed");
                }
                if let Work::Erase(Erase { change, answer }) = work {
                    // Whoever asked may have gone.
                    let _ = answer.send(packed.erase(&*change));
                }
            }
        })?;
        let written = folder.clone();
        let thread = spawn("journal-writer", &folder, move || {
            let mut file = Written { folder: written, tail, torn: false, pack };
            file.run(waiting, &reached);
            drop(file);
            // A panic of the thread was printed when it happened.
            let _ = packer.join();
        })?;
        Ok(Self { folder, appends: Some(appends), thread: Some(thread) })
    }

    pub(super) async fn append(&self, entries: Vec<Vec<u8>>) -> Result<Range<u64>, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.send(Append { entries, answer, erase: None }).await?;
        answered.await.unwrap_or_else(|_| Err(self.gone()))
    }

    /// Writes entries anew: what was written until now is in closed files first.
    pub(super) async fn erase(&self, change: Arc<Change>) -> Result<u64, JournalError> {
        let ((answer, _), (erased, done)) = (oneshot::channel(), oneshot::channel());
        let erase = Some(Erase { change, answer: erased });
        self.send(Append { entries: Vec::new(), answer, erase }).await?;
        done.await.unwrap_or_else(|_| Err(self.gone()))
    }

    async fn send(&self, append: Append) -> Result<(), JournalError> {
        let appends = self.appends.as_ref().ok_or_else(|| self.gone())?;
        appends.send(append).await.map_err(|_| self.gone())
    }

    fn gone(&self) -> JournalError {
        let place = self.folder.path.clone();
        JournalError::Disk { place, detail: "its writer has ended".to_owned() }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.appends = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

fn spawn(
    name: &str,
    folder: &Folder,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, JournalError> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(|error| JournalError::disk(&folder.path, &error))
}

struct Written {
    folder: Arc<Folder>,
    tail: Tail,
    /// A write failed: what is behind the known length must be cut before the next.
    torn: bool,
    pack: std::sync::mpsc::Sender<Work>,
}

impl Written {
    fn run(&mut self, mut waiting: mpsc::Receiver<Append>, reached: &Reached) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
            let first = self.tail.next;
            let written = self.write(&batch);
            if let Err(error) = &written {
                tracing::warn!(%error, "the journal could not be written");
            }
            reached.refused.store(written.is_err(), Ordering::Relaxed);
            reached.end.store(self.tail.next, Ordering::Release);
            let mut position = first;
            let mut erasures = Vec::new();
            for Append { entries, answer, erase } in batch.drain(..) {
                erasures.extend(erase);
                let outcome = written.clone().map(|()| {
                    let positions = position..position + entries.len() as u64;
                    position = positions.end;
                    positions
                });
                // Whoever asked may have gone.
                let _ = answer.send(outcome);
            }
            if !erasures.is_empty() {
                self.erase(erasures);
            } else if self.tail.length >= self.folder.segment_bytes
                && let Err(error) = self.rotate()
            {
                tracing::warn!(%error, "the journal could not begin its next file");
            }
        }
    }

    /// Only closed files are written anew: this one is closed first, if there is anything in it.
    fn erase(&mut self, erasures: Vec<Erase>) {
        let closed = if self.tail.next > self.tail.first { self.rotate() } else { Ok(()) };
        for erase in erasures {
            match &closed {
                // The packer ends only after this thread.
                Ok(()) => _ = self.pack.send(Work::Erase(erase)),
                Err(error) => _ = erase.answer.send(Err(error.clone())),
            }
        }
    }

    fn write(&mut self, batch: &[Append]) -> Result<(), JournalError> {
        let Tail { file, path, length, next, .. } = &mut self.tail;
        let disk = |error: std::io::Error| JournalError::disk(path, &error);
        if self.torn {
            file.cut(*length).map_err(disk)?;
            self.torn = false;
        }
        let mut lines = Vec::new();
        let mut position = *next;
        for entry in batch.iter().flat_map(|append| &append.entries) {
            frame::put(&mut lines, position, *next, entry);
            position += 1;
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.torn = true;
        file.write(*length, &lines).map_err(disk)?;
        self.torn = false;
        *length += lines.len() as u64;
        *next = position;
        Ok(())
    }

    /// Begins the next file. If that fails this one grows on until it succeeds.
    fn rotate(&mut self) -> Result<(), JournalError> {
        if self.torn {
            let Tail { file, path, length, .. } = &mut self.tail;
            file.cut(*length).map_err(|error| JournalError::disk(path, &error))?;
            self.torn = false;
        }
        self.tail = self.folder.begin(self.tail.next)?;
        // The packer ends only after this thread.
        let _ = self.pack.send(Work::Pack);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::segments::Disk;
    use super::super::{Journal, JournalSettings};
    use super::*;

    /// A file on a disk that can be full.
    struct Filling {
        file: Box<dyn Disk>,
        full: Arc<AtomicBool>,
    }

    impl Disk for Filling {
        fn write(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
            if self.full.load(Ordering::Acquire) {
                self.file.write(offset, &bytes[..bytes.len() / 2])?;
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.file.write(offset, bytes)
        }

        fn cut(&mut self, length: u64) -> std::io::Result<()> {
            self.file.cut(length)
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_an_error_and_then_it_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let (folder, mut tail) = Folder::open(place.path(), 1 << 20).unwrap();
        let full = Arc::new(AtomicBool::new(false));
        tail.file = Box::new(Filling { file: tail.file, full: full.clone() });
        let reached = Arc::new(Reached::default());
        let writer = Writer::start(Arc::new(folder), tail, reached.clone()).unwrap();
        let entries = |n: u8| vec![vec![b'a' + n; 50], vec![b'A' + n; 50]];
        assert_eq!(writer.append(entries(0)).await, Ok(0..2));
        full.store(true, Ordering::Release);
        for _ in 0..2 {
            let error = writer.append(entries(1)).await.unwrap_err();
            assert!(matches!(error, JournalError::Disk { .. }), "{error}");
            assert!(reached.refused.load(Ordering::Relaxed));
        }
        assert_eq!(reached.end.load(Ordering::Acquire), 2);
        full.store(false, Ordering::Release);
        assert_eq!(writer.append(entries(2)).await, Ok(2..4));
        assert!(!reached.refused.load(Ordering::Relaxed));
        drop(writer);

        let journal = Journal::open(place.path(), JournalSettings::default()).unwrap();
        let kept: Vec<Vec<u8>> =
            journal.entries(0).unwrap().map(|entry| entry.unwrap().1).collect();
        assert_eq!(kept, [entries(0), entries(2)].concat());
    }
}
