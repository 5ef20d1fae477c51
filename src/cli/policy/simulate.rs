//! `ambergate policy simulate`.

use clap::Args;
use serde_json::Value;

use super::Rules;
use super::draw::{self, Ladder};
use crate::cli::output;
use crate::cli::page::{Format, Printed};
use crate::cli::remote::Failure;
use crate::cli::table;
use crate::domain::hands::Hand;
use crate::domain::money::{Currency, Money};
use crate::domain::simulate::{Off, Paid, Point, Promised, Scenario, rows, simulate, to_json};
use crate::domain::span::Span;
use crate::domain::time::Day;

/// `ambergate policy simulate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Simulate {
    /// The policy's name.
    name: String,
    #[command(flatten)]
    rules: Rules,
    /// The due date printed on the invoice.
    #[arg(long, value_name = "DATE")]
    due: Day,
    /// The date of issue [default: the day on which it is known].
    #[arg(long, value_name = "DATE")]
    issued: Option<Day>,
    /// When it becomes known here [default: 08:00, 30 days before it is due].
    #[arg(long, value_name = "TIME")]
    known: Option<Point>,
    /// Its amount, such as 1000.00EUR.
    #[arg(long, value_name = "MONEY", value_parser = money, default_value = "1000.00EUR")]
    amount: Money,
    /// When the first charge fails, for policies that count from it [default: the due date, 08:00].
    #[arg(long, value_name = "TIME")]
    failed: Option<Point>,
    /// The tenant's zone [default: the policy's].
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The tenant's country, for its calendar [default: the policy's calendar].
    #[arg(long, value_name = "COUNTRY")]
    country: Option<String>,
    /// Each mail arrives so late, such as "3 days".
    #[arg(long, value_name = "SPAN")]
    late_mail: Option<Span>,
    /// Each mail is refused.
    #[arg(long, conflicts_with = "late_mail")]
    refused_mail: bool,
    /// What comes of each task of a kind, and how long after it was made [default: nobody does
    /// any; 1 hour], as call=reached, letter=posted/2 days or approve=approved.
    #[arg(long, value_name = "TASK=OUTCOME[/SPAN]")]
    done: Vec<Hand>,
    /// A promise: when it is made, and until when it is, as 2026-03-24T13:00/2026-04-02.
    #[arg(long, value_name = "TIME/DATE", value_parser = promise)]
    promise: Vec<Promised>,
    /// A payment: when, and how much if not all, as 2026-03-31T09:30=500.00EUR.
    #[arg(long, value_name = "TIME[=MONEY]", value_parser = paid)]
    paid: Vec<Paid>,
    /// The control plane is off, as 2026-03-20/2026-05-04.
    #[arg(long, value_name = "TIME/TIME", value_parser = off)]
    off: Vec<Off>,
    /// How far is looked [default: two years after it is due].
    #[arg(long, value_name = "DATE")]
    until: Option<Day>,
    #[command(flatten)]
    printed: Printed,
}

impl Simulate {
    pub(super) fn run(self) -> Result<(), Failure> {
        let scenario = Scenario {
            due_on: self.due,
            issued_on: self.issued,
            known: self.known,
            amount: Some(self.amount),
            failed: self.failed,
            time_zone: self.zone,
            country: self.country,
            late_mail: self.late_mail,
            refused_mail: self.refused_mail,
            done: self.done,
            promises: self.promise,
            payments: self.paid,
            off: self.off,
            until: self.until,
        };
        let law = self.rules.with(&self.name)?;
        let done = simulate(&law, &self.name, &scenario)
            .map_err(|refused| Failure::Refused(refused.to_string()))?;
        let rows = rows(&done);
        match self.printed.format() {
            Format::Json => output::json(&to_json(&done)),
            Format::Html => output::data(&draw::page(&done, &rows)),
            Format::Text => {
                let title = crate::cli::table::cell(&Value::from(done.policy.title.as_str()));
                output::line(&format!("{title} ({}), {}\n", done.policy.name, done.zone.name()));
                let cells = rows.iter().map(|row| {
                    let text = |text: &str| table::cell(&Value::from(text));
                    vec![row.local.clone(), row.what.to_owned(), text(&row.detail), text(&row.to)]
                });
                table::print(&["when", "what", "", "to"], cells.collect(), "nothing happens");
                output::data(&format!("\n{}", Ladder::of(&done).text()));
            }
        }
        Ok(())
    }
}

/// `1000.00EUR`, `EUR 1000.00` or `1000 JPY`.
pub(in crate::cli) fn money(text: &str) -> Result<Money, String> {
    let wrong = || format!("not an amount such as 1000.00EUR: {text:?}");
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    let currency: Currency = letters.parse()?;
    let number = text.replacen(&letters, "", 1);
    let number = number.trim();
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let places = currency.exponent() as usize;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > places {
        return Err(wrong());
    }
    let minor = format!("{whole}{part:0<places$}").parse().map_err(|_| wrong())?;
    let money = Money { minor, currency };
    if money.is_sane() { Ok(money) } else { Err(format!("too much: {text:?}")) }
}

fn promise(text: &str) -> Result<Promised, String> {
    let shape = || format!("not a promise such as 2026-03-24T13:00/2026-04-02: {text:?}");
    let (at, until) = text.split_once('/').ok_or_else(shape)?;
    Ok(Promised { at: at.parse()?, until: until.parse().map_err(|_| shape())? })
}

fn paid(text: &str) -> Result<Paid, String> {
    match text.split_once('=') {
        None => Ok(Paid { at: text.parse()?, amount: None }),
        Some((at, amount)) => Ok(Paid { at: at.parse()?, amount: Some(money(amount)?) }),
    }
}

fn off(text: &str) -> Result<Off, String> {
    let shape = || format!("not a stretch such as 2026-03-20/2026-05-04: {text:?}");
    let (from, until) = text.split_once('/').ok_or_else(shape)?;
    Ok(Off { from: from.parse()?, until: until.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        for (text, shown) in [
            ("1000.00EUR", "EUR 1000.00"),
            ("EUR 1000.5", "EUR 1000.50"),
            ("1000 JPY", "JPY 1000"),
            ("0.01 USD", "USD 0.01"),
        ] {
            assert_eq!(money(text).map(|money| money.to_string()).as_deref(), Ok(shown));
        }
        for text in
            ["", "EUR", "1000", "-1EUR", "1.234EUR", "1.5JPY", "10EURO", "1e9EUR", "1,00EUR"]
        {
            assert!(money(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_told_has_a_time() {
        assert!(promise("2026-03-24T13:00/2026-04-02").is_ok());
        assert!(promise("2026-03-24").unwrap_err().contains("not a promise"));
        assert!(paid("2026-03-31").is_ok_and(|paid| paid.amount.is_none()));
        assert!(paid("2026-03-31=5EUR").is_ok_and(|paid| paid.amount.is_some()));
        assert!(paid("soon").is_err());
        assert!(off("2026-03-20/2026-05-04").is_ok());
        assert!(off("2026-03-20").is_err());
    }
}
