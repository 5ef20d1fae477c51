//! From the tree to calendars, the operator, policies and their selection.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::fault::{Place, suggest};
use super::super::fields::Fields;
use super::super::tree::Node;
use super::rungs::{self, Rungs};
use super::{amounts, check, write};
use crate::domain::calendar::{Calendar, Operator};
use crate::domain::id::{CalendarName, Derived, PolicyHash, PolicyName};
use crate::domain::policy::{
    BannerFor, Custom, InFlight, LateFee, Law, Policy, Promises, Select, SettledWithin, WrittenOff,
};
use crate::domain::selection::SETTLED_LEAST;
use crate::domain::span::Span;
use crate::domain::stage::{Role, Roles};
use crate::domain::time::{Day, Zone};
use crate::domain::week::{Hours, TimeOfDay, Weekday, Weekdays};

/// So many settled invoices may be asked for.
const INVOICES_MAX: u32 = 1_000;

/// What a policy takes where it says nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Defaults<'a> {
    /// `slack`.
    pub(in crate::config) slack: Span,
    /// A policy that is asked for by its name: nobody has to be selected for it.
    pub(in crate::config) asked: Option<&'a str>,
}

impl Default for Defaults<'_> {
    fn default() -> Self {
        Self { slack: Span { count: 15, unit: crate::domain::span::Unit::Minutes }, asked: None }
    }
}

/// All of the law that `root` holds: `calendars`, `operator`, `policies`, `select`.
pub(in crate::config) fn law(root: &Fields<'_>, defaults: Defaults<'_>) -> Law {
    let calendars = calendars(root);
    let operator = root.table("operator").and_then(|fields| operator(&fields, &calendars));
    let context = Context { calendars: &calendars, operator: operator.as_ref(), defaults };
    let mut policies = BTreeMap::new();
    let mut places = BTreeMap::new();
    let table = root.table("policies");
    for (name, entry) in table.iter().flat_map(Fields::named) {
        let path = format!("policies.{name}");
        let Some(fields) = Fields::of(&entry.node, &path, root.faults()) else { continue };
        let Ok(name) = name.parse::<PolicyName>() else {
            root.faults().add(&entry.key, "an empty or odd name of a policy", "give it a word");
            continue;
        };
        places.insert(name.clone(), entry.key.clone());
        if let Some(policy) = policy(&fields, name.clone(), Some(context)) {
            policies.insert(name, Arc::new(policy));
        }
    }
    let select = select(root, &places);
    places.retain(|name, _| defaults.asked != Some(name.as_str()));
    let terms = policies.values().filter(|policy| policy.is_for_terms());
    let terms: Vec<PolicyName> = terms.map(|policy| policy.name.clone()).collect();
    check::selection(&select, &places, &terms, root.faults());
    let select = select.into_iter().map(|(line, _)| line).collect();
    let versions = policies.values().map(|policy| (policy.hash, Arc::clone(policy))).collect();
    Law { versions, policies, select, calendars, operator, hooks: Vec::new() }
}

/// What policies refer to.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) calendars: &'a BTreeMap<CalendarName, Arc<Calendar>>,
    pub(super) operator: Option<&'a Operator>,
    defaults: Defaults<'a>,
}

fn calendars(root: &Fields<'_>) -> BTreeMap<CalendarName, Arc<Calendar>> {
    let mut calendars = BTreeMap::new();
    let Some(table) = root.table("calendars") else { return calendars };
    for (name, entry) in table.named() {
        let path = table.path_of(name);
        let Some(fields) = Fields::of(&entry.node, &path, root.faults()) else { continue };
        let working_days = weekdays(&fields, "working_days", "mon tue wed thu fri");
        let holidays: Vec<Day> = fields.all_parsed("holidays").unwrap_or_default();
        if let Ok(name) = name.parse() {
            calendars.insert(name, Arc::new(Calendar::new(working_days, holidays)));
        }
    }
    calendars
}

fn operator(
    fields: &Fields<'_>,
    calendars: &BTreeMap<CalendarName, Arc<Calendar>>,
) -> Option<Operator> {
    let zone = zone(fields).or_else(|| fields.missing("time_zone", "such as \"Europe/Berlin\""));
    let calendar = calendar(fields, calendars);
    let hours = fields.parsed::<Hours>("hours");
    let calendar = Arc::clone(calendars.get(&calendar?)?);
    Some(Operator { zone: zone?, calendar, hours })
}

