//! What is said to one person about a tenant's standing, by pages, banners and the status alike.
//!
//! Rules:
//! 1. Amounts, invoice numbers, pay links and messages go to the roles `billing` and `admin` only,
//!    proved by a token; everyone else reads what is closed, since when, and whom to ask.
//! 2. What happened, since when, until when with weekday, date, hour and zone. Polite, never a
//!    threat.

use serde::Serialize;

use super::{ordered, phrases};
use crate::domain::effect::Effect;
use crate::domain::fact::Named;
use crate::domain::grant::{BannerNotice, Cause, LISTED_MAX, ORDERED_WARNING, Words};
use crate::domain::stage::{Role, Roles, Stage};
use crate::domain::term::TermKind;
use crate::domain::time::{Instant, Zone};

/// Whether people with `roles` may see amounts.
#[must_use]
pub fn may_see_amounts(roles: Roles) -> bool {
    Role::ALL.into_iter().any(|role| role.may_see_amounts() && roles.contains(role))
}

/// The sentences, ready to be put into a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The stage's word.
    pub stage: &'static str,
    /// The state, as a title.
    pub title: &'static str,
    /// What is closed and what is not.
    pub closed: String,
    /// At which rate requests pass, in words; absent: all do.
    pub rate: Option<String>,
    /// After so many seconds a request that came too soon may come again.
    pub again: Option<u64>,
    /// Since when; only where a restriction is in force.
    pub since: Option<String>,
    /// The banner's first sentence.
    pub headline: &'static str,
    /// What is overdue, for those who may see it; else a neutral sentence.
    pub detail: String,
    /// Why.
    pub cause: String,
    /// What comes next, and when.
    pub next: Option<String>,
    /// Whom to ask, as a sentence.
    pub ask: String,
    /// Whom to ask, as a list.
    pub settlers: Option<String>,
    /// Whether money is on its way or promised.
    pub thanks: bool,
    /// Whether amounts and links may be shown.
    pub may_pay: bool,
    /// All that is overdue.
    pub owed: Option<String>,
    /// How many invoices are overdue, in words.
    pub many: Option<String>,
    /// What is overdue.
    pub invoices: Vec<Line>,
    /// Where it can be paid.
    pub pay_url: Option<String>,
    /// When messages were sent.
    pub sent: Option<String>,
    /// Until when what was saved is kept, where a term ended.
    pub kept_until: Option<String>,
    /// Whether a trial or contract that ended is the reason, and no invoice.
    pub ended: bool,
    /// Whether it is for the tenant to settle that pays for this one.
    pub paid_for: bool,
    /// Whether an operator decided it, so that no payment lifts it.
    pub ordered: bool,
    /// Until when that stands.
    pub until: Option<String>,
}

/// One overdue invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number.
    pub number: String,
    /// What is open on it.
    pub owed: String,
    /// When it was due.
    pub due: Option<String>,
}

impl Said {
    /// What is said to a person with `roles` whose tenant is under `effect` since `since`.
    #[must_use]
    pub fn of(words: Option<&Words>, effect: Effect, since: Option<Instant>, roles: Roles) -> Self {
        let stage = effect.stage;
        let zone = words.and_then(|words| Zone::named(&words.time_zone)).unwrap_or_else(Zone::utc);
        let order = words.and_then(|words| words.order.as_ref());
        let told = words.filter(|words| {
            let own = !words.paid_for || !words.invoices.is_empty();
            may_see_amounts(roles) && !words.agreed && words.order.is_none() && own
        });
        let paid_for = words.is_some_and(|words| words.paid_for);
        let thanks = words.is_some_and(|words| words.thanks);
        let elsewhere = paid_for || order.is_some();
        let settlers = words.map(settlers).filter(|names| !names.is_empty() && !elsewhere);
        let since = since.filter(|since| effect.restricts() && *since > Instant::MIN);
        let pay_url = told.and_then(|words| {
            let own = words.pay_url.as_deref();
            let first = words.invoices.first().and_then(|invoice| invoice.pay_url.as_deref());
            phrases::link(own).or_else(|| phrases::link(first)).map(str::to_owned)
        });
        Self {
            stage: stage.word(),
            title: match words {
                Some(words) if words.agreed => agreed_title(stage),
                Some(words) if words.paid_for => paid_for_title(stage),
                Some(words) if words.order.is_some() => ordered::title(stage),
                Some(Words { term: Some(term), .. }) => term_title(stage, term.kind),
                _ => title(effect),
            },
            closed: closed(effect),
            rate: effect.slow.map(phrases::rate),
            again: None,
            since: since.map(|since| phrases::moment(since, &zone)),
            headline: headline(words, effect, thanks),
            detail: match order {
                Some(_) => closed(effect),
                None => detail(told, effect, thanks),
            },
            cause: match order {
                Some(order) => ordered::cause(order, may_see_amounts(roles)),
                None => cause(words, told.is_some()).to_owned(),
            },
            next: words.and_then(next).map(|next| coming(next, &zone)),
            ask: settlers.as_ref().map_or_else(
                || {
                    if paid_for {
                        ELSEWHERE.into()
                    } else {
                        ordered::ask(order.is_some()).to_owned()
                    }
                },
                |names| format!("Please ask {names}."),
            ),
            settlers,
            thanks,
            may_pay: told.is_some(),
            owed: told.map(|words| phrases::amounts(&words.owed)).filter(|owed| !owed.is_empty()),
            many: told.filter(|words| !words.invoices.is_empty()).map(many),
            invoices: told.map(lines).unwrap_or_default(),
            pay_url,
            sent: told
                .map(|words| phrases::dates(&words.sent, &zone))
                .filter(|dates| !dates.is_empty()),
            kept_until: words.and_then(kept_until),
            ended: words.is_some_and(|words| words.term.is_some()),
            paid_for,
            ordered: order.is_some(),
            until: order.and_then(|it| it.until).map(|at| phrases::moment(at, &zone)),
        }
    }
}

