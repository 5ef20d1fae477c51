//! The tables of the file. Keys and values are bytes of our own making, whatever the file's
//! library thinks of types.

use std::path::{Path, PathBuf};

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::domain::id::{Derived, Digest, TenantId};
use crate::domain::time::Instant;
use crate::store::{Incarnation, StoreError};

/// The arrangement of these tables; a file with a newer one is refused.
pub(super) const LAYOUT: u8 = 1;

pub(super) type Bytes = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Facts about the file: see the keys below.
pub(super) const META: Bytes = TableDefinition::new("meta");
/// Tenant: digest (16), wake (8, [`NO_WAKE`]), account.
pub(super) const ACCOUNTS: Bytes = TableDefinition::new("accounts");
/// Tenant: grant.
pub(super) const GRANTS: Bytes = TableDefinition::new("grants");
/// Tenant: words.
pub(super) const WORDS: Bytes = TableDefinition::new("words");
/// Tenant: row.
pub(super) const ROWS: Bytes = TableDefinition::new("rows");
/// Wake (8), tenant: nothing.
pub(super) const WAKES: Bytes = TableDefinition::new("wakes");
/// Shard (2): sequence (8).
pub(super) const SEQUENCES: Bytes = TableDefinition::new("sequences");
/// Number (8): event.
pub(super) const INBOX: Bytes = TableDefinition::new("inbox");
/// Kind, 0, name, 0, hash: version as JSON.
pub(super) const VERSIONS: Bytes = TableDefinition::new("versions");
/// Id: parked event as JSON.
pub(super) const PARKED: Bytes = TableDefinition::new("parked");
/// Name: whose it is, as JSON.
pub(super) const ALIASES: Bytes = TableDefinition::new("aliases");
/// Journal, 0, shard (2): position (8).
pub(super) const APPLIED: Bytes = TableDefinition::new("applied");
/// Journal: 1 if applied in the recovery under way.
pub(super) const JOURNALS: Bytes = TableDefinition::new("journals");
/// Position (8): entry.
pub(super) const ENTRIES: Bytes = TableDefinition::new("entries");

pub(super) const ALL: [Bytes; 14] = [
    META, ACCOUNTS, GRANTS, WORDS, ROWS, WAKES, SEQUENCES, INBOX, VERSIONS, PARKED, ALIASES,
    APPLIED, JOURNALS, ENTRIES,
];

/// What a rebuild makes anew.
pub(super) const REBUILT: [Bytes; 6] = [ACCOUNTS, GRANTS, WORDS, ROWS, WAKES, APPLIED];

pub(super) const META_LAYOUT: &[u8] = b"layout";
pub(super) const META_INCARNATION: &[u8] = b"incarnation";
pub(super) const META_RECOVERING: &[u8] = b"recovering";
pub(super) const META_SWITCH: &[u8] = b"switch";
pub(super) const META_BREAKER: &[u8] = b"breaker";
pub(super) const META_INBOX_NEXT: &[u8] = b"inbox_next";
pub(super) const META_ENTRIES_NEXT: &[u8] = b"entries_next";

const NO_WAKE: i64 = i64::MIN;

/// What a table can fail with; the caller makes a [`StoreError`] of it, with the file's name.
pub(super) type Tabled<T> = Result<T, redb::Error>;

