//! Processes that end with their test, ports for them, and waiting.

use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// The built program.
pub(crate) const AMBERGATE: &str = env!("CARGO_BIN_EXE_ambergate");

/// Where ports are taken from: below those that the system gives to outgoing connections.
const PORT_FIRST: u16 = 11_000;
/// So many blocks of [`PORTS_EACH`] are there, one for a test process.
const BLOCKS: u32 = 100;
const PORTS_EACH: u16 = 200;
/// How often a condition is looked at.
const LOOK_EACH: Duration = Duration::from_millis(20);

/// A process that is killed when the test is over.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    name: String,
}

impl Process {
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { child, name: name.to_owned() }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Sends a signal by its name: `KILL`, `STOP`, `CONT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Kills it as a power cut does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("{} was running when the test failed", self.name);
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let block = u16::try_from(std::process::id() % BLOCKS).unwrap_or_default();
    for _ in 0..PORTS_EACH {
        let port = PORT_FIRST + block * PORTS_EACH + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in this process's block");
}

/// Looks until `found` answers something, at most for `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    mut found: impl AsyncFnMut() -> Option<T>,
) -> Option<T> {
    let began = Instant::now();
    loop {
        let answer = found().await;
        if answer.is_some() || began.elapsed() > limit {
            return answer;
        }
        tokio::time::sleep(LOOK_EACH).await;
    }
}

/// As [`within`]; fails where there is no answer, and says `what` was waited for.
pub(crate) async fn until<T>(
    what: &str,
    limit: Duration,
    found: impl AsyncFnMut() -> Option<T>,
) -> T {
    let found = within(limit, found).await;
    found.unwrap_or_else(|| panic!("not within {limit:?}: {what}"))
}
