//! One request, one answer: what may be done with it.
//!
//! Rules:
//! 1. A request whose standing is cached is judged without waiting and without allocation.
//! 2. Who is not identified has no tenant, so nothing restricts; `anonymous = "401"` refuses. On
//!    an `always` route nobody is refused, with a bad token neither: an old cookie must not stand
//!    in the way of signing in.
//! 3. Tokens are judged by real time, standings by the gate's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method};

use super::classify::{Class, Part};
use super::counters::{Counters, Snapshot};
use super::enforce::{Force, enforce};
use super::identify::{Identify, Identity, NotIdentified};
use super::lane::{Lane, Turn};
use super::lookup::{Lookup, Source};
use super::pages::{Answer, Pages};
use super::receipts::Receipts;
use super::settings::{Mode, Settings, Unidentified};
use super::shards::Shards;
use super::switch::LocalSwitch;
use crate::clock::{self, Clock};
use crate::domain::decide::{Intent, RouteClass, Standings, Verdict};
use crate::domain::effect::{Effect, Rate};
use crate::domain::id::Scope;
use crate::domain::stage::{Roles, Stage};
use crate::domain::time::Instant;
use crate::store::{Store, StoreError};

/// What is known of a request before it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path, as it came.
    pub path: &'a str,
    /// Its query, as it came.
    pub query: Option<&'a str>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Whether it asks for another protocol.
    pub upgrades: bool,
    /// Whether it passes through here. Else another one passes it on as it came: it cannot be made
    /// to wait, and its path cannot be put right.
    pub passes_here: bool,
}

/// What became of judging at once.
#[derive(Debug)]
pub enum Judged {
    /// The answer.
    Done(Outcome),
    /// The store must be asked: [`Gate::look`].
    Looking(Looking),
}

/// A request whose tenant's standing is looked up.
#[derive(Debug)]
pub struct Looking {
    who: Arc<Identity>,
    class: Class,
    waits: bool,
}

/// What is to be done with a request.
#[derive(Debug)]
pub enum Outcome {
    /// Pass it on.
    Pass(Pass),
    /// Say no.
    Refuse(Refusal),
    /// 401: nobody may come in unknown, or the token is bad.
    Unauthorized,
    /// 400: the request contradicts itself.
    Contradiction(&'static str),
}

/// A request that is passed on.
#[derive(Debug)]
pub struct Pass {
    /// Whose request. `None`: nobody's in particular.
    pub who: Option<Arc<Identity>>,
    /// The stage in force.
    pub stage: Stage,
    /// The next announced cutoff.
    pub until: Option<Instant>,
    /// Where the standing came from. `None`: there was none to look up.
    pub source: Option<Source>,
    /// Whether this person's pages get the banner.
    pub banner: bool,
    /// How many of the tenant's requests pass. `None`: all.
    pub slow: Option<Rate>,
    /// How long it waits for its turn: who passes it on sees to that.
    pub wait: Option<Duration>,
    /// What it asks.
    pub class: Class,
}

impl Pass {
    /// What is in force.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }
}

/// A request that is refused.
#[derive(Debug)]
pub struct Refusal {
    /// Whose request.
    pub who: Arc<Identity>,
    /// The stage that refuses, or in which the tenant is.
    pub stage: Stage,
    /// Where slowness refuses: at which rate requests pass, and after how long it may come again.
    pub late: Option<(Rate, Duration)>,
    /// Since when.
    pub since: Instant,
    /// The next announced cutoff.
    pub until: Option<Instant>,
    /// What was asked.
    pub intent: Intent,
    /// Which part of the app it is about.
    pub scope: Scope,
}

/// How a gate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the store answers.
    pub store: bool,
    /// How long the shard that is silent longest has been silent.
    pub silence: Duration,
    /// Whether the switch is open, in whichever way.
    pub open: bool,
    /// The switch's generation.
    pub generation: u64,
}

/// The gate. `Send + Sync`: workers, layers and listeners share one.
#[derive(Debug)]
pub struct Gate<S> {
    pub(super) settings: Settings,
    pub(super) store: Arc<S>,
    pub(super) clock: Clock,
    pub(super) lookup: Lookup<S>,
    pub(super) switch: LocalSwitch,
    lane: Lane,
    pub(super) pages: Pages,
    pub(super) receipts: Receipts,
    pub(super) identify: Identify,
    counters: Mutex<Vec<Arc<Counters>>>,
}

