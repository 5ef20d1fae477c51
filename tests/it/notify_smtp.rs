//! Mail against servers that do all kinds of things.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ambergate::notify::email::{Mailer, Outcome, Settings};

use crate::support::letters::{message, monday, warning};
use crate::support::sink::{Act, Script, Sink};

fn settings(address: std::net::SocketAddr) -> Settings {
    Settings {
        smtp: format!("smtp://{address}").parse().unwrap(),
        from: "Example <billing@example.com>".to_owned(),
        only_to: None,
        templates: None,
        within: Duration::from_secs(2),
    }
}

async fn send(script: Script) -> (Outcome, Sink) {
    let sink = Sink::start(script).await;
    let mailer = Mailer::new(&settings(sink.address)).unwrap();
    let letter = warning("one", "ada@example.org");
    (mailer.deliver(&letter, monday(), async { true }).await, sink)
}

#[tokio::test]
async fn outcomes_of_scripted_servers() {
    use Act::{Drop, Say, Stall};
    let well = Script::default();
    let cases = [
        ("well", well, "accepted"),
        ("greets 421", Script { greeting: Say("421 busy"), ..well }, "deferred"),
        ("greets 554", Script { greeting: Say("554 no service"), ..well }, "deferred"),
        ("says nothing", Script { greeting: Stall, ..well }, "deferred"),
        ("hangs up at once", Script { greeting: Drop, ..well }, "deferred"),
        ("speaks garbage", Script { greeting: Say("\u{1}\u{2} hello"), ..well }, "deferred"),
        ("knows no EHLO", Script { ehlo: Say("502 what"), ..well }, "deferred"),
        ("wants a sign-in", Script { mail: Say("530 sign in"), ..well }, "deferred"),
        ("dislikes the sender", Script { mail: Say("550 not you"), ..well }, "deferred"),
        ("450 at RCPT", Script { rcpt: Say("450 greylisted"), ..well }, "deferred"),
        ("451 at RCPT", Script { rcpt: Say("451 later"), ..well }, "deferred"),
        ("530 at RCPT", Script { rcpt: Say("530 sign in"), ..well }, "deferred"),
        ("550 at RCPT", Script { rcpt: Say("550 5.1.1 nobody"), ..well }, "bounced"),
        ("552 at RCPT", Script { rcpt: Say("552 full"), ..well }, "bounced"),
        ("hangs up at RCPT", Script { rcpt: Drop, ..well }, "deferred"),
        ("stalls at RCPT", Script { rcpt: Stall, ..well }, "deferred"),
        ("451 at DATA", Script { data: Say("451 later"), ..well }, "deferred"),
        ("554 at DATA", Script { data: Say("554 no"), ..well }, "bounced"),
        ("stalls at DATA", Script { data: Stall, ..well }, "deferred"),
        ("451 after the dot", Script { dot: Say("451 later"), ..well }, "deferred"),
        ("550 after the dot", Script { dot: Say("550 spam"), ..well }, "bounced"),
        ("hangs up after the dot", Script { dot: Drop, ..well }, "failed"),
        ("stalls after the dot", Script { dot: Stall, ..well }, "failed"),
        ("garbage after the dot", Script { dot: Say("what?"), ..well }, "failed"),
        ("hangs up at QUIT", Script { quit: Drop, ..well }, "accepted"),
        ("stalls at QUIT", Script { quit: Stall, ..well }, "accepted"),
    ];
    // Mailers first: making one takes longer in a debug build than most of the exchanges.
    let mut ready = Vec::new();
    for (name, script, kind) in cases {
        let sink = Sink::start(script).await;
        ready.push((name, Mailer::new(&settings(sink.address)).unwrap(), kind));
    }
    let letter = warning("one", "ada@example.org");
    let sent = ready.iter().map(async |(name, mailer, kind)| {
        let outcome = Box::pin(mailer.deliver(&letter, monday(), async { true })).await;
        assert_eq!(outcome.receipt().word(), *kind, "{name}: {outcome:?}");
    });
    futures_util::future::join_all(sent).await;
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mailer = Mailer::new(&settings(free)).unwrap();
    let letter = warning("one", "ada@example.org");
    let outcome = mailer.deliver(&letter, monday(), async { true }).await;
    assert_eq!(outcome.receipt().word(), "deferred", "{outcome:?}");
}

#[tokio::test]
async fn no_tls_where_it_is_asked_for_says_nothing_in_the_clear() {
    let sink = Sink::start(Script::default()).await;
    let smtp = format!("smtp://u:p@{}?tls=required", sink.address).parse().unwrap();
    let mailer = Mailer::new(&Settings { smtp, ..settings(sink.address) }).unwrap();
    let letter = warning("one", "ada@example.org");
    let outcome = mailer.deliver(&letter, monday(), async { true }).await;
    assert_eq!(outcome.receipt().word(), "deferred", "{outcome:?}");
    assert!(outcome.detail().contains("STARTTLS"), "{outcome:?}");
    assert!(sink.lines("MAIL").is_empty() && sink.lines("AUTH").is_empty());
}

