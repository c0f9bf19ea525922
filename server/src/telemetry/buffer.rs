//! The lines of the log on their way to standard error. A call leaves its line here and
//! goes on; a thread of its own writes, and alone waits for whoever reads.

use std::{
    cell::Cell,
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use prometheus_client::metrics::counter::Counter;

/// How much may wait. As much again is on its way when nobody reads. A line takes its
/// bytes and nothing beside, so that this bounds the number of lines, too.
const CAPACITY: usize = 256 * 1024;

thread_local! {
    /// Whether this is the thread that writes.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

/// What waits to be written. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffer(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dropped_in_all: Counter,
}

#[derive(Debug, Default)]
struct State {
    /// Whole lines.
    waiting: Vec<u8>,
    /// How many lines came after those and found no room.
    dropped: u64,
    /// Whether lines that were taken from here are not written yet.
    is_writing: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dropped == 0
    }
}

impl Buffer {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start() -> io::Result<Self> {
        let buffer = Self::default();
        let written = buffer.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || written.write_out())?;
        Ok(buffer)
    }

    /// Leaves a line to be written, or drops it when there is no room.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.state();
        // After one that was dropped none is taken, however short: so the lines that are
        // missing are all missing in one place, which the log can name.
        // While lines wait, the thread that writes knows of them: each call would wake it anew.
        let was_empty = state.is_empty();
        if state.dropped > 0 || state.waiting.len() + line.len() > CAPACITY {
            state.dropped += 1;
            self.0.dropped_in_all.inc();
        } else {
            state.waiting.extend_from_slice(line);
        }
        drop(state);
        if was_empty {
            self.0.changed.notify_all();
        }
    }

    pub(super) fn dropped_in_all(&self) -> Counter {
        self.0.dropped_in_all.clone()
    }

    /// Waits until everything is written, at most for `limit`.
    pub(super) fn flush(&self, limit: Duration) {
        let under_way = |state: &mut State| state.is_writing || !state.is_empty();
        // Nothing can be done about what nobody reads.
        let _ = self.0.changed.wait_timeout_while(self.state(), limit, under_way);
    }

    fn write_out(&self) {
        WRITES.set(true);
        let (mut lines, mut lost) = (Vec::new(), 0_u64);
        loop {
            lines.clear();
            lost += self.take(&mut lines);
            let mut flows = true;
            // One by one, as they were written before there was a buffer: a pipe keeps a
            // short line whole when other programs write to it, too.
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                flows = io::stderr().write_all(line).is_ok();
                if !flows {
                    lost += 1;
                    self.0.dropped_in_all.inc();
                }
            }
            if flows && lost > 0 {
                tracing::error!(lines = lost, "lines dropped here: standard error was not read");
                lost = 0;
            }
        }
    }

    /// Takes what waits, once there is something; gives how many lines after it were
    /// dropped.
    fn take(&self, lines: &mut Vec<u8>) -> u64 {
        let mut state = self.state();
        state.is_writing = false;
        self.0.changed.notify_all();
        let waited = self.0.changed.wait_while(state, |state| state.is_empty());
        state = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        mem::swap(&mut state.waiting, lines);
        mem::take(&mut state.dropped)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a line at a time.
impl Write for Buffer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if WRITES.get() {
            // What this thread has to say belongs where it is: between the lines that it
            // has written and those that wait.
            let _ = io::stderr().write_all(line);
        } else {
            self.push(line);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
