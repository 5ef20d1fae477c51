//! A store in one file, with no server: for one machine and one process, durable.
//!
//! Rules:
//! 1. A commit is on disk when it is answered; one thread writes, many commits at once
//!    ([`writer`]). Reads see the last commit and wait for nobody.
//! 2. The journal is a table of the same commit: nothing can be in one and not in the other.
//!    So a new file is ready at once, and `reset` keeps the journal, the rules, what is parked
//!    and the switch.
//! 3. The file is locked: a second process is told so. Leases and beats live in memory.
//! 4. Its time is the given [`Clock`]'s.

mod breaker;
mod erasure;
mod marks;
mod reads;
mod tables;
mod writer;
mod writes;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use redb::WriteTransaction;
use tokio::sync::broadcast;

use self::tables::{
    ALIASES, INBOX, JOURNALS, META, META_INBOX_NEXT, META_SWITCH, PARKED, Tabled, VERSIONS, WORDS,
    count, version_key,
};
use self::writer::{File, Writer};
use super::near::{NearWatch, teller};
use super::{
    Alias, Change, Commit, Condition, Incarnation, Parked, Row, SHARDS, Store, StoreError, Stored,
    Switch, Unjournaled, Version, form, shard_of,
};
use crate::clock::Clock;
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// A store in one file. A copy is the same store.
#[derive(Clone, Debug)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    // Before the file: its thread ends before the file is closed.
    writer: Writer,
    file: Arc<File>,
    changes: broadcast::Sender<Change>,
    passing: Mutex<Passing>,
}

/// What need not outlive the process.
#[derive(Debug)]
struct Passing {
    beats: Vec<Option<Instant>>,
    leases: HashMap<String, (String, Instant)>,
}

impl Embedded {
    /// Opens the store in the file at `path`, or makes it. Reads and writes the disk: not for
    /// an async worker.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be opened or another process has it;
    /// [`StoreError::Unreadable`] if a newer ambergate wrote it, or it is damaged.
    pub fn open(path: impl AsRef<Path>, clock: Clock) -> Result<Self, StoreError> {
        let file = Arc::new(File::open(path.as_ref().to_owned())?);
        reads::set_up(&file)?;
        let writer = Writer::start(file.clone())?;
        let passing =
            Mutex::new(Passing { beats: vec![None; usize::from(SHARDS)], leases: HashMap::new() });
        let changes = teller();
        Ok(Self { inner: Arc::new(Inner { clock, writer, file, changes, passing }) })
    }

    /// Journals events that change no account, oldest first. On disk when it answers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be written.
    pub async fn append(&self, entries: Vec<Vec<u8>>) -> Result<(), StoreError> {
        self.write(move |txn| writes::journal(txn, &entries).map(Ok)).await
    }

    /// The journal from `position` on, at most `limit` entries with their positions: what
    /// `ambergate rebuild` and an export read.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be read.
    pub fn entries(&self, position: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        reads::entries(&self.inner.file, position, limit)
    }

    async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&WriteTransaction) -> Tabled<Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.write(step, |_| ()).await
    }

    fn passing(&self) -> std::sync::MutexGuard<'_, Passing> {
        self.inner.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> &File {
        &self.inner.file
    }
}

impl Store for Embedded {
    type Watch = NearWatch;

    async fn grant(&self, tenant: &TenantId) -> Result<(Option<Grant>, u64), StoreError> {
        reads::grant(self.file(), tenant)
    }

    async fn words(&self, tenant: &TenantId) -> Result<Option<Words>, StoreError> {
        let bytes = reads::complete_value(self.file(), WORDS, tenant.as_str().as_bytes())?;
        bytes.map(|bytes| form::read_words(tenant, &bytes)).transpose()
    }

    async fn switch(&self) -> Result<Switch, StoreError> {
        let bytes = reads::value(self.file(), META, META_SWITCH)?;
        bytes.map_or_else(|| Ok(Switch::default()), |bytes| form::read_json("the switch", &bytes))
    }

