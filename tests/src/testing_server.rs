//! A server that was started by `serve --testing`, as the tests of another program start it: by
//! its program, and by the line that it prints.

use std::{path::Path, process::Stdio, time::Duration};

use gestan_account_client::{Client, ClientOptions};
use gestan_account_proto::testing::v1::{
    AdvanceClockRequest, GetCodeRequest, GetCodeResponse, ResetRequest,
    testing_service_client::TestingServiceClient,
};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};
use tonic::{Status, transport::Channel};

use crate::process::{TIMEOUT, send_signal, server_command};

/// A testing server. Dropped, it is killed.
#[derive(Debug)]
pub struct TestingProcess {
    /// Where it is, as it says itself.
    pub url: String,
    /// Calls its testing service.
    pub testing: TestingServiceClient<Channel>,
    /// The folder that it was started in.
    pub folder: TempDir,
    /// Where it has its temporary files.
    pub temporary: TempDir,
    child: Child,
    output: BufReader<ChildStdout>,
    log: ChildStderr,
}

impl TestingProcess {
    /// Starts one.
    pub async fn start(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut command = server_command(folder.path());
        command.args(["serve", "--testing"]).args(arguments);
        Self::spawn(command, folder).await
    }

    async fn spawn(mut command: Command, folder: TempDir) -> Self {
        let temporary = TempDir::new().expect("a folder");
        command.env("TMPDIR", temporary.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server's program starts");
        let mut log = child.stderr.take().expect("its standard error");
        let mut output = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut line = String::new();
        let read = timeout(TIMEOUT, output.read_line(&mut line)).await.expect("it says something");
        if read.expect("a line") == 0 {
            let mut told = String::new();
            let _ = log.read_to_string(&mut told).await;
            panic!("it has ended: {told}");
        }
        let url = line.trim_end().to_owned();
        let testing = TestingServiceClient::connect(url.clone()).await.expect("it answers");
        Self { url, testing, folder, temporary, child, output, log }
    }

    /// A client of the server's, without retries.
    pub async fn client(&self) -> Client {
        let options = ClientOptions::new().max_attempts(1);
        Client::connect(&self.url, options).await.expect("the server answers")
    }

    /// The newest code for an address.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn code(&self, email: &str) -> Result<GetCodeResponse, Status> {
        let request = GetCodeRequest { email: email.to_owned() };
        Ok(self.testing.clone().get_code(request).await?.into_inner())
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn advance(&self, by: Duration) -> Result<Timestamp, Status> {
        let by = prost_types::Duration::try_from(by).expect("a duration");
        let request = AdvanceClockRequest { by: Some(by) };
        let now = self.testing.clone().advance_clock(request).await?.into_inner().now;
        let now = now.expect("a time");
        Ok(Timestamp::new(now.seconds, now.nanos).expect("a time"))
    }

    /// Has it forget everything.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn reset(&self) -> Result<(), Status> {
        self.testing.clone().reset(ResetRequest {}).await.map(drop)
    }

    /// Asks it to stop, and waits until it has: gives what else it printed, and its log.
    pub async fn stop(mut self) -> (String, String, TempDir) {
        send_signal(self.child.id().expect("it runs"), "TERM").await;
        let ended = timeout(TIMEOUT, self.child.wait()).await.expect("it ends in time");
        let (mut printed, mut log) = (String::new(), String::new());
        self.output.read_to_string(&mut printed).await.expect("its output");
        self.log.read_to_string(&mut log).await.expect("its log");
        assert!(ended.expect("an end").success(), "{log}");
        (printed, log, self.temporary)
    }

    /// What lies in a folder.
    #[must_use]
    pub fn entries(folder: &Path) -> usize {
        folder.read_dir().expect("a folder").count()
    }
}
