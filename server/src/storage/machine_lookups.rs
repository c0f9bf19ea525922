//! Looks up the machine that calls, and the machines of its account: the hot path of
//! every authenticated call, so that concurrent calls share the statements
//! (docs/PERFORMANCE.md has what that is worth).

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use sea_orm::DatabaseConnection;

use super::{
    calling_machine::{ByTokens, Found},
    database::Database,
    error::StorageError,
    link,
    machines::ByAccounts,
    pools::DATABASE_TIMEOUT,
};
use crate::{
    batching::{BatchLimits, Batcher, Item},
    credentials::token::TokenDigest,
    domain::account_id::AccountId,
    model::{
        calling_machine::CallingMachine,
        link::{Link, Machines},
    },
};

const READS: BatchLimits = BatchLimits {
    max_items: 256,
    power_of_two_sizes: false,
    max_in_flight: 4,
    parallel_from: 64,
    timeout: DATABASE_TIMEOUT,
};

/// One batch at a time: while it is made durable, the next one fills.
const TOUCHES: BatchLimits = BatchLimits { max_in_flight: 1, ..READS };

/// The statements, whose texts are made once.
#[derive(Debug)]
struct Statements {
    tokens: ByTokens,
    accounts: ByAccounts,
}

/// A machine that reads its account.
pub struct Reader {
    /// Its link and account.
    pub machine: CallingMachine,
    /// The account's machines, shared with the others that were read with it; none
    /// for a dead link.
    pub machines: Arc<Machines>,
}

type FoundReader = Result<Option<Reader>, StorageError>;

/// Looks machines up, for concurrent calls together. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MachineLookups {
    db: Database,
    statements: Arc<Statements>,
    callers: Batcher<TokenDigest, Found, StorageError>,
    readers: Batcher<TokenDigest, FoundReader, StorageError>,
    touched: Batcher<(i64, Timestamp), (), StorageError>,
}

impl MachineLookups {
    /// Looks them up in `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let backend = db.read().get_database_backend();
        let statements = Statements {
            tokens: ByTokens::new(backend, READS.max_items),
            accounts: ByAccounts::new(backend, READS.max_items),
        };
        Self {
            db: db.clone(),
            statements: Arc::new(statements),
            callers: Batcher::new(READS),
            readers: Batcher::new(READS),
            touched: Batcher::new(TOUCHES),
        }
    }

    /// The machine whose link has this token.
    pub async fn find(&self, digest: TokenDigest) -> Result<Option<CallingMachine>, StorageError> {
        let (statements, db) = (Arc::clone(&self.statements), self.db.clone());
        let find = move |digests: Vec<Item<TokenDigest>>| {
            let digests = values(digests);
            let (statements, db) = (Arc::clone(&statements), db.read());
            async move { statements.tokens.find(&db, &digests).await }
        };
        self.callers.submit(digest, find).await?
    }

    /// The same, and the machines of its account.
    pub async fn find_reader(&self, digest: TokenDigest) -> Result<Option<Reader>, StorageError> {
        let (statements, db) = (Arc::clone(&self.statements), self.db.clone());
        let find = move |digests: Vec<Item<TokenDigest>>| {
            let digests = values(digests);
            let (statements, db) = (Arc::clone(&statements), db.read());
            async move { statements.find_readers(&db, &digests).await }
        };
        self.readers.submit(digest, find).await?
    }

    /// Notes that a link's token was used; when this returns, it is stored.
    pub async fn touch(&self, link: &Link, now: Timestamp) -> Result<(), StorageError> {
        let db = self.db.clone();
        let touch = move |seen| touch_all(db.clone(), seen);
        self.touched.submit((link.id, now), touch).await
    }
}

impl Statements {
    /// Two statements, one after the other: machines joined to callers would be read
    /// once for each caller, and a caller may have a hundred of them.
    async fn find_readers(
        &self,
        db: &DatabaseConnection,
        digests: &[TokenDigest],
    ) -> Result<Vec<FoundReader>, StorageError> {
        let found = self.tokens.find(db, digests).await?;
        let living = found.iter().flatten().flatten().filter(|machine| machine.link.is_live());
        let accounts: HashSet<AccountId> = living.map(|machine| machine.account.id).collect();
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let listed = self.accounts.list(db, &accounts).await?;
        let reader = |found: Found| {
            let Some(machine) = found? else { return Ok(None) };
            let machines = listed.get(&machine.account.id).cloned().transpose()?;
            Ok(Some(Reader { machine, machines: machines.unwrap_or_default() }))
        };
        Ok(found.into_iter().map(reader).collect())
    }
}

async fn touch_all(
    db: Database,
    seen: Vec<Item<(i64, Timestamp)>>,
) -> Result<Vec<()>, StorageError> {
    let done = vec![(); seen.len()];
    let (ids, times): (Vec<i64>, Vec<Timestamp>) = values(seen).into_iter().unzip();
    if let Some(last) = times.into_iter().max() {
        link::touch(&db.write(), ids, last).await?;
    }
    Ok(done)
}

fn values<T>(items: Vec<Item<T>>) -> Vec<T> {
    items.into_iter().map(|item| item.value).collect()
}
