//! What is agreed in random histories, and when a case stood still by it: read off what was said.

use ambergate::domain::account::Account;
use ambergate::domain::arrangement::{
    Acceptance, Access, ArrangementEnd, ArrangementEnded, ArrangementKind, ArrangementMade,
    Instalment, SilenceCause,
};
use ambergate::domain::closed::{By, Closed, closed};
use ambergate::domain::decision::Decision;
use ambergate::domain::fact::TaskOutcome;
use ambergate::domain::id::{InvoiceId, TaskId};
use ambergate::domain::order::is_order;
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::{Role, Stage};
use ambergate::domain::time::{Instant, SECOND};
use ambergate::domain::when::When;

use crate::history::{AMOUNT, invoice, money};
use crate::orders::is_ordered;
use crate::without::Rule;
use crate::world::World;

/// Agreements besides promises and extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    Plan,
    Dispute,
    DisputeHalf,
    Pause,
    /// That closes everything, as the tenant's own people wish.
    PauseFrozen,
    /// That nobody of theirs accepted.
    PauseImposed,
    Exemption,
    Silence,
    SilenceThatLifts,
    PinOpen,
    /// The same of everything.
    PinOpenAll,
    /// That closes everything, as an operator asks for.
    PinFrozen,
    /// That makes what the invoice is about read-only.
    PinPart,
}

pub const AGREED: [Agreed; 13] = [
    Agreed::Plan,
    Agreed::Dispute,
    Agreed::DisputeHalf,
    Agreed::Pause,
    Agreed::PauseFrozen,
    Agreed::PauseImposed,
    Agreed::Exemption,
    Agreed::Silence,
    Agreed::SilenceThatLifts,
    Agreed::PinOpen,
    Agreed::PinOpenAll,
    Agreed::PinFrozen,
    Agreed::PinPart,
];

/// An agreement about that invoice, for so many days.
pub fn agree(world: &mut World, agreed: Agreed, (i, days): (u8, u8), number: usize) {
    use ArrangementKind as K;
    let day = |after: i32| world.zone.day(world.now).plus(i32::from(days) + after);
    let accepted_by = Some(Acceptance { name: "Anna".to_owned(), role: Role::Billing });
    let of = |kind| arrangement(kind, i, number);
    let reason = Some("as agreed".to_owned());
    let made = match agreed {
        Agreed::Plan => {
            let part = |after| Instalment { due_on: day(after), amount: money(AMOUNT / 2) };
            let instalments = Some(vec![part(1), part(15)]);
            ArrangementMade { instalments, accepted_by, ..of(K::Plan) }
        }
        Agreed::Dispute => ArrangementMade { reason, ..of(K::Dispute) },
        Agreed::DisputeHalf => {
            ArrangementMade { reason, amount: Some(money(AMOUNT / 2)), ..of(K::Dispute) }
        }
        // From today on, or from one of the next days.
        Agreed::Pause => ArrangementMade {
            from: Some(number as i32 % 4)
                .filter(|later| *later > 0)
                .map(|later| When::Day(world.zone.day(world.now).plus(later))),
            until: Some(When::Day(day(4))),
            stage: Some(Stage::Grace),
            accepted_by,
            ..of(K::Pause)
        },
        Agreed::PauseFrozen | Agreed::PauseImposed => ArrangementMade {
            until: Some(When::Day(day(3))),
            stage: Some(Stage::Frozen),
            accepted_by: accepted_by.filter(|_| agreed == Agreed::PauseFrozen),
            ..of(K::Pause)
        },
        Agreed::Exemption => {
            ArrangementMade { until: Some(When::Day(day(0))), reason, ..of(K::Exemption) }
        }
        Agreed::Silence | Agreed::SilenceThatLifts => ArrangementMade {
            invoices: None,
            cause: Some(SilenceCause::Insolvency),
            access: Some(if agreed == Agreed::Silence { Access::Keep } else { Access::Lift }),
            ..of(K::Silence)
        },
        Agreed::PinOpen | Agreed::PinOpenAll | Agreed::PinFrozen | Agreed::PinPart => {
            let (stage, after, all) = match agreed {
                Agreed::PinFrozen => (Stage::Frozen, 14, true),
                Agreed::PinPart => (Stage::ReadOnly, 9, false),
                Agreed::PinOpenAll => (Stage::Full, 0, true),
                _ => (Stage::Full, 0, false),
            };
            let until = Some(When::Day(day(after)));
            let pin = of(K::Pin);
            let invoices = pin.invoices.clone().filter(|_| !all);
            ArrangementMade { until, stage: Some(stage), reason, invoices, ..pin }
        }
    };
    world.fact(Fact::ArrangementMade(Box::new(made)));
}

