//! `ambergate policy backtest`: a history through a policy, or through two.
//!
//! Rules:
//! 1. A tenant's history is read, judged and forgotten: what is kept is where its lines stand and
//!    what came of it.
//! 2. Every core works; one tenant is one piece of work.
//! 3. What cannot be read is named by file, line and reason, and the rest goes on.

mod history;
mod progress;
mod report;
mod work;

use std::path::PathBuf;

use clap::Args;

use super::Rules;
use crate::cli::output;
use crate::cli::remote::Failure;
use crate::domain::backtest::Assumed;
use crate::domain::course::Mail;
use crate::domain::hands::Hand;
use crate::domain::span::Span;
use crate::domain::time::{DAY, Day, Instant, Zone};
use history::History;
use report::Report;
use work::Task;

/// How much time is looked at, at most: what lies farther apart is a mistake in a date.
const YEARS_MAX: i64 = 30;

/// `ambergate policy backtest`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Backtest {
    /// The history: files with one CloudEvent a line, as `event import` reads them.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    events: Vec<PathBuf>,
    /// A configuration with the policies [default: AMBERGATE_CONFIG, ambergate.toml, what is
    /// shipped].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Another one: what it would have changed.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Until when is looked [default: the newest event].
    #[arg(long, value_name = "DATE")]
    until: Option<Day>,
    /// Each mail arrives so late, such as "1 day".
    #[arg(long, value_name = "SPAN", value_parser = late)]
    late_mail: Option<i64>,
    /// What comes of each task of a kind, as for `policy simulate` [default: nobody does any].
    #[arg(long, value_name = "TASK=OUTCOME[/SPAN]")]
    done: Vec<Hand>,
    /// Give every tenant a mailbox for `billing` and one for `admin`, where the history has none.
    #[arg(long)]
    assume_mailboxes: bool,
    /// Print every tenant, not only the first ones.
    #[arg(long)]
    all: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Backtest {
    pub(super) fn run(self) -> Result<(), Failure> {
        let law = Rules { config: self.policy }.load(None)?;
        let against = match self.against {
            Some(file) => Some(Rules { config: Some(file) }.load(None)?),
            None => None,
        };
        let history = History::read(&self.events)?;
        let Some(newest) = history.newest else {
            return Err(Failure::Refused(
                "there is no event with a time in the history".to_owned(),
            ));
        };
        let until = self.until.map_or(newest, end_of);
        let oldest = history.oldest.unwrap_or(newest);
        if until.millis() - oldest.millis() > YEARS_MAX * 366 * DAY {
            return Err(Failure::Refused(format!(
                "from the oldest event ({oldest}) to the end ({until}) are more than {YEARS_MAX} \
                 years: mend the dates of the history, or give a nearer --until"
            )));
        }
        let mail = self.late_mail.map_or(Mail::AtOnce, Mail::Late);
        let assumed = Assumed { mail, done: self.done };
        let task = Task {
            history: &history,
            laws: [Some(&law), against.as_ref()],
            until,
            assumed: &assumed,
            assume_mailboxes: self.assume_mailboxes,
        };
        let done = work::all(&task)?;
        for (place, detail) in &done.refused {
            output::note(&format!("{place}: {detail}"));
        }
        if done.unreachable > 0 {
            output::note(&format!(
                "{} of {} tenants have no mailbox in this history: no warning would have reached \
                 them, so none of them is restricted (see --assume-mailboxes)",
                done.unreachable,
                history.tenants.len()
            ));
        }
        let report = Report { done: &done, history: &history, until, compared: against.is_some() };
        if self.json {
            output::json(&report.to_json());
        } else {
            report.print(self.all);
        }
        match done.refused.len() {
            0 => Ok(()),
            1 => Err(Failure::Refused("one line was not read".to_owned())),
            count => Err(Failure::Refused(format!("{count} lines were not read"))),
        }
    }
}

fn end_of(day: Day) -> Instant {
    Zone::utc().start_of(day.plus(1))
}

fn late(text: &str) -> Result<i64, String> {
    let span: Span = text.parse()?;
    span.nominal_millis().ok_or_else(|| "give minutes, hours, days or weeks".to_owned())
}
