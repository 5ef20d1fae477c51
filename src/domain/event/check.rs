//! What a field may hold, beyond its shape.
//!
//! Rules:
//! 1. No text holds control characters: they end up in mail headers, logs and terminals.
//! 2. Amounts are zero to [`MINOR_MAX`]; lists and texts have an end.

use super::FieldFault;
use crate::domain::fact::{
    ArrangementEnd, Contact, InvoiceTerms, PaymentReceived, ReversalReason, TenantUpdated,
    TermState, TermUpdated,
};
use crate::domain::id::{InvoiceId, TenantId};
use crate::domain::money::{MINOR_MAX, Money};
use crate::domain::order::is_order;
use crate::domain::payer::is_climb;
use crate::domain::record::Fact;
use crate::domain::term::is_term;
use crate::domain::time::Zone;

/// The longest text that is a name or a word.
const TEXT_BYTES_MAX: usize = 500;
/// The longest text that people wrote: reasons, notes.
const NOTE_BYTES_MAX: usize = 4_000;
/// The longest link.
const URL_BYTES_MAX: usize = 2_048;
/// The longest mailbox (RFC 5321 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;
/// Most invoices that one event names.
const INVOICES_MAX: usize = 1_000;
/// Most contacts of a tenant that one source gives.
const CONTACTS_MAX: usize = 200;

/// Adds what is wrong with `fact`.
pub(super) fn check(fact: &Fact, faults: &mut Vec<FieldFault>) {
    let mut checks = Checks { faults };
    checks.no_term("invoice", fact.invoice());
    match fact {
        Fact::TenantUpdated(it) => checks.tenant(it),
        Fact::InvoiceIssued(it) => {
            if it.amount.is_none() {
                checks.fault("amount", "missing");
            }
            if it.gates_scope == Some(true) && it.scope.is_none() {
                checks.fault("scope", "missing: which part of the app it gates");
            }
            checks.terms(it);
        }
        Fact::InvoiceUpdated(it) => {
            if it.opening.is_some() {
                checks.fault("opening", "only an invoice that is issued is taken over");
            }
            checks.terms(it);
        }
        Fact::PaymentReceived(it) => checks.payment(it),
        Fact::PaymentPending(it) => {
            checks.money("amount", Some(it.amount));
            checks.text("method", it.method.as_deref());
        }
        Fact::PaymentReversed(it) => {
            checks.money("amount", Some(it.amount));
            let chargeback = it.reason == ReversalReason::Chargeback;
            if chargeback && it.phase.is_none() {
                checks.fault("phase", "missing: opened, won or lost");
            } else if !chargeback && it.phase.is_some() {
                checks.fault("phase", "only a chargeback has one");
            }
        }
        Fact::RefundMade(it) => checks.money("amount", Some(it.amount)),
        Fact::CreditChanged(it) => checks.money("amount", Some(it.amount)),
        Fact::ArrangementMade(it) => checks.arrangement(it),
        Fact::ArrangementEnded(it) => {
            checks.text("by", it.by.as_deref());
            checks.money("amount", it.amount);
            checks.note("reason", it.reason.as_deref());
            if it.how == ArrangementEnd::Partly && it.amount.is_none() {
                checks.fault("amount", "missing: how much of the disputed part is credited");
            }
        }
        Fact::NoticeReceipt(it) => checks.receipt(it),
        Fact::TaskDone(it) => checks.task_done(it),
        Fact::PolicyAccepted(it) => checks.text("by", Some(&it.by)),
        Fact::TermUpdated(it) => checks.term(it),
        Fact::HookAnswered(_) => {
            checks.fault("event", "what ambergate itself was answered: not taken")
        }
        Fact::TenantForgotten(it) => {
            checks.text("by", it.by.as_deref());
            checks.note("reason", it.reason.as_deref());
        }
        Fact::TenantMerged(_)
        | Fact::PaymentFailed(_)
        | Fact::InvoicePaid(_)
        | Fact::InvoiceVoided(_)
        | Fact::InvoiceWrittenOff(_) => {}
    }
}

