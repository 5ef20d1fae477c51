//! The demo's mailbox against two clients: the one that ambergate uses, and Python's.

use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::demo::mailbox::Mailbox;
use ambergate::domain::time::{DAY, HOUR};
use ambergate::notify::email::{Mailer, Outcome, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::letters::{message, monday, warning};

async fn start() -> (Mailbox, Clock, std::net::SocketAddr) {
    let clock = Clock::standing(monday());
    let mailbox = Mailbox::new(clock.clone());
    let (listener, address) = Mailbox::listen().await.unwrap();
    tokio::spawn(mailbox.clone().serve(listener));
    (mailbox, clock, address)
}

fn mailer(address: std::net::SocketAddr) -> Mailer {
    let settings = Settings {
        smtp: format!("smtp://{address}").parse().unwrap(),
        from: "Fieldnotes <billing@fieldnotes.example>".to_owned(),
        only_to: None,
        templates: None,
        within: Duration::from_secs(20),
    };
    Mailer::new(&settings).unwrap()
}

#[tokio::test]
async fn a_warning_is_read_back_as_it_was_written() {
    let (mailbox, _, address) = start().await;
    let outcome =
        mailer(address).deliver(&warning("one", "ada@example.org"), monday(), async { true }).await;
    assert_eq!(outcome.receipt().word(), "accepted", "{outcome:?}");
    let mails = mailbox.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.at, monday());
    assert_eq!(mail.from, "billing@fieldnotes.example");
    assert_eq!(mail.to, ["ada@example.org"]);
    assert_eq!(
        mail.subject,
        "Rechnung R-104: ohne Zahlung ab Montag, 30. März 2026 nur noch Lesezugriff"
    );
    assert!(mail.text.contains("1.240,00 EUR"), "{}", mail.text);
    assert!(mail.text.contains("Montag, 30. März 2026, 10:00 Uhr CEST (Europe/Berlin)"));
    assert!(mail.text.starts_with("Guten Tag Ada Löwe,\n"), "{}", mail.text);
    assert!(mail.html.contains("Bäckerei &lt;Süd&gt; &amp; Söhne"), "{}", mail.html);
    let id = message("one");
    assert_eq!(mail.headers["Message-ID"], format!("<{id}@ambergate.fieldnotes.example>"));
    assert_eq!(mail.headers["To"], "Ada Löwe <ada@example.org>");
}

#[tokio::test]
async fn refused_and_put_off_recipients() {
    let (mailbox, clock, address) = start().await;
    let mailer = mailer(address);
    for (to, kind) in [("a@refuse.example", "bounced"), ("a@defer.example", "deferred")] {
        let outcome = mailer.deliver(&warning("one", to), monday(), async { true }).await;
        assert_eq!(outcome.receipt().word(), kind, "{outcome:?}");
    }
    mailbox.defer(3 * DAY);
    let letter = warning("two", "ada@example.org");
    for (after, kind) in [(0, "deferred"), (2 * DAY, "deferred"), (3 * DAY, "accepted")] {
        clock.set(monday().plus_millis(after));
        let outcome = mailer.deliver(&letter, clock.now(), async { true }).await;
        assert_eq!(outcome.receipt().word(), kind, "{outcome:?}");
        assert_eq!(mailbox.mails().len(), usize::from(kind == "accepted"));
    }
    clock.set(monday().plus_millis(3 * DAY + HOUR));
    let late = warning("three", "ada@example.org");
    let outcome = mailer.deliver(&late, clock.now(), async { true }).await;
    assert!(matches!(outcome, Outcome::Deferred(_)), "{outcome:?}");
}

#[tokio::test]
async fn python_sends_mail_with_dots_and_two_recipients() {
    let (mailbox, _, address) = start().await;
    let script = r#"
import smtplib, sys
from email.message import EmailMessage
mail = EmailMessage()
mail["Subject"] = "Grüße, mit Umlauten und einem sehr langen Betreff, der umbrochen wird: äöü"
mail["From"] = "eve@example.com"
mail["To"] = "ada@example.org, ben@example.org"
mail.set_content(".\n..\n.a line with a dot\nund Ümlaute\n")
mail.add_alternative("<p>Ümlaute</p>", subtype="html")
with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20) as server:
    server.noop()
    assert server.send_message(mail) == {}
    refused = {}
    try:
        server.sendmail("eve@example.com", ["x@refuse.example"], "Subject: x\n\nx")
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    assert refused["x@refuse.example"][0] == 550, refused
    assert server.docmd("DATA")[0] == 503
    assert server.docmd("FLY")[0] == 502
    server.rset()
    server.sendmail("eve@example.com", ["cleo@example.org"], "Subject: second\n\nplain")
"#;
    let port = address.port().to_string();
    let python = tokio::process::Command::new("python3").args(["-c", script, &port]).output();
    let python = tokio::time::timeout(Duration::from_secs(30), python).await.unwrap().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
    let mails = mailbox.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(
        mails[0].subject,
        "Grüße, mit Umlauten und einem sehr langen Betreff, der umbrochen wird: äöü"
    );
    assert_eq!(mails[0].to, ["ada@example.org", "ben@example.org"]);
    assert_eq!(mails[0].text, ".\n..\n.a line with a dot\nund Ümlaute\n");
    assert_eq!(mails[0].html.trim_end(), "<p>Ümlaute</p>");
    assert_eq!((mails[1].subject.as_str(), mails[1].text.trim_end()), ("second", "plain"));
}

#[tokio::test]
async fn limits_and_wrong_orders_are_answered() {
    let (mailbox, _, address) = start().await;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let long = "x".repeat(10_000);
    let many = "a line of content\r\n".repeat(600_000);
    let script = format!(
        "MAIL FROM:<a@b.example>\r\nEHLO x\r\n{long}\r\nRCPT TO:<a@b.example>\r\n\
         MAIL FROM:a@b.example\r\nMAIL FROM:<>\r\nRCPT TO:<nobody>\r\nRCPT TO:<a@b.example>\r\n\
         DATA\r\n{many}.\r\nQUIT\r\n"
    );
    let (mut read, mut write) = stream.split();
    let mut answers = String::new();
    let (wrote, said) =
        tokio::join!(write.write_all(script.as_bytes()), read.read_to_string(&mut answers));
    wrote.unwrap();
    said.unwrap();
    let codes: Vec<&str> = answers.lines().filter_map(|line| line.get(..4)).collect();
    let codes: Vec<&str> = codes.into_iter().filter(|code| code.ends_with(' ')).collect();
    assert_eq!(
        codes,
        [
            "220 ", "503 ", "250 ", "500 ", "503 ", "501 ", "250 ", "501 ", "250 ", "354 ", "552 ",
            "221 "
        ]
    );
    assert!(mailbox.mails().is_empty());
}
