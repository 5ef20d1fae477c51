//! `ambergate tenant`: who stands where, why, what comes, and what is agreed.

mod arrange;
mod dossier;
mod forget;
mod invoices;
mod local;
mod received;
mod release;
mod tasks;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::output;
use super::remote::{Failure, Remote};
use super::table::{self, cell};
use crate::net::client::escaped;

/// `ambergate tenant`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// All tenants, or those in one stage.
    List {
        /// Only those whose strictest stage is this.
        #[arg(long, value_enum)]
        stage: Option<Stage>,
        /// Only those who would be in this one, were it enforced.
        #[arg(long, value_enum, value_name = "STAGE")]
        would_have: Option<Stage>,
        /// Only those whose id or name holds this.
        #[arg(long, value_name = "TEXT")]
        q: Option<String>,
        #[command(flatten)]
        asked: Asked,
    },
    /// One tenant: standing, invoices, arrangements, notices, tasks.
    Show(One),
    /// Why a tenant stands where it stands, in sentences.
    Explain(One),
    /// What happened to a tenant and what will, dated.
    Timeline(One),
    /// Everything about a debt, for a lawyer or an agency.
    Dossier(dossier::Dossier),
    /// A payment arrived that no billing system tells of.
    Received(received::Received),
    /// Work for people: all of it, or that of one tenant with what is to be said.
    Tasks(tasks::Tasks),
    /// Somebody did a task: what came of it.
    Done(tasks::Done),
    /// Erase what is known of a tenant's people; what was owed and paid stays, under its id.
    Forget(forget::Forget),
    #[command(flatten)]
    Arrange(arrange::Arrange),
}

/// A stage.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Stage {
    /// Everything.
    Full,
    /// Everything, with a banner.
    Grace,
    /// Reading, and the ways out.
    ReadOnly,
    /// Only the ways out.
    Frozen,
}

/// How it is asked.
#[derive(Debug, Args)]
pub(super) struct Asked {
    #[command(flatten)]
    remote: Remote,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// About which tenant.
#[derive(Debug, Args)]
pub(super) struct One {
    /// Its id.
    tenant: String,
    #[command(flatten)]
    asked: Asked,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { stage, would_have, q, asked } => {
                list((stage, would_have), q.as_deref(), &asked).await
            }
            Self::Show(one) => one.show("", show).await,
            Self::Explain(one) => one.show("/explain", explain).await,
            Self::Timeline(one) => one.show("/timeline", timeline).await,
            Self::Dossier(dossier) => dossier.run().await,
            Self::Received(received) => received.run().await,
            Self::Tasks(tasks) => tasks.run().await,
            Self::Done(done) => done.run().await,
            Self::Forget(forget) => forget.run().await,
            Self::Arrange(arrange) => arrange.run().await,
        }
    }
}

impl One {
    async fn show(self, what: &str, people: fn(&Value)) -> Result<(), Failure> {
        let path = format!("/v1/tenants/{}{what}", escaped(&self.tenant));
        let answer = self.asked.remote.get(&path).await?;
        if self.asked.json {
            output::json(&answer)
        } else {
            people(&local::told(&answer))
        }
        Ok(())
    }
}

async fn list(
    (stage, would_have): (Option<Stage>, Option<Stage>),
    q: Option<&str>,
    asked: &Asked,
) -> Result<(), Failure> {
    let mut query = Vec::new();
    for (field, stage) in [("stage", stage), ("would_have", would_have)] {
        if let Some(stage) = stage.and_then(|stage| stage.to_possible_value()) {
            query.push(format!("{field}={}", stage.get_name()));
        }
    }
    query.extend(q.map(|text| format!("q={}", escaped(text))));
    let mut tenants = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut asked_for = query.clone();
        asked_for.extend(cursor.as_deref().map(|cursor| format!("cursor={}", escaped(cursor))));
        let path = format!("/v1/tenants?{}", asked_for.join("&"));
        let page = asked.remote.get(&path).await?;
        tenants.extend(page["tenants"].as_array().into_iter().flatten().cloned());
        let next = page["next"].as_str().map(str::to_owned);
        if next.is_none() || next == cursor {
            break;
        }
        cursor = next;
    }
    if asked.json {
        output::json(&json!({ "tenants": tenants }));
        return Ok(());
    }
    if tenants.is_empty() {
        let said = match would_have {
            Some(_) => "No tenant would be in that stage.".to_owned(),
            None => nobody(stage, q),
        };
        output::report(&format!("{said}\n"));
        return Ok(());
    }
    let would = tenants.iter().any(|tenant| !tenant["would_have"].is_null());
    let mut columns = vec!["tenant", "stage", "name"];
    if would {
        columns.insert(2, "would_have");
    }
    let row = |tenant: &Value| columns.iter().map(|key| cell(&tenant[*key])).collect();
    table::print(&columns, tenants.iter().map(row).collect(), "");
    Ok(())
}

