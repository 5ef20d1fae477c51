//! What is read from the file, each time of one state of it.

use redb::{ReadTransaction, ReadableDatabase};
use serde::de::DeserializeOwned;

use super::tables::{
    ACCOUNTS, APPLIED, Bytes, ENTRIES, GRANTS, INBOX, JOURNALS, LAYOUT, META, META_INCARNATION,
    META_LAYOUT, META_RECOVERING, ROWS, SEQUENCES, Tabled, WAKES, applied_key, failed, number,
    number_at, read_account_value, read_tenant, read_wake_key, unreadable, wakes_until,
};
use super::writer::File;
use crate::domain::grant::Grant;
use crate::domain::id::TenantId;
use crate::domain::time::Instant;
use crate::store::{
    Condition, Incarnation, Row, SHARDS, StoreError, Stored, form, new_incarnation, shard_of,
};

/// Makes the tables of a new file, and refuses a file of a newer layout.
pub(super) fn set_up(file: &File) -> Result<(), StoreError> {
    let database = file.database()?;
    let incarnation = new_incarnation()?;
    let tables = || -> Tabled<()> {
        let txn = database.begin_write()?;
        super::tables::set_up(&txn, &incarnation)?;
        txn.commit()?;
        Ok(())
    };
    tables().map_err(|error| failed(&file.path, error))?;
    match value(file, META, META_LAYOUT)?.as_deref() {
        Some([LAYOUT]) => Ok(()),
        layout => Err(unreadable(
            &file.path,
            "meta",
            &format!(
                "it has layout {layout:?}, written by a newer ambergate; this one reads {LAYOUT}: \
                 use the newer one"
            ),
        )),
    }
}

/// Reads one state of the file.
pub(super) fn read<T>(
    file: &File,
    read: impl FnOnce(&ReadTransaction) -> Tabled<T>,
) -> Result<T, StoreError> {
    let database = file.database()?;
    let txn = database.begin_read().map_err(redb::Error::from);
    txn.and_then(|txn| read(&txn)).map_err(|error| failed(&file.path, error))
}

pub(super) fn value(file: &File, table: Bytes, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    read(file, |txn| value_in(txn, table, key))
}

fn value_in(txn: &ReadTransaction, table: Bytes, key: &[u8]) -> Tabled<Option<Vec<u8>>> {
    Ok(txn.open_table(table)?.get(key)?.map(|value| value.value().to_vec()))
}

/// A value that gates read: none while the store recovers.
pub(super) fn complete_value(
    file: &File,
    table: Bytes,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let (value, recovering) =
        read(file, |txn| Ok((value_in(txn, table, key)?, is_recovering(txn)?)))?;
    if recovering { Err(StoreError::Recovering) } else { Ok(value) }
}

pub(super) fn grant(file: &File, tenant: &TenantId) -> Result<(Option<Grant>, u64), StoreError> {
    let shard = shard_of(tenant).to_be_bytes();
    let (grant, sequence, recovering) = read(file, |txn| {
        let grant = value_in(txn, GRANTS, tenant.as_str().as_bytes())?;
        let sequence = number_at(&txn.open_table(SEQUENCES)?, &shard)?;
        Ok((grant, sequence, is_recovering(txn)?))
    })?;
    if recovering {
        return Err(StoreError::Recovering);
    }
    let grant = grant.map(|bytes| form::read_grant(tenant, &bytes)).transpose()?;
    Ok((grant, sequence))
}

fn is_recovering(txn: &ReadTransaction) -> Tabled<bool> {
    Ok(value_in(txn, META, META_RECOVERING)?.is_none_or(|value| value != [0]))
}

pub(super) fn condition(file: &File) -> Result<Condition, StoreError> {
    let (incarnation, recovering) =
        read(file, |txn| Ok((value_in(txn, META, META_INCARNATION)?, is_recovering(txn)?)))?;
    let name = incarnation.and_then(|bytes| String::from_utf8(bytes).ok());
    let name = name.ok_or_else(|| unreadable(&file.path, "meta", "no incarnation"))?;
    let incarnation = Incarnation(name.into());
    Ok(match recovering {
        true => Condition::Recovering(incarnation),
        false => Condition::Ready(incarnation),
    })
}