/// Times as bytes that sort like times.
pub(super) fn time_key(at: i64) -> [u8; 8] {
    (at.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub(super) fn wake_key(wake: Instant, tenant: &TenantId) -> Vec<u8> {
    [&time_key(wake.millis()), tenant.as_str().as_bytes()].concat()
}

/// The end of all wakes up to and including `now`.
pub(super) fn wakes_until(now: Instant) -> [u8; 8] {
    time_key(now.millis().saturating_add(1))
}

pub(super) fn read_wake_key(path: &Path, key: &[u8]) -> Result<(TenantId, Instant), StoreError> {
    let broken = || unreadable(path, "wakes", "a key that is not a time and a tenant");
    let (time, tenant) = key.split_first_chunk::<8>().ok_or_else(broken)?;
    let millis = (u64::from_be_bytes(*time) ^ (1 << 63)).cast_signed();
    Ok((read_tenant(path, "wakes", tenant)?, Instant::from_millis(millis)))
}

pub(super) fn read_tenant(path: &Path, table: &str, key: &[u8]) -> Result<TenantId, StoreError> {
    let name = std::str::from_utf8(key).ok().and_then(|text| text.parse().ok());
    name.ok_or_else(|| unreadable(path, table, "a key that is not a tenant's name"))
}

pub(super) fn version_key((kind, name, hash): (&str, &str, &str)) -> Vec<u8> {
    [kind.as_bytes(), name.as_bytes(), hash.as_bytes()].join(&0)
}

pub(super) fn applied_key(journal: &str, shard: u16) -> Vec<u8> {
    [journal.as_bytes(), &[0], &shard.to_be_bytes()].concat()
}

/// A number of eight bytes; an absent or broken one is 0.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.try_into().map(u64::from_be_bytes).unwrap_or_default()
}

/// The number at `key`; 0 if there is none.
pub(super) fn number_at(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Tabled<u64> {
    Ok(table.get(key)?.map_or(0, |value| number(value.value())))
}

/// Takes the next number of a counter in `META`.
pub(super) fn count(meta: &mut Table<'_, &'static [u8], &'static [u8]>, key: &[u8]) -> Tabled<u64> {
    let next = number_at(meta, key)?;
    meta.insert(key, (next + 1).to_be_bytes().as_slice())?;
    Ok(next)
}

/// A value of `ACCOUNTS`.
pub(super) fn account_value(digest: Digest, wake: Option<Instant>, account: &[u8]) -> Vec<u8> {
    let wake = wake.map_or(NO_WAKE, Instant::millis);
    [Derived::from(digest).bytes().as_slice(), &wake.to_be_bytes(), account].concat()
}

/// Digest, wake and account of a value of `ACCOUNTS`.
pub(super) fn read_account_value(value: &[u8]) -> Option<(Digest, Option<Instant>, &[u8])> {
    let (digest, rest) = value.split_first_chunk::<16>()?;
    let (wake, account) = rest.split_first_chunk::<8>()?;
    let wake = Some(i64::from_be_bytes(*wake)).filter(|wake| *wake != NO_WAKE);
    Some((Derived::from_bytes(*digest).into(), wake.map(Instant::from_millis), account))
}

/// Makes every table of a new file, and names its store.
pub(super) fn set_up(txn: &WriteTransaction, incarnation: &Incarnation) -> Tabled<()> {
    for table in ALL {
        txn.open_table(table)?;
    }
    let mut meta = txn.open_table(META)?;
    if meta.get(META_LAYOUT)?.is_none() {
        meta.insert(META_LAYOUT, [LAYOUT].as_slice())?;
        meta.insert(META_INCARNATION, incarnation.0.as_bytes())?;
        meta.insert(META_RECOVERING, [0].as_slice())?;
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, table: &str, detail: &str) -> StoreError {
    StoreError::Unreadable {
        place: format!("{}, table {table}", path.display()),
        detail: detail.to_owned(),
    }
}

/// What an error of the file's library means to a caller.
pub(super) fn failed(path: &Path, error: redb::Error) -> StoreError {
    let file = path.display();
    match error {
        redb::Error::DatabaseAlreadyOpen => StoreError::Unavailable(format!(
            "{file} is in use by another process: stop that one, or let both use one Redis"
        )),
        redb::Error::Corrupted(detail) => StoreError::Unreadable {
            place: PathBuf::from(path).display().to_string(),
            detail: format!("damaged: {detail}; put a copy back, or rebuild from a journal"),
        },
        redb::Error::UpgradeRequired(form) => StoreError::Unreadable {
            place: file.to_string(),
            detail: format!("it has file form {form}, which this ambergate does not read"),
        },
        other => StoreError::Unavailable(format!("{file}: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_sort_by_time_and_end_with_now() {
        let tenant: TenantId = "acme".parse().unwrap();
        let key = |millis| wake_key(Instant::from_millis(millis), &tenant);
        assert!(key(-5) < key(0) && key(0) < key(7) && key(7) < key(1 << 40));
        let end = wakes_until(Instant::from_millis(7)).to_vec();
        assert!(key(7) < end && key(8) > end);
        let read = read_wake_key(Path::new("x"), &key(-5)).unwrap();
        assert_eq!(read, (tenant, Instant::from_millis(-5)));
    }

    #[test]
    fn an_account_value_comes_back() {
        let digest = crate::store::form::digest_of(b"a");
        for wake in [None, Some(Instant::from_millis(-1))] {
            let value = account_value(digest, wake, b"abc");
            assert_eq!(read_account_value(&value), Some((digest, wake, b"abc".as_slice())));
        }
        assert_eq!(read_account_value(b"short"), None);
    }
}
