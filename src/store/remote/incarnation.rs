//! Which store this is, and whether it has all that was ever acknowledged (SPEC 5.13).
//!
//! Rules:
//! 1. An incarnation is bound to one process of the server. Where it is missing (a flush) or is
//!    of another process (a restart, a failover, a restore), another one begins, recovering.
//! 2. The store's own key decides; every shard has a copy that its commits compare. A shard
//!    without its copy has lost its data: another incarnation begins for all.
//! 3. A recovery ends when every registered journal is applied and it has lasted long enough for
//!    every replica to have registered its journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use redis::Pipeline;

use super::Remote;
use super::link::Live;
use super::scripts::{self, BEGIN, ENTER, RECOVERED};
use crate::store::{Condition, Incarnation, SHARDS, StoreError, new_incarnation};

/// How often another incarnation is begun because shards disagree, before the caller is told.
const TURNS_MAX: usize = 3;

/// What this process knows of the store's incarnation.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The one that all shards had when they were last looked at, and its state then.
    settled: ArcSwapOption<(String, String)>,
    /// Something said that a shard may have lost it.
    doubted: AtomicBool,
}

impl Known {
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Ordering::Release);
    }
}

struct Begun {
    id: String,
    state: String,
    since: String,
}

impl Remote {
    pub(super) async fn ask_condition(&self) -> Result<Condition, StoreError> {
        let live = self.link().live()?;
        let mut begun = self.begin(&live, None).await?;
        for _ in 0..TURNS_MAX {
            let doubted = self.known().doubted.swap(false, Ordering::AcqRel);
            let settled = self.known().settled.load();
            let same = settled
                .as_deref()
                .is_some_and(|(id, state)| *id == begun.id && *state == begun.state);
            if same && !doubted {
                return Ok(begun.condition());
            }
            // A store that this process saw complete must still be complete.
            let complete = begun.state == "ready";
            match self.enter(&live, &begun, complete, false).await? {
                Entered::All => {
                    let settled = (begun.id.clone(), begun.state.clone());
                    self.known().settled.store(Some(Arc::new(settled)));
                    return Ok(begun.condition());
                }
                Entered::Lost => begun = self.begin(&live, Some(&begun.id)).await?,
                Entered::Other => begun = self.begin(&live, None).await?,
            }
        }
        self.known().doubt();
        Err(StoreError::Unavailable("the store's shards do not agree on their incarnation".into()))
    }

    /// The incarnation there is, or a new one, also if it is the one to `replace`.
    async fn begin(&self, live: &Live, replace: Option<&str>) -> Result<Begun, StoreError> {
        let candidate = new_incarnation()?;
        let mut call = scripts::call(&BEGIN, &[self.keys().whole("incarnation")]);
        call.arg(&*candidate.0).arg(live.run()).arg(replace.unwrap_or_default());
        let (id, state, since) = self.link().one_on(live, &call).await?;
        Ok(Begun { id, state, since })
    }

    /// Makes an incarnation known to every shard. If the store is `complete`, a shard that does
    /// not know it has lost its data.
    async fn enter(
        &self,
        live: &Live,
        begun: &Begun,
        complete: bool,
        forget: bool,
    ) -> Result<Entered, StoreError> {
        if complete {
            let mut ask = Pipeline::new();
            for shard in 0..SHARDS {
                ask.hmget(self.keys().shard(shard, "incarnation"), &["id", "run"]);
            }
            let held: Vec<(Option<String>, Option<String>)> =
                self.link().many_on(live, &ask).await?;
            let has = |(id, of): &(Option<String>, Option<String>)| {
                id.as_deref() == Some(&begun.id) && of.as_deref() == Some(live.run())
            };
            if !held.iter().all(has) {
                return Ok(Entered::Lost);
            }
        }
        let mut pipeline = Pipeline::new();
        for shard in 0..SHARDS {
            let keys =
                ["incarnation", "sequence", "applied"].map(|what| self.keys().shard(shard, what));
            let mut call = scripts::call(&ENTER, &keys);
            call.arg(&begun.id).arg(live.run()).arg(&begun.since).arg(&begun.state);
            call.arg(u8::from(forget));
            pipeline.add_command(call);
        }
        let held: Vec<String> = self.link().many_on(live, &pipeline).await?;
        Ok(if held.iter().all(|id| *id == begun.id) { Entered::All } else { Entered::Other })
    }

    pub(super) async fn end_recovery(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        let keys = ["incarnation", "journals"].map(|what| self.keys().whole(what));
        let mut call = scripts::call(&RECOVERED, &keys);
        let live = self.link().live()?;
        call.arg(&*incarnation.0).arg(live.run()).arg(self.recovery_millis());
        match self.link().one_on::<i64>(&live, &call).await? {
            1 => {
                // The shards' copies become ready too: until then they answer what is not there
                // with "recovering".
                self.ask_condition().await?;
                Ok(true)
            }
            0 => Ok(false),
            _ => Err(StoreError::OtherIncarnation),
        }
    }

    /// Forgets every account under an incarnation of its own, and then begins another, so that
    /// nothing replayed meanwhile counts as replayed.
    pub(super) async fn forget_all(&self) -> Result<(), StoreError> {
        let live = self.link().live()?;
        for last in [false, true] {
            let current = self.begin(&live, None).await?;
            let next = self.begin(&live, Some(&current.id)).await?;
            self.enter(&live, &next, false, true).await?;
            if !last {
                self.delete_accounts().await?;
            }
        }
        self.known().doubt();
        Ok(())
    }
}

enum Entered {
    /// All shards have it.
    All,
    /// A shard of a complete store did not have it.
    Lost,
    /// Another one is newer.
    Other,
}

impl Begun {
    fn condition(&self) -> Condition {
        let incarnation = Incarnation(self.id.as_str().into());
        if self.state == "ready" {
            Condition::Ready(incarnation)
        } else {
            Condition::Recovering(incarnation)
        }
    }
}
