//! The planner against the slow one: the same invoice, the same promises, payments, receipts and
//! sleep must give the same lines at the same minutes.

use ambergate::domain::decision::Decision;
use ambergate::domain::fact::{
    ArrangementEnd, ArrangementEnded, ArrangementKind, ArrangementMade, InvoiceNamed, ReceiptKind,
    When,
};
use ambergate::domain::record::Fact;
use ambergate::domain::stage::Stage;
use ambergate::domain::time::{DAY, Day, HOUR, Instant, MINUTE};
use proptest::prelude::*;

use crate::history::{Happening, beginning_under, happen};
use crate::laws::{histories, runner};
use crate::mail::Mail;
use crate::slow::walk;
use crate::terms::with_terms;
use crate::world::{STANDARD, World};

/// How many invoices each run walks along, for one in so many histories of the laws.
const ONE_IN: u32 = 50;

/// What happens to the one invoice, besides time.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it became known.
    pub known: Instant,
    /// Whether it was taken over with a history.
    pub taken: bool,
    /// Where it is no invoice, but what an operator asks for: up to which of the stages.
    pub ordered: Option<usize>,
    /// Each climb: when it begins, and the date that it counts from.
    pub begins: Vec<(Instant, Day)>,
    /// Promises: when each is made, and its last day.
    pub promises: Vec<(Instant, Day)>,
    /// When it is paid.
    pub paid: Option<Instant>,
    /// From when to when nothing is planned.
    pub off: Vec<(Instant, Instant)>,
    /// From when to when no notice is made.
    pub quiet: Option<(Instant, Instant)>,
    /// For each warning, in their order: when each mailbox took it.
    pub proofs: Vec<Vec<(String, Instant)>>,
}

/// How long an invoice is walked along, in days.
const DAYS: i64 = 130;

/// What climbs.
#[derive(Clone, Copy, Debug)]
enum Climber {
    Invoice,
    /// A trial that ends: converting it is its payment.
    Trial,
    /// An invoice taken over with a history so many weeks after it was due, and released after so
    /// many minutes.
    Taken(u8, i64),
    /// A pin to read-only, or to frozen: ending it is its payment.
    Pin(Stage),
}

impl Climber {
    /// Up to which of the stages it is ordered.
    const fn ordered(self) -> Option<usize> {
        match self {
            Self::Pin(Stage::Frozen) => Some(3),
            Self::Pin(_) => Some(2),
            _ => None,
        }
    }
}

/// One invoice's story, in minutes from its beginning.
#[derive(Clone, Debug)]
struct Story {
    climber: Climber,
    known: i64,
    due: i8,
    promises: Vec<(i64, u8)>,
    paid: Option<i64>,
    off: Option<(i64, i64)>,
    /// When no notices are made, and how long.
    quiet: Option<(i64, i64)>,
    /// When another due date is agreed, and how many days later than the first one it is.
    extended: Option<(i64, u8)>,
    mail_late: Option<i64>,
}

