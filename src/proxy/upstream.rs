//! Connections to the app: one pool a worker.
//!
//! Rules:
//! 1. A connection is driven by the task whose request it carries, and by nobody while it is idle:
//!    no task of its own, no wake-ups between the two.
//! 2. The youngest idle connection is used first. Idle ones are closed before the app closes
//!    them, and when they are too old.
//! 3. All workers together have a bounded number; who cannot have one waits, and while somebody
//!    waits nobody keeps an idle one.
//! 4. An app that answers early and closes breaks our writing; what it said is still read.
//! 5. A connection that has ended lets go of the request that it did not send: it goes to another.
//! 6. A connection whose request was not sent to its end, or whose answer was not read to its
//!    end, is closed.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use http::Request;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::link::Ticks;
use super::replay::Socket;
use super::settings::{Address, Upstream};
use super::upload::UpBody;
use crate::gate::Counters;

/// The most headers that an answer may have.
const ANSWER_HEADERS_MAX: usize = 200;

/// What all workers share of the app's connections: how many there may be, and who waits.
#[derive(Debug)]
pub struct Bound {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Bound {
    /// At most `connections_max` at a time.
    #[must_use]
    pub fn new(connections_max: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(connections_max.clamp(1, Semaphore::MAX_PERMITS)));
        Arc::new(Self { free, waiting: AtomicUsize::new(0) })
    }
}

/// Passes wake-ups on to whichever task drives a connection, except those that this task itself
/// causes by reading what it has just driven.
#[derive(Debug, Default)]
pub struct Relay {
    task: AtomicWaker,
    muted: AtomicBool,
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.muted.load(Relaxed) {
            self.task.wake();
        }
    }
}

/// One connection to the app.
pub struct Live {
    /// Takes requests.
    pub sender: SendRequest<UpBody>,
    state: State,
    relay: Arc<Relay>,
    waker: Waker,
    born: u32,
    idle_since: u32,
    _permit: OwnedSemaphorePermit,
}

// Every connection is boxed, and nearly all are open.
#[allow(clippy::large_enum_variant)]
enum State {
    Open(Connection<TokioIo<Socket>, UpBody>),
    /// What is left of it.
    Ended(Socket),
    /// Between the two.
    Ending,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("born", &self.born).finish_non_exhaustive()
    }
}

