//! Sources of facts that are to be heard of within a time, and which of them are silent (SPEC 5.9).
//!
//! Rules:
//! 1. A source is heard of by whatever it says, a sign of life (`source.heard`) or a fact. What
//!    counts is when that was so, by its own time: what comes late says nothing of today. What
//!    could not be kept does not count.
//! 2. While one of them was not heard of for longer than it says, nobody is put into grace, told
//!    of something overdue, warned or cut off; what gives back goes on. Of a source that nobody
//!    remembers to have heard of, none was.
//! 3. It is kept in the store, for every process, and in the journal, which gives it back to a
//!    store that forgot it; not more often than a small part of that time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::Ledger;
use super::accept::Outcome;
use super::entry::{Entry, Heard};
use crate::domain::event::Incoming;
use crate::domain::id::Source;
use crate::domain::time::Instant;
use crate::store::marks::{Mark, Marks as _};
use crate::store::{Store as _, StoreError};

/// So many times within the time in which a source is to be heard of that is written down.
const NOTED_PER_TIME: i64 = 20;

/// A source that is to be heard of within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name, as events name it.
    pub source: Source,
    /// Within which time.
    pub heard_every: Duration,
}

impl Declared {
    fn millis(&self) -> i64 {
        i64::try_from(self.heard_every.as_millis()).unwrap_or(i64::MAX)
    }

    fn is_silent(&self, heard: Option<Instant>, now: Instant) -> bool {
        heard.is_none_or(|at| now.millis().saturating_sub(at.millis()) > self.millis())
    }
}

/// A source that was not heard of in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Which.
    pub source: Source,
    /// When it was heard of last; `None`: nobody remembers that it was.
    pub since: Option<Instant>,
}

/// What this process knows of sources.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    declared: OnceLock<Vec<Declared>>,
    /// When each was heard of, at the least.
    heard: Mutex<BTreeMap<Source, Instant>>,
    /// Those that it said are silent.
    silent: Mutex<Vec<Silent>>,
}

impl Feeds {
    fn declared(&self) -> &[Declared] {
        self.declared.get().map(Vec::as_slice).unwrap_or_default()
    }

    fn heard(&self) -> MutexGuard<'_, BTreeMap<Source, Instant>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, source: &Source, at: Instant) {
        let mut heard = self.heard();
        let known = heard.entry(source.clone()).or_insert(at);
        *known = at.max(*known);
    }

    /// By what this process knows itself.
    fn silent(&self, now: Instant) -> Vec<Silent> {
        let heard = self.heard();
        let silent = self.declared().iter().filter_map(|declared| {
            let since = heard.get(&declared.source).copied();
            let source = declared.source.clone();
            declared.is_silent(since, now).then_some(Silent { source, since })
        });
        silent.collect()
    }
}

impl Ledger {
    /// Says which sources are to be heard of within a time (`heard_every`).
    #[must_use]
    pub fn with_sources(self, declared: Vec<Declared>) -> Self {
        // Said twice it is the first that counts: other sources need another ledger.
        let _ = self.inner.feeds.declared.set(declared);
        self
    }

    /// A source said something that was so at `at`. Of a source that need not be heard of, or was
    /// a moment before, nothing is kept.
    ///
    /// # Errors
    ///
    /// It could not be written down: it does not count.
    pub async fn hear(&self, source: &Source, at: Instant) -> Result<(), StoreError> {
        let feeds = &self.inner.feeds;
        let Some(declared) = feeds.declared().iter().find(|it| it.source == *source) else {
            return Ok(());
        };
        let at = at.min(self.store().now().await?);
        let known = feeds.heard().get(source).copied();
        let each = declared.millis() / NOTED_PER_TIME;
        if known.is_some_and(|known| at <= known.plus_millis(each)) {
            return Ok(());
        }
        let heard = Heard { source: source.clone(), at };
        self.journal_entry(&Entry::Heard(heard)).await?;
        self.store().mark(Mark::Heard, vec![(source.as_str().to_owned(), at)]).await?;
        feeds.note(source, at);
        Ok(())
    }

