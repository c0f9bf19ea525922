//! Checks of the time ledger's invariants over a whole database, in pages, so that it takes
//! the memory of one page, however many entries there are. It reads, and mends nothing: what a
//! breach means is for a person to find out.

use std::fmt;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement,
};

use crate::storage::{
    entity::{account, time_entry},
    error::StorageError,
};

/// Rows of a statement.
const PAGE: u64 = 1_000;

/// A ledger that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The balance of an account is not the sum of its entries.
    Balance {
        /// The account.
        account_id: i64,
        /// What its row says.
        balance: i64,
        /// What its entries come to.
        sum: i64,
    },
    /// An account has ended, and its entries do not come to 0.
    Remainder {
        /// The account.
        account_id: i64,
        /// What its entries come to.
        sum: i64,
    },
    /// The balance after an entry is not the one before it and its minutes.
    Chain {
        /// The account.
        account_id: i64,
        /// The entry.
        entry_id: i64,
        /// What it says.
        balance_after: i64,
        /// What comes of the entries up to it.
        expected: i64,
    },
    /// Several entries of an account have one request ID.
    Repeated {
        /// The account.
        account_id: i64,
        /// The first of them.
        entry_id: i64,
        /// How many there are.
        count: i64,
    },
    /// The corrections of an entry are more than it, have its sign, or correct what cannot be.
    Corrections {
        /// The entry that is put right.
        entry_id: i64,
        /// Its minutes.
        minutes: i64,
        /// What its corrections come to.
        corrected: i64,
    },
    /// The halves of a merge are not two that come to 0.
    Transfer {
        /// The first half.
        entry_id: i64,
        /// How many there are.
        count: i64,
        /// What they come to.
        sum: i64,
    },
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { account_id, balance, sum } => write!(
                f,
                "L1 account {account_id}: its balance is {balance}, and its entries come to {sum}"
            ),
            Self::Remainder { account_id, sum } => {
                write!(f, "L1 account {account_id}: it has ended, and its entries come to {sum}")
            }
            Self::Chain { account_id, entry_id, balance_after, expected } => write!(
                f,
                "L2 account {account_id}: after entry {entry_id} the balance is {balance_after}, \
                 and not {expected}"
            ),
            Self::Repeated { account_id, entry_id, count } => write!(
                f,
                "L4 account {account_id}: {count} entries have the request ID of entry {entry_id}"
            ),
            Self::Corrections { entry_id, minutes, corrected } => write!(
                f,
                "L5 entry {entry_id}: it has {minutes} minutes, and is corrected by {corrected}"
            ),
            Self::Transfer { entry_id, count, sum } => write!(
                f,
                "L6 entry {entry_id}: the transfer has {count} entries, which come to {sum}"
            ),
        }
    }
}

/// What a check has looked at, and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Accounts that it has looked at, those that have ended included.
    pub accounts: u64,
    /// Entries that it has looked at.
    pub entries: u64,
    /// What is not as it must be.
    pub breaches: Vec<Breach>,
}

/// Checks L1, L2, L4, L5 and L6. What it reads must stay as it is meanwhile: it is given a
/// transaction that sees one moment of the database.
pub async fn check(db: &impl ConnectionTrait) -> Result<Checked, StorageError> {
    let mut checked = Checked::default();
    check_chains(db, &mut checked).await?;
    check_accounts_without_entries(db, &mut checked).await?;
    for (sql, breach) in
        [(REPEATED, repeated as Build), (CORRECTIONS, corrections), (TRANSFERS, transfer)]
    {
        check_groups(db, sql, breach, &mut checked).await?;
    }
    Ok(checked)
}

/// L1 and L2: the entries of each account, in their order.
async fn check_chains(
    db: &impl ConnectionTrait,
    checked: &mut Checked,
) -> Result<(), StorageError> {
    use time_entry::{Column, Entity};
    let mut after: Option<(i64, i64)> = None;
    // The account whose entries are being read, and what they come to so far.
    let mut chain: Option<(i64, i64)> = None;
    loop {
        let mut entries = Entity::find();
        if let Some((account_id, id)) = after {
            let later = Column::AccountId.gt(account_id).or(Column::Id.gt(id));
            entries = entries.filter(Column::AccountId.gte(account_id)).filter(later);
        }
        let entries = entries.order_by_asc(Column::AccountId).order_by_asc(Column::Id);
        let page = entries.limit(PAGE).all(db).await?;
        for entry in &page {
            let before = match chain {
                Some((account_id, sum)) if account_id == entry.account_id => sum,
                ended => {
                    check_balance(db, ended, checked).await?;
                    0
                }
            };
            let expected = before + i64::from(entry.minutes);
            let balance_after = i64::from(entry.balance_after);
            let (account_id, entry_id) = (entry.account_id, entry.id);
            if balance_after != expected {
                let breach = Breach::Chain { account_id, entry_id, balance_after, expected };
                checked.breaches.push(breach);
            }
            chain = Some((account_id, expected));
            checked.entries += 1;
        }
        let Some(last) = page.last() else { break };
        after = Some((last.account_id, last.id));
    }
    check_balance(db, chain, checked).await
}

