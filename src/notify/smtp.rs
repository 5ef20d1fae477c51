//! Hands one mail to an SMTP server, and knows at every moment whether it may have left.
//!
//! Rules:
//! 1. One connection a mail, no pool: a relay that closed an idle one costs no mail.
//! 2. The whole exchange has a deadline of its own; the library's covers connecting only.
//! 3. A mail may have left from just before its final dot on, never earlier. What ends without an
//!    answer to that dot is doubt.
//! 4. Only an answer about this recipient or this mail counts against the recipient: a server
//!    that greets, encrypts or lets in badly is the operator's trouble, and is tried again.
//! 5. In the clear only to this machine itself.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;

use super::email::Outcome;
use super::letter::line;

/// So long is a farewell waited for that changes nothing any more.
const FAREWELL: Duration = Duration::from_secs(2);
/// Answers that say that the server wants its client to sign in first.
const SIGN_IN_FIRST: [u16; 3] = [530, 534, 538];

/// How the way to the server is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Privacy {
    /// TLS from the first byte.
    Tls,
    /// TLS once both have greeted.
    StartTls,
    /// None: the server is this machine.
    Clear,
}

/// Where mail is handed over. Its credentials never show.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    host: String,
    port: u16,
    privacy: Privacy,
    credentials: Option<Credentials>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.credentials.is_some();
        write!(f, "{}:{} ({:?}, signs in: {known})", self.host, self.port, self.privacy)
    }
}

