//! `ambergate tenant tasks` and `tenant done`: work for people, what is to be said, what came of it.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::{Asked, arrange, items, local};
use crate::cli::output;
use crate::cli::policy::money;
use crate::cli::remote::Failure;
use crate::cli::table::{self, cell};
use crate::domain::fact::When;
use crate::domain::money::Money;
use crate::net::client::escaped;

/// `ambergate tenant tasks`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Tasks {
    /// Only those of this tenant, with what is to be said.
    tenant: Option<String>,
    /// Also those that are done or lapsed.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    asked: Asked,
}

/// `ambergate tenant done`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Done {
    /// The task, as `tenant tasks` names it.
    task: String,
    /// What came of it.
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// Until when they promised to pay: a date, to its end, or an instant.
    #[arg(long, value_name = "WHEN", value_parser = arrange::when)]
    until: Option<When>,
    /// How much they promised, such as 1000.00EUR, if not all.
    #[arg(long, value_name = "MONEY", value_parser = money)]
    amount: Option<Money>,
    /// In words.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Whose task it is; else it is looked for.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

/// What came of a task.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(in crate::cli) enum Outcome {
    /// Somebody was told what the script says.
    Reached,
    /// Nobody answered.
    NoAnswer,
    /// They promised to pay.
    Promised,
    /// The letter was posted.
    Posted,
    /// It may come.
    Approved,
    /// It may not come.
    Declined,
    /// It is done.
    Done,
}

impl Tasks {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut query = Vec::new();
        query.extend(self.tenant.as_deref().map(|tenant| format!("tenant={}", escaped(tenant))));
        query.extend(self.all.then(|| "all=true".to_owned()));
        let mut tasks = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut asked = query.clone();
            asked.extend(cursor.as_deref().map(|cursor| format!("cursor={}", escaped(cursor))));
            let page = self.asked.remote.get(&format!("/v1/tasks?{}", asked.join("&"))).await?;
            tasks.extend(items(&page["tasks"]).iter().cloned());
            let next = page["next"].as_str().map(str::to_owned);
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        if self.asked.json {
            output::json(&json!({ "tasks": tasks }));
        } else {
            self.tell(&tasks);
        }
        Ok(())
    }

    fn tell(&self, tasks: &[Value]) {
        let columns = ["tenant", "kind", "due", "assignee", "about", "task"];
        let told: Vec<Value> = tasks.iter().map(local::told).collect();
        let of = |task: &Value, column: &str| match column {
            "about" if task["about"].is_null() => cell(&task["invoice"]),
            column => cell(&task[column]),
        };
        let row = |task: &Value| columns.iter().map(|column| of(task, column)).collect();
        table::print(&columns, told.iter().map(row).collect(), "nothing is to be done");
        for task in told.iter().filter(|_| self.tenant.is_some()) {
            let people = items(&task["people"]).iter().map(|person| {
                format!(
                    "{} {} ({})",
                    cell(&person["phone"]),
                    cell(&person["name"]),
                    cell(&person["role"])
                )
            });
            let script = items(&task["script"]).iter().map(cell);
            let said: Vec<String> = people.chain(script).collect();
            if !said.is_empty() {
                output::line(&format!("\n{} {}", cell(&task["kind"]), cell(&task["task"])));
            }
            said.iter().for_each(|said| output::line(&format!("  {said}")));
        }
    }
}

impl Done {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut body = Map::new();
        let outcome = arrange::word(self.outcome);
        let said = [
            ("outcome", json!(outcome)),
            ("until", json!(self.until)),
            ("amount", json!(self.amount)),
            ("note", json!(self.note)),
            ("tenant", json!(self.tenant)),
        ];
        let said = said.into_iter().filter(|(_, value)| !value.is_null());
        body.extend(said.map(|(key, value)| (key.to_owned(), value)));
        let path = format!("/v1/tasks/{}/done", escaped(&self.task));
        self.asked.remote.post(&path, &Value::Object(body)).await?;
        if self.asked.json {
            output::json(&json!({"task": self.task, "outcome": outcome}));
        } else {
            output::line(&format!("Done: {outcome}"));
        }
        Ok(())
    }
}
