//! What the store in one file promises besides the contract.

use ambergate::clock::Clock;
use ambergate::domain::time::Instant;
use ambergate::store::embedded::Embedded;
use ambergate::store::{Condition, Store, StoreError, Switch};
use redb::ReadableTable as _;

use crate::world::{EmbeddedWorld, START, World, add, incarnation, record, records, step, tenant};

#[tokio::test]
async fn a_file_opened_again_has_everything() {
    let world = EmbeddedWorld::ready().await;
    let (store, acme) = (world.store(), tenant("acme"));
    let mut commit = step(store, &acme, None, &[record(1)]).await;
    commit.wake = Some(Instant::from_millis(START));
    commit.entries = vec![b"{\"n\":1}".to_vec(), b"{\"n\":2}".to_vec()];
    let sequence = store.commit(commit.clone()).await.unwrap();
    store.append(vec![b"{\"n\":3}".to_vec()]).await.unwrap();
    store.submit(b"{}".to_vec()).await.unwrap();
    let open = Switch { open: true, ..Switch::default() };
    store.set_switch(&Switch::default(), open.clone()).await.unwrap();
    let before = store.condition().await.unwrap();

    let world = world.reopen();
    let store = world.store();
    assert_eq!(store.condition().await.unwrap(), before);
    assert_eq!(store.load(&acme).await.unwrap(), Some(commit.stored));
    assert_eq!(store.grant(&acme).await.unwrap(), (Some(commit.grant), sequence));
    assert_eq!(store.next_wake().await.unwrap(), Some(Instant::from_millis(START)));
    assert_eq!(store.switch().await.unwrap(), open);
    assert_eq!(store.inbox(9).await.unwrap().len(), 1);
    let entries: Vec<_> = store.entries(0, 9).unwrap();
    let texts: Vec<&[u8]> = entries.iter().map(|(_, entry)| entry.as_slice()).collect();
    assert_eq!(texts, [b"{\"n\":1}", b"{\"n\":2}", b"{\"n\":3}"]);
    assert_eq!(store.entries(entries[1].0, 1).unwrap(), entries[1..2]);
}

#[tokio::test]
async fn a_refused_commit_journals_nothing() {
    let world = EmbeddedWorld::ready().await;
    let (store, acme) = (world.store(), tenant("acme"));
    add(store, &acme, record(1)).await;
    let mut late = step(store, &acme, None, &[record(2)]).await;
    late.entries = vec![b"{\"never\":true}".to_vec()];
    assert_eq!(store.commit(late).await, Err(StoreError::Conflict));
    assert_eq!(store.entries(0, 9).unwrap(), []);
}

#[tokio::test]
async fn a_reset_keeps_the_journal_and_the_switch() {
    let world = EmbeddedWorld::ready().await;
    let (store, acme) = (world.store(), tenant("acme"));
    let mut commit = step(store, &acme, None, &[record(1)]).await;
    commit.entries = vec![b"{\"n\":1}".to_vec()];
    store.commit(commit).await.unwrap();
    store.set_switch(&Switch::default(), Switch { open: true, ..Switch::default() }).await.unwrap();
    store.reset().await.unwrap();
    assert_eq!(records(store, &acme).await.0, []);
    assert_eq!(store.entries(0, 9).unwrap().len(), 1);
    assert!(store.switch().await.unwrap().open);

    // A rebuild that was cut off goes on as a recovery.
    let world = world.reopen();
    let store = world.store();
    assert!(matches!(store.condition().await.unwrap(), Condition::Recovering(_)));
    let current = incarnation(store).await;
    assert_eq!(store.recovered(&current).await, Ok(true));
}

#[tokio::test]
async fn a_second_opener_is_told_who_has_the_file() {
    let world = EmbeddedWorld::ready().await;
    let path = world.folder.path().join("ambergate.db");
    let error = Embedded::open(&path, Clock::system()).unwrap_err().to_string();
    assert!(error.contains("another process") && error.contains("ambergate.db"), "{error}");
}

#[tokio::test]
async fn a_newer_layout_and_another_tenants_value_are_refused() {
    let world = EmbeddedWorld::ready().await;
    let acme = tenant("acme");
    add(world.store(), &acme, record(1)).await;
    add(world.store(), &tenant("globex"), record(1)).await;
    let folder = world.close();
    let path = folder.path().join("ambergate.db");
    let table = |name| redb::TableDefinition::<&[u8], &[u8]>::new(name);
    let copy = |name: &'static str, from: &[u8], to: &[u8]| {
        let database = redb::Database::open(&path).unwrap();
        let txn = database.begin_write().unwrap();
        {
            let mut table = txn.open_table(table(name)).unwrap();
            let value = table.get(from).unwrap().unwrap().value().to_vec();
            table.insert(to, value.as_slice()).unwrap();
        }
        txn.commit().unwrap();
    };
    for name in ["accounts", "grants", "words", "rows"] {
        copy(name, b"globex", b"acme");
    }
    let store = Embedded::open(&path, Clock::system()).unwrap();
    let told = [
        store.load(&acme).await.unwrap_err(),
        store.grant(&acme).await.unwrap_err(),
        store.words(&acme).await.unwrap_err(),
        store.rows(None, 9).await.unwrap_err(),
    ];
    for error in told {
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains("belongs to tenant globex"), "{error}");
    }
    drop(store);

    let database = redb::Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(table("meta")).unwrap().insert(b"layout".as_slice(), [9].as_slice()).unwrap();
    txn.commit().unwrap();
    drop(database);
    let error = Embedded::open(&path, Clock::system()).unwrap_err().to_string();
    assert!(error.contains("newer ambergate"), "{error}");
}
