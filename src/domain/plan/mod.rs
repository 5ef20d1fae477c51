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

mod climb;
mod cutoff;
mod ladder;
mod messages;
mod relief;
mod tasks;

use super::account::{Account, Case, NoticeState};
use super::bearings::{Bearings, select};
use super::decision::{CaseOpened, Decision, Step, TaskKind};
use super::id::{CaseId, MessageId, NoticeId, TenantId};
use super::policy::Law;
use super::stage::Stage;
use super::time::{Instant, MINUTE, SECOND};

pub use ladder::{Ladder, Place};
pub use messages::{GIVE_UP_AFTER, is_valid, next_attempt};

/// How soon what could not be done for want of something else is looked at again.
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
    /// Everything is open.
    pub switch_open: bool,
    /// The switch's generation.
    pub generation: u64,
    /// This process's clock is within a minute of the store's.
    pub clock_agrees: bool,
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
    /// A warning that names this stage.
    Warning(Stage),
    /// A repetition of that warning.
    Again(Stage),
    /// A stage begins; `announced`: people were told, and it was delivered.
    Enter {
        /// Which stage.
        stage: Stage,
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
    /// When to look again; `None`: when a record comes.
    pub wake: Option<Instant>,
    /// What comes, by time.
    pub coming: Vec<Coming>,
}

/// What is due for `account` at `situation.now`.
#[must_use]
pub fn plan(tenant: &TenantId, account: &Account, law: &Law, situation: &Situation) -> Plan {
    let situation = &Situation { now: known_by(account, situation.now), ..*situation };
    let mut planner = Planner { tenant, account, law, situation, plan: Plan::default() };
    if situation.ready {
        planner.relieve();
        planner.open_cases();
        for case in account.cases.iter().filter(|case| case.is_live()) {
            planner.plan_case(case);
        }
        planner.plan_messages();
        planner.plan_contact_tasks();
    } else {
        planner.look_again();
    }
    planner.plan.coming.sort_by_key(|coming| coming.at);
    planner.plan
}

/// One planning under way.
struct Planner<'a> {
    tenant: &'a TenantId,
    account: &'a Account,
    law: &'a Law,
    situation: &'a Situation,
    plan: Plan,
}

impl<'a> Planner<'a> {
    /// A case without a pinned version gets one: until then nothing of it is planned.
    fn open_cases(&mut self) {
        for case in &self.account.cases {
            if case.is_live() && case.opened.is_none() {
                let Some(policy) = select(self.law, &self.account.profile) else { continue };
                self.decide(Decision::CaseOpened(CaseOpened {
                    case: case.case,
                    invoice: self.account.invoice_of(case).invoice.clone(),
                    policy: policy.hash,
                }));
            }
        }
    }

    fn plan_case(&mut self, case: &'a Case) {
        if case.opened.is_none() {
            return;
        }
        let Some(bearings) = Bearings::of_case(self.law, &self.account.profile, case) else {
            return;
        };
        self.plan_money_tasks(case, &bearings);
        if let Some(free) = free_at(case, self.situation.now) {
            if free > self.situation.now {
                self.wake_at(free);
            }
            climb::Climb::new(self, case, &bearings, free).run();
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

    fn look_again(&mut self) {
        self.wake_at(self.situation.now.plus_millis(LOOK_AGAIN));
    }

    /// Whether a record is ahead of the clock: an entry would come after it, and what it says may
    /// forbid that. Nothing is entered until then.
    fn is_ahead(&mut self) -> bool {
        self.wake_at(self.account.newest);
        self.account.newest > self.situation.now
    }

    fn notices_of(&self, case: CaseId) -> impl Iterator<Item = &'a NoticeState> + use<'a> {
        self.account.notices.iter().filter(move |notice| notice.made.case == case)
    }

    fn notice(&self, id: NoticeId) -> Option<&'a NoticeState> {
        self.account.notice(id)
    }
}

/// Records made here are a little later than the clock that stands or runs behind them: what they
/// say is known.
fn known_by(account: &Account, now: Instant) -> Instant {
    if account.newest < now.plus_millis(SECOND) { now.max(account.newest) } else { now }
}

/// The first instant from `now` on at which the case does not stand still. `None`: it is not
/// known when.
#[must_use]
pub fn free_at(case: &Case, now: Instant) -> Option<Instant> {
    let mut free = now;
    while let Some(hold) = case.holds.iter().find(|hold| hold.covers(free)) {
        free = hold.end?;
    }
    Some(free)
}

/// The live warning of a rung, in the case's leg.
#[must_use]
pub fn live_warning<'a>(
    account: &'a Account,
    case: &Case,
    ladder: &Ladder<'_>,
    rung: u16,
    now: Instant,
) -> Option<&'a NoticeState> {
    account.notices.iter().rev().find(|notice| {
        notice.made.case == case.case
            && notice.made.leg == case.leg
            && notice.made.rung == rung
            && notice.made.step == Step::Warning
            && ladder.warned(notice).is_some_and(|warned| {
                warned.is_live(now)
                    && !messages::is_dead(notice, account, ladder.law(), warned.warn.needs, now)
            })
    })
}
