//! A way to the database by whichever of its host's addresses answers: a Unix socket in a folder
//! of this process's own, to which the driver (sqlx) connects instead.
//!
//! Bytes are carried as they come, so that TLS stands between the driver and the database, and the
//! certificate is checked for the host's name. Each connection dials anew: an address that is back
//! is found again, and one that is gone is passed over.

use std::{fs::Permissions, io, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use gestan_account_dial::dial;
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::connect_options::DATABASE_TIMEOUT;

/// How long to wait when this process has no room for one more open file.
const PAUSE: Duration = Duration::from_millis(100);

/// The way is open until this is dropped. Connections that were made by it stay.
#[derive(Debug)]
pub(super) struct Detour {
    folder: TempDir,
    _open: DropGuard,
}

impl Detour {
    /// Opens a way to a host.
    pub(super) fn open(host: &str, port: u16) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("gestan-account-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        // The name that the driver looks for.
        let listener = UnixListener::bind(folder.path().join(format!(".s.PGSQL.{port}")))?;
        let open = CancellationToken::new();
        let serving = serve(listener, host.to_owned(), port);
        tokio::spawn(open.clone().run_until_cancelled_owned(serving));
        Ok(Self { folder, _open: open.drop_guard() })
    }

    /// The folder of the socket.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

async fn serve(listener: UnixListener, host: String, port: u16) {
    loop {
        match listener.accept().await {
            Ok((driver, _)) => drop(tokio::spawn(carry(driver, host.clone(), port))),
            Err(error) => {
                tracing::warn!(%error, "no connection to the database");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn carry(mut driver: UnixStream, host: String, port: u16) {
    match dial(&host, port, DATABASE_TIMEOUT).await {
        // What ends a connection is seen by the driver, and told there.
        Ok(mut database) => drop(copy_bidirectional(&mut driver, &mut database).await),
        Err(error) => tracing::debug!(%error, "no address of the database answers"),
    }
}
