//! The real program in a process of its own: killed, stopped and started again,
//! as an operator does it.

mod mail_files;

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::LazyLock,
    time::Duration,
};

use gestan_account_client::{Client, ClientOptions};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

pub use self::mail_files::{MailFile, code_to, mail_files};
use crate::{TestDatabase, is_postgres, test_database::read_all};

/// No test is ever meant to wait this long: it bounds what a slow machine may take.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// Where the programs are. They are built once a run of the tests, with the
/// features that `cargo test --workspace --all-features` gives them, so that
/// nothing else is.
static PROGRAMS: LazyLock<PathBuf> = LazyLock::new(|| {
    // target/debug/deps/suite-… → target/debug
    let suite = env::current_exe().expect("the path of this test");
    let folder = suite.ancestors().nth(2).expect("the folder of the profile").to_owned();
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--lib",
            "--bins",
            "--examples",
            "--all-features",
        ])
        .arg("--target-dir")
        .arg(folder.parent().expect("the target folder"))
        .current_dir(workspace());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    // The variables by which cargo describes the package of a test would have build
    // scripts run again.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(&*name);
        }
    }
    let built = cargo.status().expect("cargo runs");
    assert!(built.success(), "the programs cannot be built");
    folder
});

/// The folder of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The server's program: freshly built, or the one that `GESTAN_TEST_SERVER` names, so that
/// another build is measured.
#[must_use]
pub fn server_program() -> PathBuf {
    let named = env::var_os("GESTAN_TEST_SERVER").map(PathBuf::from);
    named.unwrap_or_else(|| PROGRAMS.join("gestan-account-server"))
}

/// The client's example, freshly built.
#[must_use]
pub fn compte_program() -> PathBuf {
    PROGRAMS.join("examples/compte")
}

/// The library for programs in C, freshly built.
#[must_use]
pub fn ffi_library() -> PathBuf {
    PROGRAMS.join("libgestan_compte.so")
}

/// Where a server lives: the folder that it runs in, and its database, which is
/// in that folder, too, unless the tests run on PostgreSQL.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    database_url: Option<String>,
    own_database: Option<TestDatabase>,
}

