//! Catches the demo's mail over real SMTP, and can be told to misbehave (SPEC 10).
//!
//! Rules:
//! 1. Recipients at `refuse.example` are refused (550); those at `defer.example` put off (451),
//!    for ever.
//! 2. With a deferral set, each mail is put off until so long after its first attempt, by the
//!    demo's clock. A mail is known by its `Message-ID` and its recipients, so this is decided
//!    after its content.
//! 3. What was answered 250 is kept and shown; the oldest go when there are too many.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::mime::Mail;
use super::smtp::{self, Postmaster};
use crate::clock::Clock;
use crate::domain::time::Instant;

/// At most so many mails are kept.
const MAILS_MAX: usize = 10_000;
/// At most so many connections at the same time.
const CONNECTIONS_MAX: usize = 256;

/// A mail as it was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caught {
    /// When, by the demo's clock.
    pub at: Instant,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The plain part, decoded.
    pub text: String,
    /// The HTML part, decoded.
    pub html: String,
    /// Every header, decoded.
    pub headers: BTreeMap<String, String>,
}

/// A mail before it was kept: its `Message-ID` and its recipients.
type Known = (String, Vec<String>);

#[derive(Debug, Default)]
struct Kept {
    mails: Vec<Arc<Caught>>,
    /// So long after its first attempt is each mail put off, in milliseconds.
    defer: i64,
    first_tried: HashMap<Known, Instant>,
}

/// The mailbox. A copy is the same mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
}

impl Mailbox {
    /// An empty mailbox that dates what it catches by `clock`.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, kept: Arc::default() }
    }

    /// A listener on a free port of this machine, for [`Mailbox::serve`].
    ///
    /// # Errors
    /// There is none.
    pub async fn listen() -> std::io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    /// Takes mail, until it is dropped.
    pub async fn serve(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            if connections.len() >= CONNECTIONS_MAX {
                connections.join_next().await;
            }
            let mailbox = self.clone();
            connections.spawn(async move {
                if let Err(error) = smtp::serve(stream, &mailbox).await {
                    tracing::debug!(%error, "a connection to the mailbox broke");
                }
            });
        }
    }

    /// All mail caught so far, the oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Arc<Caught>> {
        self.kept().mails.clone()
    }

    /// From now on each mail is put off until so long after its first attempt; 0: no longer.
    pub fn defer(&self, millis: i64) {
        let mut kept = self.kept();
        kept.defer = millis;
        kept.first_tried.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Postmaster for Mailbox {
    fn recipient(&self, mailbox: &str) -> Result<(), &'static str> {
        let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain);
        match domain.to_ascii_lowercase().as_str() {
            "refuse.example" => Err("550 5.1.1 nobody of this name here"),
            "defer.example" => Err("451 4.7.1 not now, try again later"),
            _ => Ok(()),
        }
    }

    fn mail(&self, from: &str, to: &[String], content: &[u8]) -> Result<(), &'static str> {
        let mail = Mail::read(content);
        let now = self.clock.now();
        let mut kept = self.kept();
        let mut known = (mail.header("Message-ID").unwrap_or_default().to_owned(), to.to_vec());
        known.1.sort();
        if kept.defer > 0 {
            let first = *kept.first_tried.entry(known.clone()).or_insert(now);
            if now < first.plus_millis(kept.defer) {
                return Err("451 4.7.1 greylisted, try again later");
            }
            kept.first_tried.remove(&known);
        }
        if kept.mails.len() >= MAILS_MAX {
            kept.mails.remove(0);
        }
        let subject = mail.header("Subject").unwrap_or_default().to_owned();
        let Mail { headers, text, html } = mail;
        let (from, to) = (from.to_owned(), to.to_vec());
        kept.mails.push(Arc::new(Caught { at: now, from, to, subject, text, html, headers }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{DAY, HOUR};

    const MAIL: &[u8] = b"Message-ID: <1@x>\r\nSubject: hi\r\n\r\nbody\r\n";

    fn mailbox() -> (Mailbox, Clock) {
        let clock = Clock::standing("2026-03-02T08:00:00Z".parse().unwrap());
        (Mailbox::new(clock.clone()), clock)
    }

    #[test]
    fn a_mail_is_put_off_for_so_long_after_its_first_attempt() {
        let (mailbox, clock) = mailbox();
        let ada = ["ada@example.org".to_owned()];
        let ben = ["ben@example.org".to_owned()];
        mailbox.defer(3 * DAY);
        let start = clock.now();
        assert!(mailbox.mail("x@example.com", &ada, MAIL).is_err());
        clock.set(start.plus_millis(2 * DAY));
        assert!(mailbox.mail("x@example.com", &ada, MAIL).is_err());
        assert!(mailbox.mail("x@example.com", &ben, MAIL).is_err());
        clock.set(start.plus_millis(3 * DAY));
        assert!(mailbox.mail("x@example.com", &ada, MAIL).is_ok());
        assert!(mailbox.mail("x@example.com", &ben, MAIL).is_err());
        clock.set(start.plus_millis(3 * DAY + HOUR));
        mailbox.defer(0);
        assert!(mailbox.mail("x@example.com", &ben, MAIL).is_ok());
        let mails = mailbox.mails();
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0].at, start.plus_millis(3 * DAY));
        assert_eq!((mails[0].subject.as_str(), mails[0].text.as_str()), ("hi", "body\n"));
    }

    #[test]
    fn two_domains_never_get_mail() {
        let (mailbox, _) = mailbox();
        assert!(mailbox.recipient("a@refuse.example").unwrap_err().starts_with("550"));
        assert!(mailbox.recipient("a@DEFER.example").unwrap_err().starts_with("451"));
        assert!(mailbox.recipient("a@sub.refuse.example").is_ok());
    }
}
