//! Looks up the machine that calls, and the machines of its account: the hot path of
//! every authenticated call, so that concurrent calls share the statements
//! (docs/PERFORMANCE.md has what that is worth).

use std::{collections::HashSet, sync::Arc};

use ipnet::IpNet;
use jiff::Timestamp;

use super::{
    calling_machine::{ByTokens, Found},
    connections::Connections,
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

impl Reader {
    /// Whether the machine is among those of its account, as far as all of them are listed.
    #[must_use]
    pub fn lists_itself(&self) -> bool {
        let Machines { links, count } = &*self.machines;
        *count as usize > links.len() || links.iter().any(|link| link.id == self.machine.link.id)
    }
}

/// A link whose token was used.
struct Seen {
    link_id: i64,
    network: Option<IpNet>,
    time: Timestamp,
}

type FoundReader = Result<Option<Reader>, StorageError>;

/// Looks machines up, for concurrent calls together. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MachineLookups {
    db: Database,
    statements: Arc<Statements>,
    callers: Batcher<TokenDigest, Found, StorageError>,
    readers: Batcher<TokenDigest, FoundReader, StorageError>,
    touched: Batcher<Seen, (), StorageError>,
}

impl MachineLookups {
    /// Looks them up in `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let backend = db.read().backend();
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

    /// Notes that a link's token was used, and in which network, if that is known; when
    /// this returns, it is stored.
    pub async fn touch(
        &self,
        link: &Link,
        network: Option<IpNet>,
        time: Timestamp,
    ) -> Result<(), StorageError> {
        let db = self.db.clone();
        let touch = move |seen| touch_all(db.clone(), seen);
        self.touched.submit(Seen { link_id: link.id, network, time }, touch).await
    }
}

impl Statements {
    /// Two statements, one after the other: machines joined to callers would be read
    /// once for each caller, and a caller may have a hundred of them.
    async fn find_readers(
        &self,
        db: &Connections,
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

async fn touch_all(db: Database, seen: Vec<Item<Seen>>) -> Result<Vec<()>, StorageError> {
    let done = vec![(); seen.len()];
    let seen = values(seen);
    if let Some(last) = seen.iter().map(|seen| seen.time).max() {
        let links = seen.into_iter().map(|seen| (seen.link_id, seen.network)).collect();
        link::touch(&db.write(), links, last).await?;
    }
    Ok(done)
}

fn values<T>(items: Vec<Item<T>>) -> Vec<T> {
    items.into_iter().map(|item| item.value).collect()
}
