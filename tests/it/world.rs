//! A ledger on a clock that stands, and people who always get their mail.

use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::policies;
use ambergate::domain::account::Account;
use ambergate::domain::event::{self, Incoming};
use ambergate::domain::fact::{Channel, NoticeReceipt, ReceiptKind};
use ambergate::domain::id::TenantId;
use ambergate::domain::record::{Fact, Record};
use ambergate::domain::stage::Stage;
use ambergate::domain::time::Instant;
use ambergate::ledger::{Envelope, Ledger, Outcome};
use ambergate::store::any::AnyStore;
use ambergate::store::journal::Journal;
use ambergate::store::memory::Memory;
use ambergate::store::{Store as _, StoreError};
use serde_json::{Value, json};

pub(crate) const START: &str = "2026-03-02T08:00:00Z";

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// A ledger, its store and its clock.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) store: AnyStore,
    pub(crate) ledger: Ledger,
}

impl World {
    /// In memory, from [`START`] on.
    pub(crate) async fn in_memory() -> Self {
        let clock = Clock::standing(at(START));
        let store = AnyStore::Memory(Memory::new(clock.clone()));
        Self::over(store, None, clock).await
    }

    pub(crate) async fn over(store: AnyStore, journal: Option<Journal>, clock: Clock) -> Self {
        Self::under(policies::STANDARD, store, journal, clock).await
    }

    /// Under that policy text.
    pub(crate) async fn under(
        text: &str,
        store: AnyStore,
        journal: Option<Journal>,
        clock: Clock,
    ) -> Self {
        let law = policies::parse(text, "standard.toml").unwrap();
        // Weeks pass here in one step, without a sign of life in between.
        let stale_max = Duration::from_secs(4_000 * 3_600);
        let ledger =
            Ledger::new(store.clone(), journal, clock.clone(), law).with_stale_max(stale_max);
        let world = Self { clock, store, ledger };
        world.look_after(true).await.unwrap();
        world.ledger.sign_of_life(world.clock.now()).await.unwrap();
        world
    }

    /// One look at the store.
    pub(crate) async fn look_after(&self, thoroughly: bool) -> Result<(), StoreError> {
        self.ledger.look_after(thoroughly, self.clock.now()).await
    }

    pub(crate) async fn accept(&self, events: &[Value]) -> Vec<Outcome> {
        let now = self.ledger.now().await;
        let parse = |event: &Value| event::parse(event, now).unwrap();
        self.ledger.accept(events.iter().map(parse).collect::<Vec<Incoming>>()).await
    }

    pub(crate) async fn account(&self, name: &str) -> (Vec<Record>, Account) {
        self.ledger.account(&tenant(name)).await.unwrap().unwrap()
    }

    pub(crate) async fn stage(&self, name: &str) -> Stage {
        self.store.grant(&tenant(name)).await.unwrap().0.unwrap().strictest()
    }

    /// Lets time pass until `until`, each due thing done at its own time. Answers the attempts.
    pub(crate) async fn pass(&self, until: &str) -> Vec<Envelope> {
        let until = at(until);
        let mut sent = Vec::new();
        loop {
            sent.extend(self.work_off().await);
            let next = self.ledger.next_wake().await.unwrap();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            assert!(next > self.clock.now(), "due and not worked off: {next}");
            self.clock.set(next);
        }
        self.clock.set(until);
        sent.extend(self.work_off().await);
        sent
    }

    /// Does all that is due now; every mail arrives.
    pub(crate) async fn work_off(&self) -> Vec<Envelope> {
        let mut sent = Vec::new();
        for round in 0.. {
            assert!(round < 1_000, "it never ends");
            let due = self.ledger.due(100).await.unwrap();
            if due.is_empty() {
                break;
            }
            for tenant in due {
                for message in self.ledger.advance(&tenant).await.unwrap().sends {
                    let Some(envelope) = self.ledger.try_message(&tenant, message).await.unwrap()
                    else {
                        continue;
                    };
                    self.deliver(&envelope).await;
                    sent.push(envelope);
                }
            }
        }
        sent
    }

    async fn deliver(&self, envelope: &Envelope) {
        let made = &envelope.made;
        let receipt = NoticeReceipt {
            notice: None,
            message: Some(made.message),
            attempt: Some(envelope.attempt),
            channel: Channel::Email,
            person: None,
            mailbox: Some(made.recipient.clone()),
            role: Some(made.role),
            kind: ReceiptKind::Accepted,
            at: None,
            detail: None,
            tried: None,
        };
        let id = format!("accepted-{}-{}", made.message, envelope.attempt).parse().unwrap();
        let fact = Fact::NoticeReceipt(Box::new(receipt));
        assert_eq!(self.ledger.record(&envelope.tenant, id, fact).await, Outcome::Accepted);
    }
}

pub(crate) fn event(kind: &str, id: &str, tenant: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "type": format!("ambergate.{kind}"), "source": "books", "id": id,
        "subject": tenant, "data": data,
    })
}

/// A tenant in Berlin with two contacts.
pub(crate) fn tenant_updated(tenant: &str) -> Value {
    let data = json!({
        "name": "Acme", "time_zone": "Europe/Berlin", "country": "DE",
        "contacts": [
            {"role": "billing", "name": "Ada", "email": format!("ada@{tenant}.example")},
            {"role": "admin", "name": "Bob", "email": format!("bob@{tenant}.example")},
        ],
    });
    event("tenant.updated", &format!("tenant-{tenant}"), tenant, data)
}

/// 1,000 euros, due on Friday 2026-03-13.
pub(crate) fn issued(tenant: &str, invoice: &str) -> Value {
    let data = json!({
        "invoice": invoice, "amount": {"minor": 100_000, "currency": "EUR"},
        "issued_on": "2026-03-02", "due_on": "2026-03-13",
    });
    event("invoice.issued", &format!("issued-{invoice}"), tenant, data)
}

pub(crate) fn paid(tenant: &str, invoice: &str) -> Value {
    event("invoice.paid", &format!("paid-{invoice}"), tenant, json!({"invoice": invoice}))
}
