//! Stripe's events to records: a pure function (shapes of its API since 2025-03-31).
//!
//! Rules:
//! 1. Every event about an invoice carries the whole invoice, so each gives its terms again: a lost
//!    `invoice.finalized` loses nothing. The event's `created` is when it was so.
//! 2. Names carry their system: `stripe:in_1`. Ids of records are the event's and the kind's, so
//!    a re-delivery is a duplicate.
//! 3. An invoice stays paid at Stripe when it is refunded, and when the payer's bank takes the money
//!    back: only the events of a payment say that it was paid; all others say what was paid in all.
//! 4. What is optional and not usable (a mailbox that is none) is left out; what is needed and not
//!    usable is a fault.

mod back;

use serde_json::Value;

pub use back::Back;

use crate::domain::event::{FieldFault, faults_of};
use crate::domain::fact::{
    Allocation, Collection, Contact, FailureReason, InvoiceNamed, InvoiceTerms, PaymentFailed,
    PaymentReceived, TenantUpdated,
};
use crate::domain::id::{Derivation, Derived, InvoiceId, PaymentId, RecordId, Source, TenantId};
use crate::domain::money::{Currency, Money};
use crate::domain::record::{Body, Fact, Record};
use crate::domain::stage::Role;
use crate::domain::time::{DAY, Day, Instant};

/// The source of all that Stripe says.
pub const SOURCE: &str = "stripe";

/// What an event says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The tenant that the object names.
    pub tenant: Option<TenantId>,
    /// Names by which the tenant may be known: the invoice's, the customer's, as `stripe:cus_1`.
    pub names: Vec<String>,
    /// The records; none, and no refund: nothing that matters here.
    pub records: Vec<Record>,
    /// Money that went back, where the event does not say of which invoice.
    pub back: Option<Back>,
}

/// What `event` says. `tenant`: where objects name their tenant, such as `metadata.tenant`.
///
/// # Errors
///
/// What cannot be understood of an event that matters.
pub fn translate(event: &Value, tenant: &str, arrival: Instant) -> Result<Told, FieldFault> {
    let kind = text(event, "type").ok_or_else(|| FieldFault::new("type", "missing"))?;
    let object = event.pointer("/data/object").unwrap_or(&Value::Null);
    let facts = match kind {
        "invoice.finalized"
        | "invoice.sent"
        | "invoice.updated"
        | "invoice.paid"
        | "invoice.payment_succeeded"
        | "invoice.voided"
        | "invoice.marked_uncollectible"
        | "invoice.overpaid" => invoice(kind, object)?,
        "invoice.payment_failed" | "invoice.payment_action_required" => {
            let mut facts = invoice(kind, object)?;
            facts.extend(failure(kind, object)?);
            facts
        }
        "invoice_payment.paid" => vec![payment(object)?],
        "charge.refunded" if object.get("invoice").is_none_or(Value::is_null) => {
            return back::refund_of_payment(event, object, tenant, arrival);
        }
        "charge.refunded" => back::refund(event, object)?.into_iter().collect(),
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
            return back::dispute(event, object, tenant, arrival);
        }
        "customer.created" | "customer.updated" => vec![customer(object)],
        _ => Vec::new(),
    };
    if facts.is_empty() {
        return Ok(Told::default());
    }
    same_mode(event, object)?;
    let (id, time) = identity(event)?;
    let records = facts.into_iter();
    let records = records.map(|(word, fact)| record(&format!("{id}/{word}"), fact, time, arrival));
    Ok(Told {
        tenant: tenant_of(object, tenant),
        names: names_of(object),
        records: records.collect::<Result<_, _>>()?,
        back: None,
    })
}

/// What an invoice says, as Stripe's API gives it at `now`. `id`: which one was asked for.
///
/// # Errors
///
/// It is not that invoice, or cannot be understood.
pub fn as_it_is(object: &Value, id: &str, now: Instant) -> Result<Vec<Record>, FieldFault> {
    if text(object, "object") != Some("invoice") || text(object, "id") != Some(id) {
        return Err(FieldFault::new("id", format!("not the invoice {id}")));
    }
    let facts = invoice("asked", object)?;
    if facts.is_empty() {
        return Err(FieldFault::new("status", "a draft: nothing is owed on it"));
    }
    let derivation = Derivation::of("asked").text(id).number(now.millis());
    let asked: Derived = derivation.text(&object.to_string()).finish();
    facts
        .into_iter()
        .map(|(word, fact)| record(&format!("asked-{asked}/{word}"), fact, now, now))
        .collect()
}

