//! The one thread that writes the file.
//!
//! Rules:
//! 1. What arrives while one commit is on its way to the disk goes into the next, together.
//! 2. A step that refuses (a conflict) writes nothing and hinders no other; one that fails takes
//!    the whole batch back, and everybody in it is told.
//! 3. A step that erases is answered once the file was written anew ([`super::erasure`]).
//! 4. After a failure of the disk the file is opened again before the next batch: nothing needs
//!    a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use redb::{Database, WriteTransaction};
use tokio::sync::{mpsc, oneshot};

use super::erasure::{half_made, renewed};
use super::tables::{Tabled, failed};
use crate::store::StoreError;

/// How many steps may wait; more make their callers wait.
const STEPS_WAITING_MAX: usize = 1_024;
/// How many steps go into one commit.
const BATCH_MAX: usize = 512;
/// How much of the file is kept in memory.
const CACHE_BYTES: usize = 64 << 20;

/// One thing to write, and whom to tell.
trait Step: Send {
    fn write(&mut self, txn: &WriteTransaction) -> Tabled<()>;

    /// Whether the file is to be written anew after it.
    fn renews(&self) -> bool;

    /// Called once, after the commit or its failure.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Asked<T, Write, Then> {
    write: Option<Write>,
    then: Then,
    renews: bool,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, Write, Then> Step for Asked<T, Write, Then>
where
    T: Send,
    Write: FnOnce(&WriteTransaction) -> Tabled<Result<T, StoreError>> + Send,
    Then: FnOnce(&T) + Send,
{
    fn write(&mut self, txn: &WriteTransaction) -> Tabled<()> {
        self.outcome = self.write.take().map(|write| write(txn)).transpose()?;
        Ok(())
    }

    fn renews(&self) -> bool {
        self.renews
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        let never = || Err(StoreError::Unavailable("the step was not taken".to_owned()));
        let Self { write: _, then, renews: _, outcome, answer } = *self;
        let outcome = committed.and_then(|()| outcome.unwrap_or_else(never));
        if let Ok(value) = &outcome {
            then(value);
        }
        // Whoever asked may have gone.
        let _ = answer.send(outcome);
    }
}

/// How the file is opened; tests put a disk that fills up in its place.
type Opener = fn(&Path) -> Tabled<Database>;

/// The open file; nothing while it could not be opened again.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    opener: Opener,
    database: RwLock<Option<Arc<Database>>>,
}

impl File {
    pub(super) fn open(path: PathBuf) -> Result<Self, StoreError> {
        Self::open_by(open, path)
    }

    fn open_by(opener: Opener, path: PathBuf) -> Result<Self, StoreError> {
        let database = opener(&path).map_err(|error| failed(&path, error))?;
        // Nobody else has the file now, so nobody makes another of it.
        if let Err(error) = std::fs::remove_file(half_made(&path))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "what is left of a half-made file stays beside the store");
        }
        Ok(Self { path, opener, database: RwLock::new(Some(Arc::new(database))) })
    }

    pub(super) fn database(&self) -> Result<Arc<Database>, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.clone().ok_or_else(|| {
            StoreError::Unavailable(format!("{} could not be opened again", self.path.display()))
        })
    }

    /// Opens the file anew if the last failure closed it.
    fn reopened(&self) -> Result<Arc<Database>, StoreError> {
        if let Ok(database) = self.database() {
            return Ok(database);
        }
        let database =
            Arc::new((self.opener)(&self.path).map_err(|error| failed(&self.path, error))?);
        let mut slot = self.database.write().unwrap_or_else(PoisonError::into_inner);
        Ok(slot.insert(database).clone())
    }

    /// Writes the file anew, without anything that was overwritten in it.
    fn renew(&self) -> Result<(), StoreError> {
        let before = self.reopened()?;
        let new = renewed(&self.path, &before, self.opener);
        let new = new.map_err(|error| failed(&self.path, error))?;
        // Whoever reads the old one still has it.
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(new));
        Ok(())
    }

    fn close(&self) {
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn open(path: &Path) -> Tabled<Database> {
    Ok(Database::builder().set_cache_size(CACHE_BYTES).create(path)?)
}

/// Hands steps to the thread. Dropped, it waits until what it took is on disk.
#[derive(Debug)]
pub(super) struct Writer {
    steps: Option<mpsc::Sender<Box<dyn Step>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: Arc<File>) -> Result<Self, StoreError> {
        let (steps, waiting) = mpsc::channel(STEPS_WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&file, waiting))
            .map_err(|error| StoreError::Unavailable(format!("no thread to write: {error}")))?;
        Ok(Self { steps: Some(steps), thread: Some(thread) })
    }

    /// Writes by `write`; once it is on disk, `then` is called on the thread, in commit order.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&WriteTransaction) -> Tabled<Result<T, StoreError>> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(write, then, false).await
    }

    /// Writes by `write`, and then the whole file anew.
    pub(super) async fn renew<T: Send + 'static>(
        &self,
        write: impl FnOnce(&WriteTransaction) -> Tabled<Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.ask(write, |_| (), true).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        write: impl FnOnce(&WriteTransaction) -> Tabled<Result<T, StoreError>> + Send + 'static,
        then: impl FnOnce(&T) + Send + 'static,
        renews: bool,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let step = Asked { write: Some(write), then, renews, outcome: None, answer };
        let gone = || StoreError::Unavailable("the store's writer has ended".to_owned());
        let steps = self.steps.as_ref().ok_or_else(gone)?;
        steps.send(Box::new(step)).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            let _ = thread.join();
        }
    }
}

