//! `[proxy]`, `[upstream]`, `[gate]`, `[admin]`.

use std::time::Duration;

use super::super::fields::Fields;
use super::super::masks;
use super::super::policies::percent;
use super::super::settings::{Admin, Enforce, Gate, Proxy, Token, TokenRole, Upstream};
use super::super::tree::Node;
use super::super::values::RealTime;
use crate::domain::canary::Canary;

/// The most connections to the app.
const CONNECTIONS_MAX: u32 = 65_535;

pub(super) fn proxy(fields: &Fields<'_>) -> Option<Proxy> {
    let listen = fields.parsed("listen");
    let workers = fields.number("workers", 0, 1024);
    let trusted_proxies = fields.all_parsed("trusted_proxies").unwrap_or_default();
    fields.later(&["tls"]);
    let workers = usize::try_from(workers?).ok().filter(|workers| *workers > 0);
    Some(Proxy { listen: listen?, workers, trusted_proxies })
}

pub(super) fn upstream(fields: &Fields<'_>) -> Option<Upstream> {
    let given = fields.texts("addresses").unwrap_or_default();
    let read = |(text, place): (&str, &_)| match authority(text) {
        Ok(authority) => Some(authority),
        Err(help) => {
            let part = masks::secret_part(text).filter(|_| text.contains('@'));
            let shown = part.map_or_else(
                || text.to_owned(),
                |part| format!("{}***{}", &text[..part.start], &text[part.end..]),
            );
            let what = format!("`upstream.addresses`: {shown:?} is no address of an app");
            fields.faults().add(place, what, help);
            None
        }
    };
    let addresses: Vec<_> = given.iter().copied().filter_map(read).collect();
    if given.is_empty() {
        fields.fault("addresses", "is empty", "such as [\"http://127.0.0.1:3000\"]");
    }
    if fields.text("http").is_some_and(|http| http != "1") {
        fields.fault("http", "is more than this version speaks", "http = \"1\"");
    }
    let max_connections = fields.number("max_connections", 1, CONNECTIONS_MAX);
    let first_byte = time(fields, "first_byte");
    Some(Upstream {
        addresses,
        max_connections: usize::try_from(max_connections?).ok()?,
        first_byte: first_byte?,
    })
}

/// `host:port` of `http://host:port/`.
///
/// # Errors
/// What would be right.
pub fn authority(text: &str) -> Result<String, &'static str> {
    let right = "write \"http://host:port\"";
    let uri: http::Uri = text.parse().map_err(|_| right)?;
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") => return Err("TLS to the app is not known to this version; use http://"),
        _ => return Err(right),
    }
    let authority = uri.authority().ok_or(right)?;
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@')
    {
        return Err("leave out path, query and user: \"http://host:port\"");
    }
    let port = authority.port_u16().unwrap_or(80);
    if authority.host().is_empty() {
        Err(right)
    } else {
        Ok(format!("{}:{port}", authority.host()))
    }
}

/// All but `enforce`, which hangs on the ways out.
pub(super) fn gate(fields: &Fields<'_>) -> Option<Gate> {
    fields.node("enforce");
    let notices = fields.word("notices", &[("on", true), ("hold", false)]);
    let prefix = fields.text("prefix").map(str::to_owned);
    if let Some(prefix) = prefix.as_deref() {
        let word = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if !prefix.strip_prefix('/').is_some_and(|rest| rest.split('/').all(word)) {
            let help = "a path of letters, digits, - and _, such as \"/_ambergate\"";
            fields.fault("prefix", &format!("is {prefix:?}"), help);
        }
    }
    let open_file = fields.parsed("open_file");
    let status = fields.number("status", 400, 499).and_then(|status| u16::try_from(status).ok());
    let canary = percent(fields, "canary", 100).map(Canary::of);
    Some(Gate {
        enforce: Enforce::On,
        canary: canary?,
        notices: notices?,
        prefix: prefix?,
        open_file,
        status: status?,
    })
}

pub(super) fn admin(fields: &Fields<'_>) -> Option<Admin> {
    let listen = fields.parsed("listen");
    let mut tokens: Vec<Token> = Vec::new();
    for (index, node) in fields.list("tokens").unwrap_or_default().iter().enumerate() {
        let Some(token) = token(node, &format!("admin.tokens[{index}]"), fields) else { continue };
        if tokens.iter().any(|other| other.name == token.name) {
            let what = format!("two tokens are named {:?}", token.name);
            fields.faults().add(&node.place, what, "their bearers would look alike in the records");
        }
        tokens.push(token);
    }
    Some(Admin { listen: listen?, tokens })
}

fn token(node: &Node, path: &str, admin: &Fields<'_>) -> Option<Token> {
    let fields = Fields::of(node, path, admin.faults())?;
    let name = fields.text("name").or_else(|| fields.missing("name", "whose token it is"));
    let words = [
        ("viewer", TokenRole::Viewer),
        ("agent", TokenRole::Agent),
        ("admin", TokenRole::Admin),
        ("ingest", TokenRole::Ingest),
    ];
    let role = fields.word("role", &words);
    let role = role.or_else(|| fields.missing("role", "viewer, agent, admin or ingest"));
    let sha256 = fields.parsed("sha256");
    let sha256 = sha256.or_else(|| fields.missing("sha256", "the hex SHA-256 of the token"));
    Some(Token { name: name?.to_owned(), role: role?, sha256: sha256? })
}

/// A length of real time.
pub(super) fn time(fields: &Fields<'_>, key: &'static str) -> Option<Duration> {
    fields.parsed::<RealTime>(key).map(|time| time.0)
}
