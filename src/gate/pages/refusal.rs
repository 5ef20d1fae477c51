//! A refusal: the page and the problem (SPEC 6 "Refusals", CONTRACTS 3).

use http::header::{CONTENT_LANGUAGE, LINK, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::{Answer, Pages, navigation, problem, uncached};
use crate::clock;
use crate::domain::decide::Intent;
use crate::domain::effect::Effect;
use crate::domain::grant::Words;
use crate::domain::stage::Stage;
use crate::gate::said::{Said, may_see_amounts};
use crate::gate::service::{Gate, Refusal};
use crate::store::Store;

impl<S: Store> Gate<S> {
    /// The answer to a request with `headers` that is refused.
    pub async fn refusal(&self, refusal: &Refusal, headers: &HeaderMap) -> Answer {
        let who = &refusal.who;
        let now = clock::turn_now();
        let words = self.lookup.words(&who.tenant, who.shard, now).await;
        let words = words.map(|words| words.about(&refusal.scope));
        self.pages.refusal(refusal, words.as_ref(), headers)
    }
}

impl Pages {
    fn refusal(&self, refusal: &Refusal, words: Option<&Words>, headers: &HeaderMap) -> Answer {
        let effect = Effect { stage: refusal.stage, slow: refusal.late.map(|(rate, _)| rate) };
        let said = Said::of(words, effect, Some(refusal.since), refusal.who.roles);
        let said = if refusal.scope.is_whole() { said } else { said.about_part(effect) };
        let again = refusal.late.map(|(_, after)| after.as_secs() + 1);
        let said = Said { again, ..said };
        let status =
            if refusal.late.is_some() { StatusCode::TOO_MANY_REQUESTS } else { self.status };
        let page = if navigation::is_navigation(headers) {
            self.render("refusal", &said, true)
        } else {
            None
        };
        let mut answer = match page {
            Some(page) => uncached(status, "text/html; charset=utf-8", page),
            None => problem::of(status, &self.problem(refusal, status, &said, words, headers)),
        };
        let headers = answer.headers_mut();
        if let Some(seconds) = again {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static("en"));
        let status = format!("<{}/status>; rel=\"status\"", self.prefix);
        if let Ok(link) = HeaderValue::from_str(&status) {
            headers.append(LINK, link);
        }
        let pay = said.pay_url.as_deref().filter(|url| !url.contains(['<', '>', '"']));
        let pay = pay.map(|url| HeaderValue::from_str(&format!("<{url}>; rel=\"payment\"")));
        if let Some(Ok(link)) = pay {
            headers.append(LINK, link);
        }
        answer
    }

    fn problem(
        &self,
        refusal: &Refusal,
        status: StatusCode,
        said: &Said,
        words: Option<&Words>,
        headers: &HeaderMap,
    ) -> Value {
        let frozen = refusal.stage == Stage::Frozen;
        let slug = match refusal.late {
            Some(_) => "tenant-slowed",
            None if frozen => "tenant-frozen",
            None => "tenant-read-only",
        };
        let all = frozen || refusal.late.is_some() || refusal.intent == Intent::Read;
        let refused = if all { "all" } else { "write" };
        let since = said.since.as_ref().map(|since| format!(" Since {since}."));
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("type", json!(problem::kind(slug)));
        put("title", json!(said.title));
        put("status", json!(status.as_u16()));
        put("detail", json!(format!("{}{}", said.closed, since.unwrap_or_default())));
        put("code", json!(slug.replace('-', "_")));
        put("tenant", json!(refusal.who.tenant));
        put("stage", json!(refusal.stage));
        if let Some((rate, _)) = refusal.late {
            put("slow", json!(rate));
            put("retry_after", json!(said.again));
        }
        put("scope", json!(refusal.scope));
        put("since", json!(refusal.since));
        put("refused", json!(refused));
        put("status_url", json!(format!("{}/status", self.prefix)));
        let person = words.is_some_and(|words| words.agreed || words.order.is_some());
        put("lifted_by", json!(if person { "person" } else { "payment" }));
        if let Some(id) = headers.get("x-request-id").and_then(|id| id.to_str().ok()) {
            put("instance", json!(format!("urn:uuid:{id}")));
        }
        if let Some(words) = words.filter(|_| may_see_amounts(refusal.who.roles)) {
            put("owed", json!(words.owed));
            if let Some(url) = &said.pay_url {
                put("pay_url", json!(url));
            }
        } else if let Some(settlers) = &said.settlers {
            put("ask", json!(settlers));
        }
        Value::Object(body)
    }
}
