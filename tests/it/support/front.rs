//! A gate with its proxy before an app, and a client that writes bytes as they are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::domain::fact::Named;
use ambergate::domain::grant::{BannerNotice, Cause, Grant, InvoiceWords, ScopeStage, Words};
use ambergate::domain::id::{Derivation, Derived, Digest, Scope, TenantId};
use ambergate::domain::money::Money;
use ambergate::domain::stage::{Roles, Stage};
use ambergate::domain::time::Instant;
use ambergate::gate::settings::{Jwt, Place};
use ambergate::gate::token::Key;
use ambergate::gate::{Gate, Settings};
use ambergate::proxy;
use ambergate::store::memory::Memory;
use ambergate::store::{Commit, Condition, Row, Store as _, form};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SECRET: &[u8] = b"a secret of the tests, long enough";

/// No test waits longer than this for anything.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// A gate that serves.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    pub(crate) gate: Arc<Gate<Memory>>,
    pub(crate) store: Memory,
    server: proxy::Server,
    following: tokio::task::JoinHandle<()>,
}

/// When everything here happens.
pub(crate) fn noon() -> Instant {
    "2026-03-30T12:00:00Z".parse().unwrap()
}

impl Front {
    pub(crate) async fn before(app: SocketAddr) -> Self {
        Self::with(app, |_, _| ()).await
    }

    pub(crate) async fn with(
        app: SocketAddr,
        change: impl FnOnce(&mut Settings, &mut proxy::Settings),
    ) -> Self {
        let mut gate = Settings {
            identify: vec![Jwt {
                key: Key::secret(SECRET).unwrap(),
                kid: None,
                places: vec![
                    Place::Header(http::header::AUTHORIZATION),
                    Place::Cookie("session".to_owned()),
                ],
                claim: "tenant".to_owned(),
                role_claim: Some("role".to_owned()),
                issuer: None,
                audience: Vec::new(),
                leeway: 0,
            }],
            ..Settings::default()
        };
        let mut proxy = proxy::Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..proxy::Settings::default()
        };
        proxy.upstream.addresses = vec![format!("http://{app}").parse().unwrap()];
        change(&mut gate, &mut proxy);
        let clock = Clock::standing(noon());
        let store = Memory::new(clock.clone());
        let gate = Gate::new(gate, Arc::new(store.clone()), clock);
        let server = proxy::serve(proxy, Arc::clone(&gate)).unwrap();
        let followed = Arc::clone(&gate);
        let following = tokio::spawn(async move { followed.follow().await });
        Self { address: server.address(), gate, store, server, following }
    }

    pub(crate) async fn stop(self) {
        self.following.abort();
        tokio::time::timeout(BOUND, self.server.stop()).await.expect("it stops");
    }

    /// Commits a standing and waits until the gate has it.
    pub(crate) async fn put(&self, tenant: &str, stage: Stage) {
        self.put_parts(tenant, stage, &[]).await;
    }

    /// The same, slowed down to that rate.
    pub(crate) async fn put_slowed(&self, tenant: &str, stage: Stage, rate: &str) {
        self.put_grant(tenant, stage, |grant| grant.scopes[0].slow = rate.parse().ok()).await;
    }

    /// The same, with parts of the app that stand otherwise.
    pub(crate) async fn put_parts(&self, tenant: &str, stage: Stage, parts: &[(&str, Stage)]) {
        let parts = |grant: &mut Grant| {
            for (scope, stage) in parts {
                let (scope, stage) = (scope.parse().unwrap(), *stage);
                grant.scopes.push(ScopeStage { scope, stage, ..grant.scopes[0].clone() });
            }
        };
        self.put_grant(tenant, stage, parts).await;
    }

    async fn put_grant(&self, tenant: &str, stage: Stage, change: impl FnOnce(&mut Grant)) {
        let Ok(Condition::Ready(incarnation)) = self.store.condition().await else {
            panic!("the store is not ready")
        };
        let tenant: TenantId = tenant.parse().unwrap();
        let before = self.store.load(&tenant).await.unwrap();
        let expected = before.map(|stored| stored.digest);
        let stored = form::account(&tenant, &[]).unwrap();
        let mut grant = grant(&tenant, stage, stored.digest);
        change(&mut grant);
        let commit = Commit {
            incarnation,
            expected,
            stored,
            words: words(&grant),
            wake: None,
            row: Row { tenant: tenant.clone(), name: None, stage, would: None },
            entries: Vec::new(),
            applied: None,
            tenant: tenant.clone(),
            grant,
        };
        self.store.commit(commit).await.unwrap();
    }

    /// Sends bytes as they are and reads until the other side ends.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let exchange = async {
            // A refused request may be closed while it is still being written.
            let _ = stream.write_all(bytes.as_ref()).await;
            let mut all = Vec::new();
            let _ = stream.read_to_end(&mut all).await;
            all
        };
        let all = tokio::time::timeout(BOUND, exchange).await.expect("an answer in time");
        Answer::of(&all)
    }

    /// One request of `who`, who is `tenant role`.
    pub(crate) async fn ask(&self, who: &str, method: &str, target: &str, more: &str) -> Answer {
        self.send(request(who, method, target, more)).await
    }
}