/// What is said where no tenant is as was asked.
fn nobody(stage: Option<Stage>, q: Option<&str>) -> String {
    let named = q.map_or_else(String::new, |text| format!(" with {text:?} in its id or name"));
    let is = match stage {
        None if q.is_none() => "is known yet",
        None => "is known",
        Some(Stage::Full) => "has full access",
        Some(Stage::Grace) => "is in grace",
        Some(Stage::ReadOnly) => "is read-only",
        Some(Stage::Frozen) => "is frozen",
    };
    format!("No tenant{named} {is}.")
}

/// One tenant for people: what matters first, then a table for each kind of thing.
fn show(tenant: &Value) {
    for key in ["tenant", "name", "time_zone", "stage", "enforced", "policy", "owed"] {
        output::line(&format!("{key:<12}{}", cell(&tenant[key])));
    }
    let more =
        ["forgotten", "on_account", "credit", "merged_into", "merged", "paid_by", "pays_for"];
    for key in more {
        let known = cell(&tenant[key]);
        if known != "-" {
            output::line(&format!("{key:<12}{known}"));
        }
    }
    let next = &tenant["next"];
    let next = match (next["stage"].as_str(), next["at"].as_str()) {
        (Some(stage), Some(at)) => {
            let how = if next["announced"] == true { "announced" } else { "planned" };
            format!("{stage} at {at} ({how})")
        }
        _ => "-".to_owned(),
    };
    output::line(&format!("{:<12}{next}", "next"));
    let would = &tenant["would_have"];
    if let (Some(stage), Some(since)) = (would["stage"].as_str(), would["since"].as_str()) {
        output::line(&format!("{:<12}{stage} since {since}", "would_have"));
    }
    for (noun, columns) in [
        ("scopes", &["scope", "stage", "since", "because"][..]),
        ("invoices", &["invoice", "number", "status", "owed", "due_on", "scope"]),
        ("terms", &["term", "state", "ends_on", "data_until", "scope"]),
        ("arrangements", &["arrangement", "kind", "from", "until", "ended", "how", "answer"]),
        ("notices", &["kind", "at", "names", "receipts", "void"]),
        ("tasks", &["kind", "due", "assignee", "done"]),
        ("contacts", &["role", "name", "email", "phone"]),
    ] {
        let Some(things) = tenant[noun].as_array().filter(|things| !things.is_empty()) else {
            continue;
        };
        output::line(&format!("\n{noun}"));
        let row = |thing: &Value| columns.iter().map(|key| of(thing, key)).collect();
        table::print(columns, things.iter().map(row).collect(), "");
    }
}

/// A column of a thing; receipts, and what a warning names, in short.
fn of(thing: &Value, key: &str) -> String {
    if let ("names", Some(_)) = (key, thing[key].as_object()) {
        let named = &thing[key];
        let what = match (named["stage"].as_str(), named["slow"].as_str()) {
            (Some("full"), Some(rate)) => format!("slowed to {rate}"),
            (Some(stage), Some(rate)) => format!("{stage}, slowed to {rate}"),
            _ => cell(&named["stage"]),
        };
        return format!("{what} from {}", cell(&named["at"]));
    }
    if key == "done" && thing["lapsed"] == true {
        return "lapsed".to_owned();
    }
    if key != "receipts" {
        return cell(&thing[key]);
    }
    let short = |receipt: &Value| {
        format!("{} {} {}", cell(&receipt["channel"]), cell(&receipt["kind"]), cell(&receipt["at"]))
    };
    let receipts = thing[key].as_array().into_iter().flatten().map(short).collect::<Vec<_>>();
    if receipts.is_empty() { "-".to_owned() } else { receipts.join(", ") }
}

fn explain(answer: &Value) {
    for sentence in items(answer) {
        output::line(&cell(sentence));
    }
}

fn timeline(answer: &Value) {
    let row = |moment: &Value| {
        let when = if moment["future"] == true { "to come" } else { "" };
        let mut row = vec![cell(&moment["at"]), when.to_owned()];
        row.extend(["what", "invoice", "detail"].map(|key| cell(&moment[key])));
        row
    };
    let rows = items(answer).iter().map(row).collect();
    table::print(&["at", "", "what", "invoice", "detail"], rows, "nothing is known yet");
}

/// The list that an answer is, or holds.
fn items(answer: &Value) -> &[Value] {
    let list = answer.as_array().or_else(|| answer.as_object()?.values().find_map(Value::as_array));
    list.map_or(&[], Vec::as_slice)
}
