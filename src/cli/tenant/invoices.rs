//! Invoices as people name them: by id, or by the number that is printed on them.
//!
//! Rule: what is not known is refused here, with what is known: a name that nobody knows would be kept
//! as if it were about an invoice to come.

use serde_json::Value;

use crate::cli::remote::{Failure, Remote};
use crate::net::client::escaped;

/// So many are named to somebody who asked for one that is not known.
const NAMED_MAX: usize = 10;

/// The ids of those that are named `names`.
pub(super) async fn ids(
    remote: &Remote,
    tenant: &str,
    names: &[String],
) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let shown = remote.get(&format!("/v1/tenants/{}", escaped(tenant))).await?;
    names.iter().map(|name| id(&shown, tenant, name)).collect()
}

fn id(shown: &Value, tenant: &str, name: &str) -> Result<String, Failure> {
    let known = || shown["invoices"].as_array().into_iter().flatten();
    let terms = shown["terms"].as_array().into_iter().flatten();
    let own = known().map(|it| &it["invoice"]).chain(terms.map(|it| &it["term"]));
    if own.filter_map(Value::as_str).any(|id| id == name) {
        return Ok(name.to_owned());
    }
    let numbered: Vec<&str> = known()
        .filter(|it| it["number"].as_str() == Some(name))
        .filter_map(|it| it["invoice"].as_str())
        .collect();
    match numbered[..] {
        [id] => Ok(id.to_owned()),
        [] => Err(Failure::Refused(format!("{tenant} has no invoice {name}: {}", those(known())))),
        _ => Err(Failure::Refused(format!(
            "{tenant} has several invoices of number {name}: say which, {}",
            numbered.join(" or ")
        ))),
    }
}

/// `it has R-1 (in_1), R-2 (in_2)`, the newest first.
fn those<'a>(known: impl Iterator<Item = &'a Value>) -> String {
    let name = |it: &Value| {
        let id = it["invoice"].as_str()?;
        Some(match it["number"].as_str() {
            Some(number) => format!("{number} ({id})"),
            None => id.to_owned(),
        })
    };
    let mut names: Vec<String> = known.filter_map(name).collect();
    names.reverse();
    let more = if names.len() > NAMED_MAX { ", and older ones" } else { "" };
    names.truncate(NAMED_MAX);
    if names.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has {}{more}", names.join(", "))
    }
}
