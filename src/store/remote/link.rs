//! The connection to the server, kept by a task of its own.
//!
//! Rules:
//! 1. A connection is of one server process: its run id is read with its first words, and all
//!    commits carry it.
//! 2. While there is none, calls fail at once with the reason; nobody waits for a dead server.
//! 3. A call that is not answered in time costs the connection: what it did is not known.
//! 4. No error names the password.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline,
    RedisError, RedisResult, ServerErrorKind,
};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::scripts;
use crate::store::StoreError;

/// The first and the longest pause between two attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// When an idle connection is probed, how often, and how many lost probes end it.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);
/// How long the system resends what is not acknowledged.
const USER_TIMEOUT: Duration = Duration::from_secs(10);

/// The server, and the task that keeps the connection to it.
#[derive(Debug)]
pub(super) struct Link {
    shared: Arc<Shared>,
    keeper: tokio::task::AbortHandle,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    server: Box<str>,
    connect_timeout: Duration,
    call_timeout: Duration,
    state: ArcSwap<State>,
    broken: Notify,
}

#[derive(Debug)]
enum State {
    Up(Live),
    Down(String),
}

/// A connection to one process of the server.
#[derive(Clone)]
pub(super) struct Live {
    connection: MultiplexedConnection,
    run: Arc<str>,
}

impl Live {
    /// The id of the server process.
    pub(super) fn run(&self) -> &str {
        &self.run
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("run", &self.run).finish_non_exhaustive()
    }
}

/// A client for `url` with the socket options that matter.
pub(super) fn client(url: &str) -> Result<Client, StoreError> {
    let refused = |error: RedisError| {
        // Its text is made of the client's words only, never of the URL's.
        StoreError::Unavailable(format!(
            "the store's URL is not one such as redis://user:password@host:6379/0 or \
             rediss://…: {}",
            error.category()
        ))
    };
    let info = url.into_connection_info().map_err(refused)?;
    let (idle, interval, retries) = KEEPALIVE;
    let keepalive =
        socket2::TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(retries);
    let tcp = redis::io::tcp::TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(USER_TIMEOUT);
    Client::open(info.set_tcp_settings(tcp)).map_err(refused)
}

impl Link {
    /// Begins to keep a connection; the first attempt is over when this returns.
    pub(super) async fn open(
        client: Client,
        (connect_timeout, call_timeout): (Duration, Duration),
    ) -> Self {
        let server = client.get_connection_info().addr().to_string().into();
        let shared = Arc::new(Shared {
            client,
            server,
            connect_timeout,
            call_timeout,
            state: ArcSwap::from_pointee(State::Down("not connected yet".to_owned())),
            broken: Notify::new(),
        });
        shared.connect().await;
        let keeper = tokio::spawn(keep(shared.clone())).abort_handle();
        Self { shared, keeper }
    }

    /// The server's address, without the account.
    pub(super) fn server(&self) -> &str {
        &self.shared.server
    }

    /// The connection there is now. What must reach the same server process is asked on it.
    pub(super) fn live(&self) -> Result<Live, StoreError> {
        self.shared.live()
    }

    /// Asks one command.
    pub(super) async fn one<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, StoreError> {
        self.one_on(&self.live()?, cmd).await
    }

    /// Asks several commands at once; they are not one step.
    pub(super) async fn many<T: FromRedisValue>(&self, all: &Pipeline) -> Result<T, StoreError> {
        self.many_on(&self.live()?, all).await
    }

    /// Asks one command of one server process.
    pub(super) async fn one_on<T: FromRedisValue>(
        &self,
        live: &Live,
        cmd: &Cmd,
    ) -> Result<T, StoreError> {
        let mut answer = self.timed(live, cmd.query_async(&mut live.connection.clone())).await;
        if self.reloaded(live, &answer).await {
            answer = self.timed(live, cmd.query_async(&mut live.connection.clone())).await;
        }
        answer.map_err(Failed::into)
    }

    /// Asks several commands of one server process.
    pub(super) async fn many_on<T: FromRedisValue>(
        &self,
        live: &Live,
        all: &Pipeline,
    ) -> Result<T, StoreError> {
        let mut answer = self.timed(live, all.query_async(&mut live.connection.clone())).await;
        if self.reloaded(live, &answer).await {
            answer = self.timed(live, all.query_async(&mut live.connection.clone())).await;
        }
        answer.map_err(Failed::into)
    }

