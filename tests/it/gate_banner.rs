//! Banners in pages, and their receipts.

use ambergate::domain::stage::Stage;
use ambergate::store::Store as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::app::{App, PAGE, PAGES};
use crate::support::front::{BOUND, Front, NAVIGATION, request};

#[tokio::test]
async fn a_page_gets_a_banner_and_nothing_else_changes() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let more = format!(
        "{NAVIGATION}If-None-Match: \"1\"\r\nRange: bytes=0-3\r\nAccept-Encoding: gzip\r\n"
    );
    let page = front.ask("acme billing", "GET", "/page", &more).await;
    assert_eq!(page.status, 200);
    let seen = app.last().headers;
    assert_eq!(seen["accept-encoding"], "identity");
    assert!(!seen.contains_key("range") && !seen.contains_key("if-none-match"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!((page.header("etag"), page.header("content-length")), (None, None));
    let text = page.text();
    let (before, rest) = text.split_once("<body>").unwrap();
    let (banner, after) = rest.split_once("</aside>").unwrap();
    assert_eq!(format!("{before}<body>{after}"), PAGE);
    assert!(banner.starts_with("<link rel=\"stylesheet\" href=\"/_ambergate/banner.css\" />"));
    assert!(banner.contains("&#8364;1,240.00 (1 invoice), due since 13 March 2026."), "{banner}");
    assert!(banner.contains("Monday 6 April 2026, 10:00 (Europe"), "{banner}");
    assert!(banner.contains("View billing"));
    let user = front.ask("acme user", "GET", "/page", NAVIGATION).await.text();
    assert!(user.contains("Please ask Ada."), "{user}");
    assert!(!user.contains("1,240") && !user.contains("pay.example"), "{user}");
    let strict = front.ask("acme user", "GET", "/strict", NAVIGATION).await;
    assert!(strict.text().contains("<body><aside"), "unstyled where the policy forbids");
    assert_eq!(strict.header("content-security-policy"), Some("default-src 'none'"));
    assert_eq!(front.gate.counters().banners_shown, 3);
    front.stop().await;
}

#[tokio::test]
async fn what_is_no_page_passes_untouched() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let ask = async |method, target, more| front.ask("acme user", method, target, more).await;
    let plain = ask("GET", "/page", "Accept: */*\r\n").await;
    assert_eq!((plain.text().as_str(), plain.header("etag")), (PAGE, Some("\"1\"")));
    let frame = NAVIGATION.replace("document", "iframe");
    assert_eq!(ask("GET", "/page", &frame).await.text(), PAGE);
    assert_eq!(ask("GET", "/zipped", NAVIGATION).await.text(), PAGE);
    let fragment = ask("GET", "/fragment", NAVIGATION).await;
    assert_eq!(fragment.text(), "<div>part</div>");
    assert_eq!(fragment.header("content-length"), Some("15"));
    let head = ask("HEAD", "/page", NAVIGATION).await;
    assert_eq!(head.header("etag"), Some("\"1\""));
    assert_eq!(ask("GET", "/x", NAVIGATION).await.text(), "fine");
    front.put("paid", Stage::Full).await;
    let paid = front.ask("paid user", "GET", "/page", NAVIGATION).await;
    assert_eq!((paid.text().as_str(), paid.header("etag")), (PAGE, Some("\"1\"")));
    let counters = front.gate.counters();
    assert_eq!((counters.banners_shown, counters.banners_compressed), (0, 1));
    front.stop().await;
}

#[tokio::test]
async fn being_shown_is_a_receipt_once_a_day() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    for _ in 0..3 {
        front.ask("acme billing", "GET", "/page", NAVIGATION).await;
    }
    front.ask("acme staff", "GET", "/page", NAVIGATION).await;
    let prefetch = format!("{NAVIGATION}Sec-Purpose: prefetch\r\n");
    front.put("ahead", Stage::Grace).await;
    front.ask("ahead user", "GET", "/page", &prefetch).await;
    let inbox = async {
        loop {
            let inbox = front.store.inbox(10).await.unwrap();
            if !inbox.is_empty() {
                return inbox;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let inbox = tokio::time::timeout(BOUND, inbox).await.unwrap();
    assert_eq!(inbox.len(), 1);
    let event: serde_json::Value = serde_json::from_slice(&inbox[0].1).unwrap();
    assert_eq!(event["type"], "ambergate.notice.receipt");
    assert_eq!(event["subject"], "acme");
    assert_eq!(event["time"], "2026-03-30T12:00:00Z");
    assert_eq!(event["data"]["channel"], "banner");
    assert_eq!(event["data"]["role"], "billing");
    assert_eq!(event["data"]["kind"], "seen");
    assert!(!event.to_string().contains("eve"), "the person is pseudonymous");
    front.stop().await;
}

#[tokio::test]
async fn however_a_page_is_cut_it_is_the_same() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    for (number, page) in PAGES.iter().enumerate() {
        let ask = async |cuts: &str| {
            let target = format!("/cut/{number}?{cuts}");
            let page = front.ask("acme user", "GET", &target, NAVIGATION).await;
            (page.text(), page.header("cache-control").map(str::to_owned))
        };
        let whole = ask("0").await;
        let banner = whole.0.split_once("<link").and_then(|(_, rest)| rest.split_once("</aside>"));
        match banner {
            Some((banner, _)) => {
                assert_eq!(whole.0.replacen(&format!("<link{banner}</aside>"), "", 1), *page);
                assert_eq!(whole.1.as_deref(), Some("no-store"));
            }
            None => assert_eq!((whole.0.as_str(), &whole.1, number), (*page, &None, 3)),
        }
        for cut in 1..=page.len() {
            assert_eq!(ask(&cut.to_string()).await, whole, "page {number} cut at {cut}");
        }
        let bytes: Vec<_> = (1..page.len()).map(|cut| cut.to_string()).collect();
        assert_eq!(ask(&bytes.join(",")).await, whole, "page {number} byte by byte");
    }
    front.stop().await;
}

#[tokio::test]
async fn a_page_that_stalls_at_once_passes_as_it_is() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let ask = request("acme user", "GET", "/stalls", NAVIGATION);
    let exchange = async {
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        while !all.ends_with(b"<!doc\r\n") {
            assert_ne!(stream.read_buf(&mut all).await.unwrap(), 0);
        }
    };
    tokio::time::timeout(BOUND, exchange).await.expect("what is there goes on");
    drop(stream);
    front.stop().await;
}
