//! The body of an answer on its way to the client.
//!
//! Rules:
//! 1. Streams with back-pressure: the app's connection is read when the client takes more.
//! 2. The connection goes back to the pool when answer and request are both at their end, and is
//!    closed otherwise. An answer that came before the request's end is held back at its last part
//!    until the rest of the request was drained, within bounds.
//! 3. When a body goes, however it goes, its link is told that the answer is over.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::headers;
use super::link::{Link, NEVER};
use super::upload::{DRAINED_SECONDS_MAX, Upload};
use super::upstream::{Live, Pool};
use crate::gate::banner::insert::Insert;

/// What went wrong while an answer came.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Part = Option<Result<Frame<Bytes>, BoxError>>;

/// What is sent to the client as a body.
pub struct DownBody {
    kind: Kind,
    link: Arc<Link>,
    endless: bool,
}

enum Kind {
    /// Made here; `None`: sent.
    Made(Option<Bytes>),
    /// The app's.
    Stream(Stream),
    /// The app's, with a banner; what it showed is told when it is in.
    Page(Box<Page>),
}

/// An answer of the app as it comes.
pub struct Stream {
    incoming: Incoming,
    live: Option<Box<Live>>,
    pool: Rc<Pool>,
    upload: Option<Rc<Upload>>,
    /// What is held back until the rest of the request was drained.
    held: Option<(Part, Cell<u64>)>,
    ended: bool,
}

/// A page that gets a banner.
pub struct Page {
    stream: Stream,
    insert: Insert,
    /// What was read to see whether it is a page.
    first: Option<Bytes>,
    done: bool,
    shown: Option<Box<dyn FnOnce(bool)>>,
}

impl std::fmt::Debug for DownBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DownBody").finish_non_exhaustive()
    }
}

impl DownBody {
    /// Of an answer made here.
    #[must_use]
    pub const fn made(bytes: Bytes, link: Arc<Link>) -> Self {
        Self { kind: Kind::Made(Some(bytes)), link, endless: false }
    }

    /// Of an answer of the app; `endless`: it may be silent for as long as it likes.
    #[must_use]
    pub const fn stream(stream: Stream, link: Arc<Link>, endless: bool) -> Self {
        Self { kind: Kind::Stream(stream), link, endless }
    }

    /// Of a page of the app that gets a banner; `shown` is told whether it did.
    #[must_use]
    pub fn page(
        stream: Stream,
        first: Option<Bytes>,
        insert: Insert,
        shown: Box<dyn FnOnce(bool)>,
        link: Arc<Link>,
    ) -> Self {
        let page = Page { stream, insert, first, done: false, shown: Some(shown) };
        Self { kind: Kind::Page(Box::new(page)), link, endless: false }
    }
}

impl Stream {
    /// The answer that `live` carries. `None`: another task drives the connection.
    #[must_use]
    pub const fn new(
        incoming: Incoming,
        live: Option<Box<Live>>,
        pool: Rc<Pool>,
        upload: Option<Rc<Upload>>,
    ) -> Self {
        Self { incoming, live, pool, upload, held: None, ended: false }
    }

    /// Whether it is at its end without having begun; then its connection is free.
    pub fn end_if_empty(&mut self) -> bool {
        if self.incoming.is_end_stream() {
            self.end();
        }
        self.ended
    }

    /// The request's body, if not all of it was sent.
    #[must_use]
    pub fn unsent(&self) -> Option<Rc<Upload>> {
        self.upload.as_ref().filter(|upload| !upload.has_ended()).map(Rc::clone)
    }

    /// The next part, if it is data; a part that is waited for in vain is not lost.
    pub async fn first(&mut self) -> Result<Option<Bytes>, BoxError> {
        loop {
            match std::future::poll_fn(|cx| self.poll(cx)).await {
                None => return Ok(None),
                Some(Err(error)) => return Err(error),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Ok(Some(data)),
                    Err(_) => return Ok(None),
                },
            }
        }
    }

    fn end(&mut self) {
        self.ended = true;
        if let Some(live) = self.live.take()
            && self.unsent().is_none()
        {
            self.pool.give_back(live);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Part> {
        if self.ended {
            return Poll::Ready(None);
        }
        match self.poll_incoming(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => {
                if self.incoming.is_end_stream() {
                    self.end();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.live = None;
                self.ended = true;
                Poll::Ready(Some(Err(error.into())))
            }
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
        }
    }

    /// Asking makes the connection read, and reading gives what was asked for: each in turn until
    /// neither goes on.
    fn poll_incoming(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let incoming = &mut self.incoming;
        let Some(live) = &mut self.live else { return Pin::new(incoming).poll_frame(cx) };
        for _ in 0..2 {
            let frame = live.quietly(|quiet| Pin::new(&mut *incoming).poll_frame(quiet));
            if frame.is_ready() {
                return frame;
            }
            live.drive(cx);
        }
        live.quietly(|quiet| Pin::new(incoming).poll_frame(quiet))
    }

    /// As [`Self::poll`], but what ends before the request does is held back meanwhile.
    fn poll_held(&mut self, link: &Link, cx: &mut Context<'_>) -> Poll<Part> {
        if self.held.is_none() {
            let part = std::task::ready!(self.poll(cx));
            let early = self.ended && self.unsent().is_some_and(|upload| !upload.is_unasked());
            if !early {
                return Poll::Ready(part);
            }
            link.wait(DRAINED_SECONDS_MAX);
            self.held = Some((part, Cell::new(0)));
        }
        if let (Some((_, drained)), Some(upload)) = (&self.held, &self.upload) {
            std::task::ready!(upload.poll_drain(drained, cx));
        }
        self.upload = None;
        Poll::Ready(self.held.take().and_then(|(part, _)| part))
    }
}

impl Page {
    fn poll(&mut self, link: &Link, cx: &mut Context<'_>) -> Poll<Part> {
        loop {
            if self.done {
                return Poll::Ready(None);
            }
            let chunk = match self.first.take() {
                Some(first) => Some(first),
                None => match std::task::ready!(self.stream.poll_held(link, cx)) {
                    Some(Ok(frame)) => frame.into_data().ok(),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => None,
                },
            };
            let passed = match chunk {
                Some(chunk) => self.insert.push(chunk),
                None => {
                    self.done = true;
                    self.insert.finish()
                }
            };
            if (self.done || self.insert.is_inserted())
                && let Some(shown) = self.shown.take()
            {
                shown(self.insert.is_inserted());
            }
            if !passed.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(passed))));
            }
        }
    }
}

impl Body for DownBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Part> {
        let this = &mut *self;
        let part = match &mut this.kind {
            Kind::Made(bytes) => {
                return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))));
            }
            Kind::Stream(stream) => stream.poll_held(&this.link, cx),
            Kind::Page(page) => page.poll(&this.link, cx),
        };
        match part {
            Poll::Pending if this.link.is_late() => {
                Poll::Ready(Some(Err("the answer stood still for too long".into())))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(part) => {
                this.link.wait(if this.endless { NEVER } else { this.link.patience.answer_idle });
                Poll::Ready(part.map(|part| part.map(clean)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Made(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Stream(stream) => stream.held.is_none() && stream.incoming.is_end_stream(),
            Kind::Page(page) => page.done,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Made(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Stream(stream) => stream.incoming.size_hint(),
            Kind::Page(_) => SizeHint::default(),
        }
    }
}

impl Drop for DownBody {
    fn drop(&mut self) {
        self.link.finish(self.endless);
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
