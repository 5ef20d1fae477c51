//! The channel `email`: one mail to one mailbox, over SMTP.
//!
//! Rules:
//! 1. `Message-ID` is the message's derived id: every attempt at one message carries the same.
//! 2. Mailboxes are parsed before anything is said to a server; line breaks and quoted local parts
//!    are refused. One recipient a mail.
//! 3. Every mail says that a program wrote it (`Auto-Submitted`), and to which list it belongs.
//! 4. In a rehearsal (`only_to`) nothing is handed over for anybody else, and nothing counts as
//!    delivered to them.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::digest::Sheet;
use super::letter::{Letter, line};
use super::render::{Rendered, Templates};
use super::smtp::{Parcel, Server};
use super::templates::TemplateFault;
use crate::domain::fact::ReceiptKind;
use crate::domain::time::Instant;

/// So long may handing over one mail take.
pub const SEND_WITHIN: Duration = Duration::from_secs(60);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it for delivery, and said this.
    Accepted(String),
    /// Not now: it did not leave, and another attempt may do better.
    Deferred(String),
    /// Never: this mailbox, or this mail.
    Refused(String),
    /// The line broke or the time ran out when it may have left already.
    Maybe(String),
    /// It was no longer wanted when it was about to leave.
    Withdrawn,
}

impl Outcome {
    /// The receipt that says so.
    #[must_use]
    pub const fn receipt(&self) -> ReceiptKind {
        match self {
            Self::Accepted(_) => ReceiptKind::Accepted,
            Self::Deferred(_) | Self::Withdrawn => ReceiptKind::Deferred,
            Self::Refused(_) => ReceiptKind::Bounced,
            Self::Maybe(_) => ReceiptKind::Failed,
        }
    }

    /// What the other side said.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Accepted(said) | Self::Deferred(said) | Self::Refused(said) => said.clone(),
            Self::Maybe(said) => format!("it may have left: {said}"),
            Self::Withdrawn => "withdrawn before it left".to_owned(),
        }
    }
}

/// How mail leaves, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server, such as `smtps://user:password@mail.example.com`.
    pub smtp: Server,
    /// The sender, such as `Example <billing@example.com>`.
    pub from: String,
    /// Rehearsal: mail leaves only for these mailboxes, or domains (`@example.com`).
    pub only_to: Option<Vec<String>>,
    /// Templates that take the place of those compiled in.
    pub templates: Option<PathBuf>,
    /// So long may handing over one mail take.
    pub within: Duration,
}

/// Why mail cannot leave as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailerFault {
    /// The sender cannot be one.
    #[error("from: {0:?} is not a sender such as Example <billing@example.com>")]
    From(String),
    /// A template cannot be used.
    #[error("template {0}")]
    Template(TemplateFault),
}

/// Renders letters and hands them to the server.
#[derive(Debug)]
pub struct Mailer {
    server: Server,
    from: Mailbox,
    only_to: Option<Vec<String>>,
    templates: Templates,
    within: Duration,
}

impl Mailer {
    /// A mailer as configured.
    ///
    /// # Errors
    /// All that is wrong with the sender and the templates.
    pub fn new(settings: &Settings) -> Result<Self, Vec<MailerFault>> {
        let from = sender(&settings.from).ok_or_else(|| MailerFault::From(settings.from.clone()));
        let signed = from
            .as_ref()
            .ok()
            .map(|from| from.name.clone().unwrap_or_else(|| from.email.domain().to_owned()));
        let templates =
            Templates::load(signed.as_deref().unwrap_or_default(), settings.templates.as_deref());
        match (from, templates) {
            (Ok(from), Ok(templates)) => Ok(Self {
                server: settings.smtp.clone(),
                from,
                only_to: settings.only_to.clone(),
                templates,
                within: settings.within,
            }),
            (from, templates) => {
                let faults = templates.err().into_iter().flatten().map(MailerFault::Template);
                Err(from.err().into_iter().chain(faults).collect())
            }
        }
    }

    /// One attempt at `letter`, dated `now`; `wanted` is asked right before its content leaves.
    pub async fn deliver(
        &self,
        letter: &Letter,
        now: Instant,
        wanted: impl Future<Output = bool> + Send,
    ) -> Outcome {
        let Some(to) = mailbox(&letter.recipient) else {
            return Outcome::Refused("not a mailbox that mail can be sent to".to_owned());
        };
        if !self.may_write_to(&to) {
            return Outcome::Deferred("a rehearsal: only_to does not name this mailbox".to_owned());
        }
        let mail = match self.templates.render(letter) {
            Ok(rendered) => self.envelop(letter, rendered, &to, now),
            Err(fault) => Err(fault.to_string()),
        };
        match mail {
            Ok(mail) => {
                let parcel = Parcel { from: &self.from.email, to: &to, mail: &mail };
                self.server.send(parcel, self.within, wanted).await
            }
            Err(fault) => Outcome::Deferred(format!("it could not be written: {fault}")),
        }
    }

