//! `ambergate serve` among its peers, on a wall clock that can be moved.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use http::Method;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::book;
use crate::http::{Answer, Asker};
use crate::peers::{App, PostOffice, Redis};
use crate::process::{AMBERGATE, Process, free_port, until, within};
use crate::wall_clock::WallClock;

pub(crate) const TOKEN: &str = "the-token-of-an-operator-0123456789";
pub(crate) const SECRET: &str = "the-secret-that-the-app-signs-with-01";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_the_secret_of_the_webhook";
/// Monday 2026-03-02, 09:00 in Berlin.
pub(crate) const START: &str = "2026-03-02T08:00:00Z";

/// How long anything may take that is due at once.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// After so many looks that found nothing time is moved on.
pub(crate) const LOOKS_PER_SKIP: u32 = 100;

/// Where state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Embedded,
    Redis,
}

/// A process of ambergate, and where it is reached.
#[derive(Debug)]
pub(crate) struct Serve {
    role: &'static str,
    admin: u16,
    ingest: u16,
    process: Option<Process>,
}

/// Everything that runs for a test.
pub(crate) struct World {
    pub(crate) clock: WallClock,
    pub(crate) redis: Option<Redis>,
    pub(crate) post: PostOffice,
    _app: App,
    proxy: u16,
    parts: Vec<Serve>,
    asker: Asker,
    upstream: SocketAddr,
    /// Processes leave before the folder does.
    folder: tempfile::TempDir,
}

impl World {
    /// One process of ambergate, which runs.
    pub(crate) async fn open(kept: Kept) -> Self {
        let mut world = Self::build(kept, &["all"], None).await;
        world.start_all().await;
        world
    }

    /// A process for each of `roles`; none runs yet.
    pub(crate) async fn build(
        kept: Kept,
        roles: &[&'static str],
        upstream: Option<SocketAddr>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = WallClock::new(folder.path(), START);
        let redis = match kept {
            Kept::Embedded => None,
            Kept::Redis => Some(Redis::start(folder.path(), &clock).await),
        };
        let post = PostOffice::open(folder.path(), &clock).await;
        let app = App::open().await;
        let part = |role: &&'static str| Serve {
            role,
            admin: free_port(),
            ingest: free_port(),
            process: None,
        };
        let parts = roles.iter().map(part).collect();
        let upstream = upstream.unwrap_or(app.address);
        let (proxy, asker) = (free_port(), Asker::new());
        Self { clock, redis, post, _app: app, proxy, parts, asker, upstream, folder }
    }

    pub(crate) async fn start_all(&mut self) {
        for index in 0..self.parts.len() {
            self.start(index, None).await;
        }
    }

    /// Starts one of the processes; `fault`: where it is to die, as `after-store:2`.
    pub(crate) async fn start(&mut self, index: usize, fault: Option<&str>) {
        let part = &self.parts[index];
        let config = self.folder.path().join(format!("{}.toml", part.role));
        fs::write(&config, self.config(part)).unwrap();
        let log = self.folder.path().join(format!("{}.log", part.role));
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(AMBERGATE);
        command
            .args(["serve", "--role", part.role, "--config"])
            .arg(&config)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(fault) = fault {
            command.env("AMBERGATE_FAULT_POINT", fault);
        }
        let process = Process::start("ambergate serve", self.clock.applied(&mut command));
        let admin = part.admin;
        self.parts[index].process = Some(process);
        until("ambergate serves", SOON, async || {
            // Killed at its fault point already: that is a beginning too.
            let ended = self.parts[index].process.as_mut().is_none_or(|it| it.ended().is_some());
            let url = format!("http://127.0.0.1:{admin}/healthz");
            let answer = self.asker.try_ask(Method::GET, &url, &[], "").await;
            (ended || answer.is_ok()).then_some(())
        })
        .await;
    }

