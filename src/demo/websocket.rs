//! A WebSocket that says back what it is told (RFC 6455), for the sample app.
//!
//! Rule: whole messages of at most [`MESSAGE_BYTES_MAX`] bytes; anything else closes it with the
//! code that says why.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest message taken.
const MESSAGE_BYTES_MAX: u64 = 64 * 1024;
/// What a server adds to the key to show that it speaks WebSocket.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Upgrades, then echoes until either side closes.
pub(super) async fn echo(mut request: Request) -> Response {
    let Some(accept) = accept(request.headers()) else {
        let wanted = [(header::UPGRADE, "websocket")];
        return (StatusCode::UPGRADE_REQUIRED, wanted, "a WebSocket is spoken here\n")
            .into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(stream) = upgrade.await
            && let Err(error) = talk(TokioIo::new(stream)).await
        {
            tracing::debug!(%error, "a WebSocket of the sample app broke");
        }
    });
    let headers = [
        (header::CONNECTION, "Upgrade"),
        (header::UPGRADE, "websocket"),
        (header::SEC_WEBSOCKET_ACCEPT, accept.as_str()),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// The answer to the client's key, if it asks for a WebSocket at all.
fn accept(headers: &HeaderMap) -> Option<String> {
    let upgrade = headers.get(header::UPGRADE)?.to_str().ok()?;
    let version = headers.get(header::SEC_WEBSOCKET_VERSION)?;
    if !upgrade.eq_ignore_ascii_case("websocket") || version != "13" {
        return None;
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.to_str().ok()?;
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{MAGIC}").as_bytes());
    Some(STANDARD.encode(hash.as_ref()))
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> std::io::Result<()> {
    loop {
        let first = stream.read_u8().await?;
        let second = stream.read_u8().await?;
        let (whole, kind, masked) = (first & 0x80 != 0, first & 0x0f, second & 0x80 != 0);
        let length = match second & 0x7f {
            126 => u64::from(stream.read_u16().await?),
            127 => stream.read_u64().await?,
            short => u64::from(short),
        };
        if !whole || !masked || first & 0x70 != 0 {
            return close(&mut stream, 1002).await;
        }
        if length > MESSAGE_BYTES_MAX {
            return close(&mut stream, 1009).await;
        }
        let mut mask = [0; 4];
        stream.read_exact(&mut mask).await?;
        let mut payload = vec![0; usize::try_from(length).unwrap_or_default()];
        stream.read_exact(&mut payload).await?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        match kind {
            TEXT if std::str::from_utf8(&payload).is_err() => {
                return close(&mut stream, 1007).await;
            }
            TEXT | BINARY => frame(&mut stream, kind, &payload).await?,
            PING => frame(&mut stream, PONG, &payload).await?,
            PONG => {}
            CLOSE => {
                frame(&mut stream, CLOSE, payload.get(..2).unwrap_or_default()).await?;
                return stream.shutdown().await;
            }
            _ => return close(&mut stream, 1003).await,
        }
    }
}

async fn close<S: AsyncWrite + Unpin>(stream: &mut S, code: u16) -> std::io::Result<()> {
    frame(stream, CLOSE, &code.to_be_bytes()).await?;
    stream.shutdown().await
}

async fn frame<S: AsyncWrite + Unpin>(
    stream: &mut S,
    kind: u8,
    payload: &[u8],
) -> std::io::Result<()> {
    let mut bytes = vec![0x80 | kind];
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap_or_default()),
        middle @ 126..0x1_0000 => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(middle).unwrap_or_default().to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    stream.write_all(&bytes).await?;
    stream.flush().await
}
