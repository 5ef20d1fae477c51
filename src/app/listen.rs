//! Doors beside the proxy's: small HTTP servers with a graceful end.
//!
//! Rule: nobody can hold a connection without asking something, and there is a bounded number of
//! them: who is silent is let go, and at the end what is still under way is cut off in time.

use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower::Service;

/// Connections of one door at a time.
const CONNECTIONS_MAX: usize = 1024;

/// From one answer, or from the beginning, to the end of the next request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// After accepting failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// At the end: so long for what is under way.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Says when everything is to end.
#[derive(Clone, Debug)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop, and what pulls it.
    #[must_use]
    pub(super) fn new() -> (watch::Sender<bool>, Self) {
        let (pull, stop) = watch::channel(false);
        (pull, Self(stop))
    }

    /// Waits until everything is to end.
    pub(super) async fn pulled(mut self) {
        // If nobody can pull it any more, that is the end too.
        let _ = self.0.wait_for(|pulled| *pulled).await;
    }
}

/// An address that is taken, and not served yet.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    /// Where it is.
    pub(super) address: SocketAddr,
}

impl Door {
    /// Takes `address`, which `key` sets; port 0 is a free one.
    ///
    /// # Errors
    /// If it cannot be had: says which, and why.
    pub(super) async fn take(key: &str, address: SocketAddr) -> Result<Self, String> {
        let listener =
            TcpListener::bind(address).await.map_err(|error| not_had(key, address, &error))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        Ok(Self { listener, address })
    }

    /// Serves until `stop`, and ends what is under way.
    #[must_use]
    pub(super) fn serve<S, B>(self, service: S, stop: Stop) -> JoinHandle<()>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        tokio::spawn(async move {
            let mut guests = JoinSet::new();
            let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            loop {
                while guests.try_join_next().is_some() {}
                let arrival = tokio::select! {
                    arrival = arrival(&self.listener, &places) => arrival,
                    () = stop.clone().pulled() => break,
                };
                match arrival {
                    Ok((stream, place)) => {
                        let (service, stop) = (service.clone(), stop.clone());
                        guests.spawn(async move {
                            guest(stream, service, stop).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, address = %self.address, "a door cannot accept");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
            drop(self.listener);
            let ended = async { while guests.join_next().await.is_some() {} };
            if tokio::time::timeout(END_WITHIN, ended).await.is_err() {
                tracing::warn!(address = %self.address, "connections were cut off");
            }
        })
    }
}

/// The next connection, once there is a place for it.
async fn arrival(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Result<(TcpStream, OwnedSemaphorePermit), Error> {
    let place = Arc::clone(places).acquire_owned().await.map_err(Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

/// Serves one connection to its end.
async fn guest<S, B>(stream: TcpStream, service: S, stop: Stop)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body + 'static,
    B::Error: Into<BoxError>,
{
    // Without it answers wait for acknowledgements; the connection still works.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(service);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.pulled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection at a door ended");
    }
}

/// Why the address of `key` cannot be listened on, and what would help.
pub(super) fn not_had(key: &str, address: SocketAddr, error: &Error) -> String {
    let help = match error.kind() {
        ErrorKind::AddrInUse => "; end what listens there, or choose another address",
        ErrorKind::AddrNotAvailable => "; choose an address of this machine",
        ErrorKind::PermissionDenied => "; choose a port above 1023, or give the right to",
        _ => "",
    };
    format!("{key} {address} cannot be listened on: {error}{help}")
}
