//! The contract, one test a promise, run for every store.

use std::time::Duration;

use ambergate::domain::time::Instant;
use ambergate::store::{
    Alias, Change, Parked, SHARDS, Store, StoreError, Switch, Version, Watch, shard_of,
};

use crate::world::{START, World, add, applied, neighbour, record, records, step, tenant};

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(<crate::world::MemoryWorld as super::World>::ready().await).await;
            })*
        }

        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(<crate::world::EmbeddedWorld as super::World>::ready().await).await;
            })*
        }

        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(<crate::server::RedisWorld as super::World>::ready().await).await;
            })*
        }
    };
}

pub(crate) use contract;

contract!(
    what_is_committed_is_read,
    a_stale_digest_is_a_conflict_and_writes_nothing,
    another_incarnation_is_refused_and_writes_nothing,
    a_step_about_two_tenants_is_refused,
    wakes_come_in_order,
    rows_are_paged_by_name,
    the_inbox_keeps_its_order_until_settled,
    watchers_hear_commits_in_sequence,
    beats_and_the_switch_are_told,
    the_switch_is_compared_and_set,
    versions_and_parked_events_are_kept_once,
    a_lease_has_one_holder,
    a_name_is_the_newest_tenants,
    concurrent_committers_lose_nothing,
);

async fn what_is_committed_is_read<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    assert_eq!(store.grant(&acme).await.unwrap().0, None);
    assert_eq!(store.words(&acme).await.unwrap(), None);
    assert_eq!(store.load(&acme).await.unwrap(), None);
    let before = store.grant(&acme).await.unwrap().1;

    let commit = step(store, &acme, None, &[record(1)]).await;
    let sequence = store.commit(commit.clone()).await.unwrap();
    assert_eq!(sequence, before + 1);
    assert_eq!(store.load(&acme).await.unwrap(), Some(commit.stored));
    assert_eq!(store.grant(&acme).await.unwrap(), (Some(commit.grant), sequence));
    assert_eq!(store.words(&acme).await.unwrap(), Some(commit.words));
    assert_eq!(store.rows(None, 10).await.unwrap(), [commit.row]);
    let beats = store.beats().await.unwrap();
    assert_eq!(beats.len(), usize::from(SHARDS));
    assert_eq!(beats[usize::from(shard_of(&acme))].0, sequence);
}

async fn a_stale_digest_is_a_conflict_and_writes_nothing<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let first = step(store, &acme, None, &[record(1)]).await;
    let sequence = store.commit(first.clone()).await.unwrap();

    let digest = ambergate::store::form::digest_of(b"never was");
    for expected in [None, Some(digest)] {
        let mut late = step(store, &acme, expected, &[record(1), record(2)]).await;
        late.wake = Some(Instant::from_millis(START));
        late.applied = applied("j", 9);
        late.row.name = Some("Other".to_owned());
        assert_eq!(store.commit(late).await, Err(StoreError::Conflict));
    }
    assert_eq!(store.load(&acme).await.unwrap(), Some(first.stored));
    assert_eq!(store.grant(&acme).await.unwrap(), (Some(first.grant), sequence));
    assert_eq!(store.rows(None, 10).await.unwrap(), [first.row]);
    assert_eq!(store.next_wake().await.unwrap(), None);
    assert!(store.applied("j").await.unwrap().iter().all(|position| *position == 0));
}

async fn another_incarnation_is_refused_and_writes_nothing<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let commit = step(store, &acme, None, &[record(1)]).await;
    world.lose().await;
    assert_eq!(store.commit(commit).await, Err(StoreError::OtherIncarnation));
    assert_eq!(store.load(&acme).await.unwrap(), None);
    assert_eq!(store.rows(None, 10).await.unwrap(), []);
}

async fn a_step_about_two_tenants_is_refused<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let good = step(store, &acme, None, &[record(1)]).await;
    let globex = step(store, &tenant("globex"), None, &[record(1)]).await;
    let mut wrong = vec![good; 4];
    wrong[0].grant = globex.grant;
    wrong[1].words = globex.words;
    wrong[2].row = globex.row;
    wrong[3].stored = globex.stored;
    for commit in wrong {
        let error = store.commit(commit).await.unwrap_err();
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains("globex"), "{error}");
    }
    assert_eq!(store.load(&acme).await.unwrap(), None);
}

