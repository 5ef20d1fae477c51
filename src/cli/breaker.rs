//! `ambergate breaker`: how it stands, and setting it back.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::output;
use super::remote::{Failure, Remote};

/// `ambergate breaker …`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How many were warned or cut off lately, of how many that are allowed.
    Show(Show),
    /// Let it go on: somebody has looked.
    Reset(Reset),
}

#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    remote: Remote,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Reset {
    #[command(flatten)]
    remote: Remote,
    /// What was found: it stands in the records.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Show(Show { remote, json }) => {
                tell(&remote.get("/v1/breaker").await?, json);
            }
            Self::Reset(Reset { remote, reason, json }) => {
                if reason.trim().is_empty() {
                    return Err(Failure::Usage("--reason must say something".to_owned()));
                }
                let body = json!({ "tripped": false, "reason": reason });
                tell(&remote.put("/v1/breaker", &body).await?, json);
            }
        }
        Ok(())
    }
}

fn tell(answer: &Value, json: bool) {
    if json { output::json(answer) } else { output::line(&said(answer)) }
}

fn said(answer: &Value) -> String {
    let number = |key: &str| answer[key].as_u64().unwrap_or_default();
    let (count, max) = (number("count"), number("max"));
    let window = match number("window_seconds") / 60 {
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{minutes} min"),
    };
    let reason = answer["reason"].as_str().unwrap_or_default();
    if answer["on"] == false {
        return "There is no breaker: [breaker] in the configuration says how many are allowed."
            .to_owned();
    }
    if answer["tripped"] == true {
        return format!(
            "TRIPPED at {count} of {max} tenants in {window}: {reason}. Nobody is warned, put into \
             grace or cut off until `ambergate breaker reset`."
        );
    }
    format!("Not tripped: {count} of {max} tenants in {window} were warned or cut off.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_how_it_stands() {
        let of = |on: bool, tripped: bool| {
            said(&json!({
                "on": on, "tripped": tripped, "count": 3, "max": 3, "window_seconds": 86_400,
                "reason": "too many",
            }))
        };
        assert!(of(true, true).starts_with("TRIPPED at 3 of 3 tenants in 24 h: too many."));
        assert!(of(true, false).starts_with("Not tripped: 3 of 3"));
        assert!(of(false, false).starts_with("There is no breaker"));
        let short = json!({"on": true, "count": 1, "max": 3, "window_seconds": 1_800});
        assert!(said(&short).contains("in 30 min were"), "{}", said(&short));
    }
}
