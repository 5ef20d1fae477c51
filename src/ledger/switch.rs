//! The switch of law 8: one command opens everything (SPEC 5.12).
//!
//! Rules:
//! 1. Opening keeps the generation; closing raises it, so that nothing that was entered before
//!    restricts anybody until it is entered again. Closing what is closed raises it too: a gate's
//!    own switch may have been open.
//! 2. For whom what is entered is enforced is noted with it: for nobody, a share of all tenants, or
//!    everybody. Where those become more the generation is raised before that: what was entered
//!    meanwhile cuts nobody off.
//! 3. For whom nothing is enforced nothing is warned of or entered, as while the switch is open, and
//!    no message that names a cutoff leaves: it would not come. What would have happened is
//!    recorded; where enforcing begins, the cases it is about begin anew.
//! 4. While messages are held (`notices = "hold"`) nothing is said, and nothing gets harder.
//! 5. After any of these every tenant with something against it is looked at again.

use std::sync::OnceLock;

use super::Ledger;
use super::entry::Entry;
use crate::domain::canary::Canary;
use crate::domain::id::TenantId;
use crate::domain::policy::Percent;
use crate::store::{Store as _, StoreError, Switch};

/// How many tenants are read at once.
const ROWS_AT_ONCE: usize = 500;
/// How often somebody else may be faster.
const CONFLICTS_MAX: usize = 20;

/// For whom this process was told that what is entered is enforced, whether messages are held, and
/// whether a digest is asked for before each cutoff.
#[derive(Debug, Default)]
pub(super) struct Told {
    canary: OnceLock<Canary>,
    notices_held: OnceLock<bool>,
    digest_required: OnceLock<bool>,
}

impl Told {
    /// Whether it was told that nothing is, for this tenant; for nobody in particular: for all.
    pub(super) fn is_off(&self, tenant: Option<&TenantId>) -> bool {
        self.canary.get().is_some_and(|told| match tenant {
            Some(tenant) => !told.holds(tenant),
            None => *told == Canary::NOBODY,
        })
    }

    /// Whether it was told that no message leaves.
    pub(super) fn holds_notices(&self) -> bool {
        self.notices_held.get().copied().unwrap_or_default()
    }
}

impl Told {
    /// Whether nothing is entered that no delivered digest listed.
    pub(super) fn needs_digest(&self) -> bool {
        self.digest_required.get().copied().unwrap_or_default()
    }
}

impl Ledger {
    /// Says whether nothing is entered that no delivered digest listed (`digest.required`).
    #[must_use]
    pub fn with_digest_required(self, required: bool) -> Self {
        // Said twice it is the first that counts: another one needs another ledger.
        let _ = self.inner.told.digest_required.set(required);
        self
    }

    /// Says whether no message leaves (`gate.notices` is `"hold"`): nothing is said, and nothing
    /// gets harder.
    #[must_use]
    pub fn with_notices_held(self, held: bool) -> Self {
        // Said twice it is the first that counts: another one needs another ledger.
        let _ = self.inner.told.notices_held.set(held);
        self
    }

    /// Says whether gates enforce what is entered (`gate.enforce` is `"on"`).
    #[must_use]
    pub fn with_enforced(self, enforced: bool) -> Self {
        self.with_canary(if enforced { Canary::EVERYBODY } else { Canary::NOBODY })
    }

    /// Says for whom gates enforce what is entered (`gate.canary`).
    #[must_use]
    pub fn with_canary(self, canary: Canary) -> Self {
        // Said twice it is the first that counts: another one needs another ledger.
        let _ = self.inner.told.canary.set(canary);
        self
    }

