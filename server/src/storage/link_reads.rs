//! Who calls, and which machines an account has: read so often that calls which
//! come at once share the statements.

use std::sync::Arc;

use jiff::Timestamp;

pub use super::linked::Linked;
use super::{
    batches::{Batches, Sharing},
    database::Database,
    error::StorageError,
    link::{self, Link},
    linked::{ByTokens, Found},
    pools::PATIENCE,
};
use crate::credentials::token::TokenDigest;

const READS: Sharing = Sharing {
    most_keys: 256,
    by_powers_of_two: false,
    most_running: 4,
    wait_together: 64,
    patience: PATIENCE,
};

/// One at a time: while it is made durable, the next one fills.
const TOUCHES: Sharing = Sharing { most_running: 1, ..READS };

/// Reads links for several calls at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LinkReads {
    db: Database,
    by_tokens: Arc<ByTokens>,
    machines: Batches<TokenDigest, Found>,
    touched: Batches<(i64, Timestamp), ()>,
}

impl LinkReads {
    /// Reads from `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let backend = db.read().get_database_backend();
        Self {
            db: db.clone(),
            by_tokens: Arc::new(ByTokens::new(backend, READS.most_keys)),
            machines: Batches::new(READS),
            touched: Batches::new(TOUCHES),
        }
    }

    /// The machine whose link has this token.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn find(&self, digest: TokenDigest) -> Result<Option<Linked>, StorageError> {
        let (by_tokens, db) = (Arc::clone(&self.by_tokens), self.db.clone());
        let find = move |digests: Vec<TokenDigest>| {
            let (by_tokens, db) = (Arc::clone(&by_tokens), db.read());
            async move { by_tokens.find(&db, &digests).await }
        };
        self.machines.get(digest, find).await?
    }

    /// Notes that a link's token was used; when this returns, it is stored.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn touch(&self, link: &Link, now: Timestamp) -> Result<(), StorageError> {
        let db = self.db.clone();
        let touch = move |seen| touch_all(db.clone(), seen);
        self.touched.get((link.id, now), touch).await
    }
}

async fn touch_all(db: Database, seen: Vec<(i64, Timestamp)>) -> Result<Vec<()>, StorageError> {
    let done = vec![(); seen.len()];
    let (ids, times): (Vec<i64>, Vec<Timestamp>) = seen.into_iter().unzip();
    if let Some(last) = times.into_iter().max() {
        link::touch(&db.write(), ids, last).await?;
    }
    Ok(done)
}
