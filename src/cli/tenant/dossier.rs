//! `ambergate tenant dossier`: everything about a debt, for a terminal, on paper, or for programs.
//!
//! Rule: text and page say the same, chapter by chapter; times are told in the tenant's zone.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::local;
use crate::cli::output;
use crate::cli::page::{self, Format, Printed};
use crate::cli::remote::{Failure, Remote};
use crate::cli::table::{cell, text as table_text};
use crate::domain::time::Zone;
use crate::net::client::escaped as in_path;
use crate::net::html::escaped;

/// `ambergate tenant dossier`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Dossier {
    /// The tenant's id.
    tenant: String,
    /// Only about this invoice, paid or not [default: all on which something is owed].
    #[arg(long, value_name = "ID")]
    invoice: Option<String>,
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    printed: Printed,
}

impl Dossier {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let asked = self.invoice.as_deref().map(|it| format!("?invoice={}", in_path(it)));
        let tenant = in_path(&self.tenant);
        let path = format!("/v1/tenants/{tenant}/dossier{}", asked.unwrap_or_default());
        let answer = self.remote.get(&path).await?;
        match self.printed.format() {
            Format::Json => output::json(&answer),
            Format::Text => output::data(&text(&chapters(&answer))),
            Format::Html => output::data(&html(&chapters(&answer))),
        }
        Ok(())
    }
}

/// A part of it: what is known in a few words, and what happened in tables.
struct Chapter {
    title: String,
    facts: Vec<(&'static str, String)>,
    tables: Vec<Table>,
}

struct Table {
    title: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Of things with these keys, each under its heading; what none of them has is left out.
    fn of(title: &'static str, things: &Value, headings: &[(&'static str, &str)]) -> Self {
        let things = items(things);
        let any = |key: &str| things.iter().any(|thing| cell(&thing[key]) != "-");
        let headings: Vec<_> = headings.iter().filter(|(_, key)| any(key)).collect();
        let row = |thing: &Value| headings.iter().map(|(_, key)| cell(&thing[*key])).collect();
        let columns = headings.iter().map(|(heading, _)| *heading).collect();
        Self { title, columns, rows: things.iter().map(row).collect() }
    }
}

fn items(things: &Value) -> &[Value] {
    things.as_array().map_or(&[], Vec::as_slice)
}

fn chapters(answer: &Value) -> Vec<Chapter> {
    let tenant = cell(&answer["tenant"]);
    let title = match answer["name"].as_str() {
        Some(_) => format!("{} ({tenant})", cell(&answer["name"])),
        None => tenant,
    };
    let facts = known(
        answer,
        &[("made", "made"), ("forgotten", "forgotten"), ("owed", "owed"), ("country", "country")],
    );
    let mut chapters = vec![Chapter { title, facts, tables: Vec::new() }];
    chapters.extend(items(&answer["debts"]).iter().map(debt));
    let headings =
        [("when", "at"), ("what", "what"), ("invoice", "invoice"), ("in words", "detail")];
    let all = Table::of("", &answer["timeline"], &headings);
    chapters.push(Chapter { title: "What happened".to_owned(), facts: vec![], tables: vec![all] });
    let zone = answer["time_zone"].as_str().and_then(Zone::named).unwrap_or_else(Zone::utc);
    for chapter in &mut chapters {
        let facts = chapter.facts.iter_mut().map(|(_, fact)| fact);
        let rows = chapter.tables.iter_mut().flat_map(|table| &mut table.rows);
        for text in facts.chain(rows.flatten()) {
            *text = local::sentence(text, &zone);
        }
    }
    chapters
}

/// What is known of these keys; what is not is left out, and that something is about the whole app.
fn known(thing: &Value, keys: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let keys = keys.iter().map(|(name, key)| (*name, cell(&thing[*key])));
    keys.filter(|(_, text)| !matches!(text.as_str(), "-" | "*")).collect()
}

