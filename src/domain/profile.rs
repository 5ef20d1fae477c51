//! Who a tenant is: what its sources said of it, and people.

use super::fact::Contact;
use super::id::TenantId;
use super::money::Money;
use super::time::Day;

/// Who the tenant is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The name that people read.
    pub name: Option<String>,
    /// For the selection of a policy.
    pub segment: Option<String>,
    /// For the selection of a policy.
    pub plan: Option<String>,
    /// The policy by name.
    pub policy: Option<String>,
    /// The language of messages and pages.
    pub locale: Option<String>,
    /// An IANA zone.
    pub time_zone: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
    /// Since when it is a customer.
    pub customer_since: Option<Day>,
    /// Where everything owed can be paid.
    pub pay_url: Option<String>,
    /// When more than this is owed, somebody calls.
    pub credit_limit: Option<Money>,
    /// The tenant that pays for this one.
    pub paid_by: Option<TenantId>,
    /// The tenant that this one was merged into.
    pub merged_into: Option<TenantId>,
    /// People and mailboxes.
    pub contacts: Vec<Contact>,
}

impl Profile {
    /// The tenant whose standing is shared with this one: the one that it was merged into, else the
    /// one that pays for it.
    #[must_use]
    pub fn payer(&self) -> Option<&TenantId> {
        self.merged_into.as_ref().or(self.paid_by.as_ref())
    }
}
