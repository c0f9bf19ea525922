//! `gestan.testing.v1.TestingService`: decode, call, encode. One method an RPC. Nobody is asked
//! for a token, and nothing is counted: the server that has it is nobody's but a test's.

use gestan_account_proto::testing::v1::{
    AdvanceClockRequest, AdvanceClockResponse, GetCodeRequest, GetCodeResponse, ResetRequest,
    ResetResponse,
    testing_service_server::{TestingService, TestingServiceServer},
};
use tonic::{Request, Response, Status, service::Routes};

use super::{caller::Call, convert::testing as convert, front::Front, rpc::Rpc};
use crate::{MAX_REQUEST_BYTES, testing::Testing};

/// Adds the testing service, if this is a server for tests.
pub(crate) fn with_testing(routes: Routes, testing: Option<Testing>, front: &Front) -> Routes {
    let Some(testing) = testing else { return routes };
    let service = TestingServiceServer::new(TestingGrpc { front: front.clone(), testing });
    routes.add_service(service.max_decoding_message_size(MAX_REQUEST_BYTES))
}

/// The testing service.
#[derive(Clone, Debug)]
struct TestingGrpc {
    front: Front,
    testing: Testing,
}

#[tonic::async_trait]
impl TestingService for TestingGrpc {
    async fn get_code(
        &self,
        request: Request<GetCodeRequest>,
    ) -> Result<Response<GetCodeResponse>, Status> {
        let Call { locale, .. } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            let address = convert::get_code(&request)?;
            Ok(self.testing.newest_code(&address).await?.into())
        };
        self.front.answer(Rpc::GetCode, locale, Box::pin(work)).await
    }

    async fn advance_clock(
        &self,
        request: Request<AdvanceClockRequest>,
    ) -> Result<Response<AdvanceClockResponse>, Status> {
        let Call { locale, .. } = self.front.call(&request);
        let request = request.into_inner();
        let work = async {
            let by = convert::advance_clock(&request)?;
            Ok(convert::clock_advanced(self.testing.advance_clock(by).await?))
        };
        self.front.answer(Rpc::AdvanceClock, locale, Box::pin(work)).await
    }

    async fn reset(
        &self,
        request: Request<ResetRequest>,
    ) -> Result<Response<ResetResponse>, Status> {
        let Call { locale, .. } = self.front.call(&request);
        let work = async {
            self.testing.reset().await?;
            Ok(ResetResponse {})
        };
        self.front.answer(Rpc::Reset, locale, Box::pin(work)).await
    }
}
