//! Wiring: builds the parts, opens the doors, drains them in order.
//!
//! Rules:
//! 1. Everything is built before a door opens: what cannot work is said at once, all of it.
//! 2. The proxy has threads of its own; the control plane shares one runtime.
//! 3. At the end: no more requests, then no more mail, then no more writing.

mod authz;
pub mod control;
pub mod demo;
pub mod front;
mod listen;
mod panel;
mod rebuild;
pub mod serve;
mod signals;

use std::future::Future;
use std::path::PathBuf;

use crate::cli::{DemoAsked, Program};
use crate::config::{Config, Log, ProcessRole};
use crate::telemetry::{Metrics, UPKEEP_EVERY, logs};

/// The program that the command line starts.
#[derive(Clone, Copy, Debug)]
pub struct Ambergate;

impl Program for Ambergate {
    fn check(&self, config: &Config) -> Result<(), String> {
        let mut faults = front::gate_settings(config).err().unwrap_or_default();
        faults.extend(front::proxy_settings(config).err().unwrap_or_default());
        faults.extend(control::mailer(config.email.as_ref()).err().unwrap_or_default());
        faults.extend(control::asker(config).err());
        if faults.is_empty() { Ok(()) } else { Err(AppError(faults).to_string()) }
    }

    fn serve(&self, config: Config, role: ProcessRole) -> Result<(), String> {
        let metrics = begin(&config.log)?;
        run(metrics.clone(), serve::serve(config, role, metrics))
    }

    fn demo(&self, asked: DemoAsked) -> Result<(), String> {
        let metrics = begin(&Log { json: false, level: "warn".to_owned() })?;
        run(metrics.clone(), demo::demo(asked, metrics))
    }

    fn rebuild(&self, config: Config, from: Vec<PathBuf>) -> Result<String, String> {
        let metrics = begin(&config.log)?;
        run(metrics, rebuild::rebuild(&config, from))
    }
}

/// Logs, metrics, and the library that all TLS uses.
fn begin(log: &Log) -> Result<Metrics, String> {
    let color = std::io::IsTerminal::is_terminal(&std::io::stderr());
    logs::begin(&logs::Style { json: log.json, level: &log.level, color })?;
    // A second one in this process changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Metrics::begin()
}

/// Runs `work` to its end, with metrics kept up beside it.
fn run<T>(metrics: Metrics, work: impl Future<Output = Result<T, AppError>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let upkeep = tokio::spawn(keep_up(metrics));
        let done = work.await.map_err(|error| error.to_string());
        upkeep.abort();
        done
    })
}

async fn keep_up(metrics: Metrics) {
    let mut every = tokio::time::interval(UPKEEP_EVERY);
    loop {
        every.tick().await;
        metrics.keep_up();
    }
}

/// Threads of the control plane: it waits more than it works.
const CONTROL_THREADS: usize = 2;

/// Why the program could not go on: sentences for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct AppError(pub Vec<String>);

impl From<String> for AppError {
    fn from(sentence: String) -> Self {
        Self(vec![sentence])
    }
}

impl From<Vec<String>> for AppError {
    fn from(sentences: Vec<String>) -> Self {
        Self(sentences)
    }
}
