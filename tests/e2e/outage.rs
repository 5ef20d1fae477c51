//! Redis stops, dies and forgets, under traffic; gate and control plane apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};

use crate::book::{self, issued, payment};
use crate::http::Asker;
use crate::process::until;
use crate::world::{Kept, SECRET, SOON, World};

/// No request may wait so long, whatever the store does.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);
/// So many requests of each kind belong to an outage that was really seen.
const REQUESTS_LEAST: u64 = 20;

/// What somebody who writes may be answered; to read is open to all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Open,
    Refused,
    /// It changes meanwhile.
    Either,
}

/// Requests that go on all the time.
struct Traffic {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    running: tokio::task::JoinHandle<Vec<String>>,
}

impl Traffic {
    fn begin(world: &World, people: &[(&str, Writing)]) -> Self {
        let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::<AtomicU64>::default());
        let proxy = world.proxy();
        let people: Vec<_> = people.iter().map(|(name, it)| ((*name).to_owned(), *it)).collect();
        let running = tokio::spawn({
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            async move { go_on(&proxy, &people, &stop, &asked).await }
        });
        Self { stop, asked, running }
    }

    /// Waits until more of it has been answered.
    async fn goes_on(&self) {
        let wanted = self.asked.load(Ordering::Relaxed) + REQUESTS_LEAST;
        let more = async || (self.asked.load(Ordering::Relaxed) >= wanted).then_some(());
        until("the traffic goes on", SOON, more).await;
    }

    /// Ends it; nothing may have gone wrong.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let wrong = self.running.await.unwrap();
        assert_eq!(wrong, Vec::<String>::new());
    }
}

