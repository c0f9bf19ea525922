//! Reflection, which tells tools what the proto files say. Customers' programs have
//! those built in, and developers have the files: on the Internet it would only be
//! one more thing to ask, whose answers are large.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use clap::ValueEnum;
use gestan_account_proto::FILE_DESCRIPTOR_SET;
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
    service::Routes,
};

use super::{caller, status};
use crate::{MAX_REQUEST_BYTES, accounts::Accounts};

/// Who may ask by reflection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Reflection {
    /// Everybody.
    On,
    /// Callers with a support key.
    #[default]
    Support,
    /// Nobody.
    Off,
}

/// Adds reflection v1 and v1alpha: older tools speak only the latter.
pub(crate) fn with_reflection(
    routes: Routes,
    reflection: Reflection,
    accounts: &Accounts,
) -> Routes {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // So that tools can read the details of an error.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let (v1, v1alpha) = match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => (
            v1.max_decoding_message_size(MAX_REQUEST_BYTES),
            v1alpha.max_decoding_message_size(MAX_REQUEST_BYTES),
        ),
        (v1, v1alpha) => {
            let error = v1.err().or(v1alpha.err());
            tracing::error!(?error, "no reflection");
            return routes;
        }
    };
    match reflection {
        Reflection::On => routes.add_service(v1).add_service(v1alpha),
        Reflection::Support => {
            let v1 = ForSupport { service: v1, accounts: accounts.clone() };
            let v1alpha = ForSupport { service: v1alpha, accounts: accounts.clone() };
            routes.add_service(v1).add_service(v1alpha)
        }
        Reflection::Off => routes,
    }
}

/// A service that answers callers with a support key.
#[derive(Clone, Debug)]
struct ForSupport<S> {
    service: S,
    accounts: Accounts,
}

impl<S: NamedService> NamedService for ForSupport<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for ForSupport<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // The clone has not been asked whether it is ready.
        let clone = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, clone);
        let accounts = self.accounts.clone();
        Box::pin(async move {
            match check(&accounts, request.headers()).await {
                Ok(()) => service.call(request).await,
                Err(refusal) => Ok(refusal.into_http()),
            }
        })
    }
}

async fn check(accounts: &Accounts, headers: &http::HeaderMap) -> Result<(), Status> {
    let locale = caller::locale(headers);
    match accounts.is_support(caller::token(headers).as_ref()).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(status::reflection_needs_a_key(locale)),
        Err(error) => Err(status::refusal(&error, locale, accounts.randomness.uuid())),
    }
}