/// What is wrong with a tenant that is said to be paid for by itself, or merged into itself.
pub(super) fn names_itself(tenant: &TenantId, fact: &Fact) -> Option<FieldFault> {
    let (field, named, detail) = match fact {
        Fact::TenantUpdated(update) => {
            let payer = update.paid_by.as_ref()?.0.as_ref()?;
            let detail = "the tenant itself: name the other one that pays, or with \"\" nobody";
            ("data.paid_by", payer, detail)
        }
        Fact::TenantMerged(merged) => {
            ("data.into", &merged.into, "the tenant itself: name the other one")
        }
        _ => return None,
    };
    (named == tenant).then(|| FieldFault::new(field, detail))
}

pub(super) struct Checks<'a> {
    faults: &'a mut Vec<FieldFault>,
}

impl Checks<'_> {
    pub(super) fn fault(&mut self, field: &str, detail: impl AsRef<str>) {
        self.faults.push(FieldFault::new(format!("data.{field}"), detail));
    }

    fn tenant(&mut self, tenant: &TenantUpdated) {
        self.text("name", tenant.name.as_deref());
        self.text("segment", tenant.segment.as_deref());
        self.text("plan", tenant.plan.as_deref());
        self.text("policy", tenant.policy.as_deref());
        if tenant.locale.as_deref().is_some_and(|locale| !is_locale(locale)) {
            self.fault("locale", "not a language tag such as pt-BR");
        }
        if tenant.time_zone.as_deref().is_some_and(|zone| Zone::named(zone).is_none()) {
            self.fault("time_zone", "not a zone of the IANA database such as Europe/Berlin");
        }
        if tenant.country.as_deref().is_some_and(|country| !is_country(country)) {
            self.fault("country", "not two capital letters such as DE (ISO 3166)");
        }
        self.url("pay_url", tenant.pay_url.as_deref());
        self.money("credit_limit", tenant.credit_limit);
        let contacts = tenant.contacts.as_deref().unwrap_or_default();
        if contacts.len() > CONTACTS_MAX {
            self.fault("contacts", format!("more than {CONTACTS_MAX}"));
        }
        for (index, contact) in contacts.iter().enumerate() {
            self.contact(index, contact);
        }
    }

    fn contact(&mut self, index: usize, contact: &Contact) {
        self.text(&format!("contacts[{index}].name"), contact.name.as_deref());
        self.text(&format!("contacts[{index}].phone"), contact.phone.as_deref());
        if contact.email.as_deref().is_some_and(|email| !is_email(email)) {
            let field = format!("contacts[{index}].email");
            self.fault(&field, "not a mailbox such as ada@example.com");
        }
    }

    fn terms(&mut self, terms: &InvoiceTerms) {
        self.text("number", terms.number.as_deref());
        self.money("amount", terms.amount);
        self.money("amount_paid", terms.amount_paid);
        if let (Some(amount), Some(paid)) = (terms.amount, terms.amount_paid)
            && amount.currency != paid.currency
        {
            let detail = format!("the invoice is in {}", amount.currency);
            self.fault("amount_paid.currency", detail);
        }
        let whole = terms.scope.as_ref().is_some_and(crate::domain::id::Scope::is_whole);
        self.no_term("replaces", terms.replaces.as_ref());
        if terms.replaces.as_ref() == Some(&terms.invoice) {
            self.fault("replaces", "an invoice does not replace itself");
        }
        if terms.gates_scope == Some(true) && whole {
            self.fault("gates_scope", "gates a part of the app: `scope` names the whole");
        }
        self.url("pay_url", terms.pay_url.as_deref());
        self.url("document_url", terms.document_url.as_deref());
        self.text("purchase_order", terms.purchase_order.as_deref());
    }

    fn term(&mut self, term: &TermUpdated) {
        if term.invoice().is_none() {
            self.fault("scope", "too long for the name of a term");
        }
        if term.state == Some(TermState::Converted) && term.ends_on.is_some() {
            self.fault("ends_on", "a converted trial ends on no day: leave it out");
        }
        let kept = term.ends_on.zip(term.data_until);
        if kept.is_some_and(|(ends, until)| until < ends) {
            self.fault("data_until", "lies before `ends_on`");
        }
    }

    /// Names of trials and contracts, and of what payers share, are no invoices.
    fn no_term(&mut self, field: &str, invoice: Option<&InvoiceId>) {
        if invoice.is_some_and(is_term) {
            self.fault(field, "`term:` names trials and contracts: use `term.updated`");
        }
        if invoice.is_some_and(is_climb) {
            self.fault(field, "`payer:` names what a payer shares: use `paid_by`");
        }
        if invoice.is_some_and(is_order) {
            self.fault(field, "`order:` names what an operator asks for: use another name");
        }
    }

    fn payment(&mut self, payment: &PaymentReceived) {
        self.money("amount", Some(payment.amount));
        self.text("method", payment.method.as_deref());
        let parts = payment.invoices.as_deref().unwrap_or_default();
        self.list("invoices", parts.len());
        for (index, part) in parts.iter().enumerate() {
            self.no_term(&format!("invoices[{index}].invoice"), Some(&part.invoice));
            self.money(&format!("invoices[{index}].amount"), Some(part.amount));
            if part.amount.currency != payment.amount.currency {
                let detail = format!("the payment is in {}", payment.amount.currency);
                self.fault(&format!("invoices[{index}].amount.currency"), detail);
            }
        }
    }

    pub(super) fn money(&mut self, field: &str, amount: Option<Money>) {
        let Some(amount) = amount.filter(|amount| !amount.is_sane()) else { return };
        let detail = format!("{} is not within 0 and {MINOR_MAX}", amount.minor);
        self.fault(&format!("{field}.minor"), detail);
    }

    pub(super) fn list(&mut self, field: &str, length: usize) {
        if length > INVOICES_MAX {
            self.fault(field, format!("{length} are more than {INVOICES_MAX}"));
        }
    }

    pub(super) fn text(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        if text.trim().is_empty() {
            self.fault(field, "empty: leave the field out");
        } else if text.len() > TEXT_BYTES_MAX {
            self.fault(field, format!("longer than {TEXT_BYTES_MAX} bytes"));
        } else if text.chars().any(char::is_control) {
            self.fault(field, "holds control characters");
        }
    }

    pub(super) fn note(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        if text.len() > NOTE_BYTES_MAX {
            self.fault(field, format!("longer than {NOTE_BYTES_MAX} bytes"));
        } else if text.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t')) {
            self.fault(field, "holds control characters");
        }
    }

    fn url(&mut self, field: &str, url: Option<&str>) {
        if url.is_some_and(|url| !is_url(url)) {
            self.fault(field, "not a link that begins with https:// or http://");
        }
    }
}

