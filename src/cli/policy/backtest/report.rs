//! What a backtest found, for people and for programs.

use serde_json::{Value, json};

use super::history::History;
use super::work::{Done, STAGES, Sum};
use crate::cli::output;
use crate::cli::table::{self, cell};
use crate::domain::backtest::{Outcome, days};
use crate::domain::stage::Stage;
use crate::domain::time::{Instant, Zone};

/// How many tenants are printed where not all are asked for.
const PRINTED_MAX: usize = 40;

/// What is to be told.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) done: &'a Done,
    pub(super) history: &'a History,
    pub(super) until: Instant,
    /// Whether there are two laws.
    pub(super) compared: bool,
}

impl Report<'_> {
    pub(super) fn to_json(&self) -> Value {
        let Done { touched, sums, refused, own, unreachable, endless } = self.done;
        let refused = refused.iter().map(|(at, detail)| json!({"at": at, "detail": detail}));
        let mut all = json!({
            "tenants": self.history.tenants.len(),
            "events": self.history.events,
            "from": self.history.oldest,
            "until": self.until,
            "own": own,
            "unreachable": unreachable,
            "endless": endless,
            "refused": refused.collect::<Vec<_>>(),
            "policy": sum(&sums[0]),
            "restricted": restricted(touched, 0),
        });
        if self.compared {
            all["against"] = json!({"policy": sum(&sums[1]), "restricted": restricted(touched, 1)});
            let differ = touched.iter().filter(|(_, [one, two])| one.stretches != two.stretches);
            let differ = differ.map(|(tenant, [one, two])| {
                json!({"tenant": tenant, "policy": one.stretches, "against": two.stretches})
            });
            all["differences"] = differ.collect();
        }
        all
    }

    pub(super) fn print(&self, all: bool) {
        let (tenants, events) = (self.history.tenants.len(), self.history.events);
        let date = |at: Instant| Zone::utc().day(at).to_string();
        let from = self.history.oldest.map_or_else(String::new, date);
        output::line(&format!(
            "{}, {}, {from} to {}",
            counted(tenants, "tenant"),
            counted(events, "event"),
            date(self.until.plus_millis(-1))
        ));
        output::line("");
        self.print_sums();
        output::line("");
        if self.compared {
            self.print_differences(all)
        } else {
            self.print_restricted(all)
        }
        for endless in &self.done.endless {
            output::note(endless);
        }
    }

    fn print_sums(&self) {
        let sums = &self.done.sums;
        let columns = if self.compared { 2 } else { 1 };
        let row = |name: String, of: &dyn Fn(&Sum) -> String| {
            let mut row = vec![name];
            row.extend(sums[..columns].iter().map(of));
            row
        };
        let mut rows = Vec::new();
        for (place, stage) in STAGES.into_iter().enumerate() {
            let name = stage_name(stage);
            rows.push(row(format!("tenants, {name} at the strictest"), &|sum| {
                sum.tenants[place].to_string()
            }));
            rows.push(row(format!("days in {name}"), &|sum| days(sum.millis[place])));
        }
        rows.push(row("warnings".to_owned(), &|sum| sum.warnings.to_string()));
        rows.push(row("tasks".to_owned(), &|sum| sum.tasks.to_string()));
        table::print(&["", "policy", "against"][..=columns], rows, "");
    }

    /// Who would have been restricted, when, and for how long.
    fn print_restricted(&self, all: bool) {
        let mut rows = Vec::new();
        for (tenant, [outcome, _]) in &self.done.touched {
            for stretch in outcome.stretches.iter().filter(|stretch| stretch.stage.restricts()) {
                rows.push(vec![
                    cell(&json!(tenant)),
                    stage_name(stretch.stage),
                    stretch.from.to_string(),
                    stretch.until.map_or_else(|| "-".to_owned(), |until| until.to_string()),
                    days(stretch.millis(self.until)),
                ]);
            }
        }
        print(&["tenant", "stage", "from", "until", "days"], rows, all);
    }

    /// Whom the other policies would have treated otherwise.
    fn print_differences(&self, all: bool) {
        let mut rows = Vec::new();
        for (tenant, [one, two]) in &self.done.touched {
            if one.stretches == two.stretches {
                continue;
            }
            let strictest = |outcome: &Outcome| stage_name(outcome.strictest());
            let in_days = |outcome: &Outcome| {
                let restricted = STAGES.into_iter().filter(|stage| stage.restricts());
                days(restricted.map(|stage| outcome.millis_in(stage, self.until)).sum())
            };
            rows.push(vec![
                cell(&json!(tenant)),
                format!("{} -> {}", strictest(one), strictest(two)),
                format!("{} -> {}", in_days(one), in_days(two)),
            ]);
        }
        print(&["tenant", "strictest", "days restricted"], rows, all);
    }
}

fn print(headings: &[&str], mut rows: Vec<Vec<String>>, all: bool) {
    let more = if all { 0 } else { rows.len().saturating_sub(PRINTED_MAX) };
    rows.truncate(rows.len() - more);
    table::print(headings, rows, "nobody would have been restricted");
    if more > 0 {
        output::note(&format!("{more} more lines: --all prints them"));
    }
}

/// `1 tenant`, `2 tenants`.
fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn sum(sum: &Sum) -> Value {
    let mut shown = json!({"warnings": sum.warnings, "tasks": sum.tasks});
    for (place, stage) in STAGES.into_iter().enumerate() {
        let days = days(sum.millis[place]).parse::<f64>().unwrap_or_default();
        shown[stage.word()] = json!({"tenants": sum.tenants[place], "days": days});
    }
    shown
}

fn restricted(touched: &[(crate::domain::id::TenantId, [Outcome; 2])], which: usize) -> Value {
    let touched = touched.iter().filter(|(_, outcomes)| outcomes[which].strictest().restricts());
    let shown = touched.map(
        |(tenant, outcomes)| json!({"tenant": tenant, "stretches": outcomes[which].stretches}),
    );
    shown.collect()
}

/// A stage as people read it.
fn stage_name(stage: Stage) -> String {
    stage.word().replace('_', "-")
}
