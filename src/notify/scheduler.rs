//! Does what is due when it is due: decisions through the ledger, messages through the post.
//!
//! Rules:
//! 1. One round works off all that is due at one time, and returns when nothing is left. Rounds
//!    never overlap in one process; several processes only save each other work by claims, for
//!    what keeps them safe is in the ledger's commits.
//! 2. An attempt is committed before it begins, and asked about once more right before its
//!    content leaves. A receipt that could not be taken is kept and handed in again.
//! 3. A tenant with a fault is set aside, longer each time, and never holds up another.
//! 4. Tenants are worked on side by side, at most [`SIDE_BY_SIDE`]; the messages of one tenant
//!    one after the other.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::Notify;

use super::email::SEND_WITHIN;
pub use super::ports::{Attempt, Chore, Desk, Post};
use super::receipt::{Pending, receipt};
use crate::clock::Clock;
use crate::domain::id::TenantId;
use crate::domain::time::{HOUR, Instant, MINUTE, SECOND};

/// At most so many tenants are worked on at once.
const SIDE_BY_SIDE: usize = 16;
/// So many due tenants are asked for at once, besides those set aside.
const PAGE: usize = 64;
/// A tenant that is due so often within one round does not come to rest: that is a fault.
const TURNS_MAX: u32 = 64;
/// So long is a tenant set aside after its first fault; twice as long after each further one.
const ASIDE_FIRST: i64 = MINUTE;
/// At most so long is a tenant set aside.
const ASIDE_MAX: i64 = HOUR;
/// So long is a tenant left to the replica that works on it.
const ELSEWHERE: i64 = 5 * SECOND;
/// So long is a tenant left alone whose messages are held.
const HELD: i64 = 15 * MINUTE;
/// A claim outlasts the longest send.
const CLAIM: Duration = Duration::from_secs(2 * SEND_WITHIN.as_secs());
/// The loop looks at least this often: gates leave events without telling anybody.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The ledger could not tell what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger could not tell what is due")]
pub struct Unreadable;

/// Why a tenant's work was not done.
enum Trouble {
    /// It can wait so long: another replica does it, or messages are held.
    Waits(i64),
    /// Something is wrong.
    Fault(String),
}

/// A tenant that is set aside.
#[derive(Clone, Copy, Debug)]
struct Aside {
    faults: u32,
    until: Instant,
}

/// Works off what is due.
pub struct Scheduler<D, P> {
    desk: D,
    post: Option<P>,
    clock: Clock,
    told: Notify,
    round: tokio::sync::Mutex<()>,
    aside: Mutex<HashMap<TenantId, Aside>>,
    pending: Mutex<Vec<Pending>>,
    chores: Mutex<Vec<Arc<dyn Chore>>>,
}

