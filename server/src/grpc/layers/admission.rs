//! No call reaches a service without a place in the listener's budget, and none that
//! its service does not count is left uncounted.

use std::{
    net::IpAddr,
    ops::ControlFlow::{self, Break, Continue},
};

use tonic::{Status, body::Body, codegen::http, transport::server::TcpConnectInfo};

use super::response_body;
use crate::{
    domain::locale::Locale,
    grpc::{caller, front::Front, status},
    listener::{Exceeded, Peer, Refused, RunningCall},
};

/// The paths of the services that count their calls themselves, once they have
/// looked at the tokens.
const COUNTED_BY_SERVICE: [&str; 3] = [
    "/gestan.account.v1.AccountService/",
    "/gestan.account.v1.ReferenceService/",
    "/gestan.support.v1.SupportService/",
];

/// Begins a call, or breaks off with the refusal that answers it.
pub(super) fn begin(
    front: &Front,
    request: &mut http::Request<Body>,
    is_stream: bool,
    locale: Locale,
) -> ControlFlow<http::Response<Body>, RunningCall> {
    let Some(peer) = request.extensions_mut().remove::<Peer>() else {
        // The listener gives every call its peer; without one, nothing could be counted.
        tracing::error!("a call without its peer");
        return Break(no_place(locale).into_http());
    };
    // What `Request::remote_addr` looks for, with TLS and without.
    let info = TcpConnectInfo { local_addr: None, remote_addr: Some(peer.address) };
    request.extensions_mut().insert(info);
    let caller = caller::address(request.headers(), peer.address, &front.gate.proxies);
    let admitted = admit(front, request.uri().path(), caller, &peer, locale);
    let (running, begun) = peer.begin_call(caller, is_stream);
    let begun = begun.map_err(|refused| status::refused(refused, locale));
    match (running, begun.and(admitted).err()) {
        (Some(running), None) => Continue(running),
        (Some(running), Some(refusal)) => Break(response_body::refusal(refusal, &running)),
        (None, refusal) => Break(refusal.unwrap_or_else(|| no_place(locale)).into_http()),
    }
}

/// Counts a call that no service counts as a stranger's, but not what a trusted proxy
/// asks on its own account: how the server is.
fn admit(
    front: &Front,
    path: &str,
    caller: IpAddr,
    peer: &Peer,
    locale: Locale,
) -> Result<(), Status> {
    let is_proxys_own = peer.is_proxy && peer.address.ip().to_canonical() == caller;
    let is_counted = COUNTED_BY_SERVICE.iter().any(|service| path.starts_with(service));
    if is_counted || is_proxys_own {
        return Ok(());
    }
    front.admit_ip(caller).map_err(|error| status::refusal(&error, locale))
}

fn no_place(locale: Locale) -> Status {
    status::refused(Refused::Exceeded(Exceeded::Server), locale)
}
