//! Whether an entry was lawful at its time (SPEC 5.8 – 5.10).
//!
//! Rule: what is read here is what the records say up to the entry. Calendars are asked only for
//! what a notice allows; that the hour was a cutoff time, and that feeds were fresh, is believed
//! as recorded.

use super::Run;
use crate::domain::acceptance::is_accepted;
use crate::domain::account::{Case, Entry, Invoice, Stray};
use crate::domain::bearings::Bearings;
use crate::domain::decision::{RungEntered, TaskKind};
use crate::domain::fact::TaskOutcome;
use crate::domain::policy::{Condition, Enter, Policy};
use crate::domain::proof::Warned;
use crate::domain::record::Record;
use crate::domain::time::Instant;

impl Run<'_> {
    pub(super) fn enter(&mut self, record: &Record, entered: &RungEntered) {
        let Some(place) = self.account.index.cases.get(&entered.case) else {
            let (entered, time) = (entered.clone(), record.time);
            self.account.strays.push(Stray { entered, time, lifted: None });
            return self.unmatched(record);
        };
        self.astray |= entered.notice.is_some_and(|id| self.account.notice(id).is_none());
        let lawful = self.is_lawful(&self.account.cases[place], record.time, entered);
        if lawful
            && let Some(id) = entered.notice
            && let Some(notice) = self.account.notice_mut(id)
        {
            notice.spent = Some(entered.entry);
        }
        self.account.index.entries.note(entered.entry, place);
        self.account.cases[place].entries.push(Entry {
            entered: entered.clone(),
            time: record.time,
            lawful,
            effect: entered.effect(),
            rung: Some(entered.rung),
            lifted: None,
            closes: Some(entered.scope.clone()),
            in_force: false,
        });
    }

    fn is_lawful(&self, case: &Case, t: Instant, entered: &RungEntered) -> bool {
        let live = case.began <= t && case.is_live();
        let other = case.leg(t) != entered.leg || case.scope != entered.scope;
        if !live || other || case.is_held(t) || case.opened.is_none() {
            return false;
        }
        // A version that is not at hand now cannot be judged by: what was recorded under it is
        // believed, and nothing new comes of it.
        let Some(bearings) = self.bearings_of(case) else { return true };
        let policy = bearings.policy;
        let Some(rung) = policy.rungs.get(usize::from(entered.rung)) else { return false };
        let invoice = self.account.invoice_of(case);
        let same = |enter: &&Enter| enter.effect_on(invoice) == entered.effect();
        let Some(enter) = rung.enter.as_ref().filter(same) else { return false };
        if let Some(shared) = &invoice.shared {
            // Conditions and people were asked where the money is owed.
            return shared.is_entered(entered.stage)
                && earlier_in_force(case, policy, entered.rung)
                && self.is_covered(case, t, entered, enter, &bearings);
        }
        let so = |when: &Condition| when.holds(&self.account, case, &bearings.zone, t);
        if !rung.when.as_ref().is_none_or(so) {
            return false;
        }
        if !earlier_in_force(case, policy, entered.rung) {
            return false;
        }
        let restricts = enter.effect().restricts();
        let accepted = !restricts || is_accepted(&self.account, policy, &bearings.zone, t);
        let above = restricts && invoice.is_above(policy);
        if (enter.approval || above || !accepted) && !self.is_approved(case, entered.rung) {
            return false;
        }
        self.is_covered(case, t, entered, enter, &bearings)
    }

    /// Whether a warning covers it at `t`, where it needs one.
    fn is_covered(
        &self,
        case: &Case,
        t: Instant,
        entered: &RungEntered,
        enter: &Enter,
        bearings: &Bearings<'_>,
    ) -> bool {
        let Some(warn) = enter.warn.as_ref() else { return !enter.effect().restricts() };
        let notice = entered.notice.and_then(|id| self.account.notice(id));
        notice.is_some_and(|notice| {
            let named = notice.made.names.as_ref();
            let same = notice.made.leg == case.leg(t)
                && notice.made.rung == entered.rung
                && named.is_some_and(|named| {
                    !entered.effect().is_harder_than(named.effect())
                        && named.scope.covers(&entered.scope)
                });
            let attempts = &self.account.invoice_of(case).attempts;
            same && Warned { notice, warn, almanac: bearings.almanac(), attempts }.covers(t)
        })
    }

    /// Whether a person approved of this cutoff.
    fn is_approved(&self, case: &Case, rung: u16) -> bool {
        self.account.tasks.iter().any(|task| {
            task.made.case == case.case
                && task.made.kind == TaskKind::Approve
                && task.made.rung == Some(rung)
                && case.is_of_now(task.time)
                && task.done.is_some_and(|(_, outcome)| outcome == TaskOutcome::Approved)
        })
    }
}

impl Invoice {
    /// Whether so much is owed on it that a person decides about its cutoffs. In a currency that the
    /// policy does not name a person does, too.
    #[must_use]
    pub fn is_above(&self, policy: &Policy) -> bool {
        let limits = policy.person_above.as_ref().zip(self.amount);
        limits.is_some_and(|(limits, amount)| {
            limits.of(amount.currency).is_none_or(|limit| self.owed > limit)
        })
    }
}

/// Whether every earlier `enter` rung is in force: no stage is jumped over.
fn earlier_in_force(case: &Case, policy: &Policy, rung: u16) -> bool {
    let earlier = policy.rungs.iter().enumerate().take(usize::from(rung));
    earlier.filter(|(_, rung)| rung.has_stage()).all(|(place, _)| {
        case.entries.iter().any(|entry| {
            u16::try_from(place).is_ok_and(|place| entry.stands_for(place, case))
                && entry.lawful
                && entry.lifted.is_none()
                && entry.closes.as_ref().is_some_and(|closes| closes.covers(&case.scope))
        })
    })
}
