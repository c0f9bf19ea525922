//! What a call says about its caller, beside the request itself.

mod proxies;

use tonic::{Request, codegen::http::HeaderMap};

pub use self::proxies::TrustedProxies;
use crate::{
    accounts::{BearerToken, Origin},
    domain::locale::Locale,
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
        let text = |name| request.metadata().get(name).and_then(|value| value.to_str().ok());
        let token = text("authorization").and_then(bearer).and_then(BearerToken::parse);
        let hops = request.metadata().get_all("x-forwarded-for").into_iter();
        let hops: Vec<&str> = hops.filter_map(|value| value.to_str().ok()).collect();
        let peer = request.remote_addr().map(|peer| peer.ip());
        let ip = peer.map(|peer| proxies.caller(peer, hops.into_iter()));
        let locale = locale(request.metadata().as_ref());
        Self { origin: Origin { token, ip }, locale }
    }
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
