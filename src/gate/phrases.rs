//! How amounts and times are said to people.
//!
//! Rules:
//! 1. An amount always shows its currency, by a sign that is no other currency's or by its code.
//! 2. A time is said with weekday, date, hour and zone.
//! 3. A link leads to `https` or `http` or is not shown.

use crate::domain::effect::Rate;
use crate::domain::grant::LISTED_MAX;
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::time::{Day, Instant, Zone};

/// So many dates of messages are named.
const SENT_MAX: usize = 3;

/// `€1,240.00`, `USD 1,240.00`.
#[must_use]
pub fn amount(money: Money) -> String {
    let places = money.currency.exponent();
    let unit = 10_u64.pow(places);
    let minor = money.minor.unsigned_abs();
    let mut text = match money.currency.code() {
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        code => format!("{code} "),
    };
    if money.minor < 0 {
        text.push('-');
    }
    let whole = (minor / unit).to_string();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if places > 0 {
        text.push_str(&format!(".{:0width$}", minor % unit, width = places as usize));
    }
    text
}

/// `€1,240.00 and USD 5.00`: amounts of different currencies are never added.
#[must_use]
pub fn amounts(owed: &[Money]) -> String {
    owed.iter().map(|money| amount(*money)).collect::<Vec<_>>().join(" and ")
}

/// `Monday 30 March 2026, 10:00 (Europe/Berlin)`.
#[must_use]
pub fn moment(at: Instant, zone: &Zone) -> String {
    let local = at.to_jiff().to_zoned(zone.to_jiff().clone());
    format!("{} ({})", local.strftime("%A %-d %B %Y, %H:%M"), zone.name())
}

/// `30 March 2026` at that zone's place.
#[must_use]
pub fn date(at: Instant, zone: &Zone) -> String {
    day(zone.day(at))
}

/// `30 March 2026`.
#[must_use]
pub fn day(day: Day) -> String {
    day.to_jiff().strftime("%-d %B %Y").to_string()
}

/// `20 requests per minute`.
#[must_use]
pub fn rate(rate: Rate) -> String {
    Language::En.rate(rate)
}

/// `a, b or c`.
#[must_use]
pub fn listed(all: &[String], joined_by: &str) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} {joined_by} {last}", many.join(", ")),
    }
}

/// `12 March 2026, 13 March 2026 and 4 times before`, from the oldest on.
#[must_use]
pub fn dates(sent: &[Instant], zone: &Zone) -> String {
    let mut dates: Vec<String> = sent.iter().map(|at| date(*at, zone)).collect();
    dates.dedup();
    let older = dates.len().saturating_sub(SENT_MAX);
    if older == 0 {
        return listed(&dates, "and");
    }
    // The newest: an older one is the last that anybody looks for.
    let newest = dates.split_off(older).join(", ");
    match older {
        _ if sent.len() >= LISTED_MAX => format!("{newest} and many times before"),
        1 => format!("{newest} and once before"),
        older => format!("{newest} and {older} times before"),
    }
}

/// The link, if it is one that may be shown.
#[must_use]
pub fn link(url: Option<&str>) -> Option<&str> {
    url.filter(|url| {
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let known = lower.starts_with("https://") || lower.starts_with("http://");
        known && !url.chars().any(|c| c.is_control() || c.is_whitespace())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, currency: &str) -> Money {
        Money { minor, currency: currency.parse().unwrap() }
    }

    #[test]
    fn amounts_are_grouped_and_named() {
        assert_eq!(amount(money(124_000, "EUR")), "€1,240.00");
        assert_eq!(amount(money(123_456_789, "USD")), "USD 1,234,567.89");
        assert_eq!(amount(money(5, "GBP")), "£0.05");
        assert_eq!(amount(money(1_240, "JPY")), "JPY 1,240");
        assert_eq!(amounts(&[money(100, "EUR"), money(100, "USD")]), "€1.00 and USD 1.00");
    }

    #[test]
    fn times_are_said_in_the_tenants_zone() {
        let at: Instant = "2026-03-30T08:00:00Z".parse().unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(moment(at, &berlin), "Monday 30 March 2026, 10:00 (Europe/Berlin)");
        assert_eq!(date(at, &berlin), "30 March 2026");
    }

    #[test]
    fn only_web_links_are_shown() {
        assert!(link(Some("https://pay.example/x?y=1")).is_some());
        for bad in ["javascript:alert(1)", "//evil", "/pay", "data:text/html,x", "https://a b", ""]
        {
            assert_eq!(link(Some(bad)), None, "{bad}");
        }
    }
}
