//! A real PostgreSQL, thrown away with the process that started it: `initdb`
//! and `pg_ctl` in a temporary folder, on a free port of loopback.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{Read as _, Seek as _, Write as _},
    net::TcpListener,
    os::unix::{
        fs::{DirBuilderExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::Identity;

/// Settings with which nothing is on disk when it is acknowledged: quick, for
/// tests of anything but durability.
pub const VOLATILE: &[&str] =
    &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=256MB"];

/// A cluster of its own. Dropped, or when this process ends in whatever way, it
/// is stopped and its folder goes.
#[derive(Debug)]
pub struct Cluster {
    /// Where it listens on loopback.
    pub port: u16,
    data: PathBuf,
    log: PathBuf,
    // Dropped in this order: the keeper stops the cluster before the folders go.
    _keeper: Keeper,
    _folders: [TempDir; 2],
}

impl Cluster {
    /// Makes a cluster with these settings (`name=value`) and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is not there, or does not start.
    #[must_use]
    pub fn start(settings: &[&str]) -> Self {
        Self::start_on(&env::temp_dir(), settings)
    }

    /// Makes it on the disk of `parent`, of which it needs some 60 MiB.
    ///
    /// # Panics
    /// When PostgreSQL is not there, or does not start.
    #[must_use]
    pub fn start_on(parent: &Path, settings: &[&str]) -> Self {
        let (folder, data) = new_folder(parent);
        let mut initdb = postgres("initdb");
        initdb.args(["--wal-segsize", "1"]);
        initdb.args(["--auth", "trust", "--no-sync", "--username", "postgres"]);
        initdb.args(["--encoding", "UTF8", "--locale", "C", "--pgdata"]).arg(&data);
        run(&mut initdb);
        Self::start_in(folder, data, settings)
    }

    /// Makes a standby of `primary` that follows it, and starts it.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn start_standby(primary: &Self, name: &str, settings: &[&str]) -> Self {
        let (folder, data) = new_folder(&env::temp_dir());
        let source =
            format!("host=127.0.0.1 port={} user=postgres application_name={name}", primary.port);
        let mut copy = postgres("pg_basebackup");
        copy.args(["--dbname", &source, "--write-recovery-conf", "--no-sync"]);
        copy.args(["--checkpoint", "fast", "--wal-method", "stream", "--pgdata"]).arg(&data);
        run(&mut copy);
        Self::start_in(folder, data, settings)
    }

    fn start_in(folder: TempDir, data: PathBuf, settings: &[&str]) -> Self {
        let port = free_port();
        // The last line that sets something counts: a standby has its primary's lines.
        let mut lines = format!(
            "\nport = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
             max_connections = 400\n"
        );
        for setting in settings {
            lines.push_str(setting);
            lines.push('\n');
        }
        let mut file = OpenOptions::new().append(true).open(data.join("postgresql.conf"));
        let written = file.as_mut().map(|file| file.write_all(lines.as_bytes()));
        written.expect("the settings").expect("the settings are written");
        // On another disk: one that is full would take no word of it.
        let (log_folder, log) = new_folder(&env::temp_dir());
        let (keeper, folders) = (Keeper::of(&data), [folder, log_folder]);
        let cluster = Self { port, log, _keeper: keeper, data, _folders: folders };
        cluster.start_again();
        cluster
    }

    /// Starts it after [`stop_hard`](Self::stop_hard).
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&self) {
        let mut start = self.pg_ctl("start");
        run(start.args(["--wait", "--log"]).arg(self.log.join("server.log")));
    }

    /// What it has logged.
    ///
    /// # Panics
    /// When that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.join("server.log")).expect("a log")
    }

    /// Has it write into its log, as far as there is room.
    pub fn use_up_log(&self) {
        let write = "SELECT pg_logical_emit_message(false, 'test', repeat('x', 4000000))";
        let mut psql = postgres("psql");
        psql.args(["--no-psqlrc", "--quiet", "--command", write, "--dbname"]);
        psql.arg(self.url("postgres")).stdout(Stdio::null()).stderr(Stdio::null());
        // The next statement that writes shows whether there was room.
        let _ = psql.status();
    }

    /// Starts it, if it has given up by itself.
    pub fn start_if_down(&self) {
        let status = self.pg_ctl("status").stdout(Stdio::null()).status();
        if !status.expect("pg_ctl runs").success() {
            self.start_again();
        }
    }

    /// Stops it as a power cut would: no goodbye, no checkpoint.
    ///
    /// # Panics
    /// When it does not stop.
    pub fn stop_hard(&self) {
        run(self.pg_ctl("stop").args(["--mode", "immediate"]));
    }

    /// Makes a standby the primary.
    ///
    /// # Panics
    /// When it does not become it.
    pub fn promote(&self) {
        run(self.pg_ctl("promote").arg("--wait"));
    }

    /// Stands still, every process of it, until [`thaw`](Self::thaw).
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Runs a statement outside any transaction.
    ///
    /// # Panics
    /// When it fails.
    pub fn execute(&self, database: &str, sql: &str) {
        let _ = self.query(database, sql);
    }

    /// Runs a query; gives the bare values.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn query(&self, database: &str, sql: &str) -> String {
        let mut psql = postgres("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql.args(["--set", "ON_ERROR_STOP=1", "--command", sql, "--dbname"]);
        run(psql.arg(self.url(database)))
    }

    /// Transactions a second of `script`, prepared, by `clients` connections.
    ///
    /// # Panics
    /// When they fail.
    #[must_use]
    pub fn pgbench(&self, database: &str, script: &str, clients: u32, time: Duration) -> f64 {
        // A file that PostgreSQL's user can read.
        let path = self.data.join("script.sql");
        fs::write(&path, script).expect("a file");
        let mut pgbench = postgres("pgbench");
        pgbench.args(["--no-vacuum", "--protocol", "prepared", "--username", "postgres"]);
        pgbench.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        pgbench.args(["--client", &clients.to_string(), "--jobs", &clients.min(2).to_string()]);
        pgbench.args(["--time", &time.as_secs().max(1).to_string(), "--file"]).arg(path);
        let printed = run(pgbench.arg(database));
        let line = printed.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = line.and_then(|line| line.split(' ').next()?.parse().ok());
        rate.unwrap_or_else(|| panic!("no rate in:\n{printed}"))
    }

    /// Speaks TLS from now on to whoever asks for it.
    ///
    /// # Panics
    /// When it cannot.
    pub fn offer_tls(&self, identity: &Identity) {
        let (certificate, key) = (self.data.join("server.crt"), self.data.join("server.key"));
        fs::write(&certificate, &identity.certificate).expect("the certificate is written");
        fs::write(&key, &identity.key).expect("the key is written");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a mode");
        if is_root() {
            run(Command::new("chown").arg("postgres:").arg(&certificate).arg(&key));
        }
        self.execute("postgres", "ALTER SYSTEM SET ssl = on");
        run(&mut self.pg_ctl("reload"));
        // The next connection is made as the settings say by then.
        let shown = || self.query("postgres", "SHOW ssl").trim() == "on";
        assert!((0..1_000).any(|_| shown()), "it never speaks TLS:\n{}", self.log());
    }

    /// Asks a role for its password from now on, when it connects.
    ///
    /// # Panics
    /// When it cannot.
    pub fn ask_for_the_password_of(&self, role: &str) {
        let path = self.data.join("pg_hba.conf");
        let rules = fs::read_to_string(&path).expect("its rules");
        let first = format!("host all {role} 127.0.0.1/32 scram-sha-256\n");
        fs::write(&path, first + &rules).expect("the rules are written");
        run(&mut self.pg_ctl("reload"));
        let rules = "SELECT count(*) FROM pg_stat_activity, pg_hba_file_rules \
                     WHERE auth_method = 'scram-sha-256' AND pid = pg_backend_pid()";
        assert_eq!(self.query("postgres", rules).trim(), "1");
    }

    /// The address of one of its databases.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Where its files are.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn pg_ctl(&self, action: &str) -> Command {
        let mut command = postgres("pg_ctl");
        command.args([action, "--silent", "--pgdata"]).arg(&self.data);
        command
    }

    /// Signals the postmaster and its children: a frozen server still accepts
    /// connections, in the kernel, but says nothing.
    fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.data.join("postmaster.pid")).expect("it runs");
        let pid = pid.lines().next().expect("its process").trim().to_owned();
        // The postmaster first: it must have no more children.
        let kill = "kill -$1 $0; kill -$1 $(cat /proc/$0/task/*/children) || true";
        run(as_postgres("sh".as_ref()).args(["-c", kill, &pid, signal]));
    }
}