fn stories() -> impl Strategy<Value = Story> {
    let minute = |days: i64| 0..days * 24 * 60;
    let promises = proptest::collection::vec((minute(70), 0_u8..15), 0..3);
    let paid = proptest::option::weighted(0.4, minute(110));
    let off = proptest::option::weighted(0.3, (minute(80), minute(25)));
    let late = proptest::option::weighted(0.4, 1_i64..6 * 24);
    let quiet = proptest::option::weighted(0.3, (minute(80), minute(15)));
    let extended = proptest::option::weighted(0.3, (minute(60), 1_u8..60));
    let climber = prop_oneof![
        3 => Just(Climber::Invoice),
        1 => Just(Climber::Trial),
        1 => (1_u8..60, minute(30)).prop_map(|(weeks, at)| Climber::Taken(weeks, at)),
        1 => prop_oneof![Just(Stage::ReadOnly), Just(Stage::Frozen)].prop_map(Climber::Pin),
    ];
    let around = (off, quiet, late);
    (climber, minute(7), -20_i8..30, promises, paid, extended, around).prop_map(
        |(climber, mut known, due, mut promises, paid, mut extended, (off, quiet, mail_late))| {
            promises.sort_unstable();
            match climber {
                Climber::Invoice => {}
                Climber::Trial => extended = None,
                Climber::Pin(_) => {
                    extended = None;
                    promises.clear();
                    // The slow one walks from minute to minute: the moment after a full quarter,
                    // from which the next one is named, is none of its own.
                    known += i64::from(known % 15 == 0);
                }
                Climber::Taken(_, released) => {
                    extended = None;
                    promises.retain(|(at, _)| *at > released);
                }
            }
            Story { climber, known, due, promises, paid, off, quiet, extended, mail_late }
        },
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Promise(u8),
    Extend(u8),
    Release,
    Pay,
    Sleep,
    Wake,
    Quiet,
    Loud,
}

impl Story {
    /// What happens after the beginning, in order.
    fn turns(&self) -> Vec<(i64, Turn)> {
        let stretch = |stretch: Option<(i64, i64)>, from: Turn, to: Turn| {
            stretch.map(|(at, long)| [(at, from), (at + long, to)]).into_iter().flatten()
        };
        let promises = self.promises.iter().map(|(at, days)| (*at, Turn::Promise(*days)));
        let mut turns: Vec<(i64, Turn)> = promises.collect();
        turns.extend(self.paid.map(|at| (at, Turn::Pay)));
        turns.extend(self.extended.map(|(at, days)| (at, Turn::Extend(days))));
        turns.extend(stretch(self.off, Turn::Sleep, Turn::Wake));
        turns.extend(stretch(self.quiet, Turn::Quiet, Turn::Loud));
        if let Climber::Taken(_, released) = self.climber {
            turns.push((released, Turn::Release));
        }
        turns.iter_mut().for_each(|(at, _)| *at += 1);
        turns.sort_unstable();
        turns
    }

    /// The beginning: what climbs becomes known. The date that it counts from.
    fn begin(&self, world: &mut World) -> Day {
        let today = world.zone.day(world.now);
        let due_on = today.plus(i32::from(self.due));
        match self.climber {
            Climber::Invoice => happen(world, Happening::Issue(0, self.due), 0),
            Climber::Trial => happen(world, Happening::Term(0, ACTIVE, self.due), 0),
            Climber::Pin(stage) => pin(world, stage),
            Climber::Taken(weeks, _) => {
                happen(world, Happening::TakeOver(0, weeks), 0);
                return today.plus(-7 * i32::from(weeks));
            }
        }
        due_on
    }
}

/// States of a term, as histories number them.
const CONVERTED: u8 = 1;
const ACTIVE: u8 = 4;

/// The law lives the story; what the slow one has to know of it.
fn live(story: &Story) -> (World, Told, Instant) {
    let mut world = beginning_under(&with_terms(STANDARD));
    world.mail = story.mail_late.map_or(Mail::AtOnce, |hours| Mail::Late(hours * HOUR));
    let start = world.now.plus_millis(story.known * MINUTE);
    let end = start.plus_millis(DAYS * DAY);
    world.run_until(start);
    let due_on = story.begin(&mut world);
    let taken = matches!(story.climber, Climber::Taken(..));
    let mut told = Told {
        known: start,
        taken,
        ordered: story.climber.ordered(),
        begins: if taken { Vec::new() } else { vec![(start, due_on)] },
        promises: Vec::new(),
        paid: None,
        off: Vec::new(),
        quiet: None,
        proofs: Vec::new(),
    };
    for (number, (minutes, turn)) in story.turns().into_iter().enumerate() {
        let at = start.plus_millis(minutes * MINUTE);
        world.run_until(at);
        match turn {
            Turn::Promise(days) => {
                let until = world.zone.day(at).plus(i32::from(days));
                promise(&mut world, story.climber, until, number);
                told.promises.push((at, until));
            }
            Turn::Extend(days) => {
                let to = due_on.plus(i32::from(days));
                let from_now = to.since(world.zone.day(at));
                if let Ok(days) = u8::try_from(from_now) {
                    happen(&mut world, Happening::Extend(0, days), number);
                    told.begins.push((at, to));
                }
            }
            Turn::Release => {
                happen(&mut world, Happening::Release(0), number);
                told.begins.push((at, due_on));
            }
            Turn::Pay => {
                settle(&mut world, story.climber, number);
                told.paid = Some(at);
            }
            Turn::Sleep => {
                world.off = true;
                told.off.push((at, Instant::MAX));
            }
            Turn::Wake => {
                world.off = false;
                told.off.iter_mut().for_each(|(_, to)| *to = at);
            }
            Turn::Quiet => {
                world.situation.notices_held = true;
                told.quiet = Some((at, Instant::MAX));
            }
            Turn::Loud => {
                world.situation.notices_held = false;
                told.quiet = told.quiet.map(|(from, _)| (from, at));
            }
        }
        world.tick();
    }
    world.run_until(end);
    told.proofs = proofs(&world);
    (world, told, end)
}

/// What climbs is paid, converted, or asked for no longer.
fn settle(world: &mut World, climber: Climber, number: usize) {
    match climber {
        Climber::Trial => happen(world, Happening::Term(0, CONVERTED, 0), number),
        Climber::Pin(_) => world.fact(Fact::ArrangementEnded(ArrangementEnded {
            arrangement: PIN.parse().unwrap(),
            how: ArrangementEnd::Withdrawn,
            by: None,
            amount: None,
            reason: None,
        })),
        Climber::Invoice | Climber::Taken(..) => {
            let invoice = crate::history::invoice(0);
            world.fact(Fact::InvoicePaid(InvoiceNamed { invoice }));
        }
    }
}

/// What the pin is called.
const PIN: &str = "pin";

/// Somebody of the operator's asks for a stage.
fn pin(world: &mut World, stage: Stage) {
    let made = ArrangementMade::new(PIN.parse().unwrap(), ArrangementKind::Pin);
    let made = ArrangementMade { stage: Some(stage), ..made };
    world.fact(Fact::ArrangementMade(Box::new(made)));
}

/// What climbs is promised to be settled.
fn promise(world: &mut World, climber: Climber, until: Day, number: usize) {
    let about = match climber {
        Climber::Trial => "term:trial".parse().unwrap(),
        _ => crate::history::invoice(0),
    };
    let id = format!("promise_{number}").parse().unwrap();
    world.fact(Fact::ArrangementMade(Box::new(ArrangementMade {
        invoices: Some(vec![about]),
        until: Some(When::Day(until)),
        ..ArrangementMade::new(id, ArrangementKind::Promise)
    })));
}

/// When which mailbox took each warning.
fn proofs(world: &World) -> Vec<Vec<(String, Instant)>> {
    let decisions = || world.records.iter().filter_map(|record| record.as_decision());
    let warnings = decisions().filter_map(|decision| match decision {
        Decision::NoticeMade(made) if made.names.is_some() => Some(made.notice),
        _ => None,
    });
    let taken = |notice| {
        let messages: Vec<_> = decisions()
            .filter_map(|decision| match decision {
                Decision::MessageMade(made) if made.notices.contains(&notice) => Some(made.message),
                _ => None,
            })
            .collect();
        let receipts = world.records.iter().filter_map(|record| match record.as_fact()? {
            Fact::NoticeReceipt(said)
                if said.kind == ReceiptKind::Accepted && messages.contains(&said.message?) =>
            {
                Some((said.mailbox.clone()?, record.learnt))
            }
            _ => None,
        });
        receipts.collect()
    };
    warnings.map(taken).collect()
}

/// What both have to say.
fn is_compared(line: &str) -> bool {
    let whole = ["notice thanks", "task formal_claim", "void warning"];
    let begins = ["notice ", "enter ", "lift ", "warn "];
    line != whole[0] && (whole.contains(&line) || begins.iter().any(|it| line.starts_with(it)))
}

fn lines(world: &World, lines: &[(Instant, String)]) -> Vec<String> {
    let minute = |at: &Instant| Instant::from_millis(at.millis().div_euclid(MINUTE) * MINUTE);
    let mut lines: Vec<(Instant, &str)> = lines
        .iter()
        .filter(|(_, line)| is_compared(line))
        .map(|(at, line)| (minute(at), line.as_str()))
        .collect();
    lines.sort_unstable();
    lines.iter().map(|(at, line)| format!("{}  {line}", world.local(*at))).collect()
}

#[test]
fn the_planner_says_what_the_slow_one_says() {
    let result = runner(histories() / ONE_IN).run(&stories(), |story| {
        let (world, told, end) = live(&story);
        let slow = walk(&world.zone, &told, end);
        let (planner, slow) = (lines(&world, &world.log), lines(&world, &slow));
        prop_assert_eq!(planner, slow, "left the planner, right the slow one");
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
