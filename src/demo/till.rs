//! The demo's billing system: knows what is open, and says when it was paid.
//!
//! Rule: it speaks to ambergate as any billing system does, over the admin address, with events.

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::money::Money;

/// The longest answer read.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Asks and tells ambergate.
pub struct Till {
    admin: String,
    token: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An invoice on which something is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenInvoice {
    /// Its id.
    pub invoice: String,
    /// The number printed on it.
    pub number: String,
    /// What is open.
    pub owed: Money,
    /// When it is due.
    pub due_on: String,
}

#[derive(Deserialize)]
struct Shown {
    invoices: Vec<ShownInvoice>,
}

#[derive(Deserialize)]
struct ShownInvoice {
    invoice: String,
    number: Option<String>,
    owed: Option<Money>,
    due_on: Option<String>,
}

impl Till {
    /// Speaks to the admin address `admin` (`http://127.0.0.1:8081`) with `token`.
    #[must_use]
    pub fn new(admin: impl Into<String>, token: impl Into<String>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { admin: admin.into(), token: token.into(), client }
    }

    /// What is open for `tenant`.
    ///
    /// # Errors
    /// Ambergate could not be asked, in words.
    pub async fn open_invoices(&self, tenant: &str) -> Result<Vec<OpenInvoice>, String> {
        let path = format!("/v1/tenants/{}", in_path(tenant));
        let (status, answer) = self.speak(Method::GET, &path, None).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let shown: Shown = serde_json::from_value(answer).map_err(|error| error.to_string())?;
        let open = shown.invoices.into_iter().filter_map(|shown| {
            Some(OpenInvoice {
                owed: shown.owed.filter(|owed| owed.minor > 0)?,
                number: shown.number.unwrap_or_else(|| shown.invoice.clone()),
                invoice: shown.invoice,
                due_on: shown.due_on.unwrap_or_default(),
            })
        });
        Ok(open.collect())
    }

    /// Says that all that is open for `tenant` was paid just now.
    ///
    /// # Errors
    /// Ambergate could not be told, in words.
    pub async fn pay_all(&self, tenant: &str) -> Result<(), String> {
        for open in self.open_invoices(tenant).await? {
            let payment = format!("demo:pay-{}-{}", open.invoice, open.owed.minor);
            let event = json!({
                "specversion": "1.0",
                "id": payment,
                "source": "demo",
                "type": "ambergate.payment.received",
                "subject": tenant,
                "data": {
                    "payment": payment,
                    "amount": open.owed,
                    "method": "card",
                    "invoices": [{ "invoice": open.invoice, "amount": open.owed }],
                },
            });
            let (status, answer) = self.speak(Method::POST, "/v1/events", Some(event)).await?;
            if !status.is_success() {
                return Err(format!("ambergate answered {status}: {answer}"));
            }
        }
        Ok(())
    }

    async fn speak(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), String> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.admin))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/cloudevents+json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok((head.status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

/// A tenant's id as one segment of a path.
fn in_path(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let mut segment = String::with_capacity(text.len());
    for byte in text.as_bytes() {
        if plain(byte) {
            segment.push(char::from(*byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}
