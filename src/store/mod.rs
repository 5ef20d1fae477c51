//! Where state is kept: one contract, three stores (SPEC 7, 5.13).
//!
//! Rules:
//! 1. A commit compares the store's incarnation and the account's digest, and writes all of
//!    account, grant, words, wake, row, journal position (and, where the store keeps the journal
//!    itself, the entries), or nothing.
//! 2. Each commit adds one to its shard's sequence and is told to every watcher.
//! 3. Every stored value carries its tenant's id; what comes back with another is an error.
//! 4. Stores know no policy: they keep bytes, times and names.
//! 5. While a store recovers it tells no standing: what is there may be older than what gates read
//!    before, and what is missing may come back. Asking is an error, no commit is told to watchers,
//!    and gates keep what they have; the first beat afterwards shows them that much has changed.
//! 6. What is to be journaled with a commit is in the same step: in the journal of a store that
//!    keeps one, else in its outbox, until the caller says that a journal has it.

pub mod any;
pub mod breaker;
mod bytes;
pub mod embedded;
pub mod form;
pub mod journal;
pub mod marks;
pub mod memory;
pub mod near;
mod reading;
pub mod remote;
mod whole;

use std::future::Future;
use std::sync::Arc;

use crate::domain::grant::{Grant, Words};
use crate::domain::id::{Digest, TenantId};
use crate::domain::stage::Stage;
use crate::domain::time::Instant;

pub use self::whole::{Alias, Parked, Switch, Version};

/// How many logical shards a store has. Fixed: it is part of the stored form.
pub const SHARDS: u16 = 64;

/// The store's own id: made when it is set up, bound to its server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Incarnation(pub Arc<str>);

/// Whether decisions may be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All that was ever acknowledged is in the store.
    Ready(Incarnation),
    /// The store is new, or not the one it was: records may be missing until every registered
    /// journal has been applied. No decisions, no sends; gates keep their grants.
    Recovering(Incarnation),
}

/// What is kept of one tenant's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Of exactly these bytes' records.
    pub digest: Digest,
    /// The records in their compact form (`store::form`).
    pub account: Vec<u8>,
}

/// A line of the list of tenants.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    /// Which tenant.
    pub tenant: TenantId,
    /// The name that people read.
    pub name: Option<String>,
    /// The strictest stage of all scopes.
    pub stage: Stage,
    /// The strictest stage that would be in force, were it enforced.
    pub would: Option<Stage>,
}

/// How far a journal has been applied to a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which journal.
    pub journal: Arc<str>,
    /// All of its entries for this shard before this position are in the store.
    pub position: u64,
}

/// One atomic step (SPEC 5.13).
#[derive(Clone, Debug)]
pub struct Commit {
    /// Whose account.
    pub tenant: TenantId,
    /// The incarnation that this step was reckoned with.
    pub incarnation: Incarnation,
    /// The digest of the account that was read; `None`: there was none.
    pub expected: Option<Digest>,
    /// The account afterwards.
    pub stored: Stored,
    /// The grant afterwards.
    pub grant: Grant,
    /// The words afterwards.
    pub words: Words,
    /// When the account must be looked at again; `None`: when a record comes.
    pub wake: Option<Instant>,
    /// Its line in the list of tenants.
    pub row: Row,
    /// What is journaled with it, oldest first, one JSON event each (`store::journal`). A store
    /// without a journal of its own keeps them in its outbox, under [`outbox_name`].
    pub entries: Vec<Vec<u8>>,
    /// How far the caller's own journal is applied to this shard once this is in.
    pub applied: Option<Applied>,
}

impl Commit {
    /// That all of it is about one tenant and one account.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreadable`], naming the part that is not.
    pub fn check(&self) -> Result<(), StoreError> {
        form::check_account(&self.tenant, &self.stored.account)?;
        let parts = [
            ("grant", &self.grant.tenant, self.grant.digest),
            ("words", &self.words.tenant, self.words.digest),
            ("row", &self.row.tenant, self.stored.digest),
        ];
        for (part, tenant, digest) in parts {
            if *tenant != self.tenant || digest != self.stored.digest {
                return Err(StoreError::Unreadable {
                    place: format!("the {part} of {}", self.tenant),
                    detail: format!(
                        "it is of {tenant} and account {digest}, not of account {}",
                        self.stored.digest
                    ),
                });
            }
        }
        Ok(())
    }
}

