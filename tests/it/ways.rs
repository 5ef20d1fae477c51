//! One table of requests, through every way in: the decision is the same.

use ambergate::domain::decide::RouteClass;
use ambergate::domain::stage::Stage;
use ambergate::gate::classify::{Route, Routes};
use ambergate::gate::pages::Answer;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};

use crate::support::app::App;
use crate::support::front::{Front, NAVIGATION, token};

const PROXIES: [&str; 5] = ["nginx", "traefik", "caddy", "envoy", "haproxy"];

/// Who, by which method, where, with which headers, and what the client gets.
type Case = (&'static str, &'static str, &'static str, &'static str, u16);

/// Of a path that is spelt in its plainest way.
const CASES: [Case; 24] = [
    ("", "GET", "/x", "", 200),
    ("", "POST", "/x", "", 200),
    ("full user", "POST", "/x", "", 200),
    ("grace user", "POST", "/x?a=1", "", 200),
    ("read_only user", "GET", "/x", "", 200),
    ("read_only user", "HEAD", "/x", "", 200),
    ("read_only user", "OPTIONS", "/x", "", 200),
    ("read_only user", "POST", "/x", "", 402),
    ("read_only user", "PURGE", "/x", "", 402),
    ("read_only user", "POST", "/pay/now", "", 200),
    ("read_only user", "POST", "/search?q=1", "", 200),
    ("read_only user", "GET", "/x?_method=DELETE", "", 402),
    ("read_only user", "GET", "/x", "X-HTTP-Method-Override: DELETE\r\n", 402),
    ("read_only user", "GET", "/x", NAVIGATION, 200),
    ("frozen user", "GET", "/x", "", 402),
    ("frozen user", "GET", "/x", NAVIGATION, 402),
    ("frozen billing", "GET", "/x", "", 402),
    ("frozen user", "GET", "/pay/now", "", 200),
    ("parted user", "GET", "/x", "", 200),
    ("parted user", "GET", "/reports/1", "", 200),
    ("parted user", "POST", "/reports/1", "", 402),
    ("parted user", "POST", "/Reports/1", "", 402),
    ("", "GET", "/x", "Authorization: Bearer nonsense\r\n", 401),
    ("", "GET", "/pay/now", "Authorization: Bearer nonsense\r\n", 200),
];

async fn front(app: &App) -> Front {
    let route = |glob: &str, class, scope: Option<&str>| {
        let scope = scope.map(|scope| scope.parse().unwrap());
        Route { glob: glob.parse().unwrap(), methods: Vec::new(), class, scope }
    };
    let routes = Routes::new(vec![
        route("/pay/**", RouteClass::Always, None),
        route("/search", RouteClass::Reads, None),
        route("/reports/**", RouteClass::ByMethod, Some("module:reports")),
    ]);
    let front = Front::with(app.address, |gate, _| gate.routes = routes).await;
    for stage in Stage::ALL {
        front.put(stage.word(), stage).await;
    }
    front.put_parts("parted", Stage::Full, &[("module:reports", Stage::ReadOnly)]).await;
    front
}

