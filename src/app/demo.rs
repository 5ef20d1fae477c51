//! `ambergate demo`: everything in one process, with an app to protect, a mailbox, a clock that
//! can be moved and tenants in every stage (SPEC 10).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request as HttpRequest, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::Method;
use sha2::{Digest as _, Sha256 as Hash};

use super::listen::{Door, Stop};
use super::panel;
use super::serve::{Control, Front, Running, open_control, open_front, raise_when_closed_here};
use super::{AppError, signals};
use super::{authz, control};
use crate::cli::{self, DemoAsked};
use crate::clock::{Clock, machine_now};
use crate::config::{
    self, Algorithm, Config, Email, Environment, Jwt, JwtKey, Request, Route, Secret, Sha256,
    Token, TokenRole,
};
use crate::demo::clock::Mover;
use crate::demo::mailbox::Mailbox;
use crate::demo::seed::{Link, Storyteller};
use crate::demo::till::Till;
use crate::demo::{door, sample_app};
use crate::domain::decide::RouteClass;
use crate::telemetry::Metrics;

/// After so long an answer no longer waits for the gate to have heard.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// The two secrets of a demo.
struct Secrets {
    token: String,
    jwt: String,
}

/// Runs the demo until the process is asked to end.
///
/// # Errors
/// Why it cannot run.
pub async fn demo(asked: DemoAsked, metrics: Metrics) -> Result<(), AppError> {
    let clock = asked.clock.map_or_else(Clock::movable, Clock::standing);
    let mailbox = Mailbox::new(clock.clone());
    let (mail_listener, mail_address) =
        Mailbox::listen().await.map_err(|error| format!("the mailbox cannot listen: {error}"))?;
    tokio::spawn(mailbox.clone().serve(mail_listener));
    let folder = Folder::make(asked.data.clone())?;
    let secrets = Secrets::of(&asked.environment)?;
    let mut config = configure(&asked, &folder, &secrets, mail_address)?;
    let admin_door = Door::take("--admin", config.admin.listen).await?;
    if asked.upstream.is_none() {
        config.upstream.addresses = vec![begin_sample_app(&admin_door, &secrets).await?];
    }
    if let Some(digest) = config.digest.as_mut().filter(|digest| digest.url.is_empty()) {
        digest.url = format!("http://{}", admin_door.address);
    }
    let store = control::open_store(&config, &clock).await?;
    let control = open_control(&config, &store, &clock).await?;
    if let Some(digest) = control.digest.clone() {
        // It goes by the demo's clock.
        control.scheduler.take_on(digest);
    }
    if let Some(hooks) = control.hooks.clone() {
        // So do calls: each is made before the clock goes on.
        control.scheduler.take_on(hooks);
    }
    control.ledger.look_after(true, machine_now()).await.map_err(|error| error.to_string())?;
    let front = open_front(&config, &store, &clock, "--listen")?;
    raise_when_closed_here(&front, &control);
    let app = format!("http://{}", front.server.address());
    let links = if asked.empty {
        Vec::new()
    } else {
        seed(&asked, &control, &clock, &secrets, &app).await?
    };
    let (pull, stop) = Stop::new();
    let authz = authz_door(&asked).await?;
    let settling = Settling::new(&control, &front, &clock);
    let mover = {
        let settling = settling.clone();
        Mover::new(Arc::clone(&control.scheduler), clock.clone())
            .and_then(move || Box::pin(settling.clone().heard()))
    };
    let doors = Doors { app: &app, admin: &admin_door, authz: authz.as_ref() };
    print(&doors, &secrets, &links, &clock, !folder.own);
    let answering = authz.map(|door| door.serve(authz::service(&front.gate), stop.clone()));
    let scheduler = Arc::clone(&control.scheduler);
    let running = Running { front: Some(front), control: Some(control) };
    let router = panel::router(&config, &running, metrics)
        .merge(door::router(&secrets.token, mover, mailbox))
        .layer(middleware::from_fn_with_state(settling, settle_after));
    let serving = admin_door.serve(router, stop.clone());
    let following = tokio::spawn({
        let stop = stop.clone();
        async move { scheduler.follow(stop.pulled()).await }
    });
    signals::asked_to_end().await;
    pull.send_replace(true);
    running.drain_front().await;
    let _ = tokio::join!(serving, following);
    if let Some(answering) = answering {
        let _ = answering.await;
    }
    Ok(())
}

