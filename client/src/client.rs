//! The client: one method for each RPC, each with a deadline and with repeats
//! where the contract makes them harmless.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use gestan_account_proto::v1::{
    ConfirmRequest, ConfirmResponse, CreateRequest, CreateResponse, GetPrivacyNoticeRequest,
    GetPrivacyNoticeResponse, GetRequest, GetResponse, ListCountriesRequest, ListCountriesResponse,
    ListTimeEntriesRequest, ListTimeEntriesResponse, RegisterExistingRequest,
    RegisterExistingResponse, ResendPasswordRequest, ResendPasswordResponse, SearchApeCodesRequest,
    SearchApeCodesResponse, SetPasswordRequest, SetPasswordResponse, UnlinkRequest, UnlinkResponse,
    UpdateRequest, UpdateResponse,
};
use tokio::time::{Instant, sleep, timeout_at};
use tonic::{
    Request, Response, Status,
    metadata::{Ascii, MetadataValue},
};

use crate::{
    endpoints::Endpoints,
    error::{Error, never_sent},
    link_token::LinkToken,
    options::ClientOptions,
    retry::{Repeatable, RetryPolicy, is_endpoints_fault},
};

mod connect;
mod line;

use self::line::{Line, Rpc};

/// Longer deadlines make no sense, and this much always fits in an `Instant`.
const LONGEST_DEADLINE: Duration = Duration::from_hours(24);

/// A connection to the account service, or one to each of its replicas. It is
/// cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Client {
    endpoints: Arc<Endpoints<Arc<Line>>>,
    settings: Arc<Settings>,
    authorization: Option<MetadataValue<Ascii>>,
}

struct Settings {
    deadline: Duration,
    accept_language: Option<MetadataValue<Ascii>>,
    retry: RetryPolicy,
}

impl Client {
    fn new(endpoints: Endpoints<Arc<Line>>, settings: Settings) -> Self {
        let (endpoints, settings) = (Arc::new(endpoints), Arc::new(settings));
        Self { endpoints, settings, authorization: None }
    }

    /// The same connection, whose calls prove to come from a linked machine.
    #[must_use]
    pub fn with_link_token(&self, token: &LinkToken) -> Self {
        Self { authorization: token.to_authorization(), ..self.clone() }
    }

    /// The same connection, whose calls bear no token.
    #[must_use]
    pub fn without_link_token(&self) -> Self {
        Self { authorization: None, ..self.clone() }
    }

    /// Starts the opening of an account: a personal code is mailed to the
    /// address. To repeat the call by hand, repeat its `request_id`. What of
    /// `profile` is not valid is left out, and named in
    /// [`skipped_profile_fields`](CreateResponse::skipped_profile_fields).
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`.
    pub async fn create(&self, request: CreateRequest) -> Result<CreateResponse, Error> {
        self.call(request, |mut rpc, request| async move { rpc.account.create(request).await })
            .await
    }

    /// Answers a challenge with the personal code that a mail brought. A new address
    /// that support has asked for has no challenge that a machine knows: then
    /// `account_id` is given in its place.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, also for a code that was mistyped;
    /// `INVALID_CREDENTIALS`; `CODE_SPENT`, `CODE_EXPIRED`, `TOO_MANY_TRIES`;
    /// `EMAIL_TAKEN`; with `account_id` also `TOO_MANY_CODE_TRIES`.
    pub async fn confirm(&self, request: ConfirmRequest) -> Result<ConfirmResponse, Error> {
        self.call(request, |mut rpc, request| async move { rpc.account.confirm(request).await })
            .await
    }

    /// Sets the password, with a ticket of [`confirm`](Self::confirm) or, on a
    /// linked machine, with the current password. Only the former is repeated
    /// by itself.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, also for a weak password; `INVALID_CREDENTIALS`;
    /// `PERMISSION_DENIED`; `TICKET_SPENT`, `TICKET_EXPIRED`.
    pub async fn set_password(
        &self,
        request: SetPasswordRequest,
    ) -> Result<SetPasswordResponse, Error> {
        self.call(
            request,
            |mut rpc, request| async move { rpc.account.set_password(request).await },
        )
        .await
    }

    /// Links a machine to an account that exists, by client ID and password or
    /// personal code.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `INVALID_CREDENTIALS`.
    pub async fn register_existing(
        &self,
        request: RegisterExistingRequest,
    ) -> Result<RegisterExistingResponse, Error> {
        self.call(request, |mut rpc, request| async move {
            rpc.account.register_existing(request).await
        })
        .await
    }

    /// Reads an account and its linked machines.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`; `INVALID_CREDENTIALS`, also when this machine was
    /// detached; `PERMISSION_DENIED`.
    pub async fn get(&self, request: GetRequest) -> Result<GetResponse, Error> {
        self.call(request, |mut rpc, request| async move { rpc.account.get(request).await }).await
    }

    /// Lists the time ledger ("crédit-temps") of this machine's account, the newest entry first.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`; `INVALID_CREDENTIALS`, also when this machine was
    /// detached; `PERMISSION_DENIED`.
    pub async fn list_time_entries(
        &self,
        request: ListTimeEntriesRequest,
    ) -> Result<ListTimeEntriesResponse, Error> {
        self.call(request, |mut rpc, request| async move {
            rpc.account.list_time_entries(request).await
        })
        .await
    }