async fn go_on(
    proxy: &str,
    people: &[(String, Writing)],
    stop: &AtomicBool,
    asked: &AtomicU64,
) -> Vec<String> {
    let asker = Asker::new();
    let mut wrong = Vec::new();
    let mut turn = 0_u32;
    while !stop.load(Ordering::Relaxed) && wrong.len() < 20 {
        turn += 1;
        let stranger = (format!("stranger-{turn}"), Writing::Open);
        for (tenant, writing) in people.iter().chain([&stranger]) {
            for (method, path) in [(Method::GET, "/"), (Method::POST, "/notes")] {
                let cookie = format!("session={}", book::token(SECRET, tenant, "user"));
                let url = format!("http://{proxy}{path}");
                let began = Instant::now();
                let answer = asker.try_ask(method.clone(), &url, &[("cookie", &cookie)], "").await;
                let took = began.elapsed();
                let status = answer.as_ref().map(|it| it.status.as_u16());
                let right = match (&status, *writing) {
                    _ if method == Method::GET => status == Ok(200),
                    (Ok(402), it) => it != Writing::Open,
                    (Ok(201), it) => it != Writing::Refused,
                    _ => false,
                };
                if !right || took > ANSWERED_WITHIN {
                    wrong.push(format!("{method} of {tenant} after {took:?}: {status:?}"));
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    wrong
}

/// Acme read-only since Monday 2026-03-30, 10:15 in Berlin; Cedar in grace; Bolt owes nothing yet.
async fn three_tenants(world: &mut World) {
    world.until_in_order().await;
    for tenant in ["acme", "bolt", "cedar"] {
        world.tell(&book::tenant(tenant)).await;
    }
    world.tell(&issued("acme", "in_a", "2026-03-13")).await;
    world.tell(&issued("bolt", "in_b", "2026-06-30")).await;
    for (at, mails) in [
        ("2026-03-10T08:00:00Z", 1),
        ("2026-03-13T11:00:00Z", 2),
        ("2026-03-16T08:00:00Z", 4),
        ("2026-03-23T08:00:00Z", 6),
        ("2026-03-27T08:00:00Z", 8),
        ("2026-03-30T08:15:00Z", 10),
    ] {
        world.clock.set(at);
        world.until_mails(mails).await;
    }
    world.until_stage("acme", "read_only").await;
    let refused = world.visit(Method::POST, "acme", "user").await;
    assert_eq!(refused.status, 402, "{}", refused.text());
}

async fn until_written(world: &World, tenant: &str) {
    until(&format!("{tenant} may write"), SOON, async || {
        (world.visit(Method::POST, tenant, "user").await.status == 201).then_some(())
    })
    .await;
}

async fn until_degraded(world: &World) {
    until("the outage is seen", SOON, async || {
        let health = world.try_admin(Method::GET, "/healthz", "").await.ok()?;
        (health.json()["status"] == "degraded").then_some(())
    })
    .await;
}

#[tokio::test]
async fn redis_stands_still_and_then_dies() {
    let mut world = World::open(Kept::Redis).await;
    three_tenants(&mut world).await;
    let people = [("bolt", Writing::Open), ("cedar", Writing::Open), ("acme", Writing::Either)];
    let traffic = Traffic::begin(&world, &people);
    traffic.goes_on().await;

    world.redis.as_ref().unwrap().process.signal("STOP");
    until_degraded(&world).await;
    traffic.goes_on().await;
    world.tell(&payment("acme", "in_a", "p1", 60_000)).await;
    let ready = world.try_admin(Method::GET, "/readyz", "").await.unwrap();
    assert_eq!(ready.status, 200, "degraded, and ready: {}", ready.text());
    assert_eq!(world.visit(Method::POST, "acme", "user").await.status, 402, "its last standing");
    world.redis.as_ref().unwrap().process.signal("CONT");
    until("the first payment is in force", SOON, async || {
        let shown = world.try_admin(Method::GET, "/v1/tenants/acme", "").await.ok()?;
        (shown.json()["owed"][0]["minor"] == 40_000).then_some(())
    })
    .await;
    world.until_in_order().await;
    traffic.goes_on().await;

    world.redis.as_mut().unwrap().process.kill();
    until_degraded(&world).await;
    traffic.goes_on().await;
    world.tell(&payment("acme", "in_a", "p2", 40_000)).await;
    world.tell(&issued("cedar", "in_c", "2026-04-20")).await;
    let World { redis, clock, .. } = &mut world;
    redis.as_mut().unwrap().restart(clock).await;
    until_written(&world, "acme").await;
    world.until_in_order().await;
    world.until_stage("acme", "full").await;
    assert_eq!(world.tenant("cedar").await["owed"][0]["minor"], 100_000);
    traffic.goes_on().await;
    traffic.end().await;
    world.until_mails(12).await;
}

#[tokio::test]
async fn redis_forgets_everything_under_traffic() {
    let mut world = World::open(Kept::Redis).await;
    three_tenants(&mut world).await;
    let before = [world.tenant("acme").await, world.tenant("bolt").await];
    // A gate keeps what it knows: nobody is refused more, and nobody less, not for a moment.
    let people = [("bolt", Writing::Open), ("cedar", Writing::Open), ("acme", Writing::Refused)];
    let traffic = Traffic::begin(&world, &people);
    traffic.goes_on().await;
    assert_eq!(world.redis.as_ref().unwrap().say("FLUSHALL"), "+OK");
    traffic.goes_on().await;
    world.tell(&issued("cedar", "in_c", "2026-06-30")).await;
    world.until_stage("acme", "read_only").await;
    world.until_in_order().await;
    until("the gate refuses as before", SOON, async || {
        (world.visit(Method::POST, "acme", "user").await.status == 402).then_some(())
    })
    .await;
    traffic.goes_on().await;
    traffic.end().await;
    for was in before {
        let now = world.tenant(was["tenant"].as_str().unwrap()).await;
        for field in ["stage", "scopes", "owed", "invoices", "tasks", "contacts", "notices"] {
            assert_eq!(now[field], was[field], "{field}");
        }
    }
    assert_eq!(world.tenant("cedar").await["owed"][0]["minor"], 100_000);
    // What comes next comes once.
    world.clock.set("2026-04-06T07:00:00Z");
    world.until_mails(12).await;
    let warned = world.tenant("acme").await["next"].clone();
    let named = json!({"stage": "frozen", "at": "2026-04-13T08:00:00Z", "announced": true});
    assert_eq!(warned, named);
}

#[tokio::test]
async fn gate_and_control_plane_apart() {
    let mut world = World::build(Kept::Redis, &["control", "gate"], None).await;
    world.start_all().await;
    world.until_in_order().await;
    world.tell(&book::tenant("acme")).await;
    world.tell(&issued("acme", "in_1", "2026-03-13")).await;
    for (at, mails) in
        [("2026-03-10T08:00:00Z", 1), ("2026-03-13T11:00:00Z", 2), ("2026-03-16T08:00:00Z", 4)]
    {
        world.clock.set(at);
        world.until_mails(mails).await;
    }
    world.until_stage("acme", "grace").await;
    until_banner(&world, "billing").await;
    until_seen(&world, "billing").await;
    // The control plane is away: the gate goes on, and what people saw is not lost.
    world.kill(0);
    until_banner(&world, "admin").await;
    world.start(0, None).await;
    until_seen(&world, "admin").await;
    let refused = world.visit(Method::GET, "acme", "user").await;
    assert_eq!(refused.header("ambergate-stage"), "grace");
    world.tell(&payment("acme", "in_1", "p1", 100_000)).await;
    until("the gate has heard of the payment", SOON, async || {
        let page = world.visit(Method::GET, "acme", "billing").await;
        (page.header("ambergate-stage").is_empty()).then_some(())
    })
    .await;
}

async fn until_banner(world: &World, role: &str) {
    until("the page carries the banner", SOON, async || {
        let page = world.visit(Method::GET, "acme", role).await;
        assert_eq!(page.status, 200);
        page.text().contains("_ambergate").then_some(())
    })
    .await;
}

async fn until_seen(world: &World, role: &str) {
    until(&format!("that {role} saw it is recorded"), SOON, async || {
        let shown = world.try_admin(Method::GET, "/v1/tenants/acme", "").await.ok()?.json();
        let notices = shown["notices"].as_array()?.clone();
        let receipts = notices.iter().filter_map(|it| it["receipts"].as_array()).flatten();
        let seen = |it: &&Value| it["channel"] == "banner" && it["role"] == role;
        receipts.filter(seen).any(|it| it["kind"] == "seen").then_some(())
    })
    .await;
}
