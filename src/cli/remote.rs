//! The admin API of a running ambergate.

use clap::Args;
use http::StatusCode;
use serde_json::Value;

use crate::config::Secret;
use crate::net::client::{Answer, Client, ClientError};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It was refused, or failed.
    #[error("{0}")]
    Refused(String),
    /// The arguments make no sense.
    #[error("{0}")]
    Usage(String),
    /// There was no answer.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Which server, and as whom.
#[derive(Debug, Args)]
pub(super) struct Remote {
    /// Its admin address.
    #[arg(
        long,
        env = "AMBERGATE_SERVER",
        default_value = "http://127.0.0.1:8081",
        value_name = "URL"
    )]
    pub(super) server: String,
    /// The token to use.
    #[arg(long, env = "AMBERGATE_TOKEN", hide_env_values = true, value_name = "TOKEN", value_parser = secret)]
    token: Option<Secret>,
}

fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

impl Remote {
    pub(super) fn client(&self) -> Result<Client, Failure> {
        Ok(Client::new(&self.server, self.token.as_ref())?)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        accepted(&self.client()?.get(path).await?)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        accepted(&self.client()?.post(path, body.to_string().into_bytes()).await?)
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        accepted(&self.client()?.delete(path).await?)
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        accepted(&self.client()?.put(path, body.to_string().into_bytes()).await?)
    }
}

/// The body of an answer that says yes; else what it says.
pub(super) fn accepted(answer: &Answer) -> Result<Value, Failure> {
    let body = serde_json::from_slice(&answer.body);
    if answer.status.is_success() {
        return match body {
            Ok(body) => Ok(body),
            Err(_) if answer.body.is_empty() => Ok(Value::Null),
            Err(error) => Err(Failure::Refused(format!("the server's answer is no JSON: {error}"))),
        };
    }
    Err(Failure::Refused(problem(answer.status, &body.unwrap_or(Value::Null))))
}

/// A problem (RFC 9457) in words.
pub(super) fn problem(status: StatusCode, body: &Value) -> String {
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let mut said = match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(said), None) | (None, Some(said)) => said.to_owned(),
        (None, None) => format!("the server answers {status}"),
    };
    if status == StatusCode::UNAUTHORIZED {
        said.push_str(" (--token, or AMBERGATE_TOKEN)");
    }
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let one = format!("{}: {}", part("field"), part("detail"));
        if !said.contains(&one) {
            said.push_str(&format!("\n  {one}"));
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn problems_are_told_with_their_fields() {
        let body = json!({
            "title": "Bad event",
            "detail": "one field is wrong",
            "errors": [{"field": "data.amount", "detail": "is negative"}],
        });
        let said = problem(StatusCode::BAD_REQUEST, &body);
        assert_eq!(said, "Bad event: one field is wrong\n  data.amount: is negative");
        let said = problem(StatusCode::UNAUTHORIZED, &Value::Null);
        assert!(said.contains("401") && said.contains("AMBERGATE_TOKEN"));
    }
}
