//! Requests that meet a connection which the app is closing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::front::{Answer, BOUND, Front};

/// An app that answers the first request of each connection, and of the second says no more than
/// `says` before it closes. What it read is kept.
async fn closing(says: &'static [u8]) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let read = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&read);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                for answer in [&ok[..], says] {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read_u8().await {
                            Ok(byte) => head.push(byte),
                            Err(_) => return,
                        }
                    }
                    let head = String::from_utf8(head).unwrap();
                    seen.lock().unwrap().push(head.lines().next().unwrap().to_owned());
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    (address, read)
}

/// Two requests, one after the other.
async fn two(front: &Front, second: &str) -> Answer {
    let mut client = TcpStream::connect(front.address).await.unwrap();
    let first = "GET /first HTTP/1.1\r\nHost: a\r\n\r\n";
    let exchange = async {
        client.write_all(first.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let second = format!("{second} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.write_all(second.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        all
    };
    Answer::of(&tokio::time::timeout(BOUND, exchange).await.expect("an answer in time"))
}

/// An app that answers one request of each connection and closes it when it is told to.
async fn idle_closing(close: Arc<Notify>, closed: Arc<Notify>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(ok).await.unwrap();
            close.notified().await;
            drop(stream);
            closed.notify_one();
        }
    });
    address
}

/// An app may close a connection in the pool at any time: whatever comes next goes to another.
#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used() {
    for second in ["GET /a", "POST /a", "DELETE /a"] {
        let (close, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let front = Front::before(idle_closing(close.clone(), closed.clone()).await).await;
        let mut client = TcpStream::connect(front.address).await.unwrap();
        let exchange = async {
            for request in ["GET /first", second] {
                let request = format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n");
                client.write_all(request.as_bytes()).await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                assert!(head.starts_with(b"HTTP/1.1 200"), "{second}");
                close.notify_one();
                closed.notified().await;
            }
        };
        tokio::time::timeout(BOUND, exchange).await.expect("answers in time");
        assert_eq!(front.gate.counters().upstream_failed, 0, "{second}");
        front.stop().await;
    }
}

#[tokio::test]
async fn what_asks_to_read_is_sent_once_more() {
    for ask in ["GET /a?b", "HEAD /a", "OPTIONS /a"] {
        let (app, read) = closing(b"").await;
        let front = Front::before(app).await;
        assert_eq!(two(&front, ask).await.status, 200, "{ask}");
        let line = format!("{ask} HTTP/1.1");
        assert_eq!(*read.lock().unwrap(), ["GET /first HTTP/1.1", line.as_str(), line.as_str()]);
        assert_eq!(front.gate.counters().upstream_again, 1);
        assert_eq!(front.gate.counters().upstream_failed, 0);
        front.stop().await;
    }
}

#[tokio::test]
async fn what_may_write_or_was_answered_in_part_is_not() {
    let part = b"HTTP/1.1 200 OK\r\nContent-Le";
    for (ask, says) in [("POST /a", &b""[..]), ("DELETE /a", b""), ("X /a", b""), ("GET /a", part)]
    {
        let (app, read) = closing(says).await;
        let front = Front::before(app).await;
        assert_eq!(two(&front, ask).await.status, 502, "{ask}");
        assert_eq!(read.lock().unwrap().len(), 2, "{ask}");
        assert_eq!(front.gate.counters().upstream_again, 0);
        front.stop().await;
    }
}
