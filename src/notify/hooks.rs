//! Tells the operator's own systems what happened, by signed webhooks (see `domain::outbound`).
//!
//! Rules:
//! 1. The ledger says what is due; what came of an attempt is recorded with the tenant after it.
//!    Whoever ends in between tells the same again, under the same `webhook-id`.
//! 2. Each receiver has a lane of its own, beside the scheduler's rounds: one that hangs holds up
//!    no other, and no mail. In its lane one tenant's events are told one after the other.
//! 3. Taken is what was answered with 2xx. After `410 Gone` nothing more is sent to that receiver
//!    by this process. Everything else, redirects too, is tried again as the schedule says.
//! 4. Several replicas only save each other work, by leases that outlast an attempt.
//! 5. No log has an address, a secret or what was said in it.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use tokio::sync::Notify;

use super::ports::Chore;
use crate::clock::machine_now;
use crate::config::{Secret, SigningKey};
use crate::domain::fact::HookAnswer;
use crate::domain::id::TenantId;
use crate::domain::outbound::{ATTEMPTS_MAX, Call};
use crate::domain::time::Instant;
use crate::ledger::{Calling, Ledger};
use crate::net::outside::{Receiver, Unreached};
use crate::net::webhook;
use crate::store::{Store as _, StoreError};

/// So long an attempt may take.
pub const CALL_WITHIN: Duration = Duration::from_secs(15);
/// A claim outlasts the longest attempt, and what is read and recorded around it.
const CLAIM: Duration = Duration::from_secs(4 * CALL_WITHIN.as_secs());
/// So many tenants' events one receiver is told at the same time.
const SIDE_BY_SIDE: usize = 8;

/// A receiver, as configured.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it is called in metrics, logs and records.
    pub name: String,
    /// Where it is.
    pub url: Secret,
    /// What it is told is signed with each of these.
    pub keys: Vec<SigningKey>,
    /// It may be on the operator's own network, and without TLS.
    pub private: bool,
    /// So long an attempt may take.
    pub within: Duration,
}

/// All receivers.
#[derive(Debug)]
pub struct Hooks {
    lanes: Vec<Lane>,
}

/// One receiver, and for which tenants something may be due.
#[derive(Debug)]
struct Lane {
    ledger: Ledger,
    holder: String,
    name: String,
    keys: Vec<SigningKey>,
    receiver: Receiver,
    told: Mutex<BTreeSet<TenantId>>,
    woken: Notify,
    /// It answered that it is there no more.
    gone: AtomicBool,
}

impl Hooks {
    /// Receivers of what happens in `ledger`; `holder` tells this process from other replicas.
    ///
    /// # Errors
    /// Which one's address cannot be used.
    pub fn new(ledger: &Ledger, hooks: Vec<Settings>, holder: &str) -> Result<Self, String> {
        let lane = |hook: Settings| {
            let receiver = Receiver::new(&hook.url, hook.private, hook.within);
            Ok(Lane {
                ledger: ledger.clone(),
                holder: holder.to_owned(),
                receiver: receiver.map_err(|error| format!("hook {}: {error}", hook.name))?,
                name: hook.name,
                keys: hook.keys,
                told: Mutex::default(),
                woken: Notify::new(),
                gone: AtomicBool::new(false),
            })
        };
        Ok(Self { lanes: hooks.into_iter().map(lane).collect::<Result<_, String>>()? })
    }

    /// Says that these hooks are to be told something of that tenant now.
    pub fn tell(&self, tenant: &TenantId, hooks: &[String]) {
        for lane in self.lanes.iter().filter(|lane| hooks.contains(&lane.name)) {
            lane.told.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone());
            lane.woken.notify_one();
        }
    }

    /// Tells whatever is due until `stop`. An attempt that is cut short is made again.
    pub async fn follow(&self, stop: impl Future<Output = ()> + Send) {
        tokio::select! {
            _ = join_all(self.lanes.iter().map(Lane::follow)) => {}
            () = stop => {}
        }
    }

    /// Makes all attempts that are due. Answers whether there were any.
    pub async fn work_off(&self) -> bool {
        let made = join_all(self.lanes.iter().map(Lane::work_off)).await;
        made.into_iter().any(|made| made)
    }
}

/// Where the clock is moved: each attempt is made before it goes on.
impl Chore for Hooks {
    fn next(&self, _: Instant) -> Option<Instant> {
        None
    }

