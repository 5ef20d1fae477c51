//! A client's connection: what it waits for, and until when.
//!
//! Rules:
//! 1. Every wait has a deadline in ticks (seconds of its worker); the worker looks once a tick.
//! 2. A deadline that passes while a request is under way first tells whoever waits, who can still
//!    answer; a few ticks later, or without a request, the connection ends.
//! 3. A connection that ends while the client still sends is shut for writing first, and what comes
//!    is thrown away for a while: closed at once, it would take the answer back before the client
//!    has read it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use http::HeaderValue;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;

use super::settings::Patience;
use crate::clock;
use crate::gate::Counters;

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

/// A loop that never sleeps begins a turn of its clock after so many requests of a connection.
const TURN_REQUESTS: u32 = 32;

/// A client that sends what nobody reads is heard out for so many ticks.
const HEARD_OUT_TICKS: u32 = 5;

/// And for so many bytes.
const HEARD_OUT_BYTES_MAX: u64 = 64 * 1024 * 1024;

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
    /// Its worker's counts.
    counters: Arc<Counters>,
    /// When the request under way began, in microseconds.
    began: AtomicU64,
    phase: AtomicU8,
    requests: AtomicU32,
    deadline: AtomicU32,
    late: AtomicBool,
    ended: AtomicBool,
    unread: AtomicBool,
    waker: AtomicWaker,
}

impl Link {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(
        ticks: Ticks,
        peer: HeaderValue,
        trusted: bool,
        patience: Patience,
        counters: Arc<Counters>,
    ) -> Self {
        // A tick may be about to end: one more keeps the promise.
        let deadline = ticks.now() + patience.head + 1;
        Self {
            ticks,
            peer,
            trusted,
            patience,
            counters,
            began: AtomicU64::new(0),
            phase: AtomicU8::new(Phase::Idle as u8),
            requests: AtomicU32::new(0),
            deadline: AtomicU32::new(deadline),
            late: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            unread: AtomicBool::new(false),
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
        let number = self.request().wrapping_add(1);
        self.requests.store(number, Relaxed);
        if number.is_multiple_of(TURN_REQUESTS) {
            clock::begin_turn();
        }
        self.began.store(clock::turn_micros(), Relaxed);
        self.turn(Phase::Busy, self.patience.answer_idle);
    }

    /// The number of the request that is under way, or was last.
    #[must_use]
    pub fn request(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// The answer is on its way; the next request may come. How long an endless one took says
    /// nothing.
    pub fn finish(&self, endless: bool) {
        if !endless {
            let micros = clock::turn_micros().saturating_sub(self.began.load(Relaxed));
            self.counters.durations.note(micros);
        }
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

    /// The client may go on sending what nobody will read.
    pub fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
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
    /// How many bytes were thrown away since it was shut for writing.
    thrown_away: Option<u64>,
}

impl Socket {
    /// The socket of that link.
    #[must_use]
    pub fn new(stream: TcpStream, link: Arc<Link>) -> Self {
        Self { io: TokioIo::new(stream), link, thrown_away: None }
    }
}

impl Socket {
    /// Throws away what comes until the client ends, or the bound is reached; the link's deadline
    /// is another.
    fn hear_out(&mut self, mut thrown_away: u64, cx: &mut Context<'_>) -> Poll<()> {
        let mut part = [0; 16 * 1024];
        while thrown_away < HEARD_OUT_BYTES_MAX {
            let mut buf = ReadBuf::new(&mut part);
            let read = Pin::new(self.io.inner_mut()).poll_read(cx, &mut buf);
            let bytes = buf.filled().len() as u64;
            self.thrown_away = Some(thrown_away + bytes);
            match ready!(read) {
                Ok(()) if bytes > 0 => thrown_away += bytes,
                _ => break,
            }
        }
        Poll::Ready(())
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
        let thrown_away = match self.thrown_away {
            Some(thrown_away) => thrown_away,
            None => {
                ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
                self.link.turn(Phase::Idle, HEARD_OUT_TICKS);
                *self.thrown_away.insert(0)
            }
        };
        if !self.link.unread.load(Relaxed) {
            return Poll::Ready(Ok(()));
        }
        self.hear_out(thrown_away, cx).map(Ok)
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
        let peer = HeaderValue::from_static("127.0.0.1");
        Link::new(Ticks::default(), peer, false, patience, Arc::default())
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
        link.finish(false);
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