impl Home {
    /// A new one; its database is empty.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let own_database = is_postgres().then(TestDatabase::empty);
        let database_url = own_database.as_ref().map(|database| database.url().to_owned());
        Self { database_url, own_database, ..Self::on_sqlite() }
    }

    /// A new one with the default database, an SQLite file, whatever the other
    /// tests run on.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn on_sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self { folder, database_url: None, own_database: None }
    }

    /// A new one whose database has the schema, as `migrate` makes it.
    ///
    /// # Panics
    /// When `migrate` fails.
    pub async fn migrated() -> Self {
        Self::new().migrate().await
    }

    /// The same, with the schema.
    ///
    /// # Panics
    /// When `migrate` fails.
    pub async fn migrate(self) -> Self {
        let ended = run_to_end(self.command().arg("migrate")).await;
        assert!(ended.status.success(), "{}", ended.log);
        self
    }

    /// A new one whose database is elsewhere.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn with_database(url: String) -> Self {
        Self { database_url: Some(url), ..Self::on_sqlite() }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the server writes its mails by default.
    #[must_use]
    pub fn mail_folder(&self) -> PathBuf {
        self.path().join("data/mail")
    }

    /// The address of the database.
    #[must_use]
    pub fn database_url(&self) -> String {
        let file = || self.path().join("data/gestan-account.sqlite");
        self.database_url.clone().unwrap_or_else(|| format!("sqlite:{}", file().display()))
    }

    /// The contents of every file of the database, which must not be elsewhere.
    #[must_use]
    pub fn database_files(&self) -> Vec<Vec<u8>> {
        let database = self.own_database.as_ref();
        database.map_or_else(|| read_all(&self.path().join("data")), TestDatabase::files)
    }

    /// The server's program, at home here.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = server_command(self.path());
        // Some have a PostgreSQL, or a mail server that a test plays, beside what else a trial has.
        command.env("GESTAN_ACCOUNT_ALLOW_TRIAL_SETTINGS", "true");
        if let Some(url) = &self.database_url {
            command.env("GESTAN_ACCOUNT_DATABASE_URL", url);
        }
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// The server's program in `folder`, without a single setting: everything it
/// keeps by default is then in `folder/data`.
#[must_use]
pub fn server_command(folder: &Path) -> Command {
    let mut command = Command::new(server_program());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("GESTAN_ACCOUNT_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a program that ran to its end ended; by default well, and silently.
#[derive(Debug, Default)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output.
    pub printed: String,
    /// Its standard error.
    pub log: String,
}

/// Runs the server's program to its end.
///
/// # Panics
/// When it does not end.
pub async fn run_to_end(command: &mut Command) -> Ended {
    let output = timeout(TIMEOUT, command.output()).await.expect("the program ends in time");
    let output = output.expect("the program starts");
    Ended {
        status: output.status,
        printed: String::from_utf8_lossy(&output.stdout).into_owned(),
        log: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Has the server listen on a free port with cheap hashes and no throttles; `arguments`
/// go before that.
pub fn make_ready(command: &mut Command, arguments: &[&str]) {
    command
        .env("GESTAN_ACCOUNT_LISTEN", "127.0.0.1:0")
        .env("GESTAN_ACCOUNT_HASH_MEMORY_KIB", "64")
        .env("GESTAN_ACCOUNT_HASH_PASSES", "1")
        .env("GESTAN_ACCOUNT_MAILS_PER_ADDRESS", "1000000/1h")
        .env("GESTAN_ACCOUNT_MAILS_PER_IP", "1000000/1h")
        .env("GESTAN_ACCOUNT_MAILS_IN_ALL", "1000000/1h")
        .env("GESTAN_ACCOUNT_LINK_CALL_BURST", "100000000")
        .env("GESTAN_ACCOUNT_LINK_CALLS_PER_SECOND", "1000000")
        .env("GESTAN_ACCOUNT_CALL_BURST", "1000000")
        .env("GESTAN_ACCOUNT_CALLS_PER_SECOND", "1000000")
        .args(arguments);
}

/// Sends a running program a signal, by its name without `SIG`.
///
/// # Panics
/// When it cannot be sent.
pub async fn send_signal(process: u32, name: &str) {
    let kill = format!("kill -{name} {process}");
    let sent = Command::new("sh").args(["-c", &kill]).status().await;
    assert!(sent.expect("sh runs").success(), "the signal is sent");
}

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct ServerProcess {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    log: watch::Receiver<String>,
    mail_folder: PathBuf,
}

impl ServerProcess {
    /// Starts the server in its home on a free port with cheap hashes and no
    /// throttles; `arguments` go before that.
    pub async fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_as(home.command(), home, arguments).await
    }

    /// Does so by a command that was made ready.
    pub async fn start_as(mut command: Command, home: &Home, arguments: &[&str]) -> Self {
        make_ready(&mut command, arguments);
        Self::spawn(command, &home.mail_folder()).await
    }

    /// Starts the server as `command` says, and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn spawn(mut command: Command, mail_folder: &Path) -> Self {
        command.stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the server's program starts");
        let log = follow(child.stderr.take().expect("its standard error"));
        let mut server = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            child,
            log,
            mail_folder: mail_folder.to_owned(),
        };
        server.address = server.find_in_log(listening_address).await;
        server
    }

    /// A client of this server.
    ///
    /// # Panics
    /// When the server does not answer.
    pub async fn connect(&self, options: ClientOptions) -> Client {
        Client::connect(&self.url(), options).await.expect("the server answers")
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Its memory by the kernel's count of this name, in MiB.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn memory(&self, name: &str) -> f64 {
        let id = self.child.id().expect("it runs");
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        kib.expect("a size") / 1024.0
    }

    /// Its process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// How many files and connections it has open.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn open_files(&self) -> usize {
        let id = self.child.id().expect("it runs");
        fs::read_dir(format!("/proc/{id}/fd")).expect("it runs").count()
    }

    /// How long processors have worked for it.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let id = self.child.id().expect("it runs");
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
        // In user mode and in the kernel, in hundredths of a second: proc(5).
        let fields = stat.rsplit(") ").next().expect("fields").split(' ');
        let ticks: u64 =
            fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Waits until the log has `text`.
    pub async fn wait_for_log(&self, text: &str) {
        self.find_in_log(|log| log.contains(text).then_some(())).await;
    }

    /// Waits until something is found in the log.
    async fn find_in_log<T>(&self, find: impl Fn(&str) -> Option<T>) -> T {
        let mut log = self.log.clone();
        let found = timeout(TIMEOUT, log.wait_for(|log| find(log).is_some())).await;
        let found = found.ok().and_then(Result::ok).and_then(|log| find(&log));
        found.unwrap_or_else(|| panic!("not in this log:\n{}", self.log()))
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the server is killed");
    }

    /// Asks it to stop, as an operator does.
    pub async fn terminate(&self) {
        self.signal("TERM").await;
    }

    /// Sends it a signal, by its name without `SIG`.
    ///
    /// # Panics
    /// When it has ended.
    pub async fn signal(&self, name: &str) {
        send_signal(self.child.id().expect("it has not been waited for"), name).await;
    }

    /// Waits for its end; gives its exit status and its whole log.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn wait(mut self) -> (ExitStatus, String) {
        let ended = timeout(TIMEOUT, self.child.wait()).await.expect("the server ends in time");
        // The log is whole when its writer is gone.
        let mut log = self.log.clone();
        let _ = timeout(TIMEOUT, log.wait_for(|_| false)).await;
        (ended.expect("it can be waited for"), self.log())
    }

    /// Where it writes its mails.
    #[must_use]
    pub fn mail_folder(&self) -> &Path {
        &self.mail_folder
    }

    /// Waits for a mail to `address` that has a code; gives the last such code.
    pub async fn code_to(&self, address: &str) -> String {
        code_to(&self.mail_folder, address).await
    }
}

/// Reads a log to its end, on its own.
fn follow(reader: impl AsyncRead + Send + Unpin + 'static) -> watch::Receiver<String> {
    let (sender, receiver) = watch::channel(String::new());
    tokio::spawn(async move {
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            sender.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
        }
    });
    receiver
}

/// The address in the line that says so, in either format of the log.
#[must_use]
pub fn listening_address(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("listening"))?;
    let (_, rest) = line.split_once("127.0.0.1:")?;
    let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)))
}