/// L1 of an account with entries. One that has ended was merged or written off.
async fn check_balance(
    db: &impl ConnectionTrait,
    chain: Option<(i64, i64)>,
    checked: &mut Checked,
) -> Result<(), StorageError> {
    let Some((account_id, sum)) = chain else { return Ok(()) };
    checked.accounts += 1;
    let balance: Option<i32> = account::Entity::find_by_id(account_id)
        .select_only()
        .column(account::Column::TimeBalance)
        .into_tuple()
        .one(db)
        .await?;
    match balance.map(i64::from) {
        Some(balance) if balance != sum => {
            checked.breaches.push(Breach::Balance { account_id, balance, sum });
        }
        None if sum != 0 => checked.breaches.push(Breach::Remainder { account_id, sum }),
        _ => {}
    }
    Ok(())
}

/// L1 of the others: they have no balance.
async fn check_accounts_without_entries(
    db: &impl ConnectionTrait,
    checked: &mut Checked,
) -> Result<(), StorageError> {
    let mut after = 0_i64;
    loop {
        let sql = "SELECT account.id, account.time_balance, (SELECT 1 FROM time_entry WHERE \
                   account_id = account.id LIMIT 1) FROM account WHERE account.id > $1 ORDER BY \
                   account.id LIMIT $2";
        let page = [after.into(), i64::try_from(PAGE).unwrap_or(i64::MAX).into()];
        let page = Statement::from_sql_and_values(db.get_database_backend(), sql, page);
        let rows = db.query_all_raw(page).await?;
        for row in &rows {
            after = row.try_get_by_index(0)?;
            let balance: i32 = row.try_get_by_index(1)?;
            if row.try_get_by_index::<Option<i32>>(2)?.is_some() {
                continue;
            }
            checked.accounts += 1;
            if balance != 0 {
                let (account_id, balance) = (after, balance.into());
                checked.breaches.push(Breach::Balance { account_id, balance, sum: 0 });
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// Groups that break a rule: three numbers of each, of which the first stands for the group and
/// is greater than $1. They are few, if there are any.
const REPEATED: &str = "SELECT min(id) AS number, min(account_id), count(*) FROM time_entry GROUP BY \
    account_id, request_id HAVING count(*) > 1 AND min(id) > $1 ORDER BY 1 LIMIT $2";

/// L5. A correction of what is no grant and no charge is one too many, as is one of the same sign,
/// and what is no correction and corrects.
const CORRECTIONS: &str = "SELECT original.id, min(original.minutes), CAST(sum(correction.minutes) \
    AS bigint) FROM time_entry AS correction JOIN time_entry AS original ON original.id = \
    correction.corrects_id WHERE original.id > $1 GROUP BY original.id HAVING \
    min(original.minutes) * sum(correction.minutes) >= 0 OR abs(sum(correction.minutes)) > \
    abs(min(original.minutes)) OR min(original.kind) NOT IN ('grant', 'charge') OR \
    sum(CASE WHEN correction.kind <> 'correction' OR (correction.minutes > 0) = \
    (original.minutes > 0) THEN 1 ELSE 0 END) > 0 ORDER BY original.id LIMIT $2";

const TRANSFERS: &str = "SELECT min(id), count(*), CAST(sum(minutes) AS bigint) FROM time_entry \
    WHERE transfer_id IS NOT NULL GROUP BY transfer_id HAVING (count(*) <> 2 OR sum(minutes) <> 0) \
    AND min(id) > $1 ORDER BY 1 LIMIT $2";

type Build = fn([i64; 3]) -> Breach;

fn repeated([entry_id, account_id, count]: [i64; 3]) -> Breach {
    Breach::Repeated { account_id, entry_id, count }
}

fn corrections([entry_id, minutes, corrected]: [i64; 3]) -> Breach {
    Breach::Corrections { entry_id, minutes, corrected }
}

fn transfer([entry_id, count, sum]: [i64; 3]) -> Breach {
    Breach::Transfer { entry_id, count, sum }
}

async fn check_groups(
    db: &impl ConnectionTrait,
    sql: &str,
    breach: Build,
    checked: &mut Checked,
) -> Result<(), StorageError> {
    let mut after = 0_i64;
    loop {
        let page = [after.into(), i64::try_from(PAGE).unwrap_or(i64::MAX).into()];
        let page = Statement::from_sql_and_values(db.get_database_backend(), sql, page);
        let rows = db.query_all_raw(page).await?;
        for row in &rows {
            let number = |index| {
                let wide = row.try_get_by_index::<i64>(index);
                wide.or_else(|_| row.try_get_by_index::<i32>(index).map(i64::from))
            };
            let numbers = [number(0)?, number(1)?, number(2)?];
            after = numbers[0];
            checked.breaches.push(breach(numbers));
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}
