//! Whether what is entered is enforced: where that begins, nobody is cut off at that moment.

use std::path::Path;
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::canary::Canary;
use ambergate::domain::policy::Percent;
use ambergate::domain::stage::Stage;
use ambergate::ledger::{Envelope, Ledger};
use ambergate::store::any::AnyStore;
use ambergate::store::journal::{Journal, JournalSettings};
use ambergate::store::memory::Memory;
use ambergate::store::{Store as _, Switch};

use crate::world::{START, World, at, issued, tenant, tenant_updated};

/// A process, and whether it was told that gates enforce what is entered.
pub(crate) async fn start(
    memory: &Memory,
    clock: &Clock,
    folder: Option<&Path>,
    enforced: impl Into<Option<bool>>,
) -> World {
    let journal = folder.map(|it| Journal::open(it, JournalSettings::default()).unwrap());
    let law = policies::parse(policies::STANDARD, "standard.toml").unwrap();
    let store = AnyStore::Memory(memory.clone());
    let ledger = Ledger::new(store.clone(), journal, clock.clone(), law)
        .with_stale_max(Duration::from_secs(4_000 * 3_600));
    let ledger = match enforced.into() {
        Some(enforced) => ledger.with_enforced(enforced),
        None => ledger,
    };
    let world = World { clock: clock.clone(), store, ledger };
    world.look_after(true).await.unwrap();
    world.ledger.sign_of_life(clock.now()).await.unwrap();
    world
}

/// The generation, and whether enforcing is noted.
async fn noted(world: &World) -> (u64, bool) {
    let switch = world.store.switch().await.unwrap();
    (switch.generation, switch.enforced)
}

/// Whether gates refuse what restricts Acme.
async fn is_in_force(world: &World) -> bool {
    let grant = world.store.grant(&tenant("acme")).await.unwrap().0.unwrap();
    let switch = world.store.switch().await.unwrap();
    grant.strictest() == Stage::ReadOnly && grant.generation >= switch.generation
}

#[tokio::test]
async fn what_was_entered_before_cuts_nobody_off_when_enforcing_begins() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    // By a process that nobody told.
    let world = start(&memory, &clock, None, None).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    // Read-only since Monday 2026-03-30, 10:15 in Berlin.
    world.pass("2026-03-30T08:15:00Z").await;
    assert!(is_in_force(&world).await);
    assert_eq!(noted(&world).await, (0, false));
    drop(world);
    // In the night: told to enforce.
    clock.set(at("2026-03-31T22:00:00Z"));
    let world = start(&memory, &clock, None, true).await;
    assert_eq!(noted(&world).await, (1, true));
    assert!(!is_in_force(&world).await);
    world.ledger.look_at_all().await.unwrap();
    world.pass("2026-04-08T08:14:59Z").await;
    assert!(!is_in_force(&world).await, "not before a cutoff time that was named anew");
    world.pass("2026-04-08T08:15:00Z").await;
    assert!(is_in_force(&world).await);
    // The next start finds it so.
    let world = start(&memory, &clock, None, true).await;
    assert_eq!(noted(&world).await, (1, true));
    assert!(is_in_force(&world).await);
    // A pause of enforcing changes nothing, and its end is another beginning.
    let world = start(&memory, &clock, None, false).await;
    assert_eq!(noted(&world).await, (1, false));
    let world = start(&memory, &clock, None, true).await;
    assert_eq!(noted(&world).await, (2, true));
}

#[tokio::test]
async fn where_nothing_is_enforced_nobody_is_warned_or_cut_off() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, None, false).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    let mails = world.pass("2026-04-30T08:15:00Z").await;
    assert!(!mails.is_empty(), "reminders leave");
    let account = world.account("acme").await.1;
    assert_eq!(account.stage(), Stage::Full);
    assert!(account.notices.iter().all(|it| it.made.names.is_none()));
    // It begins with the whole period of a warning.
    let world = start(&memory, &clock, None, true).await;
    world.ledger.look_at_all().await.unwrap();
    world.pass("2026-05-01T08:15:00Z").await;
    assert_ne!(world.stage("acme").await, Stage::ReadOnly);
    world.pass("2026-06-01T08:15:00Z").await;
    assert!(is_in_force(&world).await || world.stage("acme").await == Stage::Frozen);
}

