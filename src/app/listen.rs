//! Doors of the control plane: small HTTP servers with a graceful end.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

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
    /// Takes `address`; port 0 is a free one.
    ///
    /// # Errors
    /// If it cannot be had: says which, and why.
    pub(super) async fn take(address: SocketAddr) -> Result<Self, String> {
        let listener =
            TcpListener::bind(address).await.map_err(|error| not_had("", address, &error))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        Ok(Self { listener, address })
    }

    /// Serves until `stop`, and ends what is under way.
    #[must_use]
    pub(super) fn serve(self, router: Router, stop: Stop) -> JoinHandle<()> {
        tokio::spawn(async move {
            let served = axum::serve(self.listener, router).with_graceful_shutdown(stop.pulled());
            if let Err(error) = served.await {
                tracing::error!(%error, address = %self.address, "a door broke");
            }
        })
    }
}

/// Why the address of `key` cannot be listened on, and what would help.
pub(super) fn not_had(key: &str, address: SocketAddr, error: &Error) -> String {
    let help = match error.kind() {
        ErrorKind::AddrInUse => "; end what listens there, or choose another",
        ErrorKind::AddrNotAvailable => "; choose an address of this machine",
        ErrorKind::PermissionDenied => "; choose a port above 1023, or give the right to",
        _ => "",
    };
    format!("{key}{address} cannot be listened on: {error}{help}")
}
