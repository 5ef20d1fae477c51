//! One worker: its connections, its pool, its counters, and the second hand of its clock.
//!
//! Rules:
//! 1. A worker lives on one thread; nothing of it is shared but its counters and its load.
//! 2. Once a second it looks at every deadline, closes what was idle too long, and ends tunnels and
//!    endless answers whose tenant may not have them any more.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use http::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::headers;
use super::link::{Link, Socket, Ticks};
use super::request_id::RequestIds;
use super::settings::Settings;
use super::stack;
use super::tunnel::Cut;
use super::upstream::{Bound, Pool};
use crate::clock;
use crate::gate::classify::Class;
use crate::gate::identify::Identity;
use crate::gate::{Counters, Gate};
use crate::store::Store;

/// The most that a head may have in bytes.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// The most headers that a head may have.
const HEADERS_MAX: usize = 100;

/// The most that is read ahead of a connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// One worker.
pub struct Worker<S> {
    /// Whom it asks.
    pub gate: Arc<Gate<S>>,
    /// Its counts.
    pub counters: Arc<Counters>,
    /// Its connections to the app.
    pub pool: Rc<Pool>,
    /// Its request ids.
    pub ids: RequestIds,
    settings: Arc<Settings>,
    ticks: Ticks,
    load: Arc<AtomicUsize>,
    links: RefCell<Vec<Arc<Link>>>,
    watched: RefCell<Vec<Watched>>,
    draining: Cell<bool>,
    server: http1::Builder,
}

/// A tunnel, or an answer without an end.
struct Watched {
    who: Arc<Identity>,
    class: Class,
    what: Endless,
}

enum Endless {
    Tunnel(Rc<Cut>),
    /// With the number of its request: a connection may go on to another.
    Stream(Arc<Link>, u32),
}

impl Endless {
    fn is_over(&self) -> bool {
        match self {
            Self::Tunnel(cut) => cut.is_over(),
            Self::Stream(link, request) => {
                link.is_idle() || link.is_ended() || link.request() != *request
            }
        }
    }

    fn end(&self, code: u16) {
        match self {
            Self::Tunnel(cut) => cut.cut(code),
            Self::Stream(link, _) => link.end(),
        }
    }
}

/// A WebSocket's close code: the tenant's access ended (402 among the private codes).
const ACCESS_ENDED: u16 = 4402;

/// A WebSocket's close code: this server goes away (RFC 6455 7.4.1).
const GOING_AWAY: u16 = 1001;

impl<S: Store> Worker<S> {
    /// A worker without connections. `load` is told how many it has.
    #[must_use]
    pub fn new(
        gate: Arc<Gate<S>>,
        settings: Arc<Settings>,
        bound: Arc<Bound>,
        load: Arc<AtomicUsize>,
    ) -> Rc<Self> {
        let ticks = Ticks::default();
        let counters = gate.new_counters();
        let mut server = http1::Builder::new();
        // Deadlines are ours (link.rs): hyper's own would make a timer for each head.
        server
            .header_read_timeout(None)
            .max_headers(HEADERS_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX);
        let upstream = settings.upstream.clone();
        let pool = Pool::new(upstream, ticks.clone(), bound, Arc::clone(&counters));
        Rc::new(Self {
            gate,
            counters,
            pool: Rc::new(pool),
            ids: RequestIds::new(),
            settings,
            ticks,
            load,
            links: RefCell::default(),
            watched: RefCell::default(),
            draining: Cell::new(false),
            server,
        })
    }

    /// Whether it stops: every answer is the last of its connection.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Serves a connection until it ends, in a task of its own.
    pub fn take(
        self: &Rc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        self.counters.connections.one();
        let worker = Rc::clone(self);
        self.load.fetch_add(1, Relaxed);
        tokio::task::spawn_local(async move {
            worker.serve(stream, peer).await;
            worker.load.fetch_sub(1, Relaxed);
            drop(permit);
        });
    }

