//! What can be read and still makes no sense (SPEC 4, `ambergate check`).

use std::collections::BTreeMap;

use super::super::fault::{Faults, Place};
use super::super::fields::Fields;
use super::read::Context;
use super::rungs::Outline;
use crate::domain::calendar::{Almanac, Calendar, Operator};
use crate::domain::effect::Rate;
use crate::domain::id::PolicyName;
use crate::domain::policy::{Anchor, At, Policy, Rung, Select};
use crate::domain::span::{Span, Unit};
use crate::domain::stage::Stage;
use crate::domain::time::{DAY, Instant, MINUTE};
use crate::domain::week::Hours;

/// The policy that is taken where no line of `[[select]]` matches.
const FALLBACK: &str = "standard";

/// A day from which cutoff times are looked for: the search is longer than two years, so it
/// matters little which. 2026-01-05, a Monday.
const SEARCH_FROM_MILLIS: i64 = 20_458 * DAY;

/// The order of the rungs: each is later, and at least as strict, as those before it.
pub(super) fn order(policy: &Policy, outlines: &[Outline], faults: &Faults) {
    let rungs: Vec<Rung> = outlines.iter().map(|it| it.rung.clone()).collect();
    let for_terms = rungs.iter().any(|rung| rung.at.anchor == Anchor::Ends);
    for (index, Outline { rung, place, .. }) in outlines.iter().enumerate() {
        let earlier = &rungs[..index];
        if let Some(before) = earlier.iter().rposition(|other| is_after(policy, other, rung)) {
            let before = outlines[before].number;
            let what = format!("this rung comes before rung {before} of the policy");
            faults.add(place, what, "put the rungs in the order of their dates");
        }
        if for_terms && rung.at.anchor != Anchor::Ends && rung.enter.is_none() {
            let what = "this rung is never reached: the others count from the end of a term";
            faults.add(place, what, "write it as `ends …`, or in a policy for invoices");
        }
        if let Some(enter) = &rung.enter {
            stages(rung, enter.stage, earlier, place, faults);
            slowness(enter.slow, earlier, place, faults);
        }
    }
}

/// What has come is entered before its notice lapses.
pub(super) fn slack(policy: &Policy, fields: &Fields<'_>) {
    let Hours { start, end } = policy.cutoff_hours;
    let hours = i64::from(end.minutes().saturating_sub(start.minutes())) * MINUTE;
    if policy.slack.nominal_millis().is_none_or(|slack| slack >= hours.max(MINUTE)) {
        let what = format!(
            "is {}, as long as cutoffs may come on a day: a notice would lapse before anything \
             could begin",
            policy.slack
        );
        fields.fault("slack", &what, "give it less, such as \"15 minutes\"");
    }
}

fn stages(rung: &Rung, stage: Stage, earlier: &[Rung], place: &Place, faults: &Faults) {
    let entered = |rung: &Rung| {
        let enter = rung.enter.as_ref().filter(|enter| enter.has_stage());
        enter.map(|enter| enter.stage)
    };
    let Some((last, reached)) = earlier.iter().rev().find_map(|r| Some((r, entered(r)?))) else {
        return;
    };
    let (word, before) = (stage.word(), reached.word());
    if stage == Stage::Full {
        // Slowness stands beside stages.
        if reached == Stage::Frozen {
            let what = "this rung is never reached: frozen, nothing passes that could be slowed";
            faults.add(place, what, "put it before the rung that freezes, or take it out");
        }
    } else if stage < reached {
        let what = format!("the stage gets less strict: {word} after {before}");
        faults.add(place, what, "stages only climb; what is owed and paid brings them down");
    } else if stage == reached {
        let what = format!("this rung is never reached: {word} is entered before");
        faults.add(place, what, "take one of the two out");
    } else if last.at == rung.at {
        let what = format!("{before} and {word} begin on the same day: the first would not exist");
        faults.add(place, what, "put at least a day between stages");
    }
    if last.at.anchor != rung.at.anchor {
        let what = "rungs that enter a stage count from different dates";
        faults.add(place, what, "count all of them from the same: due, issued, failed or ends");
    }
}

/// Who is slowed is not slowed less later.
fn slowness(slow: Option<Rate>, earlier: &[Rung], place: &Place, faults: &Faults) {
    let mut before = earlier.iter().rev().filter_map(|rung| rung.enter.as_ref()?.slow);
    if let Some((slow, before)) = slow.zip(before.next())
        && !slow.is_harder_than(before)
    {
        let what = format!("{slow} slows no more than {before} before it does");
        faults.add(place, what, "slow it down further, or take it out");
    }
}

/// Whether `earlier` surely lies after `later`, though it is written before it.
fn is_after(policy: &Policy, earlier: &Rung, later: &Rung) -> bool {
    let (a, b) = (earlier.at, later.at);
    if a.anchor != b.anchor {
        return false;
    }
    if a.offset == b.offset && a.working_days == b.working_days {
        return minutes(policy, earlier) > minutes(policy, later);
    }
    if a.working_days == b.working_days { a.offset > b.offset } else { days(a).0 > days(b).1 }
}

