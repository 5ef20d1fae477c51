//! Questions to a server outside, such as a billing system's API: GET over http or https.
//!
//! Rules:
//! 1. Every call ends within the time that was given; an answer has at most [`ANSWER_BYTES_MAX`]
//!    bytes.
//! 2. No redirect is followed: the secret is for the server that was named.
//! 3. Over https only a certificate that the public roots vouch for is taken; without it the secret
//!    goes to this machine only.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::client::Answer;
use crate::config::Secret;

/// The longest answer taken, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A server outside.
#[derive(Clone)]
pub struct Outside {
    base: String,
    authority: HeaderValue,
    host: String,
    port: u16,
    bearer: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    within: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// The address cannot be used. It is not repeated: who writes one with a password in it by
    /// mistake finds that in no log.
    #[error("no address of a server: write https://host, or http:// of a loopback address")]
    Address,
    /// The secret cannot stand in a header.
    #[error("the key holds characters that no key has")]
    Key,
    /// The server cannot be reached, or hung up.
    #[error("no answer from {0}: {1}")]
    Unreachable(String, String),
    /// It takes too long.
    #[error("no answer from {0} within {1:?}")]
    Slow(String, Duration),
}

impl std::fmt::Debug for Outside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Outside {
    /// The server at `base`, such as `https://api.stripe.com`, which knows us by `key`.
    ///
    /// # Errors
    /// If the address or the key cannot be used.
    pub fn new(base: &str, key: &Secret, within: Duration) -> Result<Self, OutsideError> {
        let base = base.trim_end_matches('/').to_owned();
        let wrong = || OutsideError::Address;
        let uri: Uri = base.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let address = host.parse::<IpAddr>();
        if !secure && host != "localhost" && !address.is_ok_and(|it| it.is_loopback()) {
            return Err(wrong());
        }
        let tls = if secure {
            let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
            Some((connector()?, name))
        } else {
            None
        };
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| OutsideError::Key)?;
        bearer.set_sensitive(true);
        Ok(Self {
            authority: HeaderValue::try_from(authority.as_str()).map_err(|_| wrong())?,
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            base,
            host,
            bearer,
            tls,
            within,
        })
    }

    /// GET of `path`, which begins with `/`.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer, OutsideError> {
        let slow = |_| OutsideError::Slow(self.base.clone(), self.within);
        let exchanged = tokio::time::timeout(self.within, self.exchange(path)).await;
        exchanged.map_err(slow)?.map_err(|why| OutsideError::Unreachable(self.base.clone(), why))
    }

    async fn exchange(&self, path: &str) -> Result<Answer, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| error.to_string())?;
        match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                self.ask(path, stream.map_err(|error| error.to_string())?).await
            }
            None => self.ask(path, stream).await,
        }
    }

    async fn ask<S>(&self, path: &str, stream: S) -> Result<Answer, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let prefix: Uri = self.base.parse().map_err(|_| "it has no path".to_owned())?;
        let request = Request::get(format!("{}{path}", prefix.path().trim_end_matches('/')))
            .header(HOST, &self.authority)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, &self.bearer)
            .body(Empty::<Bytes>::new())
            .map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok(Answer { status: head.status, body })
        };
        tokio::pin!(exchange);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            // What came before it ended is still to be read.
            _ = connection => exchange.await,
        }
    }
}

/// The status and body of an answer that says what was asked for.
///
/// # Errors
/// What it says instead, without its body: that may quote what is nobody else's.
pub fn found(answer: Answer) -> Result<Bytes, StatusCode> {
    if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(answer.status) }
}

fn connector() -> Result<TlsConnector, OutsideError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| OutsideError::Address)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    #[test]
    fn only_addresses_of_servers_are_taken_and_no_key_is_shown() {
        let key = Secret::new("sk_MARKER");
        for right in ["https://api.stripe.com", "http://127.0.0.1:12111/", "https://[::1]:1/x"] {
            let outside = Outside::new(right, &key, WITHIN).unwrap();
            assert!(!format!("{outside:?}").contains("MARKER"));
        }
        let odd = ["api.stripe.com", "ftp://host", "https://", "https://user:MARKER@host", ""];
        let open = ["http://api.stripe.com", "http://10.0.0.1", "http://localhost.example"];
        for wrong in odd.into_iter().chain(open) {
            let error = Outside::new(wrong, &key, WITHIN).unwrap_err();
            assert_eq!(error, OutsideError::Address, "{wrong}");
            assert!(!error.to_string().contains("MARKER"));
        }
        let odd = Secret::new("a\nb");
        assert_eq!(Outside::new("http://localhost", &odd, WITHIN).unwrap_err(), OutsideError::Key);
    }

    #[tokio::test]
    async fn https_begins_with_a_handshake_and_not_with_the_key() {
        use tokio::io::AsyncReadExt as _;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let outside = Outside::new(
            &format!("https://localhost:{}", address.port()),
            &Secret::new("sk_MARKER"),
            WITHIN,
        );
        let mut first = vec![0; 3];
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut first).await.unwrap();
        };
        let outside = outside.unwrap();
        let (answer, ()) = tokio::join!(outside.get("/v1/invoices/in_1"), server);
        let error = answer.unwrap_err();
        assert!(!error.to_string().contains("MARKER"), "{error}");
        assert_eq!(first[..2], [0x16, 0x03], "a TLS record of a handshake");
    }
}
