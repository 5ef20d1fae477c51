//! All tenants, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::history::{History, Place, Reader};
use super::progress::Progress;
use crate::cli::remote::Failure;
use crate::domain::backtest::{Assumed, Line, Outcome, backtest, mailboxes, read};
use crate::domain::id::TenantId;
use crate::domain::merged::{counted, together};
use crate::domain::policy::Law;
use crate::domain::record::{Fact, Record, insert};
use crate::domain::stage::Stage;
use crate::domain::time::Instant;

/// Stages beside full, the mildest first.
pub(super) const STAGES: [Stage; 3] = [Stage::Grace, Stage::ReadOnly, Stage::Frozen];

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task<'a> {
    pub(super) history: &'a History,
    /// The policies, and those that are compared with them.
    pub(super) laws: [Option<&'a Law>; 2],
    pub(super) until: Instant,
    pub(super) assumed: &'a Assumed,
    pub(super) assume_mailboxes: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Tenants that would not always have had full access, under one law or the other.
    pub(super) touched: Vec<(TenantId, [Outcome; 2])>,
    pub(super) sums: [Sum; 2],
    /// Lines that were not read, and why.
    pub(super) refused: Vec<(String, String)>,
    /// Events that were ambergate's own.
    pub(super) own: u64,
    /// Tenants to whom nobody could write.
    pub(super) unreachable: u64,
    /// Tenants whose run did not end.
    pub(super) endless: Vec<String>,
}

/// Everything together, under one law.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// How many tenants reached each of [`STAGES`] at the strictest.
    pub(super) tenants: [u64; 3],
    /// How many milliseconds were spent in each of them.
    pub(super) millis: [i64; 3],
    pub(super) warnings: u64,
    pub(super) tasks: u64,
}

impl Sum {
    fn add(&mut self, outcome: &Outcome, until: Instant) {
        for (place, stage) in STAGES.into_iter().enumerate() {
            self.tenants[place] += u64::from(outcome.strictest() == stage);
            let millis = outcome.millis_in(stage, until);
            self.millis[place] = self.millis[place].saturating_add(millis);
        }
        self.warnings += outcome.warnings;
        self.tasks += outcome.tasks;
    }
}

/// What came of one tenant.
struct One {
    place: usize,
    outcomes: [Outcome; 2],
    refused: Vec<(String, String)>,
    own: u64,
    unreachable: bool,
    endless: Option<String>,
}

impl One {
    /// Of the tenant that stands there, of which nothing was looked at yet.
    fn at(place: usize) -> Self {
        Self {
            place,
            outcomes: [Outcome::default(), Outcome::default()],
            refused: Vec::new(),
            own: 0,
            unreachable: false,
            endless: None,
        }
    }
}

/// Every tenant of the history.
pub(super) fn all(task: &Task<'_>) -> Result<Done, Failure> {
    let count = task.history.tenants.len();
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(count.max(1));
    let next = AtomicUsize::new(0);
    let progress = Progress::new(count);
    let mut done = Done { refused: task.history.refused.clone(), ..Done::default() };
    let read = std::thread::scope(|scope| {
        // Bounded: what is done waits here until it is summed up.
        let (send, ready) = mpsc::sync_channel(1_000);
        for _ in 0..workers {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || work(task, next, &send));
        }
        drop(send);
        let mut finished = 0;
        for one in ready {
            let one: One = one?;
            finished += 1;
            if finished % 64 == 0 {
                progress.at(finished);
            }
            add(&mut done, task, one);
        }
        Ok(())
    });
    progress.end();
    let refused = |error: std::io::Error| Failure::Refused(format!("the history: {error}"));
    read.map_err(refused)?;
    done.touched.sort_by(|(one, _), (two, _)| one.cmp(two));
    done.refused.sort();
    done.endless.sort();
    Ok(done)
}

