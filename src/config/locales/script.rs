//! What is to be said on a call, or written in a letter, in the customer's language.
//!
//! Rule: it names what is open and the cutoffs that the task names, with their times, and no
//! others: what was not named is not proved.

use super::{Fill, Phrases};
use crate::domain::account::{Account, Invoice, NoticeState, TaskState};
use crate::domain::bearings;
use crate::domain::decision::TaskKind;
use crate::domain::fact::Named;
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::policy::Law;
use crate::domain::publish::overdue;
use crate::domain::stage::Stage;
use crate::domain::time::{Instant, Zone};

/// What is to be said for this task at `now`, sentence by sentence; nothing where nothing is said.
#[must_use]
pub fn script(law: &Law, account: &Account, task: &TaskState, now: Instant) -> Vec<String> {
    if task.kind().channel().is_none() {
        return Vec::new();
    }
    let language = Language::nearest(account.profile.locale.as_deref());
    let (phrases, zone) = (Phrases::of(language), bearings::zone(law, account));
    let mut open = overdue(account, law, now);
    let own = account.case(task.made.case).map(|case| account.invoice_of(case));
    if let Some(own) = own.filter(|own| own.owed > 0 && open.is_empty()) {
        open.push(own);
    }
    let mut said: Vec<String> =
        open.into_iter().filter_map(|invoice| of_invoice(invoice, language, phrases)).collect();
    let notices = task.made.notices.iter().filter_map(|id| account.notice(*id));
    let standing = notices.filter(|notice| notice.voided.is_none() && notice.spent.is_none());
    let is_ordered = |notice: &NoticeState| {
        let case = account.case(notice.made.case);
        case.is_some_and(|case| account.invoice_of(case).order.is_some())
    };
    let named: Vec<(&Named, bool)> = standing
        .filter_map(|notice| Some((notice.made.names.as_ref()?, is_ordered(notice))))
        .collect();
    let cutoffs = named.iter().map(|named| of_cutoff(*named, language, phrases, &zone));
    let ordered = named.iter().any(|(_, ordered)| *ordered);
    let owing = !said.is_empty() || !ordered;
    said.extend(cutoffs);
    let mut say = |key: &str| said.push(phrases.say(key, &Fill::default()));
    if ordered {
        say("script-ordered-ask");
    }
    if owing {
        say("script-thanks");
        if task.kind() == TaskKind::Call {
            say("script-when");
        }
    }
    said
}

fn of_invoice(invoice: &Invoice, language: Language, phrases: &Phrases) -> Option<String> {
    let open = Money { minor: invoice.owed, ..invoice.amount? };
    let number = invoice.number.clone().unwrap_or_else(|| invoice.invoice.to_string());
    let fill = Fill::default().with("number", number).with("amount", language.money(open));
    Some(match invoice.due_on {
        Some(due) => phrases.say("script-due", &fill.with("due", language.day(due))),
        None => phrases.say("script-open", &fill),
    })
}

fn of_cutoff(
    (named, ordered): (&Named, bool),
    language: Language,
    phrases: &Phrases,
    zone: &Zone,
) -> String {
    let key = match (named.stage, ordered) {
        (Stage::Full, _) => "script-slow",
        (Stage::Frozen, false) => "script-frozen",
        (_, false) => "script-read-only",
        (Stage::Frozen, true) => "script-ordered-frozen",
        (_, true) => "script-ordered-read-only",
    };
    let rate = named.slow.map(|rate| language.rate(rate)).unwrap_or_default();
    let fill = Fill::default().with("at", language.moment(named.at, zone)).with("rate", rate);
    let fill = fill.with("scope", named.scope.to_string());
    let part = if named.scope.is_whole() { "" } else { "-part" };
    let said = phrases.say(&format!("{key}{part}"), &fill);
    match named.stage {
        Stage::ReadOnly if named.slow.is_some() => {
            format!("{said} {}", phrases.say("step-slow-too", &fill))
        }
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cutoff_is_told_in_every_language_with_its_time_and_part() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        for language in Language::ALL {
            let all = [("*", Stage::ReadOnly, false), ("reports", Stage::Frozen, false)];
            let ordered = [("*", Stage::Frozen, true), ("reports", Stage::ReadOnly, true)];
            for (scope, stage, ordered) in all.into_iter().chain(ordered) {
                let at = "2026-03-30T08:00:00Z".parse().unwrap();
                let named = Named { stage, slow: None, scope: scope.parse().unwrap(), at };
                let said = of_cutoff((&named, ordered), language, Phrases::of(language), &zone);
                assert!(said.contains("10:00") && !said.contains("script"), "{said}");
                assert_eq!(said.contains("reports"), scope == "reports", "{said}");
            }
        }
    }
}
