//! Puts a letter into words: subject, plain text and HTML from the templates of its language.
//!
//! Rules:
//! 1. Every template is rendered with a made-up letter when the set is loaded; a set with a fault
//!    is refused whole, all faults at once.
//! 2. Text from outside never is a template, and is escaped in HTML. A subject is one line.
//!
//! A notice's template (`warning.txt`) begins with `Subject:`; its paragraphs, parted by empty
//! lines, are set into the frames `frame.txt` and `frame.html` of the language.

use std::path::Path;

use minijinja::{Environment, context};

use super::letter::{Kind, Letter, Said, line};
use super::sample;
use super::templates::{self, FRAME_HTML, FRAME_TEXT, TemplateFault, fault, told};
use crate::domain::grant::Cause;
use crate::domain::language::Language;
use crate::domain::term::TermKind;

/// What a mail looks like in all its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part, a whole document.
    pub html: String,
    /// The language that it is in.
    pub language: Language,
}

/// The checked templates of every language.
pub struct Templates {
    environment: Environment<'static>,
    sender: String,
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Templates").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl Templates {
    /// Those compiled in; `sender` signs each mail.
    ///
    /// # Errors
    /// Never with what is compiled in, which the tests render.
    pub fn shipped(sender: &str) -> Result<Self, Vec<TemplateFault>> {
        Self::load(sender, None)
    }

    /// Those compiled in, with what `folder` holds in their place.
    ///
    /// # Errors
    /// Every file that cannot be read, does not parse, does not render, or has no place in the set.
    pub fn load(sender: &str, folder: Option<&Path>) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = Vec::new();
        let environment = templates::environment(folder, &mut faults);
        let templates = Self { environment, sender: line(sender) };
        if faults.is_empty() {
            templates.try_all(&mut faults);
        }
        if faults.is_empty() { Ok(templates) } else { Err(faults) }
    }

    /// The words of `letter` in the language nearest to the one that its tenant asked for.
    ///
    /// # Errors
    /// A template that renders no made-up letter is refused at the start; what is left are faults
    /// that only this letter shows.
    pub fn render(&self, letter: &Letter) -> Result<Rendered, TemplateFault> {
        let language = Language::nearest_of(&templates::WRITTEN, letter.locale.as_deref());
        let owed = language.moneys(&letter.owed);
        let pay_url = letter.pay_url.as_deref().unwrap_or_default();
        let mut subject = String::new();
        let mut notices = Vec::with_capacity(letter.notices.len());
        for said in &letter.notices {
            let name = format!("{}/{}.txt", language.tag(), said.kind.word());
            let text = self.fill(&name, notice_context(letter, said, language))?;
            let (first, body) = text.split_once('\n').unwrap_or((&text, ""));
            let own = first.strip_prefix("Subject:").map(line).filter(|own| !own.is_empty());
            let own = own.ok_or_else(|| fault(&name, "its first line is not `Subject: …`"))?;
            if subject.is_empty() {
                subject = own;
            }
            let paragraphs: Vec<String> =
                body.split("\n\n").map(one_paragraph).filter(|text| !text.is_empty()).collect();
            if paragraphs.is_empty() {
                return Err(fault(&name, "it says nothing after its subject"));
            }
            let fee = fee_context(said, language);
            notices.push(context! { kind => said.kind.word(), paragraphs, fee });
        }
        let invoices: Vec<_> = letter
            .invoices
            .iter()
            .map(|invoice| {
                let url = invoice.pay_url.as_deref().filter(|url| *url != pay_url);
                context! {
                    number => line(&invoice.number),
                    amount => language.money(invoice.amount),
                    due => invoice.due_on.map(|due| language.day(due)).unwrap_or_default(),
                    url => url.unwrap_or_default(),
                }
            })
            .collect();
        let kept_until = letter.notices.iter().filter_map(|said| said.term?.1).min();
        let frame = context! {
            subject => &subject,
            hello => letter.hello.as_deref().map(line).unwrap_or_default(),
            tenant => line(&letter.tenant),
            neutral => letter.neutral,
            settlers => line(&language.any_of(&letter.settlers)),
            sender => &self.sender,
            notices, invoices, owed, pay_url,
            asks => letter.notices.iter().any(|said| said.kind != Kind::Thanks),
            kept_until => kept_until.map(|day| language.day(day)).unwrap_or_default(),
        };
        let text = self.fill(&format!("{}/{FRAME_TEXT}", language.tag()), frame.clone())?;
        let html = self.fill(&format!("{}/{FRAME_HTML}", language.tag()), frame)?;
        Ok(Rendered { subject, text: without_gaps(&text), html, language })
    }

    fn fill(&self, name: &str, context: minijinja::Value) -> Result<String, TemplateFault> {
        let template = self.environment.get_template(name).map_err(|error| told(name, &error))?;
        template.render(context).map_err(|error| told(name, &error))
    }

    /// Renders every template of every language with made-up letters.
    fn try_all(&self, faults: &mut Vec<TemplateFault>) {
        for language in templates::WRITTEN {
            for letter in sample::letters(language.tag()) {
                if let Err(fault) = self.render(&letter)
                    && !faults.contains(&fault)
                {
                    faults.push(fault);
                }
            }
        }
    }
}

