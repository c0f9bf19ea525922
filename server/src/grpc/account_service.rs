//! `gestan.account.v1.AccountService`: decode, call, encode. One method an RPC.

use std::pin::Pin;

use gestan_account_proto::v1::{
    self, ConfirmRequest, ConfirmResponse, CreateRequest, CreateResponse, GetRequest, GetResponse,
    RegisterExistingRequest, RegisterExistingResponse, ResendPasswordRequest,
    ResendPasswordResponse, SetPasswordRequest, SetPasswordResponse, UnlinkRequest, UnlinkResponse,
    UpdateRequest, UpdateResponse, account_service_server::AccountService,
};
use tonic::{Request, Response, Status};

use super::{caller::Call, convert, status};
use crate::{
    accounts::{Accounts, Origin, error::Error},
    domain::{locale::Locale, violation::Violations},
    network::TrustedProxies,
    shutdown::Shutdown,
    throttle::{Throttled, calls::NetworkCalls},
};

/// The service over the account flow.
#[derive(Clone, Debug)]
pub struct AccountGrpc {
    accounts: Accounts,
    gate: Gate,
    shutdown: Shutdown,
}

/// What a call passes before it is looked at.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Whose word is taken for where a call comes from.
    pub proxies: TrustedProxies,
    /// How many calls a network may make that no token vouches for.
    pub buckets: NetworkCalls,
}

impl AccountGrpc {
    /// Serves `accounts` behind `gate` until `shutdown`.
    #[must_use]
    pub fn new(accounts: Accounts, gate: Gate, shutdown: Shutdown) -> Self {
        Self { accounts, gate, shutdown }
    }

    fn call<T>(&self, request: &Request<T>) -> Call {
        Call::of(request, &self.gate.proxies)
    }

    /// Lets a call pass that no token vouches for.
    fn admit(&self, origin: &Origin) -> Result<(), Error> {
        let Some(ip) = origin.ip else { return Ok(()) };
        let (buckets, limit) = (&self.gate.buckets, Throttled::CallsPerIp);
        let taken = buckets.take_from(ip, self.now());
        taken.map_err(|retry_after| Error::Throttled { limit, retry_after })
    }

    /// Counts a call whose token vouched for nothing after all.
    fn count_strangers<T>(&self, origin: &Origin, outcome: Result<T, Error>) -> Result<T, Error> {
        if matches!(outcome, Err(Error::InvalidCredentials)) {
            self.admit(origin)?;
        }
        outcome
    }

    /// Runs a use case and says its refusal in the caller's language. A server
    /// that is stopping begins nothing new, and cuts off what takes too long. `work`
    /// is on the heap: some use cases hold 20 KiB across their waits.
    async fn answer<T>(
        &self,
        rpc: &'static str,
        locale: Locale,
        mut work: Pin<Box<impl Future<Output = Result<T, Error>> + Send>>,
    ) -> Result<Response<T>, Status> {
        if self.shutdown.is_draining() {
            return Err(status::shutting_down(locale));
        }
        let _running = self.shutdown.running_call();
        let outcome = tokio::select! {
            biased;
            outcome = &mut work => outcome,
            () = self.shutdown.cut_off() => return Err(status::shutting_down(locale)),
        };
        match outcome {
            Ok(response) => {
                tracing::debug!(rpc, "answered");
                Ok(Response::new(response))
            }
            Err(error) => {
                if error.is_of_access() {
                    tracing::info!(rpc, %error, "refused");
                } else {
                    tracing::debug!(rpc, %error, "refused");
                }
                Err(status::refusal(&error, locale, self.accounts.randomness.uuid()))
            }
        }
    }

    fn now(&self) -> jiff::Timestamp {
        self.accounts.clock.now()
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

#[tonic::async_trait]
impl AccountService for AccountGrpc {
    async fn create(
        &self,
        request: Request<CreateRequest>,
    ) -> Result<Response<CreateResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let locale = convert::request_locale(&request.locale, locale);
        let work = async {
            self.admit(&origin)?;
            let command = convert::create(&request, locale, &self.accounts.nomenclature)?;
            Ok(self.accounts.create(&command, &origin).await?.into())
        };
        self.answer("Create", locale, Box::pin(work)).await
    }

    async fn confirm(
        &self,
        request: Request<ConfirmRequest>,
    ) -> Result<Response<ConfirmResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let work = async {
            self.admit(&origin)?;
            let command = convert::confirm(&request)?;
            Ok(self.accounts.confirm(&command, &origin).await?.into_response(self.now()))
        };
        self.answer("Confirm", locale, Box::pin(work)).await
    }

    async fn set_password(
        &self,
        request: Request<SetPasswordRequest>,
    ) -> Result<Response<SetPasswordResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let work = async {
            self.admit(&origin)?;
            let command = convert::set_password(&request)?;
            Ok(self.accounts.set_password(&command, &origin).await?.into_response(self.now()))
        };
        self.answer("SetPassword", locale, Box::pin(work)).await
    }

    async fn register_existing(
        &self,
        request: Request<RegisterExistingRequest>,
    ) -> Result<Response<RegisterExistingResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let work = async {
            self.admit(&origin)?;
            let command = convert::register_existing(&request)?;
            Ok(self.accounts.register_existing(&command, &origin).await?.into_response(self.now()))
        };
        self.answer("RegisterExisting", locale, Box::pin(work)).await
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let work = async {
            let query = convert::get(*request.get_ref());
            let read = self.accounts.get(&query, &origin).await;
            Ok(self.count_strangers(&origin, read)?.into_response(self.now()))
        };
        self.answer("Get", locale, Box::pin(work)).await
    }

    async fn update(
        &self,
        request: Request<UpdateRequest>,
    ) -> Result<Response<UpdateResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let work = async {
            let command = convert::update(&request);
            let updated = self.accounts.update(&command, &origin).await;
            Ok(self.count_strangers(&origin, updated)?.into_response(self.now()))
        };
        self.answer("Update", locale, Box::pin(work)).await
    }

    async fn unlink(
        &self,
        request: Request<UnlinkRequest>,
    ) -> Result<Response<UnlinkResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let request = request.into_inner();
        let work = async {
            let command = convert::unlink(&request)?;
            let unlinked = self.accounts.unlink(&command, &origin).await;
            self.count_strangers(&origin, unlinked)?;
            Ok(v1::UnlinkResponse {})
        };
        self.answer("Unlink", locale, Box::pin(work)).await
    }

    async fn resend_password(
        &self,
        request: Request<ResendPasswordRequest>,
    ) -> Result<Response<ResendPasswordResponse>, Status> {
        let Call { origin, locale } = self.call(&request);
        let has_token = request.metadata().contains_key("authorization");
        let request = request.into_inner();
        let locale = convert::request_locale(&request.locale, locale);
        let work = async {
            self.admit(&origin)?;
            let command = convert::resend_password(&request, locale, has_token)?;
            Ok(self.accounts.resend_password(&command, &origin).await?.into())
        };
        self.answer("ResendPassword", locale, Box::pin(work)).await
    }
}
