//! What the proxy answers itself when the app does not: one function per fault, each a problem.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode};

use super::body::DownBody;
use super::link::Link;
use crate::gate::pages::{Answer, problem};

/// Why the app gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It could not be reached.
    Unreachable,
    /// It took too long.
    Late,
    /// It broke off, or what it said is no HTTP.
    Broken,
    /// The client did not send what it had announced.
    ClientLate,
    /// What the client sent as a body is none.
    ClientBroken,
}

impl Failure {
    /// The problem that is answered.
    #[must_use]
    pub fn answer(self) -> Answer {
        let (status, slug, title, detail) = match self {
            Self::Unreachable => (
                StatusCode::BAD_GATEWAY,
                "upstream-unreachable",
                "The application cannot be reached",
                "Please try again in a moment.",
            ),
            Self::Broken => (
                StatusCode::BAD_GATEWAY,
                "upstream-broken",
                "The application broke off",
                "Please try again in a moment.",
            ),
            Self::Late => (
                StatusCode::GATEWAY_TIMEOUT,
                "upstream-late",
                "The application takes too long",
                "Please try again in a moment.",
            ),
            Self::ClientLate => (
                StatusCode::REQUEST_TIMEOUT,
                "request-late",
                "The request took too long",
                "The rest of the body did not come.",
            ),
            Self::ClientBroken => return problem::bad_request("The body cannot be read."),
        };
        problem::plain(status, slug, title, detail)
    }

    /// Whether the client's connection must end after it.
    #[must_use]
    pub const fn closes(self) -> bool {
        matches!(self, Self::ClientLate | Self::ClientBroken)
    }
}

/// An answer made here, on its way to the client.
#[must_use]
pub fn made(answer: Answer, link: &Arc<Link>) -> Response<DownBody> {
    answer.map(|bytes| DownBody::made(bytes, Arc::clone(link)))
}

/// `OPTIONS *`: about this server, not about the app.
#[must_use]
pub fn about_server() -> Answer {
    Response::new(Bytes::new())
}

/// Ends the client's connection after this answer.
pub fn close(response: &mut Response<DownBody>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