fn debt(debt: &Value) -> Chapter {
    let invoice = cell(&debt["invoice"]);
    let title = match debt["number"].as_str() {
        Some(_) => format!("Invoice {} ({invoice})", cell(&debt["number"])),
        None => format!("Invoice {invoice}"),
    };
    let facts = [
        ("status", "status"),
        ("amount", "amount"),
        ("paid", "paid"),
        ("owed", "owed"),
        ("disputed", "disputed"),
        ("late fee", "late_fee"),
        ("issued on", "issued_on"),
        ("due on", "due_on"),
        ("pays for", "scope"),
    ];
    let agreed = Table::of(
        "What was agreed",
        &debt["arrangements"],
        &[
            ("when", "at"),
            ("what", "kind"),
            ("name", "arrangement"),
            ("until", "until"),
            ("due on", "due_on"),
            ("amount", "amount"),
            ("ended", "ended"),
            ("how", "how"),
            ("answer", "answer"),
            ("by", "by"),
            ("why", "reason"),
        ],
    );
    let (did, asked): (Vec<Value>, Vec<Value>) =
        items(&debt["tasks"]).iter().cloned().partition(|task| !task["outcome"].is_null());
    let asked = Table::of(
        "What people were asked to do, and did not",
        &Value::Array(asked),
        &[("when", "at"), ("what", "kind"), ("due", "due")],
    );
    let done = Table::of(
        "What people did",
        &Value::Array(did),
        &[
            ("when", "at"),
            ("what", "kind"),
            ("due", "due"),
            ("done", "done"),
            ("outcome", "outcome"),
            ("by", "by"),
            ("in their words", "note"),
        ],
    );
    let closed = Table::of(
        "What was restricted",
        &debt["stages"],
        &[
            ("stage", "stage"),
            ("slowed to", "slow"),
            ("of", "scope"),
            ("warned", "warned"),
            ("entered", "entered"),
            ("given back", "lifted"),
        ],
    );
    let tables = vec![said(&debt["notices"]), agreed, done, asked, closed];
    Chapter { title, facts: known(debt, &facts), tables }
}

/// Each notice, and under it what became of it, in order.
fn said(notices: &Value) -> Table {
    let mut rows = Vec::new();
    for notice in items(notices) {
        let names = match notice["stage"].as_str() {
            Some(stage) => {
                let from = cell(&notice["from"]);
                match notice["slow"].as_str() {
                    Some(rate) if stage == "full" => format!("slowed to {rate} from {from}"),
                    Some(rate) => format!("{stage}, slowed to {rate} from {from}"),
                    None => format!("{stage} from {from}"),
                }
            }
            None => String::new(),
        };
        let (at, what) = (cell(&notice["at"]), cell(&notice["kind"]));
        rows.push(vec![at, what, names, String::new()]);
        let mut under = Vec::new();
        for message in items(&notice["messages"]) {
            for tried in items(&message["tried"]) {
                let to = format!("{} ({})", cell(&message["to"]), cell(&message["role"]));
                under.push(vec![cell(tried), "  sent".to_owned(), to, "email".to_owned()]);
            }
        }
        for receipt in items(&notice["receipts"]) {
            let who = ["recipient", "role"].map(|key| cell(&receipt[key]));
            let who = format!("{} ({})", who[0], who[1]).replace(" (-)", "").replace("- (", "(");
            let kind = format!("  {}", cell(&receipt["kind"]));
            under.push(vec![cell(&receipt["at"]), kind, who, cell(&receipt["channel"])]);
        }
        if notice["voided"].is_string() {
            let (empty, what) = (String::new(), "  taken back".to_owned());
            under.push(vec![cell(&notice["voided"]), what, empty.clone(), empty]);
        }
        under.sort_by(|one, two| one[0].cmp(&two[0]));
        rows.extend(under);
    }
    Table { title: "What was said", columns: vec!["when", "what", "of what, to whom", "how"], rows }
}

fn text(chapters: &[Chapter]) -> String {
    let mut text = String::new();
    for (number, chapter) in chapters.iter().enumerate() {
        let line = if number == 0 { "=" } else { "-" }.repeat(chapter.title.chars().count());
        let gap = if number == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{}\n{line}", chapter.title);
        for (name, fact) in &chapter.facts {
            let _ = writeln!(text, "{name:<12}{fact}");
        }
        for table in chapter.tables.iter().filter(|table| !table.rows.is_empty()) {
            let gap = if table.title.is_empty() { "" } else { "\n" };
            let title = if table.title.is_empty() { "" } else { table.title };
            let _ = write!(text, "{gap}{title}{gap}{}", table_text(&table.columns, &table.rows));
        }
    }
    text
}

