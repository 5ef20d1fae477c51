//! A tunnel between two upgraded connections, and how it is ended well.
//!
//! Rules:
//! 1. Bytes pass as they come, in both directions, until either side ends.
//! 2. Only frame lengths are read, of what the app sends: a tunnel that is cut ends with a close
//!    frame between two frames (RFC 6455 5.2, 5.5.1), or after [`CUT_PATIENCE`] without one.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;

/// A frame that is under way when the tunnel is cut may take so long to end.
const CUT_PATIENCE: Duration = Duration::from_secs(5);

/// How much is read at a time.
const PART_BYTES: usize = 16 * 1024;

/// Ends a tunnel from outside.
#[derive(Debug, Default)]
pub struct Cut {
    code: Cell<Option<u16>>,
    over: Cell<bool>,
    told: Notify,
}

impl Cut {
    /// Ends it, with this close code.
    pub fn cut(&self, code: u16) {
        if self.code.get().is_none() {
            self.code.set(Some(code));
            self.told.notify_one();
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over.get()
    }

    /// It never began.
    pub fn end_unopened(&self) {
        self.over.set(true);
    }

    async fn wanted(&self) -> u16 {
        loop {
            if let Some(code) = self.code.get() {
                return code;
            }
            self.told.notified().await;
        }
    }
}

/// Follows WebSocket frames by their lengths.
#[derive(Debug, Default)]
pub struct Frames {
    /// What is there of the next frame's head.
    head: [u8; 14],
    have: usize,
    /// What is still to come of the frame under way.
    rest: u64,
}

impl Frames {
    /// More bytes passed.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.rest > 0 {
                let part = bytes.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
                self.rest -= part as u64;
                bytes = &bytes[part..];
                continue;
            }
            self.head[self.have] = bytes[0];
            self.have += 1;
            bytes = &bytes[1..];
            if let Some(length) = self.length() {
                self.rest = length;
                self.have = 0;
            }
        }
    }

    /// The length of the frame's payload, once its head is whole.
    fn length(&self) -> Option<u64> {
        if self.have < 2 {
            return None;
        }
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        let (bytes, short) = match self.head[1] & 0x7f {
            126 => (2, None),
            127 => (8, None),
            short => (0, Some(u64::from(short))),
        };
        if self.have < 2 + bytes + mask {
            return None;
        }
        let long = || self.head[2..2 + bytes].iter().fold(0, |all, b| all << 8 | u64::from(*b));
        Some(short.unwrap_or_else(long))
    }

    /// Whether a frame of our own can go here.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        self.rest == 0 && self.have == 0
    }
}

/// Carries bytes between a client and the app until either ends or `cut` says so.
pub async fn carry<C, A>(client: C, app: A, cut: &Cut)
where
    C: AsyncRead + AsyncWrite + Unpin,
    A: AsyncRead + AsyncWrite + Unpin,
{
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_app, mut to_app) = tokio::io::split(app);
    let up = async {
        let copied = tokio::io::copy(&mut from_client, &mut to_app).await;
        // The app is told that the client has ended; it may still have something to say.
        let ended = to_app.shutdown().await;
        copied.and(ended)
    };
    let down = async {
        let carried = down(&mut from_app, &mut to_client, cut).await;
        let ended = to_client.shutdown().await;
        carried.and(ended)
    };
    let mut up = std::pin::pin!(up);
    let mut down = std::pin::pin!(down);
    let ended = tokio::select! {
        ended = &mut down => ended,
        first = &mut up => match first {
            Ok(()) => down.await,
            Err(error) => Err(error),
        },
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a tunnel ended");
    }
    cut.over.set(true);
}

async fn down<R, W>(from: &mut R, to: &mut W, cut: &Cut) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut part = vec![0; PART_BYTES];
    let mut frames = Frames::default();
    let code = loop {
        tokio::select! {
            biased;
            code = cut.wanted() => break code,
            read = from.read(&mut part) => {
                let read = read?;
                if read == 0 {
                    return Ok(());
                }
                to.write_all(&part[..read]).await?;
                frames.pass(&part[..read]);
            }
        }
    };
    let finish = async {
        let mut byte = [0];
        while !frames.is_between() {
            if from.read(&mut byte).await? == 0 {
                return Ok(());
            }
            to.write_all(&byte).await?;
            frames.pass(&byte);
        }
        let [high, low] = code.to_be_bytes();
        to.write_all(&[0x88, 2, high, low]).await?;
        to.flush().await
    };
    tokio::time::timeout(CUT_PATIENCE, finish).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_followed_byte_by_byte_and_all_at_once() {
        let mut stream = vec![0x81, 3, b'a', b'b', b'c', 0x89, 0, 0x82, 126, 1, 0];
        stream.extend([7; 256]);
        stream.extend([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
        stream.extend(vec![7; 65536]);
        stream.extend([0x81, 0x82, 1, 2, 3, 4, 9, 9]);
        let ends = [5, 7, 11 + 256, 11 + 256 + 10 + 65536];
        let mut frames = Frames::default();
        for (at, byte) in stream.iter().enumerate() {
            assert_eq!(frames.is_between(), at == 0 || ends.contains(&at), "at {at}");
            frames.pass(&[*byte]);
        }
        let mut whole = Frames::default();
        whole.pass(&stream[..ends[3]]);
        assert!(whole.is_between());
    }

    #[tokio::test]
    async fn a_cut_waits_for_the_end_of_the_frame() {
        let (client, mut peer) = tokio::io::duplex(1024);
        let (app, mut upstream) = tokio::io::duplex(1024);
        let cut = Cut::default();
        let script = async {
            upstream.write_all(&[0x81, 3, b'a']).await.unwrap();
            let mut seen = [0; 3];
            peer.read_exact(&mut seen).await.unwrap();
            cut.cut(4402);
            upstream.write_all(b"bc").await.unwrap();
            let mut rest = Vec::new();
            peer.read_to_end(&mut rest).await.unwrap();
            assert_eq!(rest, [b'b', b'c', 0x88, 2, 0x11, 0x32]);
        };
        tokio::join!(carry(client, app, &cut), script);
        assert!(cut.is_over());
    }
}