fn headers_of(who: &str, more: &str) -> Vec<(HeaderName, HeaderValue)> {
    let signed = who.split_once(' ').map(|(tenant, role)| token(tenant, role));
    let signed = signed.map(|token| format!("Authorization: Bearer {token}"));
    let lines = signed.iter().map(String::as_str).chain(more.split_terminator("\r\n"));
    let pairs = lines.filter_map(|line| line.split_once(": "));
    pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// The question of a proxy about a request.
fn question(proxy: &str, case: (&str, &str, &str, &str)) -> Parts {
    let (who, method, target, more) = case;
    let forwarded = ["traefik", "caddy"].contains(&proxy);
    let [by, at] = match forwarded {
        true => ["x-forwarded-method", "x-forwarded-uri"],
        false => ["x-original-method", "x-original-uri"],
    };
    let mut request = match proxy {
        "envoy" => Request::builder().method(method).uri(format!("/authz/envoy{target}")),
        // Caddy sends the query along, too.
        "caddy" => Request::builder().uri("/authz/caddy?a=1").header(by, method).header(at, target),
        _ => {
            Request::builder().uri(format!("/authz/{proxy}")).header(by, method).header(at, target)
        }
    };
    request.headers_mut().unwrap().extend(headers_of(who, more));
    request.body(()).unwrap().into_parts().0
}

async fn answered(front: &Front, parts: &Parts) -> Answer {
    let counters = front.gate.new_counters();
    front.gate.forward_auth(parts, &counters).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A body without the id of its request.
fn said_by(body: &[u8]) -> String {
    let Ok(mut problem) = serde_json::from_slice::<serde_json::Value>(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    problem.as_object_mut().unwrap().remove("instance");
    problem.to_string()
}

#[tokio::test]
async fn every_way_in_gives_one_decision() {
    let app = App::start().await;
    let front = front(&app).await;
    for case @ (who, method, target, more, status) in CASES {
        let own = front.ask(who, method, target, more).await;
        assert_eq!(own.status, status, "{case:?} through the proxy");
        for proxy in PROXIES {
            let parts = question(proxy, (who, method, target, more));
            let answer = answered(&front, &parts).await;
            let said = answer.status().as_u16();
            if proxy == "nginx" {
                assert_eq!(header(&answer, "ambergate-status"), status.to_string(), "{case:?}");
                let plain = if status == 402 { 403 } else { status };
                assert_eq!(said, plain, "{case:?} by nginx");
                assert!(answer.body().is_empty(), "nginx drops it");
            } else {
                assert_eq!(said, status, "{case:?} by {proxy}");
            }
            for told in ["ambergate-stage", "ambergate-until"] {
                let full = header(&answer, told) == "full";
                let theirs = if full { "" } else { header(&answer, told) };
                let ours = own.header(told).unwrap_or_default();
                assert_eq!(theirs, ours, "{told}: {case:?} by {proxy}");
            }
            if status == 200 {
                assert!(answer.body().is_empty(), "{case:?} by {proxy}");
                let seen = app.last();
                for told in ["ambergate-tenant", "ambergate-scope"] {
                    let ours = seen.headers.get(told).map_or("", |it| it.to_str().unwrap());
                    assert_eq!(header(&answer, told), ours, "{told}: {case:?} by {proxy}");
                }
                let sourced = seen.headers.contains_key("ambergate-source");
                assert_eq!(answer.headers().contains_key("ambergate-source"), sourced);
            } else if proxy != "nginx" && method != "HEAD" {
                assert_eq!(said_by(answer.body()), said_by(&own.body), "{case:?} by {proxy}");
            }
            assert_eq!(header(&answer, "cache-control"), "no-store", "{case:?} by {proxy}");
        }
        if status != 200 && status != 401 {
            let mut parts = question("nginx", (who, method, target, more));
            parts.uri = "/authz/nginx/denied".parse().unwrap();
            let answer = answered(&front, &parts).await;
            assert_eq!(answer.status(), 402);
            let head = method == "HEAD";
            assert!(head || said_by(answer.body()) == said_by(&own.body), "{case:?} by nginx");
        }
    }
    front.stop().await;
}

/// What is passed on as it came is judged as some server may read it.
#[tokio::test]
async fn no_spelling_opens_what_another_one_closes() {
    let app = App::start().await;
    let front = front(&app).await;
    for (who, method, target, status) in [
        ("read_only user", "POST", "/pay/../x", 402),
        ("read_only user", "POST", "/x/../pay/now", 402),
        ("read_only user", "POST", "/x/%2e%2e/pay/now", 402),
        ("read_only user", "POST", "//pay/now", 402),
        ("read_only user", "POST", "/pay%2fnow", 402),
        ("read_only user", "POST", "/p%61y/now", 402),
        ("frozen user", "GET", "/x/..//pay/now", 402),
        ("read_only user", "GET", "/x//y", 200),
        ("parted user", "POST", "/x/../y", 402),
        ("parted user", "GET", "/x/../y", 200),
        ("full user", "POST", "/x/../y", 200),
        ("read_only user", "GET", "/x#/../pay", 400),
        ("read_only user", "GET", "x", 400),
        ("read_only user", "CONNECT", "/x", 405),
        ("full user", "TRACE", "/x", 405),
        ("full user", "BAD METHOD", "/x", 400),
        ("frozen user", "OPTIONS", "*", 200),
        ("frozen user", "GET", "/_ambergate/status", 200),
        ("frozen user", "GET", "/_ambergate/../x", 402),
        ("frozen user", "GET", "/_ambergate/..%2fx", 402),
        ("frozen user", "GET", "/_ambergate/..;/x", 402),
        ("frozen user", "GET", "/_ambergated", 402),
    ] {
        let answer = answered(&front, &question("traefik", (who, method, target, ""))).await;
        assert_eq!(answer.status().as_u16(), status, "{who} {method} {target}");
    }
    front.stop().await;
}

#[tokio::test]
async fn a_websocket_is_seen_by_what_proxies_leave_of_it() {
    let app = App::start().await;
    let front = front(&app).await;
    for left in ["Upgrade: websocket\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"] {
        for (who, status) in [("grace user", 200), ("read_only user", 402)] {
            let answer = answered(&front, &question("traefik", (who, "GET", "/chat", left))).await;
            assert_eq!(answer.status().as_u16(), status, "{who} {left}");
        }
    }
    front.stop().await;
}

#[tokio::test]
async fn who_is_slowed_cannot_wait_elsewhere() {
    let app = App::start().await;
    let front = front(&app).await;
    front.put_slowed("late", Stage::Grace, "2 per minute").await;
    for proxy in ["envoy", "caddy"] {
        let parts = question(proxy, ("late user", "GET", "/x", ""));
        assert_eq!(answered(&front, &parts).await.status(), 200);
    }
    let parts = question("haproxy", ("late user", "GET", "/x", ""));
    let answer = answered(&front, &parts).await;
    assert_eq!(answer.status(), 429);
    let after: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((29..=31).contains(&after), "{after}");
    let answer = answered(&front, &question("nginx", ("late user", "GET", "/x", ""))).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "ambergate-status")), (403, "429"));
    front.stop().await;
}

