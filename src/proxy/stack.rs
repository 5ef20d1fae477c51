//! The road of a request through the proxy, from top to bottom.
//!
//! Rule: what most requests never need is boxed, so that their future, which is moved as a whole,
//! stays small.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use super::answer;
use super::body::DownBody;
use super::forward::forward;
use super::framing;
use super::headers;
use super::link::Link;
use super::upgrade;
use super::upload::Upload;
use super::worker::Worker;
use crate::clock;
use crate::gate::pages::problem;
use crate::gate::told::{TAKEN, Told};
use crate::gate::{Asked, Judged, Outcome};
use crate::store::Store;

/// Answers one request.
///
/// # Errors
/// Never: every fault is an answer.
pub async fn answer<S: Store>(
    worker: Rc<Worker<S>>,
    link: Arc<Link>,
    request: Request<Incoming>,
) -> Result<Response<DownBody>, Infallible> {
    link.begin();
    let (mut parts, body) = request.into_parts();

    // Framing first: what can be understood in two ways must reach nobody.
    let sound = match framing::check(&mut parts) {
        Ok(sound) => sound,
        Err(fault) => {
            worker.counters.bad_request.one();
            link.leave_unread();
            let mut response = answer::made(problem::bad_request(fault), &link);
            answer::close(&mut response);
            return Ok(response);
        }
    };
    let mut response = judged(&worker, &link, parts, body, sound).await;
    if sound.closes || worker.is_draining() {
        answer::close(&mut response);
    }
    Ok(response)
}

async fn judged<S: Store>(
    worker: &Rc<Worker<S>>,
    link: &Arc<Link>,
    mut parts: Parts,
    body: Incoming,
    sound: framing::Sound,
) -> Response<DownBody> {
    // Methods that make proxies do what they must not.
    if parts.method == Method::TRACE || parts.method == Method::CONNECT {
        let own = problem::method_not_allowed(TAKEN);
        return Box::pin(local(link, body, &parts, own)).await;
    }
    if sound.about_server {
        return Box::pin(local(link, body, &parts, answer::about_server())).await;
    }

    // Only then headers may go: what is judged is what is forwarded.
    let upgrades = headers::asks_for_websocket(&parts.headers);
    headers::strip_request(&mut parts.headers, link.trusted);
    worker.ids.give(&mut parts.headers, clock::turn_now());

    // The gate's own pages are answered here, in every stage.
    if let Some(page) = worker.gate.own_page(parts.uri.path()) {
        let asked = asked(&parts, upgrades);
        let own = Box::pin(worker.gate.answer_own(page, &asked, &worker.counters)).await;
        let own = worker.gate.for_reader(own, &parts.headers);
        return Box::pin(local(link, body, &parts, own)).await;
    }

    // The verdict. Only an unknown standing waits.
    let outcome = match worker.gate.judge(&asked(&parts, upgrades), &worker.counters) {
        Judged::Done(outcome) => outcome,
        Judged::Looking(looking) => Box::pin(worker.gate.look(looking, &worker.counters)).await,
    };
    let told = Told::of_outcome(&outcome);
    let own = match outcome {
        Outcome::Pass(pass) => {
            headers::set_forwarded(&mut parts.headers, &link.peer, link.trusted);
            if let Some(wait) = pass.wait {
                Box::pin(tokio::time::sleep(wait)).await;
            }
            return if upgrades {
                Box::pin(upgrade::forward(worker, link, parts, pass)).await
            } else {
                forward(worker, link, parts, body, pass).await
            };
        }
        Outcome::Refuse(refusal) => Box::pin(worker.gate.refusal(&refusal, &parts.headers)).await,
        Outcome::Unauthorized => problem::unauthorized(),
        Outcome::Contradiction(what) => problem::bad_request(what),
    };
    let own = worker.gate.for_reader(own, &parts.headers);
    let mut response = Box::pin(local(link, body, &parts, own)).await;
    told.tell(response.headers_mut());
    response
}

fn asked(parts: &Parts, upgrades: bool) -> Asked<'_> {
    Asked {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
        upgrades,
        passes_here: true,
    }
}

/// An answer of our own. A body that nobody wants is drained within bounds first, so that the
/// client can read the answer; what is left after that ends the connection.
async fn local(
    link: &Arc<Link>,
    body: Incoming,
    parts: &Parts,
    own: crate::gate::pages::Answer,
) -> Response<DownBody> {
    let mut response = answer::made(own, link);
    if !body.is_end_stream() {
        let upload = Upload::new(body, Arc::clone(link), &parts.headers);
        upload.drain().await;
        if !upload.has_ended() {
            answer::close(&mut response);
        }
    }
    response
}