#[tokio::test]
async fn what_is_no_longer_wanted_does_not_leave() {
    let sink = Sink::start(Script::default()).await;
    let mailer = Mailer::new(&settings(sink.address)).unwrap();
    let asked = AtomicUsize::new(0);
    let wanted = async {
        asked.fetch_add(1, Ordering::Relaxed);
        false
    };
    let outcome = mailer.deliver(&warning("one", "ada@example.org"), monday(), wanted).await;
    assert_eq!(outcome, Outcome::Withdrawn);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(sink.lines("RCPT").len(), 1);
    assert!(sink.lines("DATA").is_empty());
}

#[tokio::test]
async fn the_mail_says_what_it_is() {
    let (outcome, sink) = send(Script::default()).await;
    assert_eq!(outcome, Outcome::Accepted("2.0.0 taken as 7".to_owned()));
    let id = message("one");
    assert_eq!(sink.lines("Message-ID:"), [format!("Message-ID: <{id}@ambergate.example.com>")]);
    assert_eq!(sink.lines("Auto-Submitted:"), ["Auto-Submitted: auto-generated"]);
    assert_eq!(sink.lines("List-Id:"), ["List-Id: <billing.ambergate.example.com>"]);
    assert_eq!(sink.lines("Date:"), ["Date: Mon, 23 Mar 2026 08:00:00 +0000"]);
    assert_eq!(sink.lines("MAIL"), ["MAIL FROM:<billing@example.com>"]);
    assert_eq!(sink.lines("RCPT"), ["RCPT TO:<ada@example.org>"]);
    assert_eq!(sink.lines("Content-Type: multipart/alternative;").len(), 1);
}

#[tokio::test]
async fn another_attempt_has_the_same_message_id() {
    let sink = Sink::start(Script { dot: Act::Drop, ..Script::default() }).await;
    let mailer = Mailer::new(&settings(sink.address)).unwrap();
    let letter = warning("one", "ada@example.org");
    for _ in 0..2 {
        let outcome = mailer.deliver(&letter, monday(), async { true }).await;
        assert_eq!(outcome.receipt().word(), "failed");
    }
    let ids = sink.lines("Message-ID:");
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn naughty_recipients_and_names_reach_one_mailbox_at_most() {
    let sink = Sink::start(Script::default()).await;
    let mailer = Mailer::new(&settings(sink.address)).unwrap();
    for bad in [
        "ada@example.org\r\nRCPT TO:<eve@example.org>",
        "ada@example.org>, <eve@example.org",
        "ada@example.org,eve@example.org",
        "\"ada\\r\\nDATA\"@example.org",
        "nobody",
        "",
    ] {
        let outcome = mailer.deliver(&warning("one", bad), monday(), async { true }).await;
        assert_eq!(outcome.receipt().word(), "bounced", "{bad:?}");
    }
    assert!(sink.heard.lock().unwrap().is_empty());
    let mut letter = warning("one", "ada@example.org");
    letter.hello = Some("Ada\r\nBcc: eve@example.org\r\n\r\n.\r\nQUIT".to_owned());
    letter.tenant = "\r\n.\r\nMAIL FROM:<eve@example.org>".to_owned();
    letter.notices[0].number = "\r\nBcc: eve@example.org".to_owned();
    let outcome = mailer.deliver(&letter, monday(), async { true }).await;
    assert_eq!(outcome.receipt().word(), "accepted");
    assert_eq!(sink.lines("RCPT").len(), 1);
    assert_eq!(sink.lines("MAIL").len(), 1);
    assert!(sink.lines("Bcc:").is_empty());
}

#[tokio::test]
async fn a_rehearsal_writes_only_to_those_named() {
    let sink = Sink::start(Script::default()).await;
    let only_to = Some(vec!["ada@example.org".to_owned(), "@test.example".to_owned()]);
    let mailer = Mailer::new(&Settings { only_to, ..settings(sink.address) }).unwrap();
    for (to, kind) in [
        ("ada@example.org", "accepted"),
        ("anybody@TEST.example", "accepted"),
        ("eve@example.org", "deferred"),
        ("x@sub.test.example", "deferred"),
    ] {
        let outcome = mailer.deliver(&warning("one", to), monday(), async { true }).await;
        assert_eq!(outcome.receipt().word(), kind, "{to}: {outcome:?}");
    }
    assert_eq!(sink.lines("RCPT").len(), 2);
}