impl Live {
    /// Reads and writes what can be, on behalf of the task of `cx`.
    pub fn drive(&mut self, cx: &Context<'_>) {
        let State::Open(connection) = &mut self.state else { return };
        self.relay.task.register(cx.waker());
        let mut cx = Context::from_waker(&self.waker);
        if Pin::new(connection).poll(&mut cx).is_ready()
            && let State::Open(connection) = std::mem::replace(&mut self.state, State::Ending)
        {
            // A request that waits in it would wait for ever.
            self.state = State::Ended(connection.into_parts().io.into_inner());
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Reads what was driven, by `read`; the wake-ups that this causes are not needed.
    pub fn quietly<T>(&self, read: impl FnOnce(&mut Context<'_>) -> T) -> T {
        self.relay.muted.store(true, Relaxed);
        let read = read(&mut Context::from_waker(&self.waker));
        self.relay.muted.store(false, Relaxed);
        read
    }

    /// The request that was under way when it broke, if it may be sent once more.
    #[must_use]
    pub fn unanswered(self) -> Option<Request<UpBody>> {
        match self.state {
            State::Open(connection) => connection.into_parts().io.inner().written.again(),
            State::Ended(socket) => socket.written.again(),
            State::Ending => None,
        }
    }

    /// Whether it can take another request.
    fn is_ready(&mut self, cx: &Context<'_>) -> bool {
        // What it was driven to at the end of its last answer is enough: if the app has closed it
        // since, sending finds that out and gives the request back.
        if self.is_open() && self.sender.is_ready() {
            return true;
        }
        self.drive(cx);
        let mut quiet = Context::from_waker(Waker::noop());
        self.is_open() && matches!(self.sender.poll_ready(&mut quiet), Poll::Ready(Ok(())))
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub enum NoConnection {
    /// It was refused, or the name leads nowhere.
    Refused(io::Error),
    /// It took too long, or all allowed ones were busy for too long.
    Late,
}

/// The connections of one worker.
#[derive(Debug)]
pub struct Pool {
    settings: Upstream,
    ticks: Ticks,
    // Boxed, because it goes from hand to hand.
    #[allow(clippy::vec_box)]
    idle: RefCell<Vec<Box<Live>>>,
    next: Cell<usize>,
    bound: Arc<Bound>,
    counters: Arc<Counters>,
}

impl Pool {
    /// No connections yet.
    #[must_use]
    pub fn new(
        settings: Upstream,
        ticks: Ticks,
        bound: Arc<Bound>,
        counters: Arc<Counters>,
    ) -> Self {
        let (idle, next) = (RefCell::new(Vec::new()), Cell::new(0));
        Self { settings, ticks, idle, next, bound, counters }
    }

    /// How the app is reached.
    #[must_use]
    pub const fn settings(&self) -> &Upstream {
        &self.settings
    }

    /// The youngest idle connection that is still good. `None`: one must be made.
    pub fn take(&self, cx: &Context<'_>) -> Option<Box<Live>> {
        loop {
            let mut live = self.idle.borrow_mut().pop()?;
            if live.is_ready(cx) {
                return Some(live);
            }
        }
    }

    /// A connection whose request and answer are both at their end.
    pub fn give_back(&self, mut live: Box<Live>) {
        let now = self.ticks.now();
        let too_old = now.saturating_sub(live.born) >= self.settings.age;
        if !live.is_open() || too_old || self.bound.waiting.load(Relaxed) > 0 {
            return;
        }
        live.idle_since = now;
        self.idle.borrow_mut().push(live);
    }

    /// A request is sent once more, for the app closed its connection under it.
    pub fn sends_again(&self) {
        self.counters.upstream_again.one();
    }

    /// Closes what was idle too long. Called once a tick.
    pub fn sweep(&self) {
        let now = self.ticks.now();
        let wanted = self.bound.waiting.load(Relaxed) > 0;
        self.idle.borrow_mut().retain(|live| {
            !wanted
                && now.saturating_sub(live.idle_since) < self.settings.idle
                && now.saturating_sub(live.born) < self.settings.age
        });
    }

    /// Closes all idle connections.
    pub fn clear(&self) {
        self.idle.borrow_mut().clear();
    }

    /// How many are idle.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.idle.borrow().len()
    }

    /// A new connection, to the next address that takes one.
    ///
    /// # Errors
    /// If none does, or it takes too long.
    pub async fn connect(&self) -> Result<Box<Live>, NoConnection> {
        let permit = self.permit().await?;
        let stream = self.open().await?;
        let io = TokioIo::new(Socket::new(stream));
        let handshake = Builder::new().max_headers(ANSWER_HEADERS_MAX).handshake(io).await;
        let (sender, connection) = handshake
            .map_err(|error| NoConnection::Refused(io::Error::other(error.to_string())))?;
        self.counters.upstream_opened.one();
        let relay = Arc::<Relay>::default();
        let waker = Waker::from(Arc::clone(&relay));
        let (born, idle_since) = (self.ticks.now(), self.ticks.now());
        Ok(Box::new(Live {
            sender,
            state: State::Open(connection),
            relay,
            waker,
            born,
            idle_since,
            _permit: permit,
        }))
    }

    /// A connection for a tunnel: never given back.
    ///
    /// # Errors
    /// If no address takes one, or it takes too long.
    pub async fn connect_apart(&self) -> Result<(TcpStream, OwnedSemaphorePermit), NoConnection> {
        let permit = self.permit().await?;
        Ok((self.open().await?, permit))
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, NoConnection> {
        if let Ok(permit) = Arc::clone(&self.bound.free).try_acquire_owned() {
            return Ok(permit);
        }
        self.clear();
        let _waiting = Waiting::new(&self.bound.waiting);
        let patience = Duration::from_secs(self.settings.connect.into());
        let permit = Arc::clone(&self.bound.free).acquire_owned();
        match tokio::time::timeout(patience, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(NoConnection::Late),
        }
    }

    async fn open(&self) -> Result<TcpStream, NoConnection> {
        let addresses = &self.settings.addresses;
        let first = self.next.get();
        self.next.set(first.wrapping_add(1));
        let mut why = NoConnection::Late;
        for step in 0..addresses.len() {
            let address = &addresses[first.wrapping_add(step) % addresses.len()];
            match self.open_at(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    async fn open_at(&self, address: &Address) -> Result<TcpStream, NoConnection> {
        let patience = Duration::from_secs(self.settings.connect.into());
        let connect = TcpStream::connect((address.host.as_str(), address.port));
        let stream = match tokio::time::timeout(patience, connect).await {
            Ok(stream) => stream.map_err(NoConnection::Refused)?,
            Err(_) => return Err(NoConnection::Late),
        };
        stream.set_nodelay(true).map_err(NoConnection::Refused)?;
        Ok(stream)
    }
}

/// Counts one who waits, also if it stops waiting.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
