//! Orders: stages that a person of the operator's asks for, by a `pin` that restricts or a `pause`
//! that nobody of the tenant's own accepted (SPEC 4). Law 1 covers them: an order climbs a short
//! ladder of its own, by the same road of warnings as an invoice does.
//!
//! Rules:
//! 1. Its ladder is the stages up to the one that is asked for, each entered in order: grace at
//!    once, each cutoff with the warning that the tenant's policy gives before that stage, and a
//!    day after the one before at the earliest.
//! 2. It owes nothing: nothing is ignored because it is small, and no payment lifts it.
//! 3. It ends with its arrangement, by itself or when somebody ends it.

use std::sync::Arc;

use super::account::{Account, Arrangement, Case, Invoice};
use super::arrangement::{ArrangementKind, ArrangementMade};
use super::fact::Channel;
use super::hold::{Hold, HoldCause};
use super::id::{ArrangementId, Derivation, Derived, InvoiceId, PolicyHash, Scope};
use super::policy::{Anchor, At, Condition, Enter, Law, Policy, Rung, Warn};
use super::span::Span;
use super::stage::{Role, Roles, Stage};
use super::time::Instant;

/// The system whose invoices would be orders: there is none.
const SYSTEM: &str = "order";

/// What somebody of the operator's asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// By which arrangement.
    pub arrangement: ArrangementId,
    /// Which stage.
    pub stage: Stage,
    /// From when on.
    pub from: Instant,
    /// Somebody ended it, or nothing is left of what it was about.
    pub ended: bool,
}

impl Order {
    /// Whether its climb stands still, or falls, because of `hold`: what gives access back all the
    /// same does it, and money of which nobody knows what it pays.
    #[must_use]
    pub fn is_held_by(&self, hold: &Hold) -> bool {
        let milder = hold.at_most.is_some_and(|most| most < self.stage);
        match hold.cause {
            HoldCause::Unmatched | HoldCause::Over => true,
            _ => milder && hold.id != self.arrangement.as_str(),
        }
    }
}

impl ArrangementMade {
    /// The stage that it asks for and that nobody of the tenant's own accepted, if it restricts.
    #[must_use]
    pub fn ordered(&self) -> Option<Stage> {
        let own = |role| matches!(role, Role::Billing | Role::Admin);
        let asks = match self.kind {
            ArrangementKind::Pin => true,
            ArrangementKind::Pause => self.accepted_by.as_ref().is_none_or(|by| !own(by.role)),
            _ => false,
        };
        self.stage.filter(|stage| asks && stage.restricts())
    }
}

impl Case {
    /// When it ends by itself: an order's does.
    #[must_use]
    pub fn over_at(&self) -> Option<Instant> {
        let over = self.holds.iter().find(|hold| hold.cause == HoldCause::Over);
        over.map(|hold| hold.begin)
    }
}

impl Account {
    /// The arrangement that `order` is made by.
    #[must_use]
    pub fn arrangement_of(&self, order: &Order) -> Option<&Arrangement> {
        self.arrangements.iter().find(|it| it.made.arrangement == order.arrangement)
    }
}

impl Policy {
    /// The same, with the ladder of what is ordered under it.
    #[must_use]
    pub fn with_orders(self) -> Self {
        let (hash, rungs) = (self.hash, ladder(&self.rungs));
        let ordered = Self { hash, rungs, ordered: None, ..self.clone() };
        Self { ordered: Some(Arc::new(ordered)), ..self }
    }

    /// By which ladder `invoice` climbs under it.
    #[must_use]
    pub fn ladder_of<'a>(policy: &'a Arc<Self>, invoice: &Invoice) -> &'a Arc<Self> {
        policy.ordered.as_ref().filter(|_| invoice.order.is_some()).unwrap_or(policy)
    }
}

impl Law {
    /// The version of that hash, as `invoice` climbs by it.
    #[must_use]
    pub fn version_for(&self, hash: &PolicyHash, invoice: &Invoice) -> Option<&Arc<Policy>> {
        self.versions.get(hash).map(|policy| Policy::ladder_of(policy, invoice))
    }
}

/// The name under which an order climbs: `order:` and its arrangement's, and the part of the app.
#[must_use]
pub fn name_of(arrangement: &ArrangementId, scope: &Scope) -> InvoiceId {
    let part = if scope.is_whole() { String::new() } else { format!(":{scope}") };
    let name = format!("{SYSTEM}:{arrangement}{part}");
    name.parse().unwrap_or_else(|_| {
        let derived: Derived = Derivation::of(SYSTEM).text(&name).finish();
        derived.into()
    })
}

/// Whether an invoice's name is kept for orders.
#[must_use]
pub fn is_order(invoice: &InvoiceId) -> bool {
    invoice.as_str().split_once(':').is_some_and(|(system, _)| system == SYSTEM)
}

