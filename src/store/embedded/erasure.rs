//! Erasing for good: entries of the journal are written anew, and then the file is.
//!
//! Rules:
//! 1. What was overwritten in the file may stand in its free places for long. So all that it holds is
//!    written into a new file beside it; once that is on disk it takes the old one's name.
//! 2. Whoever dies in between has the old file, whole; what was half made is taken away when the file is
//!    opened again. Positions of entries stay as they are.
//! 3. Nothing else is written meanwhile; reading goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::WriteTransaction;
use redb::{
    Database, ReadableDatabase as _, ReadableTable as _, TableDefinition, TableHandle as _,
};

use super::Embedded;
use super::tables::{ENTRIES, Tabled};
use crate::store::StoreError;

/// What an entry is to be instead. `None`: what it is.
pub(super) type Change = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

impl Embedded {
    /// Writes the entries of the journal anew for which `change` has other bytes; nothing of what they
    /// were, or of what any value was before, is in the file when it answers. Answers how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file, or the new one beside it, cannot be written: then it is
    /// to be asked again.
    pub async fn erase_entries(&self, change: Arc<Change>) -> Result<u64, StoreError> {
        self.inner.writer.renew(move |txn| changed(txn, &*change).map(Ok)).await
    }
}

fn changed(txn: &WriteTransaction, change: &Change) -> Tabled<u64> {
    let mut table = txn.open_table(ENTRIES)?;
    let mut changed = Vec::new();
    for entry in table.iter()? {
        let (key, entry) = entry?;
        changed.extend(change(entry.value()).map(|entry| (key.value().to_vec(), entry)));
    }
    for (key, entry) in &changed {
        table.insert(key.as_slice(), entry.as_slice())?;
    }
    Ok(changed.len() as u64)
}

/// Where a new file is made.
pub(super) fn half_made(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    name.into()
}

/// Writes all that `database` holds into a new file, which takes the place of the one at `path`.
pub(super) fn renewed(
    path: &Path,
    database: &Database,
    open: fn(&Path) -> Tabled<Database>,
) -> Tabled<Database> {
    let made = half_made(path);
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let new = open(&made)?;
    std::fs::set_permissions(&made, std::fs::metadata(path)?.permissions())?;
    let (from, to) = (database.begin_read()?, new.begin_write()?);
    for table in from.list_tables()? {
        let table = TableDefinition::<&[u8], &[u8]>::new(table.name());
        let mut copy = to.open_table(table)?;
        for pair in from.open_table(table)?.iter()? {
            let (key, value) = pair?;
            copy.insert(key.value(), value.value())?;
        }
    }
    to.commit()?;
    std::fs::rename(&made, path)?;
    // Elsewhere a folder cannot be opened as a file, and names are durable with their files.
    if let (true, Some(folder)) = (cfg!(unix), path.parent()) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(new)
}
