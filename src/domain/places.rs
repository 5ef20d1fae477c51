//! Where the things of an account stand, by their names: a look instead of a walk.

use std::fmt;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;

use super::account::{Account, Case, Invoice, MessageState, NoticeState};
use super::id::{CaseId, EntryId, InvoiceId, MessageId, NoticeId};

/// Places by names, sorted by these. Of two things of one name the first one counts.
#[derive(Clone, Debug)]
pub(super) struct Places<T>(Vec<(T, usize)>);

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Places<T> {
    /// Notes where the thing of that name stands.
    pub(super) fn note(&mut self, name: T, place: usize) {
        if let Err(at) = self.find(&name) {
            self.0.insert(at, (name, place));
        }
    }

    /// Where the thing of that name stands.
    #[inline]
    pub(super) fn get(&self, name: &T) -> Option<usize> {
        self.find(name).ok().map(|at| self.0[at].1)
    }

    #[inline]
    fn find(&self, name: &T) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(name))
    }
}

/// Places of invoices, by hashes of their names: a name is compared once, and not at each step.
#[derive(Clone, Default)]
pub(super) struct Names {
    hashes: Vec<(u64, usize)>,
    state: RandomState,
}

impl fmt::Debug for Names {
    /// How they are hashed is another time another way, and says nothing about the account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    fn hash(&self, name: &InvoiceId) -> u64 {
        self.state.hash_one(name.as_str())
    }

    /// Where the invoice of that name stands among `invoices`, those of which places were noted.
    #[inline]
    pub(super) fn get(&self, name: &InvoiceId, invoices: &[Invoice]) -> Option<usize> {
        let hash = self.hash(name);
        let first = self.hashes.partition_point(|(known, _)| *known < hash);
        let same = self.hashes[first..].iter().take_while(|(known, _)| *known == hash);
        same.map(|(_, place)| *place).find(|place| invoices[*place].invoice == *name)
    }

    /// Notes where the invoice of that name stands, which stood nowhere.
    pub(super) fn note(&mut self, name: &InvoiceId, place: usize) {
        let hash = self.hash(name);
        let at = self.hashes.partition_point(|(known, _)| *known < hash);
        self.hashes.insert(at, (hash, place));
    }
}

/// Where everything of an account stands that is looked for by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) invoices: Names,
    pub(super) cases: Places<CaseId>,
    pub(super) notices: Places<NoticeId>,
    pub(super) messages: Places<MessageId>,
    /// Where the case of each entry stands.
    pub(super) entries: Places<EntryId>,
    /// Of each notice: where its case stands, if there is one.
    pub(super) cases_of: Vec<Option<usize>>,
    /// Pairs of (notice, message about it), in the order of the messages.
    pub(super) about: Vec<(usize, usize)>,
    /// How many messages are among these.
    pub(super) paired: usize,
}

impl Account {
    /// The invoice of that name.
    #[must_use]
    pub fn invoice(&self, invoice: &InvoiceId) -> Option<&Invoice> {
        Some(&self.invoices[self.index.invoices.get(invoice, &self.invoices)?])
    }

    /// The case of that id.
    #[must_use]
    pub fn case(&self, case: CaseId) -> Option<&Case> {
        Some(&self.cases[self.index.cases.get(&case)?])
    }

    /// The notice of that id.
    #[must_use]
    pub fn notice(&self, notice: NoticeId) -> Option<&NoticeState> {
        Some(&self.notices[self.index.notices.get(&notice)?])
    }

    /// The message of that id.
    #[must_use]
    pub fn message(&self, message: MessageId) -> Option<&MessageState> {
        Some(&self.messages[self.index.messages.get(&message)?])
    }

    pub(super) fn notice_mut(&mut self, notice: NoticeId) -> Option<&mut NoticeState> {
        Some(&mut self.notices[self.index.notices.get(&notice)?])
    }

    pub(super) fn message_mut(&mut self, message: MessageId) -> Option<&mut MessageState> {
        Some(&mut self.messages[self.index.messages.get(&message)?])
    }
}

/// Members of groups: those of each in the order in which they came.
#[derive(Debug)]
pub(super) struct Groups {
    /// Where each group begins, and where the last one ends.
    begins: Vec<usize>,
    members: Vec<usize>,
}

impl Groups {
    /// Of `count` groups and pairs of (group, member).
    pub(super) fn of(count: usize, pairs: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let mut begins = vec![0; count + 1];
        for (group, _) in pairs.clone() {
            begins[group + 1] += 1;
        }
        for group in 0..count {
            begins[group + 1] += begins[group];
        }
        let mut members = vec![0; begins[count]];
        // Each begin moves to the end of its group, which is where the next one begins.
        for (group, member) in pairs {
            members[begins[group]] = member;
            begins[group] += 1;
        }
        begins.rotate_right(1);
        begins[0] = 0;
        Self { begins, members }
    }

    /// Those of one group.
    #[inline]
    pub(super) fn members(&self, group: usize) -> &[usize] {
        &self.members[self.begins[group]..self.begins[group + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_the_order_of_their_members() {
        let pairs = [(2, 10), (0, 11), (2, 12), (3, 13), (2, 14)];
        let groups = Groups::of(5, pairs.into_iter());
        let all: Vec<&[usize]> = (0..5).map(|group| groups.members(group)).collect();
        assert_eq!(all, [&[11][..], &[], &[10, 12, 14], &[13], &[]]);
        assert!(Groups::of(1, std::iter::empty()).members(0).is_empty());
    }

    #[test]
    fn the_first_of_a_name_counts() {
        let mut places = Places::default();
        for (place, name) in ["c", "a", "b", "a"].into_iter().enumerate() {
            places.note(name, place);
        }
        assert_eq!(
            [places.get(&"a"), places.get(&"c"), places.get(&"d")],
            [Some(1), Some(0), None]
        );
    }
}
