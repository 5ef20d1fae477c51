//! The contract, where something is lost: what a recovery is, and what is not lost with an account.

use ambergate::store::{
    Change, Condition, SHARDS, Store, StoreError, Unjournaled, outbox_name, shard_of,
};

use crate::contract::{contract, heard};
use crate::world::{World, add, applied, incarnation, record, step, tenant};

contract!(
    a_loss_is_a_recovery_that_waits_for_journals,
    while_it_recovers_a_store_tells_no_standing,
    entries_are_in_the_outbox_until_they_are_journaled,
    a_reset_asks_every_journal_it_knew,
    positions_of_journals_only_go_forward,
);

async fn a_loss_is_a_recovery_that_waits_for_journals<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let Condition::Ready(before) = store.condition().await.unwrap() else {
        panic!("a store under test begins ready");
    };
    add(store, &acme, record(1)).await;
    let sequence = store.grant(&acme).await.unwrap().1;

    world.lose().await;
    let Condition::Recovering(after) = store.condition().await.unwrap() else {
        panic!("a store that lost its data recovers");
    };
    assert_ne!(before, after);
    assert_eq!(incarnation(store).await, after, "asking again changes nothing");
    assert_eq!(store.grant(&acme).await, Err(StoreError::Recovering));
    assert_eq!(store.load(&acme).await.unwrap(), None);
    assert_eq!(store.recovered(&before).await, Err(StoreError::OtherIncarnation));

    // Facts are replayed while it recovers, under the new incarnation.
    store.register_journal("one").await.unwrap();
    store.register_journal("two").await.unwrap();
    add(store, &acme, record(1)).await;
    let beats = store.beats().await.unwrap();
    let now = beats[usize::from(shard_of(&acme))].0;
    assert!(now > sequence, "a sequence never comes twice");
    assert_eq!(store.recovered(&after).await, Ok(false));
    store.journal_applied(&after, "one").await.unwrap();
    store.register_journal("one").await.unwrap();
    assert_eq!(store.recovered(&after).await, Ok(false));
    let known = [("one".to_owned(), true), ("two".to_owned(), false)];
    assert_eq!(store.journals().await.unwrap(), known);
    assert_eq!(store.condition().await.unwrap(), Condition::Recovering(after.clone()));
    store.journal_applied(&after, "two").await.unwrap();
    assert_eq!(store.recovered(&after).await, Ok(true));
    assert_eq!(store.condition().await.unwrap(), Condition::Ready(after));
    assert_eq!(store.grant(&tenant("globex")).await.unwrap().0, None);

    // The next loss asks the journals again.
    world.lose().await;
    let next = incarnation(store).await;
    store.register_journal("one").await.unwrap();
    assert_eq!(store.recovered(&next).await, Ok(false));

    // What was applied to the store before counts for nothing in this one.
    let after = match store.journal_applied(&before, "one").await {
        Err(StoreError::OtherIncarnation) => store.applied("one").await.unwrap(),
        other => panic!("{other:?}"),
    };
    let late = store.set_applied(&before, "one", &[9; SHARDS as usize]).await;
    assert_eq!(late, Err(StoreError::OtherIncarnation));
    assert_eq!(store.applied("one").await.unwrap(), after);
    assert_eq!(store.recovered(&next).await, Ok(false));
}

async fn while_it_recovers_a_store_tells_no_standing<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    add(store, &acme, record(1)).await;
    let mut watch = store.watch().await.unwrap();
    world.lose().await;
    let after = incarnation(store).await;
    add(store, &acme, record(2)).await;
    assert_eq!(store.grant(&acme).await, Err(StoreError::Recovering));
    assert_eq!(store.words(&acme).await, Err(StoreError::Recovering));
    assert_eq!(store.recovered(&after).await, Ok(true));
    let (grant, sequence) = store.grant(&acme).await.unwrap();
    assert!(grant.is_some() && store.words(&acme).await.unwrap().is_some());
    // The first that watchers hear is a sign of life, with a sequence that they do not know.
    store.beat().await.unwrap();
    loop {
        match heard(&mut watch).await {
            Change::Grant { grant, .. } => panic!("told while it recovered: {grant:?}"),
            Change::Beat { shard, sequence: told, .. } if shard == shard_of(&acme) => {
                assert_eq!(told, sequence);
                break;
            }
            _ => {}
        }
    }
    add(store, &acme, record(3)).await;
    while !matches!(heard(&mut watch).await, Change::Grant { .. }) {}
}

async fn entries_are_in_the_outbox_until_they_are_journaled<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let lines = vec![b"{\"n\":1}".to_vec(), b"{\"n\":2}".to_vec()];
    let mut first = step(store, &acme, None, &[record(1)]).await;
    first.entries.clone_from(&lines);
    store.commit(first.clone()).await.unwrap();
    let mut late = step(store, &acme, None, &[record(2)]).await;
    late.entries = vec![b"{\"never\":0}".to_vec()];
    assert_eq!(store.commit(late).await, Err(StoreError::Conflict));
    add(store, &acme, record(3)).await;
    let name = outbox_name(&acme, first.stored.digest);
    // A store that keeps the journal itself has them there.
    let kept = if W::JOURNALS {
        Vec::new()
    } else {
        vec![Unjournaled { name: name.clone(), entries: lines }]
    };
    assert_eq!(store.outbox().await.unwrap(), kept);
    store.reset().await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), kept);
    store.journaled(&[name.clone(), name, "nothing".to_owned()]).await.unwrap();
    store.journaled(&[]).await.unwrap();
    assert_eq!(store.outbox().await.unwrap(), []);
}

async fn a_reset_asks_every_journal_it_knew<W: World>(world: W) {
    let store = world.store();
    store.register_journal("mine").await.unwrap();
    store.reset().await.unwrap();
    assert_eq!(store.journals().await.unwrap(), [("mine".to_owned(), false)]);
    let after = incarnation(store).await;
    assert_eq!(store.recovered(&after).await, Ok(false));
    // One that will never come back is not waited for.
    store.unregister_journal("mine").await.unwrap();
    store.unregister_journal("mine").await.unwrap();
    assert_eq!(store.journals().await.unwrap(), []);
    assert_eq!(store.recovered(&after).await, Ok(true));
}

async fn positions_of_journals_only_go_forward<W: World>(world: W) {
    let (store, acme) = (world.store(), tenant("acme"));
    let shard = usize::from(shard_of(&acme));
    let mut commit = step(store, &acme, None, &[record(1)]).await;
    commit.applied = applied("mine", 7);
    store.commit(commit.clone()).await.unwrap();
    let mut expected = vec![0; usize::from(SHARDS)];
    expected[shard] = 7;
    assert_eq!(store.applied("mine").await.unwrap(), expected);
    assert!(store.applied("other").await.unwrap().iter().all(|position| *position == 0));

    // Compared as numbers, not as texts.
    let current = incarnation(store).await;
    let positions = vec![999_999_999; usize::from(SHARDS)];
    store.set_applied(&current, "mine", &positions).await.unwrap();
    store.set_applied(&current, "mine", &vec![12; usize::from(SHARDS)]).await.unwrap();
    assert_eq!(store.applied("mine").await.unwrap(), positions);
    let mut again = step(store, &acme, Some(commit.stored.digest), &[record(2)]).await;
    again.applied = applied("mine", 1_000);
    store.commit(again).await.unwrap();
    assert_eq!(store.applied("mine").await.unwrap(), positions);
}
