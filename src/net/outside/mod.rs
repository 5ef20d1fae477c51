//! Servers outside: questions to one that is trusted, such as a billing system's API ([`Outside`]),
//! and what is told to one that the operator named ([`Receiver`]).
//!
//! Rules:
//! 1. Every call ends within the time that was given; an answer has at most [`ANSWER_BYTES_MAX`]
//!    bytes.
//! 2. No redirect is followed: the secret is for the server that was named.
//! 3. Over https only a certificate that the public roots vouch for is taken; without it the secret
//!    goes to this machine only.

mod receiver;
mod server;

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::net::TcpStream;

pub use self::receiver::{Receiver, Unreached};
use self::server::{Body, Server};
use super::client::Answer;
use crate::config::Secret;

/// The longest answer taken, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A server outside that is asked.
#[derive(Clone)]
pub struct Outside {
    base: String,
    server: Server,
    bearer: HeaderValue,
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
        let mut server = Server::of(&base)?;
        let loopback = server.host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
        if server.path.contains('?') || !(server.secure || loopback || server.host == "localhost") {
            return Err(OutsideError::Address);
        }
        server.path.truncate(server.path.trim_end_matches('/').len());
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| OutsideError::Key)?;
        bearer.set_sensitive(true);
        Ok(Self { base, server, bearer, within })
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
        let request = Request::get(format!("{}{path}", self.server.path))
            .header(HOST, &self.server.authority)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, &self.bearer)
            .body(Full::<Bytes>::default())
            .map_err(|error| error.to_string())?;
        let stream = TcpStream::connect((self.server.host.as_str(), self.server.port)).await;
        let stream = stream.map_err(|error| error.to_string())?;
        self.server.exchange(stream, request, Body::Whole(ANSWER_BYTES_MAX)).await
    }
}

/// The status and body of an answer that says what was asked for.
///
/// # Errors
/// What it says instead, without its body: that may quote what is nobody else's.
pub fn found(answer: Answer) -> Result<Bytes, StatusCode> {
    if answer.status == StatusCode::OK { Ok(answer.body) } else { Err(answer.status) }
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
