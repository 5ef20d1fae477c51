//! `[[hooks]]`: systems of the operator's that are told what happens.

use std::net::IpAddr;

use super::super::addresses::is_global;
use super::super::fields::Fields;
use super::super::secret::{Secret, SigningKey};
use super::super::settings::HookTo;
use super::super::tree::Node;
use crate::domain::outbound::{Hook, HookEvent};

/// The longest name of a hook, in bytes.
const NAME_BYTES_MAX: usize = 50;

/// All of them.
pub(super) fn hooks(root: &Fields<'_>) -> Vec<HookTo> {
    let mut names: Vec<String> = Vec::new();
    let one = |(index, node): (usize, &Node)| {
        let fields = Fields::of(node, &format!("hooks[{index}]"), root.faults())?;
        hook(&fields, &mut names)
    };
    root.list("hooks").unwrap_or_default().iter().enumerate().filter_map(one).collect()
}

/// What the law knows of them.
pub(super) fn of_law(hooks: &[HookTo]) -> Vec<Hook> {
    let known = |hook: &HookTo| Hook { name: hook.name.clone(), events: hook.events.clone() };
    hooks.iter().map(known).collect()
}

fn hook(fields: &Fields<'_>, names: &mut Vec<String>) -> Option<HookTo> {
    let help = "a word for metrics, logs and records: name = \"billing\"";
    let name = fields.text("name").or_else(|| fields.missing("name", help));
    if let Some(name) = name {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
            fields.fault("name", "is no name of a hook", "letters, digits, - _ and .; at most 50");
        } else if names.iter().any(|known| known == name) {
            fields.fault("name", "is the name of another hook", "give each its own");
        }
        names.push(name.to_owned());
    }
    let private = fields.boolean("private").unwrap_or(false);
    let url = url(fields, private);
    let keys = keys(fields);
    let words = HookEvent::ALL.map(|event| (event.word(), event));
    let events = fields.words("events", &words).unwrap_or_else(|| HookEvent::ALL.to_vec());
    if fields.list("events").is_some_and(<[Node]>::is_empty) {
        let help = "leave it out: then it is told of everything";
        fields.fault("events", "is empty: it would be told nothing", help);
    }
    Some(HookTo { name: name?.to_owned(), url: url?, keys: keys?, events, private })
}

fn url(fields: &Fields<'_>, private: bool) -> Option<Secret> {
    let help = "where it is: url = \"https://example.com/hooks\"";
    let url = fields.secret("url").or_else(|| fields.missing("url", help))?;
    let uri = url.expose().parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host).filter(|host| !host.is_empty());
    let (Some(uri), Some(host)) = (&uri, host) else {
        fields.fault("url", "is no address", help);
        return None;
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        let help = "take them out: what it is told is signed, which proves more";
        fields.fault("url", "holds a user or a password", help);
    }
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let inside = address.is_some_and(|address| !is_global(address)) || host == "localhost";
    match uri.scheme_str() {
        Some("https") if inside && !private => {
            let help = "if that is right: private = true";
            fields.fault("url", "is on this machine or its own network", help);
        }
        Some("https") => {}
        Some("http") if !private => {
            let help = "https://, or private = true for a receiver on your own network";
            fields.fault("url", "has no TLS", help);
        }
        Some("http") if address.is_some_and(is_global) => {
            fields.fault("url", "has no TLS and is on the internet at large", "https://");
        }
        Some("http") => {}
        _ => fields.fault("url", "is no address of the web", help),
    }
    Some(url)
}

fn keys(fields: &Fields<'_>) -> Option<Vec<SigningKey>> {
    let help = "what it checks signatures with: secrets = [\"whsec_…\"]";
    let given = fields.texts("secrets").or_else(|| fields.missing("secrets", help))?;
    if given.is_empty() {
        fields.fault("secrets", "is empty", help);
    }
    let mut keys = Vec::new();
    for (text, place) in given {
        match text.parse() {
            Ok(key) => keys.push(key),
            Err(right) => {
                let what = format!("`{}` holds no signing key", fields.path_of("secrets"));
                fields.faults().add(place, what, right);
            }
        }
    }
    Some(keys)
}