/// The bytes of a request without a body.
pub(crate) fn request(who: &str, method: &str, target: &str, more: &str) -> String {
    let signed = who
        .split_once(' ')
        .map(|(tenant, role)| format!("Authorization: Bearer {}\r\n", token(tenant, role)));
    format!(
        "{method} {target} HTTP/1.1\r\nHost: app.example\r\n{}Connection: close\r\n{more}\r\n",
        signed.unwrap_or_default()
    )
}

/// A navigation's headers.
pub(crate) const NAVIGATION: &str =
    "Accept: text/html,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";

/// A token for an hour of the machine's time.
pub(crate) fn token(tenant: &str, role: &str) -> String {
    let expires = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3600;
    let claims = json!({"tenant": tenant, "role": role, "sub": "eve", "exp": expires});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn grant(tenant: &TenantId, stage: Stage, digest: Digest) -> Grant {
    let since = "2026-03-23T08:00:00Z".parse().unwrap();
    let scope = ScopeStage { scope: Scope::whole(), stage, slow: None, since, because: None };
    let announced = (stage == Stage::Grace).then(named);
    let banner = if stage == Stage::Full { Roles::NONE } else { Roles::EVERYONE };
    Grant { scopes: vec![scope], announced, banner, ..Grant::full(tenant.clone(), digest) }
}

fn named() -> Named {
    let at = "2026-04-06T08:00:00Z".parse().unwrap();
    Named { stage: Stage::ReadOnly, slow: None, scope: Scope::whole(), at }
}

fn words(grant: &Grant) -> Words {
    let owed = Money { minor: 124_000, currency: "EUR".parse().unwrap() };
    let notice: Derived = Derivation::of("notice").text(grant.tenant.as_str()).finish();
    let invoice = InvoiceWords {
        scope: Scope::whole(),
        number: "R-17".to_owned(),
        owed,
        due_on: Some("2026-03-13".parse().unwrap()),
        pay_url: None,
    };
    let banner = BannerNotice {
        notice: notice.into(),
        kind: "warning".to_owned(),
        to: Roles::EVERYONE,
        names: Some(named()),
    };
    Words {
        tenant: grant.tenant.clone(),
        digest: grant.digest,
        name: None,
        locale: None,
        time_zone: "Europe/Berlin".to_owned(),
        owed: vec![owed],
        pay_url: Some("https://pay.example/acme".to_owned()),
        invoices: vec![invoice],
        banners: vec![banner],
        sent: Vec::new(),
        settlers: vec!["Ada".to_owned()],
        agreed: false,
        term: None,
        paid_for: false,
        order: None,
        thanks: false,
        cause: Cause::Overdue,
    }
}

/// An answer, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// 0: there was none.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn of(all: &[u8]) -> Self {
        let end = all.windows(4).position(|part| part == b"\r\n\r\n");
        let (head, body) = end.map_or((all, &[][..]), |end| (&all[..end], &all[end + 4..]));
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_vec() };
        Self { status, head, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|part| part == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        bytes = &bytes[end + 2..];
        if size == 0 || bytes.len() < size + 2 {
            break;
        }
        body.extend_from_slice(&bytes[..size]);
        bytes = &bytes[size + 2..];
    }
    body
}

/// Waits until `holds`, within the bound.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(BOUND, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}
