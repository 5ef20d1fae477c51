//! The rules in force, and every version that a case may be pinned to.
//!
//! Rules:
//! 1. What is in force is published, in the store and in the journal, before anything is decided
//!    by it: the journal alone suffices to know what a decision meant.
//! 2. A version that only the store knows is read from it. One that nobody knows leaves its cases
//!    where they are: nothing is planned for them, and they are looked at again now and then, and
//!    as soon as a version is learnt.
//! 3. Nothing is due before the published versions were read.

use std::sync::Arc;

use super::Ledger;
use super::entry::Entry;
use crate::config::policies;
use crate::domain::id::{Derivation, Derived, PolicyHash};
use crate::domain::policy::Law;
use crate::domain::time::Instant;
use crate::store::{Store as _, StoreError, Version};

impl Ledger {
    /// Puts other rules in force, and looks at every tenant again.
    ///
    /// # Errors
    ///
    /// The store cannot be used now: the rules that were in force stay.
    pub async fn set_law(&self, law: Law) -> Result<(), StoreError> {
        self.publish_law(law).await?;
        self.look_at_all_soon();
        Ok(())
    }

    /// Publishes the rules in force, and reads the versions that were in force before.
    pub(super) async fn open_law(&self) -> Result<(), StoreError> {
        if self.publish_law(Law::clone(&self.law())).await? {
            self.look_at_all_soon();
        }
        Ok(())
    }

    /// Whether anything in it was not published before.
    async fn publish_law(&self, mut law: Law) -> Result<bool, StoreError> {
        let (now, known) = tokio::try_join!(self.store().now(), self.store().versions())?;
        let mut news = false;
        for version in versions(&law, now) {
            if !known.iter().any(|known| known.key() == version.key()) {
                news = true;
                self.store().publish(version.clone()).await?;
                self.journal_entry(&Entry::Published(version)).await?;
            }
        }
        for version in known.iter().filter(|version| version.kind == "policy") {
            add_version(&mut law, version);
        }
        self.inner.law.store(Arc::new(law));
        Ok(news)
    }

    /// Reads versions that another replica published meanwhile.
    pub(super) async fn refresh_law(&self) -> Result<(), StoreError> {
        let known = self.store().versions().await?;
        let mut law = Law::clone(&self.law());
        let mut news = false;
        for version in known.iter().filter(|version| version.kind == "policy") {
            news |= add_version(&mut law, version);
        }
        if news {
            self.inner.law.store(Arc::new(law));
            self.look_at_all_soon();
        }
        Ok(())
    }
}

/// What of the law is published.
fn versions(law: &Law, at: Instant) -> Vec<Version> {
    let policies = law.policies.values().map(|policy| Version {
        kind: "policy".to_owned(),
        name: policy.name.as_str().to_owned(),
        hash: policy.hash.to_string(),
        text: policies::text(policy),
        at,
    });
    let calendars = law.calendars.iter().map(|(name, calendar)| {
        let text = policies::calendar_text(name, calendar);
        let hash: Derived = Derivation::of("calendar").text(&text).finish();
        let (kind, name) = ("calendar".to_owned(), name.as_str().to_owned());
        Version { kind, name, hash: hash.to_string(), text, at }
    });
    policies.chain(calendars).collect()
}

/// Adds a version that is not known yet.
fn add_version(law: &mut Law, version: &Version) -> bool {
    let Ok(hash) = version.hash.parse::<PolicyHash>() else { return false };
    if law.versions.contains_key(&hash) {
        return false;
    }
    match policies::version(&version.text, &format!("published policy {}", version.name)) {
        Ok(policy) => {
            law.versions.insert(hash, Arc::new(policy));
            true
        }
        Err(faults) => {
            let what = faults.first().map(|fault| fault.what().to_owned());
            tracing::error!(policy = %version.name, hash = %version.hash, what,
                "a published version cannot be read: its cases stay where they are");
            false
        }
    }
}
