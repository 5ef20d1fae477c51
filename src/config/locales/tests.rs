use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::config::policies;
use crate::domain::decision::TaskKind;
use crate::domain::fact::Channel;
use crate::domain::policy::Law;
use crate::domain::stage::Role;

/// What each key of a file asks for, without the endings of forms.
fn keys(text: &str) -> BTreeMap<&str, BTreeSet<String>> {
    let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut last = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let begins = |c: char| c.is_ascii_lowercase();
        if let Some((key, _)) = line.split_once(" =").filter(|_| line.starts_with(begins)) {
            assert!(keys.insert(key, BTreeSet::new()).is_none(), "{key} stands twice");
            last = key;
        }
        for (at, _) in line.match_indices('$') {
            let rest = &line[at + 1..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            let plain = FORMS.iter().find_map(|form| name.strip_suffix(&format!("_{form}")));
            keys.get_mut(last).unwrap().insert(plain.unwrap_or(name).to_owned());
        }
    }
    keys
}

/// A law of one policy.
fn law(name: &str) -> Law {
    match name {
        "standard" => policies::parse(policies::STANDARD, "standard.toml").unwrap(),
        name => policies::ready(name).unwrap(),
    }
}

#[test]
fn every_key_stands_in_every_language_and_asks_for_the_same() {
    let english = keys(TEXTS[0]);
    assert!(english.len() >= 90, "{}", english.len());
    for (language, text) in Language::ALL.into_iter().zip(TEXTS) {
        let own = keys(text);
        let names = |keys: &BTreeMap<&str, BTreeSet<String>>| {
            keys.keys().map(|key| (*key).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(&own), names(&english), "{}", language.tag());
        for (key, asks) in own {
            // `count` may be left out where a number is a word: "one day".
            let but_count = |asks: &BTreeSet<String>| {
                asks.iter().filter(|it| *it != "count").cloned().collect::<Vec<_>>()
            };
            assert_eq!(but_count(&asks), but_count(&english[key]), "{}: {key}", language.tag());
        }
    }
}

#[test]
fn every_file_is_read_whole() {
    for (language, text) in Language::ALL.into_iter().zip(TEXTS) {
        let tag = language.tag();
        let faults = FluentResource::try_new(text.to_owned()).err().map(|(_, faults)| faults);
        assert!(faults.is_none(), "{tag}: {faults:?}");
        for key in keys(text).keys() {
            assert!(Phrases::of(language).has(key), "{tag}: {key}");
        }
        assert!(tag.parse::<unic_langid::LanguageIdentifier>().is_ok(), "{tag}");
    }
}

#[test]
fn what_a_policy_may_name_has_words() {
    let phrases = Phrases::of(Language::En);
    let keys = Role::ALL
        .map(|role| format!("role-{}", role.word().replace('_', "-")))
        .into_iter()
        .chain(Channel::ALL.map(|channel| format!("channel-{}", channel.word())));
    for key in keys {
        assert!(phrases.has(&key), "{key}");
    }
    for kind in [TaskKind::Call, TaskKind::Letter, TaskKind::Approve, TaskKind::FormalClaim] {
        let key = format!("task-{}", kind.word().replace('_', "-"));
        assert!(phrases.has(&key), "{key}");
    }
}

#[test]
fn plurals_are_those_of_the_language() {
    let days = |language: Language, count: u32| {
        let forms = Phrases::of(language).forms("span-days", &Fill::default().with("count", count));
        format!("{} | {} | {}", forms.plain, forms.others[0], forms.others[1])
    };
    for (language, count, said) in [
        (Language::En, 1, "one day | one day | one day"),
        (Language::De, 1, "einen Tag | einem Tag | einen Tag"),
        (Language::De, 7, "7 Tage | 7 Tagen | 7 Tage"),
        (Language::Fr, 1, "1 jour | 1 jour | 1 jour"),
        (Language::Ru, 1, "1 день | 1 день | 1 дня"),
        (Language::Ru, 2, "2 дня | 2 дня | 2 дней"),
        (Language::Ru, 5, "5 дней | 5 дней | 5 дней"),
        (Language::Ru, 11, "11 дней | 11 дней | 11 дней"),
        (Language::Ru, 21, "21 день | 21 день | 21 дня"),
        (Language::Ru, 112, "112 дней | 112 дней | 112 дней"),
    ] {
        assert_eq!(days(language, count), said);
    }
}

#[test]
fn nothing_of_the_configuration_is_left_over() {
    for name in ["standard", "patient", "cards", "seven_steps", "trial"] {
        let law = law(name);
        let policy = &law.policies[name];
        for language in Language::ALL {
            let terms = terms(&law, policy, language);
            let all = terms.sections.iter().flat_map(|section| {
                let heading = std::iter::once(&section.heading);
                heading.chain(&section.sentences).chain(&section.points)
            });
            let all: Vec<_> = all.chain([&terms.intro]).chain(&terms.sign).collect();
            let zone = policy.zone.name();
            for sentence in &all {
                let text = sentence.replace(zone, "there");
                for raw in ["{", "}", "$", "_", "read_only", "billing@", "due_", "  ", " ,", " ."] {
                    assert!(!text.contains(raw), "{}: {raw:?} in {text}", language.tag());
                }
                assert!(!keys(TEXTS[0]).contains_key(text.as_str()), "a key is left: {text}");
            }
            for sentence in terms.sections.iter().flat_map(|section| &section.sentences) {
                assert!(sentence.ends_with(['.', ':', '!']), "{sentence}");
                assert!(!sentence.starts_with(char::is_lowercase), "{sentence}");
            }
            for harsh in ["in court", "lawyer", "Anwalt", "Gericht", "tribunal", "суд"] {
                assert!(!all.iter().any(|text| text.contains(harsh)), "{harsh}");
            }
        }
    }
}

#[test]
fn conditions_are_said() {
    let when = "when = { owed_over = { EUR = \"100.00\" }, invoices_over = 2, collection = \
                \"send_invoice\", promised = false }";
    let text = policies::STANDARD
        .replace(
            "enter = \"read_only\"",
            &format!("enter = \"read_only\"\napproval = true\n{when}"),
        )
        .replace("task = \"call\"", "task = \"call\"\nwhen = { promised = true }");
    let law = policies::parse(&text, "p.toml").unwrap();
    for language in Language::ALL {
        let said = terms(&law, &law.policies["standard"], language);
        let said = serde_json::to_string(&said).unwrap();
        let phrases = Phrases::of(language);
        let keys =
            ["only-sent", "only-promised", "only-not-promised", "only-ends", "step-approval"];
        for sentence in keys.map(|key| phrases.say(key, &Fill::default())) {
            assert_eq!(said.matches(&sentence).count(), 1, "{sentence}: {said}");
        }
        let count = Fill::default().with("count", 2_u32);
        assert!(said.contains(&phrases.say("only-invoices", &count)), "{said}");
        assert!(said.contains("100"), "{said}");
    }
}

#[test]
fn slowness_is_said_with_its_rate() {
    let slow = "slow = \"20 per minute\"";
    let text = policies::STANDARD
        .replace("enter = \"read_only\"", &format!("enter = \"read_only\"\n{slow}"));
    let alone = policies::STANDARD.replace("enter = \"frozen\"", "slow = \"1 per second\"");
    let (both, alone) =
        (policies::parse(&text, "p").unwrap(), policies::parse(&alone, "p").unwrap());
    for language in Language::ALL {
        let said = |law: &Law| {
            let said = terms(law, &law.policies["standard"], language);
            serde_json::to_string(&said).unwrap()
        };
        let rate = |text: &str| language.rate(text.parse().unwrap());
        assert_eq!(said(&both).matches(&rate("20 per minute")).count(), 1, "{}", said(&both));
        assert_eq!(said(&alone).matches(&rate("1 per second")).count(), 1, "{}", said(&alone));
    }
    let rate = |count: &str| Language::Ru.rate(format!("{count} per minute").parse().unwrap());
    for (count, word) in [("1", "запрос"), ("3", "запроса"), ("12", "запросов"), ("21", "запрос")]
    {
        assert_eq!(rate(count), format!("{count} {word} в минуту"));
    }
}

#[test]
fn what_a_policy_does_not_do_is_not_said() {
    let cards = law("cards");
    let said = terms(&cards, &cards.policies["cards"], Language::En);
    let said = serde_json::to_string(&said).unwrap();
    assert!(said.contains("There are no late fees."), "{said}");
    assert!(said.contains("On the day of the first failed charge"), "{said}");
    assert!(!said.contains("next working day"), "{said}");
    let text = "[calendars.X]\nworking_days = [\"mon\", \"tue\", \"sat\"]\n[policies.standard]\n\
                time_zone = \"UTC\"\ncalendar = \"X\"\nsend_hours = \"08:00-12:00\"\n\
                [[policies.standard.rungs]]\nat = \"due + 1 day\"\ntask = \"call\"\n";
    let law = policies::parse(text, "p.toml").unwrap();
    let said = terms(&law, &law.policies["standard"], Language::En);
    let said = serde_json::to_string(&said).unwrap();
    for absent in ["read-only", "restricted without", "promise a payment", "weekend"] {
        assert!(!said.contains(absent), "{absent}: {said}");
    }
    assert!(said.contains("between 08:00 and 12:00"), "{said}");
}
