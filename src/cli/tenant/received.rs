//! `ambergate tenant received`: a payment that no billing system tells of.

use clap::Args;
use serde_json::{Value, json};

use super::{Asked, invoices};
use crate::cli::policy::money;
use crate::cli::remote::Failure;
use crate::cli::{output, parked};
use crate::domain::id::{Derivation, Derived};
use crate::domain::money::Money;
use crate::domain::time::Instant;

/// What is to be known of a payment that names no invoice.
const ON_ACCOUNT: &str = "It names no invoice: as money on account it stops what would come next, \
    and lifts nothing. To say what it pays, run this again with --invoice.";

/// `ambergate tenant received`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Received {
    /// The tenant's id.
    tenant: String,
    /// How much, such as 1000.00EUR.
    #[arg(long, value_name = "MONEY", value_parser = money)]
    amount: Money,
    /// By what the bank or the books know it, such as bank:4711: one id counts once.
    #[arg(long, value_name = "ID")]
    payment: String,
    /// What it pays: an invoice, by id or number, and how much of it if not all of the payment.
    /// None: money on account.
    #[arg(long, value_name = "INVOICE[=MONEY]", value_parser = part)]
    invoice: Vec<(String, Option<Money>)>,
    /// How it was paid, such as bank_transfer.
    #[arg(long)]
    method: Option<String>,
    /// When it arrived (RFC 3339) [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<Instant>,
    #[command(flatten)]
    asked: Asked,
}

impl Received {
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let names: Vec<String> = self.invoice.iter().map(|(name, _)| name.clone()).collect();
        // What makes no sense is not asked about.
        self.parts()?;
        let ids = invoices::ids(&self.asked.remote, &self.tenant, &names).await?;
        for ((invoice, _), id) in self.invoice.iter_mut().zip(ids) {
            *invoice = id;
        }
        let mut data = json!({ "payment": self.payment, "amount": self.amount });
        if let Some(method) = &self.method {
            data["method"] = json!(method);
        }
        if !self.invoice.is_empty() {
            data["invoices"] = Value::Array(self.parts()?);
        }
        // What is said of it later is news: one id of a payment counts once all the same.
        let parts = self.invoice.iter().map(|(invoice, _)| invoice.as_str());
        let id = Derivation::of("received").text(&self.payment);
        let id: Derived = parts.fold(id, Derivation::text).finish();
        let mut event = json!({
            "specversion": "1.0", "id": id.to_string(), "source": "ambergate-cli",
            "type": "ambergate.payment.received", "subject": self.tenant,
            "datacontenttype": "application/json", "data": data,
        });
        if let Some(at) = self.at {
            event["time"] = json!(at);
        }
        let answer = self.asked.remote.post("/v1/events", &event).await?;
        if self.asked.json {
            output::json(&answer);
        } else {
            output::line(&parked::taken(&answer, Some(&self.tenant)));
            if self.invoice.is_empty() {
                output::line(ON_ACCOUNT);
            }
        }
        Ok(())
    }

    /// What each invoice gets of it.
    fn parts(&self) -> Result<Vec<Value>, Failure> {
        let one = |(invoice, amount): &(String, Option<Money>)| {
            let amount = amount.or_else(|| (self.invoice.len() == 1).then_some(self.amount));
            let amount = amount.ok_or_else(|| {
                let said =
                    format!("say how much of it pays {invoice}: --invoice {invoice}=500.00EUR");
                Failure::Usage(said)
            })?;
            Ok(json!({ "invoice": invoice, "amount": amount }))
        };
        self.invoice.iter().map(one).collect()
    }
}

/// `in_1` or `in_1=500.00EUR`.
fn part(text: &str) -> Result<(String, Option<Money>), String> {
    match text.rsplit_once('=') {
        None => Ok((text.to_owned(), None)),
        Some((invoice, amount)) => Ok((invoice.to_owned(), Some(money(amount)?))),
    }
}