fn add(done: &mut Done, task: &Task<'_>, one: One) {
    for (sum, outcome) in done.sums.iter_mut().zip(&one.outcomes) {
        sum.add(outcome, task.until);
    }
    done.refused.extend(one.refused);
    done.own += one.own;
    done.unreachable += u64::from(one.unreachable);
    done.endless.extend(one.endless);
    if one.outcomes.iter().any(|outcome| !outcome.stretches.is_empty()) {
        let tenant = task.history.tenants[one.place].0.clone();
        done.touched.push((tenant, one.outcomes));
    }
}

/// One worker: tenant after tenant, until there is none left or nobody listens.
fn work(task: &Task<'_>, next: &AtomicUsize, send: &mpsc::SyncSender<std::io::Result<One>>) {
    let mut reader = match Reader::open(task.history) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = send.send(Err(error));
            return;
        }
    };
    loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        if place >= task.history.tenants.len() || send.send(one(task, place, &mut reader)).is_err()
        {
            return;
        }
    }
}

fn one(task: &Task<'_>, place: usize, reader: &mut Reader) -> std::io::Result<One> {
    let (tenant, lines) = &task.history.tenants[place];
    let mut one = One::at(place);
    let mut records = records(task, lines, reader, &mut one)?;
    let others = counted_of_others(task, &[tenant], reader)?;
    let reached = records.iter().chain(&others).any(is_reached);
    if !others.is_empty() {
        records = together(&records, &others);
    }
    if !reached && task.assume_mailboxes {
        let first = records.iter().map(|record| record.learnt).min();
        records.extend(first.and_then(|first| mailboxes(tenant, first)));
    }
    one.unreachable = !reached && !task.assume_mailboxes && !records.is_empty();
    for (law, outcome) in task.laws.iter().zip(&mut one.outcomes) {
        let Some(law) = law else { continue };
        match backtest(law, tenant, &records, task.until, task.assumed) {
            Ok(found) => *outcome = found,
            Err(endless) => one.endless = Some(format!("{tenant}: {endless}")),
        }
    }
    Ok(one)
}

/// The facts that stand on these lines.
fn records(
    task: &Task<'_>,
    lines: &[Place],
    reader: &mut Reader,
    one: &mut One,
) -> std::io::Result<Vec<Record>> {
    let mut records = Vec::with_capacity(lines.len());
    let mut bytes = Vec::new();
    for line in lines {
        reader.line(*line, &mut bytes)?;
        let event = serde_json::from_slice(&bytes).unwrap_or_default();
        match read(&event) {
            Ok(Line::Fact(record)) => records.push(*record),
            Ok(Line::Own) => one.own += 1,
            Err(faults) => {
                let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
                one.refused.push((task.history.shown(*line), faults.join("; ")));
            }
        }
    }
    Ok(records)
}

/// What counts for the last one of a chain of tenants, of those that were merged into it.
fn counted_of_others(
    task: &Task<'_>,
    chain: &[&TenantId],
    reader: &mut Reader,
) -> std::io::Result<Vec<Record>> {
    let mut all = Vec::new();
    let Some(into) = chain.last() else { return Ok(all) };
    let joined = task.history.merged.get(*into).into_iter().flatten();
    for of in joined.filter(|of| !chain.contains(of)) {
        // What is wrong with its lines is said where it is looked at itself.
        let mut said = One::at(0);
        let told = records(task, task.history.lines(of), reader, &mut said)?;
        let mut own = Vec::with_capacity(told.len());
        told.into_iter().for_each(|record| _ = insert(&mut own, record));
        if counted(of, &own, into).is_empty() {
            continue;
        }
        let further: Vec<&TenantId> = chain.iter().copied().chain([of]).collect();
        let others = counted_of_others(task, &further, reader)?;
        all.extend(counted(of, &together(&own, &others), into));
    }
    Ok(all)
}

/// Whether it names a mailbox.
fn is_reached(record: &Record) -> bool {
    match record.said() {
        Some(Fact::TenantUpdated(update)) => {
            let mut contacts = update.contacts.iter().flatten();
            contacts.any(|contact| contact.email.is_some())
        }
        _ => false,
    }
}
