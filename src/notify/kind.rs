//! What a notice is about: names the template that says it.

use crate::domain::account::{Invoice, NoticeState};
use crate::domain::decision::Step;

/// What a notice is about: names its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An invoice goes out: is all well?
    AllWell,
    /// A due date is near.
    Upcoming,
    /// It is today.
    DueToday,
    /// It has passed.
    Overdue,
    /// A cutoff is named.
    Warning,
    /// A cutoff was named before.
    Again,
    /// A stage has begun.
    Entered,
    /// A restricted tenant has paid.
    Thanks,
    /// An instalment of a plan has not come.
    Instalment,
    /// An instalment was missed: the next one that is ends the plan.
    Plan,
    /// A trial or contract ends soon, or today.
    Ending,
    /// It has ended.
    Ended,
    /// It has ended, and a cutoff is named, or was before.
    EndedWarning,
    /// It has ended, and a stage has begun.
    EndedEntered,
    /// Another tenant pays for this one, and a cutoff is named, or was before.
    PaidForWarning,
    /// Another tenant pays for this one, and a stage has begun.
    PaidForEntered,
    /// An operator decided it, and a cutoff is named, or was before.
    OrderedWarning,
    /// An operator decided it, and a stage has begun.
    OrderedEntered,
}

impl Kind {
    /// All of them, the mildest first.
    pub const ALL: [Self; 18] = [
        Self::Thanks,
        Self::AllWell,
        Self::Upcoming,
        Self::DueToday,
        Self::Ending,
        Self::Instalment,
        Self::Plan,
        Self::Ended,
        Self::Overdue,
        Self::Again,
        Self::PaidForWarning,
        Self::EndedWarning,
        Self::OrderedWarning,
        Self::Warning,
        Self::PaidForEntered,
        Self::EndedEntered,
        Self::OrderedEntered,
        Self::Entered,
    ];

    /// The word used in policies, and its template's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AllWell => "all_well",
            Self::Upcoming => "upcoming",
            Self::DueToday => "due_today",
            Self::Overdue => "overdue",
            Self::Warning => "warning",
            Self::Again => "again",
            Self::Entered => "entered",
            Self::Thanks => "thanks",
            Self::Instalment => "instalment",
            Self::Plan => "plan",
            Self::Ending => "ending",
            Self::Ended => "ended",
            Self::EndedWarning => "ended_warning",
            Self::EndedEntered => "ended_entered",
            Self::PaidForWarning => "paid_for_warning",
            Self::PaidForEntered => "paid_for_entered",
            Self::OrderedWarning => "ordered_warning",
            Self::OrderedEntered => "ordered_entered",
        }
    }

    /// From its word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(super) fn of(notice: &NoticeState, invoice: &Invoice) -> Self {
        let kind = Self::of_step(notice);
        if invoice.shared.is_some() {
            return match kind {
                Self::Entered => Self::PaidForEntered,
                _ => Self::PaidForWarning,
            };
        }
        match kind {
            Self::Warning | Self::Again if invoice.order.is_some() => Self::OrderedWarning,
            Self::Entered if invoice.order.is_some() => Self::OrderedEntered,
            _ if invoice.term.is_none() => kind,
            Self::AllWell | Self::Upcoming | Self::DueToday => Self::Ending,
            Self::Overdue => Self::Ended,
            Self::Warning | Self::Again => Self::EndedWarning,
            Self::Entered => Self::EndedEntered,
            _ => kind,
        }
    }

    fn of_step(notice: &NoticeState) -> Self {
        match notice.made.step {
            Step::Plain => Self::from_word(&notice.made.kind).unwrap_or(Self::Overdue),
            Step::Warning => Self::Warning,
            Step::Again(_) => Self::Again,
            Step::Entered => Self::Entered,
            Step::Thanks => Self::Thanks,
            Step::Instalment(_) => Self::Instalment,
            Step::Missed(_) => Self::Plan,
        }
    }

    /// Whether another tenant pays for what it is about.
    pub(super) const fn is_paid_for(self) -> bool {
        matches!(self, Self::PaidForWarning | Self::PaidForEntered)
    }

    /// Whether it tells that an invoice is overdue, so that a late fee may run from then on.
    pub(super) const fn says_overdue(self) -> bool {
        matches!(self, Self::Overdue | Self::Warning | Self::Again | Self::Entered)
    }

    pub(super) fn strictness(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::from_word("surprise"), None);
    }
}
