//! What systemd is told of the server's life, if systemd started it: that it answers, what it
//! is at, that it is alive, that it stops. Nothing in the server depends on whether anybody
//! listens.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whoever started this process and asked to be told. Clones tell the same one; the default
/// tells nobody.
#[derive(Clone, Debug, Default)]
pub struct Supervisor(Option<Arc<Listening>>);

#[derive(Debug, Default)]
struct Listening {
    /// Whether what was told last did not arrive: one line in the log is enough.
    is_deaf: AtomicBool,
}

impl Supervisor {
    /// The one that asked by the variable `NOTIFY_SOCKET`, if one did.
    #[must_use]
    pub fn of_process() -> Self {
        let asked = std::env::var_os("NOTIFY_SOCKET").is_some();
        Self(asked.then(Arc::default))
    }

    /// Says what the server is at, before it serves.
    pub(crate) fn starting(&self, what: &str) {
        self.tell(&[State::Status(what)]);
    }

    /// Says that calls are answered. To be said again after [`Self::not_serving`].
    pub(crate) fn serving(&self) {
        self.tell(&[State::Ready, State::Status("serving")]);
    }

    /// Says why calls are not answered, or not well. That a server has been ready is not taken
    /// back: systemd knows no such thing.
    pub(crate) fn not_serving(&self, why: &str) {
        self.tell(&[State::Status(&format!("not serving: {why}"))]);
    }

    /// Says that the server is alive, whatever has become of what it depends on.
    pub(crate) fn alive(&self) {
        self.tell(&[State::Alive]);
    }

    /// Says that the server stops.
    pub(crate) fn stopping(&self) {
        self.tell(&[State::Stopping, State::Status("stopping")]);
    }

    fn tell(&self, states: &[State<'_>]) {
        let Some(listening) = &self.0 else { return };
        match send(states) {
            Ok(()) => listening.is_deaf.store(false, Ordering::Relaxed),
            Err(error) => {
                if !listening.is_deaf.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "systemd cannot be told how the server is");
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum State<'a> {
    Ready,
    Alive,
    Stopping,
    Status(&'a str),
}

/// The socket is systemd's own, which reads it before anything else that it does.
#[cfg(unix)]
fn send(states: &[State<'_>]) -> std::io::Result<()> {
    use sd_notify::NotifyState;
    // A line break would begin something else that is told.
    let text = states.iter().find_map(|state| match state {
        State::Status(text) => Some(text.replace(['\n', '\r'], " ")),
        _ => None,
    });
    let text = text.unwrap_or_default();
    let told = states.iter().map(|state| match state {
        State::Ready => NotifyState::Ready,
        State::Alive => NotifyState::Watchdog,
        State::Stopping => NotifyState::Stopping,
        State::Status(_) => NotifyState::Status(&text),
    });
    sd_notify::notify(&told.collect::<Vec<_>>())
}

#[cfg(not(unix))]
fn send(_: &[State<'_>]) -> std::io::Result<()> {
    Ok(())
}