    /// Whether the server had forgotten the scripts and has them again.
    async fn reloaded<T>(&self, live: &Live, answer: &Result<T, Failed>) -> bool {
        let forgotten = ErrorKind::Server(ServerErrorKind::NoScript);
        match answer {
            Err(failed) if failed.kind == Some(forgotten) => {
                let load = scripts::load_all();
                self.timed(live, load.exec_async(&mut live.connection.clone())).await.is_ok()
            }
            _ => false,
        }
    }

    async fn timed<T>(
        &self,
        live: &Live,
        call: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, Failed> {
        let failed = match timeout(self.shared.call_timeout, call).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => self.shared.failed(&error),
            Err(_) => {
                let limit = self.shared.call_timeout;
                let text = format!("{} gave no answer within {limit:?}", self.shared.server);
                Failed { text, kind: None, breaks: true }
            }
        };
        if failed.breaks {
            self.shared.give_up(live, &failed.text);
        }
        Err(failed)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

struct Failed {
    text: String,
    kind: Option<ErrorKind>,
    /// Whether the connection is of no more use.
    breaks: bool,
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        Self::Unavailable(failed.text)
    }
}

impl Shared {
    fn live(&self) -> Result<Live, StoreError> {
        match &**self.state.load() {
            State::Up(live) => Ok(live.clone()),
            State::Down(reason) => Err(StoreError::Unavailable(reason.clone())),
        }
    }

    fn failed(&self, error: &RedisError) -> Failed {
        let kind = error.kind();
        let breaks = match kind {
            // A replica: the name may lead to the primary by now.
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => true,
            ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType => false,
            _ => true,
        };
        // The server's own words, where they are its own.
        let text = match (error.code(), error.detail()) {
            (Some(code), Some(detail)) => format!("{}: {code} {detail}", self.server),
            _ => format!("{}: {error}", self.server),
        };
        Failed { text, kind: Some(kind), breaks }
    }

    /// Ends the use of a connection, if it is still the one in use.
    fn give_up(&self, live: &Live, reason: &str) {
        let state = self.state.load();
        // Every connection has its own copy of the text, whose place tells it apart.
        let current = matches!(&**state, State::Up(known) if Arc::ptr_eq(&known.run, &live.run));
        if current {
            let down = Arc::new(State::Down(reason.to_owned()));
            let before = self.state.compare_and_swap(&state, down);
            if Arc::ptr_eq(&before, &state) {
                tracing::warn!(reason, "the connection to the store is lost");
            }
            self.broken.notify_one();
        }
    }

    /// Tries once to connect; the outcome is the state afterwards.
    async fn connect(&self) {
        let attempt = timeout(self.connect_timeout, self.first_words()).await;
        let state = match attempt {
            Ok(Ok(live)) => State::Up(live),
            Ok(Err(failed)) => State::Down(failed.text),
            Err(_) => State::Down(format!(
                "{} did not let us in within {:?}",
                self.server, self.connect_timeout
            )),
        };
        self.state.store(Arc::new(state));
    }

    async fn first_words(&self) -> Result<Live, Failed> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(None);
        let words = async {
            let mut connection =
                self.client.get_multiplexed_async_connection_with_config(&config).await?;
            let info: String =
                redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
            scripts::load_all().exec_async(&mut connection).await?;
            Ok((connection, info))
        };
        let (connection, info) = words.await.map_err(|error| self.failed(&error))?;
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).map(str::trim);
        match run {
            Some(run) if !run.is_empty() => Ok(Live { connection, run: run.into() }),
            _ => Err(Failed {
                text: format!("{} does not tell its run id (INFO server)", self.server),
                kind: None,
                breaks: true,
            }),
        }
    }
}

/// Connects again whenever the connection is lost, for as long as the store lives.
async fn keep(shared: Arc<Shared>) {
    let mut pause = PAUSES.0;
    loop {
        if matches!(&**shared.state.load(), State::Up(_)) {
            pause = PAUSES.0;
            shared.broken.notified().await;
            continue;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
        shared.connect().await;
        if matches!(&**shared.state.load(), State::Up(_)) {
            tracing::info!(server = &*shared.server, "connected to the store");
        }
    }
}