/// Reads one policy. Without a context it stands alone: a version that was checked when it was
/// published.
pub(super) fn policy(
    fields: &Fields<'_>,
    name: PolicyName,
    context: Option<Context<'_>>,
) -> Option<Policy> {
    let before = fields.faults().count();
    let zone = zone(fields).or_else(|| fields.missing("time_zone", "such as \"Europe/Berlin\""));
    let calendar = match context {
        Some(context) => calendar(fields, context.calendars),
        None => fields.parsed("calendar"),
    };
    let defaults = context.map(|context| context.defaults).unwrap_or_default();
    let days = weekdays(fields, "cutoff_days", "mon tue wed thu");
    let cutoff_hours = hours(fields, "cutoff_hours", 10, 16);
    let timed = fields.faults().count() == before;
    let Rungs { sound, places, outlines, any } = rungs::rungs(fields);
    let policy = Policy {
        title: fields.text("title").unwrap_or(name.as_str()).to_owned(),
        name,
        hash: PolicyHash::from(Derived::from_bytes([0; 16])),
        zone: zone.unwrap_or_else(Zone::utc),
        calendar: calendar.unwrap_or_else(no_calendar),
        cutoff_days: days,
        cutoff_hours,
        send_hours: hours(fields, "send_hours", 9, 18),
        least_terms: fields.parsed("least_terms").unwrap_or(Span::working_days(3)),
        slack: fields.parsed("slack").unwrap_or(defaults.slack),
        ignore_below: amounts::limits(fields, "ignore_below"),
        short_paid: amounts::percent(fields, "short_paid", 100),
        person_above: amounts::limits(fields, "person_above"),
        written_off: fields.word("written_off", &write::WRITTEN_OFF).unwrap_or(WrittenOff::Climb),
        in_flight: fields.table("in_flight").and_then(|fields| in_flight(&fields)),
        postponements: fields.number("postponements", 0, 100),
        promises: promises(fields),
        late_fee: fields.table("late_fee").and_then(|fields| late_fee(&fields)),
        accept: fields.table("accept").and_then(|fields| accept(&fields)),
        banner_for: banner_for(fields),
        rungs: sound,
        ordered: None,
    };
    if !any {
        fields.missing::<()>("rungs", "add `[[policies.NAME.rungs]]`");
    }
    if let Some(context) = context {
        check::order(&policy, &outlines, fields.faults());
        check::banner(&policy, fields, &places);
        // What is wrong elsewhere does not hide that nothing could ever come.
        if timed {
            check::slack(&policy, fields);
            check::hours(&policy, fields, context);
        }
    }
    let hash = write::hash(&write::policy(&policy));
    (fields.faults().count() == before).then(|| Policy { hash, ..policy }.with_orders())
}

fn no_calendar() -> CalendarName {
    "none".parse().unwrap_or_else(|_| unreachable!("a word is a name"))
}

fn zone(fields: &Fields<'_>) -> Option<Zone> {
    let name = fields.text("time_zone")?;
    let zone = Zone::named(name);
    if zone.is_none() {
        let help = "give a name of the IANA database, such as \"Europe/Berlin\"";
        fields.fault("time_zone", &format!("is {name:?}, which is no time zone"), help);
    }
    zone
}

fn calendar(
    fields: &Fields<'_>,
    calendars: &BTreeMap<CalendarName, Arc<Calendar>>,
) -> Option<CalendarName> {
    let known: Vec<_> = calendars.keys().map(CalendarName::as_str).collect();
    let Some(name) = fields.text("calendar") else {
        return fields.missing("calendar", "name one of `[calendars.NAME]`");
    };
    let found = calendars.get_key_value(name).map(|(name, _)| name.clone());
    if found.is_none() {
        let help = match known.is_empty() {
            true => format!("add `[calendars.{name}]`"),
            false => suggest(name, &known),
        };
        fields.fault("calendar", &format!("is {name:?}, which is no calendar"), help);
    }
    found
}

fn weekdays(fields: &Fields<'_>, key: &'static str, otherwise: &str) -> Weekdays {
    let words = Weekday::ALL.map(|day| (day.word(), day));
    match fields.words(key, &words) {
        Some(days) => {
            let given = fields.list(key).is_some_and(|list| !list.is_empty());
            if !given {
                fields.fault(key, "has no day", "such as [\"mon\", \"tue\"]");
            }
            days.into_iter().collect()
        }
        None => otherwise.split(' ').filter_map(Weekday::from_word).collect(),
    }
}

fn hours(fields: &Fields<'_>, key: &'static str, start: u16, end: u16) -> Hours {
    let at = |hour| TimeOfDay::new(hour, 0).unwrap_or(TimeOfDay::END);
    fields.parsed(key).unwrap_or_else(|| Hours { start: at(start), end: at(end) })
}

fn in_flight(fields: &Fields<'_>) -> Option<InFlight> {
    let hold = fields.parsed("hold").or_else(|| fields.missing("hold", "\"5 working days\""));
    let covers = amounts::percent(fields, "covers", 100);
    let covers = covers.or_else(|| fields.missing("covers", "\"90%\""));
    let times = fields.number("times", 0, 100).or_else(|| fields.missing("times", "2"));
    Some(InFlight { hold: hold?, covers: covers?, times: times? })
}

