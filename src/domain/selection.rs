//! Which policy an invoice climbs by (SPEC 4, `[[select]]`).
//!
//! Rules:
//! 1. The tenant's own wish by name, else the first line all of whose conditions are so, else
//!    `standard`, else the only policy that there is.
//! 2. It is asked as of the begin of the case: what the tenant paid later, or for how long it has
//!    been a customer by then, does not count.
//! 3. A term climbs by policies that count from `ends`, and an invoice by the others: a line for
//!    one is no line for the other. Without any a term climbs nothing.
//! 4. Who has settled fewer than three invoices matches no line that asks about settled ones.

use std::str::FromStr;
use std::sync::Arc;

use super::account::{Account, Invoice, InvoiceStatus};
use super::fact::InvoiceKind;
use super::id::PolicyName;
use super::policy::{Law, Percent, Policy};
use super::time::{Day, Instant, Zone};

/// So many settled invoices are the fewest that say anything.
pub const SETTLED_LEAST: u32 = 3;

/// One line of `[[select]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// The policy that is picked.
    pub policy: PolicyName,
    /// If the tenant's own wish is this one; absent: whatever it is.
    pub name: Option<String>,
    /// If the tenant is of this segment.
    pub segment: Option<String>,
    /// If it is on this plan.
    pub plan: Option<String>,
    /// If it is in this country.
    pub country: Option<String>,
    /// If it has been a customer for so long.
    pub customer_for: Option<Custom>,
    /// If it settles its invoices in time.
    pub settled_within: Option<SettledWithin>,
    /// If it has settled so many invoices.
    pub invoices: Option<u32>,
}

/// How long somebody has been a customer: `1 year`, `6 months`, `90 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Custom {
    months: u16,
    days: u16,
}

/// How many of the last invoices were settled in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledWithin {
    /// So many days after the due date are in time.
    pub days: u32,
    /// At least this part of them.
    pub share: Percent,
    /// Of so many that were settled last; fewer, where there are fewer.
    pub of_last: u32,
}

/// The policy that a case of the tenant begins with at `at`.
#[must_use]
pub fn select<'a>(law: &'a Law, account: &Account, at: Instant) -> Option<&'a Arc<Policy>> {
    select_for(law, account, at, false)
}

/// The policy that the case of an invoice, or else of a term, begins with at `at`.
#[must_use]
pub fn select_for<'a>(
    law: &'a Law,
    account: &Account,
    at: Instant,
    term: bool,
) -> Option<&'a Arc<Policy>> {
    let fits = |policy: &&Arc<Policy>| policy.is_for_terms() == term;
    let of = |name: &str| law.policies.get(name).filter(fits);
    let wish = account.profile.policy.as_deref().and_then(of);
    let lines = || law.select.iter().filter_map(|line| Some((line, of(line.policy.as_str())?)));
    let matched = || lines().find(|(line, _)| line.matches(account, at));
    wish.or_else(|| matched().map(|(_, policy)| policy))
        .or_else(|| of("standard"))
        .or_else(|| only(law, fits))
}

/// Where there is one such policy only, it is everybody's.
fn only(law: &Law, fits: impl Fn(&&Arc<Policy>) -> bool) -> Option<&Arc<Policy>> {
    let mut policies = law.policies.values().filter(fits);
    policies.next().filter(|_| policies.next().is_none())
}

impl Select {
    /// A line without conditions.
    #[must_use]
    pub const fn everybody(policy: PolicyName) -> Self {
        Self {
            policy,
            name: None,
            segment: None,
            plan: None,
            country: None,
            customer_for: None,
            settled_within: None,
            invoices: None,
        }
    }

