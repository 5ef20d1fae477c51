//! Requests that two readers could understand in two ways: none reaches the app.

use ambergate::domain::stage::Stage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::app::App;
use crate::support::front::{Answer, BOUND, Front, request};

/// Each is refused with 400 (or another given status) and the connection ends.
const BAD: [(&str, &str); 27] = [
    ("no host", "GET / HTTP/1.1\r\n\r\n"),
    ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    ("a user in the host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    ("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    ("an empty host", "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
    ("another host in the target", "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("another scheme in the target", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("an authority as target", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no path", "GET ! HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    (
        "te twice",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "te with a comma",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "te with another coding",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    ("te unknown", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    (
        "te with a tab",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    ),
    ("te in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (
        "two lengths",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ),
    ("a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx"),
    ("a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx"),
    ("a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx"),
    ("a hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx"),
    ("a space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX y: 1\r\n\r\n"),
    ("a space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n"),
    ("a folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"),
    ("a nul", "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"),
    ("no http", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n"),
];

#[tokio::test]
async fn bad_framing_stops_here() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    for (what, bytes) in BAD {
        let answer = front.send(format!("{bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        assert!(!answer.text().contains("HTTP/1.1"), "{what}: the connection ends");
    }
    assert!(app.seen().is_empty(), "{:?}", app.seen());
    front.stop().await;
}

#[tokio::test]
async fn what_the_parser_merges_is_framed_anew_and_ends_the_connection() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let both = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\
        Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let smuggle = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
        Content-Length: 100\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    for bytes in [both, smuggle] {
        let answer = front.send(bytes).await;
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(answer.text(), "x");
        let seen = app.last();
        assert_eq!(seen.target, "/echo");
        assert!(!seen.headers.contains_key("content-length"));
    }
    assert_eq!(app.seen().len(), 2);
    front.stop().await;
}

#[tokio::test]
async fn methods_and_targets_that_are_ours() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    for method in ["TRACE", "CONNECT"] {
        let target = if method == "CONNECT" { "app.example:80" } else { "/" };
        let answer = front.ask("acme user", method, target, "").await;
        assert!(matches!(answer.status, 400 | 405), "{method}: {answer:?}");
    }
    assert_eq!(front.ask("acme user", "OPTIONS", "*", "").await.status, 200);
    assert!(app.seen().is_empty());
    let absolute = front.ask("acme user", "GET", "http://APP.example/x?y", "").await;
    assert_eq!((absolute.status, app.last().target.as_str()), (200, "/x?y"));
    front.stop().await;
}

#[tokio::test]
async fn heads_are_bounded() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let long = format!("X: {}\r\n", "y".repeat(40 * 1024));
    assert_eq!(front.ask("acme user", "GET", "/", &long).await.status, 431);
    let many: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    assert_eq!(front.ask("acme user", "GET", "/", &many).await.status, 431);
    assert!(app.seen().is_empty());
    front.stop().await;
}

#[tokio::test]
async fn silent_and_slow_clients_are_let_go() {
    let app = App::start().await;
    let front = Front::with(app.address, |_, proxy| {
        proxy.patience.head = 1;
        proxy.patience.idle = 1;
        proxy.patience.body_idle = 1;
    })
    .await;
    for sent in ["", "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let answer = front.send(sent).await;
        let status = if sent.ends_with("\r\n\r\n") { 200 } else { 0 };
        assert_eq!(answer.status, status, "{sent:?}: closed by itself");
    }
    let stuck = "POST /swallow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
    assert_eq!(front.send(stuck).await.status, 408);
    front.stop().await;
}

#[tokio::test]
async fn a_body_that_only_trickles_is_not_waited_for() {
    let app = App::start().await;
    let front = Front::with(app.address, |_, proxy| proxy.patience.body_pace = 1).await;
    let stream = TcpStream::connect(front.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let head = request("acme user", "POST", "/swallow", "Content-Length: 1000000\r\n");
    write.write_all(head.as_bytes()).await.unwrap();
    let trickling = tokio::spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(100));
        while write.write_all(b"x").await.is_ok() {
            every.tick().await;
        }
    });
    let mut all = Vec::new();
    let _ = tokio::time::timeout(BOUND, read.read_to_end(&mut all)).await.unwrap();
    trickling.abort();
    assert_eq!(Answer::of(&all).status, 408);
    front.stop().await;
}

#[tokio::test]
async fn a_bad_chunk_is_the_clients_fault() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    for body in ["zz\r\nx\r\n0\r\n\r\n", "1\r\nxx0\r\n\r\n", "ffffffffffffffffff\r\n"] {
        let head = request("acme user", "POST", "/swallow", "Transfer-Encoding: chunked\r\n");
        let answer = front.send(format!("{head}{body}")).await;
        assert_eq!(answer.status, 400, "{body:?}");
    }
    front.stop().await;
}

#[tokio::test]
async fn each_request_of_a_connection_is_judged_on_its_own() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Frozen).await;
    let keep = |text: String| text.replace("Connection: close\r\n", "");
    let body = "x".repeat(1 << 20);
    let length = format!("Content-Length: {}\r\n", body.len());
    let frozen = keep(request("acme user", "POST", "/a", &length));
    let full = request("other user", "GET", "/b", "");
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let exchange = async {
        stream.write_all(format!("{frozen}{body}{full}").as_bytes()).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    };
    let all = tokio::time::timeout(BOUND, exchange).await.unwrap();
    let first = Answer::of(&all);
    assert_eq!(first.status, 402);
    let length: usize = first.header("content-length").unwrap().parse().unwrap();
    let second = Answer::of(&all[first.head.len() + 4 + length..]);
    assert_eq!((second.status, second.text().as_str()), (200, "fine"));
    assert_eq!(app.seen().len(), 1);
    front.stop().await;
}
