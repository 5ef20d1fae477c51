//! Every metric: its name, what it is, what it says.
//!
//! Rule: names begin with `ambergate_` and end in their base unit; counters end in `_total`.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How values are spread.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// As it is exported.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it says, with its labels.
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Name {
    Name { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Name {
    Name { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Name {
    Name { name, kind: Kind::Histogram, help }
}

/// All of them.
pub const NAMES: &[Name] = &[
    // -- the gate ---------------------------------------------------------------------------
    counter("ambergate_requests_total", "Requests that reached a verdict, by verdict and status."),
    histogram(
        "ambergate_request_duration_seconds",
        "From a request's head to the end of its answer; endless ones are left out.",
    ),
    counter("ambergate_upstream_errors_total", "Requests that the app did not answer, by cause."),
    counter("ambergate_upstream_retried_total", "Requests sent once more on a new connection."),
    counter("ambergate_grants_total", "Where a request's standing came from, by source."),
    counter("ambergate_banner_total", "Pages by what became of their banner, by result."),
    gauge("ambergate_beat_age_seconds", "How long ago the control plane last gave a sign of life."),
    // -- the store --------------------------------------------------------------------------
    gauge("ambergate_store_up", "1 while the store can be used, else 0."),
    histogram("ambergate_store_latency_seconds", "How long a commit took."),
    gauge("ambergate_recovering", "1 while records may be missing and nothing is decided, else 0."),
    counter("ambergate_journal_unreadable_total", "Journal entries that could not be read."),
    // -- the ledger -------------------------------------------------------------------------
    counter("ambergate_entered_total", "Stages that were entered, by stage."),
    counter("ambergate_lifted_total", "Stages that were given back."),
    counter(
        "ambergate_would_have_total",
        "Stages that would have been warned of or entered where nothing is enforced, by what and \
         stage.",
    ),
    counter("ambergate_cutoffs_held_total", "Cutoffs that moved because nobody was told in time."),
    gauge(
        "ambergate_breaker_tripped",
        "1 while the breaker holds back warnings and cutoffs, else 0.",
    ),
    gauge(
        "ambergate_source_silent",
        "1 while a source was not heard of within its heard_every and holds back warnings and \
         cutoffs, else 0, by source.",
    ),
    counter(
        "ambergate_asked_total",
        "Billing systems asked before a cutoff, by provider and result.",
    ),
    counter("ambergate_tasks_total", "Work for people that was asked for, by kind."),
    counter("ambergate_parked_total", "Events without a tenant, by whether they are money."),
    counter("ambergate_currencies_unlisted_total", "Currencies that a policy does not name."),
    counter("ambergate_migrations_eased_total", "Tenants that a moved case left milder."),
    counter("ambergate_records_conflicting_total", "Records with the id of another one."),
    counter("ambergate_inbox_refused_total", "Events left by gates that could not be taken."),
    // -- notices ----------------------------------------------------------------------------
    counter("ambergate_notices_total", "Receipts about notices, by channel and receipt."),
    counter("ambergate_digests_total", "Attempts at the operator's digest, by receipt."),
    counter("ambergate_scheduler_faults_total", "Due work that failed and is tried again."),
    counter(
        "ambergate_hooks_total",
        "Attempts at telling the operator's systems, by hook, event and result.",
    ),
    // -- what comes in ----------------------------------------------------------------------
    counter("ambergate_events_in_total", "Events that came over HTTP, by result."),
    counter("ambergate_webhooks_in_total", "Webhooks of billing systems, by provider and result."),
    // -- the program ------------------------------------------------------------------------
    gauge("ambergate_build_info", "Always 1; the version is a label."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are() {
        for name in NAMES {
            assert!(name.name.starts_with("ambergate_"), "{}", name.name);
            assert_eq!(name.name.ends_with("_total"), name.kind == Kind::Counter, "{}", name.name);
            assert!(name.help.ends_with('.'), "{}", name.name);
            let same = NAMES.iter().filter(|other| other.name == name.name).count();
            assert_eq!(same, 1, "{}", name.name);
        }
    }
}
