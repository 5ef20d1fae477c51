//! What is agreed with a tenant: one command a kind, one shape for all of them.
//!
//! Rules:
//! 1. A command says what it was told and nothing else; whether it may be agreed the server judges,
//!    field by field.
//! 2. The same command twice is one agreement, while it stands.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::release::Release;
use super::{Asked, Stage, invoices};
use crate::cli::output;
use crate::cli::policy::money;
use crate::cli::remote::Failure;
use crate::domain::fact::When;
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::net::client::escaped;

/// A stage that restricts nothing.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(in crate::cli) enum Mild {
    /// Everything.
    Full,
    /// Everything, with a banner.
    Grace,
}

/// The kinds of agreements.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Arrange {
    /// They promise to pay: until then it stands still.
    Promise {
        /// Until when: a date, to its end, or an instant.
        #[arg(long, value_name = "WHEN", value_parser = when)]
        until: When,
        /// How much is promised, such as 1000.00EUR, if not all.
        #[arg(long, value_name = "MONEY", value_parser = money)]
        amount: Option<Money>,
        /// Gives access back while it stands.
        #[arg(long, value_name = "STAGE", value_enum)]
        opens: Option<Mild>,
        #[command(flatten)]
        made: Made,
    },
    /// Give a later due date.
    Extend {
        /// The new due date.
        #[arg(long, value_name = "DATE")]
        to: Day,
        #[command(flatten)]
        made: Made,
    },
    /// They pay in dated parts.
    Plan {
        /// A part: when it is due, and how much, as 2026-05-01=250.00EUR. Once for each part.
        #[arg(long, value_name = "DATE=MONEY", value_parser = instalment, required = true)]
        instalment: Vec<(Day, Money)>,
        #[command(flatten)]
        made: Made,
    },
    /// They say that something is wrong: that part stands still.
    Dispute {
        /// A line of the invoice, and how much of it, as 3=100.00EUR. Once for each line.
        #[arg(long, value_name = "LINE=MONEY", value_parser = line)]
        line: Vec<(String, Money)>,
        /// How much of it, such as 100.00EUR, if not all.
        #[arg(long, value_name = "MONEY", value_parser = money, conflicts_with = "line")]
        amount: Option<Money>,
        #[command(flatten)]
        made: Made,
    },
    /// A freeze: the ladder stands still, then it goes on. A stage that restricts begins without a
    /// warning if one of their own accepted it, else as with `pin`.
    Pause {
        /// From when [default: now].
        #[arg(long, value_name = "WHEN", value_parser = when)]
        from: Option<When>,
        /// Until when.
        #[arg(long, value_name = "WHEN", value_parser = when)]
        until: When,
        /// In which stage meanwhile.
        #[arg(long, value_enum)]
        stage: Option<Stage>,
        #[command(flatten)]
        made: Made,
    },
    /// Never restrict them: for 90 days if not said, for a year at the longest.
    Exempt {
        /// Until when.
        #[arg(long, value_name = "WHEN", value_parser = when)]
        until: Option<When>,
        #[command(flatten)]
        made: Made,
    },
    /// Say, claim and charge nothing for what is older.
    Silence {
        /// Why.
        #[arg(long, value_enum)]
        cause: Cause,
        /// What becomes of their access [default: it is kept].
        #[arg(long, value_enum)]
        access: Option<Access>,
        /// From when [default: now].
        #[arg(long, value_name = "WHEN", value_parser = when)]
        from: Option<When>,
        #[command(flatten)]
        made: Made,
    },
    /// Set a stage by hand, whatever is owed. One that restricts is warned of first, by the
    /// tenant's policy, and no stage is jumped over; relief is immediate.
    Pin {
        /// Which stage.
        #[arg(long, value_enum)]
        stage: Stage,
        /// Until when: a date, to its end, or an instant.
        #[arg(long, value_name = "WHEN", value_parser = when)]
        until: When,
        #[command(flatten)]
        made: Made,
    },
    /// End agreements: those that are named, or all that stand.
    Release(Release),
}

/// What all of them may say.
#[derive(Debug, Args)]
pub(in crate::cli) struct Made {
    /// The tenant's id.
    tenant: String,
    /// For which invoices, by id or number [default: all that are open].
    #[arg(long, value_name = "INVOICE")]
    invoice: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who agreed to it, where that is not the bearer of the token.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Who of theirs accepted it: their role and name, such as "billing:Ada Meyer".
    #[arg(long, value_name = "ROLE:NAME", value_parser = acceptance)]
    accepted_by: Option<Value>,
    #[command(flatten)]
    asked: Asked,
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Cause {
    /// They are insolvent.
    Insolvency,
    /// It is before a court.
    Litigation,
    /// An agency has taken it over.
    Agency,
    /// It was sold.
    Factor,
}

/// What becomes of access.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Access {
    /// It is given back.
    Lift,
    /// It stays as it is.
    Keep,
}

