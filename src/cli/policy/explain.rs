//! `ambergate policy explain`: a policy as its customers read it, and could sign it.

use std::fmt::Write as _;

use clap::Args;
use serde_json::{Value, json};

use super::Rules;
use crate::cli::output;
use crate::cli::page::{self, Format, Printed};
use crate::cli::remote::Failure;
use crate::config::locales::{Terms, terms};
use crate::domain::language::Language;
use crate::net::html::escaped;

/// How wide a text is printed, in characters.
const WIDTH: usize = 80;

/// `ambergate policy explain`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The policy's name.
    name: String,
    #[command(flatten)]
    rules: Rules,
    /// In which language: en, de, es, fr, pt-BR or ru.
    #[arg(long, value_name = "LANGUAGE", value_parser = language, default_value = "en")]
    locale: Language,
    #[command(flatten)]
    printed: Printed,
}

impl Explain {
    pub(super) fn run(self) -> Result<(), Failure> {
        let law = self.rules.with(&self.name)?;
        let found = law.policies.values().find(|policy| policy.name.as_str() == self.name);
        let policy = found.ok_or_else(|| Failure::Refused(format!("no policy {:?}", self.name)))?;
        let terms = terms(&law, policy, self.locale);
        match self.printed.format() {
            Format::Text => output::data(&text(&terms)),
            Format::Html => {
                output::data(&page::document(self.locale.tag(), &terms.title, &body(&terms)));
            }
            Format::Json => {
                let mut shown = json!(terms);
                shown["policy"] = json!(policy.name);
                shown["hash"] = json!(policy.hash);
                shown["locale"] = Value::from(self.locale.tag());
                output::json(&shown);
            }
        }
        Ok(())
    }
}

fn language(tag: &str) -> Result<Language, String> {
    let known = Language::ALL.into_iter().find(|it| it.tag().eq_ignore_ascii_case(tag));
    known.ok_or_else(|| format!("there are: {}", Language::ALL.map(Language::tag).join(", ")))
}

/// For a terminal, or to be printed.
fn text(terms: &Terms) -> String {
    // What an operator calls a policy must not steer the terminal.
    let title = terms.title.replace(char::is_control, "\u{fffd}");
    let mut text = format!("{title}\n{}\n\n", "=".repeat(title.chars().count()));
    text.push_str(&wrapped(&terms.intro, "", ""));
    for section in &terms.sections {
        let line = "-".repeat(section.heading.chars().count());
        let _ = write!(text, "\n{}\n{line}\n", section.heading);
        text.push_str(&wrapped(&section.sentences.join("\n"), "", ""));
        for point in &section.points {
            text.push_str(&wrapped(point, "  - ", "    "));
        }
    }
    let _ = write!(text, "\n{}\n", terms.version);
    for sign in &terms.sign {
        let _ = write!(text, "\n\n{}\n{sign}\n", "_".repeat(WIDTH / 2));
    }
    text
}

/// Lines of at most [`WIDTH`] characters; a line that is there stays one.
fn wrapped(text: &str, first: &str, others: &str) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let mut begun = first.to_owned();
        let mut empty = true;
        for word in line.split(' ') {
            if !empty && begun.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(wrapped, "{begun}");
                begun = others.to_owned();
                empty = true;
            }
            if !empty {
                begun.push(' ');
            }
            begun.push_str(word);
            empty = false;
        }
        let _ = writeln!(wrapped, "{begun}");
    }
    wrapped
}

/// The inside of a page.
fn body(terms: &Terms) -> String {
    let mut body =
        format!("<h1>{}</h1>\n<p>{}</p>\n", escaped(&terms.title), escaped(&terms.intro));
    for section in &terms.sections {
        let _ = writeln!(body, "<h2>{}</h2>", escaped(&section.heading));
        for sentence in &section.sentences {
            let _ = writeln!(body, "<p>{}</p>", escaped(sentence));
        }
        if !section.points.is_empty() {
            let points = section.points.iter().map(|point| format!("<li>{}</li>", escaped(point)));
            let _ = writeln!(body, "<ul>{}</ul>", points.collect::<String>());
        }
    }
    let [us, you] = terms.sign.each_ref().map(|sign| escaped(sign));
    let version = escaped(&terms.version);
    let _ = write!(
        body,
        "<p><small>{version}</small></p>\n<div class=\"sign\"><div>{us}</div><div>{you}</div></div>"
    );
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_the_paper_does() {
        let text = format!("{} end\nnext", "word ".repeat(40).trim_end());
        let wrapped = wrapped(&text, "- ", "  ");
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH), "{wrapped}");
        assert!(wrapped.starts_with("- word") && wrapped.ends_with("- next\n"), "{wrapped}");
        assert!(wrapped.contains("\n  word"), "{wrapped}");
    }

    #[test]
    fn languages_are_named_by_their_tags() {
        assert_eq!(language("pt-br"), Ok(Language::PtBr));
        assert!(language("it").unwrap_err().contains("pt-BR"));
    }
}
