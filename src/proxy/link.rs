//! A client's connection: what it waits for, and until when.
//!
//! Rules:
//! 1. Every wait has a deadline in ticks (seconds of its worker); the worker looks once a tick.
//! 2. A deadline that passes while a request is under way first tells whoever waits, who can still
//!    answer; a few ticks later, or without a request, the connection ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use http::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::settings::Patience;

/// The seconds of one worker, counted from its start.
#[derive(Clone, Debug, Default)]
pub struct Ticks(Arc<AtomicU32>);

impl Ticks {
    /// Now.
    #[must_use]
    pub fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// One second later.
    pub fn advance(&self) -> u32 {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

/// No deadline.
pub const NEVER: u32 = u32::MAX;

/// After a passed deadline whoever waits has so many ticks to end it well.
const GRACE_TICKS: u32 = 3;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    /// The first byte of a head.
    Idle,
    /// The rest of a head.
    Head,
    /// A request is under way.
    Busy,
}

/// A client's connection.
#[derive(Debug)]
pub struct Link {
    /// The seconds of its worker.
    pub ticks: Ticks,
    /// The client's address, as told to the app.
    pub peer: HeaderValue,
    /// Whether the client is a trusted proxy.
    pub trusted: bool,
    /// How long it may take.
    pub patience: Patience,
    phase: AtomicU8,
    requests: AtomicU32,
    deadline: AtomicU32,
    late: AtomicBool,
    ended: AtomicBool,
    waker: AtomicWaker,
}

impl Link {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(ticks: Ticks, peer: HeaderValue, trusted: bool, patience: Patience) -> Self {
        // A tick may be about to end: one more keeps the promise.
        let deadline = ticks.now() + patience.head + 1;
        Self {
            ticks,
            peer,
            trusted,
            patience,
            phase: AtomicU8::new(Phase::Idle as u8),
            requests: AtomicU32::new(0),
            deadline: AtomicU32::new(deadline),
            late: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    fn turn(&self, phase: Phase, ticks: u32) {
        self.phase.store(phase as u8, Relaxed);
        self.wait(ticks);
    }

    /// Waits so many ticks from now on.
    pub fn wait(&self, ticks: u32) {
        let deadline = if ticks == NEVER { NEVER } else { self.ticks.now() + ticks + 1 };
        self.deadline.store(deadline, Relaxed);
        self.late.store(false, Relaxed);
    }

    /// A request's head is here.
    pub fn begin(&self) {
        self.requests.store(self.request().wrapping_add(1), Relaxed);
        self.turn(Phase::Busy, self.patience.answer_idle);
    }

    /// The number of the request that is under way, or was last.
    #[must_use]
    pub fn request(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// The answer is on its way; the next request may come.
    pub fn finish(&self) {
        self.turn(Phase::Idle, self.patience.idle);
    }

    /// Bytes came from the client.
    fn heard(&self) {
        if self.is(Phase::Idle) {
            self.turn(Phase::Head, self.patience.head);
        }
    }

    /// Whether the deadline has passed: whoever waits ends it.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.late.load(Relaxed)
    }

    /// Whether the connection must end now.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// Whether no request is under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        !self.is(Phase::Busy)
    }

    /// Ends the connection.
    pub fn end(&self) {
        self.ended.store(true, Relaxed);
        self.waker.wake();
    }

    /// Lets its task look at it.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// Looks at the deadline. `true`: it ended the connection.
    pub fn look(&self) -> bool {
        let (now, deadline) = (self.ticks.now(), self.deadline.load(Relaxed));
        if now < deadline {
            return false;
        }
        if self.is_idle() || now >= deadline.saturating_add(GRACE_TICKS) {
            self.end();
            return true;
        }
        if !self.late.swap(true, Relaxed) {
            self.waker.wake();
        }
        false
    }

    /// The task that is woken when something is to be looked at.
    pub fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }
}

/// A client's socket that tells its link when bytes come.
#[derive(Debug)]
pub struct Socket {
    io: TokioIo<TcpStream>,
    link: Arc<Link>,
}

impl Socket {
    /// The socket of that link.
    #[must_use]
    pub fn new(stream: TcpStream, link: Arc<Link>) -> Self {
        Self { io: TokioIo::new(stream), link }
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_ready() {
            self.link.heard();
        }
        read
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> Link {
        let patience = Patience { head: 2, idle: 5, ..Patience::default() };
        Link::new(Ticks::default(), HeaderValue::from_static("127.0.0.1"), false, patience)
    }

    fn pass(link: &Link, ticks: u32) -> bool {
        (0..ticks).any(|_| {
            link.ticks.advance();
            link.look()
        })
    }

    #[test]
    fn a_silent_client_and_a_half_head_end() {
        let silent = link();
        assert!(!pass(&silent, 2) && pass(&silent, 1));
        assert!(silent.is_ended());
        let half = link();
        pass(&half, 1);
        half.heard();
        assert!(!pass(&half, 2), "the head has its own time");
        half.heard();
        assert!(pass(&half, 1), "more bytes give no more time");
    }

    #[test]
    fn idle_clients_have_their_own_time() {
        let link = link();
        link.heard();
        link.begin();
        link.finish();
        assert!(!pass(&link, 5) && pass(&link, 1));
    }

    #[test]
    fn whoever_waits_is_told_first() {
        let link = link();
        link.begin();
        link.wait(1);
        assert!(!pass(&link, 2));
        assert!(link.is_late() && !link.is_ended());
        assert!(pass(&link, GRACE_TICKS));
        link.begin();
        link.wait(NEVER);
        assert!(!pass(&link, 1000));
    }
}