fn promises(fields: &Fields<'_>) -> Promises {
    let otherwise =
        Promises { self_serve: false, longest: Span::days(14), per_invoice: 1, at_once: 1 };
    fields.table("promises").map_or(otherwise, |fields| Promises {
        self_serve: fields.boolean("self_serve").unwrap_or(otherwise.self_serve),
        longest: fields.parsed("longest").unwrap_or(otherwise.longest),
        per_invoice: fields.number("per_invoice", 0, 100).unwrap_or(otherwise.per_invoice),
        at_once: fields.number("at_once", 0, 100).unwrap_or(otherwise.at_once),
    })
}

fn late_fee(fields: &Fields<'_>) -> Option<LateFee> {
    let rate = amounts::percent(fields, "rate_per_month", 100);
    let rate_per_month = rate.or_else(|| fields.missing("rate_per_month", "\"1.5%\""));
    let after = fields.parsed("after").or_else(|| fields.missing("after", "\"30 days\""));
    let cap = amounts::percent(fields, "cap", 1000).or_else(|| fields.missing("cap", "\"18%\""));
    Some(LateFee { rate_per_month: rate_per_month?, after: after?, cap: cap? })
}

fn accept(fields: &Fields<'_>) -> Option<Custom> {
    fields.parsed("every").or_else(|| fields.missing("every", "such as \"12 months\""))
}

fn banner_for(fields: &Fields<'_>) -> BannerFor {
    let who = [Role::Billing, Role::Admin].into_iter().collect();
    let everyone = Roles::EVERYONE;
    let otherwise =
        BannerFor { grace: who, warned: everyone, read_only: everyone, frozen: everyone };
    fields.table("banner_for").map_or(otherwise, |fields| BannerFor {
        grace: audience(&fields, "grace").unwrap_or(otherwise.grace),
        warned: audience(&fields, "warned").unwrap_or(otherwise.warned),
        read_only: audience(&fields, "read_only").unwrap_or(otherwise.read_only),
        frozen: audience(&fields, "frozen").unwrap_or(otherwise.frozen),
    })
}

fn audience(fields: &Fields<'_>, key: &'static str) -> Option<Roles> {
    let roles = Role::ALL.map(|role| (role.word(), std::iter::once(role).collect()));
    let mut words = vec![("everyone", Roles::EVERYONE)];
    words.extend(roles);
    Some(fields.words(key, &words)?.into_iter().fold(Roles::NONE, Roles::and))
}

fn select(root: &Fields<'_>, places: &BTreeMap<PolicyName, Place>) -> Vec<(Select, Place)> {
    let known: Vec<_> = places.keys().map(PolicyName::as_str).collect();
    let one = |(index, node): (usize, &Node)| {
        let fields = Fields::of(node, &format!("select[{index}]"), root.faults())?;
        let policy = fields.text("policy").or_else(|| fields.missing("policy", "name a policy"));
        let name = fields.text("name").map(str::to_owned);
        let segment = fields.text("segment").map(str::to_owned);
        let plan = fields.text("plan").map(str::to_owned);
        let country = country(&fields);
        let customer_for = fields.parsed::<Custom>("customer_for");
        let settled_within =
            fields.table("settled_within").and_then(|fields| settled_within(&fields));
        let invoices = fields.number("invoices", SETTLED_LEAST, INVOICES_MAX);
        let policy = policy?;
        if !known.contains(&policy) {
            let what = format!("is {policy:?}, which is no policy");
            fields.fault("policy", &what, suggest(policy, &known));
        }
        let policy = policy.parse().ok()?;
        let line = Select {
            name,
            segment,
            plan,
            country,
            customer_for,
            settled_within,
            invoices,
            ..Select::everybody(policy)
        };
        Some((line, node.place.clone()))
    };
    root.list("select").unwrap_or_default().iter().enumerate().filter_map(one).collect()
}

fn country(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text("country")?;
    let upper = text.to_ascii_uppercase();
    let is_code = upper.len() == 2 && upper.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code && upper == text {
        return Some(upper);
    }
    let help = match is_code {
        true => format!("did you mean `{upper}`?"),
        false => "give two capital letters such as DE (ISO 3166)".to_owned(),
    };
    fields.fault("country", &format!("is {text:?}, which is no country"), help);
    None
}

fn settled_within(fields: &Fields<'_>) -> Option<SettledWithin> {
    let days = fields.number("days", 0, 1_000).or_else(|| fields.missing("days", "10"));
    let share = amounts::percent(fields, "share", 100);
    let share = share.or_else(|| fields.missing("share", "\"90%\""));
    let of_last = fields.number("of_last", SETTLED_LEAST, INVOICES_MAX);
    let of_last = of_last.or_else(|| fields.missing("of_last", "12"));
    Some(SettledWithin { days: days?, share: share?, of_last: of_last? })
}
