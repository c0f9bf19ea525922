//! Who calls, and which machines an account has: read so often that calls which
//! come at once share the statements.

use jiff::Timestamp;
use sea_orm::DatabaseConnection;

use super::{
    account::Account,
    batches::Batches,
    database::Database,
    error::StorageError,
    link::{self, Link},
};
use crate::{credentials::token::TokenDigest, domain::account_id::AccountId};

/// Statements of a kind that run at once: enough for one to be under way while
/// the answers of another are handed out.
const READS_AT_ONCE: usize = 2;

/// A machine by its token, as it was read.
pub struct Linked {
    /// Its link, dead or alive.
    pub link: Link,
    /// The account.
    pub account: Account,
    /// The living links of the account, the oldest first, if they were asked for.
    pub links: Vec<Link>,
}

/// What is to be read of a machine.
struct Asked {
    digest: TokenDigest,
    with_links: bool,
}

type Found = Result<Option<Linked>, StorageError>;

/// Reads links for several calls at once. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LinkReads {
    machines: Batches<Asked, Found>,
    touched: Batches<(i64, Timestamp), ()>,
}

impl LinkReads {
    /// Reads from `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let (reads, writes) = (db.clone(), db.clone());
        Self {
            machines: Batches::new(READS_AT_ONCE, move |asked| find_all(reads.read(), asked)),
            // One at a time: while it is made durable, the next one fills.
            touched: Batches::new(1, move |seen| touch_all(writes.write(), seen)),
        }
    }

    /// The machine whose link has this token; the other machines, too, if
    /// `with_links`.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn find(
        &self,
        digest: TokenDigest,
        with_links: bool,
    ) -> Result<Option<Linked>, StorageError> {
        self.machines.get(Asked { digest, with_links }).await?
    }

    /// Notes that a link's token was used; when this returns, it is stored.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn touch(&self, link: &Link, now: Timestamp) -> Result<(), StorageError> {
        self.touched.get((link.id, now)).await
    }
}

async fn find_all(db: DatabaseConnection, asked: Vec<Asked>) -> Result<Vec<Found>, StorageError> {
    let digests: Vec<TokenDigest> = asked.iter().map(|asked| asked.digest).collect();
    let mut found = link::find_by_tokens(&db, &digests).await?;
    let mut wanted: Vec<&mut Linked> = found
        .iter_mut()
        .zip(&asked)
        .filter(|(_, asked)| asked.with_links)
        .filter_map(|(found, _)| found.as_mut().ok()?.as_mut())
        .collect();
    if !wanted.is_empty() {
        let ids: Vec<AccountId> = wanted.iter().map(|linked| linked.account.id).collect();
        let links = link::list_each(&db, &ids).await?;
        for (linked, links) in wanted.iter_mut().zip(links) {
            linked.links = links;
        }
    }
    Ok(found)
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
