//! The rungs of a policy.

use super::super::fault::Place;
use super::super::fields::Fields;
use super::write::{self, COLLECTIONS, OUTCOMES};
use super::{amounts, at};
use crate::domain::decision::TaskKind;
use crate::domain::effect::{Effect, Rate};
use crate::domain::fact::Channel;
use crate::domain::policy::{At, Condition, Enter, Notice, Repeat, Rung, TaskRung, Warn};
use crate::domain::span::Span;
use crate::domain::stage::{Role, Roles, Stage};

/// Notices that a rung may send.
const NOTICES: [&str; 6] = ["upcoming", "due_today", "overdue", "entered", "thanks", "all_well"];

/// The rungs of a policy, as far as they could be read.
#[derive(Default)]
pub(super) struct Rungs {
    /// Those with which nothing is wrong.
    pub(super) sound: Vec<Rung>,
    /// Where they stand.
    pub(super) places: Vec<Place>,
    /// When each comes and what begins with it, of all of which that could be read: what else is wrong
    /// with a rung does not hide that it stands in the wrong place.
    pub(super) outlines: Vec<Outline>,
    /// Whether any is written at all.
    pub(super) any: bool,
}

/// When a rung comes, and what begins with it.
pub(super) struct Outline {
    /// Which one, from 1.
    pub(super) number: usize,
    /// With nothing but its date and its effect.
    pub(super) rung: Rung,
    /// Where it stands.
    pub(super) place: Place,
}

/// Every rung that could be read.
pub(super) fn rungs(policy: &Fields<'_>) -> Rungs {
    let nodes = policy.list("rungs").unwrap_or_default();
    let path = policy.path_of("rungs");
    let mut rungs = Rungs { any: !nodes.is_empty(), ..Rungs::default() };
    for (index, node) in nodes.iter().enumerate() {
        let fields = Fields::of(node, &format!("{path}[{index}]"), policy.faults());
        let Some(fields) = fields else { continue };
        let (at, effect) = (day(&fields), effect(&fields));
        if let (Some(at), Ok(effect)) = (at, &effect) {
            let begins =
                |Effect { stage, slow }| Enter { stage, slow, warn: None, approval: false };
            let enter = effect.map(begins);
            let rung = Rung { at, when: None, enter, notice: None, task: None };
            let place = node.place.clone();
            rungs.outlines.push(Outline { number: index + 1, rung, place });
        }
        if let Some(rung) = rung(&fields, at, effect) {
            rungs.sound.push(rung);
            rungs.places.push(node.place.clone());
        }
    }
    rungs
}

fn rung(
    fields: &Fields<'_>,
    at: Option<At>,
    effect: Result<Option<Effect>, Faulty>,
) -> Option<Rung> {
    let task = task(fields);
    let notice = notice(fields);
    let enter = enter(fields, effect);
    let when = condition(fields);
    if !["enter", "notice", "task", "slow"].into_iter().any(|key| fields.has(key)) {
        let help = "give it `enter`, `slow`, `notice` or `task`";
        fields.faults().add(fields.place(), "a rung that does nothing".to_owned(), help);
    }
    let (enter, notice, task) = (enter.ok()?, notice.ok()?, task.ok()?);
    Some(Rung { at: at?, when: when.ok()?, enter, notice, task })
}

fn day(fields: &Fields<'_>) -> Option<At> {
    let Some(text) = fields.text("at") else {
        return fields.missing("at", "such as at = \"due + 15 days\"");
    };
    at::parse(text)
        .map_err(|help| fields.fault("at", &format!("is {text:?}, which is no date"), help))
        .ok()
}

/// There was a fault: the rung is not to be used.
struct Faulty;

fn condition(fields: &Fields<'_>) -> Result<Option<Condition>, Faulty> {
    let Some(when) = fields.table("when") else {
        return if fields.has("when") { Err(Faulty) } else { Ok(None) };
    };
    let before = fields.faults().count();
    let condition = Condition {
        owed_over: amounts::limits(&when, "owed_over"),
        invoices_over: when.number("invoices_over", 1, 1_000),
        collection: when.word("collection", &COLLECTIONS),
        promised: when.boolean("promised"),
        ordered: None,
    };
    if condition == Condition::default() && fields.faults().count() == before {
        let help = "give it `owed_over`, `invoices_over`, `collection` or `promised`";
        fields.fault("when", "asks for nothing", help);
    } else if condition.owed_over.as_ref().is_some_and(|limits| limits.0.is_empty()) {
        let help = "name a currency: { EUR = \"100.00\" }; one that is missing is never over";
        when.fault("owed_over", "names no currency: this rung is never reached", help);
    }
    if fields.faults().count() > before { Err(Faulty) } else { Ok(Some(condition)) }
}

