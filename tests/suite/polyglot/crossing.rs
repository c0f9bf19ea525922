//! Calls that cross the goodbye of an idle connection fail in no language. Each calls every
//! 0.9 to 1.1 s a server that ends connections which have been idle for a second, and over
//! a long way every 2.9 to 3.1 s one that does so after three. About half of these calls
//! are under way when the goodbye is.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_server::listener::Transport;
use gestan_account_tests::{TestServer, TestServerOptions, process::TIMEOUT};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{Program, go, java, python, typescript};

/// As many as the programs of the other languages have.
const CONNECTIONS: usize = 10;

/// How long bytes take on the long way. A goodbye and its answer take longer than two
/// seconds.
const WAY: Duration = Duration::from_millis(1_100);

/// What is called, and how often.
struct Way {
    _server: TestServer,
    address: SocketAddr,
    /// How long the server lets a connection idle, and the callers pause, give or take a
    /// tenth of a second.
    pause: Duration,
    calls: usize,
}

impl Way {
    async fn short() -> Self {
        let (server, pause) = server(Duration::from_secs(1)).await;
        Self { address: server.address, _server: server, pause, calls: 10 }
    }

    /// A pause is longer than the way, there and back: a connection would else be ended
    /// before its first call comes.
    async fn long() -> Self {
        let (server, pause) = server(Duration::from_secs(3)).await;
        Self { address: long_way(&server).await, _server: server, pause, calls: 2 }
    }

    async fn assert_no_call_fails(&self, program: Program) {
        let arguments = [
            ("--server", self.address.to_string()),
            ("--pause-ms", self.pause.as_millis().to_string()),
            ("--calls", self.calls.to_string()),
        ];
        let ended = program.run(&arguments).await;
        assert_eq!(ended.printed, format!("{} calls\n", CONNECTIONS * self.calls), "{}", ended.log);
    }

    /// A client of the project that calls as the programs do.
    async fn assert_no_call_of_the_client_fails(&self, seed: u64) {
        let mut chance = StdRng::seed_from_u64(seed);
        let options = ClientOptions::new().deadline(Duration::from_secs(30));
        let url = format!("http://{}", self.address);
        let client = Client::connect(&url, options).await.expect("the server answers");
        for _ in 0..self.calls {
            let refused = client.get(v1::GetRequest::default()).await.expect_err("no token");
            let reason = Some(v1::ErrorReason::InvalidCredentials);
            assert_eq!(refused.reason(), reason, "{refused}");
            let pause = self.pause.as_secs_f64() + chance.random_range(-0.1..0.1);
            sleep(Duration::from_secs_f64(pause)).await;
        }
    }
}

async fn server(idle_timeout: Duration) -> (TestServer, Duration) {
    // A virtual machine that starts on a busy one may connect, and say nothing for seconds.
    let (first_byte_timeout, handshake_timeout) = (TIMEOUT, TIMEOUT);
    let transport =
        Transport { idle_timeout, first_byte_timeout, handshake_timeout, ..Transport::default() };
    let options = TestServerOptions { transport, ..Default::default() };
    (TestServer::start_with(options).await, idle_timeout)
}

/// A way to the server that is so long.
async fn long_way(server: &TestServer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (here, there) = (listener.local_addr().expect("an address"), server.address);
    tokio::spawn(async move {
        while let Ok((caller, _)) = listener.accept().await {
            let stream = TcpStream::connect(there).await.expect("a connection");
            let (from_caller, to_caller) = caller.into_split();
            let (from_server, to_server) = stream.into_split();
            tokio::spawn(carry(from_caller, to_server));
            tokio::spawn(carry(from_server, to_caller));
        }
    });
    here
}

/// Carries bytes, and the end, one way.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let deliver = async move {
        while let Some((arrival, bytes)) = under_way.recv().await {
            sleep_until(arrival).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    let take = async move {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            let _ = sender.send((Instant::now() + WAY, bytes[..length].to_vec()));
        }
        sleep(WAY).await;
    };
    tokio::join!(deliver, take);
}

async fn assert_no_call_fails(program: impl Fn() -> Program) {
    let (short, long) = (Way::short().await, Way::long().await);
    tokio::join!(short.assert_no_call_fails(program()), long.assert_no_call_fails(program()));
}

#[tokio::test]
async fn no_call_of_go_fails_that_crosses_a_goodbye() {
    assert_no_call_fails(|| go::program("crossing")).await;
}

#[tokio::test]
async fn no_call_of_python_fails_that_crosses_a_goodbye() {
    assert_no_call_fails(|| python::program("crossing.py")).await;
}

#[tokio::test]
async fn no_call_of_java_fails_that_crosses_a_goodbye() {
    assert_no_call_fails(|| java::program("example.Crossing")).await;
}

#[tokio::test]
async fn no_call_of_grpc_js_fails_that_crosses_a_goodbye() {
    assert_no_call_fails(|| typescript::program("crossing_grpc_js")).await;
}

#[tokio::test]
async fn no_call_of_the_client_fails_that_crosses_a_goodbye() {
    let mut callers = JoinSet::new();
    for way in [Way::short().await, Way::long().await].map(Arc::new) {
        for number in 0..CONNECTIONS {
            let (way, seed) = (Arc::clone(&way), u64::try_from(number).expect("small"));
            callers.spawn(async move { way.assert_no_call_of_the_client_fails(seed).await });
        }
    }
    callers.join_all().await;
}
