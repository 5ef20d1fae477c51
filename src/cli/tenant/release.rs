//! Agreements that are ended, and invoices that were taken over with a history and are let go on.
//!
//! Rules:
//! 1. What was taken over is never released by `--all`: it is asked for by its own name.
//! 2. A batch takes the next tenants of whom something is to be released, in the order of their ids,
//!    so the same command again takes those after them.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Asked;
use super::arrange::word;
use crate::cli::output;
use crate::cli::policy::money;
use crate::cli::remote::{Failure, Remote};
use crate::domain::money::Money;
use crate::net::client::escaped;

/// `ambergate tenant release`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Release {
    /// The tenant's id.
    #[arg(required_unless_present = "tenants", conflicts_with = "tenants")]
    tenant: Option<String>,
    /// The agreements, as `tenant show` names them.
    #[arg(required_unless_present_any = ["all", "opening"], conflicts_with = "all")]
    arrangement: Vec<String>,
    /// All that stand, but for what was taken over with a history.
    #[arg(long)]
    all: bool,
    /// Invoices that were taken over with a history: their ladders begin now. All of them, or
    /// those of these numbers or names.
    #[arg(long, value_name = "INVOICE", num_args = 0.., conflicts_with_all = ["all", "arrangement"])]
    opening: Option<Vec<String>>,
    /// With `--opening`: of so many tenants, the next that have any.
    #[arg(long, value_name = "NUMBER", requires = "opening", conflicts_with = "all")]
    tenants: Option<u32>,
    /// How a dispute ended [default: it was withdrawn].
    #[arg(long, value_enum, conflicts_with_all = ["all", "opening"], requires = "reason")]
    how: Option<How>,
    /// How much of it they are credited, such as 100.00EUR, where it was upheld in part.
    #[arg(long, value_name = "MONEY", value_parser = money, requires = "how")]
    amount: Option<Money>,
    /// The answer, in words; for anything but a dispute, why it ends.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["all", "opening"])]
    reason: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// How a dispute ended.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum How {
    /// They were right.
    Upheld,
    /// They were right about a part of it.
    Partly,
    /// They were not.
    Rejected,
}

impl Release {
    pub(in crate::cli) async fn run(self) -> Result<(), Failure> {
        let which = match self.opening {
            Some(invoices) => Which::Opening(invoices),
            None if self.all => Which::All,
            None => Which::Named(self.arrangement),
        };
        let how = self.how.map(word);
        let said = how.is_some() || self.reason.is_some();
        let said = said.then(|| json!({"how": how, "amount": self.amount, "reason": self.reason}));
        let mut done = Done { said, ..Done::default() };
        match (&self.tenant, self.tenants) {
            (Some(tenant), _) => done.end(&self.asked.remote, tenant, &which).await?,
            (None, most) => done.end_batch(&self.asked.remote, &which, most.unwrap_or(0)).await?,
        }
        done.tell(self.asked.json, self.tenants.is_some())
    }
}

/// Which agreements are ended.
enum Which {
    Named(Vec<String>),
    All,
    /// What was taken over with a history: of these invoices, or of all.
    Opening(Vec<String>),
}

impl Which {
    /// Whether it is one of them, as the server shows it.
    fn picks(&self, shown: &Value, arrangement: &Value) -> bool {
        let opening = arrangement["opening"] == true;
        let invoices = match self {
            Self::Named(_) => return false,
            Self::All => return !opening,
            Self::Opening(invoices) => invoices,
        };
        let known = shown["invoices"].as_array().into_iter().flatten();
        let called = |invoice: &Value| {
            let number = known.clone().find(|it| it["invoice"] == *invoice);
            let number = number.and_then(|it| it["number"].as_str());
            let is = |name: &String| *invoice == *name.as_str() || number == Some(name.as_str());
            invoices.iter().any(is)
        };
        let about = arrangement["invoices"].as_array().into_iter().flatten();
        opening && (invoices.is_empty() || about.clone().any(called))
    }
}

/// What came of it.
#[derive(Default)]
struct Done {
    /// (tenant, agreement).
    ended: Vec<(String, String)>,
    refused: Vec<String>,
    /// How they end, and why, where that is said.
    said: Option<Value>,
}

impl Done {
    /// Ends what is named, or all that stands, of one tenant.
    async fn end(&mut self, remote: &Remote, tenant: &str, which: &Which) -> Result<(), Failure> {
        let path = format!("/v1/tenants/{}", escaped(tenant));
        let names: Vec<String> = match which {
            Which::Named(names) => names.clone(),
            which => {
                let shown = remote.get(&path).await?;
                let known = shown["arrangements"].as_array().into_iter().flatten();
                let standing = known.filter(|it| it["ended"].is_null() && which.picks(&shown, it));
                standing.filter_map(|it| it["arrangement"].as_str().map(str::to_owned)).collect()
            }
        };
        for name in names {
            let path = format!("{path}/arrangements/{}", escaped(&name));
            let ended = match &self.said {
                None => remote.delete(&path).await,
                Some(said) => remote.post(&format!("{path}/end"), said).await,
            };
            match ended {
                Ok(_) => self.ended.push((tenant.to_owned(), name)),
                Err(failure) => self.refused.push(format!("{name}: {failure}")),
            }
        }
        Ok(())
    }

    /// The same for the next tenants of whom something is ended.
    async fn end_batch(
        &mut self,
        remote: &Remote,
        which: &Which,
        most: u32,
    ) -> Result<(), Failure> {
        let mut path = "/v1/tenants".to_owned();
        let mut left = most;
        loop {
            let page = remote.get(&path).await?;
            for tenant in page["tenants"].as_array().into_iter().flatten() {
                if left == 0 {
                    return Ok(());
                }
                let before = self.ended.len() + self.refused.len();
                self.end(remote, tenant["tenant"].as_str().unwrap_or_default(), which).await?;
                left -= u32::from(self.ended.len() + self.refused.len() > before);
            }
            match page["next"].as_str() {
                Some(next) => path = format!("/v1/tenants?cursor={}", escaped(next)),
                None => return Ok(()),
            }
        }
    }

    fn tell(self, json: bool, batch: bool) -> Result<(), Failure> {
        let Self { ended, refused, .. } = self;
        if json {
            let names: Vec<&String> = ended.iter().map(|(_, name)| name).collect();
            let of: Vec<Value> =
                ended.iter().map(|it| json!({"tenant": it.0, "arrangement": it.1})).collect();
            let ended = if batch { json!(of) } else { json!(names) };
            output::json(&json!({ "ended": ended, "refused": refused }));
        } else {
            for (tenant, name) in &ended {
                let of = if batch { format!(" of {tenant}") } else { String::new() };
                output::line(&format!("Ended: {name}{of}"));
            }
            if ended.is_empty() && refused.is_empty() {
                output::note("nothing stands that could be ended");
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(Failure::Refused(refused.join("\n"))) }
    }
}
