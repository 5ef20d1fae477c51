//! What a message says, gathered from the account: everything the templates may use.
//!
//! Rules:
//! 1. The list of notices is the message's own, frozen when it was made; the strictest comes first.
//! 2. What is owed is the account's, as just read: all of it, also what is not due yet; not what
//!    nothing is said of (`silence`).
//! 3. Amounts, numbers and links go only to people who may see them (SPEC 6 "Refusals").
//! 4. Whatever tells that an invoice is overdue tells of the interest that this can cost: it runs
//!    only where it was announced.
//! 5. Text from outside is one line without control characters, and never longer than a line
//!    should be; a link is http or https, or is left out.

pub use super::kind::Kind;
use crate::domain::account::{Account, Case, Invoice, InvoiceStatus, NoticeState, add};
use crate::domain::bearings::Bearings;
use crate::domain::decision::MessageMade;
use crate::domain::effect::Effect;
use crate::domain::fact::{FailureReason, Named};
use crate::domain::fees;
use crate::domain::grant::Cause;
use crate::domain::id::{MessageId, TenantId};
use crate::domain::money::Money;
use crate::domain::policy::{LateFee, Law, Policy};
use crate::domain::publish;
use crate::domain::stage::Role;
use crate::domain::term::TermKind;
use crate::domain::time::{Day, Instant, Zone};

/// The longest text from outside in a mail, in characters.
const TEXT_CHARS_MAX: usize = 120;
/// The longest link in a mail, in bytes.
const LINK_BYTES_MAX: usize = 2_000;
/// At most so many invoices are listed one by one.
const INVOICES_MAX: usize = 50;

/// What one message says to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which message.
    pub message: MessageId,
    /// The mailbox.
    pub recipient: String,
    /// How the recipient is called.
    pub hello: Option<String>,
    /// Whether the recipient may not see amounts.
    pub neutral: bool,
    /// The language that the tenant asked for.
    pub locale: Option<String>,
    /// In which zone times are said.
    pub zone: Zone,
    /// The name of the tenant that people read.
    pub tenant: String,
    /// The strictest first; never empty.
    pub notices: Vec<Said>,
    /// All that is open, the oldest due date first.
    pub invoices: Vec<Open>,
    /// All that is open, one amount a currency.
    pub owed: Vec<Money>,
    /// What of it is overdue: paying that gives everything back.
    pub overdue: Vec<Money>,
    /// The one link by which to pay.
    pub pay_url: Option<String>,
    /// Who can settle it.
    pub settlers: Vec<String>,
}

/// One notice of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its template.
    pub kind: Kind,
    /// The number of its invoice.
    pub number: String,
    /// What is open on it.
    pub open: Option<Money>,
    /// When it was, or is, due.
    pub due_on: Day,
    /// What will begin, or has begun.
    pub effect: Effect,
    /// The part of the app that it is about. `None`: all of it.
    pub scope: Option<String>,
    /// When the stage begins or began.
    pub at: Instant,
    /// Why it is open.
    pub cause: Cause,
    /// Where it is a term that ends: its kind, and until when what was saved is kept.
    pub term: Option<(TermKind, Option<Day>)>,
    /// Where an operator decided it: why, and until when it stands.
    pub order: Option<Ordered>,
    /// Where it says that something is overdue and interest can run: its terms, and from when.
    pub fee: Option<(LateFee, Day)>,
}

/// What an operator decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// Until when it stands.
    pub until: Option<Instant>,
}

/// An invoice on which something is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub number: String,
    /// What is open.
    pub amount: Money,
    /// When it was, or is, due.
    pub due_on: Option<Day>,
    /// Where it can be paid.
    pub pay_url: Option<String>,
}