    /// The switch.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn switch(&self) -> Result<Switch, StoreError> {
        self.store().switch().await
    }

    /// Sets the switch. Answers how it stands afterwards.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn set_switch(
        &self,
        open: bool,
        reason: Option<String>,
        by: Option<String>,
    ) -> Result<Switch, StoreError> {
        self.change_switch(|known| {
            let generation = known.generation + u64::from(!open);
            let (reason, by) = (reason.clone(), by.clone());
            Some(Switch { open, generation, reason, by, ..known.clone() })
        })
        .await
    }

    /// Begins another generation, open or not as it is: what was entered before restricts nobody.
    /// Once, whoever else does so at the same time.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn raise_generation(&self, reason: &str) -> Result<(), StoreError> {
        let before = self.store().switch().await?.generation;
        let raise = |known: &Switch| (known.generation == before).then(|| raised(known, reason));
        self.change_switch(raise).await.map(|_| ())
    }

    /// Notes for whom what is entered is enforced. Where those become more, nothing that was
    /// entered before restricts anybody. A store without tenants has nothing entered.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn note_enforced(&self) -> Result<(), StoreError> {
        let Some(told) = self.inner.told.canary.get().copied() else { return Ok(()) };
        if noted(&self.store().switch().await?) == told {
            return Ok(());
        }
        let has_tenants = !self.store().rows(None, 1).await?.is_empty();
        let note = |known: &Switch| {
            let reason = "what was entered while it was not enforced restricts nobody";
            let more = has_tenants && told > noted(known);
            let changed = if more { raised(known, reason) } else { known.clone() };
            let canary = (told < Canary::EVERYBODY).then(|| told.hundredths());
            let enforced = told > Canary::NOBODY;
            (noted(known) != told).then_some(Switch { enforced, canary, ..changed })
        };
        self.change_switch(note).await.map(|_| ())
    }

    /// Sets the switch to what `change` makes of it; nothing: it stays. Answers how it stands
    /// afterwards.
    async fn change_switch(
        &self,
        change: impl Fn(&Switch) -> Option<Switch>,
    ) -> Result<Switch, StoreError> {
        let mut tries = 0;
        let (known, switch) = loop {
            let (now, known) = tokio::try_join!(self.store().now(), self.store().switch())?;
            let Some(changed) = change(&known) else { return Ok(known) };
            let switch = Switch { at: Some(now), ..changed };
            match self.store().set_switch(&known, switch.clone()).await {
                Ok(()) => break (known, switch),
                Err(StoreError::Conflict) if tries < CONFLICTS_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        };
        let Switch { open, generation, enforced, canary, .. } = switch;
        if generation == known.generation && noted(&switch) != noted(&known) {
            tracing::info!(enforced, canary, "for whom what is entered is enforced was noted");
        } else {
            let (reason, by) = (switch.reason.as_deref(), switch.by.as_deref());
            tracing::warn!(open, generation, enforced, reason, by, "the switch was set");
        }
        self.journal_entry(&Entry::Switch(switch.clone())).await?;
        self.look_at_all_soon();
        Ok(switch)
    }

    /// Looks at every tenant again: the rules or the switch changed.
    ///
    /// # Errors
    ///
    /// The store cannot be used now.
    pub async fn look_at_all(&self) -> Result<(), StoreError> {
        let mut after: Option<TenantId> = None;
        loop {
            let rows = self.store().rows(after.as_ref(), ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.tenant.clone());
            for row in &rows {
                match self.advance(&row.tenant).await {
                    Ok(_) => {}
                    Err(StoreError::Unreadable { place, detail }) => {
                        tracing::error!(%place, %detail, "a tenant is left as it is");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

/// For whom what is entered is enforced, as was noted last.
fn noted(switch: &Switch) -> Canary {
    match switch.canary {
        _ if !switch.enforced => Canary::NOBODY,
        Some(share) => Canary::of(Percent(share)),
        None => Canary::EVERYBODY,
    }
}

/// Of the next generation. Why it was opened stays said.
fn raised(known: &Switch, reason: &str) -> Switch {
    let generation = known.generation + 1;
    if known.open {
        return Switch { generation, ..known.clone() };
    }
    Switch { generation, by: None, reason: Some(reason.to_owned()), ..known.clone() }
}
