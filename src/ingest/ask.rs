//! Stripe, asked about an invoice: its API gives the invoice as it is now (SPEC 5.9).
//!
//! Rules:
//! 1. What it says becomes facts as a webhook's would, dated now.
//! 2. Anything but the invoice itself is no answer: an error, another invoice, a draft.
//! 3. An answer that takes too long is none, and nor is an error about whoever asks (a wrong key, a
//!    rate limit): then Stripe cannot be asked about any invoice.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use http::StatusCode;

use super::stripe::{SOURCE, as_it_is};
use crate::config::Secret;
use crate::domain::id::InvoiceId;
use crate::domain::json;
use crate::domain::time::Instant;
use crate::ledger::{Answer, Asker, NoAnswer};
use crate::net::client::escaped;
use crate::net::outside::{Outside, OutsideError, found};

/// So long may an answer take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Stripe's API at `base`, such as `https://api.stripe.com`, with a secret or restricted key that
/// may read invoices.
///
/// # Errors
/// If the address or the key cannot be used.
pub fn stripe(base: &str, key: &Secret) -> Result<Asker, OutsideError> {
    let api = Arc::new(Outside::new(base, key, ANSWERS_WITHIN)?);
    let ask = move |invoice: InvoiceId, now: Instant| {
        let api = Arc::clone(&api);
        async move { invoice_at(&api, &invoice, now).await }.boxed()
    };
    Ok(Asker { source: SOURCE, ask: Box::new(ask) })
}

async fn invoice_at(api: &Outside, invoice: &InvoiceId, now: Instant) -> Answer {
    let named = invoice.as_str().strip_prefix(SOURCE).and_then(|rest| rest.strip_prefix(':'));
    let named = named.ok_or_else(|| format!("{invoice} is no invoice of Stripe's"));
    let id = named.map_err(NoAnswer::NotOfThis)?;
    let answer = api.get(&format!("/v1/invoices/{}", escaped(id))).await;
    let body = found(answer.map_err(|error| NoAnswer::Unreached(error.to_string()))?);
    let body = body.map_err(|status| {
        let why = format!("Stripe answered with {status}");
        if matches!(status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) {
            NoAnswer::NotOfThis(why)
        } else {
            NoAnswer::Unreached(why)
        }
    })?;
    let object = json::unique(&body).map_err(|error| format!("not JSON: {error}"));
    let object = object.map_err(NoAnswer::NotOfThis)?;
    as_it_is(&object, id, now).map_err(|fault| NoAnswer::NotOfThis(fault.to_string()))
}
