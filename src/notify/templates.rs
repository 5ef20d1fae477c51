//! The templates' texts: those compiled in, and those that a folder puts in their place.
//!
//! Rules:
//! 1. The templates are a closed list; a folder may replace any of them, file by file, under the
//!    same names (`de/warning.txt`), and may hold nothing else.
//! 2. A name that a template uses and that does not exist is a fault, never an empty text.
//! 3. What a fault tells names the file and line, and never a value.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::letter::Kind;
use crate::domain::language::Language;
use crate::net::html;

/// What is wrong with a set of templates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {detail}")]
pub struct TemplateFault {
    /// Which file, and the line where there is one.
    pub place: String,
    /// What is wrong, and what would be right.
    pub detail: String,
}

pub(super) const FRAME_TEXT: &str = "frame.txt";
pub(super) const FRAME_HTML: &str = "frame.html";
/// The languages in which messages are written.
pub(super) const WRITTEN: [Language; 2] = [Language::En, Language::De];
/// The longest template taken from a folder.
const TEMPLATE_BYTES_MAX: u64 = 256 * 1024;

macro_rules! shipped {
    ($($language:literal: $($file:literal)*;)*) => {
        &[$($((
            concat!($language, "/", $file),
            include_str!(concat!("../../config/templates/", $language, "/", $file)),
        ),)*)*]
    };
}

/// All templates that are compiled in.
const SHIPPED: &[(&str, &str)] = shipped! {
    "en": "frame.txt" "frame.html" "upcoming.txt" "due_today.txt" "overdue.txt" "warning.txt"
          "again.txt" "entered.txt" "thanks.txt" "all_well.txt" "instalment.txt" "plan.txt"
          "ending.txt" "ended.txt" "ended_warning.txt" "ended_entered.txt"
          "paid_for_warning.txt" "paid_for_entered.txt" "ordered_warning.txt" "ordered_entered.txt";
    "de": "frame.txt" "frame.html" "upcoming.txt" "due_today.txt" "overdue.txt" "warning.txt"
          "again.txt" "entered.txt" "thanks.txt" "all_well.txt" "instalment.txt" "plan.txt"
          "ending.txt" "ended.txt" "ended_warning.txt" "ended_entered.txt"
          "paid_for_warning.txt" "paid_for_entered.txt" "ordered_warning.txt" "ordered_entered.txt";
};

/// All templates, compiled; what is wrong with them is added to `faults`.
pub(super) fn environment(
    folder: Option<&Path>,
    faults: &mut Vec<TemplateFault>,
) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let blocks = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(blocks.unwrap_or_default());
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
    });
    environment.set_formatter(html::format);
    for (name, text) in SHIPPED {
        add(&mut environment, name, (*text).to_owned(), faults);
    }
    if let Some(folder) = folder {
        overlay(&mut environment, folder, faults);
    }
    environment
}

pub(super) fn fault(place: &str, detail: &str) -> TemplateFault {
    TemplateFault { place: place.to_owned(), detail: detail.to_owned() }
}

/// What the engine found, without the values that it had.
pub(super) fn told(name: &str, error: &minijinja::Error) -> TemplateFault {
    let place = error.line().map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    TemplateFault { place, detail }
}

fn add(
    environment: &mut Environment<'static>,
    name: &str,
    text: String,
    faults: &mut Vec<TemplateFault>,
) {
    if let Err(error) = environment.add_template_owned(name.to_owned(), text) {
        faults.push(told(name, &error));
    }
}

/// Takes what `folder` has in the place of what is compiled in.
fn overlay(environment: &mut Environment<'static>, folder: &Path, faults: &mut Vec<TemplateFault>) {
    for path in files(folder, faults) {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if !SHIPPED.iter().any(|(known, _)| *known == name) {
            let known = Kind::ALL.map(Kind::word).join(", ");
            let tags = WRITTEN.map(Language::tag).join(", ");
            let detail = format!(
                "no template has this name; they are {FRAME_TEXT}, {FRAME_HTML} and {known} \
                 with .txt, each in a folder of its language ({tags})"
            );
            faults.push(fault(&path.display().to_string(), &detail));
            continue;
        }
        match read(&path) {
            Ok(text) => add(environment, &name, text, faults),
            Err(detail) => faults.push(fault(&path.display().to_string(), &detail)),
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if about.len() > TEMPLATE_BYTES_MAX {
        return Err(format!("{} bytes; at most {TEMPLATE_BYTES_MAX} are taken", about.len()));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// The files of the folder's own folders, by name; hidden ones are nobody's.
fn files(folder: &Path, faults: &mut Vec<TemplateFault>) -> Vec<PathBuf> {
    let list = |at: &Path, faults: &mut Vec<TemplateFault>| match std::fs::read_dir(at) {
        Ok(entries) => {
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            let hidden = |path: &PathBuf| {
                path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
            };
            paths.filter(|path| !hidden(path)).collect::<Vec<_>>()
        }
        Err(error) => {
            faults.push(fault(&at.display().to_string(), &error.to_string()));
            Vec::new()
        }
    };
    let mut found = Vec::new();
    for path in list(folder, faults) {
        if path.is_dir() { found.extend(list(&path, faults)) } else { found.push(path) }
    }
    found.sort();
    found
}
