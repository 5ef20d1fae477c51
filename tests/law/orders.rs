//! What an operator asks for, held against the records: nothing of it without an arrangement that
//! asks for so much and stands, and nothing of it afterwards.

use ambergate::domain::account::Account;
use ambergate::domain::arrangement::{ArrangementKind, ArrangementMade};
use ambergate::domain::closed::{By, Closed, closed};
use ambergate::domain::decision::{Decision, RungEntered};
use ambergate::domain::id::ArrangementId;
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::Instant;
use ambergate::domain::when::When;

use crate::world::World;

/// Whether what closes is an operator's decision.
pub fn is_ordered(account: &Account, closed: &Closed<'_>) -> bool {
    matches!(closed.by, By::Climb(case, _) if account.invoice_of(case).order.is_some())
}

/// What is wrong with an entry that an operator asked for; nothing of any other.
pub fn fault_of_order(world: &World, record: &Record, entered: &RungEntered) -> Option<String> {
    let t = record.time;
    let name = ordered_by(world, entered)?;
    let stage = entered.stage;
    let fault = |what: &str| Some(format!("{stage:?} at {}: {what}", world.local(t)));
    let Some((made_at, made)) = made(world, &name) else { return fault("nobody asked for it") };
    let own = |role| matches!(role, Role::Billing | Role::Admin);
    let accepted = made.accepted_by.as_ref().is_some_and(|by| own(by.role));
    let asks = match made.kind {
        ArrangementKind::Pin => true,
        ArrangementKind::Pause => !accepted,
        _ => false,
    };
    let asked = made.stage.filter(|_| asks).unwrap_or_default();
    if entered.stage > asked {
        return fault("harder than was asked for");
    }
    let known = known_before(world, entered);
    if !stands(world, known, (made_at, made), t) {
        return fault("what asked for it does not stand");
    }
    let notice = entered.notice;
    let warned = decisions(world).find_map(|(at, decision)| match decision {
        Decision::NoticeMade(made) if Some(made.notice) == notice => Some(at),
        _ => None,
    });
    for (begun, milder) in everything_milder(known, asked) {
        if stands(world, known, (begun, milder), t) {
            return fault("a milder agreement stands");
        }
        if warned.is_some_and(|warned| warned < begun) && begun < t {
            return fault("its notice is older than a milder agreement");
        }
    }
    None
}

/// What is in force of an operator's decision that is over: since which commit.
pub fn outlived(world: &World, account: &Account, now: Instant) -> Option<String> {
    let closed = closed(account);
    let mut ordered = closed.iter().filter_map(|it| match it.by {
        By::Climb(case, _) => account.invoice_of(case).order.as_ref(),
        _ => None,
    });
    ordered.find_map(|order| {
        let (at, made) = made(world, &order.arrangement)?;
        let over = !stands(world, &world.journal, (at, made), now);
        over.then(|| format!("{} is in force at {}", order.arrangement, world.local(now)))
    })
}

/// The arrangement's name, where the entry is of what an operator asked for.
fn ordered_by(world: &World, entered: &RungEntered) -> Option<ArrangementId> {
    let opened = decisions(world).find_map(|(_, decision)| match decision {
        Decision::CaseOpened(opened) if opened.case == entered.case => Some(&opened.invoice),
        _ => None,
    })?;
    let name = opened.as_str().strip_prefix("order:")?;
    name.split(':').next()?.parse().ok()
}

fn decisions(world: &World) -> impl Iterator<Item = (Instant, &Decision)> {
    world.records.iter().filter_map(|record| Some((record.time, record.as_decision()?)))
}

fn made<'a>(world: &'a World, name: &ArrangementId) -> Option<(Instant, &'a ArrangementMade)> {
    world.journal.iter().find_map(|record| match record.as_fact()? {
        Fact::ArrangementMade(made) if made.arrangement == *name => Some((record.time, &**made)),
        _ => None,
    })
}

/// What was known when the entry was decided: decisions are a little later than the clock, so that
/// what comes after one may be dated before it.
fn known_before<'a>(world: &'a World, entered: &RungEntered) -> &'a [Record] {
    let own = |record: &Record| match record.as_decision() {
        Some(Decision::RungEntered(known)) => known.entry == entered.entry,
        _ => false,
    };
    let count = world.journal.iter().position(own).unwrap_or(world.journal.len());
    &world.journal[..count]
}

fn stands(
    world: &World,
    known: &[Record],
    (begun, made): (Instant, &ArrangementMade),
    t: Instant,
) -> bool {
    let until = made.until.map(|until| match until {
        When::Day(day) => world.zone.start_of(day.plus(1)),
        When::Instant(instant) => instant,
    });
    let ended = known.iter().any(|record| match record.as_fact() {
        Some(Fact::ArrangementEnded(ended)) => {
            ended.arrangement == made.arrangement && record.time < t && record.time >= begun
        }
        _ => false,
    });
    begun <= t && until.is_none_or(|until| t < until) && !ended
}

/// Pins of everything to a milder stage, and from when on.
fn everything_milder(
    known: &[Record],
    than: Stage,
) -> impl Iterator<Item = (Instant, &ArrangementMade)> {
    known.iter().filter_map(move |record| match record.as_fact()? {
        Fact::ArrangementMade(made) => {
            let pin = made.kind == ArrangementKind::Pin && made.invoices.is_none();
            let milder = made.stage.is_some_and(|stage| stage < than);
            (pin && milder).then_some((record.time, &**made))
        }
        _ => None,
    })
}
