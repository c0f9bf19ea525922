//! A panic costs the call that it happens in, and tells its caller nothing.

use std::convert::Infallible;

use tonic::{body::Body, codegen::http};

use crate::{domain::locale::Locale, grpc::status, panics};

/// Does the work; a panic in it becomes an answer.
pub(super) async fn caught(
    work: impl Future<Output = Result<http::Response<Body>, Infallible>>,
    locale: Locale,
) -> http::Response<Body> {
    match panics::catch(work).await {
        Ok(Ok(response)) => response,
        Err(panicked) => status::panicked(&panicked, locale).into_http(),
    }
}
