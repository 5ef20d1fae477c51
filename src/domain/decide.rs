//! The verdict on one request (SPEC 5, 6): pure, no allocation.
//!
//! Rules:
//! 1. Reading is refused only when frozen, writing when read-only or frozen; `always` is never
//!    refused, and never slowed.
//! 2. `ease` is applied by the gate's clock; nothing here makes a standing harder than its grant.
//! 3. An open switch passes everything; a grant older than the switch's generation restricts
//!    nothing.
//! 4. A request is judged by the standing of its route's scope; without one by the whole app's.
//!    What could be read as any part of the app is judged by the strictest of all.
//! 5. What a payer shares counts beside the payer's own standing, and the milder of both; where
//!    that one cannot be read it counts for nothing.

use std::sync::Arc;

use super::effect::{Effect, Rate};
use super::grant::{Grant, ScopeStage};
use super::id::{Scope, TenantId};
use super::stage::{Roles, Stage};
use super::time::Instant;

/// What the decision needs of a grant, small enough to live in a cache's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since when the stage is in force.
    pub since: Instant,
    /// When the stage falls to `eased` by itself; [`Instant::MAX`]: never.
    pub ease_at: Instant,
    /// The next announced cutoff; [`Instant::MAX`]: none.
    pub until: Instant,
    /// The generation of the switch under which it was entered.
    pub generation: u64,
    /// The stage.
    pub stage: Stage,
    /// The stage after `ease_at`.
    pub eased: Stage,
    /// How many requests pass, of those that the stage lets through. `None`: all.
    pub slow: Option<Rate>,
    /// Who is shown the banner.
    pub banner: Roles,
}

impl Standing {
    /// Everything open.
    pub const FULL: Self = Self {
        since: Instant::MIN,
        ease_at: Instant::MAX,
        until: Instant::MAX,
        generation: u64::MAX,
        stage: Stage::Full,
        eased: Stage::Full,
        slow: None,
        banner: Roles::NONE,
    };

    /// What is in force, `ease_at` not looked at.
    const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }

    /// This one beside what a payer shares: no more than what is in force at the payer, too.
    fn beside(&self, shared: &Self, payer: &Self) -> Self {
        let stage = shared.stage.min(payer.stage);
        if stage <= self.stage {
            return *self;
        }
        Self {
            since: shared.since,
            ease_at: payer.ease_at,
            until: self.until,
            generation: shared.generation.min(payer.generation),
            stage,
            eased: stage.min(payer.eased).max(self.stage),
            slow: self.slow,
            banner: self.banner,
        }
    }

    fn of(grant: &Grant, scope: &Scope, closed: Option<&ScopeStage>) -> Self {
        let ease = grant.ease.iter().filter(|ease| ease.scope == *scope).min_by_key(|e| e.at);
        let stage = closed.map_or(Stage::Full, |scope| scope.stage);
        Self {
            since: closed.map_or(Instant::MIN, |scope| scope.since),
            ease_at: ease.map_or(Instant::MAX, |ease| ease.at),
            until: grant.announced.as_ref().map_or(Instant::MAX, |named| named.at),
            generation: grant.generation,
            stage,
            eased: ease.map_or(stage, |ease| ease.stage.min(stage)),
            slow: closed.and_then(|scope| scope.slow),
            banner: grant.banner,
        }
    }
}

/// Of the whole app, and of those parts of which `scopes` says something.
fn standings_of(grant: &Grant, scopes: &[ScopeStage]) -> (Standing, Vec<(Scope, Standing)>) {
    let whole = scopes.iter().find(|scope| scope.scope.is_whole());
    let parts = scopes.iter().filter(|scope| !scope.scope.is_whole());
    let parts =
        parts.map(|part| (part.scope.clone(), Standing::of(grant, &part.scope, Some(part))));
    (Standing::of(grant, &Scope::whole(), whole), parts.collect())
}

/// The standings of one tenant: of the whole app, and of those parts that stand otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings {
    whole: Standing,
    /// `None`: there are none.
    parts: Option<Arc<[(Scope, Standing)]>>,
    /// What the tenant that pays for this one shares. It counts beside that one's own standings
    /// only ([`Standings::beside`]). `None`: nothing.
    shared: Option<Arc<SharedStandings>>,
}

/// What a payer shares.
#[derive(Debug, PartialEq, Eq)]
struct SharedStandings {
    payer: TenantId,
    whole: Standing,
    parts: Vec<(Scope, Standing)>,
}

/// Which part of the app a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// That of no route's scope.
    Whole,
    /// That part.
    Part(&'a Scope),
    /// It could be read as any.
    Any,
}

impl Standings {
    /// Everything open.
    pub const FULL: Self = Self::whole(Standing::FULL);

    /// One standing for every part.
    #[must_use]
    pub const fn whole(whole: Standing) -> Self {
        Self { whole, parts: None, shared: None }
    }

    /// What `grant` says.
    #[must_use]
    pub fn of(grant: &Grant) -> Self {
        let (whole, parts) = standings_of(grant, &grant.scopes);
        let shared = grant.payer.as_ref().map(|payer| {
            let (whole, parts) = standings_of(grant, &payer.scopes);
            Arc::new(SharedStandings { payer: payer.tenant.clone(), whole, parts })
        });
        Self { whole, parts: (!parts.is_empty()).then(|| parts.into()), shared }
    }

    /// The tenant whose standings are to be read beside these.
    #[must_use]
    pub fn payer(&self) -> Option<&TenantId> {
        self.shared.as_ref().map(|shared| &shared.payer)
    }

