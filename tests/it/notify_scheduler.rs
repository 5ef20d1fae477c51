//! The scheduler against a ledger and a post of this test's own.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::domain::fact::{NoticeReceipt, ReceiptKind};
use ambergate::domain::id::{MessageId, RecordId, TenantId};
use ambergate::domain::stage::Role;
use ambergate::domain::time::{DAY, HOUR, Instant, MINUTE};
use ambergate::notify::email::Outcome;
use ambergate::notify::letter::Letter;
use ambergate::notify::scheduler::{Attempt, Desk, Post, Scheduler};

use crate::support::letters::{message, monday, warning};

/// One tenant of the made-up ledger: at each wake one message, again an hour after a failure.
#[derive(Default)]
pub(crate) struct Tenant {
    pub(crate) wakes: Vec<Instant>,
    pub(crate) attempts: u32,
    pub(crate) broken: bool,
    pub(crate) restless: bool,
    pub(crate) delivered: u32,
}

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) tenants: BTreeMap<String, Tenant>,
    /// What happened, in order: `(when, what)`.
    pub(crate) log: Vec<(Instant, String)>,
    pub(crate) receipts: Vec<(RecordId, NoticeReceipt)>,
    pub(crate) refuse_receipts: u32,
    pub(crate) unwanted: bool,
    pub(crate) elsewhere: bool,
    pub(crate) beats: Vec<Instant>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) books: Arc<Mutex<Books>>,
    pub(crate) clock: Clock,
}

impl Fake {
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Books, Instant) -> T) -> T {
        act(&mut self.books.lock().unwrap(), self.clock.now())
    }
}

impl Desk for Fake {
    type Error = String;
    type Ticket = ();

    async fn due(&self, now: Instant, limit: usize) -> Result<Vec<(TenantId, Instant)>, String> {
        Ok(self.with(|books, _| {
            let mut due: Vec<(TenantId, Instant)> = books
                .tenants
                .iter()
                .filter_map(|(id, tenant)| Some((id.parse().ok()?, *tenant.wakes.first()?)))
                .filter(|(_, wake)| *wake <= now)
                .collect();
            due.sort_by_key(|(_, wake)| *wake);
            due.truncate(limit);
            due
        }))
    }

    async fn claim(&self, _: &TenantId, lasts: Duration) -> Result<bool, String> {
        assert!(lasts > ambergate::notify::email::SEND_WITHIN);
        Ok(self.with(|books, _| !books.elsewhere))
    }

    async fn advance(&self, tenant: &TenantId) -> Result<Vec<MessageId>, String> {
        self.with(|books, now| {
            let known = books.tenants.get_mut(tenant.as_str()).unwrap();
            if known.broken {
                return Err("its account cannot be read".to_owned());
            }
            if !known.restless {
                known.wakes.retain(|wake| *wake > now);
            }
            books.log.push((now, format!("advance {tenant}")));
            Ok(vec![message(tenant.as_str())])
        })
    }

    async fn try_message(
        &self,
        tenant: &TenantId,
        _: MessageId,
    ) -> Result<Option<Attempt<()>>, String> {
        self.with(|books, now| {
            let known = books.tenants.get_mut(tenant.as_str()).unwrap();
            known.attempts += 1;
            let number = known.attempts;
            books.log.push((now, format!("try {tenant} {number}")));
            let mut letter = warning(tenant.as_str(), &format!("{tenant}@example.org"));
            letter.tenant = tenant.to_string();
            Ok(Some(Attempt { number, role: Role::Billing, letter, ticket: () }))
        })
    }

    async fn still_wanted(&self, (): &()) -> Result<bool, String> {
        Ok(self.with(|books, _| !books.unwanted))
    }

    async fn take_receipt(
        &self,
        tenant: &TenantId,
        id: RecordId,
        receipt: NoticeReceipt,
    ) -> Result<(), String> {
        self.with(|books, now| {
            if books.refuse_receipts > 0 {
                books.refuse_receipts -= 1;
                return Err("the store is gone".to_owned());
            }
            let known = books.tenants.get_mut(tenant.as_str()).unwrap();
            match receipt.kind {
                ReceiptKind::Accepted => known.delivered += 1,
                _ => known.wakes.insert(0, now.plus_millis(HOUR)),
            }
            books.log.push((now, format!("{} {tenant}", receipt.kind.word())));
            books.receipts.push((id, receipt));
            Ok(())
        })
    }

    async fn beat(&self) -> Result<(), String> {
        self.with(|books, now| books.beats.push(now));
        Ok(())
    }

    async fn drain_inbox(&self) -> Result<usize, String> {
        Ok(0)
    }

    fn is_away(_: &String) -> bool {
        false
    }
}

