//! Sends a request on to the app, and its answer back.
//!
//! Rules:
//! 1. A request that was not sent, on a connection that turned out to be closed, is sent on another
//!    one. What may have been sent is sent once more, on a new one, only if it asks to read and has
//!    no body, and nothing of an answer came ([`super::replay`]).
//! 2. The app's first byte has its own deadline, counted from when the request was sent.
//! 3. A client's fault is answered as such, and is no failure of the app.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;

use super::answer::{self, Failure};
use super::body::{BoxError, DownBody, Stream};
use super::headers;
use super::link::Link;
use super::upload::{UpBody, Upload};
use super::upstream::{Live, NoConnection, Pool};
use super::worker::Worker;
use crate::gate::Pass;
use crate::gate::banner::fits::{self, Fit};
use crate::gate::banner::insert::Insert;
use crate::gate::pages::navigation;
use crate::gate::told::{self, Told};
use crate::store::Store;

/// How long the beginning of a page is waited for after its first byte.
const BEGINNING_WITHIN: Duration = Duration::from_millis(500);

/// What is kept of a request while it is answered.
struct Under {
    link: Arc<Link>,
    pass: Pass,
    told: Told,
    /// It is a navigation whose page gets a banner, and whether a person looks at it.
    banner: Option<bool>,
}

/// Sends a request on and gives back the answer.
pub async fn forward<S: Store>(
    worker: &Rc<Worker<S>>,
    link: &Arc<Link>,
    mut parts: Parts,
    body: Incoming,
    pass: Pass,
) -> Response<DownBody> {
    let wants = pass.banner && navigation::may_show_banner(&parts.method, &parts.headers);
    let banner = wants.then(|| !navigation::is_prefetch(&parts.headers));
    if wants {
        fits::ask_whole(&mut parts.headers);
    }
    let upload =
        (!body.is_end_stream()).then(|| Upload::new(body, Arc::clone(link), &parts.headers));
    let request = outgoing(parts, upload.as_ref(), &pass);
    let told = Told::of(&pass);
    let under = Under { link: Arc::clone(link), pass, told, banner };
    match exchange(&worker.pool, link, request, upload.as_ref()).await {
        Ok((response, live)) => {
            let stream = Some(live);
            answered(worker, under, response, stream, upload).await
        }
        Err(failure) => {
            count(worker, failure);
            let mut response = answer::made(failure.answer(), link);
            under.told.tell(response.headers_mut());
            if failure.closes() {
                answer::close(&mut response);
            } else if let Some(upload) = upload {
                Box::pin(upload.drain()).await;
            }
            response
        }
    }
}

fn count<S: Store>(worker: &Worker<S>, failure: Failure) {
    match failure {
        Failure::Unreachable | Failure::Broken => worker.counters.upstream_failed.one(),
        Failure::Late => worker.counters.upstream_late.one(),
        Failure::ClientLate | Failure::ClientBroken => worker.counters.bad_request.one(),
    }
}

/// The request as the app gets it.
fn outgoing(mut parts: Parts, upload: Option<&Rc<Upload>>, pass: &Pass) -> Request<UpBody> {
    parts.version = Version::HTTP_11;
    if let Some(judged) = &pass.class.judged_path {
        let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{judged}{query}").parse() {
            parts.uri = uri;
        }
    }
    let body = upload.map_or(UpBody::None, |upload| UpBody::Upload(Rc::clone(upload)));
    // Of some methods a body of unknown length would be left out if its framing were not said.
    if upload.is_some() && body.size_hint().exact().is_none() {
        parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    told::tell_app(&mut parts.headers, pass);
    let mut request = Request::from_parts(parts, body);
    if let Some(asks) = upload.and_then(|upload| upload.app_asks()) {
        hyper::ext::on_informational(&mut request, move |said| {
            if said.status() == StatusCode::CONTINUE {
                asks.ask();
            }
        });
    }
    request
}

/// The answer's head, and the connection that carries its body.
async fn exchange(
    pool: &Rc<Pool>,
    link: &Arc<Link>,
    mut request: Request<UpBody>,
    upload: Option<&Rc<Upload>>,
) -> Result<(Response<Incoming>, Box<Live>), Failure> {
    let mut again = false;
    loop {
        let pooled = match again {
            true => None,
            false => std::future::poll_fn(|cx| Poll::Ready(pool.take(cx))).await,
        };
        let is_new = pooled.is_none();
        let mut live = match pooled {
            Some(live) => live,
            None => Box::pin(pool.connect()).await.map_err(no_connection)?,
        };
        match send(&mut live, link, request, upload, pool.settings().first_byte).await {
            Ok(response) => return Ok((response, live)),
            Err(NotAnswered::Unsent(unsent)) if !is_new => request = *unsent,
            Err(NotAnswered::Unsent(_)) => return Err(Failure::Broken),
            Err(NotAnswered::Failed(Failure::Broken)) if !is_new && upload.is_none() => {
                request = live.unanswered().ok_or(Failure::Broken)?;
                pool.sends_again();
                again = true;
            }
            Err(NotAnswered::Failed(failure)) => return Err(failure),
        }
    }
}

fn no_connection(why: NoConnection) -> Failure {
    match why {
        NoConnection::Refused(error) => {
            tracing::debug!(%error, "the app cannot be reached");
            Failure::Unreachable
        }
        NoConnection::Late => Failure::Late,
    }
}

enum NotAnswered {
    Unsent(Box<Request<UpBody>>),
    Failed(Failure),
}

