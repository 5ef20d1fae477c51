//! What a configuration says, as values that are already valid (SPEC 10).
//!
//! Rule: a [`Config`] that exists is valid; only this folder makes one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::secret::{Secret, SigningKey};
use super::show::Shown;
use super::values::{Network, Sha256};
use crate::domain::canary::Canary;
use crate::domain::decide::RouteClass;
use crate::domain::id::{Scope, Source};
use crate::domain::outbound::HookEvent;
use crate::domain::policy::{Law, Percent};
use crate::domain::week::TimeOfDay;

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[proxy]`.
    pub proxy: Proxy,
    /// `[upstream]`.
    pub upstream: Upstream,
    /// `[gate]`.
    pub gate: Gate,
    /// `[admin]`.
    pub admin: Admin,
    /// `[ingest] listen`; absent: only the admin address takes events.
    pub ingest: Option<SocketAddr>,
    /// `[authz] listen`; absent: no other proxy is answered.
    pub authz: Option<SocketAddr>,
    /// `[store]`.
    pub store: Store,
    /// `[journal] path`: a folder of this process alone. Unused with the embedded store.
    pub journal: PathBuf,
    /// `[[identify]]`, in the order in which they were given.
    pub identify: Vec<Jwt>,
    /// `[identify_rules]`.
    pub identify_rules: IdentifyRules,
    /// The ways out, then `[[routes]]`: the first match wins.
    pub routes: Vec<Route>,
    /// `[email]`; absent: no mail leaves, and no warning by mail is ever delivered.
    pub email: Option<Email>,
    /// `[digest]`; absent: none leaves.
    pub digest: Option<Digest>,
    /// `[breaker]`; absent, in a demo: however many are warned or cut off, nothing stops it.
    pub breaker: Option<Breaker>,
    /// `[cors] origins`.
    pub cors_origins: Vec<String>,
    /// `[sources.stripe]`.
    pub stripe: Option<Stripe>,
    /// `[sources.*] heard_every`.
    pub heard_every: Vec<HeardEvery>,
    /// `[[hooks]]`.
    pub hooks: Vec<HookTo>,
    /// `[log]`.
    pub log: Log,
    /// `[calendars]`, `[operator]`, `[policies]`, `[[select]]`.
    pub law: Law,
    /// What is allowed and may still surprise; told at the start.
    pub notes: Vec<String>,
    /// Every key with its value and where it came from; no secrets.
    pub shown: Shown,
}

/// Where requests come in.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The address.
    pub listen: SocketAddr,
    /// How many workers; absent: one a core.
    pub workers: Option<usize>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// The app.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// `host:port` of each server.
    pub addresses: Vec<String>,
    /// At most so many connections to it, all together.
    pub max_connections: usize,
    /// How long the first byte of an answer may take.
    pub first_byte: Duration,
}

/// Whether refusals and banners happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforce {
    /// They do.
    #[default]
    On,
    /// They are counted as what would have happened.
    Observe,
    /// Nothing is judged.
    Off,
}

/// How requests are judged.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Whether refusals and banners happen.
    pub enforce: Enforce,
    /// For whom, where they do.
    pub canary: Canary,
    /// Whether messages leave.
    pub notices: bool,
    /// Under which path the gate answers by itself.
    pub prefix: String,
    /// Everything passes while this file exists.
    pub open_file: Option<PathBuf>,
    /// The status of a refusal.
    pub status: u16,
}

/// The admin API.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The address.
    pub listen: SocketAddr,
    /// Who may use it.
    pub tokens: Vec<Token>,
}

/// What the bearer of a token may do, each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenRole {
    /// Sends events, and nothing else.
    Ingest,
    /// Reads.
    Viewer,
    /// Also makes arrangements and does tasks.
    Agent,
    /// Everything.
    Admin,
}

/// A token, known by its hash only.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whose it is; recorded with what its bearer does.
    pub name: String,
    /// What its bearer may do.
    pub role: TokenRole,
    /// SHA-256 of the token's bytes.
    pub sha256: Sha256,
}

/// Where state is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// Which store.
    pub kind: StoreKind,
    /// What its keys begin with.
    pub prefix: String,
    /// A shard silent for so long: what restricts falls to grace.
    pub stale_max: Duration,
}

/// Which store.
#[derive(Clone, Debug)]
pub enum StoreKind {
    /// One file, no server.
    Embedded {
        /// The file.
        path: PathBuf,
    },
    /// Redis or Valkey.
    Redis {
        /// `redis://` or `rediss://`, with a password if it needs one.
        url: Secret,
    },
}

