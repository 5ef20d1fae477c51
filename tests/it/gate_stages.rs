//! What each stage lets through, what a refusal says, the switch, the modes, an outage.

use ambergate::domain::canary::Canary;
use ambergate::domain::decide::RouteClass;
use ambergate::domain::policy::Percent;
use ambergate::domain::stage::Stage;
use ambergate::gate::classify::{Route, Routes};
use ambergate::gate::settings::Mode;
use ambergate::store::{Store as _, Switch};

use crate::support::app::App;
use crate::support::front::{Front, NAVIGATION, until};

fn routes() -> Routes {
    let route = |glob: &str, class, scope: Option<&str>| {
        let scope = scope.map(|scope| scope.parse().unwrap());
        Route { glob: glob.parse().unwrap(), methods: Vec::new(), class, scope }
    };
    Routes::new(vec![
        route("/pay/**", RouteClass::Always, None),
        route("/search", RouteClass::Reads, None),
        route("/reports/find", RouteClass::Reads, Some("module:reports")),
        route("/reports/**", RouteClass::ByMethod, Some("module:reports")),
        route("/chat/**", RouteClass::ByMethod, Some("module:chat")),
    ])
}

/// One part is read-only, another one frozen, the rest is open; then the whole app is read-only.
#[tokio::test]
async fn a_part_is_closed_by_itself() {
    let app = App::start().await;
    let front = Front::with(app.address, |gate, _| gate.routes = routes()).await;
    let parts = [("module:reports", Stage::ReadOnly), ("module:chat", Stage::Frozen)];
    front.put_parts("acme", Stage::Full, &parts).await;
    for (method, target, status) in [
        ("POST", "/x", 200),
        ("GET", "/reports/1", 200),
        ("POST", "/reports/1", 402),
        ("POST", "/Reports/1", 402),
        ("POST", "/reports/find", 200),
        ("POST", "/x/..//reports/1", 402),
        ("GET", "/chat/1", 402),
        ("POST", "/pay/now", 200),
        ("GET", "/x/..%2fchat", 402),
    ] {
        let answer = front.ask("acme user", method, target, "").await;
        assert_eq!(answer.status, status, "{method} {target}");
    }
    let refused = front.ask("acme billing", "GET", "/chat/1", "").await;
    assert_eq!(refused.json()["scope"], "module:chat");
    assert_eq!(refused.json()["stage"], "frozen");
    front.ask("acme user", "GET", "/reports//1", "").await;
    let seen = app.last();
    assert_eq!(seen.target, "/reports/1", "forwarded as judged");
    assert_eq!(seen.headers["ambergate-scope"], "module:reports");
    assert_eq!(seen.headers["ambergate-stage"], "read_only");
    let status = front.ask("acme user", "GET", "/_ambergate/status", "").await.json();
    assert_eq!(
        (&status["stage"], &status["scopes"][2]["stage"]),
        (&"full".into(), &"frozen".into())
    );
    front.put_parts("globex", Stage::ReadOnly, &parts[1..]).await;
    assert_eq!(front.ask("globex user", "POST", "/x", "").await.status, 402);
    assert_eq!(front.ask("globex user", "POST", "/reports/1", "").await.status, 402);
    assert_eq!(front.ask("globex user", "GET", "/reports/1", "").await.status, 200);
    assert_eq!(front.ask("globex user", "GET", "/chat/1", "").await.status, 402);
    front.stop().await;
}

