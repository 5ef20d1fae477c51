//! Cases that are moved to another version of a policy, in stories and in random histories.

use ambergate::domain::decision::{CaseMigrated, Decision};
use ambergate::domain::record::{Record, insert};

use crate::world::World;

/// The policy with a second one beside it, for whom a condition picks, that never freezes.
pub fn with_mild(policy: &str) -> String {
    let (_, ladder) = policy.split_once("[policies.standard]").unwrap();
    let mut parts = ladder.split("\n[[policies.standard.rungs]]").map(before_tables);
    let head = parts.next().unwrap();
    let rungs = parts.filter(|rung| !rung.contains("enter = \"frozen\""));
    let rungs: Vec<String> = rungs.map(|rung| format!("\n[[policies.mild.rungs]]{rung}")).collect();
    let select = "[[select]]\npolicy = \"mild\"\nsegment = \"mild\"\n";
    format!("{policy}\n[policies.mild]{head}{}\n{select}", rungs.concat())
}

/// What stands in a rung, and not after the last one.
fn before_tables(rung: &str) -> &str {
    rung.find("\n[").map_or(rung, |end| &rung[..end])
}

/// Everything is moved to the one or the other, where there are two.
pub fn happen(world: &mut World, mild: bool) {
    if world.law.policies.contains_key("mild") {
        world.tick();
        world.migrate(if mild { "mild" } else { "standard" });
    }
}

impl World {
    /// Somebody moves all running cases to the version of that policy.
    pub fn migrate(&mut self, policy: &str) {
        let account = self.account();
        let to = self.law.policies[policy].clone();
        let live = account.cases.iter().filter(|case| case.is_live());
        let moved = live.filter(|case| {
            let other = case.opened.as_ref().is_some_and(|opened| opened.policy != to.hash);
            other && account.invoice_of(case).term.is_none()
        });
        let time = self.now.max(account.newest.plus_millis(1));
        for case in moved {
            let (case, n) = (case.case, case.migrations);
            let migrated = CaseMigrated { case, policy: to.hash, n, by: None, reason: None };
            let record = Record::decision(time, Decision::CaseMigrated(Box::new(migrated)));
            self.journal.push(record.clone());
            insert(&mut self.records, record);
        }
        self.settle(false);
    }
}
