//! How amounts, dates and times are written in each language.
//!
//! Rules:
//! 1. Money always carries its ISO 4217 code; a date its weekday; a time its zone.
//! 2. A language that is not here falls back to its base, then to English.

mod customs;

use customs::{CUSTOMS, Customs};

use super::effect::Rate;
use super::money::Money;
use super::time::{Day, Instant, MINUTE, Zone};
use super::week::Weekday;

/// A language that ambergate writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Portuguese as in Brazil.
    PtBr,
    /// Russian.
    Ru,
}

impl Language {
    /// All of them; English, on which everything falls back, first.
    pub const ALL: [Self; 6] = [Self::En, Self::De, Self::Es, Self::Fr, Self::PtBr, Self::Ru];

    /// Its tag, such as `de`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.customs().tag
    }

    /// From its own tag exactly.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The nearest to what a tenant asked for: `de-AT` is `de`; what is not here is English.
    #[must_use]
    pub fn nearest(wanted: Option<&str>) -> Self {
        Self::nearest_of(&Self::ALL, wanted)
    }

    /// As `nearest`, among these only.
    #[must_use]
    pub fn nearest_of(these: &[Self], wanted: Option<&str>) -> Self {
        let wanted = wanted.unwrap_or_default().to_ascii_lowercase().replace('_', "-");
        let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
        let exactly = these.iter().find(|one| one.tag().eq_ignore_ascii_case(&wanted));
        let near = || these.iter().find(|one| base(one.tag()) == base(&wanted));
        exactly.or_else(near).copied().unwrap_or_default()
    }

    /// `EUR 1,240.00` or `1.240,00 EUR`.
    #[must_use]
    pub fn money(self, money: Money) -> String {
        let customs = self.customs();
        let places = money.currency.exponent();
        let unit = 10_u64.pow(places);
        let minor = money.minor.unsigned_abs();
        let mut number = grouped(minor / unit, customs.groups);
        if places > 0 {
            number.push(customs.decimal);
            number.push_str(&format!("{:0width$}", minor % unit, width = places as usize));
        }
        if money.minor < 0 {
            number.insert(0, '-');
        }
        if customs.code_first {
            format!("{} {number}", money.currency)
        } else {
            format!("{number} {}", money.currency)
        }
    }

    /// Amounts of several currencies, side by side: they are never added.
    #[must_use]
    pub fn moneys(self, amounts: &[Money]) -> String {
        let amounts: Vec<String> = amounts.iter().map(|money| self.money(*money)).collect();
        amounts.join(" + ")
    }

    /// `Friday, 13 March 2026` or `Freitag, 13. März 2026`.
    #[must_use]
    pub fn day(self, day: Day) -> String {
        let customs = self.customs();
        let date = day.to_jiff();
        let weekday = customs.weekdays[day.weekday() as usize];
        let month = customs.months[usize::from(date.month().unsigned_abs()).clamp(1, 12) - 1];
        let (day, year) = (date.day(), date.year());
        match self {
            Self::En => format!("{weekday}, {day} {month} {year}"),
            Self::De => format!("{weekday}, {day}. {month} {year}"),
            Self::Es | Self::PtBr => format!("{weekday}, {day} de {month} de {year}"),
            Self::Fr => format!("{weekday} {day} {month} {year}"),
            Self::Ru => format!("{weekday}, {day} {month} {year} г."),
        }
    }

    /// `Monday, 30 March 2026, 10:00 CEST (Europe/Berlin)`.
    #[must_use]
    pub fn moment(self, at: Instant, zone: &Zone) -> String {
        let (day, millis) = zone.local(at);
        let minutes = millis / MINUTE;
        let clock = format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let about = zone.to_jiff().to_offset_info(at.to_jiff());
        let zone = match (about.abbreviation(), zone.name()) {
            (abbreviation, name) if abbreviation == name => name.to_owned(),
            (abbreviation, name) => format!("{abbreviation} ({name})"),
        };
        match self {
            Self::De => format!("{}, {clock} Uhr {zone}", self.day(day)),
            _ => format!("{}, {clock} {zone}", self.day(day)),
        }
    }

    /// `Ada, Ben or Cleo`.
    #[must_use]
    pub fn any_of(self, names: &[String]) -> String {
        joined(names, self.customs().or)
    }

    /// `Ada, Ben and Cleo`.
    #[must_use]
    pub fn all_of(self, names: &[String]) -> String {
        joined(names, self.customs().and)
    }

    /// `1.5%` or `1,5 %`, from hundredths of a percent.
    #[must_use]
    pub fn percent(self, hundredths: u32) -> String {
        let customs = self.customs();
        let mut number = (hundredths / 100).to_string();
        let part = format!("{:02}", hundredths % 100);
        let part = part.trim_end_matches('0');
        if !part.is_empty() {
            number.push(customs.decimal);
            number.push_str(part);
        }
        format!("{number}{}%", customs.before_percent)
    }

    /// `20 requests per minute` or `20 Anfragen pro Minute`.
    #[must_use]
    pub fn rate(self, rate: Rate) -> String {
        let customs = self.customs();
        let [one, few, many] = customs.requests;
        let count = rate.count();
        let requests = match (self, count % 10, count % 100) {
            (Self::Ru, 1, last) if last != 11 => one,
            (Self::Ru, 2..=4, last) if !(12..=14).contains(&last) => few,
            (Self::Ru, ..) => many,
            _ if count == 1 => one,
            _ => many,
        };
        let per = match rate.per() {
            "second" => customs.per[0],
            "minute" => customs.per[1],
            _ => customs.per[2],
        };
        format!("{count} {requests} {per}")
    }

    /// `Monday` or `понедельник`.
    #[must_use]
    pub const fn weekday(self, day: Weekday) -> &'static str {
        self.customs().weekdays[day as usize]
    }

    const fn customs(self) -> &'static Customs {
        &CUSTOMS[self as usize]
    }
}