/// Gathers what the message `made` says at `now`. `None`: it says nothing any more.
#[must_use]
pub fn compose(
    tenant: &TenantId,
    account: &Account,
    made: &MessageMade,
    law: &Law,
    now: Instant,
) -> Option<Letter> {
    let noticed: Vec<(&NoticeState, &Case)> = made
        .notices
        .iter()
        .filter_map(|id| account.notice(*id))
        .filter_map(|notice| Some((notice, account.case(notice.made.case)?)))
        .collect();
    let policy = noticed.first().and_then(|(_, case)| pinned(account, case, law));
    let zone = zone_of(account, policy);
    let mut notices: Vec<Said> = noticed
        .iter()
        .map(|(notice, case)| said(account, notice, case, law, (&zone, now)))
        .collect();
    notices.sort_by_key(|said| {
        let named = if said.kind == Kind::Thanks { Effect::NONE } else { said.effect };
        (std::cmp::Reverse((named.hardness(), said.kind.strictness())), said.at)
    });
    if notices.is_empty() {
        return None;
    }
    // What no payment lifts asks for none.
    let lifts = notices.iter().any(|said| said.order.is_none());
    let mut invoices = if lifts { open_invoices(account) } else { Vec::new() };
    let mut owed = Vec::new();
    invoices.iter().for_each(|open| add(&mut owed, open.amount));
    let mut overdue = Vec::new();
    for invoice in publish::overdue(account, law, now) {
        open(invoice).into_iter().for_each(|amount| add(&mut overdue, amount));
    }
    let pay_url = account.profile.pay_url.as_deref().filter(|_| lifts).and_then(link);
    let single = || invoices.first().filter(|_| invoices.len() == 1)?.pay_url.clone();
    let pay_url = pay_url.or_else(single);
    invoices.truncate(INVOICES_MAX);
    // Nobody here settles what another tenant pays.
    let elsewhere = notices.iter().all(|said| said.kind.is_paid_for());
    let settlers = if elsewhere { Vec::new() } else { settlers(account) };
    Some(Letter {
        message: made.message,
        recipient: made.recipient.clone(),
        hello: hello(account, &made.recipient),
        neutral: made.role == Role::User,
        locale: account.profile.locale.clone(),
        zone,
        tenant: account.profile.name.as_deref().map_or_else(|| line(tenant.as_str()), line),
        notices,
        owed,
        overdue,
        pay_url,
        settlers: if lifts { settlers } else { Vec::new() },
        invoices,
    })
}

fn pinned<'a>(account: &Account, case: &Case, law: &'a Law) -> Option<&'a Policy> {
    let opened = case.opened.as_ref()?;
    let policy = law.version_for(&opened.policy, account.invoice_of(case));
    policy.map(std::convert::AsRef::as_ref)
}

fn zone_of(account: &Account, policy: Option<&Policy>) -> Zone {
    let own = account.profile.time_zone.as_deref().and_then(Zone::named);
    own.or_else(|| policy.map(|policy| policy.zone.clone())).unwrap_or_else(Zone::utc)
}

fn said(
    account: &Account,
    notice: &NoticeState,
    case: &Case,
    law: &Law,
    (zone, now): (&Zone, Instant),
) -> Said {
    let invoice = account.invoice_of(case);
    let made = &notice.made;
    let kind = Kind::of(notice, invoice);
    let rung =
        pinned(account, case, law).and_then(|policy| policy.rungs.get(usize::from(made.rung)));
    let named = made.names.as_ref();
    let entry = case.entries.iter().rev().find(|entry| entry.entered.rung == made.rung);
    let of = made.of.and_then(|warning| account.notice(warning));
    let repeated = of.and_then(|warning| warning.made.names.as_ref());
    let effect = named
        .or(repeated)
        .map(Named::effect)
        .or_else(|| Some(rung?.enter.as_ref()?.effect_on(invoice)))
        .unwrap_or_default();
    let at = match kind {
        Kind::Entered | Kind::EndedEntered | Kind::PaidForEntered | Kind::OrderedEntered => {
            entry.map(|entry| entry.time)
        }
        _ => named.map(|named| named.at).or(made.says),
    };
    let scope = named.or(repeated).map_or(&invoice.scope, |named| &named.scope);
    let failed_on = invoice.failed.map(|failure| zone.day(failure.first));
    Said {
        kind,
        number: number(invoice),
        open: open(invoice),
        due_on: invoice.due_on.or(failed_on).unwrap_or_else(|| zone.day(case.began)),
        effect,
        scope: Some(scope).filter(|scope| !scope.is_whole()).map(|scope| line(scope.as_str())),
        at: at.unwrap_or(notice.time),
        cause: cause(invoice),
        term: invoice.term.map(|term| (term.kind, term.data_until)),
        order: ordered(account, invoice),
        fee: Bearings::of_case(law, account, case)
            .filter(|_| kind.says_overdue())
            .and_then(|bearings| fees::foretold(account, case, &bearings, now)),
    }
}

