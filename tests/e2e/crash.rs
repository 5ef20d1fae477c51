//! The process dies at each step of the road between an event and its cutoff, and is started
//! again: nothing is lost, nothing is said twice, nobody is cut off without a warning.

use std::collections::BTreeMap;
use std::time::Duration;

use ambergate::domain::time::{DAY, Instant};
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::book;
use crate::process::until;
use crate::world::{Kept, LOOKS_PER_SKIP, SOON, World};

/// So many worlds at the same time.
const AT_ONCE: usize = 6;
/// How long a step of the road may take, with a death and a second attempt in it.
const STEP_WITHIN: Duration = Duration::from_secs(90);
/// The road to read-only: when, how many mails have left by then, and the stage.
const ROAD: [(&str, usize, &str); 6] = [
    ("2026-03-10T08:00:00Z", 1, "full"),
    ("2026-03-13T11:00:00Z", 2, "full"),
    ("2026-03-16T08:00:00Z", 4, "grace"),
    ("2026-03-23T08:00:00Z", 6, "grace"),
    ("2026-03-27T08:00:00Z", 8, "grace"),
    ("2026-03-30T08:15:00Z", 10, "read_only"),
];

/// Where, and which time it comes by: facts are accepted first, then decisions and receipts.
const KILLS: [(&str, u32); 20] = [
    ("before-journal", 1),
    ("before-journal", 2),
    ("before-journal", 6),
    ("after-store", 1),
    ("after-store", 2),
    ("after-store", 4),
    ("after-store", 13),
    ("after-store", 14),
    ("after-store", 15),
    ("after-store", 26),
    ("after-decisions", 2),
    ("after-decisions", 3),
    ("after-decisions", 14),
    ("before-tried", 1),
    ("before-tried", 5),
    ("after-tried", 2),
    ("after-tried", 6),
    ("after-send", 1),
    ("after-send", 5),
    ("before-receipt", 6),
];

/// With the embedded store the journal is part of the commit: this is between them.
const KILLS_OF_JOURNAL: [(&str, u32); 3] =
    [("after-journal", 1), ("after-journal", 2), ("after-journal", 7)];

#[tokio::test]
async fn killed_at_every_step_with_the_embedded_store() {
    all(Kept::Embedded, &KILLS).await;
}

#[tokio::test]
async fn killed_at_every_step_with_redis() {
    all(Kept::Redis, &[&KILLS[..], &KILLS_OF_JOURNAL].concat()).await;
}

