//! Decisions that are in the store and in no journal yet (SPEC 5.13).
//!
//! Rules:
//! 1. What is to be journaled with a commit is in its store's outbox by the same step, and leaves it
//!    once a journal has it: whoever dies in between, or cannot write, has left it there.
//! 2. A process journals what it finds there before it decides anything, and again after an append
//!    that failed: nobody acts on a decision that no journal has.
//! 3. What lies there for long was left by a process that did not come back: any other journals it.
//!    Decisions are records like others, and one that is in two journals counts once.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Ledger;
use super::journaled::Journaled;
use crate::store::{Store as _, StoreError, Unjournaled};

/// What this process knows of the outbox.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Something of its own may be in there.
    left: AtomicBool,
    /// What was in there at the last thorough look.
    seen: std::sync::Mutex<BTreeSet<String>>,
}

impl Outbox {
    pub(super) const fn new() -> Self {
        // An earlier life of this process may have left something.
        Self { left: AtomicBool::new(true), seen: std::sync::Mutex::new(BTreeSet::new()) }
    }
}

impl Ledger {
    /// Journals what this process may have left in the outbox, before it decides anything.
    pub(super) async fn journal_what_was_left(&self) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        if self.inner.outbox.left.load(Ordering::Acquire) {
            let outbox = self.store().outbox().await?;
            self.journal_from_outbox(journal, outbox).await?;
            self.inner.outbox.left.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Journals what others left in the outbox and did not come back for.
    pub(super) async fn journal_what_others_left(&self) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        let mut outbox = self.store().outbox().await?;
        let names = outbox.iter().map(|left| left.name.clone()).collect();
        let seen = {
            let mut seen = self.inner.outbox.seen.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *seen, names)
        };
        outbox.retain(|left| seen.contains(&left.name));
        self.journal_from_outbox(journal, outbox).await
    }

    /// Journals decisions that were just committed under `name`, and takes them out of the outbox.
    pub(super) async fn journal_decisions(
        &self,
        name: String,
        lines: Vec<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let Some(journal) = self.journal() else { return Ok(()) };
        if lines.is_empty() {
            return Ok(());
        }
        if let Err(error) = journal.append(lines).await {
            self.inner.outbox.left.store(true, Ordering::Release);
            return Err(error);
        }
        if let Err(error) = self.store().journaled(&[name]).await {
            tracing::debug!(%error, "what is journaled stays in the outbox");
        }
        Ok(())
    }

    async fn journal_from_outbox(
        &self,
        journal: &Journaled,
        outbox: Vec<Unjournaled>,
    ) -> Result<(), StoreError> {
        if outbox.is_empty() {
            return Ok(());
        }
        let outbox = outbox.into_iter().map(|left| (left.name, left.entries));
        let (names, lines): (Vec<String>, Vec<Vec<Vec<u8>>>) = outbox.unzip();
        journal.append(lines.concat()).await?;
        tracing::info!(commits = names.len(), "decisions that no journal had are journaled");
        self.store().journaled(&names).await
    }
}