fn run(file: &File, mut waiting: mpsc::Receiver<Box<dyn Step>>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let committed = file.reopened().and_then(|database| {
            write_batch(&database, &mut batch).map_err(|error| {
                file.close();
                failed(&file.path, error)
            })
        });
        if let Err(error) = &committed {
            tracing::warn!(%error, "the store could not write");
        }
        let renewed = match committed {
            Ok(()) if batch.iter().any(|step| step.renews()) => file.renew(),
            _ => Ok(()),
        };
        for step in batch.drain(..) {
            let renewed = if step.renews() { renewed.clone() } else { Ok(()) };
            step.finish(committed.clone().and(renewed));
        }
    }
}

fn write_batch(database: &Database, batch: &mut [Box<dyn Step>]) -> Tabled<()> {
    let txn = database.begin_write()?;
    for step in batch {
        step.write(&txn)?;
    }
    txn.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use redb::StorageBackend;
    use redb::backends::FileBackend;

    use super::super::reads;
    use super::super::tables::META;
    use super::*;

    static FULL: AtomicBool = AtomicBool::new(false);

    /// A file on a disk that is full at times.
    #[derive(Debug)]
    struct Filling(FileBackend);

    fn space() -> std::io::Result<()> {
        let full = FULL.load(Ordering::Acquire);
        if full { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    impl StorageBackend for Filling {
        fn len(&self) -> std::io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> std::io::Result<()> {
            space()?;
            self.0.set_len(len)
        }

        fn sync_data(&self) -> std::io::Result<()> {
            space()?;
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            space()?;
            self.0.write(offset, data)
        }

        fn close(&self) -> std::io::Result<()> {
            self.0.close()
        }
    }

    fn open_filling(path: &Path) -> Tabled<Database> {
        let file = std::fs::File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(redb::Error::Io)?;
        Ok(Database::builder().create_with_backend(Filling(FileBackend::new(file)?))?)
    }

    #[tokio::test]
    async fn a_full_disk_is_an_error_and_then_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ambergate.db");
        let file = Arc::new(File::open_by(open_filling, path).unwrap());
        reads::set_up(&file).unwrap();
        let writer = Writer::start(file.clone()).unwrap();
        let put = async |key: &'static [u8]| {
            let put = move |txn: &WriteTransaction| {
                txn.open_table(META)?.insert(key, [7].as_slice())?;
                Ok(Ok(()))
            };
            writer.write(put, |()| ()).await
        };
        let kept = |key: &[u8]| reads::value(&file, META, key);
        assert_eq!(put(b"before").await, Ok(()));
        FULL.store(true, Ordering::Release);
        for _ in 0..3 {
            let error = put(b"while").await.unwrap_err();
            assert!(
                matches!(&error, StoreError::Unavailable(text) if text.contains("ambergate.db"))
            );
        }
        FULL.store(false, Ordering::Release);
        assert_eq!(put(b"after").await, Ok(()));
        assert_eq!(kept(b"before").unwrap(), Some(vec![7]));
        assert_eq!(kept(b"while").unwrap(), None);
        assert_eq!(kept(b"after").unwrap(), Some(vec![7]));
    }
}
