//! A collector of traces, by real OTLP over gRPC, that keeps what it gets.

use std::net::SocketAddr;

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    trace::v1::Span,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

use crate::process::TIMEOUT;

/// The collector. It ends when it is dropped.
#[derive(Debug)]
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    came: watch::Receiver<Vec<ExportTraceServiceRequest>>,
    serving: JoinHandle<()>,
}

struct Keep(watch::Sender<Vec<ExportTraceServiceRequest>>);

#[tonic::async_trait]
impl TraceService for Keep {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send_modify(|came| came.push(request.into_inner()));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    /// One without TLS.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (keep, came) = watch::channel(Vec::new());
        let serving = tokio::spawn(async move {
            let service = TraceServiceServer::new(Keep(keep));
            let incoming = TcpListenerStream::new(listener);
            Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming)
                .await
                .expect("it serves");
        });
        Self { address, came, serving }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.came.borrow().clone()
    }

    /// The spans of all that came.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        spans(&self.came.borrow())
    }

    /// Waits until there is a span of this RPC; gives all of its trace.
    pub async fn wait_for(&mut self, rpc: &str) -> (Span, Vec<Span>) {
        let find = |came: &Vec<ExportTraceServiceRequest>| {
            spans(came).into_iter().find(|span| span.name == rpc)
        };
        let seen = self.came.wait_for(|came| find(came).is_some());
        let came =
            timeout(TIMEOUT, seen).await.expect("a span in time").expect("it serves").clone();
        let call = find(&came).expect("the span");
        let mut parts = spans(&came);
        parts.retain(|span| span.parent_span_id == call.span_id);
        (call, parts)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn spans(came: &[ExportTraceServiceRequest]) -> Vec<Span> {
    let of_resources = came.iter().flat_map(|request| &request.resource_spans);
    of_resources.flat_map(|of| &of.scope_spans).flat_map(|of| of.spans.clone()).collect()
}
