//! Names with several addresses, of which some do not answer.

use std::{
    env, fs,
    io::Write as _,
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    time::Duration,
};

use tempfile::NamedTempFile;
use tokio::{
    net::{TcpListener, TcpSocket},
    process::Command,
};

use crate::process::{Ended, run_to_end};

/// Has the run of a test in a process with names know where to go.
const TARGET: &str = "GESTAN_TEST_NAMED_TARGET";

/// How long a connection within this machine is waited for, before it is taken for one that nobody
/// will take.
const PATIENCE: Duration = Duration::from_millis(300);

/// An address that neither takes a connection nor refuses one, as if packets to it were lost: the
/// queue of its listener is full, and nothing is taken from it.
#[derive(Debug)]
pub struct DeadAddress {
    /// The address.
    pub address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl DeadAddress {
    /// One of an IPv4 address of this machine, `127.0.0.0/8`.
    ///
    /// # Panics
    /// When the address is in use.
    #[must_use]
    pub fn at(ip: &str, port: u16) -> Self {
        let address = SocketAddr::new(ip.parse().expect("an IP address"), port);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(address).expect("a free address");
        let listener = socket.listen(0).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, PATIENCE) {
            waiting.push(stream);
        }
        Self { address, _listener: listener, _waiting: waiting }
    }
}

/// Names, and the addresses of each in their order, for programs that look them up: the system's
/// own look-up, by another file than `/etc/hosts` (Debian's libnss-wrapper).
#[derive(Debug)]
pub struct Names {
    library: PathBuf,
    hosts: NamedTempFile,
}

impl Names {
    /// A name.
    ///
    /// # Panics
    /// When the library is not there.
    #[must_use]
    pub fn new(name: &str, ips: &[&str]) -> Self {
        let mut hosts = NamedTempFile::new().expect("a file");
        for ip in ips {
            writeln!(hosts, "{ip} {name}").expect("a line");
        }
        let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let mut found = folders.map(|folder| folder.path().join("libnss_wrapper.so"));
        let library = found.find(|library| library.is_file());
        Self { library: library.expect("libnss-wrapper: run tests/run.sh"), hosts }
    }

    /// Has a program know the names.
    pub fn tell(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("NSS_WRAPPER_HOSTS", self.hosts.path());
    }

    /// Runs a test of this program once more, in a process that knows the names, and where
    /// [`target`] is `target`.
    ///
    /// # Panics
    /// When there is no such test.
    pub async fn run_again(&self, test: &str, target: &str) -> Ended {
        let mut command = Command::new(env::current_exe().expect("the path of this test"));
        self.tell(command.args(["--exact", test]).env(TARGET, target).kill_on_drop(true));
        let ended = run_to_end(&mut command).await;
        assert!(ended.printed.contains("running 1 test\n"), "no test {test}: {}", ended.printed);
        ended
    }
}

/// Where to go, in a process that knows names; `None` elsewhere.
#[must_use]
pub fn target() -> Option<String> {
    env::var(TARGET).ok()
}