impl Arrange {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Promise { until, amount, opens, made } => {
                let opens = opens.map(word);
                made.make("promise", json!({"until": until, "amount": amount, "opens": opens}))
                    .await
            }
            Self::Extend { to, made } => made.make("extension", json!({ "due_on": to })).await,
            Self::Plan { instalment, made } => {
                let part =
                    |(due_on, amount): &(Day, Money)| json!({"due_on": due_on, "amount": amount});
                let parts: Vec<_> = instalment.iter().map(part).collect();
                made.make("plan", json!({ "instalments": parts })).await
            }
            Self::Dispute { line, amount, made } => {
                let of = |(line, amount): &(String, Money)| json!({"line": line, "amount": amount});
                let lines: Vec<_> = line.iter().map(of).collect();
                let lines = (!lines.is_empty()).then_some(lines);
                made.make("dispute", json!({"lines": lines, "amount": amount})).await
            }
            Self::Pause { from, until, stage, made } => {
                let stage = stage.map(word);
                made.make("pause", json!({"from": from, "until": until, "stage": stage})).await
            }
            Self::Exempt { until, made } => made.make("exemption", json!({ "until": until })).await,
            Self::Silence { cause, access, from, made } => {
                let (cause, access) = (word(cause), word(access.unwrap_or(Access::Keep)));
                made.make("silence", json!({"cause": cause, "access": access, "from": from})).await
            }
            Self::Pin { stage, until, made } => {
                made.make("pin", json!({"stage": word(stage), "until": until})).await
            }
            Self::Release(release) => release.run().await,
        }
    }
}

impl Made {
    /// Asks the server to record it.
    async fn make(self, kind: &str, terms: Value) -> Result<(), Failure> {
        let mut body = Map::new();
        body.insert("kind".to_owned(), json!(kind));
        let invoices = invoices::ids(&self.asked.remote, &self.tenant, &self.invoice).await?;
        if !invoices.is_empty() {
            body.insert("invoices".to_owned(), json!(invoices));
        }
        let accepted = json!(self.accepted_by);
        let said =
            [("by", json!(self.by)), ("reason", json!(self.reason)), ("accepted_by", accepted)];
        let said = said.into_iter().map(|(key, value)| (key.to_owned(), value));
        let terms = terms.as_object().cloned().unwrap_or_default();
        body.extend(said.chain(terms).filter(|(_, value)| !value.is_null()));
        let path = format!("/v1/tenants/{}/arrangements", escaped(&self.tenant));
        let answer = self.asked.remote.post(&path, &Value::Object(body)).await?;
        if self.asked.json {
            output::json(&answer);
        } else {
            let name = answer["arrangement"].as_str().unwrap_or_default();
            output::line(&format!("Agreed: {kind} {name}"));
        }
        Ok(())
    }
}

/// The word of a choice.
pub(super) fn word(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A date or an instant.
pub(super) fn when(text: &str) -> Result<When, String> {
    let day = text.parse().map(When::Day).ok();
    day.or_else(|| text.parse().map(When::Instant).ok()).ok_or_else(|| {
        "not a date (2026-03-13) or an RFC 3339 instant (2026-03-13T12:00:00Z)".to_owned()
    })
}

/// `billing:Ada Meyer`.
fn acceptance(text: &str) -> Result<Value, String> {
    let said = text.split_once(':').filter(|(role, _)| matches!(*role, "billing" | "admin"));
    match said.map(|(role, name)| (role, name.trim())).filter(|(_, name)| !name.is_empty()) {
        Some((role, name)) => Ok(json!({"role": role, "name": name})),
        None => {
            Err("write the role, `billing` or `admin`, and the name: \"billing:Ada\"".to_owned())
        }
    }
}

/// `3=100.00EUR`.
fn line(text: &str) -> Result<(String, Money), String> {
    let shape = || format!("not a line and its amount such as 3=100.00EUR: {text:?}");
    let (line, amount) = text.rsplit_once('=').ok_or_else(shape)?;
    Ok((line.to_owned(), money(amount).map_err(|_| shape())?))
}

/// `2026-05-01=250.00EUR`.
fn instalment(text: &str) -> Result<(Day, Money), String> {
    let shape = || format!("not a part such as 2026-05-01=250.00EUR: {text:?}");
    let (due, amount) = text.split_once('=').ok_or_else(shape)?;
    Ok((due.parse().map_err(|_| shape())?, money(amount)?))
}