    fn config(&self, part: &Serve) -> String {
        let folder = self.folder.path().display();
        let store = match &self.redis {
            None => format!("kind = \"embedded\"\npath = \"{folder}/ambergate.redb\""),
            Some(redis) => {
                format!("kind = \"redis\"\nurl = \"redis://127.0.0.1:{}\"", redis.port)
            }
        };
        let sha256: String =
            Sha256::digest(TOKEN.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let (admin, ingest, proxy) = (part.admin, part.ingest, self.proxy);
        let (smtp, upstream) = (self.post.port, self.upstream);
        format!(
            r#"
[proxy]
listen = "127.0.0.1:{proxy}"
workers = 2
[upstream]
addresses = ["http://{upstream}"]
[gate]
enforce = "on"
[admin]
listen = "127.0.0.1:{admin}"
tokens = [{{ name = "ops", role = "admin", sha256 = "{sha256}" }}]
[authz]
listen = "127.0.0.1:0"
[ingest]
listen = "127.0.0.1:{ingest}"
[store]
{store}
# Weeks pass here in one step, without a sign of life in between.
stale_max = "4000h"
[journal]
path = "{folder}/journal"
[[identify]]
jwt = {{ secret = "{SECRET}", cookie = "session", claim = "tenant", role_claim = "role" }}
[ways_out]
sign_in = ["/login/**", "/logout"]
pay = {{ not_here = "by Stripe's own pages" }}
ask = {{ not_here = "by mail" }}
export = {{ not_here = "by mail" }}
cancel = {{ not_here = "by mail" }}
delete = {{ not_here = "by mail" }}
reduce = {{ not_here = "by mail" }}
[email]
smtp = "smtp://127.0.0.1:{smtp}"
from = "Example Billing <billing@app.example>"
[sources.stripe]
secrets = ["{WEBHOOK_SECRET}"]
tenant = "metadata.tenant"
"#
        )
    }

    /// Kills one of the processes, as a power cut does.
    pub(crate) fn kill(&mut self, index: usize) {
        self.parts[index].process.as_mut().unwrap().kill();
    }

    /// Starts again what has died. `true`: something had.
    pub(crate) async fn revive(&mut self) -> bool {
        let mut died = false;
        for index in 0..self.parts.len() {
            let process = &mut self.parts[index].process;
            if process.as_mut().is_some_and(|it| it.ended().is_some()) {
                died = true;
                self.start(index, None).await;
            }
        }
        died
    }

    /// What all processes logged.
    pub(crate) fn logs(&self) -> String {
        let of = |part: &Serve| {
            fs::read_to_string(self.folder.path().join(format!("{}.log", part.role)))
        };
        self.parts.iter().map(|part| of(part).unwrap_or_default()).collect()
    }

    fn control(&self) -> &Serve {
        self.parts.iter().find(|part| part.role != "gate").unwrap()
    }

    pub(crate) fn proxy(&self) -> String {
        format!("127.0.0.1:{}", self.proxy)
    }

    /// Asks the admin address of the control plane.
    pub(crate) async fn try_admin(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Answer, String> {
        let url = format!("http://127.0.0.1:{}{path}", self.control().admin);
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.asker.try_ask(method, &url, &headers, body.to_owned()).await
    }

    /// A page or an API's answer of the control plane.
    pub(crate) async fn admin(&self, path: &str) -> Value {
        self.try_admin(Method::GET, path, "").await.unwrap().good()
    }

    /// Sends an event to the ingest address; the answer must be a success.
    pub(crate) async fn tell(&self, event: &Value) {
        self.try_tell(event).await.unwrap().good();
    }

    pub(crate) async fn try_tell(&self, event: &Value) -> Result<Answer, String> {
        let url = format!("http://127.0.0.1:{}/v1/events", self.control().ingest);
        let bearer = format!("Bearer {TOKEN}");
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/cloudevents+json")];
        self.asker.try_ask(Method::POST, &url, &headers, event.to_string()).await
    }

    /// A provider's webhook, with its own headers.
    pub(crate) async fn webhook(&self, signature: &str, body: &str) -> Answer {
        let url = format!("http://127.0.0.1:{}/webhooks/stripe", self.control().ingest);
        let headers = [("stripe-signature", signature), ("content-type", "application/json")];
        self.asker.ask(Method::POST, &url, &headers, body.to_owned()).await
    }

    /// Asks the app, through the gate.
    pub(crate) async fn through(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let url = format!("http://{}{path}", self.proxy());
        self.asker.ask(method, &url, headers, body.to_owned()).await
    }

    /// Asks the app as somebody of a tenant: a page for GET, a note for POST.
    pub(crate) async fn visit(&self, method: Method, tenant: &str, role: &str) -> Answer {
        let cookie = format!("session={}", book::token(SECRET, tenant, role));
        let path = if method == Method::GET { "/" } else { "/notes" };
        let headers = [
            ("cookie", cookie.as_str()),
            ("accept", "text/html"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-user", "?1"),
        ];
        let headers = if method == Method::GET { &headers[..] } else { &headers[..1] };
        self.through(method, path, headers, "").await
    }

    pub(crate) async fn tenant(&self, tenant: &str) -> Value {
        self.admin(&format!("/v1/tenants/{tenant}")).await
    }

    pub(crate) async fn until_stage(&self, tenant: &str, stage: &str) {
        let what = format!("{tenant} is {stage}");
        until(&what, SOON, async || {
            let path = format!("/v1/tenants/{tenant}");
            let answer = self.try_admin(Method::GET, &path, "").await.ok()?;
            (answer.status == 200 && answer.json()["stage"] == stage).then_some(())
        })
        .await;
    }

    /// Waits until so many mails have been taken, and the proof of each is recorded; more would be
    /// wrong. What was put off for a quarter of an hour is not waited for in real time.
    pub(crate) async fn until_mails(&self, count: usize) {
        let mut looks = 0;
        let all = async || {
            looks += 1;
            if looks % LOOKS_PER_SKIP == 0 {
                self.clock.skip_minutes(16);
            }
            let taken = self.post.mails().len() >= count;
            (taken && self.proofs("acme").await? >= count).then_some(())
        };
        let came = within(SOON, all).await;
        let mails = self.post.mails();
        if came.is_none() || mails.len() != count {
            let told = self.admin("/v1/tenants/acme/explain").await;
            panic!("{} mails, not {count}: {mails:#?} {told:#}", mails.len());
        }
    }

    /// Of how many mails to this tenant it is recorded that they were taken.
    pub(crate) async fn proofs(&self, tenant: &str) -> Option<usize> {
        let path = format!("/v1/tenants/{tenant}/history?limit=500");
        let answer = self.try_admin(Method::GET, &path, "").await.ok()?;
        let history = answer.json();
        let accepted = history["events"].as_array()?.iter().filter(|event| {
            event["type"] == "ambergate.notice.receipt" && event["data"]["kind"] == "accepted"
        });
        let messages: BTreeSet<String> =
            accepted.map(|event| event["data"]["message"].to_string()).collect();
        Some(messages.len())
    }

    /// Waits until a store that was just set up, or lost its memory, is in order.
    pub(crate) async fn until_in_order(&self) {
        until("the store is in order", SOON, async || {
            let url = format!("http://127.0.0.1:{}/healthz", self.control().admin);
            let answer = self.asker.try_ask(Method::GET, &url, &[], "").await.ok()?;
            (answer.json()["status"] == "ok").then_some(())
        })
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
    }
}