/// The stages of those rungs, as an order enters them.
fn ladder(rungs: &[Rung]) -> Vec<Rung> {
    let rung = |stage: Stage, offset: i32, warn: Option<Warn>| Rung {
        at: At { anchor: Anchor::Issued, offset, working_days: false, time: None },
        when: Some(Condition { ordered: Some(stage), ..Condition::default() }),
        enter: Some(Enter { stage, slow: None, warn, approval: false }),
        notice: None,
        task: None,
    };
    let warned = |stage| Some(warning_of(rungs, stage));
    vec![
        rung(Stage::Grace, 0, None),
        rung(Stage::ReadOnly, 0, warned(Stage::ReadOnly)),
        rung(Stage::Frozen, 1, warned(Stage::Frozen)),
    ]
}

/// The warning that a policy gives before that stage; else before the nearest harder one, else
/// before the nearest milder one, else what nobody can take for too little.
fn warning_of(rungs: &[Rung], stage: Stage) -> Warn {
    let enters = || rungs.iter().filter_map(|rung| rung.enter.as_ref());
    let warned = || {
        enters().filter(|it| it.has_stage()).filter_map(|it| Some((it.stage, it.warn.as_ref()?)))
    };
    let harder = warned().filter(|(other, _)| *other >= stage).min_by_key(|(other, _)| *other);
    let milder = || warned().max_by_key(|(other, _)| *other);
    harder.or_else(milder).map_or_else(usual, |(_, warn)| warn.clone())
}

fn usual() -> Warn {
    Warn {
        before: Span::days(7),
        again: vec![Span::days(1)],
        to: Roles::from_iter([Role::Billing, Role::Admin]),
        by: vec![Channel::Email, Channel::Banner],
        needs: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cutoff(stage: Stage, days: u32) -> Rung {
        let warn = Some(Warn { before: Span::days(days), ..usual() });
        let at = At { anchor: Anchor::Due, offset: 15, working_days: false, time: None };
        let enter = Some(Enter { stage, slow: None, warn, approval: true });
        Rung { at, when: None, enter, notice: None, task: None }
    }

    fn periods(rungs: &[Rung]) -> Vec<(Stage, Option<Span>)> {
        let enters = ladder(rungs).into_iter().filter_map(|rung| rung.enter);
        enters.map(|enter| (enter.stage, enter.warn.map(|warn| warn.before))).collect()
    }

    #[test]
    fn every_stage_is_warned_of_as_the_policy_says() {
        let of = |read_only, frozen| {
            let warned = |days| Some(Span::days(days));
            vec![
                (Stage::Grace, None),
                (Stage::ReadOnly, warned(read_only)),
                (Stage::Frozen, warned(frozen)),
            ]
        };
        let (read_only, frozen) = (cutoff(Stage::ReadOnly, 5), cutoff(Stage::Frozen, 9));
        assert_eq!(periods(&[read_only.clone(), frozen.clone()]), of(5, 9));
        // A stage that the policy does not have is warned of as its neighbour is.
        assert_eq!(periods(&[read_only]), of(5, 5));
        assert_eq!(periods(&[frozen]), of(9, 9));
        assert_eq!(periods(&[]), of(7, 7));
    }

    #[test]
    fn names_of_orders_are_their_own() {
        let pin: ArrangementId = "n1".parse().unwrap();
        let name = name_of(&pin, &"module:a".parse().unwrap());
        assert_eq!(name.as_str(), "order:n1:module:a");
        assert!(is_order(&name) && is_order(&name_of(&pin, &Scope::whole())));
        assert!(!is_order(&"stripe:in_1".parse().unwrap()));
        let long: ArrangementId = "n".repeat(200).parse().unwrap();
        assert_ne!(name_of(&long, &Scope::whole()), name_of(&pin, &Scope::whole()));
    }

    #[test]
    fn what_their_own_people_accepted_is_no_order() {
        let made = |kind, stage, role: Option<Role>| {
            let accepted_by = role
                .map(|role| super::super::arrangement::Acceptance { name: "Ada".to_owned(), role });
            let made = ArrangementMade::new("n1".parse().unwrap(), kind);
            ArrangementMade { stage: Some(stage), accepted_by, ..made }.ordered()
        };
        use ArrangementKind as K;
        assert_eq!(made(K::Pin, Stage::Frozen, None), Some(Stage::Frozen));
        assert_eq!(made(K::Pin, Stage::Grace, None), None);
        assert_eq!(made(K::Pause, Stage::ReadOnly, None), Some(Stage::ReadOnly));
        assert_eq!(made(K::Pause, Stage::ReadOnly, Some(Role::User)), Some(Stage::ReadOnly));
        assert_eq!(made(K::Pause, Stage::ReadOnly, Some(Role::Admin)), None);
        assert_eq!(made(K::Silence, Stage::Frozen, None), None);
    }
}
