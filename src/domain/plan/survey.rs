//! What one planning reckons once: whose is what, and the dates of each case.
//!
//! Rules:
//! 1. Nothing here decides; what is kept here could be reckoned anew and would be the same.
//! 2. The ladder of a case is built once for all its rungs, notices and messages.

use super::ladder::Ladder;
use super::{Situation, free_at};
use crate::domain::account::{Account, Case, MessageState, NoticeState};
use crate::domain::bearings::Bearings;
use crate::domain::id::{CaseId, NoticeId, PolicyHash};
use crate::domain::places::Groups;
use crate::domain::policy::Law;

/// A version that cases are pinned to (`None`: not pinned), and whether they are orders.
type Version = (Option<PolicyHash>, bool);

/// An account laid out: what belongs to what.
#[derive(Debug)]
pub(in crate::domain) struct Ground<'a> {
    pub(in crate::domain) account: &'a Account,
    pub(in crate::domain) law: &'a Law,
    /// One a version.
    bearings: Vec<(Version, Option<Bearings<'a>>)>,
    /// Which of them, by case.
    of_case: Vec<usize>,
    /// Notices by case, in the order in which they were made.
    of_cases: Groups,
    /// Messages by notice.
    about: Groups,
}

impl<'a> Ground<'a> {
    pub(in crate::domain) fn new(account: &'a Account, law: &'a Law) -> Self {
        let index = &account.index;
        let of_case = index.cases_of.iter().enumerate();
        let of_case = of_case.filter_map(|(place, case)| Some(((*case)?, place)));
        let about = index.about.iter().copied();
        let mut ground = Self {
            account,
            law,
            bearings: Vec::new(),
            of_case: Vec::with_capacity(account.cases.len()),
            of_cases: Groups::of(account.cases.len(), of_case),
            about: Groups::of(account.notices.len(), about),
        };
        for case in &account.cases {
            let bearings = ground.bearings_for(case);
            ground.of_case.push(bearings);
        }
        ground
    }

    fn bearings_for(&mut self, case: &Case) -> usize {
        let ordered = self.account.invoice_of(case).order.is_some();
        let version = (case.opened.as_ref().map(|opened| opened.policy), ordered);
        let known = self.bearings.iter().position(|(known, _)| *known == version);
        known.unwrap_or_else(|| {
            let found = Bearings::of_case(self.law, self.account, case);
            self.bearings.push((version, found));
            self.bearings.len() - 1
        })
    }

    fn case_place(&self, case: CaseId) -> Option<usize> {
        self.account.index.cases.get(&case)
    }

    /// A case by its id.
    pub(in crate::domain) fn case(&self, case: CaseId) -> Option<&'a Case> {
        self.account.case(case)
    }

    /// A notice by its id.
    pub(in crate::domain) fn notice(&self, notice: NoticeId) -> Option<&'a NoticeState> {
        self.account.notice(notice)
    }

    /// The notices of a case, in the order in which they were made.
    pub(super) fn notices_of(
        &self,
        case: CaseId,
    ) -> impl Iterator<Item = &'a NoticeState> + use<'a, '_> {
        let places = self.case_place(case).map(|place| self.of_cases.members(place));
        let account = self.account;
        places.unwrap_or_default().iter().map(|place| &account.notices[*place])
    }

    /// The messages about a notice, with their places.
    pub(super) fn about(
        &self,
        notice: NoticeId,
    ) -> impl Iterator<Item = (usize, &'a MessageState)> + use<'a, '_> {
        let place = self.account.index.notices.get(&notice);
        let places = place.map(|place| self.about.members(place)).unwrap_or_default();
        let account = self.account;
        places.iter().map(|place| (*place, &account.messages[*place]))
    }

    /// What a case's dates are reckoned with.
    pub(in crate::domain) fn bearings(&self, case: CaseId) -> Option<&Bearings<'a>> {
        self.bearings_at(self.case_place(case)?)
    }

    /// What the dates of the case at that place are reckoned with.
    pub(in crate::domain) fn bearings_at(&self, place: usize) -> Option<&Bearings<'a>> {
        self.bearings[self.of_case[place]].1.as_ref()
    }

    /// What a message's dates are reckoned with.
    pub(super) fn bearings_of(&self, message: &MessageState) -> Option<&Bearings<'a>> {
        let notice = self.notice(*message.made.notices.first()?)?;
        self.bearings(notice.made.case)
    }
}

/// The dates of all cases, for what is made in one situation.
#[derive(Debug)]
pub(in crate::domain) struct Survey<'g> {
    pub(in crate::domain) ground: &'g Ground<'g>,
    pub(in crate::domain) situation: Situation,
    ladders: Vec<Option<Ladder<'g>>>,
    /// As they would be, where nothing is enforced.
    would: Vec<Option<Ladder<'g>>>,
}

impl<'g> Survey<'g> {
    pub(in crate::domain) fn new(ground: &'g Ground<'g>, situation: Situation) -> Self {
        Self::within(ground, situation, |_| true)
    }

    /// Only of the cases that `wanted` picks.
    pub(super) fn within(
        ground: &'g Ground<'g>,
        situation: Situation,
        wanted: impl Fn(&Case) -> bool,
    ) -> Self {
        let cases = || ground.account.cases.iter().enumerate();
        let ladder = |(place, case): (usize, &'g Case), would: bool| {
            let climbs = case.is_live() && case.opened.is_some() && wanted(case);
            let bearings = ground.bearings_at(place).filter(|_| climbs)?;
            let now = situation.now;
            let free = free_at(case, now)?;
            Some(Ladder::new(ground, case, bearings, (free, now), situation.generation, would))
        };
        let ladders = cases().map(|it| ladder(it, false)).collect();
        let observed = cases().filter(|_| situation.observed);
        let would = observed.map(|it| ladder(it, true)).collect();
        Self { ground, situation, ladders, would }
    }

    /// The dates of the case at that place as they would be, were it enforced.
    pub(super) fn would_at(&self, place: usize) -> Option<&Ladder<'g>> {
        self.would.get(place)?.as_ref()
    }

    /// The dates of the case at that place; `None`: nothing of it is planned.
    pub(in crate::domain) fn ladder_at(&self, place: usize) -> Option<&Ladder<'g>> {
        self.ladders[place].as_ref()
    }

    pub(super) fn ladder(&self, case: CaseId) -> Option<&Ladder<'g>> {
        self.ladder_at(self.ground.case_place(case)?)
    }
}
