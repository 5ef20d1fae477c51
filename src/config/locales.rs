//! What is said in six languages: `config/locales/*.ftl`, compiled in.
//!
//! Rules:
//! 1. Every key stands in every language and asks for nothing that another one does not have; the
//!    tests hold it.
//! 2. A language that lacks a form of a phrase (dative, genitive) uses its plain form.
//! 3. What is not there is said in English, and never as an empty text.

mod script;
mod terms;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::domain::language::Language;

pub use script::script;
pub use terms::{Section, Terms, terms};

/// The texts as they stand in their files, in the order of [`Language::ALL`].
const TEXTS: [&str; 6] = [
    include_str!("../../config/locales/en.ftl"),
    include_str!("../../config/locales/de.ftl"),
    include_str!("../../config/locales/es.ftl"),
    include_str!("../../config/locales/fr.ftl"),
    include_str!("../../config/locales/pt-BR.ftl"),
    include_str!("../../config/locales/ru.ftl"),
];

/// Forms that a phrase may have besides its plain one.
const FORMS: [&str; 2] = ["dat", "gen"];

/// The phrases of one language.
struct Phrases {
    bundle: FluentBundle<FluentResource>,
}

/// The text with a capital letter at its beginning.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

/// What a phrase is filled with.
#[derive(Default)]
struct Fill<'a>(FluentArgs<'a>);

impl<'a> Fill<'a> {
    fn with(mut self, name: &'a str, value: impl Into<FluentValue<'a>>) -> Self {
        self.0.set(name, value);
        self
    }

    /// A value with all of its forms.
    fn with_forms(mut self, name: &str, forms: Forms) -> Self {
        for (form, text) in FORMS.into_iter().zip(forms.others) {
            self.0.set(format!("{name}_{form}"), text);
        }
        self.0.set(name.to_owned(), forms.plain);
        self
    }
}

/// A phrase in its plain form and in those of [`FORMS`].
#[derive(Clone, Debug, Default)]
struct Forms {
    plain: String,
    others: [String; 2],
}

impl Forms {
    /// Several as one, form by form.
    fn joined(many: &[Self], join: impl Fn(&[String]) -> String) -> Self {
        let plain: Vec<String> = many.iter().map(|one| one.plain.clone()).collect();
        let other = |place: usize| {
            let texts: Vec<String> = many.iter().map(|one| one.others[place].clone()).collect();
            join(&texts)
        };
        Self { plain: join(&plain), others: [other(0), other(1)] }
    }
}

impl Phrases {
    /// Those of `language`.
    fn of(language: Language) -> &'static Self {
        static ALL: OnceLock<[Phrases; 6]> = OnceLock::new();
        let all = ALL.get_or_init(|| Language::ALL.map(Self::read));
        &all[language as usize]
    }

    fn read(language: Language) -> Self {
        // Those of a wrong tag would be those of no language; the tests read all of them.
        let tag = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // The marks around each value would be in the way of those who copy or sign the text.
        bundle.set_use_isolating(false);
        let text = TEXTS[language as usize].to_owned();
        let resource = FluentResource::try_new(text).unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// The phrase of that key; in English, or the key itself, where there is none.
    fn say(&self, key: &str, fill: &Fill<'_>) -> String {
        let own = self.form(key, None, fill);
        let english = || Self::of(Language::En).form(key, None, fill);
        own.or_else(english).unwrap_or_else(|| key.to_owned())
    }

    /// The phrase of that key in all of its forms.
    fn forms(&self, key: &str, fill: &Fill<'_>) -> Forms {
        let plain = self.say(key, fill);
        let other = |form| self.form(key, Some(form), fill).unwrap_or_else(|| plain.clone());
        Forms { others: FORMS.map(other), plain }
    }

    /// Whether there is such a phrase.
    fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    fn form(&self, key: &str, form: Option<&str>, fill: &Fill<'_>) -> Option<String> {
        let message = self.bundle.get_message(key)?;
        let pattern = match form {
            None => message.value()?,
            Some(form) => message.get_attribute(form)?.value(),
        };
        let mut faults = Vec::new();
        let said = self.bundle.format_pattern(pattern, Some(&fill.0), &mut faults);
        faults.is_empty().then(|| said.into_owned())
    }
}
