//! WebSockets: a tunnel, but only after the app has said 101.
//!
//! Rules:
//! 1. Only `websocket` is tunnelled; any other `Upgrade` is left out and the request goes on as it
//!    is.
//! 2. The connection to the app carries this one request and is never used again.
//! 3. A tunnel that was let through is ended when its tenant may not have it any more.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::answer::{self, Failure};
use super::body::{DownBody, Stream};
use super::headers;
use super::link::Link;
use super::tunnel::{self, Cut};
use super::upload::UpBody;
use super::upstream::NoConnection;
use super::worker::Worker;
use crate::gate::Pass;
use crate::gate::told::{self, Told};
use crate::store::Store;

/// Asks the app for a WebSocket and, if it agrees, opens the tunnel.
pub async fn forward<S: Store>(
    worker: &Rc<Worker<S>>,
    link: &Arc<Link>,
    mut parts: Parts,
    pass: Pass,
) -> Response<DownBody> {
    let told = Told::of(&pass);
    let client = parts.extensions.remove::<OnUpgrade>();
    parts.version = Version::HTTP_11;
    told::tell_app(&mut parts.headers, &pass);
    ask(&mut parts.headers);
    let asked = ask_app(worker, Request::from_parts(parts, UpBody::None)).await;
    let mut response = match asked {
        Ok(response) => response,
        Err(failure) => {
            match failure {
                Failure::Late => worker.counters.upstream_late.one(),
                _ => worker.counters.upstream_failed.one(),
            }
            return answer::made(failure.answer(), link);
        }
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let (mut head, incoming) = response.into_parts();
        headers::strip_answer(&mut head.headers);
        told.tell(&mut head.headers);
        let stream = Stream::new(incoming, None, Rc::clone(&worker.pool), None);
        return Response::from_parts(head, DownBody::stream(stream, Arc::clone(link), false));
    }
    let app = hyper::upgrade::on(&mut response);
    let Some(client) = client else {
        return answer::made(Failure::Broken.answer(), link);
    };
    open(worker, pass, client, app);
    let mut switched = answer::made(Response::new(Bytes::new()), link);
    *switched.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *switched.headers_mut() = std::mem::take(response.headers_mut());
    headers::strip_answer(switched.headers_mut());
    ask(switched.headers_mut());
    told.tell(switched.headers_mut());
    switched
}

fn ask(headers: &mut http::HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

/// The app's answer, on a connection of its own.
async fn ask_app<S: Store>(
    worker: &Rc<Worker<S>>,
    request: Request<UpBody>,
) -> Result<Response<Incoming>, Failure> {
    let connected = worker.pool.connect_apart().await;
    let (stream, permit) = connected.map_err(|why| match why {
        NoConnection::Refused(_) => Failure::Unreachable,
        NoConnection::Late => Failure::Late,
    })?;
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Failure::Unreachable)?;
    worker.counters.upstream_opened.one();
    tokio::task::spawn_local(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::trace!(%error, "a tunnel's connection ended");
        }
        drop(permit);
    });
    let patience = Duration::from_secs(worker.pool.settings().first_byte.into());
    match tokio::time::timeout(patience, sender.send_request(request)).await {
        Ok(answered) => answered.map_err(|_| Failure::Broken),
        Err(_) => Err(Failure::Late),
    }
}

/// Carries the tunnel once both sides have switched.
fn open<S: Store>(worker: &Rc<Worker<S>>, pass: Pass, client: OnUpgrade, app: OnUpgrade) {
    worker.counters.tunnels_opened.one();
    let cut = Rc::<Cut>::default();
    if let Some(who) = pass.who {
        worker.watch_tunnel(Rc::clone(&cut), who, pass.class);
    }
    tokio::task::spawn_local(async move {
        match tokio::try_join!(client, app) {
            Ok((client, app)) => {
                tunnel::carry(TokioIo::new(client), TokioIo::new(app), &cut).await;
            }
            Err(error) => {
                tracing::debug!(%error, "a tunnel could not be opened");
                cut.end_unopened();
            }
        }
    });
}
