//! `ambergate event parked` and `ambergate event replay`: events that have no tenant yet, or that wait
//! for a person.

use clap::Args;
use serde_json::{Value, json};

use super::output;
use super::remote::{Failure, Remote};
use super::table::{self, cell};
use crate::net::client::escaped;

/// `ambergate event parked`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    remote: Remote,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// `ambergate event replay`.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The event's id, as `event parked` shows it.
    id: String,
    /// Whose it is, where the event does not say.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let mut parked = Vec::new();
        let mut query = String::new();
        loop {
            let page = self.remote.get(&format!("/v1/parked{query}")).await?;
            parked.extend(page["parked"].as_array().into_iter().flatten().cloned());
            let Some(next) = page["next"].as_str() else { break };
            let asked = format!("?cursor={}", escaped(next));
            if asked == query {
                break;
            }
            query = asked;
        }
        if self.json {
            output::json(&json!({ "parked": parked }));
            return Ok(());
        }
        let row = |event: &Value| {
            let body = &event["event"];
            let told = [&body["type"], &body["subject"]].map(cell);
            [vec![cell(&event["id"])], told.to_vec(), vec![cell(&event["reason"])]].concat()
        };
        let rows = parked.iter().map(row).collect();
        table::print(&["id", "type", "subject", "reason"], rows, "nothing is parked");
        Ok(())
    }
}

impl Replay {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let path = format!("/v1/parked/{}/replay", escaped(&self.id));
        let body = self.tenant.map_or_else(|| json!({}), |tenant| json!({ "tenant": tenant }));
        let answer = self.remote.post(&path, &body).await?;
        if self.json {
            output::json(&answer)
        } else {
            output::line("Taken.")
        }
        Ok(())
    }
}

/// What became of an event that asks for a tenant to be forgotten.
pub(super) fn forgotten(answer: &Value) -> String {
    if answer["parked"].as_u64().is_none_or(|parked| parked == 0) {
        return "Taken.".to_owned();
    }
    "Parked for a person: the tenant is not known, or it has open debt. Nothing is erased: see \
     `ambergate event parked`."
        .to_owned()
}

/// What became of one event, in words.
pub(super) fn taken(answer: &Value, tenant: Option<&str>) -> String {
    if answer["parked"].as_u64().is_none_or(|parked| parked == 0) {
        return "Taken.".to_owned();
    }
    let why = match tenant {
        Some(tenant) => format!("no tenant {} is known", cell(&Value::from(tenant))),
        None => "it names no tenant that is known".to_owned(),
    };
    format!("Parked: {why}. It is kept: see `ambergate event parked`.")
}
