//! What is due, what comes, and when to look again (SPEC 5.6 – 5.10, 5.14).
//!
//! Rules:
//! 1. What is decided is only what is due at `now`; the same account, law and situation give the
//!    same decisions.
//! 2. The caller applies the decisions as records, views again and plans again, until no decision
//!    is left, and commits all of it in one step.
//! 3. Relief (lifting, voiding) is decided in every situation but recovery; what restricts waits
//!    for everything 5.9 asks for.
//! 4. While a case is held nothing of it is made or sent.
//! 5. Of a tenant that was forgotten nothing is asked: no notice, no message, no task, no stage.

mod agreements;
mod anchor;
mod by_hand;
mod climb;
mod cutoff;
mod fees;
mod gates;
mod ladder;
mod messages;
mod pauses;
mod relief;
mod standing;
mod survey;
mod tasks;
mod would;

use super::account::{Account, Case, Invoice, NoticeState};
use super::decision::{CaseOpened, Decision, NoticeMade, TaskKind};
use super::effect::Effect;
use super::id::{CaseId, InvoiceId, MessageId, NoticeId, PolicyName, TenantId};
use super::money::Currency;
use super::outbound::{self, Call};
use super::policy::Law;
use super::selection::select_for;
use super::time::{DAY, HOUR, Instant, MINUTE, SECOND};

pub(super) use anchor::anchor_of;
pub(super) use standing::is_valid;
pub use standing::may_leave;
pub(super) use survey::{Ground, Survey};

/// How soon what waits for facts to be worked off is looked at again: that takes a moment.
const LOOK_AGAIN_SOON: i64 = 5 * SECOND;
/// How soon a payer is looked at again that shares something, should nobody have said that it changed.
const LOOK_AT_PAYER: i64 = HOUR;
/// The same, where nothing is shared.
const LOOK_AT_FREE_PAYER: i64 = DAY;
/// How soon what waits for people or machines is looked at again.
const LOOK_AGAIN: i64 = 15 * MINUTE;

/// What is true around the account when it is planned.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// The store's time.
    pub now: Instant,
    /// The store is not recovering.
    pub ready: bool,
    /// All that was received is worked off.
    pub feeds: bool,
    /// Every source that is to be heard of within a time was.
    pub heard: bool,
    /// A slot of the breaker may be had.
    pub slots: bool,
    /// Everything is open.
    pub switch_open: bool,
    /// Nothing is enforced for this tenant: what would have happened is recorded.
    pub observed: bool,
    /// No message may leave (`notices = "hold"`): nothing is said, and nothing gets harder.
    pub notices_held: bool,
    /// Nothing is entered that no delivered digest listed (`[digest] required`).
    pub digest_required: bool,
    /// The switch's generation.
    pub generation: u64,
    /// This process's clock is within a minute of the store's.
    pub clock_agrees: bool,
    /// Whether a billing system can be asked before a cutoff, and was.
    pub asking: Asking,
}

/// Asking a billing system before a cutoff (SPEC 5.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asking {
    /// The source whose invoices can be asked about; `None`: no one's can.
    pub of: Option<&'static str>,
    /// The case about whose invoice it was asked a moment ago, and agreed.
    pub agreed: Option<CaseId>,
}

/// A billing system is to be asked before a cutoff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The case whose cutoff could be entered now.
    pub case: CaseId,
    /// Its invoice.
    pub invoice: InvoiceId,
}

impl Situation {
    /// Whether what is known of what is owed is as new as it has to be before anything harder.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        self.feeds && self.heard
    }

    /// Whether notices may be made at all: all that was received is worked off, and they may leave.
    #[must_use]
    pub const fn may_tell(&self) -> bool {
        self.feeds && !self.notices_held
    }

    /// Whether what presses may be made and sent: feeds that are heard of, a slot of the breaker,
    /// and what it says would come.
    #[must_use]
    pub const fn may_press(&self) -> bool {
        self.heard && self.slots && !self.observed && !self.notices_held
    }
}

/// What comes for one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// When, if nothing changes.
    pub at: Instant,
    /// For which case.
    pub case: CaseId,
    /// Which rung of its policy.
    pub rung: u16,
    /// What.
    pub what: What,
}

/// What may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A notice of this template.
    Notice(String),
    /// A warning that names this.
    Warning(Effect),
    /// A repetition of that warning.
    Again(Effect),
    /// A stage begins, or slowness; `announced`: people were told, and it was delivered.
    Enter {
        /// Which.
        effect: Effect,
        /// Whether people were told.
        announced: bool,
    },
    /// Work for a person.
    Task(TaskKind),
}

/// What `plan` finds.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// To be committed now.
    pub decisions: Vec<Decision>,
    /// Messages whose next attempt is due now.
    pub sends: Vec<MessageId>,
    /// What the operator's own systems are to be told now.
    pub calls: Vec<Call>,
    /// What a billing system is to be asked about before anything is entered for it.
    pub asks: Vec<Ask>,
    /// When to look again; `None`: when a record comes.
    pub wake: Option<Instant>,
    /// What comes, by time.
    pub coming: Vec<Coming>,
    /// What would come next, where nothing is enforced.
    pub would: Vec<Coming>,
    /// Currencies that a table of a policy does not name, so that it restricts nobody who owes in
    /// them: people are to be told, once.
    pub unlisted: Vec<(PolicyName, Currency)>,
}

