//! A tenant that pays for the one that a story is of: a world of its own, that goes with it.
//!
//! It does what the ledger does between the two, with nothing but the law: what the payer shares is
//! recorded with the tenant whenever either of them changes.

use ambergate::domain::fact::{Contact, PaidBy, TenantMerged, TenantUpdated};
use ambergate::domain::merged::counted;
use ambergate::domain::payer::{Payer, news};
use ambergate::domain::record::{Fact, Record, insert};
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::Instant;

use crate::world::World;

/// The name of the tenant that pays.
pub const PAYER: &str = "parent";

impl World {
    /// A tenant that may pay for this one, and has somebody to write to.
    pub fn add_payer(&mut self, email: &str) {
        let mut payer = Self::new(self.law.clone(), self.now);
        payer.tenant = PAYER.parse().unwrap();
        payer.count = 1_000_000;
        payer.zone = self.zone.clone();
        payer.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
            contacts: Some(vec![
                Contact {
                    role: Role::Billing,
                    name: None,
                    email: Some(email.to_owned()),
                    phone: None,
                },
                Contact {
                    role: Role::Admin,
                    name: None,
                    email: Some(format!("admin-{email}")),
                    phone: None,
                },
            ]),
            ..TenantUpdated::default()
        })));
        self.payer = Some(Box::new(payer));
    }

    /// Another tenant pays from now on, or none.
    pub fn paid_by(&mut self, payer: &str) {
        let payer = (!payer.is_empty()).then(|| payer.parse().unwrap());
        self.fact(Fact::TenantUpdated(Box::new(TenantUpdated {
            paid_by: Some(PaidBy(payer)),
            ..TenantUpdated::default()
        })));
    }

    /// It is merged into that tenant.
    pub fn merge(&mut self, into: &str) {
        self.fact(Fact::TenantMerged(TenantMerged { into: into.parse().unwrap() }));
    }

    /// What was said of a tenant that was merged is known to the other one at once.
    pub fn tell_merged(&mut self) {
        if self.payer.is_some() && self.account().profile.merged_into.is_some() {
            self.at_payer(|_| {});
        }
    }

    /// Records what the payer shares now.
    pub fn follow_payer(&mut self) {
        let Some(payer) = &self.payer else { return };
        let (account, mut situation) = (payer.account(), payer.situation);
        situation.now = payer.now;
        let payer = Payer::of(&payer.tenant, &account, &payer.law, &situation);
        let account = self.account();
        let time = self.now.max(account.newest.plus_millis(1));
        for decision in news(&self.tenant, &account, &payer) {
            let record = Record::decision(time, decision);
            self.journal.push(record.clone());
            insert(&mut self.records, record);
        }
    }

    /// Something happens to the payer, and then to those it pays for.
    pub fn at_payer(&mut self, act: impl FnOnce(&mut Self)) {
        let mut payer = self.payer.take().expect("the story has a payer");
        payer.now = self.now;
        payer.counted = counted(&self.tenant, &self.records, &payer.tenant);
        act(&mut payer);
        payer.tick();
        self.payer = Some(payer);
        self.settle(self.off);
    }

    /// Both of them, each due thing at its own time.
    pub fn run_both_until(&mut self, until: Instant) {
        for _ in 0..100_000 {
            let payer = self.payer.as_ref().and_then(|payer| payer.plan().wake);
            let own = self.plan().wake.filter(|_| !self.off);
            let wake = [payer, own].into_iter().flatten().min().filter(|wake| *wake <= until);
            self.now = wake.unwrap_or(until).max(self.now);
            self.at_payer(|_| {});
            self.tick();
            if wake.is_none() {
                return;
            }
        }
        panic!("time stands still at {}: {:#?}", self.now, self.log);
    }

    /// The stage that a gate gives: what was entered here, and no more than is in force there.
    pub fn stage_beside_payer(&self) -> Stage {
        use ambergate::domain::decide::{About, Standings};
        let of = |world: &Self| {
            let account = world.account();
            let digest = ambergate::domain::id::Derivation::of("any").finish();
            let mut situation = world.situation;
            situation.now = world.now;
            let (grant, _) = ambergate::domain::publish::publish(
                &world.tenant,
                &account,
                &world.law,
                digest,
                &situation,
            );
            Standings::of(&grant)
        };
        let own = of(self);
        let payer = self.payer.as_ref().map_or(Standings::FULL, |payer| of(payer));
        own.beside(&payer).about(About::Whole).stage
    }
}