impl<S: Store> Gate<S> {
    /// A gate that reads `store` and tells the time by `clock`.
    #[must_use]
    pub fn new(settings: Settings, store: Arc<S>, clock: Clock) -> Arc<Self> {
        let shards = Shards::new(settings.stale_max, clock::machine_now());
        Arc::new(Self {
            lookup: Lookup::new(Arc::clone(&store), shards, settings.standings_max),
            switch: LocalSwitch::new(settings.open_file.clone()),
            lane: Lane::default(),
            pages: Pages::new(&settings),
            receipts: Receipts::default(),
            identify: Identify::new(
                settings.identify.clone(),
                settings.rules.clone(),
                settings.tokens_max,
            ),
            counters: Mutex::default(),
            settings,
            store,
            clock,
        })
    }

    /// An answer of the gate's own, as a page where a person's browser goes to it.
    #[must_use]
    pub fn for_reader(&self, own: Answer, headers: &HeaderMap) -> Answer {
        self.pages.for_reader(own, headers)
    }

    /// What it was told.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges a request at once if it can be.
    #[must_use]
    pub fn judge(&self, asked: &Asked<'_>, counters: &Counters) -> Judged {
        let class = self.settings.routes.classify(
            asked.method,
            asked.path,
            asked.query,
            asked.headers,
            asked.upgrades,
        );
        let class = if asked.passes_here { class } else { self.settings.routes.as_it_came(class) };
        let always = class.route == RouteClass::Always;
        let real = clock::turn_now();
        let who = match self.identify.identify(asked.headers, real, counters) {
            Ok(who) => who,
            Err(_) if self.settings.enforce == Mode::Off => None,
            Err(NotIdentified::BadToken) if always => None,
            Err(NotIdentified::BadToken) => return Judged::Done(Outcome::Unauthorized),
            Err(NotIdentified::Contradiction(what)) => {
                counters.bad_request.one();
                return Judged::Done(Outcome::Contradiction(what));
            }
        };
        let Some(who) = who else { return Judged::Done(self.nobody(class, counters)) };
        let looking = Looking { who, class, waits: asked.passes_here };
        match self.lookup.cached(&looking.who.tenant, looking.who.shard) {
            Some(standings) => {
                Judged::Done(self.decide(looking, &standings, Source::Cached, counters))
            }
            None => Judged::Looking(looking),
        }
    }

    /// Reads the standing that was not cached, and judges.
    pub async fn look(&self, looking: Looking, counters: &Counters) -> Outcome {
        let (who, now) = (&looking.who, clock::turn_now());
        let (standings, source) = self.lookup.read(&who.tenant, who.shard, now).await;
        self.decide(looking, &standings, source, counters)
    }

    fn nobody(&self, class: Class, counters: &Counters) -> Outcome {
        let refused = self.settings.rules.anonymous == Unidentified::Refuse
            && class.route != RouteClass::Always
            && self.settings.enforce != Mode::Off;
        if refused {
            return Outcome::Unauthorized;
        }
        counters.anonymous.one();
        counters.passed.one();
        let stage = Stage::Full;
        Outcome::Pass(Pass {
            who: None,
            stage,
            until: None,
            source: None,
            banner: false,
            slow: None,
            wait: None,
            class,
        })
    }

    fn decide(
        &self,
        Looking { who, class, waits }: Looking,
        standings: &Standings,
        source: Source,
        counters: &Counters,
    ) -> Outcome {
        match source {
            Source::Fresh => counters.grants_fresh.one(),
            Source::Cached => counters.grants_cached.one(),
            Source::Stale => counters.grants_stale.one(),
            Source::Default => counters.grants_default.one(),
        }
        let now = self.clock.turn_now();
        let force = self.force(&who);
        let standing = standings.about(class.part.about());
        let until = (standing.until != Instant::MAX).then_some(standing.until);
        match enforce(standings, &class, who.roles, force, now, counters) {
            Verdict::Pass { stage, banner, slow } => {
                let until = until.filter(|_| force.mode == Mode::On && !force.open);
                let turn = slow.map(|rate| (rate, self.turn(&who, rate, waits, counters)));
                let wait = match turn {
                    None | Some((_, Turn::Now)) => None,
                    Some((_, Turn::In(wait))) => Some(wait),
                    Some((rate, Turn::Late(after))) => {
                        let (since, intent) = (standing.since, class.intent);
                        let (scope, late) = (class.part.scope(), Some((rate, after)));
                        let refusal = Refusal { who, stage, late, since, until, intent, scope };
                        return Outcome::Refuse(refusal);
                    }
                };
                counters.passed.one();
                let (source, who) = (Some(source), Some(who));
                Outcome::Pass(Pass { who, stage, until, source, banner, slow, wait, class })
            }
            Verdict::Refuse { stage } => {
                counters.refused.one();
                let (since, intent) = (standing.since, class.intent);
                let (scope, late) = (class.part.scope(), None);
                Outcome::Refuse(Refusal { who, stage, late, since, until, intent, scope })
            }
        }
    }

