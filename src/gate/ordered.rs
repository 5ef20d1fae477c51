//! What is said where an operator decided it, and no invoice is the reason.
//!
//! Rules:
//! 1. No payment lifts it: nobody is asked for one, and it is said who can.
//! 2. The operator's reason goes to the roles `billing` and `admin` only, as one line.

use crate::domain::grant::OrderWords;
use crate::domain::stage::Stage;

/// The longest reason that is shown, in characters.
const REASON_CHARS_MAX: usize = 200;

pub(super) const fn title(stage: Stage) -> &'static str {
    match stage {
        Stage::Full | Stage::Grace => "Everything is still open, but not for long",
        Stage::ReadOnly => "This workspace is read-only for a while: we decided this",
        Stage::Frozen => "This workspace is paused for a while: we decided this",
    }
}

pub(super) const fn headline(stage: Stage) -> &'static str {
    match stage {
        Stage::Full | Stage::Grace => "We decided to limit this workspace for a while.",
        Stage::ReadOnly => "This workspace is read-only.",
        Stage::Frozen => "This workspace is paused.",
    }
}

/// Why.
pub(super) fn cause(order: &OrderWords, may_know: bool) -> String {
    let reason = order.reason.as_deref().filter(|_| may_know);
    match reason.map(line).filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("We decided this. The reason: {reason}"),
        None => "We decided this; it is not about a payment.".to_owned(),
    }
}

/// Whom to ask.
pub(super) const fn ask(ordered: bool) -> &'static str {
    if ordered {
        "A person of ours can lift it: please answer our message, or ask for help."
    } else {
        "The people who look after billing in your organisation can settle it."
    }
}

/// What comes next; nothing that they settle holds it up.
pub(super) fn coming(what: &str, from: &str) -> String {
    let mut letters = what.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{} from {from}.", letters.as_str())
}

/// Text from outside as one line that is no longer than it should be.
fn line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let mut line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(REASON_CHARS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_one_line_for_those_who_may_know_it() {
        let reason = Some(format!("mass mailing\r\n<b>{}", "x".repeat(400)));
        let order = OrderWords { reason, until: None };
        let told = cause(&order, true);
        assert!(told.starts_with("We decided this. The reason: mass mailing <b>xx"), "{told}");
        assert!(told.chars().count() < 240 && told.ends_with('…'), "{told}");
        assert!(!cause(&order, false).contains("mass"));
        let silent = OrderWords { reason: None, until: None };
        assert_eq!(cause(&silent, true), "We decided this; it is not about a payment.");
    }

    #[test]
    fn what_comes_is_no_threat() {
        let told = coming("the workspace will be paused", "Monday");
        assert_eq!(told, "The workspace will be paused from Monday.");
    }
}
