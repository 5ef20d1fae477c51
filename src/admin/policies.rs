//! The policies in force.

use axum::Json as Answer;
use axum::extract::State;
use serde_json::{Value, json};

use super::Admin;
use super::request::Named;
use crate::config::policies;
use crate::domain::policy::Policy;
use crate::net::problem::Problem;

pub(super) async fn list(State(admin): State<Admin>) -> Answer<Value> {
    let law = admin.ledger.law();
    let policies: Vec<_> = law.policies.values().map(|policy| short(policy)).collect();
    Answer(json!({"policies": policies}))
}

pub(super) async fn one(
    State(admin): State<Admin>,
    Named(name): Named<String>,
) -> Result<Answer<Value>, Problem> {
    let law = admin.ledger.law();
    let policy = law.policies.values().find(|policy| policy.name.as_str() == name);
    let policy = policy.ok_or_else(|| Problem::not_found("no policy of this name is in force"))?;
    let mut shown = short(policy);
    shown["text"] = json!(policies::text(policy));
    Ok(Answer(shown))
}

fn short(policy: &Policy) -> Value {
    json!({"policy": policy.name, "title": policy.title, "version": policy.hash})
}