    fn look(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn finish(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.work_off())
    }
}

impl Lane {
    async fn follow(&self) {
        loop {
            self.work_off().await;
            self.woken.notified().await;
        }
    }

    async fn work_off(&self) -> bool {
        let told = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *told)
        };
        let made = AtomicBool::new(false);
        let one = async |tenant: &TenantId| match self.one(tenant).await {
            Ok(any) => made.fetch_or(any, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(hook = %self.name, %tenant, %error, "a hook is told later");
                false
            }
        };
        stream::iter(&told).for_each_concurrent(SIDE_BY_SIDE, async |it| _ = one(it).await).await;
        made.into_inner()
    }

    /// Tells all that is due of one tenant. Whether that was anything.
    async fn one(&self, tenant: &TenantId) -> Result<bool, StoreError> {
        if self.is_gone() || !self.claim(tenant, CLAIM).await? {
            return Ok(false);
        }
        let calls = self.ledger.calls(tenant, &self.name).await?;
        for calling in &calls {
            if self.is_gone() || !self.claim(tenant, CLAIM).await? {
                break;
            }
            let (kind, status) = self.attempt(tenant, calling).await;
            self.ledger.called(tenant, &calling.call, (kind, status)).await?;
        }
        // Another replica may be the one that makes the next attempt.
        self.claim(tenant, Duration::from_millis(1)).await?;
        Ok(!calls.is_empty())
    }

    async fn claim(&self, tenant: &TenantId, lasts: Duration) -> Result<bool, StoreError> {
        let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        let name = format!("hook:{}:{tenant}", self.name);
        self.ledger.store().lease(&name, &self.holder, millis).await
    }

    fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    async fn attempt(
        &self,
        tenant: &TenantId,
        Calling { call, body }: &Calling,
    ) -> (HookAnswer, Option<u16>) {
        let at = webhook::timestamp(machine_now());
        let headers = headers(&call.id.to_string(), &at, &self.keys, body);
        let answer = self.receiver.post(headers, Bytes::copy_from_slice(body)).await;
        let kind = match &answer {
            Ok(status) if status.is_success() => HookAnswer::Taken,
            Ok(status) if *status == StatusCode::GONE => HookAnswer::Gone,
            _ => HookAnswer::Failed,
        };
        if kind == HookAnswer::Gone {
            self.gone.store(true, Ordering::Release);
        }
        self.say(tenant, call, kind, &answer);
        (kind, answer.ok().map(|status| status.as_u16()))
    }

    /// Counts an attempt, and logs it.
    fn say(
        &self,
        tenant: &TenantId,
        call: &Call,
        kind: HookAnswer,
        answer: &Result<StatusCode, Unreached>,
    ) {
        let (event, attempt, hook) = (call.happened.event.word(), call.attempt, &self.name);
        let last = kind == HookAnswer::Failed && attempt >= ATTEMPTS_MAX;
        let result = if last { "given_up" } else { kind.word() };
        let labels = [("hook", hook.clone()), ("event", event.into()), ("result", result.into())];
        metrics::counter!("ambergate_hooks_total", &labels).increment(1);
        let said = match answer {
            Ok(status) => format!("it answered {}", status.as_u16()),
            Err(error) => error.to_string(),
        };
        let id = call.id;
        match kind {
            HookAnswer::Taken => {
                tracing::debug!(%hook, %tenant, event, %id, attempt, "a hook took it")
            }
            HookAnswer::Gone => {
                tracing::error!(%hook, %tenant, event, %id, "a hook is gone (410): \
                it is told nothing more until this process is started again")
            }
            HookAnswer::Failed if last => {
                tracing::error!(%hook, %tenant, event, %id, attempt, said,
                "a hook did not take it, and is not told again")
            }
            HookAnswer::Failed => {
                tracing::warn!(%hook, %tenant, event, %id, attempt, said, "a hook is told again later");
            }
        }
    }
}

fn headers(id: &str, timestamp: &str, keys: &[SigningKey], body: &[u8]) -> HeaderMap {
    let signature = webhook::signature(keys, id, timestamp, body);
    let named = [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp.to_owned()),
        ("webhook-signature", signature),
    ];
    // Digits, letters and base64: all of them may stand in a header.
    let header = |(name, value): (&'static str, String)| {
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    };
    named.into_iter().filter_map(header).collect()
}
