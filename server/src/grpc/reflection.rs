//! Reflection, which tells tools what the proto files say. Customers' programs have
//! those built in, and developers have the files: on the Internet it would only be
//! one more thing to ask, whose answers are large.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use clap::ValueEnum;
use gestan_account_proto::{FILE_DESCRIPTOR_SET, TESTING_FILE_DESCRIPTOR_SET};
use tonic::{
    Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
    service::Routes,
    transport::server::TcpConnectInfo,
};

use super::{caller, status};
use crate::{MAX_REQUEST_BYTES, accounts::Accounts, network::TrustedProxies};

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

/// Adds reflection v1 and v1alpha: older tools speak only the latter. Of the testing service only
/// a server tells that has it.
pub(crate) fn with_reflection(
    routes: Routes,
    reflection: Reflection,
    is_testing: bool,
    accounts: &Accounts,
    proxies: &TrustedProxies,
) -> Routes {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure();
        let builder = if is_testing {
            builder.register_encoded_file_descriptor_set(TESTING_FILE_DESCRIPTOR_SET)
        } else {
            builder
        };
        builder
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
            let desk = Arc::new(Desk { accounts: accounts.clone(), proxies: proxies.clone() });
            let v1 = ForSupport { service: v1, desk: Arc::clone(&desk) };
            routes.add_service(v1).add_service(ForSupport { service: v1alpha, desk })
        }
        Reflection::Off => routes,
    }
}

/// A service that answers callers with a support key.
#[derive(Clone, Debug)]
struct ForSupport<S> {
    service: S,
    desk: Arc<Desk>,
}

/// Knows who has a support key, and where a call comes from.
#[derive(Debug)]
struct Desk {
    accounts: Accounts,
    proxies: TrustedProxies,
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
        let check = Arc::clone(&self.desk).check(&request);
        Box::pin(async move {
            match check.await {
                Ok(()) => service.call(request).await,
                Err(refusal) => Ok(refusal.into_http()),
            }
        })
    }
}

impl Desk {
    /// A request is not shared between threads, so that none is held while the key is
    /// looked up.
    fn check(
        self: Arc<Self>,
        request: &http::Request<Body>,
    ) -> impl Future<Output = Result<(), Status>> + use<> {
        let locale = caller::locale(request.headers());
        let info = request.extensions().get::<TcpConnectInfo>();
        let peer = info.and_then(TcpConnectInfo::remote_addr);
        let origin = caller::origin(request.headers(), peer, &self.proxies);
        async move {
            match self.accounts.is_support(&origin).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(status::reflection_needs_a_key(locale)),
                Err(error) => Err(status::refusal(&error, locale)),
            }
        }
    }
}
