//! Ledger, scheduler, mail over SMTP and a clock that can be moved: the road of a notice.

use std::sync::Arc;
use std::time::Duration;

use ambergate::clock::Clock;
use ambergate::config::{Request, load_text};
use ambergate::demo::mailbox::Mailbox;
use ambergate::domain::account::Account;
use ambergate::domain::event;
use ambergate::domain::time::Instant;
use ambergate::ledger::{Ledger, Outcome};
use ambergate::notify::desk::LedgerDesk;
use ambergate::notify::email::{Mailer, Settings};
use ambergate::notify::hooks::{self, Hooks};
use ambergate::notify::scheduler::Scheduler;
use ambergate::store::any::AnyStore;
use ambergate::store::memory::Memory;
use serde_json::{Value, json};

/// All of it, with the policy of the demo.
pub(crate) struct Road {
    pub(crate) ledger: Ledger,
    pub(crate) mailbox: Mailbox,
    pub(crate) clock: Clock,
    pub(crate) scheduler: Arc<Scheduler<LedgerDesk, Mailer>>,
    /// How its mail leaves.
    pub(crate) settings: Settings,
    /// What tells the operator's own systems, where a configuration names some.
    pub(crate) hooks: Arc<Hooks>,
}

impl Road {
    /// At that time, with nobody known.
    pub(crate) async fn at(at: &str) -> Self {
        let clock = Clock::standing(at.parse().unwrap());
        let memory = Memory::new(clock.clone());
        Self::over(memory, clock, "").await
    }

    /// A process with that store, and with what that configuration adds to a demo's.
    pub(crate) async fn over(memory: Memory, clock: Clock, text: &str) -> Self {
        let mailbox = Mailbox::new(clock.clone());
        let (listener, address) = Mailbox::listen().await.unwrap();
        tokio::spawn(mailbox.clone().serve(listener));
        let request = Request { demo: true, ..Request::default() };
        let config = load_text(text, "road.toml", &request).unwrap();
        let store = AnyStore::Memory(memory);
        let ledger = Ledger::new(store, None, clock.clone(), config.law);
        ledger.look_after(true, clock.now()).await.unwrap();
        let settings = Settings {
            smtp: format!("smtp://{address}").parse().unwrap(),
            from: "Fieldnotes <billing@fieldnotes.example>".to_owned(),
            only_to: None,
            templates: None,
            within: Duration::from_secs(20),
        };
        let mailer = Mailer::new(&settings).unwrap();
        let told = config.hooks.iter().map(|hook| hooks::Settings {
            name: hook.name.clone(),
            url: hook.url.clone(),
            keys: hook.keys.clone(),
            private: hook.private,
            within: Duration::from_secs(20),
        });
        let hooks = Arc::new(Hooks::new(&ledger, told.collect(), "test").unwrap());
        let desk = LedgerDesk::new(ledger.clone(), "test").with_hooks(Some(Arc::clone(&hooks)));
        let scheduler = Scheduler::new(desk, Some(mailer), clock.clone());
        Self { ledger, mailbox, clock, scheduler, settings, hooks }
    }

    /// Hands in an event about `tenant`, dated now, and does what is due.
    pub(crate) async fn hear(&self, tenant: &str, kind: &str, data: Value) {
        let now = self.clock.now();
        let event = json!({
            "specversion": "1.0",
            "id": format!("{kind}-{}", now.millis()),
            "source": "books",
            "type": format!("ambergate.{kind}"),
            "subject": tenant,
            "data": data,
        });
        let incoming = event::parse(&event, now).unwrap();
        assert_eq!(self.ledger.accept(vec![incoming]).await, [Outcome::Accepted]);
        self.scheduler.settle().await.unwrap();
    }

    /// Lets time pass until then.
    pub(crate) async fn pass_until(&self, at: &str) {
        let at: Instant = at.parse().unwrap();
        self.scheduler.pass_until(at).await.unwrap();
    }

    /// What is known of a tenant.
    pub(crate) async fn account(&self, tenant: &str) -> Account {
        let tenant = tenant.parse().unwrap();
        self.ledger.account(&tenant).await.unwrap().unwrap().1
    }
}
