//! Entries whose case is none any more: what began it turned out to be something else, such as an
//! earlier failed charge that became known late.
//!
//! Rule: a stray closes nothing, and is recorded as lifted like any entry that falls (SPEC 5.10).

use super::account::Account;
use super::decision::RungEntered;
use super::id::EntryId;
use super::time::Instant;

/// What was entered for a case that is none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// What was entered.
    pub entered: RungEntered,
    /// When.
    pub time: Instant,
    /// When it was recorded as lifted.
    pub lifted: Option<Instant>,
}

impl Account {
    /// What was entered under that id for a case, in force or not.
    #[must_use]
    pub fn entered(&self, entry: EntryId) -> Option<&RungEntered> {
        let entries = self.cases.iter().flat_map(|case| &case.entries).map(|it| &it.entered);
        let strays = self.strays.iter().map(|it| &it.entered);
        entries.chain(strays).find(|entered| entered.entry == entry)
    }
}