async fn all(kept: Kept, kills: &[(&str, u32)]) {
    let roads = kills.iter().map(|(point, nth)| travel(kept, format!("{point}:{nth}")));
    futures_util::stream::iter(roads).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// All of the road, with one death on it.
async fn travel(kept: Kept, fault: String) {
    let mut world = World::build(kept, &["all"], None).await;
    world.start(0, Some(&fault)).await;
    world.until_in_order().await;
    let mut deaths = 0;
    for event in [book::tenant("acme"), book::issued("acme", "in_1", "2026-03-13")] {
        until("the event is taken", SOON, async || {
            let taken = world.try_tell(&event).await;
            deaths += u32::from(world.revive().await);
            taken.is_ok_and(|answer| answer.status == 200).then_some(())
        })
        .await;
    }
    for (at, mails, stage) in ROAD {
        world.clock.set(at);
        let mut looks = 0;
        let what = format!("{fault}: {mails} mails and {stage} at {at}");
        until(&what, STEP_WITHIN, async || {
            deaths += u32::from(world.revive().await);
            looks += 1;
            if looks % LOOKS_PER_SKIP == 0 {
                world.clock.skip_minutes(4);
            }
            let proofs = world.proofs("acme").await?;
            if by_id(&world).len() < mails || proofs < mails {
                return None;
            }
            let shown = world.try_admin(http::Method::GET, "/v1/tenants/acme", "").await.ok()?;
            (shown.json()["stage"] == stage).then_some(())
        })
        .await;
    }
    assert_eq!(deaths, 1, "{fault} was not come by, or it died twice");
    check(&world, &fault).await;
}

/// How often each mail was taken: by its id and its recipient.
fn by_id(world: &World) -> BTreeMap<(String, String), u32> {
    let mut counts = BTreeMap::new();
    for mail in world.post.mails() {
        *counts.entry((mail.id().to_owned(), mail.to().to_owned())).or_default() += 1;
    }
    counts
}

async fn check(world: &World, fault: &str) {
    let counts = by_id(world);
    assert_eq!(counts.len(), 10, "{fault}: {:#?}", world.post.mails());
    let twice: u32 = counts.values().map(|count| count - 1).sum();
    let sends_nothing = ["before-tried", "after-tried"].iter().any(|it| fault.starts_with(it));
    let most = if sends_nothing { 0 } else { 1 };
    assert!(twice <= most, "{fault}: {twice} mails came again: {:#?}", world.post.mails());
    let shown = world.tenant("acme").await;
    assert_eq!(shown["invoices"][0]["invoice"], "in_1");
    let notices = shown["notices"].as_array().unwrap();
    let warnings: Vec<&Value> = notices.iter().filter(|it| it["kind"] == "warning").collect();
    assert_eq!(warnings.len(), 1, "{fault}: {shown:#}");
    let since = instant(&shown["scopes"][0]["since"]);
    assert!(instant(&warnings[0]["names"]["at"]) <= since, "{fault}: {shown:#}");
    let receipts = warnings[0]["receipts"].as_array().unwrap().iter();
    let proved = receipts.filter(|it| it["kind"] == "accepted").map(|it| instant(&it["at"]));
    let proved = proved.min().unwrap_or_else(|| panic!("{fault}: no proof: {shown:#}"));
    assert!(proved.plus_millis(7 * DAY) <= since, "{fault}: {shown:#}");
}

fn instant(value: &Value) -> Instant {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_reached_the_journal_is_in_force_without_being_sent_again() {
    let mut world = World::build(Kept::Redis, &["all"], None).await;
    world.start(0, Some("after-journal:2")).await;
    world.until_in_order().await;
    world.tell(&book::tenant("acme")).await;
    world.try_tell(&book::issued("acme", "in_1", "2026-03-13")).await.unwrap_err();
    // The line is cut a moment before the process is gone.
    until("the process dies", SOON, async || world.revive().await.then_some(())).await;
    until("the invoice is known", SOON, async || {
        let shown = world.try_admin(http::Method::GET, "/v1/tenants/acme", "").await.ok()?;
        (shown.json()["invoices"][0]["invoice"] == "in_1").then_some(())
    })
    .await;
}

/// Between a commit and the journal: what was decided is lost with neither of them.
#[tokio::test]
async fn what_was_decided_before_a_kill_outlives_the_store() {
    for nth in [2, 4] {
        let mut world = World::build(Kept::Redis, &["all"], None).await;
        world.start(0, Some(&format!("after-store:{nth}"))).await;
        world.until_in_order().await;
        let mut died = false;
        for event in [book::tenant("acme"), book::issued("acme", "in_1", "2026-03-13")] {
            until("the event is taken", SOON, async || {
                let taken = world.try_tell(&event).await;
                died |= world.revive().await;
                taken.is_ok_and(|answer| answer.status == 200).then_some(())
            })
            .await;
        }
        world.clock.set(ROAD[0].0);
        let mut looks = 0;
        until("the first mail has left", STEP_WITHIN, async || {
            died |= world.revive().await;
            looks += 1;
            if looks % LOOKS_PER_SKIP == 0 {
                world.clock.skip_minutes(4);
            }
            (world.proofs("acme").await? == 1).then_some(())
        })
        .await;
        assert!(died, "{nth}: it was not come by");
        world.until_in_order().await;
        let path = "/v1/tenants/acme/history?limit=500";
        let before = world.admin(path).await["events"].clone();
        assert_eq!(world.redis.as_ref().unwrap().say("FLUSHALL"), "+OK");
        until("the store is what it was", SOON, async || {
            let shown = world.try_admin(http::Method::GET, path, "").await.ok()?;
            (shown.status == 200 && shown.json()["events"] == before).then_some(())
        })
        .await;
        world.until_in_order().await;
        assert_eq!(world.admin(path).await["events"], before, "{nth}: nothing was decided anew");
        assert_eq!(by_id(&world).len(), 1, "{:#?}", world.post.mails());
    }
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill_at_any_moment() {
    for kept in [Kept::Embedded, Kept::Redis] {
        let mut world = World::open(kept).await;
        world.until_in_order().await;
        for number in 0..5 {
            let tenant = format!("t{number}");
            world.tell(&book::tenant(&tenant)).await;
            world.tell(&book::issued(&tenant, &format!("in_{number}"), "2026-03-20")).await;
            world.kill(0);
            world.revive().await;
            let shown = world.tenant(&tenant).await;
            assert_eq!(shown["owed"][0]["minor"], 100_000, "{kept:?} {tenant}");
        }
    }
}