fn notice_context(letter: &Letter, said: &Said, language: Language) -> minijinja::Value {
    let reason = said.order.as_ref().and_then(|order| order.reason.as_deref());
    let until = said.order.as_ref().and_then(|order| order.until);
    context! {
        tenant => line(&letter.tenant),
        neutral => letter.neutral,
        number => line(&said.number),
        amount => said.open.map(|open| language.money(open)).unwrap_or_default(),
        owed => language.moneys(&letter.overdue),
        due => language.day(said.due_on),
        day => language.day(letter.zone.day(said.at)),
        at => language.moment(said.at, &letter.zone),
        stage => said.effect.word(),
        rate => said.effect.slow.map(|rate| language.rate(rate)).unwrap_or_default(),
        scope => said.scope.as_deref().map(line).unwrap_or_default(),
        cause => cause(said.cause),
        trial => said.term.is_some_and(|(kind, _)| kind == TermKind::Trial),
        past => said.due_on < letter.zone.day(said.at),
        reason => reason.filter(|_| !letter.neutral).map(line).unwrap_or_default(),
        until => until.map(|until| language.moment(until, &letter.zone)).unwrap_or_default(),
    }
}

/// The terms of the interest that an invoice may cost. The frames
/// say it only to those who may see amounts.
fn fee_context(said: &Said, language: Language) -> Option<minijinja::Value> {
    let (fee, from) = said.fee?;
    Some(context! {
        number => line(&said.number),
        rate => language.percent(fee.rate_per_month.0),
        cap => language.percent(fee.cap.0),
        from => language.day(from),
    })
}

/// The word by which templates know a cause.
const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Overdue => "overdue",
        Cause::Declined => "declined",
        Cause::Confirm => "confirm",
        Cause::Returned => "returned",
    }
}

