//! The bounded queue before the hashing threads.

use std::{
    future::poll_fn,
    num::NonZeroUsize,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::Poll,
    time::Duration,
};

use gestan_account_server::credentials::hasher::{HashError, HashFor, queue::Queue};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

const ANYBODY: HashFor = HashFor::Stranger(None);

fn start(threads: usize, capacity: usize) -> Arc<Queue> {
    let number = |number| NonZeroUsize::new(number).unwrap();
    Arc::new(Queue::start(number(threads), number(capacity)).unwrap())
}

/// A job that keeps its thread until it is released.
struct Occupied {
    release: mpsc::Sender<()>,
    job: JoinHandle<Result<(), HashError>>,
}

impl Occupied {
    /// Takes a thread as soon as there is a place in the queue.
    async fn thread_of(queue: &Arc<Queue>) -> Self {
        loop {
            let (release, released) = mpsc::channel();
            let (started, has_started) = oneshot::channel();
            let queue = Arc::clone(queue);
            let job = tokio::spawn(async move {
                let wait = move |_: &mut Vec<_>| {
                    let _ = started.send(());
                    let _ = released.recv();
                };
                queue.run(ANYBODY, wait).await
            });
            // A thread frees the places of those who left when it comes to them.
            if has_started.await.is_ok() {
                return Self { release, job };
            }
            tokio::task::yield_now().await;
        }
    }

    async fn release(self) {
        drop(self.release);
        self.job.await.unwrap().unwrap();
    }
}

/// Counts when it is computed.
fn counted<'a>(
    queue: &'a Queue,
    computed: &Arc<AtomicUsize>,
) -> Pin<Box<dyn Future<Output = Result<usize, HashError>> + 'a>> {
    let computed = Arc::clone(computed);
    Box::pin(queue.run(ANYBODY, move |_| computed.fetch_add(1, Ordering::Relaxed)))
}

async fn poll_once<T>(future: &mut Pin<Box<dyn Future<Output = T> + '_>>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

fn retry_after(refused: Poll<Result<usize, HashError>>) -> Duration {
    match refused {
        Poll::Ready(Err(HashError::Busy { retry_after })) => retry_after,
        other => panic!("{other:?} instead of busy"),
    }
}

/// How many of the places strangers have.
fn of_strangers(capacity: usize) -> usize {
    capacity - capacity / 4
}

/// The wait that a full queue of `capacity` before one thread tells a stranger.
async fn told_wait(capacity: usize) -> Duration {
    let queue = start(1, capacity);
    let computed = Arc::default();
    let occupied = Occupied::thread_of(&queue).await;
    let mut waiting = Vec::new();
    for _ in 0..of_strangers(capacity) {
        let mut job = counted(&queue, &computed);
        assert!(poll_once(&mut job).await.is_pending());
        waiting.push(job);
    }
    let wait = retry_after(poll_once(&mut counted(&queue, &computed)).await);
    occupied.release().await;
    for job in waiting {
        job.await.unwrap();
    }
    let done = computed.load(Ordering::Relaxed);
    assert_eq!(done, of_strangers(capacity), "the queued jobs are done, no others");
    wait
}

#[tokio::test]
async fn a_full_queue_refuses_with_a_wait_that_grows_with_it() {
    let (short, long) = (told_wait(12).await, told_wait(120).await);
    assert!(short >= Duration::from_millis(50), "{short:?}");
    assert_eq!(long, short * 10);
}

#[tokio::test]
async fn a_caller_that_goes_away_frees_its_place_and_nothing_is_computed() {
    let queue = start(1, 3);
    let computed = Arc::default();
    let occupied = Occupied::thread_of(&queue).await;
    let (mut first, mut second) = (counted(&queue, &computed), counted(&queue, &computed));
    assert!(poll_once(&mut first).await.is_pending());
    assert!(poll_once(&mut second).await.is_pending());
    drop((first, second));
    // Both places are free again immediately, and the jobs that wait in them are the
    // first to be computed.
    let (mut third, mut fourth) = (counted(&queue, &computed), counted(&queue, &computed));
    assert!(poll_once(&mut third).await.is_pending());
    assert!(poll_once(&mut fourth).await.is_pending());
    occupied.release().await;
    assert_eq!((third.await, fourth.await), (Ok(0), Ok(1)));
}

#[tokio::test]
async fn callers_that_went_away_do_not_shorten_the_told_wait() {
    let queue = start(1, 120);
    let computed = Arc::default();
    for _ in 0..2 {
        let occupied = Occupied::thread_of(&queue).await;
        let mut gone = Vec::new();
        for _ in 0..of_strangers(120) {
            let mut job = counted(&queue, &computed);
            assert!(poll_once(&mut job).await.is_pending());
            gone.push(job);
        }
        let wait = retry_after(poll_once(&mut counted(&queue, &computed)).await);
        assert!(wait > Duration::from_secs(1), "{wait:?} for 90 jobs of 15 ms");
        drop(gone);
        occupied.release().await;
    }
}

#[tokio::test]
async fn a_job_that_panics_fails_its_caller_and_the_thread_lives() {
    let queue = start(1, 4);
    for round in 0..3 {
        let fault: Result<(), _> = queue.run(ANYBODY, |_| panic!("on purpose")).await;
        assert_eq!(fault, Err(HashError::Fault));
        let next = timeout(Duration::from_mins(1), queue.run(ANYBODY, move |_| round));
        assert_eq!(next.await.expect("the thread still works"), Ok(round));
    }
}