    /// When the turn is of a slowed tenant's request.
    fn turn(&self, who: &Identity, rate: Rate, waits: bool, counters: &Counters) -> Turn {
        let turn = self.lane.turn(&who.tenant, rate, clock::turn_now(), waits);
        match turn {
            Turn::Now => {}
            Turn::In(_) => counters.queued.one(),
            Turn::Late(_) => counters.turned_away.one(),
        }
        turn
    }

    /// What is enforced for a person's tenant.
    #[must_use]
    pub fn force(&self, who: &Identity) -> Force {
        let (generation, shard) = (self.switch.generation(), who.shard);
        let mode = match self.settings.enforce {
            Mode::On if !self.settings.canary.holds_place(who.place) => Mode::Observe,
            mode => mode,
        };
        Force {
            mode,
            open: self.switch.is_open(),
            generation,
            eased: self.lookup.shards.is_eased(shard, generation)
                || self.switch.is_void(generation),
        }
    }

    /// Whether what was let through as `class` would be let through now, as far as is known
    /// without asking the store: tunnels and endless answers end when it is not.
    #[must_use]
    pub fn still_passes(&self, who: &Identity, class: &Class) -> bool {
        let Some(standings) = self.lookup.last_known(&who.tenant) else { return true };
        let force = self.force(who);
        let now = self.clock.turn_now();
        let unheard = Counters::default();
        let verdict = enforce(&standings, class, who.roles, force, now, &unheard);
        matches!(verdict, Verdict::Pass { .. })
    }

    /// What is enforced in that part of the app, from standings that were just read.
    pub(super) fn effect_of(&self, standings: &Standings, part: Part, who: &Identity) -> Effect {
        let (route, intent) = (RouteClass::ByMethod, Intent::Read);
        let class = Class { route, intent, judged_path: None, part };
        let now = self.clock.turn_now();
        let unheard = Counters::default();
        let force = self.force(who);
        match enforce(standings, &class, Roles::NONE, force, now, &unheard) {
            Verdict::Pass { stage, slow, .. } => Effect { stage, slow },
            Verdict::Refuse { stage } => Effect::of(stage),
        }
    }

    /// Counters for another worker; they are summed with all others.
    #[must_use]
    pub fn new_counters(&self) -> Arc<Counters> {
        let counters = Arc::<Counters>::default();
        let mut all = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::clone(&counters));
        counters
    }

    /// The sums of all workers' counters.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        let mut sum = Snapshot::default();
        for counters in self.counters.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            sum.add(counters);
        }
        sum
    }

    /// Opens or closes everything for this process alone, without any store.
    pub fn set_open_here(&self, open: bool) {
        self.switch.set_here(open);
    }

    /// Waits until a local way of opening was closed again: what was entered before restricts
    /// nobody here until somebody raises the generation.
    pub async fn closed_here(&self) {
        self.switch.closed().await;
    }

    /// Whether everything was opened for this process alone.
    #[must_use]
    pub fn is_open_here(&self) -> bool {
        self.switch.is_open_here()
    }

    /// Whether every change that the store says of itself was heard.
    ///
    /// # Errors
    /// The store cannot be used now.
    pub async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        let said = self.store.beats().await?;
        let shards = (0_u16..).zip(said);
        let mut heard =
            shards.map(|(shard, (sequence, _))| self.lookup.shards.sequence(shard) >= sequence);
        Ok(heard.all(|heard| heard))
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = clock::machine_now();
        Health {
            store: !self.lookup.is_down(now),
            silence: self.lookup.shards.silence(now),
            open: self.switch.is_open(),
            generation: self.switch.generation(),
        }
    }
}
