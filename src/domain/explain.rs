//! Why a tenant stands where it stands, in sentences (law 5).
//!
//! Rule: every sentence says what records say: which invoice, which rung, which notices reached
//! whom, what comes next and when, what lifts it.

mod agreements;

use super::account::{
    Account, Arrangement, Case, Forgotten, Hold, HoldCause, Invoice, NoticeState,
};
use super::arrangement::ArrangementKind;
use super::bearings::Bearings;
use super::closed::{By, Closed, closed, generation, scopes};
use super::decision::{CREDIT_LIMIT, Step, TaskKind, Would, WouldHave};
use super::digest;
use super::effect::Effect;
use super::fees::fee_of;
use super::grant::ScopeStage;
use super::id::TenantId;
use super::money::Money;
use super::order::Order;
use super::payer::is_climb;
use super::plan::{Situation, What, free_at, plan};
use super::policy::Law;
use super::stage::Stage;
use super::term::is_term;
use super::time::Instant;
use super::when::When;

/// The sentences, the most important first.
#[must_use]
pub fn explain(
    tenant: &TenantId,
    account: &Account,
    law: &Law,
    situation: &Situation,
) -> Vec<String> {
    let mut sentences = standing(tenant, account, law);
    sentences.extend(account.forgotten.map(|forgotten| was_forgotten(tenant, forgotten)));
    sentences.extend(account.profile.merged_into.iter().map(|into| {
        format!(
            "{tenant} was merged into {into}: what it owes counts there, and how {into} stands is \
             shared with it."
        )
    }));
    if situation.observed {
        sentences.push(format!(
            "Nothing is enforced for {tenant}: it is told nothing of a cutoff, and nothing is \
             refused to it."
        ));
    } else if situation.switch_open {
        sentences.push("Nothing is refused to anybody: the switch is open.".to_owned());
    } else if account.effect().restricts() && generation(account) < situation.generation {
        let said = "Nothing is refused to it: everything was opened and closed again since, and what \
                    restricts is entered anew, at a cutoff time.";
        sentences.push(said.to_owned());
    }
    if situation.notices_held {
        let said = "Notices are held: no message leaves, and nothing gets harder meanwhile.";
        sentences.push(said.to_owned());
    }
    let coming = || digest::lines(tenant, account, law, situation).cutoffs;
    if situation.digest_required && coming().iter().any(|cutoff| !cutoff.again) {
        let said = "No digest that was delivered listed its next cutoff yet: it is not entered \
                    before one does.";
        sentences.push(said.to_owned());
    }
    for case in account.cases.iter().filter(|case| case.is_live()) {
        if case.over_at().is_some_and(|at| at <= situation.now) {
            continue;
        }
        sentences.extend(explain_case(account, law, case, situation));
    }
    sentences.extend(agreements::agreements(account, situation.now));
    sentences.extend(next(tenant, account, law, situation));
    sentences.extend(work(account));
    if account.effect() != Effect::NONE {
        let pauses = account.pauses.iter().filter(|pause| pause.in_force);
        for pause in pauses {
            let name = &pause.made.arrangement;
            let stage = pause.made.stage.word();
            sentences.push(format!("{stage} was agreed (pause {name}): it ends with the pause."));
        }
        let closed = closed(account);
        let lifts = |it: &&Closed<'_>| !matches!(it.by, By::Pause(_)) && !is_ordered(account, it);
        if closed.iter().any(|it| is_ordered(account, it)) {
            let said = "What an operator decided is lifted by a person, not by a payment: end that \
                        arrangement.";
            sentences.push(said.to_owned());
        }
        let lifted =
            closed.iter().filter(lifts).map(|it| it.effect).fold(Effect::NONE, Effect::and);
        if lifted != Effect::NONE {
            let term = account.invoices.iter().any(|it| it.term.is_some() && closes(account, it));
            let how = if term { "Renewing what ended, and paying" } else { "Paying" };
            sentences.push(format!("{how} what is owed lifts {lifted} at once."));
        }
    }
    sentences
}

