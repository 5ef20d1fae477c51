//! The command line: one file for each noun.
//!
//! Rules:
//! 1. Data on standard output, everything else on standard error.
//! 2. Exit codes: 0 done, 1 refused or failed, 2 usage.
//! 3. What prints a table prints JSON with `--json`.
//! 4. Commands about tenants, events and the switch talk to the admin API of a running ambergate.

mod breaker;
mod event;
mod health;
mod output;
mod page;
mod parked;
mod policy;
mod program;
mod remote;
mod settings;
mod switch;
mod table;
mod tenant;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

pub use program::{DemoAsked, Program, print};
use remote::Failure;

/// Access gating for SaaS: full, grace banner, read-only, frozen, and never without a delivered
/// warning.
#[derive(Debug, Parser)]
#[command(name = "ambergate", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See it work: an app, a mailbox, a clock that can be moved, tenants in every stage.
    Demo(program::Demo),
    /// Run gate and control plane, or one of them.
    Serve(program::Serve),
    /// Make the store anew from journals, with the server stopped.
    Rebuild(program::Rebuild),
    /// Check a configuration: everything that is wrong with it, at once.
    Check(settings::Check),
    /// The configuration in force.
    #[command(subcommand)]
    Config(settings::Command),
    /// Tenants: their standing, why, and what comes.
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Policies: what they say, what they would do, what they would have done.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Events: send them to a running ambergate, and see what is parked.
    #[command(subcommand)]
    Event(event::Command),
    /// Open everything for everybody, at once (the switch).
    Open(switch::Open),
    /// Close the switch: nobody is restricted at that moment.
    Close(switch::Close),
    /// The breaker: what stops by itself when too many would be warned or cut off.
    #[command(subcommand)]
    Breaker(breaker::Command),
    /// Whether a running ambergate is well: for containers and monitors.
    Healthcheck(health::Healthcheck),
    /// A script that completes commands, for your shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Reads the arguments, does what they ask, and says how it went.
#[must_use]
pub fn run(program: &impl Program) -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Demo(demo) => demo.run(program),
        Command::Serve(serve) => serve.run(program),
        Command::Rebuild(rebuild) => rebuild.run(program),
        Command::Check(check) => check.run(program),
        Command::Config(command) => command.run(),
        Command::Tenant(command) => wait(command.run()),
        Command::Policy(command) => command.run(),
        Command::Event(command) => wait(command.run()),
        Command::Open(open) => wait(open.run()),
        Command::Close(close) => wait(close.run()),
        Command::Breaker(command) => wait(command.run()),
        Command::Healthcheck(health) => wait(health.run()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "ambergate", &mut script);
            output::data(&String::from_utf8_lossy(&script));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure.to_string());
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// Runs `work` to its end on this thread.
fn wait<F>(work: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Refused(error.to_string()))?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_not_meant_is_refused() {
        for (wrong, said) in [
            (vec!["open"], "--reason"),
            (vec!["tenant", "show"], "<TENANT>"),
            (vec!["tenant", "list", "--stage", "icy"], "frozen"),
            (vec!["chekc"], "check"),
        ] {
            let arguments = std::iter::once("ambergate").chain(wrong);
            let error = Arguments::try_parse_from(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
