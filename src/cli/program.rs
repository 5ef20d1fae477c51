//! `ambergate demo`, `serve` and `rebuild`: the commands that are the program itself.
//!
//! Rule: a door wires nothing; whoever starts the command line hands in what does.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::output;
use super::remote::Failure;
use super::settings::{Chosen, Role};
use crate::config::{Config, Environment, ProcessRole, upstream_address};
use crate::domain::time::Instant;
use crate::ledger::fault;

/// What the command line starts.
pub trait Program {
    /// Whether everything could be built from these settings: keys, addresses, templates.
    ///
    /// # Errors
    /// All that could not, in words.
    fn check(&self, config: &Config) -> Result<(), String>;

    /// Runs what the configuration asks for until the process is asked to end.
    ///
    /// # Errors
    /// Why it cannot run, in words.
    fn serve(&self, config: Config, role: ProcessRole) -> Result<(), String>;

    /// Runs the demo until the process is asked to end.
    ///
    /// # Errors
    /// Why it cannot run, in words.
    fn demo(&self, asked: DemoAsked) -> Result<(), String>;

    /// Makes the store anew from journals. Answers what came of it, in words.
    ///
    /// # Errors
    /// Why it could not, in words.
    fn rebuild(&self, config: Config, from: Vec<PathBuf>) -> Result<String, String>;
}

/// What is asked of the demo.
#[derive(Clone, Debug, Default)]
pub struct DemoAsked {
    /// Where the app is to be reached, through the gate.
    pub listen: Option<SocketAddr>,
    /// Where the admin API is.
    pub admin: Option<SocketAddr>,
    /// Where other proxies ask; else none is answered.
    pub authz: Option<SocketAddr>,
    /// Another app to protect: `host:port`.
    pub upstream: Option<String>,
    /// Where state is kept; else in a folder that goes with the process.
    pub data: Option<PathBuf>,
    /// Lies over the demo's own settings.
    pub config: Option<PathBuf>,
    /// No tenants.
    pub empty: bool,
    /// The clock stands here.
    pub clock: Option<Instant>,
    /// The environment.
    pub environment: Environment,
}

/// `ambergate serve`.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    chosen: Chosen,
    /// Which part of the program this process is.
    #[arg(long, value_enum, default_value_t)]
    role: Role,
}

impl Serve {
    pub(super) fn run(self, program: &impl Program) -> Result<(), Failure> {
        // For tests of what survives a kill: no key of the configuration.
        if let Some(point) = Environment::of_process().value("AMBERGATE_FAULT_POINT") {
            let refused = |right| Failure::Usage(format!("AMBERGATE_FAULT_POINT: {right}"));
            fault::arm_as_asked(point).map_err(refused)?;
        }
        let role = self.role.into();
        let config = self.chosen.load(role, false)?;
        config.notes.iter().for_each(|note| output::note(note));
        program.serve(config, role).map_err(Failure::Refused)
    }
}

/// `ambergate demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the app is to be reached, through the gate [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Where the admin API is [default: 127.0.0.1:8081].
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Where other proxies ask before they pass a request on.
    #[arg(long, value_name = "ADDRESS")]
    authz: Option<SocketAddr>,
    /// Another app to protect, such as http://127.0.0.1:3000.
    #[arg(long, value_name = "URL", value_parser = upstream_address)]
    upstream: Option<String>,
    /// Where state is kept [default: a folder that goes with the process].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Lies over policies, routes, identification and the rest.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// No tenants to begin with.
    #[arg(long)]
    empty: bool,
    /// The clock stands here, such as 2026-03-02T08:00:00Z, until it is moved.
    #[arg(long, value_name = "START")]
    clock: Option<Instant>,
}

impl Demo {
    pub(super) fn run(self, program: &impl Program) -> Result<(), Failure> {
        let asked = DemoAsked {
            listen: self.listen,
            admin: self.admin,
            authz: self.authz,
            upstream: self.upstream,
            data: self.data,
            config: self.config,
            empty: self.empty,
            clock: self.clock,
            environment: Environment::of_process(),
        };
        program.demo(asked).map_err(Failure::Refused)
    }
}

/// `ambergate rebuild`.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    chosen: Chosen,
    /// Journals of other replicas: their folders.
    #[arg(long, value_name = "JOURNAL", num_args = 1..)]
    from: Vec<PathBuf>,
}

impl Rebuild {
    pub(super) fn run(self, program: &impl Program) -> Result<(), Failure> {
        let config = self.chosen.load(ProcessRole::Control, false)?;
        let said = program.rebuild(config, self.from).map_err(Failure::Refused)?;
        output::line(&said);
        Ok(())
    }
}

/// Data, as it is: for programs that say where they are.
pub fn print(text: &str) {
    output::data(text);
}