pub(super) fn load(file: &File, tenant: &TenantId) -> Result<Option<Stored>, StoreError> {
    let Some(bytes) = value(file, ACCOUNTS, tenant.as_str().as_bytes())? else {
        return Ok(None);
    };
    let (digest, _, account) = read_account_value(&bytes)
        .ok_or_else(|| unreadable(&file.path, "accounts", "a value that is too short"))?;
    form::check_account(tenant, account)?;
    Ok(Some(Stored { digest, account: account.to_vec() }))
}

/// Wakes not after `until`, the earliest first.
pub(super) fn wakes(
    file: &File,
    until: Option<Instant>,
    limit: usize,
) -> Result<Vec<(TenantId, Instant)>, StoreError> {
    let end = until.map_or(vec![u8::MAX; 9], |now| wakes_until(now).to_vec());
    let keys = range(file, WAKES, (&[], &end), limit)?;
    keys.iter().map(|(key, _)| read_wake_key(&file.path, key)).collect()
}

pub(super) fn rows(
    file: &File,
    after: Option<&TenantId>,
    limit: usize,
) -> Result<Vec<Row>, StoreError> {
    // The least key after a name is the name with a zero byte, which no name contains.
    let start = after.map_or_else(Vec::new, |after| [after.as_str().as_bytes(), &[0]].concat());
    let rows = range(file, ROWS, (&start, &[u8::MAX]), limit)?;
    let read = |(key, row): &(Vec<u8>, Vec<u8>)| {
        form::read_row(&read_tenant(&file.path, "rows", key)?, row)
    };
    rows.iter().map(read).collect()
}

pub(super) fn inbox(file: &File, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let events = range(file, INBOX, (&[], &[u8::MAX; 9]), limit)?;
    Ok(events.into_iter().map(|(key, event)| (number(&key).to_string(), event)).collect())
}

pub(super) fn entries(
    file: &File,
    position: u64,
    limit: usize,
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let entries = range(file, ENTRIES, (&position.to_be_bytes(), &[u8::MAX; 9]), limit)?;
    Ok(entries.into_iter().map(|(key, entry)| (number(&key), entry)).collect())
}

type Pair = (Vec<u8>, Vec<u8>);

fn range(
    file: &File,
    table: Bytes,
    (start, end): (&[u8], &[u8]),
    limit: usize,
) -> Result<Vec<Pair>, StoreError> {
    read(file, |txn| {
        let table = txn.open_table(table)?;
        let mut pairs = Vec::new();
        for pair in table.range::<&[u8]>(start..end)?.take(limit) {
            let (key, value) = pair?;
            pairs.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(pairs)
    })
}

pub(super) fn all_json<T: DeserializeOwned>(
    file: &File,
    table: Bytes,
    place: &str,
) -> Result<Vec<T>, StoreError> {
    // No key begins with the last byte: keys are text.
    let all = range(file, table, (&[], &[u8::MAX]), usize::MAX)?;
    all.iter().map(|(_, value)| form::read_json(place, value)).collect()
}

pub(super) fn sequences(file: &File) -> Result<Vec<u64>, StoreError> {
    read(file, |txn| {
        let table = txn.open_table(SEQUENCES)?;
        (0..SHARDS).map(|shard| number_at(&table, &shard.to_be_bytes())).collect()
    })
}

pub(super) fn applied(file: &File, journal: &str) -> Result<Vec<u64>, StoreError> {
    read(file, |txn| {
        let table = txn.open_table(APPLIED)?;
        (0..SHARDS).map(|shard| number_at(&table, &applied_key(journal, shard))).collect()
    })
}

pub(super) fn journals(file: &File) -> Result<Vec<(String, bool)>, StoreError> {
    let journals = range(file, JOURNALS, (&[], &[u8::MAX]), usize::MAX)?;
    let named = |(key, done): Pair| {
        let name = String::from_utf8(key)
            .map_err(|_| unreadable(&file.path, "journals", "a name that is not text"))?;
        Ok((name, done == [1]))
    };
    journals.into_iter().map(named).collect()
}
