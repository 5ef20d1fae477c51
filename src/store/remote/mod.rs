//! The store that many processes share: Redis or Valkey, 6.2 or newer.
//!
//! Rules:
//! 1. All of a commit is one script on the keys of one shard (`scripts/commit.lua`); it answers
//!    before anything is written if digest or incarnation are other ones.
//! 2. The server forgets what it acknowledged when a failover loses the race: whoever commits
//!    keeps a journal of its own ([`super::journal`]), and another server process is another
//!    incarnation ([`incarnation`]).
//! 3. Every call has a deadline; without a connection it fails at once ([`link`]). What the
//!    server says when it refuses (`OOM`, `READONLY`, `LOADING`, `NOAUTH` …) is passed on.
//! 4. Time is the server's.

mod breaker;
mod incarnation;
mod keys;
mod link;
mod marks;
mod reads;
mod scripts;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use redis::Pipeline;

pub use self::watch::RemoteWatch;

use self::incarnation::Known;
use self::keys::Keys;
use self::link::Link;
use self::scripts::{APPLIED, BEAT, COMMIT, FORWARD, LEASE, SUBMIT, SWITCH, call};
use super::{
    Alias, Commit, Condition, Incarnation, Parked, Row, SHARDS, Store, StoreError, Stored, Switch,
    Unjournaled, Version, form, shard_of,
};
use crate::domain::grant::{Grant, Words};
use crate::domain::id::TenantId;
use crate::domain::time::Instant;

/// How many events the inbox may hold; more are refused until the control plane takes some.
const INBOX_MAX: usize = 100_000;

/// Where the server is, and how long it may take.
#[derive(Clone)]
pub struct RemoteSettings {
    /// `redis://` or `rediss://`, with the account if there is one. A secret.
    pub url: String,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a call may take.
    pub call_timeout: Duration,
    /// How long a recovery lasts at least: longer than any replica needs to notice it and to
    /// register its journal.
    pub recovery_least: Duration,
}

impl RemoteSettings {
    /// The usual settings for a server.
    #[must_use]
    pub fn new(url: &str, prefix: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: prefix.to_owned(),
            connect_timeout: Duration::from_secs(1),
            call_timeout: Duration::from_secs(2),
            recovery_least: Duration::from_secs(5),
        }
    }
}

impl std::fmt::Debug for RemoteSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteSettings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// A store on a server. A copy is the same store.
#[derive(Clone, Debug)]
pub struct Remote {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: RemoteSettings,
    client: redis::Client,
    keys: Keys,
    link: Link,
    known: Known,
}

impl Remote {
    /// Begins to keep a connection to the server, which need not be there now. The runtime that
    /// this is called in keeps it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the settings cannot be right: the URL or the prefix.
    pub async fn open(settings: RemoteSettings) -> Result<Self, StoreError> {
        let keys = Keys::new(&settings.prefix)?;
        let client = link::client(&settings.url)?;
        let timeouts = (settings.connect_timeout, settings.call_timeout);
        let link = Link::open(client.clone(), timeouts).await;
        let known = Known::default();
        Ok(Self { inner: Arc::new(Inner { settings, client, keys, link, known }) })
    }

    /// The server's address, without the account.
    #[must_use]
    pub fn server(&self) -> &str {
        self.inner.link.server()
    }

    fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    fn link(&self) -> &Link {
        &self.inner.link
    }

    fn known(&self) -> &Known {
        &self.inner.known
    }

    fn recovery_millis(&self) -> u64 {
        u64::try_from(self.inner.settings.recovery_least.as_millis()).unwrap_or(u64::MAX)
    }

    /// The answer to a step that only counts in the incarnation there is.
    fn if_current(&self, current: bool) -> Result<(), StoreError> {
        if current {
            return Ok(());
        }
        self.known().doubt();
        Err(StoreError::OtherIncarnation)
    }

    fn commit_call(&self, commit: &Commit, run: &str) -> Result<redis::Cmd, StoreError> {
        let shard = shard_of(&commit.tenant);
        let of = |what| self.keys().shard(shard, what);
        let keys = [
            of("incarnation"),
            self.keys().tenant(shard, &commit.tenant),
            of("sequence"),
            of("wakes"),
            of("names"),
            of("applied"),
            of("outbox"),
        ];
        let expected = commit.expected.map(|digest| digest.to_string()).unwrap_or_default();
        let wake = commit.wake.map(|wake| wake.millis().to_string()).unwrap_or_default();
        let (journal, position) = match &commit.applied {
            Some(applied) => (&*applied.journal, applied.position),
            None => ("", 0),
        };
        let mut call = call(&COMMIT, &keys);
        call.arg(&*commit.incarnation.0).arg(run).arg(expected);
        call.arg(commit.stored.digest.to_string()).arg(&commit.stored.account);
        call.arg(form::grant(&commit.grant)?).arg(form::words(&commit.words)?);
        call.arg(form::row(&commit.row)?).arg(wake).arg(commit.tenant.as_str());
        call.arg(journal).arg(position).arg(self.keys().changes()).arg(shard);
        // Lines of JSON: none contains a line's end.
        call.arg(commit.entries.join(&b'\n'));
        Ok(call)
    }
}

