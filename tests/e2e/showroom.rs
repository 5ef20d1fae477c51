//! `ambergate demo` as a customer starts it: an empty one, its clock standing.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use http::Method;
use serde_json::{Value, json};

use crate::book;
use crate::http::{Answer, Asker};
use crate::process::{AMBERGATE, Process};

pub(crate) const TOKEN: &str = "a-token-of-the-tests-alone";
pub(crate) const SECRET: &str = "a-secret-of-the-tests-alone-0123456789";
pub(crate) const START: &str = "2026-03-02T08:00:00Z";

/// A running demo.
pub(crate) struct Showroom {
    _process: Process,
    pub(crate) app: String,
    pub(crate) admin: String,
    pub(crate) printed: String,
    asker: Asker,
}

impl Showroom {
    /// Without tenants, at [`START`].
    pub(crate) fn open() -> Self {
        Self::with(&["--empty", "--clock", START])
    }

    pub(crate) fn with(arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir();
        let mut command = Command::new(AMBERGATE);
        command
            .args(["demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(arguments)
            .env("AMBERGATE_DEMO_TOKEN", TOKEN)
            .env("AMBERGATE_DEMO_SECRET", SECRET)
            .env_remove("AMBERGATE_CONFIG")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = Process::start("ambergate demo", &mut command);
        // Nobody reads what it logs, so that it never waits for a reader.
        let log = process.child().stderr.take().unwrap();
        std::thread::spawn(move || {
            let mut all = String::new();
            let _ = BufReader::new(log).read_to_string(&mut all);
            eprint!("{all}");
        });
        let printed = printed(&mut process);
        let address = |what: &str| {
            let line = printed.lines().find(|line| line.starts_with(what));
            let line = line.unwrap_or_else(|| panic!("{what} is not printed: {printed}"));
            line.split_whitespace().last().unwrap().to_owned()
        };
        let (app, admin) = (address("The app"), address("Admin API"));
        Self { _process: process, app, admin, printed, asker: Asker::new() }
    }

    /// Asks the admin address, with the token.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.asker.ask(method, &format!("{}{path}", self.admin), &headers, body.to_owned()).await
    }

    /// Asks any address with any headers.
    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.asker.ask(method, url, headers, body.to_owned()).await
    }

    /// Asks the app, through the gate, as somebody of a tenant.
    pub(crate) async fn app(
        &self,
        method: Method,
        path: &str,
        (tenant, role): (&str, &str),
        accept: &str,
    ) -> Answer {
        let bearer = format!("Bearer {}", book::token(SECRET, tenant, role));
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept", accept),
            ("content-type", "application/json"),
        ];
        let body = if method == Method::POST { r#"{"text": "a note"}"# } else { "" };
        self.asker.ask(method, &format!("{}{path}", self.app), &headers, body).await
    }

    pub(crate) async fn tell(&self, event: &Value) {
        self.admin(Method::POST, "/v1/events", &event.to_string()).await.good();
    }

    /// Time passes until then.
    pub(crate) async fn set(&self, at: &str) {
        let answer = self.admin(Method::POST, "/demo/clock", &json!({"set": at}).to_string()).await;
        assert_eq!(answer.good(), json!({"now": at}));
    }

    pub(crate) async fn tenant(&self, tenant: &str) -> Value {
        self.admin(Method::GET, &format!("/v1/tenants/{tenant}"), "").await.good()
    }

    pub(crate) async fn stage(&self, tenant: &str) -> String {
        self.tenant(tenant).await["stage"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn mails(&self) -> Vec<Value> {
        let mails = self.admin(Method::GET, "/demo/mailbox.json", "").await.good();
        mails.as_array().unwrap().clone()
    }
}

/// Everything printed, up to the example of how to let a week pass.
fn printed(process: &mut Process) -> String {
    let mut lines = BufReader::new(process.child().stdout.take().unwrap()).lines();
    let mut printed = String::new();
    for line in lines.by_ref() {
        printed.push_str(&line.unwrap());
        printed.push('\n');
        if printed.contains("/demo/clock") {
            break;
        }
    }
    assert!(printed.contains("/demo/clock"), "the demo ended, having printed {printed:?}");
    std::thread::spawn(move || lines.for_each(drop));
    printed
}
