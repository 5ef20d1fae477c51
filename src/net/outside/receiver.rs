//! A server of the operator's that is told things: POST, and nothing of the answer but its status.
//!
//! Rules:
//! 1. Its name is looked up once for each attempt. Where any address that it has is not to be
//!    reached, nothing leaves: who answers for the name may mean it. The connection goes to an
//!    address that was looked at, by the name that was given.
//! 2. What is not on the internet at large (`config::is_global`) is reached only if the operator
//!    says that the receiver is private; without https nothing else is.
//! 3. No redirect is followed: what a receiver answers with is never asked for.
//! 4. An attempt ends within the time that was given. Of the body [`UNWANTED_BYTES_MAX`] bytes are
//!    read at most, and thrown away.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use tokio::net::{TcpStream, lookup_host};

use super::OutsideError;
use super::server::{Body, Server};
use crate::config::{Secret, is_global};

/// So many bytes of an answer are read at most.
const UNWANTED_BYTES_MAX: usize = 64 << 10;
/// Who speaks.
const AGENT: &str = concat!("ambergate/", env!("CARGO_PKG_VERSION"));

/// A server that is told things.
#[derive(Clone)]
pub struct Receiver {
    server: Server,
    private: bool,
    within: Duration,
}

/// Why there is no answer. Nothing in it tells the address that was configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// It is somewhere where nothing may be sent.
    #[error(
        "its name leads to {0}, which is not on the internet at large: if that is right, say \
             `private = true`"
    )]
    Private(SocketAddr),
    /// It is not private, and there is no TLS.
    #[error(
        "its name leads to {0}, on the internet at large, and its address is http: write https"
    )]
    Open(SocketAddr),
    /// It cannot be reached, or hung up.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// It takes too long.
    #[error("no answer within {0:?}")]
    Slow(Duration),
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("private", &self.private).finish_non_exhaustive()
    }
}