fn standing(tenant: &TenantId, account: &Account, law: &Law) -> Vec<String> {
    let scopes = scopes(account, law);
    let mut sentences = Vec::new();
    if !scopes.iter().any(|it| it.scope.is_whole()) {
        let but = if scopes.is_empty() { "" } else { ", but for what is said here" };
        sentences.push(format!("{tenant} has full access{but}."));
    }
    sentences.extend(scopes.iter().map(|it| is_closed(tenant, it)));
    sentences
}

/// What is not known of it any more, and what that means.
fn was_forgotten(tenant: &TenantId, forgotten: Forgotten) -> String {
    let at = forgotten.at;
    let erased = format!("{tenant} was forgotten at {at}: what was known of its people is erased");
    match forgotten.back {
        None => format!("{erased}, and nothing is sent to it or asked of it."),
        Some(back) => format!("{erased}; since {back} it is known anew."),
    }
}

fn is_closed(tenant: &TenantId, it: &ScopeStage) -> String {
    let whose = if it.scope.is_whole() {
        tenant.to_string()
    } else {
        format!("Scope `{}` of {tenant}", it.scope)
    };
    let because = it.because.as_ref().map_or_else(String::new, |because| {
        let own = is_term(&because.invoice) || is_climb(&because.invoice);
        let what = if own { "" } else { "invoice " };
        format!(", because of {what}{} (rung `{}`)", because.invoice, because.rung)
    });
    let slowed = it.slow.map_or_else(String::new, |rate| match it.stage {
        Stage::Full => format!("has been slowed to {rate}"),
        _ => format!(", slowed to {rate}"),
    });
    let stage = if it.slow.is_some() && it.stage == Stage::Full { "" } else { has_been(it.stage) };
    format!("{whose} {stage}{slowed} since {}{because}.", it.since)
}

/// Whether something is in force because of it.
fn closes(account: &Account, invoice: &Invoice) -> bool {
    let cases = account.cases.iter();
    let mut own = cases.filter(|case| account.invoice_of(case).invoice == invoice.invoice);
    own.any(|case| case.entries.iter().any(|entry| entry.in_force))
}

const fn has_been(stage: Stage) -> &'static str {
    match stage {
        Stage::Full => "has had full access",
        Stage::Grace => "has been in grace",
        Stage::ReadOnly => "has been read-only",
        Stage::Frozen => "has been frozen",
    }
}

fn explain_case(account: &Account, law: &Law, case: &Case, situation: &Situation) -> Vec<String> {
    let invoice = account.invoice_of(case);
    let mut sentences = vec![about(account, law, case)];
    let holds = case.holds.iter().filter(|hold| hold.covers(situation.now));
    // Two promises until the same day are one hold.
    let mut holds: Vec<String> = holds.map(|hold| held(account, hold)).collect();
    holds.sort_unstable();
    holds.dedup();
    sentences.extend(holds);
    let fee = fee_of(account, law, invoice, situation.now);
    sentences.extend(fee.map(|(fee, announced)| {
        let told = if announced.minor > 0 {
            format!("{announced} of it announced to be invoiced")
        } else {
            "nothing of it announced yet".to_owned()
        };
        format!("Late fee until now: {fee}, {told}.")
    }));
    let notices = account.notices.iter().filter(|notice| notice.made.case == case.case);
    sentences.extend(notices.map(|notice| told(account, notice)));
    sentences.extend(case.would.iter().map(|it| would_have(&it.made, it.time)));
    sentences
}

