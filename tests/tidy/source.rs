//! A file of the tree: its text, and its code without comments and texts.

use std::path::Path;

/// A file.
pub(crate) struct Source {
    /// Its path from the root, with slashes.
    pub(crate) name: String,
    /// As it is.
    pub(crate) text: String,
    /// With comments, texts and characters blanked, line by line in the same places.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), code: blank(text) }
    }

    /// The module at the top: `gate` for `src/gate/pages/mod.rs`. `None` outside of `src`.
    pub(crate) fn module(&self) -> Option<&str> {
        let path = self.name.strip_prefix("src/")?;
        let first = path.split('/').next()?;
        Some(first.strip_suffix(".rs").unwrap_or(first))
    }

    /// How deep its module is: 1 for `src/clock.rs` and `src/gate/mod.rs`, 2 for `src/gate/a.rs`.
    pub(crate) fn depth(&self) -> usize {
        let path = self.name.strip_prefix("src/").unwrap_or(&self.name);
        let path = path.trim_end_matches("/mod.rs");
        path.split('/').count()
    }

    /// Whether it holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        let stem = self.name.trim_end_matches(".rs");
        self.name.starts_with("tests/") || stem.ends_with("/tests") || stem.ends_with("_tests")
    }

    /// The code before the tests at its end.
    pub(crate) fn without_tests(&self) -> &str {
        let end = self.code.find("\n#[cfg(test)]\nmod tests {").unwrap_or(self.code.len());
        &self.code[..end]
    }

    /// Every line of `code` that holds `word`, from 1.
    pub(crate) fn lines_with(code: &str, word: &str) -> Vec<usize> {
        let lines = code.lines().enumerate();
        lines.filter(|(_, line)| line.contains(word)).map(|(index, _)| index + 1).collect()
    }
}

/// Every `.rs` file below `root/folder`.
pub(crate) fn read(root: &Path, folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                let name = entry.file_name();
                let foreign = [".venv", "node_modules", "target"].iter().any(|n| name == *n);
                folders.extend((!foreign).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                let text = std::fs::read_to_string(&path).expect("a file of the tree");
                sources.push(Source::new(&name, &text));
            }
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources
}

/// Blanks what is no code, byte for byte.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest {
            [b'/', b'/', ..] => line(rest),
            [b'/', b'*', ..] => find(rest, b"*/", 2),
            [b'"', ..] => quoted(rest, 1),
            [b'r', b'"' | b'#', ..] if !follows_a_name(&code) => raw(rest),
            [b'\'', b'\\', ..] => quoted_char(rest),
            [b'\'', _, b'\'', ..] => 3,
            _ => 0,
        };
        if length == 0 {
            code.push(bytes[at]);
            at += 1;
            continue;
        }
        let end = (at + length).min(bytes.len());
        let blanks = bytes[at..end].iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' });
        code.extend(blanks);
        at = end;
    }
    String::from_utf8(code).expect("whole characters are blanked")
}

fn line(rest: &[u8]) -> usize {
    rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
}

fn find(rest: &[u8], what: &[u8], from: usize) -> usize {
    let at = rest[from..].windows(what.len()).position(|window| window == what);
    at.map_or(rest.len(), |at| from + at + what.len())
}

/// The length of a text in quotes, from its opening quote on.
fn quoted(rest: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `'\n'` and the like.
fn quoted_char(rest: &[u8]) -> usize {
    find(rest, b"'", 3)
}

/// The length of `r#"…"#`; 0 if it is a raw name.
fn raw(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    find(rest, &end, 2 + hashes)
}

fn follows_a_name(code: &[u8]) -> bool {
    code.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
