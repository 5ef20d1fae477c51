//! `ambergate rebuild`: the store made anew from journals, with the server stopped.

use std::path::PathBuf;

use super::{AppError, control};
use crate::clock::Clock;
use crate::config::Config;
use crate::ledger::{self, Ledger};
use crate::store::journal::{Journal, JournalSettings};

/// Rebuilds the store that the configuration names from its own journal and those in `folders`.
///
/// # Errors
/// The store or a journal cannot be used: says which, and why.
pub(super) async fn rebuild(config: &Config, folders: Vec<PathBuf>) -> Result<String, AppError> {
    let clock = Clock::system();
    let store = control::open_store(config, &clock).await?;
    let mut journals: Vec<Journal> = control::open_journal(config).await?.into_iter().collect();
    for folder in folders {
        let place = folder.display().to_string();
        let journal = Journal::open(folder, JournalSettings::default());
        journals.push(journal.map_err(|error| format!("{place}: {error}"))?);
    }
    let ledger = Ledger::new(store, None, clock, config.law.clone());
    let rebuilt = ledger::rebuild(&ledger, &journals).await;
    let rebuilt = rebuilt.map_err(|error| AppError::from(error.to_string()))?;
    let mut said = format!("The store is rebuilt from {} journal lines.", rebuilt.lines);
    if !rebuilt.missing.is_empty() {
        said.push_str(&format!(
            " Journals that were not given: {}. Whoever was restricted is not any more, and is \
             warned anew.",
            rebuilt.missing.join(", ")
        ));
    }
    Ok(said)
}
