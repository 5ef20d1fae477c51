//! What a server outside is reached by, and one exchange with it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::OutsideError;
use crate::net::client::Answer;

/// So long a body is read that nobody wants.
const UNWANTED_WITHIN: Duration = Duration::from_secs(1);

/// A server, by the address that was given for it.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Host`.
    pub(super) authority: HeaderValue,
    /// Path and query, as given.
    pub(super) path: String,
    pub(super) secure: bool,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// What is wanted of a body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// All of it, and no more than so many bytes.
    Whole(usize),
    /// Nothing: so much is read for politeness, and thrown away.
    Unwanted(usize),
}

impl Server {
    /// The server that `url` names: http or https, no user and no password in it.
    pub(super) fn of(url: &str) -> Result<Self, OutsideError> {
        let wrong = || OutsideError::Address;
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority =
            uri.authority().filter(|it| !it.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        let tls = if secure {
            let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
            Some((connector()?, name))
        } else {
            None
        };
        Ok(Self {
            authority: HeaderValue::try_from(authority.as_str()).map_err(|_| wrong())?,
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            path: uri.path_and_query().map_or("/", |it| it.as_str()).to_owned(),
            secure,
            host,
            tls,
        })
    }

    /// One request and its answer, on a connection to it.
    pub(super) async fn exchange(
        &self,
        stream: TcpStream,
        request: Request<Full<Bytes>>,
        body: Body,
    ) -> Result<Answer, String> {
        match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await;
                ask(stream.map_err(|error| error.to_string())?, request, body).await
            }
            None => ask(stream, request, body).await,
        }
    }
}

async fn ask<S>(stream: S, request: Request<Full<Bytes>>, body: Body) -> Result<Answer, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, incoming) = answer.into_parts();
        let body = read(incoming, body).await?;
        Ok(Answer { status: head.status, body })
    };
    tokio::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // What came before it ended is still to be read.
        _ = connection => exchange.await,
    }
}

async fn read(incoming: Incoming, wanted: Body) -> Result<Bytes, String> {
    match wanted {
        Body::Whole(most) => {
            let body = Limited::new(incoming, most).collect().await;
            Ok(body.map_err(|error| error.to_string())?.to_bytes())
        }
        Body::Unwanted(most) => {
            // Whatever becomes of it: the status is what was asked for.
            let drained = Limited::new(incoming, most).collect();
            let _ = tokio::time::timeout(UNWANTED_WITHIN, drained).await;
            Ok(Bytes::new())
        }
    }
}

fn connector() -> Result<TlsConnector, OutsideError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| OutsideError::Address)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