    /// One attempt at a mail that is no letter, dated `now`.
    pub async fn deliver_sheet(&self, sheet: &Sheet, now: Instant) -> Outcome {
        let Some(to) = mailbox(&sheet.to) else {
            return Outcome::Refused("not a mailbox that mail can be sent to".to_owned());
        };
        if !self.may_write_to(&to) {
            return Outcome::Deferred("a rehearsal: only_to does not name this mailbox".to_owned());
        }
        let domain = self.from.email.domain();
        let mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(sheet.subject.clone())
            .date(dated(now))
            .message_id(Some(format!("<{}@ambergate.{domain}>", sheet.id)))
            .multipart(MultiPart::alternative_plain_html(sheet.text.clone(), sheet.html.clone()));
        let mut mail = match mail {
            Ok(mail) => mail,
            Err(fault) => return Outcome::Deferred(format!("it could not be written: {fault}")),
        };
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        mail.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        let mail = mail.formatted();
        let parcel = Parcel { from: &self.from.email, to: &to, mail: &mail };
        self.server.send(parcel, self.within, async { true }).await
    }

    fn may_write_to(&self, to: &Address) -> bool {
        let whole = to.to_string();
        self.only_to.as_ref().is_none_or(|only| {
            only.iter().map(|allowed| allowed.trim()).any(|allowed| {
                match allowed.strip_prefix('@') {
                    Some(domain) => to.domain().eq_ignore_ascii_case(domain),
                    None => whole.eq_ignore_ascii_case(allowed),
                }
            })
        })
    }

    /// The whole mail as it goes over the wire.
    fn envelop(
        &self,
        letter: &Letter,
        rendered: Rendered,
        to: &Address,
        now: Instant,
    ) -> Result<Vec<u8>, String> {
        let domain = self.from.email.domain();
        let name = letter.hello.as_deref().map(line).filter(|name| !name.is_empty());
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, to.clone()))
            .subject(rendered.subject)
            .date(dated(now))
            .message_id(Some(format!("<{}@ambergate.{domain}>", letter.message)))
            .multipart(MultiPart::alternative_plain_html(rendered.text, rendered.html))
            .map_err(|error| error.to_string())?;
        let headers = [
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("List-Id", format!("<billing.ambergate.{domain}>")),
            ("Content-Language", rendered.language.tag().to_owned()),
        ];
        for (name, value) in headers {
            mail.headers_mut()
                .insert_raw(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        Ok(mail.formatted())
    }
}

fn dated(now: Instant) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(now.millis()).unwrap_or_default());
    SystemTime::UNIX_EPOCH + since
}

/// A mailbox as it may stand in an envelope.
fn mailbox(text: &str) -> Option<Address> {
    let text = text.trim();
    let odd = |c: char| c.is_control() || c.is_whitespace() || "\"<>(),;:\\".contains(c);
    if text.contains(odd) { None } else { Address::from_str(text).ok() }
}

fn sender(text: &str) -> Option<Mailbox> {
    if text.contains(char::is_control) {
        return None;
    }
    let from = Mailbox::from_str(text.trim()).ok()?;
    mailbox(from.email.as_ref()).map(|email| Mailbox::new(from.name, email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_mailboxes_are_written_to() {
        assert!(mailbox("ada@example.com").is_some());
        assert!(mailbox(" ada+billing@sub.example.com ").is_some());
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example.com\r\nRCPT TO:<eve@example.com>",
            "ada@example.com,eve@example.com",
            "\"ada> <eve\"@example.com",
            "Ada <ada@example.com>",
            "ada@exa mple.com",
            "ada@example.com\0",
        ] {
            assert_eq!(mailbox(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn senders() {
        assert!(sender("Example <billing@example.com>").is_some());
        assert!(sender("billing@example.com").is_some());
        assert!(sender("Example").is_none());
        assert!(sender("Example <billing@example.com>\r\nBcc: eve@example.com").is_none());
    }

    #[test]
    fn what_came_of_it_becomes_a_receipt() {
        let said = || "said".to_owned();
        let cases = [
            (Outcome::Accepted(said()), ReceiptKind::Accepted, "said"),
            (Outcome::Deferred(said()), ReceiptKind::Deferred, "said"),
            (Outcome::Refused(said()), ReceiptKind::Bounced, "said"),
            (Outcome::Maybe(said()), ReceiptKind::Failed, "it may have left: said"),
            (Outcome::Withdrawn, ReceiptKind::Deferred, "withdrawn before it left"),
        ];
        for (outcome, kind, detail) in cases {
            assert_eq!((outcome.receipt(), outcome.detail().as_str()), (kind, detail));
        }
    }
}
