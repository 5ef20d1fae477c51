//! Where words go: data to standard output, the rest to standard error.

use std::io::{IsTerminal as _, Write as _};

use crate::config::Environment;

/// Data, as it is. A reader that has gone away has read enough.
pub(super) fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A line of data.
pub(super) fn line(text: &str) {
    data(&format!("{text}\n"));
}

/// JSON for programs, with line breaks for people.
pub(super) fn json(value: &serde_json::Value) {
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A remark.
pub(super) fn note(text: &str) {
    eprintln!("ambergate: {text}");
}

/// What went wrong.
pub(super) fn failure(text: &str) {
    if !text.is_empty() {
        eprintln!("ambergate: {}", text.trim_end());
    }
}

/// What went wrong, as it is.
pub(super) fn report(text: &str) {
    eprint!("{text}");
}

/// Whether standard error is somebody who sees colours.
pub(super) fn colors(environment: &Environment) -> bool {
    std::io::stderr().is_terminal() && environment.value("NO_COLOR").is_none()
}
