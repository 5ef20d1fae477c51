//! Bodies both ways, early answers, endless answers, tunnels.

use std::time::Duration;

use ambergate::domain::stage::Stage;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::app::App;
use crate::support::front::{BOUND, Front, request, token, until};

#[tokio::test]
async fn ten_megabytes_go_both_ways_at_once() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let body: Vec<u8> = (0..10_000_000_u32).map(|n| (n % 251) as u8).collect();
    for framing in ["length", "chunked"] {
        let stream = TcpStream::connect(front.address).await.unwrap();
        let (mut read, mut write) = stream.into_split();
        let sent = body.clone();
        let sending = tokio::spawn(async move {
            let head = match framing {
                "length" => format!("Content-Length: {}\r\n", sent.len()),
                _ => "Transfer-Encoding: chunked\r\n".to_owned(),
            };
            write.write_all(request("acme user", "POST", "/echo", &head).as_bytes()).await.unwrap();
            if framing == "length" {
                write.write_all(&sent).await.unwrap();
                return write;
            }
            for part in sent.chunks(50_000) {
                write.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await.unwrap();
                write.write_all(part).await.unwrap();
                write.write_all(b"\r\n").await.unwrap();
            }
            write.write_all(b"0\r\n\r\n").await.unwrap();
            write
        });
        let mut all = Vec::new();
        tokio::time::timeout(BOUND, read.read_to_end(&mut all)).await.unwrap().unwrap();
        let answer = crate::support::front::Answer::of(&all);
        assert_eq!(answer.status, 200);
        assert!(answer.body == body, "{framing}: the same bytes come back");
        drop(sending.await.unwrap());
    }
    front.stop().await;
}

#[tokio::test]
async fn an_early_answer_is_read_and_its_connection_never_used_again() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let body = vec![7; 4 << 20];
    let length = format!("Content-Length: {}\r\n", body.len());
    for _ in 0..30 {
        let mut bytes = request("acme user", "POST", "/early", &length).into_bytes();
        bytes.extend_from_slice(&body);
        let answer = front.send(bytes).await;
        assert_eq!((answer.status, answer.text().as_str()), (413, "too large"));
    }
    until("no connection is left over", || app.open() <= 1).await;
    assert!(front.gate.counters().upstream_early > 0);
    assert_eq!(front.ask("acme user", "GET", "/", "").await.status, 200);
    front.stop().await;
}

#[tokio::test]
async fn a_client_that_waits_is_asked_only_when_the_app_asks() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("late", Stage::ReadOnly).await;
    let expect = "Content-Length: 5\r\nExpect: 100-continue\r\n";
    let refused = front.send(request("late user", "POST", "/swallow", expect)).await;
    assert_eq!(refused.status, 402, "the body is not asked for");
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let taken = request("acme user", "POST", "/swallow", expect);
    stream.write_all(taken.as_bytes()).await.unwrap();
    let mut said = [0; 25];
    tokio::time::timeout(BOUND, stream.read_exact(&mut said)).await.unwrap().unwrap();
    assert_eq!(&said, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let mut all = Vec::new();
    tokio::time::timeout(BOUND, stream.read_to_end(&mut all)).await.unwrap().unwrap();
    assert_eq!(crate::support::front::Answer::of(&all).text(), "5");
    let early = front.send(request("acme user", "POST", "/early", expect)).await;
    assert_eq!(early.status, 413);
    front.stop().await;
}

