//! Keeps the metrics of this process and writes them as Prometheus reads them.

use std::fmt;
use std::time::Duration;

use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::names::{Kind, NAMES};

/// How often [`Metrics::keep_up`] is to be called: histograms grow until it is.
pub const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Upper bounds of what is measured in seconds.
const SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0,
];

/// The metrics of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Begins to keep metrics. Once for a process.
    ///
    /// # Errors
    /// If somebody keeps them already.
    pub fn begin() -> Result<Self, String> {
        let matcher = Matcher::Suffix("_seconds".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(matcher, &SECONDS)
            .map_err(|error| error.to_string())?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
        for name in NAMES {
            match name.kind {
                Kind::Counter => describe_counter!(name.name, name.help),
                Kind::Gauge => describe_gauge!(name.name, name.help),
                Kind::Histogram => describe_histogram!(name.name, name.help),
            }
        }
        gauge!("ambergate_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self(handle))
    }

    /// All of them in the text format of Prometheus.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.render()
    }

    /// Gives back what is no longer needed; every [`UPKEEP_EVERY`].
    pub fn keep_up(&self) {
        self.0.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_with_their_help() {
        let metrics = Metrics::begin().unwrap();
        metrics::counter!("ambergate_entered_total", "stage" => "frozen").increment(2);
        metrics::histogram!("ambergate_store_latency_seconds").record(0.002);
        metrics.keep_up();
        let text = metrics.text();
        assert!(text.contains("# HELP ambergate_entered_total Stages that were entered"), "{text}");
        assert!(text.contains("ambergate_entered_total{stage=\"frozen\"} 2"), "{text}");
        assert!(text.contains("ambergate_store_latency_seconds_bucket{le=\"0.0025\"} 1"), "{text}");
        assert!(text.contains("ambergate_build_info{version="), "{text}");
        assert!(Metrics::begin().is_err());
    }
}
