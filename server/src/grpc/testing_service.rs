//! `gestan.testing.v1.TestingService`: decode, call, encode. One method an RPC. Nobody is asked
//! for a token, and nothing is counted: the server that has it is nobody's but a test's.

use gestan_account_proto::testing::v1::{
    AdvanceClockRequest, AdvanceClockResponse, GetCodeRequest, GetCodeResponse, ResetRequest,
    ResetResponse, testing_service_server::TestingService,
};
use tonic::{Request, Response, Status};

use super::{caller::Call, convert::testing as convert, front::Front, rpc::Rpc};
use crate::testing::Testing;

/// The testing service.
#[derive(Clone, Debug)]
pub struct TestingGrpc {
    front: Front,
    testing: Testing,
}

impl TestingGrpc {
    /// Serves `testing` behind `front`.
    #[must_use]
    pub fn new(front: Front, testing: Testing) -> Self {
        Self { front, testing }
    }
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