#[tokio::test]
async fn an_endless_answer_ends_with_the_access() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("acme", Stage::Grace).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(request("acme user", "GET", "/events", "").as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let first = async {
        while !seen.ends_with(b"data: 1\n\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
    };
    tokio::time::timeout(BOUND, first).await.expect("the first event comes at once");
    front.put("acme", Stage::Frozen).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(BOUND, stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it is ended");
    assert_eq!(front.gate.counters().tunnels_cut, 1);
    front.stop().await;
}

/// A WebSocket server that echoes.
async fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn socket(front: &Front, who: &str) -> http::Request<()> {
    let mut request = format!("ws://{}/ws", front.address).into_client_request().unwrap();
    let bearer = format!("Bearer {}", token(who, "user"));
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    request
}

#[tokio::test]
async fn a_websocket_passes_and_ends_with_the_access() {
    let front = Front::before(echo().await).await;
    front.put("acme", Stage::Grace).await;
    let connecting = tokio_tungstenite::connect_async(socket(&front, "acme"));
    let (mut ws, response) = tokio::time::timeout(BOUND, connecting).await.unwrap().unwrap();
    assert_eq!(response.headers()["ambergate-stage"], "grace");
    for text in ["one", "two", &"x".repeat(100_000)] {
        ws.send(Message::text(text)).await.unwrap();
        let back = tokio::time::timeout(BOUND, ws.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(back.to_text().unwrap(), text);
    }
    front.put("acme", Stage::ReadOnly).await;
    let last = tokio::time::timeout(BOUND, ws.next()).await.unwrap().unwrap().unwrap();
    let Message::Close(Some(close)) = last else { panic!("not closed: {last:?}") };
    assert_eq!(u16::from(close.code), 4402);
    let refused = tokio_tungstenite::connect_async(socket(&front, "acme")).await;
    assert!(refused.unwrap_err().to_string().contains("402"), "an upgrade writes");
    front.put("acme", Stage::Full).await;
    let again = async {
        while tokio_tungstenite::connect_async(socket(&front, "acme")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(BOUND, again).await.expect("it can connect again");
    front.stop().await;
}

#[tokio::test]
async fn other_upgrades_are_no_tunnels() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let smuggle =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    let answer = front.ask("acme user", "GET", "/x", smuggle).await;
    assert_eq!(answer.status, 200);
    let seen = app.last().headers;
    assert!(!seen.contains_key("upgrade") && !seen.contains_key("http2-settings"));
    let plain = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    let answer = front.ask("acme user", "GET", "/x", plain).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "fine"), "the app did not switch");
    front.stop().await;
}

#[tokio::test]
async fn stopping_ends_what_is_idle_and_finishes_the_rest() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    let mut idle = TcpStream::connect(front.address).await.unwrap();
    let keep = request("acme user", "GET", "/", "").replace("Connection: close\r\n", "");
    idle.write_all(keep.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let address = front.address;
    front.stop().await;
    let mut rest = Vec::new();
    tokio::time::timeout(BOUND, idle.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_long_upload_that_is_refused_can_be_sent_to_its_end() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("late", Stage::ReadOnly).await;
    let body = vec![7; 20 << 20];
    let length = format!("Content-Length: {}\r\n", body.len());
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    let exchange = async {
        // Nothing is read before everything is written, as most clients do it.
        stream.write_all(request("late user", "POST", "/a", &length).as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    };
    let all = tokio::time::timeout(BOUND, exchange).await.unwrap();
    let answer = crate::support::front::Answer::of(&all);
    assert_eq!((answer.status, answer.header("connection")), (402, Some("close")));
    assert!(app.seen().is_empty());
    drop(stream);
    front.stop().await;
}

#[tokio::test]
async fn each_answer_is_measured_once_and_endless_ones_are_not() {
    let app = App::start().await;
    let front = Front::before(app.address).await;
    front.put("late", Stage::ReadOnly).await;
    for (who, method) in [("acme user", "GET"), ("late user", "POST"), ("acme user", "HEAD")] {
        front.ask(who, method, "/", "").await;
    }
    let mut events = TcpStream::connect(front.address).await.unwrap();
    events.write_all(request("acme user", "GET", "/events", "").as_bytes()).await.unwrap();
    let mut some = [0; 16];
    tokio::time::timeout(BOUND, events.read_exact(&mut some)).await.unwrap().unwrap();
    drop(events);
    until("all are measured", || front.gate.counters().durations.count() == 3).await;
    front.stop().await;
}
