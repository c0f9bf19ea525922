//! Takes over a privacy notice that was changed, so that no restart is needed. Only when the
//! operator says so: a text that is being written must not be shown half.

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::hang_ups::HangUps;
use crate::reference::privacy_notice::PrivacyNotice;

/// Reads the files of `notice` again on each SIGHUP, until `stop`.
pub(super) async fn watch(notice: PrivacyNotice, stop: CancellationToken) {
    let read_when_asked = async {
        let mut hang_ups = HangUps::listen();
        loop {
            hang_ups.next().await;
            let notice = notice.clone();
            // The files may lie on a disk that is slow to answer.
            let _ = spawn_blocking(move || notice.look_again()).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = read_when_asked => {}
    }
}
