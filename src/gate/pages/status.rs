//! The gate's own pages under its prefix, and the standing of the one who asks.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Answer, problem, stylesheet, uncached};
use crate::clock;
use crate::domain::decide::About;
use crate::domain::effect::Effect;
use crate::domain::grant::{BannerNotice, Grant, InvoiceWords, Words};
use crate::domain::json::unless_slowed;
use crate::domain::time::Instant;
use crate::gate::classify::Part;
use crate::gate::counters::Counters;
use crate::gate::identify::{Identity, NotIdentified};
use crate::gate::lookup::BUDGET;
use crate::gate::said::{Said, may_see_amounts};
use crate::gate::service::{Asked, Gate};
use crate::store::Store;

impl<S: Store> Gate<S> {
    /// What follows the prefix in `path`, if it is one of the gate's own addresses.
    #[must_use]
    pub fn own_page<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.settings.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The answer to a request for the page `rest` below the prefix.
    pub async fn answer_own(&self, rest: &str, asked: &Asked<'_>, counters: &Counters) -> Answer {
        counters.own_pages.one();
        let reads = *asked.method == Method::GET || *asked.method == Method::HEAD;
        match rest {
            "/banner.css" | "/status" if !reads => problem::method_not_allowed("GET, HEAD"),
            "/banner.css" => stylesheet(),
            "/status" => self.answer_status(asked, counters).await,
            _ => problem::not_found(),
        }
    }

    async fn answer_status(&self, asked: &Asked<'_>, counters: &Counters) -> Answer {
        let real = clock::turn_now();
        let who = match self.identify.identify(asked.headers, real, counters) {
            Ok(Some(who)) => who,
            Ok(None) | Err(NotIdentified::BadToken) => return problem::unauthorized(),
            Err(NotIdentified::Contradiction(what)) => return problem::bad_request(what),
        };
        let standings = match self.lookup.cached(&who.tenant, who.shard) {
            Some(standings) => standings,
            None => self.lookup.read(&who.tenant, who.shard, real).await.0,
        };
        let words = self.lookup.words(&who.tenant, who.shard, real).await;
        let grant = self.grant_of(&who, real).await;
        let effect_of = |part| self.effect_of(&standings, part, &who);
        let now = Now {
            effect: effect_of(Part::Whole),
            since: standings.about(About::Whole).since,
            scopes: grant
                .iter()
                .flat_map(|grant| grant.all_scopes())
                .map(|scope| {
                    let Effect { stage, slow } = effect_of(Part::Of(scope.scope.clone()));
                    unless_slowed(json!({
                        "scope": scope.scope, "stage": stage, "slow": slow, "since": scope.since,
                    }))
                })
                .collect(),
        };
        let body = status(&who, now, grant.as_ref(), words.as_deref());
        uncached(StatusCode::OK, "application/json", body.to_string())
    }

    /// The whole grant, if the store has it within the budget.
    async fn grant_of(&self, who: &Identity, now: Instant) -> Option<Grant> {
        if self.lookup.is_down(now) {
            return None;
        }
        let read = tokio::time::timeout(BUDGET, self.store.grant(&who.tenant));
        read.await.ok()?.ok()?.0.filter(|grant| grant.tenant == who.tenant)
    }
}

/// What is enforced now.
struct Now {
    /// Of the whole app.
    effect: Effect,
    since: Instant,
    /// Of each scope that is not open.
    scopes: Vec<Value>,
}

fn status(who: &Identity, now: Now, grant: Option<&Grant>, words: Option<&Words>) -> Value {
    let Now { effect, since, scopes } = now;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("tenant", json!(who.tenant));
    put("stage", json!(effect.stage));
    if let Some(rate) = effect.slow {
        put("slow", json!(rate));
    }
    if effect != Effect::NONE && since > Instant::MIN {
        put("since", json!(since));
    }
    put("scopes", json!(scopes));
    let next = grant.and_then(|grant| grant.announced.as_ref()).map(|named| {
        unless_slowed(json!({
            "stage": named.stage, "slow": named.slow, "scope": named.scope, "at": named.at,
            "announced": true,
        }))
    });
    put("next", json!(next));
    match words {
        Some(words) if may_see_amounts(who.roles) => {
            let said = Said::of(Some(words), effect, None, who.roles);
            put("owed", json!(words.owed));
            put("pay_url", json!(said.pay_url));
            put("invoices", words.invoices.iter().map(invoice).collect());
            put("notices", words.banners.iter().map(notice).collect());
        }
        Some(words) => {
            put("ask", json!(words.settlers));
        }
        None => {}
    }
    Value::Object(body)
}

fn invoice(invoice: &InvoiceWords) -> Value {
    json!({"number": invoice.number, "owed": invoice.owed, "due_on": invoice.due_on})
}

fn notice(notice: &BannerNotice) -> Value {
    json!({"notice": notice.notice, "kind": notice.kind, "names": notice.names.as_ref().map(|named| unless_slowed(json!(named)))})
}
