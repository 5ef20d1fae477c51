//! Tables for people.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::output;

/// Prints rows under headings; nothing but `empty` where there are none.
pub(super) fn print(headings: &[&str], rows: Vec<Vec<String>>, empty: &str) {
    if rows.is_empty() {
        output::note(empty);
        return;
    }
    text(headings, &rows).lines().for_each(output::line);
}

/// Rows under headings, a line each.
pub(super) fn text(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A value as people read it: texts bare, nothing as `-`, lists joined, money with its currency.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // What a tenant calls itself must not steer the terminal.
        Value::String(text) => text.replace(char::is_control, "\u{fffd}"),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(list) if list.is_empty() => "-".to_owned(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(object) if object.contains_key("minor") => {
            let money = serde_json::from_value::<crate::domain::money::Money>(value.clone());
            money.map_or_else(|_| value.to_string(), |money| money.to_string())
        }
        Value::Object(object) => {
            let pair = |(key, value): (&String, &Value)| format!("{key} {}", cell(value));
            object.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_for_people() {
        assert_eq!(cell(&json!(null)), "-");
        assert_eq!(cell(&json!([{"minor": 124_000, "currency": "EUR"}])), "EUR 1240.00");
        assert_eq!(
            cell(&json!({"invoice": "in_1", "rung": "due + 1 day"})),
            "invoice in_1, rung due + 1 day"
        );
        assert_eq!(cell(&json!(true)), "yes");
        assert_eq!(cell(&json!("a\u{1b}[31mb")), "a\u{fffd}[31mb");
    }
}
