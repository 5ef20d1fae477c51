//! A slowed tenant through the real proxy: what passes, what waits, what is told to come again.

use std::time::Instant as Moment;

use ambergate::domain::decide::RouteClass;
use ambergate::domain::stage::Stage;
use ambergate::gate::classify::{Route, Routes};

use crate::support::app::App;
use crate::support::front::{Front, NAVIGATION};

#[tokio::test]
async fn a_full_measure_passes_and_then_so_many_a_second() {
    let app = App::start().await;
    let pay = Route {
        glob: "/pay/**".parse().unwrap(),
        methods: Vec::new(),
        class: RouteClass::Always,
        scope: None,
    };
    let front = Front::with(app.address, |gate, _| gate.routes = Routes::new(vec![pay])).await;
    front.put_slowed("acme", Stage::Grace, "3 per minute").await;
    for _ in 0..3 {
        assert_eq!(front.ask("acme user", "POST", "/x", "").await.status, 200);
    }
    let late = front.ask("acme user", "GET", "/x", "").await;
    assert_eq!(late.status, 429, "its turn is in twenty seconds");
    let after: u64 = late.header("retry-after").unwrap().parse().unwrap();
    assert!((18..=21).contains(&after), "{after}");
    let problem = late.json();
    assert_eq!(problem["type"], "urn:ambergate:problem:tenant-slowed");
    assert_eq!(
        (&problem["code"], &problem["slow"]),
        (&"tenant_slowed".into(), &"3 per minute".into())
    );
    assert_eq!(problem["retry_after"], after);
    assert_eq!(late.header("cache-control"), Some("no-store"));
    let page = front.ask("acme user", "GET", "/x", NAVIGATION).await;
    assert_eq!(page.status, 429);
    assert!(page.text().contains("3 requests per minute"), "{}", page.text());
    assert!(page.text().contains("please open it again in"), "{}", page.text());
    assert_eq!(front.ask("acme user", "POST", "/pay/now", "").await.status, 200, "a way out");
    assert_eq!(front.ask("other user", "GET", "/x", "").await.status, 200, "nobody else is slowed");
    let status = front.ask("acme user", "GET", "/_ambergate/status", "").await.json();
    assert_eq!((&status["stage"], &status["slow"]), (&"grace".into(), &"3 per minute".into()));
    let counts = front.gate.counters();
    assert_eq!((counts.turned_away, counts.refused), (2, 0));
    front.stop().await;
}

#[tokio::test]
async fn who_is_a_little_early_waits_for_its_turn() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put_slowed("acme", Stage::Full, "2 per second").await;
    let begin = Moment::now();
    for _ in 0..3 {
        assert_eq!(front.ask("acme user", "GET", "/x", "").await.status, 200);
    }
    assert_eq!(front.gate.counters().turned_away, 0);
    let waited = begin.elapsed().as_millis();
    assert!(waited >= 450, "the third one passed after {waited} ms");
    front.stop().await;
}

#[tokio::test]
async fn read_only_and_slowed_refuses_writes_and_slows_reads() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put_slowed("acme", Stage::ReadOnly, "1 per hour").await;
    assert_eq!(front.ask("acme user", "POST", "/x", "").await.status, 402);
    assert_eq!(front.ask("acme user", "GET", "/x", "").await.status, 200);
    assert_eq!(front.ask("acme user", "GET", "/x", "").await.status, 429);
    front.stop().await;
}
