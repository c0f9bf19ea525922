//! What a call says about its caller, beside the request itself.

use std::net::{IpAddr, SocketAddr};

use tonic::{
    Request,
    codegen::http::{HeaderMap, HeaderValue},
};

use crate::{
    accounts::{BearerToken, Origin},
    domain::locale::Locale,
    network::TrustedProxies,
};

/// The metadata of a call.
pub(super) struct Call {
    /// The token and the address.
    pub(super) origin: Origin,
    /// The caller's language, where the request names none.
    pub(super) locale: Locale,
}

impl Call {
    pub(super) fn of<T>(request: &Request<T>, proxies: &TrustedProxies) -> Self {
        let headers = request.metadata().as_ref();
        let origin = origin(headers, request.remote_addr(), proxies);
        Self { origin, locale: locale(headers) }
    }
}

/// The token that a call brings, and the address that it comes from.
pub(super) fn origin(
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
    proxies: &TrustedProxies,
) -> Origin {
    let ip = peer.map(|peer| address(headers, peer, proxies));
    Origin { token: token(headers), ip }
}

/// The token that the headers bring.
fn token(headers: &HeaderMap) -> Option<BearerToken> {
    let authorization = headers.get("authorization")?.to_str().ok()?;
    bearer(authorization).and_then(BearerToken::parse)
}

/// Where a call comes from.
pub(super) fn address(headers: &HeaderMap, peer: SocketAddr, proxies: &TrustedProxies) -> IpAddr {
    // A proxy may write a header of its own below the one that it got: several are one
    // list (RFC 9110 §5.3).
    let lines = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes);
    proxies.caller(peer.ip(), lines)
}

/// The language that the headers ask for.
pub(super) fn locale(headers: &HeaderMap) -> Locale {
    let language = headers.get("accept-language").and_then(|value| value.to_str().ok());
    language.map(Locale::from_accept_language).unwrap_or_default()
}

/// The token of `Bearer …` (RFC 6750 §2.1; the scheme's case does not matter).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
