//! What a call passes before a service sees it: it is given its place in the budget,
//! and taken for a stranger's where no service of ours counts it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tonic::{Status, body::Body, codegen::http, transport::server::TcpConnectInfo};

use crate::{
    accounts::error::Error,
    clock::Clock,
    domain::locale::Locale,
    grpc::{Gate, caller, status},
    listener::{Peer, RunningCall},
    randomness::Randomness,
    throttle::Throttled,
};

/// The service whose calls are counted where their tokens are looked at.
const OURS: &str = "/gestan.account.v1.AccountService/";
/// Lasts for as long as somebody wants to know.
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.";
/// For how long a tool may ask on one stream.
const REFLECTION_LIFE: Duration = Duration::from_mins(1);

/// What calls are watched by.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// How long a call may take.
    pub(crate) deadline: Duration,
    /// How long a stream may last.
    pub(crate) longest_stream: Duration,
    pub(crate) gate: Gate,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl Watch {
    /// How long a call may last, if it is one that has no end of its own.
    pub(super) fn stream_life(&self, path: &str) -> Option<Duration> {
        let life = if path == WATCH {
            self.longest_stream
        } else if path.starts_with(REFLECTION) {
            self.longest_stream.min(REFLECTION_LIFE)
        } else {
            return None;
        };
        Some(life)
    }

    /// Counts what is no call of ours as a stranger's, but not what a trusted
    /// proxy asks on its own account: how the server is.
    fn admit(&self, path: &str, caller: IpAddr, peer: &Peer, locale: Locale) -> Result<(), Status> {
        let is_proxys_own = peer.is_proxy && peer.address.ip().to_canonical() == caller;
        if path.starts_with(OURS) || is_proxys_own {
            return Ok(());
        }
        let taken = self.gate.buckets.take_from(caller, self.clock.now());
        let limit = Throttled::CallsPerIp;
        let refused = taken.map_err(|retry_after| Error::Throttled { limit, retry_after });
        refused.map_err(|error| status::refusal(&error, locale, self.randomness.uuid()))
    }

    /// Begins a call; gives its mark, and why it is refused if it is.
    pub(super) fn begin(
        &self,
        request: &mut http::Request<Body>,
        locale: Locale,
        is_stream: bool,
    ) -> (Option<RunningCall>, Result<(), Status>) {
        let Some(peer) = request.extensions_mut().remove::<Peer>() else { return (None, Ok(())) };
        // What `Request::remote_addr` looks for, with TLS and without.
        let info = TcpConnectInfo { local_addr: None, remote_addr: Some(peer.address) };
        request.extensions_mut().insert(info);
        let caller = caller::address(request.headers(), peer.address, &self.gate.proxies);
        let admitted = self.admit(request.uri().path(), caller, &peer, locale);
        let (running, begun) = peer.begin_call(caller, is_stream);
        let refused = begun.map_err(|refused| status::refused(refused, locale));
        (running, refused.and(admitted))
    }
}
