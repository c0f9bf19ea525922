//! How a server stops: it says so, begins nothing new, finishes the running calls, and
//! in the end cuts off those that would not finish. No step waits without end, so that
//! the whole is over in time whatever hangs.

pub mod signals;

use std::time::Duration;

use tokio::time::{Instant, timeout};
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

    /// Waits for the running calls, as long as they may take; then cuts them off.
    pub(crate) async fn finish_calls(&self, stopping: &Stopping) {
        self.calls.close();
        if timeout(stopping.left_for(Step::Calls), self.calls.wait()).await.is_err() {
            tracing::warn!(calls = self.calls.len(), "calls cut off");
            self.cut_off.cancel();
            let cut_off = timeout(stopping.left_for(Step::CutOff), self.calls.wait());
            // A refusal that does not go out in time is left to the end of the process.
            let _ = cut_off.await;
        }
    }
}

/// What is done one after the other when the server stops.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Running calls finish.
    Calls,
    /// Those that did not are refused.
    CutOff,
    /// Connections end.
    Connections,
    /// The workers finish what they have begun.
    Workers,
    /// The connections to the database end.
    Database,
}

impl Step {
    /// How long after the grace the step must be over.
    const fn limit(self) -> Duration {
        Duration::from_millis(match self {
            Self::Calls => 0,
            Self::CutOff => 500,
            Self::Connections => 750,
            Self::Workers => 1250,
            Self::Database => 2250,
        })
    }
}

/// How long after the last step the runtime may take to end.
pub const RUNTIME_TIMEOUT: Duration = Duration::from_millis(500);

/// How long after the grace the process is ended by force. By then every step, the
/// runtime and the last lines of the log have had their time; those lines may take theirs
/// once more, and five seconds after the grace there is no process.
pub(crate) const FORCE_AFTER: Duration = Duration::from_secs(4);

/// The time that a server has to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopping {
    begun: Instant,
    grace: Duration,
}

impl Stopping {
    /// Begins now, and gives running calls `grace`.
    pub(crate) fn begin(grace: Duration) -> Self {
        Self { begun: Instant::now(), grace }
    }

    /// How long `step` may still take. What earlier ones have left over is its own.
    pub(crate) fn left_for(&self, step: Step) -> Duration {
        self.grace.saturating_add(step.limit()).saturating_sub(self.begun.elapsed())
    }
}
