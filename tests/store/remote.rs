//! What the store on a server promises besides the contract, against a real server.

use std::time::{Duration, Instant as Stopwatch};

use ambergate::store::remote::{Remote, RemoteSettings};
use ambergate::store::{Change, Condition, Store, StoreError, Watch, shard_of};

use crate::server::{Server, until};
use crate::world::{add, incarnation, record, records, step, tenant};

fn said<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome.unwrap_err() {
        StoreError::Unavailable(text) => text,
        other => panic!("{other:?} is not Unavailable"),
    }
}

#[tokio::test]
async fn another_server_process_is_a_recovery_with_the_data_there() {
    let mut server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    store.register_journal("mine").await.unwrap();
    let before = incarnation(&store).await;
    store.journal_applied(&before, "mine").await.unwrap();
    add(&store, &acme, record(1)).await;
    let late = step(&store, &acme, records(&store, &acme).await.1, &[record(1), record(2)]).await;
    let sequence = store.grant(&acme).await.unwrap().1;

    server.restart().await;
    let error = until(|| async {
        let outcome = store.commit(late.clone()).await;
        outcome.err().filter(|error| !matches!(error, StoreError::Unavailable(_)))
    })
    .await;
    assert_eq!(error, StoreError::OtherIncarnation);
    assert_eq!(store.grant(&tenant("globex")).await, Err(StoreError::Recovering));
    let Condition::Recovering(after) = store.condition().await.unwrap() else {
        panic!("another process is another incarnation");
    };
    assert_ne!(before, after);
    assert_eq!(records(&store, &acme).await.0, [record(1)]);
    // What is there may be older than what gates read before.
    assert_eq!(store.grant(&acme).await, Err(StoreError::Recovering));
    assert!(store.beats().await.unwrap()[usize::from(shard_of(&acme))].0 > sequence);
    // The journals named before are asked again.
    assert_eq!(store.journals().await.unwrap(), [("mine".to_owned(), false)]);
    assert_eq!(store.recovered(&after).await, Ok(false));
    store.journal_applied(&after, "mine").await.unwrap();
    assert_eq!(store.recovered(&after).await, Ok(true));
}

#[tokio::test]
async fn replicas_agree_and_a_lost_shard_is_a_loss_for_all() {
    let server = Server::start().await;
    let (one, acme) = (server.ready().await, tenant("acme"));
    let two = server.ready().await;
    assert_eq!(incarnation(&one).await, incarnation(&two).await);
    add(&one, &acme, record(1)).await;
    add(&two, &acme, record(2)).await;
    assert_eq!(records(&one, &acme).await.0.len(), 2);

    let before = incarnation(&one).await;
    let late = step(&one, &acme, records(&one, &acme).await.1, &[record(3)]).await;
    let key = format!("ambergate:{{{:03}}}:incarnation", shard_of(&acme));
    let _: i64 = server.say(&["DEL", &key]).await;
    assert_eq!(two.beat().await, Err(StoreError::OtherIncarnation));
    assert_eq!(one.commit(late).await, Err(StoreError::OtherIncarnation));
    let Condition::Recovering(after) = one.condition().await.unwrap() else {
        panic!("a shard lost its data");
    };
    assert_ne!(after, before);
    assert_eq!(two.condition().await.unwrap(), Condition::Recovering(after));
    two.beat().await.unwrap();
}

#[tokio::test]
async fn a_recovery_lasts_long_enough_for_everybody_to_register() {
    let server = Server::start().await;
    let mut settings = server.settings();
    settings.recovery_least = Duration::from_secs(3_600);
    let store = Remote::open(settings).await.unwrap();
    let Condition::Recovering(first) = store.condition().await.unwrap() else {
        panic!("a new store recovers");
    };
    assert_eq!(store.recovered(&first).await, Ok(false));
    let hasty = Remote::open(server.settings()).await.unwrap();
    assert_eq!(hasty.recovered(&first).await, Ok(true));
    assert_eq!(store.condition().await.unwrap(), Condition::Ready(first));
}