async fn send(
    live: &mut Live,
    link: &Arc<Link>,
    request: Request<UpBody>,
    upload: Option<&Rc<Upload>>,
    first_byte: u32,
) -> Result<Response<Incoming>, NotAnswered> {
    let mut answer = pin!(live.sender.try_send_request(request));
    let mut sent = false;
    std::future::poll_fn(|cx| {
        live.drive(cx);
        // Only driving can bring the answer, and that was just done: nobody need be woken for it.
        let mut quiet = Context::from_waker(Waker::noop());
        match answer.as_mut().poll(&mut quiet) {
            Poll::Ready(Ok(response)) => return Poll::Ready(Ok(response)),
            Poll::Ready(Err(mut error)) => {
                return Poll::Ready(Err(match error.take_message() {
                    Some(unsent) => NotAnswered::Unsent(Box::new(unsent)),
                    None => NotAnswered::Failed(whose_fault(error.error())),
                }));
            }
            Poll::Pending => {}
        }
        if !sent && upload.is_none_or(|upload| upload.has_ended()) {
            sent = true;
            link.wait(first_byte);
        }
        if link.is_late() {
            let failure = if sent { Failure::Late } else { Failure::ClientLate };
            return Poll::Ready(Err(NotAnswered::Failed(failure)));
        }
        Poll::Pending
    })
    .await
}

/// An error of the body that was read from the client is the client's fault.
fn whose_fault(error: &hyper::Error) -> Failure {
    if error.is_user() { Failure::ClientBroken } else { Failure::Broken }
}

/// An answer of the app as the client gets it. `live`: the connection that carries it, unless
/// another task drives it.
async fn answered<S: Store>(
    worker: &Rc<Worker<S>>,
    under: Under,
    response: Response<Incoming>,
    live: Option<Box<Live>>,
    upload: Option<Rc<Upload>>,
) -> Response<DownBody> {
    let (mut head, incoming) = response.into_parts();
    if let Some(upload) = &upload {
        upload.note_answer();
    }
    if head.status.is_server_error() {
        worker.counters.upstream_5xx.one();
    }
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        // Nobody asked for it.
        count(worker, Failure::Broken);
        return answer::made(Failure::Broken.answer(), &under.link);
    }
    let fit = under.banner.map(|_| fits::fit(head.status, &head.headers));
    headers::strip_answer(&mut head.headers);
    let mut stream = Stream::new(incoming, live, Rc::clone(&worker.pool), upload);
    if let Some(unsent) = stream.unsent() {
        worker.counters.upstream_early.one();
        if stream.end_if_empty() {
            Box::pin(unsent.drain()).await;
        }
    } else {
        stream.end_if_empty();
    }
    under.told.tell(&mut head.headers);
    head.version = Version::HTTP_11;
    match fit {
        Some(Fit::Page) => return Box::pin(with_banner(worker, under, head, stream)).await,
        Some(Fit::Compressed) => worker.counters.banners_compressed.one(),
        Some(Fit::Unfit) => worker.counters.banners_unfit.one(),
        None => {}
    }
    let kind = head.headers.get(CONTENT_TYPE);
    let endless = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if endless && let Some(who) = under.pass.who {
        worker.watch_stream(&under.link, who, under.pass.class);
    }
    Response::from_parts(head, DownBody::stream(stream, under.link, endless))
}

/// So much of a page as tells whether it is one; `true`: it is, and wants a banner. A page that
/// comes in tiny parts is waited for, but not for long.
async fn beginning(stream: &mut Stream) -> Result<(Option<Bytes>, bool), BoxError> {
    let Some(mut first) = stream.first().await? else { return Ok((None, false)) };
    let more = async {
        let mut told = fits::begins_a_page(&first);
        while told.is_none() && first.len() < fits::LOOKED_AT_BYTES {
            let Some(part) = stream.first().await? else { break };
            let mut both = BytesMut::from(first.split_off(0));
            both.extend_from_slice(&part);
            first = both.freeze();
            told = fits::begins_a_page(&first);
        }
        Ok::<_, BoxError>(told)
    };
    // Who says so little for so long is not waited for: the page passes as it comes.
    let told = tokio::time::timeout(BEGINNING_WITHIN, more).await.unwrap_or(Ok(None))?;
    let wants = told == Some(true) && !fits::opts_out(&first);
    Ok((Some(first), wants))
}

/// A page that gets a banner, if its beginning shows that it is one.
async fn with_banner<S: Store>(
    worker: &Rc<Worker<S>>,
    under: Under,
    mut head: http::response::Parts,
    mut stream: Stream,
) -> Response<DownBody> {
    let Ok((first, begins)) = beginning(&mut stream).await else {
        count(worker, Failure::Broken);
        return answer::made(Failure::Broken.answer(), &under.link);
    };
    let banner = match &under.pass.who {
        Some(who) if begins => worker.gate.banner(who, under.pass.effect(), &head.headers).await,
        _ => None,
    };
    let Some(banner) = banner else {
        worker.counters.banners_unfit.one();
        let unchanged = Insert::passing();
        let body = DownBody::page(stream, first, unchanged, Box::new(|_| ()), under.link);
        return Response::from_parts(head, body);
    };
    fits::amend(&mut head.headers);
    let insert = Insert::new(banner.markup.clone());
    let (worker, seen) = (Rc::clone(worker), under.banner.unwrap_or(false));
    let shown = Box::new(move |inserted: bool| {
        if !inserted {
            worker.counters.banners_unfit.one();
            return;
        }
        worker.counters.banners_shown.one();
        if seen {
            worker.gate.shown(&banner);
        }
    });
    let body = DownBody::page(stream, first, insert, shown, under.link);
    Response::from_parts(head, body)
}
