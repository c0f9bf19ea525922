//! nginx and HAProxy in front of a server, with the configurations that
//! `docs/OPERATIONS.md` tells.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use crate::{Identity, process::workspace};

/// Where the connections of a HAProxy that passes TLS on come from: the tests' own, which
/// have no PROXY header, come from another address.
pub const BALANCER: &str = "127.0.0.8";

/// How often a free port may have been taken by somebody else before it is listened on.
const ATTEMPTS: usize = 5;

/// A configuration of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// nginx, which terminates TLS.
    Nginx,
    /// HAProxy, which terminates TLS.
    HaProxy,
    /// HAProxy, which passes TLS on with a PROXY header of version 2.
    HaProxyV2,
    /// The same of version 1.
    HaProxyV1,
}

/// What stands in front of a server. Dropped, it is killed.
#[derive(Debug)]
pub struct InFront {
    /// Where it listens.
    pub address: SocketAddr,
    _child: Child,
    _folder: TempDir,
}

impl InFront {
    /// Starts it in front of `server`, with `identity` for its certificate, and waits
    /// until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(front: Front, server: SocketAddr, identity: &Identity) -> Self {
        let mut log = String::new();
        for _ in 0..ATTEMPTS {
            match Self::try_start(front, server, identity).await {
                Ok(running) => return running,
                Err(told) => log = told,
            }
        }
        panic!("{front:?} does not start:\n{log}");
    }

    async fn try_start(
        front: Front,
        server: SocketAddr,
        identity: &Identity,
    ) -> Result<Self, String> {
        let folder = TempDir::new().expect("a folder");
        identity.write(folder.path());
        let both = format!("{}{}", identity.certificate, identity.key);
        fs::write(folder.path().join("certificate-and-key.pem"), both).expect("a file");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = port.local_addr().expect("an address");
        drop(port);
        let configuration = front.configuration(address, server, folder.path());
        let file = folder.path().join("configuration");
        fs::write(&file, configuration).expect("the configuration is written");
        let log = folder.path().join("log");
        let mut command = front.command(&file, folder.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .kill_on_drop(true);
        let mut child = command.spawn().expect("it is installed: tests/run.sh does so");
        while TcpStream::connect(address).await.is_err() {
            if child.try_wait().expect("its state").is_some() {
                return Err(fs::read_to_string(&log).unwrap_or_default());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { address, _child: child, _folder: folder })
    }
}

impl Front {
    /// The heading under which it stands in the document, and the language of the block.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Nginx => ("### nginx", "nginx"),
            Self::HaProxy => ("### HAProxy", "haproxy"),
            Self::HaProxyV1 | Self::HaProxyV2 => ("### HAProxy that passes TLS on", "haproxy"),
        }
    }

    /// The block of the document, with the places of this test.
    fn configuration(self, address: SocketAddr, server: SocketAddr, folder: &Path) -> String {
        let guide = workspace().join("docs/OPERATIONS.md");
        let guide = fs::read_to_string(guide).expect("the operator's guide");
        let (heading, language) = self.place();
        let section = guide.split_once(&format!("\n{heading}\n")).expect("its section").1;
        let block = section.split_once(&format!("```{language}\n")).expect("its block").1;
        let mut block = block.split_once("```").expect("the end of the block").0.to_owned();
        let mut replace = |from: &str, to: &str| {
            assert!(block.contains(from), "the block of “{heading}” has no {from:?}");
            block = block.replace(from, to);
        };
        replace("127.0.0.1:50051", &server.to_string());
        match self {
            Self::Nginx => {
                replace("listen 443", &format!("listen {address}"));
                // Debian's are those of a user that a test need not be.
                let folder = folder.display();
                let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|name| format!("{name}_temp_path {folder}/{name};\n"));
                replace("http {\n", &format!("http {{\naccess_log off;\n{}", paths.concat()));
            }
            Self::HaProxy | Self::HaProxyV1 | Self::HaProxyV2 => {
                replace("bind :443", &format!("bind {address}"));
            }
        }
        match self {
            Self::Nginx | Self::HaProxy => {
                replace("/etc/gestan/", &format!("{}/", folder.display()));
            }
            Self::HaProxyV1 => replace("send-proxy-v2", &format!("send-proxy source {BALANCER}")),
            Self::HaProxyV2 => {
                replace("send-proxy-v2", &format!("send-proxy-v2 source {BALANCER}"));
            }
        }
        block
    }

    fn command(self, file: &Path, folder: &Path) -> Command {
        match self {
            Self::Nginx => {
                let mut command = Command::new(program("nginx"));
                let pid = folder.join("pid");
                let directives = format!("daemon off; master_process off; pid {};", pid.display());
                command.arg("-p").arg(folder).args(["-e", "stderr", "-g", &directives]);
                command.arg("-c").arg(file);
                command
            }
            Self::HaProxy | Self::HaProxyV1 | Self::HaProxyV2 => {
                let mut command = Command::new(program("haproxy"));
                command.arg("-db").arg("-f").arg(file);
                command
            }
        }
    }
}

/// A program of the system's, whose folder not every user has in the path.
fn program(name: &str) -> PathBuf {
    let system = Path::new("/usr/sbin").join(name);
    if system.exists() { system } else { name.into() }
}
