//! Cases that are moved to another version of a policy (SPEC 3 `case.migrated`, 4, 5.4).
//!
//! Rules:
//! 1. What was entered stays, as the rung of its stage in the new version. A stage that the new
//!    version does not have leaves the tenant at the nearest milder one, slowness at the milder rate.
//! 2. It is another leg: what was announced under the old version makes nothing possible any more.

use super::Run;
use crate::domain::account::{Case, Entry};
use crate::domain::decision::{CaseMigrated, CaseOpened};
use crate::domain::effect::Effect;
use crate::domain::policy::{Policy, Rung};
use crate::domain::record::Record;
use crate::domain::stage::Stage;
use crate::domain::time::Instant;

impl Run<'_> {
    pub(super) fn migrate(&mut self, record: &Record, migrated: &CaseMigrated) {
        let Some(place) = self.account.index.cases.get(&migrated.case) else {
            self.unmatched(record);
            return;
        };
        let case = &mut self.account.cases[place];
        if !case.is_live() {
            return;
        }
        let invoice = self.account.invoices[case.invoice].invoice.clone();
        case.opened = Some(CaseOpened { case: case.case, invoice, policy: migrated.policy });
        case.moved = Some(record.time);
        case.migrations += 1;
        case.forget_leg();
        // By a version that is not at hand nothing can be judged: all stays as it is.
        let invoice = &self.account.invoices[case.invoice];
        let Some(policy) = self.law.version_for(&migrated.policy, invoice) else { return };
        for entry in &mut case.entries {
            entry.rung = entry.rung.and_then(|_| rung_of(policy, entry.effect));
            let enter = entry.rung.and_then(|rung| policy.rungs[usize::from(rung)].enter.as_ref());
            let slow = entry.effect.slow.zip(enter.and_then(|enter| enter.slow));
            entry.effect.slow = slow.map(|(entered, now)| entered.milder(now));
        }
        for would in &mut case.would {
            // What no rung is for any more is of none.
            would.made.rung = rung_of(policy, would.made.effect()).unwrap_or(u16::MAX);
        }
    }
}

/// The rung that enters that stage; of slowness alone, the one that slows and enters none.
fn rung_of(policy: &Policy, effect: Effect) -> Option<u16> {
    let enters = |rung: &Rung| rung.enter.as_ref().is_some_and(|enter| enter.stage == effect.stage);
    let place = policy.rungs.iter().position(enters)?;
    u16::try_from(place).ok()
}

impl Entry {
    /// Whether it is that rung's, or of a later one in a case that was moved to a version in which
    /// this one stands before it: nobody is taken back to what they are past.
    #[must_use]
    pub fn stands_for(&self, rung: u16, case: &Case) -> bool {
        let own = self.rung == Some(rung);
        let moved = case.moved.is_some_and(|moved| self.time <= moved);
        own || (moved && self.rung > Some(rung) && self.entered.stage != Stage::Full)
    }
}

impl Case {
    /// Whether something was said or asked for under the version that is pinned now.
    #[must_use]
    pub fn is_of_now(&self, at: Instant) -> bool {
        self.moved.is_none_or(|moved| at > moved)
    }
}