/// What climbs: an invoice with what is owed on it, or a term with the day on which it ends.
fn about(account: &Account, law: &Law, case: &Case) -> String {
    let invoice = account.invoice_of(case);
    let owed = invoice.amount.map(|amount| Money { minor: invoice.owed, ..amount });
    let owed = owed.map_or_else(|| "an unknown amount".to_owned(), |owed| owed.to_string());
    let due = invoice.due_on.map_or_else(String::new, |due| format!(", due {due}"));
    let policy = Bearings::of_case(law, account, case)
        .map_or_else(String::new, |bearings| format!(", policy `{}`", bearings.policy.name));
    if let Some(shared) = &invoice.shared
        && account.profile.merged_into.as_ref() == Some(&shared.payer)
    {
        return format!("The standing of {} is shared with it{policy}.", shared.payer);
    }
    if let Some(shared) = &invoice.shared {
        return format!(
            "{} pays for this tenant, and its standing is shared{policy}.",
            shared.payer
        );
    }
    if let Some(order) = &invoice.order {
        return ordered(account, order, invoice, &policy);
    }
    let Some(term) = invoice.term else {
        let of = invoice.of.as_ref();
        let of = of.map_or_else(String::new, |of| format!(" (of {of}, which was merged into it)"));
        return format!("Invoice {}{of}: {owed} owed{due}{policy}.", invoice.invoice);
    };
    let ends = invoice.due_on.map_or_else(String::new, |due| format!(" ends on {due}"));
    let kept =
        term.data_until.map_or_else(String::new, |until| format!(", data kept until {until}"));
    let policy = if policy.is_empty() { ", no policy for terms".to_owned() } else { policy };
    format!("The {} ({}){ends}{kept}{policy}.", term.kind.word(), invoice.invoice)
}

/// What somebody of the operator's asked for.
fn ordered(account: &Account, order: &Order, invoice: &Invoice, policy: &str) -> String {
    let of =
        if invoice.scope.is_whole() { String::new() } else { format!(" of {}", invoice.scope) };
    let stage = order.stage.word();
    let Some(arrangement) = account.arrangement_of(order) else {
        return format!("An operator decided {stage}{of} from {}{policy}.", order.from);
    };
    let made = &arrangement.made;
    let by = made.by.as_deref().map_or_else(String::new, |by| format!(" by {by}"));
    let until = arrangement.until.map_or_else(String::new, |until| format!(" until {until}"));
    let reason = made.reason.as_deref().map_or_else(String::new, |it| format!(", because: {it}"));
    let (kind, name) = (made.kind.word(), &made.arrangement);
    format!(
        "An operator decided {stage}{of} from {}{until} ({kind} {name}{by}{reason}){policy}.",
        order.from
    )
}

/// Whether somebody of the operator's asked for it.
fn is_ordered(account: &Account, closed: &Closed<'_>) -> bool {
    matches!(closed.by, By::Climb(case, _) if account.invoice_of(case).order.is_some())
}

fn would_have(made: &WouldHave, at: Instant) -> String {
    let of = if made.scope.is_whole() { String::new() } else { format!(" of {}", made.scope) };
    let effect = made.effect();
    match made.what {
        Would::Warned => {
            format!("Would have been warned at {at} of {effect}{of} from {}.", made.at)
        }
        Would::Entered => format!("Would have been entered at {at}: {effect}{of}."),
    }
}

fn held(account: &Account, hold: &Hold) -> String {
    let why = match &hold.cause {
        HoldCause::Agreed(_) if is_opening(account, hold) => {
            format!(
                "it was taken over with a history, and is silent until `{}` is released",
                hold.id
            )
        }
        HoldCause::Agreed(kind) => agreed(*kind).to_owned(),
        HoldCause::InFlight(payment) => format!("payment {payment} is on its way"),
        HoldCause::OnAccount => {
            "money on account or credit covers it, and is to be allocated".to_owned()
        }
        HoldCause::Unmatched => "money came that finds no invoice".to_owned(),
        HoldCause::WrittenOff => "it was written off".to_owned(),
        HoldCause::Over => "its time is over".to_owned(),
    };
    match hold.end {
        Some(end) => format!("It stands still until {end}: {why}{}.", promised(account, hold)),
        None => format!("It stands still: {why}."),
    }
}

fn is_opening(account: &Account, hold: &Hold) -> bool {
    let of_hold = |it: &&Arrangement| it.made.arrangement.as_str() == hold.id;
    account.arrangements.iter().find(of_hold).is_some_and(Arrangement::is_opening)
}

