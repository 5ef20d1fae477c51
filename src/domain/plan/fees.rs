//! When late fees are announced (see `domain::fees`).
//!
//! Rules:
//! 1. Once a month is over, at the start of sending of its successor, and when the case has ended.
//! 2. Nothing is announced while the case stands still, or while something that was received is
//!    not worked off: it may be the payment.

use super::Planner;
use crate::domain::account::Case;
use crate::domain::bearings::Bearings;
use crate::domain::decision::{Decision, FeeAnnounced};
use crate::domain::fees::{accrued, announced, may_run};
use crate::domain::id::Derivation;
use crate::domain::money::Money;
use crate::domain::time::{DAY, Day};

/// No month is longer.
const MONTH_MILLIS_MAX: i64 = 31 * DAY;

impl Planner<'_> {
    pub(super) fn plan_fees(&mut self) {
        for (place, case) in self.account.cases.iter().enumerate() {
            let Some(bearings) = self.survey.ground.bearings_at(place) else { continue };
            let until = self.situation.now.plus_millis(MONTH_MILLIS_MAX);
            let invoice = self.account.invoice_of(case);
            if case.opened.is_some() && may_run(case, invoice, bearings, until) {
                self.plan_fee(case, bearings);
            }
        }
    }

    fn plan_fee(&mut self, case: &Case, bearings: &Bearings<'_>) {
        let (zone, almanac, now) = (&bearings.zone, bearings.almanac(), self.situation.now);
        let (through, from) = match case.ended {
            Some(ended) => (zone.day(ended).plus(-1), ended),
            None => {
                let first = first_of_month(zone.day(now));
                let next = almanac.send_at_or_after(zone.start_of(first_of_month(first.plus(31))));
                self.wake_at(next);
                (first.plus(-1), zone.start_of(first))
            }
        };
        let known =
            self.account.fees.iter().any(|it| it.case == case.case && it.through >= through);
        if known || (case.is_live() && case.is_held(now)) {
            return;
        }
        let at = almanac.send_at_or_after(almanac.send_at_or_after(from).max(now));
        if at > now {
            self.wake_at(at);
            return;
        }
        let Some(total) = accrued(self.account, case, bearings, through) else { return };
        let minor = total.minor.saturating_sub(announced(self.account, case));
        if minor > 0 && self.is_fresh() {
            self.announce(case, through, Money { minor, ..total });
        }
    }

    /// Whether all that was received is worked off.
    fn is_fresh(&mut self) -> bool {
        if !self.situation.feeds {
            self.look_again();
        }
        self.situation.feeds
    }

    fn announce(&mut self, case: &Case, through: Day, amount: Money) {
        let before = self.account.fees.iter().filter(|fee| fee.case == case.case);
        let n = u32::try_from(before.count()).unwrap_or(u32::MAX);
        self.decide(Decision::FeeAnnounced(FeeAnnounced {
            fee: Derivation::of("fee").id(case.case).number(i64::from(n)).finish(),
            case: case.case,
            invoice: self.account.invoice_of(case).invoice.clone(),
            n,
            through,
            amount,
        }));
    }
}

fn first_of_month(day: Day) -> Day {
    day.plus(1 - i32::from(day.to_jiff().day()))
}
