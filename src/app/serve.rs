//! `ambergate serve`: gate and control plane, or one of them.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::control::{self, OwnDigest, OwnScheduler};
use super::listen::{Door, Stop, not_had};
use super::panel;
use super::{AppError, authz, front, signals};
use crate::clock::Clock;
use crate::config::{Config, Enforce, ProcessRole};
use crate::domain::canary::Canary;
use crate::gate::Gate;
use crate::ingest::{Ingest, Stripe};
use crate::ledger::Ledger;
use crate::net::bearer::Tokens;
use crate::notify::hooks::Hooks;
use crate::proxy::{self, Server};
use crate::store::Condition;
use crate::store::any::AnyStore;
use crate::telemetry::Metrics;

/// A store that could not be told something is told again after so long.
const RAISED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The gate's part of the program.
#[derive(Debug)]
pub struct Front {
    /// The gate.
    pub gate: Arc<Gate<AnyStore>>,
    /// What serves the app's traffic.
    pub server: Server,
    following: JoinHandle<()>,
}

/// The control plane's part of the program.
pub struct Control {
    /// The one writer of accounts.
    pub ledger: Ledger,
    /// What does things when they are due.
    pub scheduler: Arc<OwnScheduler>,
    /// What tells the operator who will be cut off next, if anything does.
    pub digest: Option<Arc<OwnDigest>>,
    /// What tells the operator's own systems what happens, if there are any.
    pub hooks: Option<Arc<Hooks>>,
    running: JoinHandle<()>,
}

/// Everything that runs.
pub struct Running {
    /// The gate, if it is part of it.
    pub front: Option<Front>,
    /// The control plane, if it is part of it.
    pub control: Option<Control>,
}

/// Builds the gate and begins to serve where `listen_key` says.
///
/// # Errors
/// What of the configuration cannot be used, or an address that cannot be had.
pub fn open_front(
    config: &Config,
    store: &AnyStore,
    clock: &Clock,
    listen_key: &str,
) -> Result<Front, AppError> {
    let settings = front::gate_settings(config);
    let proxy = front::proxy_settings(config);
    let (settings, proxy) = match (settings, proxy) {
        (Ok(settings), Ok(proxy)) => (settings, proxy),
        (one, two) => {
            let faults = one.err().into_iter().chain(two.err());
            return Err(AppError(faults.flatten().collect()));
        }
    };
    let gate = Gate::new(settings, Arc::new(store.clone()), clock.clone());
    let follower = Arc::clone(&gate);
    let following = tokio::spawn(async move { follower.follow().await });
    let listen = proxy.listen;
    let server = proxy::serve(proxy, Arc::clone(&gate))
        .map_err(|error| not_had(listen_key, listen, &error))?;
    Ok(Front { gate, server, following })
}

/// Builds the control plane and begins to look after the store.
///
/// # Errors
/// What of the configuration cannot be used.
pub async fn open_control(
    config: &Config,
    store: &AnyStore,
    clock: &Clock,
) -> Result<Control, AppError> {
    let mailer = if config.gate.notices { control::mailer(config.email.as_ref())? } else { None };
    let journal = control::open_journal(config).await?;
    let ledger = Ledger::new(store.clone(), journal, clock.clone(), config.law.clone())
        .with_stale_max(config.store.stale_max)
        .with_notices_held(!config.gate.notices)
        .with_digest_required(config.digest.as_ref().is_some_and(|digest| digest.required))
        .with_canary(match config.gate.enforce {
            Enforce::On => config.gate.canary,
            Enforce::Observe | Enforce::Off => Canary::NOBODY,
        });
    let ledger = ledger.with_sources(control::declared(config));
    let ledger = match control::asker(config)? {
        Some(asker) => ledger.with_asker(asker),
        None => ledger,
    };
    let ledger = match control::limit(config) {
        Some(limit) => ledger.with_breaker(limit),
        None => ledger,
    };
    begin_enforcing(&ledger).await;
    let hooks = control::hooks(config, &ledger)?;
    let scheduler = control::scheduler(&ledger, mailer, hooks.clone(), clock.clone());
    let digest = control::digest(config, &ledger)?;
    let own = ledger.clone();
    let running = tokio::spawn(async move { own.run().await });
    Ok(Control { ledger, scheduler, digest, hooks, running })
}

/// Before a gate of this process reads anything. A store that cannot be used now, or recovers, is
/// told by [`Ledger::run`] as soon as it can be.
async fn begin_enforcing(ledger: &Ledger) {
    let noted = match ledger.condition().await {
        Ok(Condition::Ready(_)) => ledger.note_enforced().await,
        Ok(Condition::Recovering(_)) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "whether anything is enforced is noted later");
    }
}