/// An address of a server that cannot be used. It does not repeat what was given: that may hold a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; right would be smtps://user:password@host, smtp://host:587 or smtp://127.0.0.1:25")]
pub struct NotAServer(&'static str);

impl FromStr for Server {
    type Err = NotAServer;

    fn from_str(text: &str) -> Result<Self, NotAServer> {
        let uri: http::Uri = text.parse().map_err(|_| NotAServer("not a URL"))?;
        let authority = uri.authority().ok_or(NotAServer("no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(NotAServer("no host"));
        }
        let tls_wanted = match uri.query() {
            None => false,
            Some("tls=required") => true,
            Some(_) => return Err(NotAServer("all that may follow ? is tls=required")),
        };
        let (privacy, port) = match uri.scheme_str() {
            Some("smtps") => (Privacy::Tls, 465),
            Some("smtp") if is_this_machine(&host) && !tls_wanted => (Privacy::Clear, 25),
            Some("smtp") => (Privacy::StartTls, 587),
            _ => return Err(NotAServer("not smtp:// or smtps://")),
        };
        if !matches!(uri.path(), "" | "/") {
            return Err(NotAServer("a path, where none is meant"));
        }
        let credentials = match authority.as_str().rsplit_once('@') {
            None => None,
            Some((signs_in, _)) => Some(credentials(signs_in)?),
        };
        if credentials.is_some() && privacy == Privacy::Clear {
            return Err(NotAServer("a password in the clear; ?tls=required would hide it"));
        }
        let port = authority.port_u16().unwrap_or(port);
        Ok(Self { host, port, privacy, credentials })
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn credentials(text: &str) -> Result<Credentials, NotAServer> {
    let (user, password) = text.split_once(':').ok_or(NotAServer("a user without a password"))?;
    let plain = |part| unescape(part).ok_or(NotAServer("a % that is not followed by two digits"));
    Ok(Credentials::new(plain(user)?, plain(password)?))
}

/// Undoes percent escapes.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

/// An envelope with its mail.
pub(super) struct Parcel<'a> {
    pub(super) from: &'a Address,
    pub(super) to: &'a Address,
    pub(super) mail: &'a [u8],
}

impl Server {
    /// Hands the parcel over within `deadline`; `wanted` is asked right before its content.
    pub(super) async fn send(
        &self,
        parcel: Parcel<'_>,
        deadline: Duration,
        wanted: impl Future<Output = bool> + Send,
    ) -> Outcome {
        let left = AtomicBool::new(false);
        let mut connection = None;
        // Boxed: a connection with TLS would make every future around it large.
        let exchange = Box::pin(async {
            let connection = connection.insert(self.greet(deadline).await?);
            hand_over(connection, parcel, &left, wanted).await
        });
        let may_have_left = match tokio::time::timeout(deadline, exchange).await {
            Ok(Ok(outcome) | Err(outcome)) => {
                if let Some(mut connection) = connection {
                    let _ = tokio::time::timeout(FAREWELL, connection.abort()).await;
                }
                return outcome;
            }
            Err(_) => left.load(Ordering::Acquire),
        };
        if may_have_left {
            Outcome::Maybe("no answer in time after the whole mail was sent".to_owned())
        } else {
            Outcome::Deferred("no answer in time".to_owned())
        }
    }

    /// Connects, encrypts, signs in.
    async fn greet(&self, deadline: Duration) -> Result<AsyncSmtpConnection, Outcome> {
        let own_trouble = |error: lettre::transport::smtp::Error| Outcome::Deferred(told(&error));
        let tls = match self.privacy {
            Privacy::Clear => None,
            Privacy::Tls | Privacy::StartTls => {
                let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
                Some(TlsParameters::new_rustls(self.host.clone()).map_err(own_trouble)?)
            }
        };
        let (at_once, then) = match self.privacy {
            Privacy::StartTls => (None, tls),
            Privacy::Tls | Privacy::Clear => (tls, None),
        };
        let name = ClientId::default();
        let server = (self.host.as_str(), self.port);
        let connected = if at_once.is_some() {
            AsyncSmtpConnection::connect_tokio1(server, Some(deadline), &name, at_once, None).await
        } else {
            let unreachable = |error: std::io::Error| Outcome::Deferred(line(&error.to_string()));
            let stream = TcpStream::connect(server).await.map_err(unreachable)?;
            // The final dot is a small packet of its own: it must not wait until the content has
            // been acknowledged.
            stream.set_nodelay(true).map_err(unreachable)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name).await
        };
        let mut connection = connected.map_err(own_trouble)?;
        if let Some(tls) = then {
            connection.starttls(tls, &name).await.map_err(own_trouble)?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&ways, credentials).await.map_err(own_trouble)?;
        }
        Ok(connection)
    }
}

/// MAIL, RCPT, DATA, the content and its final dot.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    parcel: Parcel<'_>,
    left: &AtomicBool,
    wanted: impl Future<Output = bool> + Send,
) -> Result<Outcome, Outcome> {
    let mut parameters = Vec::new();
    if !(parcel.from.to_string() + parcel.to.as_ref()).is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let detail = "the server takes no addresses beyond ASCII (no SMTPUTF8)";
            return Err(Outcome::Refused(detail.to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let sender = Mail::new(Some(parcel.from.clone()), parameters);
    connection.command(sender).await.map_err(|error| Outcome::Deferred(told(&error)))?;
    let recipient = Rcpt::new(parcel.to.clone(), Vec::new());
    connection.command(recipient).await.map_err(|error| about_recipient(&error))?;
    if !wanted.await {
        return Err(Outcome::Withdrawn);
    }
    connection.command(Data).await.map_err(|error| about_recipient(&error))?;
    let mut content = Some(parcel.mail);
    let whole = std::iter::from_fn(|| {
        let next = content.take();
        // Nothing more to write but the dot.
        left.store(next.is_none(), Ordering::Release);
        next
    });
    let answer = connection.message_iter(whole).await;
    let answered = |answer: lettre::transport::smtp::response::Response| {
        Outcome::Accepted(line(answer.first_line().unwrap_or_default()))
    };
    answer.map(answered).map_err(|error| match error.status() {
        Some(_) => about_recipient(&error),
        None if left.load(Ordering::Acquire) => Outcome::Maybe(told(&error)),
        None => Outcome::Deferred(told(&error)),
    })
}

/// A final answer about the recipient or the mail itself; anything else is tried again.
fn about_recipient(error: &lettre::transport::smtp::Error) -> Outcome {
    let sign_in = error.status().is_some_and(|code| SIGN_IN_FIRST.contains(&u16::from(code)));
    if error.is_permanent() && !sign_in {
        Outcome::Refused(told(error))
    } else {
        Outcome::Deferred(told(error))
    }
}

fn told(error: &lettre::transport::smtp::Error) -> String {
    line(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_their_privacy() {
        let cases = [
            ("smtp://127.0.0.1:2525", Privacy::Clear, 2525),
            ("smtp://localhost", Privacy::Clear, 25),
            ("smtp://[::1]:25", Privacy::Clear, 25),
            ("smtp://127.0.0.1:2525?tls=required", Privacy::StartTls, 2525),
            ("smtp://mail.example.com", Privacy::StartTls, 587),
            ("smtps://mail.example.com", Privacy::Tls, 465),
            ("smtps://u%40x:p%3aw@mail.example.com:9465", Privacy::Tls, 9465),
        ];
        for (text, privacy, port) in cases {
            let server: Server = text.parse().unwrap();
            assert_eq!((server.privacy, server.port), (privacy, port), "{text}");
        }
    }

    #[test]
    fn bad_servers_are_refused_without_their_password() {
        for text in [
            "http://mail.example.com",
            "mail.example.com",
            "smtp://",
            "smtp://u:hunter2@127.0.0.1",
            "smtps://hunter2@mail.example.com",
            "smtps://u:hunter2%zz@mail.example.com",
            "smtps://u:hunter2@mail.example.com/inbox",
            "smtps://u:hunter2@mail.example.com?tls=no",
        ] {
            let error = text.parse::<Server>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains("right would be"), "{error}");
        }
        let server: Server = "smtps://u:hunter2@mail.example.com".parse().unwrap();
        assert!(!format!("{server:?}").contains("hunter2"));
    }
}
