//! The README, read as what it is made of: blocks of code with their marks, links, tables.
//!
//! Rules:
//! 1. A mark is a comment on the line before a block: `starts: WORLD`, `runs in: WORLD`,
//!    `file: NAME` or `not run: WHY`. It may end with `; says: TEXT`: what the output holds.
//! 2. A block of `text` after a block of `sh` is what that one prints, among other lines.

/// How a block is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Runs until it is ended; `demo` or `serve`.
    Starts(String),
    /// Runs to its end.
    RunsIn(String),
    /// Is a file of this name.
    File(String),
    /// Is shown only.
    NotRun,
    /// Is what the block before prints.
    Printed,
}

/// A block of code.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Where it begins, for people.
    pub(crate) line: usize,
    pub(crate) mark: Mark,
    /// What the output holds besides.
    pub(crate) says: Vec<String>,
    pub(crate) text: String,
}

/// All blocks of code, in their order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut comment = "";
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(said) = line.strip_prefix("<!-- ") {
            comment = said.strip_suffix(" -->").expect("a comment of one line");
        }
        let Some(language) = line.strip_prefix("```") else { continue };
        let body = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
        let text: String = body.map(|line| format!("{line}\n")).collect();
        let line = at + 1;
        let (mark, says) = mark(comment, language, line);
        if mark == Mark::Printed {
            let before = blocks.last_mut().expect("a block that prints it");
            before.says.extend(text.lines().map(str::to_owned));
        }
        blocks.push(Block { line, mark, says, text });
        comment = "";
    }
    blocks
}

fn mark(comment: &str, language: &str, line: usize) -> (Mark, Vec<String>) {
    let (kind, says) = comment.split_once("; says: ").unwrap_or((comment, ""));
    let says = Some(says.to_owned()).filter(|says| !says.is_empty()).into_iter().collect();
    let mark = match (language, kind.split_once(": ")) {
        ("sh", Some(("starts", world))) => Mark::Starts(world.to_owned()),
        ("sh", Some(("runs in", world))) => Mark::RunsIn(world.to_owned()),
        ("sh", Some(("not run", _))) => Mark::NotRun,
        ("toml", Some(("file", name))) => Mark::File(name.to_owned()),
        ("text", None) => Mark::Printed,
        _ => panic!("README.md:{line}: a block of {language:?} with the mark {comment:?}"),
    };
    (mark, says)
}

/// What links and pictures lead to.
pub(crate) fn links(page: &str) -> Vec<&str> {
    let parts = page.split("](").skip(1);
    parts.filter_map(|part| part.split_once(')').map(|(target, _)| target)).collect()
}

/// Names of files that stand in the text as code: `tests/run`.
pub(crate) fn named_paths(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    let spans = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    let built = |span: &&str| span.starts_with("target/");
    spans.filter(|span| is_path(span) && !built(span)).collect()
}

fn is_path(span: &str) -> bool {
    let odd = |c: char| !c.is_ascii_alphanumeric() && !"/._-".contains(c);
    span.contains('/') && !span.starts_with('/') && !span.contains(odd)
}

/// The rows of the table whose first column is called `column`, without its head.
pub(crate) fn table<'a>(page: &'a str, column: &str) -> Vec<Vec<&'a str>> {
    let head = format!("| {column} |");
    let rows = page.lines().skip_while(|line| !line.starts_with(&head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}
