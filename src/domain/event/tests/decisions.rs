//! Some of the decisions that are written and read.

use proptest::prelude::*;

use super::{derived, instant, name};
use crate::domain::decision::{
    CaseRenewed, Checked, ChildLinked, Decision, PauseEntered, ScopeGated, StandingShared, Would,
    WouldHave,
};
use crate::domain::effect::Rate;
use crate::domain::fact::Named;
use crate::domain::id::{Derived, Scope};
use crate::domain::payer::SharedStage;
use crate::domain::stage::Stage;

pub(super) fn others() -> impl Strategy<Value = Decision> {
    prop_oneof![
        (derived(), name(), name()).prop_map(|(entry, invoice, scope)| {
            let checked = Checked { feeds: true, generation: 2, asked: false, slot: false };
            Decision::ScopeGated(Box::new(ScopeGated { entry, invoice, scope, checked }))
        }),
        (derived(), name(), name()).prop_map(|(entry, arrangement, scope)| {
            let checked = Checked { feeds: true, generation: 2, asked: false, slot: true };
            let stage = Stage::Frozen;
            let entered = PauseEntered { entry, arrangement, stage, scope, checked };
            Decision::PauseEntered(Box::new(entered))
        }),
        (derived(), name(), name(), instant()).prop_map(|(shared, payer, scope, at)| {
            let stages = vec![SharedStage { stage: Stage::ReadOnly, at, entered: true }];
            let shared = StandingShared { shared, n: 3, payer, scope, stages };
            Decision::StandingShared(Box::new(shared))
        }),
        (derived(), name(), any::<bool>()).prop_map(|(link, child, paid)| {
            Decision::ChildLinked(Box::new(ChildLinked { link, n: 2, child, paid, merged: !paid }))
        }),
        derived().prop_map(|case| Decision::CaseRenewed(CaseRenewed { case })),
        (derived(), derived(), instant(), any::<bool>()).prop_map(|(entry, case, at, entered)| {
            let leg = Derived::from_bytes([5; 16]).into();
            let what = if entered { Would::Entered } else { Would::Warned };
            let (stage, scope) = (Stage::ReadOnly, Scope::whole());
            let would = WouldHave {
                entry,
                case,
                leg,
                rung: 2,
                n: 1,
                what,
                stage,
                slow: slow(entered),
                scope,
                at,
            };
            Decision::WouldHave(Box::new(would))
        }),
    ]
}

/// A rate, or none.
pub(super) fn slow(slowed: bool) -> Option<Rate> {
    slowed.then(|| "20 per minute".parse().unwrap())
}

/// What a warning names.
pub(super) fn named() -> impl Strategy<Value = Named> {
    let any = (name(), instant(), any::<bool>());
    any.prop_map(|(scope, at, slowed)| Named {
        stage: Stage::ReadOnly,
        slow: slow(slowed),
        scope,
        at,
    })
}