    async fn watch(&self) -> Result<NearWatch, StoreError> {
        Ok(NearWatch::new(&self.inner.changes))
    }

    async fn beats(&self) -> Result<Vec<(u64, Option<Instant>)>, StoreError> {
        let sequences = reads::sequences(self.file())?;
        Ok(sequences.into_iter().zip(self.passing().beats.iter().copied()).collect())
    }

    async fn submit(&self, event: Vec<u8>) -> Result<(), StoreError> {
        self.write(move |txn| {
            let number = count(&mut txn.open_table(META)?, META_INBOX_NEXT)?;
            let mut inbox = txn.open_table(INBOX)?;
            inbox.insert(number.to_be_bytes().as_slice(), event.as_slice())?;
            Ok(Ok(()))
        })
        .await
    }

    async fn now(&self) -> Result<Instant, StoreError> {
        Ok(self.inner.clock.now())
    }

    async fn condition(&self) -> Result<Condition, StoreError> {
        reads::condition(self.file())
    }

    async fn load(&self, tenant: &TenantId) -> Result<Option<Stored>, StoreError> {
        reads::load(self.file(), tenant)
    }

    async fn commit(&self, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        let grant = form::grant(&commit.grant)?;
        let words = form::words(&commit.words)?;
        let row = form::row(&commit.row)?;
        let shard = shard_of(&commit.tenant);
        let told = Arc::new(commit.grant.clone());
        let changes = self.inner.changes.clone();
        let step =
            move |txn: &WriteTransaction| writes::commit(txn, &commit, (&grant, &words, &row));
        let then = move |(sequence, complete): &(u64, bool)| {
            if *complete {
                // Nobody may be listening.
                let _ = changes.send(Change::Grant { shard, sequence: *sequence, grant: told });
            }
        };
        let (sequence, _) = self.inner.writer.write(step, then).await?;
        Ok(sequence)
    }