/// A post whose outcomes are given beforehand, then all is accepted.
#[derive(Clone, Default)]
pub(crate) struct Van {
    pub(crate) outcomes: Arc<Mutex<VecDeque<Outcome>>>,
    pub(crate) carried: Arc<Mutex<Vec<String>>>,
    pub(crate) at_once: Arc<Mutex<(usize, usize)>>,
}

impl Post for Van {
    async fn deliver(
        &self,
        letter: &Letter,
        _: Instant,
        wanted: impl Future<Output = bool> + Send,
    ) -> Outcome {
        if !wanted.await {
            return Outcome::Withdrawn;
        }
        {
            let mut at_once = self.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        tokio::task::yield_now().await;
        self.at_once.lock().unwrap().0 -= 1;
        self.carried.lock().unwrap().push(letter.recipient.clone());
        let given = self.outcomes.lock().unwrap().pop_front();
        given.unwrap_or(Outcome::Accepted("ok".to_owned()))
    }
}

struct World {
    fake: Fake,
    van: Van,
    pub(crate) clock: Clock,
    scheduler: Arc<Scheduler<Fake, Van>>,
}

fn world(tenants: &[(&str, &[i64])]) -> World {
    let clock = Clock::standing(monday());
    let fake = Fake { books: Arc::default(), clock: clock.clone() };
    fake.with(|books, now| {
        for (id, wakes) in tenants {
            let wakes = wakes.iter().map(|after| now.plus_millis(*after)).collect();
            books.tenants.insert((*id).to_owned(), Tenant { wakes, ..Tenant::default() });
        }
    });
    let van = Van::default();
    let scheduler = Scheduler::new(fake.clone(), Some(van.clone()), clock.clone());
    World { fake, van, clock, scheduler }
}

impl World {
    fn log(&self) -> Vec<(i64, String)> {
        let start = monday().millis();
        self.fake.with(|books, _| {
            books.log.iter().map(|(at, what)| (at.millis() - start, what.clone())).collect()
        })
    }

