//! An operator at the terminal of a machine on which the Debian package is installed: its folders,
//! its file of settings, its unit. What only root of a real machine has is played by small scripts
//! that do what the real one does to the server: start it, end it, signal it, show its log.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command as Blocking, Stdio},
    thread,
    time::Duration,
};

use gestan_account_client::{Client, ClientOptions};
use gestan_account_tests::{
    Member, TestDatabase, http_get, is_postgres,
    postgres::Cluster,
    process::{TIMEOUT, server_program},
};
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

/// Starts, ends and signals the server as its unit says.
const SYSTEMCTL: &str = r#"#!/bin/bash
set -eu
cd "$PLACE/var/lib/gestan-account-server"
alive() {
  [ -f "$PLACE/pid" ] && grep -qs "^State:.[^ZX]" "/proc/$(cat "$PLACE/pid")/status"
}
end() {
  if alive; then
    kill -TERM "$(cat "$PLACE/pid")"
    while alive; do sleep 0.02; done
  fi
  rm -f "$PLACE/pid"
}
begin() {
  "$PROGRAM" --config "$PLACE/etc/gestan-account-server/config.toml" </dev/null >/dev/null 2>>"$PLACE/log" &
  echo $! >"$PLACE/pid"
  until curl --silent --output /dev/null "http://$ADMIN/healthz"; do
    alive || { tail -n 5 "$PLACE/log" >&2; exit 1; }
    sleep 0.02
  done
}
case "$1" in
  start) alive || begin ;;
  stop) end ;;
  restart) end; begin ;;
  reload) kill -HUP "$(cat "$PLACE/pid")" ;;
  status) alive || { echo "inactive (dead)"; exit 3; }; echo "active (running)" ;;
  *) echo "systemctl $1 is not played" >&2; exit 1 ;;
esac
"#;

/// The other programs: what is passed over is what only root has, a user and a group of the package.
const OTHERS: [(&str, &str); 4] = [
    ("journalctl", "#!/bin/bash\ncat \"$PLACE/log\"\n"),
    // The package has its unit restarted when it is unpacked.
    (
        "apt-get",
        "#!/bin/bash\n[ \"$1\" = install ] && exec systemctl restart gestan-account-server\n",
    ),
    ("runuser", "#!/bin/bash\nuntil [ \"$1\" = -- ]; do shift; done\nshift\nexec \"$@\"\n"),
    (
        "install",
        "#!/bin/bash\nkept=()\nwhile [ $# -gt 0 ]; do\n  case \"$1\" in\n    -o | -g) shift ;;\n    \
         *) kept+=(\"$1\") ;;\n  esac\n  shift\ndone\nexec /usr/bin/install \"${kept[@]}\"\n",
    ),
];

/// The operator. Dropped, the server is killed.
#[derive(Debug)]
pub(super) struct Operator {
    place: TempDir,
    port: u16,
    admin_port: u16,
    /// What stands for a name of the document, beside the folders.
    names: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    database_url: String,
    own_database: Option<TestDatabase>,
    own_cluster: Option<Cluster>,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Operator {
    /// One whose server runs, with more lines in its file of settings. The database is an SQLite
    /// file, or one of the PostgreSQL of the other tests.
    pub(super) async fn on_duty(settings: &str) -> Self {
        let own = is_postgres().then(TestDatabase::empty);
        let url = own.as_ref().map(|database| database.url().to_owned());
        let mut operator = Self::with_database(url, settings);
        operator.own_database = own;
        operator.run("systemctl start gestan-account-server").await;
        operator
    }

    /// The same, with a database that a power cut takes nothing from: the usual PostgreSQL of the
    /// tests is quicker, and `doctor` finds fault with it.
    pub(super) async fn on_duty_with_a_durable_database() -> Self {
        let cluster = is_postgres().then(|| {
            let cluster = Cluster::start(&[]);
            cluster.execute("postgres", "CREATE DATABASE comptes");
            cluster
        });
        let url = cluster.as_ref().map(|cluster| cluster.url("comptes"));
        let mut operator = Self::with_database(url, "");
        operator.own_cluster = cluster;
        operator.run("systemctl start gestan-account-server").await;
        operator
    }

    /// One whose server is not started yet. Without a URL, the database is an SQLite file.
    pub(super) fn with_database(url: Option<String>, settings: &str) -> Self {
        let place = TempDir::new().expect("a folder");
        for folder in [
            "etc/gestan-account-server",
            "var/lib/gestan-account-server",
            "var/backups",
            "bin",
            "root",
        ] {
            fs::create_dir_all(place.path().join(folder)).expect("a folder");
        }
        for (name, script) in OTHERS.into_iter().chain([("systemctl", SYSTEMCTL)]) {
            write_program(&place.path().join("bin").join(name), script);
        }
        std::os::unix::fs::symlink(
            server_program(),
            place.path().join("bin/gestan-account-server"),
        )
        .expect("a link");
        let state = place.path().join("var/lib/gestan-account-server");
        let file = state.join("gestan-account.sqlite");
        let database_url = url.unwrap_or_else(|| format!("sqlite:{}", file.display()));
        let (port, admin_port) = (free_port(), free_port());
        let written = format!(
            "listen = \"127.0.0.1:{port}\"\nadmin_listen = \"127.0.0.1:{admin_port}\"\n\
             database_url = \"{database_url}\"\nmail_url = \"file:{}\"\n\
             allow_trial_settings = true\nhash_memory_kib = 64\nhash_passes = 1\n{settings}\n",
            state.join("mail").display()
        );
        // The last line of a key counts here, and in the program none may come twice.
        let written = without_repeats(&written);
        fs::write(place.path().join("etc/gestan-account-server/config.toml"), written)
            .expect("the settings are written");
        fs::write(place.path().join("log"), "").expect("the log is written");
        Self {
            place,
            port,
            admin_port,
            names: Vec::new(),
            variables: Vec::new(),
            database_url,
            own_database: None,
            own_cluster: None,
        }
    }

    /// Another name of the document, and what it is here.
    pub(super) fn call(&mut self, name: &str, here: &str) {
        self.names.push((name.to_owned(), here.to_owned()));
    }

    /// A variable of the terminal.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A path of the document, here.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.place.path().join(path.trim_start_matches('/'))
    }

