//! A real PgBouncer before a PostgreSQL, as Debian has it.

use std::{
    fs,
    io::Write as _,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
};

use tempfile::TempDir;

use crate::postgres::{Cluster, as_postgres, free_port, new_folder, run};

/// A pooler. Dropped, or when this process ends in whatever way, it ends.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    keeper: Child,
    /// Closed by the end of this process, if not by ourselves.
    signal: Option<ChildStdin>,
    log: PathBuf,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts one, with these settings (`name=value`).
    ///
    /// # Panics
    /// When there is none, or it does not start.
    #[must_use]
    pub fn start(cluster: &Cluster, settings: &[&str]) -> Self {
        let (folder, home) = new_folder(&std::env::temp_dir());
        let (port, log) = (free_port(), home.join("pgbouncer.log"));
        let (ini, pid) = (home.join("pgbouncer.ini"), home.join("pgbouncer.pid"));
        let mut file = fs::File::create(&ini).expect("a file");
        writeln!(
            file,
            // Whoever comes is the same user there: that is what `any` asks for.
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             logfile = {}\npidfile = {}\n{}",
            cluster.port,
            log.display(),
            pid.display(),
            settings.join("\n")
        )
        .expect("its settings are written");
        run(as_postgres(&program()).arg("--daemon").arg("--quiet").arg(&ini));
        let mut keeper = as_postgres("sh".as_ref());
        keeper.args(["-c", "cat; kill -KILL $(cat $0)"]).arg(&pid);
        keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C in a terminal ends the tests, and must leave this one.
        keeper.process_group(0);
        let mut keeper = keeper.spawn().expect("sh runs");
        let signal = keeper.stdin.take();
        Self { port, keeper, signal, log, _folder: folder }
    }

    /// The address of a database behind it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// What it has logged.
    ///
    /// # Panics
    /// When that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.signal = None;
        let _ = self.keeper.wait();
    }
}

/// Debian has it where only root looks.
fn program() -> PathBuf {
    let debian = Path::new("/usr/sbin/pgbouncer");
    if debian.is_file() { debian.to_owned() } else { "pgbouncer".into() }
}
