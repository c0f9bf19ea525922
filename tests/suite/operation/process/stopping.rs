//! Asked to stop, the program ends in time, whatever it waits for.

use std::{
    fs::{self, OpenOptions},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use gestan_account_tests::{
    creation,
    postgres::Cluster,
    process::{
        Ended, Home, ServerProcess, TIMEOUT, make_ready, run_to_end, send_signal, server_program,
    },
};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::once;

const DATABASE: &str = "comptes";

/// What is still to be waited for after the grace, were it not cut short.
const SHORT_GRACE: [&str; 2] = ["--shutdown-grace", "1s"];

fn cluster() -> Cluster {
    let cluster = Cluster::start(&[]);
    cluster.execute("postgres", &format!("CREATE DATABASE {DATABASE}"));
    cluster
}

/// A program that was started, of which nothing is asked but to end.
struct Started {
    child: Child,
    what: String,
}

impl Started {
    fn new(mut command: Command) -> Self {
        let what = format!("{command:?}");
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Self { child: command.spawn().expect("the program starts"), what }
    }

    fn process(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    async fn end(self) -> (ExitStatus, String) {
        let output = timeout(TIMEOUT, self.child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{} does not end", self.what));
        let output = output.expect("it can be waited for");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Waits until something holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("{what} in time"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_does_not_hold_up_the_end() {
    let cluster = cluster();
    let home = Home::with_database(cluster.url(DATABASE));
    let mut servers = Vec::new();
    for signal in ["TERM", "INT"] {
        let server = ServerProcess::start(&home, &SHORT_GRACE).await;
        let client = server.connect(once()).await;
        client.create(creation(1)).await.expect("the database works");
        servers.push((server, client, signal));
    }
    cluster.freeze();
    let mut waiting = Vec::new();
    for (_, client, _) in &servers {
        let client = client.clone();
        waiting.push(tokio::spawn(async move { client.create(creation(2)).await }));
    }
    for (server, _, signal) in servers {
        server.signal(signal).await;
        let (status, log) = server.wait().await;
        assert!(status.success(), "{signal}: {status}: {log}");
        assert!(log.contains("stopped") && !log.contains("panic"), "{signal}: {log}");
        assert!(!log.contains("by force"), "{signal}: {log}");
    }
    for call in waiting {
        call.await.expect("the call runs").expect_err("the database stands still");
    }
    cluster.thaw();
}

/// A command line, the signal that ends it, and the exit code that it has then.
type Case = (&'static [&'static str], &'static str, i32);

const WHO_WAITS: [Case; 6] = [
    (&["migrate"], "TERM", 143),
    (&["migrate"], "INT", 130),
    (&["serve"], "TERM", 0),
    (&["serve"], "INT", 0),
    (&["support-key", "create", "Hotline"], "TERM", 143),
    (&["support-key", "list"], "INT", 130),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_migration_ends_when_it_is_asked() {
    let cluster = cluster();
    let home = Home::with_database(cluster.url(DATABASE));
    let migrated = run_to_end(home.command().arg("migrate")).await;
    assert!(migrated.status.success(), "{}", migrated.log);

    // The first of them waits for this session, and the others for the first.
    let other = Database::connect(cluster.url(DATABASE)).await.expect("a connection");
    let other = other.begin().await.expect("a transaction");
    let lock = "LOCK TABLE seaql_migrations IN ACCESS EXCLUSIVE MODE";
    other.execute_unprepared(lock).await.expect("the lock");

    let mut waiting = Vec::new();
    for (arguments, signal, code) in WHO_WAITS {
        let mut command = home.command();
        make_ready(&mut command, &[]);
        command.args(arguments);
        let started = Started::new(command);
        waiting.push((started.process(), started, signal, code));
    }
    let first = first_process(&home, &["serve"]).await;
    waiting.push((child_of(first.process()), first, "TERM", 0));
    let first = first_process(&home, &["migrate"]).await;
    waiting.push((child_of(first.process()), first, "INT", 130));

    let number = waiting.len().to_string();
    let held_up = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    until("all wait", || cluster.query(DATABASE, held_up).trim() == number).await;
    for (process, _, signal, _) in &waiting {
        send_signal(*process, signal).await;
    }
    for (_, started, signal, code) in waiting {
        let what = started.what.clone();
        let (status, log) = started.end().await;
        assert_eq!(status.code(), Some(code), "{what}, {signal}: {status}: {log}");
        assert!(log.contains("stopped before it"), "{what}, {signal}: {log}");
        assert!(!log.contains("panic") && !log.contains("by force"), "{what}, {signal}: {log}");
    }
    drop(other);

    // Nothing is left behind that would hold up the next one.
    let migrated = run_to_end(home.command().arg("migrate")).await;
    assert!(migrated.status.success(), "{}", migrated.log);
    let keys = run_to_end(home.command().args(["support-key", "list"])).await;
    assert_eq!(keys.printed, "", "a key that nobody has seen is none");
}

/// The program as the first process of a container, to which the system delivers only
/// the signals that it listens to.
async fn first_process(home: &Home, arguments: &[&str]) -> Started {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--pid", "--fork", "--kill-child"]).arg(server_program());
    command.env("GESTAN_ACCOUNT_DATABASE_URL", home.database_url());
    command.env("GESTAN_ACCOUNT_ALLOW_TRIAL_SETTINGS", "true");
    make_ready(&mut command, &[]);
    command.args(arguments).current_dir(home.path()).kill_on_drop(true);
    let started = Started::new(command);
    let process = started.process();
    until("it has a process of its own", || !children_of(process).is_empty()).await;
    started
}

fn children_of(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default()
}

fn child_of(process: u32) -> u32 {
    children_of(process).trim().parse().expect("one process")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_hangs_does_not_hold_up_the_end() {
    let relay = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("smtp://{}", relay.local_addr().expect("an address"));
    let patient = ["--mail-timeout", "10m", "--mail-lease", "2h", "--mail-url", &url];
    let home = Home::new();
    let server = ServerProcess::start(&home, &[&SHORT_GRACE[..], &patient].concat()).await;
    let client = server.connect(once()).await;
    client.create(creation(1)).await.expect("Create is answered");
    let silent = timeout(TIMEOUT, relay.accept()).await.expect("the mail is being sent");
    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{status}: {log}");
    assert!(log.contains("mails put back") && !log.contains("by force"), "{log}");
    drop(silent);
}

/// Not even a thread that nothing can interrupt keeps the process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_hangs_in_a_file_is_ended_by_force() {
    let home = Home::on_sqlite();
    let pipe = home.path().join("peppers");
    let made = Command::new("mkfifo").arg(&pipe).status().await;
    assert!(made.expect("mkfifo runs").success());
    let mut command = home.command();
    command.args(["--listen", "127.0.0.1:0", "--pepper-file", "peppers"]).args(SHORT_GRACE);
    let started = Started::new(command);
    // Opened as soon as the other side reads.
    let unwritten = spawn_blocking(move || OpenOptions::new().write(true).open(pipe));
    let unwritten = timeout(TIMEOUT, unwritten).await.expect("the file is read");
    send_signal(started.process(), "TERM").await;
    let (status, log) = started.end().await;
    assert_eq!(status.code(), Some(143), "{status}: {log}");
    assert!(log.contains("ended by force"), "{log}");
    drop(unwritten);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_stopped_leaves_no_file() {
    let home = Home::on_sqlite();
    let Ended { status, log, .. } = run_to_end(home.command().arg("migrate")).await;
    assert!(status.success(), "{log}");
    // Another program has the file to itself, so that the backup waits.
    let other = Database::connect(home.database_url()).await.expect("a connection");
    let alone = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE t (i INTEGER)";
    other.execute_unprepared(alone).await.expect("the lock");

    let folder = home.path().join("copies");
    fs::create_dir(&folder).expect("a folder");
    let mut command = home.command();
    command.args(["backup", "--to", "copies/copy.sqlite"]);
    let started = Started::new(command);
    until("the copy is begun", || !is_empty(&folder)).await;
    send_signal(started.process(), "TERM").await;
    let (status, log) = started.end().await;
    assert_eq!(status.code(), Some(143), "{status}: {log}");
    assert!(is_empty(&folder), "{log}");
    drop(other);
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").next().is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_ends_no_server() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    server.signal("HUP").await;
    server.wait_for_log("SIGHUP").await;
    let client = server.connect(once()).await;
    client.create(creation(1)).await.expect("it goes on");
    server.terminate().await;
    assert!(server.wait().await.0.success());
}