fn html(chapters: &[Chapter]) -> String {
    let mut body = String::new();
    for (number, chapter) in chapters.iter().enumerate() {
        let level = if number == 0 { 1 } else { 2 };
        let _ = write!(body, "<h{level}>{}</h{level}>\n<dl>", escaped(&chapter.title));
        for (name, fact) in &chapter.facts {
            let _ = write!(body, "<dt>{name}</dt><dd>{}</dd>", escaped(fact));
        }
        body.push_str("</dl>\n");
        for table in chapter.tables.iter().filter(|table| !table.rows.is_empty()) {
            if !table.title.is_empty() {
                let _ = writeln!(body, "<h3>{}</h3>", table.title);
            }
            body.push_str("<table><thead><tr>");
            table.columns.iter().for_each(|name| _ = write!(body, "<th>{name}</th>"));
            body.push_str("</tr></thead>\n<tbody>\n");
            for row in &table.rows {
                body.push_str("<tr>");
                row.iter().for_each(|text| _ = write!(body, "<td>{}</td>", escaped(text)));
                body.push_str("</tr>\n");
            }
            body.push_str("</tbody></table>\n");
        }
    }
    let title = chapters.first().map_or("", |chapter| chapter.title.as_str());
    page::document("en", title, body.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer() -> Value {
        json!({
            "tenant": "acme", "name": "<b>Acme</b>\u{1b}[31m", "country": null,
            "time_zone": "Europe/Berlin", "made": "2026-04-01T08:00:00Z",
            "owed": [{"minor": 120_000, "currency": "EUR"}],
            "debts": [{
                "invoice": "in_1", "number": "R-1", "status": "open",
                "owed": {"minor": 120_000, "currency": "EUR"}, "due_on": "2026-03-13",
                "notices": [{
                    "kind": "warning", "at": "2026-03-16T08:00:00Z", "stage": "read_only",
                    "from": "2026-03-30T08:00:00Z", "voided": "2026-03-20T09:00:00Z",
                    "messages": [{"to": "pay@acme.example", "role": "billing",
                                  "tried": ["2026-03-16T08:00:01Z"]}],
                    "receipts": [{"channel": "email", "recipient": "pay@acme.example",
                                  "role": "billing", "kind": "accepted",
                                  "at": "2026-03-16T08:00:02Z"}],
                }],
                "tasks": [{"kind": "call", "at": "2026-03-17T08:00:00Z",
                           "due": "2026-03-18T08:00:00Z", "outcome": "promised", "by": "ann",
                           "note": "\"tomorrow\" & surely"},
                          {"kind": "letter", "at": "2026-03-19T08:00:00Z",
                           "due": "2026-03-19T08:00:00Z", "outcome": null}],
            }],
            "timeline": [{"at": "2026-03-02T08:00:00Z", "what": "invoice.issued",
                          "invoice": "in_1", "detail": "EUR 1200.00, due 2026-03-13"}],
        })
    }

    #[test]
    fn a_dossier_in_text() {
        let told = text(&chapters(&answer()));
        let expected = "\
<b>Acme</b>\u{fffd}[31m (acme)
=======================
made        Wed 2026-04-01 10:00 CEST
owed        EUR 1200.00

Invoice R-1 (in_1)
------------------
status      open
owed        EUR 1200.00
due on      2026-03-13

What was said
WHEN                      WHAT          OF WHAT, TO WHOM                          HOW
Mon 2026-03-16 09:00 CET  warning       read_only from Mon 2026-03-30 10:00 CEST
Mon 2026-03-16 09:00 CET    sent        pay@acme.example (billing)                email
Mon 2026-03-16 09:00 CET    accepted    pay@acme.example (billing)                email
Fri 2026-03-20 10:00 CET    taken back

What people did
WHEN                      WHAT  DUE                       OUTCOME   BY   IN THEIR WORDS
Tue 2026-03-17 09:00 CET  call  Wed 2026-03-18 09:00 CET  promised  ann  \"tomorrow\" & surely

What people were asked to do, and did not
WHEN                      WHAT    DUE
Thu 2026-03-19 09:00 CET  letter  Thu 2026-03-19 09:00 CET

What happened
-------------
WHEN                      WHAT            INVOICE  IN WORDS
Mon 2026-03-02 09:00 CET  invoice.issued  in_1     EUR 1200.00, due 2026-03-13
";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_page_is_no_place_for_what_tenants_write() {
        let page = html(&chapters(&answer()));
        assert!(page.contains("<h1>&lt;b&gt;Acme&lt;/b&gt;"), "{page}");
        assert!(page.contains("&quot;tomorrow&quot; &amp; surely"), "{page}");
        assert!(!page.contains('\u{1b}') && !page.contains("<b>"), "{page}");
        assert!(page.contains("<td>Mon 2026-03-16 09:00 CET</td><td>warning</td>"), "{page}");
    }
}