    /// The folder that the terminal is in.
    pub(super) fn folder(&self) -> PathBuf {
        self.place.path().join("root")
    }

    pub(super) fn mail_folder(&self) -> PathBuf {
        self.path("var/lib/gestan-account-server/mail")
    }

    pub(super) fn database_url(&self) -> &str {
        &self.database_url
    }

    pub(super) fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Types it, after the first block of the document; gives what it printed and said.
    pub(super) async fn run(&self, command: &str) -> String {
        let mut typed = format!("{}\n{command}\n", super::first_block(&super::document()));
        let place = self.place.path().display();
        let mut names: Vec<(String, String)> = vec![
            ("127.0.0.1:9464".into(), format!("127.0.0.1:{}", self.admin_port)),
            ("compte.exemple.fr:443".into(), format!("localhost:{}", self.port)),
            ("compte.exemple.fr".into(), "localhost".into()),
        ];
        for folder in
            ["/etc/gestan-account-server", "/var/lib/gestan-account-server", "/var/backups"]
        {
            names.push((folder.into(), format!("{place}{folder}")));
        }
        for (name, here) in names.iter().chain(&self.names) {
            typed = typed.replace(name, here);
        }
        let mut path = self.place.path().join("bin").into_os_string();
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.kill_on_drop(true)
            .args(["-e", "-u", "-c", &typed])
            .current_dir(self.folder())
            .env("PATH", path);
        bash.env("PLACE", self.place.path()).env("PROGRAM", server_program());
        bash.env("ADMIN", format!("127.0.0.1:{}", self.admin_port));
        bash.envs(self.variables.iter().map(|(name, value)| (name, value)));
        // Into files: the server that a command starts keeps what it was given open.
        let (printed, said) = (self.place.path().join("printed"), self.place.path().join("said"));
        let file = |path: &Path| fs::File::create(path).expect("a file");
        bash.stdin(Stdio::null()).stdout(file(&printed)).stderr(file(&said));
        let status = timeout(TIMEOUT, bash.status()).await.expect("it ends in time");
        let read =
            |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned();
        let (printed, said) = (read(&printed), read(&said));
        let status = status.expect("bash runs");
        assert!(status.success(), "{command}\n{status}: {printed}\n{said}\n{}", self.log());
        printed + &said
    }

    /// Everything that the server has logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).expect("the log")
    }

    /// Waits until a line of the log has these parts, which `…` separates.
    pub(super) async fn wait_for_log(&self, parts: &str) {
        let is_there = |line: &str| {
            let mut rest = line;
            parts.split('…').map(str::trim).all(|part| {
                let found = rest.find(part).map(|at| at + part.len());
                rest = found.map_or("", |end| &rest[end..]);
                found.is_some()
            })
        };
        let seen = async {
            while !self.log().lines().any(is_there) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = timeout(TIMEOUT, seen).await;
        assert!(seen.is_ok(), "{parts} is not in\n{}", self.log());
    }

    /// A figure of the server; none while nobody answers.
    pub(super) async fn figure(&self, series: &str) -> Option<f64> {
        let address = ([127, 0, 0, 1], self.admin_port).into();
        let figures = http_get(address, "/metrics").await.body;
        let series = format!("gestan_account_{series}");
        let line = figures.lines().find_map(|line| line.strip_prefix(&*series)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    /// Waits until a figure is as an alert wants it, or as it is when that is over.
    pub(super) async fn wait_for_figure(&self, series: &str, is_so: impl Fn(f64) -> bool) {
        let becomes = async {
            while !self.figure(series).await.is_some_and(&is_so) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let became = timeout(TIMEOUT, becomes).await;
        assert!(became.is_ok(), "{series} is {:?}", self.figure(series).await);
    }

    /// A client of the server.
    pub(super) async fn client(&self) -> Client {
        let options = ClientOptions::new();
        let client = Client::connect(&format!("http://{}", self.address()), options).await;
        client.expect("the server answers")
    }

    /// A customer opens an account.
    pub(super) async fn open_account(&self, number: u32) -> Member {
        Member::open(&self.client().await, &self.mail_folder(), number).await
    }

    /// Ends the server as a power cut would.
    pub(super) fn kill(&self) {
        let file = self.place.path().join("pid");
        if let Ok(id) = fs::read_to_string(&file) {
            let id = id.trim();
            let _ = Blocking::new("kill").args(["-KILL", id]).stderr(Stdio::null()).status();
            // Nobody may have waited for it.
            let lives = || {
                let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
                status.contains("State:") && !status.contains("State:\tZ")
            };
            while lives() {
                thread::yield_now();
            }
        }
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.kill();
    }
}

fn write_program(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(file, text).expect("it is written");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("it may be run");
}

/// The lines, of those of one key the last.
fn without_repeats(settings: &str) -> String {
    let lines: Vec<&str> = settings.lines().filter(|line| line.contains('=')).collect();
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    let kept = lines
        .iter()
        .enumerate()
        .filter(|(place, line)| !lines[place + 1..].iter().any(|later| key(later) == key(line)));
    kept.flat_map(|(_, line)| [*line, "\n"]).collect()
}