fn joined(names: &[String], word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: currency.parse().unwrap() }
    }

    #[test]
    fn amounts_by_language_and_currency() {
        let cases = [
            (124_000, "EUR", "EUR 1,240.00", "1.240,00 EUR"),
            (5, "USD", "USD 0.05", "0,05 USD"),
            (1_234_567, "JPY", "JPY 1,234,567", "1.234.567 JPY"),
            (1_234_567, "KWD", "KWD 1,234.567", "1.234,567 KWD"),
            (99_999, "EUR", "EUR 999.99", "999,99 EUR"),
            (-150, "EUR", "EUR -1.50", "-1,50 EUR"),
        ];
        for (minor, currency, en, de) in cases {
            assert_eq!(Language::En.money(money(minor, currency)), en);
            assert_eq!(Language::De.money(money(minor, currency)), de);
        }
        let both = [money(100, "EUR"), money(200, "USD")];
        assert_eq!(Language::En.moneys(&both), "EUR 1.00 + USD 2.00");
    }

    #[test]
    fn dates_and_times_in_words() {
        let day: Day = "2026-03-13".parse().unwrap();
        assert_eq!(Language::En.day(day), "Friday, 13 March 2026");
        assert_eq!(Language::De.day(day), "Freitag, 13. März 2026");
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let at: Instant = "2026-03-30T08:00:00Z".parse().unwrap();
        assert_eq!(
            Language::En.moment(at, &berlin),
            "Monday, 30 March 2026, 10:00 CEST (Europe/Berlin)"
        );
        assert_eq!(
            Language::De.moment(at, &berlin),
            "Montag, 30. März 2026, 10:00 Uhr CEST (Europe/Berlin)"
        );
        assert_eq!(Language::En.moment(at, &Zone::utc()), "Monday, 30 March 2026, 08:00 UTC");
    }

    #[test]
    fn a_language_that_is_not_here_falls_back() {
        let cases = [
            (None, Language::En),
            (Some("de"), Language::De),
            (Some("de-AT"), Language::De),
            (Some("DE_ch"), Language::De),
            (Some("pt"), Language::PtBr),
            (Some("PT-br"), Language::PtBr),
            (Some("fr-CA"), Language::Fr),
            (Some("ja"), Language::En),
            (Some(""), Language::En),
            (Some("../de"), Language::En),
        ];
        for (wanted, language) in cases {
            assert_eq!(Language::nearest(wanted), language, "{wanted:?}");
        }
        let two = [Language::En, Language::De];
        assert_eq!(Language::nearest_of(&two, Some("fr")), Language::En);
        assert_eq!(Language::nearest_of(&two, Some("de-CH")), Language::De);
    }

    #[test]
    fn names_side_by_side() {
        let names = ["Ada", "Ben", "Cleo"].map(str::to_owned);
        assert_eq!(Language::En.any_of(&names), "Ada, Ben or Cleo");
        assert_eq!(Language::De.any_of(&names[..2]), "Ada oder Ben");
        assert_eq!(Language::En.any_of(&[]), "");
        assert_eq!(Language::Ru.all_of(&names[..2]), "Ada и Ben");
    }

    #[test]
    fn the_rest_in_every_language() {
        let day: Day = "2026-03-13".parse().unwrap();
        let said = Language::ALL.map(|language| {
            let money = language.money(money(124_000, "EUR"));
            format!("{} | {money} | {}", language.day(day), language.percent(150))
        });
        assert_eq!(
            said,
            [
                "Friday, 13 March 2026 | EUR 1,240.00 | 1.5%",
                "Freitag, 13. März 2026 | 1.240,00 EUR | 1,5\u{a0}%",
                "viernes, 13 de marzo de 2026 | 1.240,00 EUR | 1,5\u{a0}%",
                "vendredi 13 mars 2026 | 1\u{202f}240,00 EUR | 1,5\u{202f}%",
                "sexta-feira, 13 de março de 2026 | 1.240,00 EUR | 1,5%",
                "пятница, 13 марта 2026 г. | 1\u{a0}240,00 EUR | 1,5\u{a0}%",
            ]
        );
        assert_eq!(Language::En.percent(1800), "18%");
    }
}
