//! The planner against the slow one: the same invoice, the same promises, payments, receipts and
//! sleep must give the same lines at the same minutes.

use ambergate::domain::decision::Decision;
use ambergate::domain::fact::{InvoiceNamed, ReceiptKind};
use ambergate::domain::record::Fact;
use ambergate::domain::time::{DAY, Day, HOUR, Instant, MINUTE};
use proptest::prelude::*;

use crate::history::{Happening, beginning, happen};
use crate::laws::{histories, runner};
use crate::mail::Mail;
use crate::slow::walk;
use crate::world::World;

/// How many invoices each run walks along, for one in so many histories of the laws.
const ONE_IN: u32 = 50;

/// What happens to the one invoice, besides time.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it became known.
    pub known: Instant,
    /// The date printed on it.
    pub due_on: Day,
    /// Promises: when each is made, and its last day.
    pub promises: Vec<(Instant, Day)>,
    /// When it is paid.
    pub paid: Option<Instant>,
    /// From when to when nothing is planned.
    pub off: Vec<(Instant, Instant)>,
    /// For each warning, in their order: when each mailbox took it.
    pub proofs: Vec<Vec<(String, Instant)>>,
}

/// How long an invoice is walked along, in days.
const DAYS: i64 = 130;

/// One invoice's story, in minutes from its beginning.
#[derive(Clone, Debug)]
struct Story {
    known: i64,
    due: i8,
    promises: Vec<(i64, u8)>,
    paid: Option<i64>,
    off: Option<(i64, i64)>,
    mail_late: Option<i64>,
}

fn stories() -> impl Strategy<Value = Story> {
    let minute = |days: i64| 0..days * 24 * 60;
    let promises = proptest::collection::vec((minute(70), 0_u8..15), 0..3);
    let paid = proptest::option::weighted(0.4, minute(110));
    let off = proptest::option::weighted(0.3, (minute(80), minute(25)));
    let late = proptest::option::weighted(0.4, 1_i64..6 * 24);
    (minute(7), -20_i8..30, promises, paid, off, late).prop_map(
        |(known, due, mut promises, paid, off, mail_late)| {
            promises.sort_unstable();
            Story { known, due, promises, paid, off, mail_late }
        },
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Promise(u8),
    Pay,
    Sleep,
    Wake,
}

/// The law lives the story; what the slow one has to know of it.
fn live(story: &Story) -> (World, Told, Instant) {
    let mut world = beginning();
    world.mail = story.mail_late.map_or(Mail::AtOnce, |hours| Mail::Late(hours * HOUR));
    let start = world.now.plus_millis(story.known * MINUTE);
    let end = start.plus_millis(DAYS * DAY);
    world.run_until(start);
    let due_on = world.zone.day(world.now).plus(i32::from(story.due));
    happen(&mut world, Happening::Issue(0, story.due), 0);
    let mut told = Told {
        known: start,
        due_on,
        promises: Vec::new(),
        paid: None,
        off: Vec::new(),
        proofs: Vec::new(),
    };
    let mut turns: Vec<(i64, Turn)> =
        story.promises.iter().map(|(at, days)| (*at + 1, Turn::Promise(*days))).collect();
    turns.extend(story.paid.map(|at| (at + 1, Turn::Pay)));
    turns.extend(
        story
            .off
            .iter()
            .flat_map(|(at, long)| [(at + 1, Turn::Sleep), (at + 1 + long, Turn::Wake)]),
    );
    turns.sort_unstable();
    for (number, (minutes, turn)) in turns.into_iter().enumerate() {
        let at = start.plus_millis(minutes * MINUTE);
        world.run_until(at);
        match turn {
            Turn::Promise(days) => {
                let until = world.zone.day(at).plus(i32::from(days));
                happen(&mut world, Happening::Promise(0, days), number);
                told.promises.push((at, until));
            }
            Turn::Pay => {
                let invoice = crate::history::invoice(0);
                world.fact(Fact::InvoicePaid(InvoiceNamed { invoice }));
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
        }
    }
    world.run_until(end);
    told.proofs = proofs(&world);
    (world, told, end)
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
