//! Other proxies in front of the app, which ask ambergate about each request: nginx and HAProxy, as
//! `deploy/` sets them up.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::book;
use crate::http::Answer;
use crate::process::{Process, free_port, until};
use crate::showroom::{SECRET, Showroom};

/// How long a proxy may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(30);
const PAGE: &str = "text/html,application/xhtml+xml";

/// An app that says what it was asked.
async fn open_app() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(|request: Request| async {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let said = |headers: &HeaderMap, name: &str| {
            let all = headers.get_all(name).iter().map(|it| it.to_str().unwrap().to_owned());
            all.collect::<Vec<_>>().join(", ")
        };
        let headers = ["tenant", "stage", "scope", "source", "assertion"].map(|name| {
            (name.to_owned(), Value::from(said(&parts.headers, &format!("ambergate-{name}"))))
        });
        let told: serde_json::Map<String, Value> = headers.into_iter().collect();
        let names = parts.headers.keys().map(|name| name.as_str().to_ascii_lowercase());
        let strange: Vec<_> = names.filter(|name| name.starts_with("ambergate_")).collect();
        axum::Json(json!({
            "method": parts.method.as_str(), "target": parts.uri.to_string(), "told": told,
            "body": String::from_utf8_lossy(&body), "strange": strange,
        }))
        .into_response()
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// What lies in `deploy/`, with other addresses.
fn deployed(name: &str, addresses: &[(&str, String)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    let mut text = fs::read_to_string(&path).unwrap();
    for (theirs, ours) in addresses {
        assert!(text.contains(theirs), "{name}: no {theirs}");
        text = text.replace(theirs, ours);
    }
    text
}

/// A proxy before the app, a demo whom it asks, and a folder.
struct Site {
    room: Showroom,
    proxy: String,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn open(begin: impl FnOnce(&Path, u16, u16, SocketAddr) -> (String, Command)) -> Self {
        let (port, authz, app) = (free_port(), free_port(), open_app().await);
        let there = format!("127.0.0.1:{authz}");
        let start = crate::showroom::START;
        let room = Showroom::with(&["--empty", "--clock", start, "--authz", &there]);
        let folder = tempfile::tempdir().unwrap();
        let (name, mut command) = begin(folder.path(), port, authz, app);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = Process::start(&name, &mut command);
        let site = Self {
            room,
            proxy: format!("http://127.0.0.1:{port}"),
            _process: process,
            _folder: folder,
        };
        until("the proxy answers", BEGINS_WITHIN, async || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(())
        })
        .await;
        site
    }

    /// Asks as somebody of a tenant, or as nobody.
    async fn ask(&self, method: Method, path: &str, who: &str, more: &[(&str, &str)]) -> Answer {
        let bearer = who
            .split_once(' ')
            .map(|(tenant, role)| format!("Bearer {}", book::token(SECRET, tenant, role)));
        let mut headers: Vec<(&str, &str)> = more.to_vec();
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let body = if method == Method::POST { "a note" } else { "" };
        self.room.ask(method, &format!("{}{path}", self.proxy), &headers, body).await
    }
}

fn nginx(folder: &Path, port: u16, authz: u16, app: SocketAddr) -> (String, Command) {
    let server = deployed(
        "nginx/auth_request.conf",
        &[
            ("127.0.0.1:8082", format!("127.0.0.1:{authz}")),
            ("127.0.0.1:3000", app.to_string()),
            ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ],
    );
    let place = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths: String =
        kinds.iter().map(|kind| format!("{kind}_temp_path {place}/{kind};\n")).collect();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {place}/nginx.pid;\nerror_log stderr crit;\n\
         events {{}}\nhttp {{\naccess_log off;\n{paths}{server}}}\n"
    );
    let config = written(folder, "nginx.conf", &text);
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(config);
    ("nginx".to_owned(), command)
}

fn haproxy(folder: &Path, port: u16, authz: u16, app: SocketAddr) -> (String, Command) {
    let script = deployed("haproxy/ambergate.lua", &[]);
    let script = written(folder, "ambergate.lua", &script);
    let text = deployed(
        "haproxy/haproxy.cfg",
        &[
            ("127.0.0.1:8082", format!("127.0.0.1:{authz}")),
            ("127.0.0.1:3000", app.to_string()),
            ("bind :80", format!("bind 127.0.0.1:{port}")),
            ("ambergate.lua", script.display().to_string()),
        ],
    );
    let config = written(folder, "haproxy.cfg", &text);
    let mut command = Command::new("haproxy");
    command.args(["-db", "-q", "-f"]).arg(config);
    ("haproxy".to_owned(), command)
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

/// A tenant pays nothing; weeks pass; it pays. All that is seen through the proxy.
async fn tells_its_clients_what_ambergate_decides(site: &Site) {
    let room = &site.room;
    room.tell(&book::tenant("acme")).await;
    room.tell(&book::issued("acme", "in_1", "2026-03-13")).await;
    let forged =
        [("ambergate-tenant", "other"), ("ambergate-stage", "full"), ("Ambergate_Stage", "full")];

    let answer = site.ask(Method::POST, "/notes?a=1", "acme user", &forged).await.good();
    assert_eq!(answer["told"]["tenant"], "acme");
    assert_eq!(answer["told"]["stage"], "full");
    assert_eq!(answer["told"]["scope"], "*");
    assert_eq!((&answer["method"], &answer["target"]), (&json!("POST"), &json!("/notes?a=1")));
    assert_eq!(answer["body"], "a note", "a body passes untouched");
    assert_eq!(answer["strange"], json!([]));
    let nobody = site.ask(Method::GET, "/", "", &forged).await.good();
    assert_eq!((&nobody["told"]["tenant"], &nobody["told"]["stage"]), (&json!(""), &json!("full")));

    room.set("2026-03-25T09:00:00Z").await;
    let answer = site.ask(Method::POST, "/notes", "acme user", &[]).await;
    assert_eq!(answer.header("ambergate-stage"), "grace");
    assert_eq!(answer.header("ambergate-until"), "2026-03-30T08:00:00Z");
    assert_eq!(answer.json()["told"]["stage"], "grace");

    room.set("2026-03-30T08:15:00Z").await;
    assert_eq!(room.stage("acme").await, "read_only");
    let read = site.ask(Method::GET, "/notes", "acme user", &[]).await;
    assert_eq!((read.status.as_u16(), read.header("ambergate-stage")), (200, "read_only"));
    let refused = site.ask(Method::POST, "/notes", "acme user", &forged).await;
    assert_eq!(refused.status, 402, "{}", refused.text());
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(refused.header("ambergate-stage"), "read_only");
    let problem = refused.json();
    assert_eq!(
        (&problem["code"], &problem["tenant"]),
        (&json!("tenant_read_only"), &json!("acme"))
    );
    let page = site.ask(Method::POST, "/notes", "acme billing", &[("accept", PAGE)]).await;
    assert_eq!(page.status, 402);
    assert!(page.header("content-type").starts_with("text/html"), "{:?}", page.headers);
    assert!(page.text().contains("1,000.00"), "{}", page.text());
    let socket = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(site.ask(Method::GET, "/chat", "acme user", &socket).await.status, 402);
    let respelt = site.ask(Method::POST, "/_ambergate/../notes", "acme user", &[]).await;
    assert_ne!(respelt.status, 200, "{}", respelt.text());
    let bad = [("authorization", "Bearer nonsense")];
    let bad = site.ask(Method::GET, "/notes", "", &bad).await;
    assert_eq!((bad.status.as_u16(), bad.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(bad.json()["code"], "unauthorized");
    let status = site.ask(Method::GET, "/_ambergate/status", "acme user", &[]).await.good();
    assert_eq!(status["stage"], "read_only");

    room.tell(&book::payment("acme", "in_1", "p1", 100_000)).await;
    let answer = site.ask(Method::POST, "/notes", "acme user", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("ambergate-stage")), (200, ""));
}

#[tokio::test]
async fn nginx_asks() {
    let site = Site::open(nginx).await;
    tells_its_clients_what_ambergate_decides(&site).await;
}

#[tokio::test]
async fn haproxy_asks() {
    let site = Site::open(haproxy).await;
    tells_its_clients_what_ambergate_decides(&site).await;
}

/// HAProxy goes on without it, and tells the app that nobody was asked.
#[tokio::test]
async fn haproxy_goes_on_alone() {
    let nowhere =
        |folder: &Path, port: u16, _: u16, app: SocketAddr| haproxy(folder, port, free_port(), app);
    let site = Site::open(nowhere).await;
    let forged = [("ambergate-tenant", "other"), ("ambergate-source", "fresh")];
    let answer = site.ask(Method::POST, "/notes", "acme user", &forged).await.good();
    assert_eq!((&answer["told"]["tenant"], &answer["told"]["stage"]), (&json!(""), &json!("full")));
    assert_eq!(answer["told"]["source"], "default");
}