fn one_paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most one empty line between two others, none at the ends.
fn without_gaps(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Effect;
    use crate::domain::stage::Stage;

    fn templates() -> Templates {
        Templates::shipped("Example").unwrap()
    }

    fn one(tag: &str, kind: Kind) -> Letter {
        let letters = sample::letters(tag).into_iter();
        let mut full = letters.filter(|letter| letter.pay_url.is_some() && !letter.neutral);
        full.find(|letter| {
            letter.notices[0].kind == kind
                && letter.notices[0].effect == Effect::of(Stage::ReadOnly)
        })
        .unwrap()
    }

    #[test]
    fn every_template_says_all_that_it_must() {
        let templates = templates();
        for language in templates::WRITTEN {
            for kind in Kind::ALL {
                let mail = templates.render(&one(language.tag(), kind)).unwrap();
                let (amount, at, ignore, kept) = match language {
                    Language::En => (
                        "EUR 1,240.00",
                        "Monday, 30 March 2026, 08:00 UTC",
                        "please ignore this",
                        "Nothing you saved is lost",
                    ),
                    _ => (
                        "1.240,00 EUR",
                        "Montag, 30. März 2026, 08:00 Uhr UTC",
                        "gegenstandslos",
                        "Nichts, was Sie gespeichert haben, geht verloren",
                    ),
                };
                // Of what ends every message says until when things are kept.
                let until = language.day("2026-03-13".parse().unwrap());
                let kept = if kind.word().starts_with("end") { &until } else { kept };
                for part in [&mail.text, &mail.html] {
                    for wanted in [amount, kept, "R-2026-104", "pay.example", "Ada"] {
                        assert!(part.contains(wanted), "{kind:?} lacks {wanted}: {part}");
                    }
                    // Who is thanked is asked for nothing.
                    assert_eq!(part.contains(ignore), kind != Kind::Thanks, "{kind:?}: {part}");
                    let dated = matches!(
                        kind,
                        Kind::Warning
                            | Kind::Again
                            | Kind::Entered
                            | Kind::EndedWarning
                            | Kind::EndedEntered
                            | Kind::PaidForWarning
                            | Kind::PaidForEntered
                            | Kind::OrderedWarning
                            | Kind::OrderedEntered
                    );
                    assert_eq!(part.contains(at), dated, "{kind:?}: {part}");
                    for left_over in ["{{", "{%", "}}", "%}", "undefined"] {
                        assert!(!part.contains(left_over), "{kind:?}: {part}");
                    }
                    for harsh in ["court", "legal", "lawyer", "Gericht", "Anwalt", "Mahn"] {
                        assert!(!part.contains(harsh), "{kind:?} says {harsh}");
                    }
                }
                assert!(!mail.subject.is_empty() && mail.subject.chars().count() < 100);
                assert!(mail.html.contains(&format!("lang=\"{}\"", language.tag())));
            }
        }
    }

    #[test]
    fn what_gives_everything_back_is_what_is_overdue() {
        let mut letter = one("en", Kind::Entered);
        letter.owed[0].minor *= 2;
        let mail = templates().render(&letter).unwrap();
        assert!(mail.text.contains("To lift this, pay EUR 1,240.00."), "{}", mail.text);
        assert!(mail.text.contains("In all: EUR 2,480.00"), "{}", mail.text);
    }

    #[test]
    fn interest_is_told_of_where_it_can_run() {
        for language in templates::WRITTEN {
            let mut letter = one(language.tag(), Kind::Overdue);
            let (wanted, short) = match language {
                Language::En => (
                    "Whatever is still open of invoice R-2026-104 from Monday, 13 April 2026 on \
                     bears simple interest of 1.5% a month, at most 18% of it in all.",
                    "interest",
                ),
                _ => (
                    "Was von Rechnung R-2026-104 ab Montag, 13. April 2026 noch offen ist, kostet \
                     einfache Zinsen von 1,5 % im Monat, insgesamt höchstens 18 % davon.",
                    "Zinsen",
                ),
            };
            let plain = |text: &str| text.replace('\u{a0}', " ");
            let mail = templates().render(&letter).unwrap();
            for part in [&mail.text, &mail.html] {
                assert!(plain(part).contains(wanted), "{part}");
            }
            letter.neutral = true;
            let neutral = templates().render(&letter).unwrap();
            letter.neutral = false;
            letter.notices[0].fee = None;
            let free = templates().render(&letter).unwrap();
            for part in [&neutral.text, &neutral.html, &free.text, &free.html] {
                assert!(!part.contains(short), "{part}");
            }
        }
    }

    #[test]
    fn a_due_date_that_was_moved_is_told_beside_the_printed_one() {
        let mut letter = one("en", Kind::DueToday);
        letter.notices[0].due_on = letter.zone.day(letter.notices[0].at);
        let mail = templates().render(&letter).unwrap();
        assert!(mail.text.contains("is due today, Monday, 30 March 2026"), "{}", mail.text);
        letter.notices[0].due_on = "2026-03-28".parse().unwrap();
        let mail = templates().render(&letter).unwrap();
        let both = "carries the due date Saturday, 28 March 2026; it counts as due today, Monday";
        assert!(mail.text.contains(both), "{}", mail.text);
    }

    #[test]
    fn whoever_may_not_see_amounts_reads_none() {
        let templates = templates();
        for language in templates::WRITTEN {
            for letter in sample::letters(language.tag()).into_iter().filter(|one| one.neutral) {
                let mail = templates.render(&letter).unwrap();
                for part in [&mail.subject, &mail.text, &mail.html] {
                    for hidden in ["240", "R-2026-104", "pay.example", "EUR"] {
                        assert!(!part.contains(hidden), "{hidden} in {part}");
                    }
                }
            }
        }
    }

    #[test]
    fn naughty_text_is_only_text() {
        let templates = templates();
        for naughty in [
            "<script>alert(1)</script>",
            "{{ 7 * 7 }}{% raw %}",
            "a\r\nBcc: eve@example.com",
            "\"><img src=x onerror=alert(1)>",
            "' onmouseover='x",
        ] {
            let mut letter = one("en", Kind::Warning);
            letter.tenant = naughty.to_owned();
            letter.hello = Some(naughty.to_owned());
            letter.notices[0].number = naughty.to_owned();
            letter.invoices[0].number = naughty.to_owned();
            let mail = templates.render(&letter).unwrap();
            assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
            for tag in ["<script", "<img", "onerror=alert(1)>", "' onmouseover='"] {
                assert!(!mail.html.contains(tag), "{naughty}: {}", mail.html);
            }
            assert!(!mail.text.contains("49"), "{}", mail.text);
            assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")));
        }
    }

    #[test]
    fn the_first_notice_names_the_mail_and_all_are_said() {
        let mut letter = one("en", Kind::Warning);
        letter.notices.extend(one("en", Kind::Upcoming).notices);
        let mail = templates().render(&letter).unwrap();
        assert!(mail.subject.contains("read-only from"), "{}", mail.subject);
        assert!(mail.text.contains("A short note ahead of time"), "{}", mail.text);
    }

    #[test]
    fn a_folder_takes_the_place_of_single_templates() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("en")).unwrap();
        let own = folder.path().join("en/warning.txt");
        std::fs::write(&own, "Subject: Own {{ number }}\n\nOwn words for {{ tenant }}.\n").unwrap();
        let templates = Templates::load("Example", Some(folder.path())).unwrap();
        let mail = templates.render(&one("en", Kind::Warning)).unwrap();
        assert_eq!(mail.subject, "Own R-2026-104");
        assert!(mail.text.contains("Own words for Example Ltd."), "{}", mail.text);
    }

    #[test]
    fn a_folder_with_faults_is_refused_with_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("en")).unwrap();
        for (name, text, told) in [
            ("again.txt", "Subject: x\n\n{{ nobody }}\n", "en/again.txt:3: undefined value"),
            ("overdue.txt", "Hello\n", "en/overdue.txt: its first line is not `Subject: …`"),
            ("upcoming.txt", "Subject: x\n\n", "en/upcoming.txt: it says nothing"),
        ] {
            let file = folder.path().join("en").join(name);
            std::fs::write(&file, text).unwrap();
            let faults = Templates::load("Example", Some(folder.path())).unwrap_err();
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(faults.iter().any(|fault| fault.contains(told)), "{faults:?}");
            std::fs::remove_file(file).unwrap();
        }
        std::fs::write(folder.path().join("en/surprise.txt"), "x").unwrap();
        std::fs::write(folder.path().join("en/warning.txt"), "Subject: {{ x\n").unwrap();
        let faults = Templates::load("Example", Some(folder.path())).unwrap_err();
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].contains("no template has this name"), "{faults:?}");
        assert!(faults[1].contains("en/warning.txt"), "{faults:?}");
    }
}