#[tokio::test]
async fn a_warning_does_not_leave_once_nothing_is_enforced() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, None, true).await;
    world.accept(&[tenant_updated("acme"), issued("acme", "i1")]).await;
    let warns = |mail: &&Envelope| mail.notices.iter().any(|it| it.made.names.is_some());
    let mails = world.pass("2026-03-10T08:00:00Z").await;
    let reminder = mails.iter().find(|mail| !warns(mail)).unwrap();
    let told = start(&memory, &clock, None, false).await;
    assert!(world.ledger.is_still_right(reminder).await);
    assert!(told.ledger.is_still_right(reminder).await, "reminders leave as they will");
    let mails = world.pass("2026-03-23T08:00:00Z").await;
    let warning = mails.iter().find(warns).unwrap();
    assert!(world.ledger.is_still_right(warning).await);
    assert!(!told.ledger.is_still_right(warning).await);
}

/// As [`start`], for a share of tenants.
async fn start_with(memory: &Memory, clock: &Clock, hundredths: u32) -> World {
    let world = start(memory, clock, None, None).await;
    let ledger = world.ledger.clone().with_canary(Canary::of(Percent(hundredths)));
    ledger.note_enforced().await.unwrap();
    World { ledger, ..world }
}

#[tokio::test]
async fn outside_the_canary_nobody_is_warned_or_cut_off() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    // Of the places of all tenants Globex has 3,584, Acme 5,084.
    let world = start_with(&memory, &clock, 4_000).await;
    for (name, invoice) in [("acme", "i1"), ("globex", "i2")] {
        world.accept(&[tenant_updated(name), issued(name, invoice)]).await;
    }
    let mails = world.pass("2026-03-30T08:15:00Z").await;
    let warned = mails.iter().filter(|mail| {
        mail.tenant.as_str() == "acme" && mail.notices.iter().any(|it| it.made.names.is_some())
    });
    assert_eq!(warned.count(), 0);
    assert_eq!(world.stage("globex").await, Stage::ReadOnly);
    assert_eq!(world.stage("acme").await, Stage::Full);
    assert_eq!(noted(&world).await, (0, true));

    // Smaller: nobody new. Larger: nobody is cut off at that moment, not even who was before.
    let smaller = start_with(&memory, &clock, 3_600).await;
    assert_eq!(noted(&smaller).await, (0, true));
    let larger = start_with(&memory, &clock, 6_000).await;
    assert_eq!(noted(&larger).await, (1, true));
    assert_eq!(larger.store.switch().await.unwrap().canary, Some(6_000));
    larger.ledger.look_at_all().await.unwrap();
    larger.pass("2026-03-31T08:14:59Z").await;
    assert!(!is_in_force(&larger).await);
    larger.pass("2026-04-30T08:15:00Z").await;
    assert!(larger.stage("acme").await.restricts(), "with a warning of its own");
    let all = start(&memory, &clock, None, true).await;
    assert_eq!(noted(&all).await, (2, true));
    assert_eq!(all.store.switch().await.unwrap().canary, None);
}

#[tokio::test]
async fn a_new_store_has_nothing_to_raise() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let world = start(&memory, &clock, None, true).await;
    assert_eq!(noted(&world).await, (0, true));
    let open = world.ledger.set_switch(true, None, None).await.unwrap();
    let closed = world.ledger.set_switch(false, None, None).await.unwrap();
    assert!(open.enforced && closed.enforced, "another matter");
    // Closing what is closed: a gate's own switch may have been open.
    let again = world.ledger.set_switch(false, None, None).await.unwrap();
    assert_eq!((closed.generation, again.generation), (1, 2));
}

#[tokio::test]
async fn a_store_that_lost_everything_is_told_by_the_journal() {
    let clock = Clock::standing(at(START));
    let memory = Memory::new(clock.clone());
    let folder = tempfile::tempdir().unwrap();
    for (enforced, after) in [(false, (0, false)), (true, (1, true)), (true, (1, true))] {
        let world = start(&memory, &clock, Some(folder.path()), enforced).await;
        assert_eq!(noted(&world).await, after);
        world.accept(&[tenant_updated("acme")]).await;
        world.look_after(true).await.unwrap();
        drop(world);
        memory.flush();
    }
    // Told by nobody: what stands there stays.
    let store = AnyStore::Memory(Memory::new(clock.clone()));
    let known = Switch { enforced: true, ..Switch::default() };
    store.set_switch(&Switch::default(), known.clone()).await.unwrap();
    let world = World::over(store, None, clock).await;
    assert_eq!(world.store.switch().await.unwrap(), known);
}
