//! Calls that come at once share a statement: what arrives while one runs goes
//! into the next. A statement costs the same way to the database and back for
//! one row as for sixty.
//!
//! Nothing is kept: each answer was read after it was asked for, so nobody is
//! ever told what was true before.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::error::StorageError;

/// Keys of one statement, at most.
pub(super) const MOST_KEYS: usize = 256;

/// So many may wait for a statement to end before another one runs beside it: two
/// with half the keys each take more of both processors than one with all.
const WAIT_TOGETHER: usize = 64;

type Fetching<V> = Pin<Box<dyn Future<Output = Result<Vec<V>, StorageError>> + Send>>;
type Answer<V> = oneshot::Sender<Result<V, StorageError>>;

/// Fetches values by keys, several at once. Cheap to clone.
pub(super) struct Batches<K, V>(Arc<Inner<K, V>>);

struct Inner<K, V> {
    /// Gives a value for each key, in their order.
    fetch: Box<dyn Fn(Vec<K>) -> Fetching<V> + Send + Sync>,
    most_running: usize,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    waiting: Vec<(K, Answer<V>)>,
    running: usize,
}

impl<K: Send + 'static, V: Send + 'static> Batches<K, V> {
    /// Fetches by `fetch`, which gives a value for each key in their order, and
    /// runs at most `most_running` times at once, and only once while few wait.
    pub(super) fn new<F>(
        most_running: usize,
        fetch: impl Fn(Vec<K>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<V>, StorageError>> + Send + 'static,
    {
        let queue = Queue { waiting: Vec::new(), running: 0 };
        let fetch = Box::new(move |keys| Box::pin(fetch(keys)) as Fetching<V>);
        Self(Arc::new(Inner { fetch, most_running, queue: Mutex::new(queue) }))
    }

    /// The value of `key`, read from now on.
    ///
    /// # Errors
    /// A [`StorageError`]; that of a statement goes to all who shared it.
    pub(super) async fn get(&self, key: K) -> Result<V, StorageError> {
        let (answer, value) = oneshot::channel();
        let begins = {
            let mut queue = self.0.queue();
            queue.waiting.push((key, answer));
            let begins = queue.running == 0
                || queue.running < self.0.most_running && queue.waiting.len() >= WAIT_TOGETHER;
            queue.running += usize::from(begins);
            begins
        };
        if begins {
            // On its own: who has begun it may leave before the others are served.
            tokio::spawn(Running { inner: Arc::clone(&self.0), counted: true }.run());
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
    async fn run(mut self) {
        while let Some((keys, answers)) = self.next() {
            let outcome = (self.inner.fetch)(keys).await;
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

    fn next(&mut self) -> Option<(Vec<K>, Vec<Answer<V>>)> {
        let mut queue = self.inner.queue();
        queue.waiting.retain(|(_, answer)| !answer.is_closed());
        let keys = queue.waiting.len().min(MOST_KEYS);
        if keys == 0 {
            // In one step with the look: who comes now begins another one.
            queue.running -= 1;
            self.counted = false;
            return None;
        }
        Some(queue.waiting.drain(..keys).unzip())
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
        f.debug_struct("Batches")
            .field("most_running", &self.0.most_running)
            .finish_non_exhaustive()
    }
}
