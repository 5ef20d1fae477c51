//! Values in HTML templates.
//!
//! Rule: what HTML asks for is escaped, and nothing else. A link stays readable as a link, also
//! for whoever looks for it in the text of a page.

use minijinja::value::Value;
use minijinja::{AutoEscape, Error, Output, State, escape_formatter};

/// Writes a value: texts in HTML escaped here, all else as the engine does.
///
/// # Errors
/// Those of the engine.
pub fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            out.write_str(&escaped(text)).map_err(Error::from)
        }
        _ => escape_formatter(out, state, value),
    }
}

/// `text` as it may stand between tags and in quoted attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use minijinja::{Environment, context};

    use super::*;

    #[test]
    fn texts_are_escaped_and_links_stay_links() {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(format);
        let text = "<b title=\"x\">'Fish' & chips</b> https://pay.example/acme";
        let page =
            environment.render_str("{{ text }} {{ n }} {{ text|safe }}", context! { text, n => 7 });
        let expected = "&lt;b title=&quot;x&quot;&gt;&#39;Fish&#39; &amp; chips&lt;/b&gt; \
                        https://pay.example/acme 7 ";
        assert_eq!(page.unwrap(), format!("{expected}{text}"));
    }
}
