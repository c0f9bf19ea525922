//! Takes over certificates that were renewed, so that no restart is needed: many are
//! renewed every few weeks.

use std::{sync::Arc, time::Duration};

use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::{Job, every, hang_ups::HangUps};
use crate::{clock::Clock, listener::tls::Tls};

/// Timeout of a look at the files, which may lie on a disk that is slow to answer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Looks at the files of `tls` again and again, and immediately on SIGHUP, until
/// `stop`.
pub(super) async fn watch(tls: Arc<Tls>, clock: Arc<dyn Clock>, stop: CancellationToken) {
    let look_again = async {
        // They have just been read.
        tokio::time::sleep(tls.watch_interval()).await;
        let (tls, clock) = (Arc::clone(&tls), Arc::clone(&clock));
        let (interval, job) = (tls.watch_interval(), Look { tls, clock, looking: None });
        every(interval, TIMEOUT, &stop, job).await;
    };
    let look_when_asked = async {
        let mut hang_ups = HangUps::listen();
        loop {
            hang_ups.next().await;
            let (tls, now) = (Arc::clone(&tls), clock.now());
            let _ = spawn_blocking(move || tls.look_again(true, now)).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = look_again => {}
        () = look_when_asked => {}
    }
}

struct Look {
    tls: Arc<Tls>,
    clock: Arc<dyn Clock>,
    looking: Option<JoinHandle<()>>,
}

impl Job for Look {
    const NAME: &'static str = "certificates";

    async fn run(&mut self) {
        // A thread that the disk keeps cannot be ended: another one would hang, too.
        let looking = self.looking.get_or_insert_with(|| {
            let (tls, now) = (Arc::clone(&self.tls), self.clock.now());
            spawn_blocking(move || tls.look_again(false, now))
        });
        let _ = looking.await;
        self.looking = None;
    }
}
