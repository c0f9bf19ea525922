//! The servers: one database, one mail folder, an address each that it keeps.

use std::{net::SocketAddr, path::PathBuf};

use crate::process::{Home, ServerProcess};

/// How a server ends before it is started again.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// By SIGTERM.
    Asked,
    /// By SIGKILL.
    Killed,
}

/// Three servers of one database.
#[derive(Debug)]
pub struct Replicas {
    home: Home,
    call_deadline: &'static str,
    addresses: Vec<SocketAddr>,
    servers: Vec<Option<ServerProcess>>,
}

impl Replicas {
    /// How many servers there are.
    pub const COUNT: usize = 3;

    /// Starts them, each on a free port. A call that waits for what is gone ends soon.
    pub async fn start(home: Home) -> Self {
        Self::start_with(home, "5s").await
    }

    /// The same, with this deadline for calls.
    pub async fn start_with(home: Home, call_deadline: &'static str) -> Self {
        let mut replicas = Self { home, call_deadline, addresses: Vec::new(), servers: Vec::new() };
        for _ in 0..Self::COUNT {
            let server = replicas.start_one("127.0.0.1:0").await;
            replicas.addresses.push(server.address);
            replicas.servers.push(Some(server));
        }
        replicas
    }

    /// The address of their database.
    #[must_use]
    pub fn database_url(&self) -> String {
        self.home.database_url()
    }

    /// Where they write their mails.
    #[must_use]
    pub fn mail_folder(&self) -> PathBuf {
        self.home.mail_folder()
    }

    /// Where they listen.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// The same as URLs.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}")).collect()
    }

    /// Ends a server and starts it again where it was.
    ///
    /// # Panics
    /// When it does not end as it should.
    pub async fn restart(&mut self, place: usize, end: End) {
        let server = self.servers[place].take().expect("a server");
        match end {
            End::Asked => {
                server.terminate().await;
                let (status, log) = server.wait().await;
                assert!(status.success(), "{status}: {log}");
                assert!(!log.contains("calls cut off"), "{log}");
            }
            End::Killed => server.kill().await,
        }
        let address = self.addresses[place].to_string();
        self.servers[place] = Some(self.start_one(&address).await);
    }

    async fn start_one(&self, listen: &str) -> ServerProcess {
        // A killed server's mails must not keep their customers waiting.
        let deadline = self.call_deadline;
        let arguments = ["--listen", listen, "--mail-lease", "2s", "--call-deadline", deadline];
        ServerProcess::start(&self.home, &arguments).await
    }
}