impl Receiver {
    /// The server at `url`; `private`: it may be on the operator's own network, and without TLS.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub fn new(url: &Secret, private: bool, within: Duration) -> Result<Self, OutsideError> {
        let server = Server::of(url.expose())?;
        if server.secure || private {
            Ok(Self { server, private, within })
        } else {
            Err(OutsideError::Address)
        }
    }

    /// POST of JSON with these headers. Answers the status.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn post(&self, headers: HeaderMap, json: Bytes) -> Result<StatusCode, Unreached> {
        let slow = |_| Unreached::Slow(self.within);
        tokio::time::timeout(self.within, self.exchange(headers, json)).await.map_err(slow)?
    }

    async fn exchange(&self, headers: HeaderMap, json: Bytes) -> Result<StatusCode, Unreached> {
        let mut request = Request::post(&self.server.path)
            .header(HOST, &self.server.authority)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(json))
            .map_err(|error| Unreached::Unreachable(error.to_string()))?;
        request.headers_mut().extend(headers);
        let stream = self.connect().await?;
        let answer =
            self.server.exchange(stream, request, Body::Unwanted(UNWANTED_BYTES_MAX)).await;
        answer.map(|answer| answer.status).map_err(Unreached::Unreachable)
    }

    async fn connect(&self) -> Result<TcpStream, Unreached> {
        let found = lookup_host((self.server.host.as_str(), self.server.port)).await;
        let found = found.map_err(|error| Unreached::Unreachable(error.to_string()))?;
        let mut last = "its name leads nowhere".to_owned();
        for address in self.may_all_be_reached(found.collect())? {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error.to_string(),
            }
        }
        Err(Unreached::Unreachable(last))
    }

    fn may_all_be_reached(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Unreached> {
        for address in &found {
            match (is_global(address.ip()), self.private, self.server.secure) {
                (false, false, _) => return Err(Unreached::Private(*address)),
                (true, _, false) => return Err(Unreached::Open(*address)),
                _ => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    fn receiver(url: &str, private: bool) -> Receiver {
        Receiver::new(&Secret::new(url), private, WITHIN).unwrap()
    }

    async fn post(url: &str, private: bool) -> Result<StatusCode, Unreached> {
        receiver(url, private).post(HeaderMap::new(), Bytes::from_static(b"{}")).await
    }

    #[test]
    fn an_address_without_tls_is_for_private_receivers() {
        let made = |url: &str, private| Receiver::new(&Secret::new(url), private, WITHIN);
        for right in ["https://example.com/hooks?a=b", "https://[2606:4700::1111]:8443/"] {
            assert!(made(right, false).is_ok(), "{right}");
        }
        assert!(made("http://10.0.0.1/hooks", true).is_ok());
        assert!(made("http://example.com/hooks", false).is_err());
        for wrong in
            ["https://u:MARKER@example.com", "ftp://example.com", "example.com", "https://"]
        {
            assert_eq!(made(wrong, true).err(), Some(OutsideError::Address), "{wrong}");
        }
        assert!(!format!("{:?}", receiver("https://h/MARKER", true)).contains("MARKER"));
    }

    #[tokio::test]
    async fn nothing_reaches_what_is_not_on_the_internet() {
        let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = canary.local_addr().unwrap().port();
        let hosts = "127.0.0.1 localhost 2130706433 0x7f000001 0x7f.1 0177.0.0.1 127.1 0 \
            [::ffff:127.0.0.1] [::1] [::] 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 \
            [fd00::1] [fe80::1] [ff02::1] [64:ff9b::7f00:1] [2002:7f00:1::] 224.0.0.1 0.0.0.0";
        for host in hosts.split_whitespace() {
            // What is no name of a server of TLS is refused before.
            let url = Secret::new(format!("https://{host}:{port}/"));
            let Ok(receiver) = Receiver::new(&url, false, WITHIN) else { continue };
            let error = receiver.post(HeaderMap::new(), Bytes::new()).await.unwrap_err();
            let refused = matches!(error, Unreached::Private(_) | Unreached::Unreachable(_));
            assert!(refused, "{host}: {error}");
        }
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1"] {
            let error = post(&format!("https://{host}:{port}/"), false).await.unwrap_err();
            assert!(matches!(error, Unreached::Private(_)), "{host}: {error}");
        }
        let waited = tokio::time::timeout(Duration::from_millis(50), canary.accept()).await;
        assert!(waited.is_err(), "somebody came");
    }

    #[test]
    fn each_address_of_a_name_counts() {
        let addresses = |all: &[&str]| all.iter().map(|it| it.parse().unwrap()).collect::<Vec<_>>();
        let own = addresses(&["8.8.8.8:443", "127.0.0.1:443"]);
        let open = receiver("https://example.com", false);
        assert_eq!(open.may_all_be_reached(own.clone()), Err(Unreached::Private(own[1])));
        let private = receiver("https://example.com", true);
        assert_eq!(private.may_all_be_reached(own.clone()), Ok(own.clone()));
        let plain = receiver("http://example.com", true);
        assert_eq!(plain.may_all_be_reached(own.clone()), Err(Unreached::Open(own[0])));
    }

    /// A server that answers whoever comes with these bytes, and then as it says.
    async fn server(answer: &'static [u8], endless: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut heard = vec![0; 4_096];
                let _ = stream.read(&mut heard).await;
                let _ = stream.write_all(answer).await;
                while endless && stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
            }
        });
        url
    }

    #[tokio::test]
    async fn the_status_is_all_that_counts() {
        let url = server(b"HTTP/1.1 204 No Content\r\n\r\n", false).await;
        assert_eq!(post(&url, true).await, Ok(StatusCode::NO_CONTENT));
        let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n";
        let url = server(redirect, false).await;
        assert_eq!(post(&url, true).await, Ok(StatusCode::FOUND), "it is not followed");
        let huge = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n";
        let url = server(huge, true).await;
        assert_eq!(post(&url, true).await, Ok(StatusCode::OK), "its body is left");
        let url = server(b"220 mail.example ESMTP\r\n", false).await;
        assert!(matches!(post(&url, true).await, Err(Unreached::Unreachable(_))));
    }

    #[tokio::test]
    async fn who_does_not_answer_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Secret::new(format!("http://{}/", listener.local_addr().unwrap()));
        let within = Duration::from_millis(50);
        let receiver = Receiver::new(&url, true, within).unwrap();
        let error = receiver.post(HeaderMap::new(), Bytes::new()).await.unwrap_err();
        assert_eq!(error, Unreached::Slow(within));
    }
}
