//! The threads and their bounded queue.

use std::{
    io,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use argon2::Block;
use tokio::sync::oneshot;

use super::HashError;

/// How much a hashing thread gives way: about a tenth of what another thread gets
/// where both want one processor, and all of it where none does.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// What a thread does: with its memory, which it keeps. Says whether there still
/// was somebody to do it for.
type Job = Box<dyn FnOnce(&mut Vec<Block>) -> bool + Send>;

/// Feeds the threads. They end when it is dropped.
#[derive(Debug)]
pub struct Queue {
    jobs: SyncSender<Job>,
    /// How long a full queue takes, at one job: capacity over threads.
    jobs_ahead: f64,
    done: Arc<Done>,
}

/// What the threads have done.
#[derive(Debug)]
struct Done {
    jobs: AtomicU64,
    /// Moving average of what a job takes, in microseconds.
    job_micros: AtomicU64,
}

impl Queue {
    /// Starts `threads` threads behind `capacity` places.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(threads: NonZeroUsize, capacity: NonZeroUsize) -> io::Result<Self> {
        let (jobs, receiver) = sync_channel::<Job>(capacity.get());
        let receiver = Arc::new(Mutex::new(receiver));
        let done = Done { jobs: AtomicU64::new(0), job_micros: AtomicU64::new(15_000) };
        let done = Arc::new(done);
        for number in 0..threads.get() {
            let (receiver, done) = (Arc::clone(&receiver), Arc::clone(&done));
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || work(&receiver, &done))?;
        }
        let jobs_ahead = f64::from(u32::try_from(capacity.get()).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(threads.get()).unwrap_or(u32::MAX));
        Ok(Self { jobs, jobs_ahead, done })
    }

    /// Runs `job` on one of the threads. A job whose caller has gone is skipped.
    ///
    /// # Errors
    /// [`HashError::Busy`] when no place is free, [`HashError::Fault`] when the
    /// job panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, outcome) = oneshot::channel();
        let job: Job = Box::new(move |memory| {
            if answer.is_closed() {
                return false;
            }
            // Nobody to tell: the caller left while the job ran.
            let _ = answer.send(job(memory));
            true
        });
        match self.jobs.try_send(job) {
            Ok(()) => outcome.await.map_err(|_| HashError::Fault),
            Err(TrySendError::Full(_)) => Err(HashError::Busy { retry_after: self.wait() }),
            Err(TrySendError::Disconnected(_)) => Err(HashError::Fault),
        }
    }

    /// How many jobs have been done.
    #[must_use]
    pub fn jobs_done(&self) -> u64 {
        self.done.jobs.load(Ordering::Relaxed)
    }

    /// How long the queue, full as it is, will take.
    fn wait(&self) -> Duration {
        let job = Duration::from_micros(self.done.job_micros.load(Ordering::Relaxed));
        job.mul_f64(self.jobs_ahead).max(Duration::from_millis(50))
    }
}

/// A hash takes a processor for as long as hundreds of other calls: where they
/// want it, too, they go first. On Linux a thread has a priority of its own
/// (setpriority(2)); elsewhere it is the whole process', and left alone.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "hashing threads do not give way to other calls");
    }
}

fn work(receiver: &Mutex<Receiver<Job>>, done: &Done) {
    give_way();
    let mut memory = Vec::new();
    loop {
        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let start = Instant::now();
        // A job that panics costs its caller the answer, not everybody a thread.
        // Whatever it left in the memory, the next hash writes before it reads.
        match catch_unwind(AssertUnwindSafe(|| job(&mut memory))) {
            Ok(true) => {}
            // A skipped job tells nothing of what a job takes.
            Ok(false) => continue,
            Err(_) => tracing::error!("a hashing job panicked"),
        }
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        done.jobs.fetch_add(1, Ordering::Relaxed);
        let average = done.job_micros.load(Ordering::Relaxed);
        done.job_micros.store(average - average / 8 + micros / 8, Ordering::Relaxed);
    }
}