fn enter(
    fields: &Fields<'_>,
    effect: Result<Option<Effect>, Faulty>,
) -> Result<Option<Enter>, Faulty> {
    let warn = fields.table("warn");
    if !fields.has("enter") && !fields.has("slow") {
        if fields.has("approval") {
            fields.fault("approval", "without `enter`", "add `enter`, or take it out");
        }
        return match warn {
            None => Ok(None),
            Some(warn) => {
                self::warn(&warn);
                let help = "give the rung `enter` or `slow`, or take it out";
                fields.fault("warn", "warns of nothing", help);
                Err(Faulty)
            }
        };
    }
    let approval = fields.boolean("approval");
    let warned = warn.as_ref().map(self::warn);
    let effect = effect?.unwrap_or_default();
    let restricts = effect.restricts();
    if !restricts && approval.is_some() {
        fields.fault("approval", "is for cutoffs; grace is none", "take it out");
        return Err(Faulty);
    }
    if restricts && warned.is_none() {
        let what = format!("is a cutoff without a warning: {effect}");
        let help = "add warn = { before = \"7 days\", again = [\"1 day\"], to = [\"billing\", \
                    \"admin\"], by = [\"email\", \"banner\"], needs = 1 }";
        fields.fault(if fields.has("enter") { "enter" } else { "slow" }, &what, help);
        return Err(Faulty);
    }
    if !restricts && warned.is_some() {
        fields.fault("warn", "is for cutoffs; grace is none", "use `notice` instead");
        return Err(Faulty);
    }
    let (Effect { stage, slow }, approval) = (effect, approval.unwrap_or_default());
    let warn = warned.map(|warn| warn.ok_or(Faulty)).transpose()?;
    Ok(Some(Enter { stage, slow, warn, approval }))
}

/// What begins: a stage, slowness, or both.
fn effect(fields: &Fields<'_>) -> Result<Option<Effect>, Faulty> {
    if !fields.has("enter") && !fields.has("slow") {
        return Ok(None);
    }
    let slow: Option<Rate> = fields.parsed("slow");
    let faulty = fields.has("slow") && slow.is_none();
    let stages = [Stage::Grace, Stage::ReadOnly, Stage::Frozen].map(|stage| (stage.word(), stage));
    let stage = if fields.has("enter") {
        fields.word("enter", &stages).ok_or(Faulty)?
    } else {
        Stage::Full
    };
    let beside = match stage {
        Stage::Grace => "stands beside grace, which takes nothing away",
        Stage::Frozen => "stands beside frozen, in which nothing passes that could be slowed",
        Stage::Full | Stage::ReadOnly => "",
    };
    if fields.has("slow") && !beside.is_empty() {
        let help = "give it a rung of its own, with a `warn`, or take it out";
        fields.fault("slow", beside, help);
        return Err(Faulty);
    }
    if faulty { Err(Faulty) } else { Ok(Some(Effect { stage, slow })) }
}

fn warn(fields: &Fields<'_>) -> Option<Warn> {
    let before: Option<Span> =
        fields.parsed("before").or_else(|| fields.missing("before", "such as \"7 days\""));
    if before.is_some_and(|before| before.count == 0) {
        fields.fault("before", "is a notice period of zero", "such as \"7 days\"");
    }
    let again: Vec<Span> = fields.all_parsed("again").unwrap_or_default();
    let nominal = before.and_then(Span::nominal_millis);
    for span in &again {
        let late = span.nominal_millis().zip(nominal).is_some_and(|(span, before)| span >= before);
        if span.count == 0 || late {
            let what = format!("repeats the warning {span} before the cutoff");
            fields.fault("again", &what, "give spans shorter than `before` and not zero");
        }
    }
    let (to, by) = to_and_by(fields);
    let needs = fields.number("needs", 1, 50);
    if let Some(by) = &by {
        enough_ways(fields, by, needs.unwrap_or(1));
    }
    let needs = if fields.has("needs") { needs? } else { 1 };
    let needs = u8::try_from(needs).unwrap_or(u8::MAX);
    let before = before.filter(|before| before.count > 0)?;
    Some(Warn { before, again, to: to?, by: by?, needs })
}

/// A call proves once, and so does a letter, whoever is reached.
fn enough_ways(fields: &Fields<'_>, by: &[Channel], needs: u32) {
    let most = u32::try_from(by.len()).unwrap_or(u32::MAX);
    if by.iter().all(|channel| channel.is_by_hand()) && needs > most {
        let what = format!("is {needs}, and `by` can prove it {most} times at the most");
        let help = "a call proves once, and a letter once: add `email` or `banner` to `by`";
        fields.fault("needs", &what, help);
    }
}