    /// These beside the payer's: what it shares counts as far as it was entered here, and is in
    /// force there.
    #[must_use]
    pub fn beside(&self, payer: &Self) -> Self {
        let Some(shared) = &self.shared else { return self.clone() };
        let theirs = payer.about(About::Whole);
        let whole = self.whole.beside(&shared.whole, theirs);
        let names = self.parts.iter().flat_map(|parts| parts.iter()).chain(&shared.parts);
        let mut names: Vec<&Scope> = names.map(|(scope, _)| scope).collect();
        names.sort_unstable();
        names.dedup();
        let part = |scope: &&Scope| {
            let about = About::Part(scope);
            let of_part = shared.parts.iter().find(|(known, _)| known == *scope);
            let of_part = of_part.map_or(&shared.whole, |(_, standing)| standing);
            ((*scope).clone(), self.about(about).beside(of_part, payer.about(about)))
        };
        let parts: Vec<(Scope, Standing)> = names.iter().map(part).collect();
        Self { whole, parts: (!parts.is_empty()).then(|| parts.into()), shared: None }
    }

    /// What a request about that is judged by.
    #[must_use]
    pub fn about(&self, about: About<'_>) -> &Standing {
        let mut parts = self.parts.iter().flat_map(|parts| parts.iter());
        let part = match about {
            About::Whole => None,
            About::Part(scope) => parts.find(|(part, _)| part == scope),
            About::Any => parts.max_by_key(|(_, part)| part.effect().hardness()),
        };
        let whole = self.whole.effect().hardness();
        let stricter = |part: &&Standing| part.effect().hardness() >= whole;
        part.map(|(_, part)| part).filter(stricter).unwrap_or(&self.whole)
    }
}

/// What a route says about the requests it matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteClass {
    /// A way out: open in every stage.
    Always,
    /// Whatever the method, it only reads.
    Reads,
    /// By method.
    #[default]
    ByMethod,
}

/// What a request wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To read.
    Read,
    /// To change something.
    Write,
}

/// What the switch and the gate's mode say, the same for all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Whether refusals and banners happen at all (`enforce = "on"`, the switch closed).
    pub on: bool,
    /// The switch's generation.
    pub generation: u64,
    /// The store was silent for too long: restricted falls to grace.
    pub stale: bool,
}

/// What the gate does with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Pass it on; `banner`: the page that comes back gets one.
    Pass {
        /// The stage told to the app.
        stage: Stage,
        /// Whether this person's pages get the banner.
        banner: bool,
        /// The tenant's requests pass one after the other, so many in a time. `None`: at once.
        slow: Option<Rate>,
    },
    /// Answer instead of the app.
    Refuse {
        /// The stage that refuses.
        stage: Stage,
    },
}

/// What is in force at `now`.
#[must_use]
pub fn effect_at(standing: &Standing, enforcement: Enforcement, now: Instant) -> Effect {
    let stage = if now >= standing.ease_at { standing.eased } else { standing.stage };
    let effect = Effect { stage, slow: standing.slow };
    let void = standing.generation < enforcement.generation || enforcement.stale;
    if effect.restricts() && void { Effect::of(Stage::Grace) } else { effect }
}

/// What the gate does with a request of people with `roles`.
#[must_use]
pub fn decide(
    standing: &Standing,
    route: RouteClass,
    intent: Intent,
    roles: Roles,
    enforcement: Enforcement,
    now: Instant,
) -> Verdict {
    if !enforcement.on {
        return Verdict::Pass { stage: Stage::Full, banner: false, slow: None };
    }
    let Effect { stage, slow } = effect_at(standing, enforcement, now);
    let reads = route == RouteClass::Reads || intent == Intent::Read;
    let refused = match stage {
        Stage::Full | Stage::Grace => false,
        Stage::ReadOnly => !reads,
        Stage::Frozen => true,
    };
    if refused && route != RouteClass::Always {
        return Verdict::Refuse { stage };
    }
    let banner = standing.banner.is_everyone() || standing.banner.meets(roles);
    let slow = slow.filter(|_| route != RouteClass::Always);
    Verdict::Pass { stage, banner, slow }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slowed(stage: Stage, route: RouteClass, intent: Intent, generation: u64) -> Verdict {
        let slow = "20 per minute".parse().ok();
        let standing = Standing { stage, eased: stage, slow, generation: 3, ..Standing::FULL };
        let enforcement = Enforcement { on: true, generation, stale: false };
        decide(&standing, route, intent, Roles::NONE, enforcement, Instant::from_seconds(0))
    }

    #[test]
    fn what_is_slowed_passes_slowly_but_for_ways_out_and_what_is_refused_is_refused() {
        let rate = |verdict| match verdict {
            Verdict::Pass { slow, .. } => slow.map(|rate| rate.to_string()),
            Verdict::Refuse { .. } => Some("refused".to_owned()),
        };
        let by_method = |stage, intent| rate(slowed(stage, RouteClass::ByMethod, intent, 3));
        assert_eq!(by_method(Stage::Full, Intent::Write).as_deref(), Some("20 per minute"));
        assert_eq!(by_method(Stage::ReadOnly, Intent::Read).as_deref(), Some("20 per minute"));
        assert_eq!(by_method(Stage::ReadOnly, Intent::Write).as_deref(), Some("refused"));
        for stage in Stage::ALL {
            assert_eq!(rate(slowed(stage, RouteClass::Always, Intent::Write, 3)), None);
        }
        let older = slowed(Stage::Full, RouteClass::ByMethod, Intent::Write, 4);
        assert_eq!(older, Verdict::Pass { stage: Stage::Grace, banner: false, slow: None });
    }

    #[test]
    fn a_standing_is_small() {
        assert!(size_of::<Standing>() <= 48, "{}", size_of::<Standing>());
    }
}
