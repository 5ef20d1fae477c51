//! What a reader of JSON says of what it cannot read, in plain words.
//!
//! Rules:
//! 1. No word of the program's own types is left, and no place in a text that people did not write.
//! 2. A name that is not known is answered with the nearest one that is.

/// So near a name has to be to be the one that was meant.
const NEAR: f64 = 0.75;
/// So many of the names that are known are told.
const NAMES_MAX: usize = 12;

/// The same in plain words.
#[must_use]
pub fn plain(detail: &str) -> String {
    let detail = without_place(detail);
    if let Some((field, got, wanted)) = of(detail, "invalid type: ") {
        return format!("{field}{} is wanted, and this is {}", kind(wanted), value(got));
    }
    for what in ["unknown field ", "unknown variant "] {
        let Some((field, got, known)) = of(detail, what) else { continue };
        let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let got = got.trim_matches('`');
        let near = names.iter().map(|name| (strsim::jaro_winkler(name, got), name));
        let near =
            near.filter(|(near, _)| *near >= NEAR).max_by(|one, two| one.0.total_cmp(&two.0));
        let known = names.iter().take(NAMES_MAX).map(|name| format!("`{name}`"));
        let known = known.collect::<Vec<_>>().join(", ");
        let more = if names.len() > NAMES_MAX { ", …" } else { "" };
        return match near {
            Some((_, name)) => format!("{field}`{got}` is not known: did you mean `{name}`?"),
            None => format!("{field}`{got}` is not known: known are {known}{more}"),
        };
    }
    if let Some(field) = detail.strip_prefix("missing field `") {
        return format!("`{}` is missing", field.trim_end_matches('`'));
    }
    detail.to_owned()
}

/// Without where in the text it stands, and without who read it.
fn without_place(detail: &str) -> &str {
    let detail = detail.strip_prefix("Failed to deserialize query string: ").unwrap_or(detail);
    match detail.rfind(" at line ") {
        Some(at) if detail[at..].contains(" column ") => &detail[..at],
        _ => detail,
    }
}

/// Of `field: prefix got, expected wanted` the field, as it stands there, and the other two.
fn of<'d>(detail: &'d str, prefix: &str) -> Option<(&'d str, &'d str, &'d str)> {
    let (field, rest) = detail.split_once(prefix)?;
    let (got, wanted) = rest.rsplit_once(", expected ")?;
    Some((field, got, wanted))
}

/// What is wanted.
fn kind(wanted: &str) -> String {
    match wanted {
        "i64" | "u64" | "i32" | "u32" | "i16" | "u16" | "u8" | "usize" => {
            "a whole number such as 1250".to_owned()
        }
        "a string" | "string" | "str" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        wanted if wanted.starts_with("struct ") => "an object with fields".to_owned(),
        wanted if wanted.contains("element") => "an object with fields".to_owned(),
        wanted => wanted.to_owned(),
    }
}

/// What is there.
fn value(got: &str) -> String {
    let inner = got.split_once(' ').map_or("", |(_, rest)| rest).trim_matches('`');
    match got.split(' ').next().unwrap_or_default() {
        "string" => format!("the text {inner}"),
        "integer" => format!("the number {inner}"),
        "floating" => {
            format!("the number {}", inner.trim_start_matches("point ").trim_matches('`'))
        }
        "boolean" => format!("`{inner}`"),
        "sequence" => "a list".to_owned(),
        "map" => "an object".to_owned(),
        _ => got.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_a_reader_says_is_said_in_plain_words() {
        for (said, words) in [
            (
                "invalid type: string \"x\", expected i64",
                "a whole number such as 1250 is wanted, and this is the text \"x\"",
            ),
            (
                "invalid type: string \"3\", expected struct Line at line 1 column 30",
                "an object with fields is wanted, and this is the text \"3\"",
            ),
            (
                "invalid type: floating point `2.5`, expected u32",
                "a whole number such as 1250 is wanted, and this is the number 2.5",
            ),
            ("invalid type: null, expected a string", "a text is wanted, and this is null"),
            (
                "unknown field `untl`, expected one of `kind`, `until` at line 1 column 24",
                "`untl` is not known: did you mean `until`?",
            ),
            (
                "Failed to deserialize query string: stage: unknown variant `blue`, expected one of \
                 `full`, `grace`",
                "stage: `blue` is not known: known are `full`, `grace`",
            ),
            ("missing field `kind` at line 1 column 2", "`kind` is missing"),
            ("it has passed", "it has passed"),
        ] {
            assert_eq!(plain(said), words);
        }
    }
}
