//! Every refusal has the details that clients read, also what tonic refuses before it
//! reaches a service.

use tonic::{Status, body::Body, codegen::http};

use crate::{domain::locale::Locale, grpc::status};

/// Tells which encodings are read. gRPC wants it in the refusal of a message that is
/// compressed in another way ("Compression" in its specification), so that the client
/// can send it anew.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// Adds the details to what tonic refused by itself. Such a refusal is all head: its
/// status stands where a head without a body has it ("Trailers-Only" in "gRPC over
/// HTTP2"), so that the bodies need no look.
pub(super) fn added(response: http::Response<Body>, locale: Locale) -> http::Response<Body> {
    let theirs = Status::from_header_map(response.headers());
    let Some(ours) = theirs.and_then(|theirs| status::unread(&theirs, locale)) else {
        return response;
    };
    tracing::debug!("a call that cannot be read");
    let mut ours = ours.into_http();
    if let Some(encodings) = response.headers().get(ACCEPT_ENCODING) {
        ours.headers_mut().insert(ACCEPT_ENCODING, encodings.clone());
    }
    ours
}
