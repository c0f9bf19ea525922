//! The hashing threads, and the queue of jobs before them.

use std::{
    fmt, io,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use argon2::Block;
use tokio::sync::oneshot;

use super::{
    HashError,
    classes::{Classes, HashFor},
};
use crate::{metrics::HashingMetrics, telemetry::call};

/// The nice value of a hashing thread: it gets about a tenth of what another thread
/// gets where both want one processor, and all of it where none does.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// One turn of a thread, in the memory that the thread keeps.
trait Job: Send {
    /// Whether its caller still waits.
    fn is_awaited(&self) -> bool;
    /// Its turn has come.
    fn is_served(&self);
    /// Does it.
    fn run(self: Box<Self>, memory: &mut Vec<Block>);
    /// Tells that it will not be done.
    fn refuse(self: Box<Self>, error: HashError);
}

struct Asked<W, T> {
    /// Since when it waits, and in which class.
    since: Instant,
    class: &'static str,
    metrics: HashingMetrics,
    work: W,
    answer: oneshot::Sender<Result<T, HashError>>,
}

impl<T: Send, W: FnOnce(&mut Vec<Block>) -> T + Send> Job for Asked<W, T> {
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn is_served(&self) {
        self.metrics.waited(self.class, self.since.elapsed());
    }

    fn run(self: Box<Self>, memory: &mut Vec<Block>) {
        // An error means that the caller left while the job ran.
        let _ = self.answer.send(Ok((self.work)(memory)));
    }

    fn refuse(self: Box<Self>, error: HashError) {
        let _ = self.answer.send(Err(error));
    }
}

/// Feeds the threads. They end when it is dropped.
pub struct Queue {
    shared: Arc<Shared>,
    threads: u32,
    metrics: HashingMetrics,
}

/// The state that the threads and their callers share.
struct Shared {
    waiting: Mutex<Waiting>,
    /// Rung when a job comes, and at the end.
    bell: Condvar,
    jobs_done: AtomicU64,
    /// Moving average of what a job takes, in microseconds.
    job_micros: AtomicU64,
}

struct Waiting {
    jobs: Classes<Box<dyn Job>>,
    has_ended: bool,
}

impl Queue {
    /// Starts `threads` threads before `capacity` places.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(threads: NonZeroUsize, capacity: NonZeroUsize) -> io::Result<Self> {
        let waiting = Waiting { jobs: Classes::new(capacity), has_ended: false };
        let shared = Arc::new(Shared {
            waiting: Mutex::new(waiting),
            bell: Condvar::new(),
            jobs_done: AtomicU64::new(0),
            job_micros: AtomicU64::new(15_000),
        });
        let threads = u32::try_from(threads.get()).unwrap_or(u32::MAX);
        // From here on, a thread that cannot be started ends the others.
        let metrics = HashingMetrics::default();
        let queue = Self { shared: Arc::clone(&shared), threads, metrics };
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&shared))?;
        }
        Ok(queue)
    }

    /// Runs `job` on one of the threads, when it is the turn of `who`. A job whose
    /// caller has gone is skipped.
    ///
    /// # Errors
    /// [`HashError::Busy`] when no place is free, or this one was needed for a caller
    /// whose network has fewer, [`HashError::Fault`] when the job panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        who: HashFor,
        job: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let (answer, outcome) = oneshot::channel();
        let (since, class, metrics) = (Instant::now(), who.class(), self.metrics.clone());
        self.push(who, Box::new(Asked { since, class, metrics, work: job, answer }));
        call::traced("hashing", outcome).await.unwrap_or(Err(HashError::Fault))
    }

    fn push(&self, who: HashFor, job: Box<dyn Job>) {
        let mut waiting = self.shared.waiting();
        let refused = match waiting.jobs.push(who, job, |job| job.is_awaited()) {
            Ok(displaced) => displaced,
            Err(job) => Some(job),
        };
        let turns = waiting.jobs.turns_until_served(who);
        drop(waiting);
        match refused {
            Some(job) => job.refuse(HashError::Busy { retry_after: self.wait(turns) }),
            None => self.shared.bell.notify_one(),
        }
    }

    /// How many wait: the known and mails, and strangers.
    #[must_use]
    pub fn lengths(&self) -> (usize, usize) {
        self.shared.waiting().jobs.lengths()
    }

    /// How long they waited.
    #[must_use]
    pub fn metrics(&self) -> &HashingMetrics {
        &self.metrics
    }

    /// How many jobs have been done.
    #[must_use]
    pub fn jobs_done(&self) -> u64 {
        self.shared.jobs_done.load(Ordering::Relaxed)
    }

    /// How long so many jobs will take.
    fn wait(&self, jobs: usize) -> Duration {
        let job = Duration::from_micros(self.shared.job_micros.load(Ordering::Relaxed));
        let rounds = f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)) / f64::from(self.threads);
        job.mul_f64(rounds).max(Duration::from_millis(50))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.waiting().has_ended = true;
        self.shared.bell.notify_all();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("threads", &self.threads).finish_non_exhaustive()
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; none at the end.
    fn next(&self) -> Option<Box<dyn Job>> {
        let mut waiting = self.waiting();
        loop {
            if let Some(job) = waiting.jobs.pop() {
                return Some(job);
            }
            if waiting.has_ended {
                return None;
            }
            waiting = self.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A hash takes a processor for as long as hundreds of other calls, which go first where
/// both want it. On Linux a thread has a priority of its own
/// (setpriority(2)); elsewhere it is the whole process', and left alone.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(%error, "hashing threads do not give way to other calls");
    }
}

fn work(shared: &Shared) {
    give_way();
    let mut memory = Vec::new();
    while let Some(job) = shared.next() {
        // A skipped job tells nothing of what a job takes.
        if !job.is_awaited() {
            continue;
        }
        job.is_served();
        // Counted before it is answered: a caller that has its answer finds its job counted.
        shared.jobs_done.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        // A job that panics costs its caller the answer, not everybody a thread.
        // Whatever it left in the memory, the next hash writes before it reads.
        if catch_unwind(AssertUnwindSafe(|| job.run(&mut memory))).is_err() {
            tracing::error!("a hashing job panicked");
        }
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let average = shared.job_micros.load(Ordering::Relaxed);
        shared.job_micros.store(average - average / 8 + micros / 8, Ordering::Relaxed);
    }
}
