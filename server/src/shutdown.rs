//! How a server stops: it says so, begins nothing new, finishes the running calls, and
//! in the end cuts off those that would not finish.

use std::time::Duration;

use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// The state of a server's life. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    draining: CancellationToken,
    cut_off: CancellationToken,
    calls: TaskTracker,
}

impl Shutdown {
    /// Begins to stop: running calls may finish, and no new one begins.
    pub fn begin(&self) {
        self.draining.cancel();
    }

    /// Whether the server is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Cancelled when the server begins to stop.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Returns when the calls that still run are to be cut off.
    pub async fn cut_off(&self) {
        self.cut_off.cancelled().await;
    }

    /// Marks a call as running until the mark is dropped.
    pub fn running_call(&self) -> TaskTrackerToken {
        self.calls.token()
    }

    /// Waits for the running calls, at most for `grace`; then cuts them off.
    pub(crate) async fn finish_calls(&self, grace: Duration) {
        self.calls.close();
        if tokio::time::timeout(grace, self.calls.wait()).await.is_err() {
            tracing::warn!(calls = self.calls.len(), "calls cut off");
            self.cut_off.cancel();
            self.calls.wait().await;
        }
    }
}

/// Returns when the operator or the system asks the process to stop.
pub async fn asked_to_stop() {
    let interrupted = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "no interrupt can be received");
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::error!(%error, "no SIGTERM can be received");
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}