/// Waits, in a process of its own, for the end of this one.
#[derive(Debug)]
struct Keeper {
    waits: Child,
    /// Closed by the end of this process, if not by ourselves.
    signal: Option<ChildStdin>,
}

impl Keeper {
    fn of(data: &Path) -> Self {
        let script = "cat; master=$(sed -n 1p $1/postmaster.pid); \
                      kill -CONT $master $(cat /proc/$master/task/*/children); \
                      $0 stop --silent --mode immediate --pgdata $1; rm -rf $(dirname $1)";
        let mut keeper = as_postgres("sh".as_ref());
        keeper.arg("-c").arg(script).arg(program("pg_ctl")).arg(data);
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in a terminal ends the tests, and must leave this one.
        keeper.process_group(0);
        let mut waits = keeper.spawn().expect("sh runs");
        let signal = waits.stdin.take();
        Self { waits, signal }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.signal = None;
        let _ = self.waits.wait();
    }
}

/// A folder, and one in it that PostgreSQL's user may write.
pub(crate) fn new_folder(parent: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::Builder::new().prefix("postgres").tempdir_in(parent);
    let folder = folder.expect("a folder");
    let data = folder.path().join("data");
    // PostgreSQL starts in no folder that others can read.
    fs::DirBuilder::new().mode(0o700).create(&data).expect("a folder");
    if is_root() {
        run(Command::new("chown").arg("postgres:").arg(folder.path()).arg(&data));
    }
    (folder, data)
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn postgres(name: &str) -> Command {
    as_postgres(&program(name))
}

/// PostgreSQL refuses to run as root: there, Debian's user does it.
pub(crate) fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The newest of Debian's, or the one on the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions
        .map(|version| version.path().join("bin").join(name))
        .filter(|program| program.is_file())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

pub(crate) fn run(command: &mut Command) -> String {
    // A file: pg_ctl hands its output down to the server, which would keep a
    // pipe open for ever.
    let printed = tempfile::tempfile().expect("a file");
    let mut read = printed.try_clone().expect("a file");
    command.stdin(Stdio::null()).stdout(printed.try_clone().expect("a file")).stderr(printed);
    let status = command.status().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; PostgreSQL's server is needed (Debian: postgresql)")
    });
    let mut text = String::new();
    read.rewind().expect("a file");
    read.read_to_string(&mut text).expect("a text");
    assert!(status.success(), "{command:?}: {status}\n{text}");
    text
}