fn record(id: &str, fact: Fact, time: Instant, learnt: Instant) -> Result<Record, FieldFault> {
    if let Some(fault) = faults_of(&fact).into_iter().next() {
        return Err(fault);
    }
    let (id, source) = (name::<RecordId>("id", id)?, name::<Source>("source", SOURCE)?);
    Ok(Record { time, learnt, body: Body::Fact { source, id, dated: true, fact } })
}

/// The event's id, and when it was so.
fn identity(event: &Value) -> Result<(&str, Instant), FieldFault> {
    let id = text(event, "id").ok_or_else(|| FieldFault::new("id", "missing"))?;
    let created = event.get("created").and_then(Value::as_i64);
    let created = created.ok_or_else(|| FieldFault::new("created", "missing: seconds"))?;
    Ok((id, Instant::from_seconds(created)))
}

/// A test's object in a live event, or the other way round, is nobody's.
fn same_mode(event: &Value, object: &Value) -> Result<(), FieldFault> {
    match (event.get("livemode"), object.get("livemode")) {
        (Some(one), Some(other)) if one != other => {
            Err(FieldFault::new("livemode", "the event's and its object's differ"))
        }
        _ => Ok(()),
    }
}

/// Looked up in the object, in the subscription it is of, and in its customer where that is
/// expanded.
fn tenant_of(object: &Value, path: &str) -> Option<TenantId> {
    let subscription = object.pointer("/parent/subscription_details");
    let lines = object.pointer("/lines/data/0");
    let places = [Some(object), subscription, lines, object.get("customer")];
    places.into_iter().flatten().find_map(|place| {
        let found = path.split('.').try_fold(place, |value, key| value.get(key))?;
        match found {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        }
    })
}

fn names_of(object: &Value) -> Vec<String> {
    let own = text(object, "id").filter(|id| id.starts_with("in_") || id.starts_with("cus_"));
    let names = [own, id_of(object, "invoice"), id_of(object, "customer")];
    // A dispute names nothing but the payment.
    let payment = object.get("payment").filter(|it| it.is_object()).unwrap_or(object);
    let payment = ["payment_intent", "charge"].map(|key| id_of(payment, key));
    names.into_iter().chain(payment).flatten().map(|name| format!("{SOURCE}:{name}")).collect()
}

