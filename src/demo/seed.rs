//! Tenants in every stage, each brought there by events and time, and links to sign in as their
//! people.
//!
//! Rules:
//! 1. The clock starts some weeks back; what was issued and paid is fed when it happened, and the
//!    scheduler does the rest: no stage is entered without its delivered warning.
//! 2. Afterwards the clock stands at the time asked for, or follows the machine.
//! 3. A store that knows any tenant is left as it is: a story is told once.
//! 4. Tokens are judged by real time, so they are dated by it.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::{Clock, machine_now};
use crate::domain::event;
use crate::domain::id::TenantId;
use crate::domain::stage::Stage;
use crate::domain::time::{DAY, Instant, Zone};
use crate::ledger::{Ledger, Outcome};
use crate::notify::scheduler::{Desk, Post, Scheduler};

/// So many days back the story begins.
const BEGINS: i64 = 60;
/// So many days may a link be used.
const LINK_DAYS: i64 = 30;
/// So many days before it is due is an invoice issued.
const TERMS: i64 = 14;

/// Somebody of a tenant.
struct Person {
    name: &'static str,
    mailbox: &'static str,
}

/// A tenant of the story.
struct Story {
    tenant: &'static str,
    name: &'static str,
    locale: &'static str,
    time_zone: &'static str,
    billing: Person,
    admin: Person,
    user: Person,
    /// (number, minor units, currency, due so many days from now, paid so many days from now).
    invoices: &'static [(&'static str, i64, &'static str, i64, Option<i64>)],
}

const fn person(name: &'static str, mailbox: &'static str) -> Person {
    Person { name, mailbox }
}

const STORIES: [Story; 5] = [
    Story {
        tenant: "acme",
        name: "Acme Gardens",
        locale: "en",
        time_zone: "Europe/London",
        billing: person("Ada Byrne", "ada@acme.example"),
        admin: person("Alan Reed", "alan@acme.example"),
        user: person("Amy Stone", "amy@acme.example"),
        invoices: &[("A-1041", 49_000, "EUR", -20, Some(-22)), ("A-1077", 49_000, "EUR", 9, None)],
    },
    Story {
        tenant: "birke",
        name: "Bäckerei Birke",
        locale: "de",
        time_zone: "Europe/Berlin",
        billing: person("Bernd Birke", "bernd@birke.example"),
        admin: person("Britta Birke", "britta@birke.example"),
        user: person("Bea Lang", "bea@birke.example"),
        invoices: &[("B-0207", 18_900, "EUR", -6, None)],
    },
    Story {
        tenant: "cedar",
        name: "Cedar Studio",
        locale: "en",
        time_zone: "Europe/Berlin",
        billing: person("Cleo Marsh", "cleo@cedar.example"),
        admin: person("Carl Wood", "carl@cedar.example"),
        user: person("Cat Hill", "cat@cedar.example"),
        invoices: &[("C-3310", 124_000, "EUR", -11, None)],
    },
    Story {
        tenant: "dune",
        name: "Dune Logistics",
        locale: "en",
        time_zone: "Europe/Berlin",
        billing: person("Dora Finch", "dora@dune.example"),
        admin: person("Dan Frost", "dan@dune.example"),
        user: person("Dee Lake", "dee@dune.example"),
        invoices: &[("D-0518", 86_050, "EUR", -23, None), ("D-0544", 86_050, "EUR", 5, None)],
    },
    Story {
        tenant: "ember",
        name: "Ember Foods",
        locale: "en",
        time_zone: "Europe/Berlin",
        billing: person("Eli North", "eli@ember.example"),
        admin: person("Eve Archer", "eve@ember.example"),
        user: person("Ed Brook", "ed@ember.example"),
        invoices: &[("E-0090", 240_000, "EUR", -41, None)],
    },
];

/// A link by which one person signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The tenant's id.
    pub tenant: TenantId,
    /// The tenant's name.
    pub name: &'static str,
    /// Where it stands after the story.
    pub stage: Stage,
    /// Who signs in.
    pub person: &'static str,
    /// As what: `billing` or `user`.
    pub role: &'static str,
    /// The link.
    pub url: String,
}

/// Why the story could not be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the demo could not be seeded: {0}")]
pub struct SeedError(String);

/// What the story needs.
pub struct Storyteller<'a, D, P> {
    /// Takes the events.
    pub ledger: &'a Ledger,
    /// Does what is due as time passes.
    pub scheduler: &'a Arc<Scheduler<D, P>>,
    /// Moved through the story.
    pub clock: &'a Clock,
    /// Where the clock stands afterwards. `None`: it follows the machine.
    pub stands_at: Option<Instant>,
    /// The app's address as its users see it: `http://127.0.0.1:8080`.
    pub app: &'a str,
    /// Signs the tokens (HS256).
    pub secret: &'a [u8],
}

