//! The demo's tenants come to their stages lawfully, with every mail delivered.

use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::{Request, load_text};
use ambergate::demo::mailbox::Mailbox;
use ambergate::demo::seed::{Link, Storyteller};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;
use ambergate::ledger::Ledger;
use ambergate::notify::desk::LedgerDesk;
use ambergate::notify::email::{Mailer, Settings};
use ambergate::notify::scheduler::Scheduler;
use ambergate::store::any::AnyStore;
use ambergate::store::memory::Memory;

struct World {
    ledger: Ledger,
    mailbox: Mailbox,
    clock: Clock,
    links: Vec<Link>,
}

async fn world(at: &str) -> World {
    let at: Instant = at.parse().unwrap();
    let clock = Clock::standing(at);
    let mailbox = Mailbox::new(clock.clone());
    let (listener, address) = Mailbox::listen().await.unwrap();
    tokio::spawn(mailbox.clone().serve(listener));
    let request = Request { demo: true, ..Request::default() };
    let config = load_text("", "nothing", &request).unwrap();
    let store = AnyStore::Memory(Memory::new(clock.clone()));
    let ledger = Ledger::new(store, None, clock.clone(), config.law);
    let keeper = ledger.clone();
    tokio::spawn(async move { keeper.run().await });
    let settings = Settings {
        smtp: format!("smtp://{address}").parse().unwrap(),
        from: "Fieldnotes <billing@fieldnotes.example>".to_owned(),
        only_to: None,
        templates: None,
        within: Duration::from_secs(20),
    };
    let mailer = Mailer::new(&settings).unwrap();
    let desk = LedgerDesk::new(ledger.clone(), "test");
    let scheduler = Scheduler::new(desk, Some(mailer), clock.clone());
    let teller = Storyteller {
        ledger: &ledger,
        scheduler: &scheduler,
        clock: &clock,
        stands_at: Some(at),
        app: "http://127.0.0.1:8080",
        secret: b"a secret of at least thirty-two bytes",
    };
    let links = teller.tell().await.unwrap();
    World { ledger, mailbox, clock, links }
}

#[tokio::test]
async fn every_stage_is_there_whatever_the_day() {
    for at in [
        "2026-03-02T08:00:00Z",
        "2026-11-22T23:30:00Z",
        "2026-12-26T12:00:00Z",
        "2027-01-07T03:00:00Z",
        "2026-07-04T10:00:00Z",
    ] {
        let world = world(at).await;
        assert_eq!(world.clock.now(), at.parse().unwrap());
        let stages: Vec<(&str, Stage)> = world
            .links
            .iter()
            .filter(|link| link.role == "billing")
            .map(|link| (link.tenant.as_str(), link.stage))
            .collect();
        assert_eq!(
            stages,
            [
                ("acme", Stage::Full),
                ("birke", Stage::Grace),
                ("cedar", Stage::Grace),
                ("dune", Stage::ReadOnly),
                ("ember", Stage::Frozen),
            ],
            "{at}"
        );
        let mails = world.mailbox.mails();
        let of = |who: &str| mails.iter().filter(|mail| mail.to[0].contains(who)).count();
        assert!(of("acme") >= 1, "{at}: {}", of("acme"));
        assert!(of("ember") >= 8, "{at}: {}", of("ember"));
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        for wanted in ["read-only from", "access pauses from", "ist am"] {
            let said = subjects.iter().any(|subject| subject.contains(wanted));
            assert!(said, "{at}: no {wanted} in {subjects:#?}");
        }
        let mut ids: Vec<_> = mails.iter().map(|mail| &mail.headers["Message-ID"]).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), mails.len(), "{at}: a mail came twice");
        let ember = "ember".parse().unwrap();
        let (_, account) = world.ledger.account(&ember).await.unwrap().unwrap();
        let entered = account.cases[0].entries.iter().filter(|entry| entry.in_force);
        let stages: Vec<Stage> = entered.map(|entry| entry.entered.stage).collect();
        assert_eq!(stages, [Stage::Grace, Stage::ReadOnly, Stage::Frozen], "{at}");
    }
}
