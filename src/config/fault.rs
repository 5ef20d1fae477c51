//! What is wrong with a configuration: where, what, and what would be right.
//!
//! Rules:
//! 1. Faults are collected, never thrown: whoever reads goes on, and all are told at once.
//! 2. A fault never shows a secret: what stands at [`Origin::hidden`] places, and what was given
//!    to a key that is not known and may be one, is printed as asterisks.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource};

/// Where settings came from: a file, or a variable of the environment.
pub(super) struct Origin {
    /// The file's name as it was given, or the variable's.
    pub(super) name: String,
    /// The file's text; empty for a variable.
    text: String,
    /// Where secrets stand in the text.
    hidden: Vec<Range<usize>>,
}

impl fmt::Debug for Origin {
    /// Its name: the text may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Origin {
    pub(super) fn new(name: &str, text: &str, hidden: Vec<Range<usize>>) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), text: text.to_owned(), hidden })
    }

    /// A variable of the environment.
    pub(super) fn variable(name: &str) -> Arc<Self> {
        Self::new(name, "", Vec::new())
    }

    /// Whether it is a variable of the environment, where every value is written as a text.
    pub(super) fn is_variable(&self) -> bool {
        self.text.is_empty()
    }

    /// The text with asterisks, byte for byte, where something must not be shown.
    fn shown(&self, also: &[Range<usize>]) -> String {
        let mut bytes = self.text.clone().into_bytes();
        for range in self.hidden.iter().chain(also) {
            let end = range.end.min(bytes.len());
            let hidden = bytes.get_mut(range.start.min(end)..end).unwrap_or_default();
            hidden.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b'*');
        }
        String::from_utf8(bytes).unwrap_or_default()
    }
}

/// A place in an [`Origin`].
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) origin: Arc<Origin>,
    pub(super) span: Range<usize>,
}

impl Place {
    /// Line and column, both from 1; the column counts characters.
    fn line_and_column(&self) -> (usize, usize) {
        let before = self.origin.text.get(..self.span.start).unwrap_or(&self.origin.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// The file and the line, or the variable.
    pub(super) fn shown(&self) -> String {
        let name = &self.origin.name;
        if self.origin.is_variable() {
            return name.clone();
        }
        format!("{name}:{}", self.line_and_column().0)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    place: Place,
    what: String,
    help: String,
    hide: Vec<Range<usize>>,
    /// Whether a key that is not known may be the cause.
    derived: bool,
}

impl Fault {
    pub(super) fn new(place: &Place, what: impl Into<String>, help: impl Into<String>) -> Self {
        let (what, help) = (what.into(), help.into());
        Self { place: place.clone(), what, help, hide: Vec::new(), derived: true }
    }

    /// The file's name, or the variable's.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.place.origin.name
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.place.line_and_column().0
    }

    /// The column, from 1, in characters.
    #[must_use]
    pub fn column(&self) -> usize {
        self.place.line_and_column().1
    }

    /// What is wrong.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What would be right.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file();
        if self.place.origin.text.is_empty() {
            return write!(f, "{file}: {}; {}", self.what, self.help);
        }
        let (line, column) = self.place.line_and_column();
        write!(f, "{file}:{line}:{column}: {}; {}", self.what, self.help)
    }
}

/// Collects faults while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, place: &Place, what: impl Into<String>, help: impl Into<String>) {
        self.0.borrow_mut().push(Fault::new(place, what, help));
    }

    /// A key that is not known; what stands at `hide` is not shown: it may be a misnamed secret.
    pub(super) fn add_hiding(
        &self,
        place: &Place,
        hide: Vec<Range<usize>>,
        what: String,
        help: String,
    ) {
        self.0.borrow_mut().push(Fault { hide, derived: false, ..Fault::new(place, what, help) });
    }

    pub(super) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// In the order in which they stand in their files; of each file first the keys that are not
    /// known, for what else is wrong may be because of them.
    pub(super) fn into_sorted(self) -> Vec<Fault> {
        let mut faults = self.0.into_inner();
        let order =
            |fault: &Fault| (fault.file().to_owned(), fault.derived, fault.place.span.start);
        faults.sort_by_cached_key(order);
        faults
    }
}

/// All of them as people read them on a terminal: file, line, column, the line itself, a caret.
#[must_use]
pub fn render(faults: &[Fault], color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut out = String::new();
    for fault in faults {
        let same_file = faults.iter().filter(|other| other.file() == fault.file());
        let hide: Vec<_> = same_file.flat_map(|other| other.hide.iter().cloned()).collect();
        if handler.render_report(&mut out, &Shown::new(fault, &hide)).is_err() {
            out.push_str(&format!("{fault}\n"));
        }
    }
    out
}

/// A fault for `miette`.
#[derive(Debug)]
struct Shown {
    what: String,
    help: String,
    source: Option<NamedSource<String>>,
    span: Range<usize>,
}

impl Shown {
    fn new(fault: &Fault, hide: &[Range<usize>]) -> Self {
        let origin = &fault.place.origin;
        let has_text = !origin.text.is_empty();
        let source = has_text.then(|| NamedSource::new(&origin.name, origin.shown(hide)));
        let what =
            if has_text { fault.what.clone() } else { format!("{}: {}", origin.name, fault.what) };
        Self { what, help: fault.help.clone(), source, span: fault.place.span.clone() }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.source.as_ref()?;
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

/// `did you mean "x"?`, or all that is known.
pub(super) fn suggest(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min();
    match near {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => "there is nothing that it could be".to_owned(),
        None => format!("known: {}", known.join(", ")),
    }
}
