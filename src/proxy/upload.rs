//! The body of a request on its way to the app.
//!
//! Rules:
//! 1. It is asked for as the app takes it. With `Expect: 100-continue` not before the app asked,
//!    or answered, or [`ASKED_AFTER`] has passed.
//! 2. What an answer came before is drained within [`DRAINED_BYTES_MAX`] and
//!    [`DRAINED_SECONDS_MAX`], so that the client can read the answer.
//! 3. Trailers lose our names.
//! 4. Who sends less than [`BYTES_PER_SECOND_MIN`] while it is waited for is too slow, and is
//!    answered as one that stood still. Only before the answer begins, and never for gRPC: both
//!    ways may then talk as long as they like.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, EXPECT};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::headers;
use super::link::Link;

/// An upload that waits for the app to ask is asked for after so long.
const ASKED_AFTER: Duration = Duration::from_secs(1);

/// A body must come this fast, averaged over [`Patience::body_pace`](super::settings::Patience)
/// seconds in which the client was waited for; the first of these do not count.
pub const BYTES_PER_SECOND_MIN: u64 = 200;

/// At most so much is drained.
pub const DRAINED_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// It is drained for at most so long.
pub const DRAINED_SECONDS_MAX: u32 = 5;

/// The body of one request.
#[derive(Debug)]
pub struct Upload {
    body: RefCell<Incoming>,
    link: Arc<Link>,
    ended: Cell<bool>,
    /// Whether the client is what is waited for.
    waits: Cell<bool>,
    pace: Cell<Option<Pace>>,
    too_slow: Cell<bool>,
    asked: Option<Asked>,
}

/// How fast a body comes.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// The tick since which the client is waited for.
    since: u32,
    /// How many ticks it was waited for.
    waited: u32,
    /// What came meanwhile.
    bytes: u64,
    /// The first seconds are over.
    counts: bool,
}

impl Pace {
    /// So many bytes came at that tick. `true`: too few in the last `seconds`.
    fn is_too_slow(&mut self, tick: u32, bytes: u64, seconds: u32) -> bool {
        self.waited += tick.saturating_sub(self.since);
        self.bytes += bytes;
        if self.waited < seconds {
            return false;
        }
        let too_slow = self.counts && self.bytes < u64::from(self.waited) * BYTES_PER_SECOND_MIN;
        *self = Self { counts: true, ..Self::default() };
        too_slow
    }
}

/// Whether the client may be asked for the body.
#[derive(Debug)]
struct Asked {
    app: Arc<AppAsks>,
    timer: RefCell<Pin<Box<Sleep>>>,
    passed: Cell<bool>,
}

/// Whether the app has asked for the body.
#[derive(Debug, Default)]
pub struct AppAsks {
    asked: AtomicBool,
    waker: AtomicWaker,
}

impl AppAsks {
    /// The app asks.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.waker.wake();
    }
}

impl Upload {
    /// The body of a request with these headers.
    #[must_use]
    pub fn new(body: Incoming, link: Arc<Link>, head: &HeaderMap) -> Rc<Self> {
        let kind = head.get(CONTENT_TYPE);
        let talks = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        let asked = head.contains_key(EXPECT).then(|| Asked {
            app: Arc::default(),
            timer: RefCell::new(Box::pin(tokio::time::sleep(ASKED_AFTER))),
            passed: Cell::new(false),
        });
        Rc::new(Self {
            body: RefCell::new(body),
            link,
            ended: Cell::new(false),
            waits: Cell::new(false),
            pace: Cell::new((!talks).then(Pace::default)),
            too_slow: Cell::new(false),
            asked,
        })
    }

    /// What the app's 100 is told to; `None`: the client does not wait.
    #[must_use]
    pub fn app_asks(&self) -> Option<Arc<AppAsks>> {
        self.asked.as_ref().map(|asked| Arc::clone(&asked.app))
    }