/// A proxy that was set up wrongly never gets a yes.
#[tokio::test]
async fn what_a_proxy_has_to_say_is_asked_for() {
    let app = App::start().await;
    let front = front(&app).await;
    for proxy in PROXIES.into_iter().filter(|proxy| *proxy != "envoy") {
        for gone in ["x-original-uri", "x-original-method", "x-forwarded-uri", "x-forwarded-method"]
        {
            let mut parts = question(proxy, ("full user", "GET", "/x", ""));
            let Some(said) = parts.headers.remove(gone) else { continue };
            let answer = answered(&front, &parts).await;
            let status = if proxy == "nginx" { 403 } else { 400 };
            assert_eq!(answer.status().as_u16(), status, "{proxy} without {gone}");
            parts.headers.append(gone.parse::<HeaderName>().unwrap(), said.clone());
            parts.headers.append(gone.parse::<HeaderName>().unwrap(), said);
            let answer = answered(&front, &parts).await;
            assert_eq!(answer.status().as_u16(), status, "{proxy} with {gone} twice");
        }
    }
    for nowhere in ["/authz/", "/authz/envoy", "/authz/apache", "/authz/caddy/x", "/", "/authzx"] {
        let parts = Request::builder().uri(nowhere).body(()).unwrap().into_parts().0;
        assert_eq!(answered(&front, &parts).await.status(), 404, "{nowhere}");
    }
    front.stop().await;
}

/// What the client said in our name, Envoy takes away where nothing is put in its place.
#[tokio::test]
async fn envoy_is_told_what_to_take_away() {
    let app = App::start().await;
    let front = front(&app).await;
    let answer = answered(&front, &question("envoy", ("", "GET", "/x", ""))).await;
    let gone = header(&answer, "x-envoy-auth-headers-to-remove");
    assert_eq!(gone, "ambergate-tenant,ambergate-source");
    let answer = answered(&front, &question("envoy", ("full user", "GET", "/x", ""))).await;
    assert_eq!(header(&answer, "x-envoy-auth-headers-to-remove"), "");
    front.stop().await;
}

/// Its status pages are there, too: proxies send their clients to them.
#[tokio::test]
async fn the_gates_own_pages_are_there() {
    let app = App::start().await;
    let front = front(&app).await;
    let mut request = Request::builder().uri("/_ambergate/status");
    request.headers_mut().unwrap().extend(headers_of("frozen billing", ""));
    let answer = answered(&front, &request.body(()).unwrap().into_parts().0).await;
    let own = front.ask("frozen billing", "GET", "/_ambergate/status", "").await;
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, &own.body[..]));
    front.stop().await;
}
