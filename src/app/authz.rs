//! Where other proxies ask before they pass a request on.
//!
//! Rule: it has an address of its own, that no client reaches: who asks there is believed.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::Service;

use crate::gate::Gate;
use crate::store::Store;

/// Answers other proxies by what that gate decides.
pub(super) fn service<S: Store>(
    gate: &Arc<Gate<S>>,
) -> impl Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let (gate, counters) = (Arc::clone(gate), gate.new_counters());
    tower::service_fn(move |request: Request<Incoming>| {
        let (gate, counters) = (Arc::clone(&gate), Arc::clone(&counters));
        async move {
            let (parts, _) = request.into_parts();
            Ok(gate.forward_auth(&parts, &counters).await.map(Full::new))
        }
    })
}