type Said = (&'static str, Fact);

/// The terms, and what its status says.
fn invoice(kind: &str, object: &Value) -> Result<Vec<Said>, FieldFault> {
    let status = text(object, "status").unwrap_or_default();
    if status == "draft" {
        return Ok(Vec::new());
    }
    let invoice = invoice_id(text(object, "id"))?;
    let currency = currency(object)?;
    let total = object.get("amount_due").or_else(|| object.get("total"));
    let amount = money("data.object.amount_due", total, currency)?;
    let paid = object.get("amount_paid");
    let paid = paid.map(|paid| money("data.object.amount_paid", Some(paid), currency));
    // Paid outside of Stripe it is whole, whatever older versions of its API count.
    let paid = match (status, paid.transpose()?) {
        ("paid", Some(paid)) if paid.minor > amount.minor => Some(paid),
        ("paid", _) => Some(amount),
        (_, paid) => paid,
    };
    let terms = InvoiceTerms {
        invoice: invoice.clone(),
        number: text(object, "number").map(str::to_owned),
        kind: None,
        amount: Some(amount),
        amount_paid: paid,
        issued_on: day(object, "effective_at").or_else(|| day(object, "created")),
        due_on: day(object, "due_date"),
        scope: None,
        pay_url: text(object, "hosted_invoice_url").map(str::to_owned),
        document_url: text(object, "invoice_pdf").map(str::to_owned),
        purchase_order: None,
        gates_scope: None,
        opening: None,
        replaces: None,
        collection: match text(object, "collection_method") {
            Some("charge_automatically") => Some(Collection::ChargeAutomatically),
            Some("send_invoice") => Some(Collection::SendInvoice),
            _ => None,
        },
    };
    let mut facts = vec![("issued", Fact::InvoiceIssued(Box::new(terms)))];
    if kind == "invoice.finalized" {
        let (name, email) = (text(object, "customer_name"), text(object, "customer_email"));
        facts.push(("tenant", tenant(name, email, None, None)));
    }
    let named = InvoiceNamed { invoice };
    let pays = ["invoice.paid", "invoice.payment_succeeded", "invoice.overpaid"].contains(&kind);
    facts.extend(match status {
        "paid" => pays.then_some(("paid", Fact::InvoicePaid(named))),
        "void" => Some(("voided", Fact::InvoiceVoided(named))),
        "uncollectible" => Some(("written_off", Fact::InvoiceWrittenOff(named))),
        _ => None,
    });
    Ok(facts)
}

fn failure(kind: &str, object: &Value) -> Result<Option<Said>, FieldFault> {
    if text(object, "status") == Some("draft") {
        return Ok(None);
    }
    let reason = match kind {
        "invoice.payment_action_required" => FailureReason::ActionRequired,
        _ => FailureReason::Declined,
    };
    let next = object.get("next_payment_attempt").and_then(Value::as_i64);
    let failed = PaymentFailed {
        invoice: invoice_id(text(object, "id"))?,
        reason,
        next_attempt_at: next.map(Instant::from_seconds),
    };
    Ok(Some(("failed", Fact::PaymentFailed(failed))))
}

/// A payment on an invoice, in part or in full.
fn payment(object: &Value) -> Result<Said, FieldFault> {
    let invoice = invoice_id(id_of(object, "invoice"))?;
    let amount = money("data.object.amount_paid", object.get("amount_paid"), currency(object)?)?;
    let by = object.get("payment");
    let by = by.and_then(|by| id_of(by, "payment_intent").or_else(|| id_of(by, "charge")));
    let id = by.or_else(|| text(object, "id"));
    let id = id.ok_or_else(|| FieldFault::new("data.object.id", "missing"))?;
    let received = PaymentReceived {
        payment: name::<PaymentId>("data.object.id", &format!("{SOURCE}:{id}"))?,
        amount,
        method: None,
        invoices: Some(vec![Allocation { invoice, amount }]),
    };
    Ok(("received", Fact::PaymentReceived(received)))
}

fn customer(object: &Value) -> Said {
    let locale = object.pointer("/preferred_locales/0").and_then(Value::as_str);
    let country = object.pointer("/address/country").and_then(Value::as_str);
    ("tenant", tenant(text(object, "name"), text(object, "email"), locale, country))
}

/// Who the customer is, as far as that can be used.
fn tenant(
    name: Option<&str>,
    email: Option<&str>,
    locale: Option<&str>,
    country: Option<&str>,
) -> Fact {
    let fact = |update: TenantUpdated| Fact::TenantUpdated(Box::new(update));
    let usable = |update: &TenantUpdated| faults_of(&fact(update.clone())).is_empty();
    let mut update = TenantUpdated::default();
    let contact = |email: &str| Contact {
        role: Role::Billing,
        name: name.map(str::to_owned),
        email: Some(email.to_owned()),
        phone: None,
    };
    let texts = |text: Option<&str>| text.map(|text| text.trim().to_owned());
    let parts = [
        TenantUpdated { name: texts(name), ..TenantUpdated::default() },
        TenantUpdated { locale: texts(locale), ..TenantUpdated::default() },
        TenantUpdated { country: texts(country), ..TenantUpdated::default() },
        TenantUpdated { contacts: email.map(|it| vec![contact(it)]), ..TenantUpdated::default() },
    ];
    for part in parts.into_iter().filter(usable) {
        update.name = update.name.or(part.name);
        update.locale = update.locale.or(part.locale);
        update.country = update.country.or(part.country);
        update.contacts = update.contacts.or(part.contacts);
    }
    fact(update)
}

fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The id under `key`, whether expanded or not.
fn id_of<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    text(object, key).or_else(|| text(object.get(key)?, "id"))
}

fn invoice_id(id: Option<&str>) -> Result<InvoiceId, FieldFault> {
    let id = id.ok_or_else(|| FieldFault::new("data.object.invoice", "missing"))?;
    name("data.object.invoice", &format!("{SOURCE}:{id}"))
}

fn name<T: std::str::FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: &str,
) -> Result<T, FieldFault> {
    text.parse().map_err(|error| FieldFault::new(field, format!("not {error}")))
}

fn currency(object: &Value) -> Result<Currency, FieldFault> {
    let code = text(object, "currency").unwrap_or_default().to_ascii_uppercase();
    code.parse().map_err(|error: String| FieldFault::new("data.object.currency", error))
}

/// Stripe counts some currencies in other units than ISO 4217 does.
fn money(field: &str, minor: Option<&Value>, currency: Currency) -> Result<Money, FieldFault> {
    let fault = || FieldFault::new(field, "not a whole number of minor units");
    let stripe = minor.and_then(Value::as_i64).ok_or_else(fault)?;
    let minor = match currency.code() {
        "ISK" | "UGX" => stripe / 100,
        "MGA" => stripe.saturating_mul(100),
        _ => stripe,
    };
    Ok(Money { minor, currency })
}

/// The UTC date of a time in seconds.
fn day(object: &Value, key: &str) -> Option<Day> {
    let seconds = object.get(key).and_then(Value::as_i64)?;
    let days = Instant::from_seconds(seconds).millis().div_euclid(DAY);
    i32::try_from(days).ok().map(Day::from_number)
}