impl Store for Remote {
    type Watch = RemoteWatch;

    async fn grant(&self, tenant: &TenantId) -> Result<(Option<Grant>, u64), StoreError> {
        self.read_grant(tenant).await
    }

    async fn words(&self, tenant: &TenantId) -> Result<Option<Words>, StoreError> {
        self.read_words(tenant).await
    }

    async fn switch(&self) -> Result<Switch, StoreError> {
        let ask = redis::Cmd::hget(self.keys().whole("switch"), "value");
        let bytes: Option<Vec<u8>> = self.link().one(&ask).await?;
        bytes.map_or_else(|| Ok(Switch::default()), |bytes| form::read_json("the switch", &bytes))
    }

    async fn watch(&self) -> Result<RemoteWatch, StoreError> {
        let limit = self.inner.settings.connect_timeout;
        Ok(RemoteWatch::begin(self.inner.client.clone(), self.keys().changes(), limit).await)
    }

    async fn beats(&self) -> Result<Vec<(u64, Option<Instant>)>, StoreError> {
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            ask.mget(&["sequence", "beat"].map(|what| self.keys().shard(shard, what)));
        }
        let beats: Vec<(Option<u64>, Option<i64>)> = self.link().many(&ask).await?;
        let beat = |(sequence, at): (Option<u64>, Option<i64>)| {
            (sequence.unwrap_or_default(), at.map(Instant::from_millis))
        };
        Ok(beats.into_iter().map(beat).collect())
    }

    async fn submit(&self, event: Vec<u8>) -> Result<(), StoreError> {
        let mut call = call(&SUBMIT, &[self.keys().inbox()]);
        call.arg(event).arg(INBOX_MAX);
        match self.link().one::<i64>(&call).await? {
            1 => Ok(()),
            _ => Err(StoreError::Unavailable(format!(
                "the inbox {} holds {INBOX_MAX} events that no control plane has taken",
                self.keys().inbox()
            ))),
        }
    }

    async fn now(&self) -> Result<Instant, StoreError> {
        let (seconds, micros): (i64, i64) = self.link().one(&redis::cmd("TIME")).await?;
        Ok(Instant::from_seconds(seconds).plus_millis(micros / 1_000))
    }

    async fn condition(&self) -> Result<Condition, StoreError> {
        self.ask_condition().await
    }

    async fn load(&self, tenant: &TenantId) -> Result<Option<Stored>, StoreError> {
        self.read_account(tenant).await
    }

    async fn commit(&self, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        let live = self.link().live()?;
        let call = self.commit_call(&commit, live.run())?;
        match self.link().one_on::<(i64, u64)>(&live, &call).await? {
            (1, sequence) => Ok(sequence),
            (0, _) => Err(StoreError::Conflict),
            _ => self.if_current(false).map(|()| 0),
        }
    }

    async fn due(
        &self,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<(TenantId, Instant)>, StoreError> {
        self.wakes(Some(now), limit).await
    }

    async fn next_wake(&self) -> Result<Option<Instant>, StoreError> {
        Ok(self.wakes(None, 1).await?.first().map(|(_, wake)| *wake))
    }

    async fn rows(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.read_rows(after, limit).await
    }

    async fn inbox(&self, limit: usize) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.read_inbox(limit).await
    }

    async fn settle(&self, names: &[String]) -> Result<(), StoreError> {
        let names: Vec<&String> = names.iter().filter(|name| reads::is_stream_id(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        self.link().one(&redis::Cmd::xdel(self.keys().inbox(), &names)).await
    }

    async fn outbox(&self) -> Result<Vec<Unjournaled>, StoreError> {
        self.read_outbox().await
    }

    async fn journaled(&self, names: &[String]) -> Result<(), StoreError> {
        self.empty_outbox(names).await
    }

    async fn set_switch(&self, expected: &Switch, switch: Switch) -> Result<(), StoreError> {
        let mut call = call(&SWITCH, &[self.keys().whole("switch")]);
        call.arg(expected.generation).arg(u8::from(expected.open));
        call.arg(u8::from(expected.enforced));
        call.arg(switch.generation).arg(u8::from(switch.open)).arg(u8::from(switch.enforced));
        call.arg(form::json("the switch", &switch)?).arg(self.keys().changes());
        match self.link().one::<i64>(&call).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    async fn publish(&self, version: Version) -> Result<(), StoreError> {
        let (kind, name, hash) = version.key();
        let field = [kind, name, hash].join("\0");
        let bytes = form::json("a version", &version)?;
        self.link().one(&redis::Cmd::hset_nx(self.keys().whole("versions"), field, bytes)).await
    }

    async fn versions(&self) -> Result<Vec<Version>, StoreError> {
        let mut versions: Vec<Version> = self.all_json("versions", "a version").await?;
        versions.sort_by(Version::order);
        Ok(versions)
    }

    async fn park(&self, parked: Parked) -> Result<bool, StoreError> {
        let bytes = form::json("a parked event", &parked)?;
        let set = redis::Cmd::hset_nx(self.keys().whole("parked"), &parked.id, bytes);
        self.link().one(&set).await
    }

    async fn parked(&self) -> Result<Vec<Parked>, StoreError> {
        let mut parked: Vec<Parked> = self.all_json("parked", "a parked event").await?;
        parked.sort_by(Parked::order);
        Ok(parked)
    }

    async fn set_alias(&self, alias: Alias) -> Result<(), StoreError> {
        let bytes = form::json("a name", &alias)?;
        self.link().one(&redis::Cmd::hset(self.keys().whole("aliases"), alias.name, bytes)).await
    }

    async fn alias(&self, name: &str) -> Result<Option<Alias>, StoreError> {
        let ask = redis::Cmd::hget(self.keys().whole("aliases"), name);
        let bytes: Option<Vec<u8>> = self.link().one(&ask).await?;
        bytes.map(|bytes| form::read_json("a name", &bytes)).transpose()
    }

    async fn unpark(&self, id: &str) -> Result<(), StoreError> {
        self.link().one(&redis::Cmd::hdel(self.keys().whole("parked"), id)).await
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let live = self.link().live()?;
        let mut pipeline = Pipeline::new();
        for shard in 0..SHARDS {
            let keys =
                ["incarnation", "beat", "sequence"].map(|what| self.keys().shard(shard, what));
            let mut call = call(&BEAT, &keys);
            call.arg(live.run()).arg(self.keys().changes()).arg(shard);
            pipeline.add_command(call);
        }
        let beaten: Vec<i64> = self.link().many_on(&live, &pipeline).await?;
        self.if_current(!beaten.contains(&0))
    }

    async fn lease(&self, name: &str, holder: &str, millis: u64) -> Result<bool, StoreError> {
        let mut call = call(&LEASE, &[self.keys().whole(&format!("lease:{name}"))]);
        call.arg(holder).arg(millis.max(1));
        self.link().one(&call).await
    }

    async fn applied(&self, journal: &str) -> Result<Vec<u64>, StoreError> {
        let mut ask = Pipeline::new();
        for shard in 0..SHARDS {
            ask.hget(self.keys().shard(shard, "applied"), journal);
        }
        let positions: Vec<Option<u64>> = self.link().many(&ask).await?;
        Ok(positions.into_iter().map(Option::unwrap_or_default).collect())
    }

    async fn set_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
        positions: &[u64],
    ) -> Result<(), StoreError> {
        let live = self.link().live()?;
        let mut pipeline = Pipeline::new();
        for (shard, position) in (0..SHARDS).zip(positions) {
            let keys = ["incarnation", "applied"].map(|what| self.keys().shard(shard, what));
            let mut call = call(&FORWARD, &keys);
            call.arg(&*incarnation.0).arg(live.run()).arg(journal).arg(*position);
            pipeline.add_command(call);
        }
        let moved: Vec<i64> = self.link().many_on(&live, &pipeline).await?;
        self.if_current(!moved.contains(&0))
    }

    async fn register_journal(&self, journal: &str) -> Result<(), StoreError> {
        self.link().one(&redis::Cmd::hset_nx(self.keys().whole("journals"), journal, "")).await
    }

    async fn unregister_journal(&self, journal: &str) -> Result<(), StoreError> {
        self.link().one(&redis::Cmd::hdel(self.keys().whole("journals"), journal)).await
    }

    async fn journals(&self) -> Result<Vec<(String, bool)>, StoreError> {
        self.read_journals().await
    }

    async fn journal_applied(
        &self,
        incarnation: &Incarnation,
        journal: &str,
    ) -> Result<(), StoreError> {
        let live = self.link().live()?;
        let keys = ["incarnation", "journals"].map(|what| self.keys().whole(what));
        let mut call = call(&APPLIED, &keys);
        call.arg(&*incarnation.0).arg(live.run()).arg(journal);
        let noted: i64 = self.link().one_on(&live, &call).await?;
        self.if_current(noted == 1)
    }

    async fn recovered(&self, incarnation: &Incarnation) -> Result<bool, StoreError> {
        self.end_recovery(incarnation).await
    }

    async fn reset(&self) -> Result<(), StoreError> {
        self.forget_all().await
    }
}
