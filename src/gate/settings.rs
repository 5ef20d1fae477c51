//! What a gate is told: plain values that are already valid.
//!
//! Rule: nothing here reads files, the environment or text; `config` does, and makes these.

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, StatusCode};

use super::classify::Routes;
use super::token::Key;
use crate::domain::canary::Canary;
use crate::domain::stage::{Role, Roles};

/// All that a gate is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether refusals and banners happen.
    pub enforce: Mode,
    /// For whom, where they do; for others they are counted as what would have happened.
    pub canary: Canary,
    /// The status of a refusal: 402 if nobody asked for another one.
    pub status: StatusCode,
    /// Under which path the gate answers itself, such as `/_ambergate`.
    pub prefix: String,
    /// Everything passes while this file exists.
    pub open_file: Option<PathBuf>,
    /// A shard silent for so long: what restricts falls to grace.
    pub stale_max: Duration,
    /// What requests are, by path.
    pub routes: Routes,
    /// Where tokens are found and how they are judged.
    pub identify: Vec<Jwt>,
    /// What is done with those who cannot be identified, and what roles are called.
    pub rules: Rules,
    /// At most so many standings are kept.
    pub standings_max: usize,
    /// At most so many verified tokens are kept.
    pub tokens_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enforce: Mode::On,
            canary: Canary::EVERYBODY,
            status: StatusCode::PAYMENT_REQUIRED,
            prefix: "/_ambergate".to_owned(),
            open_file: None,
            stale_max: Duration::from_secs(4 * 60 * 60),
            routes: Routes::default(),
            identify: Vec::new(),
            rules: Rules::default(),
            standings_max: 1_000_000,
            tokens_max: 100_000,
        }
    }
}

/// Whether refusals and banners happen (`[gate] enforce`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They do.
    #[default]
    On,
    /// They are counted as what would have happened.
    Observe,
    /// Nothing is judged.
    Off,
}

/// One `[[identify]] jwt`.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// What the signature is checked with; it fixes the algorithm.
    pub key: Key,
    /// Which tokens name this key in their `kid`; absent: whatever they say.
    pub kid: Option<String>,
    /// Where tokens are found; all places that are present are read.
    pub places: Vec<Place>,
    /// The claim that names the tenant: a name, or a JSON pointer.
    pub claim: String,
    /// The claim that names roles: a string or a list of strings.
    pub role_claim: Option<String>,
    /// `iss` must be this.
    pub issuer: Option<String>,
    /// `aud` must hold one of these.
    pub audience: Vec<String>,
    /// How far clocks may differ, in seconds; at most [`LEEWAY_SECONDS_MAX`].
    pub leeway: u64,
}

/// The most that clocks may differ for a token to be taken, in seconds.
pub const LEEWAY_SECONDS_MAX: u64 = 60;

/// Where a token is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header; in `Authorization` only after `Bearer`.
    Header(HeaderName),
    /// A cookie.
    Cookie(String),
}

/// `[identify_rules]`.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What is done with requests that name nobody.
    pub anonymous: Unidentified,
    /// What is done with requests whose token is bad.
    pub bad_token: BadToken,
    /// What the app calls its roles.
    pub roles: RoleNames,
}

/// What is done with requests that name nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unidentified {
    /// They pass: signing in must work.
    #[default]
    Pass,
    /// 401.
    Refuse,
}

/// What is done with requests whose token is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadToken {
    /// 401.
    #[default]
    Refuse,
    /// They count as naming nobody.
    Pass,
}

/// What the app calls its roles.
#[derive(Clone, Debug)]
pub struct RoleNames {
    /// Those who settle invoices.
    pub billing: Vec<String>,
    /// Those who run the tenant's account.
    pub admin: Vec<String>,
    /// The operator's own people, signed in as the customer: what they see proves nothing.
    pub staff: Vec<String>,
}

impl Default for RoleNames {
    fn default() -> Self {
        let own = |word: &str| vec![word.to_owned()];
        Self { billing: own("billing"), admin: own("admin"), staff: own("staff") }
    }
}

impl RoleNames {
    /// What a signed-in person is whose token names these roles, and whether it is staff.
    pub fn of<'a>(&self, named: impl Iterator<Item = &'a str>) -> (Roles, bool) {
        let mut roles: Roles = std::iter::once(Role::User).collect();
        let mut staff = false;
        let has = |names: &[String], name: &str| names.iter().any(|known| known == name);
        for name in named {
            if has(&self.billing, name) {
                roles = roles.and(std::iter::once(Role::Billing).collect());
            }
            if has(&self.admin, name) {
                roles = roles.and(std::iter::once(Role::Admin).collect());
            }
            staff |= has(&self.staff, name);
        }
        (roles, staff)
    }
}