async fn wakes_come_in_order<W: World>(world: W) {
    let store = world.store();
    let at = |n: i64| Instant::from_millis(START + n);
    assert_eq!(store.next_wake().await.unwrap(), None);
    for (name, wake) in [("c", 30), ("a", 10), ("b", 20), ("d", -5)] {
        let mut commit = step(store, &tenant(name), None, &[record(1)]).await;
        commit.wake = Some(at(wake));
        store.commit(commit).await.unwrap();
    }
    assert_eq!(store.next_wake().await.unwrap(), Some(at(-5)));
    let due = store.due(at(20), 10).await.unwrap();
    let expected = [(tenant("d"), at(-5)), (tenant("a"), at(10)), (tenant("b"), at(20))];
    assert_eq!(due, expected);
    assert_eq!(store.due(at(20), 2).await.unwrap(), expected[..2]);
    assert_eq!(store.due(at(-6), 10).await.unwrap(), []);

    // A later commit moves its wake, or takes it away.
    for (name, wake) in [("d", Some(at(40))), ("a", None)] {
        let (_, digest) = records(store, &tenant(name)).await;
        let mut commit = step(store, &tenant(name), digest, &[record(2)]).await;
        commit.wake = wake;
        store.commit(commit).await.unwrap();
    }
    let due = store.due(at(100), 10).await.unwrap();
    let expected = [(tenant("b"), at(20)), (tenant("c"), at(30)), (tenant("d"), at(40))];
    assert_eq!(due, expected);
}

async fn rows_are_paged_by_name<W: World>(world: W) {
    let store = world.store();
    let mut names: Vec<String> = (0..25).map(|n| format!("t{n}")).collect();
    names.extend(["é".to_owned(), "Ze".to_owned()]);
    for name in &names {
        add(store, &tenant(name), record(1)).await;
    }
    names.sort();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map(|name| tenant(name));
        let page = store.rows(after.as_ref(), 10).await.unwrap();
        assert!(page.len() <= 10);
        if page.is_empty() {
            break;
        }
        seen.extend(page.iter().map(|row| row.tenant.as_str().to_owned()));
    }
    assert_eq!(seen, names);
}

async fn the_inbox_keeps_its_order_until_settled<W: World>(world: W) {
    let store = world.store();
    let event = |n: usize| format!("{{\"n\":{n}}}").into_bytes();
    for n in 0..5 {
        store.submit(event(n)).await.unwrap();
    }
    let first = store.inbox(2).await.unwrap();
    assert_eq!(
        first.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(),
        [event(0), event(1)]
    );
    let names: Vec<String> = first.into_iter().map(|(name, _)| name).collect();
    store.settle(&names).await.unwrap();
    store.settle(&names).await.unwrap();
    store.settle(&["0-never".to_owned()]).await.unwrap();
    let rest = store.inbox(10).await.unwrap();
    assert_eq!(
        rest.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(),
        [event(2), event(3), event(4)]
    );
    store.settle(&rest.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(store.inbox(10).await.unwrap(), []);

    // A name is never given twice: an old one settles nothing new.
    store.submit(event(9)).await.unwrap();
    store.settle(&names).await.unwrap();
    assert_eq!(store.inbox(10).await.unwrap().len(), 1);
}

pub(crate) async fn heard<T: Watch>(watch: &mut T) -> Change {
    tokio::time::timeout(Duration::from_secs(10), watch.next()).await.expect("a change in time")
}

async fn watchers_hear_commits_in_sequence<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let other = neighbour(&acme);
    add(store, &acme, record(0)).await;
    let mut watch = store.watch().await.unwrap();
    let mut last = store.grant(&acme).await.unwrap().1;
    for n in 1..10 {
        add(store, &acme, record(n)).await;
        add(store, &other, record(n)).await;
    }
    let mut told = Vec::new();
    while told.len() < 18 {
        if let Change::Grant { shard, sequence, grant } = heard(&mut watch).await {
            assert_eq!((shard, sequence), (shard_of(&acme), last + 1));
            last = sequence;
            told.push(grant);
        }
    }
    for (who, grant) in [(&acme, &told[16]), (&other, &told[17])] {
        assert_eq!(grant.tenant, *who);
        assert_eq!(store.grant(who).await.unwrap().0.as_ref(), Some(&**grant));
    }
}

async fn beats_and_the_switch_are_told<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    add(store, &acme, record(1)).await;
    let sequence = store.grant(&acme).await.unwrap().1;
    let mut watch = store.watch().await.unwrap();
    let before = store.now().await.unwrap();
    store.beat().await.unwrap();
    let mut shards = Vec::new();
    while shards.len() < usize::from(SHARDS) {
        if let Change::Beat { shard, sequence: told, at } = heard(&mut watch).await {
            assert!(at >= before, "{at} is before {before}");
            assert!(shard != shard_of(&acme) || told == sequence);
            shards.push(shard);
        }
    }
    shards.sort_unstable();
    assert_eq!(shards, (0..SHARDS).collect::<Vec<_>>());
    assert!(store.beats().await.unwrap().iter().all(|(_, at)| at.is_some_and(|at| at >= before)));

    let open = Switch { open: true, reason: Some("drill".to_owned()), ..Switch::default() };
    store.set_switch(&Switch::default(), open.clone()).await.unwrap();
    loop {
        if let Change::Switch(told) = heard(&mut watch).await {
            assert_eq!(told, open);
            return;
        }
    }
}

