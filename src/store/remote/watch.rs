//! Hears what is published, over a connection of its own that a task keeps.
//!
//! Rules:
//! 1. [`Change::Lost`] is told when the link is lost, and again once it hears: only what is read
//!    after the second is current.
//! 2. A silent link is asked for a sign of life; a dead one gives none.
//! 3. What cannot be read counts as lost.

use std::time::Duration;

use futures_util::StreamExt;
use redis::Client;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::domain::time::Instant;
use crate::store::{Change, Watch, form};

/// How many changes may wait for the watcher; more make the server wait, which in the end cuts
/// the link: [`Change::Lost`].
const CHANGES_WAITING_MAX: usize = 4_096;
/// After so long a silence the server is asked whether it is there.
const SILENCE_MAX: Duration = Duration::from_secs(3);
/// The first and the longest pause between two attempts to subscribe.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Hears the changes of a store on a server.
#[derive(Debug)]
pub struct RemoteWatch {
    changes: mpsc::Receiver<Change>,
}

impl RemoteWatch {
    /// Begins to listen. If the server is not there now, the first change is [`Change::Lost`].
    pub(super) async fn begin(client: Client, channel: String, limit: Duration) -> Self {
        let (tell, changes) = mpsc::channel(CHANGES_WAITING_MAX);
        let first = subscribe(&client, &channel, limit).await;
        tokio::spawn(listen(Listener { client, channel, limit, tell }, first));
        Self { changes }
    }
}

impl Watch for RemoteWatch {
    async fn next(&mut self) -> Change {
        match self.changes.recv().await {
            Some(change) => change,
            // The runtime is going down.
            None => std::future::pending().await,
        }
    }
}

struct Listener {
    client: Client,
    channel: String,
    limit: Duration,
    tell: mpsc::Sender<Change>,
}

type Subscription = (redis::aio::PubSubSink, redis::aio::PubSubStream);

async fn subscribe(client: &Client, channel: &str, limit: Duration) -> Option<Subscription> {
    let attempt = async {
        let mut subscription = client.get_async_pubsub().await?;
        subscription.subscribe(channel).await?;
        redis::RedisResult::Ok(subscription.split())
    };
    timeout(limit, attempt).await.ok()?.ok()
}

/// Runs until nobody listens any more.
async fn listen(listener: Listener, first: Option<Subscription>) {
    let mut subscription = first;
    let mut pause = PAUSES.0;
    loop {
        if let Some(subscription) = subscription.take() {
            pause = PAUSES.0;
            if !hear(&listener, subscription).await {
                return;
            }
        }
        if listener.tell.send(Change::Lost).await.is_err() {
            return;
        }
        while subscription.is_none() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
            if listener.tell.is_closed() {
                return;
            }
            subscription = subscribe(&listener.client, &listener.channel, listener.limit).await;
        }
        if listener.tell.send(Change::Lost).await.is_err() {
            return;
        }
    }
}

/// Tells what comes until the link is lost. `false`: nobody listens any more.
async fn hear(listener: &Listener, (mut sink, mut stream): Subscription) -> bool {
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = listener.tell.closed() => return false,
            () = tokio::time::sleep(SILENCE_MAX) => {
                match timeout(listener.limit, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => continue,
                    _ => return true,
                }
            }
        };
        let Some(message) = message else { return true };
        let change = read(message.get_payload_bytes()).unwrap_or_else(|| {
            tracing::warn!("the store told a change that this ambergate cannot read");
            Change::Lost
        });
        if listener.tell.send(change).await.is_err() {
            return false;
        }
    }
}

/// A message as the scripts write it: a line of words, then what it is about.
fn read(message: &[u8]) -> Option<Change> {
    let end = message.iter().position(|byte| *byte == b'\n').unwrap_or(message.len());
    let (line, rest) = message.split_at(end);
    let rest = rest.get(1..).unwrap_or_default();
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    match words.next()? {
        "G" => Some(Change::Grant {
            shard: words.next()?.parse().ok()?,
            sequence: words.next()?.parse().ok()?,
            grant: form::heard_grant(rest).ok()?.into(),
        }),
        "B" => Some(Change::Beat {
            shard: words.next()?.parse().ok()?,
            sequence: words.next()?.parse().ok()?,
            at: Instant::from_millis(words.next()?.parse().ok()?),
        }),
        "S" => form::read_json("the switch", rest).ok().map(Change::Switch),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_the_scripts_write_them() {
        let at = Instant::from_millis(1_772_438_400_123);
        let beat = Change::Beat { shard: 7, sequence: 42, at };
        assert_eq!(read(b"B 7 42 1772438400123"), Some(beat));
        for wrong in [&b""[..], b"B 7", b"G 7 42\n", b"G 7 x\n", b"X 1", b"S\n\x01{", b"\xff"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