    /// Whether it has no conditions.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        *self == Self::everybody(self.policy.clone())
    }

    fn matches(&self, account: &Account, at: Instant) -> bool {
        let profile = &account.profile;
        let words = [
            (&self.name, &profile.policy),
            (&self.segment, &profile.segment),
            (&self.plan, &profile.plan),
            (&self.country, &profile.country),
        ];
        let said = words.into_iter().all(|(asked, own)| asked.is_none() || asked == own);
        let zone = profile.time_zone.as_deref().and_then(Zone::named).unwrap_or_else(Zone::utc);
        let long = self.customer_for.is_none_or(|custom| {
            profile.customer_since.is_some_and(|since| custom.is_over(since, zone.day(at)))
        });
        said && long && self.knows(account, &zone, at)
    }

    /// What it asks about settled invoices.
    fn knows(&self, account: &Account, zone: &Zone, at: Instant) -> bool {
        if self.settled_within.is_none() && self.invoices.is_none() {
            return true;
        }
        let invoices = account.invoices.iter().filter(|it| it.kind != InvoiceKind::Fee);
        let paid = invoices.filter(|it| it.status == InvoiceStatus::Paid && it.paid > 0);
        let closed = paid.filter_map(|it| Some((it.closed.filter(|closed| *closed <= at)?, it)));
        let mut settled: Vec<(Instant, &Invoice)> = closed.collect();
        settled.sort_by_key(|(closed, _)| *closed);
        let least = self.invoices.unwrap_or_default().max(SETTLED_LEAST);
        settled.len() >= least as usize
            && self.settled_within.is_none_or(|it| it.is_so(&settled, zone))
    }
}

impl SettledWithin {
    /// Of `settled`, the newest last.
    fn is_so(self, settled: &[(Instant, &Invoice)], zone: &Zone) -> bool {
        let last = &settled[settled.len().saturating_sub(self.of_last as usize)..];
        let in_time = last.iter().filter(|(closed, invoice)| {
            let failed = || invoice.failed.map(|failed| zone.day(failed.first));
            let due = invoice.due_on.or_else(failed);
            due.is_none_or(|due| i64::from(zone.day(*closed).since(due)) <= i64::from(self.days))
        });
        in_time.count() * 10_000 >= last.len() * self.share.0 as usize
    }
}

impl Custom {
    /// Whether that long has passed since that day.
    #[must_use]
    pub fn is_over(self, since: Day, today: Day) -> bool {
        let span = jiff::Span::new().try_months(self.months);
        let span = span.and_then(|span| span.try_days(self.days));
        let over = span.and_then(|span| since.to_jiff().checked_add(span));
        over.is_ok_and(|over| over <= today.to_jiff())
    }
}

impl Custom {
    /// How many whole months, or else how many days.
    #[must_use]
    pub const fn parts(self) -> (u16, u16) {
        (self.months, self.days)
    }
}

impl std::fmt::Display for Custom {
    /// `12 months`, `90 days`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, unit) =
            if self.months > 0 { (self.months, "month") } else { (self.days, "day") };
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} {unit}{plural}")
    }
}

impl FromStr for Custom {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let right = || "write years, months or days: \"1 year\", \"6 months\"".to_owned();
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (count, unit) = text.split_at(end);
        let count: u16 = count.parse().map_err(|_| right())?;
        let (months, days) = match unit.trim() {
            "year" | "years" if count <= 100 => (count * 12, 0),
            "month" | "months" if count <= 1_200 => (count, 0),
            "day" | "days" if count <= 36_500 => (0, count),
            _ => return Err(right()),
        };
        if count == 0 { Err(right()) } else { Ok(Self { months, days }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_is_counted_in_whole_months() {
        let is_over = |custom: &str, since: &str, today: &str| {
            let custom: Custom = custom.parse().unwrap();
            custom.is_over(since.parse().unwrap(), today.parse().unwrap())
        };
        assert!(is_over("1 year", "2025-03-02", "2026-03-02"));
        assert!(!is_over("1 year", "2025-03-02", "2026-03-01"));
        assert!(is_over("6 months", "2025-08-31", "2026-02-28"));
        assert!(!is_over("90 days", "2026-01-01", "2026-03-31"));
        assert!(is_over("90days", "2026-01-01", "2026-04-01"));
        for wrong in ["", "1", "year", "0 years", "1 week", "101 years", "99999 days", "-1 day"] {
            assert!(wrong.parse::<Custom>().is_err(), "{wrong}");
        }
    }
}