impl Said {
    /// The same about a part of the app only.
    #[must_use]
    pub fn about_part(mut self, effect: Effect) -> Self {
        match effect.stage {
            Stage::Full | Stage::Grace if effect.slow.is_some() => {
                self.title = "This part of the workspace is slowed down for now";
            }
            Stage::Full | Stage::Grace => {}
            Stage::ReadOnly => {
                self.title = match self.ended {
                    _ if self.paid_for => "This part of the workspace is read-only for now",
                    _ if self.ordered => "This part of the workspace is read-only: we decided this",
                    true => "This part of the workspace is read-only: its time has ended",
                    false => "This part of the workspace is read-only until an invoice is paid",
                };
                self.closed = "Changing things in this part of the workspace is paused. \
                               Everything else is as it was."
                    .to_owned();
            }
            Stage::Frozen => {
                self.title = match self.ended {
                    _ if self.paid_for => "This part of the workspace is closed for now",
                    _ if self.ordered => "This part of the workspace is closed: we decided this",
                    true => "This part of the workspace is closed: its time has ended",
                    false => "This part of the workspace is closed until an invoice is paid",
                };
                self.closed = "Working in this part of the workspace is paused. Everything else \
                               is as it was."
                    .to_owned();
            }
        }
        self
    }
}

/// Whose it is to settle where another tenant pays.
const ELSEWHERE: &str =
    "Whoever pays for this workspace can settle it; there is nothing to pay here.";

/// The next cutoff that people were told of, and whether an operator decided it.
#[must_use]
pub fn next(words: &Words) -> Option<(&Named, bool)> {
    let named = |notice: &'_ BannerNotice| notice.names.is_some();
    let next = words.banners.iter().filter(|notice| named(notice));
    let next = next.min_by_key(|notice| notice.names.as_ref().map(|named| named.at))?;
    Some((next.names.as_ref()?, next.kind == ORDERED_WARNING))
}

const fn title(effect: Effect) -> &'static str {
    match effect.stage {
        Stage::Full | Stage::Grace if effect.slow.is_some() => {
            "This workspace is slowed down until an invoice is paid"
        }
        Stage::Full => "Everything is open",
        Stage::Grace => "A payment is overdue; everything is still open",
        Stage::ReadOnly => "This workspace is read-only until an invoice is paid",
        Stage::Frozen => "This workspace is paused until an invoice is paid",
    }
}

const fn paid_for_title(stage: Stage) -> &'static str {
    match stage {
        Stage::Full | Stage::Grace => "A bill is open elsewhere; everything is still open",
        Stage::ReadOnly => "This workspace is read-only until a bill is settled elsewhere",
        Stage::Frozen => "This workspace is paused until a bill is settled elsewhere",
    }
}

const fn term_title(stage: Stage, kind: TermKind) -> &'static str {
    match (stage, kind) {
        (Stage::Full | Stage::Grace, TermKind::Trial) => "The trial has ended; all is still open",
        (Stage::Full | Stage::Grace, TermKind::Contract) => {
            "The contract has ended; all is still open"
        }
        (Stage::ReadOnly, TermKind::Trial) => "This workspace is read-only: the trial has ended",
        (Stage::ReadOnly, TermKind::Contract) => {
            "This workspace is read-only: the contract has ended"
        }
        (Stage::Frozen, TermKind::Trial) => "This workspace is paused: the trial has ended",
        (Stage::Frozen, TermKind::Contract) => "This workspace is paused: the contract has ended",
    }
}

const fn ended(kind: TermKind) -> &'static str {
    match kind {
        TermKind::Trial => "The trial has ended.",
        TermKind::Contract => "The contract has ended.",
    }
}

fn kept_until(words: &Words) -> Option<String> {
    words.term.as_ref()?.data_until.map(phrases::day)
}

const fn agreed_title(stage: Stage) -> &'static str {
    match stage {
        Stage::Full | Stage::Grace => title(Effect::of(stage)),
        Stage::ReadOnly => "This workspace is read-only for a while, as was agreed",
        Stage::Frozen => "This workspace is paused for a while, as was agreed",
    }
}

