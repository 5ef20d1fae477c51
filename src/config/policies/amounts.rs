//! Amounts per currency and percentages, as policies write them.

use std::str::FromStr;

use super::super::fields::Fields;
use super::super::tree::Value;
use crate::domain::money::{Currency, MINOR_MAX};
use crate::domain::policy::{Limits, Percent};

/// `{ EUR = "5.00", JPY = "500" }`.
pub(super) fn limits(fields: &Fields<'_>, key: &'static str) -> Option<Limits> {
    let table = fields.table(key)?;
    let mut limits = Limits::default();
    for (code, entry) in table.named() {
        let path = table.path_of(code);
        let Ok(currency) = code.parse::<Currency>() else {
            let upper = code.to_uppercase();
            let help = match upper.parse::<Currency>() {
                Ok(_) => format!("did you mean `{upper}`?"),
                Err(_) => "give an ISO 4217 code such as EUR".to_owned(),
            };
            table.faults().add(&entry.key, format!("`{path}` is no currency"), help);
            continue;
        };
        let Value::Text(text) = &entry.node.value else {
            let help = format!("write the amount in quotes: {code} = \"5.00\"");
            table.faults().add(&entry.node.place, format!("`{path}` is not a text"), help);
            continue;
        };
        match minor(text, currency) {
            Ok(minor) => drop(limits.0.insert(currency, minor)),
            Err(help) => table.faults().add(
                &entry.node.place,
                format!("`{path}`: {text:?} is no amount of {code}"),
                help,
            ),
        }
    }
    Some(limits)
}

/// `5.00` EUR as 500 minor units.
fn minor(text: &str, currency: Currency) -> Result<i64, String> {
    let places = currency.exponent() as usize;
    let right = || match places {
        0 => "write whole units: \"500\"".to_owned(),
        _ => format!("write digits with at most {places} places: \"5.{}\"", "0".repeat(places)),
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && digits(whole) && digits(part) && part.len() <= places;
    if !fits || text.ends_with('.') {
        return Err(right());
    }
    let minor: i64 = format!("{whole}{part:0<places$}").parse().map_err(|_| right())?;
    if minor > MINOR_MAX { Err("a smaller amount".to_owned()) } else { Ok(minor) }
}

/// `500` minor units of EUR as `5.00`.
pub(super) fn major(minor: i64, currency: Currency) -> String {
    let places = currency.exponent();
    let unit = 10_i64.pow(places);
    match places {
        0 => minor.to_string(),
        _ => format!("{}.{:0width$}", minor / unit, minor % unit, width = places as usize),
    }
}

/// `3%` or `1.5%`, at most `most` percent.
pub(in crate::config) fn percent(
    fields: &Fields<'_>,
    key: &'static str,
    most: u32,
) -> Option<Percent> {
    let text = fields.text(key)?;
    let read = text.strip_suffix('%').and_then(|number| {
        let (whole, part) = number.trim_end().split_once('.').unwrap_or((number.trim_end(), "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let fits = digits(whole) && digits(part) && part.len() <= 2;
        let hundredths = fits.then(|| u32::from_str(&format!("{part:0<2}")).ok())??;
        whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(hundredths)
    });
    if read.is_none_or(|hundredths| hundredths > most * 100) {
        let help = format!("write \"3%\" or \"1.5%\", at most {most}%");
        fields.fault(key, &format!("is {text:?}"), help);
        return None;
    }
    read.map(Percent)
}

/// `300` hundredths as `3%`.
pub(super) fn write_percent(percent: Percent) -> String {
    match percent.0 % 100 {
        0 => format!("{}%", percent.0 / 100),
        part if part % 10 == 0 => format!("{}.{}%", percent.0 / 100, part / 10),
        part => format!("{}.{part:02}%", percent.0 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_places_of_their_currency() {
        let currency = |code: &str| code.parse::<Currency>().unwrap();
        assert_eq!(minor("5.00", currency("EUR")), Ok(500));
        assert_eq!(minor("5.5", currency("EUR")), Ok(550));
        assert_eq!(minor("500", currency("JPY")), Ok(500));
        assert_eq!(minor("1.234", currency("BHD")), Ok(1234));
        for (text, code) in
            [("5.001", "EUR"), ("5.0", "JPY"), ("-5", "EUR"), ("", "EUR"), ("5.", "EUR")]
        {
            assert!(minor(text, currency(code)).is_err(), "{text} {code}");
        }
        assert_eq!(major(505, currency("EUR")), "5.05");
        assert_eq!(major(500, currency("JPY")), "500");
    }

    #[test]
    fn percentages_are_written_as_they_are_read() {
        for (hundredths, text) in [(300, "3%"), (150, "1.5%"), (125, "1.25%"), (105, "1.05%")] {
            assert_eq!(write_percent(Percent(hundredths)), text);
        }
    }
}