async fn the_switch_is_compared_and_set<W: World>(world: W) {
    let store = world.store();
    assert_eq!(store.switch().await.unwrap(), Switch::default());
    let open = Switch {
        open: true,
        reason: Some("drill".to_owned()),
        by: Some("ann".to_owned()),
        at: Some(Instant::from_millis(START)),
        generation: 0,
        enforced: false,
        canary: Some(1_000),
    };
    let never_set = Switch::default();
    store.set_switch(&never_set, open.clone()).await.unwrap();
    assert_eq!(store.switch().await.unwrap(), open);
    // Of the same generation, and opened meanwhile: that is not undone unseen.
    let raised = Switch { generation: 1, ..never_set.clone() };
    assert_eq!(store.set_switch(&never_set, raised).await, Err(StoreError::Conflict));
    let closed = Switch { open: false, generation: 1, ..open.clone() };
    store.set_switch(&open, closed.clone()).await.unwrap();
    assert_eq!(store.set_switch(&never_set, open).await, Err(StoreError::Conflict));
    assert_eq!(store.switch().await.unwrap(), closed);
    let enforced = Switch { enforced: true, ..closed.clone() };
    store.set_switch(&closed, enforced.clone()).await.unwrap();
    assert_eq!(store.set_switch(&closed, closed.clone()).await, Err(StoreError::Conflict));
    assert_eq!(store.switch().await.unwrap(), enforced);
}

async fn versions_and_parked_events_are_kept_once<W: World>(world: W) {
    let store = world.store();
    let version = |hash: &str, at: i64| Version {
        kind: "policy".to_owned(),
        name: "standard".to_owned(),
        hash: hash.to_owned(),
        text: format!("text of {hash}"),
        at: Instant::from_millis(START + at),
    };
    for version in [version("b", 1), version("a", 2), version("b", 3), version("c", 0)] {
        store.publish(version).await.unwrap();
    }
    let expected = [version("c", 0), version("b", 1), version("a", 2)];
    assert_eq!(store.versions().await.unwrap(), expected);

    let parked = |id: &str, at: i64| Parked {
        id: id.to_owned(),
        event: serde_json::json!({"type": "ambergate.payment.received", "n": at}),
        reason: "no such tenant".to_owned(),
        money: true,
        at: Instant::from_millis(START + at),
    };
    assert!(store.park(parked("y", 1)).await.unwrap());
    assert!(store.park(parked("x", 2)).await.unwrap());
    assert!(!store.park(parked("y", 3)).await.unwrap());
    assert_eq!(store.parked().await.unwrap(), [parked("y", 1), parked("x", 2)]);
    store.unpark("y").await.unwrap();
    store.unpark("y").await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [parked("x", 2)]);
}

async fn a_lease_has_one_holder<W: World>(world: W) {
    let store = world.store();
    assert!(store.lease("scheduler", "one", 200).await.unwrap());
    assert!(!store.lease("scheduler", "two", 200).await.unwrap());
    assert!(store.lease("inbox", "two", 60_000).await.unwrap());
    assert!(store.lease("scheduler", "one", 200).await.unwrap());
    world.pass(250).await;
    assert!(store.lease("scheduler", "two", 60_000).await.unwrap());
    assert!(!store.lease("scheduler", "one", 200).await.unwrap());
}

async fn a_name_is_the_newest_tenants<W: World>(world: W) {
    let store = world.store();
    let alias = |tenant_name: &str| Alias {
        name: "stripe:cus_1".to_owned(),
        tenant: tenant(tenant_name),
        at: Instant::from_millis(START),
    };
    assert_eq!(store.alias("stripe:cus_1").await.unwrap(), None);
    for name in ["acme", "globex"] {
        store.set_alias(alias(name)).await.unwrap();
        assert_eq!(store.alias("stripe:cus_1").await.unwrap(), Some(alias(name)));
    }
    assert_eq!(store.alias("stripe:cus_2").await.unwrap(), None);
}

async fn concurrent_committers_lose_nothing<W: World>(world: W) {
    let acme = tenant("acme");
    let committers: Vec<_> = (0..8)
        .map(|committer| {
            let (store, acme) = (world.store().clone(), acme.clone());
            tokio::spawn(async move {
                for n in 0..12 {
                    add(&store, &acme, record(committer * 100 + n)).await;
                }
            })
        })
        .collect();
    for committer in committers {
        committer.await.unwrap();
    }
    let (kept, _) = records(world.store(), &acme).await;
    assert_eq!(kept.len(), 8 * 12);
}