#[tokio::test]
async fn each_stage_closes_what_it_says() {
    let app = App::start().await;
    let front = Front::with(app.address, |gate, _| gate.routes = routes()).await;
    for stage in Stage::ALL {
        front.put(stage.word(), stage).await;
        let who = format!("{} user", stage.word());
        for (method, target, closed_from) in [
            ("GET", "/x", Stage::Frozen),
            ("POST", "/x", Stage::ReadOnly),
            ("GET", "/x?_method=DELETE", Stage::ReadOnly),
            ("PROPFIND", "/x", Stage::ReadOnly),
            ("POST", "/search", Stage::Frozen),
            ("POST", "/search?_method=DELETE", Stage::ReadOnly),
            ("GET", "/pay/../x", Stage::Frozen),
            ("POST", "/pay/%2e%2e/x", Stage::ReadOnly),
            ("POST", "/pay/..%2fx", Stage::ReadOnly),
        ] {
            let status = if stage >= closed_from { 402 } else { 200 };
            let answer = front.ask(&who, method, target, "").await;
            assert_eq!(answer.status, status, "{stage:?} {method} {target}");
        }
        for target in ["/pay/now", "/pay", "//pay/./now"] {
            assert_eq!(front.ask(&who, "POST", target, "").await.status, 200, "{target}");
            assert!(app.last().target.starts_with("/pay"), "forwarded as judged");
        }
        let preflight = "Origin: https://b\r\nAccess-Control-Request-Method: PUT\r\n";
        assert_eq!(front.ask(&who, "OPTIONS", "/x", preflight).await.status, 200);
        let forced = front.ask(&who, "GET", "/x", "X-HTTP-Method-Override: PUT\r\n").await;
        assert_eq!(forced.status, if stage >= Stage::ReadOnly { 402 } else { 200 });
    }
    front.stop().await;
}

#[tokio::test]
async fn a_refusal_says_what_since_when_and_who_can_settle_it() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Frozen).await;
    let user = front.ask("acme user", "GET", "/x", "").await;
    assert_eq!(user.status, 402);
    assert_eq!(user.header("content-type"), Some("application/problem+json"));
    assert_eq!(user.header("cache-control"), Some("no-store"));
    assert_eq!(user.header("ambergate-stage"), Some("frozen"));
    let problem = user.json();
    assert_eq!(problem["code"], "tenant_frozen");
    assert_eq!(problem["tenant"], "acme");
    assert_eq!(problem["refused"], "all");
    assert_eq!(problem["since"], "2026-03-23T08:00:00Z");
    assert_eq!(problem["lifted_by"], "payment");
    assert_eq!(problem["status_url"], "/_ambergate/status");
    for secret in ["124000", "1,240", "R-17", "pay.example"] {
        assert!(!user.text().contains(secret) && !user.head.contains(secret), "{secret}");
    }
    let payer = front.ask("acme billing", "POST", "/x", "Content-Length: 0\r\n").await;
    assert_eq!(payer.json()["owed"][0]["minor"], 124_000);
    assert_eq!(payer.json()["pay_url"], "https://pay.example/acme");
    assert!(payer.head.contains("<https://pay.example/acme>; rel=\"payment\""), "{}", payer.head);
    let page = front.ask("acme admin", "GET", "/x", NAVIGATION).await;
    assert_eq!(page.status, 402);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(page.header("location"), None);
    assert!(page.text().contains("€1,240.00") && page.text().contains("Monday 23 March 2026"));
    let head = front.ask("acme user", "HEAD", "/x", "").await;
    assert_eq!((head.status, head.body.len()), (402, 0));
    assert!(app.seen().is_empty());
    front.stop().await;
}

#[tokio::test]
async fn a_payment_is_in_force_at_once() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Frozen).await;
    assert_eq!(front.ask("acme user", "GET", "/x", "").await.status, 402);
    front.put("acme", Stage::Full).await;
    let gate = front.gate.clone();
    let before = gate.counters().grants_fresh;
    let mut paid = front.ask("acme user", "GET", "/x", "").await.status;
    while paid == 402 {
        paid = front.ask("acme user", "GET", "/x", "").await.status;
    }
    assert_eq!(paid, 200);
    assert!(gate.counters().grants_fresh <= before + 1, "pushed, not polled");
    front.stop().await;
}

