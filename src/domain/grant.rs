//! What a gate needs to know of a tenant (SPEC 5.11).
//!
//! Rules:
//! 1. A grant gets milder by the gate's clock (`ease`), never harder.
//! 2. [`Grant`] is what a decision needs; [`Words`] is what pages and banners say, read only when
//!    something is shown.

use serde::{Deserialize, Serialize};

use super::account::add;
use super::effect::{Effect, Rate};
use super::fact::Named;
use super::id::{Digest, InvoiceId, NoticeId, Scope, TenantId};
use super::money::Money;
use super::stage::{Roles, Stage};
use super::term::TermKind;
use super::time::{Day, Instant};

/// How many invoices and dates pages list at the most.
pub const LISTED_MAX: usize = 20;

/// The standing of one tenant, as the last commit left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose. Compared after every read.
    pub tenant: TenantId,
    /// Of which account.
    pub digest: Digest,
    /// The newest generation of the switch under which a restriction was entered; an older one
    /// than the switch's own restricts nothing.
    pub generation: u64,
    /// The stage of each scope; none: everything is open.
    pub scopes: Vec<ScopeStage>,
    /// What the tenant that pays for this one shares.
    pub payer: Option<PayerGrant>,
    /// When what gets milder by itself.
    pub ease: Vec<Ease>,
    /// The next cutoff that people were told of. Words only: it never restricts.
    pub announced: Option<Named>,
    /// Who is shown the banner now.
    pub banner: Roles,
}

/// Where a payer's standing counts for those it pays for: as far as they were warned of it, and no
/// further than the payer's own grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayerGrant {
    /// Whose grant is read beside this one.
    pub tenant: TenantId,
    /// The stage of each scope that was entered here because of it.
    pub scopes: Vec<ScopeStage>,
}

/// The stage of a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeStage {
    /// Which part of the app.
    pub scope: Scope,
    /// Its stage.
    pub stage: Stage,
    /// How many requests still pass. `None`: all that the stage lets through.
    #[serde(default)]
    pub slow: Option<Rate>,
    /// Since when.
    pub since: Instant,
    /// What closed it.
    pub because: Option<Because>,
}

/// What closed a scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// Which invoice.
    pub invoice: InvoiceId,
    /// Which rung of its policy, in the policy's words (`due + 15 days`).
    pub rung: String,
}

/// From `at` on the scope is no more restricted than `stage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ease {
    /// From when.
    pub at: Instant,
    /// Which part of the app.
    pub scope: Scope,
    /// At most this; how slow it is does not change.
    pub stage: Stage,
}

impl ScopeStage {
    /// Its stage, and how slow it is.
    #[must_use]
    pub const fn effect(&self) -> Effect {
        Effect { stage: self.stage, slow: self.slow }
    }
}

impl Grant {
    /// A tenant with nothing against it.
    #[must_use]
    pub const fn full(tenant: TenantId, digest: Digest) -> Self {
        Self {
            tenant,
            digest,
            generation: 0,
            scopes: Vec::new(),
            payer: None,
            ease: Vec::new(),
            announced: None,
            banner: Roles::NONE,
        }
    }

    /// What is in force in that scope, `ease` not looked at.
    #[must_use]
    pub fn effect_of(&self, scope: &Scope) -> Effect {
        let closes = self.all_scopes().filter(|known| known.scope.covers(scope));
        closes.map(ScopeStage::effect).fold(Effect::NONE, Effect::and)
    }

    /// What is closed by the tenant's own debts, and by what its payer shares.
    pub fn all_scopes(&self) -> impl Iterator<Item = &ScopeStage> {
        self.scopes.iter().chain(self.payer.iter().flat_map(|payer| &payer.scopes))
    }

    /// The strictest of all scopes together, `ease` not looked at.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.all_scopes().map(ScopeStage::effect).fold(Effect::NONE, Effect::and)
    }

    /// The strictest stage of all scopes, `ease` not looked at.
    #[must_use]
    pub fn strictest(&self) -> Stage {
        self.all_scopes().map(|scope| scope.stage).max().unwrap_or_default()
    }
}

/// What pages and banners say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Whose. Compared after every read.
    pub tenant: TenantId,
    /// Of which account: the grant's, or these words are old.
    pub digest: Digest,
    /// The name that people read.
    pub name: Option<String>,
    /// The language asked for, such as `pt-BR`.
    pub locale: Option<String>,
    /// In which zone times are said.
    pub time_zone: String,
    /// All that is overdue, one amount a currency.
    pub owed: Vec<Money>,
    /// Where it can be paid.
    pub pay_url: Option<String>,
    /// What is overdue, the oldest first.
    pub invoices: Vec<InvoiceWords>,
    /// Notices that a banner shows, each a proof once shown.
    pub banners: Vec<BannerNotice>,
    /// When messages left that were not returned.
    pub sent: Vec<Instant>,
    /// Who can settle it: names of the `billing` and `admin` contacts.
    pub settlers: Vec<String>,
    /// Whether money is on its way or promised: people read thanks, not "forgot".
    pub thanks: bool,
    /// The most telling reason.
    pub cause: Cause,
    /// Whether what is closed was agreed: a pause, that no payment lifts.
    pub agreed: bool,
    /// The trial or contract that ended and is the reason. `None`: an invoice is.
    pub term: Option<TermWords>,
    /// Whether the reason is how the tenant stands that pays for this one: people read neutral
    /// words.
    pub paid_for: bool,
    /// What an operator decided and is the reason. `None`: an invoice, or a term, is.
    pub order: Option<OrderWords>,
}

/// An invoice that is overdue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceWords {
    /// The number printed on it, else its id.
    pub number: String,
    /// What is owed on it.
    pub owed: Money,
    /// Its due date.
    pub due_on: Option<Day>,
    /// Where it can be paid.
    pub pay_url: Option<String>,
    /// The part of the app that it is about.
    pub scope: Scope,
}

impl Words {
    /// The same, with those invoices only that can close `scope`, where all are listed.
    #[must_use]
    pub fn about(&self, scope: &Scope) -> Self {
        let mut words = self.clone();
        let closes = |invoice: &InvoiceWords| invoice.scope.covers(scope);
        let whole = self.invoices.len() >= LISTED_MAX || self.invoices.iter().all(closes);
        if !whole && self.invoices.iter().any(closes) {
            words.invoices.retain(closes);
            words.owed.clear();
            words.invoices.iter().for_each(|invoice| add(&mut words.owed, invoice.owed));
        }
        words
    }
}

/// A trial or contract that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermWords {
    /// What kind.
    pub kind: TermKind,
    /// Its last day.
    pub ends_on: Option<Day>,
    /// Until when what was saved is kept.
    pub data_until: Option<Day>,
}

/// What an operator decided: no payment lifts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderWords {
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Until when it stands.
    pub until: Option<Instant>,
}

/// The template of a warning of what an operator decided.
pub const ORDERED_WARNING: &str = "ordered_warning";

/// A notice that a banner shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BannerNotice {
    /// Which.
    pub notice: NoticeId,
    /// Its template.
    pub kind: String,
    /// Seen by people of these roles it is proof.
    pub to: Roles,
    /// The cutoff it names.
    pub names: Option<Named>,
}

/// Why something is owed, for the choice of words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The due date has passed.
    #[default]
    Overdue,
    /// A charge was declined.
    Declined,
    /// The customer must confirm with the bank.
    Confirm,
    /// A payment was returned.
    Returned,
}
