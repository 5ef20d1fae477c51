//! An app to put the gate before: it records what reaches it and answers by path.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

type Body = BoxBody<Bytes, hyper::Error>;

/// What reached the app.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

/// A running app.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    open: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

/// The page that the app shows.
pub(crate) const PAGE: &str =
    "<!doctype html><html><head><title>App</title></head><body><h1>App</h1></body></html>";

impl App {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            open: Arc::default(),
            made: Arc::default(),
        };
        let served = app.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let app = served.clone();
                app.open.fetch_add(1, Ordering::SeqCst);
                app.made.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let own = app.clone();
                    let service = hyper::service::service_fn(move |request| {
                        let app = own.clone();
                        async move { Ok::<_, Infallible>(app.answer(request).await) }
                    });
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    let _ = connection.await;
                    app.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        app
    }

    /// All that reached it, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The last request that reached it.
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("something reached the app")
    }

    /// How many connections it has now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// How many connections it ever had.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        self.seen
            .lock()
            .unwrap()
            .push(Seen { target: parts.uri.to_string(), headers: parts.headers.clone() });
        let path = parts.uri.path();
        match path {
            "/page" => html(PAGE, &[("etag", "\"1\""), ("cache-control", "public, max-age=60")]),
            "/strict" => html(PAGE, &[("content-security-policy", "default-src 'none'")]),
            "/fragment" => html("<div>part</div>", &[]),
            "/zipped" => html(PAGE, &[("content-encoding", "gzip")]),
            "/echo" => Response::new(body.boxed()),
            "/big" => big(),
            "/early" => status(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
            "/swallow" => {
                let size = body.collect().await.map_or(0, |all| all.to_bytes().len());
                status(StatusCode::OK, &size.to_string())
            }
            "/spoof" => spoof(),
            "/silent" => std::future::pending().await,
            "/events" => events(),
            "/stalls" => stalls(),
            _ if path.starts_with("/cut/") => cut(path, parts.uri.query().unwrap_or_default()),
            _ => status(StatusCode::OK, "fine"),
        }
    }
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}

fn status(status: StatusCode, text: &str) -> Response<Body> {
    Response::builder().status(status).body(full(text.to_owned())).unwrap()
}

fn html(page: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut response = Response::builder().header("content-type", "text/html; charset=utf-8");
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(full(page.to_owned())).unwrap()
}

/// 10 MB in many parts.
fn big() -> Response<Body> {
    let parts = futures_util::stream::iter(
        (0..160).map(|part: u8| Ok(Frame::data(Bytes::from(vec![part; 65536])))),
    );
    Response::new(StreamBody::new(parts).boxed())
}

/// An answer that pretends to be the gate's.
fn spoof() -> Response<Body> {
    Response::builder()
        .header("ambergate-stage", "frozen")
        .header("connection", "x-secret")
        .header("x-secret", "1")
        .body(full("x"))
        .unwrap()
}

/// Pages to cut, by their number.
pub(crate) const PAGES: [&str; 4] = [
    PAGE,
    "\u{feff}<!-- <body> -->\n<?x body?><HTML><template><body></template><Body class='a>b'>x",
    "<title>x</title><script>'<body>'</script><body>x</body>",
    "<div><iframe srcdoc='<!doctype html><body>'></iframe></div>",
];

/// `/cut/{page}?{cut},{cut}`: that page, in parts.
fn cut(path: &str, cuts: &str) -> Response<Body> {
    let page = PAGES[path.trim_start_matches("/cut/").parse::<usize>().unwrap()].as_bytes();
    let mut from = 0;
    let mut parts = Vec::new();
    for to in cuts.split(',').map(|cut| cut.parse().unwrap()).chain([page.len()]) {
        parts.push(Ok(Frame::data(Bytes::copy_from_slice(&page[from..to]))));
        from = to;
    }
    let body = StreamBody::new(futures_util::stream::iter(parts));
    Response::builder().header("content-type", "text/html").body(BodyExt::boxed(body)).unwrap()
}

/// A few bytes of a page, and then nothing for ever.
fn stalls() -> Response<Body> {
    use futures_util::StreamExt as _;
    let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(b"<!doc")))]);
    let body = StreamBody::new(first.chain(futures_util::stream::pending()));
    Response::builder().header("content-type", "text/html").body(BodyExt::boxed(body)).unwrap()
}

/// One event, and then nothing for ever.
fn events() -> Response<Body> {
    use futures_util::StreamExt as _;
    let first = futures_util::stream::iter([Ok(Frame::data(Bytes::from_static(b"data: 1\n\n")))]);
    let body = StreamBody::new(first.chain(futures_util::stream::pending()));
    Response::builder()
        .header("content-type", "text/event-stream")
        .body(BodyExt::boxed(body))
        .unwrap()
}
