//! What is written to the file, each a step of a batch ([`super::writer`]).

use redb::{ReadableTable, WriteTransaction};

use super::tables::{
    ACCOUNTS, APPLIED, Bytes, ENTRIES, GRANTS, JOURNALS, META, META_ENTRIES_NEXT, META_INCARNATION,
    META_RECOVERING, META_SWITCH, REBUILT, ROWS, SEQUENCES, Tabled, WAKES, WORDS, account_value,
    applied_key, count, number_at, read_account_value, wake_key,
};
use crate::store::{Commit, Incarnation, StoreError, Switch, form, shard_of};

/// Adds entries to the journal.
pub(super) fn journal(txn: &WriteTransaction, entries: &[Vec<u8>]) -> Tabled<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut meta = txn.open_table(META)?;
    let mut table = txn.open_table(ENTRIES)?;
    for entry in entries {
        let position = count(&mut meta, META_ENTRIES_NEXT)?;
        table.insert(position.to_be_bytes().as_slice(), entry.as_slice())?;
    }
    Ok(())
}

/// Moves a journal's position in a shard forward, never back.
pub(super) fn forward(
    txn: &WriteTransaction,
    journal: &str,
    shard: u16,
    position: u64,
) -> Tabled<()> {
    let mut applied = txn.open_table(APPLIED)?;
    let key = applied_key(journal, shard);
    if number_at(&applied, &key)? < position {
        applied.insert(key.as_slice(), position.to_be_bytes().as_slice())?;
    }
    Ok(())
}

pub(super) fn is_current(txn: &WriteTransaction, incarnation: &Incarnation) -> Tabled<bool> {
    let meta = txn.open_table(META)?;
    let known = meta.get(META_INCARNATION)?;
    Ok(known.is_some_and(|known| known.value() == incarnation.0.as_bytes()))
}

fn is_recovering(meta: &impl ReadableTable<&'static [u8], &'static [u8]>) -> Tabled<bool> {
    Ok(meta.get(META_RECOVERING)?.is_some_and(|value| value.value() == [1]))
}

/// All of `commit`, or the reason why not; answers the shard's sequence, and whether the store is
/// complete: then watchers are told.
pub(super) fn commit(
    txn: &WriteTransaction,
    commit: &Commit,
    (grant, words, row): (&[u8], &[u8], &[u8]),
) -> Tabled<Result<(u64, bool), StoreError>> {
    if !is_current(txn, &commit.incarnation)? {
        return Ok(Err(StoreError::OtherIncarnation));
    }
    let tenant = commit.tenant.as_str().as_bytes();
    let mut accounts = txn.open_table(ACCOUNTS)?;
    let before = accounts.get(tenant)?.and_then(|value| {
        read_account_value(value.value()).map(|(digest, wake, _)| (digest, wake))
    });
    if before.map(|(digest, _)| digest) != commit.expected {
        return Ok(Err(StoreError::Conflict));
    }
    let before = before.and_then(|(_, wake)| wake);
    let value = account_value(commit.stored.digest, commit.wake, &commit.stored.account);
    accounts.insert(tenant, value.as_slice())?;
    txn.open_table(GRANTS)?.insert(tenant, grant)?;
    txn.open_table(WORDS)?.insert(tenant, words)?;
    txn.open_table(ROWS)?.insert(tenant, row)?;
    if before != commit.wake {
        let mut wakes = txn.open_table(WAKES)?;
        if let Some(wake) = before {
            wakes.remove(wake_key(wake, &commit.tenant).as_slice())?;
        }
        if let Some(wake) = commit.wake {
            wakes.insert(wake_key(wake, &commit.tenant).as_slice(), [].as_slice())?;
        }
    }
    journal(txn, &commit.entries)?;
    let shard = shard_of(&commit.tenant);
    if let Some(applied) = &commit.applied {
        forward(txn, &applied.journal, shard, applied.position)?;
    }
    let mut sequences = txn.open_table(SEQUENCES)?;
    let key = shard.to_be_bytes();
    let sequence = number_at(&sequences, &key)? + 1;
    sequences.insert(key.as_slice(), sequence.to_be_bytes().as_slice())?;
    let recovering = is_recovering(&txn.open_table(META)?)?;
    Ok(Ok((sequence, !recovering)))
}

/// Sets the switch if it is still as `expected`.
pub(super) fn set_switch(
    txn: &WriteTransaction,
    expected: &Switch,
    switch: &Switch,
) -> Tabled<Result<(), StoreError>> {
    let mut meta = txn.open_table(META)?;
    let known = meta.get(META_SWITCH)?.map(|bytes| bytes.value().to_vec());
    let written = known
        .map_or_else(
            || Ok(Switch::default()),
            |bytes| form::read_json::<Switch>("the switch", &bytes),
        )
        .and_then(|known| {
            if known.is_still(expected) {
                form::json("the switch", switch)
            } else {
                Err(StoreError::Conflict)
            }
        });
    match written {
        Ok(bytes) => {
            meta.insert(META_SWITCH, bytes.as_slice())?;
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// Inserts what is not there yet. `false`: it was.
pub(super) fn insert_once(
    txn: &WriteTransaction,
    table: Bytes,
    key: &[u8],
    value: &[u8],
) -> Tabled<Result<bool, StoreError>> {
    let mut table = txn.open_table(table)?;
    if table.get(key)?.is_some() {
        return Ok(Ok(false));
    }
    table.insert(key, value)?;
    Ok(Ok(true))
}

/// Ends the recovery of `incarnation` if every journal is applied.
pub(super) fn end_recovery(
    txn: &WriteTransaction,
    incarnation: &Incarnation,
) -> Tabled<Result<bool, StoreError>> {
    if !is_current(txn, incarnation)? {
        return Ok(Err(StoreError::OtherIncarnation));
    }
    let mut meta = txn.open_table(META)?;
    if is_recovering(&meta)? {
        for journal in txn.open_table(JOURNALS)?.iter()? {
            if journal?.1.value() != [1] {
                return Ok(Ok(false));
            }
        }
    }
    meta.insert(META_RECOVERING, [0].as_slice())?;
    Ok(Ok(true))
}

/// Forgets what a rebuild makes anew, and begins `incarnation`, recovering.
pub(super) fn reset(txn: &WriteTransaction, incarnation: &Incarnation) -> Tabled<()> {
    for table in REBUILT {
        txn.delete_table(table)?;
        txn.open_table(table)?;
    }
    let mut journals = txn.open_table(JOURNALS)?;
    let known: Vec<Vec<u8>> = journals
        .iter()?
        .map(|entry| entry.map(|(key, _)| key.value().to_vec()))
        .collect::<Result<_, _>>()?;
    for key in known {
        journals.insert(key.as_slice(), [0].as_slice())?;
    }
    let mut meta = txn.open_table(META)?;
    meta.insert(META_INCARNATION, incarnation.0.as_bytes())?;
    meta.insert(META_RECOVERING, [1].as_slice())?;
    Ok(())
}
