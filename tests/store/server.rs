//! A real redis-server on a free port, ended when the test is over.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ambergate::store::remote::{Remote, RemoteSettings};
use ambergate::store::{Condition, Store};

use crate::world::World;

/// Keeps a server alive, and its data in a folder.
pub(crate) struct Server {
    port: u16,
    folder: tempfile::TempDir,
    process: Child,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port before the server has it: then another one.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut process = spawn(port, folder.path());
            if answers(&mut process, port).await {
                return Self { port, folder, process };
            }
        }
        panic!("redis-server did not start on any port");
    }

    /// Kills it as a power cut does, and starts another process on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.process = spawn(self.port, self.folder.path());
        assert!(answers(&mut self.process, self.port).await, "it did not start again");
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Sends the process a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Says something to the server past the store.
    pub(crate) async fn say<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut cmd = redis::cmd(words[0]);
        cmd.arg(&words[1..]);
        cmd.query_async(&mut connection).await.unwrap()
    }

    pub(crate) fn settings(&self) -> RemoteSettings {
        let mut settings = RemoteSettings::new(&self.url(), "ambergate");
        settings.recovery_least = Duration::ZERO;
        settings
    }

    /// A store on this server, recovered.
    pub(crate) async fn ready(&self) -> Remote {
        let store = Remote::open(self.settings()).await.unwrap();
        if let Condition::Recovering(incarnation) = store.condition().await.unwrap() {
            assert_eq!(store.recovered(&incarnation).await, Ok(true));
        }
        store
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(port: u16, folder: &std::path::Path) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed")
}

async fn answers(process: &mut Child, port: u16) -> bool {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    for _ in 0..500 {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
            let pong: redis::RedisResult<String> =
                redis::cmd("PING").query_async(&mut connection).await;
            if pong.is_ok() {
                return true;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

/// Waits until something is so, at most ten seconds.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(mut is: impl FnMut() -> F) -> T {
    for _ in 0..1_000 {
        if let Some(value) = is().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about within ten seconds");
}

pub(crate) struct RedisWorld {
    store: Remote,
    server: Server,
}

impl World for RedisWorld {
    type Store = Remote;

    async fn ready() -> Self {
        let server = Server::start().await;
        Self { store: server.ready().await, server }
    }

    fn store(&self) -> &Remote {
        &self.store
    }

    async fn pass(&self, millis: i64) {
        let end = self.store.now().await.unwrap().plus_millis(millis);
        until(|| async { (self.store.now().await.unwrap() >= end).then_some(()) }).await;
    }

    async fn lose(&self) {
        let _: String = self.server.say(&["FLUSHALL"]).await;
    }
}