    fn delivered(&self, tenant: &str) -> u32 {
        self.fake.with(|books, _| books.tenants[tenant].delivered)
    }
}

#[tokio::test]
async fn only_what_is_due_is_done() {
    let world = world(&[("acme", &[0]), ("later", &[DAY])]);
    world.scheduler.settle().await.unwrap();
    assert_eq!(
        world.log(),
        [
            (0, "advance acme".to_owned()),
            (0, "try acme 1".to_owned()),
            (0, "accepted acme".to_owned())
        ]
    );
    assert_eq!(world.delivered("later"), 0);
}

#[tokio::test]
async fn time_passes_through_every_wake_in_order() {
    let world = world(&[("acme", &[HOUR, 3 * DAY]), ("bolt", &[2 * DAY, 9 * DAY])]);
    let target = monday().plus_millis(7 * DAY);
    world.scheduler.pass_until(target).await.unwrap();
    assert_eq!(world.clock.now(), target);
    let tried: Vec<(i64, String)> =
        world.log().into_iter().filter(|(_, what)| what.starts_with("try")).collect();
    assert_eq!(
        tried,
        [
            (HOUR, "try acme 1".to_owned()),
            (2 * DAY, "try bolt 1".to_owned()),
            (3 * DAY, "try acme 2".to_owned()),
        ]
    );
    assert!(world.fake.with(|books, _| books.beats.contains(&target)));
}

#[tokio::test]
async fn a_jump_does_all_of_it_at_the_end() {
    let world = world(&[("acme", &[HOUR, 3 * DAY])]);
    let target = monday().plus_millis(9 * DAY);
    world.scheduler.jump_to(target).await.unwrap();
    assert_eq!(world.clock.now(), target);
    assert!(world.log().iter().all(|(at, _)| *at == 9 * DAY), "{:?}", world.log());
    assert_eq!(world.delivered("acme"), 1);
}

#[tokio::test]
async fn each_outcome_becomes_its_receipt_under_a_derived_id() {
    let world = world(&[("acme", &[0])]);
    world.van.outcomes.lock().unwrap().extend([
        Outcome::Deferred("450 greylisted".to_owned()),
        Outcome::Maybe("line broke".to_owned()),
    ]);
    world.scheduler.pass_until(monday().plus_millis(3 * HOUR)).await.unwrap();
    let receipts = world.fake.with(|books, _| books.receipts.clone());
    let mut ids = std::collections::HashSet::new();
    let mut kinds = Vec::new();
    for (id, receipt) in receipts {
        assert_eq!(receipt.message, Some(message("acme")));
        assert_eq!(receipt.mailbox.as_deref(), Some("acme@example.org"));
        ids.insert(id);
        kinds.push((receipt.kind, receipt.attempt, receipt.detail));
    }
    assert_eq!(
        kinds,
        [
            (ReceiptKind::Deferred, Some(1), Some("450 greylisted".to_owned())),
            (ReceiptKind::Failed, Some(2), Some("it may have left: line broke".to_owned())),
            (ReceiptKind::Accepted, Some(3), Some("ok".to_owned())),
        ]
    );
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_receipt_that_could_not_be_taken_is_handed_in_again() {
    let world = world(&[("acme", &[0])]);
    world.fake.with(|books, _| books.refuse_receipts = 1);
    world.scheduler.settle().await.unwrap();
    assert_eq!(world.delivered("acme"), 0);
    world.scheduler.settle().await.unwrap();
    assert_eq!(world.delivered("acme"), 1);
    assert_eq!(world.van.carried.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_fell_away_meanwhile_does_not_leave() {
    let world = world(&[("acme", &[0])]);
    world.fake.with(|books, _| books.unwanted = true);
    world.scheduler.settle().await.unwrap();
    assert!(world.van.carried.lock().unwrap().is_empty());
    let kinds = world.fake.with(|books, _| books.receipts[0].1.kind);
    assert_eq!(kinds, ReceiptKind::Deferred);
}

#[tokio::test]
async fn a_broken_tenant_holds_up_nobody_and_is_looked_at_less_and_less() {
    let mut tenants: Vec<(String, Vec<i64>)> =
        (0..100).map(|n| (format!("broken-{n:03}"), vec![0])).collect();
    tenants.push(("well".to_owned(), vec![MINUTE]));
    let tenants: Vec<(&str, &[i64])> =
        tenants.iter().map(|(id, wakes)| (id.as_str(), wakes.as_slice())).collect();
    let world = world(&tenants);
    world.fake.with(|books, _| {
        books.tenants.values_mut().take(100).for_each(|tenant| tenant.broken = true);
    });
    let target = monday().plus_millis(DAY);
    tokio::time::timeout(Duration::from_secs(20), world.scheduler.pass_until(target))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(world.clock.now(), target);
    assert_eq!(world.delivered("well"), 1);
}

#[tokio::test]
async fn a_tenant_that_never_rests_is_set_aside() {
    let world = world(&[("restless", &[0]), ("well", &[0])]);
    world.fake.with(|books, _| books.tenants.get_mut("restless").unwrap().restless = true);
    tokio::time::timeout(Duration::from_secs(20), world.scheduler.settle()).await.unwrap().unwrap();
    assert_eq!(world.delivered("well"), 1);
    assert!(world.delivered("restless") <= 64);
}

#[tokio::test]
async fn many_are_sent_side_by_side_but_not_too_many() {
    let ids: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let tenants: Vec<(&str, &[i64])> = ids.iter().map(|id| (id.as_str(), &[0][..])).collect();
    let world = world(&tenants);
    world.scheduler.settle().await.unwrap();
    assert_eq!(world.van.carried.lock().unwrap().len(), 200);
    let most = world.van.at_once.lock().unwrap().1;
    assert!(most > 1 && most <= 16, "{most}");
}

#[tokio::test]
async fn what_another_replica_works_on_is_left_to_it() {
    let world = world(&[("acme", &[0])]);
    world.fake.with(|books, _| books.elsewhere = true);
    world.scheduler.settle().await.unwrap();
    assert!(world.log().is_empty());
    world.fake.with(|books, _| books.elsewhere = false);
    world.scheduler.pass_until(monday().plus_millis(MINUTE)).await.unwrap();
    assert_eq!(world.delivered("acme"), 1);
}

#[tokio::test(start_paused = true)]
async fn it_follows_the_clock_and_ends_when_told() {
    let world = world(&[("acme", &[HOUR])]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let scheduler = world.scheduler.clone();
    let following = tokio::spawn(async move {
        scheduler.follow(async move { drop(stopped.await) }).await;
    });
    world.clock.set(monday().plus_millis(HOUR));
    world.scheduler.tell();
    while world.delivered("acme") == 0 {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    following.await.unwrap();
}

#[tokio::test]
async fn held_messages_are_not_tried_and_hold_up_nothing() {
    let world = world(&[("acme", &[0])]);
    world.fake.with(|books, _| books.tenants.get_mut("acme").unwrap().restless = true);
    let held = Scheduler::<Fake, Van>::new(world.fake.clone(), None, world.clock.clone());
    let target = monday().plus_millis(HOUR);
    held.pass_until(target).await.unwrap();
    assert_eq!(world.clock.now(), target);
    let log = world.log();
    assert!(log.iter().all(|(_, what)| what == "advance acme"), "{log:?}");
    assert_eq!(log.len(), 5);
}