/// Somebody ends the newest agreement.
pub fn end_newest(world: &mut World) {
    let mut made = world.journal.iter().rev().filter_map(|record| match record.as_fact()? {
        Fact::ArrangementMade(made) => Some((made.arrangement.clone(), made.kind)),
        _ => None,
    });
    let Some((arrangement, kind)) = made.next() else { return };
    let disputed = kind == ArrangementKind::Dispute;
    let how = if disputed { ArrangementEnd::Rejected } else { ArrangementEnd::Withdrawn };
    let ended = ArrangementEnded { arrangement, how, by: None, amount: None, reason: None };
    world.fact(Fact::ArrangementEnded(ended));
}

/// What was taken over with a history begins to climb.
pub fn release(world: &mut World, i: u8) {
    world.fact(Fact::ArrangementEnded(ArrangementEnded {
        arrangement: opening_of(&invoice(i)).arrangement,
        how: ArrangementEnd::Withdrawn,
        by: None,
        amount: None,
        reason: None,
    }));
}

fn opening_of(about: &InvoiceId) -> ArrangementMade {
    let name = format!("opening:{about}").parse().unwrap();
    ArrangementMade::new(name, ArrangementKind::Silence)
}

/// When an invoice was first taken over with a history.
fn taken_over(world: &World, about: &InvoiceId) -> Option<Instant> {
    let mut taken = world.records.iter().filter(|record| match record.as_fact() {
        Some(Fact::InvoiceIssued(terms)) => terms.invoice == *about && terms.opening == Some(true),
        _ => false,
    });
    taken.next().map(|record| record.time)
}

/// Whether at `t` it was taken over and not released.
pub fn is_silent(world: &World, about: &InvoiceId, t: Instant) -> bool {
    let made = opening_of(about);
    // What leaves in the same moment may have left before it.
    let taken = taken_over(world, about).map(|taken| taken.plus_millis(SECOND));
    taken.is_some_and(|taken| taken < t && !was_ended(world, &made, t))
}

fn was_ended(world: &World, made: &ArrangementMade, t: Instant) -> bool {
    world.journal.iter().any(|record| match record.as_fact() {
        Some(Fact::ArrangementEnded(ended)) => {
            ended.arrangement == made.arrangement && record.time <= t
        }
        _ => false,
    })
}

pub fn promise(world: &mut World, i: u8, days: u8, number: usize) {
    let until = world.zone.day(world.now).plus(days.into());
    let made = Fact::ArrangementMade(Box::new(ArrangementMade {
        until: Some(When::Day(until)),
        ..arrangement(ArrangementKind::Promise, i, number)
    }));
    if world.without == Some(Rule::Leg) {
        // The case stands still all the same, but its leg stays what it was.
        let key = ("test".parse().unwrap(), format!("held_{number}").parse().unwrap());
        world.journal.push(Record::fact(key, world.now, world.now, made));
        world.off = true;
        let end = world.zone.start_of(until.plus(2));
        world.run_until(end);
        world.off = false;
    } else {
        world.fact(made);
    }
}

pub fn extend(world: &mut World, i: u8, days: u8, number: usize) {
    let due = world.zone.day(world.now).plus(days.into());
    world.fact(Fact::ArrangementMade(Box::new(ArrangementMade {
        due_on: Some(due),
        ..arrangement(ArrangementKind::Extension, i, number)
    })));
}

fn arrangement(kind: ArrangementKind, i: u8, number: usize) -> ArrangementMade {
    ArrangementMade {
        invoices: Some(vec![invoice(i)]),
        ..ArrangementMade::new(format!("agreed_{number}").parse().unwrap(), kind)
    }
}

