//! The network below the doors: listeners, a client for the control plane's calls, and what its
//! addresses share: who calls, and how problems look.
//!
//! Rules:
//! 1. A listener is made once and handed to whoever accepts; its address may name port 0.
//! 2. Small writes leave at once (`TCP_NODELAY`): a proxy that waits for more adds its own delay.

pub mod bearer;
pub mod client;
pub mod html;
pub mod outside;
pub mod problem;
pub mod signed;
pub mod webhook;

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Listens on `address`, without blocking.
///
/// # Errors
/// If the address cannot be bound; the error names it.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let bind = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        Ok(socket.into())
    };
    bind().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    })
}