/// What is to be journaled with a commit, and waits in the outbox for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unjournaled {
    /// [`outbox_name`].
    pub name: String,
    /// The entries, oldest first.
    pub entries: Vec<Vec<u8>>,
}

/// Why a store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was faster: read again.
    #[error("the account changed meanwhile")]
    Conflict,
    /// The store is not the one that was read from.
    #[error("the store's incarnation is not the one that was read")]
    OtherIncarnation,
    /// It is being rebuilt and may not know yet: keep what you have.
    #[error("the store is recovering: what was asked for may not be back yet")]
    Recovering,
    /// It cannot be reached, or says that it cannot write now.
    #[error("the store cannot be used now: {0}")]
    Unavailable(String),
    /// What is stored cannot be read: a newer form, or not ours.
    #[error("what is stored at {place} cannot be used: {detail}")]
    Unreadable {
        /// Where: a key or a table.
        place: String,
        /// What is wrong, and what would be right.
        detail: String,
    },
}

/// What a watcher hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A tenant's grant was committed.
    Grant {
        /// Where.
        shard: u16,
        /// The shard's sequence after it.
        sequence: u64,
        /// The new grant.
        grant: Arc<Grant>,
    },
    /// A shard's sign of life: the control plane and the store are there.
    Beat {
        /// Where.
        shard: u16,
        /// The shard's sequence.
        sequence: u64,
        /// The store's time.
        at: Instant,
    },
    /// The switch was set.
    Switch(Switch),
    /// The link was lost or something was missed: all that is cached must be read again.
    Lost,
}

/// Hears every change from its making on.
pub trait Watch: Send + 'static {
    /// The next change. Never ends; a lost link is [`Change::Lost`], and then changes again.
    fn next(&mut self) -> impl Future<Output = Change> + Send;
}