/// Begins the app that is protected where none was named; where it is.
async fn begin_sample_app(admin: &Door, secrets: &Secrets) -> Result<String, String> {
    let (listener, address) = sample_app::listen()
        .await
        .map_err(|error| format!("the sample app cannot listen: {error}"))?;
    let till = Till::new(format!("http://{}", admin.address), &secrets.token);
    tokio::spawn(async move {
        if let Err(error) = sample_app::serve(listener, Some(till)).await {
            tracing::error!(%error, "the sample app broke");
        }
    });
    Ok(address.to_string())
}

async fn authz_door(asked: &DemoAsked) -> Result<Option<Door>, String> {
    let Some(address) = asked.authz else { return Ok(None) };
    Door::take("--authz", address).await.map(Some)
}

async fn seed(
    asked: &DemoAsked,
    control: &Control,
    clock: &Clock,
    secrets: &Secrets,
    app: &str,
) -> Result<Vec<Link>, AppError> {
    let story = Storyteller {
        ledger: &control.ledger,
        scheduler: &control.scheduler,
        clock,
        stands_at: asked.clock,
        app,
        secret: secrets.jwt.as_bytes(),
    };
    story.tell().await.map_err(|error| AppError::from(error.to_string()))
}

/// The demo's settings, with what was asked for.
fn configure(
    asked: &DemoAsked,
    folder: &Folder,
    secrets: &Secrets,
    mail: SocketAddr,
) -> Result<Config, AppError> {
    let request = Request {
        file: asked.config.clone(),
        environment: asked.environment.clone(),
        demo: true,
        ..Request::default()
    };
    let mut config =
        config::load(&request).map_err(|faults| AppError::from(config::render(&faults, false)))?;
    config.store.kind = config::StoreKind::Embedded { path: folder.path.join("ambergate.redb") };
    config.proxy.listen = asked.listen.unwrap_or(config.proxy.listen);
    config.admin.listen = asked.admin.unwrap_or(config.admin.listen);
    if let Some(upstream) = &asked.upstream {
        config.upstream.addresses = vec![upstream.clone()];
    }
    config.admin.tokens.push(Token {
        name: "demo".to_owned(),
        role: TokenRole::Admin,
        sha256: Sha256(Hash::digest(secrets.token.as_bytes()).into()),
    });
    config.email = Some(Email {
        smtp: Secret::new(format!("smtp://{mail}")),
        from: "Example Notes Billing <billing@notes.example>".to_owned(),
        only_to: None,
        templates: config.email.and_then(|email| email.templates),
    });
    if let Some(digest) = config.digest.as_mut().filter(|it| it.secret.expose().is_empty()) {
        digest.secret = Secret::new(&secrets.jwt);
    }
    if config.identify.is_empty() {
        config.identify.push(Jwt {
            key: JwtKey::Demo(Secret::new(&secrets.jwt)),
            algorithms: vec![Algorithm::Hs256],
            header: Some("authorization".to_owned()),
            cookie: Some("session".to_owned()),
            claim: "tenant".to_owned(),
            role_claim: Some("role".to_owned()),
            issuer: None,
            audience: Vec::new(),
        });
    }
    if asked.upstream.is_none() {
        // After what was configured: there is always a way out of the sample app.
        let open = |pattern: &&str| Route {
            pattern: (*pattern).to_owned(),
            methods: Vec::new(),
            class: RouteClass::Always,
            scope: None,
        };
        config.routes.extend(sample_app::WAYS_OUT.iter().map(open));
    }
    Ok(config)
}

/// Does what is due, and waits until the gate has heard of it.
#[derive(Clone)]
struct Settling {
    scheduler: Arc<super::control::OwnScheduler>,
    gate: Arc<crate::gate::Gate<crate::store::any::AnyStore>>,
    clock: Clock,
}

