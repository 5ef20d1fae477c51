//! The control plane, wired: store, journal, ledger, scheduler.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Breaker, Config, Email, HeardEvery, StoreKind};
use crate::ingest::ask;
use crate::ledger::{Asker, Declared, Ledger, Limit};
use crate::notify::desk::LedgerDesk;
use crate::notify::digest::{self, Digest};
use crate::notify::email::{self, Mailer, SEND_WITHIN};
use crate::notify::hooks::{self, CALL_WITHIN, Hooks};
use crate::notify::scheduler::Scheduler;
use crate::store::StoreError;
use crate::store::any::AnyStore;
use crate::store::embedded::Embedded;
use crate::store::journal::{Journal, JournalSettings};
use crate::store::remote::{Remote, RemoteSettings};

/// How often it is looked at whether the digest is due.
const DIGEST_EVERY: Duration = Duration::from_secs(60);

/// The scheduler as it runs.
pub type OwnScheduler = Scheduler<LedgerDesk, Mailer>;

/// The digest as it leaves.
pub type OwnDigest = Digest<Mailer>;

/// Opens the store that the configuration names.
///
/// # Errors
/// If it cannot be used: says which, and why.
pub async fn open_store(config: &Config, clock: &Clock) -> Result<AnyStore, String> {
    match &config.store.kind {
        StoreKind::Embedded { path } => {
            let store = open_embedded(path, clock.clone()).await;
            let place = path.display();
            store.map_err(|error| format!("store.path {place}: {error}"))
        }
        StoreKind::Redis { url } => {
            let settings = RemoteSettings::new(url.expose(), &config.store.prefix);
            let store = Remote::open(settings).await;
            store.map(AnyStore::Redis).map_err(|error| format!("store.url: {error}"))
        }
    }
}

/// Opens the file of an embedded store, off the caller's thread.
///
/// # Errors
/// If it cannot be opened, or is not one.
pub async fn open_embedded(path: &Path, clock: Clock) -> Result<AnyStore, StoreError> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || {
        if let Some(folder) = path.parent() {
            // If it cannot be made, opening says so.
            let _ = std::fs::create_dir_all(folder);
        }
        Embedded::open(path, clock)
    });
    let opened = opened.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    opened.map(AnyStore::Embedded)
}

/// Opens this process's own journal, where the store keeps none.
///
/// # Errors
/// If its folder cannot be used: says which, and why.
pub async fn open_journal(config: &Config) -> Result<Option<Journal>, String> {
    if !matches!(config.store.kind, StoreKind::Redis { .. }) {
        return Ok(None);
    }
    let folder = config.journal.clone();
    let place = folder.display().to_string();
    let opened =
        tokio::task::spawn_blocking(move || Journal::open(folder, JournalSettings::default()));
    match opened.await {
        Ok(Ok(journal)) => Ok(Some(journal)),
        Ok(Err(error)) => Err(format!("journal.path {place}: {error}")),
        Err(error) => Err(format!("journal.path {place}: {error}")),
    }
}

/// How many tenants may be warned or cut off before it stops by itself; `None`: no limit.
#[must_use]
pub fn limit(config: &Config) -> Option<Limit> {
    let Breaker { share, at_least, window } = config.breaker?;
    Some(Limit { share, at_least, window })
}

/// Sources that are to be heard of within a time.
#[must_use]
pub fn declared(config: &Config) -> Vec<Declared> {
    let declared = |it: &HeardEvery| Declared { source: it.source.clone(), heard_every: it.time };
    config.heard_every.iter().map(declared).collect()
}

/// The billing system that is asked before a cutoff; `None`: none is.
///
/// # Errors
/// What is wrong with its address or its key.
pub fn asker(config: &Config) -> Result<Option<Asker>, String> {
    let Some(api) = config.stripe.as_ref().and_then(|stripe| stripe.api.as_ref()) else {
        return Ok(None);
    };
    let asker = ask::stripe(&api.base, &api.key);
    asker.map(Some).map_err(|error| format!("sources.stripe: {error}"))
}

/// What sends mail; `None`: none leaves.
///
/// # Errors
/// All that is wrong with the settings and the templates, one sentence each.
pub fn mailer(email: Option<&Email>) -> Result<Option<Mailer>, Vec<String>> {
    let Some(email) = email else { return Ok(None) };
    let settings = email::Settings {
        smtp: email.smtp.expose().parse().map_err(|fault| vec![format!("email.smtp: {fault}")])?,
        from: email.from.clone(),
        only_to: email.only_to.clone(),
        templates: email.templates.clone(),
        within: SEND_WITHIN,
    };
    let made = Mailer::new(&settings).map(Some);
    made.map_err(|faults| faults.iter().map(|fault| format!("email: {fault}")).collect())
}

/// The operator's digest; `None`: nobody is told, or no mail leaves.
///
/// # Errors
/// All that is wrong with how mail leaves.
pub fn digest(config: &Config, ledger: &Ledger) -> Result<Option<Arc<OwnDigest>>, Vec<String>> {
    let Some(told) = &config.digest else { return Ok(None) };
    let Some(mailer) = mailer(config.email.as_ref())? else { return Ok(None) };
    let settings = digest::Settings {
        to: told.to.clone(),
        at: told.at,
        url: told.url.clone(),
        secret: told.secret.clone(),
    };
    Ok(Some(Arc::new(Digest::new(ledger.clone(), mailer, settings, holder()))))
}

/// What tells the operator's own systems; `None`: there is none.
///
/// # Errors
/// What is wrong with where they are.
pub fn hooks(config: &Config, ledger: &Ledger) -> Result<Option<Arc<Hooks>>, String> {
    if config.hooks.is_empty() {
        return Ok(None);
    }
    let settings = config.hooks.iter().map(|hook| hooks::Settings {
        name: hook.name.clone(),
        url: hook.url.clone(),
        keys: hook.keys.clone(),
        private: hook.private,
        within: CALL_WITHIN,
    });
    Hooks::new(ledger, settings.collect(), &holder()).map(|hooks| Some(Arc::new(hooks)))
}

/// Looks each minute whether the digest is due. Never ends.
pub async fn follow_digest(digest: Arc<OwnDigest>) {
    let mut every = tokio::time::interval(DIGEST_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = digest.look().await {
            tracing::warn!(%error, "the digest is looked at later");
        }
    }
}

/// The scheduler at a ledger.
#[must_use]
pub fn scheduler(
    ledger: &Ledger,
    mailer: Option<Mailer>,
    hooks: Option<Arc<Hooks>>,
    clock: Clock,
) -> Arc<OwnScheduler> {
    let desk = LedgerDesk::new(ledger.clone(), holder()).with_hooks(hooks);
    Scheduler::new(desk, mailer, clock)
}

/// What tells this process from other replicas.
fn holder() -> String {
    // The process number alone is the same in every container.
    let mut drawn = [0_u8; 8];
    if aws_lc_rs::rand::fill(&mut drawn).is_err() {
        tracing::warn!("this machine gives no random bytes: claims may save no work");
    }
    format!("{}-{:016x}", std::process::id(), u64::from_be_bytes(drawn))
}