/// A mailbox that can stand in an envelope as it is: no quotes, no comments, no spaces.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let atom = |it: char| it.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(it);
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|it| it.is_alphanumeric() || it == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= EMAIL_BYTES_MAX
        && (1..=64).contains(&local.len())
        && local.chars().all(atom)
        && dots(local)
        && host.split('.').all(label)
}

fn is_url(text: &str) -> bool {
    let scheme = |scheme: &str| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    };
    let Some(rest) = scheme("https://").or_else(|| scheme("http://")) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |it: char| !it.is_control() && !it.is_whitespace() && !"\"<>\\^`{|}".contains(it);
    text.len() <= URL_BYTES_MAX
        && host.contains(|it: char| it.is_alphanumeric())
        && !host.contains('@')
        && text.chars().all(plain)
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    text.len() <= 35
        && (2..=3).contains(&language.len())
        && language.bytes().all(|it| it.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_alphanumeric())
        })
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|it| it.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        for good in ["ada@example.com", "a.b+c@mail.example", "jörg@exämple.de", "x@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a b@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@exa\0mple.com",
            "\"a b\"@example.com",
            "ada@@example.com",
            "ada@example..com",
            ".ada@example.com",
            "ada@-example.com",
            "ada@[127.0.0.1]",
            "ada@example.com>",
        ] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }

    #[test]
    fn links() {
        for good in ["https://pay.example/i/1?x=1#y", "HTTP://localhost:3000", "https://[::1]/"] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "//pay.example",
            "https://a b/",
            "https://pay.example/\"><script>",
            "https://good.example@evil.example/",
            "data:text/html,x",
            "é",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn languages_and_countries() {
        assert!(["de", "pt-BR", "zh-Hans-CN", "en_GB"].iter().all(|it| is_locale(it)));
        assert!(!["", "d", "deutsch", "de-", "de-DE;q=1", "../x"].iter().any(|it| is_locale(it)));
        assert!(is_country("DE") && !is_country("de") && !is_country("DEU"));
    }
}