impl Settling {
    fn new(control: &Control, front: &Front, clock: &Clock) -> Self {
        Self {
            scheduler: Arc::clone(&control.scheduler),
            gate: Arc::clone(&front.gate),
            clock: clock.clone(),
        }
    }

    async fn heard(self) {
        let wait = async {
            while !self.gate.is_up_to_date().await.unwrap_or(true) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        if tokio::time::timeout(HEARD_WITHIN, wait).await.is_err() {
            tracing::warn!("the gate has not heard of all changes yet");
        }
    }
}

/// Where the clock stands, what a change makes due is done before the change is answered.
async fn settle_after(
    State(settling): State<Settling>,
    request: HttpRequest,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let moves = request.uri().path() == "/demo/clock";
    let response = next.run(request).await;
    if !reads && !moves {
        if settling.clock.stands() && settling.scheduler.settle().await.is_err() {
            tracing::warn!("what is due could not be done");
        }
        settling.heard().await;
    }
    response
}

impl Secrets {
    fn of(environment: &Environment) -> Result<Self, AppError> {
        let value = |name: &str| environment.value(name).map(str::to_owned);
        let drawn = || {
            let mut bytes = [0_u8; 24];
            aws_lc_rs::rand::fill(&mut bytes)
                .map_err(|_| AppError::from("this machine gives no random bytes".to_owned()))?;
            Ok::<_, AppError>(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        };
        Ok(Self {
            token: value("AMBERGATE_DEMO_TOKEN").map_or_else(drawn, Ok)?,
            jwt: value("AMBERGATE_DEMO_SECRET").map_or_else(drawn, Ok)?,
        })
    }
}

/// Where the demo keeps its state; its own one goes with it.
struct Folder {
    path: PathBuf,
    own: bool,
}

impl Folder {
    fn make(given: Option<PathBuf>) -> Result<Self, AppError> {
        let own = given.is_none();
        let path = given.unwrap_or_else(|| {
            let name = format!("ambergate-demo-{}", std::process::id());
            std::env::temp_dir().join(name)
        });
        if own {
            // Left behind by a process of the same number that was killed.
            let _ = std::fs::remove_dir_all(&path);
        }
        std::fs::create_dir_all(&path)
            .map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        Ok(Self { path, own })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.own {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Where the demo is to be reached.
struct Doors<'a> {
    app: &'a str,
    admin: &'a Door,
    authz: Option<&'a Door>,
}

fn print(doors: &Doors<'_>, secrets: &Secrets, links: &[Link], clock: &Clock, keeps: bool) {
    let Doors { app, admin, authz } = doors;
    let admin = format!("http://{}", admin.address);
    let mut text = format!(
        "The app, through the gate   {app}\n\
         Admin API                   {admin}\n\
         Mailbox                     {admin}/demo/mailbox?token={token}\n\
         Admin token                 {token}\n\
         JWT secret (HS256)          {secret}\n\
         Clock                       {now}{stands}\n",
        token = secrets.token,
        secret = secrets.jwt,
        now = clock.now(),
        stands = if clock.stands() { " (stands still)" } else { "" },
    );
    if let Some(authz) = authz {
        text.push_str(&format!("Other proxies ask           http://{}/authz/\n", authz.address));
    }
    if !links.is_empty() {
        text.push_str("\nSign in as:\n");
    }
    for link in links {
        text.push_str(&format!(
            "  {:<9}  {} ({}), {}\n             {}\n",
            link.stage.word(),
            link.name,
            link.role,
            link.person,
            link.url
        ));
    }
    let token = &secrets.token;
    text.push_str(&format!(
        "\nLet a week pass:\n  curl -X POST {admin}/demo/clock -H 'Authorization: Bearer {token}' \
         -d '{{\"advance\": \"7 days\"}}'\n"
    ));
    if let Some(link) = links.last() {
        text.push_str(&format!(
            "\nWhy a tenant stands where it stands:\n  ambergate tenant explain {} --server {admin} \
             --token {token}\n",
            link.tenant
        ));
    }
    text.push_str("\nCtrl-C ends it");
    text.push_str(if keeps { ".\n" } else { "; nothing is kept.\n" });
    cli::print(&text);
}