fn closed(effect: Effect) -> String {
    let rate = effect.slow.map(phrases::rate);
    match (effect.stage, rate) {
        (Stage::Full | Stage::Grace, None) => "Nothing is closed.".to_owned(),
        (Stage::Full | Stage::Grace, Some(rate)) => {
            format!("Everything still works, but slowly: {rate}.")
        }
        (Stage::ReadOnly, None) => {
            "Changing things is paused. Reading, export and the billing pages still work."
                .to_owned()
        }
        (Stage::ReadOnly, Some(rate)) => format!(
            "Changing things is paused. Reading, export and the billing pages still work, but \
             slowly: {rate}."
        ),
        (Stage::Frozen, _) => "Working here is paused. Signing in, paying, exporting and asking \
                               for help still work."
            .to_owned(),
    }
}

fn headline(words: Option<&Words>, effect: Effect, thanks: bool) -> &'static str {
    let stage = effect.stage;
    let paid_for = words.is_some_and(|words| words.paid_for);
    if paid_for && !thanks && !effect.restricts() {
        return "A bill is open with whoever pays for this workspace.";
    }
    if let Some(term) = words.and_then(|words| words.term.as_ref()).filter(|_| !thanks) {
        return ended(term.kind);
    }
    if words.is_some_and(|words| words.order.is_some()) {
        return ordered::headline(stage);
    }
    match (stage, thanks) {
        (_, true) => "Thank you: a payment is on its way.",
        (Stage::Full | Stage::Grace, false) if effect.slow.is_some() => {
            "This workspace is slowed down."
        }
        (Stage::Full | Stage::Grace, false) => "Did a payment slip through?",
        (Stage::ReadOnly, false) => "This workspace is read-only.",
        (Stage::Frozen, false) => "This workspace is paused.",
    }
}

fn detail(told: Option<&Words>, effect: Effect, thanks: bool) -> String {
    let Some(words) = told.filter(|_| !thanks) else {
        return match effect.restricts() {
            _ if thanks => "Nothing more is needed.".to_owned(),
            false => "There is an open billing question.".to_owned(),
            true => closed(effect),
        };
    };
    if let Some(kept) = words.term.as_ref().and_then(|_| kept_until(words)) {
        return format!("What you saved is kept until {kept}.");
    }
    let owed = phrases::amounts(&words.owed);
    let oldest = words.invoices.iter().filter_map(|invoice| invoice.due_on).min();
    let due = oldest.map(|due| format!(", due since {}", phrases::day(due))).unwrap_or_default();
    let many = many(words);
    if owed.is_empty() { cause_of(words).to_owned() } else { format!("{owed} ({many}){due}.") }
}

/// How many invoices are overdue, as far as they are listed.
fn many(words: &Words) -> String {
    match words.invoices.len() {
        1 => "1 invoice".to_owned(),
        LISTED_MAX.. => format!("{LISTED_MAX} or more invoices"),
        many => format!("{many} invoices"),
    }
}

fn cause(words: Option<&Words>, may_know: bool) -> &'static str {
    match words {
        Some(words) if words.agreed => "Your people agreed to this pause.",
        Some(words) if words.paid_for => ELSEWHERE,
        Some(Words { term: Some(term), .. }) => ended(term.kind),
        Some(words) if may_know => cause_of(words),
        _ => "There is an open billing question.",
    }
}

fn cause_of(words: &Words) -> &'static str {
    if let Some(term) = &words.term {
        return ended(term.kind);
    }
    match words.cause {
        Cause::Overdue => "An invoice is overdue. Perhaps it slipped through.",
        Cause::Declined => "The last charge was declined.",
        Cause::Confirm => "Your bank asks you to confirm the payment.",
        Cause::Returned => "A payment was returned by the bank.",
    }
}

fn coming((named, ordered): (&Named, bool), zone: &Zone) -> String {
    let what = match (named.stage, named.scope.is_whole()) {
        (Stage::Full | Stage::Grace, true) if named.slow.is_some() => {
            "the workspace will be slowed down"
        }
        (Stage::Full | Stage::Grace, false) if named.slow.is_some() => {
            "a part of the workspace will be slowed down"
        }
        (Stage::Full | Stage::Grace, _) => "a reminder follows",
        (Stage::ReadOnly, true) => "the workspace will be read-only",
        (Stage::ReadOnly, false) => "a part of the workspace will be read-only",
        (Stage::Frozen, true) => "the workspace will be paused",
        (Stage::Frozen, false) => "a part of the workspace will be paused",
    };
    let from = phrases::moment(named.at, zone);
    if let Some(rate) = named.slow.map(phrases::rate) {
        return format!("Unless this is settled, {what} from {from}: {rate}.");
    }
    if ordered {
        return ordered::coming(what, &from);
    }
    format!("Unless this is settled, {what} from {from}.")
}

fn settlers(words: &Words) -> String {
    phrases::listed(&words.settlers, "or")
}

fn lines(words: &Words) -> Vec<Line> {
    let line = |invoice: &crate::domain::grant::InvoiceWords| Line {
        number: invoice.number.clone(),
        owed: phrases::amount(invoice.owed),
        due: invoice.due_on.map(phrases::day),
    };
    words.invoices.iter().map(line).collect()
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;
