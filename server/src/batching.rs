//! Many callers, one statement or one transaction: what arrives while a batch runs
//! goes into the next one. One for sixty callers costs the same way to the database
//! and back as one for one.
//!
//! Nothing is kept between batches: each answer was made after it was asked for, so
//! nobody is ever told what was true before.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now, time::timeout};
use tokio_util::sync::CancellationToken;

/// How large batches are, and how many run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchLimits {
    /// Items of one batch, at most.
    pub(crate) max_items: usize,
    /// Whether a batch has a power of two of them: where each number of items makes a
    /// statement of its own, a connection keeps few of them prepared.
    pub(crate) power_of_two_sizes: bool,
    /// Batches that run concurrently, at most.
    pub(crate) max_in_flight: usize,
    /// Queue length at which a second batch starts beside a running one. Below it,
    /// one large batch costs less CPU than two halves.
    pub(crate) parallel_from: usize,
    /// How long a batch may take. On a connection whose other side is gone without a
    /// word it would never end, and later callers must not wait for it.
    pub(crate) timeout: Duration,
}

/// Why the batch of an item has no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unserved {
    /// It panicked.
    EndedEarly,
    /// It took longer than [`BatchLimits::timeout`].
    TimedOut,
}

/// What one caller gives into a batch.
pub(crate) struct Item<T> {
    pub(crate) value: T,
    /// Cancelled when the caller has gone.
    caller: CancellationToken,
}

impl<T> Item<T> {
    /// Whether its caller still waits for the answer.
    pub(crate) fn is_awaited(&self) -> bool {
        !self.caller.is_cancelled()
    }
}

/// Serves items in batches, a `V` or an `E` for each. Cheap to clone.
pub(crate) struct Batcher<T, V, E>(Arc<Inner<T, V, E>>);

struct Inner<T, V, E> {
    limits: BatchLimits,
    queue: Mutex<Queue<T, V, E>>,
}

struct Queue<T, V, E> {
    waiting: Vec<Waiting<T, V, E>>,
    in_flight: usize,
}

struct Waiting<T, V, E> {
    item: Item<T>,
    answer: oneshot::Sender<Result<V, E>>,
}

impl<T, V, E> Batcher<T, V, E>
where
    T: Send + 'static,
    V: Send + 'static,
    E: Clone + From<Unserved> + Send + 'static,
{
    pub(crate) fn new(limits: BatchLimits) -> Self {
        let queue = Queue { waiting: Vec::new(), in_flight: 0 };
        Self(Arc::new(Inner { limits, queue: Mutex::new(queue) }))
    }

    /// What `value` comes to, served from now on by the `serve` of whichever caller
    /// began the batch: it gives a `V` for each item, in their order.
    ///
    /// # Errors
    /// An `E`; that of a batch goes to all who shared it.
    pub(crate) async fn submit<F>(
        &self,
        value: T,
        serve: impl Fn(Vec<Item<T>>) -> F + Send + 'static,
    ) -> Result<V, E>
    where
        F: Future<Output = Result<Vec<V>, E>> + Send + 'static,
    {
        let caller = CancellationToken::new();
        // Dropped with this call, also when it is given up.
        let _waits = caller.clone().drop_guard();
        let (answer, served) = oneshot::channel();
        let begins = {
            let mut queue = self.0.queue();
            queue.waiting.push(Waiting { item: Item { value, caller }, answer });
            let BatchLimits { max_in_flight, parallel_from, .. } = self.0.limits;
            let begins = queue.in_flight == 0
                || queue.in_flight < max_in_flight && queue.waiting.len() >= parallel_from;
            queue.in_flight += usize::from(begins);
            begins
        };
        if begins {
            // A task of its own: the caller that began it may leave before the others
            // are served.
            tokio::spawn(Running { inner: Arc::clone(&self.0), is_counted: true }.run(serve));
        }
        served.await.map_err(|_| Unserved::EndedEarly)?
    }
}

impl<T, V, E> Inner<T, V, E> {
    fn queue(&self) -> MutexGuard<'_, Queue<T, V, E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that runs batch after batch, until nobody waits.
struct Running<T, V, E> {
    inner: Arc<Inner<T, V, E>>,
    /// Whether the queue counts it; not from the moment on when nobody waits.
    is_counted: bool,
}

impl<T, V, E: Clone + From<Unserved>> Running<T, V, E> {
    async fn run<F>(mut self, serve: impl Fn(Vec<Item<T>>) -> F)
    where
        F: Future<Output = Result<Vec<V>, E>>,
    {
        loop {
            self.gather().await;
            let Some(batch) = self.next() else { return };
            let callers: Vec<_> = batch.iter().map(|waiting| waiting.item.caller.clone()).collect();
            let (items, answers): (Vec<_>, Vec<_>) =
                batch.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
            let outcome = tokio::select! {
                outcome = timeout(self.inner.limits.timeout, serve(items)) => outcome,
                () = all_gone(&callers) => continue,
            };
            let outcome = outcome.unwrap_or_else(|_| Err(Unserved::TimedOut.into()));
            let answers = answers.into_iter();
            // A caller that has left meanwhile needs no answer.
            match outcome {
                Ok(values) => answers.zip(values).for_each(|(answer, value)| {
                    let _ = answer.send(Ok(value));
                }),
                Err(error) => answers.for_each(|answer| {
                    let _ = answer.send(Err(error.clone()));
                }),
            }
        }
    }

    /// Lets the calls that were read already come, as long as there are more.
    async fn gather(&self) {
        let mut before = 0;
        loop {
            let waiting = self.inner.queue().waiting.len();
            if waiting <= before {
                return;
            }
            before = waiting;
            yield_now().await;
        }
    }

    fn next(&mut self) -> Option<Vec<Waiting<T, V, E>>> {
        let mut queue = self.inner.queue();
        queue.waiting.retain(|waiting| waiting.item.is_awaited());
        let limits = self.inner.limits;
        let ready = queue.waiting.len().min(limits.max_items);
        let Some(power) = ready.checked_ilog2() else {
            // In one step with the look: a caller that comes now begins another one.
            queue.in_flight -= 1;
            self.is_counted = false;
            return None;
        };
        let size = if limits.power_of_two_sizes { 1 << power } else { ready };
        Some(queue.waiting.drain(..size).collect())
    }
}

/// Ends when nobody waits for an answer any more.
async fn all_gone(callers: &[CancellationToken]) {
    for caller in callers {
        caller.cancelled().await;
    }
}

impl<T, V, E> Drop for Running<T, V, E> {
    fn drop(&mut self) {
        if self.is_counted {
            // It panicked. Nobody must wait for an answer that nobody makes.
            let mut queue = self.inner.queue();
            queue.in_flight -= 1;
            queue.waiting.clear();
        }
    }
}

impl<T, V, E> Clone for Batcher<T, V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T, V, E> fmt::Debug for Batcher<T, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}
