//! Whoever reads the log stops reading it, or goes away. Nobody else may notice.

use std::process::Stdio;

use gestan_account_client::{Client, Code, Rejection, v1};
use gestan_account_tests::process::{Home, TIMEOUT, listening_address, make_ready, send_signal};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr},
    task::JoinSet,
    time::timeout,
};

use super::{HealthCheckRequest, ServingStatus, once};

/// A server whose log is read only when the test does it.
struct Server {
    child: Child,
    log: Option<Lines<BufReader<ChildStderr>>>,
    url: String,
}

impl Server {
    async fn start(home: &Home) -> Self {
        let mut command = home.command();
        make_ready(&mut command, &["--log-format", "json", "--shutdown-grace", "1s"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server's program starts");
        let log = BufReader::new(child.stderr.take().expect("its log")).lines();
        let mut server = Self { child, log: Some(log), url: String::new() };
        let line = server.read_until("listening").await;
        let address = listening_address(&line).expect("an address");
        server.url = format!("http://{address}");
        server
    }

    /// Reads on, up to a line that has `text`; gives that line.
    async fn read_until(&mut self, text: &str) -> String {
        self.read_counting("", text).await.1
    }

    /// Reads on, up to a line that has `text`; gives how many lines before it have
    /// `counted`, and that line.
    async fn read_counting(&mut self, counted: &str, text: &str) -> (u64, String) {
        let mut number = 0;
        let log = self.log.as_mut().expect("a reader");
        let reading = async {
            while let Some(line) = log.next_line().await.expect("a log") {
                if line.contains(text) {
                    return line;
                }
                number += u64::from(line.contains(counted));
            }
            panic!("the log has ended");
        };
        let line = timeout(TIMEOUT, reading).await.expect("the line comes");
        (number, line)
    }

    /// Makes calls that are answered, and leave a line of the log each.
    async fn call(&self, number: u32) {
        const CALLERS: u32 = 8;
        let client = Client::connect(&self.url, once()).await.expect("the server answers");
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let client = client.clone();
            callers.spawn(async move {
                for _ in 0..number / CALLERS {
                    let refused = client.get(v1::GetRequest::default()).await;
                    let refused = refused.expect_err("it has no token");
                    let code = refused.rejection().map(Rejection::code);
                    assert_eq!(code, Some(Code::Unauthenticated), "{refused:?}");
                }
            });
        }
        while let Some(called) = callers.join_next().await {
            called.expect("every call is answered");
        }
    }

    async fn assert_serving(&self) {
        let mut client = super::health(&self.url).await;
        let health = client.check(HealthCheckRequest { service: String::new() });
        let health = timeout(TIMEOUT, health).await.expect("health is told in time");
        let status = health.expect("health is told").into_inner().status();
        assert_eq!(status, ServingStatus::Serving);
    }

    async fn terminate(&mut self) {
        send_signal(self.child.id().expect("it runs"), "TERM").await;
        let ended = timeout(TIMEOUT, self.child.wait()).await.expect("the server ends in time");
        assert!(ended.expect("it can be waited for").success());
    }
}

/// More lines than fit into the pipe, into what is on its way and into what waits.
const MORE_THAN_FITS: u32 = 4_000;

/// More lines than fit into the pipe.
const MORE_THAN_THE_PIPE_TAKES: u32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_holds_up_no_call_and_tells_what_it_dropped() {
    let home = Home::new();
    let mut server = Server::start(&home).await;
    server.read_until("serving").await;
    server.call(MORE_THAN_FITS).await;
    server.assert_serving().await;

    let (written, told) = server.read_counting("refused", "lines dropped here").await;
    let dropped = told.split("\"lines\":").nth(1).and_then(|rest| rest.split(['}', ',']).next());
    let dropped: u64 = dropped.and_then(|number| number.parse().ok()).expect("a number");
    assert!(dropped > 0, "{told}");
    assert_eq!(written + dropped, u64::from(MORE_THAN_FITS), "{told}");
    assert!(told.contains("\"level\":\"ERROR\""), "{told}");
    // The log goes on.
    server.call(8).await;
    assert_eq!(server.read_counting("", "refused").await.0, 0);
    server.terminate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_log_nobody_reads_ends_when_it_is_asked() {
    let home = Home::new();
    let mut server = Server::start(&home).await;
    server.read_until("serving").await;
    server.call(MORE_THAN_THE_PIPE_TAKES).await;
    server.terminate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_the_log_that_is_gone_is_not_missed() {
    let home = Home::new();
    let mut server = Server::start(&home).await;
    server.read_until("serving").await;
    server.log = None;
    server.call(8).await;
    server.assert_serving().await;
    server.terminate().await;
}