/// What was agreed about an invoice, and when; on the phone, too.
fn agreements(world: &World, about: &InvoiceId) -> Vec<(Instant, ArrangementMade)> {
    let agreed = world.journal.iter().filter_map(|record| match record.as_fact()? {
        Fact::ArrangementMade(made) => {
            // Without names it is about those that were there.
            let known = || issued(world, about).is_some_and(|issued| issued <= record.time);
            let named = made.invoices.as_ref().map_or_else(known, |named| named.contains(about));
            named.then(|| (record.time.max(begins(world, made)), (**made).clone()))
        }
        Fact::TaskDone(done) if done.outcome == TaskOutcome::Promised => {
            // Where an operator asks for a stage, nothing is owed that could be promised.
            let named = called_about(world, done.task).as_ref() == Some(about) && !is_order(about);
            let open =
                !world.watch.settled.iter().any(|(at, of)| of == about && *at <= record.time);
            let name = format!("promised:{}", done.task).parse().unwrap();
            let made = ArrangementMade::new(name, ArrangementKind::Promise);
            let made = ArrangementMade { until: done.until, amount: done.amount, ..made };
            (named && open).then_some((record.time, made))
        }
        _ => None,
    });
    let taken = taken_over(world, about).map(|taken| (taken, opening_of(about)));
    agreed.chain(taken).collect()
}

/// From when on it was agreed.
fn begins(world: &World, made: &ArrangementMade) -> Instant {
    match made.from {
        None => Instant::MIN,
        Some(When::Day(day)) => world.zone.start_of(day),
        Some(When::Instant(at)) => at,
    }
}

/// The invoice that a task was made for.
fn called_about(world: &World, task: TaskId) -> Option<InvoiceId> {
    let decisions = || world.records.iter().filter_map(Record::as_decision);
    let case = decisions().find_map(|decision| match decision {
        Decision::TaskMade(made) if made.task == task => Some(made.case),
        _ => None,
    })?;
    decisions().find_map(|decision| match decision {
        Decision::CaseOpened(opened) if opened.case == case => Some(opened.invoice.clone()),
        _ => None,
    })
}

/// When an invoice was issued first.
fn issued(world: &World, about: &InvoiceId) -> Option<Instant> {
    let issued = world.journal.iter().filter(|record| match record.as_fact() {
        Some(Fact::InvoiceIssued(terms)) => terms.invoice == *about,
        _ => false,
    });
    issued.map(|record| record.time).min()
}

/// When holds of all of an invoice began that were not there before.
pub fn holds_begun(world: &World, about: &InvoiceId) -> Vec<Instant> {
    let all = |made: &ArrangementMade| made.amount.is_none() && made.instalments.is_none();
    let held = agreements(world, about)
        .into_iter()
        .filter(|(_, made)| made.kind != ArrangementKind::Extension && all(made));
    held.map(|(begun, _)| begun).collect()
}

/// Whether an agreement stood at `t` under which nothing may be entered for the invoice.
pub fn stood_still(world: &World, about: &InvoiceId, t: Instant) -> bool {
    agreements(world, about).into_iter().any(|(begun, made)| {
        let until = made.until.map(|until| match until {
            When::Day(day) => world.zone.start_of(day.plus(1)),
            When::Instant(instant) => instant,
        });
        // A plan ends by itself with the second instalment that is missed, not before its day.
        let parts = made.instalments.iter().flatten().map(|part| part.due_on);
        let until = until.or(parts.min().map(|first| world.zone.start_of(first.plus(1))));
        let whole = match made.kind {
            ArrangementKind::Extension => false,
            ArrangementKind::Dispute => made.amount.is_none(),
            _ => true,
        };
        whole && begun < t && until.is_none_or(|until| t < until) && !was_ended(world, &made, t)
    })
}

/// Whether anything is closed, or in grace, that was not agreed, and no operator asked for.
pub fn is_closed_but_by_agreement(account: &Account) -> bool {
    let agreed = |it: &Closed<'_>| matches!(it.by, By::Pause(_)) || is_ordered(account, it);
    closed(account).iter().any(|it| !agreed(it))
}