    async fn serve(self: &Rc<Self>, stream: TcpStream, peer: SocketAddr) {
        // Without it answers wait for the client's acknowledgements; the connection still works.
        let _ = stream.set_nodelay(true);
        let address = peer.ip().to_canonical();
        let said = HeaderValue::from_str(&address.to_string());
        let link = Arc::new(Link::new(
            self.ticks.clone(),
            said.unwrap_or_else(|_| HeaderValue::from_static("unknown")),
            headers::is_trusted(address, &self.settings.trusted_proxies),
            self.settings.patience,
            Arc::clone(&self.counters),
        ));
        self.links.borrow_mut().push(Arc::clone(&link));
        let service =
            service_fn(|request| stack::answer(Rc::clone(self), Arc::clone(&link), request));
        let socket = Socket::new(stream, Arc::clone(&link));
        let mut connection = pin!(self.server.serve_connection(socket, service).with_upgrades());
        let mut told = false;
        std::future::poll_fn(|cx| {
            link.register(cx);
            if self.draining.get() && !told {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
            if link.is_ended() {
                return Poll::Ready(());
            }
            connection.as_mut().poll(cx).map(|ended| {
                if let Err(error) = ended {
                    self.note(&error);
                }
            })
        })
        .await;
        link.end();
    }

    /// A connection that ended badly.
    fn note(&self, error: &hyper::Error) {
        if error.is_parse() {
            self.counters.bad_request.one();
        }
        tracing::trace!(%error, "a client's connection ended");
    }

    /// Ends this answer when its tenant may not have it any more.
    pub fn watch_stream(&self, link: &Arc<Link>, who: Arc<Identity>, class: Class) {
        let what = Endless::Stream(Arc::clone(link), link.request());
        self.watched.borrow_mut().push(Watched { who, class, what });
    }

    /// Ends this tunnel when its tenant may not have it any more.
    pub fn watch_tunnel(&self, cut: Rc<Cut>, who: Arc<Identity>, class: Class) {
        let what = Endless::Tunnel(cut);
        self.watched.borrow_mut().push(Watched { who, class, what });
    }

    /// The second hand. Never ends.
    pub async fn tick(self: Rc<Self>) {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        every.tick().await;
        loop {
            every.tick().await;
            // A loop that never sleeps still sees time pass.
            clock::begin_turn();
            self.ticks.advance();
            self.look();
        }
    }

    fn look(&self) {
        self.links.borrow_mut().retain(|link| {
            if link.is_ended() {
                return false;
            }
            let late = link.look();
            if late {
                self.counters.connections_late.one();
            }
            !late
        });
        self.watched.borrow_mut().retain(|watched| {
            if watched.what.is_over() {
                return false;
            }
            let passes = self.gate.still_passes(&watched.who, &watched.class);
            if !passes {
                self.counters.tunnels_cut.one();
                watched.what.end(ACCESS_ENDED);
            }
            passes
        });
        self.pool.sweep();
    }

    /// Ends some idle connections, the oldest first: others wait for a place.
    pub fn shed(&self, count: usize) {
        let links = self.links.borrow();
        for link in links.iter().filter(|link| link.is_idle()).take(count) {
            link.end();
        }
    }

    /// Ends what is idle now and everything else after its answer; what is left when the patience
    /// ends is cut off.
    pub async fn drain(self: &Rc<Self>) {
        self.draining.set(true);
        for link in self.links.borrow().iter() {
            link.wake();
        }
        for watched in self.watched.borrow().iter() {
            watched.what.end(GOING_AWAY);
        }
        let patience = Duration::from_secs(self.settings.patience.drain.into());
        let emptied = async {
            while self.load.load(Relaxed) > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(patience, emptied).await.is_err() {
            tracing::warn!("connections were cut off: they took too long to end");
        }
        self.pool.clear();
    }
}

impl<S> std::fmt::Debug for Worker<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("links", &self.links.borrow().len()).finish_non_exhaustive()
    }
}