fn notice(fields: &Fields<'_>) -> Result<Option<Notice>, Faulty> {
    let Some(kind) = fields.text("notice") else {
        for key in ["to", "by"] {
            if fields.has(key) {
                fields.fault(key, "without `notice`", "add `notice`, or take it out");
            }
        }
        return if fields.has("notice") { Err(Faulty) } else { Ok(None) };
    };
    if kind == "warning" {
        let help = "a warning is written as `warn` beside `enter`";
        fields.fault("notice", "is reserved: \"warning\"", help);
    } else {
        fields.word("notice", &NOTICES.map(|kind| (kind, ())));
    }
    let (to, by) = to_and_by(fields);
    let by_hand = by.iter().flatten().find(|channel| channel.is_by_hand());
    if let Some(channel) = by_hand {
        let what = format!("names `{}`, which is work for a person", channel.word());
        let help = "give the rung `task = \"call\"` or `task = \"letter\"` instead";
        fields.fault("by", &what, help);
    }
    Ok(Some(Notice { kind: kind.to_owned(), to: to.ok_or(Faulty)?, by: by.ok_or(Faulty)? }))
}

fn to_and_by(fields: &Fields<'_>) -> (Option<Roles>, Option<Vec<Channel>>) {
    let roles = Role::ALL.map(|role| (role.word(), role));
    let to = fields.words("to", &roles);
    let to = to.or_else(|| fields.missing("to", "such as to = [\"billing\", \"admin\"]"));
    let to = to.map(|roles| roles.into_iter().collect::<Roles>());
    let channels = Channel::ALL.map(|channel| (channel.word(), channel));
    let by = fields.words("by", &channels);
    let mut by = by.or_else(|| fields.missing("by", "such as by = [\"email\", \"banner\"]"));
    for (key, help) in [("to", "name a role"), ("by", "name a channel")] {
        if fields.list(key).is_some_and(<[_]>::is_empty) {
            fields.fault(key, "is empty", help);
        }
    }
    by.iter_mut().for_each(|by| {
        by.sort_unstable();
        by.dedup();
    });
    (to, by)
}

fn task(fields: &Fields<'_>) -> Result<Option<TaskRung>, Faulty> {
    let assign = fields.word("assign", &Role::ALL.map(|role| (role.word(), role)));
    if assign.is_some_and(|role| !matches!(role, Role::AccountManager | Role::Owner)) {
        let help = "give one of yours: account_manager or owner";
        fields.fault("assign", "is somebody of the customer's", help);
    }
    let kind = fields.word("task", &TaskKind::ALL.map(|kind| (kind.word(), kind)));
    let repeat = fields.table("repeat").map(|fields| repeat(&fields, kind));
    if !fields.has("task") {
        for key in ["assign", "repeat"] {
            if fields.has(key) {
                fields.fault(key, "without `task`", "add `task`, or take it out");
            }
        }
        return Ok(None);
    }
    match (kind, repeat) {
        (Some(kind), None) => Ok(Some(TaskRung { kind, assign, repeat: None })),
        (Some(kind), Some(Some(repeat))) => {
            Ok(Some(TaskRung { kind, assign, repeat: Some(repeat) }))
        }
        _ => Err(Faulty),
    }
}

fn repeat(fields: &Fields<'_>, kind: Option<TaskKind>) -> Option<Repeat> {
    let every: Option<Span> =
        fields.parsed("every").or_else(|| fields.missing("every", "such as \"1 working day\""));
    if every.is_some_and(|every| every.count == 0) {
        fields.fault("every", "is zero", "such as \"1 working day\"");
    }
    let at_most = fields.number("at_most", 1, 100);
    let at_most = at_most.or_else(|| fields.missing("at_most", "such as 3"));
    let until = fields.words("until", &OUTCOMES).unwrap_or_default();
    let outcome = |outcome| write::word(&OUTCOMES, outcome);
    for never in until.iter().filter(|it| kind.is_some_and(|kind| !kind.may_end(**it))) {
        let kind = kind.map_or("", TaskKind::word);
        let what = format!("names `{}`, which never comes of a `{kind}`", outcome(*never));
        let may = OUTCOMES
            .into_iter()
            .filter(|(_, it)| TaskKind::from_word(kind).is_some_and(|kind| kind.may_end(*it)));
        let may: Vec<&str> = may.map(|(word, _)| word).collect();
        fields.fault("until", &what, format!("what may come of it: {}", may.join(", ")));
    }
    Some(Repeat { every: every?, at_most: at_most?, until })
}