    /// Whether all of it was taken.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Whether the client still waits to be asked: nothing is on its way.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        self.asked.as_ref().is_some_and(|asked| !asked.passed.get())
    }

    /// The app answers: the client may take its time from now on.
    pub fn note_answer(&self) {
        self.pace.set(None);
    }

    fn poll_asked(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(asked) = self.asked.as_ref().filter(|asked| !asked.passed.get()) else {
            return Poll::Ready(());
        };
        asked.app.waker.register(cx.waker());
        if !asked.app.asked.load(Ordering::Acquire) {
            ready!(asked.timer.borrow_mut().as_mut().poll(cx));
        }
        asked.passed.set(true);
        Poll::Ready(())
    }

    fn poll_frame(&self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        ready!(self.poll_asked(cx));
        if self.too_slow.get() {
            return Poll::Pending;
        }
        if !self.waits.replace(true) {
            self.link.wait(self.link.patience.body_idle);
            let since = self.link.ticks.now();
            self.pace.set(self.pace.get().map(|pace| Pace { since, ..pace }));
        }
        let mut body = self.body.borrow_mut();
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        self.waits.set(false);
        if frame.is_none() || body.is_end_stream() {
            self.ended.set(true);
        } else if let Some(Ok(frame)) = &frame
            && self.is_too_slow(frame)
        {
            // The link tells whoever waits for the answer at its next look.
            self.too_slow.set(true);
            self.link.wait(0);
            return Poll::Pending;
        }
        Poll::Ready(frame.map(|frame| frame.map(clean)))
    }

    fn is_too_slow(&self, frame: &Frame<Bytes>) -> bool {
        let Some(mut pace) = self.pace.get() else { return false };
        let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
        let seconds = self.link.patience.body_pace;
        let too_slow = pace.is_too_slow(self.link.ticks.now(), bytes, seconds);
        self.pace.set(Some(pace));
        too_slow
    }

    /// Takes the rest and throws it away, within bounds. Ready when there is no more to do.
    pub fn poll_drain(&self, drained: &Cell<u64>, cx: &mut Context<'_>) -> Poll<()> {
        let mut body = self.body.borrow_mut();
        while !self.ended.get() && !self.link.is_late() {
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
                    drained.set(drained.get() + bytes);
                    if drained.get() > DRAINED_BYTES_MAX {
                        break;
                    }
                    self.ended.set(body.is_end_stream());
                }
                None | Some(Err(_)) => self.ended.set(true),
            }
        }
        Poll::Ready(())
    }

    /// Takes the rest and throws it away, within bounds.
    pub async fn drain(&self) {
        if self.is_unasked() {
            return;
        }
        let drained = Cell::new(0);
        self.link.wait(DRAINED_SECONDS_MAX);
        std::future::poll_fn(|cx| self.poll_drain(&drained, cx)).await;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.ended.get() {
            self.link.leave_unread();
        }
    }
}

fn clean(frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            headers::strip_trailers(&mut trailers);
            Frame::trailers(trailers)
        }
        Err(frame) => frame,
    }
}

/// What is sent to the app as a body.
#[derive(Debug)]
pub enum UpBody {
    /// Nothing.
    None,
    /// What the client sends.
    Upload(Rc<Upload>),
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &*self {
            Self::None => Poll::Ready(None),
            Self::Upload(upload) => upload.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Upload(upload) => upload.has_ended() || upload.body.borrow().is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Upload(upload) => upload.body.borrow().size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a client that sends `bytes` each second is too slow within two minutes.
    fn is_cut(bytes: u64) -> bool {
        let mut pace = Pace::default();
        (0..120).any(|tick| {
            pace.since = tick;
            pace.is_too_slow(tick + 1, bytes, 10)
        })
    }

    #[test]
    fn a_body_must_come_at_a_pace() {
        assert!(is_cut(1) && is_cut(BYTES_PER_SECOND_MIN - 1));
        assert!(!is_cut(BYTES_PER_SECOND_MIN));
    }

    #[test]
    fn the_first_seconds_and_those_of_the_app_do_not_count() {
        let mut pace = Pace::default();
        assert!(!pace.is_too_slow(10, 0, 10), "time to begin");
        pace.since = 1_000;
        assert!(!pace.is_too_slow(1_009, 1, 10), "the app took its time, not the client");
        pace.since = 1_009;
        assert!(pace.is_too_slow(1_010, 1, 10));
    }
}
