//! What the proxy is told: plain values that are already valid.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use crate::config::Network;

/// All that the proxy is told. Times are in whole seconds: that is how often they are looked at.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How many workers; at least one.
    pub workers: usize,
    /// Whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The app.
    pub upstream: Upstream,
    /// How long clients may take.
    pub patience: Patience,
    /// At most so many connections at a time, all workers together.
    pub connections_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            workers: 1,
            trusted_proxies: Vec::new(),
            upstream: Upstream::default(),
            patience: Patience::default(),
            connections_max: 20_000,
        }
    }
}

/// How long clients may take, in seconds (CONTRACTS 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From accept to the first byte, and from the first byte of a head to its end.
    pub head: u32,
    /// Between two requests.
    pub idle: u32,
    /// Between two parts of a request's body.
    pub body_idle: u32,
    /// Over which a request's body must come at its least pace.
    pub body_pace: u32,
    /// Between two parts of an answer, in either direction; none for event streams.
    pub answer_idle: u32,
    /// When stopping: so long for what is under way.
    pub drain: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: 10, idle: 75, body_idle: 30, body_pace: 10, answer_idle: 300, drain: 30 }
    }
}

/// The app.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Where it is; at least one.
    pub addresses: Vec<Address>,
    /// At most so many connections to it, all workers together.
    pub connections_max: usize,
    /// Until its first byte, in seconds.
    pub first_byte: u32,
    /// An idle connection is closed after so many seconds: before the app does it.
    pub idle: u32,
    /// A connection is closed after so many seconds, when it is idle.
    pub age: u32,
    /// Until a connection is made, in seconds.
    pub connect: u32,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            addresses: vec![Address { host: "127.0.0.1".to_owned(), port: 3000 }],
            connections_max: 1024,
            first_byte: 60,
            idle: 4,
            age: 600,
            connect: 5,
        }
    }
}

/// A host, by name or by address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// A text that is no upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an upstream such as http://127.0.0.1:3000 (no path, no user): {0:?}")]
pub struct NotAnAddress(String);

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let wrong = || NotAnAddress(text.to_owned());
        let uri: http::Uri = text.parse().map_err(|_| wrong())?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/");
        let authority = uri.authority().filter(|_| plain && uri.query().is_none());
        let authority = authority.filter(|a| !a.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port: authority.port_u16().unwrap_or(80) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_hosts_and_ports() {
        let of = |text: &str| text.parse::<Address>().map(|a| (a.host, a.port)).ok();
        assert_eq!(of("http://127.0.0.1:3000"), Some(("127.0.0.1".into(), 3000)));
        assert_eq!(of("http://app/"), Some(("app".into(), 80)));
        assert_eq!(of("http://[::1]:9"), Some(("::1".into(), 9)));
        for wrong in ["", "app:80", "https://app", "http://app/x", "http://u@app", "http://app?x"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