/// One `[[identify]] jwt`.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// What signatures are checked with.
    pub key: JwtKey,
    /// Which algorithms are taken; never empty, and they fit the key.
    pub algorithms: Vec<Algorithm>,
    /// In which header tokens are found.
    pub header: Option<String>,
    /// In which cookie tokens are found.
    pub cookie: Option<String>,
    /// The claim that names the tenant: a name, or a JSON pointer.
    pub claim: String,
    /// The claim that names roles.
    pub role_claim: Option<String>,
    /// `iss` must be this.
    pub issuer: Option<String>,
    /// `aud` must hold one of these; empty: whatever it holds.
    pub audience: Vec<String>,
}

/// What signatures are checked with.
#[derive(Clone, Debug)]
pub enum JwtKey {
    /// A shared secret.
    Secret(Secret),
    /// A public key, the text of its PEM.
    Pem(String),
    /// The demo's own shared secret, of whatever length: it guards nothing.
    Demo(Secret),
}

/// How tokens are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// As tokens name it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// What is done with those who cannot be identified, and what the app calls its roles.
#[derive(Clone, Debug)]
pub struct IdentifyRules {
    /// Whether requests that name nobody pass; else 401.
    pub anonymous_pass: bool,
    /// Whether requests with a bad token pass as naming nobody; else 401.
    pub bad_token_pass: bool,
    /// What those who settle invoices are called.
    pub billing: Vec<String>,
    /// What those who run the tenant's account are called.
    pub admin: Vec<String>,
    /// What the operator's own people are called: what they see proves nothing.
    pub staff: Vec<String>,
}

/// One of `[[routes]]`, or a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `/invoices/**`, `/login`, `/files/*/download`.
    pub pattern: String,
    /// For which methods; empty: all.
    pub methods: Vec<String>,
    /// What requests that match are.
    pub class: RouteClass,
    /// Which part of the app they are; none: no part that is closed by itself.
    pub scope: Option<Scope>,
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct Email {
    /// The server, with its password: `smtp://` or `smtps://`.
    pub smtp: Secret,
    /// The sender.
    pub from: String,
    /// Rehearsal: mail leaves only for these mailboxes or domains. Absent: for all.
    pub only_to: Option<Vec<String>>,
    /// A folder of templates that take the place of those compiled in.
    pub templates: Option<PathBuf>,
}

/// What the operator is told each working day.
#[derive(Clone, Debug)]
pub struct Digest {
    /// To whom; nobody: none leaves.
    pub to: Vec<String>,
    /// From when on, on each working day of the operator's.
    pub at: TimeOfDay,
    /// Where the admin address is reached, for the links that hold a cutoff.
    pub url: String,
    /// What those links are signed with.
    pub secret: Secret,
    /// Nothing is entered that no delivered digest listed.
    pub required: bool,
}

/// How many tenants may be warned, put into grace or cut off before it stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// So large a share of all tenants within a window.
    pub share: Percent,
    /// And at least so many.
    pub at_least: u32,
    /// How long a window is.
    pub window: Duration,
}

/// Stripe as a source.
#[derive(Clone, Debug)]
pub struct Stripe {
    /// Signing secrets, any of which is good; several while one is replaced.
    pub secrets: Vec<Secret>,
    /// Where an object names its tenant.
    pub tenant: String,
    /// Its API, which is asked before a cutoff; absent: it is not.
    pub api: Option<StripeApi>,
}

/// The API of Stripe.
#[derive(Clone, Debug)]
pub struct StripeApi {
    /// Where it is.
    pub base: String,
    /// A secret or restricted key that may read invoices.
    pub key: Secret,
}

/// A source that is to be heard of within a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardEvery {
    /// Its name, as events name it.
    pub source: Source,
    /// Within which time.
    pub time: Duration,
}

/// A system of the operator's that is told what happens.
#[derive(Clone, Debug)]
pub struct HookTo {
    /// How it is called in metrics, logs and records.
    pub name: String,
    /// Where it is.
    pub url: Secret,
    /// What it is told is signed with each of these; several while one is replaced.
    pub keys: Vec<SigningKey>,
    /// What it is told.
    pub events: Vec<HookEvent>,
    /// It may be on the operator's own network, and without TLS.
    pub private: bool,
}

/// How logs are written.
#[derive(Clone, Debug)]
pub struct Log {
    /// For machines; else for people.
    pub json: bool,
    /// What is told: `info`, or directives such as `info,ambergate::store=debug`.
    pub level: String,
}

/// Which part of the program a process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProcessRole {
    /// Gate and control plane.
    #[default]
    All,
    /// The gate alone.
    Gate,
    /// The control plane alone.
    Control,
}
