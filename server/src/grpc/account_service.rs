//! `gestan.account.v1.AccountService`: decode, call, encode. One method an RPC.

use gestan_account_proto::v1::{
    self, ConfirmRequest, ConfirmResponse, CreateRequest, CreateResponse, GetRequest, GetResponse,
    ListTimeEntriesRequest, ListTimeEntriesResponse, RegisterExistingRequest,
    RegisterExistingResponse, ResendPasswordRequest, ResendPasswordResponse, SetPasswordRequest,
    SetPasswordResponse, UnlinkRequest, UnlinkResponse, UpdateRequest, UpdateResponse,
    account_service_server::AccountService,
};
use tonic::{Request, Response, Status};

use super::{caller::Call, convert, front::Front, rpc::Rpc};
use crate::accounts::{Accounts, ResendPassword, SetPassword};

/// The service over the account flow.
#[derive(Clone, Debug)]
pub struct AccountGrpc {
    front: Front,
    accounts: Accounts,
}

impl AccountGrpc {
    /// Serves `accounts` behind `front`.
    #[must_use]
    pub fn new(front: Front, accounts: Accounts) -> Self {
        Self { front, accounts }
    }
}

#[tonic::async_trait]
impl AccountService for AccountGrpc {
    async fn create(
        &self,
        request: Request<CreateRequest>,
    ) -> Result<Response<CreateResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let locale = convert::request_locale(&request.locale, locale);
        let work = async {
            self.front.admit(&origin)?;
            let (command, skipped_profile_fields) =
                convert::create(&request, locale, &self.accounts.nomenclature)?;
            let requested = self.accounts.create(&command, &origin).await?;
            Ok(CreateResponse { skipped_profile_fields, ..requested.into() })
        };
        self.front.answer(Rpc::Create, locale, Box::pin(work)).await
    }

    async fn confirm(
        &self,
        request: Request<ConfirmRequest>,
    ) -> Result<Response<ConfirmResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            self.front.admit(&origin)?;
            let command = convert::confirm(&request)?;
            Ok(self.accounts.confirm(&command, &origin).await?.into_response(self.front.now()))
        };
        // Which of its two forms it has follows from the request alone.
        let rpc = if request.account_id == 0 { Rpc::Confirm } else { Rpc::ConfirmByAccount };
        self.front.answer(rpc, locale, Box::pin(work)).await
    }

    async fn set_password(
        &self,
        request: Request<SetPasswordRequest>,
    ) -> Result<Response<SetPasswordResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            let command = convert::set_password(&request);
            // By the current password: strangers in its network must not use up what a linked
            // machine needs.
            let is_counted_by_token = command.as_ref().is_ok_and(SetPassword::is_by_machine);
            if !is_counted_by_token {
                self.front.admit(&origin)?;
            }
            let set = self.accounts.set_password(&command?, &origin).await;
            let set =
                if is_counted_by_token { self.front.count_strangers(&origin, set) } else { set };
            Ok(set?.into_response(self.front.now()))
        };
        self.front.answer(Rpc::SetPassword, locale, Box::pin(work)).await
    }

    async fn register_existing(
        &self,
        request: Request<RegisterExistingRequest>,
    ) -> Result<Response<RegisterExistingResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            self.front.admit(&origin)?;
            let command = convert::register_existing(&request)?;
            Ok(self
                .accounts
                .register_existing(&command, &origin)
                .await?
                .into_response(self.front.now()))
        };
        self.front.answer(Rpc::RegisterExisting, locale, Box::pin(work)).await
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let work = async {
            let query = convert::get(*request.get_ref());
            let read = self.accounts.get(&query, &origin).await;
            Ok(self.front.count_strangers(&origin, read)?.into_response(self.front.now()))
        };
        self.front.answer(Rpc::Get, locale, Box::pin(work)).await
    }

    async fn update(
        &self,
        request: Request<UpdateRequest>,
    ) -> Result<Response<UpdateResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            let command = convert::update(&request);
            let updated = self.accounts.update(&command, &origin).await;
            Ok(self.front.count_strangers(&origin, updated)?.into_response(self.front.now()))
        };
        self.front.answer(Rpc::Update, locale, Box::pin(work)).await
    }

    async fn unlink(
        &self,
        request: Request<UnlinkRequest>,
    ) -> Result<Response<UnlinkResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            let command = convert::unlink(&request)?;
            let unlinked = self.accounts.unlink(&command, &origin).await;
            self.front.count_strangers(&origin, unlinked)?;
            Ok(v1::UnlinkResponse {})
        };
        self.front.answer(Rpc::Unlink, locale, Box::pin(work)).await
    }

    async fn resend_password(
        &self,
        request: Request<ResendPasswordRequest>,
    ) -> Result<Response<ResendPasswordResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let has_token = request.metadata().contains_key("authorization");
        let request = request.into_inner();
        let locale = convert::request_locale(&request.locale, locale);
        let work = async {
            let command = convert::resend_password(&request, locale, has_token);
            // Button (3): strangers in its network must not use up what a machine needs.
            let is_counted_by_token = command.as_ref().is_ok_and(ResendPassword::is_own);
            if !is_counted_by_token {
                self.front.admit(&origin)?;
                return Ok(self.accounts.resend_password(&command?, &origin).await?.into());
            }
            let asked = self.accounts.resend_password(&command?, &origin).await;
            Ok(self.front.count_strangers(&origin, asked)?.into())
        };
        self.front.answer(Rpc::ResendPassword, locale, Box::pin(work)).await
    }

    async fn list_time_entries(
        &self,
        request: Request<ListTimeEntriesRequest>,
    ) -> Result<Response<ListTimeEntriesResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let work = async {
            let ledger =
                self.front.count_strangers(&origin, self.accounts.own_ledger(&origin).await)?;
            let (after, page_size) = convert::list_time_entries(request.get_ref(), ledger)?;
            let listed = self.accounts.list_time_entries(ledger, after, page_size).await?;
            Ok(convert::own_time_entries(listed, ledger))
        };
        self.front.answer(Rpc::ListTimeEntries, locale, Box::pin(work)).await
    }
}