/// Has the generation raised whenever this process's own switch is closed again.
pub(super) fn raise_when_closed_here(front: &Front, control: &Control) {
    tokio::spawn(follow_local_switch(Arc::clone(&front.gate), control.ledger.clone()));
}

/// Never ends.
async fn follow_local_switch(gate: Arc<Gate<AnyStore>>, ledger: Ledger) {
    loop {
        gate.closed_here().await;
        while let Err(error) = ledger.raise_generation("a local switch was closed").await {
            tracing::warn!(%error, "a local switch was closed: the generation is raised later");
            tokio::time::sleep(RAISED_AGAIN_AFTER).await;
        }
    }
}

/// Runs what the configuration asks for until the process is asked to end.
///
/// # Errors
/// Why it cannot run.
pub async fn serve(config: Config, role: ProcessRole, metrics: Metrics) -> Result<(), AppError> {
    let clock = Clock::system();
    let store = control::open_store(&config, &clock).await?;
    let (pull, stop) = Stop::new();
    let control = match role {
        ProcessRole::Gate => None,
        _ => Some(open_control(&config, &store, &clock).await?),
    };
    let admin_door = Door::take("admin.listen", config.admin.listen).await?;
    let ingest_door = match (config.ingest, &control) {
        (Some(address), Some(_)) => Some(Door::take("ingest.listen", address).await?),
        _ => None,
    };
    let front = match role {
        ProcessRole::Control => None,
        _ => Some(open_front(&config, &store, &clock, "proxy.listen")?),
    };
    let authz_door = match (config.authz, &front) {
        (Some(address), Some(_)) => Some(Door::take("authz.listen", address).await?),
        _ => None,
    };
    if let (Some(front), Some(control)) = (&front, &control) {
        raise_when_closed_here(front, control);
    }
    let running = Running { front, control };
    tell(&running, &admin_door, ingest_door.as_ref(), authz_door.as_ref());
    let router = panel::router(&config, &running, metrics);
    let mut ending = vec![admin_door.serve(router, stop.clone())];
    if let (Some(door), Some(control)) = (ingest_door, &running.control) {
        ending.push(door.serve(ingest(&config, control).service(), stop.clone()));
    }
    if let (Some(door), Some(front)) = (authz_door, &running.front) {
        ending.push(door.serve(authz::service(&front.gate), stop.clone()));
    }
    if let Some(control) = &running.control {
        let (scheduler, stop) = (Arc::clone(&control.scheduler), stop.clone());
        ending.push(tokio::spawn(async move { scheduler.follow(stop.pulled()).await }));
    }
    if let Some(hooks) = running.control.as_ref().and_then(|control| control.hooks.clone()) {
        let stop = stop.clone();
        ending.push(tokio::spawn(async move { hooks.follow(stop.pulled()).await }));
    }
    let digest = running.control.as_ref().and_then(|control| control.digest.clone());
    let telling = digest.map(|digest| tokio::spawn(control::follow_digest(digest)));
    signals::asked_to_end().await;
    if let Some(telling) = telling {
        // One that is cut short is sent again, as the same mail.
        telling.abort();
    }
    running.drain_front().await;
    pull.send_replace(true);
    for task in ending {
        let _ = task.await;
    }
    Ok(())
}

impl Running {
    /// Ends the app's traffic well.
    pub async fn drain_front(self) {
        if let Some(front) = self.front {
            front.server.stop().await;
            front.following.abort();
        }
        if let Some(control) = self.control {
            control.running.abort();
        }
    }
}

/// The door for facts at this control plane.
#[must_use]
pub fn ingest(config: &Config, control: &Control) -> Ingest {
    let stripe = config
        .stripe
        .as_ref()
        .map(|stripe| Stripe { secrets: stripe.secrets.clone(), tenant: stripe.tenant.clone() });
    Ingest::new(control.ledger.clone(), Tokens::new(config.admin.tokens.clone()), stripe)
}

fn tell(running: &Running, admin: &Door, ingest: Option<&Door>, authz: Option<&Door>) {
    if let Some(front) = &running.front {
        tracing::info!(address = %front.server.address(), "the gate serves");
    }
    tracing::info!(address = %admin.address, "the admin API serves");
    if let Some(door) = ingest {
        tracing::info!(address = %door.address, "events are taken");
    }
    if let Some(door) = authz {
        tracing::info!(address = %door.address, "other proxies are answered");
    }
}
