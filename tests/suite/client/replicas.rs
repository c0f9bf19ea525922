//! A client of several replicas: connects by any, and leaves one that goes.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use gestan_account_client::{Client, ClientOptions, Error, LinkToken, blocking, v1};
use gestan_account_proto::{ERROR_DOMAIN, v1::account_service_server::SERVICE_NAME};
use gestan_account_tests::{TestServer, process::TIMEOUT};
use tokio::{net::TcpListener, task::spawn_blocking};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Status, body::Body, codegen::Service, server::NamedService};
use tonic_types::{ErrorDetails, StatusExt as _};

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("an address")
}

/// A server that is shutting down, and would take an hour for it.
#[derive(Clone, Default)]
struct Leaving {
    asked: Arc<AtomicU32>,
}

impl Leaving {
    async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = tonic::transport::Server::builder().add_service(self.clone());
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        address
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl NamedService for Leaving {
    const NAME: &'static str = SERVICE_NAME;
}

impl Service<http::Request<Body>> for Leaving {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let reason = v1::ErrorReason::ShuttingDown.as_str_name();
        let mut details = ErrorDetails::with_error_info(reason, ERROR_DOMAIN, []);
        details.set_retry_info(Some(Duration::from_hours(1)));
        ready(Ok(Status::with_error_details(Code::Unavailable, "", details).into_http()))
    }
}

#[tokio::test]
async fn a_replica_that_shuts_down_is_left_at_once_for_another() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let leaving = Leaving::default();
    let urls = [url(leaving.start().await), url(server.address)];
    // The hour that the one asks for is longer than the deadline.
    let options = ClientOptions::new().deadline(TIMEOUT);
    let client = Client::connect_any_lazy(urls, options).expect("a client");
    let client = client.with_link_token(&LinkToken::parse(&member.link_token).expect("a token"));
    for _ in 0..4 {
        client.get(v1::GetRequest::default()).await.expect("the other one answers");
    }
    assert!(leaving.asked() > 0, "it has its turns");
}

#[tokio::test]
async fn alone_or_for_a_call_that_may_not_be_repeated_a_replica_that_shuts_down_is_the_last_word() {
    let server = TestServer::start().await;
    let leaving = Leaving::default();
    let address = leaving.start().await;
    let client = Client::connect_lazy(&url(address), ClientOptions::new()).expect("a client");
    let refused = client.get(v1::GetRequest::default()).await.expect_err("it is alone");
    assert_eq!(refused.reason(), Some(v1::ErrorReason::ShuttingDown));
    assert_eq!(leaving.asked(), 1, "its hour is longer than the deadline");

    let urls = [url(address), url(server.address)];
    let client = Client::connect_any_lazy(urls, ClientOptions::new()).expect("a client");
    let change = || v1::SetPasswordRequest { current_password: "x".into(), ..Default::default() };
    let mut reasons = Vec::new();
    for _ in 0..2 {
        reasons.push(client.set_password(change()).await.expect_err("no token").reason());
    }
    // Each has had one of the two.
    assert!(reasons.contains(&Some(v1::ErrorReason::ShuttingDown)), "{reasons:?}");
    assert_eq!(leaving.asked(), 2);
}

#[tokio::test]
async fn a_client_connects_by_any_replica_that_is_up() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let token = LinkToken::parse(&member.link_token).expect("a token");
    let (up, down) = (url(server.address), [url(nobody().await), url(nobody().await)]);
    let urls = [&down[0], &up, &down[1]];
    let client = Client::connect_any(urls, ClientOptions::new()).await.expect("one is up");
    client.with_link_token(&token).get(v1::GetRequest::default()).await.expect("it answers");

    let none = Client::connect_any(&down, ClientOptions::new()).await;
    assert!(matches!(none, Err(Error::Transport(_))), "{none:?}");
    let lazy = Client::connect_any_lazy(&down, ClientOptions::new()).expect("a client");
    let failed = lazy.get(v1::GetRequest::default()).await;
    assert!(matches!(failed, Err(Error::Transport(_))), "{failed:?}");

    let urls = urls.map(Clone::clone);
    // Not a thread of the runtime, which the blocking client would block.
    let answered = thread::spawn(move || {
        for client in [
            blocking::Client::connect_any(&urls, ClientOptions::new()),
            blocking::Client::connect_any_lazy(&urls, ClientOptions::new()),
        ] {
            let client = client.expect("one is up").with_link_token(&token);
            client.get(v1::GetRequest::default()).expect("it answers");
        }
    });
    let answered = spawn_blocking(|| answered.join()).await.expect("it ends");
    answered.expect("the blocking client does the same");
}
