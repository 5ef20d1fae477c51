//! The account of one tenant while its records come, one after the other.
//!
//! Rules:
//! 1. It is the account that [`super::view`] makes of the same records, always.
//! 2. A record that comes after all others in their order is taken by itself, if because of it none
//!    of them is to be read in another light: nobody spoke of its invoice or its notice before it
//!    came. Else all of them are gone through again.

use super::Run;
use crate::domain::account::Account;
use crate::domain::decision::Decision;
use crate::domain::fact::InvoiceTerms;
use crate::domain::id::{NoticeId, TenantId};
use crate::domain::policy::Law;
use crate::domain::record::{Body, Fact, Record};

/// An account that goes on with its records.
#[derive(Clone, Debug)]
pub struct Running<'a> {
    tenant: TenantId,
    law: &'a Law,
    run: Option<Run<'a>>,
    /// How many of the records are taken.
    taken: usize,
    /// As it is if no record comes, where the run must not go there.
    ahead: Option<Account>,
}

impl<'a> Running<'a> {
    /// Of a tenant of whom no record was taken.
    #[must_use]
    pub const fn new(tenant: TenantId, law: &'a Law) -> Self {
        Self { tenant, law, run: None, taken: 0, ahead: None }
    }

    /// A record that was taken is another one now, or one came between those that were.
    pub fn forget(&mut self) {
        self.run = None;
    }

    /// The account of `records`. Those that were taken before stand at their beginning as they were
    /// then, or [`Self::forget`] was told.
    pub fn account(&mut self, records: &[Record]) -> &Account {
        let known = self.run.take().filter(|_| self.taken <= records.len());
        let new = if known.is_some() { &records[self.taken..] } else { records };
        let same = known.is_some() && new.is_empty();
        let mut run = known.unwrap_or_else(|| Run::over(&self.tenant, &[], self.law));
        for record in new {
            if !run.can_go_on_with(record) {
                run = Run::over(&self.tenant, records, self.law);
                records.iter().for_each(|record| run.apply(record));
                run.astray |= run.has_strange_messages();
                break;
            }
            run.go_on_with(record);
        }
        self.taken = records.len();
        let run = self.run.insert(run);
        if !same {
            self.ahead = run.looks_ahead().then(|| run.clone().finish());
            run.close();
        }
        self.ahead.as_ref().unwrap_or(&run.account)
    }
}

impl Run<'_> {
    fn go_on_with(&mut self, record: &Record) {
        self.find_owner(record);
        self.find_paper(record);
        match record.as_decision() {
            Some(Decision::CaseOpened(opened)) => {
                if let Some(place) = self.account.index.cases.get(&opened.case) {
                    self.account.cases[place].opened.get_or_insert_with(|| opened.clone());
                }
            }
            Some(Decision::NoticeMade(made)) => {
                if let Some((of, says)) = made.of.zip(made.says) {
                    self.note_saying(of, says);
                }
            }
            _ => {}
        }
        self.apply(record);
    }

    /// Whether nothing that was applied is to be read in another light because of `record`, which
    /// comes after all of it.
    fn can_go_on_with(&self, record: &Record) -> bool {
        let knows = |notice: &NoticeId| self.account.notice(*notice).is_some();
        match &record.body {
            Body::Fact { fact: Fact::InvoiceIssued(terms), .. } => self.is_unheard_of(terms),
            Body::Fact { fact: Fact::TermUpdated(_), .. } => false,
            Body::Decision(Decision::CaseOpened(opened)) => {
                self.begun.contains(&opened.case) && !self.guessed
            }
            Body::Decision(Decision::NoticeMade(made)) => {
                self.is_matched() && made.of.as_ref().is_none_or(knows)
            }
            Body::Decision(Decision::MessageMade(made)) => {
                self.is_matched() && made.notices.iter().all(knows)
            }
            Body::Decision(Decision::TaskMade(_)) => self.is_matched(),
            // What was said before the merge comes all at once, and about what is known already.
            Body::Counted(_) => false,
            Body::Fact { .. } | Body::Decision(_) => true,
        }
    }

    /// Whether it is a new invoice, of which nobody spoke, and which comes after all others.
    fn is_unheard_of(&self, terms: &InvoiceTerms) -> bool {
        // What a payer shares and what is ordered stands behind all invoices, and has no issue.
        let last = !self.ordered && self.account.shares == 0;
        last && self.account.invoice(&terms.invoice).is_none() && self.is_matched()
    }

    /// Whether a message is about a notice that was not found.
    fn has_strange_messages(&self) -> bool {
        let mut told = self.account.messages.iter().flat_map(|message| &message.made.notices);
        told.any(|notice| self.account.notice(*notice).is_none())
    }

    /// Whether all that was said is said of something that is known.
    fn is_matched(&self) -> bool {
        !self.astray && self.account.unmatched.is_empty()
    }

    /// Whether something ends by itself, if no record comes.
    fn looks_ahead(&self) -> bool {
        !self.timers.is_empty() || self.ordered
    }
}
