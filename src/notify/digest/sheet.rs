//! What the digest says, as text and as HTML.
//!
//! Rules:
//! 1. What comes from outside is one line, whatever it holds, and is escaped in HTML.
//! 2. A list that is too long says how much it leaves out.
//! 3. Each mailbox has links of its own: who holds a cutoff is known by the link.

use super::{LISTED_MAX, Line, Said, Settings, Sheet};
use crate::domain::digest::Listed;
use crate::domain::id::{Derivation, Derived};
use crate::domain::language::Language;
use crate::domain::time::{Day, Instant};
use crate::net::html::escaped;
use crate::net::signed::{self, Hold};
use crate::notify::letter::line;

/// A part of it: a heading, and lines of which some lead to a page.
struct Part {
    heading: String,
    rows: Vec<(String, Option<String>)>,
}

/// The digest of `today` for one mailbox, with links that work until `expires`.
pub(super) fn write(
    said: &Said,
    settings: &Settings,
    to: &str,
    (today, expires): (Day, Instant),
) -> Sheet {
    let id: Derived = Derivation::of("digest").text(&today.to_string()).text(to).finish();
    let parts = [
        cutoffs(said, settings, to, expires),
        undelivered(said),
        Part { heading: "Also".to_owned(), rows: also(said) },
    ];
    let parts: Vec<&Part> = parts.iter().filter(|part| !part.rows.is_empty()).collect();
    let count = said.cutoffs.len() + said.more;
    Sheet {
        to: to.to_owned(),
        id: id.to_string(),
        subject: format!("{today}: cutoffs until the second working day from now: {count}"),
        text: text(&parts),
        html: html(&parts),
    }
}

fn cutoffs(said: &Said, settings: &Settings, to: &str, expires: Instant) -> Part {
    let url = settings.url.trim_end_matches('/');
    let mut rows: Vec<(String, Option<String>)> = said
        .cutoffs
        .iter()
        .map(|cutoff| {
            let hold = Hold {
                tenant: cutoff.tenant.clone(),
                notice: cutoff.listed.notice,
                by: to.to_owned(),
                expires,
            };
            let link = signed::hold(&settings.secret, &hold);
            (about(cutoff, "from"), Some(format!("{url}/hold/{link}")))
        })
        .collect();
    if rows.is_empty() {
        rows.push(("Nobody.".to_owned(), None));
    }
    if said.more > 0 {
        rows.push((format!("And {} more, which are not listed here.", said.more), None));
    }
    Part { heading: "Cut off today or in the next two working days".to_owned(), rows }
}

fn undelivered(said: &Said) -> Part {
    let lines = said.undelivered.iter().take(LISTED_MAX);
    let mut rows: Vec<(String, Option<String>)> =
        lines.map(|warning| (about(warning, "named for"), None)).collect();
    let more = said.undelivered.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        rows.push((format!("And {more} more."), None));
    }
    Part { heading: "Warnings that are not delivered: nobody is cut off for them".to_owned(), rows }
}

fn also(said: &Said) -> Vec<(String, Option<String>)> {
    let mut rows = Vec::new();
    if said.switch_open {
        rows.push(("The switch is open: nobody is cut off until it is closed.".to_owned(), None));
    }
    if said.parked > 0 {
        let count = said.parked;
        let row = format!("Payments that find no tenant: {count}. See `ambergate event parked`.");
        rows.push((row, None));
    }
    rows.extend(said.silent.iter().map(|source| {
        let row = format!("{} is silent: nobody is warned or cut off meanwhile.", line(source));
        (row, None)
    }));
    rows
}

/// `acme (Acme GmbH): read-only from Monday …, because of invoice in_1 (EUR 1000.00 owed)`.
fn about(Line { tenant, name, zone, listed }: &Line, when: &str) -> String {
    let name = name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    let at = Language::En.moment(listed.at, zone);
    let because = because(listed);
    let tenant = line(tenant.as_str());
    format!("{tenant}{name}: {} {when} {at}, because of {because}", becomes(listed))
}

fn becomes(listed: &Listed) -> String {
    let effect = listed.effect.to_string().replace('_', "-");
    if listed.scope.is_whole() {
        return effect;
    }
    format!("{} {effect}", line(listed.scope.as_ref()))
}

fn because(listed: &Listed) -> String {
    let owed = listed.owed.map_or_else(String::new, |owed| format!(" ({owed} owed)"));
    let id = line(listed.invoice.as_str());
    match listed.number.as_deref().map(line).filter(|number| !number.is_empty() && *number != id) {
        Some(number) => format!("{number} ({id}){owed}"),
        None => format!("{id}{owed}"),
    }
}

fn text(parts: &[&Part]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&format!("{}:\n", part.heading));
        for (row, link) in &part.rows {
            text.push_str(&format!("\n- {row}\n"));
            if let Some(link) = link {
                text.push_str(&format!("  Hold it for five working days: {link}\n"));
            }
        }
        text.push('\n');
    }
    text
}

fn html(parts: &[&Part]) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<body style=\"font:16px/1.5 sans-serif\">\n",
    );
    for part in parts {
        html.push_str(&format!("<h2 style=\"font-size:18px\">{}</h2>\n<ul>\n", part.heading));
        for (row, link) in &part.rows {
            let link = link.as_ref().map_or_else(String::new, |link| {
                format!("<br>\n<a href=\"{}\">Hold it for five working days</a>", escaped(link))
            });
            html.push_str(&format!("<li>{}{link}</li>\n", escaped(row)));
        }
        html.push_str("</ul>\n");
    }
    html.push_str("</body>\n</html>\n");
    html
}
