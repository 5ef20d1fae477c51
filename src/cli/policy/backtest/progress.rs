//! How far it is, for whoever watches.

use std::io::{IsTerminal as _, Write as _};

/// How wide the bar is.
const WIDTH: usize = 40;

/// A bar on standard error, where that is a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    of: usize,
    shown: bool,
}

impl Progress {
    pub(super) fn new(of: usize) -> Self {
        Self { of, shown: std::io::stderr().is_terminal() }
    }

    /// Draws it anew.
    pub(super) fn at(&self, done: usize) {
        if self.shown {
            eprint!("\r{}", bar(done, self.of));
            let _ = std::io::stderr().flush();
        }
    }

    /// Takes it away.
    pub(super) fn end(&self) {
        if self.shown {
            eprint!("\r{:width$}\r", "", width = bar(self.of, self.of).chars().count());
        }
    }
}

fn bar(done: usize, of: usize) -> String {
    let filled = (done * WIDTH).checked_div(of).unwrap_or(WIDTH).min(WIDTH);
    let percent = (done * 100).checked_div(of).unwrap_or(100);
    let (full, empty) = ("#".repeat(filled), " ".repeat(WIDTH - filled));
    format!("[{full}{empty}] {percent:>3}% {done} of {of} tenants")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills() {
        assert_eq!(bar(0, 0), format!("[{}] 100% 0 of 0 tenants", "#".repeat(40)));
        let half = bar(5, 10);
        assert_eq!(half, format!("[{}{}]  50% 5 of 10 tenants", "#".repeat(20), " ".repeat(20)));
    }
}
