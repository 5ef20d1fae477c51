//! `ambergate healthcheck`.

use clap::Args;

use super::output;
use super::remote::{Failure, Remote, accepted};

/// `ambergate healthcheck`.
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    #[command(flatten)]
    remote: Remote,
    /// Whether it is ready for work, not only alive.
    #[arg(long)]
    ready: bool,
}

impl Healthcheck {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let answer = self.remote.client()?.get(path).await?;
        if answer.status.is_success() {
            output::line(String::from_utf8_lossy(&answer.body).trim());
            return Ok(());
        }
        accepted(&answer).map(drop)
    }
}
