//! `ambergate tenant forget`: what is known of a tenant's people is erased.
//!
//! Rules:
//! 1. It cannot be taken back, so it is confirmed: by `--yes`, or by the tenant's id on stdin.
//! 2. With open debt nothing is erased: the server parks it for a person, and says what is owed.
//! 3. What the command cannot reach is said.

use std::io::{BufRead as _, IsTerminal as _};

use clap::Args;
use serde_json::{Value, json};

use super::{Asked, local};
use crate::cli::output;
use crate::cli::remote::Failure;
use crate::cli::table::cell;
use crate::net::client::escaped;

/// `ambergate tenant forget`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Forget {
    /// The tenant's id.
    tenant: String,
    /// Who asked for it, if not you.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Why. It is kept: do not name people here.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    asked: Asked,
}

impl Forget {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if !self.yes {
            confirm(&self.tenant)?;
        }
        let path = format!("/v1/tenants/{}/forget", escaped(&self.tenant));
        let mut body = json!({});
        for (field, said) in [("by", self.by), ("reason", self.reason)] {
            if let Some(said) = said {
                body[field] = json!(said);
            }
        }
        let answer = self.asked.remote.post(&path, &body).await?;
        if self.asked.json {
            output::json(&answer);
            return Ok(());
        }
        let told = local::told(&answer);
        output::line(&format!(
            "Forgotten: {} at {}.",
            cell(&told["tenant"]),
            cell(&told["forgotten"])
        ));
        let remains = answer["remains"].as_array().into_iter().flatten();
        let remains: Vec<String> = remains.map(cell).collect();
        if !remains.is_empty() {
            output::line("Not erased by this:");
            remains.iter().for_each(|it| output::line(&format!("- {it}")));
        }
        Ok(())
    }
}

/// The tenant's id, typed.
fn confirm(tenant: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let shown = cell(&Value::from(tenant));
        output::note(&format!("this cannot be taken back: type {shown} to go on"));
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if read.is_ok() && line.trim() == tenant {
        return Ok(());
    }
    Err(Failure::Usage("it cannot be taken back: say --yes, or give the tenant's id".to_owned()))
}
