//! `[[routes]]`, `[ways_out]`, and whether refusing may begin at all.
//!
//! Rule: a way out is a route that is always open, before all others (law 4). Nothing is refused
//! before every way out is named, or said not to be here.

use super::super::fault::{Faults, Place};
use super::super::fields::Fields;
use super::super::settings::{Enforce, Route};
use super::super::tree::{Node, Value};
use crate::domain::decide::RouteClass;
use crate::domain::id::Scope;

/// The ways out of law 4 that are the app's.
const WAYS_OUT: [&str; 7] = ["sign_in", "pay", "ask", "export", "cancel", "delete", "reduce"];

/// The way out that the gate's own pages are, whatever the app adds.
const STANDING: &str = "standing";

pub(super) fn routes(root: &Fields<'_>) -> Vec<Route> {
    let one = |(index, node): (usize, &Node)| {
        let fields = Fields::of(node, &format!("routes[{index}]"), root.faults())?;
        let pattern = fields.text("match");
        let pattern = pattern.or_else(|| fields.missing("match", "such as match = \"/x/**\""));
        if let Some(pattern) = pattern {
            check_pattern(pattern, fields.place_of("match"), root.faults());
        }
        let methods = methods(&fields);
        let always = fields.boolean("always").unwrap_or(false);
        let reads = fields.boolean("reads").unwrap_or(false);
        if always && reads {
            fields.fault("reads", "beside `always`", "give one of the two");
        }
        fields.later(&["graphql", "closes_at"]);
        let scope = scope(&fields);
        if scope.is_some() && always {
            fields.fault("scope", "beside `always`: it never closes", "take one of the two out");
        }
        let class = match (always, reads) {
            (true, _) => RouteClass::Always,
            (false, true) => RouteClass::Reads,
            (false, false) => RouteClass::ByMethod,
        };
        Some(Route { pattern: pattern?.to_owned(), methods, class, scope })
    };
    root.list("routes").unwrap_or_default().iter().enumerate().filter_map(one).collect()
}

/// The part of the app that invoices can close by itself.
fn scope(fields: &Fields<'_>) -> Option<Scope> {
    let text = fields.text("scope")?;
    let help = "as invoices name it, such as scope = \"module:reports\"";
    match text.parse::<Scope>() {
        Ok(scope) if scope.is_whole() => {
            fields.fault("scope", "is the whole app", "leave it out: then it is judged so");
            None
        }
        Ok(scope) => Some(scope),
        Err(error) => {
            fields.fault("scope", &format!("is {text:?}, which is not {error}"), help);
            None
        }
    }
}

fn methods(fields: &Fields<'_>) -> Vec<String> {
    let given = fields.texts("methods").unwrap_or_default();
    for (method, place) in &given {
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
            let what = format!("{method:?} is no method");
            fields.faults().add(place, what, "in capitals: \"GET\", \"POST\"");
        }
    }
    given.into_iter().map(|(method, _)| method.to_owned()).collect()
}

/// A pattern as the gate matches it: `/x`, `/x/**`, `/x/*/y`.
fn check_pattern(pattern: &str, place: &Place, faults: &Faults) {
    let (head, help) = (pattern.strip_suffix("/**").unwrap_or(pattern), "such as \"/x/**\"");
    let wrong = if !pattern.starts_with('/') {
        Some("must begin with /")
    } else if head.contains("**") {
        Some("may have ** only at its end, after a /")
    } else if pattern.contains(['?', '#', '\\', ' ']) {
        Some("is matched with paths alone: no ?, #, \\ or spaces")
    } else if head.contains("//") || head.split('/').any(|part| matches!(part, "." | "..")) {
        Some("must be written without //, . and ..")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        faults.add(place, format!("the pattern {pattern:?} {wrong}"), help);
    }
}

/// What `[ways_out]` says.
pub(super) struct WaysOut {
    /// Its routes, always open.
    pub(super) routes: Vec<Route>,
    /// Those of which nothing is said.
    missing: Vec<&'static str>,
    /// Whether anything is said but what the defaults say.
    given: bool,
}

pub(super) fn ways_out(root: &Fields<'_>) -> WaysOut {
    let mut ways = WaysOut { routes: Vec::new(), missing: Vec::new(), given: false };
    let Some(fields) = root.table("ways_out") else {
        ways.missing = WAYS_OUT.to_vec();
        return ways;
    };
    for way in WAYS_OUT.into_iter().chain([STANDING]) {
        let Some(node) = fields.node(way) else {
            ways.missing.extend((way != STANDING).then_some(way));
            continue;
        };
        ways.given = true;
        if let Value::Table(_) = node.value {
            if let Some(fields) = fields.table(way) {
                let reason = fields.text("not_here").unwrap_or_default();
                if reason.trim().is_empty() {
                    fields.fault("not_here", "gives no reason", "not_here = \"done by mail\"");
                }
            }
            continue;
        }
        let patterns = fields.texts(way).unwrap_or_default();
        if patterns.is_empty() {
            fields.fault(way, "names no path", "[\"/x/**\"], or { not_here = \"why\" }");
        }
        for (pattern, place) in patterns {
            check_pattern(pattern, place, root.faults());
            let (pattern, methods) = (pattern.to_owned(), Vec::new());
            let (class, scope) = (RouteClass::Always, None);
            ways.routes.push(Route { pattern, methods, class, scope });
        }
    }
    ways
}

/// `gate.enforce`: what is given; else `on` once `[ways_out]` is given, and until then `observe`.
pub(super) fn enforcement(
    root: &Fields<'_>,
    ways: &WaysOut,
    demo: bool,
    notes: &mut Vec<String>,
) -> Enforce {
    let Some(gate) = root.again("gate") else { return Enforce::Observe };
    let given = gate.word("enforce", &Enforce::WORDS);
    if demo {
        return given.unwrap_or(Enforce::On);
    }
    let enforce = match given {
        Some(enforce) => enforce,
        None if ways.given => Enforce::On,
        None => {
            let note = "nothing is refused yet (gate.enforce is \"observe\"): say in [ways_out] \
                        where people sign in, pay, ask, export, cancel, delete and reduce";
            notes.push(note.to_owned());
            Enforce::Observe
        }
    };
    if enforce == Enforce::On && !ways.missing.is_empty() {
        let why = match given {
            Some(_) => "`gate.enforce = \"on\"`, and `[ways_out]`",
            None => "enforcing is on because `[ways_out]` is filled, and it",
        };
        let what = format!("{why} does not say where people can: {}", ways.missing.join(", "));
        let help = "name the paths, as sign_in = [\"/login/**\"], or say why there is none, as \
                    cancel = { not_here = \"by mail\" }";
        let place = match (given, root.node("ways_out")) {
            (None, Some(ways)) => &ways.place,
            _ => gate.place_of("enforce"),
        };
        root.faults().add(place, what, help);
    }
    enforce
}
