//! Takes connections and hands each to the least loaded worker.
//!
//! Rules:
//! 1. One acceptor, on the first worker's thread: with one worker nothing changes threads, and few
//!    connections are spread well over many workers.
//! 2. At the limit of connections an idle one is ended for each that waits.
//! 3. Stopping: no new connections, every answer is the last of its connection, what takes too
//!    long is cut off.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::settings::Settings;
use super::upstream::Bound;
use super::worker::Worker;
use crate::clock;
use crate::gate::Gate;
use crate::net;
use crate::store::Store;

/// After an accept that failed (no more files, say) it is tried again after so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A proxy that serves.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections and lets those there are end well. Waits until they have, off
    /// the caller's thread.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let threads = self.threads;
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a worker of the proxy had died");
                }
            }
        });
        if joined.await.is_err() {
            tracing::error!("the workers of the proxy could not be waited for");
        }
    }
}

/// A connection on its way to a worker.
type Arrival = (std::net::TcpStream, SocketAddr, OwnedSemaphorePermit);

/// What the acceptor knows of a worker.
struct Seat {
    load: Arc<AtomicUsize>,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

/// What reaches a worker from outside its thread.
struct Post {
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    stop: watch::Receiver<bool>,
    shed: watch::Receiver<usize>,
}

/// Serves on a listener of its own, on threads of its own.
///
/// # Errors
/// If the address cannot be bound or a thread cannot be started.
pub fn serve<S: Store>(settings: Settings, gate: Arc<Gate<S>>) -> io::Result<Server> {
    let listener = net::listen(settings.listen)?;
    let address = listener.local_addr()?;
    let settings = Arc::new(settings);
    let bound = Bound::new(settings.upstream.connections_max);
    let (stop, stopped) = watch::channel(false);
    let (shed, shedding) = watch::channel(0);
    let mut seats = Vec::new();
    let mut posts = Vec::new();
    for _ in 0..settings.workers.max(1) {
        let (arrivals, arriving) = mpsc::unbounded_channel();
        seats.push(Seat { load: Arc::default(), arrivals });
        let (stop, shed) = (stopped.clone(), shedding.clone());
        posts.push(Post { arrivals: arriving, stop, shed });
    }
    let loads: Vec<_> = seats.iter().map(|seat| Arc::clone(&seat.load)).collect();
    let places =
        Arc::new(Semaphore::new(settings.connections_max.clamp(1, Semaphore::MAX_PERMITS)));
    let mut door = Some(Door { listener, seats, places, shed });
    let mut threads = Vec::new();
    for (index, (post, load)) in posts.into_iter().zip(loads).enumerate() {
        let (gate, settings, bound) =
            (Arc::clone(&gate), Arc::clone(&settings), Arc::clone(&bound));
        let door = door.take();
        let runtime = runtime;
        let run = move || match runtime() {
            Ok(runtime) => {
                runtime.block_on(async {
                    let worker = Worker::new(gate, settings, bound, load);
                    work(worker, post, door).await;
                });
            }
            Err(error) => tracing::error!(%error, "a worker of the proxy cannot run"),
        };
        threads.push(std::thread::Builder::new().name(format!("proxy-{index}")).spawn(run)?);
    }
    Ok(Server { address, stop, threads })
}

/// A runtime of one thread that says when a turn of its loop begins.
fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .on_thread_unpark(clock::begin_turn)
        .build_local(LocalOptions::default())
}

/// The life of a worker.
async fn work<S: Store>(worker: std::rc::Rc<Worker<S>>, mut post: Post, door: Option<Door>) {
    clock::begin_turn();
    let ticking = tokio::task::spawn_local(std::rc::Rc::clone(&worker).tick());
    let own = std::rc::Rc::clone(&worker);
    let accepting = door.map(|door| tokio::task::spawn_local(door.accept(own)));
    loop {
        tokio::select! {
            arrival = post.arrivals.recv() => {
                let Some((stream, peer, permit)) = arrival else { break };
                match TcpStream::from_std(stream) {
                    Ok(stream) => worker.take(stream, peer, permit),
                    Err(error) => tracing::warn!(%error, "a connection was lost on its way"),
                }
            }
            changed = post.shed.changed() => {
                if changed.is_ok() {
                    worker.shed(1);
                }
            }
            _ = post.stop.wait_for(|stop| *stop) => break,
        }
    }
    if let Some(accepting) = accepting {
        accepting.abort();
    }
    worker.drain().await;
    ticking.abort();
}

/// Where connections come in.
struct Door {
    listener: std::net::TcpListener,
    seats: Vec<Seat>,
    places: Arc<Semaphore>,
    shed: watch::Sender<usize>,
}

impl Door {
    /// Never ends, unless the listener cannot be used at all.
    async fn accept<S: Store>(self, own: std::rc::Rc<Worker<S>>) {
        let listener =
            match TcpListener::from_std(self.listener.try_clone().unwrap_or(self.listener)) {
                Ok(listener) => listener,
                Err(error) => {
                    tracing::error!(%error, "the proxy's listener cannot be used");
                    return;
                }
            };
        loop {
            let permit = place(&self.places, &self.shed).await;
            match listener.accept().await {
                Ok((stream, peer)) => hand_over(&self.seats, &own, stream, peer, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// A place for one more connection; where there is none an idle one is asked to go.
async fn place(places: &Arc<Semaphore>, shed: &watch::Sender<usize>) -> OwnedSemaphorePermit {
    loop {
        if let Ok(permit) = Arc::clone(places).try_acquire_owned() {
            return permit;
        }
        shed.send_modify(|count| *count = count.wrapping_add(1));
        let waited = tokio::time::timeout(ACCEPT_PAUSE, Arc::clone(places).acquire_owned());
        if let Ok(Ok(permit)) = waited.await {
            return permit;
        }
    }
}

/// Gives a connection to the worker with the fewest; the acceptor's own is seat 0.
fn hand_over<S: Store>(
    seats: &[Seat],
    own: &std::rc::Rc<Worker<S>>,
    stream: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
) {
    let loads = seats.iter().map(|seat| seat.load.load(Relaxed)).enumerate();
    let least = loads.min_by_key(|(_, load)| *load).map_or(0, |(index, _)| index);
    if least == 0 {
        own.take(stream, peer, permit);
        return;
    }
    match stream.into_std() {
        Ok(stream) => {
            // A worker that died takes nothing; the connection ends with the message.
            let _ = seats[least].arrivals.send((stream, peer, permit));
        }
        Err(error) => tracing::warn!(%error, "a connection could not be handed over"),
    }
}
