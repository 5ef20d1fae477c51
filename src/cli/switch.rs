//! `ambergate open` and `ambergate close`: the switch of law 8.

use clap::Args;
use serde_json::{Value, json};

use super::output;
use super::remote::{Failure, Remote};

/// `ambergate open`.
#[derive(Debug, Args)]
pub(super) struct Open {
    #[command(flatten)]
    remote: Remote,
    /// Why: it stands in the records.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only that one process, without any store.
    #[arg(long)]
    here: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Open {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.reason.trim().is_empty() {
            return Err(Failure::Usage("--reason must say something".to_owned()));
        }
        let body = json!({ "open": true, "reason": self.reason });
        let answer = self.remote.put(path(self.here), &body).await?;
        tell(&answer, self.json, "Open: everything passes for everybody.");
        Ok(())
    }
}

/// `ambergate close`.
#[derive(Debug, Args)]
pub(super) struct Close {
    #[command(flatten)]
    remote: Remote,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only that one process, without any store.
    #[arg(long)]
    here: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Close {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let body = match self.reason {
            Some(reason) => json!({ "open": false, "reason": reason }),
            None => json!({ "open": false }),
        };
        let answer = self.remote.put(path(self.here), &body).await?;
        let said = "Closed. Nobody is restricted at once: cutoffs come at cutoff times.";
        tell(&answer, self.json, said);
        Ok(())
    }
}

const fn path(here: bool) -> &'static str {
    if here { "/v1/switch?here=true" } else { "/v1/switch" }
}

fn tell(answer: &Value, json: bool, said: &str) {
    if json { output::json(answer) } else { output::line(said) }
}
