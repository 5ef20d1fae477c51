//! `[sources]`: billing systems, and which of them are to be heard of within a time.

use super::super::fields::Fields;
use super::super::secret::Secret;
use super::super::settings::{HeardEvery, Stripe, StripeApi};
use super::servers::time;

/// Where Stripe's API is.
const API: &str = "https://api.stripe.com";

/// Every source that is to be heard of within a time.
pub(super) fn heard_every(root: &Fields<'_>) -> Vec<HeardEvery> {
    let Some(sources) = root.table("sources") else { return Vec::new() };
    let mut heard = Vec::new();
    for (name, entry) in sources.named() {
        let path = sources.path_of(name);
        let Some(fields) = Fields::of(&entry.node, &path, sources.faults()) else { continue };
        let known = name == "stripe";
        if known {
            // Everything else of it is read where it is looked for.
            let _ = fields.named();
        } else if !fields.has("heard_every") {
            let help =
                "such as heard_every = \"1 day\"; a source that may be silent needs no section";
            fields.missing("heard_every", help).unwrap_or(())
        }
        let Some(time) = time(&fields, "heard_every") else { continue };
        match name.parse() {
            Ok(source) => heard.push(HeardEvery { source, time }),
            Err(error) => {
                let what = format!("`{path}` is no source");
                sources.faults().add(&entry.key, what, format!("name one: {error}"));
            }
        }
    }
    heard
}

/// `[sources.stripe]`; `None`: its webhooks are not taken.
pub(super) fn stripe(root: &Fields<'_>) -> Option<Stripe> {
    let sources = root.again("sources")?;
    let fields = sources.table("stripe")?;
    let given = fields.texts("secrets").unwrap_or_default();
    if given.is_empty() {
        let help = "the endpoint's signing secret: secrets = [\"whsec_…\"]";
        match fields.has("secrets") {
            true => fields.fault("secrets", "is empty", help),
            false => fields.missing("secrets", help).unwrap_or(()),
        }
    }
    if given.iter().any(|(secret, _)| secret.is_empty()) {
        fields.fault("secrets", "holds an empty one", "anybody could sign with it");
    }
    let tenant = fields.text("tenant").unwrap_or("metadata.tenant").to_owned();
    let _ = fields.has("heard_every");
    let base = fields.text("api").unwrap_or(API).to_owned();
    let key = fields.secret("key");
    if key.as_ref().is_some_and(|key| key.expose().is_empty()) {
        fields.fault("key", "is empty", "a key that may read invoices, or leave it out");
    }
    if fields.has("api") && key.is_none() {
        let help = "a key that may read invoices, or nobody can be asked there";
        fields.missing("key", help).unwrap_or(())
    }
    let api = key.map(|key| StripeApi { base, key });
    let secrets = given.into_iter().map(|(secret, _)| Secret::new(secret)).collect();
    Some(Stripe { secrets, tenant, api })
}
