//! Panics: a bug in one call must not end the server, nor tell anybody's data. The
//! message of a panic may hold a request's fields, so only its place is logged.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook},
    pin::pin,
    task::Poll,
};

thread_local! {
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Debug)]
pub(crate) struct Panicked {
    /// The place in the source, when [`log_places_only`] is in force.
    pub(crate) location: Option<String>,
}

/// From now on a panic writes no message to standard error, and its place to
/// the log.
pub fn log_places_only() {
    set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info.location().map(ToString::to_string);
        tracing::error!(panic.location = location, "panic");
        LOCATION.set(location);
    }));
}

/// Runs `work`; a panic in it becomes an error. `work` is not used again after
/// that, so nothing can see the state that the panic left in it.
pub(crate) async fn catch<F: Future>(work: F) -> Result<F::Output, Panicked> {
    let mut work = pin!(work);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked { location: LOCATION.take() })),
    })
    .await
}
