//! Hears the changes of a store that lives in this process.

use tokio::sync::broadcast;

use super::{Change, Watch};

/// How many changes a slow watcher may be behind before it hears [`Change::Lost`].
const CHANGES_BEHIND_MAX: usize = 4_096;

/// What tells changes; nobody may be listening.
pub(super) fn teller() -> broadcast::Sender<Change> {
    broadcast::Sender::new(CHANGES_BEHIND_MAX)
}

/// Hears the changes of stores that live in this process.
#[derive(Debug)]
pub struct NearWatch {
    changes: broadcast::Receiver<Change>,
}

impl NearWatch {
    pub(super) fn new(changes: &broadcast::Sender<Change>) -> Self {
        Self { changes: changes.subscribe() }
    }
}

impl Watch for NearWatch {
    async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Ok(change) => change,
            Err(broadcast::error::RecvError::Lagged(_)) => Change::Lost,
            // The store is gone, and nothing will ever change again.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
