//! `ambergate rebuild`: the store made anew from journals, with the server stopped (SPEC 5.13).
//!
//! Rules:
//! 1. All that is in journals, and in the outbox, is restored before anything else.
//! 2. A rebuild that lacks a journal does not know everything: it restricts nobody. What was
//!    restricted is lifted, what could restrict is voided, and that is recorded.
//! 3. A journal that was not given is not waited for again. If it comes back after all it is read,
//!    and waited for from then on.

use std::time::Duration;

use super::Ledger;
use super::entry::{Entry, JournalNamed};
use super::recover::{Into, LINES_AT_ONCE};
use crate::domain::account::Account;
use crate::domain::decision::{Decision, LiftCause, NoticeVoided, StageLifted, VoidCause};
use crate::domain::id::TenantId;
use crate::store::any::AnyStore;
use crate::store::journal::Journal;
use crate::store::{Condition, Incarnation, Store as _, StoreError};

/// How often it is asked whether the recovery may end.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a rebuild came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many lines were read.
    pub lines: u64,
    /// Journals that the store knew and that were not given: whoever was restricted no longer is.
    pub missing: Vec<String>,
}

/// Makes the store anew from journals, the embedded store's own first. With the server stopped.
///
/// # Errors
///
/// The store cannot be used, or a journal cannot be read.
pub async fn rebuild(ledger: &Ledger, journals: &[Journal]) -> Result<Rebuilt, StoreError> {
    let store = ledger.store();
    store.reset().await?;
    let Condition::Recovering(incarnation) = store.condition().await? else {
        let detail = "it does not recover after a reset".to_owned();
        return Err(StoreError::Unavailable(detail));
    };
    let mut rebuilt = Rebuilt::default();
    ledger.read_all(journals, &incarnation, &mut rebuilt).await?;
    ledger.take_in_all().await?;
    let given: Vec<_> = journals.iter().map(Journal::name).collect();
    let named = store.journals().await?.into_iter().map(|(name, _)| name);
    rebuilt.missing = named.filter(|name| !given.iter().any(|it| **it == **name)).collect();
    if !rebuilt.missing.is_empty() {
        ledger.restrict_nobody(&incarnation).await?;
        ledger.give_up(&rebuilt.missing, journals).await?;
    }
    for journal in journals {
        store.journal_applied(&incarnation, &journal.name()).await?;
    }
    while !store.recovered(&incarnation).await? {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    ledger.look_after_forgotten().await;
    Ok(rebuilt)
}

impl Ledger {
    /// Reads every journal there is, and what is in none yet.
    async fn read_all(
        &self,
        journals: &[Journal],
        incarnation: &Incarnation,
        rebuilt: &mut Rebuilt,
    ) -> Result<(), StoreError> {
        let into = Into::Recovering(incarnation.clone());
        if let AnyStore::Embedded(store) = self.store() {
            let mut position = 0;
            loop {
                let lines = store.entries(position, LINES_AT_ONCE)?;
                let Some((last, _)) = lines.last() else { break };
                position = last + 1;
                rebuilt.lines += lines.len() as u64;
                self.apply(lines, &into).await?;
            }
        }
        for journal in journals {
            let mut position = 0;
            loop {
                let lines =
                    journal.read(position, LINES_AT_ONCE).await.map_err(StoreError::from)?;
                let Some((last, _)) = lines.last() else { break };
                position = last + 1;
                rebuilt.lines += lines.len() as u64;
                self.apply(lines, &into).await?;
            }
        }
        let outbox = self.store().outbox().await?.into_iter().flat_map(|left| left.entries);
        self.apply((0..).zip(outbox).collect(), &into).await
    }

    /// Nobody waits any more for journals that will never come back: every other one says so.
    async fn give_up(&self, missing: &[String], journals: &[Journal]) -> Result<(), StoreError> {
        let at = self.store().now().await?;
        for name in missing {
            let named = JournalNamed { journal: name.clone(), given_up: true, at };
            let line = Entry::Journal(named).write();
            self.journal_line(line.clone()).await?;
            for journal in journals {
                journal.append(vec![line.clone()]).await.map_err(StoreError::from)?;
            }
            self.store().unregister_journal(name).await?;
        }
        Ok(())
    }

    /// Lifts what restricts, and voids what could: the rebuild does not know everything.
    async fn restrict_nobody(&self, incarnation: &Incarnation) -> Result<(), StoreError> {
        let mut after: Option<TenantId> = None;
        loop {
            let rows = self.store().rows(after.as_ref(), LINES_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.tenant.clone());
            for row in rows {
                let mut draft = self.draft_in_recovery(&row.tenant, incarnation).await?;
                self.read_merged(&mut draft).await?;
                let decisions = what_restricts(draft.account());
                if !decisions.is_empty() && draft.decide(decisions) {
                    let entries = draft.lines(true);
                    self.commit_restored(draft, entries).await?;
                }
            }
        }
    }
}

fn what_restricts(account: &Account) -> Vec<Decision> {
    let entries = account.cases.iter().flat_map(|case| &case.entries);
    let entered = entries.filter(|it| it.lifted.is_none() && it.entered.effect().restricts());
    let lifted = entered.map(|it| {
        let (entry, cause) = (it.entered.entry, LiftCause::Unlawful);
        Decision::StageLifted(StageLifted { entry, cause })
    });
    let gates = account.gates.iter().filter(|gate| gate.lifted.is_none());
    let opened = gates.map(|gate| {
        let (entry, cause) = (gate.made.entry, LiftCause::Unlawful);
        Decision::StageLifted(StageLifted { entry, cause })
    });
    let pauses = account.pauses.iter().filter(|pause| pause.lifted.is_none());
    let ended = pauses.map(|pause| {
        let (entry, cause) = (pause.made.entry, LiftCause::Unlawful);
        Decision::StageLifted(StageLifted { entry, cause })
    });
    let live = account.notices.iter().filter(|it| it.voided.is_none() && it.spent.is_none());
    let voided = live.filter(|it| it.made.names.is_some()).map(|it| {
        let (notice, cause) = (it.made.notice, VoidCause::Leg);
        Decision::NoticeVoided(NoticeVoided { notice, cause })
    });
    lifted.chain(opened).chain(ended).chain(voided).collect()
}
