//! Headers of our own: what the app and the client are told of a tenant's standing.
//!
//! Rules:
//! 1. All of them begin with `Ambergate-`; nobody else's do: what comes with such a name, in any
//!    spelling that some server takes for it, is taken away.
//! 2. The client is told its stage when it is not `full`, and the next announced cutoff.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::lookup::Source;
use super::service::{Outcome, Pass};
use crate::domain::stage::Stage;
use crate::domain::time::Instant;

pub(super) const TENANT: HeaderName = HeaderName::from_static("ambergate-tenant");
pub(super) const STAGE: HeaderName = HeaderName::from_static("ambergate-stage");
pub(super) const SCOPE: HeaderName = HeaderName::from_static("ambergate-scope");
pub(super) const SOURCE: HeaderName = HeaderName::from_static("ambergate-source");
pub(super) const UNTIL: HeaderName = HeaderName::from_static("ambergate-until");

/// All that the app may be told.
pub(super) static TO_APP: [HeaderName; 4] = [TENANT, STAGE, SCOPE, SOURCE];

/// What TRACE and CONNECT, which make proxies do what they must not, are told instead.
pub const TAKEN: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY";

/// The prefix of our own headers, in canonical form.
const OWN: &[u8] = b"ambergate";

/// Whether a header name is ours in some spelling: every character that is no letter and no digit
/// counts as the same.
#[must_use]
pub fn is_own(name: &HeaderName) -> bool {
    has_prefix(name.as_str().as_bytes(), OWN)
}

/// Whether `name` begins with the words of `prefix`, which are parted by `_`.
pub(crate) fn has_prefix(name: &[u8], prefix: &[u8]) -> bool {
    name.len() >= prefix.len()
        && std::iter::zip(name, prefix).all(|(byte, canonical)| {
            if byte.is_ascii_alphanumeric() { byte == canonical } else { *canonical == b'_' }
        })
        && name.get(prefix.len()).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Says to the app whose request it is and where they stand.
pub fn tell_app(headers: &mut HeaderMap, pass: &Pass) {
    if let Some(who) = &pass.who {
        headers.insert(TENANT, who.header.clone());
    }
    headers.insert(STAGE, stage(pass.stage));
    let part = HeaderValue::from_bytes(pass.class.part.scope().as_str().as_bytes());
    headers.insert(SCOPE, part.unwrap_or_else(|_| HeaderValue::from_static("*")));
    if let Some(source) = pass.source {
        headers.insert(SOURCE, self::source(source));
    }
}

/// What the client is told of its standing, when it is not full.
#[derive(Clone, Debug)]
pub struct Told {
    stage: Stage,
    until: Option<Instant>,
}

impl Told {
    /// What is told with an answer of the app.
    #[must_use]
    pub const fn of(pass: &Pass) -> Self {
        Self { stage: pass.stage, until: pass.until }
    }

    /// What is told with an answer of the gate.
    #[must_use]
    pub const fn of_outcome(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Pass(pass) => Self::of(pass),
            Outcome::Refuse(refusal) => Self { stage: refusal.stage, until: refusal.until },
            _ => Self { stage: Stage::Full, until: None },
        }
    }

    /// Sets it.
    pub fn tell(&self, headers: &mut HeaderMap) {
        if self.stage == Stage::Full {
            return;
        }
        headers.insert(STAGE, stage(self.stage));
        if let Some(Ok(until)) = self.until.map(|at| HeaderValue::from_str(&at.to_string())) {
            headers.insert(UNTIL, until);
        }
    }
}

const fn stage(stage: Stage) -> HeaderValue {
    match stage {
        Stage::Full => HeaderValue::from_static("full"),
        Stage::Grace => HeaderValue::from_static("grace"),
        Stage::ReadOnly => HeaderValue::from_static("read_only"),
        Stage::Frozen => HeaderValue::from_static("frozen"),
    }
}

const fn source(source: Source) -> HeaderValue {
    match source {
        Source::Fresh => HeaderValue::from_static("fresh"),
        Source::Cached => HeaderValue::from_static("cached"),
        Source::Stale => HeaderValue::from_static("stale"),
        Source::Default => HeaderValue::from_static("default"),
    }
}
