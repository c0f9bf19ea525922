//! `gestan.account.v1.ReferenceService`: decode, call, encode. One method an RPC. Every call
//! is a stranger's, whatever token it brings, and is counted apart from those of the other
//! services.

use gestan_account_proto::v1::{
    GetPrivacyNoticeRequest, GetPrivacyNoticeResponse, ListCountriesRequest, ListCountriesResponse,
    SearchApeCodesRequest, SearchApeCodesResponse, reference_service_server::ReferenceService,
};
use tonic::{Request, Response, Status};

use super::{
    caller::Call,
    convert::{reference, request_locale},
    front::Front,
    rpc::Rpc,
};
use crate::reference::Reference;

/// The service over the reference lists.
#[derive(Clone, Debug)]
pub struct ReferenceGrpc {
    front: Front,
    reference: Reference,
}

impl ReferenceGrpc {
    /// Serves `reference` behind `front`.
    #[must_use]
    pub fn new(front: Front, reference: Reference) -> Self {
        Self { front, reference }
    }
}

#[tonic::async_trait]
impl ReferenceService for ReferenceGrpc {
    async fn list_countries(
        &self,
        request: Request<ListCountriesRequest>,
    ) -> Result<Response<ListCountriesResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let locale = request_locale(&request.locale, locale);
        let work = async {
            self.front.admit(&origin)?;
            let query = reference::list_countries(request, locale)?;
            Ok(self.reference.list_countries(&query).into())
        };
        self.front.answer(Rpc::ListCountries, locale, Box::pin(work)).await
    }

    async fn search_ape_codes(
        &self,
        request: Request<SearchApeCodesRequest>,
    ) -> Result<Response<SearchApeCodesResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            self.front.admit(&origin)?;
            let search = reference::search_ape_codes(&request)?;
            let found = self.reference.search_ape_codes(&search)?;
            Ok(reference::ape_codes_found(found, &request))
        };
        self.front.answer(Rpc::SearchApeCodes, locale, Box::pin(work)).await
    }

    async fn get_privacy_notice(
        &self,
        request: Request<GetPrivacyNoticeRequest>,
    ) -> Result<Response<GetPrivacyNoticeResponse>, Status> {
        let Call { origin, locale } = self.front.call(&request);
        let request = request.into_inner();
        let locale = request_locale(&request.locale, locale);
        let work = async {
            self.front.admit(&origin)?;
            let query = reference::get_privacy_notice(request, locale)?;
            Ok(self.reference.get_privacy_notice(&query).into())
        };
        self.front.answer(Rpc::GetPrivacyNotice, locale, Box::pin(work)).await
    }
}
