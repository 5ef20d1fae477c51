//! `ambergate policy migrate`: running cases go on under the version that is in force now.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::remote::{Failure, Remote};
use crate::cli::{output, table};
use crate::net::client::escaped;

/// `ambergate policy migrate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Migrate {
    #[command(flatten)]
    remote: Remote,
    /// The policy whose version in force now they go on under.
    #[arg(value_name = "NAME")]
    policy: String,
    /// Cases of this policy, or of this version; else of earlier versions of the same policy.
    #[arg(long, value_name = "NAME|VERSION")]
    from: Option<String>,
    /// Only this tenant's cases.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Why: it stands in the records.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Only say what would be.
    #[arg(long)]
    dry_run: bool,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.reason.trim().is_empty() {
            return Err(Failure::Usage("--reason must say something".to_owned()));
        }
        let path = format!("/v1/policies/{}/migrate", escaped(&self.policy));
        let mut body = json!({"reason": self.reason, "dry_run": self.dry_run});
        for (key, value) in [("from", &self.from), ("tenant", &self.tenant)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        let mut moved: Vec<Value> = Vec::new();
        loop {
            let mut answer = self.remote.post(&path, &body).await?;
            moved.extend(answer["moved"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match answer["next"].take() {
                Value::Null => break,
                next => body["cursor"] = next,
            }
        }
        if self.json {
            output::json(&json!({"policy": self.policy, "dry_run": self.dry_run, "moved": moved}));
        } else {
            let rows = moved.iter().map(row).collect();
            table::print(&["tenant", "cases", "before", "after"], rows, "No case is to be moved.");
            output::note(&summary(&moved, self.dry_run));
        }
        Ok(())
    }
}

fn row(moved: &Value) -> Vec<String> {
    let cases = moved["cases"].as_array().into_iter().flatten();
    let cases: Vec<String> = cases.map(|case| table::cell(&case["invoice"])).collect();
    let cell = |key: &str| table::cell(&moved[key]);
    vec![cell("tenant"), cases.join(", "), cell("before"), cell("after")]
}

fn summary(moved: &[Value], dry_run: bool) -> String {
    let eased = moved.iter().filter(|it| it["before"] != it["after"]).count();
    let were = if dry_run { "would be" } else { "were" };
    let milder = match eased {
        0 => "for nobody anything opens".to_owned(),
        1 => "one tenant is left at a milder stage".to_owned(),
        many => format!("{many} tenants are left at a milder stage"),
    };
    format!(
        "Cases of {} tenants {were} moved; {milder}. What comes is warned of anew.",
        moved.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_is_told() {
        let one = json!({"tenant": "acme", "cases": [{"invoice": "in_1"}, {"invoice": "in_2"}],
            "before": "frozen", "after": "read_only"});
        assert_eq!(row(&one), ["acme", "in_1, in_2", "frozen", "read_only"]);
        let said = summary(&[one], true);
        assert!(said.contains("1 tenants would be moved; one tenant is left"), "{said}");
    }
}