/// The fewest and the most calendar days that an offset can be, with five working days a week.
fn days(at: At) -> (i32, i32) {
    if !at.working_days {
        return (at.offset, at.offset);
    }
    let count = at.offset.abs();
    let (least, most) = (count / 5 * 7 + count % 5, count / 5 * 7 + count % 5 + 2);
    if at.offset < 0 { (-most, -least) } else { (least, most) }
}

/// At which minute of its day a rung is.
fn minutes(policy: &Policy, rung: &Rung) -> u16 {
    let cutoff = rung.enter.as_ref().is_some_and(|enter| enter.effect().restricts());
    let hours = if cutoff { policy.cutoff_hours } else { policy.send_hours };
    rung.at.time.unwrap_or(hours.start).minutes()
}

/// Everybody who will be restricted sees the banner for two working days before.
pub(super) fn banner(policy: &Policy, fields: &Fields<'_>, places: &[Place]) {
    let cutoff = |rung: &Rung| rung.enter.as_ref().is_some_and(|enter| enter.effect().restricts());
    if policy.rungs.iter().any(cutoff) && !policy.banner_for.warned.is_everyone() {
        let what = "does not show everybody the banner while a cutoff is announced";
        let help = "a cutoff restricts everybody: write warned = [\"everyone\"]";
        fields.fault("banner_for", what, help);
    }
    for (rung, place) in policy.rungs.iter().zip(places) {
        let warn = rung.enter.as_ref().and_then(|enter| enter.warn.as_ref());
        if warn.is_some_and(|warn| is_under_two_days(warn.before)) {
            let what = "people would not see the banner for two working days before this cutoff";
            fields.faults().add(place, what, "give warn.before at least \"2 working days\"");
        }
    }
}

fn is_under_two_days(span: Span) -> bool {
    match span.nominal_millis() {
        Some(millis) => millis < 2 * DAY,
        None => span.unit == Unit::WorkingDays && span.count < 2,
    }
}

/// There are hours in which a cutoff may come, and somebody is there in them.
pub(super) fn hours(policy: &Policy, fields: &Fields<'_>, context: Context<'_>) {
    let Some(calendar) = context.calendars.get(&policy.calendar) else { return };
    if calendar.working_days().is_empty() {
        fields.fault("calendar", "has no working day", "give the calendar `working_days`");
    } else if !some_cutoff(policy, calendar, None) {
        let help = "a cutoff comes on a working day that is not the eve of a day off, at a full \
                    quarter of an hour inside `cutoff_hours`";
        fields.fault("cutoff_hours", "and `cutoff_days` never occur together", help);
    } else if !some_cutoff(policy, calendar, context.operator) {
        let help = "cutoffs come when somebody of `[operator]` is there to answer: compare time \
                    zones, hours and calendars";
        fields.fault("cutoff_hours", "never meet the operator's hours", help);
    }
}

fn some_cutoff(policy: &Policy, calendar: &Calendar, operator: Option<&Operator>) -> bool {
    let almanac = Almanac { zone: &policy.zone, calendar, operator, policy };
    almanac.cutoff_at_or_after(Instant::from_millis(SEARCH_FROM_MILLIS)).is_some()
}

/// Every policy can be selected, and every line of the selection reached.
pub(super) fn selection(
    select: &[(Select, Place)],
    policies: &BTreeMap<PolicyName, Place>,
    terms: &[PolicyName],
    faults: &Faults,
) {
    // A line of a policy for terms stands in no invoice's way, and the other way round.
    let (of_terms, of_invoices): (Vec<_>, Vec<_>) =
        select.iter().partition(|(line, _)| terms.contains(&line.policy));
    for (lines, for_terms) in [(of_terms, true), (of_invoices, false)] {
        let own = policies.iter().filter(|(name, _)| terms.contains(name) == for_terms);
        // The only policy for terms is every term's.
        let alone = for_terms && terms.len() == 1;
        lines_of(&lines, own.filter(|_| !alone), faults);
    }
}

fn lines_of<'a>(
    select: &[&(Select, Place)],
    policies: impl Iterator<Item = (&'a PolicyName, &'a Place)>,
    faults: &Faults,
) {
    let all = select.iter().position(|(line, _)| line.takes_all());
    for (_, place) in select.iter().skip(all.map_or(usize::MAX, |all| all + 1)) {
        let help = "move it before the line without conditions; the first match wins";
        faults.add(place, "this line of `[[select]]` is never reached", help);
    }
    let reached = select.get(..=all.unwrap_or(usize::MAX - 1)).unwrap_or(select);
    let reached = reached.iter().map(|(line, _)| &line.policy).collect::<Vec<_>>();
    for (name, place) in policies {
        if name.as_str() != FALLBACK && !reached.contains(&name) {
            let what = format!("nobody can be selected for the policy {name:?}");
            let help = format!(
                "add `[[select]]` with policy = {name:?}, or name it `{FALLBACK}`, which is taken \
                 where nothing matches"
            );
            faults.add(place, what, help);
        }
    }
}
