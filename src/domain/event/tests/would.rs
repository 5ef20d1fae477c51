use proptest::prelude::*;

use super::{derived, instant};
use crate::domain::decision::{CaseRenewed, Decision, Effect, WouldHave};
use crate::domain::id::{Derived, Scope};
use crate::domain::stage::Stage;

pub(super) fn would() -> impl Strategy<Value = Decision> {
    prop_oneof![
        derived().prop_map(|case| Decision::CaseRenewed(CaseRenewed { case })),
        (derived(), derived(), instant(), any::<bool>()).prop_map(|(entry, case, at, entered)| {
            let leg = Derived::from_bytes([5; 16]).into();
            let what = if entered { Effect::Entered } else { Effect::Warned };
            let (stage, scope) = (Stage::ReadOnly, Scope::whole());
            let would = WouldHave { entry, case, leg, rung: 2, n: 1, what, stage, scope, at };
            Decision::WouldHave(Box::new(would))
        }),
    ]
}
