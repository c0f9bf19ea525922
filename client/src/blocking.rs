//! The same client for programs without an async runtime.
//!
//! Every method waits for its answer. Nothing is decided here: all calls go to
//! [`crate::Client`], on a runtime with a thread of its own, which keeps the
//! connection alive while the program does nothing.
//!
//! ```
#![doc = include_str!("../docs/join_account.rs")]
//! ```

use std::{fmt, future::Future, sync::Arc};

use gestan_account_proto::v1::{
    ConfirmRequest, ConfirmResponse, CreateRequest, CreateResponse, GetPrivacyNoticeRequest,
    GetPrivacyNoticeResponse, GetRequest, GetResponse, ListCountriesRequest, ListCountriesResponse,
    ListTimeEntriesRequest, ListTimeEntriesResponse, RegisterExistingRequest,
    RegisterExistingResponse, ResendPasswordRequest, ResendPasswordResponse, SearchApeCodesRequest,
    SearchApeCodesResponse, SetPasswordRequest, SetPasswordResponse, UnlinkRequest, UnlinkResponse,
    UpdateRequest, UpdateResponse,
};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::{error::Error, link_token::LinkToken, options::ClientOptions};

/// A connection to the account service, or one to each of its replicas, whose
/// calls wait for their answer. It is cheap to clone; clones share the
/// connections.
#[derive(Clone)]
pub struct Client {
    inner: crate::Client,
    runtime: Arc<Background>,
}

/// One worker thread. The last client to go leaves it behind without waiting,
/// so that a client may be dropped anywhere.
struct Background(Option<Runtime>);

impl Client {
    /// As [`crate::Client::connect`].
    ///
    /// # Errors
    ///
    /// As [`crate::Client::connect`], and [`Error::InvalidOptions`] when called
    /// from within an async runtime, which it would block.
    pub fn connect(url: &str, options: ClientOptions) -> Result<Self, Error> {
        Self::connect_any([url], options)
    }

    /// As [`crate::Client::connect_lazy`].
    ///
    /// # Errors
    ///
    /// As [`crate::Client::connect_lazy`], and [`Error::InvalidOptions`] when
    /// called from within an async runtime, which it would block.
    pub fn connect_lazy(url: &str, options: ClientOptions) -> Result<Self, Error> {
        Self::connect_any_lazy([url], options)
    }

    /// As [`crate::Client::connect_any`].
    ///
    /// # Errors
    ///
    /// As [`crate::Client::connect_any`], and [`Error::InvalidOptions`] when
    /// called from within an async runtime, which it would block.
    pub fn connect_any<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let runtime = Background::start()?;
        let inner = runtime.wait(crate::Client::connect_any(urls, options))?;
        Ok(Self { inner, runtime: Arc::new(runtime) })
    }

    /// As [`crate::Client::connect_any_lazy`].
    ///
    /// # Errors
    ///
    /// As [`crate::Client::connect_any_lazy`], and [`Error::InvalidOptions`]
    /// when called from within an async runtime, which it would block.
    pub fn connect_any_lazy<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let runtime = Background::start()?;
        let inner = runtime.wait(async { crate::Client::connect_any_lazy(urls, options) })?;
        Ok(Self { inner, runtime: Arc::new(runtime) })
    }

    /// As [`crate::Client::with_link_token`].
    #[must_use]
    pub fn with_link_token(&self, token: &LinkToken) -> Self {
        Self { inner: self.inner.with_link_token(token), ..self.clone() }
    }

    /// As [`crate::Client::without_link_token`].
    #[must_use]
    pub fn without_link_token(&self) -> Self {
        Self { inner: self.inner.without_link_token(), ..self.clone() }
    }
}

macro_rules! forward {
    ($($rpc:ident($request:ty) -> $response:ty;)*) => {
        impl Client {$(
            #[doc = concat!("As [`crate::Client::", stringify!($rpc), "`].")]
            ///
            /// # Errors
            ///
            #[doc = concat!("As [`crate::Client::", stringify!($rpc), "`], and")]
            /// [`Error::InvalidOptions`] when called from within an async
            /// runtime, which it would block.
            pub fn $rpc(&self, request: $request) -> Result<$response, Error> {
                self.runtime.wait(self.inner.$rpc(request))
            }
        )*}
    };
}

forward! {
    create(CreateRequest) -> CreateResponse;
    confirm(ConfirmRequest) -> ConfirmResponse;
    set_password(SetPasswordRequest) -> SetPasswordResponse;
    register_existing(RegisterExistingRequest) -> RegisterExistingResponse;
    get(GetRequest) -> GetResponse;
    list_time_entries(ListTimeEntriesRequest) -> ListTimeEntriesResponse;
    update(UpdateRequest) -> UpdateResponse;
    unlink(UnlinkRequest) -> UnlinkResponse;
    resend_password(ResendPasswordRequest) -> ResendPasswordResponse;
    list_countries(ListCountriesRequest) -> ListCountriesResponse;
    search_ape_codes(SearchApeCodesRequest) -> SearchApeCodesResponse;
    get_privacy_notice(GetPrivacyNoticeRequest) -> GetPrivacyNoticeResponse;
}

impl Background {
    fn start() -> Result<Self, Error> {
        // More than one thread would idle: a desktop program makes one call at
        // a time. Less would leave the server's pings without an answer.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("gestan-account")
            .enable_all()
            .build();
        let refuse = |error| Error::InvalidOptions(format!("no thread for the client: {error}"));
        Ok(Self(Some(runtime.map_err(refuse)?)))
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match &self.0 {
            Some(runtime) if Handle::try_current().is_err() => runtime.block_on(call),
            _ => {
                let text = "the blocking client was called from within an async runtime";
                Err(Error::InvalidOptions(text.into()))
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::Client").field(&self.inner).finish()
    }
}