#[tokio::test]
async fn what_the_server_refuses_is_told_in_its_words_and_writes_nothing() {
    let server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    let commit = step(&store, &acme, None, &[record(1)]).await;

    let _: String = server.say(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let text = said(store.commit(commit.clone()).await);
    assert!(text.contains("OOM"), "{text}");
    assert_eq!(store.load(&acme).await.unwrap(), None);
    let _: String = server.say(&["CONFIG", "SET", "maxmemory", "0"]).await;

    let _: String = server.say(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let text = said(store.commit(commit.clone()).await);
    assert!(text.contains("READONLY"), "{text}");
    let _: String = server.say(&["REPLICAOF", "NO", "ONE"]).await;

    let commit = &commit;
    until(|| async { store.commit(commit.clone()).await.ok() }).await;
    assert_eq!(store.load(&acme).await.unwrap().as_ref(), Some(&commit.stored));
}

#[tokio::test]
async fn a_key_of_another_type_spoils_no_commit_half_way() {
    let server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    for what in ["wakes", "names", "applied", "sequence", "outbox"] {
        let commit = step(&store, &acme, None, &[record(1)]).await;
        let key = format!("ambergate:{{{:03}}}:{what}", shard_of(&acme));
        let kept = format!("{key}:kept");
        let exists: i64 = server.say(&["EXISTS", &key]).await;
        if exists == 1 {
            let _: String = server.say(&["RENAME", &key, &kept]).await;
        }
        let _: i64 = server.say(&["SADD", &key, "not what it should be"]).await;
        let text = said(store.commit(commit).await);
        assert!(text.contains("WRONGTYPE"), "{text}");
        assert_eq!(store.load(&acme).await.unwrap(), None, "{what}");
        let _: i64 = server.say(&["DEL", &key]).await;
        if exists == 1 {
            let _: String = server.say(&["RENAME", &kept, &key]).await;
        }
    }
    add(&store, &acme, record(1)).await;
}

#[tokio::test]
async fn forgotten_scripts_are_loaded_again() {
    let server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    let _: String = server.say(&["SCRIPT", "FLUSH"]).await;
    add(&store, &acme, record(1)).await;
    let _: String = server.say(&["SCRIPT", "FLUSH"]).await;
    store.beat().await.unwrap();
}

#[tokio::test]
async fn a_stopped_or_frozen_server_holds_nobody_up() {
    let mut server = Server::start().await;
    let mut settings = server.settings();
    settings.call_timeout = Duration::from_millis(200);
    let (store, acme) = (server.ready().await, tenant("acme"));
    add(&store, &acme, record(1)).await;
    let frozen = Remote::open(settings).await.unwrap();

    server.signal("STOP");
    let text = said(frozen.load(&acme).await);
    assert!(text.contains("no answer within 200ms"), "{text}");
    let watch = Stopwatch::now();
    said(frozen.load(&acme).await);
    assert!(watch.elapsed() < Duration::from_millis(50), "later calls fail at once");
    server.signal("CONT");
    until(|| async { frozen.load(&acme).await.ok() }).await;

    server.stop();
    said(store.load(&acme).await);
    let watch = Stopwatch::now();
    said(store.load(&acme).await);
    assert!(watch.elapsed() < Duration::from_millis(50), "later calls fail at once");
    server.restart().await;
    until(|| async { store.load(&acme).await.ok() }).await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_named_without_the_password() {
    let server = Server::start().await;
    let _: String = server.say(&["CONFIG", "SET", "requirepass", "right-secret"]).await;
    let wrong = server.url().replace("127", ":wrong-secret@127");
    let settings = RemoteSettings::new(&wrong, "ambergate");
    assert!(!format!("{settings:?}").contains("secret"));
    let store = Remote::open(settings).await.unwrap();
    let text = said(store.now().await);
    assert!(text.contains("127.0.0.1") && text.contains("assword"), "{text}");
    assert!(!text.contains("secret") && !format!("{store:?}").contains("secret"), "{text}");

    let none = Remote::open(RemoteSettings::new(&server.url(), "ambergate")).await.unwrap();
    let text = said(none.now().await);
    assert!(text.contains("NOAUTH"), "{text}");

    for wrong in ["http://:secret@host/", "redis://:secret@host:x/", "nonsense"] {
        let text = said(Remote::open(RemoteSettings::new(wrong, "p")).await);
        assert!(text.contains("redis://") && !text.contains(":secret"), "{text}");
    }
}

#[tokio::test]
async fn a_watcher_hears_again_after_a_loss_and_says_so() {
    let mut server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    let mut watch = store.watch().await.unwrap();
    let heard = async |watch: &mut ambergate::store::remote::RemoteWatch| {
        tokio::time::timeout(Duration::from_secs(10), watch.next()).await.unwrap()
    };
    let _: i64 = server.say(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
    assert_eq!(heard(&mut watch).await, Change::Lost);
    assert_eq!(heard(&mut watch).await, Change::Lost);
    add(&store, &acme, record(1)).await;
    assert!(matches!(heard(&mut watch).await, Change::Grant { .. }));

    server.stop();
    assert_eq!(heard(&mut watch).await, Change::Lost);
    // One that begins while the server is gone hears as soon as it is back.
    let mut early = store.watch().await.unwrap();
    assert_eq!(heard(&mut early).await, Change::Lost);
    server.restart().await;
    for watch in [&mut watch, &mut early] {
        assert_eq!(heard(watch).await, Change::Lost);
    }
    until(|| async {
        let Ok(Condition::Recovering(incarnation)) = store.condition().await else { return None };
        store.recovered(&incarnation).await.ok()
    })
    .await;
    add(&store, &acme, record(2)).await;
    for watch in [&mut watch, &mut early] {
        let Change::Grant { grant, .. } = heard(watch).await else { panic!("not a grant") };
        assert_eq!(grant.tenant, acme);
    }
}

#[tokio::test]
async fn values_of_another_tenant_or_a_newer_form_are_refused() {
    let server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    add(&store, &acme, record(1)).await;
    add(&store, &tenant("globex"), record(1)).await;
    let key = |name: &str| format!("ambergate:{{{:03}}}:tenant:{name}", shard_of(&tenant(name)));
    let copy = "for _, f in ipairs({'account', 'grant', 'words', 'row'}) do \
                redis.call('HSET', KEYS[2], f, redis.call('HGET', KEYS[1], f)) end return 1";
    let _: i64 = server.say(&["EVAL", copy, "2", &key("globex"), &key("acme")]).await;
    let told = [
        store.load(&acme).await.unwrap_err(),
        store.grant(&acme).await.unwrap_err(),
        store.words(&acme).await.unwrap_err(),
        store.rows(None, 9).await.unwrap_err(),
    ];
    for error in told {
        assert!(error.to_string().contains("belongs to tenant globex"), "{error}");
    }
    for field in ["account", "grant", "words", "row"] {
        let _: i64 = server.say(&["HSET", &key("acme"), field, "\u{7f}x"]).await;
    }
    for error in [store.load(&acme).await.unwrap_err(), store.grant(&acme).await.unwrap_err()] {
        assert!(error.to_string().contains("newer ambergate"), "{error}");
    }
}

#[tokio::test]
async fn events_of_other_programs_are_in_the_inbox() {
    let server = Server::start().await;
    let store = server.ready().await;
    let add = ["XADD", "ambergate:inbox", "*", "note", "x", "event", "{\"id\":\"1\"}"];
    let id: String = server.say(&add).await;
    let _: String = server.say(&["XADD", "ambergate:inbox", "*", "other", "x"]).await;
    let inbox = store.inbox(9).await.unwrap();
    assert_eq!(inbox[0], (id, b"{\"id\":\"1\"}".to_vec()));
    assert_eq!(inbox[1].1, b"");
}

#[tokio::test]
async fn a_reset_forgets_accounts_and_asks_every_journal_again() {
    let server = Server::start().await;
    let (store, acme) = (server.ready().await, tenant("acme"));
    store.register_journal("mine").await.unwrap();
    let before = incarnation(&store).await;
    store.journal_applied(&before, "mine").await.unwrap();
    store.set_applied(&before, "mine", &[5; 64]).await.unwrap();
    for n in 0..30 {
        add(&store, &tenant(&format!("t{n}")), record(n)).await;
    }
    let late = step(&store, &acme, None, &[record(1)]).await;
    store.reset().await.unwrap();
    assert_eq!(store.commit(late).await, Err(StoreError::OtherIncarnation));
    assert!(matches!(store.condition().await.unwrap(), Condition::Recovering(_)));
    assert_eq!(store.rows(None, 99).await.unwrap(), []);
    assert_eq!(store.load(&tenant("t7")).await.unwrap(), None);
    assert!(store.applied("mine").await.unwrap().iter().all(|position| *position == 0));
    assert_eq!(store.journals().await.unwrap(), [("mine".to_owned(), false)]);
    let left: Vec<String> = server.say(&["KEYS", "ambergate:*:tenant:*"]).await;
    assert!(left.is_empty(), "{left:?}");
}
