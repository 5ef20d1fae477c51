//! What a billing system says: events, as their senders write them.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

/// 2100-01-01: tokens here never run out.
const FAR: i64 = 4_102_444_800;

/// An event of the source `books`, without a time: it happened when it arrives.
pub(crate) fn event(kind: &str, id: &str, tenant: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "type": format!("ambergate.{kind}"), "source": "books", "id": id,
        "subject": tenant, "data": data,
    })
}

/// A tenant in Berlin with a person for bills, an admin and a user, at `domain`.
pub(crate) fn tenant_at(tenant: &str, domain: &str) -> Value {
    let data = json!({
        "name": "Acme Gardens", "locale": "en", "time_zone": "Europe/Berlin", "country": "DE",
        "pay_url": "https://pay.example/acme",
        "contacts": [
            {"role": "billing", "name": "Anna", "email": format!("anna@{domain}")},
            {"role": "admin", "name": "Bob", "email": format!("bob@{domain}")},
        ],
    });
    event("tenant.updated", &format!("{tenant}-profile"), tenant, data)
}

/// A tenant whose people read their mail.
pub(crate) fn tenant(tenant: &str) -> Value {
    self::tenant_at(tenant, &format!("{tenant}.example"))
}

/// 1,000.00 euros.
pub(crate) fn issued(tenant: &str, invoice: &str, due_on: &str) -> Value {
    let data = json!({
        "invoice": invoice, "number": format!("No. {invoice}"),
        "amount": {"minor": 100_000, "currency": "EUR"},
        "issued_on": "2026-03-02", "due_on": due_on,
    });
    event("invoice.issued", &format!("{invoice}-issued"), tenant, data)
}

/// So much of it, in cents, under the payment's own id.
pub(crate) fn payment(tenant: &str, invoice: &str, payment: &str, minor: i64) -> Value {
    let amount = json!({"minor": minor, "currency": "EUR"});
    let data = json!({
        "payment": payment, "amount": amount, "method": "transfer",
        "invoices": [{"invoice": invoice, "amount": amount}],
    });
    event("payment.received", payment, tenant, data)
}

/// A token as the protected app would make it.
pub(crate) fn token(secret: &str, tenant: &str, role: &str) -> String {
    let claims = json!({"sub": format!("{role}@{tenant}.example"), "tenant": tenant, "role": role, "exp": FAR});
    encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}
