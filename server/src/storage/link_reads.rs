//! Who calls, and which machines an account has: read so often that calls which
//! come at once share the statements.

use std::sync::Arc;

use jiff::Timestamp;
use sea_orm::DatabaseConnection;

pub use super::linked::Linked;
use super::{
    batches::{Batches, MOST_KEYS},
    database::Database,
    error::StorageError,
    link::{self, Link},
    linked::{ByTokens, Found},
};
use crate::credentials::token::TokenDigest;

/// Statements that run at once when there is more to read than one takes.
const READS_AT_ONCE: usize = 4;

/// Reads links for several calls at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LinkReads {
    machines: Batches<TokenDigest, Found>,
    touched: Batches<(i64, Timestamp), ()>,
}

impl LinkReads {
    /// Reads from `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let (reads, writes) = (db.clone(), db.clone());
        let by_tokens = Arc::new(ByTokens::new(db.read().get_database_backend(), MOST_KEYS));
        let find = move |digests: Vec<TokenDigest>| {
            let (by_tokens, db) = (Arc::clone(&by_tokens), reads.read());
            async move { by_tokens.find(&db, &digests).await }
        };
        Self {
            machines: Batches::new(READS_AT_ONCE, find),
            // One at a time: while it is made durable, the next one fills.
            touched: Batches::new(1, move |seen| touch_all(writes.write(), seen)),
        }
    }

    /// The machine whose link has this token.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn find(&self, digest: TokenDigest) -> Result<Option<Linked>, StorageError> {
        self.machines.get(digest).await?
    }

    /// Notes that a link's token was used; when this returns, it is stored.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn touch(&self, link: &Link, now: Timestamp) -> Result<(), StorageError> {
        self.touched.get((link.id, now)).await
    }
}

async fn touch_all(
    db: DatabaseConnection,
    seen: Vec<(i64, Timestamp)>,
) -> Result<Vec<()>, StorageError> {
    let done = vec![(); seen.len()];
    let (ids, times): (Vec<i64>, Vec<Timestamp>) = seen.into_iter().unzip();
    if let Some(last) = times.into_iter().max() {
        link::touch(&db, ids, last).await?;
    }
    Ok(done)
}
