//! A tenant that was forgotten, and one that is heard of again.
//!
//! Rules:
//! 1. Forgetting takes everybody away who could be written to, and what the tenant is called.
//! 2. Work that was to be done for it lapses with it.
//! 3. An invoice that is issued, or what a source says of the tenant later, makes it one like any
//!    other, with what was said since and nothing else.

use super::Run;
use crate::domain::account::Forgotten;
use crate::domain::record::{Fact, Record};

impl Run<'_> {
    pub(super) fn forget(&mut self, record: &Record) {
        self.account.forgotten = Some(Forgotten { at: record.time, back: None });
        self.contacts.clear();
        let profile = &mut self.account.profile;
        (profile.name, profile.locale, profile.pay_url) = (None, None, None);
        profile.contacts.clear();
        self.account.invoices.iter_mut().for_each(|invoice| invoice.pay_url = None);
    }

    /// What may create a tenant brings back one that was forgotten before.
    pub(super) fn hear_again(&mut self, record: &Record, fact: &Fact) {
        let Some(forgotten) = &mut self.account.forgotten else { return };
        if fact.creates_tenant() && record.time > forgotten.at {
            forgotten.back.get_or_insert(record.time);
        }
    }

    /// What was still to be done when it was forgotten is not to be done any more.
    pub(super) fn lapse_forgotten_tasks(&mut self) {
        let Some(forgotten) = self.account.forgotten else { return };
        let before = self.account.tasks.iter_mut().filter(|task| task.time <= forgotten.at);
        before.filter(|task| task.done.is_none()).for_each(|task| task.lapsed = true);
    }
}
