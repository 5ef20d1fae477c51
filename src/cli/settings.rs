//! `ambergate check` and `ambergate config show`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::output;
use super::program::Program;
use super::remote::Failure;
use crate::config::{Config, Environment, Fault, ProcessRole, Request, load, render};

/// Which configuration.
#[derive(Debug, Args)]
pub(super) struct Chosen {
    /// The file; else AMBERGATE_CONFIG, else ambergate.toml here, else the defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Chosen {
    /// Loads it, and tells all that is wrong.
    pub(super) fn load(self, role: ProcessRole, demo: bool) -> Result<Config, Failure> {
        self.read(role, demo).map_err(|faults| told(&faults))
    }

    fn read(self, role: ProcessRole, demo: bool) -> Result<Config, Vec<Fault>> {
        let environment = Environment::of_process();
        load(&Request { file: self.config, environment, role, demo })
    }
}

/// Tells all that is wrong: file, line, column, the line itself, a caret and the remedy.
fn told(faults: &[Fault]) -> Failure {
    output::report(&render(faults, output::colors(&Environment::of_process())));
    let count = faults.len();
    let things = if count == 1 { "thing is" } else { "things are" };
    Failure::Refused(format!("the configuration cannot be used: {count} {things} wrong"))
}

/// Which part of the program a process is.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Role {
    /// Gate and control plane.
    #[default]
    All,
    /// The gate alone.
    Gate,
    /// The control plane alone.
    Control,
}

impl From<Role> for ProcessRole {
    fn from(role: Role) -> Self {
        match role {
            Role::All => Self::All,
            Role::Gate => Self::Gate,
            Role::Control => Self::Control,
        }
    }
}

/// `ambergate check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    chosen: Chosen,
    /// For which part of the program.
    #[arg(long, value_enum, default_value_t)]
    role: Role,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(self, program: &impl Program) -> Result<(), Failure> {
        let config = self.chosen.read(self.role.into(), false).map_err(|faults| {
            if self.json {
                output::json(&wrong(&faults, &[]));
            }
            told(&faults)
        })?;
        program.check(&config).map_err(|said| {
            if self.json {
                output::json(&wrong(&[], &said.lines().collect::<Vec<_>>()));
            }
            Failure::Refused(said)
        })?;
        config.notes.iter().for_each(|note| output::note(note));
        let names: Vec<_> = config.law.policies.keys().map(|name| name.as_str()).collect();
        if self.json {
            let right = json!({ "right": true, "policies": names, "notes": config.notes });
            output::json(&right);
        } else {
            output::line(&format!("The configuration is right. Policies: {}.", names.join(", ")));
        }
        Ok(())
    }
}

/// All that is wrong, for programs; what has no place in a file is told in sentences.
fn wrong(faults: &[Fault], sentences: &[&str]) -> Value {
    let fault = |fault: &Fault| {
        json!({
            "file": fault.file(), "line": fault.line(), "column": fault.column(),
            "what": fault.what(), "help": fault.help(),
        })
    };
    let mut all: Vec<Value> = faults.iter().map(fault).collect();
    all.extend(sentences.iter().map(|what| json!({ "what": what })));
    json!({ "right": false, "faults": all })
}

/// `ambergate config`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Every key with its value and where it came from; secrets as asterisks.
    Show {
        #[command(flatten)]
        chosen: Chosen,
        /// Print JSON, for programs.
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self::Show { chosen, json } = self;
        let config = chosen.load(ProcessRole::All, false)?;
        if json {
            let one = |shown: &crate::config::ShownKey| {
                (shown.key.clone(), json!({ "value": shown.value, "from": shown.from }))
            };
            let keys: Map<String, Value> = config.shown.keys().iter().map(one).collect();
            output::json(&Value::Object(keys));
        } else {
            output::data(&config.shown.to_toml());
        }
        Ok(())
    }
}