    /// Of each fact the source that said it, if it is one to be heard of, and when.
    pub(super) fn said(&self, incoming: &[Incoming]) -> Vec<Option<(Source, Instant)>> {
        let declared = self.inner.feeds.declared();
        let said = |Incoming { record, .. }: &Incoming| {
            let known = declared.iter().find(|it| it.source.as_str() == record.source())?;
            Some((known.source.clone(), record.time))
        };
        incoming.iter().map(said).collect()
    }

    /// Sources were heard of by facts, as far as those were kept.
    pub(super) async fn hear_all(
        &self,
        said: Vec<Option<(Source, Instant)>>,
        outcomes: &[Outcome],
    ) {
        let mut heard: BTreeMap<Source, Instant> = BTreeMap::new();
        let kept = said.into_iter().zip(outcomes).filter(|(_, it)| **it != Outcome::Unavailable);
        for (source, at) in kept.filter_map(|(said, _)| said) {
            let newest = heard.entry(source).or_insert(at);
            *newest = at.max(*newest);
        }
        for (source, at) in heard {
            if let Err(error) = self.hear(&source, at).await {
                tracing::warn!(%source, %error, "that a source was heard of is not kept");
            }
        }
    }

    /// Whether no source is silent.
    pub(super) async fn all_are_heard(&self) -> Result<bool, StoreError> {
        if self.inner.feeds.declared().is_empty() {
            return Ok(true);
        }
        let now = self.store().now().await?;
        Ok(self.silent(now).await?.is_empty())
    }

    /// Sources that are silent at `now`.
    pub(super) async fn silent(&self, now: Instant) -> Result<Vec<Silent>, StoreError> {
        let feeds = &self.inner.feeds;
        if !feeds.silent(now).is_empty() {
            for (source, at) in self.store().marks(Mark::Heard).await? {
                if let Ok(source) = source.parse() {
                    feeds.note(&source, at);
                }
            }
        }
        Ok(feeds.silent(now))
    }

    /// Sources that were silent when this process last looked.
    #[must_use]
    pub fn silent_sources(&self) -> Vec<Silent> {
        self.inner.feeds.silent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks which sources are silent; each that becomes so, or no longer is, is said once.
    pub(super) async fn look_at_feeds(&self) -> Result<(), StoreError> {
        let feeds = &self.inner.feeds;
        if feeds.declared().is_empty() {
            return Ok(());
        }
        let now = self.store().now().await?;
        let silent = self.silent(now).await?;
        let before = {
            let mut known = feeds.silent.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, silent.clone())
        };
        let is_in = |list: &[Silent], source: &Source| list.iter().any(|it| it.source == *source);
        let mut back = false;
        for Declared { source, .. } in feeds.declared() {
            let (was, is) = (is_in(&before, source), is_in(&silent, source));
            let name = source.as_str().to_owned();
            metrics::gauge!("ambergate_source_silent", "source" => name).set(if is {
                1.0
            } else {
                0.0
            });
            match (was, is) {
                (false, true) => {
                    tracing::error!(%source, "nothing was heard of a source for longer \
                    than its heard_every: nobody is warned, put into grace or cut off until it is")
                }
                (true, false) => tracing::info!(%source, "a source is heard of again"),
                _ => {}
            }
            back |= was && !is;
        }
        if back && silent.is_empty() {
            self.look_at_all_soon();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_remembered_is_silent_and_who_is_late_becomes_so() {
        let books: Source = "books".parse().unwrap();
        let declared = Declared { source: books.clone(), heard_every: Duration::from_secs(86_400) };
        let feeds = Feeds::default();
        let now: Instant = "2026-03-02T08:00:00Z".parse().unwrap();
        assert_eq!(feeds.silent(now), []);
        feeds.declared.set(vec![declared]).unwrap();
        assert_eq!(feeds.silent(now), [Silent { source: books.clone(), since: None }]);
        feeds.note(&books, now);
        feeds.note(&books, now.plus_millis(-5));
        assert_eq!(feeds.silent(now.plus_millis(86_400_000)), []);
        let late = feeds.silent(now.plus_millis(86_400_001));
        assert_eq!(late, [Silent { source: books, since: Some(now) }]);
    }
}