impl<D: Desk, P: Post> Scheduler<D, P> {
    /// A scheduler; without `post` decisions are taken and no mail leaves.
    #[must_use]
    pub fn new(desk: D, post: Option<P>, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            desk,
            post,
            clock,
            told: Notify::new(),
            round: tokio::sync::Mutex::new(()),
            aside: Mutex::default(),
            pending: Mutex::default(),
            chores: Mutex::default(),
        })
    }

    /// Does this, too, before what is due at the same time.
    pub fn take_on(&self, chore: Arc<dyn Chore>) {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner).push(chore);
    }

    fn chores(&self) -> Vec<Arc<dyn Chore>> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that something may be due now.
    pub fn tell(&self) {
        self.told.notify_one();
    }

    /// Follows the clock: works off what is due, then waits for the next wake, for being told, or
    /// for the next look. Ends with `stop`, never within a round.
    pub async fn follow(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            // A round that could not be done is logged, and tried again at the next look.
            let _ = self.settle().await;
            let now = self.clock.now();
            let next = self.next_due(now.plus_millis(HOUR)).await.ok().flatten();
            let wait = next.map_or(LOOK_EVERY, |at| {
                let millis = at.millis().saturating_sub(now.millis());
                Duration::from_millis(u64::try_from(millis).unwrap_or_default())
            });
            tokio::select! {
                () = tokio::time::sleep(wait.clamp(Duration::from_millis(10), LOOK_EVERY)) => {}
                () = self.told.notified() => {}
                () = &mut stop => return,
            }
        }
    }

    /// Works off all that is due by the clock as it is, what gates left first.
    ///
    /// # Errors
    /// The ledger could not tell what is due; it is logged.
    pub async fn settle(&self) -> Result<(), Unreadable> {
        let _round = self.round.lock().await;
        self.hand_in().await;
        self.take_in().await;
        self.work_off(self.clock.now()).await
    }

    /// Lets time pass until `target`: sets the clock to each time at which something is due, does
    /// it, and goes on; returns when the clock stands at `target` and nothing is due.
    ///
    /// # Errors
    /// The ledger could not tell what is due; the clock stands where that was.
    pub async fn pass_until(&self, target: Instant) -> Result<(), Unreadable> {
        let _round = self.round.lock().await;
        self.hand_in().await;
        self.take_in().await;
        loop {
            let now = self.clock.now();
            self.work_off(now).await?;
            if now >= target {
                return Ok(());
            }
            let next = self.next_due(target).await?.unwrap_or(target);
            self.set_clock(next.max(now.plus_millis(1)).min(target)).await;
            self.take_in().await;
        }
    }

    /// Moves the clock to `target` as if nothing had run until then, then works off what is due.
    ///
    /// # Errors
    /// The ledger could not tell what is due.
    pub async fn jump_to(&self, target: Instant) -> Result<(), Unreadable> {
        let _round = self.round.lock().await;
        self.set_clock(target).await;
        self.hand_in().await;
        self.take_in().await;
        self.work_off(target).await
    }

    /// Gates judge a silence by the same clock: a sign of life goes with every move.
    async fn set_clock(&self, to: Instant) {
        self.clock.set(to);
        let _ = self.logged(self.desk.beat().await, "the sign of life could not be written");
    }

    /// When something is due next, not after `until`; those set aside wait longer.
    async fn next_due(&self, until: Instant) -> Result<Option<Instant>, Unreadable> {
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let due = self.desk.due(until, aside.len() + 1).await;
        let due = self.logged(due, "what comes could not be read").ok_or(Unreadable)?;
        let waits = |tenant: &TenantId| aside.get(tenant).map(|aside| aside.until);
        let at = |(tenant, wake): &(TenantId, Instant)| {
            waits(tenant).map_or(*wake, |until| until.max(*wake))
        };
        let now = self.clock.now();
        let chores = self.chores().into_iter().filter_map(|chore| chore.next(now));
        Ok(due.iter().map(at).chain(chores.filter(|at| *at <= until)).min())
    }

    /// One round at `now`.
    async fn work_off(&self, now: Instant) -> Result<(), Unreadable> {
        for chore in self.chores() {
            chore.look().await;
        }
        let mut turns: HashMap<TenantId, u32> = HashMap::new();
        loop {
            let waiting = self.waiting(now);
            let due = self.desk.due(now, PAGE + waiting.len()).await;
            let due = self.logged(due, "what is due could not be read").ok_or(Unreadable)?;
            let mut ready = Vec::new();
            for (tenant, _) in due {
                let turn = turns.entry(tenant.clone()).or_default();
                *turn += 1;
                if waiting.contains(&tenant) {
                    continue;
                } else if *turn > TURNS_MAX {
                    self.set_aside(&tenant, now, "it does not come to rest");
                } else {
                    ready.push(tenant);
                }
            }
            if ready.is_empty() {
                if self.finish().await {
                    continue;
                }
                return Ok(());
            }
            stream::iter(&ready)
                .for_each_concurrent(SIDE_BY_SIDE, |tenant| self.one(tenant, now))
                .await;
        }
    }

    /// What the round left for others. Whether that was anything.
    async fn finish(&self) -> bool {
        let mut any = false;
        for chore in self.chores() {
            any |= chore.finish().await;
        }
        any
    }

    fn waiting(&self, now: Instant) -> Vec<TenantId> {
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        aside.iter().filter(|(_, aside)| aside.until > now).map(|(id, _)| id.clone()).collect()
    }

    fn set_aside(&self, tenant: &TenantId, now: Instant, why: &str) {
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        let faults = aside.get(tenant).map_or(1, |aside| aside.faults.saturating_add(1));
        let wait = ASIDE_FIRST.saturating_mul(1 << (faults - 1).min(16)).min(ASIDE_MAX);
        aside.insert(tenant.clone(), Aside { faults, until: now.plus_millis(wait) });
        metrics::counter!("ambergate_scheduler_faults_total").increment(1);
        tracing::error!(%tenant, faults, "a tenant is set aside: {why}");
    }

    /// What is due of one tenant.
    async fn one(&self, tenant: &TenantId, now: Instant) {
        match self.advance(tenant, now).await {
            Ok(()) => {
                self.aside.lock().unwrap_or_else(PoisonError::into_inner).remove(tenant);
            }
            Err(Trouble::Waits(millis)) => {
                let until = now.plus_millis(millis);
                let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
                aside.insert(tenant.clone(), Aside { faults: 0, until });
            }
            Err(Trouble::Fault(why)) => self.set_aside(tenant, now, &why),
        }
    }

    async fn advance(&self, tenant: &TenantId, now: Instant) -> Result<(), Trouble> {
        let said = |error: D::Error| Trouble::Fault(error.to_string());
        if !self.desk.claim(tenant, CLAIM).await.map_err(said)? {
            return Err(Trouble::Waits(ELSEWHERE));
        }
        let messages = self.desk.advance(tenant).await.map_err(said)?;
        let Some(post) = &self.post else {
            return if messages.is_empty() { Ok(()) } else { Err(Trouble::Waits(HELD)) };
        };
        for message in messages {
            self.desk.claim(tenant, CLAIM).await.map_err(said)?;
            let Some(attempt) = self.desk.try_message(tenant, message).await.map_err(said)? else {
                continue;
            };
            let wanted = async {
                let wanted = self.desk.still_wanted(&attempt.ticket).await;
                self.logged(wanted, "the account could not be read again").unwrap_or(false)
            };
            let outcome = post.deliver(&attempt.letter, now, wanted).await;
            crate::ledger::fault::hit("after-send");
            self.hand_in_one(receipt(tenant, message, &attempt, &outcome)).await;
        }
        Ok(())
    }

    /// Takes in what gates left.
    async fn take_in(&self) {
        let taken = self.desk.drain_inbox().await;
        let _ = self.logged(taken, "what gates left could not be taken in");
    }

    /// Hands in receipts that could not be taken before.
    async fn hand_in(&self) {
        let pending = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *pending)
        };
        for receipt in pending {
            self.hand_in_one(receipt).await;
        }
    }

    async fn hand_in_one(&self, (tenant, id, receipt): Pending) {
        let kind = receipt.kind.word();
        let taken = self.desk.take_receipt(&tenant, id.clone(), receipt.clone()).await;
        if self.logged(taken, "a receipt could not be taken and is kept").is_some() {
            metrics::counter!("ambergate_notices_total", "channel" => "email", "receipt" => kind)
                .increment(1);
        } else {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.push((tenant, id, receipt));
        }
    }

    fn logged<T>(&self, result: Result<T, D::Error>, what: &'static str) -> Option<T> {
        result
            .map_err(|error| match D::is_away(&error) {
                true => tracing::debug!(%error, "{what}"),
                false => tracing::warn!(%error, "{what}"),
            })
            .ok()
    }
}
