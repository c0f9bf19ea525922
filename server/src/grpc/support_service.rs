//! `gestan.support.v1.SupportService`: let in, decode, call, encode. One method an RPC.

use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, CancelEmailChangeResponse, ChargeTimeRequest, ChargeTimeResponse,
    CorrectTimeRequest, CorrectTimeResponse, DiagnoseAccountRequest, DiagnoseAccountResponse,
    EraseAccountRequest, EraseAccountResponse, ExportAccountRequest, ExportAccountResponse,
    FindAccountsRequest, FindAccountsResponse, GetAccountRequest, GetAccountResponse,
    GrantTimeRequest, GrantTimeResponse, ListEventsRequest, ListEventsResponse,
    ListRefusedRecipientsRequest, ListRefusedRecipientsResponse, ListTimeEntriesRequest,
    ListTimeEntriesResponse, MergeAccountsRequest, MergeAccountsResponse, SendCodeRequest,
    SendCodeResponse, StartEmailChangeRequest, StartEmailChangeResponse, UnlinkMachineRequest,
    UnlinkMachineResponse, support_service_server::SupportService,
};
use tonic::{Request, Response, Status};

use super::{caller::Call, convert::support, front::Front, rpc::Rpc};
use crate::accounts::{
    Accounts, Origin,
    error::Error,
    support::{Agent, permissions::DeskRpc},
};

/// The service over the support desk's use cases.
#[derive(Clone, Debug)]
pub struct SupportGrpc {
    front: Front,
    accounts: Accounts,
}

impl SupportGrpc {
    /// Serves `accounts` behind `front`.
    #[must_use]
    pub fn new(front: Front, accounts: Accounts) -> Self {
        Self { front, accounts }
    }

    /// The agent, before the fields are looked at.
    async fn agent(&self, rpc: DeskRpc, origin: &Origin) -> Result<Agent, Error> {
        let authorized = self.accounts.authorize(rpc, origin).await;
        self.front.count_strangers(origin, authorized)
    }
}

#[tonic::async_trait]
impl SupportService for SupportGrpc {
    async fn find_accounts(
        &self,
        request: Request<FindAccountsRequest>,
    ) -> Result<Response<FindAccountsResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::FindAccounts;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let search = support::find_accounts(request.get_ref())?;
            let found = self.accounts.find_accounts(&search, &agent).await?;
            Ok(support::accounts_found(found, &search.query, locale))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<GetAccountResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::GetAccount;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::get_account(*request.get_ref())?;
            let read = self.accounts.get_account(&query, &agent).await?;
            Ok(support::account_read(read, self.front.now()))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn diagnose_account(
        &self,
        request: Request<DiagnoseAccountRequest>,
    ) -> Result<Response<DiagnoseAccountResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::DiagnoseAccount;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::diagnose_account(request.get_ref())?;
            let diagnosed = self.accounts.diagnose_account(&query, &agent).await?;
            Ok(support::diagnosed(diagnosed, locale))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn list_events(
        &self,
        request: Request<ListEventsRequest>,
    ) -> Result<Response<ListEventsResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::ListEvents;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::list_events(request.get_ref())?;
            let listed = self.accounts.list_events(&query, &agent).await?;
            Ok(support::events_listed(listed, query.account_id, locale))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn list_refused_recipients(
        &self,
        request: Request<ListRefusedRecipientsRequest>,
    ) -> Result<Response<ListRefusedRecipientsResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::ListRefusedRecipients;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::list_refused_recipients(request.get_ref())?;
            let listed = self.accounts.list_refused_recipients(&query, &agent).await?;
            Ok(support::refused_listed(listed))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn send_code(
        &self,
        request: Request<SendCodeRequest>,
    ) -> Result<Response<SendCodeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::SendCode;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::send_code(request.get_ref())?;
            let sent = self.accounts.send_code(&command, &agent).await?;
            Ok(support::code_sent(&sent, locale))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn unlink_machine(
        &self,
        request: Request<UnlinkMachineRequest>,
    ) -> Result<Response<UnlinkMachineResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::UnlinkMachine;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::unlink_machine(request.get_ref())?;
            let unlinked = self.accounts.unlink_machine(&command, &agent).await?;
            Ok(UnlinkMachineResponse { unlinked })
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn start_email_change(
        &self,
        request: Request<StartEmailChangeRequest>,
    ) -> Result<Response<StartEmailChangeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::StartEmailChange;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::start_email_change(request.get_ref())?;
            let started = self.accounts.start_email_change(&command, &agent).await?;
            Ok(support::email_change_started(started, self.front.now()))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn cancel_email_change(
        &self,
        request: Request<CancelEmailChangeRequest>,
    ) -> Result<Response<CancelEmailChangeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::CancelEmailChange;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::cancel_email_change(*request.get_ref())?;
            let account = self.accounts.cancel_email_change(&command, &agent).await?;
            Ok(support::email_change_cancelled(account, self.front.now()))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn merge_accounts(
        &self,
        request: Request<MergeAccountsRequest>,
    ) -> Result<Response<MergeAccountsResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::MergeAccounts;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::merge_accounts(request.get_ref())?;
            let merged = self.accounts.merge_accounts(&command, &agent).await?;
            Ok(support::accounts_merged(merged, self.front.now()))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn grant_time(
        &self,
        request: Request<GrantTimeRequest>,
    ) -> Result<Response<GrantTimeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::GrantTime;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::grant_time(request.get_ref(), self.front.now())?;
            let written = self.accounts.grant_time(&command, &agent).await?;
            Ok(support::time_granted(&written))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn export_account(
        &self,
        request: Request<ExportAccountRequest>,
    ) -> Result<Response<ExportAccountResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::ExportAccount;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::export_account(request.get_ref())?;
            let exported = self.accounts.export_account(&query, &agent).await?;
            let retention = self.accounts.retention;
            Ok(support::account_exported(exported, query.account_id, retention, locale))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn charge_time(
        &self,
        request: Request<ChargeTimeRequest>,
    ) -> Result<Response<ChargeTimeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::ChargeTime;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::charge_time(request.get_ref(), self.front.now())?;
            let written = self.accounts.charge_time(&command, &agent).await?;
            Ok(support::time_charged(&written))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn correct_time(
        &self,
        request: Request<CorrectTimeRequest>,
    ) -> Result<Response<CorrectTimeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::CorrectTime;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::correct_time(request.get_ref())?;
            let written = self.accounts.correct_time(&command, &agent).await?;
            Ok(support::time_corrected(&written))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn list_time_entries(
        &self,
        request: Request<ListTimeEntriesRequest>,
    ) -> Result<Response<ListTimeEntriesResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.get_ref();
        let rpc = match request.account_id {
            0 => DeskRpc::ListTimeEntriesOfAll,
            _ => DeskRpc::ListTimeEntries,
        };
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let query = support::list_time_entries(request)?;
            let listed = self.accounts.list_time_entries_for_desk(&query, &agent).await?;
            Ok(support::time_entries_listed(listed, request))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }

    async fn erase_account(
        &self,
        request: Request<EraseAccountRequest>,
    ) -> Result<Response<EraseAccountResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let rpc = DeskRpc::EraseAccount;
        let work = async {
            let agent = self.agent(rpc, &origin).await?;
            let command = support::erase_account(request.get_ref())?;
            let erased = self.accounts.erase_account(&command, &agent).await?;
            Ok(support::account_erased(erased))
        };
        self.front.answer(Rpc::Desk(rpc), locale, Box::pin(work)).await
    }
}
