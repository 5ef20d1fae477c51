//! Heavy work beside the async threads: gates' look-ups and answers to people pass through those.
//!
//! Rule: what is reckoned of a large account is reckoned on a thread that may be blocked. A small
//! one is done before another thread would have begun.

use super::draft::Draft;
use crate::domain::plan::Plan;
use crate::store::{Commit, StoreError};

/// An account of more records than these is large.
const RECORDS_MAX: usize = 200;
/// A stored account of more bytes than these is large.
const BYTES_MAX: usize = 32 << 10;

/// A draft that was decided on, and its commit.
pub(super) struct Worked {
    pub(super) plan: Plan,
    pub(super) draft: Draft,
    pub(super) commit: Commit,
}

/// Decides what follows from a draft. What is to be journaled with it is all that was added, or,
/// where `journals` has the facts already, the decisions.
pub(super) async fn work_out(mut draft: Draft, journals: bool) -> Result<Worked, StoreError> {
    beside(is_large(&draft), move || {
        let plan = draft.settle();
        let entries = draft.lines(journals);
        let commit = draft.commit(draft.wake(&plan), entries)?;
        Ok(Worked { plan, draft, commit })
    })
    .await
}

/// Decides what follows from a draft, not to be committed yet.
pub(super) async fn settled(mut draft: Draft) -> Result<(Draft, Plan), StoreError> {
    beside(is_large(&draft), move || {
        let plan = draft.settle();
        Ok((draft, plan))
    })
    .await
}

/// The commit of what was restored; the tenant is due at once.
pub(super) async fn restored(
    mut draft: Draft,
    entries: Vec<Vec<u8>>,
) -> Result<Commit, StoreError> {
    beside(is_large(&draft), move || draft.commit(Some(draft.now()), entries)).await
}

/// Does `work` on a stored account of so many bytes.
pub(super) async fn reckoned<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    beside(bytes > BYTES_MAX, work).await
}

fn is_large(draft: &Draft) -> bool {
    draft.len() > RECORDS_MAX
}

async fn beside<T: Send + 'static>(
    large: bool,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    if !large {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Unavailable(format!("it was not worked out: {error}")))?
}