/// The contract. All of it is held by every implementation (`tests/store`).
pub trait Store: Send + Sync + 'static {
    /// What hears the changes.
    type Watch: Watch;

    // -- what gates read ------------------------------------------------------------------

    /// A tenant's grant with its shard's sequence. `None`: never heard of it. A store that
    /// recovers answers [`StoreError::Recovering`].
    fn grant(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<(Option<Grant>, u64), StoreError>> + Send;

    /// What pages say of a tenant. A store that recovers answers [`StoreError::Recovering`].
    fn words(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<Words>, StoreError>> + Send;

    /// The switch; closed at generation 0 if it was never set.
    fn switch(&self) -> impl Future<Output = Result<Switch, StoreError>> + Send;

    /// Hears every change from now on.
    fn watch(&self) -> impl Future<Output = Result<Self::Watch, StoreError>> + Send;

    /// Each shard's sequence and the time of its last beat.
    fn beats(&self)
    -> impl Future<Output = Result<Vec<(u64, Option<Instant>)>, StoreError>> + Send;

    /// Leaves an event (JSON) for the control plane.
    fn submit(&self, event: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send;

    // -- what the control plane reads and writes --------------------------------------------

    /// The store's time.
    fn now(&self) -> impl Future<Output = Result<Instant, StoreError>> + Send;

    /// Whether decisions may be taken, and the incarnation to commit with.
    fn condition(&self) -> impl Future<Output = Result<Condition, StoreError>> + Send;

    /// A tenant's account. `None`: never heard of it.
    fn load(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<Stored>, StoreError>> + Send;

    /// All of `commit`, or nothing. Answers the shard's sequence.
    fn commit(&self, commit: Commit) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Tenants whose wake is not after `now`, the earliest first, at most `limit`.
    fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(TenantId, Instant)>, StoreError>> + Send;

    /// The earliest wake of all.
    fn next_wake(&self) -> impl Future<Output = Result<Option<Instant>, StoreError>> + Send;

    /// Lines of tenants by id, after `after`, at most `limit`.
    fn rows(
        &self,
        after: Option<&TenantId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The oldest events that gates left, with their names in the inbox, at most `limit`.
    fn inbox(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(String, Vec<u8>)>, StoreError>> + Send;

    /// Takes events out of the inbox: they are journaled and committed.
    fn settle(&self, names: &[String]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Entries of commits that no journal has yet, as far as was said.
    fn outbox(&self) -> impl Future<Output = Result<Vec<Unjournaled>, StoreError>> + Send;

    /// Takes entries out of the outbox: they are journaled.
    fn journaled(&self, names: &[String]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets the switch, if it is still as `expected`: open or not, enforced or not, and of that
    /// generation.
    fn set_switch(
        &self,
        expected: &Switch,
        switch: Switch,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Publishes a version; the same hash twice is one.
    fn publish(&self, version: Version) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every version ever published, the oldest first.
    fn versions(&self) -> impl Future<Output = Result<Vec<Version>, StoreError>> + Send;

    /// Parks an event; the same id twice is one. `false`: it was parked already.
    fn park(&self, parked: Parked) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What is parked, the oldest first.
    fn parked(&self) -> impl Future<Output = Result<Vec<Parked>, StoreError>> + Send;

    /// Notes whose a name is; what was noted before is replaced.
    fn set_alias(&self, alias: Alias) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whose a name is.
    fn alias(&self, name: &str) -> impl Future<Output = Result<Option<Alias>, StoreError>> + Send;

    /// Takes an event out of what is parked.
    fn unpark(&self, id: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Each shard's sign of life at the store's time; told to watchers.
    fn beat(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes or keeps a lease on `name` for `holder` until `millis` from now. `false`: another
    /// holder has it.
    fn lease(
        &self,
        name: &str,
        holder: &str,
        millis: u64,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    // -- recovery ---------------------------------------------------------------------------

    /// How far `journal` is applied, one position a shard; zeros if it never was.
    fn applied(&self, journal: &str) -> impl Future<Output = Result<Vec<u64>, StoreError>> + Send;

    /// Moves a journal's positions forward without a commit (entries that changed nothing), if
    /// the store is still `incarnation`: what was applied to another one is not in this one.
    fn set_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
        positions: &[u64],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Names a journal that must be applied before a recovery ends.
    fn register_journal(
        &self,
        journal: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes a journal from those that a recovery waits for: it will never come back.
    fn unregister_journal(
        &self,
        journal: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every journal named so far, and whether it has been applied to its end in this recovery.
    fn journals(&self) -> impl Future<Output = Result<Vec<(String, bool)>, StoreError>> + Send;

    /// Says that `journal` is applied to its end in the recovery of `incarnation`.
    fn journal_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends a recovery: from now on the store is [`Condition::Ready`] under `incarnation`.
    /// `false`: not yet, a registered journal is not applied or a lease has not passed.
    fn recovered(
        &self,
        incarnation: &Incarnation,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Forgets every account and begins anew, recovering, under another incarnation (`ambergate
    /// rebuild`). Journals that it keeps itself, the names of others and the outbox stay.
    fn reset(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A new name for a store that is set up, from the machine's own chance: no two stores share one.
fn new_incarnation() -> Result<Incarnation, StoreError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| StoreError::Unavailable("the machine gives no random bytes".to_owned()))?;
    Ok(Incarnation(crate::domain::id::Derived::from_bytes(bytes).to_string().into()))
}

/// What the outbox calls the entries of the commit that left an account with this digest.
#[must_use]
pub fn outbox_name(tenant: &TenantId, digest: Digest) -> String {
    format!("{:03}:{digest}", shard_of(tenant))
}

/// The shard of a tenant: the same in every store and every version.
#[must_use]
pub fn shard_of(tenant: &TenantId) -> u16 {
    use crate::domain::id::{Derivation, Derived};
    let hash: Derived = Derivation::of("shard").text(tenant.as_str()).finish();
    u16::from_be_bytes([hash.bytes()[0], hash.bytes()[1]]) % SHARDS
}
