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
    /// Places of cases, by their ids.
    cases: Vec<(CaseId, usize)>,
    /// Places of notices, by their ids.
    notices: Vec<(NoticeId, usize)>,
    /// Notices, by case; in the order in which they were made.
    of_cases: Vec<&'a NoticeState>,
    /// Where the notices of each case begin, and where the last ones end.
    begins: Vec<usize>,
    /// Places of the messages about each notice.
    about: Vec<(NoticeId, usize)>,
}

impl<'a> Ground<'a> {
    pub(in crate::domain) fn new(account: &'a Account, law: &'a Law) -> Self {
        let mut ground = Self {
            account,
            law,
            bearings: Vec::new(),
            of_case: Vec::with_capacity(account.cases.len()),
            cases: places(account.cases.iter().map(|case| case.case)),
            notices: places(account.notices.iter().map(|notice| notice.made.notice)),
            of_cases: Vec::new(),
            begins: Vec::new(),
            about: Vec::new(),
        };
        for case in &account.cases {
            let bearings = ground.bearings_for(case);
            ground.of_case.push(bearings);
        }
        ground.sort_notices();
        for (place, message) in account.messages.iter().enumerate() {
            ground.about.extend(message.made.notices.iter().map(|id| (*id, place)));
        }
        ground.about.sort_unstable();
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

    fn sort_notices(&mut self) {
        let notices = &self.account.notices;
        let of = |notice: &NoticeState| self.case_place(notice.made.case);
        let mut sorted: Vec<(usize, usize)> = notices
            .iter()
            .enumerate()
            .filter_map(|(place, notice)| Some((of(notice)?, place)))
            .collect();
        sorted.sort_unstable();
        let cases = 0..=self.account.cases.len();
        self.begins = cases.map(|case| sorted.partition_point(|(of, _)| *of < case)).collect();
        self.of_cases = sorted.into_iter().map(|(_, place)| &notices[place]).collect();
    }

    fn case_place(&self, case: CaseId) -> Option<usize> {
        place(&self.cases, case)
    }

    /// A case by its id.
    pub(in crate::domain) fn case(&self, case: CaseId) -> Option<&'a Case> {
        Some(&self.account.cases[self.case_place(case)?])
    }

    /// A notice by its id.
    pub(in crate::domain) fn notice(&self, notice: NoticeId) -> Option<&'a NoticeState> {
        Some(&self.account.notices[place(&self.notices, notice)?])
    }

    /// The notices of a case, in the order in which they were made.
    pub(super) fn notices_of(&self, case: CaseId) -> &[&'a NoticeState] {
        let Some(place) = self.case_place(case) else { return &[] };
        &self.of_cases[self.begins[place]..self.begins[place + 1]]
    }

    /// The messages about a notice, with their places.
    pub(super) fn about(
        &self,
        notice: NoticeId,
    ) -> impl Iterator<Item = (usize, &'a MessageState)> {
        let begin = self.about.partition_point(|(id, _)| *id < notice);
        let about = self.about[begin..].iter().take_while(move |(id, _)| *id == notice);
        about.map(|(_, place)| (*place, &self.account.messages[*place]))
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
            let free = free_at(case, situation.now)?;
            Some(Ladder::new(ground, case, bearings, free, situation.generation, would))
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

/// Where each is, in the order of the ids.
fn places<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut places: Vec<(T, usize)> = ids.enumerate().map(|(place, id)| (id, place)).collect();
    places.sort_unstable();
    places
}

fn place<T: Ord + Copy>(places: &[(T, usize)], id: T) -> Option<usize> {
    let found = places.partition_point(|(known, _)| *known < id);
    places.get(found).filter(|(known, _)| *known == id).map(|(_, place)| *place)
}