    /// Changes the fields of the account that the mask names. One that is sent
    /// as [`get`](Self::get) shows it is not judged anew. Not repeated by
    /// itself with an etag or a new e-mail address: a repeat of what was done
    /// would be refused, or would send a second mail.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `INVALID_CREDENTIALS`, `PERMISSION_DENIED`,
    /// `ETAG_MISMATCH`.
    pub async fn update(&self, request: UpdateRequest) -> Result<UpdateResponse, Error> {
        self.call(request, |mut rpc, request| async move { rpc.account.update(request).await })
            .await
    }

    /// Detaches this machine, or another one with the password.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `INVALID_CREDENTIALS`, `PERMISSION_DENIED`.
    pub async fn unlink(&self, request: UnlinkRequest) -> Result<UnlinkResponse, Error> {
        self.call(request, |mut rpc, request| async move { rpc.account.unlink(request).await })
            .await
    }

    /// Mails a fresh personal code to the address of an account. To repeat the
    /// call by hand, repeat its `request_id`.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `INVALID_CREDENTIALS`.
    pub async fn resend_password(
        &self,
        request: ResendPasswordRequest,
    ) -> Result<ResendPasswordResponse, Error> {
        self.call(
            request,
            |mut rpc, request| async move { rpc.account.resend_password(request).await },
        )
        .await
    }

    /// Lists the countries that an account can be in, by their names. A program that keeps the
    /// list sends its `version` along as `known_version`, and gets no countries while it is
    /// up to date.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `TOO_MANY_CALLS_FROM_IP`.
    pub async fn list_countries(
        &self,
        request: ListCountriesRequest,
    ) -> Result<ListCountriesResponse, Error> {
        self.call(
            request,
            |mut rpc, request| async move { rpc.reference.list_countries(request).await },
        )
        .await
    }

    /// Finds activity codes ("code APE") by the beginning of a code, or by words of a label or
    /// of a trade. An empty query with a `page_size` of 1,000 gives all of them, for a program
    /// that searches by itself.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `TOO_MANY_CALLS_FROM_IP`.
    pub async fn search_ape_codes(
        &self,
        request: SearchApeCodesRequest,
    ) -> Result<SearchApeCodesResponse, Error> {
        self.call(request, |mut rpc, request| async move {
            rpc.reference.search_ape_codes(request).await
        })
        .await
    }

    /// Gives the text that tells a person what becomes of the data. It is to be shown before an
    /// account is opened.
    ///
    /// # Errors
    ///
    /// `INVALID_REQUEST`, `TOO_MANY_CALLS_FROM_IP`.
    pub async fn get_privacy_notice(
        &self,
        request: GetPrivacyNoticeRequest,
    ) -> Result<GetPrivacyNoticeResponse, Error> {
        self.call(request, |mut rpc, request| async move {
            rpc.reference.get_privacy_notice(request).await
        })
        .await
    }

    /// Sends the request, and again while the retry policy allows it, until the deadline.
    async fn call<Q, A, F>(
        &self,
        message: Q,
        send: impl Fn(Rpc, Request<Q>) -> F,
    ) -> Result<A, Error>
    where
        Q: Clone + Repeatable,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let deadline = Instant::now() + self.settings.deadline;
        let mut attempts = 0;
        // The endpoints that were tried since the last wait.
        let mut tried = Vec::new();
        loop {
            let now = Instant::now();
            let (place, line) = self.endpoints.choose(&tried, now);
            let request = self.request(message.clone(), deadline.saturating_duration_since(now));
            // tonic holds `grpc-timeout` only once there is a connection: a wait for one
            // must be ended here.
            let Ok(outcome) = timeout_at(deadline, send(line.rpc(), request)).await else {
                self.endpoints.failed(place, Instant::now());
                return Err(Error::Deadline);
            };
            let status = match outcome {
                Ok(response) => {
                    self.endpoints.answered(place);
                    return Ok(response.into_inner());
                }
                Err(status) => status,
            };
            if is_endpoints_fault(&status) {
                self.endpoints.failed(place, Instant::now());
            } else {
                self.endpoints.answered(place);
            }
            attempts += 1;
            if line.is_waking() && never_sent(&status) {
                attempts = self.settings.retry.without_last(attempts);
            }
            tried.push(place);
            let elsewhere = self.endpoints.has_other(&tried);
            let chance = fastrand::f64();
            let policy = &self.settings.retry;
            let wait = policy.next_wait(&status, message.repeat(), attempts, elsewhere, chance);
            let left = deadline.saturating_duration_since(Instant::now());
            match wait.filter(|wait| *wait < left) {
                Some(Duration::ZERO) => {}
                Some(wait) => {
                    sleep(wait).await;
                    tried.clear();
                }
                None => return Err(status.into()),
            }
        }
    }

    fn request<Q>(&self, message: Q, left: Duration) -> Request<Q> {
        let mut request = Request::new(message);
        request.set_timeout(left);
        let metadata = request.metadata_mut();
        if let Some(value) = &self.settings.accept_language {
            metadata.insert("accept-language", value.clone());
        }
        if let Some(value) = &self.authorization {
            metadata.insert("authorization", value.clone());
        }
        request
    }
}

impl Settings {
    fn new(options: &ClientOptions) -> Result<Self, Error> {
        let accept_language = match options.locale.as_deref() {
            None | Some("") => None,
            Some(locale) => Some(locale.parse().map_err(|_| {
                Error::InvalidOptions(format!("the locale is no language tag: {locale:?}"))
            })?),
        };
        Ok(Self {
            deadline: options.deadline.min(LONGEST_DEADLINE),
            accept_language,
            retry: RetryPolicy::new(options),
        })
    }
}

/// Shows no link token.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("deadline", &self.settings.deadline)
            .field("link_token", &self.authorization.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
