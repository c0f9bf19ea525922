//! The servers: one database, one mail folder, an address each that it keeps.

use std::{net::SocketAddr, path::PathBuf};

use gestan_account_tests::process::{Home, ServerProcess};

pub(crate) const COUNT: usize = 3;

/// How a server ends before it is started again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// By SIGTERM.
    Asked,
    /// By SIGKILL.
    Killed,
}

pub(crate) struct Replicas {
    home: Home,
    addresses: Vec<SocketAddr>,
    servers: Vec<Option<ServerProcess>>,
}

impl Replicas {
    pub(crate) async fn start(home: Home) -> Self {
        let mut replicas = Self { home, addresses: Vec::new(), servers: Vec::new() };
        for _ in 0..COUNT {
            let server = replicas.start_one("127.0.0.1:0").await;
            replicas.addresses.push(server.address);
            replicas.servers.push(Some(server));
        }
        replicas
    }

    pub(crate) fn database_url(&self) -> String {
        self.home.database_url()
    }

    pub(crate) fn mail_folder(&self) -> PathBuf {
        self.home.mail_folder()
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}")).collect()
    }

    /// Ends a server and starts it again where it was.
    pub(crate) async fn restart(&mut self, place: usize, end: End) {
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
        let arguments = ["--listen", listen, "--mail-lease", "2s", "--call-deadline", "5s"];
        ServerProcess::start(&self.home, &arguments).await
    }
}
