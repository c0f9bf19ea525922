//! Calls that come at once share a statement, or a transaction: what arrives while
//! one runs goes into the next. One for sixty costs the same way to the database
//! and back as one for one.
//!
//! Nothing is kept: each answer was read after it was asked for, so nobody is
//! ever told what was true before.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, task::yield_now, time::timeout};

use super::error::StorageError;

type Answer<V> = oneshot::Sender<Result<V, StorageError>>;

/// How much is done at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sharing {
    /// Keys of one batch, at most.
    pub(crate) most_keys: usize,
    /// Only as many keys as a power of two: where each number of them makes a
    /// statement of its own, which a connection keeps prepared.
    pub(crate) by_powers_of_two: bool,
    /// Batches that run at once, at most.
    pub(crate) most_running: usize,
    /// So many keys may wait for a batch to end before another one runs beside it:
    /// two with half the keys each take more of both processors than one with all.
    pub(crate) wait_together: usize,
    /// How long a batch may take. One on a connection whose other side is gone
    /// without a word never ends, and who comes later must not wait for it.
    pub(crate) patience: Duration,
}

/// Fetches values by keys, several at once. Cheap to clone.
pub(crate) struct Batches<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    sharing: Sharing,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    waiting: Vec<(K, Answer<V>)>,
    running: usize,
}

impl<K: Send + 'static, V: Send + 'static> Batches<K, V> {
    pub(crate) fn new(sharing: Sharing) -> Self {
        let queue = Queue { waiting: Vec::new(), running: 0 };
        Self(Arc::new(Inner { sharing, queue: Mutex::new(queue) }))
    }

    /// The value of `key`, fetched from now on by the `fetch` of whichever caller
    /// began: it gives a value for each key, in their order.
    ///
    /// # Errors
    /// A [`StorageError`]; that of a batch goes to all who shared it.
    pub(crate) async fn get<F>(
        &self,
        key: K,
        fetch: impl Fn(Vec<K>) -> F + Send + 'static,
    ) -> Result<V, StorageError>
    where
        F: Future<Output = Result<Vec<V>, StorageError>> + Send + 'static,
    {
        let (answer, value) = oneshot::channel();
        let begins = {
            let mut queue = self.0.queue();
            queue.waiting.push((key, answer));
            let Sharing { most_running, wait_together, .. } = self.0.sharing;
            let begins = queue.running == 0
                || queue.running < most_running && queue.waiting.len() >= wait_together;
            queue.running += usize::from(begins);
            begins
        };
        if begins {
            // On its own: who has begun it may leave before the others are served.
            tokio::spawn(Running { inner: Arc::clone(&self.0), counted: true }.run(fetch));
        }
        value.await.map_err(|_| StorageError::ended_early())?
    }
}

impl<K, V> Inner<K, V> {
    fn queue(&self) -> MutexGuard<'_, Queue<K, V>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that fetches, until nobody waits.
struct Running<K, V> {
    inner: Arc<Inner<K, V>>,
    /// Whether the queue counts it; not from the moment on when nobody waits.
    counted: bool,
}

impl<K, V> Running<K, V> {
    async fn run<F>(mut self, fetch: impl Fn(Vec<K>) -> F)
    where
        F: Future<Output = Result<Vec<V>, StorageError>>,
    {
        loop {
            self.gather().await;
            let Some((keys, mut answers)) = self.next() else { return };
            let outcome = tokio::select! {
                outcome = timeout(self.inner.sharing.patience, fetch(keys)) => outcome,
                () = all_gone(&mut answers) => continue,
            };
            let outcome = outcome.unwrap_or_else(|_| Err(StorageError::overdue()));
            let answers = answers.into_iter();
            // Who has left meanwhile needs no answer.
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

    fn next(&mut self) -> Option<(Vec<K>, Vec<Answer<V>>)> {
        let mut queue = self.inner.queue();
        queue.waiting.retain(|(_, answer)| !answer.is_closed());
        let sharing = self.inner.sharing;
        let waiting = queue.waiting.len().min(sharing.most_keys);
        let Some(power) = waiting.checked_ilog2() else {
            // In one step with the look: who comes now begins another one.
            queue.running -= 1;
            self.counted = false;
            return None;
        };
        let keys = if sharing.by_powers_of_two { 1 << power } else { waiting };
        Some(queue.waiting.drain(..keys).unzip())
    }
}

/// Ends when nobody waits for an answer any more.
async fn all_gone<V>(answers: &mut [Answer<V>]) {
    for answer in answers {
        answer.closed().await;
    }
}

impl<K, V> Drop for Running<K, V> {
    fn drop(&mut self) {
        if self.counted {
            // It panicked. Nobody must wait for what nobody fetches.
            let mut queue = self.inner.queue();
            queue.running -= 1;
            queue.waiting.clear();
        }
    }
}

impl<K, V> Clone for Batches<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Batches<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("sharing", &self.0.sharing).finish_non_exhaustive()
    }
}
