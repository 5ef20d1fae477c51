//! The demo's tenants come to their stages lawfully, with every mail delivered.

use ambergate::demo::seed::{Link, Storyteller};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;

use crate::support::road::Road;

async fn tell(road: &Road, at: Instant) -> Vec<Link> {
    let teller = Storyteller {
        ledger: &road.ledger,
        scheduler: &road.scheduler,
        clock: &road.clock,
        stands_at: Some(at),
        app: "http://127.0.0.1:8080",
        secret: b"a secret of at least thirty-two bytes",
    };
    teller.tell().await.unwrap()
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
        let road = Road::at(at).await;
        let links = tell(&road, at.parse().unwrap()).await;
        assert_eq!(road.clock.now(), at.parse().unwrap());
        let stages: Vec<(&str, Stage)> = links
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
        let mails = road.mailbox.mails();
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
        let account = road.account("ember").await;
        let entered = account.cases[0].entries.iter().filter(|entry| entry.in_force);
        let stages: Vec<Stage> = entered.map(|entry| entry.entered.stage).collect();
        assert_eq!(stages, [Stage::Grace, Stage::ReadOnly, Stage::Frozen], "{at}");
        assert_eq!(tell(&road, at.parse().unwrap()).await.len(), links.len(), "told twice");
        assert_eq!(road.mailbox.mails().len(), mails.len());
    }
}
