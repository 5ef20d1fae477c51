//! Real peers: Redis, a post office, and a small app that counts.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::Value;

use crate::process::{Process, free_port, until};
use crate::python;
use crate::wall_clock::WallClock;

/// How long a peer may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);
const PAGE: &str = "<!DOCTYPE html><html><head><title>App</title></head>\
                    <body><h1>Notes</h1></body></html>";

/// A redis-server on a free port that keeps what it is told on disk.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) port: u16,
    folder: PathBuf,
    pub(crate) process: Process,
}

impl Redis {
    pub(crate) async fn start(folder: &Path, clock: &WallClock) -> Self {
        let folder = folder.join("redis");
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let process = Self::spawn(port, &folder, clock);
        let redis = Self { port, folder, process };
        redis.answers().await;
        redis
    }

    fn spawn(port: u16, folder: &Path, clock: &WallClock) -> Process {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Process::start("redis-server", clock.applied(&mut command))
    }

    async fn answers(&self) {
        until("redis-server answers", BEGINS_WITHIN, async || {
            self.try_say("PING").is_ok_and(|said| said == "+PONG").then_some(())
        })
        .await;
    }

    /// Kills it; begins again on the same data, as another process.
    pub(crate) async fn restart(&mut self, clock: &WallClock) {
        self.process.kill();
        self.process = Self::spawn(self.port, &self.folder, clock);
        self.answers().await;
    }

    /// The first line that it answers to an inline command.
    pub(crate) fn say(&self, command: &str) -> String {
        self.try_say(command).unwrap()
    }

    fn try_say(&self, command: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

/// An SMTP server by aiosmtpd.
#[derive(Debug)]
pub(crate) struct PostOffice {
    pub(crate) port: u16,
    folder: PathBuf,
    _process: Process,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Mail(Value);

impl Mail {
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> &str {
        self.text("message_id")
    }

    pub(crate) fn to(&self) -> &str {
        self.0["to"][0].as_str().unwrap_or_default()
    }
}

impl PostOffice {
    pub(crate) async fn open(folder: &Path, clock: &WallClock) -> Self {
        let folder = folder.join("post");
        fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let mut command = Command::new(python::program("python"));
        command
            .arg(python::script("post_office.py"))
            .arg(port.to_string())
            .arg(&folder)
            .stdin(Stdio::null());
        let process = Process::start("post office", clock.applied(&mut command));
        until("the post office opens", BEGINS_WITHIN, async || {
            TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(())
        })
        .await;
        Self { port, folder, _process: process }
    }

    /// All mails taken so far, in their order.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let lines = fs::read_to_string(self.folder.join("mails.jsonl")).unwrap_or_default();
        // The last line may be in the middle of being written.
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).map(Mail).collect()
    }
}

/// An app to protect: a page, and something to write to.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) address: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
}

impl App {
    pub(crate) async fn open() -> Self {
        let router = Router::new()
            .route("/", get(async || Html(PAGE)))
            .route("/notes", post(async || StatusCode::CREATED));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, serving }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
