//! What is reached outside: `[store]`, `[email]`, `[digest]`, `[cors]`; `[breaker]` and `[log]`.

use std::time::Duration;

use super::super::fields::Fields;
use super::super::policies::percent;
use super::super::secret::Secret;
use super::super::settings::{Breaker, Digest, Email, Log, Store, StoreKind};
use super::servers::time;
use crate::domain::policy::Percent;

/// A breaker that lets more than so many pass stops nothing.
const TENANTS_MAX: u32 = 1_000_000;
/// A shorter secret can be guessed.
const SECRET_BYTES_MIN: usize = 32;
/// A breaker's window, where nothing else is said.
const DAY: Duration = Duration::from_secs(24 * 3_600);

pub(super) fn store(fields: &Fields<'_>) -> Option<Store> {
    let kind = fields.word("kind", &[("embedded", true), ("redis", false)]);
    let path = fields.parsed("path");
    let url = fields.secret("url");
    if url.as_ref().is_some_and(|url| !is_url(url, &["redis", "rediss"])) {
        let help = "\"redis://host:6379\", or \"rediss://\" for TLS";
        fields.fault("url", "is no address of a Redis server", help);
    }
    let prefix = fields.text("prefix");
    let odd = |prefix: &str| {
        prefix.is_empty()
            || !prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    if prefix.is_some_and(odd) {
        fields.fault("prefix", "holds odd characters", "letters, digits, - _ and .");
    }
    let stale_max = time(fields, "stale_max");
    let kind =
        if kind? { StoreKind::Embedded { path: path? } } else { StoreKind::Redis { url: url? } };
    Some(Store { kind, prefix: prefix?.to_owned(), stale_max: stale_max? })
}

fn is_url(url: &Secret, schemes: &[&str]) -> bool {
    let uri: Result<http::Uri, _> = url.expose().parse();
    uri.is_ok_and(|uri| {
        uri.host().is_some_and(|host| !host.is_empty())
            && has_good_port(&uri)
            && uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme))
    })
}

/// What stands behind the host is a port or nothing: `http::Uri` takes any digits.
fn has_good_port(uri: &http::Uri) -> bool {
    let text = uri.authority().map_or("", |it| it.as_str());
    let server = text.rsplit_once('@').map_or(text, |(_, server)| server);
    let port = server.rsplit_once(':').map_or("", |(_, port)| port);
    port.is_empty() || port.ends_with(']') || uri.port_u16().is_some_and(|port| port > 0)
}

/// `None`: no mail leaves.
pub(super) fn email(fields: &Fields<'_>) -> Option<Email> {
    let from = fields.text("from").map(str::to_owned);
    let templates = fields.parsed("templates");
    let only_to = fields.texts("only_to");
    for (text, place) in only_to.iter().flatten() {
        if !text.contains('@') {
            let what = format!("`email.only_to`: {text:?} is no mailbox and no domain");
            fields.faults().add(place, what, "\"me@example.com\" or \"@example.com\"");
        }
    }
    let only_to = only_to.map(|list| list.into_iter().map(|(text, _)| text.to_owned()).collect());
    let smtp = fields.secret("smtp")?;
    if !is_url(&smtp, &["smtp", "smtps"]) {
        let help = "\"smtps://user:password@mail.example.com\", or \"smtp://\"; in the user and \
                    the password write odd characters as %XX";
        fields.fault("smtp", "is no address of a mail server", help);
    }
    if from.as_deref().is_some_and(|from| !from.contains('@')) {
        fields.fault("from", "is no sender", "such as \"Example <billing@example.com>\"");
    }
    let from = from.or_else(|| fields.missing("from", "\"Example <billing@example.com>\""))?;
    Some(Email { smtp, from, only_to, templates })
}

/// `None`: nobody is told. A demo has an address and a secret of its own: there they may be absent,
/// and are empty.
pub(super) fn digest(fields: &Fields<'_>, demo: bool) -> Option<Digest> {
    let (to, at) = (fields.texts("to"), fields.parsed("at"));
    let (url, secret) = (fields.secret("url"), fields.secret("secret"));
    let required = fields.boolean("required");
    let to = to?;
    for (text, place) in &to {
        if !text.contains('@') {
            let what = format!("`digest.to`: {text:?} is no mailbox");
            fields.faults().add(place, what, "such as \"ops@example.com\"");
        }
    }
    if to.is_empty() {
        if required == Some(true) {
            fields.fault("to", "names nobody, and `digest.required` is set", "\"ops@example.com\"");
        }
        return None;
    }
    if url.as_ref().is_some_and(|url| !is_url(url, &["https", "http"])) {
        let help = "where the admin address is reached: \"https://ambergate.example.com\"";
        fields.fault("url", "is no address", help);
    }
    if secret.as_ref().is_some_and(|secret| secret.expose().len() < SECRET_BYTES_MIN) {
        let help = "32 random characters or more: the links in the digest are signed with it";
        fields.fault("secret", "is too short", help);
    }
    let own = |given: Option<Secret>, key: &'static str, help: &str| {
        given.or_else(|| if demo { Some(Secret::new("")) } else { fields.missing(key, help) })
    };
    let help = "where the admin address is reached: \"https://ambergate.example.com\"";
    let url = own(url, "url", help);
    let help = "32 random characters or more: the links in the digest are signed with it";
    let secret = own(secret, "secret", help);
    let url = url?.expose().to_owned();
    let to = to.into_iter().map(|(text, _)| text.to_owned()).collect();
    Some(Digest { to, at: at?, url, secret: secret?, required: required? })
}

/// Where only a part is given, as in a demo, the rest is what is always so.
pub(super) fn breaker(fields: &Fields<'_>) -> Option<Breaker> {
    let given = |key| fields.has(key).then_some(());
    let share = given("share").map(|()| percent(fields, "share", 100));
    let at_least = given("at_least").map(|()| fields.number("at_least", 1, TENANTS_MAX));
    let window = given("window").map(|()| time(fields, "window"));
    Some(Breaker {
        share: share.unwrap_or(Some(Percent(100)))?,
        at_least: at_least.unwrap_or(Some(3))?,
        window: window.unwrap_or(Some(DAY))?,
    })
}

pub(super) fn origins(fields: &Fields<'_>) -> Option<Vec<String>> {
    let origins = fields.texts("origins")?;
    for (origin, place) in &origins {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if !rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*'])) {
            let what = format!("`cors.origins`: {origin:?} is no origin");
            fields.faults().add(place, what, "\"https://app.example.com\", without a path");
        }
    }
    Some(origins.into_iter().map(|(origin, _)| origin.to_owned()).collect())
}

pub(super) fn log(fields: &Fields<'_>) -> Option<Log> {
    let json = fields.word("format", &[("human", false), ("json", true)]);
    let level = fields.text("level");
    if let Some(level) = level
        && level.parse::<tracing_subscriber::filter::targets::Targets>().is_err()
    {
        let help = "\"info\", or \"info,ambergate::store=debug\"";
        fields.fault("level", &format!("is {level:?}"), help);
    }
    Some(Log { json: json?, level: level?.to_owned() })
}