/// What is due for `account` at `situation.now`.
#[must_use]
pub fn plan(tenant: &TenantId, account: &Account, law: &Law, situation: &Situation) -> Plan {
    let situation = Situation { now: known_by(account, situation.now), ..*situation };
    let ground = Ground::new(account, law);
    let survey = Survey::new(&ground, situation);
    let mut planner = Planner {
        tenant,
        account,
        law,
        survey: &survey,
        standing: standing::standing(&survey),
        situation: &situation,
        plan: Plan::default(),
        asked: Vec::new(),
        later: Vec::new(),
    };
    if situation.ready && account.is_forgotten() {
        planner.relieve();
        planner.relieve_gates();
        planner.relieve_pauses();
        planner.look_at_payer();
        planner.plan_calls();
    } else if situation.ready {
        planner.relieve();
        planner.relieve_gates();
        planner.relieve_pauses();
        planner.plan_gates();
        planner.plan_pauses();
        planner.open_cases();
        for (place, case) in account.cases.iter().enumerate().filter(|(_, case)| case.is_live()) {
            planner.plan_case(place, case);
        }
        planner.plan_messages();
        planner.plan_contact_tasks();
        planner.plan_reviews();
        planner.plan_credit_call();
        planner.plan_fees();
        planner.plan_telling();
        planner.look_at_payer();
        planner.plan_calls();
    } else {
        planner.look_again();
    }
    let mut plan = planner.plan;
    plan.coming.sort_by_key(|coming| coming.at);
    plan
}

/// One planning under way.
struct Planner<'a> {
    tenant: &'a TenantId,
    account: &'a Account,
    law: &'a Law,
    survey: &'a Survey<'a>,
    /// Of each message: whether it is done with, or may still be sent.
    standing: Vec<bool>,
    situation: &'a Situation,
    plan: Plan,
    /// Kinds of tasks that are made in this planning.
    asked: Vec<TaskKind>,
    /// Notices that are due later today.
    later: Vec<NoticeMade>,
}

impl<'a> Planner<'a> {
    /// A case without a pinned version gets one: until then nothing of it is planned.
    fn open_cases(&mut self) {
        for case in &self.account.cases {
            if case.is_live() && case.has_begun(self.situation.now) && case.opened.is_none() {
                let term = self.account.invoice_of(case).term.is_some();
                let policy = select_for(self.law, self.account, case.began, term);
                let Some(policy) = policy else { continue };
                self.decide(Decision::CaseOpened(CaseOpened {
                    case: case.case,
                    invoice: self.account.invoice_of(case).invoice.clone(),
                    policy: policy.hash,
                }));
            }
        }
    }

    fn plan_case(&mut self, place: usize, case: &'a Case) {
        self.wake_at(case.began);
        case.holds.iter().for_each(|hold| self.wake_at(hold.begin));
        if case.opened.is_none() || !case.has_begun(self.situation.now) {
            return;
        }
        let Some(bearings) = self.survey.ground.bearings_at(place) else {
            // Its version is not known here yet: it must not be forgotten.
            self.look_again();
            return;
        };
        if self.begins_anew(case) {
            return;
        }
        self.plan_would(place, case);
        self.plan_money_tasks(case, bearings);
        if let Some(ladder) = self.survey.ladder_at(place) {
            self.wake_at(ladder.free());
            climb::Climb::new(self, case, ladder).run();
        }
    }

    fn decide(&mut self, decision: Decision) {
        self.plan.decisions.push(decision);
    }

    /// Looks again at `at`, if it is still to come.
    fn wake_at(&mut self, at: Instant) {
        if at > self.situation.now && at < Instant::MAX {
            self.plan.wake = Some(self.plan.wake.map_or(at, |wake| wake.min(at)));
        }
    }

    /// What the operator's own systems are told: nothing is decided by it.
    fn plan_calls(&mut self) {
        let found = outbound::due(self.tenant, self.account, &self.law.hooks, self.situation.now);
        self.plan.calls = found.calls;
        found.next.into_iter().for_each(|at| self.wake_at(at));
    }

    /// Whoever is paid for is looked at again, whatever is heard of the payer.
    fn look_at_payer(&mut self) {
        if self.account.profile.payer().is_some() {
            let shared = |invoice: &Invoice| {
                invoice.shared.as_ref().is_some_and(|shared| !shared.stages.is_empty())
            };
            let shares = self.account.invoices.iter().any(shared);
            let after = if shares { LOOK_AT_PAYER } else { LOOK_AT_FREE_PAYER };
            self.wake_at(self.situation.now.plus_millis(after));
        }
    }

    /// Looks again when what stands in the way now may be gone.
    fn look_again(&mut self) {
        let soon = if self.situation.feeds { LOOK_AGAIN } else { LOOK_AGAIN_SOON };
        self.wake_at(self.situation.now.plus_millis(soon));
    }

    /// The same, where anything is enforced; where that begins all are looked at.
    fn look_again_if_enforced(&mut self) {
        if !self.situation.observed {
            self.look_again();
        }
    }

    /// Whether a record is ahead of the clock: an entry would come after it, and what it says may
    /// forbid that. Nothing is entered until then.
    fn is_ahead(&mut self) -> bool {
        self.wake_at(self.account.newest);
        self.account.newest > self.situation.now
    }

    fn notices_of(&self, case: CaseId) -> impl Iterator<Item = &'a NoticeState> + use<'a> {
        self.survey.ground.notices_of(case)
    }

    fn notice(&self, id: NoticeId) -> Option<&'a NoticeState> {
        self.survey.ground.notice(id)
    }
}

/// Records made here are a little later than the clock that stands or runs behind them: what they
/// say is known.
pub(crate) fn known_by(account: &Account, now: Instant) -> Instant {
    if account.newest < now.plus_millis(SECOND) { now.max(account.newest) } else { now }
}

/// The first instant from `now` on at which the case does not stand still. `None`: it is not
/// known when.
pub(super) fn free_at(case: &Case, now: Instant) -> Option<Instant> {
    let mut free = now;
    while let Some(hold) = case.holds.iter().find(|hold| hold.covers(free)) {
        free = hold.end?;
    }
    Some(free)
}