/// A promise has the whole working day after the one that was named.
fn promised(account: &Account, hold: &Hold) -> String {
    let of_hold = |it: &&Arrangement| it.made.arrangement.as_str() == hold.id;
    let made = account.arrangements.iter().find(of_hold).map(|it| &it.made);
    match made.filter(|made| made.kind == ArrangementKind::Promise).and_then(|made| made.until) {
        Some(When::Day(day)) => format!(" by {day}, and the working day after it to arrive"),
        Some(When::Instant(at)) => format!(" by {at}, and the working day after it to arrive"),
        None => String::new(),
    }
}

fn agreed(kind: ArrangementKind) -> &'static str {
    match kind {
        ArrangementKind::Promise => "a promise to pay",
        ArrangementKind::Extension => "another due date",
        ArrangementKind::Plan => "a plan of instalments",
        ArrangementKind::Dispute => "it is disputed",
        ArrangementKind::Pause => "a pause was agreed",
        ArrangementKind::Exemption => "an exemption",
        ArrangementKind::Silence => "the account is silent",
        ArrangementKind::Pin => "an operator pinned its stage",
    }
}

fn told(account: &Account, notice: &NoticeState) -> String {
    let names =
        notice.made.names.as_ref().map_or_else(String::new, |named| {
            format!(" naming {} from {}", named.effect(), named.at)
        });
    let reached: Vec<String> = notice
        .receipts
        .iter()
        .map(|receipt| {
            let role = receipt.role.map_or("person", super::stage::Role::word);
            format!("{} {} ({role}) at {}", receipt.channel.word(), receipt.kind.word(), receipt.at)
        })
        .collect();
    let waits = account.messages.iter().any(|message| {
        message.made.notices.contains(&notice.made.notice) && message.receipts.is_empty()
    });
    let reached = match (reached.is_empty(), waits) {
        (false, _) => format!("receipts: {}", reached.join("; ")),
        (true, true) => "not delivered yet".to_owned(),
        (true, false) => "no receipt".to_owned(),
    };
    let void = notice.voided.map_or_else(String::new, |at| format!("; void since {at}"));
    let step = if notice.made.step == Step::Warning { "Warning" } else { "Notice" };
    format!("{step} `{}`{names} made {}: {reached}{void}.", notice.made.kind, notice.time)
}

fn next(tenant: &TenantId, account: &Account, law: &Law, situation: &Situation) -> Option<String> {
    let planned = plan(tenant, account, law, situation);
    if situation.observed {
        let next = planned.would.iter().min_by_key(|coming| coming.at)?;
        return match next.what {
            What::Warning(effect) => {
                Some(format!("Next it would be warned of {effect} at {}.", next.at))
            }
            What::Enter { effect, .. } => Some(format!("Next would be {effect} at {}.", next.at)),
            _ => None,
        };
    }
    let closed = closed(account);
    let now = |id| {
        let case = account.case(id)?;
        let closes = closed.iter().filter(|it| it.scope.covers(&case.scope));
        Some(closes.map(|it| it.effect).fold(Effect::NONE, Effect::and))
    };
    let coming = planned.coming.into_iter();
    let mut harder = coming.filter_map(|coming| match coming.what {
        What::Enter { effect, announced } => {
            let harder = effect.is_harder_than(now(coming.case).unwrap_or_default());
            harder.then_some((effect, coming.at, announced))
        }
        _ => None,
    });
    if let Some((next, at, announced)) = harder.next() {
        let told = if announced { "announced and delivered" } else { "not announced yet" };
        return Some(format!("Next: {next} at {at} ({told})."));
    }
    let held = account
        .cases
        .iter()
        .any(|case| case.is_live() && free_at(case, situation.now) != Some(situation.now));
    held.then(|| "Nothing comes while it stands still.".to_owned())
}

fn work(account: &Account) -> Vec<String> {
    let open = account.tasks.iter().filter(|task| task.is_open());
    open.map(|task| {
        let about = task.made.about.as_deref().map_or_else(String::new, |about| {
            if task.made.kind == TaskKind::FixContact {
                format!(" (mail to {about} does not arrive)")
            } else if about == CREDIT_LIMIT {
                " (more is owed than the credit limit)".to_owned()
            } else {
                format!(" ({about})")
            }
        });
        format!("Open task: {}{about}, due {}.", task.made.kind.word(), task.made.due)
    })
    .collect()
}
