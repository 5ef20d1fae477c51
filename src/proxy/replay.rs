//! What was written to the app of a request, kept until its answer begins.
//!
//! Rules:
//! 1. A request is written once more only if it asks to read, has no body, and nothing at all of
//!    an answer was read: the app had closed its idle connection while we wrote (RFC 9112 9.3.1).
//! 2. Kept are the bytes, for that costs every request next to nothing; only the rare one that is
//!    written again is made of them anew.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::upload::UpBody;

/// What is longer is not kept.
const WRITTEN_BYTES_MAX: usize = 16 * 1024;

/// What was written since something was last read.
#[derive(Debug, Default)]
pub struct Written {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Written {
    fn note(&mut self, bytes: &[u8]) {
        if self.too_long {
            return;
        }
        if self.bytes.len() + bytes.len() > WRITTEN_BYTES_MAX {
            self.too_long = true;
            self.bytes = Vec::new();
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn answered(&mut self) {
        self.bytes.clear();
        self.too_long = false;
    }

    /// The same request, if it may be written once more.
    #[must_use]
    pub fn again(&self) -> Option<Request<UpBody>> {
        let head = std::str::from_utf8(&self.bytes).ok()?.strip_suffix("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let method: Method = first.next()?.parse().ok()?;
        if !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return None;
        }
        let mut request = Request::new(UpBody::None);
        *request.method_mut() = method;
        *request.uri_mut() = first.next()?.parse().ok()?;
        *request.version_mut() = Version::HTTP_11;
        let headers: Option<HeaderMap> = lines
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                let value = HeaderValue::from_str(value.trim_ascii_start()).ok()?;
                Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
            })
            .collect();
        *request.headers_mut() = headers?;
        Some(request)
    }
}

/// A socket to the app. Where writing fails because the app has closed, what is written is thrown
/// away: reading then finds the app's answer, or that there is none.
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    /// What was written and not answered yet.
    pub written: Written,
}

impl Socket {
    /// A socket on which nothing was written.
    #[must_use]
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, written: Written::default() }
    }
}

/// What a failed write counts as.
fn thrown_away(wrote: Poll<io::Result<usize>>, all: usize) -> Poll<io::Result<usize>> {
    wrote.map(|wrote| match wrote {
        Err(error) if is_closed(&error) => Ok(all),
        wrote => wrote,
    })
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.written.answered();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = thrown_away(Pin::new(&mut self.stream).poll_write(cx, buf), buf.len());
        if let Poll::Ready(Ok(bytes)) = wrote {
            self.written.note(&buf[..bytes]);
        }
        wrote
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = bufs.iter().map(|buf| buf.len()).sum();
        let wrote = thrown_away(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs), all);
        if let Poll::Ready(Ok(mut bytes)) = wrote {
            for buf in bufs {
                let part = bytes.min(buf.len());
                self.written.note(&buf[..part]);
                bytes -= part;
            }
        }
        wrote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(parts: &[&[u8]]) -> Option<Request<UpBody>> {
        let mut written = Written::default();
        parts.iter().for_each(|part| written.note(part));
        written.again()
    }

    #[test]
    fn only_whole_heads_that_ask_to_read_are_made_again() {
        let again =
            written(&[b"GET /a?b HTTP/1.1\r\nhost: a\r\nx: 1", b": 2\r\nx:\r\n\r\n"]).unwrap();
        assert_eq!((again.method(), again.uri().to_string()), (&Method::GET, "/a?b".to_owned()));
        let xs: Vec<_> = again.headers().get_all("x").iter().map(|x| x.to_str().unwrap()).collect();
        assert_eq!((xs, again.headers().len()), (vec!["1: 2", ""], 3), "{again:?}");
        assert!(written(&[b"HEAD / HTTP/1.1\r\n\r\n"]).is_some());
        let long = [b'x'; WRITTEN_BYTES_MAX];
        for never in [
            &[&b"POST / HTTP/1.1\r\nhost: a\r\n\r\n"[..]][..],
            &[b"DELETE / HTTP/1.1\r\nhost: a\r\n\r\n"],
            &[b"GET / HTTP/1.1\r\nhost: a\r\n"],
            &[b"GET / HTTP/1.1\r\nhost: a\r\n\r\nbody"],
            &[b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", b"x", b"\r\n\r\n", &long, b"\r\n\r\n"],
            &[],
        ] {
            assert!(written(never).is_none());
        }
        let mut answered = Written::default();
        answered.note(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        answered.answered();
        assert!(answered.again().is_none(), "something of the answer was read");
    }
}
