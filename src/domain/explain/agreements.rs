//! What is agreed and stands, a sentence each: who said so, about what, until when, why.

use crate::domain::account::{Account, Arrangement};
use crate::domain::arrangement::{ArrangementKind, ArrangementMade, Outcome};
use crate::domain::money::Money;
use crate::domain::time::Instant;

/// More invoices are not listed by name.
const NAMED_MAX: usize = 5;

/// Everything that stands at `now`. What was taken over with a history is said of its invoices.
pub(super) fn agreements(account: &Account, now: Instant) -> Vec<String> {
    let stands = |it: &&Arrangement| it.from <= now && it.outcome(now) == Outcome::Stands;
    let standing = account.arrangements.iter().filter(stands).filter(|it| !it.is_opening());
    standing.map(sentence).collect()
}

fn sentence(agreed: &Arrangement) -> String {
    let made = &agreed.made;
    let part = disputed(made).map_or_else(String::new, |part| format!(" {part} of"));
    let about = match agreed.invoices.as_slice() {
        [] => String::new(),
        some if some.len() <= NAMED_MAX => {
            let names: Vec<&str> = some.iter().map(|invoice| invoice.as_str()).collect();
            format!(" about{part} {}", names.join(", "))
        }
        many => format!(" about {} invoices", many.len()),
    };
    let until = agreed.until.map_or_else(String::new, |until| format!(" until {until}"));
    let by = made.by.as_deref().map_or_else(String::new, |by| format!(", made by {by}"));
    let why = made.reason.as_deref().map_or_else(String::new, |why| format!(", because: {why}"));
    let (kind, name) = (word(made.kind), &made.arrangement);
    let so = match (made.kind, &made.invoices) {
        (ArrangementKind::Exemption, None) => {
            " Nothing is restricted meanwhile, whatever was agreed or decided besides."
        }
        (ArrangementKind::Exemption, Some(_)) => {
            " Nothing is restricted because of that meanwhile."
        }
        _ => "",
    };
    format!("{kind} (`{name}`) stands{about}{until}{by}{why}.{so}")
}

/// How much is disputed, where that is not all.
fn disputed(made: &ArrangementMade) -> Option<Money> {
    let lines = made.lines.as_deref().unwrap_or_default();
    let minor = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(line.amount.minor));
    let lines = lines.first().map(|line| Money { minor, ..line.amount });
    made.amount.or(lines).filter(|_| made.kind == ArrangementKind::Dispute)
}

const fn word(kind: ArrangementKind) -> &'static str {
    match kind {
        ArrangementKind::Promise => "A promise",
        ArrangementKind::Extension => "An extension",
        ArrangementKind::Plan => "A plan",
        ArrangementKind::Dispute => "A dispute",
        ArrangementKind::Pause => "A pause",
        ArrangementKind::Exemption => "An exemption",
        ArrangementKind::Silence => "A silence",
        ArrangementKind::Pin => "A pin",
    }
}
