//! What the scheduler works with: the ledger's desk, what delivers letters, and other chores.
//!
//! Rule: these are contracts; tests have their own of each.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::email::{Mailer, Outcome};
use super::letter::Letter;
use crate::domain::fact::NoticeReceipt;
use crate::domain::id::{MessageId, RecordId, TenantId};
use crate::domain::stage::Role;
use crate::domain::time::Instant;

/// What a committed attempt says, and which one it is.
#[derive(Clone, Debug)]
pub struct Attempt<T> {
    /// From 1.
    pub number: u32,
    /// In which role the recipient is written to.
    pub role: Role,
    /// What it says, of the account as it was when the attempt was committed.
    pub letter: Letter,
    /// What the ledger knows the attempt by.
    pub ticket: T,
}

/// What the scheduler asks of the ledger.
pub trait Desk: Send + Sync + 'static {
    /// Why it did not.
    type Error: Display + Send;
    /// What it knows an attempt by.
    type Ticket: Send + Sync;

    /// Tenants whose wake is not after `now`, the earliest first.
    fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(TenantId, Instant)>, Self::Error>> + Send;

    /// Keeps other replicas from the same work for so long. `false`: one of them has it.
    fn claim(
        &self,
        tenant: &TenantId,
        lasts: Duration,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Takes the decisions that are due, and tells which messages are.
    fn advance(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<MessageId>, Self::Error>> + Send;

    /// Commits that an attempt at `message` begins. `None`: none is due any more.
    fn try_message(
        &self,
        tenant: &TenantId,
        message: MessageId,
    ) -> impl Future<Output = Result<Option<Attempt<Self::Ticket>>, Self::Error>> + Send;

    /// Whether what was tried may still leave, on the account as it is now.
    fn still_wanted(
        &self,
        ticket: &Self::Ticket,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Takes a receipt: a fact of ambergate's own under this id.
    fn take_receipt(
        &self,
        tenant: &TenantId,
        id: RecordId,
        receipt: NoticeReceipt,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Each shard's sign of life, at the clock's time.
    fn beat(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Takes in what gates left; answers how much it was.
    fn drain_inbox(&self) -> impl Future<Output = Result<usize, Self::Error>> + Send;

    /// Whether the whole store is away: whoever keeps it says so, once for all.
    fn is_away(error: &Self::Error) -> bool;
}

/// What delivers letters.
pub trait Post: Send + Sync + 'static {
    /// One attempt at `letter`, dated `now`; `wanted` is asked right before its content leaves.
    fn deliver(
        &self,
        letter: &Letter,
        now: Instant,
        wanted: impl Future<Output = bool> + Send,
    ) -> impl Future<Output = Outcome> + Send;
}

impl Post for Mailer {
    fn deliver(
        &self,
        letter: &Letter,
        now: Instant,
        wanted: impl Future<Output = bool> + Send,
    ) -> impl Future<Output = Outcome> + Send {
        Self::deliver(self, letter, now, wanted)
    }
}

/// Work that no tenant's wake tells of.
pub trait Chore: Send + Sync + 'static {
    /// When it is to be looked at next, after `now`. `None`: never.
    fn next(&self, now: Instant) -> Option<Instant>;

    /// Does it, if it is due.
    fn look(&self) -> BoxFuture<'_, ()>;

    /// Does what a round left for it, before time goes on. Answers whether that was anything: then
    /// something may be due again.
    fn finish(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(false))
    }
}
