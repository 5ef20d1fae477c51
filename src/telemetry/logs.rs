//! Logs on standard error, for people or for machines.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// How logs are written.
#[derive(Clone, Debug)]
pub struct Style<'a> {
    /// One JSON object a line.
    pub json: bool,
    /// What is told: `info`, or directives such as `info,ambergate::store=debug`.
    pub level: &'a str,
    /// With colours, for people.
    pub color: bool,
}

/// Begins to write logs. Once for a process; later calls change nothing.
///
/// # Errors
/// If `level` cannot be read.
pub fn begin(style: &Style<'_>) -> Result<(), String> {
    let targets: Targets = style.level.parse().map_err(|_| {
        format!("{:?} is no level such as \"info\" or \"info,ambergate::store=debug\"", style.level)
    })?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = if style.json {
        layer.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        layer.with_ansi(style.color).with_target(false).boxed()
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(targets)).try_init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_named() {
        let style = Style { json: false, level: "loudly=very", color: false };
        assert!(begin(&style).unwrap_err().contains("loudly=very"));
    }
}
