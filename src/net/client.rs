//! A small HTTP client for ambergate's own API.
//!
//! Rules:
//! 1. Every call ends within [`CALL_WITHIN`]; an answer has at most [`ANSWER_BYTES_MAX`] bytes.
//! 2. No redirect is followed: the token is for the server that was named.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::config::Secret;

/// How long a call may take.
pub const CALL_WITHIN: Duration = Duration::from_secs(60);

/// The longest answer taken, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Speaks to one server.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    token: Option<HeaderValue>,
    pool: Pool<HttpConnector, Full<Bytes>>,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The address cannot be used.
    #[error("{0:?} is no address of a server: write http://host:port")]
    Address(String),
    /// The token cannot stand in a header.
    #[error("the token holds characters that no token has")]
    Token,
    /// The server cannot be reached, or hung up.
    #[error("no answer from {address}: {cause}")]
    Unreachable {
        /// Whose.
        address: String,
        /// What happened.
        cause: String,
    },
    /// It takes too long.
    #[error("no answer from {address} within {} seconds", CALL_WITHIN.as_secs())]
    Slow {
        /// Whose.
        address: String,
    },
}

impl Client {
    /// For the server at `base`, such as `http://127.0.0.1:8081`.
    ///
    /// # Errors
    /// If the address or the token cannot be used.
    pub fn new(base: &str, token: Option<&Secret>) -> Result<Self, ClientError> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = base.parse().ok();
        let fits = |uri: &Uri| {
            uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty())
        };
        if !uri.as_ref().is_some_and(fits) {
            return Err(ClientError::Address(base));
        }
        let bearer = |token: &Secret| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| ClientError::Token)?;
            value.set_sensitive(true);
            Ok(value)
        };
        let token = token.map(bearer).transpose()?;
        let pool = Pool::builder(TokioExecutor::new()).build(HttpConnector::new());
        Ok(Self { base, token, pool })
    }

    /// GET.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::GET, path, None).await
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn post(&self, path: &str, json: Vec<u8>) -> Result<Answer, ClientError> {
        self.call(Method::POST, path, Some(json)).await
    }

    /// PUT of JSON.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn put(&self, path: &str, json: Vec<u8>) -> Result<Answer, ClientError> {
        self.call(Method::PUT, path, Some(json)).await
    }

    /// DELETE.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn delete(&self, path: &str) -> Result<Answer, ClientError> {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        json: Option<Vec<u8>>,
    ) -> Result<Answer, ClientError> {
        let address = format!("{}{path}", self.base);
        let mut request =
            Request::builder().method(method).uri(&address).header(ACCEPT, "application/json");
        if json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        let request = request
            .body(Full::new(Bytes::from(json.unwrap_or_default())))
            .map_err(|_| ClientError::Address(address.clone()))?;
        let unreachable =
            |cause: String| ClientError::Unreachable { address: self.base.clone(), cause };
        let exchange = async {
            let answer =
                self.pool.request(request).await.map_err(|error| unreachable(cause(&error)))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| unreachable(error.to_string()))?.to_bytes();
            Ok(Answer { status: head.status, body })
        };
        let slow = |_| ClientError::Slow { address: self.base.clone() };
        tokio::time::timeout(CALL_WITHIN, exchange).await.map_err(slow)?
    }
}

/// The innermost reason: the outer ones say only that something went wrong.
fn cause(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// `text` as one segment or value of an address.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_servers_are_taken() {
        assert!(Client::new("http://127.0.0.1:8081/", None).is_ok());
        for wrong in ["127.0.0.1:8081", "https://host", "http://", "ftp://host", ""] {
            assert!(Client::new(wrong, None).is_err(), "{wrong}");
        }
        let token = Secret::new("a\nb");
        assert_eq!(Client::new("http://a", Some(&token)).unwrap_err(), ClientError::Token);
        let client = Client::new("http://a", Some(&Secret::new("MARKER"))).unwrap();
        assert!(!format!("{client:?}").contains("MARKER"));
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(escaped("a/b c?ü"), "a%2Fb%20c%3F%C3%BC");
    }
}
