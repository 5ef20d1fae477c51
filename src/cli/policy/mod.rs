//! `ambergate policy`: what a policy says, what it would do, and what it would have done.
//!
//! Rule: all but `migrate` ask no server: they read the rules of a configuration, and nothing else
//! of it.

mod backtest;
mod draw;
mod explain;
mod migrate;
mod simulate;

pub(super) use simulate::money;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output;
use super::remote::Failure;
use super::wait;
use crate::config::{Environment, Request, load_law, policies, render};
use crate::domain::policy::Law;

/// `ambergate policy`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What it says, in whole sentences: what a customer can read, and sign.
    Explain(explain::Explain),
    /// What it would have done to a history: who, when, for how long.
    Backtest(Box<backtest::Backtest>),
    /// Running cases go on under the version in force now: by a server, for all or one tenant.
    Migrate(Box<migrate::Migrate>),
    /// A dated table and a drawn ladder of what becomes of one invoice.
    Simulate(Box<simulate::Simulate>),
}

impl Command {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Explain(explain) => explain.run(),
            Self::Backtest(backtest) => backtest.run(),
            Self::Migrate(migrate) => wait(migrate.run()),
            Self::Simulate(simulate) => simulate.run(),
        }
    }
}

/// Whose rules.
#[derive(Debug, Args)]
pub(super) struct Rules {
    /// The configuration; else AMBERGATE_CONFIG, else ambergate.toml here, else what is shipped.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl Rules {
    /// The rules, with that policy among them.
    pub(super) fn with(self, name: &str) -> Result<Law, Failure> {
        let law = self.load(Some(name))?;
        if law.policies.keys().any(|known| known.as_str() == name) {
            return Ok(law);
        }
        if let Some(ready) = policies::ready(name) {
            return Ok(ready);
        }
        let mut known: Vec<_> = law.policies.keys().map(|name| name.as_str()).collect();
        known.extend(policies::READY.iter().map(|(name, _)| *name));
        let known = known.join(", ");
        Err(Failure::Refused(format!("there is no policy {name:?}; there are: {known}")))
    }

    /// The rules; `asked`: the policy that is meant, if it was named.
    pub(super) fn load(self, asked: Option<&str>) -> Result<Law, Failure> {
        let environment = Environment::of_process();
        let colors = output::colors(&environment);
        let request = Request { file: self.config, environment, ..Request::default() };
        load_law(&request, asked).map_err(|faults| {
            output::report(&render(&faults, colors));
            Failure::Refused("the policies cannot be used".to_owned())
        })
    }
}