impl<D: Desk, P: Post> Storyteller<'_, D, P> {
    /// Tells the story; answers the links of each tenant's billing person and of a plain user.
    ///
    /// # Errors
    /// The ledger did not take an event, or a token could not be made.
    pub async fn tell(&self) -> Result<Vec<Link>, SeedError> {
        if self.is_told().await? {
            return self.links().await;
        }
        let end = self.stands_at.unwrap_or_else(machine_now);
        let mut events = events(end, self.app);
        events.sort_by_key(|(at, _)| *at);
        self.clock.set(end.plus_millis(-BEGINS * DAY));
        for (at, event) in events.into_iter().filter(|(at, _)| *at <= end) {
            self.pass_until(at).await?;
            let incoming = event::parse(&event, self.clock.now())
                .map_err(|faults| SeedError(format!("{faults:?}")))?;
            let outcome = self.ledger.accept(vec![incoming]).await;
            if outcome != [Outcome::Accepted] {
                return Err(SeedError(format!("{}: {outcome:?}", event["id"])));
            }
        }
        self.pass_until(end).await?;
        if self.stands_at.is_none() {
            self.clock.follow_machine();
        }
        self.links().await
    }

    /// Whether the ledger knows the story already: a demo whose data was kept.
    async fn is_told(&self) -> Result<bool, SeedError> {
        let rows = self.ledger.rows(None, 1).await;
        rows.map(|rows| !rows.is_empty()).map_err(|error| SeedError(error.to_string()))
    }

    async fn pass_until(&self, at: Instant) -> Result<(), SeedError> {
        self.scheduler.pass_until(at).await.map_err(|error| SeedError(error.to_string()))
    }

    async fn links(&self) -> Result<Vec<Link>, SeedError> {
        let mut links = Vec::new();
        for story in &STORIES {
            let tenant: TenantId =
                story.tenant.parse().map_err(|_| SeedError("a tenant's id".to_owned()))?;
            let known = self.ledger.account(&tenant).await;
            let known = known.map_err(|error| SeedError(error.to_string()))?;
            let stage = known.map(|(_, account)| account.stage()).unwrap_or_default();
            for (person, role) in [(&story.billing, "billing"), (&story.user, "user")] {
                let token = token(self.secret, story.tenant, person.mailbox, role)?;
                let url = format!("{}/sign-in?token={token}", self.app);
                let (tenant, name) = (tenant.clone(), story.name);
                links.push(Link { tenant, name, stage, person: person.name, role, url });
            }
        }
        Ok(links)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    tenant: &'a str,
    role: [&'a str; 1],
    exp: i64,
}

/// A token as the protected app would make it.
fn token(secret: &[u8], tenant: &str, sub: &str, role: &str) -> Result<String, SeedError> {
    let exp = machine_now().plus_millis(LINK_DAYS * DAY).millis() / 1_000;
    let claims = Claims { sub, tenant, role: [role], exp };
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
        .map_err(|error| SeedError(error.to_string()))
}

/// Everything that happened up to `end`, each with its time.
fn events(end: Instant, app: &str) -> Vec<(Instant, Value)> {
    let zone = Zone::utc();
    let mut events = Vec::new();
    for story in &STORIES {
        let contact = |role: &str, person: &Person| json!({ "role": role, "name": person.name, "email": person.mailbox });
        let began = end.plus_millis(-BEGINS * DAY);
        let profile = json!({
            "name": story.name,
            "locale": story.locale,
            "time_zone": story.time_zone,
            "pay_url": format!("{app}/billing"),
            "contacts": [
                contact("billing", &story.billing),
                contact("admin", &story.admin),
                contact("user", &story.user),
            ],
        });
        events.push((began, event_of(story, "tenant.updated", "profile", began, profile)));
        for (number, minor, currency, due, paid) in story.invoices {
            let invoice = format!("demo:{number}");
            let amount = json!({ "minor": minor, "currency": currency });
            let issued = end.plus_millis((due - TERMS) * DAY);
            let terms = json!({
                "invoice": invoice,
                "number": number,
                "amount": amount,
                "issued_on": zone.day(issued),
                "due_on": zone.day(end.plus_millis(due * DAY)),
            });
            events.push((issued, event_of(story, "invoice.issued", number, issued, terms)));
            if let Some(paid) = paid {
                let at = end.plus_millis(paid * DAY);
                let payment = json!({
                    "payment": format!("demo:pay-{number}"),
                    "amount": amount,
                    "invoices": [{ "invoice": invoice, "amount": amount }],
                });
                let id = format!("pay-{number}");
                events.push((at, event_of(story, "payment.received", &id, at, payment)));
            }
        }
    }
    events
}

fn event_of(story: &Story, kind: &str, id: &str, time: Instant, data: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("{}-{id}", story.tenant),
        "source": "demo",
        "type": format!("ambergate.{kind}"),
        "subject": story.tenant,
        "time": time,
        "data": data,
    })
}