    async fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        reads::wakes(self.file(), Some(now), limit)
    }

    async fn next_wake(&self) -> Result<Option<Instant>, StoreError> {
        let first = reads::wakes(self.file(), None, 1)?;
        Ok(first.first().map(|(_, wake)| *wake))
    }

    async fn rows(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        reads::rows(self.file(), after, limit)
    }

    async fn inbox(&self, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        reads::inbox(self.file(), limit)
    }

    async fn settle(&self, names: &[String]) -> Result<(), StoreError> {
        let numbers: Vec<u64> = names.iter().filter_map(|name| name.parse().ok()).collect();
        self.write(move |txn| {
            let mut inbox = txn.open_table(INBOX)?;
            for number in numbers {
                inbox.remove(number.to_be_bytes().as_slice())?;
            }
            Ok(Ok(()))
        })
        .await
    }

    async fn outbox(&self) -> Result<Vec<Unjournaled>, StoreError> {
        Ok(Vec::new())
    }

    async fn journaled(&self, _names: &[String]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_switch(&self, expected: &Switch, switch: Switch) -> Result<(), StoreError> {
        let changes = self.inner.changes.clone();
        let told = switch.clone();
        let expected = expected.clone();
        let step = move |txn: &WriteTransaction| writes::set_switch(txn, &expected, &switch);
        let then = move |(): &()| {
            let _ = changes.send(Change::Switch(told));
        };
        self.inner.writer.write(step, then).await
    }

    async fn publish(&self, version: Version) -> Result<(), StoreError> {
        let bytes = form::json("a version", &version)?;
        let key = version_key(version.key());
        self.write(move |txn| writes::insert_once(txn, VERSIONS, &key, &bytes)).await?;
        Ok(())
    }

    async fn versions(&self) -> Result<Vec<Version>, StoreError> {
        let mut versions: Vec<Version> = reads::all_json(self.file(), VERSIONS, "a version")?;
        versions.sort_by(Version::order);
        Ok(versions)
    }

    async fn park(&self, parked: Parked) -> Result<bool, StoreError> {
        let bytes = form::json("a parked event", &parked)?;
        self.write(move |txn| writes::insert_once(txn, PARKED, parked.id.as_bytes(), &bytes)).await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        let mut parked: Vec<Parked> = reads::all_json(self.file(), PARKED, "a parked event")?;
        parked.sort_by(Parked::order);
        Ok(parked)
    }

    async fn set_alias(&self, alias: Alias) -> Result<(), StoreError> {
        let bytes = form::json("a name", &alias)?;
        self.write(move |txn| {
            txn.open_table(ALIASES)?.insert(alias.name.as_bytes(), bytes.as_slice())?;
            Ok(Ok(()))
        })
        .await
    }

    async fn alias(&self, name: &str) -> Result<Option<Alias>, StoreError> {
        let bytes = reads::value(self.file(), ALIASES, name.as_bytes())?;
        bytes.map(|bytes| form::read_json("a name", &bytes)).transpose()
    }

    async fn unpark(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |txn| {
            txn.open_table(PARKED)?.remove(id.as_bytes())?;
            Ok(Ok(()))
        })
        .await
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let at = self.inner.clock.now();
        let sequences = reads::sequences(self.file())?;
        self.passing().beats.fill(Some(at));
        for (shard, sequence) in (0..SHARDS).zip(sequences) {
            let _ = self.inner.changes.send(Change::Beat { shard, sequence, at });
        }
        Ok(())
    }

    async fn lease(&self, name: &str, holder: &str, millis: u64) -> Result<bool, StoreError> {
        let now = self.inner.clock.now();
        let mut passing = self.passing();
        let taken = passing.leases.get(name);
        if taken.is_some_and(|(other, until)| other != holder && *until > now) {
            return Ok(false);
        }
        let until = now.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        passing.leases.insert(name.to_owned(), (holder.to_owned(), until));
        Ok(true)
    }

    async fn applied(&self, journal: &str) -> Result<Vec<u64>, StoreError> {
        reads::applied(self.file(), journal)
    }

    async fn set_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
        positions: &[u64],
    ) -> Result<(), StoreError> {
        let incarnation = incarnation.clone();
        let journal = journal.to_owned();
        let positions = positions.to_vec();
        self.write(move |txn| {
            if !writes::is_current(txn, &incarnation)? {
                return Ok(Err(StoreError::OtherIncarnation));
            }
            for (shard, position) in (0..SHARDS).zip(positions) {
                writes::forward(txn, &journal, shard, position)?;
            }
            Ok(Ok(()))
        })
        .await
    }

    async fn register_journal(&self, journal: &str) -> Result<(), StoreError> {
        let key = journal.as_bytes().to_vec();
        self.write(move |txn| writes::insert_once(txn, JOURNALS, &key, &[0])).await?;
        Ok(())
    }

    async fn unregister_journal(&self, journal: &str) -> Result<(), StoreError> {
        let key = journal.as_bytes().to_vec();
        self.write(move |txn| {
            txn.open_table(JOURNALS)?.remove(key.as_slice())?;
            Ok(Ok(()))
        })
        .await
    }

    async fn journals(&self) -> Result<Vec<(String, bool)>, StoreError> {
        reads::journals(self.file())
    }

    async fn journal_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
    ) -> Result<(), StoreError> {
        let incarnation = incarnation.clone();
        let key = journal.as_bytes().to_vec();
        self.write(move |txn| {
            if !writes::is_current(txn, &incarnation)? {
                return Ok(Err(StoreError::OtherIncarnation));
            }
            txn.open_table(JOURNALS)?.insert(key.as_slice(), [1].as_slice())?;
            Ok(Ok(()))
        })
        .await
    }

    async fn recovered(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        let incarnation = incarnation.clone();
        self.write(move |txn| writes::end_recovery(txn, &incarnation)).await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        let incarnation = super::new_incarnation()?;
        self.write(move |txn| writes::reset(txn, &incarnation).map(Ok)).await
    }
}
