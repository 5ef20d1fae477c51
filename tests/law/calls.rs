//! The operator's own systems, as a world calls them: what is due at once, with what comes of it.

use ambergate::domain::fact::{HookAnswer, HookAnswered};
use ambergate::domain::id::{Derived, Source};
use ambergate::domain::outbound::{Call, answer_id};
use ambergate::domain::record::{Fact, Record, insert};

use crate::world::World;

impl World {
    /// Hooks are told what is due.
    pub fn call(&mut self) {
        if self.law.hooks.is_empty() {
            return;
        }
        for call in self.plan().calls {
            let kind = answer(&call);
            let (id, attempt) = (answer_id(&call), call.attempt);
            let (event, hook) = (call.id, call.hook.clone());
            let said = HookAnswered { event, hook, attempt, kind, status: None };
            let time = self.now.max(self.account().newest.plus_millis(1));
            let said = Fact::HookAnswered(said);
            let record = Record::fact((Source::own(), id), time, self.now, said);
            self.journal.push(record.clone());
            insert(&mut self.records, record);
            self.calls.push((self.now, call, kind));
        }
    }
}

/// One in eight is never taken, one finds nobody there any more, the others are taken at the first
/// to fourth attempt.
fn answer(call: &Call) -> HookAnswer {
    let [lot, after, ..] = *Derived::from(call.id).bytes();
    match lot % 8 {
        0 => HookAnswer::Failed,
        1 => HookAnswer::Gone,
        _ if call.attempt <= u32::from(after % 4) => HookAnswer::Failed,
        _ => HookAnswer::Taken,
    }
}