fn ordered(account: &Account, invoice: &Invoice) -> Option<Ordered> {
    let made = account.arrangement_of(invoice.order.as_ref()?)?;
    Some(Ordered { reason: made.made.reason.as_deref().map(line), until: made.until })
}

fn cause(invoice: &Invoice) -> Cause {
    match invoice.failed.map(|failure| failure.reason) {
        _ if invoice.returned => Cause::Returned,
        Some(FailureReason::ActionRequired) => Cause::Confirm,
        Some(_) => Cause::Declined,
        None => Cause::Overdue,
    }
}

fn number(invoice: &Invoice) -> String {
    invoice.number.as_deref().map(line).filter(|number| !number.is_empty()).unwrap_or_else(|| {
        let id = invoice.invoice.as_str();
        line(id.split_once(':').map_or(id, |(_, own)| own))
    })
}

fn open(invoice: &Invoice) -> Option<Money> {
    invoice.amount.map(|amount| Money { minor: invoice.owed, currency: amount.currency })
}

fn open_invoices(account: &Account) -> Vec<Open> {
    let given_up = [InvoiceStatus::Voided, InvoiceStatus::Paid];
    let is_open = |invoice: &&Invoice| {
        let open = invoice.owed > 0 && !given_up.contains(&invoice.status);
        open && !account.is_silent(invoice)
    };
    let mut invoices: Vec<Open> = account
        .invoices
        .iter()
        .filter(is_open)
        .filter_map(|invoice| {
            Some(Open {
                number: number(invoice),
                amount: open(invoice)?,
                due_on: invoice.due_on,
                pay_url: invoice.pay_url.as_deref().and_then(link),
            })
        })
        .collect();
    invoices.sort_by(|one, other| (one.due_on, &one.number).cmp(&(other.due_on, &other.number)));
    invoices
}

fn hello(account: &Account, recipient: &str) -> Option<String> {
    let contacts = account.profile.contacts.iter();
    let mut written = contacts.filter(|contact| {
        contact.email.as_deref().is_some_and(|mail| mail.trim().eq_ignore_ascii_case(recipient))
    });
    written.find_map(|contact| contact.name.as_deref()).map(line).filter(|name| !name.is_empty())
}

fn settlers(account: &Account) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for contact in &account.profile.contacts {
        let name = contact.name.as_deref().map(line).filter(|name| !name.is_empty());
        let Some(name) = name.filter(|_| contact.role.may_see_amounts()) else { continue };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(3);
    names
}

/// Text from outside as one line without control characters and without what turns the
/// direction of the text around it.
#[must_use]
pub fn line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let spaced = text.chars().filter(|c| !turns(*c)).map(|c| if breaks(c) { ' ' } else { c });
    let words = spaced.collect::<String>();
    let mut line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(TEXT_CHARS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// A link as it may be shown: http or https, without anything that a mail reader or a page could
/// take for its end.
#[must_use]
pub fn link(text: &str) -> Option<String> {
    let text = text.trim();
    let known = text.starts_with("https://") || text.starts_with("http://");
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>\"'`\\".contains(c);
    let fits = text.len() <= LINK_BYTES_MAX && !text.contains(odd);
    (known && fits).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_one_line() {
        assert_eq!(line("Acme\r\nBcc: x@example.com"), "Acme Bcc: x@example.com");
        assert_eq!(line("  a \u{0} b\u{2028}c "), "a b c");
        assert_eq!(line("\u{202e}evil"), "evil");
        assert_eq!(line(&"x".repeat(500)).chars().count(), TEXT_CHARS_MAX + 1);
    }

    #[test]
    fn links_are_http_or_nothing() {
        assert_eq!(link(" https://pay.example/1 "), Some("https://pay.example/1".to_owned()));
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a\r\nb",
            "https://a\"onclick",
            "//a",
            "",
        ] {
            assert_eq!(link(bad), None, "{bad:?}");
        }
    }
}
