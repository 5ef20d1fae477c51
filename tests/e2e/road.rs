//! The main road among programs of others: JupyterLab behind the gate, tokens by PyJWT, webhooks
//! signed by Stripe's own library, mail taken by aiosmtpd, state in Redis.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::book;
use crate::http::{Answer, Asker};
use crate::process::{Process, free_port, until};
use crate::python;
use crate::world::{Kept, SECRET, WEBHOOK_SECRET, World};

/// How long JupyterLab may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(90);
/// How soon after a payment everything is open: what a gate needs to hear of it.
const AT_ONCE: Duration = Duration::from_secs(10);

const FINALIZED: &str = include_str!("../fixtures/stripe/invoice_finalized.json");
const PAID: &str = include_str!("../fixtures/stripe/invoice_paid.json");

/// A notebook server, which knows nothing of billing.
struct Jupyter {
    port: u16,
    _process: Process,
}

impl Jupyter {
    async fn start(folder: &Path) -> Self {
        let port = free_port();
        let mut command = Command::new(python::program("jupyter-lab"));
        command
            .args(["--no-browser", "--allow-root", "--ip=127.0.0.1", &format!("--port={port}")])
            .args(["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"])
            .args([
                "--ServerApp.port_retries=0",
                "--LabApp.news_url=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            ])
            .arg(format!("--ServerApp.root_dir={}", folder.display()))
            .env("HOME", folder)
            .env("JUPYTER_CONFIG_DIR", folder.join(".config"))
            .env("JUPYTER_DATA_DIR", folder.join(".data"))
            .env("JUPYTER_RUNTIME_DIR", folder.join(".runtime"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start("jupyter-lab", &mut command);
        let asker = Asker::new();
        until("JupyterLab answers", BEGINS_WITHIN, async || {
            let url = format!("http://127.0.0.1:{port}/api");
            asker.try_ask(Method::GET, &url, &[], "").await.ok().filter(|it| it.status == 200)
        })
        .await;
        Self { port, _process: process }
    }
}

/// Somebody of a tenant, with a token that PyJWT made.
struct Person {
    cookie: String,
}

impl Person {
    fn of(tenant: &str, role: &str) -> Self {
        let claims = json!({"sub": format!("{role}-1"), "tenant": tenant, "role": [role], "exp": 4_102_444_800_i64});
        let token = python::ask("make_token.py", &[SECRET, &claims.to_string()], "");
        Self { cookie: format!("session={token}") }
    }

    async fn opens(&self, world: &World) -> Answer {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("accept", "text/html,application/xhtml+xml"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-user", "?1"),
        ];
        world.through(Method::GET, "/lab", &headers, "").await
    }

    async fn reads(&self, world: &World) -> Answer {
        world.through(Method::GET, "/api/contents", &[("cookie", &self.cookie)], "").await
    }

    async fn saves(&self, world: &World, name: &str) -> Answer {
        let note = json!({"type": "file", "format": "text", "content": "a note"}).to_string();
        let headers = [("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        world.through(Method::PUT, &format!("/api/contents/{name}"), &headers, &note).await
    }

    /// Runs code: over a WebSocket, as the notebook does. Answers the status.
    async fn runs_code(&self, world: &World) -> u16 {
        let url = format!("ws://{}/api/events/subscribe", world.proxy());
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        match tokio_tungstenite::connect_async(request).await {
            Ok((_, answer)) => answer.status().as_u16(),
            Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends one of Stripe's events about Acme's invoice, as of now, signed by Stripe's library.
async fn stripe_says(world: &World, template: &str, id: &str) {
    let now = world.clock.now().millis() / 1_000;
    let mut event: Value = serde_json::from_str(template).unwrap();
    event["id"] = json!(id);
    event["created"] = json!(now);
    let invoice = &mut event["data"]["object"];
    // Friday 2026-03-13; one person for bills.
    invoice["due_date"] = json!(1_773_403_200);
    invoice["customer_email"] = json!("anna@acme.example");
    let body = event.to_string();
    let signature = python::ask("stripe_sign.py", &[WEBHOOK_SECRET, &now.to_string()], &body);
    let forged = signature.replace("v1=", "v1=00");
    assert_eq!(world.webhook(&forged, &body).await.status, 400);
    let taken = world.webhook(&signature, &body).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let again = world.webhook(&signature, &body).await;
    assert_eq!(again.status, 200, "a re-delivery: {}", again.text());
}

fn has_banner(page: &Answer) -> bool {
    page.text().contains("/_ambergate/")
}

#[tokio::test]
async fn from_an_invoice_to_frozen_and_back() {
    let notebooks = tempfile::tempdir().unwrap();
    let jupyter = Jupyter::start(notebooks.path()).await;
    let upstream = format!("127.0.0.1:{}", jupyter.port).parse().unwrap();
    let mut world = World::build(Kept::Redis, &["all"], Some(upstream)).await;
    world.start_all().await;
    world.until_in_order().await;
    let (billing, user) = (Person::of("acme", "billing"), Person::of("acme", "user"));

    let mut profile = book::tenant("acme");
    profile["source"] = json!("crm");
    world.tell(&profile).await;
    stripe_says(&world, FINALIZED, "evt_1").await;
    assert_eq!(world.tenant("acme").await["owed"][0]["minor"], 100_000);
    full(&world, &billing, &user).await;

    world.clock.set("2026-03-10T08:00:00Z");
    world.until_mails(1).await;
    world.clock.set("2026-03-13T11:00:00Z");
    world.until_mails(2).await;
    world.clock.set("2026-03-16T08:00:00Z");
    world.until_mails(4).await;
    grace(&world, &billing, &user).await;

    world.clock.set("2026-03-23T08:00:00Z");
    world.until_mails(6).await;
    world.clock.set("2026-03-27T08:00:00Z");
    world.until_mails(8).await;
    world.clock.set("2026-03-30T08:15:00Z");
    world.until_mails(10).await;
    read_only(&world, &billing, &user).await;

    world.clock.set("2026-04-06T07:00:00Z");
    world.until_mails(12).await;
    world.clock.set("2026-04-10T07:00:00Z");
    world.until_mails(14).await;
    world.clock.set("2026-04-13T08:15:00Z");
    world.until_mails(16).await;
    frozen(&world, &billing, &user).await;

    stripe_says(&world, PAID, "evt_2").await;
    until("everything is open", AT_ONCE, async || {
        (user.saves(&world, "paid.txt").await.status == 201).then_some(())
    })
    .await;
    assert!(!has_banner(&billing.opens(&world).await));
    assert_eq!(world.tenant("acme").await["stage"], "full");
    world.until_mails(18).await;
    each_mail_once(&world);
}

async fn full(world: &World, billing: &Person, user: &Person) {
    let page = billing.opens(world).await;
    assert_eq!((page.status.as_u16(), has_banner(&page)), (200, false));
    assert_eq!(page.header("ambergate-stage"), "");
    assert_eq!(user.saves(world, "one.txt").await.status, 201);
    assert_eq!(user.runs_code(world).await, 101);
}

async fn grace(world: &World, billing: &Person, user: &Person) {
    world.until_stage("acme", "grace").await;
    until("the banner shows", AT_ONCE, async || {
        has_banner(&billing.opens(world).await).then_some(())
    })
    .await;
    let page = billing.opens(world).await;
    assert_eq!((page.status.as_u16(), page.header("ambergate-stage")), (200, "grace"));
    assert!(page.text().contains("jupyter-config-data"), "the page is still JupyterLab's");
    assert!(!has_banner(&user.opens(world).await), "not shown to people who cannot pay");
    assert_eq!(user.saves(world, "two.txt").await.status, 201);
    assert_eq!(user.runs_code(world).await, 101);
}

async fn read_only(world: &World, billing: &Person, user: &Person) {
    world.until_stage("acme", "read_only").await;
    let refused = until("writing is refused", AT_ONCE, async || {
        Some(user.saves(world, "three.txt").await).filter(|it| it.status == 402)
    })
    .await;
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    for (field, value) in [
        ("status", json!(402)),
        ("tenant", json!("acme")),
        ("stage", json!("read_only")),
        ("refused", json!("write")),
        ("lifted_by", json!("payment")),
        ("since", Value::Null),
    ] {
        let found = &problem[field];
        let same = match field {
            "since" => found.as_str().is_some_and(|at| at.starts_with("2026-03-30T08:")),
            _ => *found == value,
        };
        assert!(same, "{field}: {problem}");
    }
    assert!(problem.get("owed").is_none_or(Value::is_null), "not for everybody: {problem}");
    assert!(billing.saves(world, "three.txt").await.json()["owed"].is_array());
    assert_eq!(user.reads(world).await.status, 200);
    assert!(!user.reads(world).await.text().contains("three.txt"), "nothing was written");
    assert_eq!(user.runs_code(world).await, 402, "code runs over a socket: that is writing");
    let page = user.opens(world).await;
    assert_eq!((page.status.as_u16(), has_banner(&page)), (200, true), "everyone is told");
}

async fn frozen(world: &World, billing: &Person, user: &Person) {
    world.until_stage("acme", "frozen").await;
    let page = until("everything is refused", AT_ONCE, async || {
        Some(billing.opens(world).await).filter(|it| it.status == 402)
    })
    .await;
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    assert_eq!(page.header("cache-control"), "no-store");
    let text = page.text();
    assert!(
        text.contains("1,000.00") && text.contains("https://pay.example/acme"),
        "how to pay: {text}"
    );
    let neutral = user.opens(world).await;
    assert_eq!(neutral.status, 402);
    assert!(!neutral.text().contains("1,000.00"), "amounts are not for everybody");
    assert_eq!(user.reads(world).await.status, 402);
}

/// Every mail has an id of its own, and says that a machine sent it.
fn each_mail_once(world: &World) {
    let mails = world.post.mails();
    let ids: BTreeSet<&str> = mails.iter().map(|mail| mail.id()).collect();
    assert_eq!(ids.len(), mails.len(), "{mails:#?}");
    for mail in &mails {
        assert!(!mail.id().is_empty() && !mail.text("subject").is_empty(), "{mail:?}");
        assert_eq!(mail.text("auto_submitted"), "auto-generated");
    }
    let to = |person: &str| mails.iter().filter(|mail| mail.to() == person).count();
    assert_eq!((to("anna@acme.example"), to("bob@acme.example")), (10, 8));
}