#[tokio::test]
async fn the_status_tells_the_one_who_asks() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let user = front.ask("acme user", "GET", "/_ambergate/status", "").await;
    assert_eq!(user.status, 200);
    assert_eq!(user.json()["stage"], "grace");
    assert_eq!(user.json()["next"]["stage"], "read_only");
    assert_eq!(user.json()["next"]["at"], "2026-04-06T08:00:00Z");
    assert!(user.json().get("owed").is_none() && user.json().get("notices").is_none());
    let payer = front.ask("acme billing", "GET", "/_ambergate/status", "").await.json();
    assert_eq!(payer["owed"][0]["minor"], 124_000);
    assert_eq!(payer["pay_url"], "https://pay.example/acme");
    assert_eq!(payer["notices"][0]["kind"], "warning");
    assert_eq!(front.ask("", "GET", "/_ambergate/status", "").await.status, 401);
    assert_eq!(front.ask("acme user", "POST", "/_ambergate/status", "").await.status, 405);
    assert_eq!(front.ask("acme user", "GET", "/_ambergate/other", "").await.status, 404);
    let css = front.ask("", "GET", "/_ambergate/banner.css", "").await;
    assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(app.seen().is_empty());
    assert_eq!(front.ask("acme user", "GET", "/_ambergatex", "").await.status, 200);
    front.stop().await;
}

#[tokio::test]
async fn the_switch_and_the_modes_open_everything() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Frozen).await;
    let status = async || front.ask("acme user", "POST", "/x", "").await.status;
    assert_eq!(status().await, 402);
    front.gate.set_open_here(true);
    assert_eq!(status().await, 200);
    front.gate.set_open_here(false);
    assert_eq!(status().await, 200, "closing restricts nobody at that moment");
    let set = |open, generation| Switch { open, generation, ..Switch::default() };
    front.store.set_switch(&Switch::default(), set(true, 1)).await.unwrap();
    until("the switch is open", || front.gate.health().open).await;
    assert_eq!(status().await, 200);
    front.store.set_switch(&set(true, 1), set(false, 2)).await.unwrap();
    until("the switch is closed", || !front.gate.health().open).await;
    assert_eq!(status().await, 200, "entered under an older generation: restricts nothing");
    front.stop().await;
    // Acme's place among all is 5,084 of 10,000.
    for (share, status) in [(5_084, 200), (5_085, 402)] {
        let canary = Canary::of(Percent(share));
        let front = Front::with(app.address, |gate, _| gate.canary = canary).await;
        front.put("acme", Stage::Frozen).await;
        let answer = front.ask("acme user", "POST", "/x", "").await;
        assert_eq!(answer.status, status, "a share of {share}");
        assert_eq!(answer.header("ambergate-stage").is_some(), status == 402);
        assert_eq!(front.gate.counters().would_refuse, u64::from(status == 200));
        front.stop().await;
    }
    for mode in [Mode::Observe, Mode::Off] {
        let front = Front::with(app.address, |gate, _| gate.enforce = mode).await;
        front.put("acme", Stage::Frozen).await;
        let answer = front.ask("acme user", "POST", "/x", "").await;
        assert_eq!((answer.status, answer.header("ambergate-stage")), (200, None));
        assert_eq!(front.gate.counters().would_refuse, u64::from(mode == Mode::Observe));
        front.stop().await;
    }
}

#[tokio::test]
async fn an_outage_locks_nobody_out() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("paid", Stage::Full).await;
    front.put("late", Stage::ReadOnly).await;
    for who in ["paid user", "late user"] {
        assert_eq!(front.ask(who, "GET", "/x", "").await.status, 200);
    }
    front.store.set_down(true);
    assert_eq!(front.ask("paid user", "POST", "/x", "").await.status, 200);
    assert_eq!(front.ask("late user", "POST", "/x", "").await.status, 402, "last known");
    assert_eq!(front.ask("late user", "GET", "/x", "").await.status, 200);
    assert_eq!(front.ask("new user", "POST", "/x", "").await.status, 200);
    assert_eq!(app.last().headers["ambergate-source"], "default");
    until("it is noticed", || !front.gate.health().store).await;
    front.ask("late user", "GET", "/x", "").await;
    assert_eq!(app.last().headers["ambergate-source"], "stale");
    assert!(front.gate.counters().grants_stale > 0);
    front.store.set_down(false);
    front.put("late", Stage::Full).await;
    let mut status = 402;
    while status == 402 {
        status = front.ask("late user", "POST", "/x", "").await.status;
    }
    assert_eq!(status, 200);
    front.stop().await;
}
